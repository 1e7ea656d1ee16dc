#!/usr/bin/env python3
"""spec.decryption: what is encrypted in Git arrives in plain text, and nowhere else. The files are tests/sops/vectors, made with sops 3.13.3."""

import base64
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of  # noqa: E402

VECTORS = os.path.join(harness.ROOT, "tests", "sops", "vectors")
OPENPGP = os.path.join(harness.ROOT, "tests", "crypto", "openpgp")
PASSWORD = "p@ss: #1"  # of plain/secret.yaml
STILL = " is SOPS encrypted, configuring decryption is required for this secret to be reconciled"


def setUpModule():
    harness.begin("decryption", flags=["--sops-age-secret=sops-age"])


def read(*path):
    with open(os.path.join(VECTORS, *path), encoding="utf-8", newline="") as file:
        return file.read()


def encode(text):
    return base64.b64encode(text.encode()).decode()


def decoded(secret):
    return {key: base64.b64decode(value).decode() for key, value in (secret or {}).get("data", {}).items()}


class Decrypting(Case):
    def keys(self, name="sops-keys", ns=None, **files):
        """A decryption Secret: {entry: text}."""
        entries = {key.replace("_", "."): encode(text) for key, text in files.items()}
        self.kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": ns or self.ns}, "data": entries})

    def age(self, identity="first", **where):
        self.keys(age_agekey=read("keys", f"{identity}.agekey"), **where)

    def prepare(self, files):
        self.repository = self.env.repository(self.ns, files)
        self.source("fleet", self.repository)

    def decrypting(self, name="sops-keys", **spec):
        self.kustomization(decryption={"provider": "sops", "secretRef": {"name": name}}, **spec)

    def refused(self, reason="BuildFailed"):
        """The message of the failure; nothing secret is in it, nor in the log."""
        message = self.await_failed("Kustomization", "app", reason)["message"]
        with open(self.controller.log, encoding="utf-8") as file:
            log = file.read()
        for secret in (PASSWORD, "AGE-SECRET-KEY-1", "from-the-patch"):
            self.assertNotIn(secret, message)
            self.assertNotIn(secret, log)
        return message


