#!/usr/bin/env python3
"""OCIRepositories over a real registry (Debian's docker-registry): every way in, every way to name an artifact, signatures, and what comes of it."""

import base64
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from foreign_sources_test import pack  # noqa: E402
from harness import Case, condition_of, config_map, data_of, is_ready, secret, until  # noqa: E402
from oci_registry import FLUX_CONTENT, INDEX, Registry, TokenService, certificate, digest_of  # noqa: E402
from proxy import Proxy  # noqa: E402

OCI = "source.toolkit.fluxcd.io/v1/OCIRepository"
CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
USER, PASSWORD = "robot", "sw0rdfish-canary"


def setUpModule():
    harness.begin("oci", flags=["--min-retry-delay=250ms", "--max-retry-delay=1s", "--artifact-retention-ttl=1s"])
    env = Case.env
    env.await_kind(OCI)
    root = os.path.join(env.folder, "registries")
    OciCase.open = Registry(os.path.join(root, "open"), env.ports.take())
    OciCase.closed = Registry(os.path.join(root, "closed"), env.ports.take(), tls=True, users={USER: PASSWORD})
    OciCase.issuer = TokenService(root, USER, PASSWORD)
    OciCase.tokens = Registry(os.path.join(root, "tokens"), env.ports.take(), tokens=OciCase.issuer)
    for part in (OciCase.open, OciCase.closed, OciCase.tokens):
        harness.unittest.addModuleCleanup(part.stop)
    harness.unittest.addModuleCleanup(OciCase.issuer.close)


class OciCase(Case):
    open = closed = tokens = issuer = None

    def setUp(self):
        super().setUp()
        self.repository = f"fleet/{self.ns}"
        self.addCleanup(self._delete_sources)

    def _delete_sources(self):
        for obj in self.kube.list(OCI, self.ns):
            self.kube.delete(OCI, obj["metadata"]["name"], self.ns)

    def push(self, tag="latest", data="1", registry=None, annotations=None, extra=None):  # pylint: disable=arguments-differ
        """An artifact as `flux push artifact` makes it; its digest."""
        layer = pack({"cm.yaml": config_map("settings", {"n": data})} | (extra or {}))
        return (registry or self.open).push(self.repository, tag, [(FLUX_CONTENT, layer)], annotations)

    def oci(self, registry=None, name="app", url=None, **spec):
        spec = {"interval": "1h", "url": url or f"oci://{(registry or self.open).address}/{self.repository}"} | spec
        return self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
                                "metadata": {"name": name, "namespace": self.ns}, "spec": spec})

    def consumer(self):
        return self.kustomization(sourceRef={"kind": "OCIRepository", "name": "app"})

    def await_stored(self, revision):
        return self.await_object(OCI, "app", lambda obj: is_ready(obj) and obj["status"]["artifact"]["revision"] == revision)

    def failed(self, reason, kind="FetchFailed"):
        """Waits for the failure; its message."""
        obj = self.await_object(OCI, "app", lambda obj: condition_of(obj, "Ready").get("reason") == reason)
        self.assertEqual(condition_of(obj, "Ready")["status"], "False")
        self.assertEqual(condition_of(obj, kind)["message"], condition_of(obj, "Ready")["message"])
        return condition_of(obj, "Ready")["message"]

    def login(self, name, registry, user=USER, password=PASSWORD):
        config = {"auths": {registry.address: {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}}}
        self.kube.apply(secret(name, self.ns, {".dockerconfigjson": json.dumps(config)}) | {"type": "kubernetes.io/dockerconfigjson"})

    def trust(self, name="ca"):
        with open(self.closed.ca, "rb") as file:
            self.kube.apply(secret(name, self.ns, {"ca.crt": file.read()}))
        return {"name": name}

    def download(self, url):
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.read()


