#!/usr/bin/env python3
"""ArtifactGenerators: artifacts composed of parts of other sources, told of by ExternalArtifacts, and built from by Kustomizations."""

import hashlib
import io
import os
import shutil
import sys
import tarfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, is_ready, until  # noqa: E402

GENERATOR = "source.extensions.fluxcd.io/v1beta1/ArtifactGenerator"
ARTIFACT = "source.toolkit.fluxcd.io/v1/ExternalArtifact"
LABEL = "source.extensions.fluxcd.io/generator"


def setUpModule():
    harness.begin("generator", flags=["--feature-gates=ExternalArtifact=true", "--requeue-dependency=1s", "--min-retry-delay=250ms",
                                      "--max-retry-delay=1s"])
    for kind in (GENERATOR, ARTIFACT):
        Case.env.await_kind(kind)


def copy(source, target="@artifact/", **more):
    return {"from": source, "to": target} | more


class GeneratorCase(Case):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_generators)

    def _delete_generators(self):
        for kind in (GENERATOR, ARTIFACT):
            for obj in self.kube.list(kind, self.ns):
                self.kube.delete(kind, obj["metadata"]["name"], self.ns)
        until(lambda: not self.kube.list(GENERATOR, self.ns), seen=lambda: self.kube.list(GENERATOR, self.ns))

    def restart_with(self, *flags):
        """Restarts the controller with these flags instead of its own of the same names, until the end of the test."""
        before, names = self.controller.flags, {flag.split("=")[0] for flag in flags}

        def start(flags):
            self.controller.end()
            self.controller.flags = flags
            self.controller.start()
        self.addCleanup(start, before)
        start([flag for flag in before if flag.split("=")[0] not in names] + list(flags))

    def monorepo(self, files=None):
        repository = self.env.repository(self.ns, files or {
            "deploy/front/cm.yaml": config_map("front", {"n": "1"}), "deploy/back/cm.yaml": config_map("back", {"n": "1"}), "docs/readme.md": "read"})
        self.source("mono", repository)
        return repository

    def generator(self, artifacts, name="gen", sources=None, annotations=None, **spec):
        spec = {"sources": sources or [{"alias": "repo", "kind": "GitRepository", "name": "mono"}], "artifacts": artifacts} | spec
        return self.kube.apply({"apiVersion": "source.extensions.fluxcd.io/v1beta1", "kind": "ArtifactGenerator",
                                "metadata": {"name": name, "namespace": self.ns, "annotations": annotations or {}}, "spec": spec})

    def halves(self):
        return [{"name": half, "originRevision": "@repo", "copy": [copy(f"@repo/deploy/{half}/**")]} for half in ("front", "back")]

    def await_generated(self, name="gen", count=None):
        """Ready for its generation."""
        def good(obj):
            ready = condition_of(obj, "Ready")
            return ready.get("status") == "True" and ready["reason"] == "Succeeded" and ready["observedGeneration"] == obj["metadata"]["generation"] and \
                (count is None or len(obj["status"]["inventory"]) == count)
        return self.await_object(GENERATOR, name, good)

    def artifact(self, name):
        return self.kube.get(ARTIFACT, name, self.ns)

    def contents(self, name):
        """{path: text} of what is served for an ExternalArtifact, checked against its status."""
        artifact = self.artifact(name)["status"]["artifact"]
        with urllib.request.urlopen(artifact["url"], timeout=10) as response:
            body = response.read()
        self.assertEqual("sha256:" + hashlib.sha256(body).hexdigest(), artifact["digest"])
        self.assertEqual(len(body), artifact["size"])
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            return {entry.name: tar.extractfile(entry).read().decode() for entry in tar if entry.isfile()}

    def events_of(self, name="gen"):
        return [(event["reason"], event["message"]) for event in self.kube.list("Event", self.ns) if event["involvedObject"]["name"] == name and
                event["source"]["component"] == "source-watcher"]


