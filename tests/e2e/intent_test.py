#!/usr/bin/env python3
"""What is asked for anew of things that are as they should be: another revision, account or source, a request, and the words in which it is answered."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import event_sink  # noqa: E402
import harness  # noqa: E402
import totals  # noqa: E402
from foreign_sources_test import FileServer  # noqa: E402
from harness import Case, condition_of, config_map, data_of, is_ready, throughout, until  # noqa: E402

LAMP = "intent.example.com/v1/Lamp"


def setUpModule():
    address, IntentCase.notified = event_sink.begin()
    harness.begin("intent", flags=[f"--events-addr={address}", "--no-remote-bases=true", "--requeue-dependency=1s",
                                   "--default-decryption-service-account=keys", "--sops-vault-configmap=vaults",
                                   "--feature-gates=CancelHealthCheckOnNewRevision=true"])
    Case.env.install_kind("intent.example.com", "v1", "Lamp")


def lamp(name):
    return {"apiVersion": "intent.example.com/v1", "kind": "Lamp", "metadata": {"name": name}, "spec": {"watts": 9}}


class IntentCase(Case):
    notified = None

    def shine(self, name, ready, message="said by the test"):
        status = {"conditions": [{"type": "Ready", "status": ready, "reason": "Said", "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z"}],
                  "observedGeneration": self.kube.get(LAMP, name, self.ns)["metadata"]["generation"]}
        self.kube.patch(LAMP, name, self.ns, {"status": status}, "status")

    def about(self, name="app", kind="Kustomization"):
        """What notification-controller was told of an object: [(reason, severity, message)]."""
        return [(event["reason"], event["severity"], event["message"]) for event in list(self.notified)
                if (event["involvedObject"]["kind"], event["involvedObject"]["name"], event["involvedObject"].get("namespace")) == (kind, name, self.ns)]


class HealthTest(IntentCase):
    FILES = {"app/lamp.yaml": lamp("lamp"), "other/note.yaml": config_map("note")}

    def lit(self, timeout="5s", **spec):
        """A Kustomization over a lamp that shines; the repository."""
        repository = self.env.repository(self.ns, self.FILES)
        self.source("fleet", repository)
        self.kustomization(path="./app", timeout=timeout, retryInterval="1h", **spec)
        until(lambda: self.kube.get(LAMP, "lamp", self.ns))
        self.shine("lamp", "True")
        self.await_applied(repository)
        return repository

    def test_a_revision_without_a_change_for_it_is_healthy_only_if_its_objects_are(self):
        for name, spec in (("wait", {"wait": True}),
                           ("checks", {"healthChecks": [{"apiVersion": "intent.example.com/v1", "kind": "Lamp", "name": "lamp", "namespace": self.ns}]})):
            with self.subTest(name):
                repository = self.lit(**spec)
                first = repository.revision
                self.shine("lamp", "False", "burnt out")
                self.push(repository, {"other/note.yaml": config_map("note", {"n": name})})
                message = self.await_failed("Kustomization", "app", "HealthCheckFailed")["message"]
                self.assertIn(f"Lamp/{self.ns}/lamp status: ", message)
                app = self.kube.get("Kustomization", "app", self.ns)
                self.assertEqual((app["status"]["lastAppliedRevision"], app["status"]["lastAttemptedRevision"]), (first, repository.revision))
                self.shine("lamp", "True")
                self.await_applied(repository)
                self.kube.delete("Kustomization", "app", self.ns)
                until(lambda: self.kube.get("Kustomization", "app", self.ns) is None)
                self.kube.delete("GitRepository", "fleet", self.ns)
                until(lambda: self.kube.get("GitRepository", "fleet", self.ns) is None)

    def test_such_a_revision_took_as_long_as_it_took(self):
        repository = self.lit(wait=True)
        time.sleep(4)
        pushed = time.monotonic()
        self.push(repository, {"other/note.yaml": config_map("note", {"n": "2"})})
        self.await_applied(repository)
        since = time.monotonic() - pushed
        newest = self.kube.get("Kustomization", "app", self.ns)["status"]["history"][0]
        self.assertEqual(newest["totalReconciliations"], 2)
        self.assertLess(harness.seconds(newest["lastReconciledDuration"]), since)

    def test_a_newer_revision_ends_the_wait_and_is_named(self):
        repository = self.lit(timeout="5m", wait=True)
        self.shine("lamp", "True")
        self.push(repository, {"app/lamp.yaml": lamp("lamp") | {"spec": {"watts": 7}}})  # which nobody has observed yet
        self.await_object("Kustomization", "app", lambda obj: "Running health checks" in condition_of(obj, "Reconciling").get("message", ""))
        self.push(repository, {"app/more.yaml": config_map("more")})
        until(lambda: ("HealthCheckCanceled", "info", f"Health checks canceled due to new reconciliation triggered by GitRepository/{self.ns}/fleet")
              in self.about(), seen=self.about)
        self.shine("lamp", "True")
        self.await_applied(repository)

    def test_a_revision_without_a_change_for_it_is_named_while_it_waits(self):
        repository = self.env.repository(self.ns, self.FILES)
        self.source("fleet", repository)
        self.kustomization("app", path="./app")
        self.await_applied(repository)
        self.shine("lamp", "False")
        self.kube.patch(LAMP, "lamp", self.ns, {"spec": {"watts": 1}})  # put back by whoever has seen this, and so the status before it
        self.await_object(LAMP, "lamp", lambda obj: obj["spec"]["watts"] == 9)
        self.kustomization("app", path="./app", wait=True, timeout="10m")
        self.await_object("Kustomization", "app", lambda obj: condition_of(obj, "Healthy").get("status") == "Unknown")
        self.push(repository, {"other/note.yaml": config_map("note", {"change": "1"})})
        app = self.await_object("Kustomization", "app", lambda obj: obj["status"].get("lastAttemptedRevision") == repository.revision)
        self.assertIn(repository.revision, condition_of(app, "Reconciling")["message"])
        self.assertEqual(condition_of(app, "Healthy")["status"], "Unknown")

    def test_a_wait_inside_the_apply_shows(self):
        """An object is made anew behind a finalizer that somebody else holds: that may take long, and the last revision is not called Ready meanwhile."""
        def frozen(value):
            return config_map("frozen", {"n": value}, finalizers=["example.com/hold"]) | {"immutable": True}
        repository = self.fleet({"all.yaml": frozen("1")}, force=True, timeout="10m")
        self.addCleanup(self.kube.patch, "ConfigMap", "frozen", self.ns, {"metadata": {"finalizers": None}})
        before = repository.revision
        self.push(repository, {"all.yaml": frozen("2")})
        app = self.await_object("Kustomization", "app", lambda obj: condition_of(obj, "Ready").get("status") == "Unknown")
        self.assertEqual(condition_of(app, "Reconciling")["message"], f"Detecting drift for revision {repository.revision} with a timeout of 10m0s")
        self.assertEqual((app["status"]["lastAttemptedRevision"], app["status"]["lastAppliedRevision"]), (repository.revision, before))
        self.assertEqual(len(app["status"]["inventory"]["entries"]), 1)
        self.kube.patch("ConfigMap", "frozen", self.ns, {"metadata": {"finalizers": None}})
        self.await_applied(repository)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "frozen", self.ns)), {"n": "2"})

    def test_suspended_it_waits_no_more_and_says_so(self):
        repository = self.lit(timeout="5m", wait=True)
        self.kustomization("after", path="./other", dependsOn=[{"name": "app"}])
        self.await_applied(repository, "after")
        self.push(repository, {"app/lamp.yaml": lamp("lamp") | {"spec": {"watts": 7}}})
        self.await_object("Kustomization", "app", lambda obj: "Running health checks" in condition_of(obj, "Reconciling").get("message", ""))
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": True}})
        app = self.await_object("Kustomization", "app", lambda obj: condition_of(obj, "Ready")["reason"] == "HealthCheckCanceled")
        said = [(kind, condition_of(app, kind).get("status"), condition_of(app, kind).get("reason")) for kind in ("Reconciling", "Ready", "Healthy")]
        self.assertEqual(said, [("Reconciling", None, None), ("Ready", "False", "HealthCheckCanceled"), ("Healthy", "Unknown", "HealthCheckCanceled")])
        self.assertEqual(condition_of(app, "Ready")["message"], "Health checks canceled: the Kustomization was suspended; resume it to go on")
        self.assertEqual(app["status"]["lastAttemptedRevision"], repository.revision)
        until(lambda: ("HealthCheckCanceled", "info", f"Health checks canceled due to new reconciliation triggered by Kustomization/{self.ns}/app")
              in self.about(), seen=self.about)
        self.shine("lamp", "True")
        throughout(lambda: condition_of(self.kube.get("Kustomization", "app", self.ns), "Ready")["status"] == "False", 1)
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": False}})
        self.await_applied(repository)
        # Suspended while it is Ready it stays so, and holds up none that depend on it.
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": True}})
        app = self.await_object("Kustomization", "app", lambda obj: obj["status"]["observedGeneration"] == obj["metadata"]["generation"])
        self.assertEqual(condition_of(app, "Ready")["status"], "True")
        self.kustomization("later", path="./other", dependsOn=[{"name": "app"}])
        self.await_applied(repository, "later")

    def test_nothing_to_wait_for_is_not_called_healthy(self):
        repository = self.env.repository(self.ns, {"app/kustomization.yaml": {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"},
                                                   "app/note.txt": "nothing"})
        self.source("fleet", repository)
        self.kustomization(path="./app", wait=True)
        app = self.await_applied(repository)
        self.assertEqual(condition_of(app, "Healthy"), {})

    def test_a_check_names_a_kind_whatever_its_version(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        self.kustomization(timeout="20s", healthChecks=[
            {"apiVersion": "source.toolkit.fluxcd.io/v1beta1", "kind": "GitRepository", "name": "fleet", "namespace": self.ns}])
        self.await_applied(repository)


class AccountTest(IntentCase):
    """Whoever acts has to have the rights, also where nothing is to be done."""

    def bind(self, account):
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": self.ns}})
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": account, "namespace": self.ns},
                         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                         "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": self.ns}]})

    def test_another_account_and_one_that_lost_its_rights(self):
        for account in ("strong", "other"):
            self.bind(account)
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "weak", "namespace": self.ns}})
        repository = self.fleet({"cm.yaml": config_map("settings"), "more.yaml": config_map("more")}, serviceAccountName="strong", retryInterval="1s")
        version = self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"]
        for account in ("weak", "ghost"):
            self.kustomization(serviceAccountName=account, retryInterval="1s")
            self.await_object("Kustomization", "app", lambda obj, account=account: (
                f'User "system:serviceaccount:{self.ns}:{account}" cannot patch resource "configmaps"' in condition_of(obj, "Ready").get("message", "")))
        self.kustomization(serviceAccountName="other", retryInterval="1s")
        self.await_object("Kustomization", "app", lambda obj: is_ready(obj) and obj["status"]["observedGeneration"] == obj["metadata"]["generation"])
        self.kube.delete("RoleBinding", "other", self.ns)
        until(lambda: not self.kube.may(f"system:serviceaccount:{self.ns}:other", ("system:serviceaccounts", f"system:serviceaccounts:{self.ns}"),
                                        namespace=self.ns, verb="patch", resource="configmaps"))
        token = self.request("Kustomization", "app")
        self.assertIn("dry-run failed (Forbidden)", self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"])
        self.assertEqual(self.kube.get("Kustomization", "app", self.ns)["status"]["lastHandledReconcileAt"], token)
        self.bind("other")
        self.await_applied(repository)
        self.assertEqual(self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"], version, "nothing was written")


class SourceTest(IntentCase):
    def test_a_source_without_an_artifact_is_told_to_who_changed_to_it_or_asked(self):
        repository = self.fleet({"cm.yaml": config_map("settings")})
        self.source("dead", repository, url=self.env.git.url("nothing-here"))
        self.kustomization(source="dead")
        self.assertEqual(self.await_failed("Kustomization", "app", "ArtifactFailed")["message"], "Source artifact not found, retrying in 1s")
        token = self.request("Kustomization", "app")
        self.await_object("Kustomization", "app", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.kustomization(source="fleet")
        self.await_applied(repository)

    def test_a_source_that_is_made_a_moment_later_is_no_failure(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        began = time.monotonic()
        self.kustomization()
        self.await_object("Kustomization", "app", lambda obj: obj["metadata"].get("finalizers"))
        self.source("fleet", repository)
        self.await_applied(repository)
        if time.monotonic() - began < 5:  # for so long it is none
            self.assertEqual([event for event in self.about() if event[1] == "error"], [])

    def test_T31_with_no_remote_bases_nobody_is_asked(self):  # noqa: N802
        host = FileServer()
        self.addCleanup(host.close)
        entries = {"directory": f"http://me:hush@{host.address}/org/app.git//deploy?ref=main", "file": f"http://{host.address}/note.yaml",
                   "ssh": f"git::ssh://git@{host.address}/org/app"}
        repository = self.env.repository(self.ns, {f"{name}/kustomization.yaml": {"resources": [entry]} for name, entry in entries.items()})
        self.source("fleet", repository)
        self.await_ready("GitRepository", "fleet")
        for name in entries:
            self.kustomization(name, path=f"./{name}")
            message = self.await_failed("Kustomization", name, "BuildFailed")["message"]
            self.assertIn("not allowed in this build", message)
            self.assertIn("kustomization.yaml:2:3", message)
            self.assertNotIn("hush", message)
        self.assertEqual(host.requests, [])

    def test_a_path_leads_no_further_up_than_the_root(self):
        repository = self.env.repository(self.ns, {"apps/cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        for path in ("../../apps", "/../apps", "./x/../../apps/"):
            with self.subTest(path):
                self.kustomization(path=path)
                self.await_object("Kustomization", "app", lambda obj: is_ready(obj) and obj["status"]["observedGeneration"] == obj["metadata"]["generation"])

    def test_a_revision_of_a_dependency_in_its_old_form(self):
        repository = self.env.repository(self.ns, {"a/a.yaml": config_map("a"), "b/b.yaml": config_map("b")})
        self.source("fleet", repository)
        self.kustomization("a", path="./a")
        self.await_applied(repository, "a")
        self.kube.patch("Kustomization", "a", self.ns, {"spec": {"suspend": True}})
        until(lambda: self.kube.get("Kustomization", "a", self.ns)["spec"]["suspend"])
        branch, _, commit = repository.revision.partition("@sha1:")
        generation = self.kube.get("Kustomization", "a", self.ns)["metadata"]["generation"]
        self.kube.patch("Kustomization", "a", self.ns, {"status": {"lastAppliedRevision": f"{branch}/{commit}", "observedGeneration": generation}}, "status")
        self.kustomization("b", path="./b", dependsOn=[{"name": "a"}])
        self.await_applied(repository, "b")

    def test_an_interval_of_nothing_means_never(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.source("fleet", repository, interval="0s")
        self.kustomization(interval="0s", retryInterval="0s")
        self.kustomization("broken", path="./missing", interval="0s", retryInterval="0s")
        self.await_applied(repository)
        self.await_failed("Kustomization", "broken", "ArtifactFailed")

        def runs():
            lines = self.controller.http("metrics", 1).decode().splitlines()
            mine = [line for line in lines if line.startswith("gotk_reconcile_duration_seconds_count{") and f'namespace="{self.ns}"' in line]
            return sorted(mine)

        until(lambda: len(before := runs()) == 3 and all(time.sleep(1) or runs() == before for _ in range(2)), seen=runs)
        before = runs()
        throughout(lambda: runs() == before, 3)
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "2"})})
        self.await_applied(repository)


class WordsTest(IntentCase):
    def test_what_only_traces_the_work_is_not_posted(self):
        repository = self.fleet({"cm.yaml": config_map("settings")})
        self.request("GitRepository", "fleet")
        until(lambda: [reason for _, reason, _ in self.events("GitRepository", "fleet") if reason == "GitOperationSucceeded"])
        self.kube.delete("GitRepository", "fleet", self.ns)
        until(lambda: [reason for _, reason, _ in self.events("GitRepository", "fleet") if reason == "GarbageCollectionSucceeded"])
        self.assertEqual({type_ for type_, _, _ in self.events("GitRepository", "fleet")}, {"Normal"})
        until(lambda: [reason for reason, _, _ in self.about("fleet", "GitRepository")])
        self.assertEqual({reason for reason, _, _ in self.about("fleet", "GitRepository")}, {"NewArtifact"})
        self.assertTrue(repository.revision)

    def test_the_transition_is_that_of_the_last_run(self):
        self.fleet({"cm.yaml": config_map("settings")})
        before = condition_of(self.kube.get("Kustomization", "app", self.ns), "Ready")["lastTransitionTime"]
        time.sleep(1.1)
        token = self.request("Kustomization", "app")
        app = self.await_object("Kustomization", "app", lambda obj: is_ready(obj) and obj["status"].get("lastHandledReconcileAt") == token)
        self.assertGreater(condition_of(app, "Ready")["lastTransitionTime"], before)

    def test_an_expression_that_cannot_be_read_has_a_finalizer_and_goes_without_a_word(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        self.kustomization(dependsOn=[{"name": "other", "readyExpr": "dep.status."}])
        app = self.await_failed("Kustomization", "app", "InvalidCELExpression") and self.kube.get("Kustomization", "app", self.ns)
        self.assertEqual(app["metadata"]["finalizers"], ["finalizers.fluxcd.io"])
        self.kube.delete("Kustomization", "app", self.ns)
        until(lambda: self.kube.get("Kustomization", "app", self.ns) is None)


class VersionTest(IntentCase):
    """API versions that the server has dropped since."""

    def test_what_was_recorded_under_an_old_version_is_pruned_all_the_same(self):
        files = {"cm.yaml": config_map("settings"), "pdb.yaml": {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
                                                                 "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}}}
        for name, leave in (("prune", lambda repository: self.push(repository, {"pdb.yaml": None})),
                            ("delete", lambda _: self.kube.delete("Kustomization", "app", self.ns))):
            with self.subTest(name):
                repository = self.env.repository(f"{self.ns}-{name}", files)
                self.source("fleet", repository)
                self.kustomization()
                self.await_applied(repository)
                app = self.kube.get("Kustomization", "app", self.ns)
                entries = app["status"]["inventory"]["entries"]
                for entry in entries:
                    if entry["id"].endswith("PodDisruptionBudget"):
                        entry["v"] = "v1beta1"
                self.kube.patch("Kustomization", "app", self.ns, {"status": {"inventory": {"entries": entries}}}, "status")
                leave(repository)
                until(lambda: self.kube.get("policy/v1/PodDisruptionBudget", "web", self.ns) is None)
                self.kube.delete("Kustomization", "app", self.ns)
                until(lambda: self.kube.get("Kustomization", "app", self.ns) is None)


if __name__ == "__main__":
    totals.main()
