#!/usr/bin/env python3
"""Buckets behind a real S3 server (moto): what is fetched, what makes a revision, who may read, and what comes of it."""

import hashlib
import http.server
import io
import os
import sys
import tarfile
import threading
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from bucket_server import BucketServer, moto_server  # noqa: E402
from certificates import Authority  # noqa: E402
from harness import Case, condition_of, config_map, data_of, is_ready, secret, to_yaml, until  # noqa: E402
from helm_cases import HELM_CHART, HR, Released  # noqa: E402
from proxy import Proxy  # noqa: E402

KIND = "source.toolkit.fluxcd.io/v1/Bucket"
MOTO = moto_server() if __name__ == "__main__" else None


def setUpModule():
    if not MOTO:
        return
    harness.begin("bucket")
    BucketCase.server = BucketServer(MOTO, Case.env.ports.take(), os.path.join(Case.env.folder, "moto.log"))
    unittest.addModuleCleanup(BucketCase.server.stop)


def yaml_of(name, data=None):
    return to_yaml(config_map(name, data or {"a": "1"}))


@unittest.skipUnless(MOTO, "the S3 server could not be installed (a Python package index is needed)")
class BucketCase(Case):
    server = None

    def setUp(self):
        super().setUp()
        self.bucket_name = self.ns
        self.server.make(self.bucket_name)
        self.kube.apply(secret("keys", self.ns, {"accesskey": "tests", "secretkey": "of them"}))
        self.addCleanup(self._delete_buckets)

    def _delete_buckets(self):
        for obj in self.kube.list(KIND, self.ns):
            self.kube.delete(KIND, obj["metadata"]["name"], self.ns)

    def put(self, key, text):
        self.server.put(self.bucket_name, key, text)

    def bucket(self, name="app", **spec):
        spec = {"interval": "1h", "bucketName": self.bucket_name, "endpoint": self.server.address, "insecure": True,
                "secretRef": {"name": "keys"}} | spec
        return self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "Bucket", "metadata": {"name": name, "namespace": self.ns},
                                "spec": {key: value for key, value in spec.items() if value is not None}})

    def await_bucket(self, condition=is_ready):
        return self.await_object(KIND, "app", condition)

    def await_message(self, reason):
        found = self.await_bucket(lambda obj: condition_of(obj, "FetchFailed").get("reason") == condition_of(obj, "Ready").get("reason") == reason)
        return condition_of(found, "Ready")["message"]

    def artifact(self):
        return self.await_bucket()["status"]["artifact"]

    def serve(self, get):
        """A server of our own; `get(handler)` answers GET and HEAD. Its address."""
        handler = type("Handler", (http.server.BaseHTTPRequestHandler,), {"do_GET": get, "do_HEAD": get, "log_message": lambda *_: None})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"127.0.0.1:{server.server_port}"

    def names(self, artifact):
        with tarfile.open(fileobj=io.BytesIO(self.controller.http(artifact["path"])), mode="r:gz") as tar:
            return sorted(member.name for member in tar if member.isfile())

    def request_bucket(self):
        self.request(KIND, "app")
        return self.await_bucket(lambda obj: is_ready(obj) and obj["status"].get("lastHandledReconcileAt") ==
                                 obj["metadata"]["annotations"]["reconcile.fluxcd.io/requestedAt"])["status"]["artifact"]


def reply(handler, status, headers, body):
    handler.send_response(status)
    for name, value in (headers | {"Content-Length": str(len(body))}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body if handler.command != "HEAD" else b"")


