#!/usr/bin/env python3
"""GitRepositories: every way to reach a Git server, every way to name a commit, and the artifacts that come of it."""

import hashlib
import io
import os
import shutil
import sys
import tarfile
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, secret, throughout, until  # noqa: E402

FILES = {"cm.yaml": config_map("settings"), "notes/readme.txt": "read me"}


def setUpModule():
    harness.begin("sources", flags=["--artifact-retention-ttl=1s", "--min-retry-delay=250ms", "--max-retry-delay=1s"])


def contents(archive):
    """{name: text} of the regular files in a tar.gz; asserts what every artifact promises of its entries."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for entry in tar:
            assert (entry.uid, entry.gid, entry.uname, entry.gname, entry.mtime) == (0, 0, "", "", 0), entry.get_info()
            assert entry.isdir() or entry.isfile(), entry.get_info()
            if entry.isfile():
                files[entry.name] = tar.extractfile(entry).read().decode()
    return files


class SourceCase(Case):
    def artifact(self, name="fleet"):
        return self.kube.get("GitRepository", name, self.ns)["status"]["artifact"]

    def download(self, artifact):
        """Fetches an artifact from where its URL says and checks it against its status."""
        with urllib.request.urlopen(artifact["url"], timeout=10) as response:
            body = response.read()
        self.assertEqual("sha256:" + hashlib.sha256(body).hexdigest(), artifact["digest"])
        self.assertEqual(len(body), artifact["size"])
        return body


class WayTest(SourceCase):
    """How the server is reached, and as whom."""

    @classmethod
    def setUpClass(cls):
        cls.basic = cls.env.git_server("--tls", "--user", "fleet", "--password", "pa:ss word")
        cls.bearer = cls.env.git_server("--tls", "--bearer", "tok-en")
        cls.ssh = cls.env.git_server("--ssh")
        with open(cls.basic.state["ca"], "rb") as file:
            cls.basic_ca = file.read()
        with open(cls.bearer.state["ca"], "rb") as file:
            cls.bearer_ca = file.read()

    def reach(self, server, scheme, data=None):
        """Makes a source over `server` with the Secret `data`; its repository."""
        repository = self.env.repository(self.ns, FILES)
        spec = {}
        if data:
            self.kube.apply(secret("login", self.ns, data))
            spec["secretRef"] = {"name": "login"}
        self.source("fleet", repository, server.url(self.ns, scheme), **spec)
        return repository

    def assert_reached(self, repository):
        ready = self.await_ready("GitRepository", "fleet")
        self.assertEqual(ready["status"]["artifact"]["revision"], repository.revision)
        self.assertEqual(sorted(contents(self.download(ready["status"]["artifact"]))), ["cm.yaml", "notes/readme.txt"])

    def assert_refused(self, *words, reason="GitOperationFailed"):
        message = self.await_failed("GitRepository", "fleet", reason)["message"]
        for word in words:
            self.assertIn(word, message)
        return message

    def ssh_login(self, **changed):
        data = {}
        for key in ("identity", "known_hosts"):
            with open(self.ssh.state[key], "rb") as file:
                data[key] = file.read()
        return data | changed

    def test_http(self):
        self.assert_reached(self.reach(self.env.git, "http"))

    def test_https_with_basic(self):
        self.assert_reached(self.reach(self.basic, "https", {"username": "fleet", "password": "pa:ss word", "ca.crt": self.basic_ca}))

    def test_https_with_bearer(self):
        self.assert_reached(self.reach(self.bearer, "https", {"bearerToken": "tok-en", "ca.crt": self.bearer_ca}))

    def test_ssh(self):
        self.assert_reached(self.reach(self.ssh, "ssh", self.ssh_login()))

    def test_a_wrong_password_and_then_the_right_one(self):
        repository = self.reach(self.basic, "https", {"username": "fleet", "password": "swordfish", "ca.crt": self.basic_ca})
        message = self.assert_refused("401")
        self.assertNotIn("swordfish", message)
        self.kube.apply(secret("login", self.ns, {"username": "fleet", "password": "pa:ss word", "ca.crt": self.basic_ca}))
        self.assert_reached(repository)

    def test_a_wrong_token(self):
        self.reach(self.bearer, "https", {"bearerToken": "other", "ca.crt": self.bearer_ca})
        self.assertNotIn("other", self.assert_refused("401"))

    def test_an_unknown_authority(self):
        self.reach(self.basic, "https", {"username": "fleet", "password": "pa:ss word"})
        self.assert_refused("certificate")

    def test_no_credentials(self):
        self.reach(self.basic, "http")
        self.assert_refused("401")

    def test_a_key_that_the_server_does_not_know(self):
        key = os.path.join(self.env.folder, "stranger")
        harness.subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        with open(key, "rb") as file:
            self.reach(self.ssh, "ssh", self.ssh_login(identity=file.read()))
        self.assert_refused()

    def test_a_host_that_is_not_the_known_one(self):
        with open(self.ssh.state["known_hosts"], encoding="ascii") as file:
            host = file.read().split()[0]
        with open(self.ssh.state["identity"] + ".pub", encoding="ascii") as file:
            other = " ".join(file.read().split()[:2])
        self.reach(self.ssh, "ssh", self.ssh_login(known_hosts=f"{host} {other}\n"))
        self.assert_refused("key is not the one in known_hosts line 1")

    def test_a_secret_that_is_not_there(self):
        repository = self.env.repository(self.ns, FILES)
        self.source("fleet", repository, self.ssh.url(self.ns, "ssh"), secretRef={"name": "login"})
        self.assert_refused(f"failed to get secret '{self.ns}/login': secrets \"login\" not found", reason="AuthenticationFailed")
        self.kube.apply(secret("login", self.ns, self.ssh_login()))
        self.assert_reached(repository)

    def test_a_server_that_is_not_there(self):
        repository = self.env.repository(self.ns, FILES)
        self.source("fleet", repository, f"http://127.0.0.1:{self.env.ports.take()}/{self.ns}.git")
        self.assert_refused()
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"url": self.env.git.url(self.ns)}})
        self.assert_reached(repository)


class ReferenceTest(SourceCase):
    """Which commit, and how the revision is written."""

    @classmethod
    def setUpClass(cls):
        cls.repository = cls.env.repository("references", {"cm.yaml": config_map("settings", {"n": "1"})})
        cls.commits = {"1": cls.repository.head}
        for number, tag in (("2", "v1.2.0"), ("3", "v1.10.0"), ("4", "v2.0.0-rc.1"), ("5", None)):
            cls.commits[number] = cls.repository.commit({"cm.yaml": config_map("settings", {"n": number})})
            if tag:
                cls.repository.tag(tag)
        cls.other = cls.env.repository("references", {"cm.yaml": config_map("settings", {"n": "other"})}, branch="feature/x")

    def test_revisions(self):
        rows = {
            "branch": ({"branch": "main"}, f"main@sha1:{self.commits['5']}", "5"),
            "branch-with-slash": ({"branch": "feature/x"}, f"feature/x@sha1:{self.other.head}", "other"),
            "tag": ({"tag": "v1.2.0"}, f"v1.2.0@sha1:{self.commits['2']}", "2"),
            "semver": ({"semver": ">=1.0.0"}, f"v1.10.0@sha1:{self.commits['3']}", "3"),
            "semver-pre": ({"semver": ">=1.0.0-0"}, f"v2.0.0-rc.1@sha1:{self.commits['4']}", "4"),
            "name": ({"name": "refs/heads/feature/x"}, f"refs/heads/feature/x@sha1:{self.other.head}", "other"),
            "commit": ({"commit": self.commits["1"]}, f"sha1:{self.commits['1']}", "1"),
            "commit-of-branch": ({"branch": "main", "commit": self.commits["1"]}, f"main@sha1:{self.commits['1']}", "1"),
        }
        for name, (ref, _, _) in rows.items():
            self.source(name, self.repository, ref=ref)
        for name, (_, revision, number) in rows.items():
            with self.subTest(name):
                artifact = self.await_ready("GitRepository", name)["status"]["artifact"]
                self.assertEqual(artifact["revision"], revision)
                self.assertIn(f"n: '{number}'" if number.isdigit() else f"n: {number}", contents(self.download(artifact))["cm.yaml"])

    def test_what_is_not_there(self):
        for name, ref in (("branch", {"branch": "nowhere"}), ("tag", {"tag": "v9"}), ("semver", {"semver": ">9"}), ("commit", {"commit": "0" * 40})):
            self.source(name, self.repository, ref=ref)
        for name, word in (("branch", "nowhere"), ("tag", "v9"), ("semver", ">9"), ("commit", "0" * 40)):
            with self.subTest(name):
                self.assertIn(word, self.await_failed("GitRepository", name, "GitOperationFailed")["message"])

    def test_a_new_tag_is_found(self):
        repository = self.env.repository(self.ns, FILES)
        repository.tag("v1.0.0")
        self.source("fleet", repository, interval="1s", ref={"semver": "1.x"})
        self.await_ready("GitRepository", "fleet")
        head = repository.commit({"more.txt": "more"})
        repository.tag("v1.1.0")
        self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["revision"] == f"v1.1.0@sha1:{head}")

    def test_an_empty_repository(self):
        harness.git("init", "--quiet", "--bare", os.path.join(self.env.git_root, self.ns + ".git"))
        self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "fleet", "namespace": self.ns},
                         "spec": {"interval": "1h", "url": self.env.git.url(self.ns)}})
        self.await_object("GitRepository", "fleet", lambda obj: condition_of(obj, "Ready").get("status") == "False")

    def test_a_force_push(self):
        repository = self.env.repository(self.ns, FILES)
        self.source("fleet", repository, interval="1s")
        self.await_ready("GitRepository", "fleet")
        rewritten = harness.git("--git-dir", repository.bare, "commit-tree", f"{repository.head}^{{tree}}",
                                "-m", "rewritten")
        harness.git("--git-dir", repository.bare, "update-ref", "refs/heads/main", rewritten)
        self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["revision"] == f"main@sha1:{rewritten}")


class ArtifactTest(SourceCase):
    """What is served, for how long, and what survives."""

    def test_status(self):
        repository = self.env.repository(self.ns, FILES)
        self.source("fleet", repository)
        obj = self.await_ready("GitRepository", "fleet")
        message = f"stored artifact for revision '{repository.revision}'"
        self.assertEqual([(item["type"], item["status"], item["reason"], item["message"]) for item in obj["status"]["conditions"]],
                         [("Ready", "True", "Succeeded", message), ("ArtifactInStorage", "True", "Succeeded", message)])
        path = f"gitrepository/{self.ns}/fleet/{repository.head}.tar.gz"
        self.assertEqual((obj["status"]["artifact"]["path"], obj["status"]["artifact"]["url"]),
                         (path, f"http://{self.controller.storage_address}/{path}"))
        self.assertEqual(obj["metadata"]["finalizers"], ["finalizers.fluxcd.io"])
        [event] = until(lambda: self.events("GitRepository", "fleet"))
        self.assertEqual(event, ("Normal", "NewArtifact", "stored artifact for commit 'one'"))

    def test_latest_follows_and_old_ones_go(self):
        repository = self.env.repository(self.ns, {"n.txt": "0"})
        self.source("fleet", repository, interval="1s")
        first = self.await_ready("GitRepository", "fleet")["status"]["artifact"]
        self.download(first)
        latest = first["url"].rsplit("/", 1)[0] + "/latest.tar.gz"
        for number in range(1, 4):
            repository.commit({"n.txt": str(number)})
            self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["revision"] == repository.revision)
            with urllib.request.urlopen(latest, timeout=10) as response:
                self.assertEqual(contents(response.read()), {"n.txt": str(number)})
        until(lambda: self.answers(first["url"]) == 404)

    def answers(self, url):
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code

    def test_nothing_else_is_served(self):
        top = f"http://{self.controller.storage_address}"
        for path in ("/../../../etc/passwd", "/%2e%2e/%2e%2e/git/", "/gitrepository/", "/gitrepository/%00", "/git/config"):
            with self.subTest(path):
                self.assertEqual(self.answers(top + path), 404)
        self.assertEqual(self.answers(top + "/"), 200)

    def test_ignored_files(self):
        files = {"cm.yaml": "x: 1", "pic.png": "p", "docs/a.md": "a", "docs/b.md": "b", ".github/w.yml": "w"}
        repository = self.env.repository(self.ns, files)
        self.source("default", repository)
        self.source("spec", repository, ignore="/*\n!/docs/\ndocs/b.md\n")
        self.assertEqual(sorted(contents(self.download(self.await_ready("GitRepository", "default")["status"]["artifact"]))),
                         ["cm.yaml", "docs/a.md", "docs/b.md"])
        spec = self.await_ready("GitRepository", "spec")
        self.assertEqual((sorted(contents(self.download(spec["status"]["artifact"]))), spec["status"]["observedIgnore"]),
                         (["docs/a.md"], "/*\n!/docs/\ndocs/b.md\n"))
        repository.commit({".sourceignore": "docs/a.md\n"})
        self.request("GitRepository", "default")
        self.await_object("GitRepository", "default", lambda obj: obj["status"]["artifact"]["revision"] == repository.revision)
        self.assertEqual(sorted(contents(self.download(self.artifact("default")))), [".github/w.yml", ".sourceignore", "cm.yaml", "docs/b.md", "pic.png"])

    def test_the_artifact_goes_with_its_source(self):
        repository = self.env.repository(self.ns, FILES)
        self.source("fleet", repository)
        url = self.await_ready("GitRepository", "fleet")["status"]["artifact"]["url"]
        self.assertEqual(self.answers(url), 200)
        self.kube.delete("GitRepository", "fleet", self.ns)
        self.await_gone("GitRepository", "fleet")
        until(lambda: self.answers(url) == 404)

    def test_made_again_where_the_storage_is_lost(self):
        repository = self.fleet(FILES)
        before = self.artifact()
        first = self.download(before)
        self.controller.end()
        shutil.rmtree(self.controller.storage)
        self.controller.start()
        until(lambda: self.answers(before["url"]) == 200)
        self.assertEqual(self.download(self.artifact()), first, "the same tree is packed into the same bytes")
        self.assertEqual(self.artifact()["revision"], repository.revision)
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "2"})})
        self.await_applied(repository)

    def test_made_again_where_the_file_is_damaged(self):
        self.fleet(FILES)
        before = self.artifact()
        self.controller.end()
        path = os.path.join(self.controller.storage, "artifacts", before["path"])
        with open(path, "ab") as file:
            file.write(b"damage")
        self.controller.start()
        until(lambda: self.try_download(before))

    def try_download(self, artifact):
        try:
            return self.download(artifact)
        except (AssertionError, OSError):
            return None

    def test_the_last_artifact_serves_while_the_server_is_away(self):
        repository = self.fleet(FILES)
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"url": self.env.git.url("moved-away")}})
        self.await_failed("GitRepository", "fleet", "GitOperationFailed")
        self.assertEqual(self.artifact()["revision"], repository.revision)
        self.kube.patch("ConfigMap", "settings", self.ns, {"data": {"key": "by hand"}})
        self.await_object("ConfigMap", "settings", lambda obj: data_of(obj) == {"key": "value"})
        throughout(lambda: self.answers(self.artifact()["url"]) == 200, 1)


if __name__ == "__main__":
    totals.main()
