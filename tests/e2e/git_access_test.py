#!/usr/bin/env python3
"""Who a GitRepository is to its host, and whose commits it takes: proxies, client certificates, GitHub Apps, signatures."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from certificates import Authority  # noqa: E402
from git_repository_test import GitCase  # noqa: E402
from github_api import GithubApi  # noqa: E402
from harness import condition_of, is_ready, secret, until  # noqa: E402
from proxy import Proxy  # noqa: E402


def setUpModule():
    harness.begin("git-access", flags=["--min-retry-delay=250ms", "--max-retry-delay=1s"])


def read(path):
    with open(path, "rb") as file:
        return file.read()


def shell(*argv, **kwargs):
    return subprocess.run(argv, check=True, capture_output=True, **kwargs).stdout


class ProxyTest(GitCase):
    @classmethod
    def setUpClass(cls):
        cls.tls = cls.env.git_server("--tls")
        cls.ssh = cls.env.git_server("--ssh")

    def reach(self, url, proxy, login=None, data=None):
        self.kube.apply(secret("proxy", self.ns, {"address": proxy} | (login or {})))
        spec = {"proxySecretRef": {"name": "proxy"}}
        if data:
            self.kube.apply(secret("login", self.ns, data))
            spec["secretRef"] = {"name": "login"}
        self.source("fleet", self.app, url, **spec)

    def setUp(self):
        super().setUp()
        self.app = self.repository("app", {"a.txt": "a"})
        self.plain, self.private = Proxy(), Proxy(("user", "pa:ss word"))
        self.addCleanup(self.plain.close)
        self.addCleanup(self.private.close)

    def test_http_by_request_and_https_by_connect(self):
        login = {"username": "user", "password": "pa:ss word"}
        self.reach(self.env.git.url(self.app.name), f"http://127.0.0.1:{self.private.port}", login)
        self.await_ready("GitRepository", "fleet")
        self.assertIn(self.env.git.state["http"].removeprefix("http://"), self.private.asked)
        self.kube.apply(secret("login", self.ns, {"ca.crt": read(self.tls.state["ca"])}))
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"url": self.tls.url(self.app.name, "https"), "secretRef": {"name": "login"}}})
        self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and obj["metadata"]["generation"] == 2)
        self.assertIn(self.tls.state["https"].removeprefix("https://"), self.private.asked)

    def test_socks5_for_http_and_ssh(self):
        self.reach(self.env.git.url(self.app.name), f"socks5://127.0.0.1:{self.plain.port}")
        self.await_ready("GitRepository", "fleet")
        self.assertIn(self.env.git.state["http"].removeprefix("http://"), self.plain.asked)
        data = {key: read(self.ssh.state[key]) for key in ("identity", "known_hosts")}
        self.kube.apply(secret("login", self.ns, data))
        self.kube.apply(secret("proxy", self.ns, {"address": f"socks5://127.0.0.1:{self.private.port}", "username": "user", "password": "pa:ss word"}))
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"url": self.ssh.url(self.app.name, "ssh"), "secretRef": {"name": "login"}}})
        self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and obj["metadata"]["generation"] == 2)
        self.assertIn(self.ssh.state["ssh"].rpartition("@")[2], self.private.asked)

    def test_what_is_wrong_is_named(self):
        self.reach(self.env.git.url(self.app.name), f"http://127.0.0.1:{self.private.port}", {"username": "user", "password": "canary-wrong"})
        message = self.await_failed("GitRepository", "fleet", "GitOperationFailed")["message"]
        self.assertIn("407", message)
        self.assertNotIn("canary", message)
        rows = {"ftp://127.0.0.1:1": "the scheme of 'address' must be http, https or socks5", "": "key 'address' is missing"}
        for address, words in rows.items():
            with self.subTest(address):
                self.kube.apply(secret("proxy", self.ns, {"address": address}))
                self.request("GitRepository", "fleet")
                obj = self.await_object("GitRepository", "fleet", lambda obj: words in condition_of(obj, "Ready").get("message", ""))
                self.assertEqual(condition_of(obj, "FetchFailed")["reason"], "AuthenticationFailed")
                self.assertTrue(condition_of(obj, "FetchFailed")["message"].startswith("failed to configure proxy options: "))
        self.kube.delete("Secret", "proxy", self.ns)
        self.request("GitRepository", "fleet")
        message = f"failed to configure proxy options: failed to get secret '{self.ns}/proxy': secrets \"proxy\" not found"
        self.await_object("GitRepository", "fleet", lambda obj: condition_of(obj, "FetchFailed")["message"] == message)


class ClientCertificateTest(GitCase):
    def test_is_shown_where_it_is_asked_for(self):
        server = self.env.git_server("--tls", "--client-certificates")
        app = self.repository("app", {"a.txt": "a"})
        authority = read(server.state["ca"])
        self.kube.apply(secret("login", self.ns, {"ca.crt": authority}))
        self.source("fleet", app, server.url(app.name, "https"), secretRef={"name": "login"})
        self.await_failed("GitRepository", "fleet", "GitOperationFailed")
        pair = {"tls.crt": read(server.state["client_certificate"]), "tls.key": read(server.state["client_key"])}
        self.kube.apply(secret("login", self.ns, pair | {"caFile": authority}))
        self.await_ready("GitRepository", "fleet")
        self.kube.apply(secret("half", self.ns, {"tls.crt": pair["tls.crt"]}))
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"secretRef": {"name": "half"}}})
        message = self.await_failed("GitRepository", "fleet", "AuthenticationFailed")["message"]
        self.assertEqual(message, "failed to configure authentication options: invalid 'https' auth option: 'tls.crt' and 'tls.key' must be set together")


class GithubAppTest(GitCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir=cls.env.folder)
        cls.key, cls.public = os.path.join(cls.folder, "app.key"), os.path.join(cls.folder, "app.pub")
        shell("openssl", "genrsa", "-out", cls.key, "2048")
        shell("openssl", "rsa", "-in", cls.key, "-pubout", "-out", cls.public)
        cls.authority = Authority(os.path.join(cls.folder, "pki"))
        cls.authority.issue("api", "/CN=localhost", ("localhost", "127.0.0.1"))
        cls.git = cls.env.git_server("--user", "x-access-token", "--password", "ghs_installation-token")

    def setUp(self):
        super().setUp()
        self.api = GithubApi(self.public, self.authority.path("api.crt"), self.authority.path("api.key"),
                             owners={"orgs/acme": 42, "users/jane": 43})
        self.addCleanup(self.api.close)

    def app(self, name="app", **changed):
        data = {"githubAppID": "1234", "githubAppInstallationID": "42", "githubAppPrivateKey": read(self.key), "githubAppBaseURL": self.api.url,
                "ca.crt": read(self.authority.path("ca.crt"))} | changed
        self.kube.apply(secret(name, self.ns, {key: value for key, value in data.items() if value is not None}))

    def test_a_token_is_asked_for_once(self):
        repository = self.repository("app", {"a.txt": "a"})
        self.app()
        self.source("fleet", repository, self.git.url(repository.name), interval="1s", provider="github", secretRef={"name": "app"})
        self.await_ready("GitRepository", "fleet")
        repository.commit({"b.txt": "b"})
        self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["revision"] == repository.revision)
        self.assertEqual((self.api.calls, self.api.refusals), (["POST app/installations/42/access_tokens"], []))
        mine = rf'kind="GitRepository",name="fleet",namespace="{self.ns}",operation="reconcile"'
        page = self.controller.http("metrics", 1).decode()
        self.assertIn(f'gotk_token_cache_events_total{{event_type="cache_miss",{mine}}} 1\n', page)
        self.assertRegex(page, rf'(?m)^gotk_token_cache_events_total{{event_type="cache_hit",{mine}}} [1-9]')
        self.assertRegex(page, r'(?m)^gotk_token_cache_requests_total{status="success"} [1-9]')
        self.assertRegex(page, r"(?m)^gotk_token_cached_items [1-9]")
        self.assertIn("gotk_token_cache_evictions_total 0\n", page)
        self.kube.delete("GitRepository", "fleet", self.ns)
        until(lambda: mine not in self.controller.http("metrics", 1).decode())

    def test_installations_by_owner(self):
        repository = self.repository("app", {"a.txt": "a"})
        for owner, calls in (("acme", ["GET orgs/acme/installation", "POST app/installations/42/access_tokens"]),
                             ("jane", ["GET orgs/jane/installation", "GET users/jane/installation", "POST app/installations/43/access_tokens"])):
            with self.subTest(owner):
                self.api.calls.clear()
                self.app(owner, githubAppInstallationID=None, githubAppInstallationOwner=owner)
                self.source(owner, repository, self.git.url(repository.name), provider="github", secretRef={"name": owner})
                self.await_ready("GitRepository", owner)
                self.assertEqual(self.api.calls, calls)

    def test_a_token_that_the_host_refuses_is_asked_for_anew(self):
        repository = self.repository("app", {"a.txt": "a"})
        self.api.token = "ghs_expired-canary"
        self.app()
        self.source("fleet", repository, self.git.url(repository.name), provider="github", secretRef={"name": "app"})
        self.assertNotIn("canary", self.await_failed("GitRepository", "fleet", "GitOperationFailed")["message"])
        self.api.token = "ghs_installation-token"
        self.await_ready("GitRepository", "fleet")

    def test_what_is_wrong_is_named(self):
        repository = self.repository("app", {"a.txt": "a"})
        stranger = shell("openssl", "genrsa", "2048")
        with_data = "secretRef with github app data must be specified when provider is set to github"
        failed = "failed to configure authentication options: "
        rows = {
            "none": ("github", dict.fromkeys(("githubAppID", "githubAppInstallationID", "githubAppPrivateKey", "githubAppBaseURL")), "InvalidProviderConfiguration", with_data),
            "generic": ("generic", {}, "InvalidProviderConfiguration", f"secretRef '{self.ns}/generic' has github app data but provider is not set to github"),
            "keyless": ("github", {"githubAppPrivateKey": None}, "AuthenticationFailed", failed + f"secret '{self.ns}/keyless': key 'githubAppPrivateKey' not found"),
            "both": ("github", {"githubAppInstallationOwner": "acme"}, "AuthenticationFailed", failed +
                     f"secret '{self.ns}/both': must contain exactly one of 'githubAppInstallationOwner' or 'githubAppInstallationID'"),
            "damaged": ("github", {"githubAppPrivateKey": "canary"}, "AuthenticationFailed", failed +
                        "could not parse private key: it is no RSA key in PEM form without a passphrase"),
            "stranger": ("github", {"githubAppPrivateKey": stranger}, "AuthenticationFailed", failed +
                         f"failed to create a token of installation 42 at {self.api.url}: HTTP 401: Bad credentials"),
            "nobody": ("github", {"githubAppInstallationID": None, "githubAppInstallationOwner": "nobody"}, "AuthenticationFailed", failed +
                       f"failed to find the installation of 'nobody' at {self.api.url}: HTTP 404: Not Found"),
        }
        for name, (provider, changed, _, _) in rows.items():
            self.app(name, **changed)
            self.source(name, repository, self.git.url(repository.name), provider=provider, secretRef={"name": name})
        for name, (_, _, reason, message) in rows.items():
            with self.subTest(name):
                ready = self.await_failed("GitRepository", name, reason)
                self.assertEqual(ready["message"], message)


class InsecureTest(GitCase):
    """T13: what is sent over http, and what is not."""

    def test_T13_logins_over_http_can_be_forbidden(self):
        server = self.env.git_server("--user", "fleet", "--password", "pass-canary")
        repository = self.repository("app", {"a.txt": "a"})
        self.kube.apply(secret("login", self.ns, {"username": "fleet", "password": "pass-canary"}))
        self.source("secret", repository, server.url(repository.name), secretRef={"name": "login"})
        self.source("inside", repository, server.url(repository.name).replace("//", "//fleet:pass-canary@"))
        for name in ("secret", "inside"):
            self.await_ready("GitRepository", name)
        self.controller.end()
        self.controller.start(flags=["--git-credentials-over-http=false"])
        self.addCleanup(self.controller.restart)
        for name in ("secret", "inside"):
            self.request("GitRepository", name)
            message = self.await_failed("GitRepository", name, "AuthenticationFailed")["message"]
            self.assertEqual(message, "failed to configure authentication options: credentials are not sent over http: use an https URL")
        with open(self.controller.log, encoding="utf-8") as log:
            self.assertNotIn("canary", log.read())


class VerifyTest(GitCase):
    """Signed by git itself, with ssh-keygen and gpg."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(dir="/tmp", prefix="sluice-gpg-")
        cls.addClassCleanup(harness.shutil.rmtree, cls.folder, True)
        for name in ("trusted", "stranger"):
            shell("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", os.path.join(cls.folder, name))
        gpg = ("gpg", "--batch", "--quiet", "--homedir", cls.folder, "--pinentry-mode", "loopback", "--passphrase", "")
        shell(*gpg, "--quick-generate-key", "Fleet <fleet@example.com>", "ed25519", "sign", "never")
        cls.addClassCleanup(subprocess.run, ["gpgconf", "--homedir", cls.folder, "--kill", "all"], check=False)
        cls.ring = shell(*gpg, "--armor", "--export", "fleet@example.com")
        listed = shell(*gpg, "--with-colons", "--list-keys").decode().splitlines()
        cls.key_id = next(line.split(":")[4] for line in listed if line.startswith("pub:"))
        cls.fingerprint = shell("ssh-keygen", "-l", "-f", os.path.join(cls.folder, "trusted.pub")).decode().split()[1]

    def signer(self, kind):
        if kind == "pgp":
            return ("-c", f"user.signingkey={self.key_id}", "-c", f"gpg.program={self.gpg_program()}")
        return ("-c", "gpg.format=ssh", "-c", f"user.signingkey={os.path.join(self.folder, kind)}")

    def gpg_program(self):
        path = os.path.join(self.folder, "gpg.sh")
        if not os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                file.write(f'#!/bin/sh\nexec gpg --homedir {self.folder} --batch --pinentry-mode loopback --passphrase "" "$@"\n')
            os.chmod(path, 0o700)
        return path

    def sign(self, repository, kind):
        """Puts a signed commit with the same tree on top of the branch."""
        bare = ("--git-dir", repository.bare)
        repository.head = harness.git(*self.signer(kind), *bare, "commit-tree", f"{repository.head}^{{tree}}", "-p", repository.head, "-S", "-m", "signed")
        harness.git(*bare, "update-ref", f"refs/heads/{repository.branch}", repository.head)

    def tag(self, repository, name, kind=None):
        bare = ("--git-dir", repository.bare)
        if kind is None:
            harness.git(*bare, "tag", "-a", "-m", name, name, repository.head)
        else:
            harness.git(*self.signer(kind), *bare, "tag", "-s", "-m", name, name, repository.head)
        return harness.git(*bare, "rev-parse", f"refs/tags/{name}")

    def keys(self, name="keys", **data):
        self.kube.apply(secret(name, self.ns, data or {"fleet.asc": self.ring, "ci.sshpub": read(os.path.join(self.folder, "trusted.pub"))}))

    def verified(self, name, message, mode):
        obj = self.await_ready("GitRepository", name)
        found = condition_of(obj, "SourceVerified")
        self.assertEqual((found["status"], found["reason"], found["message"], obj["status"]["sourceVerificationMode"]), ("True", "Succeeded", message, mode))

    def refused(self, name, reason, message, stalled=False):
        def both(obj):
            found = [condition_of(obj, kind) for kind in ("SourceVerified", "Ready")]  # a retry that takes long makes Ready Unknown for a while
            return all((one.get("status"), one.get("reason")) == ("False", reason) for one in found)
        obj = self.await_object("GitRepository", name, both)
        for kind in ("SourceVerified", "Ready"):
            found = condition_of(obj, kind)
            self.assertEqual((found["status"], found["reason"], found["message"]), ("False", reason, message))
        self.assertEqual((condition_of(obj, "Stalled").get("status") == "True", "artifact" in obj["status"]), (stalled, False))

    def test_commits(self):
        self.keys()
        repository = self.repository("app", {"a.txt": "a"})
        self.sign(repository, "trusted")
        head = repository.head
        self.source("ssh", repository, verify={"secretRef": {"name": "keys"}})
        self.verified("ssh", f"verified signature of\n\t- commit '{head}' with key '{self.fingerprint}'", "HEAD")
        self.sign(repository, "pgp")
        self.source("pgp", repository, verify={"mode": "head", "secretRef": {"name": "keys"}})
        self.verified("pgp", f"verified signature of\n\t- commit '{repository.head}' with key '{self.key_id}'", "HEAD")
        until(lambda: ("Normal", "Succeeded", f"verified signature of\n\t- commit '{repository.head}' with key '{self.key_id}'") in self.events("GitRepository", "pgp"))

    def test_tags_and_both(self):
        self.keys()
        repository = self.repository("app", {"a.txt": "a"})
        self.sign(repository, "trusted")
        tag = self.tag(repository, "v1.0.0", "pgp")
        self.source("tag", repository, ref={"tag": "v1.0.0"}, verify={"mode": "Tag", "secretRef": {"name": "keys"}})
        self.source("both", repository, ref={"semver": "1.x"}, verify={"mode": "TagAndHEAD", "secretRef": {"name": "keys"}})
        self.verified("tag", f"verified signature of\n\t- tag 'v1.0.0@{tag}' with key '{self.key_id}'", "Tag")
        self.verified("both", f"verified signature of\n\t- tag 'v1.0.0@{tag}' with key '{self.key_id}'\n\t- commit '{repository.head}' with key '{self.fingerprint}'",
                      "TagAndHEAD")

    def test_what_is_not_verified_is_not_stored(self):
        self.keys()
        self.keys("only-pgp", **{"fleet.asc": self.ring})
        repository = self.repository("app", {"a.txt": "a"})
        plain = self.repository("plain", {"a.txt": "a"})
        self.sign(repository, "stranger")
        tag = self.tag(repository, "unsigned")
        harness.git("--git-dir", repository.bare, "tag", "light", repository.head)
        commit = f"signature verification of commit '{repository.head}' failed: "
        self.source("stranger", repository, verify={"secretRef": {"name": "keys"}})
        self.source("keyless", repository, verify={"secretRef": {"name": "only-pgp"}})
        self.source("secretless", repository, verify={"secretRef": {"name": "none"}})
        self.source("plain", plain, verify={"secretRef": {"name": "keys"}})
        self.source("tagless", repository, verify={"mode": "Tag", "secretRef": {"name": "keys"}})
        self.source("unsigned", repository, ref={"tag": "unsigned"}, verify={"mode": "Tag", "secretRef": {"name": "keys"}})
        self.source("light", repository, ref={"tag": "light"}, verify={"mode": "TagAndHEAD", "secretRef": {"name": "keys"}})
        self.refused("stranger", "InvalidCommitSignature", commit + "unable to verify Git commit SSH signature: unable to verify payload with any of the given "
                     "authorized keys: no matching key\npublic key does not match")
        self.refused("keyless", "InvalidCommitSignature", commit + "SSH signature detected but no SSH public keys found in secret (keys with .sshpub suffix)")
        self.refused("secretless", "VerificationError", "public keys secret error: secrets \"none\" not found")
        self.refused("plain", "InvalidCommitSignature", f"signature verification of commit '{plain.head}' failed: unsupported signature type: empty")
        self.refused("tagless", "InvalidVerificationMode", "cannot verify tag object's signature if a tag reference is not specified", stalled=True)
        self.refused("unsigned", "InvalidGitObject", f"cannot verify signature of tag 'unsigned@{tag}' since it is not signed")
        self.refused("light", "InvalidGitObject", "cannot verify signature of tag 'light' since it is not signed")

    def test_the_last_verified_artifact_stays(self):
        self.keys()
        repository = self.repository("app", {"a.txt": "a"})
        self.sign(repository, "trusted")
        self.source("fleet", repository, interval="1s", verify={"secretRef": {"name": "keys"}})
        before = self.await_ready("GitRepository", "fleet")["status"]["artifact"]
        self.sign(repository, "stranger")
        obj = self.await_object("GitRepository", "fleet", lambda obj: condition_of(obj, "SourceVerified").get("status") == "False" and
                                condition_of(obj, "SourceVerified")["reason"] == condition_of(obj, "Ready").get("reason") == "InvalidCommitSignature")
        self.assertEqual(obj["status"]["artifact"], before)
        self.keys(**{"all.sshpub": read(os.path.join(self.folder, "trusted.pub")) + read(os.path.join(self.folder, "stranger.pub"))})
        self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and obj["status"]["artifact"]["revision"] == repository.revision)
        self.kube.patch("GitRepository", "fleet", self.ns, {"spec": {"verify": None}})
        obj = self.await_object("GitRepository", "fleet", lambda obj: is_ready(obj) and "sourceVerificationMode" not in obj["status"])
        self.assertEqual(condition_of(obj, "SourceVerified"), {})


if __name__ == "__main__":
    totals.main()
