#!/usr/bin/env python3
"""What leaves: held by the prune guard until somebody says yes (threats R46), handed over to another Kustomization and never deleted (R47), kept
because it is not ours (R48) or is not the object that was looked at (R49)."""

import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, throughout, until  # noqa: E402
from kube import Kube, Recorder  # noqa: E402

KEY = "kustomize.toolkit.fluxcd.io"
ALLOW = "sluice.dev/allow-prune"


def setUpModule():
    harness.begin("prune-guard")


def maps(count, prefix="cm"):
    return [config_map(f"{prefix}-{number}") for number in range(count)]


class GuardCase(Case):
    def names(self):
        return {obj["metadata"]["name"] for obj in self.kube.list("ConfigMap", self.ns, f"{KEY}/name")}

    def await_held(self, repository, *words):
        """Waits until the removal at the head of `repository` is held; the Kustomization."""
        def held(obj):
            ready = condition_of(obj, "Ready")
            return (ready.get("status"), ready.get("reason")) == ("False", "PruneHeld") and repository.revision in ready["message"]
        app = self.await_object("Kustomization", "app", held)
        for word in words:
            self.assertIn(word, condition_of(app, "Ready")["message"])
        self.assertEqual(condition_of(app, "PruneHeld")["message"], condition_of(app, "Ready")["message"])
        return app

    def allow(self, value):
        self.kube.patch("Kustomization", "app", self.ns, {"metadata": {"annotations": {ALLOW: value}}})

    def inventory(self):
        return {entry["id"].split("_")[1] for entry in self.kube.get("Kustomization", "app", self.ns)["status"]["inventory"]["entries"]}


class MassTest(GuardCase):
    """R46."""

    def test_an_empty_build(self):
        repository = self.fleet({"apps/all.yaml": maps(3)}, path="./apps")
        self.push(repository, {"apps/all.yaml": None, "apps/why.txt": "nothing"})
        self.await_held(repository, "the build is empty and 3 objects would be removed", f"ConfigMap/{self.ns}/cm-0, ")
        self.assertEqual((self.names(), self.inventory()), ({"cm-0", "cm-1", "cm-2"},) * 2)
        until(lambda: any((kind, reason) == ("Warning", "PruneHeld") for kind, reason, _ in self.events("Kustomization", "app")))
        # Something else that is wrong does not make it forget.
        self.push(repository, {"apps/all.yaml": "kind: [\n"})
        self.await_failed("Kustomization", "app", "BuildFailed")
        self.push(repository, {"apps/all.yaml": config_map("new")})
        self.await_held(repository, "3 objects of a removal that was held would be removed")
        self.assertEqual(self.inventory(), {"cm-0", "cm-1", "cm-2", "new"})
        # Wanted again, it is no removal any more.
        self.push(repository, {"apps/all.yaml": [*maps(3), config_map("new")]})
        app = self.await_applied(repository)
        self.assertEqual(condition_of(app, "PruneHeld"), {})
        self.assertEqual((self.names(), self.inventory()), ({"cm-0", "cm-1", "cm-2", "new"},) * 2)

    def test_ninety_percent_of_200(self):
        repository = self.fleet({"all.yaml": maps(200)})
        self.push(repository, {"all.yaml": maps(20), "new.yaml": config_map("new")})
        app = self.await_held(repository, "180 of 200 objects would be removed, more than 50 %", " and 160 more")
        self.assertEqual(condition_of(app, "PruneHeld")["reason"], "MassRemoval")
        self.assertEqual(len(self.names()), 201)  # the rest has been applied
        self.assertEqual(len(self.inventory()), 201)
        self.assertNotEqual(app["status"]["lastAppliedRevision"], repository.revision)
        # Looked at again it is held still, though the record has grown by what took the old objects' place.
        self.request("Kustomization", "app")
        self.push(repository, {"all.yaml": maps(20), "new.yaml": maps(150, "new")})
        self.await_held(repository)
        self.assertEqual(len(self.names()), 351)
        self.allow("main@sha1:0000000000000000000000000000000000000000")
        self.request("Kustomization", "app")
        self.await_held(repository)
        self.assertEqual(len(self.names()), 351)
        self.allow(repository.head)
        self.await_applied(repository)
        self.assertEqual(self.names(), {f"cm-{number}" for number in range(20)} | {f"new-{number}" for number in range(150)})

    def test_a_fifth_goes_as_ever(self):
        repository = self.fleet({"all.yaml": maps(10)})
        self.push(repository, {"all.yaml": maps(5)})
        self.await_applied(repository)
        self.assertEqual(len(self.names()), 5)
        self.push(repository, {"all.yaml": maps(1)})  # few objects are no mass
        self.await_applied(repository)
        self.assertEqual(len(self.names()), 1)

    def test_the_commit_is_reverted(self):
        """What the commit brought along goes; only who brings back a part of what is held is held to the rest."""
        repository = self.fleet({"all.yaml": maps(12)})
        self.push(repository, {"all.yaml": maps(1, "other")})
        self.await_held(repository, "12 of 12")
        self.push(repository, {"all.yaml": maps(9)})
        self.await_held(repository, "cm-11")
        self.push(repository, {"all.yaml": maps(12)})
        self.await_applied(repository)
        self.assertEqual(condition_of(self.kube.get("Kustomization", "app", self.ns), "PruneHeld"), {})
        self.assertEqual(self.names(), {f"cm-{number}" for number in range(12)})

    def test_a_standing_yes(self):
        repository = self.fleet({"apps/all.yaml": maps(12)}, path="./apps")
        self.allow("true")
        self.push(repository, {"apps/all.yaml": None, "apps/why.txt": "nothing"})
        self.await_applied(repository)
        self.assertEqual(self.names(), set())

    def test_after_a_crash_in_the_middle(self):
        repository = self.fleet({"all.yaml": maps(12)})
        self.controller.kill()
        repository.commit({"all.yaml": maps(12, "other")})
        self.controller.start()
        self.request("GitRepository", "fleet")
        self.await_held(repository, "12 of 12")
        self.controller.kill()
        self.controller.start()
        self.request("Kustomization", "app")
        until(lambda: condition_of(self.kube.get("Kustomization", "app", self.ns), "Ready").get("reason") == "PruneHeld")
        self.assertEqual(len(self.names()), 24)

    def test_the_end_of_a_kustomization_is_a_word(self):
        self.fleet({"all.yaml": maps(12)})
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.assertEqual(self.names(), set())


