#!/usr/bin/env python3
"""HelmRepositories and HelmCharts: indexes over http, charts out of them, out of a real registry that the real helm pushed to, and out of Git with their
dependencies; what comes of logins, other hosts, broken servers and hostile indexes; restarts."""

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import time
import urllib.request

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from chart_server import ChartServer, Helm, write_chart  # noqa: E402
from harness import Case, condition_of, is_ready, secret, until  # noqa: E402
from oci_registry import MANIFEST, Registry, certificate  # noqa: E402

GROUP = "source.toolkit.fluxcd.io/v1"
REPOSITORY, CHART = GROUP + "/HelmRepository", GROUP + "/HelmChart"
USER, PASSWORD = "robot", "sw0rdfish-canary"
FLAGS = ["--min-retry-delay=250ms", "--max-retry-delay=1s", "--artifact-retention-ttl=1s", "--requeue-dependency=1s",
         "--helm-index-max-size=5000000", "--helm-chart-max-size=200000", "--helm-chart-file-max-size=100000"]


def setUpModule():
    harness.begin("helm-sources", flags=FLAGS)
    env = Case.env
    env.await_kind(REPOSITORY)
    env.await_kind(CHART)
    HelmCase.helm = Helm(env.folder)
    HelmCase.helm3 = Helm(env.folder, "helm3")
    root = os.path.join(env.folder, "registries")
    HelmCase.open = Registry(os.path.join(root, "open"), env.ports.take())
    HelmCase.closed = Registry(os.path.join(root, "closed"), env.ports.take(), tls=True, users={USER: PASSWORD})
    for part in (HelmCase.open, HelmCase.closed):
        harness.unittest.addModuleCleanup(part.stop)


class HelmCase(Case):
    helm = helm3 = open = closed = None

    def setUp(self):
        super().setUp()
        self.folder = os.path.join(self.env.folder, self.ns)
        self.server = self.serve()
        self.addCleanup(self._delete_sources)

    def _delete_sources(self):
        for kind in (CHART, REPOSITORY):
            for obj in self.kube.list(kind, self.ns):
                self.kube.delete(kind, obj["metadata"]["name"], self.ns)
                self.await_gone(kind, obj["metadata"]["name"])

    def serve(self, name="charts", **options):
        server = ChartServer(os.path.join(self.folder, name), **options)
        self.addCleanup(server.close)
        return server

    def publish(self, name="web", version="1.0.0", server=None, index=True, url=None, **more):
        """Packs a chart with the real helm into the server's folder, and indexes that. The path of the archive."""
        server = server or self.server
        chart = write_chart(os.path.join(self.folder, "trees", version), name, version, **more)
        archive = self.helm.package(chart, server.folder)
        if index:
            self.helm.run("repo", "index", server.folder, *(["--url", url] if url else []))
        return archive

    def repository(self, name="charts", url=None, **spec):
        return self.kube.apply({"apiVersion": GROUP, "kind": "HelmRepository", "metadata": {"name": name, "namespace": self.ns},
                                "spec": {"interval": "1h", "url": url or self.server.url} | spec})

    def chart(self, name="web", kind="HelmRepository", source="charts", **spec):
        spec = {"interval": "1h", "chart": "web", "sourceRef": {"kind": kind, "name": source}} | spec
        return self.kube.apply({"apiVersion": GROUP, "kind": "HelmChart", "metadata": {"name": name, "namespace": self.ns}, "spec": spec})

    def await_index(self, name="charts"):
        return self.await_object(REPOSITORY, name, is_ready)

    def await_chart(self, version, name="web"):
        return self.await_object(CHART, name, lambda obj: is_ready(obj) and obj["status"]["artifact"]["revision"] == version)

    def failed(self, kind, name, reason, message=None, condition="FetchFailed"):
        """Waits for the failure; its message."""
        obj = self.await_object(kind, name, lambda obj: condition_of(obj, condition).get("reason") == reason and
                                (message is None or condition_of(obj, condition)["message"] == message))
        self.assertEqual(condition_of(obj, "Ready")["status"], "False")
        return condition_of(obj, condition)["message"]

    def stalled(self, kind, name, reason):
        return condition_of(self.await_object(kind, name, lambda obj: condition_of(obj, "Stalled").get("reason") == reason), "Stalled")["message"]

    def download(self, obj):
        with urllib.request.urlopen(obj["status"]["artifact"]["url"], timeout=10) as response:
            body = response.read()
        self.assertEqual(obj["status"]["artifact"]["digest"], "sha256:" + hashlib.sha256(body).hexdigest())
        self.assertEqual(obj["status"]["artifact"]["size"], len(body))
        return body

    def keep(self, obj):
        """The artifact as a file."""
        path = os.path.join(self.folder, f"artifact-{time.monotonic_ns()}.tgz")
        with open(path, "wb") as file:
            file.write(self.download(obj))
        return path

    def login(self, name="login", **data):
        self.kube.apply(secret(name, self.ns, data or {"username": USER, "password": PASSWORD}))
        return {"name": name}


