#!/usr/bin/env python3
"""What a stranger's input may cost, as flags set it (docs/threats.md, "Budgets"): each flag is set low, and the object that goes beyond it says so. What stays
within goes on. Whether the values are refused that make no sense is for tests/cli/binary_test.py."""

import base64
import http.server
import json
import os
import re
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from foreign_sources_test import pack  # noqa: E402
from harness import Case, condition_of, config_map, is_ready, secret  # noqa: E402
from oci_registry import FLUX_CONTENT, Registry  # noqa: E402

SOURCE = "source.toolkit.fluxcd.io/v1"
OCI, HR = SOURCE + "/OCIRepository", "helm.toolkit.fluxcd.io/v2/HelmRelease"
FLAGS = ["--min-retry-delay=250ms", "--max-retry-delay=1s", "--requeue-dependency=1s"]


def setUpModule():
    harness.begin("limits", controller=False)
    for kind in (OCI, HR):
        Case.env.await_kind(kind)


class LimitCase(Case):
    def strict(self, *flags):
        """A controller with these flags, until the test ends or starts the next."""
        self.stop_strict()
        self.controller = self.env.controller(f"{self.ns}-{len(self.env.controllers)}", [*FLAGS, *flags])
        self.addCleanup(self.stop_strict)

    def stop_strict(self):
        if self.controller:
            self.controller.end()
        self.controller = None

    def await_word(self, kind, name, pattern):
        """Waits until Ready is False, or Unknown, with what `pattern` finds."""
        def says(obj):
            ready = condition_of(obj, "Ready")
            return ready.get("status") in ("False", "Unknown") and re.search(pattern, ready["message"])
        self.await_object(kind, name, says)


def maps(count, prefix="m", size=1):
    return [config_map(f"{prefix}{number}", {"text": "x" * size}) for number in range(count)]


def nested(levels):
    return {"a": nested(levels - 1)} if levels else 1


def patches(count):
    return {"resources": ["all.yaml"], "patches": [
        {"target": {"kind": "ConfigMap", "name": ".*"}, "patch": f'[{{"op": "add", "path": "/data/p{number}", "value": "1"}}]'} for number in range(count)]}


ALIASES = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata:\n  k0: &x one\n" + "".join(f"  k{i}: *x\n" for i in range(1, 100))


