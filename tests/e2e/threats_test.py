#!/usr/bin/env python3
"""Hostile input through the API and the fleet: each case is named by its row of the threat list. What is asked is that the object with the
poison says what is wrong with it, that nothing is written that must not be, and that everybody else goes on."""

import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, is_ready, secret, until  # noqa: E402

OWNER = "kustomize.toolkit.fluxcd.io"
MAX_LINE_BYTES = 8192


def setUpModule():
    harness.begin("threats", flags=["--requeue-dependency=2s", "--log-level=trace"])


class Threat(Case):
    def neighbour_goes_on(self):
        """Another Kustomization of the same controller still does its work."""
        repository = self.env.repository(f"{self.ns}-neighbour", {"cm.yaml": config_map("neighbour", {"n": "1"})})
        self.source("neighbour", repository)
        self.kustomization("neighbour", "neighbour")
        self.await_applied(repository, "neighbour")
        self.assertTrue(self.controller.is_running())

    def tenant(self, name="tenant", role="admin"):
        """A ServiceAccount that may do `role` in this namespace and nothing elsewhere."""
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": self.ns}})
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name, "namespace": self.ns},
                         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                         "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.ns}]})


class ReferenceTest(Threat):
    def test_T14_references_that_are_no_references(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        refs = {"option": {"branch": "--upload-pack=x"}, "command": {"tag": "$(id)"}, "revspec": {"commit": "HEAD^{/a*}"},
                "range": {"semver": ">=1.0.0 " * 1200}, "dots": {"branch": "a..b"}, "full": {"name": "refs/heads/../../x"}}
        for name, ref in refs.items():
            try:
                self.source(name, repository, ref=ref)
            except harness.ApiError as error:  # the CRD's own limits come first
                self.assertEqual(error.code, 422)
                continue
            obj = self.await_object("GitRepository", name, lambda obj: condition_of(obj, "Ready").get("status") == "False")
            self.assertIsNone(obj["status"].get("artifact"))
            self.assertLess(len(condition_of(obj, "Ready")["message"]), 2048)
        self.neighbour_goes_on()

    def test_T23_the_metadata_service_is_no_source(self):
        for name, host in (("dotted", "169.254.169.254"), ("mapped", "[::ffff:169.254.169.254]"), ("number", "0xa9fea9fe")):
            self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": name, "namespace": self.ns},
                             "spec": {"interval": "1h", "timeout": "10s", "url": f"http://{host}/latest"}})
            message = self.await_object("GitRepository", name, lambda obj: condition_of(obj, "Ready").get("status") == "False")
            self.assertIn("not allowed", condition_of(message, "Ready")["message"])


class HostTest(Threat):
    """T54: a Secret whose owner says where it may be sent."""

    def meet_a_stranger(self):
        self.stranger = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.stranger.close)
        self.address = "%s:%d" % self.stranger.getsockname()

    def shared(self, hosts, data):
        obj = secret("shared", self.ns, data)
        obj["metadata"]["annotations"] = {"sluice.dev/allowed-hosts": hosts}
        self.kube.apply(obj)

    def was_called(self):
        self.stranger.settimeout(0)
        try:
            self.stranger.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    SPECS = {"GitRepository": {"url": "http://ADDRESS/a.git"}, "OCIRepository": {"url": "oci://ADDRESS/app", "insecure": True},
             "HelmRepository": {"url": "http://ADDRESS/charts"}, "Bucket": {"bucketName": "a-bucket", "endpoint": "ADDRESS", "insecure": True}}

    def make(self, kind, spec):
        self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind, "metadata": {"name": "lured", "namespace": self.ns},
                         "spec": {"interval": "1h", "timeout": "10s", "secretRef": {"name": "shared"}} | spec})

    def test_T54_other_hosts_are_refused_before_anything_is_sent(self):
        data = {"username": "user", "password": "canary-password", "accesskey": "user", "secretkey": "canary-password"}
        for kind in self.SPECS:
            with self.subTest(kind):
                self.meet_a_stranger()
                spec = json.loads(json.dumps(self.SPECS[kind]).replace("ADDRESS", self.address))
                config = json.dumps({"auths": {self.address: {"auth": "dXNlcjpjYW5hcnk="}}})
                self.shared("git.example.com, *.example.org", {".dockerconfigjson": config} if kind == "OCIRepository" else data)
                self.make(kind, spec)
                obj = self.await_object(kind, "lured", lambda obj: condition_of(obj, "Ready").get("status") == "False")
                ready = condition_of(obj, "Ready")
                self.assertEqual(ready["reason"], "AuthenticationFailed", ready)
                self.assertIn(f"{self.ns}/shared': it must not be sent to '{self.address}': the annotation sluice.dev/allowed-hosts does not list it", ready["message"])
                self.assertFalse(self.was_called(), "the stranger was called")
                self.kube.patch("Secret", "shared", self.ns, {"metadata": {"annotations": {"sluice.dev/allowed-hosts": self.address}}})
                self.request(kind, "lured")
                until(self.was_called)
                self.kube.delete(kind, "lured", self.ns)
                self.kube.delete("Secret", "shared", self.ns)
        self.neighbour_goes_on()