class RepositoryTest(HelmCase):
    def test_an_index_becomes_an_artifact(self):
        self.publish()
        self.publish(version="1.1.0")
        self.repository()
        obj = self.await_index()
        revision = "sha256:" + hashlib.sha256(self.server.read("index.yaml")).hexdigest()
        artifact = obj["status"]["artifact"]
        self.assertEqual(artifact["revision"], revision)
        self.assertEqual(artifact["path"], f"helmrepository/{self.ns}/charts/index-{revision[7:]}.yaml")
        kept = json.loads(self.download(obj))
        self.assertEqual([entry["version"] for entry in kept["entries"]["web"]], ["1.1.0", "1.0.0"])
        self.assertEqual(obj["status"]["url"], f"http://{self.controller.storage_address}/helmrepository/{self.ns}/charts/index.yaml")
        with urllib.request.urlopen(obj["status"]["url"], timeout=10) as response:
            self.assertEqual(json.loads(response.read()), kept)
        for kind in ("Ready", "ArtifactInStorage"):
            self.assertEqual(condition_of(obj, kind)["message"], f"stored artifact: revision '{revision}'")
        self.assertEqual(obj["metadata"]["finalizers"], ["finalizers.fluxcd.io"])
        until(lambda: any(reason == "NewArtifact" and message.startswith("stored fetched index of size ") and message.endswith(f"B from '{self.server.url}'")
                          for _, reason, message in self.events("HelmRepository", "charts")))

    def test_a_new_index_and_the_same_one(self):
        self.publish()
        self.repository()
        before = self.await_index()
        token = self.request(REPOSITORY, "charts")
        same = self.await_object(REPOSITORY, "charts", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.assertEqual(same["status"]["artifact"], before["status"]["artifact"])
        self.publish(version="2.0.0")
        self.request(REPOSITORY, "charts")
        self.await_object(REPOSITORY, "charts", lambda obj: obj["status"]["artifact"]["revision"] != before["status"]["artifact"]["revision"])

    def test_logins_and_authorities(self):
        cert = certificate(self.env.folder, self.ns)
        closed = self.serve("closed", login=(USER, PASSWORD), certificate=cert)
        self.publish(server=closed)
        with open(cert[0], encoding="ascii") as file:
            authority = file.read()
        self.repository(url=closed.url, secretRef=self.login())
        self.assertIn("failed to fetch Helm repository index: failed to cache index to temporary file: ", self.failed(REPOSITORY, "charts", "Failed"))
        self.repository(url=closed.url, secretRef=self.login(), certSecretRef=self.login("ca", **{"ca.crt": authority}))
        self.await_index()
        self.kube.delete(REPOSITORY, "charts", self.ns)
        self.await_gone(REPOSITORY, "charts")
        self.repository("legacy", url=closed.url, secretRef=self.login("old", username=USER, password=PASSWORD, caFile=authority))
        self.await_index("legacy")
        self.repository("wrong", url=closed.url, secretRef=self.login("bad", username=USER, password="canary-wrong", caFile=authority))
        message = self.failed(REPOSITORY, "wrong", "Failed")
        self.assertEqual(message, "failed to fetch Helm repository index: failed to cache index to temporary file: "
                                  f"failed to fetch {closed.url}/index.yaml : 401 Unauthorized")

    def test_secrets_that_are_not_there_or_none(self):
        self.repository(secretRef={"name": "absent"})
        self.failed(REPOSITORY, "charts", "AuthenticationFailed",
                    f"failed to get authentication secret '{self.ns}/absent': secrets \"absent\" not found")
        self.repository(secretRef=self.login("half", username="x"))
        self.failed(REPOSITORY, "charts", "AuthenticationFailed", f"failed to detect authentication methods: secret '{self.ns}/half': "
                                                                  "malformed basic auth - has 'username' but missing 'password'")
        self.repository(certSecretRef=self.login("none", other="x"))
        self.failed(REPOSITORY, "charts", "AuthenticationFailed", f"failed to construct Helm client's TLS config: secret '{self.ns}/none' "
                                                                  "must contain either 'ca.crt' or both 'tls.crt' and 'tls.key'")

    def test_servers_in_trouble(self):
        self.publish()
        words = {403: "403 Forbidden", 404: "404 Not Found", 429: "429 Too Many Requests", 500: "500 Internal Server Error"}
        for status, text in words.items():
            self.server.troubles = {"/index.yaml": status}
            self.repository("charts")
            self.request(REPOSITORY, "charts")
            self.failed(REPOSITORY, "charts", "Failed", "failed to fetch Helm repository index: failed to cache index to temporary file: "
                                                        f"failed to fetch {self.server.url}/index.yaml : {text}")
        self.server.troubles = {"/index.yaml": "cut"}
        until(lambda: "Failed" == condition_of(self.kube.get(REPOSITORY, "charts", self.ns), "FetchFailed").get("reason"))
        self.server.troubles = {}
        self.assertEqual(condition_of(self.await_index(), "FetchFailed"), {})
        self.repository("fresh")  # an object has 25 events, and a slow machine uses up those of "charts"
        obj = self.await_index("fresh")
        self.server.troubles = {"/index.yaml": 500}
        self.request(REPOSITORY, "fresh")
        self.failed(REPOSITORY, "fresh", "Failed")
        self.assertEqual(self.kube.get(REPOSITORY, "fresh", self.ns)["status"]["artifact"], obj["status"]["artifact"])  # what is stored stays
        self.server.troubles = {}
        self.assertEqual(condition_of(self.await_index("fresh"), "FetchFailed"), {})
        until(lambda: any(reason == "Succeeded" for _, reason, _ in self.events("HelmRepository", "fresh")))

    def test_R51_a_host_that_never_answers_holds_up_nobody_else(self):
        self.publish()
        silent, names = self.silence(), [f"dead-{number}" for number in range(80)]
        for name in names:
            self.repository(name, url=f"http://{silent}/charts", timeout="10m")
        self.await_all_places_taken(REPOSITORY, names)
        self.repository()
        self.await_index()
        self.await_progress_until_suspended(REPOSITORY, "dead-0")

    def test_t20_an_index_without_end(self):
        self.server.troubles = {"/index.yaml": ("endless", 400_000_000)}
        self.repository()
        self.assertEqual(self.failed(REPOSITORY, "charts", "Failed"), "failed to fetch Helm repository index: failed to cache index to temporary file: "
                                                                      "index exceeds the maximum index file size of 5000000 bytes")
        with open(f"/proc/{self.controller.process.pid}/status", encoding="ascii") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
        self.assertLess(peak, 300_000)  # KiB: nothing like the 400 MB that were on offer

    def test_indexes_that_are_none(self):
        for text, why in (("<html>Sign in</html>", "error unmarshaling JSON"), ("", "empty index.yaml file"), ("entries: {}", "no API version specified"),
                          ("apiVersion: v1\nthing: 1\n", "unknown field \"thing\"")):
            with open(self.server.path("index.yaml"), "w", encoding="utf-8") as file:
                file.write(text)
            self.repository()
            self.request(REPOSITORY, "charts")
            obj = self.await_object(REPOSITORY, "charts", lambda obj, why=why: all(why in condition_of(obj, kind).get("message", "")
                                                                                  for kind in ("FetchFailed", "Ready")))
            self.assertEqual(condition_of(obj, "FetchFailed")["reason"], "IndexationFailed")
            self.assertTrue(condition_of(obj, "Ready")["message"].startswith("failed to load Helm repository from index YAML: failed to load index: "))

    def test_an_address_of_another_type(self):
        self.repository(url="oci://127.0.0.1:1/charts")
        self.assertEqual(self.stalled(REPOSITORY, "charts", "URLInvalid"),
                         "invalid Helm repository URL: 'oci' URL scheme cannot be used with 'default' HelmRepository type")

    def test_the_type_oci_is_static(self):
        self.publish()
        self.repository()
        path = self.await_index()["status"]["artifact"]["path"]
        self.repository(type="oci", url=f"oci://{self.open.address}/x")
        self.await_object(REPOSITORY, "charts", lambda obj: not obj["metadata"].get("finalizers") and obj.get("status") == {})
        self.assertFalse(os.path.exists(os.path.join(self.controller.storage, "artifacts", path)))

    def test_suspended_and_deleted(self):
        self.publish()
        self.repository(suspend=True)
        self.repository("other")
        path = self.await_index("other")["status"]["artifact"]["path"]
        self.assertEqual(self.kube.get(REPOSITORY, "charts", self.ns)["status"], {"observedGeneration": -1})
        self.kube.delete(REPOSITORY, "other", self.ns)
        self.await_gone(REPOSITORY, "other")
        self.assertFalse(os.path.exists(os.path.join(self.controller.storage, "artifacts", path)))

    def test_suspended_it_asks_nobody_after_a_restart(self):
        self.publish()
        self.repository()
        self.await_index()
        self.stays_suspended(REPOSITORY, "charts", lambda: len(self.server.requests))


class ChartTest(HelmCase):
    def test_a_chart_as_it_is(self):
        archive = self.publish()
        self.repository()
        self.chart()
        obj = self.await_chart("1.0.0")
        with open(archive, "rb") as file:
            self.assertEqual(self.download(obj), file.read())
        status = obj["status"]
        self.assertEqual(status["artifact"]["path"], f"helmchart/{self.ns}/web/web-1.0.0.tgz")
        self.assertEqual(status["url"], f"http://{self.controller.storage_address}/helmchart/{self.ns}/web/latest.tar.gz")
        self.assertEqual(status["observedChartName"], "web")
        self.assertEqual(status["observedSourceArtifactRevision"], self.await_index()["status"]["artifact"]["revision"])
        for kind in ("Ready", "ArtifactInStorage"):
            self.assertEqual((condition_of(obj, kind)["reason"], condition_of(obj, kind)["message"]),
                             ("ChartPullSucceeded", "pulled 'web' chart with version '1.0.0'"))
        until(lambda: ("Normal", "ChartPullSucceeded", "pulled 'web' chart with version '1.0.0'") in self.events("HelmChart", "web"))

    def test_looks_into_indexes_are_counted(self):
        def looks():
            page = self.controller.http("metrics", 1).decode()
            found = re.findall(rf'(?m)^gotk_cache_events_total{{event_type="cache_(hit|miss)",name="charts",namespace="{self.ns}"}} (\d+)$', page)
            return {event: int(count) for event, count in found}
        self.publish()
        self.publish(version="1.1.0")
        self.repository()
        self.await_index()
        self.assertEqual(looks(), {})
        self.chart("one", version="1.0.0")
        self.await_chart("1.0.0", "one")
        self.assertEqual(looks(), {"hit": 1})
        self.controller.restart()
        self.chart("two", version="1.1.0")
        self.await_chart("1.1.0", "two")
        self.assertGreaterEqual(looks()["miss"], 1)
        self.kube.delete(REPOSITORY, "charts", self.ns)
        until(lambda: looks() == {}, seen=looks)

    def test_ranges_and_newer_versions(self):
        for version in ("1.0.0", "1.2.0", "2.0.0-rc.1"):
            self.publish(version=version)
        self.repository()
        self.chart("any")
        self.chart("old", version="<1.2")
        self.chart("pre", version=">=1.0.0-0")
        for name, version in (("any", "1.2.0"), ("old", "1.0.0"), ("pre", "2.0.0-rc.1")):
            self.await_chart(version, name)
        self.publish(version="1.3.0")
        self.request(REPOSITORY, "charts")
        self.await_chart("1.3.0", "any")
        self.assertEqual(self.kube.get(CHART, "old", self.ns)["status"]["artifact"]["revision"], "1.0.0")

    def test_what_is_not_there(self):
        self.chart()
        self.failed(CHART, "web", "SourceUnavailable", "failed to get source: helmrepositories.source.toolkit.fluxcd.io \"charts\" not found")
        self.server.troubles = {"/index.yaml": 500}
        self.repository()
        self.failed(CHART, "web", "NoSourceArtifact", "no artifact available for HelmRepository source 'charts'")
        self.publish("other")
        self.server.troubles = {}
        message = "invalid chart reference: failed to get chart version for remote reference: no chart name found"
        self.failed(CHART, "web", "InvalidChartReference", message)
        self.assertEqual(self.stalled(CHART, "web", "InvalidChartReference"), message)
        self.publish()
        self.request(REPOSITORY, "charts")
        self.await_chart("1.0.0")
        self.chart(version="^3")
        self.failed(CHART, "web", "InvalidChartReference", "invalid chart reference: failed to get chart version for remote reference: "
                                                           "no 'web' chart with version matching '^3' found")
        self.chart(chart="../web")
        self.failed(CHART, "web", "InvalidChartReference", "invalid chart reference: invalid chart name '../web': a valid name must be lower case letters "
                                                           "and numbers and MAY be separated with dashes (-), slashes (/) or periods (.)")

    def test_other_bytes_than_the_index_says(self):
        archive = self.publish(version="1.0.401")  # digits that are no status of HTTP
        with open(archive, "ab") as file:
            file.write(b"x")
        self.repository()
        self.chart()
        self.assertIn("chart pull error: failed to download chart for remote reference: the digest sha256:", self.failed(CHART, "web", "ChartPullError"))
        self.publish(version="1.0.401")
        self.request(REPOSITORY, "charts")
        self.await_chart("1.0.401")

    def test_values_files(self):
        self.publish(files={"prod.yaml": "greeting: prod\nnested: {b: 3}\n", "more/eu.yaml": "region: eu\n"})
        self.repository()
        self.chart(valuesFiles=["values.yaml", "prod.yaml", "more/eu.yaml"])
        obj = self.await_chart("1.0.0+1")
        self.assertEqual(condition_of(obj, "Ready")["message"],
                         "packaged 'web' chart with version '1.0.0+1' and merged values files [values.yaml prod.yaml more/eu.yaml]")
        self.assertEqual(condition_of(obj, "Ready")["reason"], "ChartPackageSucceeded")
        self.assertNotIn("observedValuesFiles", obj["status"])
        for helm in (self.helm, self.helm3):
            archive = self.keep(obj)
            self.assertEqual(yaml.safe_load(helm.run("show", "values", archive)), {"greeting": "prod", "nested": {"a": 1, "b": 3}, "region": "eu"})
            self.assertIn("greeting: prod", helm.run("template", "r", archive))
            self.assertEqual(yaml.safe_load(helm.run("show", "chart", archive))["version"], "1.0.0+1")
        self.chart(valuesFiles=["absent.yaml"])
        self.failed(CHART, "web", "ValuesFilesError", "values files merge error: failed to merge chart values: no values file found at path 'absent.yaml'",
                    "BuildFailed")
        self.chart(valuesFiles=["absent.yaml", "prod.yaml"], ignoreMissingValuesFiles=True)
        obj = self.await_chart("1.0.0+3")
        self.assertEqual(obj["status"]["observedValuesFiles"], ["prod.yaml"])
        self.chart(valuesFiles=["values.yaml"])
        obj = self.await_chart("1.0.0")
        self.assertEqual(condition_of(obj, "Ready")["reason"], "ChartPullSucceeded")

    def test_t20_credentials_stay_at_home(self):
        home = self.serve("home", login=(USER, PASSWORD))
        other = self.serve("other")
        archive = self.publish(server=other, index=False)
        self.helm.run("repo", "index", other.folder, "--url", other.url)
        os.rename(other.path("index.yaml"), home.path("index.yaml"))
        self.repository(url=home.url, secretRef=self.login())
        self.chart()
        self.await_chart("1.0.0")
        name = "/" + os.path.basename(archive)
        self.assertEqual(other.asked(name), [None])
        self.repository(url=home.url, secretRef=self.login(), passCredentials=True)
        self.await_index()
        self.chart(version="1.0.0")
        until(lambda: other.asked(name)[-1] == home.login)

    def test_t20_credentials_do_not_follow_redirects(self):
        home = self.serve("home", login=(USER, PASSWORD))
        other = self.serve("other")
        archive = os.path.basename(self.publish(server=other))
        home.troubles = {"/index.yaml": ("redirect", other.url + "/index.yaml"), "/" + archive: ("redirect", other.url + "/" + archive)}
        self.repository(url=home.url, secretRef=self.login(), passCredentials=True)
        self.chart()
        self.await_chart("1.0.0")
        self.assertEqual(home.asked("/" + archive), [home.login])
        self.assertEqual([login for _, login in other.requests], [None] * len(other.requests))

    def test_a_login_that_does_not_open_the_chart(self):
        self.publish()
        self.repository()
        self.await_index()
        self.server.login = "Basic somebody-else"
        self.chart()
        message = self.failed(CHART, "web", "Unknown")
        self.assertEqual(message, "unknown build error: failed to authenticate with the Helm repository: chart pull error: failed to download chart for "
                                  f"remote reference: failed to fetch {self.server.url}/web-1.0.0.tgz : 401 Unauthorized")
        until(lambda: any(event[:2] == ("Warning", "AuthenticationFailed") for event in self.events("HelmChart", "web")))

    def test_charts_that_break(self):
        archive = os.path.basename(self.publish())
        self.repository()
        self.await_index()
        self.server.troubles = {"/" + archive: 503}
        self.chart()
        self.assertIn(" : 503 Service Unavailable", self.failed(CHART, "web", "ChartPullError"))
        self.server.troubles = {"/" + archive: "cut"}
        until(lambda: "503" not in condition_of(self.kube.get(CHART, "web", self.ns), "FetchFailed").get("message", "503"))
        self.server.troubles = {"/" + archive: ("endless", 50_000_000)}
        until(lambda: "size of chart 'web-1.0.0.tgz' exceeds '200000' bytes limit" in
              condition_of(self.kube.get(CHART, "web", self.ns), "FetchFailed").get("message", ""))
        self.server.troubles = {}
        self.await_chart("1.0.0")

    def test_R51_a_host_that_never_answers_holds_up_nobody_else(self):
        away = self.serve("away")
        self.publish(server=away, url=f"http://{self.silence()}")
        self.repository("away", url=away.url, timeout="10m")
        self.await_index("away")
        names = [f"dead-{number}" for number in range(80)]
        for name in names:
            self.chart(name, source="away")
        self.await_all_places_taken(CHART, names)
        self.publish()
        self.repository()
        self.chart()
        self.await_chart("1.0.0")
        self.await_progress_until_suspended(CHART, "dead-0")

    def test_t21_archives_that_are_no_charts(self):
        def entry(name, content):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            return info, io.BytesIO(content)
        chart = b"apiVersion: v2\nname: web\nversion: 1.0.0\n"
        for files, why in (([("web/Chart.yaml", chart), ("../../escape", b"x")], "escape"), ([("web/values.yaml", b"a: 1")], "no 'Chart.yaml' found"),
                           ([("web/Chart.yaml", b"apiVersion: v2\nname: ../x\nversion: 1.0.0\n")], "chart.metadata.name \"../x\" is invalid")):
            with tarfile.open(self.server.path("web-1.0.0.tgz"), "w:gz") as tar:
                for name, content in files:
                    tar.addfile(*entry(name, content))
            with open(self.server.path("index.yaml"), "w", encoding="utf-8") as file:
                yaml.dump({"apiVersion": "v1", "generated": f"2026-01-01T00:00:{len(why):02}Z",
                           "entries": {"web": [{"name": "web", "version": "1.0.0", "urls": ["web-1.0.0.tgz"]}]}}, file)
            self.repository()
            self.chart()
            self.request(REPOSITORY, "charts")
            until(lambda why=why: why in condition_of(self.kube.get(CHART, "web", self.ns), "FetchFailed").get("message", ""),
                  seen=lambda: condition_of(self.kube.get(CHART, "web", self.ns), "FetchFailed"))

    def test_suspended_and_deleted(self):
        self.publish()
        self.repository()
        self.chart("late", suspend=True)
        self.chart()
        path = self.await_chart("1.0.0")["status"]["artifact"]["path"]
        self.assertEqual(self.kube.get(CHART, "late", self.ns)["status"], {"observedGeneration": -1})
        self.kube.delete(CHART, "web", self.ns)
        self.await_gone(CHART, "web")
        self.assertFalse(os.path.exists(os.path.join(self.controller.storage, "artifacts", path)))

    def test_suspended_it_asks_nobody_after_a_restart(self):
        self.publish()
        self.repository()
        self.chart()
        self.await_chart("1.0.0")
        self.stays_suspended(CHART, "web", lambda: len(self.server.requests), (REPOSITORY, "charts"))

    def test_z_a_restart_writes_nothing_and_what_is_lost_is_made_again(self):
        self.publish()
        self.repository()
        self.chart()
        chart, index = self.await_chart("1.0.0"), self.await_index()
        self.controller.stop()
        requests = len(self.server.requests)
        self.controller.start()
        until(lambda: len(self.server.requests) > requests)
        self.request(CHART, "web")
        self.await_object(CHART, "web", lambda obj: "lastHandledReconcileAt" in obj["status"])
        self.assertEqual(self.kube.get(REPOSITORY, "charts", self.ns)["metadata"]["resourceVersion"], index["metadata"]["resourceVersion"])
        self.assertEqual(self.server.asked("/web-1.0.0.tgz"), [None])  # pulled once
        self.controller.stop()
        for obj in (chart, index):
            os.remove(os.path.join(self.controller.storage, "artifacts", obj["status"]["artifact"]["path"]))
        self.controller.start()

        def served(obj):
            try:
                return self.download(obj)
            except OSError:
                return False

        until(lambda: served(chart) and served(index))
        self.await_chart("1.0.0")


class RegistryTest(HelmCase):
    def push(self, version="1.0.0", registry=None, **more):
        """Pushes a chart with the real helm; the path of its archive."""
        registry = registry or self.open
        archive = self.helm.package(write_chart(os.path.join(self.folder, "trees", version), "web", version, **more), self.folder)
        flags = ["--plain-http"] if registry is self.open else ["--ca-file", registry.ca, "--username", USER, "--password", PASSWORD]
        if registry is self.closed:
            self.helm.run("registry", "login", registry.address, *flags)
            flags = ["--ca-file", registry.ca]
        self.helm.run("push", archive, f"oci://{registry.address}/{self.ns}", *flags)
        return archive

    def registry(self, registry=None, **spec):
        return self.repository(type="oci", url=f"oci://{(registry or self.open).address}/{self.ns}", **spec)

    def test_charts_that_helm_pushed(self):
        archives = {version: self.push(version) for version in ("1.0.0", "1.1.0+build.7", "2.0.0-rc.1")}
        self.registry()
        self.chart("any")
        self.chart("exact", version="1.0.0")
        self.chart("meta", version="1.1.0+build.7")
        self.chart("none", version="^9")
        for name, version in (("any", "1.1.0+build.7"), ("exact", "1.0.0"), ("meta", "1.1.0+build.7")):
            obj = self.await_chart(version, name)
            with open(archives[version], "rb") as file:
                self.assertEqual(self.download(obj), file.read())
            self.assertEqual(condition_of(obj, "Ready")["reason"], "ChartPullSucceeded")
            self.assertNotIn("observedSourceArtifactRevision", obj["status"])
        self.failed(CHART, "none", "ChartPullError",
                    "chart pull error: failed to get chart version for remote reference: could not locate a version matching provided version string ^9")
        # Nor does the CRD's default stay, an observedGeneration of -1, which would keep whoever waits for its health.
        self.await_object(REPOSITORY, "charts", lambda obj: obj.get("status") == {})

    def test_logins_and_authorities(self):
        self.push(registry=self.closed)
        with open(self.closed.ca, encoding="ascii") as file:
            authority = file.read()
        self.registry(self.closed, secretRef=self.login(), certSecretRef=self.login("ca", **{"ca.crt": authority}))
        self.chart()
        self.await_chart("1.0.0")
        config = {"auths": {self.closed.address: {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}}}
        self.kube.apply(secret("docker", self.ns, {".dockerconfigjson": json.dumps(config)}) | {"type": "kubernetes.io/dockerconfigjson"})
        self.registry(self.closed, secretRef={"name": "docker"}, certSecretRef={"name": "ca"})
        self.chart("second")
        self.await_chart("1.0.0", "second")
        self.registry(self.closed, secretRef=self.login("bad", username=USER, password="canary-wrong"), certSecretRef={"name": "ca"})
        self.chart("third", version="1.x")
        message = self.failed(CHART, "third", "Unknown")
        self.assertTrue(message.startswith("unknown build error: failed to authenticate with the Helm repository: chart pull error: "), message)
        self.assertNotIn("canary", message)

    def test_clouds_are_refused(self):
        self.registry(provider="aws")
        self.chart()
        self.assertIn("spec.provider \"aws\" of HelmRepository 'charts' is not supported by this version of Sluice",
                      self.stalled(CHART, "web", "FeatureGateDisabled"))

    def test_signatures(self):
        self.push()
        ask = urllib.request.Request(f"http://{self.open.address}/v2/{self.ns}/web/manifests/1.0.0", headers={"Accept": MANIFEST})
        with urllib.request.urlopen(ask, timeout=10) as response:
            digest = response.headers["Docker-Content-Digest"]
        key = os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True, capture_output=True)
        public = subprocess.run(["openssl", "ec", "-in", key, "-pubout"], check=True, capture_output=True).stdout
        self.kube.apply(secret("keys", self.ns, {"cosign.pub": public}))
        self.registry()
        self.chart(verify={"provider": "cosign", "secretRef": {"name": "keys"}}, version="1.0.0")
        url = f"oci://{self.open.address}/{self.ns}/web:1.0.0"
        refused = f"chart verification error: failed to verify {url}: no signatures found"
        self.assertEqual(self.failed(CHART, "web", "ChartVerificationError", condition="BuildFailed"), refused)
        obj = self.kube.get(CHART, "web", self.ns)
        self.assertEqual((condition_of(obj, "SourceVerified")["status"], condition_of(obj, "SourceVerified")["reason"]), ("False", "VerificationError"))
        self.assertEqual(condition_of(obj, "Ready")["reason"], "VerificationError")
        self.assertNotIn("artifact", obj["status"])
        payload = json.dumps({"critical": {"identity": {"docker-reference": ""}, "image": {"docker-manifest-digest": digest},
                                           "type": "cosign container image signature"}, "optional": None}).encode()
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=payload, check=True, capture_output=True).stdout
        self.open.push(f"{self.ns}/web", digest.replace(":", "-") + ".sig",
                       [("application/vnd.dev.cosign.simplesigning.v1+json", payload,
                         {"dev.cosignproject.cosign/signature": base64.b64encode(signature).decode()})])
        obj = self.await_chart("1.0.0")
        self.assertEqual(condition_of(obj, "SourceVerified")["message"], "verified signature of version 1.0.0")

    def test_what_cannot_be_verified(self):
        self.publish()
        self.repository()
        self.login("keys", **{"cosign.pub": "x"})
        self.chart(verify={"provider": "cosign", "secretRef": {"name": "keys"}})
        self.failed(CHART, "web", "ChartVerificationError", "chart verification error: not implemented", "BuildFailed")
        self.chart("keyless", verify={"provider": "cosign"})
        self.assertIn("spec.verify without secretRef (keyless verification) is not supported", self.stalled(CHART, "keyless", "FeatureGateDisabled"))
        self.chart("notation", verify={"provider": "notation", "secretRef": {"name": "keys"}})
        self.assertIn("spec.verify.provider \"notation\" is not supported", self.stalled(CHART, "notation", "FeatureGateDisabled"))


