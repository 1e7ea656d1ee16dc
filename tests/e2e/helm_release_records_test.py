#!/usr/bin/env python3
"""Helm's actions as Sluice takes them (releases/actions.h), and its records, against the real helm 3 and 4 on a real API server: each works on what the other made.

The actions run in a process of their own, tests/releases/driver, which a failpoint can kill at every step. Where hooks have to end, the test plays the
kubelet: it lets their pods succeed, or fail where their names say so.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import BUILD, ROOT, SLUICE, Case, until  # noqa: E402
from kube import Kube, Recorder  # noqa: E402

DRIVER = os.environ.get("SLUICE_RELEASE_DRIVER") or os.path.join(BUILD, "tests", "releases", "driver", "release_driver")
OWNER = "team/web"
HELMS = ("helm3", "helm4")

CHART = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: \"9\"\n",
    "values.yaml": "message: hello\nextra: false\nport: 80\n",
    "templates/config.yaml": """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-config
data:
  message: {{ .Values.message | quote }}
  revision: {{ .Release.Revision | quote }}
  {{- if .Values.extra }}
  extra: "yes"
  {{- end }}
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
    "templates/more.yaml": """
{{- if .Values.extra }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-more
{{- end }}
""",
    "templates/NOTES.txt": "It says {{ .Values.message }}.\n",
    "README.md": "# web\n",
}


def hook(name, events, weight=0, policy=None, kind="Pod"):
    """A hook that lasts until the test lets it end: no simulated node takes its pod, for they delete pods by name, and with the old one its successor."""
    annotations = {"helm.sh/hook": events, "helm.sh/hook-weight": str(weight)} | ({"helm.sh/hook-delete-policy": policy} if policy else {})
    spec = {"restartPolicy": "Never", "nodeSelector": {"kubernetes.io/hostname": "nowhere"}, "containers": [{"name": "c", "image": "none"}]}
    return yaml.safe_dump({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "annotations": annotations}}
                          | ({"spec": spec} if kind == "Pod" else {}))


HOOKS = {
    "templates/hooks/a.yaml": hook("first", "pre-install,pre-upgrade,pre-rollback", 1),
    "templates/hooks/b.yaml": hook("second", "pre-install,pre-upgrade", 2, "before-hook-creation,hook-succeeded"),
    "templates/hooks/c.yaml": hook("third", "post-install,post-upgrade,post-rollback"),
    "templates/hooks/d.yaml": hook("goodbye", "pre-delete"),
}