class FetchTest(BucketCase):
    def test_objects_become_an_artifact_and_are_applied(self):
        self.put("apps/cm one.yaml", yaml_of("settings"))
        self.put("apps/deep/er+/cm.yaml", yaml_of("second"))
        self.bucket()
        self.kustomization(sourceRef={"kind": "Bucket", "name": "app"}, path="./apps")
        done = self.await_bucket()
        artifact = done["status"]["artifact"]
        tags = {key: hashlib.md5(yaml_of(name).encode()).hexdigest() for key, name in (("apps/cm one.yaml", "settings"), ("apps/deep/er+/cm.yaml", "second"))}
        lines = "".join(f"{key} {tag}\n" for key, tag in sorted(tags.items()))
        self.assertEqual(artifact["revision"], "sha256:" + hashlib.sha256(lines.encode()).hexdigest())
        self.assertTrue(artifact["path"].endswith(f"bucket/{self.ns}/app/{artifact['revision'][7:]}.tar.gz"), artifact["path"])
        stored = f"stored artifact: revision '{artifact['revision']}'"
        self.assertEqual([condition_of(done, kind)["message"] for kind in ("Ready", "ArtifactInStorage")], [stored, stored])
        self.assertEqual(done["status"]["observedGeneration"], 1)
        until(lambda: self.kube.get("ConfigMap", "settings", self.ns) and self.kube.get("ConfigMap", "second", self.ns))
        told = lambda: [event["message"] for event in self.kube.list("Event", self.ns) if event["reason"] == "NewArtifact"]  # noqa: E731
        until(lambda: told() == [f"stored artifact with 2 fetched files from '{self.bucket_name}' bucket"], seen=told)

    def test_a_changed_object_is_another_revision_an_unchanged_bucket_none(self):
        self.put("cm.yaml", yaml_of("settings"))
        self.bucket()
        self.kustomization(sourceRef={"kind": "Bucket", "name": "app"}, path="./")
        first = self.artifact()
        again = self.request_bucket()
        self.assertEqual((again["revision"], again["lastUpdateTime"]), (first["revision"], first["lastUpdateTime"]))
        self.put("cm.yaml", yaml_of("settings", {"a": "2"}))
        self.assertNotEqual(self.request_bucket()["revision"], first["revision"])
        until(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"a": "2"})
        self.server.remove(self.bucket_name, "cm.yaml")
        self.put("other.yaml", yaml_of("other"))
        self.request_bucket()
        until(lambda: self.kube.get("ConfigMap", "other", self.ns) and not self.kube.get("ConfigMap", "settings", self.ns))

    def test_prefix_and_ignore_rules(self):
        for key in ("prod/cm.yaml", "prod/notes.txt", "prod/secret/x.yaml", "test/cm.yaml"):
            self.put(key, yaml_of("settings"))
        self.put(".sourceignore", "*.txt\n")
        self.bucket(prefix="prod/", ignore="secret/\n")
        self.assertEqual(self.names(self.artifact()), [".sourceignore", "prod/cm.yaml"])
        self.assertEqual(self.await_bucket()["status"]["observedIgnore"], "secret/\n")
        self.bucket(prefix="prod/", ignore=None)
        self.await_bucket(lambda obj: is_ready(obj) and "observedIgnore" not in obj["status"])
        self.assertIn("prod/secret/x.yaml", self.names(self.artifact()))

    def test_a_listing_of_many_pages(self):
        for index in range(1103):
            self.put(f"many/{index:04}.txt", "x")
        self.put("cm.yaml", yaml_of("settings"))
        self.bucket()
        self.assertEqual(len(self.names(self.artifact())), 1103 + 1)

    def test_a_restart_goes_on_where_it_was_and_a_lost_file_is_made_again(self):
        self.put("cm.yaml", yaml_of("settings"))
        self.bucket()
        before = self.await_bucket()
        self.controller.restart()
        self.assertEqual(self.request_bucket()["lastUpdateTime"], before["status"]["artifact"]["lastUpdateTime"])
        os.remove(os.path.join(self.controller.storage, "artifacts", before["status"]["artifact"]["path"]))
        after = self.request_bucket()
        self.assertEqual(after["digest"], before["status"]["artifact"]["digest"])
        self.assertTrue(self.names(after))

    def test_what_is_deleted_leaves_no_files(self):
        self.put("cm.yaml", yaml_of("settings"))
        self.bucket()
        folder = os.path.dirname(os.path.join(self.controller.storage, "artifacts", self.artifact()["path"]))
        self.kube.delete(KIND, "app", self.ns)
        self.await_gone(KIND, "app")
        self.assertFalse(os.path.exists(folder))

    def test_suspended_it_asks_nobody_after_a_restart(self):
        proxy = Proxy()
        self.addCleanup(proxy.close)
        self.kube.apply(secret("proxy", self.ns, {"address": f"http://127.0.0.1:{proxy.port}"}))
        self.put("cm.yaml", yaml_of("settings"))
        self.bucket(proxySecretRef={"name": "proxy"})
        self.await_bucket()
        self.stays_suspended(KIND, "app", lambda: len(proxy.asked))

    def test_a_suspended_one_is_left_alone(self):
        self.bucket(suspend=True)
        harness.throughout(lambda: not self.kube.get(KIND, "app", self.ns)["metadata"].get("finalizers"), 1)


