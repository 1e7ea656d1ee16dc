#!/usr/bin/env python3
"""Kustomizations whose source is an object that somebody else reconciles (ExternalArtifact, Bucket, OCIRepository): what its status
says is fetched over HTTP, checked, unpacked within limits, and applied."""

import gzip
import hashlib
import http.server
import io
import os
import sys
import tarfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, is_ready, to_yaml, until  # noqa: E402

SOURCE = "source.toolkit.fluxcd.io/v1"


class FileServer:
    """An artifact server whose answers a test decides: {path: bytes, or a list of statuses to answer with before the bytes}."""

    def __init__(self):
        self.files, self.troubles, self.requests = {}, {}, []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802
                owner.requests.append((self.command, self.path))
                troubles = owner.troubles.get(self.path)
                body = owner.files.get(self.path)
                status = troubles.pop(0) if troubles else 200 if body is not None else 404
                if status == "cut":
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body[:len(body) // 2])
                    self.close_connection = True
                    return
                self.send_response(status)
                body = body if status == 200 else b""
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # a controller that is restarted breaks its connections

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def pack(files, extra=()):
    """A tar.gz of {name: text}, and of more entries [(TarInfo, bytes)] as they are."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            content = text.encode() if isinstance(text, str) else to_yaml(text).encode()
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for entry, content in extra:
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def setUpModule():
    FileCase.server = FileServer()
    harness.unittest.addModuleCleanup(FileCase.server.close)
    harness.begin("foreign", flags=["--feature-gates=ExternalArtifact=true", "--requeue-dependency=1s", "--http-retry=4"])
    for kind in ("ExternalArtifact", "OCIRepository", "Bucket"):
        Case.env.await_kind(f"{SOURCE}/{kind}")


class FileCase(Case):
    server = None

    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_sources)

    def _delete_sources(self):
        for kind in ("ExternalArtifact",):
            for obj in self.kube.list(f"{SOURCE}/{kind}", self.ns):
                self.kube.delete(f"{SOURCE}/{kind}", obj["metadata"]["name"], self.ns)

    def path(self, name="a"):
        return f"/{self.ns}/{name}.tar.gz"

    def source_object(self, spec=None, kind="ExternalArtifact", name="art"):
        return self.kube.apply({"apiVersion": SOURCE, "kind": kind, "metadata": {"name": name, "namespace": self.ns}, "spec": spec or {}})

    def publish(self, revision, packed, kind="ExternalArtifact", name="art", path=None, digest=None, served=True, **more):
        """What another controller does when it has an artifact: serve it (unless `served` is off), then write the status."""
        path = path or self.path(revision)
        if served:
            self.server.files[path] = packed
        artifact = {"url": f"http://{self.server.address}{path}", "path": path[1:], "revision": revision,
                    "digest": digest or "sha256:" + hashlib.sha256(packed).hexdigest(), "size": len(packed),
                    "lastUpdateTime": "2026-01-01T00:00:00Z", "metadata": None} | more
        self.kube.patch(f"{SOURCE}/{kind}", name, self.ns, {"status": {"artifact": artifact}}, "status", manager="another-controller")

    def consumer(self, kind="ExternalArtifact", source="art", **spec):
        return self.kustomization(sourceRef={"kind": kind, "name": source}, **spec)

    def await_revision(self, revision, name="app"):
        return self.await_object("Kustomization", name,
                                 lambda obj: is_ready(obj) and obj["status"].get("lastAppliedRevision") == revision)

    def data(self, name="settings"):
        return data_of(self.kube.get("ConfigMap", name, self.ns))

    def await_message(self, reason, text, name="app"):
        return self.await_object("Kustomization", name, lambda obj: (ready := condition_of(obj, "Ready")).get("reason") == reason and
                                 text in ready.get("message", ""))


class ConsumeTest(FileCase):
    def test_an_external_artifact_is_applied_and_its_next_revision_too(self):
        self.source_object({"sourceRef": {"kind": "Other", "name": "x"}})
        self.consumer(path="./deploy")
        self.await_message("ArtifactFailed", "Source artifact not found, retrying in 1s")
        self.publish("v1", pack({"deploy/cm.yaml": config_map("settings", {"a": "1"}), "other/x.yaml": "broken: ["}),
                     metadata={"org.opencontainers.image.revision": "main@sha1:0123"})
        applied = self.await_revision("v1")
        self.assertEqual(applied["status"]["lastAppliedOriginRevision"], "main@sha1:0123")
        self.assertEqual(applied["status"]["lastAttemptedRevision"], "v1")
        self.assertEqual(self.data(), {"a": "1"})
        self.publish("v2", pack({"deploy/cm.yaml": config_map("settings", {"a": "2"})}))
        applied = self.await_revision("v2")
        self.assertNotIn("lastAppliedOriginRevision", applied["status"])
        self.assertEqual(self.data(), {"a": "2"})
        until(lambda: [event for event in self.kube.list("Event", self.ns)
                       if event["involvedObject"]["name"] == "app" and
                       event["metadata"].get("annotations", {}).get("kustomize.toolkit.fluxcd.io/originRevision") == "main@sha1:0123"])

    def test_the_same_files_of_another_origin_are_recorded(self):
        packed = pack({"cm.yaml": config_map("settings")})
        self.source_object()
        self.consumer(interval="1s")
        self.publish("v1", packed, metadata={"org.opencontainers.image.revision": "main@sha1:0123"})
        self.await_revision("v1")
        before = self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"]
        self.publish("v1", packed, metadata={"org.opencontainers.image.revision": "main@sha1:4567"})
        self.await_object("Kustomization", "app", lambda obj: is_ready(obj) and
                          obj["status"].get("lastAppliedOriginRevision") == "main@sha1:4567")
        self.assertEqual(self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"], before)

    def test_a_change_elsewhere_builds_nothing(self):
        manifest = config_map("settings", {"a": "1"})
        self.source_object()
        self.consumer(path="./deploy")
        self.publish("v1", pack({"deploy/cm.yaml": manifest, "docs/readme.md": "one"}))
        self.await_revision("v1")
        before = self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"]
        self.publish("v2", pack({"deploy/cm.yaml": manifest, "docs/readme.md": "two"}))
        self.await_revision("v2")
        self.assertEqual(self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"], before)

    def test_a_bucket_that_another_controller_reconciles(self):
        """One that is suspended here, so that the other (of another provider, say) may go on."""
        self.source_object({"bucketName": "b", "endpoint": "minio.example", "interval": "1h", "suspend": True}, "Bucket")
        self.consumer("Bucket")
        self.publish("sha256:" + "0" * 64, pack({"cm.yaml": config_map("settings")}), "Bucket", path=self.path("bucket"))
        self.await_revision("sha256:" + "0" * 64)
        self.assertFalse(condition_of(self.kube.get(f"{SOURCE}/Bucket", "art", self.ns), "Ready"), "nobody but its controller speaks for it")

    def test_every_digest_algorithm(self):
        self.source_object()
        self.consumer()
        for algorithm in ("sha1", "sha256", "sha384", "sha512"):
            packed = pack({"cm.yaml": config_map("settings", {"by": algorithm})})
            self.publish(algorithm, packed, digest=f"{algorithm}:{hashlib.new(algorithm, packed).hexdigest()}")
            self.await_revision(algorithm)
        self.assertEqual(self.data(), {"by": "sha512"})

    def test_a_restart_goes_on_where_it_was(self):
        self.source_object()
        self.consumer()
        self.publish("v1", pack({"cm.yaml": config_map("settings")}))
        self.await_revision("v1")
        version = self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"]
        self.controller.restart()
        self.publish("v2", pack({"cm.yaml": config_map("settings"), "second.yaml": config_map("second")}))
        self.await_revision("v2")
        self.assertEqual(self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"], version)

    def test_a_source_that_goes_away_takes_nothing_with_it(self):
        self.source_object()
        self.consumer(retryInterval="1s")
        self.publish("v1", pack({"cm.yaml": config_map("settings")}))
        self.await_revision("v1")
        self.kube.delete(f"{SOURCE}/ExternalArtifact", "art", self.ns)
        self.await_message("ArtifactFailed", f"Source 'ExternalArtifact/{self.ns}/art' not found")
        self.assertTrue(self.kube.get("ConfigMap", "settings", self.ns))


class TroubleTest(FileCase):
    def test_a_file_that_is_not_there_yet(self):
        self.source_object()
        self.consumer()
        packed = pack({"cm.yaml": config_map("settings")})
        self.publish("v1", packed, served=False)
        self.request("Kustomization", "app")
        failed = self.await_message("ArtifactFailed", "Source is not ready, artifact not found, retrying in 1s")
        self.assertNotIn("lastAttemptedRevision", failed["status"])
        self.server.files[self.path("v1")] = packed
        self.await_revision("v1")

    def test_a_server_in_trouble_is_tried_again_in_silence(self):
        self.source_object()
        self.consumer()
        self.server.troubles[self.path("v1")] = [503, "cut"]
        self.publish("v1", pack({"cm.yaml": config_map("settings", {"long": "x" * 5000})}))
        self.await_revision("v1")
        warnings = [event for event in self.kube.list("Event", self.ns) if event["type"] == "Warning" and "failed to download" in event["message"]]
        self.assertFalse(warnings)

    def test_a_server_in_trouble_for_long_is_told_of(self):
        self.source_object()
        self.consumer(retryInterval="1s")
        self.server.troubles[self.path("v1")] = [503] * 1000
        self.publish("v1", pack({"cm.yaml": config_map("settings")}))
        self.await_message("ArtifactFailed", f"failed to download archive from http://{self.server.address}{self.path('v1')} (status: 503)")
        self.server.troubles[self.path("v1")] = []
        self.await_revision("v1")

    def test_other_bytes_than_the_digest_says(self):
        self.source_object()
        self.consumer(retryInterval="1s")
        self.publish("v1", pack({"cm.yaml": config_map("settings")}), digest="sha256:" + "0" * 64)
        self.await_message("ArtifactFailed", "failed to verify archive: computed digest sha256:")
        self.assertFalse(self.kube.get("ConfigMap", "settings", self.ns))

    def test_only_http(self):
        self.source_object()
        self.consumer(retryInterval="1s")
        self.publish("v1", pack({}), url="file:///etc/passwd")
        self.await_message("ArtifactFailed", "failed to download archive")


class HostileTest(FileCase):
    """Archives as threats.md, T1 to T4, has them: refused whole, or what is harmful in them left out; nothing is applied of a refused one."""

    def refused(self, packed, text):
        self.source_object()
        self.consumer(retryInterval="1h")
        self.publish("v1", packed)
        self.await_message("ArtifactFailed", text)
        self.assertFalse(self.kube.get("ConfigMap", "settings", self.ns))

    def entry(self, name, kind=tarfile.REGTYPE, link=""):
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, link
        return entry

    def test_t1_names_that_lead_outside(self):
        self.source_object()
        self.consumer(retryInterval="1h")
        for index, name in enumerate(("../../x", "/abs", "a/../../x", "a\\..\\x", "..", "x" * 5000)):
            packed = pack({"cm.yaml": config_map("settings")}, [(self.entry(name), b"")])
            self.publish(f"v{index}", packed)
            self.await_object("Kustomization", "app", lambda obj: (ready := condition_of(obj, "Ready")).get("reason") == "ArtifactFailed" and
                              "failed to extract archive" in ready["message"])
            self.assertFalse(self.kube.get("ConfigMap", "settings", self.ns), name)
            self.publish(f"good{index}", pack({"other.yaml": config_map("other", {"n": str(index)})}))
            self.await_revision(f"good{index}")

    def test_t2_a_device(self):
        self.refused(pack({"cm.yaml": config_map("settings")}, [(self.entry("dev", tarfile.CHRTYPE), b"")]), "failed to extract archive")

    def test_t2_a_hard_link(self):
        self.refused(pack({"cm.yaml": config_map("settings")}, [(self.entry("link", tarfile.LNKTYPE, "/etc/passwd"), b"")]),
                     "failed to extract archive")

    def test_t2_symlinks_are_left_out(self):
        self.source_object()
        self.consumer()
        self.publish("v1", pack({"cm.yaml": config_map("settings")}, [(self.entry("out.yaml", tarfile.SYMTYPE, "/etc/passwd"), b"")]))
        self.await_revision("v1")

    def test_t3_a_bomb(self):
        bomb = io.BytesIO()
        with gzip.GzipFile(fileobj=bomb, mode="wb", mtime=0) as packed:
            header = self.entry("zeros")
            header.size = 1 << 30
            packed.write(header.tobuf())
            for _ in range(256):
                packed.write(b"\0" * (1 << 20))
        self.refused(bomb.getvalue(), "failed to extract archive")

    def test_t4_a_file_below_a_file(self):
        self.refused(pack({"cm.yaml": config_map("settings"), "a": "x", "a/b": "y"}), "failed to extract archive")

    def test_no_archive_at_all(self):
        self.refused(b"<html>login</html>", "failed to extract archive")


class GateTest(FileCase):
    """The gate ExternalArtifact, in a controller of its own."""

    def test_closed_by_default(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        other = self.env.controller("gateless")
        self.addCleanup(other.end)
        self.source_object()
        self.publish("v1", pack({"cm.yaml": config_map("settings")}))
        self.consumer()
        stalled = self.await_object("Kustomization", "app", lambda obj: condition_of(obj, "Stalled").get("status") == "True")
        for kind in ("Stalled", "Ready"):
            self.assertEqual(condition_of(stalled, kind)["reason"], "FeatureGateDisabled")
            self.assertEqual(condition_of(stalled, kind)["message"],
                             f"can't access 'ExternalArtifact/{self.ns}/art', ExternalArtifact feature gate is disabled")
        self.assertEqual(stalled["status"]["observedGeneration"], stalled["metadata"]["generation"])
        # Of one that leaves others are asked whether they take its objects over; not this one.
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        self.kustomization("leaves")
        self.await_applied(repository, "leaves")
        self.kube.delete("Kustomization", "leaves", self.ns)
        self.await_gone("Kustomization", "leaves")
        self.assertFalse(self.server.requests and any(self.ns in path for _, path in self.server.requests))

    def test_read_from_the_server_itself(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        other = self.env.controller("direct", flags=["--feature-gates=ExternalArtifact=true,DirectSourceFetch=true"])
        self.addCleanup(other.end)
        self.source_object()
        self.consumer()
        self.publish("v1", pack({"cm.yaml": config_map("settings")}))
        self.await_revision("v1")
        before = self.kube.requests_served()
        self.request("Kustomization", "app")
        until(lambda: self.kube.requests_served().get(("GET", "externalartifacts"), 0) > before.get(("GET", "externalartifacts"), 0))


if __name__ == "__main__":
    totals.main()
