#!/usr/bin/env python3
"""What a HelmRelease does about failures and tests, and what its annotations and dependencies ask of it: remediation, retries, filters, resetAt, readyExpr, drift rules."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness
import helm_cases
import totals
from harness import condition_of, config_map, data_of, is_ready, until
from helm_cases import HR, ReleaseCase, named

BAD = {"port": 99999}


def setUpModule():
    helm_cases.begin("helm-remedy")


class RemedyCase(ReleaseCase):
    def stalled(self, reason="RetriesExceeded", hr="web"):
        return self.await_object(HR, hr, lambda obj: condition_of(obj, "Stalled").get("reason") == reason)

    def reasons(self, hr="web"):
        """The reasons of its events, in order, each once in a row."""
        seen = []
        for _, reason, _ in self.events("HelmRelease", hr):
            if not seen or seen[-1] != reason:
                seen.append(reason)
        return seen

    def words(self, obj, *kinds):
        return [(condition_of(obj, kind).get("status"), condition_of(obj, kind).get("reason")) for kind in kinds]


class InstallTest(RemedyCase):
    def test_without_a_remedy_it_stays(self):
        self.chart()
        self.release(values=BAD)
        failed = self.stalled()
        self.assertEqual(self.words(failed, "Ready", "Released", "Remediated"), [("False", "InstallFailed"), ("False", "InstallFailed"), (None, None)])
        self.assertEqual(self.records(), {1: "failed"})
        self.assertEqual((failed["status"]["failures"], failed["status"]["installFailures"]), (1, 1))

    def test_the_last_failure_is_remedied(self):
        self.chart()
        self.release(values=BAD, install={"remediation": {"remediateLastFailure": True}})
        failed = self.stalled()
        self.assertEqual(self.words(failed, "Ready", "Released", "Remediated"),
                         [("False", "UninstallSucceeded"), ("False", "InstallFailed"), ("True", "UninstallSucceeded")])
        self.assertRegex(condition_of(failed, "Ready")["message"], rf"^Helm uninstall remediation for release {self.ns}/web\.v1 with chart web@1\.0\.0\+[0-9a-f]{{12}} succeeded$")
        self.assertEqual(self.records(), {})
        self.assertIsNone(self.data())
        self.assertEqual([(item["version"], item["status"]) for item in failed["status"]["history"]], [(1, "uninstalling")], "as it was when its record went, as in Flux")

    def test_the_last_failure_is_remedied_and_remembered(self):
        self.chart()
        self.release(values=BAD, install={"remediation": {"remediateLastFailure": True}}, uninstall={"keepHistory": True})
        failed = self.stalled()
        self.assertEqual(self.words(failed, "Ready", "Released", "Remediated"),
                         [("False", "UninstallSucceeded"), ("False", "InstallFailed"), ("True", "UninstallSucceeded")])
        self.assertEqual(self.records(), {1: "uninstalled"})
        self.assertEqual([(item["version"], item["status"], item["action"]) for item in failed["status"]["history"]], [(1, "uninstalled", "uninstall-remediation")])

    def test_retries_are_counted_and_the_last_is_left(self):
        self.chart()
        self.release(values=BAD, install={"remediation": {"retries": 1}})
        failed = self.stalled()
        self.assertEqual(condition_of(failed, "Stalled")["message"], "Failed to install after 2 attempt(s)")
        self.assertEqual(self.records(), {1: "failed"}, "an uninstall in between begins anew")
        self.assertEqual(failed["status"]["installFailures"], 2)
        until(lambda: sorted(set(self.reasons())) == ["InstallFailed", "UninstallSucceeded"], seen=self.reasons)


class UpgradeTest(RemedyCase):
    def upgrade(self, **spec):
        self.chart()
        self.release()
        self.await_release(version=1)
        self.release(values=BAD | {"message": "bad"}, **spec)

    def test_without_a_remedy_it_stays(self):
        self.upgrade()
        failed = self.stalled()
        self.assertEqual(self.words(failed, "Ready", "Remediated"), [("False", "UpgradeFailed"), (None, None)])
        self.assertEqual((self.records(), self.data()["message"]), ({1: "deployed", 2: "failed"}, "bad"))

    def test_rolled_back(self):
        self.upgrade(upgrade={"remediation": {"remediateLastFailure": True}})
        failed = self.stalled()
        self.assertEqual(self.words(failed, "Ready", "Released", "Remediated"),
                         [("False", "RollbackSucceeded"), ("False", "UpgradeFailed"), ("True", "RollbackSucceeded")])
        self.assertRegex(condition_of(failed, "Ready")["message"], rf"^Helm rollback to previous release {self.ns}/web\.v1 with chart web@1\.0\.0\+[0-9a-f]{{12}} succeeded$")
        self.assertEqual((self.records(), self.data()["message"]), ({1: "superseded", 2: "failed", 3: "deployed"}, "hello"))

    def test_retries_without_the_last(self):
        self.upgrade(upgrade={"remediation": {"retries": 1, "remediateLastFailure": False}})
        failed = self.stalled()
        self.assertEqual((condition_of(failed, "Stalled")["message"], condition_of(failed, "Ready")["reason"]), ("Failed to upgrade after 2 attempt(s)", "UpgradeFailed"))
        self.assertEqual(self.records(), {1: "superseded", 2: "failed", 3: "deployed", 4: "failed"})

    def test_uninstalled_and_installed(self):
        self.upgrade(upgrade={"remediation": {"remediateLastFailure": True, "strategy": "uninstall"}})
        failed = self.stalled()
        self.assertEqual((condition_of(failed, "Stalled")["message"], condition_of(failed, "Ready")["reason"]), ("Failed to install after 1 attempt(s)", "InstallFailed"))
        until(lambda: self.reasons()[-3:] == ["UpgradeFailed", "UninstallSucceeded", "InstallFailed"], seen=self.reasons)
        self.assertEqual(self.records(), {1: "failed"})

    def test_nothing_to_roll_back_to(self):
        self.chart()
        self.release(values=BAD)
        self.stalled()
        self.release(values=BAD | {"message": "two"}, upgrade={"remediation": {"retries": 1}})
        failed = self.stalled("MissingRollbackTarget")
        self.assertEqual(condition_of(failed, "Stalled")["message"],
                         "Failed to perform remediation: missing target release for rollback: cannot remediate failed release")

    def test_retry_waits_for_its_interval(self):
        strategy = {"strategy": {"name": "RetryOnFailure", "retryInterval": "1h"}}
        self.upgrade(upgrade=strategy)
        failed = self.await_object(HR, "web", lambda obj: condition_of(obj, "Reconciling").get("reason") == "ProgressingWithRetry")
        self.assertEqual((condition_of(failed, "Reconciling")["message"], condition_of(failed, "Ready")["reason"]), ("retrying after 1h0m0s", "UpgradeFailed"))
        self.assertEqual(self.records(), {1: "deployed", 2: "failed"})
        self.release(upgrade=strategy)
        self.await_release()

    def test_reset_at(self):
        self.upgrade()
        self.stalled()
        self.request(HR, "web")
        token = self.kube.get(HR, "web", self.ns)["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"]
        self.await_object(HR, "web", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.assertEqual(self.records(), {1: "deployed", 2: "failed"}, "a request alone tries nothing")
        self.kube.patch(HR, "web", self.ns, {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "r", "reconcile.fluxcd.io/resetAt": "r"}}})
        reset = self.await_object(HR, "web", lambda obj: obj["status"]["history"][0]["version"] == 3 and condition_of(obj, "Stalled"))
        self.assertEqual(self.records().get(3), "failed")
        self.assertEqual((reset["status"]["lastHandledResetAt"], reset["status"]["upgradeFailures"]), ("r", 1))

    def test_force_at_after_the_last_retry(self):
        self.upgrade()
        self.stalled()
        self.kube.patch(HR, "web", self.ns, {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "f", "reconcile.fluxcd.io/forceAt": "f"}}})
        forced = self.await_object(HR, "web", lambda obj: obj["status"]["history"][0]["version"] == 3 and condition_of(obj, "Stalled"))
        self.assertEqual(self.records().get(3), "failed")
        self.assertEqual((forced["status"]["lastHandledForceAt"], forced["status"]["upgradeFailures"]), ("f", 2))

    def test_rollback_by_its_own_options(self):
        hook = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-back", "annotations": {"helm.sh/hook": "pre-rollback"}}}
        self.push("1.0.0", "hooked", **{"templates/hook.yaml": harness.to_yaml(hook)})
        self.chart(name="hooked")
        spec = {"upgrade": {"remediation": {"remediateLastFailure": True}}}
        for name in ("quiet", "loud"):
            self.release(name)
            self.await_release(name)
        self.release("quiet", values=BAD, rollback={"disableHooks": True}, **spec)
        self.release("loud", values=BAD, **spec)
        for name in ("quiet", "loud"):
            self.stalled(hr=name)
        self.assertEqual(named(item for item in self.kube.list("ConfigMap", self.ns) if item["metadata"]["name"].endswith("-back")), ["loud-back"])

    def test_a_rollback_recreates_no_pods(self):
        self.chart()
        spec = {"install": {"disableWait": True}, "upgrade": {"disableWait": True, "remediation": {"remediateLastFailure": True}},
                "rollback": {"recreate": True, "disableWait": True}}
        self.release(values={"deploy": True}, **spec)
        self.await_release(version=1)
        pods = until(lambda: self.kube.list("Pod", self.ns, "app=web"))
        self.release(values=BAD | {"deploy": True, "message": "bad"}, **spec)
        self.assertEqual(self.words(self.stalled(), "Remediated"), [("True", "RollbackSucceeded")])
        self.assertEqual(self.data()["message"], "hello")
        uids = lambda items: [(item["metadata"]["uid"], item["metadata"].get("deletionTimestamp")) for item in items]  # noqa: E731
        harness.throughout(lambda: uids(self.kube.list("Pod", self.ns, "app=web")) == uids(pods), 2)

    def test_a_rollback_replaces_by_force(self):
        self.chart()
        spec = {"install": {"serverSideApply": False}, "upgrade": {"remediation": {"remediateLastFailure": True}}}
        for name in ("patched", "replaced"):
            self.release(name, **spec)
            self.await_release(name)
            self.kube.patch("ConfigMap", name, self.ns, {"data": {"foreign": "x"}}, manager="other")
        self.release("patched", values=BAD | {"message": "bad"}, **spec)
        self.release("replaced", values=BAD | {"message": "bad"}, rollback={"force": True}, **spec)
        for name in ("patched", "replaced"):
            self.assertEqual(self.words(self.stalled(hr=name), "Remediated"), [("True", "RollbackSucceeded")])
        self.assertEqual([(self.data(name)["message"], self.data(name).get("foreign")) for name in ("patched", "replaced")], [("hello", "x"), ("hello", None)])

    def test_a_rollback_that_fails_takes_away_what_it_created(self):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "{{ .Release.Name }}-first", "annotations": {"helm.sh/hook": "pre-rollback"}},
               "spec": {"restartPolicy": "Never", "nodeSelector": {"kubernetes.io/hostname": "nowhere"}, "containers": [{"name": "c", "image": "none:1"}]}}
        old = harness.to_yaml([config_map("{{ .Release.Name }}-a"), config_map("{{ .Release.Name }}-z", {"v": "1"})])
        self.push("1.0.0", "cleaned", **{"templates/first.yaml": harness.to_yaml(pod), "templates/old.yaml": '{{ if eq .Values.message "hello" }}\n' + old + "{{ end }}\n"})
        self.chart(name="cleaned")
        rollbacks = {"kept": {}, "clean": {"cleanupOnFail": True}}
        for name, rollback in rollbacks.items():
            self.release(name)
            self.await_release(name)
            self.release(name, values={"message": "bad", "deploy": True}, rollback=rollback, upgrade={"timeout": "1s", "remediation": {"remediateLastFailure": True}})
        for name in rollbacks:
            until(lambda name=name: self.kube.get("Pod", f"{name}-first", self.ns))
            self.kube.apply(config_map(f"{name}-z", {"v": "0"}, namespace=self.ns) | {"immutable": True})
            self.kube.patch("Pod", f"{name}-first", self.ns, {"status": {"phase": "Succeeded"}}, "status")
        for name in rollbacks:
            self.assertEqual(self.words(self.await_object(HR, name, lambda obj: condition_of(obj, "Remediated")), "Remediated"), [("False", "RollbackFailed")])
            self.assertEqual(self.records(name), {1: "deployed", 2: "superseded", 3: "failed"}, "as helm leaves them")
        self.assertIsNotNone(self.kube.get("ConfigMap", "kept-a", self.ns))
        self.assertIsNone(self.kube.get("ConfigMap", "clean-a", self.ns))
        self.assertEqual([self.data(f"{name}-z")["v"] for name in rollbacks], ["0", "0"])


class HookTest(RemedyCase):
    """Test hooks are ConfigMaps (done at once) and pods that end as the case says."""

    def prepare(self):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "{{ .Release.Name }}-never", "annotations": {"helm.sh/hook": "test"}},
               "spec": {"restartPolicy": "Never", "nodeSelector": {"kubernetes.io/hostname": "nowhere"}, "containers": [{"name": "c", "image": "none:1"}]}}
        self.push("1.0.0", "tested", **{"templates/never.yaml": harness.to_yaml(pod),
                                        "templates/done.yaml": harness.to_yaml(config_map("{{ .Release.Name }}-done", annotations={"helm.sh/hook": "test"}))})
        self.chart(name="tested")

    def test_filters(self):
        self.prepare()
        for name, filters in (("only", [{"name": "only-done"}]), ("but", [{"name": "but-never", "exclude": True}])):
            self.release(name, test={"enable": True, "filters": filters})
            tested = self.await_object(HR, name, lambda obj: is_ready(obj) and condition_of(obj, "TestSuccess").get("status") == "True")
            self.assertEqual(list(tested["status"]["history"][0]["testHooks"]), [f"{name}-done"])
            self.assertIn("1 test hook completed successfully", condition_of(tested, "TestSuccess")["message"])
            self.assertIsNone(self.kube.get("Pod", f"{name}-never", self.ns))

    def test_timeout_and_what_follows(self):
        self.prepare()
        self.release(test={"enable": True, "timeout": "2s"})
        failed = self.stalled()
        self.assertEqual(self.words(failed, "Ready", "Released", "TestSuccess"), [("False", "TestFailed"), ("True", "InstallSucceeded"), ("False", "TestFailed")])
        self.assertIn(f"timeout waiting for: [Pod/{self.ns}/web-never status: 'InProgress']", condition_of(failed, "TestSuccess")["message"])
        self.assertEqual((condition_of(failed, "Stalled")["message"], failed["status"]["installFailures"]), ("Failed to install after 1 attempt(s)", 1))
        self.assertEqual(failed["status"]["history"][0]["testHooks"]["web-never"]["phase"], "Failed")

    def test_failures_that_are_ignored(self):
        self.prepare()
        self.release("by-test", test={"enable": True, "timeout": "1s", "ignoreFailures": True})
        ready = self.await_object(HR, "by-test", lambda obj: is_ready(obj) and condition_of(obj, "TestSuccess").get("status") == "False")
        self.assertEqual(self.words(ready, "Ready", "TestSuccess", "Stalled"), [("True", "InstallSucceeded"), ("False", "TestFailed"), (None, None)])
        self.release("by-remedy", test={"enable": True, "timeout": "1s"}, install={"remediation": {"ignoreTestFailures": True}})
        told = self.await_object(HR, "by-remedy", lambda obj: condition_of(obj, "TestSuccess").get("status") == "False" and not condition_of(obj, "Reconciling"))
        self.assertEqual(self.words(told, "Ready", "Stalled"), [("False", "TestFailed"), (None, None)], "told, and nothing follows")
        self.assertEqual(told["status"].get("installFailures", 0), 0)

    def test_a_failed_test_of_an_upgrade_is_rolled_back(self):
        self.chart()
        self.release()
        self.await_release(version=1)
        self.release(values={"test": True, "message": "bad"}, test={"enable": True, "timeout": "1s"}, upgrade={"remediation": {"remediateLastFailure": True}})
        failed = self.stalled()
        self.assertEqual(self.words(failed, "Ready", "Remediated"), [("False", "RollbackSucceeded"), ("True", "RollbackSucceeded")])
        self.assertEqual(self.data()["message"], "hello")


class OrderTest(RemedyCase):
    def test_ready_expr(self):
        self.chart()
        self.release("first", values={"message": "one"})
        self.await_release("first")
        depends = [{"name": "first", "readyExpr": "dep.spec.values.message == self.spec.values.message"}]
        self.release("second", values={"message": "two"}, dependsOn=depends)
        self.assertEqual(self.await_failed(HR, "second", "DependencyNotReady")["message"], f"dependency '{self.ns}/first' is not ready according to readyExpr eval")
        self.release("first", values={"message": "two"})
        self.await_release("second")
        self.release("second", dependsOn=[depends[0] | {"readyExpr": "dep."}])
        self.stalled("InvalidCELExpression", "second")

    def test_drift_is_ignored_where_a_rule_says_so(self):
        for name in ("a", "b"):
            self.chart()
            self.release(name, driftDetection={"mode": "enabled", "ignore": [
                {"paths": ["/data/message"], "target": {"kind": "ConfigMap", "name": "a"}}, {"paths": ["/metadata/labels"], "target": {"labelSelector": "none=none"}}]})
            self.await_release(name)
        for name in ("a", "b"):
            self.kube.patch("ConfigMap", name, self.ns, {"data": {"message": "edited", "list": "edited"}}, manager="kubectl-edit")
        until(lambda: self.data("b")["message"] == "hello")
        until(lambda: self.data("a")["list"] == "[]")
        self.assertEqual(self.data("a")["message"], "edited")

    def test_drift_of_an_object_that_says_disabled(self):
        self.chart()
        self.release(driftDetection={"mode": "enabled"}, commonMetadata={"annotations": {"helm.toolkit.fluxcd.io/driftDetection": "disabled"}})
        self.await_release(version=1)
        self.kube.patch("ConfigMap", "web", self.ns, {"data": {"message": "edited"}}, manager="kubectl-edit")
        token = self.request(HR, "web")
        self.await_object(HR, "web", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.assertEqual(self.data()["message"], "edited")

    def test_a_namespace_that_goes_takes_the_release_along(self):
        self.chart()
        self.release()
        self.await_release(version=1)
        self.kube.delete("Namespace", self.ns)
        until(lambda: self.kube.get("Namespace", self.ns) is None, seen=lambda: self.kube.get(HR, "web", self.ns))
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.ns}})
        self.assertIsNone(data_of(self.kube.get("ConfigMap", "web", self.ns)))


if __name__ == "__main__":
    totals.main()