class AccessTest(BucketCase):
    def test_a_region_that_is_named_and_one_that_is_asked_for(self):
        self.put("cm.yaml", yaml_of("settings"))
        self.bucket(region="eu-west-1")
        self.assertEqual(self.names(self.artifact()), ["cm.yaml"])
        self.bucket()
        self.await_bucket(lambda obj: is_ready(obj) and obj["status"]["observedGeneration"] == 2)

    def test_nobody_may_read_what_is_not_public(self):
        self.put("cm.yaml", yaml_of("settings"))
        self.bucket(secretRef=None)
        self.assertTrue(self.await_message("BucketOperationFailed").endswith("Access Denied."))
        for key in ("cm.yaml", ".sourceignore"):
            self.server.put(self.bucket_name, key, yaml_of("settings") if key == "cm.yaml" else "", "public-read")
        self.assertEqual(self.names(self.request_bucket()), [".sourceignore", "cm.yaml"])

    def test_what_is_wrong_with_the_secret_is_named(self):
        self.bucket(secretRef={"name": "others"})
        self.assertIn(f"failed to get secret '{self.ns}/others'", self.await_message("AuthenticationFailed"))
        self.kube.apply(secret("others", self.ns, {"accesskey": "tests"}))
        self.request(KIND, "app")
        self.await_bucket(lambda obj: condition_of(obj, "Ready")["message"] == "invalid 'others' secret data: required fields 'accesskey' and 'secretkey'")

    def test_what_is_wrong_with_the_bucket_is_named(self):
        self.bucket(bucketName="no-such-bucket")
        self.assertEqual(self.await_message("BucketOperationFailed"), "bucket 'no-such-bucket' not found")
        failed = self.await_bucket(lambda obj: condition_of(obj, "Reconciling").get("reason") == "ProgressingWithRetry")
        self.assertNotIn("artifact", failed["status"])

    def test_an_endpoint_that_is_none(self):
        self.bucket(endpoint="http://example.com/path")
        self.assertEqual(self.await_message("ClientError"), "invalid endpoint 'http://example.com/path': want host or host:port, without scheme and path")

    def test_a_proxy(self):
        proxy = Proxy(("user", "pa:ss word"))
        self.addCleanup(proxy.close)
        self.kube.apply(secret("proxy", self.ns, {"address": f"http://127.0.0.1:{proxy.port}", "username": "user", "password": "pa:ss word"}))
        self.put("cm.yaml", yaml_of("settings"))
        self.bucket(proxySecretRef={"name": "proxy"})
        self.assertEqual(self.names(self.artifact()), ["cm.yaml"])
        self.assertEqual(set(proxy.asked), {self.server.address})

    def test_R51_a_server_that_never_answers_holds_up_nobody_else(self):
        silent, names = self.silence(), [f"dead-{number}" for number in range(80)]
        for name in names:
            self.bucket(name, endpoint=silent, timeout="10m")
        self.await_all_places_taken(KIND, names)
        self.put("a.yaml", yaml_of("a"))
        self.bucket()
        self.await_bucket()
        self.await_progress_until_suspended(KIND, "dead-0")

    def test_a_server_that_is_away(self):
        self.bucket(endpoint=f"127.0.0.1:{self.env.ports.take()}")
        self.assertIn(f"failed to confirm existence of '{self.bucket_name}' bucket: ", self.await_message("BucketOperationFailed"))

    def test_what_is_not_acted_upon_is_refused(self):
        self.bucket(provider="azure")
        refused = self.await_bucket(lambda obj: condition_of(obj, "Stalled").get("status") == "True")
        self.assertEqual(condition_of(refused, "Stalled")["reason"], "FeatureGateDisabled")
        self.assertIn('spec.provider "azure"', condition_of(refused, "Ready")["message"])


