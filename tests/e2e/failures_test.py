#!/usr/bin/env python3
"""What a Kustomization says when it cannot do its job: each failure names the object and the cause, and ends when the cause does."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, deployment, service, throughout, until  # noqa: E402

LABEL = "kustomize.toolkit.fluxcd.io"


def setUpModule():
    harness.begin("failures", flags=["--requeue-dependency=2s"])


class Failing(Case):
    def broken(self, files, reason, **spec):
        """A fleet that cannot become Ready; the message of its condition."""
        self.repository = self.env.repository(self.ns, files)
        self.source("fleet", self.repository)
        self.await_ready("GitRepository", "fleet")
        self.kustomization(**spec)
        return self.await_failed("Kustomization", "app", reason)["message"]


class SourceTest(Failing):
    """No source, no path."""

    def test_no_source(self):
        self.kustomization()
        self.assertEqual(self.await_failed("Kustomization", "app", "ArtifactFailed")["message"], f"Source 'GitRepository/{self.ns}/fleet' not found")
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        self.await_applied(repository)

    def test_a_source_that_fails(self):
        self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "fleet", "namespace": self.ns},
                         "spec": {"interval": "1h", "url": self.env.git.url("no-such-repository")}})
        self.kustomization()
        self.assertEqual(self.await_failed("Kustomization", "app", "ArtifactFailed")["message"], "Source artifact not found, retrying in 2s")

    def test_no_path(self):
        message = self.broken({"cm.yaml": config_map("settings")}, "ArtifactFailed", path="./nowhere")
        self.assertEqual(message, "kustomization path not found: ./nowhere")
        self.push(self.repository, {"nowhere/cm.yaml": config_map("settings")})
        self.await_applied(self.repository)

    def test_the_source_goes_away_and_what_is_applied_stays(self):
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        self.kube.delete("GitRepository", "fleet", self.ns)
        self.await_gone("GitRepository", "fleet")
        self.request("Kustomization", "app")
        self.assertEqual(self.await_failed("Kustomization", "app", "ArtifactFailed")["message"], f"Source 'GitRepository/{self.ns}/fleet' not found")
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"n": "1"})
        self.source("fleet", repository)
        self.await_applied(repository)

    def test_a_source_of_another_kind_that_is_not_there(self):
        for kind in ("OCIRepository", "Bucket"):
            self.kustomization(sourceRef={"kind": kind, "name": "fleet"})
            self.await_object("Kustomization", "app", lambda obj, kind=kind: (ready := condition_of(obj, "Ready")).get("reason") == "ArtifactFailed" and
                              ready["message"] == f"Source '{kind}/{self.ns}/fleet' not found")


class BuildTest(Failing):
    """What cannot be built is not applied, not even in part; the message says where."""

    def test_bad_yaml(self):
        message = self.broken({"good.yaml": config_map("good"), "bad.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n"}, "BuildFailed")
        self.assertIn("bad.yaml", message)
        self.assertIsNone(self.kube.get("ConfigMap", "good", self.ns))
        self.push(self.repository, {"bad.yaml": config_map("bad")})
        self.await_applied(self.repository)

    def test_a_resource_that_is_not_there(self):
        self.assertIn("nowhere.yaml", self.broken({"kustomization.yaml": {"resources": ["nowhere.yaml"]}}, "BuildFailed"))

    def test_a_variable_without_value(self):
        message = self.broken({"cm.yaml": config_map("settings", {"a": "${missing}"})}, "BuildFailed", postBuild={"substitute": {"other": "x"}})
        self.assertEqual(message, f'variable substitution failed for ConfigMap/{self.ns}/settings: variable not set (strict mode): "missing"')

    def test_variables_from_nowhere(self):
        message = self.broken({"cm.yaml": config_map("settings")}, "BuildFailed",
                              postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "nowhere"}]})
        self.assertEqual(message, f"postBuild.substituteFrom: ConfigMap '{self.ns}/nowhere' not found")

    def test_the_old_revision_stays_while_the_new_one_cannot_be_built(self):
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "1"}), "gone.yaml": config_map("gone")})
        first = repository.revision
        self.push(repository, {"gone.yaml": None, "bad.yaml": "kind: [\n"})
        self.await_failed("Kustomization", "app", "BuildFailed")
        app = self.kube.get("Kustomization", "app", self.ns)
        self.assertEqual((app["status"]["lastAppliedRevision"], app["status"]["lastAttemptedRevision"]), (first, repository.revision))
        self.assertEqual(len(app["status"]["inventory"]["entries"]), 2)
        self.assertIsNotNone(self.kube.get("ConfigMap", "gone", self.ns))


class ApplyTest(Failing):
    """What the API server refuses."""

    def test_a_dry_run_that_fails_keeps_all_of_it_back(self):
        bad = service("bad") | {"spec": {"ports": [{"port": 0}]}}
        message = self.broken({"good.yaml": config_map("good"), "bad.yaml": bad}, "ReconciliationFailed")
        self.assertIn(f"Service/{self.ns}/bad dry-run failed", message)
        self.assertIn("spec.ports[0].port", message)
        self.assertIsNone(self.kube.get("ConfigMap", "good", self.ns))

    def test_no_such_kind(self):
        message = self.broken({"x.yaml": {"apiVersion": "example.com/v1", "kind": "Nothing", "metadata": {"name": "x"}}}, "ReconciliationFailed",
                              retryInterval="1s")
        self.assertIn(f"Nothing/{self.ns}/x", message)
        self.env.install_kind("example.com", "v1", "Nothing")
        self.await_applied(self.repository)

    def test_no_namespace(self):
        message = self.broken({"cm.yaml": config_map("settings")}, "ReconciliationFailed", targetNamespace=None)
        self.assertIn("ConfigMap/settings namespace not specified", message)

    def test_the_account_may_not(self):
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant", "namespace": self.ns}})
        message = self.broken({"cm.yaml": config_map("settings")}, "ReconciliationFailed", serviceAccountName="tenant", retryInterval="1s")
        self.assertIn(f"ConfigMap/{self.ns}/settings dry-run failed", message)
        self.assertIn(f'User "system:serviceaccount:{self.ns}:tenant" cannot patch resource "configmaps"', message)
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "tenant", "namespace": self.ns},
                         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                         "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": self.ns}]})
        self.await_applied(self.repository)

    def test_an_immutable_field(self):
        repository = self.fleet({"web.yaml": deployment("web", labels={"app": "one"})}, retryInterval="1h")
        uid = self.kube.get("Deployment", "web", self.ns)["metadata"]["uid"]
        self.push(repository, {"web.yaml": deployment("web", labels={"app": "two"})})
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertIn(f"Deployment/{self.ns}/web dry-run failed", message)
        self.assertIn("field is immutable", message)
        self.assertEqual(self.kube.get("Deployment", "web", self.ns)["metadata"]["uid"], uid)
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"force": True}})
        self.await_applied(repository)
        web = self.kube.get("Deployment", "web", self.ns)
        self.assertNotEqual(web["metadata"]["uid"], uid)
        self.assertEqual(web["spec"]["selector"]["matchLabels"], {"app": "two"})

    def test_an_immutable_field_of_an_object_that_may_be_recreated(self):
        forced = {f"{LABEL}/force": "enabled"}
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "1"}, annotations=forced) | {"immutable": True}, "keep.yaml": config_map("keep")})
        keep = self.kube.get("ConfigMap", "keep", self.ns)["metadata"]["uid"]
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "2"}, annotations=forced) | {"immutable": True}})
        self.await_applied(repository)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"n": "2"})
        self.assertEqual(self.kube.get("ConfigMap", "keep", self.ns)["metadata"]["uid"], keep)


class PruneTest(Failing):
    def test_what_may_not_be_deleted_stays_in_the_inventory(self):
        account, rights = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"}, ["get", "list", "watch", "create", "patch"]
        for obj in ({"apiVersion": "v1", "kind": "ServiceAccount"},
                    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": rights}]},
                    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "roleRef": account,
                     "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": self.ns}]}):
            self.kube.apply(obj | {"metadata": {"name": "tenant", "namespace": self.ns}})
        repository = self.fleet({"a.yaml": config_map("a"), "b.yaml": config_map("b")}, serviceAccountName="tenant", retryInterval="1s")
        self.push(repository, {"b.yaml": None})
        message = self.await_failed("Kustomization", "app", "PruneFailed")["message"]
        self.assertIn(f"ConfigMap/{self.ns}/b delete failed", message)
        self.assertIn('cannot delete resource "configmaps"', message)
        entries = self.kube.get("Kustomization", "app", self.ns)["status"]["inventory"]["entries"]
        self.assertEqual([entry["id"] for entry in entries], [f"{self.ns}_a__ConfigMap", f"{self.ns}_b__ConfigMap"])
        self.kube.patch("Role", "tenant", self.ns, [{"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}])
        self.await_applied(repository)
        self.assertIsNone(self.kube.get("ConfigMap", "b", self.ns))


UNSCHEDULABLE = {"nodeSelector": {"example.com/none": "such"}}


class HealthTest(Failing):
    """Waiting for a rollout: what is missing is named, a newer commit does not wait, and trouble is told as soon as it is known."""

    def test_a_rollout_that_ends_well(self):
        slow = deployment("web", replicas=3)
        slow["spec"]["minReadySeconds"] = 2
        repository = self.fleet({"web.yaml": slow, "svc.yaml": service("web")}, wait=True)
        app = self.await_applied(repository)
        healthy = condition_of(app, "Healthy")
        self.assertEqual((healthy["status"], healthy["reason"]), ("True", "Succeeded"))
        self.assertRegex(healthy["message"], r"^Health check passed in [0-9.µmns]+$")
        self.assertEqual(self.kube.get("Deployment", "web", self.ns)["status"]["availableReplicas"], 3)
        # What is said of the whole covers the part.
        checked = harness.seconds(healthy["message"].rsplit(" ", 1)[1])
        self.assertGreaterEqual(checked, 1)
        self.assertGreaterEqual(harness.seconds(app["status"]["history"][0]["lastReconciledDuration"]), checked)

    def test_a_rollout_that_is_stuck_is_named_and_a_newer_commit_pre_empts(self):
        repository = self.env.repository(self.ns, {"web.yaml": deployment("web", replicas=2, **UNSCHEDULABLE)})
        self.source("fleet", repository)
        self.kustomization(wait=True, timeout="10m")
        app = self.await_object("Kustomization", "app", lambda obj: all(word in condition_of(obj, "Reconciling").get("message", "")
                                                                        for word in ("Unschedulable", "0 of 2 updated replicas available")))
        message = condition_of(app, "Reconciling")["message"]
        self.assertTrue(message.startswith(f"Running health checks for revision {repository.revision} with a timeout of 10m0s: "
                                           f"Deployment {self.ns}/web: "), message)
        self.assertRegex(message, rf"Pod {self.ns}/web-[0-9a-z]+-[0-9a-z]+: .*Unschedulable")
        self.assertEqual([condition_of(app, kind)["status"] for kind in ("Ready", "Healthy")], ["Unknown", "Unknown"])
        self.push(repository, {"web.yaml": deployment("web", replicas=2)})
        self.await_applied(repository)

    def test_the_timeout_names_what_is_missing(self):
        repository = self.env.repository(self.ns, {"web.yaml": deployment("web", **UNSCHEDULABLE), "cm.yaml": config_map("fine")})
        self.source("fleet", repository)
        self.kustomization(wait=True, timeout="15s", retryInterval="1h")
        condition = self.await_failed("Kustomization", "app", "HealthCheckFailed")
        self.assertRegex(condition["message"], rf"^health check failed after [0-9.ms]+: timeout waiting for: \[Deployment/{self.ns}/web status: 'InProgress'\]")
        self.assertIn("Unschedulable", condition["message"])
        app = self.kube.get("Kustomization", "app", self.ns)
        self.assertEqual(condition_of(app, "Healthy")["status"], "False")
        self.assertNotIn("lastAppliedRevision", app["status"])
        # And it recovers by itself, without a commit, as soon as the cause is gone.
        self.kube.patch("Node", "kwok-0", None, {"metadata": {"labels": {"example.com/none": "such"}}})
        self.addCleanup(self.kube.patch, "Node", "kwok-0", None, {"metadata": {"labels": {"example.com/none": None}}})
        self.await_applied(repository)

    def test_a_failed_deployment_fails_early(self):
        stuck = deployment("web", **UNSCHEDULABLE)
        stuck["spec"]["progressDeadlineSeconds"] = 1
        repository = self.env.repository(self.ns, {"web.yaml": stuck})
        self.source("fleet", repository)
        self.kustomization(wait=True, timeout="10m")
        message = self.await_failed("Kustomization", "app", "HealthCheckFailed")["message"]
        self.assertRegex(message, rf"^health check failed after [0-9.ms]+: failed early due to stalled resources: \[Deployment/{self.ns}/web status: 'Failed'\]")

    def test_health_checks_of_what_somebody_else_makes(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        self.kustomization(healthChecks=[{"kind": "Deployment", "name": "theirs"}], timeout="10m")
        self.await_object("Kustomization", "app", lambda obj: "theirs" in condition_of(obj, "Reconciling").get("message", ""))
        self.kube.apply(deployment("theirs") | {"metadata": {"name": "theirs", "namespace": self.ns}})
        self.await_applied(repository)

    def test_a_foreign_kind_is_ready_when_it_says_so(self):
        self.env.install_kind("health.example.com", "v1", "Gizmo", status={"observedGeneration": -1})
        kind = "health.example.com/v1/Gizmo"
        gizmo = {"apiVersion": "health.example.com/v1", "kind": "Gizmo", "metadata": {"name": "one"}, "spec": {}}
        repository = self.env.repository(self.ns, {"a/gizmo.yaml": gizmo, "b/cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        self.kustomization("first", wait=True, path="./a")
        self.kustomization("second", dependsOn=[{"name": "first"}], path="./b")
        self.await_object(kind, "one", lambda obj: True)
        self.kube.patch(kind, "one", self.ns, {"status": {"observedGeneration": 1, "conditions": [ready("False", "making it")]}}, "status")
        self.await_object("Kustomization", "first", lambda obj: "making it" in condition_of(obj, "Reconciling").get("message", ""))
        throughout(lambda: not harness.is_ready(self.kube.get("Kustomization", "second", self.ns)), 1)
        self.kube.patch(kind, "one", self.ns, {"status": {"observedGeneration": 1, "conditions": [ready("True", "made")]}}, "status")
        self.await_applied(repository, "first")
        self.await_applied(repository, "second")


def ready(status, message):
    return {"type": "Ready", "status": status, "reason": "Test", "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z"}


if __name__ == "__main__":
    totals.main()
