#!/usr/bin/env python3
"""What a GitRepository's artifact is put together from: includes, sparse directories, submodules; and the fields that tell of it."""

import hashlib
import os
import sys
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import condition_of, config_map, data_of, is_ready, secret, throughout, until  # noqa: E402
from proxy import Proxy  # noqa: E402
from sources_test import SourceCase, contents  # noqa: E402


def setUpModule():
    harness.begin("git-repository", flags=["--artifact-retention-ttl=1s", "--min-retry-delay=250ms", "--max-retry-delay=1s", "--requeue-dependency=1s"])


class GitCase(SourceCase):
    def repository(self, name, files):
        return self.env.repository(f"{self.ns}-{name}", files)

    def await_condition(self, name, kind, status, reason):
        """Waits until a condition of a GitRepository is so; returns the object."""
        def holds(obj):
            found = condition_of(obj, kind)
            return (found.get("status"), found.get("reason")) == (status, reason)
        return self.await_object("GitRepository", name, holds)

    def files_of(self, name="fleet"):
        return contents(self.download(self.artifact(name)))


class IncludeTest(GitCase):
    def test_copied_observed_and_followed(self):
        lib = self.repository("lib", {"base/cm.yaml": config_map("shared", {"n": "1"}), "base/pic.png": "p", "other.txt": "o"})
        app = self.repository("app", {"kustomization.yaml": {"resources": ["vendor/lib"]}})
        includes = [{"repository": {"name": "lib"}, "fromPath": "base", "toPath": "vendor/lib"}, {"repository": {"name": "lib"}}]
        self.source("lib", lib, interval="1s")
        self.source("fleet", app, include=includes)
        self.kustomization(path="./vendor/lib")
        obj = self.await_ready("GitRepository", "fleet")
        self.assertEqual(sorted(self.files_of()), ["kustomization.yaml", "lib/base/cm.yaml", "lib/other.txt", "vendor/lib/cm.yaml"])
        included = self.artifact("lib")
        self.assertEqual((obj["status"]["observedInclude"], obj["status"]["includedArtifacts"]), (includes, [included, included]))
        self.await_object("ConfigMap", "shared", lambda cm: data_of(cm) == {"n": "1"})

        before = obj["status"]["artifact"]
        lib.commit({"base/cm.yaml": config_map("shared", {"n": "2"})})
        self.await_object("ConfigMap", "shared", lambda cm: data_of(cm) == {"n": "2"})
        obj = self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and obj["status"]["includedArtifacts"][0] == self.artifact("lib"))
        self.assertEqual(obj["status"]["artifact"]["revision"], before["revision"], "the commit is the same")
        self.assertNotEqual(obj["status"]["artifact"]["digest"], before["digest"])
        self.assertIn("n: '2'", self.files_of()["vendor/lib/cm.yaml"])

        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"include": None}})
        obj = self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and "observedInclude" not in obj["status"])
        self.assertNotIn("includedArtifacts", obj["status"])
        self.assertEqual(sorted(self.files_of()), ["kustomization.yaml"])

    def test_waits_for_what_it_includes(self):
        app = self.repository("app", {"a.txt": "a"})
        self.source("fleet", app, include=[{"repository": {"name": "lib"}}])
        obj = self.await_condition("fleet", "IncludeUnavailable", "True", "NotFound")
        message = "could not get resource for include 'lib': gitrepositories.source.toolkit.fluxcd.io \"lib\" not found"
        self.assertEqual(condition_of(obj, "IncludeUnavailable")["message"], message)
        ready, reconciling = condition_of(obj, "Ready"), condition_of(obj, "Reconciling")
        self.assertEqual((ready["status"], ready["reason"], ready["message"], reconciling["reason"]), ("False", "NotFound", message, "ProgressingWithRetry"))
        self.assertEqual(obj["status"].get("observedGeneration"), -1)
        lib = self.repository("lib", {"l.txt": "l"})
        self.source("lib", lib, url=f"http://127.0.0.1:{self.env.ports.take()}/away.git")
        obj = self.await_condition("fleet", "IncludeUnavailable", "True", "NoArtifact")
        self.assertEqual(condition_of(obj, "IncludeUnavailable")["message"], "no artifact available for include 'lib'")
        self.kube.patch("GitRepository", "lib", self.ns, {"spec": {"url": self.env.git.url(lib.name)}})
        obj = self.await_ready("GitRepository", "fleet")
        self.assertEqual(condition_of(obj, "IncludeUnavailable"), {})
        self.assertEqual(sorted(self.files_of()), ["a.txt", "lib/l.txt"])

    def test_what_cannot_be_copied_is_named(self):
        lib = self.repository("lib", {"base/l.txt": "l"})
        app = self.repository("app", {"apps/a.txt": "a"})
        self.source("lib", lib)
        self.await_ready("GitRepository", "lib")
        rows = {"missing": ({"fromPath": "none"}, "failed to copy 'lib' include from none to lib: none: no such file or directory"),
                "taken": ({"fromPath": "base", "toPath": "apps"}, "failed to copy 'lib' include from base to apps: apps: directory not empty"),
                "root": ({"toPath": "."}, "failed to copy 'lib' include from  to .: the root of the repository is not empty")}
        for name, (include, _) in rows.items():
            self.source(name, app, include=[{"repository": {"name": "lib"}} | include])
        for name, (_, message) in rows.items():
            with self.subTest(name):
                obj = self.await_object("GitRepository", name, lambda obj: condition_of(obj, "StorageOperationFailed").get("status") == "True" and
                                        condition_of(obj, "StorageOperationFailed")["reason"] == condition_of(obj, "Ready").get("reason") == "CopyFailure")
                self.assertEqual((condition_of(obj, "StorageOperationFailed")["message"], condition_of(obj, "Ready")["message"]), (message, message))

    def test_T16_paths_stay_inside(self):
        lib = self.repository("lib", {"base/l.txt": "l"})
        app = self.repository("app", {"a.txt": "a"})
        self.source("lib", lib)
        self.source("fleet", app, include=[{"repository": {"name": "lib"}, "fromPath": "../../base", "toPath": "/../../deep/in"}])
        self.await_ready("GitRepository", "fleet")
        self.assertEqual(sorted(self.files_of()), ["a.txt", "deep/in/l.txt"])

    def test_survives_a_restart_without_a_new_artifact(self):
        lib, app = self.repository("lib", {"l.txt": "l"}), self.repository("app", {"cm.yaml": config_map("settings")})
        self.source("lib", lib)
        self.source("fleet", app, include=[{"repository": {"name": "lib"}}])
        before = self.await_ready("GitRepository", "fleet")
        self.controller.restart()
        self.kustomization()
        self.await_ready("Kustomization", "app")
        after = self.kube.get("GitRepository", "fleet", self.ns)
        self.assertEqual(after["status"], before["status"])