class BudgetTest(Threat):
    def test_artifacts_within_the_limits_that_flags_set(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        strict = self.env.controller("strict", ["--artifact-max-path-depth=3", "--artifact-max-path-bytes=30", "--artifact-max-entries=6", "--max-retry-delay=1s"])
        self.addCleanup(strict.end)
        repository = self.fleet({"a/b/cm.yaml": config_map("settings")})
        for path, want in (("a/b/c/deep/d.yaml", "deeper than 3 directories"), ("a/" + "long-name" * 4 + "/d.yaml", "30 bytes of path")):
            self.push(repository, {path: config_map("more")})
            message = lambda: condition_of(self.kube.get("GitRepository", "fleet", self.ns), "Ready").get("message", "")  # noqa: E731
            until(lambda want=want: want in message(), seen=message)
            self.push(repository, {path: None})
            self.await_object("GitRepository", "fleet", is_ready)
        self.push(repository, {f"{number}.yaml": config_map(f"cm-{number}") for number in range(6)})
        until(lambda: "the tree holds more than 6" in message(), seen=message)


class TenancyTest(Threat):
    def test_T50_objects_beyond_the_tenants_rights(self):
        self.tenant()
        files = {"mine.yaml": config_map("mine", namespace=self.ns), "role.yaml": {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": self.ns},
                                                 "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}}
        repository = self.env.repository(self.ns, files)
        self.source("fleet", repository)
        self.kustomization(serviceAccountName="tenant", retryInterval="1h")
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertIn(f"ClusterRole/{self.ns}", message)
        self.assertIn("forbidden", message.lower())
        self.assertIsNone(self.kube.get("ClusterRole", self.ns))
        self.push(repository, {"role.yaml": None, "far.yaml": config_map("far", namespace="kube-system")})
        self.kustomization(serviceAccountName="tenant", retryInterval="1h", targetNamespace=None)
        until(lambda: "kube-system/far" in condition_of(self.kube.get("Kustomization", "app", self.ns), "Ready").get("message", ""))
        self.assertIsNone(self.kube.get("ConfigMap", "far", "kube-system"))

    def test_T51_an_inventory_that_names_what_is_not_ours(self):
        self.kube.apply(config_map("victim", {"keep": "me"}, namespace="kube-system"))
        self.kube.apply(config_map("bystander", {"keep": "me"}, namespace=self.ns))
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        stolen = [{"id": "kube-system_victim__ConfigMap", "v": "v1"}, {"id": f"{self.ns}_bystander__ConfigMap", "v": "v1"}]
        entries = self.kube.get("Kustomization", "app", self.ns)["status"]["inventory"]["entries"]
        self.kube.patch("Kustomization", "app", self.ns, {"status": {"inventory": {"entries": entries + stolen}}}, subresource="status")
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "2"})})
        self.await_applied(repository)
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.assertIsNone(self.kube.get("ConfigMap", "settings", self.ns))
        self.assertEqual(data_of(self.kube.get("ConfigMap", "victim", "kube-system")), {"keep": "me"})
        self.assertEqual(data_of(self.kube.get("ConfigMap", "bystander", self.ns)), {"keep": "me"})

    def test_T52_annotations_with_junk_have_no_effect(self):
        junk = {f"{OWNER}/prune": "disable", f"{OWNER}/ssa": "Ignored", f"{OWNER}/force": "true", f"{OWNER}/reconcile": "disabled\n"}
        repository = self.fleet({"junk.yaml": config_map("junk", {"n": "1"}, annotations=junk), "cm.yaml": config_map("settings")})
        self.push(repository, {"junk.yaml": config_map("junk", {"n": "2"}, annotations=junk)})
        self.await_applied(repository)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "junk", self.ns)), {"n": "2"})
        self.push(repository, {"junk.yaml": None})
        self.await_applied(repository)
        self.await_gone("ConfigMap", "junk")

    def test_T56_the_loser_of_an_object_never_prunes_it(self):
        shared = config_map("shared", {"owner": "first"})
        first = self.env.repository(f"{self.ns}-first", {"shared.yaml": shared, "first.yaml": config_map("first")})
        second = self.env.repository(f"{self.ns}-second", {"second.yaml": config_map("second")})
        for name, repository in (("first", first), ("second", second)):
            self.source(name, repository)
            self.kustomization(name, name)
            self.await_applied(repository, name)
        self.kustomization("first", "first", suspend=True)  # so that it does not fight for it
        self.push(second, {"shared.yaml": config_map("shared", {"owner": "second"})}, source="second")
        self.await_applied(second, "second")
        self.push(first, {"shared.yaml": None}, source="first")
        self.await_object("GitRepository", "first", lambda obj: obj["status"]["artifact"]["revision"] == first.revision)  # or it would apply the old one first
        self.kustomization("first", "first", suspend=False)
        self.await_applied(first, "first")
        self.assertEqual(data_of(self.kube.get("ConfigMap", "shared", self.ns)), {"owner": "second"})
        self.kube.delete("Kustomization", "first", self.ns)
        self.await_gone("Kustomization", "first")
        self.assertEqual(data_of(self.kube.get("ConfigMap", "shared", self.ns)), {"owner": "second"})