class DecomposeTest(GeneratorCase):
    def test_a_monorepo_is_split_and_only_the_half_that_changes_moves(self):
        repository = self.monorepo()
        self.generator(self.halves(), commonMetadata={"labels": {"team": "one"}, "annotations": {"note": "n"}})
        for half in ("front", "back"):
            self.kustomization(half, sourceRef={"kind": "ExternalArtifact", "name": half})
        made = self.await_generated(count=2)
        front = self.await_object(ARTIFACT, "front", lambda obj: True)
        self.assertEqual(front["metadata"]["labels"], {"app.kubernetes.io/managed-by": "source-watcher", LABEL: made["metadata"]["uid"], "team": "one"})
        self.assertEqual(front["metadata"]["annotations"], {"note": "n"})
        self.assertEqual(front["spec"]["sourceRef"], {"apiVersion": "source.extensions.fluxcd.io/v1beta1", "kind": "ArtifactGenerator", "name": "gen",
                                                      "namespace": self.ns})
        artifact = front["status"]["artifact"]
        self.assertEqual(artifact["revision"], "latest@" + artifact["digest"])
        self.assertEqual(artifact["metadata"], {"org.opencontainers.image.revision": repository.revision})
        self.assertEqual(artifact["path"].split("/")[:3], ["externalartifact", self.ns, "front"])
        ready = condition_of(front, "Ready")
        self.assertEqual((ready["status"], ready["reason"], ready["message"]), ("True", "Succeeded", "Artifact is ready"))
        self.assertEqual(self.contents("front"), {"cm.yaml": harness.to_yaml(config_map("front", {"n": "1"}))})
        self.assertEqual(made["status"]["inventory"], [
            {"name": half, "namespace": self.ns, "digest": (now := self.artifact(half)["status"]["artifact"])["digest"], "filename": now["path"].split("/")[3]}
            for half in ("front", "back")])
        self.assertRegex(made["status"]["observedSourcesDigest"], "^sha256:[0-9a-f]{64}$")
        self.assertEqual(condition_of(made, "Ready")["message"], "reconciliation succeeded, generated 2 artifact(s)")
        self.assertEqual(made["metadata"]["finalizers"], ["source.extensions.fluxcd.io/finalizer"])
        applied = self.await_object("Kustomization", "front", is_ready)
        self.assertEqual(applied["status"]["lastAppliedRevision"], artifact["revision"])
        self.assertEqual(applied["status"]["lastAppliedOriginRevision"], repository.revision)
        self.await_object("Kustomization", "back", is_ready)
        back = self.artifact("back")["metadata"]["resourceVersion"]

        self.push(repository, {"deploy/front/cm.yaml": config_map("front", {"n": "2"})}, "mono")
        until(lambda: data_of(self.kube.get("ConfigMap", "front", self.ns)) == {"n": "2"})
        self.await_object(ARTIFACT, "front", lambda obj: obj["status"]["artifact"]["metadata"] == {"org.opencontainers.image.revision": repository.revision})
        self.await_object(ARTIFACT, "back", lambda obj: obj["status"]["artifact"]["metadata"] == {"org.opencontainers.image.revision": repository.revision})
        self.assertNotEqual(self.artifact("front")["status"]["artifact"]["revision"], artifact["revision"])
        self.assertNotEqual(self.artifact("back")["metadata"]["resourceVersion"], back, "its origin moved on")
        self.assertEqual(self.artifact("back")["status"]["artifact"]["revision"],
                         self.kube.get("Kustomization", "back", self.ns)["status"]["lastAppliedRevision"])
        events = until(lambda: [message for reason, message in self.events_of() if reason == "Ready"])
        self.assertTrue(any(message.startswith("external artifacts reconciled: ") and f"{self.ns}/front (sha256:" in message for message in events), events)

    def test_one_for_each_directory(self):
        repository = self.monorepo({"apps/Auth/envs/prod/cm.yaml": config_map("a"), "apps/shop/envs/dev/cm.yaml": config_map("s")})
        self.generator([{"name": "{app}-{env}", "copy": [copy("@repo/apps/{app}/envs/{env}/**")]}], pathPattern="@repo/apps/{app}/envs/{env}")
        self.await_generated(count=2)
        labels = self.artifact("auth-prod")["metadata"]["labels"]
        self.assertEqual((labels["app"], labels["env"]), ("auth", "prod"))
        self.assertEqual(list(self.contents("auth-prod")), ["cm.yaml"])
        self.push(repository, {"apps/shop": None, "apps/new/envs/dev/cm.yaml": config_map("n")}, "mono")
        self.await_object(ARTIFACT, "new-dev", lambda obj: obj.get("status"))
        self.await_gone(ARTIFACT, "shop-dev")
        self.push(repository, {"apps/auth/envs/prod/cm.yaml": config_map("b")}, "mono")
        stalled = self.await_object(GENERATOR, "gen", lambda obj: condition_of(obj, "Stalled").get("status") == "True")
        self.assertEqual(condition_of(stalled, "Stalled")["reason"], "BuildFailed")
        self.assertEqual(condition_of(stalled, "Ready")["message"], 'failed to expand path pattern: pathPattern "@repo/apps/{app}/envs/{env}": directories '
                         '"apps/Auth/envs/prod" and "apps/auth/envs/prod" both resolve to artifact name "auth-prod"')
        self.push(repository, {"apps/auth": None}, "mono")
        self.await_generated(count=2)