class PlainTextTest(Decrypting):
    """Everything that Flux decrypts."""

    def test_whole_objects(self):
        self.age()
        self.prepare({"secret.yaml": read("sealed", "regex.yaml"), "cm.yaml": config_map("settings", {"a": "1"})})
        self.decrypting()
        self.await_applied(self.repository)
        token = self.kube.get("Secret", "token", self.ns)
        self.assertEqual(decoded(token), {"password": PASSWORD, "config.yaml": "a: 1\nb: [x, y]\n", "raw": "hello"})
        self.assertNotIn("sops", token)

    def test_sources_of_generators_and_patches(self):
        self.age()
        self.prepare({
            "kustomization.yaml": {
                "resources": ["cm.yaml", "below"], "generatorOptions": {"disableNameSuffixHash": True},
                "secretGenerator": [{"name": "env", "envs": ["app.env"]},
                                    {"name": "files", "files": ["blob.txt", "types.yaml", "renamed.ini=app.ini"]},
                                    {"name": "pull", "type": "kubernetes.io/dockerconfigjson", "files": [".dockerconfigjson=docker.json"]}],
                "patches": [{"path": "patch.yaml"}]},
            "below/kustomization.yaml": {"secretGenerator": [{"name": "below", "envs": ["../app.env"], "options": {"disableNameSuffixHash": True}}]},
            "cm.yaml": config_map("settings", {"a": "1"}),
            **{name: read("sealed", name) for name in ("app.env", "blob.txt", "types.yaml", "app.ini", "docker.json", "patch.yaml")}})
        self.decrypting()
        self.await_applied(self.repository)
        env = {"USER": "admin", "PASSWORD": "a=b c\"d'", "EMPTY": "", "LINES": "one\\ntwo"}
        self.assertEqual(decoded(self.kube.get("Secret", "env", self.ns)), env)
        self.assertEqual(decoded(self.kube.get("Secret", "below", self.ns)), env)
        self.assertEqual(decoded(self.kube.get("Secret", "files", self.ns)),
                         {"blob.txt": read("plain", "blob.txt"), "types.yaml": read("want", "types.yaml"), "renamed.ini": read("want", "app.ini")})
        self.assertEqual(decoded(self.kube.get("Secret", "pull", self.ns)), {".dockerconfigjson": read("want", "docker.json")})
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"a": "1", "password": "from-the-patch"})

    def test_values_that_are_encrypted_files(self):
        self.age()
        self.prepare({"secret.yaml": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "blobs"}, "data": {
            "blob": encode(read("sealed", "blob.txt")), "app.env": encode(read("sealed", "app.env")),
            ".dockerconfigjson": encode(read("sealed", "docker.json")), "plain": encode("as it is")}}})
        self.decrypting()
        self.await_applied(self.repository)
        self.assertEqual(decoded(self.kube.get("Secret", "blobs", self.ns)), {
            "blob": read("plain", "blob.txt"), "app.env": read("want", "app.env"), ".dockerconfigjson": read("want", "docker.json"),
            "plain": "as it is"})

    def test_openpgp(self):
        with open(os.path.join(OPENPGP, "curve.private.asc"), encoding="utf-8") as file:
            self.keys(pgp_asc=file.read())
        self.prepare({"kustomization.yaml": {"secretGenerator": [{"name": "env", "envs": ["pgp.env"], "options": {"disableNameSuffixHash": True}}]},
                      "pgp.env": read("sealed", "pgp.env")})
        self.decrypting()
        self.await_applied(self.repository)
        self.assertEqual(decoded(self.kube.get("Secret", "env", self.ns))["USER"], "admin")

    def test_key_groups(self):
        self.keys(a_agekey=read("keys", "first.agekey"), b_agekey=read("keys", "third.agekey"))
        self.prepare({"kustomization.yaml": {"secretGenerator": [{"name": "env", "envs": ["app.env"], "options": {"disableNameSuffixHash": True}}]},
                      "app.env": read("sealed", "groups.env")})
        self.decrypting()
        self.await_applied(self.repository)
        self.assertEqual(decoded(self.kube.get("Secret", "env", self.ns))["USER"], "admin")

    def test_the_controllers_own_age_keys(self):
        self.age(name="sops-age", ns=harness.NAMESPACE)
        self.prepare({"secret.yaml": read("sealed", "regex.yaml")})
        self.kustomization(decryption={"provider": "sops"})
        self.await_applied(self.repository)
        self.assertEqual(decoded(self.kube.get("Secret", "token", self.ns))["password"], PASSWORD)

    def test_variables_go_in_after_decryption_and_opting_out_keeps_what_is_there(self):
        self.age()
        disabled = harness.documents(read("sealed", "regex.yaml"))[0]
        sealed = disabled["stringData"]["password"]
        del disabled["data"]  # what is encrypted is no base64, and the API server insists on that
        disabled["metadata"] = {"name": "kept", "annotations": {"kustomize.toolkit.fluxcd.io/decrypt": "Disabled"}}
        self.prepare({"secret.yaml": read("sealed", "regex.yaml"), "kept.yaml": disabled})
        self.decrypting()
        self.await_applied(self.repository)
        self.assertEqual(decoded(self.kube.get("Secret", "kept", self.ns))["password"], sealed)