class ReferenceTest(OciCase):
    def test_a_tag_and_its_next_digest(self):
        origin = {"org.opencontainers.image.source": "https://git.example/fleet", "org.opencontainers.image.revision": "main@sha1:0123"}
        digest = self.push("prod", annotations=origin)
        self.oci(ref={"tag": "prod"})
        self.consumer()
        stored = self.await_stored(f"prod@{digest}")
        artifact = stored["status"]["artifact"]
        self.assertEqual(artifact["metadata"], origin)
        self.assertEqual(artifact["path"], f"ocirepository/{self.ns}/app/{digest}.tar.gz")
        self.assertEqual("sha256:" + hashlib.sha256(self.download(artifact["url"])).hexdigest(), artifact["digest"])
        self.assertEqual(stored["status"]["url"], f"http://{self.controller.storage_address}/ocirepository/{self.ns}/app/latest.tar.gz")
        self.assertEqual(condition_of(stored, "Ready")["message"], f"stored artifact for digest 'prod@{digest}'")
        self.assertEqual(condition_of(stored, "ArtifactInStorage")["status"], "True")
        applied = self.await_object("Kustomization", "app", is_ready)
        self.assertEqual(applied["status"]["lastAppliedRevision"], f"prod@{digest}")
        self.assertEqual(applied["status"]["lastAppliedOriginRevision"], "main@sha1:0123")
        message = f"stored artifact with revision 'prod@{digest}' from 'oci://{self.open.address}/{self.repository}', origin source " \
                  "'https://git.example/fleet', origin revision 'main@sha1:0123'"
        until(lambda: any(event["message"] == message and event["reason"] == "NewArtifact" for event in self.kube.list("Event", self.ns)))
        second = self.push("prod", "2")
        self.request(OCI, "app")
        stored = self.await_stored(f"prod@{second}")
        self.assertNotIn("metadata", stored["status"]["artifact"])
        until(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"n": "2"})

    def test_latest_unless_anything_is_said(self):
        digest = self.push()
        self.oci()
        self.await_stored(f"latest@{digest}")

    def test_the_highest_version_and_a_filter(self):
        digests = {tag: self.push(tag, tag) for tag in ("1.2.0", "1.10.0", "1.9.0-rc.1", "2.0.0", "v1.11.0", "nightly", "1.12.0-alpine")}
        self.oci(ref={"semver": "1.x"})
        self.await_stored(f"v1.11.0@{digests['v1.11.0']}")
        self.oci(ref={"semver": ">=1.0.0-0", "semverFilter": ".*-alpine"})
        self.await_stored(f"1.12.0-alpine@{digests['1.12.0-alpine']}")
        self.oci(ref={"semver": "3.x"})
        self.assertEqual(self.failed("ReadOperationFailed"), f"failed to determine the artifact tag for 'oci://{self.open.address}/{self.repository}': "
                                                             "no match found for semver: 3.x")

    def test_a_digest(self):
        digest = self.push("one", "1")
        self.push("one", "2")
        self.oci(ref={"digest": digest, "tag": "one", "semver": "x"})
        self.consumer()
        self.await_stored(digest)
        until(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"n": "1"})

    def test_an_index_means_its_linux_image(self):
        images = {arch: self.push(arch, arch) for arch in ("arm64", "amd64")}
        entries = [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1, "platform": {"os": "linux", "architecture": arch}}
                   for arch, digest in images.items()]
        digest = self.open.manifest(self.repository, "all", {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
        self.oci(ref={"tag": "all"})
        self.consumer()
        self.await_stored(f"all@{digest}")
        until(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"n": "amd64"})

    def test_what_is_not_there(self):
        self.oci(ref={"tag": "none"})
        message = self.failed("OCIArtifactPullFailed")
        self.assertIn("failed to determine artifact digest: GET ", message)
        self.assertIn("UNKNOWN", message)
        self.push("none")
        self.await_object(OCI, "app", is_ready)

    def test_addresses_that_are_none(self):
        for url, why in ((f"oci://{self.open.address}/fleet/x:1.0", "URL must not contain a tag; remove ':1.0'"),
                         (f"oci://{self.open.address}/fleet/x@sha256:00", "URL must not contain a digest; remove '@sha256:00'")):
            self.oci(url=url)
            obj = self.await_object(OCI, "app", lambda obj, why=why: why in condition_of(obj, "Stalled").get("message", ""))
            self.assertEqual(condition_of(obj, "Stalled")["reason"], "URLInvalid")
            self.assertEqual(condition_of(obj, "Ready")["message"], f"URL validation failed for '{url}': {why}")


class LayerTest(OciCase):
    def two_layers(self):
        chart = pack({"chart/Chart.yaml": "name: chart\n"})
        digest = self.open.push(self.repository, "latest", [(FLUX_CONTENT, pack({"cm.yaml": config_map("settings", {"n": "1"})})), (CHART, chart)])
        return digest, chart

    def test_a_layer_kept_as_it_is(self):
        digest, chart = self.two_layers()
        self.oci(layerSelector={"mediaType": CHART, "operation": "copy"})
        stored = self.await_stored(f"latest@{digest}")
        self.assertEqual(stored["status"]["artifact"]["digest"], digest_of(chart))
        self.assertEqual(self.download(stored["status"]["artifact"]["url"]), chart)
        self.assertEqual(stored["status"]["observedLayerSelector"], {"mediaType": CHART, "operation": "copy"})
        self.oci(layerSelector={"mediaType": FLUX_CONTENT})
        self.consumer()
        self.await_object(OCI, "app", lambda obj: is_ready(obj) and obj["status"]["observedLayerSelector"] == {"mediaType": FLUX_CONTENT})
        until(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"n": "1"})

    def test_a_layer_that_is_not_there(self):
        self.two_layers()
        self.oci(layerSelector={"mediaType": "text/plain"})
        self.assertEqual(self.failed("OCIArtifactLayerOperationFailed"), "failed to find layer with media type 'text/plain' in artifact")

    def test_what_is_ignored_stays_out(self):
        digest = self.push(extra={"docs/readme.md": "read", "deploy.jpg": "x"})
        self.oci()
        stored = self.await_stored(f"latest@{digest}")
        before = stored["status"]["artifact"]["digest"]
        self.oci(ignore="/docs/\n")
        stored = self.await_object(OCI, "app", lambda obj: is_ready(obj) and obj["status"].get("observedIgnore") == "/docs/\n")
        self.assertNotEqual(stored["status"]["artifact"]["digest"], before)

    def test_a_hostile_layer(self):
        layer = pack({"cm.yaml": config_map("settings"), "../../escape": "x"})
        self.open.push(self.repository, "latest", [(FLUX_CONTENT, layer)])
        self.oci()
        self.assertIn("failed to extract layer contents from artifact: ", self.failed("OCIArtifactLayerOperationFailed"))

    def test_no_archive(self):
        self.open.push(self.repository, "latest", [(FLUX_CONTENT, b"no archive")])
        self.oci()
        self.assertIn("failed to extract layer contents from artifact: ", self.failed("OCIArtifactLayerOperationFailed"))


