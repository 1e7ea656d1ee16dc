"""What the suites of HelmReleases share: a registry with charts that the real helm pushed, and a case that makes releases of them.

There is no node: a Deployment never becomes ready, so that a wait lasts until the test ends it, and pods end as the test says.
"""

import os
import subprocess

import harness
from harness import Case, condition_of, data_of, is_ready
from oci_registry import Registry

HR = "helm.toolkit.fluxcd.io/v2/HelmRelease"
OCI = "source.toolkit.fluxcd.io/v1/OCIRepository"
HELM_CHART = "source.toolkit.fluxcd.io/v1/HelmChart"
SOURCE = "source.toolkit.fluxcd.io/v1"

CHART = {
    "values.yaml": "message: hello\nport: 80\nlist: []\ndeploy: false\nhook: false\ntest: false\n",
    "templates/config.yaml": """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  message: {{ .Values.message | quote }}
  list: {{ .Values.list | toJson | quote }}
  chart: {{ .Chart.Version | quote }}
  revision: {{ .Release.Revision | quote }}
""",
    "templates/service.yaml": """
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: web}
  ports: [{name: http, port: {{ .Values.port }}}]
""",
    "templates/deployment.yaml": """
{{- if .Values.deploy }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {nodeSelector: {"kubernetes.io/hostname": nowhere}, containers: [{name: c, image: "none:1"}]}
{{- end }}
""",
    "templates/test.yaml": """
{{- if .Values.test }}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations: {"helm.sh/hook": test}
spec: {restartPolicy: Never, nodeSelector: {"kubernetes.io/hostname": nowhere}, containers: [{name: c, image: "none:1"}]}
{{- end }}
""",
    "crds/widgets.yaml": """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.helm.example}
spec:
  group: helm.example
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
""",
}


FLAGS = ["--min-retry-delay=250ms", "--max-retry-delay=1s", "--requeue-dependency=2s"]


def begin(name, flags=(), versions=("1.0.0", "1.1.0"), controller=True):
    """For setUpModule: the environment of a suite, and the registry with these versions of the chart `web`."""
    harness.begin(name, flags=[*FLAGS, *flags], controller=controller)
    env = Case.env
    env.await_kind(HR)
    env.await_kind(OCI)
    ReleaseCase.registry = Registry(os.path.join(env.folder, "registry"), env.ports.take())
    harness.unittest.addModuleCleanup(ReleaseCase.registry.stop)
    for version in versions:
        ReleaseCase.push(version)


class Released(Case):
    """Uninstalls the HelmReleases of a test at its end, while what they need is still there."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_releases)

    def _delete_releases(self):
        for obj in self.kube.list(HR, self.ns):
            self.kube.delete(HR, obj["metadata"]["name"], self.ns)
            self.await_gone(HR, obj["metadata"]["name"])


class ReleaseCase(Released):
    registry = None

    @classmethod
    def push(cls, version, name="web", **files):
        """A chart, packed and pushed by helm 4 as `oci://…/charts/<name>:<version>`."""
        root = os.path.join(cls.env.folder, "charts", f"{name}-{version}")
        for path, text in (CHART | {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: \"7\"\n"} | files).items():
            full = os.path.join(root, name, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        cls.helm("package", os.path.join(root, name), "--destination", root)
        cls.helm("push", os.path.join(root, f"{name}-{version}.tgz"), f"oci://{cls.registry.address}/charts", "--plain-http")

    @classmethod
    def helm(cls, *argv, major=4):
        """The real helm; what it printed."""
        env = os.environ | {"KUBECONFIG": cls.env.cluster.kubeconfig, "HOME": cls.env.folder}
        done = subprocess.run([harness.helm(major), *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=env)
        if done.returncode != 0:
            raise AssertionError(f"helm{major} {' '.join(argv)}: {done.stderr}")
        return done.stdout

    def _delete_releases(self):
        super()._delete_releases()
        for obj in self.kube.list(OCI, self.ns):
            self.kube.delete(OCI, obj["metadata"]["name"], self.ns)

    def chart(self, version="1.0.0", name="web"):
        """The OCIRepository `chart` over a version."""
        return self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "metadata": {"name": "chart", "namespace": self.ns},
                                "spec": {"interval": "1h", "url": f"oci://{self.registry.address}/charts/{name}", "insecure": True, "ref": {"tag": version}}})

    def release(self, name="web", ns=None, **spec):
        """Creates or changes a HelmRelease of `chart`. None takes a default away."""
        spec = {"interval": "1h", "chartRef": {"kind": "OCIRepository", "name": "chart"}} | spec
        return self.kube.apply({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": name, "namespace": ns or self.ns},
                                "spec": {key: value for key, value in spec.items() if value is not None}})

    def await_release(self, hr="web", **history):
        """Waits until it is Ready, with such a newest history entry."""
        return self.await_object(HR, hr, lambda obj: is_ready(obj) and not condition_of(obj, "Reconciling") and
                                 all(obj["status"]["history"][0].get(key) == value for key, value in history.items()))

    def records(self, name="web"):
        """{version: status} of what is in storage."""
        return {int(item["metadata"]["labels"]["version"]): item["metadata"]["labels"]["status"]
                for item in self.kube.list("Secret", self.ns, f"owner=helm,name={name}")}

    def data(self, name="web"):
        return data_of(self.kube.get("ConfigMap", name, self.ns))


def named(objects):
    """Their names, sorted."""
    return sorted(obj["metadata"]["name"] for obj in objects)
