#!/usr/bin/env python3
"""The main job, one rule a case: what a Kustomization applies, keeps, prunes and deletes, and what it says when it cannot."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import (Case, condition_of, config_map, data_of, deployment, secret, service, throughout, until)  # noqa: E402
from kube import Recorder  # noqa: E402

OWNER_LABELS = "kustomize.toolkit.fluxcd.io"


def setUpModule():
    harness.begin("main-job")


class ApplyTest(Case):
    """From a commit to objects, and the record of it."""

    def test_status_and_labels(self):
        repository = self.fleet({"cm.yaml": config_map("settings"), "svc.yaml": service("web"), "web.yaml": deployment("web")})
        app = self.kube.get("Kustomization", "app", self.ns)
        status = app["status"]
        self.assertEqual(app["metadata"]["finalizers"], ["finalizers.fluxcd.io"])
        self.assertEqual([(item["type"], item["status"], item["reason"], item["message"], item["observedGeneration"])
                          for item in status["conditions"]],
                         [("Ready", "True", "ReconciliationSucceeded", f"Applied revision: {repository.revision}", 1)])
        self.assertEqual(status["inventory"]["entries"], [{"id": f"{self.ns}_settings__ConfigMap", "v": "v1"},
                                                          {"id": f"{self.ns}_web__Service", "v": "v1"},
                                                          {"id": f"{self.ns}_web_apps_Deployment", "v": "v1"}])
        self.assertEqual((status["lastAppliedRevision"], status["lastAttemptedRevision"], status["observedGeneration"]),
                         (repository.revision, repository.revision, 1))
        [entry] = status["history"]
        self.assertEqual((entry["lastReconciledStatus"], entry["totalReconciliations"], entry["metadata"]),
                         ("ReconciliationSucceeded", 1, {"revision": repository.revision}))
        for kind, name in (("ConfigMap", "settings"), ("Service", "web"), ("Deployment", "web")):
            metadata = self.kube.get(kind, name, self.ns)["metadata"]
            self.assertEqual({key: value for key, value in metadata["labels"].items() if key.startswith(OWNER_LABELS)},
                             {f"{OWNER_LABELS}/name": "app", f"{OWNER_LABELS}/namespace": self.ns})
            self.assertIn(("kustomize-controller", "Apply"),
                          [(field["manager"], field["operation"]) for field in metadata["managedFields"]])

    def test_events(self):
        repository = self.fleet({"cm.yaml": config_map("settings"), "svc.yaml": service("web")})
        events = until(lambda: len(found := self.events("Kustomization", "app")) >= 2 and found,
                       seen=lambda: self.events("Kustomization", "app"))
        self.assertEqual(events[0], ("Normal", "Progressing", f"ConfigMap/{self.ns}/settings created\nService/{self.ns}/web created"))
        self.assertEqual(events[1][:2], ("Normal", "ReconciliationSucceeded"))
        self.assertRegex(events[1][2], r"^Reconciliation finished in [0-9.µmns]+, next run in 1h0m0s$")
        [written] = [item for item in self.kube.list("Event", self.ns) if item["reason"] == "ReconciliationSucceeded"]
        self.assertEqual(written["metadata"]["annotations"], {"kustomize.toolkit.fluxcd.io/commit_status": "update",
                                                              "kustomize.toolkit.fluxcd.io/revision": repository.revision})
        self.assertEqual((written["source"]["component"], written["reportingComponent"]), ("kustomize-controller",) * 2)
        self.push(repository, {"cm.yaml": config_map("settings", {"key": "other"}), "svc.yaml": None})
        self.await_applied(repository)
        lines = f"ConfigMap/{self.ns}/settings configured", f"Service/{self.ns}/web deleted"
        until(lambda: all(any(line in event[2] for event in self.events("Kustomization", "app")) for line in lines),
              seen=lambda: self.events("Kustomization", "app"))

    def test_requested_at(self):
        repository = self.fleet({"cm.yaml": config_map("settings")})
        for kind, name in (("Kustomization", "app"), ("GitRepository", "fleet")):
            token = self.request(kind, name)
            self.await_object(kind, name, lambda obj, token=token: obj["status"].get("lastHandledReconcileAt") == token)
        history = self.kube.get("Kustomization", "app", self.ns)["status"]["history"]
        self.assertEqual([(entry["totalReconciliations"], entry["metadata"]["revision"]) for entry in history], [(2, repository.revision)])

    def test_a_pushed_commit_arrives_by_the_interval_alone(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings", {"n": "1"})})
        self.source("fleet", repository, interval="1s")
        self.kustomization()
        self.await_applied(repository)
        repository.commit({"cm.yaml": config_map("settings", {"n": "2"})})
        self.await_applied(repository)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"n": "2"})

    def test_a_commit_elsewhere_only_moves_the_revision(self):
        files = {"app/cm.yaml": config_map("settings"), "other/readme.txt": "one"}
        repository = self.fleet(files, path="./app", wait=True)
        before = self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"]
        self.push(repository, {"other/readme.txt": "two"})
        status = self.await_applied(repository)["status"]
        self.assertEqual(self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"], before)
        self.assertEqual(len(status["inventory"]["entries"]), 1)
        self.assertEqual([item["type"] for item in status["conditions"]], ["Ready", "Healthy"])

    def test_suspend_and_resume(self):
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        before = self.kube.get("Kustomization", "app", self.ns)["status"]
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": True}})
        self.await_object("Kustomization", "app", lambda obj: obj["status"]["observedGeneration"] == obj["metadata"]["generation"])
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "2"})})
        self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["revision"] == repository.revision)
        self.kube.patch("ConfigMap", "settings", self.ns, {"data": {"n": "by hand"}})
        throughout(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"n": "by hand"}, 1.5)
        suspended = self.kube.get("Kustomization", "app", self.ns)  # Ready=True holds for its generation, as in Flux, and nothing else changes
        self.assertEqual(suspended["status"], before | {"observedGeneration": suspended["metadata"]["generation"]})
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": None}})
        self.await_applied(repository)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"n": "2"})

    def test_a_suspended_source_is_not_looked_at(self):
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        first = repository.revision
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"suspend": True}})
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "2"})})
        throughout(lambda: self.kube.get("GitRepository", "fleet", self.ns)["status"]["artifact"]["revision"] == first, 1.5)
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"suspend": False}})
        self.await_applied(repository)

    def test_a_changed_spec_is_applied_at_once(self):
        self.fleet({"a/cm.yaml": config_map("a"), "b/cm.yaml": config_map("b")}, path="./a")
        self.kustomization(path="./b")
        self.await_object("Kustomization", "app", lambda obj: harness.is_ready(obj) and obj["metadata"]["generation"] == 2)
        self.assertIsNone(self.kube.get("ConfigMap", "a", self.ns))
        self.assertIsNotNone(self.kube.get("ConfigMap", "b", self.ns))

    def test_an_empty_path_builds_nothing_and_is_ready(self):
        repository = self.fleet({"kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n"})
        status = self.await_applied(repository)["status"]
        self.assertEqual(status.get("inventory", {}).get("entries", []), [])

    def test_namespaces_and_crds_come_first(self):
        group = "stages.example.com"
        crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"gadgets.{group}"},
               "spec": {"group": group, "scope": "Namespaced",
                        "names": {"kind": "Gadget", "plural": "gadgets", "singular": "gadget", "listKind": "GadgetList"},
                        "versions": [{"name": "v1", "served": True, "storage": True,
                                      "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
        gadget = {"apiVersion": f"{group}/v1", "kind": "Gadget", "metadata": {"name": "one", "namespace": f"{self.ns}-made"}, "spec": {"size": 1}}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{self.ns}-made"}}
        repository = self.fleet({"all.yaml": [gadget, config_map("in-it", namespace=f"{self.ns}-made"), namespace, crd]},
                                targetNamespace=None, wait=True)
        self.assertEqual([entry["id"] for entry in self.await_applied(repository)["status"]["inventory"]["entries"]],
                         [f"_gadgets.{group}_apiextensions.k8s.io_CustomResourceDefinition", f"_{self.ns}-made__Namespace",
                          f"{self.ns}-made_in-it__ConfigMap", f"{self.ns}-made_one_{group}_Gadget"])
        self.assertEqual(self.kube.get(f"{group}/v1/Gadget", "one", f"{self.ns}-made")["spec"], {"size": 1})


class BuildTest(Case):
    """What the spec does to the manifests."""

    def test_the_fields_of_the_spec(self):
        self.fleet({"base/kustomization.yaml": {"resources": ["web.yaml", "cm.yaml"]}, "base/web.yaml": deployment("web", image="app:1"),
                    "base/cm.yaml": config_map("settings", {"level": "base"}),
                    "extra/kustomization.yaml": {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component",
                                                 "resources": ["more.yaml"]}, "extra/more.yaml": config_map("more")},
                   path="./base", namePrefix="p-", nameSuffix="-s", components=["../extra"],
                   images=[{"name": "app", "newTag": "2"}], commonMetadata={"labels": {"team": "x"}, "annotations": {"note": "y"}},
                   patches=[{"patch": '[{"op": "replace", "path": "/data/level", "value": "patched"}]', "target": {"kind": "ConfigMap", "name": "settings"}},
                            {"patch": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n"}])
        web = self.kube.get("Deployment", "p-web-s", self.ns)
        self.assertEqual((web["spec"]["replicas"], web["spec"]["template"]["spec"]["containers"][0]["image"]), (2, "app:2"))
        self.assertEqual((web["metadata"]["labels"]["team"], web["metadata"]["annotations"]["note"]), ("x", "y"))
        self.assertEqual(data_of(self.kube.get("ConfigMap", "p-settings-s", self.ns)), {"level": "patched"})
        self.assertIsNotNone(self.kube.get("ConfigMap", "p-more-s", self.ns))

    def test_a_kustomization_is_generated_where_there_is_none(self):
        self.fleet({"apps/one.yaml": config_map("one"), "apps/deep/two.yml": config_map("two"), "apps/readme.md": "no manifest: [",
                    "apps/own/kustomization.yaml": {"namePrefix": "own-", "resources": ["three.yaml"]}, "apps/own/three.yaml": config_map("three")},
                   path="./apps")
        self.assertEqual([item["metadata"]["name"] for item in self.kube.list("ConfigMap", self.ns, f"{OWNER_LABELS}/name=app")],
                         ["one", "own-three", "two"])

    def test_variables_from_config_maps_secrets_and_the_spec(self):
        self.kube.apply(config_map("cluster", {"name": "c1", "tier": "low", "replicas": "0"}, namespace=self.ns))
        self.kube.apply(secret("private", self.ns, {"tier": "high", "token": "s3cret\n"}))
        self.fleet({"cm.yaml": config_map("settings", {"text": "${name} ${tier} ${token} ${region:=eu} ${last} $${kept}"}),
                    "raw.yaml": config_map("raw", {"text": "${kept}"}, annotations={f"{OWNER_LABELS}/substitute": "disabled"}),
                    "web.yaml": harness.to_yaml(deployment("web")).replace("replicas: 1", "replicas: ${replicas}")},
                   postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "cluster"}, {"kind": "Secret", "name": "private"},
                                                 {"kind": "ConfigMap", "name": "nowhere", "optional": True}],
                              "substitute": {"last": "spec", "name": "c2"}})
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"text": "c2 high s3cret eu spec ${kept}"})
        self.assertEqual(data_of(self.kube.get("ConfigMap", "raw", self.ns)), {"text": "${kept}"})
        self.assertEqual(self.kube.get("Deployment", "web", self.ns)["spec"]["replicas"], 0)

    def test_a_changed_variable_arrives_with_the_interval(self):
        self.kube.apply(config_map("cluster", {"name": "one"}, namespace=self.ns))
        self.fleet({"cm.yaml": config_map("settings", {"text": "${name}"})}, interval="1s",
                   postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "cluster"}]})
        self.kube.apply(config_map("cluster", {"name": "two"}, namespace=self.ns))
        self.await_object("ConfigMap", "settings", lambda obj: data_of(obj) == {"text": "two"})


class PruneTest(Case):
    """What is no longer wanted goes, and nothing else."""

    FILES = {"keep.yaml": config_map("keep"), "go.yaml": config_map("go")}

    def test_a_removed_file_is_pruned(self):
        repository = self.fleet(self.FILES)
        self.push(repository, {"go.yaml": None})
        entries = self.await_applied(repository)["status"]["inventory"]["entries"]
        self.assertEqual([entry["id"] for entry in entries], [f"{self.ns}_keep__ConfigMap"])
        self.assertIsNone(self.kube.get("ConfigMap", "go", self.ns))

    def test_without_prune_it_stays(self):
        repository = self.fleet(self.FILES, prune=False)
        self.push(repository, {"go.yaml": None})
        self.await_applied(repository)
        self.assertIsNotNone(self.kube.get("ConfigMap", "go", self.ns))

    def test_what_asks_to_be_kept_or_belongs_to_others_stays(self):
        kept = config_map("asks", annotations={f"{OWNER_LABELS}/prune": "disabled"})
        repository = self.fleet({"asks.yaml": kept, "taken.yaml": config_map("taken"), "keep.yaml": config_map("keep")})
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": True}})  # or the label would be put back
        self.await_object("Kustomization", "app", lambda obj: obj["status"]["observedGeneration"] == obj["metadata"]["generation"])
        self.kube.patch("ConfigMap", "taken", self.ns, {"metadata": {"labels": {f"{OWNER_LABELS}/name": "somebody-else"}}})
        repository.commit({"asks.yaml": None, "taken.yaml": None})
        self.request("GitRepository", "fleet")
        self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["revision"] == repository.revision)
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": False}})
        self.await_applied(repository)
        self.assertEqual({item["metadata"]["name"] for item in self.kube.list("ConfigMap", self.ns)} & {"asks", "taken", "keep"},
                         {"asks", "taken", "keep"})

    def test_objects_that_move_between_kustomizations_are_not_lost(self):
        # One prunes what the other applies, at the same time: whoever comes first, the objects are there at the end, and stay.
        moving = [config_map(f"moving-{index}") for index in range(40)]
        repository = self.fleet({"a/stays.yaml": config_map("a"), "b/stays.yaml": config_map("b"), "a/moving.yaml": moving}, path="./a")
        self.kustomization("b", path="./b")
        for here, there, owner in (("a", "b", "b"), ("b", "a", "app"), ("a", "b", "b")):
            self.push(repository, {f"{here}/moving.yaml": None, f"{there}/moving.yaml": moving})
            for name in ("app", "b"):
                self.await_applied(repository, name)
            labels = lambda: {item["metadata"]["name"]: item["metadata"]["labels"][f"{OWNER_LABELS}/name"]  # noqa: E731
                              for item in self.kube.list("ConfigMap", self.ns, f"{OWNER_LABELS}/name") if "moving" in item["metadata"]["name"]}
            until(lambda owner=owner: labels() == {f"moving-{index}": owner for index in range(40)}, seen=labels)
        self.kube.delete("ConfigMap", "moving-7", self.ns)
        self.await_object("ConfigMap", "moving-7", lambda obj: True)


class DeletionTest(Case):
    """What the end of a Kustomization does to what it applied."""

    def delete(self, **spec):
        self.fleet({"cm.yaml": config_map("settings")}, **spec)
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        return self.kube.get("ConfigMap", "settings", self.ns)

    def test_mirror_prune_with_prune(self):
        self.assertIsNone(self.delete())

    def test_mirror_prune_without_prune(self):
        self.assertIsNotNone(self.delete(prune=False))

    def test_delete_without_prune(self):
        self.assertIsNone(self.delete(prune=False, deletionPolicy="Delete"))

    def test_orphan_with_prune(self):
        self.assertIsNotNone(self.delete(deletionPolicy="Orphan"))

    def test_suspended_leaves_all(self):
        self.fleet({"cm.yaml": config_map("settings")})
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": True}})
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.assertIsNotNone(self.kube.get("ConfigMap", "settings", self.ns))

    def test_wait_for_termination(self):
        held = config_map("held", finalizers=["example.com/held"])
        self.fleet({"cm.yaml": held}, deletionPolicy="WaitForTermination")
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_object("ConfigMap", "held", lambda obj: "deletionTimestamp" in obj["metadata"])
        throughout(lambda: self.kube.get("Kustomization", "app", self.ns), 1.5)
        self.kube.patch("ConfigMap", "held", self.ns, {"metadata": {"finalizers": None}})
        self.await_gone("Kustomization", "app")
        self.assertIsNone(self.kube.get("ConfigMap", "held", self.ns))

    def test_the_account_is_gone(self):
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant", "namespace": self.ns}})
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "tenant", "namespace": self.ns},
                         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                         "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": self.ns}]})
        self.fleet({"cm.yaml": config_map("settings")}, serviceAccountName="tenant")
        self.kube.delete("ServiceAccount", "tenant", self.ns)
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.assertIsNotNone(self.kube.get("ConfigMap", "settings", self.ns))
        until(lambda: any("left behind" in event[2] for event in self.events("Kustomization", "app")), seen=lambda: self.events("Kustomization", "app"))


class DriftTest(Case):
    """What somebody does to an owned object by hand is put back at once, by nothing but the watch."""

    def put_back(self, what, change, holds):
        started = time.monotonic()
        change()
        until(holds)
        print(f"  {what}: put back within {time.monotonic() - started:.2f} s")

    def test_edits_deletions_and_labels(self):
        self.fleet({"cm.yaml": config_map("settings", {"n": "1"}), "web.yaml": deployment("web", replicas=2)})
        of_map = ("ConfigMap", "settings", self.ns)
        get = lambda: self.kube.get(*of_map)  # noqa: E731
        self.put_back("an edit", lambda: self.kube.patch(*of_map, {"data": {"n": "9"}}), lambda: data_of(get()) == {"n": "1"})
        uid = get()["metadata"]["uid"]
        self.put_back("a deletion", lambda: self.kube.delete(*of_map), lambda: get() and get()["metadata"]["uid"] != uid and data_of(get()) == {"n": "1"})
        self.put_back("a label", lambda: self.kube.patch(*of_map, {"metadata": {"labels": {f"{OWNER_LABELS}/name": None}}}),
                      lambda: get()["metadata"].get("labels", {}).get(f"{OWNER_LABELS}/name") == "app")
        self.put_back("a scale", lambda: self.kube.patch("Deployment", "web", self.ns, {"spec": {"replicas": 0}}),
                      lambda: self.kube.get("Deployment", "web", self.ns)["spec"]["replicas"] == 2)
        until(lambda: any(event[2] == f"ConfigMap/{self.ns}/settings configured" for event in self.events("Kustomization", "app")),
              seen=lambda: self.events("Kustomization", "app"))

    def test_fields_of_others_are_left_alone(self):
        self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        self.kube.patch("ConfigMap", "settings", self.ns, {"data": {"theirs": "x"}, "metadata": {"annotations": {"note": "y"}}})
        throughout(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"n": "1", "theirs": "x"}, 1.5)

    def test_what_asks_to_be_left_alone(self):
        for name, key, value in (("off", "reconcile", "disabled"), ("ignored", "ssa", "Ignore"), ("once", "ssa", "IfNotPresent")):
            setattr(self, name, config_map(name, {"n": "1"}, annotations={f"{OWNER_LABELS}/{key}": value}))
        self.kube.apply(config_map("once", {"n": "theirs"}, namespace=self.ns))
        self.fleet({"all.yaml": [self.off, self.ignored, self.once, config_map("plain")]})
        self.assertIsNone(self.kube.get("ConfigMap", "off", self.ns))
        self.assertIsNone(self.kube.get("ConfigMap", "ignored", self.ns))
        self.assertEqual(data_of(self.kube.get("ConfigMap", "once", self.ns)), {"n": "theirs"})

    def test_a_live_object_may_ask_too(self):
        self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        self.kube.patch("ConfigMap", "settings", self.ns, {"metadata": {"annotations": {f"{OWNER_LABELS}/reconcile": "disabled"}}, "data": {"n": "2"}})
        throughout(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"n": "2"}, 1.5)

    def test_fields_of_kubectl_are_taken_over(self):
        self.kube.create(config_map("settings", {"n": "0", "theirs": "x"}, namespace=self.ns))
        self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns))["n"], "1")


class DependencyTest(Case):
    """dependsOn: nothing is applied before what it needs."""

    def test_order(self):
        order = Recorder(self.kube, "Kustomization", self.ns)
        self.addCleanup(order.close)
        self.kustomization("third", path="./c", dependsOn=[{"name": "second"}])
        self.kustomization("second", path="./b", dependsOn=[{"name": "first"}], wait=True)
        repository = self.env.repository(self.ns, {"a/cm.yaml": config_map("a"), "b/web.yaml": deployment("b"), "c/cm.yaml": config_map("c")})
        self.source("fleet", repository)
        self.assertIn("first' not found", self.await_failed("Kustomization", "second", "DependencyNotReady")["message"])
        self.kustomization("first", path="./a")
        for name in ("first", "second", "third"):
            self.await_applied(repository, name)
        self.assert_order(order, repository.revision)
        self.push(repository, {"a/cm.yaml": config_map("a", {"n": "2"})})
        for name in ("first", "second", "third"):
            self.await_applied(repository, name)
        self.assert_order(order, repository.revision)

    def assert_order(self, order, revision):
        """Each is Ready with the revision only after the one before it is."""
        def ready(name):
            return order.first(lambda _, obj: obj["metadata"]["name"] == name and obj.get("status", {}).get("lastAppliedRevision") == revision
                               and condition_of(obj, "Ready")["status"] == "True")
        places = until(lambda: all(found := [ready(name) is not None for name in ("first", "second", "third")]) and found) and \
            [ready(name) for name in ("first", "second", "third")]
        self.assertEqual(places, sorted(places))


if __name__ == "__main__":
    totals.main()