class ComposeTest(GeneratorCase):
    def test_several_sources_make_one(self):
        self.monorepo()
        other = self.env.repository(self.ns + "-other", {"values.yaml": "a: {x: 2}\n", "base/values.yaml": "a: {x: 1, z: 1}\n"})
        self.source("other", other)
        self.generator([{"name": "all", "revision": "@other", "copy": [
            copy("@repo/deploy/", exclude=["**/back/**"]), copy("@other/base/values.yaml"),
            copy("@other/values.yaml", "@artifact/values.yaml", strategy="Merge")]}],
            sources=[{"alias": "repo", "kind": "GitRepository", "name": "mono"}, {"alias": "other", "kind": "GitRepository", "name": "other"}])
        self.await_generated()
        self.assertEqual(self.contents("all"), {"deploy/front/cm.yaml": harness.to_yaml(config_map("front", {"n": "1"})), "values.yaml": "a:\n  x: 2\n  z: 1\n"})
        self.assertEqual(self.artifact("all")["status"]["artifact"]["revision"], other.revision)

    def test_an_artifact_of_artifacts(self):
        repository = self.monorepo()
        self.generator(self.halves())
        self.generator([{"name": "again", "originRevision": "@front", "copy": [copy("@front/", "@artifact/x")]}], "second",
                       [{"alias": "front", "kind": "ExternalArtifact", "name": "front"}])
        self.await_generated("second")
        self.assertEqual(list(self.contents("again")), ["x/cm.yaml"])
        self.assertEqual(self.artifact("again")["status"]["artifact"]["metadata"], {"org.opencontainers.image.revision": repository.revision})
        self.push(repository, {"deploy/front/more.yaml": config_map("more")}, "mono")
        until(lambda: sorted(self.contents("again")) == ["x/cm.yaml", "x/more.yaml"])


