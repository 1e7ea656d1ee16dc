#!/usr/bin/env python3
"""HelmReleases on a real API server, with charts that the real helm pushed to a real registry: installed, upgraded, healed, tested, put right, deleted.

There is no node: a Deployment never becomes ready, so that a wait lasts until the test ends it, and pods end as the test says.
"""

import json
import os
import subprocess
import sys

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness
import helm_cases
import totals
from harness import condition_of, config_map, data_of, is_ready, secret, until
from helm_cases import HELM_CHART, HR, OCI, ReleaseCase

from kube import writes_between


def setUpModule():
    helm_cases.begin("helm-release")


class LifeTest(ReleaseCase):
    def test_install_upgrade_uninstall(self):
        self.chart()
        self.release(values={"message": "one"})
        installed = self.await_release(version=1)
        status = installed["status"]
        digest = status["lastAttemptedRevisionDigest"]
        chart = "1.0.0+" + digest.removeprefix("sha256:")[:12]
        message = f"Helm install succeeded for release {self.ns}/web.v1 with chart web@{chart}"
        for kind in ("Ready", "Released"):
            self.assertEqual(condition_of(installed, kind) | {"lastTransitionTime": ""},
                             {"type": kind, "status": "True", "reason": "InstallSucceeded", "message": message, "observedGeneration": 1, "lastTransitionTime": ""})
        self.assertEqual([item["type"] for item in status["conditions"]], ["Ready", "Released"])
        entry = status["history"][0]
        self.assertEqual({key: entry[key] for key in ("apiVersion", "name", "namespace", "version", "status", "action", "chartName", "chartVersion", "appVersion", "ociDigest")},
                         {"apiVersion": "v2", "name": "web", "namespace": self.ns, "version": 1, "status": "deployed", "action": "install",
                          "chartName": "web", "chartVersion": chart, "appVersion": "7", "ociDigest": digest})
        self.assertEqual(entry["configDigest"], status["lastAttemptedConfigDigest"])
        self.assertEqual((status["lastAttemptedReleaseAction"], status["lastAttemptedRevision"], status["storageNamespace"], status["lastAttemptedGeneration"]),
                         ("install", chart, self.ns, 1))
        self.assertEqual(status["inventory"]["entries"], [{"id": f"{self.ns}_web__ConfigMap", "v": "v1"}, {"id": f"{self.ns}_web__Service", "v": "v1"},
                                                          {"id": "_widgets.helm.example_apiextensions.k8s.io_CustomResourceDefinition", "v": "v1"}])
        self.assertEqual(self.data(), {"message": "one", "list": "[]", "chart": chart, "revision": "1"})
        live = self.kube.get("ConfigMap", "web", self.ns)["metadata"]
        self.assertEqual(live["labels"], {"app.kubernetes.io/managed-by": "Helm", "helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": self.ns})
        self.assertEqual(live["annotations"], {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": self.ns})
        self.assertEqual([item["manager"] for item in live["managedFields"]], ["helm-controller"])
        crd = self.kube.get("CustomResourceDefinition", "widgets.helm.example")
        self.assertEqual(crd["metadata"]["labels"]["helm.toolkit.fluxcd.io/name"], "web")
        until(lambda: ("Normal", "InstallSucceeded", message) in self.events("HelmRelease", "web"), seen=lambda: self.events("HelmRelease", "web"))
        self.release(values={"message": "two"})
        upgraded = self.await_release(version=2)
        self.assertEqual(condition_of(upgraded, "Ready")["message"], f"Helm upgrade succeeded for release {self.ns}/web.v2 with chart web@{chart}")
        self.assertEqual([(item["version"], item["status"], item["action"]) for item in upgraded["status"]["history"]],
                         [(2, "deployed", "upgrade"), (1, "superseded", "install")])
        self.assertEqual(self.records(), {1: "superseded", 2: "deployed"})
        self.assertEqual(self.data()["message"], "two")
        self.chart("1.1.0")
        self.request(OCI, "chart")
        self.await_release(version=3)
        self.assertTrue(self.data()["chart"].startswith("1.1.0+"))
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertEqual(self.records(), {})
        self.assertIsNone(self.data())
        self.assertIsNone(self.kube.get("Service", "web", self.ns))

    def test_helm_reads_it(self):
        self.chart()
        self.release(values={"message": "one"})
        self.await_release(version=1)
        self.release(values={"message": "two"})
        self.await_release(version=2)
        for major in (3, 4):
            listed = json.loads(self.helm("list", "-n", self.ns, "-o", "json", major=major))
            self.assertEqual([(item["name"], item["revision"], item["status"]) for item in listed], [("web", "2", "deployed")])
            history = json.loads(self.helm("history", "web", "-n", self.ns, "-o", "json", major=major))
            self.assertEqual([(item["revision"], item["status"]) for item in history], [(1, "superseded"), (2, "deployed")])
            self.assertEqual(yaml.safe_load(self.helm("get", "values", "web", "-n", self.ns, major=major)), {"USER-SUPPLIED VALUES": None, "message": "two"})
            manifest = harness.documents(self.helm("get", "manifest", "web", "-n", self.ns, major=major))
            self.assertEqual([item["data"]["message"] for item in manifest if item["kind"] == "ConfigMap"], ["two"])

    def test_what_helm_made_is_taken_over(self):
        self.helm("install", "web", os.path.join(self.env.folder, "charts", "web-1.0.0", "web"), "-n", self.ns, "--set", "message=by hand")
        self.chart()
        self.release(values={"message": "ours"})
        self.await_release(version=2, action="upgrade")
        self.assertEqual(self.data()["message"], "ours")

    def test_suspended_nothing_happens(self):
        self.chart()
        self.release(values={"message": "one"})
        self.await_release(version=1)
        self.release(values={"message": "two"}, suspend=True)
        self.request(HR, "web")
        harness.throughout(lambda: self.data()["message"] == "one", 2)
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertEqual(self.records(), {1: "deployed"}, "a suspended release is left where it is")
        self.assertEqual(self.data()["message"], "one")

    def test_suspended_in_the_middle_of_an_action(self):
        self.chart()
        self.release(values={"deploy": True}, install={"timeout": "10m"})
        self.await_object(HR, "web", lambda obj: "Running 'install' action" in condition_of(obj, "Ready").get("message", "") and
                          self.kube.get("Deployment", "web", self.ns))
        self.release(values={"deploy": True}, install={"timeout": "10m"}, suspend=True)
        obj = self.await_object(HR, "web", lambda obj: not condition_of(obj, "Reconciling"))
        ready = condition_of(obj, "Ready")
        self.assertEqual((ready["status"], ready["reason"], ready["message"]),
                         ("False", "Suspended", "Reconciliation canceled: the HelmRelease was suspended; resume it to go on"))
        self.release(values={"deploy": True}, install={"timeout": "10m"}, suspend=False)
        self.await_object(HR, "web", lambda obj: condition_of(obj, "Ready")["status"] == "Unknown")
        self.kube.patch("Deployment", "web", self.ns, {"spec": {"replicas": 0}})
        self.await_release(version=1)

    def test_another_name_is_another_release(self):
        self.chart()
        self.release()
        self.await_release(version=1)
        self.release(releaseName="other")
        self.await_release(version=1, name="other")
        self.assertEqual((self.records("web"), self.records("other")), ({}, {1: "deployed"}))
        self.assertIsNone(self.data("web"))
        self.assertEqual(self.data("other")["message"], "hello")

    def test_a_forced_upgrade(self):
        self.chart()
        self.release()
        self.await_release(version=1)
        self.kube.patch(HR, "web", self.ns, {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "1", "reconcile.fluxcd.io/forceAt": "1"}}})
        forced = self.await_release(version=2)
        self.assertEqual((forced["status"]["lastHandledForceAt"], forced["status"]["lastHandledReconcileAt"]), ("1", "1"))
        self.request(HR, "web")
        self.await_object(HR, "web", lambda obj: is_ready(obj) and obj["status"]["lastHandledReconcileAt"] != "1")
        self.assertEqual(self.records(), {1: "superseded", 2: "deployed"})