class DataTest(GuardCase):
    """A Namespace, CustomResourceDefinition or PersistentVolumeClaim goes only if nothing is lost with it."""

    def test_a_namespace(self):
        made = f"{self.ns[:40]}-made"
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made}}
        repository = self.fleet({"ns.yaml": space, "inside.yaml": config_map("inside", namespace=made), "keep.yaml": config_map("keep", namespace=self.ns)},
                                targetNamespace=None)
        self.kube.apply(config_map("theirs", namespace=made))
        self.push(repository, {"ns.yaml": None, "inside.yaml": None})
        app = self.await_held(repository, f"Namespace/{made}: it holds ConfigMap/{made}/theirs")
        self.assertEqual(condition_of(app, "PruneHeld")["reason"], "HoldsData")
        until(lambda: self.kube.get("ConfigMap", "inside", made) is None)  # single objects go
        self.assertNotIn("deletionTimestamp", self.kube.get("Namespace", made)["metadata"])
        self.kube.delete("ConfigMap", "theirs", made)
        self.request("Kustomization", "app")
        self.await_applied(repository)
        self.await_gone("Namespace", made, "")

    def test_a_namespace_with_nothing_but_what_goes_along(self):
        made = f"{self.ns[:40]}-made"
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": made}}
        repository = self.fleet({"ns.yaml": space, "inside.yaml": config_map("inside", namespace=made), "keep.yaml": config_map("keep", namespace=self.ns)},
                                targetNamespace=None)
        self.push(repository, {"ns.yaml": None, "inside.yaml": None})
        self.await_applied(repository)
        self.await_gone("Namespace", made, "")

    def test_a_definition(self):
        group = "guard.example.com"
        crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"jewels.{group}"},
               "spec": {"group": group, "scope": "Namespaced", "names": {"kind": "Jewel", "plural": "jewels", "singular": "jewel"},
                        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                            "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
        repository = self.fleet({"crd.yaml": crd, "keep.yaml": config_map("keep")})
        self.kube.create({"apiVersion": f"{group}/v1", "kind": "Jewel", "metadata": {"name": "one", "namespace": self.ns}})
        self.push(repository, {"crd.yaml": None})
        self.await_held(repository, f"CustomResourceDefinition/jewels.{group}: it holds Jewel/{self.ns}/one")
        self.assertIsNotNone(self.kube.get(f"{group}/v1/Jewel", "one", self.ns))
        self.kube.delete(f"{group}/v1/Jewel", "one", self.ns)
        self.request("Kustomization", "app")
        self.await_applied(repository)
        self.await_gone("CustomResourceDefinition", f"jewels.{group}", "")

    def test_a_claim(self):
        claim = lambda name: {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": {  # noqa: E731
            "accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}}}}
        repository = self.fleet({"full.yaml": claim("full"), "empty.yaml": claim("empty"), "keep.yaml": config_map("keep")})
        self.kube.patch("PersistentVolumeClaim", "full", self.ns, {"spec": {"volumeName": "disk-1"}})
        self.push(repository, {"full.yaml": None, "empty.yaml": None})
        self.await_held(repository, f"PersistentVolumeClaim/{self.ns}/full: it is bound to the volume disk-1")
        self.await_gone("PersistentVolumeClaim", "empty")
        self.assertNotIn("deletionTimestamp", self.kube.get("PersistentVolumeClaim", "full", self.ns)["metadata"])
        self.allow("true")
        self.await_applied(repository)
        until(lambda: "deletionTimestamp" in (self.kube.get("PersistentVolumeClaim", "full", self.ns) or {"metadata": {"deletionTimestamp": ""}})["metadata"])


class HandOverTest(GuardCase):
    """R47: an object that moves is never deleted."""

    ROUNDS = 100 if os.environ.get("SLUICE_ROUNDS") == "all" else int(os.environ.get("SLUICE_ROUNDS", "30"))

    def test_from_one_kustomization_to_another_and_back(self):
        moving = config_map("moving")
        repository = self.fleet({"a/stays.yaml": config_map("a"), "b/stays.yaml": config_map("b"), "a/moving.yaml": moving}, path="./a")
        self.kustomization("b", path="./b")
        uid = self.kube.get("ConfigMap", "moving", self.ns)["metadata"]["uid"]
        recorder = Recorder(self.kube, "ConfigMap", self.ns)
        self.addCleanup(recorder.close)
        for number in range(self.ROUNDS):
            here, there = ("a", "b") if number % 2 == 0 else ("b", "a")
            self.push(repository, {f"{here}/moving.yaml": None, f"{there}/moving.yaml": moving})
            for name in ("app", "b"):
                self.await_applied(repository, name)
            owner = "b" if there == "b" else "app"
            self.await_object("ConfigMap", "moving", lambda obj, owner=owner: obj["metadata"]["labels"][f"{KEY}/name"] == owner)
            self.assertEqual(self.kube.get("ConfigMap", "moving", self.ns)["metadata"]["uid"], uid, f"round {number}")
        self.assertIsNone(recorder.first(lambda kind, obj: kind == "DELETED" and obj["metadata"]["name"] == "moving"))
        for name, ids in (("app", ["a", "moving"]), ("b", ["b"])) if self.ROUNDS % 2 == 0 else (("app", ["a"]), ("b", ["b", "moving"])):
            self.await_object("Kustomization", name, lambda obj, ids=ids: [entry["id"].split("_")[1] for entry in obj["status"]["inventory"]["entries"]] == ids)

    def test_to_one_that_waits_for_the_one_it_comes_from(self):
        repository = self.fleet({"a/stays.yaml": config_map("a"), "b/stays.yaml": config_map("b"), "a/moving.yaml": config_map("moving")}, path="./a")
        self.kustomization("b", path="./b", dependsOn=[{"name": "app"}])
        self.await_applied(repository, "b")
        uid = self.kube.get("ConfigMap", "moving", self.ns)["metadata"]["uid"]
        self.push(repository, {"a/moving.yaml": None, "b/moving.yaml": config_map("moving")})
        self.await_applied(repository, "b")
        self.await_object("ConfigMap", "moving", lambda obj: obj["metadata"]["labels"][f"{KEY}/name"] == "b" and obj["metadata"]["uid"] == uid)
        self.await_object("Kustomization", "app", lambda obj: len(obj["status"]["inventory"]["entries"]) == 1)

    def test_what_was_claimed_for_a_while_goes_when_it_is_not(self):
        repository = self.fleet({"a/all.yaml": [config_map("kept"), config_map("goes")], "b/cm.yaml": config_map("b")}, path="./a")
        self.kustomization("b", path="./b", dependsOn=[{"name": "nobody"}])
        self.await_failed("Kustomization", "b", "DependencyNotReady")
        self.push(repository, {"a/all.yaml": [config_map("kept"), config_map("comes")], "b/cm.yaml": config_map("goes")})
        self.await_applied(repository)
        self.assertEqual((self.inventory(), self.names()), ({"kept", "comes", "goes"}, {"kept", "comes", "goes"}))
        self.push(repository, {"b/cm.yaml": config_map("b")})
        self.await_gone("ConfigMap", "goes")
        self.await_object("Kustomization", "app", lambda obj: len(obj["status"]["inventory"]["entries"]) == 2)

    def fleet_of_kustomizations(self, name, **changed):
        """A Kustomization as it stands in Git."""
        spec = {"interval": "1h", "prune": True, "path": "./apps", "targetNamespace": self.ns, "sourceRef": {"kind": "GitRepository", "name": "fleet", "namespace": self.ns}}
        return {"apiVersion": f"{KEY}/v1", "kind": "Kustomization", "metadata": {"name": name, "namespace": self.ns} | changed.pop("metadata", {}), "spec": spec | changed}

    def moved(self):
        """The objects that the Kustomization in Git applies: {name: (uid, owner)}."""
        return {obj["metadata"]["name"]: (obj["metadata"]["uid"], obj["metadata"]["labels"][f"{KEY}/name"])
                for obj in self.kube.list("ConfigMap", self.ns, f"{KEY}/name") if obj["metadata"]["name"].startswith("cm-")}

    def renamed(self, before, after):
        repository = self.fleet({"root/ks.yaml": before, "root/stays.yaml": config_map("root", namespace=self.ns), "apps/all.yaml": maps(12)},
                                path="./root", targetNamespace=None)
        old, new = (obj["metadata"] for obj in (before, after))
        self.await_applied(repository, old["name"], old["namespace"])
        uids = {name: uid for name, (uid, _) in self.moved().items()}
        self.assertEqual(len(uids), 12)
        recorder = Recorder(self.kube, "ConfigMap", self.ns)
        self.addCleanup(recorder.close)
        self.push(repository, {"root/ks.yaml": after})
        self.await_applied(repository, new["name"], new["namespace"])
        self.await_gone("Kustomization", old["name"], old["namespace"])
        self.assertEqual(self.moved(), {name: (uid, new["name"]) for name, uid in uids.items()})
        self.assertIsNone(recorder.first(lambda kind, _: kind == "DELETED"))

    def test_a_kustomization_that_is_renamed(self):
        self.renamed(self.fleet_of_kustomizations("old"), self.fleet_of_kustomizations("new"))

    def test_a_kustomization_that_is_moved_to_another_namespace(self):
        other = f"{self.ns[:40]}-other"
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
        self.addCleanup(self.kube.delete, "Kustomization", "apps", other)
        self.renamed(self.fleet_of_kustomizations("apps"), self.fleet_of_kustomizations("moved", metadata={"namespace": other}))


class LeftTest(GuardCase):
    """The end of a Kustomization of whose objects another one claims some and does not take them: it neither hangs nor deletes them."""

    def shared(self, **metadata):
        """Kustomizations `app`, which has made the object `shared`, and a source with the same object at ./b."""
        files = {f"{folder}/all.yaml": [config_map(folder), config_map("shared", **metadata)] for folder in "ab"}
        return self.fleet(files, path="./a")

    def assert_left(self, claimer, *words):
        """`app` goes, what is its own too; `shared` stays, and it is told who asks for it."""
        self.await_gone("Kustomization", "app")
        self.assertIsNone(self.kube.get("ConfigMap", "a", self.ns))
        self.assertIsNotNone(self.kube.get("ConfigMap", "shared", self.ns))
        name = f"ConfigMap/{self.ns}/shared (Kustomization/{self.ns}/{claimer})"
        said = ("Warning", "PruneFailed", f"not deleted, since others ask for them{''.join(words)}: {name}")
        until(lambda: said in self.events("Kustomization", "app"))

    def test_what_is_only_made_if_it_is_not_there(self):
        self.shared(annotations={f"{KEY}/ssa": "IfNotPresent"})
        self.kustomization("b", path="./b")
        self.await_ready("Kustomization", "b")
        self.kube.delete("Kustomization", "app", self.ns)
        self.assert_left("b")

    def test_what_is_not_reconciled(self):
        self.shared()
        self.kube.patch("ConfigMap", "shared", self.ns, {"metadata": {"annotations": {f"{KEY}/reconcile": "disabled"}}})
        self.kustomization("b", path="./b")
        self.await_ready("Kustomization", "b")
        self.kube.delete("Kustomization", "app", self.ns)
        self.assert_left("b")

    def test_who_waits_for_the_one_that_goes(self):
        self.shared()
        self.kustomization("b", path="./b", dependsOn=[{"name": "app", "readyExpr": "false"}])
        self.await_failed("Kustomization", "b", "DependencyNotReady")
        self.kube.delete("Kustomization", "app", self.ns)
        self.assert_left("b")

    def test_what_is_gone_by_itself_is_not_told_of(self):
        self.shared()
        self.kustomization("b", path="./b", dependsOn=[{"name": "app", "readyExpr": "false"}])
        self.await_failed("Kustomization", "b", "DependencyNotReady")
        self.controller.end()
        self.kube.delete("ConfigMap", "shared", self.ns)
        self.kube.delete("Kustomization", "app", self.ns)
        self.controller.restart()
        self.await_gone("Kustomization", "app")
        until(lambda: any(f"ConfigMap/{self.ns}/a deleted" in message for _, _, message in self.events("Kustomization", "app")))
        throughout(lambda: not any("others ask for them" in message for _, _, message in self.events("Kustomization", "app")), 2)

    def test_who_may_not(self):
        self.shared()
        self.kustomization("app", path="./a", timeout="6s")
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "poor", "namespace": self.ns}})
        self.kustomization("b", path="./b", serviceAccountName="poor")
        self.await_failed("Kustomization", "b", "ReconciliationFailed")
        self.kube.delete("Kustomization", "app", self.ns)
        message = f"Waiting until others have taken over: ConfigMap/{self.ns}/shared (Kustomization/{self.ns}/b)"
        self.await_object("Kustomization", "app", lambda obj: condition_of(obj, "Reconciling").get("message") == message)
        self.assert_left("b", ", who did not take them over in time")