class TlsTest(BucketCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(os.path.join(cls.env.folder, "bucket-pki"))
        cls.authority.issue("s3", "/CN=localhost", ("localhost", "127.0.0.1"))
        pair = (cls.authority.path("s3.crt"), cls.authority.path("s3.key"))
        cls.closed = BucketServer(MOTO, cls.env.ports.take(), os.path.join(cls.env.folder, "moto-tls.log"), pair, cls.authority.path("ca.crt"))
        cls.addClassCleanup(cls.closed.stop)

    def setUp(self):
        super().setUp()
        self.closed.make(self.bucket_name)
        self.closed.put(self.bucket_name, "cm.yaml", yaml_of("settings"))

    def test_the_authority_of_a_secret(self):
        with open(self.authority.path("ca.crt"), encoding="ascii") as file:
            self.kube.apply(secret("ca", self.ns, {"ca.crt": file.read()}))
        self.bucket(endpoint=self.closed.address, insecure=None)
        self.assertIn("certificate", self.await_message("BucketOperationFailed"))
        self.bucket(endpoint=self.closed.address, insecure=None, certSecretRef={"name": "ca"})
        self.assertEqual(self.names(self.artifact()), ["cm.yaml"])

    def test_what_is_wrong_with_the_secret_is_named(self):
        self.bucket(endpoint=self.closed.address, insecure=None, certSecretRef={"name": "absent"})
        self.assertIn(f"failed to get secret '{self.ns}/absent'", self.await_message("AuthenticationFailed"))


class ChartTest(Released, BucketCase):
    """A chart in a directory of a bucket, and the release that is made of it."""

    def chart(self, version, text):
        self.put("charts/web/Chart.yaml", f"apiVersion: v2\nname: web\nversion: {version}\n")
        self.put("charts/web/values.yaml", "text: default\n")
        self.put("charts/web/templates/cm.yaml", to_yaml(config_map("{{ .Release.Name }}", {"text": text, "value": "{{ .Values.text }}"})))

    def test_a_release_of_a_chart_in_a_bucket(self):
        self.chart("1.0.0", "one")
        self.put("charts/web/prod.yaml", "text: prod\n")
        self.bucket()
        template = {"spec": {"chart": "./charts/web", "sourceRef": {"kind": "Bucket", "name": "app"}, "valuesFiles": ["charts/web/values.yaml", "charts/web/prod.yaml"]}}
        self.kube.apply({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "web", "namespace": self.ns},
                         "spec": {"interval": "1h", "chart": template}})
        self.await_object(HR, "web", is_ready)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "web", self.ns)), {"text": "one", "value": "prod"})
        chart = self.await_object(HELM_CHART, f"{self.ns}-web", is_ready)
        self.assertEqual(chart["status"]["observedSourceArtifactRevision"], self.artifact()["revision"])
        self.chart("1.1.0", "two")
        self.request_bucket()
        upgraded = self.await_object(HR, "web", lambda obj: is_ready(obj) and obj["status"]["history"][0]["version"] == 2)
        self.assertEqual(upgraded["status"]["history"][0]["chartVersion"].split("+")[0], "1.1.0")
        self.assertEqual(data_of(self.kube.get("ConfigMap", "web", self.ns))["text"], "two")