class ValuesTest(ReleaseCase):
    def test_from_everywhere(self):
        self.chart()
        self.kube.apply(config_map("low", {"values.yaml": "message: low\nlist: [1, 2]\n"}, namespace=self.ns))
        self.kube.apply(secret("high", self.ns, {"mine": "list: [3]\n", "port": "8080"}))
        self.release(values={"test": False}, valuesFrom=[{"kind": "ConfigMap", "name": "low"}, {"kind": "Secret", "name": "high", "valuesKey": "mine"},
                                                         {"kind": "Secret", "name": "high", "valuesKey": "port", "targetPath": "port"},
                                                         {"kind": "ConfigMap", "name": "none", "optional": True}])
        self.await_release(version=1)
        self.assertEqual((self.data()["message"], self.data()["list"]), ("low", "[3]"))
        self.assertEqual(self.kube.get("Service", "web", self.ns)["spec"]["ports"][0]["port"], 8080)
        self.kube.apply(config_map("low", {"values.yaml": "message: changed\n"}, namespace=self.ns, labels={"reconcile.fluxcd.io/watch": "Enabled"}))
        self.await_release(version=2)
        self.assertEqual(self.data()["message"], "changed")

    def test_what_is_missing_is_named(self):
        self.chart()
        self.release(valuesFrom=[{"kind": "Secret", "name": "none"}])
        failed = self.await_failed(HR, "web", "ValuesError")
        self.assertEqual(failed["message"], f"could not resolve Secret chart values reference '{self.ns}/none' with key 'values.yaml': secrets \"none\" not found")
        self.kube.apply(secret("none", self.ns, {"other": "a: 1"}))
        wanted = f"could not resolve Secret chart values reference '{self.ns}/none' with key 'values.yaml': key not found"
        self.await_object(HR, "web", lambda obj: condition_of(obj, "Ready").get("message") == wanted)
        self.kube.apply(secret("none", self.ns, {"values.yaml": "message: found"}))
        self.await_release(version=1)

    def test_post_renderers(self):
        self.chart()
        patch = "- {op: add, path: /data/patched, value: 'yes'}"
        self.release(postRenderers=[{"kustomize": {"patches": [{"patch": patch, "target": {"kind": "ConfigMap"}}]}}],
                     commonMetadata={"labels": {"team": "a"}, "annotations": {"note": "b"}})
        released = self.await_release(version=1)
        live = self.kube.get("ConfigMap", "web", self.ns)
        self.assertEqual((live["data"]["patched"], live["metadata"]["labels"]["team"], live["metadata"]["annotations"]["note"]), ("yes", "a", "b"))
        self.assertTrue(released["status"]["observedPostRenderersDigest"].startswith("sha256:"))
        self.release(commonMetadata={"labels": {"team": "c"}})
        self.await_release(version=2)
        live = self.kube.get("ConfigMap", "web", self.ns)
        self.assertEqual((live["data"].get("patched"), live["metadata"]["labels"]["team"]), (None, "c"))