def setUpModule():
    harness.begin("helm-records", controller=False)
    done = subprocess.run([os.path.join(ROOT, "tests", "cluster", "tools", "helm.sh")], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    RecordsTest.helms = done.stdout.strip().splitlines()[-1]


class Kubelet:
    """Ends the hooks' pods of a namespace, which would run for ever: those whose names begin with `fail` fail, the others succeed."""

    def __init__(self, kube, ns):
        self.kube, self.ns, self.stop = kube, ns, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stop.wait(0.02):
            with contextlib.suppress(Exception):
                for pod in self.kube.list("Pod", self.ns):
                    if "helm.sh/hook" in pod["metadata"].get("annotations", {}) and pod["status"].get("phase") in ("Pending", "Running"):
                        phase = "Failed" if pod["metadata"]["name"].startswith("fail") else "Succeeded"
                        self.kube.patch("Pod", pod["metadata"]["name"], self.ns, {"status": {"phase": phase}}, "status")

    def close(self):
        self.stop.set()
        self.thread.join(10)


class RecordsTest(Case):
    helms = None

    def setUp(self):
        super().setUp()
        self.folder = os.path.join(self.env.folder, self.ns)
        self.chart = self.write_chart("chart", CHART)
        until(lambda: self.kube.get("ServiceAccount", "default", self.ns))

    # --- what acts

    def write_chart(self, name, files):
        folder = os.path.join(self.folder, name)
        for path, text in files.items():
            full = os.path.join(folder, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text.lstrip("\n"))
        return folder

    def values(self, **values):
        path = os.path.join(self.folder, f"values-{time.time_ns()}.yaml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(values, file)
        return path

    def argv(self, action, *flags, values=None, chart=None, name="web", owner=OWNER):
        argv = [DRIVER, action, name] + ([chart or self.chart] if action in ("install", "upgrade") else [])
        argv += ["--kubeconfig", self.env.cluster.kubeconfig, "-n", self.ns, "--timeout", "30s", "--manager", "helm", *flags]
        if owner:
            argv += ["--owner", owner]
        return argv + (["--values", self.values(**values)] if values is not None else [])

    def try_ours(self, action, *flags, point="", **more):
        """One action of ours; what it said. Killed by a failpoint it said nothing: None."""
        done = subprocess.run(self.argv(action, *flags, **more), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env=os.environ | {"SLUICE_FAILPOINT": point}, timeout=120)
        if done.returncode < 0:
            self.assertEqual(done.returncode, -9, done.stderr)
            return None
        self.assertTrue(done.stdout, done.stderr)
        self.trace = [line.removeprefix("failpoint ") for line in done.stderr.splitlines() if line.startswith("failpoint ")]
        return json.loads(done.stdout)

    def ours(self, action, *flags, **more):
        """The same, and it succeeds."""
        said = self.try_ours(action, *flags, **more)
        self.assertIsNotNone(said)
        self.assertEqual(said["error"], "")
        return said

    def helm(self, which, *argv, fails=False):
        env = {"HELM_CACHE_HOME": self.folder, "HELM_CONFIG_HOME": self.folder, "HELM_DATA_HOME": self.folder}
        done = subprocess.run([os.path.join(self.helms, which), *argv, "-n", self.ns, "--kubeconfig", self.env.cluster.kubeconfig],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=os.environ | env)
        self.assertEqual(done.returncode != 0, fails, done.stderr + done.stdout)
        return done.stderr if fails else done.stdout

    # --- what there is

    def listed(self, which):
        flags = ["-a"] if which == "helm3" else []  # helm 4 lists all states anyway
        return {item["name"]: (item["revision"], item["status"], item["chart"]) for item in json.loads(self.helm(which, "ls", *flags, "-o", "json"))}

    def history(self, which="helm4"):
        return [(item["revision"], item["status"], item["description"]) for item in json.loads(self.helm(which, "history", "web", "-o", "json"))]

    def secrets(self):
        return {item["metadata"]["name"]: item for item in self.kube.list("Secret", self.ns) if item["type"] == "helm.sh/release.v1"}

    def data(self, name="web-config"):
        found = self.kube.get("ConfigMap", name, self.ns)
        return found and found.get("data", {})

    # --- helm on our releases

    def test_ours_seen_by_helm(self):
        said = self.ours("install", values={"message": "one"}, chart=self.chart)
        self.assertEqual((said["version"], said["status"], said["description"], said["owner"]), (1, "deployed", "Install complete", OWNER))
        self.assertLessEqual(said["requests"], 9, "two records, three objects at most, discovery")
        rendered = self.helm("helm4", "template", "web", self.chart, "--set", "message=one")
        for which in HELMS:
            self.assertEqual(self.listed(which), {"web": ("1", "deployed", "web-1.2.3")})
            self.assertEqual(self.history(which), [(1, "deployed", "Install complete")])
            self.assertEqual(yaml.safe_load(self.helm(which, "get", "values", "web", "-o", "yaml")), {"message": "one"})
            self.assertEqual(self.helm(which, "get", "manifest", "web").strip(), rendered.strip())
            self.assertIn("It says one.", self.helm(which, "get", "notes", "web"))
            self.assertEqual(json.loads(self.helm(which, "status", "web", "-o", "json"))["info"]["status"], "deployed")
        labels = self.secrets()["sh.helm.release.v1.web.v1"]["metadata"]["labels"]
        self.assertEqual({key: labels[key] for key in ("name", "owner", "status", "version")},
                         {"name": "web", "owner": "helm", "status": "deployed", "version": "1"})

    def test_helm_upgrades_rolls_back_and_uninstalls_ours(self):
        for number, which in enumerate(HELMS):
            with self.subTest(which):
                self.ours("install", values={"message": "one", "extra": True})
                self.helm(which, "upgrade", "web", self.chart, "--set", "message=two")
                self.assertEqual(self.data(), {"message": "two", "revision": "2"})
                self.assertIsNone(self.kube.get("ConfigMap", "web-more", self.ns))
                self.assertEqual([(revision, status) for revision, status, _ in self.history(which)], [(1, "superseded"), (2, "deployed")])
                self.helm(which, "rollback", "web", "1")
                self.assertEqual(self.data(), {"message": "one", "revision": "1", "extra": "yes"})
                self.assertIsNotNone(self.kube.get("ConfigMap", "web-more", self.ns))
                said = self.ours("upgrade", values={"message": "four"})
                self.assertEqual((said["version"], said["status"]), (4, "deployed"))
                self.assertEqual(self.data(), {"message": "four", "revision": "4"})
                self.assertIsNone(self.kube.get("ConfigMap", "web-more", self.ns))
                self.assertEqual([(revision, status) for revision, status, _ in self.history(which)],
                                 [(1, "superseded"), (2, "superseded"), (3, "superseded"), (4, "deployed")])
                self.helm(which, "uninstall", "web")
                self.assertEqual(self.secrets(), {}, number)
                self.assertIsNone(self.data())

    # --- ours on helm's releases

    def test_ours_on_releases_of_helm(self):
        for which, method in (("helm3", "csa"), ("helm4", "ssa")):
            with self.subTest(which):
                self.helm(which, "install", "web", self.chart, "--set", "message=one,extra=true")
                self.kube.patch("ConfigMap", "web-config", self.ns, {"data": {"message": "by hand", "mine": "stays"}}, manager="kubectl-edit")
                said = self.ours("upgrade", values={"message": "two"})
                self.assertEqual((said["version"], said["status"]), (2, "deployed"))
                self.assertEqual(self.data(), {"message": "two", "revision": "2", "mine": "stays"})
                self.assertIsNone(self.kube.get("ConfigMap", "web-more", self.ns))
                said = self.ours("rollback", "--revision", "1")
                self.assertEqual((said["version"], said["description"]), (3, "Rollback to 1"))
                self.assertEqual(self.data(), {"message": "one", "revision": "1", "extra": "yes", "mine": "stays"})
                self.assertIsNotNone(self.kube.get("ConfigMap", "web-more", self.ns))
                shown = json.loads(self.helm("helm4", "get", "metadata", "web", "-o", "json"))
                self.assertEqual(shown.get("applyMethod"), method, shown)
                self.ours("uninstall")
                self.assertEqual(self.listed(which), {})
                self.assertIsNone(self.data())

    def test_from_client_side_to_server_side(self):
        self.helm("helm3", "install", "web", self.chart, "--set", "message=one,extra=true")
        self.ours("upgrade", "--server-side", "true", values={"message": "two"})
        self.assertEqual(self.data(), {"message": "two", "revision": "2"})
        managers = {(entry["manager"], entry["operation"]) for entry in self.kube.get("ConfigMap", "web-config", self.ns)["metadata"]["managedFields"]}
        self.assertEqual(managers, {("helm", "Apply")})
        self.helm("helm4", "upgrade", "web", self.chart, "--set", "message=three")
        self.assertEqual(self.data(), {"message": "three", "revision": "3"})

    def test_client_side_throughout(self):
        self.ours("install", "--server-side", "false", values={"message": "one", "extra": True})
        before = self.kube.get("Service", "web", self.ns)["metadata"]["resourceVersion"]
        self.ours("upgrade", values={"message": "two"})
        self.assertEqual(self.data(), {"message": "two", "revision": "2"})
        self.assertEqual(self.kube.get("Service", "web", self.ns)["metadata"]["resourceVersion"], before, "what is equal is not written")
        self.assertEqual(self.history("helm3")[-1], (2, "deployed", "Upgrade complete"))
        self.ours("upgrade", "--force", values={"message": "three"})
        self.assertEqual(self.data(), {"message": "three", "revision": "3"})

    # --- refusals, in Helm's words

    def test_what_belongs_to_others(self):
        self.kube.apply(harness.config_map("web-config", {"a": "b"}, namespace=self.ns))
        said = self.try_ours("install")
        want = (f'unable to continue with install: ConfigMap "web-config" in namespace "{self.ns}" exists and cannot be imported into the current release: '
                'invalid ownership metadata; label validation error: missing key "app.kubernetes.io/managed-by": must be set to "Helm"; annotation '
                'validation error: missing key "meta.helm.sh/release-name": must be set to "web"; annotation validation error: missing key '
                f'"meta.helm.sh/release-namespace": must be set to "{self.ns}"')
        self.assertEqual(said["error"], want)
        self.assertEqual(self.secrets(), {})
        self.assertIn(want, self.helm("helm4", "install", "web", self.chart, fails=True))
        self.ours("install", "--take-ownership")
        self.assertEqual(self.kube.get("ConfigMap", "web-config", self.ns)["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm")

    def test_words(self):
        self.assertEqual(self.try_ours("upgrade")["error"], '"web" has no deployed releases')
        self.assertEqual(self.try_ours("rollback")["error"], "release: not found")
        self.assertEqual(self.try_ours("uninstall")["error"], "uninstall: Release not loaded: web: release: not found")
        self.ours("install")
        self.assertEqual(self.try_ours("install")["error"], "release name check failed: cannot reuse a name that is still in use")
        self.assertIn("cannot reuse a name that is still in use", self.helm("helm4", "install", "web", self.chart, fails=True))
        self.assertEqual(self.try_ours("rollback", "--revision", "7")["error"], "release has no 7 version")
        self.assertIn("release has no 7 version", self.helm("helm4", "rollback", "web", "7", fails=True))
        broken = dict(CHART) | {"templates/broken.yaml": "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: x}\n"}
        said = self.try_ours("upgrade", chart=self.write_chart("broken", broken))
        self.assertIn(said["error"], self.helm("helm4", "upgrade", "web", os.path.join(self.folder, "broken"), fails=True))
        refused = dict(CHART) | {"templates/service.yaml": CHART["templates/service.yaml"].replace("selector:", "selektor:")}
        said = self.try_ours("upgrade", chart=self.write_chart("refused", refused))
        self.assertEqual(said["status"], "failed")
        self.assertIn(f"server-side apply failed for object {self.ns}/web /v1, Kind=Service: ", said["error"])
        self.assertEqual(said["description"], 'Upgrade "web" failed: ' + said["error"])
        self.assertEqual([(revision, status) for revision, status, _ in self.history()], [(1, "deployed"), (2, "failed")])

    def test_a_failed_wait(self):
        stuck = dict(CHART) | {"templates/d.yaml": yaml.safe_dump(harness.deployment("stuck", nodeSelector={"there": "is-none"}))}
        said = self.try_ours("install", "--wait", "--timeout", "2s", chart=self.write_chart("stuck", stuck))
        self.assertEqual(said["error"], f"timeout waiting for: [Deployment/{self.ns}/stuck status: 'InProgress']")
        self.assertEqual((said["status"], said["description"]), ("failed", 'Release "web" failed: ' + said["error"]))
        said = self.ours("upgrade", "--wait")
        self.assertEqual((said["version"], said["status"]), (2, "deployed"))
        self.assertIsNone(self.kube.get("Deployment", "stuck", self.ns))
        self.assertEqual(self.history()[0][1], "superseded")

    def test_cleanup_on_fail(self):
        self.ours("install")
        files = dict(CHART) | {"templates/d.yaml": yaml.safe_dump(harness.deployment("stuck", nodeSelector={"there": "is-none"}))}
        said = self.try_ours("upgrade", "--wait", "--timeout", "1s", "--cleanup-on-fail", chart=self.write_chart("new", files), values={"message": "two"})
        self.assertEqual(said["status"], "failed")
        until(lambda: self.kube.get("Deployment", "stuck", self.ns) is None)
        self.assertIsNotNone(self.data())

    # --- histories

    def test_history_is_pruned(self):
        self.ours("install")
        for _ in range(4):
            self.ours("upgrade", "--history-max", "3")
        self.assertEqual([revision for revision, _, _ in self.history()], [3, 4, 5])

    def test_keep_history_and_replace(self):
        self.ours("install")
        said = self.ours("uninstall", "--keep-history")
        self.assertEqual((said["status"], said["description"]), ("uninstalled", "Uninstallation complete"))
        self.assertEqual(self.history()[0][1:], ("uninstalled", "Uninstallation complete"))
        self.assertEqual(self.try_ours("uninstall", "--keep-history")["error"], 'the release named "web" is already deleted')
        said = self.ours("install", "--replace")
        self.assertEqual((said["version"], said["status"]), (2, "deployed"))
        self.assertEqual([status for _, status, _ in self.history()], ["superseded", "deployed"])
        self.ours("uninstall")
        self.assertEqual(self.secrets(), {})

    def test_what_uninstall_keeps(self):
        kept = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n  annotations: {helm.sh/resource-policy: keep}\n"
        self.ours("install", chart=self.write_chart("kept", dict(CHART) | {"templates/kept.yaml": kept}))
        self.kube.patch("ConfigMap", "web-config", self.ns, {"metadata": {"annotations": {"meta.helm.sh/release-name": "other"}}})
        said = self.ours("uninstall")
        self.assertEqual(said["info"], "These resources were kept due to the resource policy:\n[ConfigMap] kept\n\n"
                                       "1 resource(s) were not deleted because they are not owned by this release:\n[ConfigMap] web-config\n")
        self.assertIsNotNone(self.kube.get("ConfigMap", "kept", self.ns))
        self.assertIsNotNone(self.data())
        self.assertIsNone(self.kube.get("Service", "web", self.ns))

    def test_namespace_labels_and_reused_values(self):
        ns = self.ns
        self.ns = f"{ns}-new"
        try:
            said = self.ours("install", "--create-namespace", "--label", "team=shop", values={"message": "one", "extra": True})
            self.assertEqual(said["status"], "deployed")
            self.assertEqual(self.kube.get("Namespace", self.ns)["metadata"]["labels"]["name"], self.ns)
            self.assertEqual(self.secrets()["sh.helm.release.v1.web.v1"]["metadata"]["labels"]["team"], "shop")
            self.ours("upgrade", "--reuse-values", values={"message": "two"})
            self.assertEqual(self.data(), {"message": "two", "revision": "2", "extra": "yes"})
            self.assertEqual(self.secrets()["sh.helm.release.v1.web.v2"]["metadata"]["labels"]["team"], "shop")
            self.ours("upgrade", "--label", "team=null")
            self.assertNotIn("team", self.secrets()["sh.helm.release.v1.web.v3"]["metadata"]["labels"])
            self.ours("uninstall")
        finally:
            self.kube.delete("Namespace", self.ns)
            self.ns = ns

    def test_definitions(self):
        crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "wheels.example.com"},
               "spec": {"group": "example.com", "scope": "Namespaced", "names": {"kind": "Wheel", "plural": "wheels"},
                        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                            "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
        wheel = "apiVersion: example.com/v1\nkind: Wheel\nmetadata: {name: w}\nspec: {size: {{ .Values.port }}}\n"
        chart = self.write_chart("crds", dict(CHART) | {"crds/wheel.yaml": yaml.safe_dump(crd), "templates/w.yaml": wheel})
        self.addCleanup(self.kube.delete, "CustomResourceDefinition", "wheels.example.com")
        for mode in ("true", "false"):
            with self.subTest(server_side=mode):
                self.ours("install", "--server-side", mode, chart=chart)
                self.ours("upgrade", "--crds", "CreateReplace", chart=chart, values={"port": 81})
                self.assertEqual(self.kube.get("example.com/v1/Wheel", "w", self.ns)["spec"]["size"], 81)
                self.ours("uninstall")
                self.assertIsNotNone(self.kube.get("CustomResourceDefinition", "wheels.example.com"))

    def test_a_release_of_more_than_a_mebibyte(self):
        noise = "".join(f"{number * 2654435761 % 2 ** 32:08x}{number * 40503 % 65521:04x}" for number in range(250_000))
        self.ours("install", chart=self.write_chart("files", dict(CHART) | {"big.txt": os.urandom(1_500_000).hex(), "templates/big.txt": "{{/* " + noise + " */}}"}))
        for which in HELMS:
            self.assertEqual(self.history(which), [(1, "deployed", "Install complete")])
        self.helm("helm4", "upgrade", "web", self.chart)
        self.helm("helm4", "rollback", "web", "1")
        self.ours("uninstall")

    def test_a_manifest_of_more_than_a_mebibyte(self):
        letters = [os.urandom(400_000).hex() for _ in range(3)]
        parts = {f"templates/big{i}.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: big{i}}}\ndata: {{x: {text}}}\n" for i, text in enumerate(letters)}
        big = self.write_chart("manifest", dict(CHART) | parts)
        self.ours("install", chart=big)
        said = self.ours("upgrade", chart=big, values={"message": "two"})
        self.assertEqual(said["version"], 2)
        for which in HELMS:
            self.assertEqual(self.listed(which), {})  # what helm cannot read it passes over
        self.ours("rollback", chart=big)
        self.assertEqual(self.data()["message"], "hello")
        self.ours("uninstall")
        self.assertEqual([item["metadata"]["name"] for item in self.kube.list("Secret", self.ns) if item["type"].startswith(("helm", "sluice"))], [])

    # --- hooks

    def kubelet(self):
        kubelet = Kubelet(Kube(self.env.cluster.state), self.ns)  # a connection of its own: it is another thread
        self.addCleanup(kubelet.close)
        return kubelet

    def hooked(self, **more):
        return self.write_chart("hooked" + "".join(sorted(more)), dict(CHART) | HOOKS | {f"templates/hooks/{name}.yaml": text for name, text in more.items()})

    def pods(self):
        return sorted(pod["metadata"]["name"] for pod in self.kube.list("Pod", self.ns) if "deletionTimestamp" not in pod["metadata"])

    def test_hooks(self):
        self.kubelet()
        chart = self.hooked(probe=hook("probe", "test"))
        recorder = Recorder(self.kube, "Pod", self.ns)
        self.addCleanup(recorder.close)
        self.ours("install", chart=chart)
        self.assertEqual(self.pods(), ["first", "third"])
        self.assertEqual(harness.created(recorder, 3), ["first", "second", "third"])
        runs = {item["name"]: item["last_run"]["phase"] for item in json.loads(self.helm("helm4", "status", "web", "-o", "json"))["hooks"]}
        self.assertEqual(runs, {"first": "Succeeded", "second": "Succeeded", "third": "Succeeded", "goodbye": "", "probe": ""})
        self.ours("test")
        self.assertIn("probe", self.pods())
        for which in HELMS:
            self.assertRegex(self.helm(which, "test", "web"), r"TEST SUITE: +probe")
        self.ours("upgrade", chart=chart)
        self.ours("rollback")
        self.helm("helm4", "upgrade", "web", chart, "--server-side=false")
        self.ours("uninstall")
        created = lambda: harness.created(recorder, 0)  # noqa: E731
        until(lambda: "goodbye" in created(), seen=created)
        self.assertEqual(created().count("goodbye"), 1)
        self.assertEqual(self.secrets(), {})

    def test_a_hook_that_fails(self):
        self.kubelet()
        chart = self.hooked(fail=hook("fail", "pre-upgrade", 3, "before-hook-creation,hook-failed"))
        self.ours("install", chart=chart)
        said = self.try_ours("upgrade", chart=chart, values={"message": "two"})
        self.assertEqual(said["error"], f"pre-upgrade hooks failed: failed early due to stalled resources: [Pod/{self.ns}/fail status: 'Failed']")
        self.assertEqual((said["status"], said["description"]), ("failed", 'Upgrade "web" failed: ' + said["error"]))
        until(lambda: "fail" not in self.pods())
        self.assertEqual(self.data()["message"], "hello")
        self.ours("upgrade", "--no-hooks", chart=chart, values={"message": "three"})
        self.assertEqual(self.data()["message"], "three")

    # --- kill -9

    def test_unlock_of_what_others_left(self):
        self.ours("install", owner="")
        self.assertIsNone(self.try_ours("upgrade", point="release.create.after", owner=""))
        self.assertEqual(self.history()[-1][1], "pending-upgrade")
        self.assertEqual(self.try_ours("upgrade")["error"], "another operation (install/upgrade/rollback) is in progress")
        said = self.ours("unlock")
        self.assertEqual((said["status"], said["description"]), ("failed", "Release unlocked from stale 'pending-upgrade' state"))
        said = self.ours("upgrade", values={"message": "after"})
        self.assertEqual((said["version"], said["status"]), (3, "deployed"))

    def test_newer_intent_gives_up_our_own(self):
        self.assertIsNone(self.try_ours("install", point="release.object.after"))
        said = self.ours("upgrade", values={"message": "newer"})
        self.assertEqual((said["version"], said["status"]), (2, "deployed"))
        self.assertEqual(self.history()[0][1:], ("superseded", 'Release "web" failed: context canceled'))
        self.assertEqual(self.data()["message"], "newer")

    def test_killed_at_every_step(self):
        """At each place that an install, an upgrade and a rollback with hooks pass: killed there, and gone on with, it ends deployed, and each
        hook has run once."""
        self.kubelet()
        chart = self.hooked()
        self.ours("install", "--wait", chart=chart, point="trace")
        steps = {"install": self.trace}
        self.ours("upgrade", chart=chart, values={"message": "two"}, point="trace")
        steps["upgrade"] = self.trace
        self.ours("rollback", point="trace")
        steps["rollback"] = self.trace
        self.clear()
        places = [(action, f"{name}:{trace[:i + 1].count(name)}") for action, trace in steps.items() for i, name in enumerate(trace)]
        places = [place for place in dict.fromkeys(places)]
        print(f"\n  {len(places)} places", flush=True)
        self.assertGreater(len(places), 50)
        for action, point in places[::int(os.environ.get("SLUICE_STRIDE", "3"))]:
            with self.subTest(f"{action} {point}"):
                try:
                    self.round(action, point, chart)
                finally:
                    self.clear()

    def clear(self):
        """Nothing is left of the release, nor of its hooks."""
        if self.secrets():
            self.ours("uninstall", "--no-hooks")
        self.assertEqual(self.secrets(), {})
        for pod in self.pods():
            self.kube.request("DELETE", self.kube.path("Pod", self.ns, pod) + "?gracePeriodSeconds=0")
        until(lambda: not self.kube.list("Pod", self.ns))

    def round(self, action, point, chart):
        if action != "install":
            self.ours("install", "--no-hooks", chart=chart, values={"extra": True})
        if action == "rollback":
            self.ours("upgrade", "--no-hooks", chart=chart)
        flags = {"install": (), "upgrade": ("--values", self.values(message="two")), "rollback": ()}[action]
        recorder = Recorder(self.kube, "Pod", self.ns)
        killed = self.try_ours(action, *flags, point=point, chart=chart) is None
        self.assertTrue(killed, "it was not killed")
        if self.secrets():
            said = self.ours("resume")
        else:
            said = {"version": 0}
        if said.get("version") != {"install": 1, "upgrade": 2, "rollback": 3}[action]:  # killed before it was on record
            said = self.ours(action, *flags, chart=chart)
        self.assertEqual(said["status"], "deployed")
        want = {"install": ["first", "second", "third"], "upgrade": ["first", "second", "third"], "rollback": ["first", "third"]}[action]
        ran = harness.created(recorder, len(want))
        recorder.close()
        self.assertEqual(ran, want)
        self.assertEqual(self.data(), {"install": {"message": "hello", "revision": "1"}, "upgrade": {"message": "two", "revision": "2"},
                                       "rollback": {"message": "hello", "revision": "1", "extra": "yes"}}[action])
        self.assertEqual({status for _, status, _ in self.history()[:-1]} - {"superseded"}, set())

    def test_killed_while_uninstalling(self):
        self.kubelet()
        chart = self.hooked()
        self.ours("install", chart=chart)
        self.ours("uninstall", point="trace")
        places = list(dict.fromkeys(f"{name}:{self.trace[:i + 1].count(name)}" for i, name in enumerate(self.trace)))
        for point in places:
            with self.subTest(point):
                self.ours("install", "--no-hooks", chart=chart)
                recorder = Recorder(self.kube, "Pod", self.ns)
                self.assertIsNone(self.try_ours("uninstall", point=point))
                if self.secrets():
                    said = self.ours("resume")
                    if said["status"] == "deployed":  # killed before it was on record
                        self.ours("uninstall")
                ran = harness.created(recorder, 1)
                recorder.close()
                self.assertEqual(ran, ["goodbye"])
                self.assertEqual(self.secrets(), {})
                self.assertIsNone(self.data())
                self.clear()

    # --- the commands

    def sluice(self, *argv, fails=False):
        done = subprocess.run([SLUICE, *argv, "-n", self.ns, "--kubeconfig", self.env.cluster.kubeconfig], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode != 0, fails, done.stderr + done.stdout)
        return done.stderr if fails else done.stdout

    def test_sluice_history_and_rollback(self):
        self.helm("helm4", "install", "web", self.chart, "--set", "message=one")
        self.helm("helm4", "upgrade", "web", self.chart, "--set", "message=two,extra=true")
        self.assertEqual(self.sluice("rollback", "web"), "Rollback was a success! Happy Helming!\n")
        self.assertEqual(self.data(), {"message": "one", "revision": "1"})
        self.assertEqual(self.sluice("rollback", "web", "2", "--description", "back again", "--wait"), "Rollback was a success! Happy Helming!\n")
        self.assertEqual(self.data(), {"message": "two", "revision": "2", "extra": "yes"})
        self.assertEqual(self.history()[-1], (4, "deployed", "back again"))
        for flags in ((), ("-o", "json"), ("-o", "yaml"), ("--max", "2"), ("--show-rollback-revision",)):
            self.assertEqual(self.sluice("history", "web", *flags), self.helm("helm4", "history", "web", *flags), flags)
        for argv in (("history", "none"), ("rollback", "none"), ("rollback", "web", "9"), ("rollback", "web", "x")):
            self.assertEqual(self.sluice(*argv, fails=True), self.helm("helm4", *argv, fails=True), argv)


if __name__ == "__main__":
    totals.main()