class HostileTest(BucketCase):
    def test_T5_keys_that_leave_the_tree(self):
        for number, key in enumerate(("a/../../../etc/x.yaml", "a//b.yaml", "a/./b.yaml", "..\\x.yaml", "a/..")):
            with self.subTest(key):
                self.bucket_name = f"{self.ns[:40]}-{number}"
                self.server.make(self.bucket_name)
                self.put(key, "x")
                self.put("good.yaml", yaml_of("settings"))
                self.bucket()
                self.assertRegex(self.await_message("BucketOperationFailed"), "^object '.*': its key is no path of a file$")
                self.assertIsNone(self.kube.get(KIND, "app", self.ns)["status"].get("artifact"))
                self.kube.delete(KIND, "app", self.ns)
                self.await_gone(KIND, "app")

    def test_T5_keys_that_stay_inside(self):
        deep = "k" * 200 + "/" + "l" * 200 + "/" + "m" * 600 + ".yaml"
        for key in (".git/config", "folder/", deep, "a b/ä.yaml"):
            self.put(key, yaml_of("settings"))
        self.bucket()
        self.assertEqual(self.names(self.artifact()), sorted(["a b/ä.yaml", deep]))

    def test_T22_a_server_that_sends_us_elsewhere(self):
        seen = {"here": [], "there": []}

        def answer(where, headers):
            def get(handler):
                seen[where].append(handler.path)
                reply(handler, 301 if headers else 200, headers, b"")
            return get

        there = self.serve(answer("there", {}))
        self.bucket(endpoint=self.serve(answer("here", {"Location": f"http://{there}/elsewhere"})))
        self.await_message("BucketOperationFailed")
        self.assertTrue(seen["here"])
        self.assertEqual(seen["there"], [])

    def test_R18_the_bucket_changes_between_its_listing_and_its_objects(self):
        for key in ("a.yaml", "b.yaml", "c.yaml"):
            self.put(key, yaml_of("settings", {"key": key}))
        changed = []

        def get(handler):
            """The real server, whose bucket changes as soon as its listing is told."""
            request = urllib.request.Request(self.server.url + handler.path, headers={"Authorization": handler.headers["Authorization"]}, method=handler.command)
            try:
                with urllib.request.urlopen(request) as response:
                    status, body, etag = response.status, response.read(), response.headers.get("ETag")
            except urllib.error.HTTPError as error:
                status, body, etag = error.code, error.read(), None
            if "list-type=2" in handler.path and not changed:
                changed.append(handler.path)
                self.server.remove(self.bucket_name, "b.yaml")
                self.put("c.yaml", yaml_of("settings", {"key": "changed"}))
                self.put("d.yaml", yaml_of("settings", {"key": "new"}))
            reply(handler, status, {"ETag": etag} if etag else {}, body)

        self.bucket(endpoint=self.serve(get), region="us-east-1")
        first = self.artifact()
        self.assertEqual(len(changed), 1)
        self.assertEqual(self.names(first), ["a.yaml", "c.yaml"])
        with tarfile.open(fileobj=io.BytesIO(self.controller.http(first["path"])), mode="r:gz") as tar:
            self.assertIn(b"changed", tar.extractfile("c.yaml").read())
        second = self.request_bucket()
        self.assertEqual(self.names(second), ["a.yaml", "c.yaml", "d.yaml"])
        self.server.remove(self.bucket_name, "d.yaml")
        self.assertEqual(self.request_bucket()["revision"], first["revision"], "the revision was not that of what was in it")

    def test_an_object_below_an_object(self):
        self.put("a", "x")
        self.put("a/b", "y")
        self.bucket()
        self.assertTrue(self.await_message("BucketOperationFailed").endswith("object 'a': object 'a/b' is below it, so it cannot be a file"))


if __name__ == "__main__":
    totals.main()