class LoginTest(OciCase):
    def test_a_secret_and_an_authority(self):
        digest = self.push(registry=self.closed)
        self.login("pull", self.closed)
        self.oci(self.closed, secretRef={"name": "pull"}, certSecretRef=self.trust())
        self.await_stored(f"latest@{digest}")

    def test_pull_secrets_of_a_service_account(self):
        digest = self.push(registry=self.closed)
        self.login("pull", self.closed)
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "puller", "namespace": self.ns},
                         "imagePullSecrets": [{"name": "pull"}]})
        self.oci(self.closed, serviceAccountName="puller", certSecretRef=self.trust())
        self.await_stored(f"latest@{digest}")

    def test_a_wrong_password_is_not_told(self):
        self.push(registry=self.closed)
        self.login("pull", self.closed, password="canary-wrong")
        self.oci(self.closed, secretRef={"name": "pull"}, certSecretRef=self.trust())
        message = self.failed("OCIArtifactPullFailed")
        self.assertIn("UNAUTHORIZED", message)
        self.assertNotIn("canary", message)

    def test_nobody_in_particular(self):
        self.push(registry=self.closed)
        self.oci(self.closed, certSecretRef=self.trust())
        self.assertIn("UNAUTHORIZED", self.failed("OCIArtifactPullFailed"))

    def test_an_authority_that_nobody_knows(self):
        self.push(registry=self.closed)
        self.login("pull", self.closed)
        self.oci(self.closed, secretRef={"name": "pull"})
        self.assertIn("failed to determine artifact digest: ", self.failed("OCIArtifactPullFailed"))
        self.oci(self.closed, secretRef={"name": "pull"}, insecure=True)
        self.await_object(OCI, "app", is_ready)

    def test_an_authority_is_trusted_beside_the_systems(self):
        digest = self.push(registry=self.closed)
        self.login("pull", self.closed)
        with open(certificate(self.env.folder, self.ns)[0], "rb") as file:
            self.kube.apply(secret("another", self.ns, {"ca.crt": file.read()}))
        self.oci(self.closed, secretRef={"name": "pull"}, certSecretRef={"name": "another"})
        self.assertIn("failed to determine artifact digest: ", self.failed("OCIArtifactPullFailed"))
        self.controller.end()
        self.addCleanup(self.controller.start)
        other = self.env.controller("roots", start=False)
        self.addCleanup(other.end)
        other.variables["SSL_CERT_FILE"] = self.closed.ca
        other.start()
        self.await_stored(f"latest@{digest}")

    def test_secrets_that_are_not_there_or_none(self):
        self.oci(secretRef={"name": "absent"})
        self.assertIn(f"failed to get credential: failed to get secret '{self.ns}/absent': ", self.failed("AuthenticationFailed"))
        self.kube.apply(secret("none", self.ns, {"other": "x"}))
        self.oci(secretRef={"name": "none"})
        self.await_object(OCI, "app", lambda obj: condition_of(obj, "Ready")["message"] ==
                          f"failed to get credential: secret '{self.ns}/none': neither .dockerconfigjson nor .dockercfg is in it")
        self.oci(certSecretRef={"name": "none"})
        self.await_object(OCI, "app", lambda obj: "failed to generate transport for " in condition_of(obj, "Ready")["message"])
        self.oci(proxySecretRef={"name": "none"})
        self.await_object(OCI, "app", lambda obj: condition_of(obj, "Ready")["message"] ==
                          f"failed to get proxy address: secret '{self.ns}/none': it has no key 'address'")

    def test_a_token_of_the_registrys_service(self):
        digest = self.push(registry=self.tokens)
        self.login("pull", self.tokens)
        self.oci(self.tokens, secretRef={"name": "pull"})
        self.assertIn("plain http only", self.failed("OCIArtifactPullFailed"))
        self.oci(self.tokens, secretRef={"name": "pull"}, insecure=True)
        self.await_stored(f"latest@{digest}")
        query, _ = self.issuer.requests[-1]
        self.assertEqual(query, {"service": "registry", "scope": f"repository:{self.repository}:pull"})

    def test_t18_credentials_go_to_no_other_host(self):
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                asked.append((self.path, self.headers.get("Authorization")))
                self.send_response(401)
                self.send_header("WWW-Authenticate", f'Bearer realm="http://localhost:{server.server_address[1]}/steal",service="x"')
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        address = f"127.0.0.1:{server.server_address[1]}"
        config = {"auths": {address: {"username": USER, "password": PASSWORD}}}
        self.kube.apply(secret("pull", self.ns, {".dockerconfigjson": json.dumps(config)}))
        self.oci(url=f"oci://{address}/a/b", secretRef={"name": "pull"}, insecure=True)
        message = self.failed("OCIArtifactPullFailed")
        self.assertIn("which is another host", message)
        self.assertNotIn(PASSWORD, message)
        self.assertFalse([path for path, _ in asked if "steal" in path])
        self.assertFalse([login for _, login in asked if login])