class WaitingTest(ReleaseCase):
    def test_dependencies(self):
        self.chart()
        self.release("second", dependsOn=[{"name": "first"}])
        failed = self.await_failed(HR, "second", "DependencyNotReady")
        self.assertEqual(failed["message"], f"unable to get '{self.ns}/first' dependency: helmreleases.helm.toolkit.fluxcd.io \"first\" not found")
        self.release("first")
        self.await_release("first")
        self.await_release("second")

    def test_a_source_that_is_not_there(self):
        self.release()
        failed = self.await_failed(HR, "web", "ArtifactFailed")
        self.assertEqual(failed["message"], "could not get Source object: OCIRepository.source.toolkit.fluxcd.io \"chart\" not found")
        self.chart("9.9.9")
        failed = self.await_failed(HR, "web", "SourceNotReady")
        self.assertIn(f"OCIRepository '{self.ns}/chart' is not ready: ", failed["message"])
        self.chart()
        self.await_release(version=1)

    def test_newer_intent_is_not_held_up(self):
        self.chart()
        self.release()
        self.await_release(version=1)
        self.release(values={"deploy": True})
        self.await_object(HR, "web", lambda obj: "Running 'upgrade' action" in condition_of(obj, "Reconciling").get("message", "") and
                          self.records().get(2) == "pending-upgrade" and self.kube.get("Deployment", "web", self.ns))
        self.release(values={"message": "newer"})
        released = self.await_release(version=3)
        self.assertEqual(self.data()["message"], "newer")
        until(lambda: self.kube.get("Deployment", "web", self.ns) is None)
        self.assertEqual(released["status"].get("failures", 0), 0, "what was given up did not fail")
        self.assertEqual(self.records()[3], "deployed")

    def test_a_killed_process_goes_on(self):
        self.chart()
        self.release(values={"deploy": True})
        self.await_object(HR, "web", lambda obj: self.records() == {1: "pending-install"} and self.kube.get("Deployment", "web", self.ns))
        self.controller.kill()
        self.kube.patch("Deployment", "web", self.ns, {"spec": {"replicas": 0}})
        self.controller.start()
        self.await_release(version=1)
        self.assertEqual(self.records(), {1: "deployed"})

    def test_a_timeout_names_what_is_missing(self):
        self.chart()
        self.release(values={"deploy": True}, install={"timeout": "3s"})
        failed = self.await_failed(HR, "web", "InstallFailed")
        self.assertIn(f"Deployment/{self.ns}/web status: 'InProgress'", failed["message"])
        stalled = self.await_object(HR, "web", lambda obj: condition_of(obj, "Stalled"))
        self.assertEqual((condition_of(stalled, "Stalled")["reason"], condition_of(stalled, "Stalled")["message"]),
                         ("RetriesExceeded", "Failed to install after 1 attempt(s)"))
        self.assertEqual(self.records(), {1: "failed"})
        self.release(values={"deploy": False})
        self.await_release(version=2)


