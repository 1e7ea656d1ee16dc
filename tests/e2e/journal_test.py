#!/usr/bin/env python3
"""What is about to be created, on record together (controller/kustomization/journal.h): many Kustomizations at once, deaths in between, and a record that cannot be written
or read. That nothing is lost at any step is for failpoint_test.py."""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import NAMESPACE, Case, condition_of, config_map, journal, until  # noqa: E402
from kube import ApiError, Recorder  # noqa: E402

LABEL = "kustomize.toolkit.fluxcd.io"
FLAGS = ["--journal-from=0", "--prune-guard=false", "--requeue-dependency=1s", "--max-retry-delay=2s"]


def setUpModule():
    harness.begin("journal", controller=False)


class JournalCase(Case):
    def setUp(self):
        super().setUp()
        self.controller = self.env.controller(self.ns, FLAGS, start=False)
        self.addCleanup(self.controller.end)
        self.repository = self.env.repository(self.ns, {"app/all.yaml": [config_map("one"), config_map("two")]})
        self.source("fleet", self.repository)
        self.kube.delete("ConfigMap", "sluice-journal", NAMESPACE)
        self.statuses = Recorder(self.kube, "Kustomization", self.ns)
        self.addCleanup(self.statuses.close)

    def ids(self, *names):
        return {f"{self.ns}_{name}__ConfigMap" for name in names}

    def recorded(self, name="app"):
        status = self.kube.get("Kustomization", name, self.ns).get("status", {})
        return {entry["id"] for entry in status.get("inventory", {}).get("entries", [])}

    def begun(self, name="app"):
        return {entry["id"] for entry in journal(self.kube).get(f"{self.ns}/{name}", {"entries": []})["entries"]}

    def said_in_progress(self):
        """The Kustomizations whose status said, at some time, that they were being applied."""
        return {obj["metadata"]["name"] for _, obj in self.statuses.seen if condition_of(obj, "Reconciling").get("reason") == "Progressing"}

    def die_after_the_first_write(self, variables=None):
        self.controller.variables = {"SLUICE_FAILPOINT": "apply.write.after:1"} | (variables or {})
        self.controller.start(wait=False)
        until(lambda: not self.controller.is_running())
        self.assertEqual(self.controller.process.returncode, -signal.SIGKILL)
        self.controller.variables = variables or {}

    def keep(self, text):
        self.kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sluice-journal", "namespace": NAMESPACE}, "data": {"inventories": text}})


class SharedTest(JournalCase):
    def test_many_share_a_few_writes(self):
        self.controller.flags = FLAGS[1:]  # as it is by default
        count = 40
        for number in range(count):
            self.kustomization(f"app-{number}", path="./app", nameSuffix=f"-{number}")
        self.controller.start()
        for number in range(count):
            self.await_applied(self.repository, f"app-{number}")
            self.assertEqual(self.recorded(f"app-{number}"), self.ids(f"one-{number}", f"two-{number}"))
        kept = self.kube.get("ConfigMap", "sluice-journal", NAMESPACE)
        self.assertIsNotNone(kept)
        alone = self.said_in_progress()
        self.assertLess(len(alone), 16, "so many were alone")
        until(lambda: journal(self.kube) == {}, seen=lambda: journal(self.kube))
        later = self.kube.get("ConfigMap", "sluice-journal", NAMESPACE)
        time.sleep(12)
        self.assertEqual(self.kube.get("ConfigMap", "sluice-journal", NAMESPACE), later, "nothing is to be written any more")

    def test_few_say_so_themselves(self):
        self.controller.flags = FLAGS[1:]
        self.kustomization("app", path="./app")
        self.controller.start()
        self.await_applied(self.repository)
        until(lambda: self.said_in_progress() == {"app"}, seen=self.said_in_progress)
        self.assertIsNone(self.kube.get("ConfigMap", "sluice-journal", NAMESPACE))

    def test_a_failure_puts_it_into_the_status(self):
        self.repository.commit({"app/all.yaml": [config_map("one"), config_map("two") | {"data": {"a": "b"}, "immutable": True}]})
        self.kustomization("app", path="./app")
        self.controller.start()
        self.await_applied(self.repository)
        self.kube.request("POST", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": self.ns}, "spec": {
                "failurePolicy": "Fail", "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["services"]}]},
                "validations": [{"expression": f"object.metadata.namespace != '{self.ns}' || request.dryRun", "message": "not today"}]}})
        self.kube.request("POST", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings", {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": self.ns},
            "spec": {"policyName": self.ns, "validationActions": ["Deny"]}})
        self.addCleanup(self.kube.delete, "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy", self.ns)
        self.addCleanup(self.kube.delete, "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding", self.ns)

        def refused():  # the server takes a moment to know of it
            name = f"probe-{time.monotonic_ns()}"
            try:
                self.kube.request("POST", self.kube.path("Service", self.ns), harness.service(name))
            except ApiError as error:
                return "not today" in str(error)
            self.kube.delete("Service", name, self.ns)
            return False

        until(refused)
        self.push(self.repository, {"app/all.yaml": [config_map("one"), config_map("three"), harness.service("late")]})
        failed = self.await_failed("Kustomization", "app", "ReconciliationFailed")
        self.assertIn("not today", failed["message"])
        # "three" was written before the Service was refused, of which nothing is there.
        self.assertEqual(self.recorded(), self.ids("one", "two", "three"))
        self.assertEqual(self.said_in_progress(), set())


    def test_the_rights_of_the_manifests_are_enough(self):
        taken = self.kube.get("ClusterRoleBinding", "sluice-reconciler")  # what makes it cluster-admin
        self.kube.delete("ClusterRoleBinding", "sluice-reconciler")
        self.addCleanup(self.kube.apply, {key: taken[key] for key in ("apiVersion", "kind", "roleRef", "subjects")} | {"metadata": {"name": "sluice-reconciler"}})
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "deployer", "namespace": self.ns}})
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "deployer", "namespace": self.ns},
                         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                         "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": self.ns}]})
        for _ in ("made", "there"):
            self.kustomization("app", path="./app", serviceAccountName="deployer")
            self.controller.start()
            self.await_applied(self.repository)
            self.assertIsNotNone(self.kube.get("ConfigMap", "sluice-journal", NAMESPACE))
            self.assertEqual(self.said_in_progress(), set())
            self.controller.end()
            self.repository.commit({"app/all.yaml": [config_map("one"), config_map("two"), config_map("three")]})