class OrderTest(GuardCase):
    def test_a_crash_behind_the_apply_does_not_outwit_the_guard(self):
        """What came counts for nothing: 12 of 24 would be no mass removal."""
        repository = self.fleet({"all.yaml": maps(12)})
        self.controller.end()
        self.controller.variables["SLUICE_FAILPOINT"] = "apply.after:1"
        repository.commit({"all.yaml": maps(12, "other")})
        self.request("GitRepository", "fleet")
        self.controller.start(wait=False)
        until(lambda: not self.controller.is_running())
        del self.controller.variables["SLUICE_FAILPOINT"]
        self.assertEqual(len(self.names()), 24)
        self.controller.start()
        self.await_held(repository, "12 objects of a removal that was held")
        self.assertEqual(len(self.names()), 24)

    def test_what_comes_is_there_before_it_is_known_what_goes(self):
        """To know that may mean to build what thousands of others are about to apply."""
        repository = self.fleet({"all.yaml": [config_map("kept"), config_map("goes")]})
        self.controller.end()
        self.controller.variables["SLUICE_FAILPOINT"] = "removal.decide.after:1"
        repository.commit({"all.yaml": [config_map("kept"), config_map("comes")]})
        self.request("GitRepository", "fleet")
        self.controller.start(wait=False)
        until(lambda: not self.controller.is_running())
        del self.controller.variables["SLUICE_FAILPOINT"]
        self.assertEqual(self.names(), {"kept", "goes", "comes"})
        self.controller.start()
        self.await_applied(repository)
        self.assertEqual(self.names(), {"kept", "comes"})