class SparseTest(GitCase):
    FILES = {"apps/web/cm.yaml": config_map("web"), "apps/db/cm.yaml": config_map("db"), "infra/x.txt": "x", "root.txt": "r"}

    def test_only_the_directories_that_are_asked_for(self):
        repository = self.repository("mono", self.FILES)
        self.source("fleet", repository, sparseCheckout=["./apps/web", "infra"])
        obj = self.await_ready("GitRepository", "fleet")
        self.assertEqual(sorted(self.files_of()), ["apps/web/cm.yaml", "infra/x.txt"])
        self.assertEqual(obj["status"]["observedSparseCheckout"], ["./apps/web", "infra"])
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"sparseCheckout": ["apps"]}})
        obj = self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and obj["status"]["observedSparseCheckout"] == ["apps"])
        self.assertEqual(sorted(self.files_of()), ["apps/db/cm.yaml", "apps/web/cm.yaml"])
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"sparseCheckout": None}})
        self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and "observedSparseCheckout" not in obj["status"])
        self.assertEqual(sorted(self.files_of()), sorted(self.FILES))

    def test_a_missing_directory_is_named(self):
        repository = self.repository("mono", self.FILES)
        self.source("fleet", repository, sparseCheckout=["apps", "none"])
        obj = self.await_condition("fleet", "FetchFailed", "True", "InvalidPath")
        message = "failed to sparse checkout directories : sparse checkout dir 'none' does not exist in repository"
        self.assertEqual((condition_of(obj, "Ready")["reason"], condition_of(obj, "Ready")["message"]), ("InvalidPath", message))
        repository.commit({"none/y.txt": "y"})
        self.await_ready("GitRepository", "fleet")
        self.assertIn("none/y.txt", self.files_of())