class TreeTest(HelmCase):
    CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"

    def fleet_of(self, files):
        repository = self.env.repository(self.ns, files)
        self.source("fleet", repository)
        return repository

    def tree_chart(self, **spec):
        return self.chart(kind="GitRepository", source="fleet", **({"chart": "charts/web"} | spec))

    def web(self, metadata="", **files):
        return {"charts/web/Chart.yaml": self.CHART + metadata, "charts/web/values.yaml": "greeting: hello\nnested: {a: 1}\n",
                "charts/web/templates/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {greeting: '{{ .Values.greeting }}'}\n"} | files

    def test_a_chart_is_packed(self):
        repository = self.fleet_of(self.web(**{"charts/web/.helmignore": "*.md\n", "charts/web/notes.md": "x"}))
        self.tree_chart()
        obj = self.await_chart("1.0.0")
        self.assertEqual(condition_of(obj, "Ready")["message"], "packaged 'web' chart with version '1.0.0'")
        self.assertEqual(obj["status"]["observedSourceArtifactRevision"], repository.revision)
        archive = self.keep(obj)
        for helm in (self.helm, self.helm3):
            self.assertIn("greeting: 'hello'", helm.run("template", "r", archive))
        with tarfile.open(archive) as tar:
            self.assertEqual(sorted(tar.getnames()), ["web/.helmignore", "web/Chart.yaml", "web/templates/cm.yaml", "web/values.yaml"])
        head = repository.commit({"charts/web/values.yaml": "greeting: bye\n"})
        self.request("GitRepository", "fleet")
        same = self.await_object(CHART, "web", lambda o: o["status"].get("observedSourceArtifactRevision", "").endswith(head) and is_ready(o))
        self.assertEqual(same["status"]["artifact"], obj["status"]["artifact"])  # the version is what counts
        repository.commit({"charts/web/Chart.yaml": self.CHART.replace("1.0.0", "1.0.1")})
        self.request("GitRepository", "fleet")
        self.assertEqual(yaml.safe_load(self.helm.run("show", "values", self.keep(self.await_chart("1.0.1")))), {"greeting": "bye"})

    def test_by_revision_and_with_values(self):
        repository = self.fleet_of(self.web(**{"env/prod.yaml": "greeting: prod\n"}))
        self.tree_chart(reconcileStrategy="Revision")
        self.await_chart("1.0.0+" + repository.head[:12])
        head = repository.commit({"other": "x"})
        self.request("GitRepository", "fleet")
        self.await_chart("1.0.0+" + head[:12])
        self.tree_chart(reconcileStrategy="Revision", valuesFiles=["charts/web/values.yaml", "env/prod.yaml"])
        obj = self.await_chart(f"1.0.0+{head[:12]}.2")
        self.assertEqual(yaml.safe_load(self.helm.run("show", "values", self.keep(obj))), {"greeting": "prod", "nested": {"a": 1}})
        self.tree_chart(valuesFiles=["env/absent.yaml"])
        self.failed(CHART, "web", "ValuesFilesError",
                    "values files merge error: no values file found at path '/env/absent.yaml' (reference 'env/absent.yaml')", "BuildFailed")

    def test_dependencies(self):
        closed = self.serve("closed", login=(USER, PASSWORD))
        self.publish("cache", "1.4.0", server=closed)
        self.publish("queue", "2.0.0")
        self.repository("deps", url=closed.url + "/", secretRef=self.login())
        self.await_index("deps")
        pushed = self.helm.package(write_chart(os.path.join(self.folder, "oci"), "store", "3.1.0"), self.folder)
        self.helm.run("push", pushed, f"oci://{self.open.address}/{self.ns}", "--plain-http")
        wanted = [{"name": "db", "version": ">=0.1.0", "repository": "file://../db"}, {"name": "cache", "version": "1.x", "repository": closed.url},
                  {"name": "queue", "version": "2.0.0", "repository": self.server.url, "alias": "broker"},
                  {"name": "store", "version": "~3.1.0", "repository": f"oci://{self.open.address}/{self.ns}"}]
        self.fleet_of(self.web(yaml.dump({"dependencies": wanted}), **{"charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 0.2.0\n",
                                                                      "charts/db/values.yaml": "a: 1\n"}))
        self.tree_chart()
        obj = self.await_chart("1.0.0")
        archive = self.keep(obj)
        with tarfile.open(archive) as tar:
            names = {name.split("/")[2] for name in tar.getnames() if name.startswith("web/charts/")}
        self.assertEqual(names, {"db", "cache", "queue", "store"})
        out = self.helm.run("template", "r", archive)
        for name in ("r-cache", "r-broker", "r-store"):
            self.assertIn(f"name: {name}\n", out)
        until(lambda: any(event[1:] == ("ResolvedDependencies", "resolved 4 chart dependencies") for event in self.events("HelmChart", "web")))

    def test_t41_dependencies_that_are_not_to_be_had(self):
        rows = [({"name": "db", "version": "1.x", "repository": "file://../../../../../etc"},
                 "no chart found at '/etc' (reference 'file://../../../../../etc')", "local"),
                ({"name": "db", "version": "1.x", "repository": "@stable"}, "aliased repository dependency is not supported: @stable", "remote"),
                ({"name": "db", "version": "1.x", "repository": "ftp://x/y"}, "invalid dependency repository URL: ftp://x/y", "remote"),
                ({"name": "db", "version": "1.x", "repository": "file://../db"}, "can't get a valid version for constraint '1.x'", "local"),
                ({"name": "db", "version": "9.x", "repository": self.server.url},
                 f"failed to get chart 'db' version '9.x' from '{self.server.url}': no 'db' chart with version matching '9.x' found", "remote")]
        self.publish("db")
        repository = self.fleet_of(self.web(**{"charts/db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 0.2.0\n"}))
        for number, (dependency, why, where) in enumerate(rows, 1):
            metadata = self.CHART.replace("1.0.0", f"1.0.{number}") + yaml.dump({"dependencies": [dependency]})
            repository.commit({"charts/web/Chart.yaml": metadata})
            self.request("GitRepository", "fleet")
            self.tree_chart()
            self.failed(CHART, "web", "DependencyBuildError", f"dependency build error: failed to add {where} dependency 'db': {why}", "BuildFailed")

    def test_paths_that_are_no_charts(self):
        self.fleet_of(self.web(**{"empty/x": "y"}))
        for path, why in (("charts/none", "stat charts/none: no such file or directory"), ("../../etc/passwd", "stat etc/passwd: no such file or directory"),
                          ("empty", "open empty/Chart.yaml: no such file or directory")):
            self.tree_chart(chart=path)
            self.failed(CHART, "web", "InvalidChartReference", "invalid chart reference: " + why)

    def test_an_archive_in_the_tree(self):
        tree = os.path.join(self.folder, "tree")
        os.makedirs(tree)
        archive = self.helm.package(write_chart(self.folder, "packed", "1.2.3"), tree)
        self.source("fleet", self.env.repository(self.ns, folder=tree))
        self.tree_chart(chart="packed-1.2.3.tgz")
        obj = self.await_chart("1.2.3")
        self.assertEqual(condition_of(obj, "Ready")["message"], "pulled 'packed' chart with version '1.2.3'")
        with open(archive, "rb") as file:
            self.assertEqual(self.download(obj), file.read())


if __name__ == "__main__":
    totals.main()