class ForeignTest(GuardCase):
    """R48, R49."""

    def test_copied_labels(self):
        repository = self.fleet({"all.yaml": maps(2)})
        labels = {f"{KEY}/name": "app", f"{KEY}/namespace": self.ns}
        self.kube.apply(config_map("copy", {"n": "theirs"}, namespace=self.ns, labels=labels), "operator")
        self.push(repository, {"all.yaml": maps(1)})
        self.await_applied(repository)
        self.request("Kustomization", "app")
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.assertEqual(self.names(), {"copy"})

    def test_made_anew_between_the_look_and_the_deletion(self):
        # Somebody deletes the object and makes it anew while it is pruned. Whoever comes first: what they made survives.
        repository = self.fleet({"keep.yaml": config_map("keep")} | {f"{number}.yaml": config_map(f"reborn-{number}") for number in range(20)})
        self.kube.patch("Kustomization", "app", self.ns, {"metadata": {"annotations": {ALLOW: "true"}}, "spec": {"suspend": True}})
        repository.commit({f"{number}.yaml": None for number in range(20)})
        self.request("GitRepository", "fleet")
        self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["revision"] == repository.revision)

        def rebirth(number):
            human = Kube(self.env.cluster.state)
            human.delete("ConfigMap", f"reborn-{number}", self.ns)
            until(lambda: human.create(config_map(f"reborn-{number}", {"n": "human"}, namespace=self.ns)))

        threads = [threading.Thread(target=rebirth, args=(number,)) for number in range(20)]
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": False}})
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.await_applied(repository)
        for number in range(20):
            self.assertEqual(data_of(self.kube.get("ConfigMap", f"reborn-{number}", self.ns)), {"n": "human"}, number)


if __name__ == "__main__":
    totals.main()