class SubmoduleTest(GitCase):
    def pin(self, repository, path, url, commit):
        """Commits a submodule to the head of `repository`, as `git submodule add` does; without `url`, as somebody does by hand."""
        with open(os.path.join(repository.tree, ".gitmodules"), "a", encoding="ascii") as file:
            file.write(f'[submodule "{path}"]\n\tpath = {path}\n' + (f"\turl = {url}\n" if url else ""))
        scratch = os.path.join(self.env.folder, f"clone-{self.ns}-{repository.name}")
        harness.git("clone", "--quiet", repository.bare, scratch)
        harness.shutil.copy(os.path.join(repository.tree, ".gitmodules"), scratch)
        harness.git("-C", scratch, "add", ".gitmodules")
        harness.git("-C", scratch, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
        harness.git("-C", scratch, "commit", "--quiet", "-m", "submodule")
        harness.git("-C", scratch, "push", "--quiet", "origin", repository.branch)
        repository.head = harness.git("-C", scratch, "rev-parse", "HEAD")
        harness.shutil.rmtree(scratch)

    def test_in_place_at_the_commit_that_is_pinned(self):
        lib, app = self.repository("lib", {"cm.yaml": config_map("lib", {"n": "1"})}), self.repository("app", {"a.txt": "a"})
        pinned = lib.head
        lib.commit({"cm.yaml": config_map("lib", {"n": "2"})})
        self.pin(app, "vendor/lib", f"../{lib.name}.git", pinned)
        self.source("without", app)
        self.source("fleet", app, interval="1s", recurseSubmodules=True)
        self.kustomization(path="./vendor/lib")
        obj = self.await_ready("GitRepository", "fleet")
        self.assertEqual(sorted(self.files_of()), ["a.txt", "vendor/lib/cm.yaml"])
        self.assertIs(obj["status"]["observedRecurseSubmodules"], True)
        self.await_object("ConfigMap", "lib", lambda cm: data_of(cm) == {"n": "1"})
        without = self.await_ready("GitRepository", "without")
        self.assertNotIn("observedRecurseSubmodules", without["status"])
        self.assertEqual(sorted(self.files_of("without")), ["a.txt"])
        self.controller.restart()
        self.request("GitRepository", "fleet")
        self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and "lastHandledReconcileAt" in obj["status"])
        self.assertEqual(self.artifact(), obj["status"]["artifact"])
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"recurseSubmodules": None}})
        self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and "observedRecurseSubmodules" not in obj["status"])
        self.assertEqual(sorted(self.files_of()), ["a.txt"])

    def test_one_without_a_url_fails_and_prunes_nothing(self):
        lib, app = self.repository("lib", {"cm.yaml": config_map("lib")}), self.repository("app", {"cm.yaml": config_map("app")})
        self.pin(app, "lib", f"../{lib.name}.git", lib.head)
        self.source("fleet", app, recurseSubmodules=True)
        self.kustomization()
        self.await_ready("Kustomization", "app")
        before = self.await_ready("GitRepository", "fleet")["status"]["artifact"]
        os.remove(os.path.join(app.tree, ".gitmodules"))
        self.pin(app, "lib", None, lib.head)
        self.request("GitRepository", "fleet")
        self.assertIn("submodule 'lib': .gitmodules has no url for it", self.await_failed("GitRepository", "fleet", "GitOperationFailed")["message"])
        self.request("Kustomization", "app")
        self.await_object("Kustomization", "app", lambda obj: is_ready(obj) and "lastHandledReconcileAt" in obj["status"])
        self.assertEqual(self.artifact(), before)
        self.assertIsNotNone(self.kube.get("ConfigMap", "lib", self.ns))

    def test_T9_hostile_submodules_are_refused(self):
        lib, canary = self.repository("lib", {"l.txt": "l"}), os.path.join(self.env.folder, "canary")
        rows = {"helper": (f"ext::sh -c touch% {canary}", "the scheme must be http, https or ssh"), "option": ("-u./p", "the URL begins with '-'"),
                "outside": ("../../../../evil.example/x", "the relative URL leaves the host 127.0.0.1"), "local": (lib.bare, "the scheme must be http, https or ssh")}
        for name, (url, _) in rows.items():
            app = self.repository(name, {"a.txt": "a"})
            self.pin(app, "vendor/lib", url.replace(" ", "%20"), lib.head)
            self.source(name, app, recurseSubmodules=True)
        for name, (_, words) in rows.items():
            with self.subTest(name):
                self.assertIn(words, self.await_failed("GitRepository", name, "GitOperationFailed")["message"])
        self.assertFalse(os.path.exists(canary))