class ProxyTest(OciCase):
    """Names of registries that only the proxy knows: what arrives has come through it."""

    def setUp(self):
        super().setUp()
        self.proxy = Proxy(("user", "pa:ss word"), {"registry.invalid": "127.0.0.1"})
        self.addCleanup(self.proxy.close)

    def through(self, registry, scheme="http", password="pa:ss word", host="registry.invalid", **spec):
        """An OCIRepository of `registry` by its other name, and whom the proxy is to be asked for."""
        self.kube.apply(secret("proxy", self.ns, {"address": f"{scheme}://127.0.0.1:{self.proxy.port}", "username": "user", "password": password}))
        address = f"{host}:{registry.address.rpartition(':')[2]}"
        self.oci(url=f"oci://{address}/{self.repository}", proxySecretRef={"name": "proxy"}, **spec)
        return address

    def test_requests_in_the_clear(self):
        digest = self.push()
        address = self.through(self.open, insecure=True)
        self.await_stored(f"latest@{digest}")
        self.assertEqual(set(self.proxy.asked), {address})

    def test_socks5(self):
        digest = self.push()
        address = self.through(self.open, "socks5", host="127.0.0.1")
        self.await_stored(f"latest@{digest}")
        self.assertEqual(set(self.proxy.asked), {address})

    def test_a_tunnel_for_tls_and_a_login(self):
        digest = self.push(registry=self.closed)
        self.login("pull", self.closed)
        address = self.through(self.closed, host="127.0.0.1", secretRef={"name": "pull"}, certSecretRef=self.trust())
        self.await_stored(f"latest@{digest}")
        self.assertEqual(set(self.proxy.asked), {address})

    def test_a_login_that_the_proxy_refuses(self):
        digest = self.push()
        self.through(self.open, password="canary-wrong", insecure=True)
        message = self.failed("OCIArtifactPullFailed")
        self.assertIn("407", message)
        self.assertNotIn("canary", message)
        self.assertEqual(self.proxy.asked, [])
        self.through(self.open, insecure=True)
        self.request(OCI, "app")
        self.await_stored(f"latest@{digest}")

    def test_a_token_that_is_over_before_the_blob_is_asked_for(self):
        blobs = []

        def before(target):
            if "/blobs/" in target:
                blobs.append(len(self.issuer.requests))
                if len(blobs) == 1:
                    self.issuer.lifetime = 300  # of the next one
                    time.sleep(12)

        digest = self.push(registry=self.tokens)
        self.login("pull", self.tokens)
        self.issuer.lifetime = 10 - self.issuer.LEEWAY
        self.addCleanup(setattr, self.issuer, "lifetime", 300)
        self.proxy.before = before
        asked = len(self.issuer.requests)
        self.through(self.tokens, host="127.0.0.1", secretRef={"name": "pull"}, insecure=True)
        self.await_stored(f"latest@{digest}")
        self.assertEqual([count - asked for count in blobs], [1, 2], "asked with the first token, and with a second one")


