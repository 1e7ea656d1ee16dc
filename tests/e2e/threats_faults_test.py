#!/usr/bin/env python3
"""What goes wrong in a cluster while objects are applied and pruned (threats R9, R12 to R14, R38, T78), each case named by its row. What is asked is that nothing is
lost from an inventory, that the failure is named, and that the work goes on by itself once the fault is over.
"""

import os
import signal
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, until  # noqa: E402

ADMISSION = "admissionregistration.k8s.io/v1"


def setUpModule():
    harness.begin("threats-faults", flags=["--requeue-dependency=2s", "--max-retry-delay=2s"])


class Faults(Case):
    def inventory(self, name="app"):
        return [entry["id"] for entry in self.kube.get("Kustomization", name, self.ns)["status"].get("inventory", {}).get("entries", [])]

    def ids(self, *names):
        return [f"{self.ns}_{name}__ConfigMap" for name in names]

    def until_admitted(self, allowed):
        """Waits until the API server lets objects of this namespace be deleted, or not: it learns of policies a little later."""
        def tried():
            self.kube.apply(config_map("probe", namespace=self.ns))
            try:
                self.kube.delete("ConfigMap", "probe", self.ns)
            except harness.ApiError:
                return not allowed
            return allowed
        until(tried)

    def held_and_then_pruned(self, forbid, allow, want):
        """A ConfigMap leaves Git while the server refuses to delete anything, three times over: never lost from the inventory."""
        repository = self.fleet({"a.yaml": config_map("a"), "b0.yaml": config_map("b0"), "b1.yaml": config_map("b1"), "b2.yaml": config_map("b2")},
                                retryInterval="1s", timeout="30s")
        for round_ in range(3):
            forbid()
            self.until_admitted(False)
            self.push(repository, {f"b{round_}.yaml": None})
            message = self.await_failed("Kustomization", "app", "PruneFailed", seconds=120)["message"]
            self.assertIn(f"ConfigMap/{self.ns}/b{round_} delete failed", message)
            self.assertIn(want, message)
            self.assertIn(f"{self.ns}_b{round_}__ConfigMap", self.inventory())
            allow()
            self.until_admitted(True)
            self.await_applied(repository, seconds=120)
            self.assertIsNone(self.kube.get("ConfigMap", f"b{round_}", self.ns))
        self.assertEqual(self.inventory(), self.ids("a"))