class RefusalTest(Decrypting):
    """What cannot be decrypted is not applied."""

    def test_an_encrypted_secret_without_decryption(self):
        self.prepare({"secret.yaml": read("sealed", "regex.yaml"), "cm.yaml": config_map("settings")})
        self.kustomization()
        self.assertEqual(self.refused("ReconciliationFailed"), f"Secret/{self.ns}/token{STILL}")
        self.assertIsNone(self.kube.get("ConfigMap", "settings", self.ns))

    def test_another_key_and_then_the_right_one(self):
        self.age("second")
        self.prepare({"secret.yaml": read("sealed", "regex.yaml")})
        self.decrypting()
        self.assertRegex(self.refused(), rf"^decryption failed for 'Secret\.v1\.\[noGrp\]/token': failed to decrypt and format '{self.ns}/token' "
                                         r"Secret data: cannot get sops data key: age1[a-z0-9]+: no identity matched any of the recipients$")
        self.age("first")
        self.request("Kustomization", "app")
        self.await_applied(self.repository)

    def test_an_altered_file(self):
        self.age()
        text = read("sealed", "app.env").splitlines(keepends=True)
        at = next(i for i, line in enumerate(text) if line.startswith("PASSWORD="))
        other = next(line for line in text if line.startswith("USER="))
        text[at] = "PASSWORD=" + other.removeprefix("USER=")
        self.prepare({"kustomization.yaml": {"secretGenerator": [{"name": "env", "envs": ["app.env"]}]}, "app.env": "".join(text)})
        self.decrypting()
        self.assertEqual(self.refused(), "error decrypting sources: app.env: error decrypting sops tree: Error walking tree: Could not decrypt "
                                         "value: Could not decrypt with AES_GCM: message authentication failed (at PASSWORD)")

    def test_key_services(self):
        self.age()
        lines = {"data": "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]", "sops_kms__list_0__map_arn": "arn:aws:kms:eu-west-1:1:key/x",
                 "sops_kms__list_0__map_enc": "AA==", "sops_mac": "ENC[x]"}
        self.prepare({"kustomization.yaml": {"secretGenerator": [{"name": "env", "envs": ["app.env"]}]},
                      "app.env": "".join(f"{key}={value}\n" for key, value in lines.items())})
        self.decrypting()
        self.assertEqual(self.refused(), "error decrypting sources: app.env: cannot get sops data key: AWS KMS key arn:aws:kms:eu-west-1:1:key/x: "
                                         "key services are not served, only age and OpenPGP")

    def test_a_secret_that_is_not_there_and_one_that_is_broken(self):
        self.prepare({"secret.yaml": read("sealed", "regex.yaml")})
        self.decrypting("nowhere")
        self.assertIn('secrets "nowhere" not found', self.refused())
        self.keys("nowhere", x_agekey="# mine\nAGE-SECRET-KEY-1QQQQ\n")
        self.request("Kustomization", "app")
        want = f"failed to import 'x.agekey' data from sops decryption Secret '{self.ns}/nowhere': line 2: malformed secret key"
        self.await_object("Kustomization", "app", lambda obj: condition_of(obj, "Ready").get("message") == want)
        self.refused()

    def test_a_service_account_needs_its_gate(self):
        self.prepare({"cm.yaml": config_map("settings")})
        self.kustomization(decryption={"provider": "sops", "serviceAccountName": "x"})
        self.assertEqual(self.refused("FeatureGateDisabled"),
                         "to use spec.decryption.serviceAccountName for decryption authentication please enable the "
                         "ObjectLevelWorkloadIdentity feature gate in the controller")


class LockdownTest(Decrypting):
    def test_T44_the_controllers_own_age_keys_are_not_for_tenants(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        locked = self.env.controller("locked", ["--sops-age-secret=sops-age", "--sops-age-secret-own-namespace", "--max-retry-delay=1s"])
        self.addCleanup(locked.end)
        self.age(name="sops-age", ns=harness.NAMESPACE)
        self.prepare({"secret.yaml": read("sealed", "regex.yaml")})
        self.kustomization(decryption={"provider": "sops"})
        message = self.await_failed("Kustomization", "app", "BuildFailed")["message"]
        self.assertNotIn(PASSWORD, message)
        self.assertIsNone(self.kube.get("Secret", "token", self.ns))
        self.age()
        self.kustomization(decryption={"provider": "sops", "secretRef": {"name": "sops-keys"}})
        self.await_applied(self.repository)
        self.assertEqual(decoded(self.kube.get("Secret", "token", self.ns))["password"], PASSWORD)


if __name__ == "__main__":
    totals.main()