class OutputTest(Threat):
    def test_T57_no_secret_in_any_output(self):
        canary = "canary-3f9d2c71"
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.kube.apply(secret("login", self.ns, {"username": "robot", "password": canary}))
        self.kube.apply(secret("broken-key", self.ns, {"identity": canary, "known_hosts": f"x ssh-rsa {canary}"}))
        self.kube.apply(secret("values", self.ns, {"word": canary}))
        urls = {"refused": self.env.git.url("no-such"), "no-host": "https://no-such-host.invalid/x.git", "no-tls": "https://127.0.0.1:1/x.git",
                "userinfo": f"http://robot:{canary}@127.0.0.1:1/x.git"}
        for name, url in urls.items():
            try:
                self.source(name, repository, url=url, timeout="5s", secretRef={"name": "login"})
            except harness.ApiError as error:
                self.assertEqual(error.code, 422)
                continue
            self.await_object("GitRepository", name, lambda obj: condition_of(obj, "Ready").get("status") == "False")
        self.source("key", repository, url="ssh://git@127.0.0.1:1/x.git", timeout="5s", secretRef={"name": "broken-key"})
        self.await_object("GitRepository", "key", lambda obj: condition_of(obj, "Ready").get("status") == "False")
        bad = self.env.repository(f"{self.ns}-bad", {"bad.yaml": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bad"},
                                                                 "stringData": {"a": "${word}", "b": "x"}, "type": 7}})
        self.source("bad", bad)
        self.kustomization("bad", "bad", postBuild={"substituteFrom": [{"kind": "Secret", "name": "values"}]}, retryInterval="1h")
        self.await_object("Kustomization", "bad", lambda obj: condition_of(obj, "Ready").get("status") == "False")
        seen = {"log": open(self.controller.log, encoding="utf-8").read(), "metrics": self.controller.http("metrics", 1).decode(),
                "events": json.dumps(self.kube.list("Event", self.ns))}
        for kind in ("GitRepository", "Kustomization"):
            seen[kind] = json.dumps([item.get("status") for item in self.kube.list(kind, self.ns)])
        for where, text in seen.items():
            self.assertNotIn(canary, text, where)

    def test_T59_one_json_line_whatever_it_says(self):
        evil = "line one\nline two \x1b[31mred\x1b[0m \"quoted\" " + "A" * (1 << 20)
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings", {"a": "1"}), "evil.yaml": f"kind: {json.dumps(evil)}\n"})
        repository.commit({"x.txt": "1"}, message="fix\n\x1b[2J\"}{")
        self.source("fleet", repository)
        self.kustomization(retryInterval="1h")
        obj = self.await_object("Kustomization", "app", lambda obj: condition_of(obj, "Ready").get("status") == "False")
        self.assertLessEqual(len(condition_of(obj, "Ready")["message"]), 32768)
        with open(self.controller.log, "rb") as file:
            for line in file.read().splitlines():
                self.assertLessEqual(len(line), MAX_LINE_BYTES, line[:200])
                self.assertNotIn(b"\x1b", line)
                json.loads(line)
        self.neighbour_goes_on()