class FailureTest(ReleaseCase):
    def test_a_failed_upgrade_is_rolled_back(self):
        self.chart()
        self.release(values={"message": "good"})
        self.await_release(version=1)
        self.release(values={"message": "bad", "port": 99999}, upgrade={"remediation": {"retries": 1}})
        stalled = self.await_object(HR, "web", lambda obj: condition_of(obj, "Stalled"))
        self.assertEqual(condition_of(stalled, "Stalled")["message"], "Failed to upgrade after 2 attempt(s)")
        ready = condition_of(stalled, "Ready")
        chart = stalled["status"]["history"][-1]["chartVersion"]
        self.assertEqual((ready["status"], ready["reason"]), ("False", "RollbackSucceeded"))
        self.assertEqual(ready["message"], f"Helm rollback to previous release {self.ns}/web.v1 with chart web@{chart} succeeded"
                         if "web.v1 " in ready["message"] else f"Helm rollback to previous release {self.ns}/web.v3 with chart web@{chart} succeeded")
        self.assertEqual(self.data()["message"], "good")
        self.assertEqual(condition_of(stalled, "Remediated")["status"], "True")
        self.assertEqual(stalled["status"]["upgradeFailures"], 2)
        until(lambda: any(reason == "UpgradeFailed" for _, reason, _ in self.events("HelmRelease", "web")), seen=lambda: self.events("HelmRelease", "web"))
        self.release(values={"message": "better"})
        healed = self.await_release()
        self.assertEqual(healed["status"].get("upgradeFailures", 0), 0)
        self.assertEqual(self.data()["message"], "better")

    def test_a_failed_install_is_tried_again(self):
        self.chart()
        self.release(values={"port": 99999}, install={"remediation": {"retries": 1}})
        stalled = self.await_object(HR, "web", lambda obj: condition_of(obj, "Stalled"))
        self.assertEqual(condition_of(stalled, "Stalled")["message"], "Failed to install after 2 attempt(s)")
        self.assertEqual(stalled["status"]["installFailures"], 2)
        self.release()
        self.await_release()
        self.assertEqual(self.data()["message"], "hello")

    def test_retry_on_failure(self):
        self.chart()
        retry = {"strategy": {"name": "RetryOnFailure", "retryInterval": "1s"}}
        self.release(values={"port": 99999}, install=retry, upgrade=retry)
        failed = self.await_object(HR, "web", lambda obj: obj["status"].get("failures", 0) >= 2 and condition_of(obj, "Ready").get("status") == "False")
        self.assertEqual(condition_of(failed, "Stalled"), {})
        self.release(install=retry, upgrade=retry)
        self.await_release()

    def test_what_helm_left_pending_is_unlocked(self):
        self.chart()
        self.release()
        self.await_release(version=1)
        self.release(suspend=True)
        self.await_object(HR, "web", lambda obj: obj["spec"].get("suspend"))
        with subprocess.Popen([harness.helm(4), "upgrade", "web", os.path.join(self.env.folder, "charts", "web-1.0.0", "web"), "-n", self.ns,
                               "--set", "deploy=true", "--wait", "--force-conflicts"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig, "HOME": self.env.folder}) as helm:
            until(lambda: self.records().get(2) == "pending-upgrade" and self.kube.get("Deployment", "web", self.ns))
            helm.kill()
        self.release(suspend=False)
        released = self.await_release()
        self.assertEqual(self.records()[2], "failed" if released["status"]["history"][0]["version"] > 2 else "deployed")
        until(lambda: any(reason == "PendingRelease" for _, reason, _ in self.events("HelmRelease", "web")))


