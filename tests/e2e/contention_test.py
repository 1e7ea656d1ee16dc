#!/usr/bin/env python3
"""Others are at work too: writers that fight us, owners that share an object, ends that take their time, kinds and namespaces that vanish."""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import ApiError, Case, condition_of, config_map, data_of, deployment, is_ready, secret, until  # noqa: E402
from kube import Kube, Recorder  # noqa: E402

LABEL = "kustomize.toolkit.fluxcd.io"


def setUpModule():
    harness.begin("contention")


class FightTest(Case):
    """Nobody wins by shouting louder: what is undone at once is answered ever more slowly, and all else goes on as ever."""

    SECONDS = 12

    def writes_of(self, recorder, act=None):
        """How many changes of the recorded objects were seen in SECONDS."""
        before = len(recorder.seen)
        time.sleep(self.SECONDS)
        return len(recorder.seen) - before

    def test_a_controller_that_undoes_every_correction(self):
        self.fleet({"cm.yaml": config_map("settings", {"n": "ours"})})
        recorder = Recorder(self.kube, "ConfigMap", self.ns)
        self.addCleanup(recorder.close)
        end, kube = threading.Event(), Kube(self.env.cluster.state)

        def fight():
            while not end.is_set():
                if data_of(kube.get("ConfigMap", "settings", self.ns)) == {"n": "ours"}:
                    kube.patch("ConfigMap", "settings", self.ns, {"data": {"n": "theirs"}}, manager="rival")
                time.sleep(0.01)

        rival = threading.Thread(target=fight, daemon=True)
        rival.start()
        writes = self.writes_of(recorder)
        end.set()
        rival.join()
        print(f"  {writes} writes in {self.SECONDS} s")
        self.assertLess(writes, 60)
        self.await_object("ConfigMap", "settings", lambda obj: data_of(obj) == {"n": "ours"})

    def test_two_kustomizations_with_the_same_object(self):
        repository = self.env.repository(self.ns, {"a/cm.yaml": config_map("shared", {"n": "a"}), "b/cm.yaml": config_map("shared", {"n": "b"})})
        self.source("fleet", repository)
        recorder = Recorder(self.kube, "ConfigMap", self.ns)
        self.addCleanup(recorder.close)
        self.kustomization("a", path="./a")
        self.kustomization("b", path="./b")
        writes = self.writes_of(recorder)
        print(f"  {writes} writes in {self.SECONDS} s")
        self.assertLess(writes, 60)
        # One of them gives it up: the other one has it, and keeps it.
        self.push(repository, {"a/cm.yaml": config_map("own")})
        self.await_applied(repository, "a")
        self.await_object("ConfigMap", "shared", lambda obj: data_of(obj) == {"n": "b"} and obj["metadata"]["labels"][f"{LABEL}/name"] == "b")