class DeathTest(JournalCase):
    def test_what_a_dead_process_created_is_known(self):
        self.kustomization("app", path="./app")
        self.die_after_the_first_write()
        self.assertTrue(any(self.kube.get("ConfigMap", name, self.ns) for name in ("one", "two")))
        self.assertEqual(self.recorded(), set())
        self.assertEqual(self.begun(), self.ids("one", "two"))
        # The objects are gone from Git before anybody looks again.
        self.repository.commit({"app/all.yaml": [config_map("three")]})
        self.controller.start()
        self.await_applied(self.repository)
        self.assertEqual(self.recorded(), self.ids("three"))
        for name in ("one", "two"):
            self.assertIsNone(self.kube.get("ConfigMap", name, self.ns), name)
        until(lambda: journal(self.kube) == {}, seen=lambda: journal(self.kube))

    def test_so_is_it_when_its_kustomization_is_deleted(self):
        self.kustomization("app", path="./app")
        self.die_after_the_first_write()
        self.kube.delete("Kustomization", "app", self.ns)
        self.controller.start()
        self.await_gone("Kustomization", "app")
        for name in ("one", "two"):
            self.assertIsNone(self.kube.get("ConfigMap", name, self.ns), name)

    def test_another_of_that_name_does_not_inherit(self):
        self.kustomization("app", path="./app")
        self.die_after_the_first_write()
        self.kube.patch("Kustomization", "app", self.ns, {"metadata": {"finalizers": None}})
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.repository.commit({"app/all.yaml": [config_map("three")]})
        self.kustomization("app", path="./app")
        self.controller.start()
        self.await_applied(self.repository)
        self.assertEqual(self.recorded(), self.ids("three"))
        self.assertTrue(any(self.kube.get("ConfigMap", name, self.ns) for name in ("one", "two")), "they were another's")