class TestHooksTest(ReleaseCase):
    def end_pod(self, phase):
        until(lambda: self.kube.get("Pod", "web-test", self.ns))
        self.kube.patch("Pod", "web-test", self.ns, {"status": {"phase": phase}}, "status")

    def test_tests_are_run(self):
        self.chart()
        self.release(values={"test": True}, test={"enable": True})
        self.end_pod("Succeeded")
        tested = self.await_object(HR, "web", lambda obj: is_ready(obj) and condition_of(obj, "TestSuccess").get("status") == "True")
        chart = tested["status"]["history"][0]["chartVersion"]
        self.assertEqual(condition_of(tested, "TestSuccess")["message"],
                         f"Helm test succeeded for release {self.ns}/web.v1 with chart web@{chart}: 1 test hook completed successfully")
        self.assertEqual(tested["status"]["history"][0]["testHooks"]["web-test"]["phase"], "Succeeded")

    def test_a_failed_test_fails_the_release(self):
        self.chart()
        self.release(values={"test": True}, test={"enable": True})
        self.end_pod("Failed")
        failed = self.await_failed(HR, "web", "TestFailed")
        self.assertIn("Helm test failed for release", failed["message"])


class DriftTest(ReleaseCase):
    def test_it_is_put_back_at_once(self):
        self.chart()
        self.release(driftDetection={"mode": "enabled"})
        self.await_release(version=1)
        self.kube.patch("ConfigMap", "web", self.ns, {"data": {"message": "edited"}}, manager="kubectl-edit")
        until(lambda: self.data()["message"] == "hello", seen=self.data)
        self.kube.delete("Service", "web", self.ns)
        until(lambda: self.kube.get("Service", "web", self.ns))
        self.await_release(version=1)
        self.assertEqual(self.records(), {1: "deployed"}, "no revision is made")
        until(lambda: {"DriftDetected", "DriftCorrected"} <= {reason for _, reason, _ in self.events("HelmRelease", "web")})
        told = [message for _, reason, message in self.events("HelmRelease", "web") if reason == "DriftDetected"]
        self.assertIn(f"Cluster state of release {self.ns}/web.v1 has drifted from the desired state:\nConfigMap/{self.ns}/web changed (0 additions, 1 changes, 0 removals)", told)

    def test_what_nobody_owns_by_apply_is_put_back_at_the_next_look(self):
        self.chart()
        self.release(driftDetection={"mode": "enabled"}, install={"serverSideApply": False})
        self.await_release(version=1)
        self.kube.patch("ConfigMap", "web", self.ns, {"data": {"message": "edited"}}, manager="kubectl-edit")
        self.request(HR, "web")
        until(lambda: self.data()["message"] == "hello", seen=self.data)

    def test_secrets_that_were_written_as_text(self):
        text = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData:\n  {{- range .Values.words }}\n  {{ . }}: {{ . }}\n  {{- end }}\n"
        self.push("1.0.0", "text", **{"templates/secret.yaml": text})
        self.chart(name="text")
        self.release(driftDetection={"mode": "enabled"}, values={"words": ["a", "b"]})
        self.await_release(version=1)
        words = lambda: data_of(self.kube.get("Secret", "web", self.ns))  # noqa: E731
        self.assertEqual(words(), {"a": "YQ==", "b": "Yg=="})
        self.kube.patch("Secret", "web", self.ns, {"data": {"a": "ZWRpdGVk"}}, manager="kubectl-edit")
        until(lambda: words() == {"a": "YQ==", "b": "Yg=="}, seen=words)
        self.release(driftDetection={"mode": "enabled"}, values={"words": ["a"]})
        self.await_release(version=2)
        self.assertEqual(words(), {"a": "YQ=="}, "what the chart drops goes")

    def test_it_is_told(self):
        self.chart()
        self.release(driftDetection={"mode": "warn", "ignore": [{"paths": ["/data/list"]}]})
        self.await_release(version=1)
        self.kube.patch("ConfigMap", "web", self.ns, {"data": {"list": "ignored"}}, manager="kubectl-edit")
        self.kube.patch("ConfigMap", "web", self.ns, {"data": {"message": "edited"}}, manager="kubectl-edit")
        drifted = self.await_object(HR, "web", lambda obj: condition_of(obj, "Drifted").get("status") == "True" and "1 changes" in condition_of(obj, "Drifted")["message"])
        self.assertEqual(condition_of(drifted, "Drifted")["reason"], "DriftDetected")
        self.assertEqual(self.data()["message"], "edited")

    def test_elsewhere_it_is_left(self):
        self.chart()
        self.release()
        self.await_release(version=1)
        self.kube.patch("ConfigMap", "web", self.ns, {"data": {"message": "edited"}}, manager="kubectl-edit")
        self.request(HR, "web")
        harness.throughout(lambda: self.data()["message"] == "edited", 2)