class AdmissionTest(Faults):
    def policy(self):
        """A ValidatingAdmissionPolicy of this namespace that denies every DELETE of a ConfigMap."""
        policy = {"apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": self.ns}, "spec": {
            "failurePolicy": "Fail", "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"],
                                                                            "resources": ["configmaps"]}]},
            "validations": [{"expression": "false", "message": "nobody deletes here"}]}}
        binding = {"apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": self.ns}, "spec": {
            "policyName": self.ns, "validationActions": ["Deny"], "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.ns}}}}}
        return policy, binding

    def webhook(self, port):
        """A webhook for every DELETE in this namespace, at a port of this machine."""
        return {"apiVersion": ADMISSION, "kind": "ValidatingWebhookConfiguration", "metadata": {"name": self.ns}, "webhooks": [{
            "name": "deletes.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 2,
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.ns}}, "clientConfig": {"url": f"https://127.0.0.1:{port}/"},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["configmaps"]}]}]}

    def remove(self, *objects):
        for obj in objects:
            self.kube.delete(f"{ADMISSION}/{obj['kind']}", self.ns, "")

    def apply(self, *objects):
        for obj in objects:
            self.kube.apply(obj)

    def test_R13_deletion_is_denied(self):
        objects = self.policy()
        self.addCleanup(self.remove, *objects)
        self.held_and_then_pruned(lambda: self.apply(*objects), lambda: self.remove(*objects), "nobody deletes here")

    def test_R13_the_webhook_is_down(self):
        hook = self.webhook(self.env.ports.take())  # nobody listens there
        self.addCleanup(self.remove, hook)
        self.held_and_then_pruned(lambda: self.apply(hook), lambda: self.remove(hook), "deletes.example.com")

    def test_R13_the_webhook_is_slow(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        hook = self.webhook(silent.getsockname()[1])
        self.addCleanup(self.remove, hook)
        self.held_and_then_pruned(lambda: self.apply(hook), lambda: self.remove(hook), "deletes.example.com")


class PartialTest(Faults):
    def test_R14_a_quota_is_used_up_half_way(self):
        names = [f"cm-{index:03}" for index in range(100)]
        used = len(self.kube.list("ConfigMap", self.ns))
        quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "fifty", "namespace": self.ns}, "spec": {"hard": {"count/configmaps": str(used + 50)}}}
        self.kube.apply(quota)
        self.await_object("v1/ResourceQuota", "fifty", lambda obj: obj.get("status", {}).get("used"))
        repository = self.env.repository(self.ns, {f"{name}.yaml": config_map(name) for name in names})
        self.source("fleet", repository)
        self.kustomization(retryInterval="1s")
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertIn("exceeded quota: fifty", message)
        made = [item["metadata"]["name"] for item in self.kube.list("ConfigMap", self.ns) if item["metadata"]["name"].startswith("cm-")]
        self.assertTrue(made)
        self.assertLessEqual(set(self.ids(*made)), set(self.inventory()))
        self.kube.delete("v1/ResourceQuota", "fifty", self.ns)
        self.await_applied(repository)
        self.assertEqual(self.inventory(), self.ids(*names))

    def test_R14_the_namespace_is_going(self):
        ns = f"{self.ns[:40]}-going"
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        self.kube.apply(config_map("anchor", namespace=ns, finalizers=["example.com/held"]))
        release = lambda: self.kube.get("ConfigMap", "anchor", ns) and self.kube.patch("ConfigMap", "anchor", ns, {"metadata": {"finalizers": None}})  # noqa: E731
        self.addCleanup(release)
        self.kube.delete("Namespace", ns, "")
        self.await_object("Namespace", ns, lambda obj: obj["status"]["phase"] == "Terminating", "")
        repository = self.env.repository(self.ns, {"here.yaml": config_map("here", namespace=self.ns), "there.yaml": config_map("there", namespace=ns)})
        self.source("fleet", repository)
        self.kustomization(retryInterval="1s", targetNamespace=None)
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertIn(f"ConfigMap/{ns}/there", message)
        self.assertIn("terminat", message)
        release()
        self.await_gone("Namespace", ns, "")
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
        self.addCleanup(self.kube.delete, "Namespace", ns, "")
        self.await_applied(repository)
        self.assertEqual(set(self.inventory()), {*self.ids("here"), f"{ns}_there__ConfigMap"})


class DefinitionTest(Faults):
    def kind(self, group):
        self.env.install_kind(group, "v1", "Trinket")
        return f"{group}/v1/Trinket", {"apiVersion": f"{group}/v1", "kind": "Trinket", "metadata": {"name": "one"}, "spec": {"size": 1}}

    def test_R12_a_definition_goes_while_its_objects_are_in_an_inventory(self):
        _, trinket = self.kind("lost.example.com")
        repository = self.fleet({"cm.yaml": config_map("settings"), "one.yaml": trinket}, retryInterval="1s")
        self.assertEqual(len(self.inventory()), 2)
        self.kube.delete("CustomResourceDefinition", "trinkets.lost.example.com", "")
        self.await_gone("CustomResourceDefinition", "trinkets.lost.example.com", "")
        self.push(repository, {"one.yaml": None})
        self.await_applied(repository)
        self.assertEqual(self.inventory(), self.ids("settings"))

    def test_R12_and_the_finalizer_is_released(self):
        _, trinket = self.kind("gone.example.com")
        self.fleet({"cm.yaml": config_map("settings"), "one.yaml": trinket}, retryInterval="1s")
        self.kube.delete("CustomResourceDefinition", "trinkets.gone.example.com", "")
        self.await_gone("CustomResourceDefinition", "trinkets.gone.example.com", "")
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.assertIsNone(self.kube.get("ConfigMap", "settings", self.ns))


class EtcdTest(Faults):
    def test_R9_etcd_is_killed_again_and_again(self):
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "0"})}, retryInterval="1s")
        seen = 0
        rounds = os.environ.get("SLUICE_ROUNDS", "5")
        for commit in range(1, 31 if rounds == "all" else int(rounds) + 1):
            repository.commit({"cm.yaml": config_map("settings", {"n": str(commit)})})
            self.request("GitRepository", "fleet")
            until(lambda low=seen: int(data_of(self.kube.get("ConfigMap", "settings", self.ns))["n"]) > low)
            acknowledged = int(data_of(self.kube.get("ConfigMap", "settings", self.ns))["n"])
            self.env.cluster.signal("etcd", signal.SIGKILL)
            until(lambda: self.kube.request("GET", "/readyz") == "ok")
            seen = until(lambda: int(data_of(self.kube.get("ConfigMap", "settings", self.ns))["n"]))  # readyz may still say what it said before
            self.assertGreaterEqual(seen, acknowledged, "a write that was acknowledged is gone")
        self.await_applied(repository, seconds=120)
        self.assertEqual(self.inventory(), self.ids("settings"))