class CacheTest(GitCase):
    def test_a_clone_goes_with_the_last_source_that_names_it(self):
        repository = self.repository("app", {"a.txt": "a"})
        clone = os.path.join(self.controller.storage, "git", hashlib.sha256(self.env.git.url(repository.name).encode()).hexdigest())
        for name in ("one", "two"):
            self.source(name, repository)
            self.await_ready("GitRepository", name)
        self.assertTrue(os.path.isdir(clone))
        self.kube.delete("GitRepository", "one", self.ns)
        self.await_gone("GitRepository", "one")
        self.request("GitRepository", "two")
        self.await_object("GitRepository", "two", lambda obj: is_ready(obj) and "lastHandledReconcileAt" in obj["status"])
        self.assertTrue(os.path.isdir(clone))
        self.kube.delete("GitRepository", "two", self.ns)
        until(lambda: not os.path.exists(clone))


class ProviderTest(GitCase):
    def test_providers_that_cannot_be_used_stall_in_the_contracts_words(self):
        repository = self.repository("app", {"a.txt": "a"})
        rows = {"azure": ({"provider": "azure"}, "InvalidProviderConfiguration", "spec.provider \"azure\" is not supported by this version of Sluice; "
                          "use a Secret and the provider generic, or leave the object to Flux"),
                "aws": ({"provider": "aws", "serviceAccountName": "cloud"}, "FeatureGateDisabled", "to use spec.serviceAccountName for provider "
                        "authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller"),
                "github": ({"provider": "github"}, "InvalidProviderConfiguration", "secretRef with github app data must be specified when provider is set to github")}
        for name, (spec, _, _) in rows.items():
            self.source(name, repository, **spec)
        for name, (_, reason, message) in rows.items():
            with self.subTest(name):
                obj = self.await_condition(name, "Stalled", "True", reason)
                for kind, status in (("Stalled", "True"), ("FetchFailed", "True"), ("Ready", "False")):
                    found = condition_of(obj, kind)
                    self.assertEqual((found["status"], found["reason"], found["message"]), (status, reason, message))
                self.assertEqual((condition_of(obj, "Reconciling"), obj["status"]["observedGeneration"]), ({}, 1))