class TroubleTest(GeneratorCase):
    def failed(self, reason, name="gen"):
        obj = self.await_object(GENERATOR, name, lambda obj: (ready := condition_of(obj, "Ready")).get("status") == "False" and ready["reason"] == reason)
        return condition_of(obj, "Ready")["message"]

    def test_a_source_that_is_not_there_yet(self):
        self.generator(self.halves())
        self.assertEqual(self.failed("SourceFetchFailed"), 'get sources failed: gitrepositories.source.toolkit.fluxcd.io "mono" not found')
        reconciling = condition_of(self.kube.get(GENERATOR, "gen", self.ns), "Reconciling")
        self.assertEqual((reconciling["status"], reconciling["reason"]), ("True", "ProgressingWithRetry"))
        self.monorepo()
        self.await_generated(count=2)
        self.assertFalse(condition_of(self.kube.get(GENERATOR, "gen", self.ns), "Reconciling"))

    def test_a_source_without_an_artifact(self):
        self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "ExternalArtifact", "metadata": {"name": "empty", "namespace": self.ns}})
        self.generator([{"name": "x", "copy": [copy("@e/")]}], sources=[{"alias": "e", "kind": "ExternalArtifact", "name": "empty"}])
        self.assertEqual(self.failed("SourceFetchFailed"), f"get sources failed: source 'ExternalArtifact/{self.ns}/empty' is not ready")

    def test_files_that_are_not_there(self):
        repository = self.monorepo()
        self.generator([{"name": "x", "copy": [copy("@repo/none/**")]}])
        self.assertEqual(self.failed("BuildFailed"), "x build failed: failed to apply copy operations: failed to apply copy operation from '@repo/none/**' to "
                                                     "'@artifact/': no files match pattern 'none/**' in source 'repo'")
        self.push(repository, {"none/cm.yaml": config_map("x")}, "mono")
        self.await_generated(count=1)

    def test_an_output_that_fails_leaves_the_others_what_they_show(self):
        self.restart_with("--artifact-retention-ttl=1s", "--artifact-retention-records=1")
        repository = self.monorepo()
        self.generator([{"name": "front", "copy": [copy("@repo/deploy/front/**")]}, {"name": "x", "copy": [copy("@repo/docs/readme.md")]}])
        self.await_generated(count=2)
        before = self.contents("front")
        store = os.path.dirname(os.path.join(self.controller.storage, "artifacts", self.artifact("front")["status"]["artifact"]["path"]))
        files = sorted(os.listdir(store))
        gone = {"docs/readme.md": None, "docs/other.md": "other"}
        for change in "23":
            self.push(repository, {"deploy/front/cm.yaml": config_map("front", {"n": change}), **gone}, "mono")
            gone = {}
            time.sleep(1.1)  # the retention time, so that the older file may be thought of as garbage
            self.request(GENERATOR, "gen")
            self.failed("BuildFailed")
        self.assertEqual(self.contents("front"), before)
        self.push(repository, {"docs/readme.md": "read"}, "mono")
        self.await_generated(count=2)
        until(lambda: "n: '3'" in self.contents("front")["cm.yaml"])
        until(lambda: len(os.listdir(store)) == len(files), seen=lambda: os.listdir(store))

    def test_a_spec_that_cannot_be(self):
        self.monorepo()
        self.generator([{"name": "x", "revision": "@nobody", "copy": [copy("@repo/")]}])
        self.assertEqual(self.failed("ValidationFailed"), "artifact x revision source alias 'nobody' not found")
        self.assertEqual(condition_of(self.kube.get(GENERATOR, "gen", self.ns), "Stalled")["reason"], "ValidationFailed")
        self.generator([{"name": "x", "copy": [copy("@repo/")]}])
        self.await_generated(count=1)
        self.assertFalse(condition_of(self.kube.get(GENERATOR, "gen", self.ns), "Stalled"))

    def test_disabled_by_its_annotation(self):
        self.monorepo()
        self.generator(self.halves(), annotations={"source.extensions.fluxcd.io/reconcile": "Disabled"})
        ready = condition_of(self.await_object(GENERATOR, "gen", lambda obj: condition_of(obj, "Ready")), "Ready")
        self.assertEqual((ready["status"], ready["reason"], ready["message"]), ("True", "ReconciliationDisabled", "Initialized with reconciliation suspended"))
        self.assertIsNone(self.artifact("front"))
        self.kube.patch(GENERATOR, "gen", self.ns, {"metadata": {"annotations": {"source.extensions.fluxcd.io/reconcile": None}}})
        self.await_generated(count=2)

    def test_two_generators_do_not_fight(self):
        self.monorepo()
        self.generator(self.halves())
        first = self.await_generated(count=2)
        self.generator(self.halves()[:1], "rival")
        self.assertEqual(self.failed("ReconciliationFailed", "rival"),
                         f"front reconcile failed: ExternalArtifact '{self.ns}/front' is made by ArtifactGenerator 'gen'")
        self.kube.delete(GENERATOR, "rival", self.ns)
        self.await_gone(GENERATOR, "rival")
        self.assertEqual(self.artifact("front")["metadata"]["labels"][LABEL], first["metadata"]["uid"])

    def test_a_name_that_is_given_up_is_taken_at_once(self):
        self.restart_with("--min-retry-delay=10m", "--max-retry-delay=10m")
        self.monorepo()
        self.generator(self.halves())
        self.await_generated(count=2)
        self.generator(self.halves()[:1], "rival")
        self.failed("ReconciliationFailed", "rival")
        self.generator(self.halves()[1:])
        self.await_generated(count=1)
        self.await_generated("rival", count=1)