class ContainedTest(Faults):
    def test_T78_an_exception_is_the_objects_alone(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        files = {f"{name}.yaml": config_map(name) for name in ("stays", "goes", "leaves")}
        repository = self.env.repository(self.ns, files)
        flags = ["--requeue-dependency=2s", "--max-retry-delay=1s"]
        throwing = self.env.controller("throwing", flags, start=False)
        self.addCleanup(throwing.end)
        throwing.variables["SLUICE_FAILPOINT"] = "throw:prune.delete.before"
        throwing.start()
        self.source("fleet", repository)
        self.kustomization()
        self.await_applied(repository)
        repository.commit({"goes.yaml": None, "leaves.yaml": None})
        self.request("GitRepository", "fleet")
        stalled = lambda obj: condition_of(obj, "Stalled").get("reason") == "InternalError"  # noqa: E731
        obj = self.await_object("Kustomization", "app", stalled)
        self.assertIn("internal error: std::bad_alloc", condition_of(obj, "Ready")["message"])
        self.assertEqual(condition_of(obj, "Ready")["status"], "False")
        said = lambda: sum(line["msg"] == "a reconcile ended in an exception" and line.get("name") == "app" for line in throwing.lines())  # noqa: E731
        tries = said()
        self.assertGreaterEqual(tries, 3)
        self.assertLessEqual(set(self.ids("goes", "leaves")), set(self.inventory()))
        other = self.env.repository(f"{self.ns}-other", {"cm.yaml": config_map("neighbour")})
        self.source("other", other)
        self.kustomization("other", "other")
        self.await_applied(other, "other")
        self.assertEqual(said(), tries, "it is not tried again by itself")
        self.request("Kustomization", "app")
        until(lambda: said() == tries + 1)
        self.assertIn(f'controller_runtime_reconcile_panics_total{{controller="kustomization"}} {tries + 1}\n', throwing.http("metrics", 1).decode())
        self.assertTrue(throwing.is_running())
        throwing.end()
        del throwing.variables["SLUICE_FAILPOINT"]
        throwing.start()
        self.await_applied(repository)
        self.assertIsNone(self.kube.get("ConfigMap", "goes", self.ns))
        self.assertEqual(condition_of(self.kube.get("Kustomization", "app", self.ns), "Stalled"), {})


class ShardTest(Faults):
    def test_R38_an_object_moves_to_another_shard(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        shards = [self.env.controller(f"shard-{number}", flags=[f"--watch-label-selector=shard={number}", "--requeue-dependency=2s"]) for number in (1, 2)]
        for shard in shards:
            self.addCleanup(shard.end)
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings", {"n": "0"})})
        label = lambda kind, name, number: self.kube.patch(kind, name, self.ns, {"metadata": {"labels": {"shard": str(number)}}})  # noqa: E731
        self.source("fleet", repository)
        self.kustomization(interval="5s")
        done = lambda shard: [line for line in shard.lines() if line.get("name") == "app" and line.get("namespace") == self.ns and  # noqa: E731
                              line["msg"] == "reconciliation finished"]
        for commit in range(1, 7):
            number = commit % 2 + 1
            for kind, name in (("GitRepository", "fleet"), ("Kustomization", "app")):
                label(kind, name, number)
            before = [len(done(shard)) for shard in shards]
            repository.commit({"cm.yaml": config_map("settings", {"n": str(commit)})})
            self.request("GitRepository", "fleet")
            until(lambda n=commit: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"n": str(n)})
            self.await_applied(repository)
            until(lambda n=number: any(line.get("revision") == repository.revision for line in done(shards[n - 1])))  # said after the status
            after = [len(done(shard)) for shard in shards]
            self.assertEqual(after[2 - number], before[2 - number], "the shard that it left has acted")
        self.assertEqual(self.inventory(), self.ids("settings"))


if __name__ == "__main__":
    totals.main()