class ConditionTest(GitCase):
    def test_recovery_is_told_once(self):
        repository = self.repository("app", {"a.txt": "a"})
        self.source("fleet", repository, interval="1s")
        self.await_ready("GitRepository", "fleet")
        os.rename(repository.bare, repository.bare + ".away")
        self.await_failed("GitRepository", "fleet", "GitOperationFailed")
        os.rename(repository.bare + ".away", repository.bare)
        obj = self.await_ready("GitRepository", "fleet")
        self.assertEqual([item["type"] for item in obj["status"]["conditions"]], ["Ready", "ArtifactInStorage"])
        until(lambda: ("Normal", "Succeeded", f"stored artifact for commit '{repository.revision}'") in self.events("GitRepository", "fleet"))

    def test_a_slow_host_shows_in_the_status(self):
        """While a look takes long, the status says what is done; Ready keeps what it was."""
        repository = self.repository("app", {"a.txt": "a"})
        self.source("fleet", repository)
        self.await_ready("GitRepository", "fleet")
        with harness.socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/x.git", "timeout": "20s"}})
            obj = self.await_condition("fleet", "Reconciling", "True", "Progressing")
        self.assertEqual(condition_of(obj, "Reconciling")["message"], "processing object: new generation 1 -> 2")
        self.assertEqual(condition_of(obj, "Ready")["status"], "True")
        self.await_failed("GitRepository", "fleet", "GitOperationFailed")

    def test_suspended_nothing_goes_on(self):
        """A look that waits for its host ends when the source is suspended, and the status says so; resumed, it goes on."""
        repository = self.repository("app", {"a.txt": "a"})
        self.source("good", repository)
        ready = condition_of(self.await_ready("GitRepository", "good"), "Ready")
        with harness.socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.git"
            self.source("new", repository, url, timeout="10m")
            self.kube.patch("GitRepository", "good", self.ns, {"spec": {"url": url, "timeout": "10m"}})
            for name in ("new", "good"):
                self.await_condition(name, "Reconciling", "True", "Progressing")
                self.kube.patch("GitRepository", name, self.ns, {"spec": {"suspend": True}})
            new, good = (self.await_object("GitRepository", name, lambda obj: not condition_of(obj, "Reconciling")) for name in ("new", "good"))
        self.assertEqual([(c["type"], c["status"], c["reason"], c["message"]) for c in new["status"]["conditions"]],
                         [("Ready", "False", "Suspended", "Reconciliation canceled: the GitRepository was suspended; resume it to go on")])
        self.assertEqual(condition_of(good, "Ready"), ready, "as it was reported")
        for name in ("new", "good"):
            self.kube.patch("GitRepository", name, self.ns, {"spec": {"suspend": False, "url": self.env.git.url(repository.name)}})
            self.await_ready("GitRepository", name)

    def test_R51_hosts_that_never_answer_hold_up_nobody_else(self):
        repository = self.repository("app", {"app/cm.yaml": harness.config_map("app")})
        hosts = [harness.socket.create_server(("127.0.0.1", 0)) for _ in range(100)]
        for number, host in enumerate(hosts):
            self.addCleanup(host.close)
            self.source(f"dead-{number}", repository, f"http://127.0.0.1:{host.getsockname()[1]}/x.git", timeout="10m")
        for number in range(len(hosts)):
            self.await_condition(f"dead-{number}", "Reconciling", "True", "Progressing")
        self.source("fleet", repository)
        self.kustomization("app", path="./app")
        self.await_ready("GitRepository", "fleet")
        self.await_ready("Kustomization", "app")
        repository.commit({"app/cm.yaml": harness.config_map("app", {"change": "1"})})
        self.request("GitRepository", "fleet")
        until(lambda: harness.data_of(self.kube.get("ConfigMap", "app", self.ns)) == {"change": "1"})
        self.kube.delete("GitRepository", "dead-0", self.ns)
        until(lambda: self.kube.get("GitRepository", "dead-0", self.ns) is None)

    def test_urls_follow_the_advertised_address(self):
        repository = self.repository("app", {"a.txt": "a"})
        self.source("fleet", repository)
        before = self.await_ready("GitRepository", "fleet")["status"]["artifact"]
        self.controller.end()
        self.controller.start(flags=["--storage-adv-addr=artifacts.example.com:81"])
        self.addCleanup(self.controller.restart)
        self.request("GitRepository", "fleet")
        obj = self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["url"].startswith("http://artifacts.example.com:81/"))
        self.assertEqual(obj["status"]["artifact"] | {"url": ""}, before | {"url": ""})

    def test_digests_by_the_algorithm_of_the_flag(self):
        repository = self.repository("app", {"a.txt": "a"})
        self.source("before", repository)
        self.await_ready("GitRepository", "before")
        self.controller.end()
        self.controller.start(flags=["--artifact-digest-algo=sha512"])
        self.addCleanup(self.controller.restart)
        self.source("fleet", repository)
        artifact = self.await_ready("GitRepository", "fleet")["status"]["artifact"]
        with urllib.request.urlopen(artifact["url"], timeout=10) as response:
            self.assertEqual(artifact["digest"], "sha512:" + hashlib.sha512(response.read()).hexdigest())
        self.request("GitRepository", "before")
        self.await_object("GitRepository", "before", lambda obj: is_ready(obj) and "lastHandledReconcileAt" in obj["status"])
        self.assertTrue(self.artifact("before")["digest"].startswith("sha256:"), "what is there keeps the digest that it has")
        refused = harness.subprocess.run([harness.SLUICE, "controller", "--artifact-digest-algo=md5"], capture_output=True, text=True, check=False)
        self.assertEqual((refused.returncode, refused.stderr), (2, "Error: --artifact-digest-algo: \"md5\" is none of sha256, sha1, sha384, sha512, blake3\n"))

    def test_a_lost_file_is_made_again_while_running(self):
        repository = self.repository("app", {"a.txt": "a"})
        self.source("fleet", repository, interval="1s")
        artifact = self.await_ready("GitRepository", "fleet")["status"]["artifact"]
        os.remove(os.path.join(self.controller.storage, "artifacts", artifact["path"]))
        until(lambda: self.served(artifact["url"]))
        self.assertEqual(self.artifact()["digest"], artifact["digest"])

    def test_an_artifact_that_is_lost_for_good_is_not_named(self):
        repository = self.repository("app", {"a.txt": "a"})
        self.source("fleet", repository, interval="1s")
        artifact = self.await_ready("GitRepository", "fleet")["status"]["artifact"]
        os.rename(repository.bare, repository.bare + ".away")
        self.await_failed("GitRepository", "fleet", "GitOperationFailed")
        os.remove(os.path.join(self.controller.storage, "artifacts", artifact["path"]))
        obj = self.await_object("GitRepository", "fleet", lambda obj: "artifact" not in obj["status"])
        self.assertEqual(condition_of(obj, "ArtifactInStorage"), {})
        os.rename(repository.bare + ".away", repository.bare)
        self.await_ready("GitRepository", "fleet")
        self.download(self.artifact())

    def served(self, url):
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.status == 200
        except OSError:
            return False

    def test_suspended_objects_keep_their_status(self):
        repository = self.repository("app", {"a.txt": "a"})
        self.source("fleet", repository, interval="1s")
        before = self.await_ready("GitRepository", "fleet")["status"]
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"suspend": True}})
        until(lambda: self.is_known_as_suspended("GitRepository", "fleet"))  # or it may look once more
        repository.commit({"b.txt": "b"})
        throughout(lambda: self.kube.get("GitRepository", "fleet", self.ns)["status"] == before, 3)
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"suspend": False}})
        self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["revision"] == repository.revision)

    def test_a_suspended_source_still_serves_after_a_restart(self):
        repository = self.fleet({"app/a.yaml": config_map("held", {"k": "right"})}, path="./app")
        self.await_applied(repository)
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"suspend": True}})
        self.controller.restart()
        self.kube.patch("ConfigMap", "held", self.ns, {"data": {"k": "wrong"}})
        until(lambda: self.kube.get("ConfigMap", "held", self.ns)["data"]["k"] == "right")
        repository.commit({"app/a.yaml": config_map("held", {"k": "newer"})})
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"suspend": False}})
        self.await_applied(repository)

    def test_a_suspended_source_asks_nobody_after_a_restart(self):
        proxy = Proxy()
        self.addCleanup(proxy.close)
        self.kube.apply(secret("proxy", self.ns, {"address": f"http://127.0.0.1:{proxy.port}"}))
        self.source("fleet", self.env.repository(self.ns, {"cm.yaml": config_map("a")}), proxySecretRef={"name": "proxy"})
        self.await_ready("GitRepository", "fleet")
        self.stays_suspended("GitRepository", "fleet", lambda: len(proxy.asked))


if __name__ == "__main__":
    totals.main()