class EndTest(Case):
    """Ends that take their time."""

    def test_an_owned_object_that_is_held_by_a_finalizer_comes_back_after_its_end(self):
        self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        self.kube.patch("ConfigMap", "settings", self.ns, {"metadata": {"finalizers": ["example.com/held"]}})
        uid = self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["uid"]
        self.kube.delete("ConfigMap", "settings", self.ns)
        time.sleep(1)
        self.assertIn("deletionTimestamp", self.kube.get("ConfigMap", "settings", self.ns)["metadata"])
        self.kube.patch("ConfigMap", "settings", self.ns, {"metadata": {"finalizers": None}})
        self.await_object("ConfigMap", "settings", lambda obj: obj["metadata"]["uid"] != uid and data_of(obj) == {"n": "1"})

    def test_a_pruned_object_that_is_held_does_not_hold_others_up(self):
        repository = self.fleet({"cm.yaml": config_map("settings", finalizers=["example.com/held"]), "keep.yaml": config_map("keep")})
        self.addCleanup(self.kube.patch, "ConfigMap", "settings", self.ns, {"metadata": {"finalizers": None}})
        self.push(repository, {"cm.yaml": None, "more.yaml": config_map("more")})
        self.await_applied(repository)
        self.assertIn("deletionTimestamp", self.kube.get("ConfigMap", "settings", self.ns)["metadata"])
        self.assertIsNotNone(self.kube.get("ConfigMap", "more", self.ns))

    def test_a_namespace_goes_with_all_that_is_in_it(self):
        self.fleet({"cm.yaml": config_map("settings"), "web.yaml": deployment("web")}, wait=True)
        self.kube.delete("Namespace", self.ns)
        self.await_gone("Namespace", self.ns, "")

    def test_a_namespace_that_is_owned_comes_back_with_all_that_was_in_it(self):
        made = f"{self.ns[:40]}-made"
        self.fleet({"ns.yaml": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made}}, "cm.yaml": config_map("inside", namespace=made)},
                   targetNamespace=None, retryInterval="2s")
        uid = self.kube.get("Namespace", made)["metadata"]["uid"]
        self.kube.delete("Namespace", made)
        self.await_object("ConfigMap", "inside", lambda obj: (self.kube.get("Namespace", made) or {"metadata": {"uid": uid}})["metadata"]["uid"] != uid, made)


class KindTest(Case):
    def test_a_crd_that_is_deleted_comes_back_with_its_objects(self):
        group = "vanish.example.com"
        crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"trinkets.{group}"},
               "spec": {"group": group, "scope": "Namespaced", "names": {"kind": "Trinket", "plural": "trinkets", "singular": "trinket"},
                        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                            "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
        trinket = {"apiVersion": f"{group}/v1", "kind": "Trinket", "metadata": {"name": "one"}, "spec": {"size": 1}}
        self.fleet({"crd.yaml": crd, "one.yaml": trinket}, retryInterval="2s", wait=True)
        uid = self.kube.get("CustomResourceDefinition", f"trinkets.{group}")["metadata"]["uid"]
        self.kube.delete("CustomResourceDefinition", f"trinkets.{group}")
        self.await_object("CustomResourceDefinition", f"trinkets.{group}", lambda obj: obj["metadata"]["uid"] != uid, "")
        self.await_object(f"{group}/v1/Trinket", "one", lambda obj: obj["spec"] == {"size": 1})
        self.await_ready("Kustomization", "app")
        # And the new incarnation is watched as well.
        self.kube.patch(f"{group}/v1/Trinket", "one", self.ns, {"spec": {"size": 2}})
        self.await_object(f"{group}/v1/Trinket", "one", lambda obj: obj["spec"] == {"size": 1})


class ChangeTest(Case):
    """Changes that come while a change is under way."""

    def test_the_spec_changes_again_and_again(self):
        files = {f"{index}/cm.yaml": [config_map(f"cm-{index}-{number}") for number in range(20)] for index in range(8)}
        repository = self.fleet(files, path="./0")
        self.kube.patch("Kustomization", "app", self.ns, {"metadata": {"annotations": {"sluice.dev/allow-prune": "true"}}})  # each spec replaces all of it
        for index in range(1, 8):
            self.kustomization(path=f"./{index}")
            time.sleep(0.05)
        self.await_object("Kustomization", "app", lambda obj: is_ready(obj) and obj["spec"]["path"] == "./7")
        until(lambda: {item["metadata"]["name"] for item in self.kube.list("ConfigMap", self.ns, f"{LABEL}/name=app")} == {f"cm-7-{number}" for number in range(20)})
        self.assertEqual(self.kube.get("Kustomization", "app", self.ns)["status"]["lastAppliedRevision"], repository.revision)

    def test_commits_faster_than_they_can_be_applied(self):
        repository = self.fleet({"cm.yaml": [config_map(f"cm-{number}", {"n": "0"}) for number in range(30)]})
        for change in range(1, 16):
            self.push(repository, {"cm.yaml": [config_map(f"cm-{number}", {"n": str(change)}) for number in range(30)]})
        self.await_applied(repository)
        self.assertEqual({item["data"]["n"] for item in self.kube.list("ConfigMap", self.ns, f"{LABEL}/name=app")}, {"15"})

    def test_news_while_an_artifact_is_stored(self):
        # What newer intent cancels may be storing the very file that the next run is to store.
        chart = lambda n: {"chart/Chart.yaml": {"apiVersion": "v2", "name": "web", "version": "1.0.0"}, "chart/values.yaml": {"n": n}}  # noqa: E731
        kind, repository = "source.toolkit.fluxcd.io/v1/HelmChart", self.env.repository(self.ns, chart(0))
        recorder = Recorder(self.kube, kind, self.ns)
        self.addCleanup(recorder.close)
        self.source("fleet", repository)
        self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmChart", "metadata": {"name": "web", "namespace": self.ns}, "spec": {
            "chart": "./chart", "interval": "1h", "reconcileStrategy": "Revision", "sourceRef": {"kind": "GitRepository", "name": "fleet"}}})
        for n in range(1, 41):
            self.push(repository, chart(n))
            for _ in range(12):
                self.request(kind, "web")
        self.await_object(kind, "web", lambda obj: is_ready(obj) and obj["status"]["artifact"]["revision"] == f"1.0.0+{repository.head[:12]}")
        failed = [condition_of(obj, "StorageOperationFailed")["message"] for _, obj in list(recorder.seen) if condition_of(obj, "StorageOperationFailed")]
        self.assertEqual(failed, [])

    def test_deleted_and_made_anew_at_once(self):
        repository = self.fleet({"cm.yaml": config_map("settings")})
        for _ in range(3):
            self.kube.delete("Kustomization", "app", self.ns)
            until(self.make_anew)
        self.await_applied(repository)
        self.await_object("ConfigMap", "settings", lambda obj: "deletionTimestamp" not in obj["metadata"])

    def make_anew(self):
        """Whether the old one is gone and the new one there."""
        try:
            self.kube.create({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "app", "namespace": self.ns},
                              "spec": {"interval": "1h", "prune": True, "targetNamespace": self.ns, "sourceRef": {"kind": "GitRepository", "name": "fleet"}}})
            return True
        except ApiError as error:
            if error.code != 409:
                raise
            return False


