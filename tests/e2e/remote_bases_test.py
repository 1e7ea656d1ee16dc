#!/usr/bin/env python3
"""What kustomizations name outside of their artifact: directories of other repositories, and files over http. Each reconcile asks for them anew, a host that is not
there harms nobody else, and a controller with --no-remote-bases (intent_test) asks nobody."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from foreign_sources_test import FileServer  # noqa: E402
from harness import Case, condition_of, config_map, data_of, throughout, to_yaml, until  # noqa: E402


def setUpModule():
    RemoteCase.server = FileServer()
    unittest.addModuleCleanup(RemoteCase.server.close)
    harness.begin("remote-bases", flags=["--requeue-dependency=1s"])


class RemoteCase(Case):
    server = None

    def base(self, n="1", name="base"):
        """A repository with a kustomization in deploy/."""
        return self.env.repository(f"{self.ns}-{name}", {"deploy/kustomization.yaml": {"resources": ["note.yaml"], "namePrefix": "base-"},
                                                         "deploy/note.yaml": config_map("note", {"n": n})})

    def entry(self, base, ref="main"):
        return f"{self.env.git.url(base.name)}//deploy?ref={ref}"

    def data(self, name):
        return data_of(self.kube.get("ConfigMap", name, self.ns))

    def await_data(self, name, data):
        until(lambda: self.data(name) == data, seen=lambda: self.data(name))


class RemoteBasesTest(RemoteCase):
    def test_a_directory_and_a_file(self):
        base = self.base()
        base.tag("v1")
        path = f"/{self.ns}/file.yaml"
        self.server.files[path] = to_yaml(config_map("file", {"n": "1"})).encode()
        repository = self.fleet({"moving/kustomization.yaml": {"resources": ["own.yaml", self.entry(base), f"http://{self.server.address}{path}"]},
                                 "moving/own.yaml": config_map("own", {"n": "1"}),
                                 "pinned/kustomization.yaml": {"resources": [self.entry(base, "v1")], "nameSuffix": "-pinned"},
                                 "slow/kustomization.yaml": {"resources": [self.entry(base)], "nameSuffix": "-slow"}},
                                path="./moving", interval="2s")
        self.kustomization("pinned", path="./pinned", interval="2s")
        self.kustomization("slow", path="./slow")
        self.await_applied(repository, "pinned")
        self.await_applied(repository, "slow")
        for name in ("own", "base-note", "file", "base-note-pinned", "base-note-slow"):
            self.assertEqual(self.data(name), {"n": "1"}, name)
        # Nothing of the fleet changes: the interval finds what others have changed.
        base.commit({"deploy/note.yaml": config_map("note", {"n": "2"})})
        self.server.files[path] = to_yaml(config_map("file", {"n": "2"})).encode()
        self.await_data("base-note", {"n": "2"})
        self.await_data("file", {"n": "2"})
        self.assertEqual(self.data("base-note-pinned"), {"n": "1"})
        # What the base no longer has is pruned.
        base.commit({"deploy/kustomization.yaml": {"resources": ["other.yaml"]}, "deploy/other.yaml": config_map("other", {"n": "3"})})
        self.await_data("other", {"n": "3"})
        until(lambda: self.kube.get("ConfigMap", "base-note", self.ns) is None)
        # A commit that changes nothing of the kustomization's own files brings it up to date, too.
        self.assertEqual(self.data("base-note-slow"), {"n": "1"})
        self.push(repository, {"README.md": "words"})
        self.await_applied(repository, "slow")
        self.await_data("other-slow", {"n": "3"})

    def test_a_base_that_names_others(self):
        deep = self.base("deep", "deep")
        base = self.env.repository(f"{self.ns}-base", {"kustomization.yaml": {"resources": [self.entry(deep)], "namePrefix": "outer-"}})
        self.fleet({"kustomization.yaml": {"resources": [f"{self.env.git.url(base.name)}?ref={base.head}"]}})
        self.assertEqual(self.data("outer-base-note"), {"n": "deep"})

    def test_what_is_not_there_is_named_and_comes_later(self):
        repository = self.env.repository(self.ns, {
            "app/kustomization.yaml": {"resources": [f"{self.env.git.url(self.ns + '-base')}//deploy?ref=main"]},
            "local/kustomization.yaml": {"resources": ["file:///etc"]},
            "silent/kustomization.yaml": {"resources": [f"http://{self.silence()}/org/app.git?timeout=600s"]}, "other/own.yaml": config_map("own")})
        self.source("fleet", repository)
        self.await_ready("GitRepository", "fleet")
        self.kustomization(path="./app", retryInterval="1s")
        self.kustomization("silent", path="./silent")
        self.kustomization("local", path="./local")
        self.assertIn("repositories at file:// are not read", self.await_failed("Kustomization", "local", "BuildFailed")["message"])
        failed = self.await_failed("Kustomization", "app", "BuildFailed")
        self.assertIn(f"{self.ns}-base", failed["message"])
        self.assertIn("kustomization.yaml:2:3", failed["message"])
        self.kustomization("other", path="./other")
        self.await_applied(repository, "other")
        self.base("late")
        self.await_applied(repository)
        self.assertEqual(self.data("base-note"), {"n": "late"})
        self.assertNotEqual(condition_of(self.kube.get("Kustomization", "silent", self.ns), "Ready").get("status"), "True")

    def test_one_that_takes_over_is_asked_with_its_bases(self):
        base = self.base()
        repository = self.fleet({"app/kustomization.yaml": {"resources": [self.entry(base)]}}, path="./app")
        uid = self.kube.get("ConfigMap", "base-note", self.ns)["metadata"]["uid"]
        self.kustomization("gate", path="./gate", retryInterval="1s")
        self.await_failed("Kustomization", "gate", "ArtifactFailed")
        self.kustomization("heir", path="./app", dependsOn=[{"name": "gate"}])
        self.await_failed("Kustomization", "heir", "DependencyNotReady")
        self.kube.delete("Kustomization", "app", self.ns)
        throughout(lambda: self.kube.get("ConfigMap", "base-note", self.ns)["metadata"]["uid"] == uid, 3)
        self.push(repository, {"gate/own.yaml": config_map("own")})
        self.await_applied(repository, "heir")
        self.await_gone("Kustomization", "app")
        self.assertEqual(self.kube.get("ConfigMap", "base-note", self.ns)["metadata"]["uid"], uid)

    def test_a_restart_changes_nothing(self):
        base = self.base()
        repository = self.fleet({"kustomization.yaml": {"resources": [self.entry(base)]}})
        before = self.kube.get("ConfigMap", "base-note", self.ns)["metadata"]["resourceVersion"]
        self.controller.restart()
        token = self.request("Kustomization", "app")
        self.await_object("Kustomization", "app", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.await_applied(repository)
        base.commit({"deploy/note.yaml": config_map("note", {"n": "2"})})
        self.assertEqual(self.kube.get("ConfigMap", "base-note", self.ns)["metadata"]["resourceVersion"], before)
        self.request("Kustomization", "app")
        self.await_data("base-note", {"n": "2"})

    def test_the_cli_builds_the_same(self):
        base = self.base()
        repository = self.fleet({"app/kustomization.yaml": {"resources": [self.entry(base)]}}, path="./app")
        file = os.path.join(repository.tree, "app.yaml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(to_yaml({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "app", "namespace": self.ns},
                               "spec": {"interval": "1h", "prune": True, "path": "./app", "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}))
        built = subprocess.run([harness.SLUICE, "build", "kustomization", "app", "--path", os.path.join(repository.tree, "app"), "--kustomization-file", file,
                                "--dry-run", "-n", self.ns], cwd=repository.tree, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(built.returncode, 0, built.stderr)
        self.assertIn("name: base-note", built.stdout)


if __name__ == "__main__":
    totals.main()