class TroubleTest(JournalCase):
    def applied_by_themselves(self):
        self.kustomization("app", path="./app")
        self.controller.start()
        self.await_applied(self.repository)
        until(lambda: self.said_in_progress() == {"app"}, seen=self.said_in_progress)
        self.assertEqual(self.recorded(), self.ids("one", "two"))

    def account(self, name, rules):
        """Lets the controller be a ServiceAccount with these rights everywhere, and all in the namespace of the case."""
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules})
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE}})
        for kind, ns, role in (("ClusterRoleBinding", {}, name), ("RoleBinding", {"namespace": self.ns}, "cluster-admin")):
            self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name} | ns,
                             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                             "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}]})
        self.controller.kubeconfig = self.env.kubeconfig_for(NAMESPACE, name)

    def test_what_may_not_be_written(self):
        rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
                 {"apiGroups": ["kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io", "coordination.k8s.io"], "resources": ["*"], "verbs": ["*"]},
                 {"apiGroups": [""], "resources": ["events", "serviceaccounts"], "verbs": ["*"]}]
        self.account("weak", rules)
        self.applied_by_themselves()
        said = [line for line in self.controller.lines() if line["msg"] == "the journal could not be written"]
        self.assertEqual(len(said), 1, said)
        self.assertIn("forbidden", said[0]["error"])

    def test_what_may_not_be_read_is_left_alone(self):
        self.keep("{}")
        rules = [{"apiGroups": [group], "resources": ["*"], "verbs": ["*"]} for group in ("kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io", "apiextensions.k8s.io")]
        rules.append({"apiGroups": [""], "resources": ["events", "serviceaccounts", "namespaces", "secrets"], "verbs": ["*"]})
        self.account("blind", rules)
        self.controller.flags = [*FLAGS, "--feature-gates=DisableConfigWatchers=true"]
        before = self.kube.get("ConfigMap", "sluice-journal", NAMESPACE)
        self.applied_by_themselves()
        self.assertEqual(self.kube.get("ConfigMap", "sluice-journal", NAMESPACE), before)
        self.assertEqual(len([line for line in self.controller.lines() if line["msg"] == "the journal may not be read"]), 1)

    def test_what_cannot_be_read_is_told_and_replaced(self):
        self.keep("[not what we write")
        self.kustomization("app", path="./app")
        self.controller.start()
        self.await_applied(self.repository)
        self.assertEqual(len([line for line in self.controller.lines() if line["msg"] == "the journal cannot be read"]), 1)
        self.assertEqual(self.said_in_progress(), set())
        until(lambda: journal(self.kube) == {}, seen=lambda: journal(self.kube))

    def test_what_is_too_much(self):
        big = self.kustomization("big", path="./app", suspend=True)
        record = {"uid": big["metadata"]["uid"], "entries": []}
        text = lambda: json.dumps({f"{self.ns}/big": record}, separators=(",", ":"))  # noqa: E731
        record["entries"] = [{"id": f"{self.ns}_{'x' * 200}-{number:04}__ConfigMap", "v": "v1"} for number in range(1200)]
        while len(text()) > 262_000:  # a little below the limit
            record["entries"].pop()
        count = len(record["entries"])
        self.keep(text())
        self.applied_by_themselves()
        time.sleep(12)
        self.assertEqual(len(journal(self.kube)[f"{self.ns}/big"]["entries"]), count, "it still waits for its Kustomization")

    def test_what_somebody_else_touched_is_written_all_the_same(self):
        self.kustomization("app", path="./app")
        self.controller.start()
        self.await_applied(self.repository)
        self.kube.patch("ConfigMap", "sluice-journal", NAMESPACE, {"metadata": {"annotations": {"touched": "yes"}}, "data": {"inventories": "{}"}})
        self.push(self.repository, {"app/all.yaml": [config_map("one"), config_map("three")]})
        self.await_applied(self.repository)
        self.assertEqual(self.said_in_progress(), set())
        self.kube.delete("ConfigMap", "sluice-journal", NAMESPACE)
        self.push(self.repository, {"app/all.yaml": [config_map("one"), config_map("four")]})
        self.await_applied(self.repository)
        self.assertEqual(self.said_in_progress(), set())
        until(lambda: journal(self.kube) == {} and self.kube.get("ConfigMap", "sluice-journal", NAMESPACE), seen=lambda: journal(self.kube))

    def test_what_is_about_nobody_is_taken_out(self):
        self.keep(json.dumps({"gone/gone": {"uid": "1", "entries": [{"id": "gone_a__ConfigMap", "v": "v1"}]}}))
        self.controller.start()
        until(lambda: journal(self.kube) == {}, seen=lambda: journal(self.kube))

    def test_without_a_namespace_of_its_own(self):
        self.kustomization("app", path="./app")
        self.controller.variables = {"RUNTIME_NAMESPACE": "nowhere"}
        self.controller.start()
        self.await_applied(self.repository)
        self.assertIsNone(self.kube.get("ConfigMap", "sluice-journal", NAMESPACE))
        self.assertIsNotNone(self.kube.get("ConfigMap", "sluice-journal", "default"))
        self.assertEqual(self.said_in_progress(), set())
        self.controller.end()
        self.repository.commit({"app/all.yaml": [config_map("late")]})
        self.die_after_the_first_write({"RUNTIME_NAMESPACE": "nowhere"})
        self.assertIsNotNone(self.kube.get("ConfigMap", "late", self.ns))
        self.repository.commit({"app/all.yaml": [config_map("one")]})
        self.controller.start()
        self.await_applied(self.repository)
        self.assertIsNone(self.kube.get("ConfigMap", "late", self.ns))
        self.kube.delete("ConfigMap", "sluice-journal", "default")


if __name__ == "__main__":
    totals.main()
