#!/usr/bin/env python3
"""HelmReleases of the older Helm operator (helm.fluxcd.io/v1) on a real API server, with charts from a real Git server and a real index: installed, followed,
upgraded, tested, rolled back, taken over from the real helm 3, deleted; each in the operator's words.

Pods that a test drives by hand are scheduled nowhere.
"""

import json
import os
import re
import select
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness
import totals
from chart_server import ChartServer, Helm, write_chart
from harness import ROOT, SLUICE, Case, condition_of, config_map, data_of, documents, secret, until
from kube import Recorder

HR = "helm.fluxcd.io/v1/HelmRelease"
CRD = "apiextensions.k8s.io/v1/CustomResourceDefinition"
NOWHERE = '{nodeSelector: {"kubernetes.io/hostname": nowhere}, restartPolicy: Never, containers: [{name: c, image: "none:1"}]}'

CHART = {
    "values.yaml": "message: hello\nother: from the chart\ndeploy: false\ntest: false\nhook: false\nbogus: false\n",
    "templates/cm.yaml": """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  message: {{ .Values.message | quote }}
  other: {{ .Values.other | quote }}
  chart: {{ .Chart.Version | quote }}
""",
    "templates/service.yaml": """
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}]
  {{- if .Values.bogus }}
  bogus: true
  {{- end }}
""",
    "templates/deployment.yaml": """
{{- if .Values.deploy }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {terminationGracePeriodSeconds: 0, nodeSelector: {"kubernetes.io/hostname": nowhere}, containers: [{name: c, image: "none:1"}]}
{{- end }}
""",
    "templates/pods.yaml": """
{{- range $event, $on := dict "test" .Values.test "pre-upgrade" .Values.hook }}
{{- if $on }}
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ $.Release.Name }}-{{ $event }}
  annotations: {"helm.sh/hook": {{ $event }}}
spec: """ + NOWHERE + """
{{- end }}
{{- end }}
""",
}
GADGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.helm.example}
spec:
  group: helm.example
  scope: Namespaced
  names: {kind: Gadget, plural: gadgets, singular: gadget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
"""


FLAGS = ["--min-retry-delay=250ms", "--max-retry-delay=1s", "--charts-sync-interval=2s", "--git-poll-interval=1s", "--git-default-ref=main"]


def begin(name, controller=True):
    """The environment of a suite of these, in setUpModule."""
    harness.begin(name, flags=FLAGS, controller=controller)
    env = Case.env
    built = subprocess.run([SLUICE, "build", os.path.join(ROOT, "crds", "helm-operator")], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    for obj in documents(built.stdout):
        env.kube.apply(obj)
    env.await_kind(HR)
    OperatorCase.helm = Helm(env.folder)
    OperatorCase.helm3 = Helm(env.folder, "helm3")
    OperatorCase.helm3.environment |= {"KUBECONFIG": env.cluster.kubeconfig}


def setUpModule():
    begin("helm-operator")


class OperatorCase(Case):
    helm = helm3 = None

    def setUp(self):
        super().setUp()
        self.folder = os.path.join(self.env.folder, self.ns)
        self.server = ChartServer(os.path.join(self.folder, "charts"))
        self.addCleanup(self.server.close)
        self.addCleanup(self._delete_releases)

    def _delete_releases(self):
        for obj in self.kube.list(HR, self.ns):
            self.kube.delete(HR, obj["metadata"]["name"], self.ns)
            self.await_gone(HR, obj["metadata"]["name"])

    # --- charts

    def publish(self, version="1.0.0", server=None, files=None, **more):
        """Packs and indexes the chart `web` (of `files`, and `more` beside them); the path of its archive."""
        server = server or self.server
        chart = write_chart(os.path.join(self.folder, "trees", version), "web", version, (CHART if files is None else files) | more)
        archive = self.helm.package(chart, server.folder)
        self.helm.run("repo", "index", server.folder)
        return archive

    def git(self, **files):
        """A repository with the chart in charts/web."""
        tree = write_chart(os.path.join(self.folder, "git"), "web", "1.0.0", CHART | files)
        paths = {os.path.relpath(os.path.join(folder, name), tree): os.path.join(folder, name) for folder, _, names in os.walk(tree) for name in names}
        texts = {}
        for path, full in paths.items():
            with open(full, encoding="utf-8") as file:
                texts["charts/web/" + path] = file.read()
        return self.env.repository(self.ns, texts | {"README.md": "one"})

    def in_git(self, repository, **chart):
        return {"git": self.env.git.url(repository.name), "path": "charts/web"} | chart

    def in_repository(self, version="1.0.0", **chart):
        return {"repository": self.server.url, "name": "web", "version": version} | chart

    # --- releases

    def release(self, chart=None, name="web", annotations=None, **spec):
        """Creates or changes a HelmRelease, of web 1.0.0 in the repository unless `chart` says otherwise. None takes a field away."""
        spec = {"chart": chart or self.in_repository()} | spec
        return self.kube.apply({"apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease",
                                "metadata": {"name": name, "namespace": self.ns, "annotations": annotations or {}},
                                "spec": {key: value for key, value in spec.items() if value is not None}})

    def await_phase(self, phase, name="web", **status):
        """Waits until the newest generation has come to `phase`, with such a status."""
        return self.await_object(HR, name, lambda obj: obj.get("status", {}).get("phase") == phase and
                                 obj["status"].get("observedGeneration") == obj["metadata"]["generation"] and
                                 all(obj["status"].get(key) == value for key, value in status.items()))

    def record(self):
        recorder = Recorder(self.kube, HR, self.ns)
        self.addCleanup(recorder.close)
        return recorder

    def await_passed(self, recorder, phase):
        """Waits until the newest generation has been in `phase`, however briefly; the object as it was then."""
        def place():
            return recorder.first(lambda _, obj: obj.get("status", {}).get("phase") == phase and
                                  obj["status"].get("observedGeneration") == obj["metadata"]["generation"])
        until(lambda: place() is not None, seen=lambda: [obj.get("status", {}).get("phase") for _, obj in list(recorder.seen)])
        return recorder.seen[place()][1]

    def message(self, obj, kind="Released"):
        return condition_of(obj, kind).get("message")

    def await_cause(self, phase, cause, name="web"):
        """Waits until Released is False for that cause: the sentence of the phase, and the cause."""
        wanted = {"Failed": "Release failed for", "ChartFetchFailed": "Chart fetch failed for", "DeployFailed": "Installation or upgrade failed for"}[phase]
        release = f"Helm release '{self.ns}-{name}' in '{self.ns}'."
        return self.await_object(HR, name, lambda obj: obj.get("status", {}).get("phase") == phase and
                                 condition_of(obj, "Released").get("status") == "False" and self.message(obj) == f"{wanted} {release} {cause}")

    def records(self, name=None, ns=None):
        """{version: status} of what is in storage."""
        return {int(item["metadata"]["labels"]["version"]): item["metadata"]["labels"]["status"]
                for item in self.kube.list("Secret", ns or self.ns, f"owner=helm,name={name or self.ns + '-web'}")}

    def data(self, name=None, ns=None):
        return data_of(self.kube.get("ConfigMap", name or f"{self.ns}-web", ns or self.ns))

    def await_data(self, **wanted):
        until(lambda: self.data() and all(self.data().get(key) == value for key, value in wanted.items()), seen=lambda: (self.data(), self.records()))

    def runs(self):
        """How many runs of these HelmReleases have ended so far."""
        page = self.controller.http("metrics", 1).decode()
        return sum(int(count) for count in
                   re.findall(r'^controller_runtime_reconcile_total\{controller="helmrelease.helm.fluxcd.io",result="\w+"\} (\d+)$', page, re.M))

    def await_runs(self, more=3):
        """Waits for so many whole runs from now on (there is one HelmRelease a case)."""
        before = self.runs()
        until(lambda: self.runs() >= before + more, seen=lambda: (before, self.runs()))

    def end_pod(self, event, phase):
        name = f"{self.ns}-web-{event}"
        until(lambda: self.kube.get("Pod", name, self.ns))
        self.kube.patch("Pod", name, self.ns, {"status": {"phase": phase}}, "status")

    def antecedent(self, kind="ConfigMap", name=None):
        return (self.kube.get(kind, name or f"{self.ns}-web", self.ns)["metadata"].get("annotations") or {}).get("helm.fluxcd.io/antecedent")


class GitTest(OperatorCase):
    def test_installed_followed_and_deleted(self):
        repository = self.git()
        self.release(self.in_git(repository), values={"message": "one"})
        first = self.await_phase("Succeeded", revision=repository.head, lastAttemptedRevision=repository.head)
        self.assertEqual({key: first["status"].get(key) for key in ("releaseName", "releaseStatus", "rollbackCount")},
                         {"releaseName": f"{self.ns}-web", "releaseStatus": "deployed", "rollbackCount": None})
        of = f"Helm release '{self.ns}-web' in '{self.ns}'."
        self.assertEqual({item["type"]: (item["status"], item["reason"], item["message"]) for item in first["status"]["conditions"]},
                         {"ChartFetched": ("True", "ChartFetched", f"Chart fetch was successful for {of}"),
                          "Deployed": ("True", "Deployed", f"Installation or upgrade succeeded for {of}"),
                          "Released": ("True", "Succeeded", f"Release was successful for {of}")})
        self.assertEqual(self.data()["message"], "one")
        for kind in ("ConfigMap", "Service"):
            self.assertEqual(self.antecedent(kind), f"{self.ns}:helmrelease/web")
        until(lambda: ("Normal", "ReleaseSynced", f"managed release '{self.ns}-web' in namespace '{self.ns}' synchronized") in self.events("HelmRelease", "web"))

        repository.commit({"README.md": "two"})  # is of no concern to the chart
        self.await_runs()
        self.assertEqual(self.records(), {1: "deployed"})
        self.assertEqual(self.kube.get(HR, "web", self.ns)["status"]["revision"], first["status"]["revision"])

        repository.commit({"charts/web/files/only.txt": "a file that no template names"})
        self.await_phase("Succeeded", revision=repository.head)
        self.assertEqual(self.records(), {1: "superseded", 2: "deployed"})

        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertEqual((self.records(), self.data()), ({}, None))

    def test_R51_hosts_that_never_answer_hold_up_nobody_else(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        patient = self.env.controller("patient", FLAGS + ["--git-timeout=10m"], start=False)
        self.addCleanup(patient.end)
        patient.start()
        hosts = [harness.socket.create_server(("127.0.0.1", 0)) for _ in range(70)]
        for number, host in enumerate(hosts):
            self.addCleanup(host.close)
            self.release({"git": f"http://127.0.0.1:{host.getsockname()[1]}/x.git", "path": "web"}, f"dead-{number}")
        until(lambda: len(select.select(hosts, [], [], 0)[0]) >= 8)
        repository, app = self.git(), self.env.repository(f"{self.ns}-app", {"cm.yaml": config_map("app")})
        self.release(self.in_git(repository))
        self.await_phase("Succeeded", revision=repository.head)
        self.source("fleet", app)
        self.kustomization()
        self.await_ready("Kustomization", "app")
        asked = lambda: len(select.select(hosts, [], [], 0)[0])  # noqa: E731
        until(lambda: asked() == len(hosts), seen=asked)

    def test_tags_commits_and_references(self):
        repository = self.git()
        first = repository.head
        repository.tag("v1")
        repository.commit({"charts/web/values.yaml": CHART["values.yaml"].replace("hello", "later")})
        for ref, head, message in (("v1", first, "hello"), ("main", repository.head, "later"), (first, first, "hello"), ("refs/heads/main", repository.head, "later")):
            with self.subTest(ref=ref):
                self.release(self.in_git(repository, ref=ref))
                self.await_phase("Succeeded", revision=head)
                self.assertEqual(self.data()["message"], message)
        self.release(self.in_git(repository, ref="absent"))
        failed = self.await_phase("ChartFetchFailed")
        self.assertEqual((condition_of(failed, "ChartFetched")["status"], condition_of(failed, "Released")["reason"]), ("False", "ChartFetchFailed"))
        self.assertTrue(self.message(failed, "ChartFetched").startswith(
            f"Chart fetch failed for Helm release '{self.ns}-web' in '{self.ns}'. failed to prepare chart for release: chart unavailable: "), self.message(failed))
        self.assertIn('"absent"', self.message(failed))

    def test_logins(self):
        repository = self.git()
        closed = self.env.git_server("--user", "robot", "--password", "sw0rdfish")
        chart = {"git": closed.url(repository.name), "path": "charts/web"}
        self.release(chart | {"secretRef": {"name": "login"}})
        self.await_cause("ChartFetchFailed", "failed to prepare chart for release: git auth error: "
                         f"failed to get secret '{self.ns}/login': secrets \"login\" not found")
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.ns + "-keys"}})
        self.kube.apply(secret("login", self.ns + "-keys", {"username": "robot", "password": "sw0rdfish"}))
        self.release(chart | {"secretRef": {"name": "login", "namespace": self.ns + "-keys"}})
        self.await_phase("Succeeded", revision=repository.head)

    def test_keys(self):
        repository = self.git()
        server = self.env.git_server("--ssh")
        files = {}
        for name in ("identity", "known_hosts"):
            with open(server.state[name], encoding="utf-8") as file:
                files[name] = file.read()
        self.kube.apply(secret("key", self.ns, files))
        self.release({"git": server.url(repository.name, "ssh"), "path": "charts/web", "secretRef": {"name": "key"}})
        self.await_phase("Succeeded", revision=repository.head)

    def test_dependencies(self):
        part = write_chart(os.path.join(self.folder, "parts"), "part", "0.1.0")
        self.helm.package(part, self.server.folder)
        self.helm.run("repo", "index", self.server.folder)
        meta = {"apiVersion": "v2", "name": "web", "version": "1.0.0", "dependencies": [{"name": "part", "version": "0.1.0", "repository": self.server.url}]}
        repository = self.git(**{"Chart.yaml": harness.to_yaml(meta)})
        self.release(self.in_git(repository, skipDepUpdate=True))
        self.await_cause("ChartFetchFailed", "failed to prepare chart for release: chart unavailable: found in Chart.yaml, but missing in charts/ directory: part")
        self.release(self.in_git(repository))
        self.await_phase("Succeeded", revision=repository.head)
        self.assertEqual(data_of(self.kube.get("ConfigMap", f"{self.ns}-web-part", self.ns)), {"greeting": "hello"})


class RepositoryTest(OperatorCase):
    def test_installed_and_upgraded(self):
        self.publish()
        self.publish("1.1.0")
        self.release()
        self.await_phase("Succeeded", revision="1.0.0", lastAttemptedRevision="1.0.0")
        self.release(self.in_repository("1.1.0"))
        self.await_phase("Succeeded", revision="1.1.0", lastAttemptedRevision="1.1.0")
        self.assertEqual((self.records(), self.data()["chart"]), ({1: "superseded", 2: "deployed"}, "1.1.0"))
        self.assertIn(f"{self.ns}-web", self.helm3.run("list", "--namespace", self.ns, "--deployed", "--short"))
        asked = len(self.server.requests)
        self.await_runs()
        self.assertEqual(len(self.server.requests), asked, "a chart of a repository is fetched once")

    def test_what_is_not_there(self):
        self.publish()
        self.release(self.in_repository("9.9.9"))
        self.await_cause("ChartFetchFailed", "failed to prepare chart for release: chart unavailable: no 'web' chart with version matching '9.9.9' found")
        self.publish("9.9.9")
        self.await_phase("Succeeded", revision="9.9.9")
        until(lambda: any(reason == "FailedReleaseSync" for _, reason, _ in self.events("HelmRelease", "web")))

    def test_logins(self):
        closed = ChartServer(os.path.join(self.folder, "closed"), login=("robot", "sw0rdfish"))
        self.addCleanup(closed.close)
        self.publish(server=closed)
        chart = {"repository": closed.url, "name": "web", "version": "1.0.0"}
        self.release(chart)
        failed = self.await_phase("ChartFetchFailed")
        self.assertIn("401", self.message(failed))
        self.kube.apply(secret("login", self.ns, {"username": "robot", "password": "sw0rdfish"}))
        self.release(chart | {"chartPullSecret": {"name": "login"}})
        self.await_phase("Succeeded", revision="1.0.0")

    def test_names_and_namespaces(self):
        self.publish(**{"crds/gadgets.yaml": GADGETS})
        target = "t-target"
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": target}})
        self.release(targetNamespace=target, skipCRDs=True, maxHistory=2)
        name = f"{self.ns}-{target}-web"
        self.await_phase("Succeeded", releaseName=name)
        self.assertIsNone(self.kube.get(CRD, "gadgets.helm.example"))
        for message in ("one", "two", "three"):
            self.release(targetNamespace=target, skipCRDs=True, maxHistory=2, values={"message": message})
            self.await_phase("Succeeded")
        self.assertEqual(self.records(name, target), {3: "superseded", 4: "deployed"})
        self.assertEqual(self.data(name, target)["message"], "three")
        self.release(name="other", releaseName="site")
        self.await_phase("Succeeded", "other", releaseName="site")
        self.assertEqual(self.data("site")["message"], "hello")
        self.assertIsNotNone(self.kube.get(CRD, "gadgets.helm.example"))
        self.kube.delete(CRD, "gadgets.helm.example")


class ValuesTest(OperatorCase):
    def test_from_everywhere(self):
        repository = self.git(**{"env.yaml": "message: from the chart file\nother: from the chart file\n"})
        other = self.ns + "-other"
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
        with open(self.server.path("values.yaml"), "w", encoding="utf-8") as file:
            file.write("message: from the URL\n")
        self.kube.apply(config_map("base", {"values.yaml": "message: from the ConfigMap\n"}, namespace=self.ns))
        self.kube.apply(secret("keys", other, {"k": "message: from the Secret\n"}))
        self.kube.apply(secret("old", self.ns, {"values.yaml": "message: from valueFileSecrets\nother: from valueFileSecrets\n"}))
        sources = [{"chartFileRef": {"path": "env.yaml"}}, {"configMapKeyRef": {"name": "base"}},
                   {"secretKeyRef": {"name": "keys", "namespace": other, "key": "k"}}, {"externalSourceRef": {"url": self.server.url + "/values.yaml"}}]
        words = ("the chart file", "the ConfigMap", "the Secret", "the URL")
        for count, word in enumerate(words, 1):
            with self.subTest(word):
                self.release(self.in_git(repository), valueFileSecrets=[{"name": "old"}], valuesFrom=sources[:count])
                self.await_phase("Succeeded")
                self.assertEqual((self.data()["message"], self.data()["other"]), (f"from {word}", "from the chart file"))
        self.release(self.in_git(repository), valueFileSecrets=[{"name": "old"}], values={"message": "from the spec"})
        self.await_phase("Succeeded")
        self.assertEqual((self.data()["message"], self.data()["other"]), ("from the spec", "from valueFileSecrets"))

    def test_what_is_missing_is_named(self):
        self.publish()
        cases = (({"configMapKeyRef": {"name": "absent"}}, f"ConfigMap {self.ns}/absent not found"),
                 ({"secretKeyRef": {"name": "keys", "key": "absent"}}, f"could not find key absent in Secret {self.ns}/keys"),
                 ({"externalSourceRef": {"url": self.server.url + "/absent"}}, f"unable to read value file from URL {self.server.url}/absent: the server answered 404"),
                 ({"chartFileRef": {"path": "absent.yaml"}}, 'unable to read value file from path absent.yaml: the chart has no file "absent.yaml"'))
        self.kube.apply(secret("keys", self.ns, {"k": "a: 1"}))
        for source, cause in cases:
            with self.subTest(cause):
                self.release(valuesFrom=[source])
                self.await_cause("Failed", f"failed to compose values for release: {cause}")
        self.assertEqual(self.records(), {})
        self.release(valuesFrom=[{kind: more | {"optional": True} for kind, more in source.items()} for source, _ in cases])
        self.await_phase("Succeeded")

    def test_a_changed_config_map_is_noticed(self):
        self.publish()
        self.kube.apply(config_map("base", {"values.yaml": "message: one\n"}, namespace=self.ns))
        self.release(valuesFrom=[{"configMapKeyRef": {"name": "base"}}])
        self.await_phase("Succeeded")
        self.kube.apply(config_map("base", {"values.yaml": "message: two\n"}, namespace=self.ns))
        self.await_data(message="two")
        until(lambda: self.records() == {1: "superseded", 2: "deployed"}, seen=self.records)

    def test_values_are_reset_or_reused(self):
        self.publish()
        self.release(values={"message": "mine"}, resetValues=False)
        self.await_phase("Succeeded")
        self.release(values={"other": "mine"}, resetValues=False)
        self.await_phase("Succeeded")
        self.assertEqual((self.data()["message"], self.data()["other"]), ("mine", "mine"))
        self.release(values={"other": "mine"})
        self.await_phase("Succeeded")
        self.assertEqual((self.data()["message"], self.data()["other"]), ("hello", "mine"))


class FailureTest(OperatorCase):
    def test_a_failed_installation_is_removed_and_tried_again(self):
        self.publish()
        self.release(values={"deploy": True}, wait=True, timeout=1)
        failed = self.await_phase("DeployFailed")
        self.assertIn(f"installation failed: timeout waiting for: [Deployment/{self.ns}/{self.ns}-web status: 'InProgress']",
                      self.message(failed, "Deployed").replace("\n", " "))
        self.release(wait=True, timeout=1)
        self.await_phase("Succeeded", releaseStatus="deployed")
        self.assertEqual(self.records(), {1: "deployed"})

    def test_a_failed_upgrade_waits_for_somebody(self):
        self.publish()
        self.release()
        self.await_phase("Succeeded")
        self.release(values={"deploy": True}, wait=True, timeout=1)
        self.await_cause("Failed", "failed to determine sync action for release: status 'failed' of release does not allow a safe upgrade; bring it to 'deployed' "
                         "first, for example with `helm rollback`")
        self.assertEqual(self.records(), {1: "deployed", 2: "failed"})
        self.release(values={"message": "mended"}, wait=True, timeout=1)
        self.await_phase("Failed")
        self.helm3.run("rollback", f"{self.ns}-web", "1", "--namespace", self.ns)
        self.await_phase("Succeeded")
        self.await_data(message="mended")

    def test_a_failed_upgrade_is_rolled_back(self):
        self.publish()
        self.release(values={"message": "good"}, rollback={"enable": True})
        self.await_phase("Succeeded")
        self.release(values={"message": "bad", "deploy": True}, rollback={"enable": True}, timeout=1)
        rolled_back = self.await_phase("RolledBack", rollbackCount=1, releaseStatus="deployed")
        of = f"Helm release '{self.ns}-web' in '{self.ns}'."
        self.assertEqual((condition_of(rolled_back, "RolledBack")["status"], self.message(rolled_back, "RolledBack")), ("True", f"Rolled back {of}"))
        self.assertEqual(condition_of(rolled_back, "Released")["status"], "False")
        self.assertEqual((self.data()["message"], self.antecedent()), ("good", f"{self.ns}:helmrelease/web"))
        history = {1: "superseded", 2: "failed", 3: "deployed"}
        self.assertEqual(self.records(), history)
        self.await_runs()  # it is not tried again until something changes
        self.assertEqual(self.records(), history)
        self.release(values={"message": "better"}, rollback={"enable": True}, timeout=1)
        mended = self.await_phase("Succeeded", rollbackCount=None)
        self.assertEqual((condition_of(mended, "RolledBack"), self.data()["message"]), ({}, "better"))
        said = f"synchronization of release '{self.ns}-web' in namespace '{self.ns}' failed: upgrade failed: "
        until(lambda: any(reason == "FailedReleaseSync" and message.startswith(said) for _, reason, message in self.events("HelmRelease", "web")),
              seen=lambda: self.events("HelmRelease", "web"))

    def test_a_rolled_back_upgrade_is_tried_again_so_many_times(self):
        self.publish()
        rollback = {"enable": True, "retry": True, "maxRetries": 1}
        self.release(rollback=rollback)
        self.await_phase("Succeeded")
        self.release(values={"deploy": True}, rollback=rollback, timeout=1)
        self.await_phase("RolledBack", rollbackCount=2)
        self.await_runs()
        self.assertEqual(self.records(), {1: "superseded", 2: "failed", 3: "superseded", 4: "failed", 5: "deployed"})

    def test_force_replaces(self):
        self.publish()
        self.release()
        self.await_phase("Succeeded")
        for force, kept in ((False, "kept"), (True, None)):
            with self.subTest(force=force):
                self.kube.patch("ConfigMap", f"{self.ns}-web", self.ns, {"data": {"extra": "kept"}})
                self.release(values={"message": str(force)}, forceUpgrade=force)
                self.await_phase("Succeeded")
                self.await_data(message=str(force))
                self.assertEqual(self.data().get("extra"), kept)

    def test_unknown_fields(self):
        self.publish()
        self.release(values={"bogus": True})
        self.assertIn('unknown field "spec.bogus"', self.message(self.await_phase("DeployFailed")))
        self.release(values={"bogus": True}, disableOpenAPIValidation=True)
        self.await_phase("Succeeded")

    def test_templates_that_break(self):
        self.publish(**{"templates/broken.yaml": '{{ if .Values.deploy }}{{ fail "not today" }}{{ end }}'})
        self.release(rollback={"enable": True})
        self.await_phase("Succeeded")
        recorder = self.record()
        self.release(values={"deploy": True}, rollback={"enable": True})
        self.assertIn("upgrade failed: execution error at (web/templates/broken.yaml:1:26): not today", self.message(self.await_passed(recorder, "DeployFailed")))
        self.await_object(HR, "web", lambda obj: "dry-run upgrade failed: dry-run upgrade for comparison failed: execution error at" in (self.message(obj) or ""))
        self.assertEqual(self.records(), {1: "deployed"})


class TestHooksTest(OperatorCase):
    def test_passed(self):
        self.publish()
        self.release(values={"test": True}, test={"enable": True})
        self.await_object(HR, "web", lambda obj: obj.get("status", {}).get("phase") == "Testing")
        self.end_pod("test", "Succeeded")
        tested = self.await_phase("Succeeded", revision="1.0.0")
        self.assertEqual((condition_of(tested, "Tested")["status"], self.message(tested, "Tested")), ("True", f"Tested Helm release '{self.ns}-web' in '{self.ns}'."))

    def test_failed_and_ignored(self):
        self.publish()
        self.release(values={"test": True}, test={"enable": True, "ignoreFailures": True})
        self.end_pod("test", "Failed")
        tested = self.await_phase("Succeeded", revision="1.0.0")
        self.assertEqual((condition_of(tested, "Tested")["status"], condition_of(tested, "Released")["status"]), ("False", "True"))

    def test_a_failed_test_of_an_upgrade_rolls_back_and_recreates_pods(self):
        self.publish()
        spec = {"wait": False, "rollback": {"enable": True, "recreate": True}}
        self.release(values={"deploy": True}, **spec)
        self.await_phase("Succeeded")
        labels = f"app={self.ns}-web"
        before = until(lambda: [pod["metadata"]["uid"] for pod in self.kube.list("Pod", self.ns, labels)])
        self.release(values={"deploy": True, "test": True}, test={"enable": True}, **spec)
        self.end_pod("test", "Failed")
        self.await_phase("RolledBack", rollbackCount=1)
        after = until(lambda: [pod["metadata"]["uid"] for pod in self.kube.list("Pod", self.ns, labels) if pod["metadata"]["uid"] not in before])
        self.assertEqual(len(after), 1)
        self.assertEqual(self.records(), {1: "superseded", 2: "superseded", 3: "deployed"})

    def test_a_failed_test_of_an_installation_removes_it(self):
        self.publish()
        recorder = self.record()
        self.release(values={"test": True}, test={"enable": True})
        self.end_pod("test", "Failed")
        failed = self.await_passed(recorder, "TestFailed")
        self.assertNotIn("releaseStatus", failed["status"])
        self.assertIn("test failed: ", self.message(failed, "Tested"))
        self.release()
        self.await_phase("Succeeded")


class CommandTest(OperatorCase):
    """The `sluice` command on releases of this kind."""

    def sluice(self, *argv, code=0):
        done = subprocess.run([SLUICE, *argv], env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig}, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_rows(self):
        self.publish()
        self.release()
        self.release(self.in_repository("9.9.9"), "broken")
        self.await_phase("Succeeded")
        self.await_phase("ChartFetchFailed", "broken")
        release = lambda name: f"Helm release '{self.ns}-{name}' in '{self.ns}'\\."  # noqa: E731
        good, bad = rf" +1\.0\.0 +False +True +Release was successful for {release('web')}$", rf" +False +False +Chart fetch failed for {release('broken')} "
        head, broken, web = self.sluice("get", "fhr", "-n", self.ns).splitlines()
        self.assertRegex(head, "^NAME +REVISION +SUSPENDED +READY +MESSAGE$")
        self.assertRegex(broken, "^broken" + bad)
        self.assertRegex(web, "^web" + good)
        self.assertRegex(self.sluice("get", "fhr", "-A"), rf"(?m)^{self.ns} +web" + good)
        self.assertRegex(self.sluice("get", "all", "-n", self.ns), r"(?m)^helmrelease\.helm\.fluxcd\.io/web" + good)
        self.assertIn("no HelmRelease objects found", self.sluice("get", "hr", "-n", self.ns, code=1), "the newer kind is another")
        for selector in ("ready=false", "released=false"):
            self.assertRegex(self.sluice("get", "fhr", "-n", self.ns, "--status-selector", selector, "--no-header"), r"^broken .*\n$")
        named = json.loads(self.sluice("get", "fhr/web", "-n", self.ns, "-o", "json"))
        self.assertEqual((named["apiVersion"], named["status"]["phase"]), ("helm.fluxcd.io/v1", "Succeeded"))
        self.assertRegex(self.sluice("stats", "-n", self.ns), r"(?m)^HelmRelease\.helm\.fluxcd\.io +2 +1 +0 +-$")
        self.assertEqual(documents(self.sluice("export", "fhr", "web", "-n", self.ns))[0]["spec"], self.kube.get(HR, "web", self.ns)["spec"])
        until(lambda: "ReleaseSynced" in self.sluice("events", "--for", "fhr/web", "-n", self.ns))
        for verb in ("reconcile", "suspend", "resume"):
            self.assertEqual(self.sluice(verb, "fhr", "web", "-n", self.ns, code=1),
                             "✗ a HelmRelease of helm.fluxcd.io is compared with its release at every interval; nothing asks it to, or suspends it\n")


class TakeoverTest(OperatorCase):
    def made_by_helm3(self, *flags, owner=None):
        """A release as the operator makes one: by Helm 3, its objects marked."""
        archive = self.publish()
        self.helm3.run("install", f"{self.ns}-web", archive, "--namespace", self.ns, *flags)
        for kind in ("ConfigMap", "Service") if owner else ():
            self.kube.patch(kind, f"{self.ns}-web", self.ns, {"metadata": {"annotations": {"helm.fluxcd.io/antecedent": owner}}})

    def test_the_same_makes_no_new_revision(self):
        self.made_by_helm3("--set", "message=theirs", owner=f"{self.ns}:helmrelease/web")
        before = self.kube.get("ConfigMap", f"{self.ns}-web", self.ns)["metadata"]["resourceVersion"]
        self.release(values={"message": "theirs"})
        self.await_phase("Succeeded", revision="1.0.0", releaseStatus="deployed")
        self.await_runs()
        self.assertEqual(self.records(), {1: "deployed"})
        self.assertEqual(self.kube.get("ConfigMap", f"{self.ns}-web", self.ns)["metadata"]["resourceVersion"], before)
        self.release(values={"message": "ours"})
        self.await_phase("Succeeded")
        self.assertEqual((self.records(), self.data()["message"]), ({1: "superseded", 2: "deployed"}, "ours"))
        shown = json.loads(self.helm3.run("history", f"{self.ns}-web", "--namespace", self.ns, "--output", "json"))
        self.assertEqual([(item["revision"], item["status"]) for item in shown], [(1, "superseded"), (2, "deployed")])

    def test_in_the_operators_place(self):
        """The HelmRelease is there with the status that the operator gave it."""
        self.made_by_helm3("--set", "message=theirs", owner=f"{self.ns}:helmrelease/web")
        self.controller.end()
        made = self.release(values={"message": "theirs"})
        time = "2020-01-01T00:00:00Z"
        said = {"ChartFetched": ("ChartFetched", "Chart fetch was successful for"), "Deployed": ("Deployed", "Installation or upgrade succeeded for"),
                "Released": ("Succeeded", "Release was successful for")}
        status = {"observedGeneration": made["metadata"]["generation"], "phase": "Succeeded", "releaseName": f"{self.ns}-web", "releaseStatus": "deployed",
                  "revision": "1.0.0", "lastAttemptedRevision": "1.0.0",
                  "conditions": [{"type": kind, "status": "True", "reason": reason, "message": f"{words} Helm release '{self.ns}-web' in '{self.ns}'.",
                                  "lastUpdateTime": time, "lastTransitionTime": time} for kind, (reason, words) in said.items()]}
        self.kube.patch(HR, "web", self.ns, {"status": status}, "status")
        self.controller.start()
        until(lambda: self.runs() >= 2)
        self.assertEqual((self.records(), self.kube.get(HR, "web", self.ns)["status"]), ({1: "deployed"}, status))

    def test_what_nobody_has_is_marked(self):
        self.made_by_helm3()
        self.release(values={"message": "ours"})
        self.await_phase("Succeeded")
        self.assertEqual((self.records(), self.antecedent()), ({1: "superseded", 2: "deployed"}, f"{self.ns}:helmrelease/web"))

    def test_what_is_anothers_is_left_alone(self):
        self.made_by_helm3(owner="other:helmrelease/web")
        self.release(values={"message": "ours"})
        self.await_cause("Failed", "failed to determine sync action for release: release appears to be managed by 'other:helmrelease/web'")
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertEqual((self.records(), self.data()["message"]), ({1: "deployed"}, "hello"))

    def test_two_of_one_name(self):
        self.publish()
        self.release(releaseName="site")
        self.await_phase("Succeeded")
        self.release(name="second", releaseName="site")
        failed = self.await_phase("Failed", "second")
        self.assertIn(f"release appears to be managed by '{self.ns}:helmrelease/web'", self.message(failed))


class RefusalTest(OperatorCase):
    def test_a_name_that_is_too_long(self):
        self.publish()
        name = "w" * 53
        self.release(name=name)
        self.await_cause("Failed", f'spec.releaseName: "{self.ns}-{name}" is no name of a release; set one of at most 53 lower case letters, digits, dashes and '
                         "dots", name)
        self.kube.delete(HR, name, self.ns)
        self.await_gone(HR, name)

    def test_helm_2(self):
        self.publish()
        self.release(helmVersion="v2")
        self.await_cause("Failed", "spec.helmVersion: releases of Helm 2 are not supported; convert the release with `helm 2to3 convert` and set v3")
        self.release(helmVersion="v3", annotations={"helm.fluxcd.io/migrate": "true"})
        self.await_cause("Failed", "failed to determine sync action for release: annotation helm.fluxcd.io/migrate: releases of Helm 2 are not converted; run "
                         f"`helm 2to3 convert {self.ns}-web`, or remove the annotation if there is none")
        self.assertEqual(self.records(), {})
        self.release(helmVersion="v3")
        self.await_phase("Succeeded")

    def test_half_a_chart(self):
        self.release({"repository": self.server.url, "name": "web"})
        self.await_cause("Failed", "spec.chart: want git and path, or repository, name and version")


class ProcessTest(OperatorCase):
    def test_a_killed_upgrade_is_gone_on_with(self):
        self.publish()
        self.release()
        self.await_phase("Succeeded")
        self.release(values={"hook": True})
        until(lambda: self.kube.get("Pod", f"{self.ns}-web-pre-upgrade", self.ns))
        pod = self.kube.get("Pod", f"{self.ns}-web-pre-upgrade", self.ns)["metadata"]["uid"]
        self.controller.kill()
        self.controller.start()
        self.end_pod("pre-upgrade", "Succeeded")
        self.await_phase("Succeeded", releaseStatus="deployed")
        self.assertEqual(self.records(), {1: "superseded", 2: "deployed"})
        self.assertEqual(self.kube.get("Pod", f"{self.ns}-web-pre-upgrade", self.ns)["metadata"]["uid"], pod, "the hook ran once")

    def test_a_rollback_follows_whenever_the_process_dies(self):
        self.publish()
        # Status writes of such a run: Upgrading, RollingBack, RolledBack.
        for point in ("status.write.after:1", "release.action.after:1", "status.write.after:2", "status.write.before:3"):
            with self.subTest(point):
                self.release(rollback={"enable": True})
                self.await_phase("Succeeded")
                self.controller.end()
                self.controller.variables = {"SLUICE_FAILPOINT": point}
                self.controller.start()
                self.release(values={"deploy": True}, rollback={"enable": True}, timeout=1)
                until(lambda: not self.controller.is_running(), seen=lambda: self.kube.get(HR, "web", self.ns)["status"])
                self.controller.variables = {}
                self.controller.start()
                self.await_phase("RolledBack", rollbackCount=1, releaseStatus="deployed")
                self.assertEqual(self.records(), {1: "superseded", 2: "failed", 3: "deployed"})
                self._delete_releases()

    def test_a_restart_writes_nothing(self):
        repository = self.git()
        self.release(self.in_git(repository))
        self.await_phase("Succeeded")
        before = self.kube.get(HR, "web", self.ns)["metadata"]["resourceVersion"]
        self.controller.restart()
        until(lambda: self.runs() >= 2)
        self.assertEqual((self.kube.get(HR, "web", self.ns)["metadata"]["resourceVersion"], self.records()), (before, {1: "deployed"}))

    def test_newer_intent_ends_a_wait(self):
        self.publish()
        self.release()
        self.await_phase("Succeeded")
        self.release(values={"deploy": True}, wait=True, timeout=600)
        self.await_object(HR, "web", lambda obj: obj["status"]["phase"] == "Upgrading")
        self.release(values={"message": "mended"}, wait=True, timeout=600)
        self.await_phase("Succeeded")
        self.await_data(message="mended")


if __name__ == "__main__":
    totals.main()