class DriftTest(GeneratorCase):
    def test_what_somebody_changes_is_put_back_at_once(self):
        self.monorepo()
        self.generator(self.halves())
        self.await_generated(count=2)
        before = self.artifact("front")
        self.kube.patch(ARTIFACT, "front", self.ns, {"spec": {"sourceRef": {"name": "somebody"}}})
        self.await_object(ARTIFACT, "front", lambda obj: obj["spec"]["sourceRef"]["name"] == "gen")
        self.kube.patch(ARTIFACT, "front", self.ns, {"status": {"artifact": {"digest": "sha256:" + "0" * 64}}}, "status")
        self.await_object(ARTIFACT, "front", lambda obj: obj["status"]["artifact"]["digest"] == before["status"]["artifact"]["digest"])
        self.kube.delete(ARTIFACT, "front", self.ns)
        self.await_object(ARTIFACT, "front", lambda obj: obj["metadata"]["uid"] != before["metadata"]["uid"] and
                          obj.get("status", {}).get("artifact", {}).get("digest") == before["status"]["artifact"]["digest"])

    def test_a_lost_store_is_filled_again(self):
        self.monorepo()
        self.generator(self.halves())
        self.await_generated(count=2)
        digest = self.artifact("front")["status"]["artifact"]["digest"]
        self.controller.end()
        shutil.rmtree(os.path.join(self.controller.storage, "artifacts"))
        self.controller.start()
        until(lambda: self.served("front"))
        self.assertEqual(self.artifact("front")["status"]["artifact"]["digest"], digest)

    def served(self, name):
        try:
            return self.contents(name)
        except urllib.error.HTTPError:
            return None

    def test_a_restart_writes_nothing(self):
        self.monorepo()
        self.generator(self.halves())
        self.kustomization("front", sourceRef={"kind": "ExternalArtifact", "name": "front"})
        self.await_generated(count=2)
        self.await_object("Kustomization", "front", is_ready)
        versions = self.versions()
        self.controller.restart()
        token = self.request(GENERATOR, "gen")
        self.await_object(GENERATOR, "gen", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.assertEqual(self.versions(), versions)

    def versions(self):
        return {name: self.artifact(name)["metadata"]["resourceVersion"] for name in ("front", "back")} | {
            "map": self.kube.get("ConfigMap", "front", self.ns)["metadata"]["resourceVersion"]}


class EndTest(GeneratorCase):
    def test_what_is_no_longer_asked_for_goes(self):
        self.monorepo()
        self.generator(self.halves())
        self.await_generated(count=2)
        url = self.artifact("back")["status"]["artifact"]["url"]
        self.generator(self.halves()[:1])
        self.await_gone(ARTIFACT, "back")
        self.await_generated(count=1)
        until(lambda: self.status_of(url) == 404)
        self.assertEqual(self.status_of(self.artifact("front")["status"]["artifact"]["url"]), 200)

    def test_deleting_takes_the_artifacts_along_but_not_those_of_others(self):
        self.monorepo()
        self.generator(self.halves())
        self.await_generated(count=2)
        url = self.artifact("front")["status"]["artifact"]["url"]
        self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "ExternalArtifact", "metadata": {"name": "theirs", "namespace": self.ns}})
        inventory = self.kube.get(GENERATOR, "gen", self.ns)["status"]["inventory"]
        self.controller.end()
        self.kube.patch(GENERATOR, "gen", self.ns, {"status": {"inventory": inventory + [
            {"name": "theirs", "namespace": self.ns, "digest": "sha256:0", "filename": "x"}]}}, "status")
        self.kube.delete(GENERATOR, "gen", self.ns)
        self.controller.start()
        self.await_gone(GENERATOR, "gen")
        for name in ("front", "back"):
            self.await_gone(ARTIFACT, name)
        self.assertEqual(self.status_of(url), 404)
        self.assertTrue(self.artifact("theirs"))

    def status_of(self, url):
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code


if __name__ == "__main__":
    totals.main()