class SecretTest(Case):
    """What is secret in the cluster does not come out in conditions, events and logs."""

    def test_values_of_variables(self):
        self.kube.apply(secret("private", self.ns, {"token": "hunter2: [: x"}))
        repository = self.env.repository(self.ns, {"cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  key: ${token}\n"})
        self.source("fleet", repository)
        self.kustomization(postBuild={"substituteFrom": [{"kind": "Secret", "name": "private"}]})
        self.assert_silent(self.await_failed("Kustomization", "app", "BuildFailed")["message"], "hunter2")

    def test_data_of_secrets_that_the_server_refuses(self):
        bad = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bad"}, "stringData": {"key with spaces": "hunter3"}}
        worse = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "worse"}, "data": {"key": "hunter3hunter3!"}}
        repository = self.env.repository(self.ns, {"bad.yaml": [bad, worse]})
        self.source("fleet", repository)
        self.kustomization()
        ready = self.await_object("Kustomization", "app", lambda obj: condition_of(obj, "Ready").get("status") == "False")
        self.assert_silent(condition_of(ready, "Ready")["message"], "hunter3", "aHVudGVyMw")

    def assert_silent(self, message, *words):
        print(f"  {message}")
        until(lambda: any(kind == "Warning" for kind, _, _ in self.events("Kustomization", "app")))
        with open(self.controller.log, encoding="utf-8") as file:
            told = "\n".join([message, file.read(), *(event[2] for event in self.events("Kustomization", "app"))])
        for word in words:
            self.assertNotIn(word, told)


if __name__ == "__main__":
    totals.main()