class PoisonTest(Threat):
    def test_T74_fields_out_of_their_range(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        poison = {"interval": ["-1s", "1ns", "1e400h", "", "9999999999999h", "1h1h1h"], "timeout": ["-1s", "0s", "999999999999h"],
                  "retryInterval": ["0s", "-5m"], "path": ["\u0000", "a" * 5000, "/../../etc", "./\u202e"],
                  "targetNamespace": ["", "UPPER", "a" * 64], "serviceAccountName": ["", "a/b", "x\ny", "system:admin"]}
        number = 0
        for field, values in poison.items():
            for value in values:
                number += 1
                name = f"poison-{number}"
                try:
                    self.kustomization(name, **{field: value})
                except harness.ApiError as error:
                    self.assertIn(error.code, (400, 422))
                    continue
                self.await_object("Kustomization", name, lambda obj: condition_of(obj, "Ready").get("status") in ("True", "False"))
        self.neighbour_goes_on()

    def test_T75_a_name_of_253_characters(self):
        name = ".".join(["n" * 60] * 4) + ".nnnnnnnn"
        self.assertEqual(len(name), 252)
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        self.kustomization(name)
        ready = condition_of(self.await_object("Kustomization", name, lambda obj: condition_of(obj, "Ready").get("status") in ("True", "False")), "Ready")
        self.assertEqual(ready["status"], "False")  # the owner's label cannot hold it, as with Flux
        self.assertIn("63", ready["message"])
        self.kube.delete("Kustomization", name, self.ns)
        self.await_gone("Kustomization", name)

    def test_T76_a_status_that_somebody_else_wrote(self):
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "1"}), "gone.yaml": config_map("gone")})
        entries = self.kube.get("Kustomization", "app", self.ns)["status"]["inventory"]["entries"]
        garbage = [{"id": "garbage", "v": "v1"}, {"id": "____________", "v": ""}, {"id": "a_b_c", "v": "\x1b[31m"}, {"id": "", "v": "v1"}]
        history = [{"digest": "x", "firstReconciled": "0001-01-01T00:00:00Z", "lastReconciled": "9999-12-31T23:59:59Z",
                    "lastReconciledDuration": "-1s", "lastReconciledStatus": "\n", "totalReconciliations": -9}]
        self.kube.patch("Kustomization", "app", self.ns, {"status": {
            "inventory": {"entries": garbage + entries}, "history": history, "lastAppliedRevision": "\u0000junk" * 100, "conditions": [
                {"type": "Ready", "status": "True", "reason": "Junk", "message": "x" * 32768, "lastTransitionTime": "2100-01-01T00:00:00Z"}]}},
                        subresource="status")
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "2"}), "gone.yaml": None})
        obj = self.await_applied(repository)
        self.assertEqual([entry["id"] for entry in obj["status"]["inventory"]["entries"]], [f"{self.ns}_settings__ConfigMap"])
        self.await_gone("ConfigMap", "gone")
        self.controller.restart()
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "3"})})
        self.await_applied(repository)

    def test_T76_an_inventory_that_no_status_can_hold(self):
        name = "x" * 240
        repository = self.env.repository(self.ns, {"all.yaml": "\n---\n".join(json.dumps(config_map(f"{name}-{number}")) for number in range(6000))})
        self.source("fleet", repository)
        self.kustomization()
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed", seconds=300)["message"]
        self.assertEqual(message, "nothing is applied, since the inventory of 6000 objects does not fit into the status of one Kustomization; "
                                  "make several of it, of which each has a part of spec.path: etcdserver: request is too large")
        self.assertFalse([obj for obj in self.kube.list("ConfigMap", self.ns) if obj["metadata"]["name"].startswith("x")], "none that nobody knows of")

    def test_T77_live_objects_with_absurd_content(self):
        self.env.install_kind("absurd.example.com", "v1", "Absurd")
        statuses = [{"conditions": {"Ready": "True"}}, {"conditions": [None, 7, "x", {"type": 5, "status": ["True"]}]}, {"observedGeneration": "many"},
                    {"observedGeneration": -9223372036854775808}, {"conditions": []}, {"replicas": -5, "readyReplicas": 1e300}]
        files = {f"a{i}.yaml": {"apiVersion": "absurd.example.com/v1", "kind": "Absurd", "metadata": {"name": f"a{i}"}, "spec": {"q": "1e100000", "n": -1}}
                 for i in range(len(statuses))}
        repository = self.fleet(files)
        for index, status in enumerate(statuses):
            self.kube.patch("absurd.example.com/v1/Absurd", f"a{index}", self.ns, {"status": status}, subresource="status")
        self.kustomization(wait=True, timeout="3s")
        message = self.await_failed("Kustomization", "app", "HealthCheckFailed")["message"]
        self.assertIn(f"Absurd/{self.ns}/a0 status: 'Unknown': status.conditions is not a list", message)
        self.push(repository, {"a0.yaml": None})
        self.await_gone("absurd.example.com/v1/Absurd", "a0")
        self.neighbour_goes_on()

    def test_T28_documents_that_are_no_objects(self):
        texts = {"no-kind": "apiVersion: v1\nmetadata: {name: x}\n", "null-metadata": "apiVersion: v1\nkind: ConfigMap\nmetadata: null\n",
                 "null-items": "apiVersion: v1\nkind: List\nitems: [null]\n", "list-annotations":
                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: [a, b]}\n", "number-name":
                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 7}\n", "scalar": "just text\n", "list": "- a\n- b\n"}
        for name, text in texts.items():
            repository = self.env.repository(f"{self.ns}-{name}", {"good.yaml": config_map(f"good-{name}"), "bad.yaml": text})
            self.source(name, repository)
        for name in texts:
            self.await_ready("GitRepository", name)
            self.kustomization(name, name, retryInterval="1h")
        for name in texts:
            obj = self.await_object("Kustomization", name, lambda obj: condition_of(obj, "Ready").get("status") in ("True", "False"))
            ready = condition_of(obj, "Ready")
            if name not in ("number-name", "null-items", "list-annotations"):  # which kustomize itself takes
                self.assertEqual(ready["status"], "False", name)
            if ready["status"] == "False":
                self.assertIn("metadata.name" if name == "number-name" else "bad.yaml", ready["message"], name)
                self.assertIsNone(self.kube.get("ConfigMap", f"good-{name}", self.ns), name)
        self.neighbour_goes_on()


class RaceTest(Threat):
    def test_R52_credentials_that_change_all_the_time(self):
        self.kube.apply(secret("values", self.ns, {"word": "0"}))
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings-${n}", {"word": "${word}"})})
        self.source("fleet", repository)
        for index in range(10):
            self.kustomization(f"app-{index}", postBuild={"substitute": {"n": str(index)}, "substituteFrom": [{"kind": "Secret", "name": "values"}]})
        end = time.monotonic() + 5
        word = 0
        while time.monotonic() < end:
            word += 1
            self.kube.patch("Secret", "values", self.ns, {"stringData": {"word": f"w{word}"}})
            self.request("Kustomization", f"app-{word % 10}")
        for index in range(10):
            self.request("Kustomization", f"app-{index}")
            until(lambda i=index: data_of(self.kube.get("ConfigMap", f"settings-{i}", self.ns)) == {"word": f"w{word}"})
            self.await_object("Kustomization", f"app-{index}", is_ready)


if __name__ == "__main__":
    totals.main()