class BuildTest(LimitCase):
    FLAGS = ["--document-max-bytes=20000", "--document-max-depth=20", "--document-max-nodes=500", "--manifests-max-bytes=30000",
             "--build-max-depth=2", "--build-max-kustomizations=5", "--build-max-objects=20", "--build-max-nodes=300",
             "--build-max-comparisons=150", "--build-max-bytes=100000", "--sops-max-file-bytes=1000", "--regex-max-program-bytes=65536",
             "--cel-max-cost=20", "--cel-max-pattern-bytes=10"]

    # directory: its files, and what is said of them
    ROWS = {
        "bytes": ({"kustomization.yaml": "# comment\n" * 2500 + "resources: []\n"}, r"25014 bytes of YAML, the limit is 20000"),
        "depth": ({"w.yaml": {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": nested(25)}},
                  "nested deeper than 20 levels"),
        "nodes": ({"cm.yaml": config_map("many", {f"k{i}": "1" for i in range(600)})}, "more than 500 nodes, aliases expanded"),
        "manifests": ({f"{i}.yaml": maps(1, f"big{i}-", 15_000) for i in range(3)},
                      "the manifests of this Kustomization have more than 30000 bytes: split it, or raise --manifests-max-bytes"),
        "nesting": ({f"{'x/' * i}kustomization.yaml": {"resources": ["x"] if i < 3 else []} for i in range(4)},
                    "more than 2 kustomizations nested in each other"),
        "many": ({"kustomization.yaml": {"resources": list("abcdef")}} | {f"{name}/kustomization.yaml": {"namePrefix": "x-"} for name in "abcdef"},
                 "more than 5 kustomizations in one build"),
        "objects": ({"all.yaml": maps(25)}, "more than 20 objects in one build"),
        "aliases": ({f"{name}.yaml": ALIASES.replace("NAME", name) for name in "abc"}, r"b\.yaml:\S+ more than 1\d\d nodes, aliases expanded"),
        "comparisons": ({"kustomization.yaml": patches(40), "all.yaml": maps(18)}, "too many objects times too many targets"),
        "spent": ({"kustomization.yaml": {"configMapGenerator": [{"name": "big", "files": ["big.txt"]}]}, "big.txt": "x" * 150_000},
                  "this build reads and writes more than 100000 bytes"),
        "program": ({"kustomization.yaml": {"resources": ["all.yaml"], "patches": [
                         {"target": {"name": "[^a]{900}"}, "patch": '[{"op": "add", "path": "/data/p", "value": "1"}]'}]},
                     "all.yaml": maps(1)}, "is no regular expression: pattern too large"),
    }

    def test_each_limit_ends_a_build(self):
        self.strict(*self.FLAGS)
        files = {f"{directory}/{path}": content for directory, (tree, _) in self.ROWS.items() for path, content in tree.items()}
        files |= {"fine/cm.yaml": config_map("fine"), "sops/kustomization.yaml": {"secretGenerator": [{"name": "s", "files": ["s.txt"]}]}, "sops/s.txt": "x" * 2000}
        repository = self.env.repository(self.ns, files)
        self.source("fleet", repository)
        for directory in [*self.ROWS, "fine"]:
            self.kustomization(directory, path=f"./{directory}")
        self.kustomization("sops", path="./sops", decryption={"provider": "sops"})
        for name, expression in (("cost", "[1, 2, 3].all(x, [4, 5, 6].all(y, x < y))"), ("pattern", "'abc'.matches('^[a-c]+abcabc$')")):
            self.kustomization(name, path="./fine", dependsOn=[{"name": "fine", "readyExpr": expression}])
        for directory, (_, want) in self.ROWS.items():
            self.await_word("Kustomization", directory, want)
        self.await_word("Kustomization", "sops", r"s\.txt: cannot decrypt file with size \(2000 bytes\) exceeding limit \(1000\)")
        self.await_word("Kustomization", "cost", "operation cancelled: actual cost limit exceeded")
        self.await_word("Kustomization", "pattern", "error parsing regexp: expression too large")
        self.await_applied(repository, "fine")

    def test_time(self):
        repository = self.env.repository(self.ns, {"kustomization.yaml": patches(1500), "all.yaml": maps(10)})
        self.source("fleet", repository)
        self.strict("--build-max-time=10ms")
        self.kustomization()
        self.await_word("Kustomization", "app", "the build takes more than 10ms: split it, or raise --build-max-time$")
        self.strict("--build-max-cpu-time=10ms")
        self.await_word("Kustomization", "app", "the build takes more than 10ms of CPU time: split it, or raise --build-max-cpu-time$")
        self.strict()
        self.await_applied(repository)


class RenderTest(LimitCase):
    CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n"
    COUNT_DOWN = '{{ define "x" }}{{ if gt (int .) 0 }}{{ HOW "x" (sub (int .) 1) }}{{ end }}{{ end }}{{ HOW "x" 50 }}\n'
    ENDLESS = '{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}\n'
    SLOW = "{{ range until 3000 }}{{ range until 3000 }}{{ end }}{{ end }}\n"

    def release(self, name, template="", **spec):
        chart = {"Chart.yaml": {"apiVersion": "v2", "name": name, "version": "1.0.0"}, "templates/cm.yaml": self.CONFIG}
        if template:
            chart["templates/more.yaml"] = template
        repository = self.env.repository(f"{self.ns}-{name}", {f"chart/{path}": content for path, content in chart.items()})
        self.source(name, repository)
        source = {"chart": "./chart", "reconcileStrategy": "Revision", "sourceRef": {"kind": "GitRepository", "name": name}}
        self.kube.apply({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": name, "namespace": self.ns},
                         "spec": {"interval": "1h", "chart": {"spec": source}} | spec})

    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_releases)

    def _delete_releases(self):
        for obj in self.kube.list(HR, self.ns):
            self.kube.delete(HR, obj["metadata"]["name"], self.ns)

    def test_each_limit_ends_a_render(self):
        self.strict("--render-max-steps=2000", "--render-max-output-bytes=100000", "--render-max-template-depth=20", "--render-max-include-depth=10",
                    "--build-max-objects=1", "--manifests-max-bytes=5000")
        rows = {"steps": ("{{ range until 5000 }}{{ end }}", "exceeded the limit of 2000 steps"),
                "output": ('{{ repeat 200000 "x" }}', "exceeded the limit of 100000 bytes of text"),
                "templates": (self.COUNT_DOWN.replace("HOW", "template"), r"exceeded maximum template depth \(20\)"),
                "manifests": (self.CONFIG.replace("Name }}", "Name }}-2") + 'data: {text: {{ repeat 8000 "x" }}}\n', "bytes of YAML, the limit is 5000"),
                "includes": (self.COUNT_DOWN.replace("HOW", "include"), "nested reference name: x")}
        for name, (template, _) in rows.items():
            self.release(name, template)
        self.release("fine")
        self.release("post", self.CONFIG.replace("Name }}", "Name }}-2"),
                     postRenderers=[{"kustomize": {"patches": [{"target": {"kind": "ConfigMap"}, "patch": "[]"}]}}])
        for name, (_, want) in rows.items():
            self.await_word(HR, name, want)
        self.await_word(HR, "post", "more than 1 objects in one build")
        self.await_object(HR, "fine", is_ready)

    def test_time_and_stack(self):
        self.strict("--render-max-stack-bytes=4194304", "--render-max-time=100ms")
        self.release("stack", self.ENDLESS)
        self.release("slow", self.SLOW)
        self.await_word(HR, "stack", "exceeded maximum nesting: the stack is used up")
        self.await_word(HR, "slow", "rendering takes more than 100ms: do less in templates, or raise --render-max-time")
        self.strict("--render-max-cpu-time=100ms")
        self.await_word(HR, "slow", "rendering takes more than 100ms of CPU time: do less in templates, or raise --render-max-cpu-time")
        self.strict()
        self.await_object(HR, "slow", is_ready)


class Stranger:
    """A server that redirects /hop/N/… to /hop/N+1/…, whose headers below /large are, and that lists tags for ever, one a page."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                headers, status, body = {}, 200, b"{}"
                if hop := re.match(r"/hop/(\d+)(/.*)", self.path):
                    status, headers = 302, {"Location": f"/hop/{int(hop[1]) + 1}{hop[2]}"}
                elif self.path.startswith("/large"):
                    headers = {"X-Large": "x" * 5000}
                elif page := re.match(r"/v2/pages/tags/list\?.*?n=(\d+)", self.path):
                    number = int(page[1]) + 1
                    headers, body = {"Link": f'</v2/pages/tags/list?n={number}>; rel="next"'}, json.dumps({"name": "pages", "tags": [f"1.0.{number}"]}).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class SourceTest(LimitCase):
    def make(self, kind, name, **spec):
        self.kube.apply({"apiVersion": SOURCE, "kind": kind, "metadata": {"name": name, "namespace": self.ns}, "spec": {"interval": "1h", "timeout": "20s"} | spec})
        self.addCleanup(self.kube.delete, f"{SOURCE}/{kind}", name, self.ns)

    def oci(self, name, **spec):
        self.make("OCIRepository", name, **{"url": f"oci://{self.registry.address}/{self.ns}/{name}"} | spec)

    def put(self, name, *tags, annotations=None):
        layer = pack({"cm.yaml": config_map("settings")})
        return [self.registry.push(f"{self.ns}/{name}", tag, [(FLUX_CONTENT, layer)], annotations) for tag in tags or ["latest"]][-1]

    def sign(self, name, digest):
        """Two signatures of one key, of which only the second is of this artifact; the public key."""
        key = os.path.join(self.env.folder, f"{self.ns}-key")
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key], check=True, capture_output=True)
        layers = []
        for about in ("sha256:" + "0" * 64, digest):
            payload = json.dumps({"critical": {"image": {"docker-manifest-digest": about}}}).encode()
            signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=payload, check=True, capture_output=True).stdout
            layers.append(("application/vnd.dev.cosign.simplesigning.v1+json", payload,
                           {"dev.cosignproject.cosign/signature": base64.b64encode(signature).decode()}))
        self.registry.push(f"{self.ns}/{name}", digest.replace(":", "-") + ".sig", layers)
        return subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True, capture_output=True).stdout

    def setUp(self):
        super().setUp()
        self.registry = Registry(os.path.join(self.env.folder, f"{self.ns}-registry"), self.env.ports.take())
        self.addCleanup(self.registry.stop)
        self.stranger = Stranger()
        self.addCleanup(self.stranger.close)

    def test_registries(self):
        self.strict("--oci-max-tags=3", "--oci-max-manifest-bytes=2000", "--oci-max-signatures=1", "--regex-max-pattern-bytes=10")
        self.put("tags", "1.0.0", "1.0.1", "1.0.2", "1.0.3")
        self.put("filter", "1.0.0")
        self.put("large", annotations={"note": "x" * 3000})
        self.kube.apply(secret("keys", self.ns, {"key.pub": self.sign("signed", self.put("signed"))}))
        self.put("fine", "1.0.0", "1.0.1")
        self.oci("tags", ref={"semver": "1.x"})
        self.oci("filter", ref={"semver": "1.x", "semverFilter": "^1\\.[0-9]+\\.[0-9]+$"})
        self.oci("large")
        self.oci("signed", verify={"provider": "cosign", "secretRef": {"name": "keys"}})
        self.oci("fine", ref={"semver": "1.x", "semverFilter": "^1"})
        self.await_word(OCI, "tags", r"more than 3 tags \(--oci-max-tags\)")
        self.await_word(OCI, "filter", r"semverFilter: more than 10 bytes \(--regex-max-pattern-bytes\)")
        self.await_word(OCI, "large", "answer exceeds 2000 bytes")
        self.await_word(OCI, "signed", r"no matching signatures were found .*, of which only the first 1 were looked at \(--oci-max-signatures\)")
        self.await_object(OCI, "fine", is_ready)
        self.strict()
        for name in ("tags", "filter", "large", "signed"):
            self.await_object(OCI, name, is_ready)

    def test_pages_of_tags(self):
        self.strict("--oci-max-tag-pages=3")
        self.oci("pages", url=f"oci://{self.stranger.address}/pages", ref={"semver": "1.x"})
        self.await_word(OCI, "pages", r"more than 3 pages of tags \(--oci-max-tag-pages\)")

    def test_redirects_and_headers(self):
        self.strict("--http-max-redirects=2", "--http-max-header-bytes=4000")
        rows = {"hops": ("hop/1", "more than 2 redirects"), "large": ("large", "headers of the answer exceed 4000 bytes")}
        for name, (path, _) in rows.items():
            self.make("GitRepository", f"git-{name}", url=f"http://{self.stranger.address}/{path}/app.git", ref={"branch": "main"})
            self.make("HelmRepository", f"helm-{name}", url=f"http://{self.stranger.address}/{path}")
        for name, (_, want) in rows.items():
            self.await_word("GitRepository", f"git-{name}", want)
            self.await_word(SOURCE + "/HelmRepository", f"helm-{name}", want)
        self.source("fine", self.env.repository(self.ns, {"cm.yaml": config_map("settings")}))
        self.await_object("GitRepository", "fine", is_ready)


if __name__ == "__main__":
    totals.main()