class RefusedTest(OciCase):
    def test_what_is_not_built_is_refused_by_name(self):
        self.push()
        for spec, text in (({"provider": "aws"}, 'spec.provider "aws" is not supported by this version of Sluice'),
                           ({"verify": {"provider": "notation", "secretRef": {"name": "x"}}}, 'spec.verify.provider "notation" is not supported'),
                           ({"verify": {"provider": "cosign"}}, "spec.verify without secretRef (keyless verification) is not supported")):
            self.oci(**spec)
            obj = self.await_object(OCI, "app", lambda obj, text=text: text in condition_of(obj, "Stalled").get("message", ""))
            self.assertEqual(condition_of(obj, "Ready")["reason"], "FeatureGateDisabled")
            self.assertNotIn("artifact", obj["status"])
            self.kube.delete(OCI, "app", self.ns)
            self.await_gone(OCI, "app")


class VerifyTest(OciCase):
    def key(self, name, *kind):
        path = os.path.join(self.env.folder, f"{self.ns}-{name}")
        subprocess.run(["openssl", "genpkey", "-algorithm", *(kind or ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")), "-out", path], check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", path, "-pubout"], check=True, capture_output=True).stdout
        return path, public

    def signed(self, key, content):
        return base64.b64encode(subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=content, check=True, capture_output=True).stdout).decode()

    def sign(self, key, digest, about=None):
        """As cosign 2 does: a simple-signing document as a layer of the tag sha256-….sig."""
        payload = json.dumps({"critical": {"identity": {"docker-reference": self.repository}, "image": {"docker-manifest-digest": about or digest},
                                           "type": "cosign container image signature"}, "optional": None}).encode()
        self.open.push(self.repository, digest.replace(":", "-") + ".sig", [
            ("application/vnd.dev.cosign.simplesigning.v1+json", payload, {"dev.cosignproject.cosign/signature": self.signed(key, payload)})])

    def verify(self, *publics):
        self.kube.apply(secret("keys", self.ns, {f"key{i}.pub": public for i, public in enumerate(publics)}))
        self.oci(verify={"provider": "cosign", "secretRef": {"name": "keys"}})

    def test_signed_by_one_of_the_keys(self):
        mine, public = self.key("mine")
        _, other = self.key("other")
        digest = self.push()
        self.sign(mine, digest)
        self.verify(other, public)
        stored = self.await_stored(f"latest@{digest}")
        verified = condition_of(stored, "SourceVerified")
        self.assertEqual((verified["status"], verified["reason"], verified["message"]), ("True", "Succeeded", f"verified signature of revision latest@{digest}"))

    def test_t19_what_is_not_signed_is_not_taken(self):
        mine, public = self.key("mine")
        _, other = self.key("other")
        digest = self.push()
        refused = f"failed to verify the signature using provider 'cosign': no matching signatures were found for '{self.open.address}/{self.repository}@{digest}'"
        self.verify(public)
        self.assertEqual(self.failed("VerificationError", "SourceVerified"), refused)
        self.assertNotIn("artifact", self.kube.get(OCI, "app", self.ns)["status"])
        self.sign(mine, digest, about="sha256:" + "0" * 64)
        self.request(OCI, "app")
        self.assertEqual(self.failed("VerificationError", "SourceVerified"), refused)
        self.sign(mine, digest)
        self.await_stored(f"latest@{digest}")
        self.verify(other)
        second = self.push(data="2")
        self.sign(mine, second)
        self.request(OCI, "app")
        self.failed("VerificationError", "SourceVerified")
        self.assertEqual(self.kube.get(OCI, "app", self.ns)["status"]["artifact"]["revision"], f"latest@{digest}", "the last good one stays")

    def test_a_bundle_of_cosign_3(self):
        mine, public = self.key("mine")
        digest = self.push()
        statement = json.dumps({"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": digest[7:]}}],
                                "predicateType": "https://sigstore.dev/cosign/sign/v1", "predicate": {}}).encode()
        kind = "application/vnd.in-toto+json"
        envelope = f"DSSEv1 {len(kind)} {kind} {len(statement)} ".encode() + statement
        bundle_type = "application/vnd.dev.sigstore.bundle.v0.3+json"
        bundle = json.dumps({"mediaType": bundle_type, "verificationMaterial": {"publicKey": {"hint": "x"}}, "dsseEnvelope": {
            "payload": base64.b64encode(statement).decode(), "payloadType": kind, "signatures": [{"sig": self.signed(mine, envelope)}]}}).encode()
        referrer = self.open.push(self.repository, "bundle", [(bundle_type, bundle)], artifactType=bundle_type)
        self.open.manifest(self.repository, digest.replace(":", "-"), {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": referrer, "size": 1, "artifactType": bundle_type}]})
        self.verify(public)
        self.await_stored(f"latest@{digest}")

    def test_a_key_that_is_none(self):
        self.push()
        self.verify(b"no key")
        self.assertEqual(self.failed("VerificationError", "SourceVerified"), "failed to verify the signature using provider 'cosign': not a public key in PEM format")


class Hurdle:
    """A registry before the real one: lets in who has the newest of its tokens, and meets each GET of a path with what `troubles` has for it, once: a status
    with headers, ("cut", bytes that are sent), "whole" (no range) or "garble". Lists tags in pages of `page`; `follow(last)` is the address of what comes
    after that tag."""

    def __init__(self, registry):
        self.registry, self.troubles, self.tokens, self.seen, self.ranges = registry, [], 0, [], []
        self.page, self.follow = 0, None
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                owner.seen.append((time.monotonic(), self.command, self.path))
                status, headers, body = owner.answer(self.command, self.path, self.headers)
                self.send_response(status)
                for name, value in (headers | {"Content-Length": headers.get("Content-Length", str(len(body)))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body if self.command != "HEAD" else b"")

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, command, path, headers):
        if path.startswith("/token"):
            self.tokens += 1
            return 200, {}, json.dumps({"token": f"token-{self.tokens}"}).encode()
        met = ()
        for trouble in self.troubles:
            if command == "GET" and trouble[0] in path:
                self.troubles.remove(trouble)
                met = trouble[1:]
                if met[0] == 401:
                    self.tokens += 1  # the one that the client has is over
                if not isinstance(met[0], int) or met[0] == 401:
                    break
                return met[0], met[1], b"{}"
        if headers.get("Authorization") != f"Bearer token-{self.tokens}" or not self.tokens:
            return 401, {"WWW-Authenticate": f'Bearer realm="http://{self.address}/token",service="hurdle"'}, b"{}"
        if "/tags/list" in path and self.page:
            return self.tags(path)
        if "/blobs/" in path:
            self.ranges.append(headers.get("Range"))
        wanted = {key: headers[key] for key in ("Accept", "Range") if headers.get(key) and not (key == "Range" and met == ("whole",))}
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://{self.registry.address}{path}", headers=wanted, method=command)) as response:
                body = response.read()
                kept = {key: value for key, value in response.headers.items() if key in
                        ("Content-Type", "Content-Length", "Content-Range", "Docker-Content-Digest")}
            if met == ("garble",):
                body = body[:-1] + bytes([body[-1] ^ 1])
            return response.status, kept, body[:met[1]] if met[:1] == ("cut",) else body
        except urllib.error.HTTPError as error:
            return error.code, {}, error.read()

    def tags(self, path):
        """One page: the real registry of this version has all tags on one."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query))
        with urllib.request.urlopen(f"http://{self.registry.address}{path.split('?')[0]}") as response:
            listed = json.loads(response.read())
        rest = sorted(tag for tag in listed["tags"] if tag > query.get("last", ""))
        page = rest[:min(self.page, int(query["n"]))]
        more = {"Link": f'<{self.follow(page[-1])}>; rel="next"'} if len(rest) > len(page) else {}
        return 200, {"Content-Type": "application/json"} | more, json.dumps(listed | {"tags": page}).encode()

    def times(self, part):
        return [at for at, command, path in self.seen if part in path and command == "GET"]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class FaultTest(OciCase):
    def before_registry(self, *troubles):
        hurdle = Hurdle(self.open)
        self.addCleanup(hurdle.close)
        hurdle.troubles = list(troubles)
        return hurdle

    def hurdle(self, *troubles, extra=None):
        hurdle = self.before_registry(*troubles)
        digest = self.push(extra=extra)
        self.oci(hurdle, insecure=True)
        self.await_stored(f"latest@{digest}")
        self.assertEqual(hurdle.troubles, [])
        self.consumer()
        self.await_object("Kustomization", "app", is_ready)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"n": "1"})
        return hurdle

    def test_R17_the_token_ends_in_the_middle_of_a_pull(self):
        hurdle = self.hurdle(("/blobs/", 401))
        self.assertEqual(len([path for _, _, path in hurdle.seen if path.startswith("/token")]), 2, "one, and one more")
        self.assertEqual(len(hurdle.times("/blobs/")), 2)

    def test_R17_too_many_requests(self):
        hurdle = self.hurdle(("/manifests/", 429, {"Retry-After": "4"}))
        first, second = hurdle.times("/manifests/")[:2]
        self.assertGreaterEqual(second - first, 4, "the registry had asked for four seconds")

    def test_R17_a_blob_that_is_not_there_yet(self):
        hurdle = self.hurdle(("/blobs/", 404, {}))
        self.assertEqual((len(hurdle.times("/manifests/")), len(hurdle.times("/blobs/"))), (2, 2), "all of it again")

    # Big enough to be cut, and not to be packed much smaller than it is.
    NOISE = {"noise.txt": base64.b64encode(os.urandom(200_000)).decode()}

    def test_a_blob_that_is_cut_is_taken_up_where_it_broke(self):
        hurdle = self.hurdle(("/blobs/", "cut", 50_000), ("/blobs/", "cut", 30_000), extra=self.NOISE)
        self.assertEqual(hurdle.ranges, [None, "bytes=50000-", "bytes=80000-"])

    def test_a_blob_of_a_registry_that_knows_no_ranges(self):
        hurdle = self.hurdle(("/blobs/", "cut", 50_000), ("/blobs/", "whole"), extra=self.NOISE)
        self.assertEqual(hurdle.ranges, [None, "bytes=50000-"])

    def test_a_blob_whose_token_ends_where_it_broke(self):
        hurdle = self.hurdle(("/blobs/", "cut", 50_000), ("/blobs/", 401), extra=self.NOISE)
        self.assertEqual(hurdle.ranges, [None, "bytes=50000-"])
        self.assertEqual(len([path for _, _, path in hurdle.seen if path.startswith("/token")]), 2)

    def test_pieces_that_make_another_digest_are_fetched_again_as_one(self):
        hurdle = self.hurdle(("/blobs/", "cut", 50_000), ("/blobs/", "garble"), extra=self.NOISE)
        self.assertEqual(hurdle.ranges, [None, "bytes=50000-", None])

    def test_bytes_of_another_digest_are_not_taken(self):
        hurdle = self.before_registry(*[("/blobs/", "garble")] * 1000)
        digest = self.push()
        self.oci(hurdle, insecure=True)
        self.assertRegex(self.failed("OCIArtifactLayerOperationFailed"), "blob sha256:[0-9a-f]{64}: the bytes' digest is sha256:")
        self.assertNotIn("artifact", self.kube.get(OCI, "app", self.ns)["status"])
        hurdle.troubles = []
        self.await_stored(f"latest@{digest}")

    def test_tags_on_several_pages(self):
        digests = {tag: self.push(tag, tag) for tag in ("1.0.0", "1.10.0", "1.2.0", "1.3.0", "1.4.0", "v0.1.0")}
        hurdle = self.before_registry(("last=1.10.0", 401))
        hurdle.page = 2
        hurdle.follow = lambda last: f"/v2/{self.repository}/tags/list?n=2&last={last}"
        self.oci(hurdle, insecure=True, ref={"semver": "*"})
        self.await_stored(f"1.10.0@{digests['1.10.0']}")
        self.assertEqual(len(hurdle.times("/tags/list")), 4, "three pages, and one for which the token was over")
        for ref, best in (({"semver": ">=1.0.0", "semverFilter": r"^1\.\d\.0$"}, "1.4.0"), ({"semver": "<1"}, "v0.1.0")):
            hurdle.follow = lambda last: f"http://{hurdle.address}/v2/{self.repository}/tags/list?n=1&last={last}"
            self.oci(hurdle, insecure=True, ref=ref)
            self.await_stored(f"{best}@{digests[best]}")

    def test_pages_of_tags_that_lead_astray(self):
        for tag in ("1.0.0", "1.2.0"):
            self.push(tag, tag)
        hurdle = self.before_registry()
        hurdle.page = 1
        hurdle.follow = lambda last: f"http://{self.open.address}/v2/{self.repository}/tags/list?last={last}"
        self.oci(hurdle, insecure=True, ref={"semver": "*"})
        self.assertTrue(self.failed("ReadOperationFailed").endswith("the next page of tags is on another host"))
        hurdle.follow = lambda last: f"/v2/{self.repository}/tags/list?n=1"
        self.await_object(OCI, "app", lambda obj: condition_of(obj, "Ready").get("message", "").endswith("more than 100 pages of tags (--oci-max-tag-pages)"))
        self.assertNotIn("artifact", self.kube.get(OCI, "app", self.ns)["status"])


class EndTest(OciCase):
    def test_R51_a_registry_that_never_answers_holds_up_nobody_else(self):
        silent, names = self.silence(), [f"dead-{number}" for number in range(80)]
        for name in names:
            self.oci(name=name, url=f"oci://{silent}/{self.repository}", insecure=True, timeout="10m")
        self.await_all_places_taken(OCI, names)
        digest = self.push()
        self.oci(insecure=True)
        self.await_stored(f"latest@{digest}")
        self.await_progress_until_suspended(OCI, "dead-0")

    def test_a_registry_that_is_away_takes_nothing_with_it(self):
        registry = Registry(os.path.join(self.env.folder, "registries", "away"), self.env.ports.take())
        self.addCleanup(registry.stop)
        digest = self.push(registry=registry)
        self.oci(registry)
        self.await_stored(f"latest@{digest}")
        registry.stop()
        self.request(OCI, "app")
        self.failed("OCIArtifactPullFailed")
        url = self.kube.get(OCI, "app", self.ns)["status"]["artifact"]["url"]
        self.assertTrue(self.download(url))
        registry.start()
        self.await_stored(f"latest@{digest}")
        self.assertFalse(condition_of(self.kube.get(OCI, "app", self.ns), "FetchFailed"))

    def test_suspended_and_deleted(self):
        digest = self.push()
        self.oci(suspend=True)
        self.oci(name="other")
        self.await_object(OCI, "other", is_ready)
        self.assertNotIn("artifact", self.kube.get(OCI, "app", self.ns)["status"])
        self.oci(suspend=False)
        url = self.await_stored(f"latest@{digest}")["status"]["artifact"]["url"]
        self.kube.delete(OCI, "app", self.ns)
        self.await_gone(OCI, "app")
        with self.assertRaises(urllib.error.HTTPError):
            self.download(url)

    def test_suspended_it_asks_nobody_after_a_restart(self):
        hurdle = Hurdle(self.open)
        self.addCleanup(hurdle.close)
        digest = self.push()
        self.oci(hurdle, insecure=True)
        self.await_stored(f"latest@{digest}")
        self.stays_suspended(OCI, "app", lambda: len(hurdle.seen))

    def test_a_restart_writes_nothing(self):
        digest = self.push()
        self.oci()
        self.consumer()
        before = self.await_stored(f"latest@{digest}")["status"]
        self.await_object("Kustomization", "app", is_ready)
        version = self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"]
        self.controller.restart()
        token = self.request(OCI, "app")
        after = self.await_object(OCI, "app", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)["status"]
        self.assertEqual({**after, "lastHandledReconcileAt": None}, {**before, "lastHandledReconcileAt": None})
        self.assertEqual(self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"], version)


if __name__ == "__main__":
    totals.main()