# What the server stores otherwise than it is written: protocols, quantities, moved secrets, empty lists, durations.
OTHERWISE = """
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}"}
stringData: {word: hidden}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}", creationTimestamp: null}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: c, image: "none:1", ports: [{containerPort: 80}], resources: {limits: {cpu: 1000m, memory: 1024Mi}}, env: [{name: A, value: ""}], args: []}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: "{{ .Release.Name }}"}
spec: {minAvailable: 0, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: "{{ .Release.Name }}"}
spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: "{{ .Release.Name }}"}
roleRef: {kind: ClusterRole, name: view, apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: ServiceAccount, name: none}]
"""


class QuietTest(ReleaseCase):
    def test_a_restart_writes_nothing(self):
        self.push("1.0.0", "otherwise", **{"templates/otherwise.yaml": OTHERWISE})
        self.chart(name="otherwise")
        for name in ("a", "b"):
            self.release(name, driftDetection={"mode": "enabled"}, values={"message": name})
            self.await_release(name)
        self.controller.end()
        self.await_rest()
        before, told = self.kube.requests_served(), len(self.controller.lines())
        self.controller.start()
        in_sync = lambda: {line["name"] for line in self.controller.lines()[told:] if line["msg"] == "release in-sync with desired state"}  # noqa: E731
        until(lambda: in_sync() >= {"a", "b"}, seen=in_sync)
        written = writes_between(before, self.kube.requests_served())
        self.assertEqual({key: count for key, count in written.items() if key[1] not in ("subjectaccessreviews", "ocirepositories")}, {})

    def test_a_chart_is_parsed_once_and_a_release_costs_little(self):
        self.chart()
        self.await_object(OCI, "chart", is_ready)
        self.release("warm")
        self.await_release("warm")
        before = self.kube.requests_served()
        names = [f"r{index}" for index in range(5)]
        for name in names:
            self.release(name)
        for name in names:
            self.await_release(name)
        after = self.kube.requests_served()
        ours = {key: count - before.get(key, 0) for key, count in after.items()
                if key[1] in ("secrets", "configmaps", "services", "helmreleases", "events", "customresourcedefinitions")}
        spent = sum(count for (verb, resource), count in ours.items() if verb != "WATCH" and not (verb == "GET" and resource == "helmreleases"))
        self.assertLessEqual(spent - len(names), 16 * len(names), f"one of these is the test's own apply each: {ours}")


class ChartTemplateTest(ReleaseCase):
    def test_the_helm_chart_is_written_and_deleted(self):
        self.release(chartRef=None, chart={"metadata": {"labels": {"shard": "1"}},
                                           "spec": {"chart": "./charts/web", "sourceRef": {"kind": "GitRepository", "name": "nowhere"}, "interval": "7m"}})
        chart = self.await_object(HELM_CHART, f"{self.ns}-web", lambda obj: True)
        self.assertEqual(chart["metadata"]["labels"], {"shard": "1", "helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": self.ns})
        self.assertEqual(chart["spec"], {"chart": "./charts/web", "version": "*", "interval": "7m0s", "reconcileStrategy": "ChartVersion",
                                         "sourceRef": {"kind": "GitRepository", "name": "nowhere"}})
        self.assertEqual(chart["metadata"]["managedFields"][0]["manager"], "helm-controller")
        released = self.await_object(HR, "web", lambda obj: obj["status"].get("helmChart") and condition_of(obj, "Ready"))
        self.assertEqual(released["status"]["helmChart"], f"{self.ns}/{self.ns}-web")
        self.assertEqual(condition_of(released, "Ready")["reason"], "SourceNotReady")
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.await_gone(HELM_CHART, f"{self.ns}-web")


if __name__ == "__main__":
    totals.main()
