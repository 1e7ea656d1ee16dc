#!/usr/bin/env python3
"""`sluice build` as a command, beside the real kustomize from the pinned tools: the same standard output, files and exit status for the same command line;
bases from a real Git server and files from a web server; what is refused, in its words."""

import contextlib
import functools
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "tests", folder) for folder in ("fixtures", "cluster")]

import totals  # noqa: E402
from cluster import programs  # noqa: E402
from git_repository import git, init_repo  # noqa: E402

SLUICE = os.path.abspath(os.environ.get("SLUICE") or os.path.join(ROOT, "build", "dev", "cli", "sluice"))
KUSTOMIZE = os.environ.get("KUSTOMIZE") or os.path.join(programs(), "kustomize")

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
TREE = {
    "kustomization.yaml": "resources: [all.yaml]\n",
    "all.yaml": "---\n".join([
        CONFIG_MAP % "settings", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: Web, namespace: Shop}\n",
        "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t}\n", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"]),
    "one/kustomization.yaml": "resources: [a.yaml]\n",
    "one/a.yaml": CONFIG_MAP % "a",
    "outside/kustomization.yaml": "resources: [../all.yaml]\n",
    "empty/kustomization.yaml": "resources: []\nnamePrefix: x-\n",
    "old/kustomization.yaml": "bases: [../one]\ncommonLabels: {a: b}\n",
}


def write(folder, files):
    for path, text in files.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def contents(folder):
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(where, name), encoding="utf-8") as file:
                found[os.path.relpath(os.path.join(where, name), folder)] = file.read()
    return found


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="sluice-test-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def run_program(self, program, words, cwd, env=None):
        return subprocess.run([program, "build", *words], cwd=cwd, env=os.environ | (env or {}), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=300, check=False)

    def refused(self, words, message, cwd=None, env=None):
        done = self.run_program(SLUICE, words, cwd or self.folder, env)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", message))


class ParityTest(Scratch):
    """The same command line, the same effect."""

    def both(self, words, env=None):
        """Runs both in a copy of TREE each; everything but standard error must be the same. Returns ours."""
        seen = []
        for name, program in (("theirs", KUSTOMIZE), ("ours", SLUICE)):
            folder = tempfile.mkdtemp(prefix=name + "-", dir=self.folder)
            write(folder, TREE)
            os.makedirs(os.path.join(folder, "out"))
            done = self.run_program(program, words, folder, env)
            seen.append((done, contents(folder)))
        (theirs, their_files), (ours, our_files) = seen
        self.assertEqual((theirs.returncode, theirs.stdout, their_files), (ours.returncode, ours.stdout, our_files), ours.stderr)
        return ours

    def test_paths(self):
        for words in ([], ["."], ["one"], ["./one/"], ["one/../one"], ["old"], ["empty"], ["none"], ["all.yaml"], ["one", "empty"], ["outside"]):
            with self.subTest(words=words):
                self.both(words)

    def test_flags(self):
        for line in ("--load-restrictor LoadRestrictionsNone outside", "--load-restrictor=LoadRestrictionsRootOnly one", "--load-restrictor none outside",
                     "--load-restrictor bogus one", "--reorder none .", "--reorder legacy .", "--reorder bogus .", "--enable-helm one", "--as-current-user one",
                     "--network one", "--network-name bridge one", "--mount type=tmpfs one", "-e A=b --env C one", "--enable-managedby-label one",
                     "--helm-command helm3 one", "--helm-api-versions v1 --helm-api-versions v2 one", "--helm-kube-version 1.30 --helm-debug one", "--bogus one"):
            with self.subTest(line=line):
                self.both(line.split())

    def test_output(self):
        for line in ("-o out.yaml .", "--output=out.yaml one", "-o out .", "-o out one", "-o out empty", "-o none/out.yaml .", "-o out none", "-o out/ ."):
            with self.subTest(line=line):
                self.both(line.split())

    def test_environment(self):
        for value in ("on", "off", "true", ""):
            with self.subTest(value=value):
                self.both(["one"], {"KUSTOMIZE_ENABLE_MANAGEDBY_LABEL": value})

    def test_warnings_are_for_standard_error(self):
        self.assertEqual(
            self.both(["old"]).stderr,
            "# Warning: 'bases' is deprecated. Please use 'resources' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n"
            "# Warning: 'commonLabels' is deprecated. Please use 'labels' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n")
        self.assertEqual(self.both(["--network", "-e", "A=b", "--reorder", "none", "one"]).stderr,
                         "# Warning: --reorder is deprecated; use the field sortOptions of the kustomization instead\n"
                         "# Warning: --network has no effect: functions in containers are refused\n"
                         "# Warning: -e,--env has no effect: functions in containers are refused\n")


class HelmTest(Scratch):
    """Charts beside a kustomization. What is wanted was printed by kustomize v5.8.2 with helm v3.22.0."""

    CHART = {"charts/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n", "charts/c/values.yaml": "a: b\n",
             "charts/c/templates/map.yaml": CONFIG_MAP % "{{ .Release.Name }}, namespace: {{ .Release.Namespace }}" + "data: {a: '{{ .Values.a }}'}\n",
             "charts/c/crds/x.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"}
    PLUGIN = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: h}\nname: c\nreleaseName: r\n"
    PRINTED = "apiVersion: v1\ndata:\n  a: %s\nkind: ConfigMap\nmetadata:\n  name: %s\n  namespace: %s\n"

    def built(self, files, flags=("--enable-helm",)):
        folder = tempfile.mkdtemp(dir=self.folder)
        write(folder, self.CHART | files)
        done = self.run_program(SLUICE, flags, folder)
        return done.stdout if done.returncode == 0 else done.stderr.replace(folder + "/", "")

    def test_in_a_kustomization(self):
        self.assertEqual(self.built({"kustomization.yaml": "helmCharts: [{name: c, releaseName: r}]\nnamePrefix: p-\nnamespace: ns\n"}), self.PRINTED % ("b", "p-r", "ns"))

    def test_by_a_generator(self):
        for config, kustomization, want in (
                ("", "", self.PRINTED % ("b", "r", "default")),
                ("valuesInline: {a: c}\nnamespace: own\n", "namePrefix: p-\nnamespace: ns\n", self.PRINTED % ("c", "p-r", "own")),
                ("valuesInline: {a: c}\n", "namePrefix: p-\nnamespace: ns\n", self.PRINTED % ("c", "p-r", "default")),  # the namespace does not reach it
                ("includeCRDs: true\nother: x\n", "", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: x\n---\n" +
                 self.PRINTED % ("b", "r", "default"))):
            with self.subTest(config=config, kustomization=kustomization):
                self.assertEqual(self.built({"h.yaml": self.PLUGIN + config, "kustomization.yaml": "generators: [h.yaml]\n" + kustomization}), want)

    def test_a_generator_is_named_in_the_origin(self):
        self.assertIn("    config.kubernetes.io/origin: |\n      configuredIn: h.yaml\n      configuredBy:\n        apiVersion: builtin\n"
                      "        kind: HelmChartInflationGenerator\n        name: h\n",
                      self.built({"h.yaml": self.PLUGIN, "kustomization.yaml": "generators: [h.yaml]\nbuildMetadata: [originAnnotations]\n"}))

    def test_refused_generators(self):
        where = "Error: h.yaml:1:1: HelmChartInflationGenerator \"h\": "
        for config, flags, message in ((self.PLUGIN, (), "Helm is off; --enable-helm turns it on"),
                                       (self.PLUGIN.replace("\nname: c\n", "\n"), ("--enable-helm",), "chart name cannot be empty"),
                                       (self.PLUGIN + "chartHome: none\n", ("--enable-helm",), "no repo specified for pull, no chart found at none/c")):
            with self.subTest(config=config):
                self.assertEqual(self.built({"h.yaml": config, "kustomization.yaml": "generators: [h.yaml]\n"}, flags), where + message + "\n")


class RefusedTest(Scratch):
    def test_programs(self):
        write(self.folder, TREE)
        for flag in ("--enable-alpha-plugins", "--enable-exec"):
            self.refused([flag, "one"], "Error: plugins that run programs or containers are not supported: remove --enable-alpha-plugins and --enable-exec\n")

    def test_a_file_of_the_directory_only(self):
        write(self.folder, {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": CONFIG_MAP % "../../escape"})
        os.makedirs(os.path.join(self.folder, "out"))
        self.refused(["-o", "out"], "Error: a file cannot be called \"v1_configmap_../../escape.yaml\": a kind, name or namespace holds a slash\n")
        self.assertEqual(contents(os.path.join(self.folder, "out")), {})


class StartTest(Scratch):
    """What a build does not need is not loaded for it (base/late_library.h): every library costs its start."""

    def test_libraries(self):
        done = subprocess.run([SLUICE], env=os.environ | {"LD_TRACE_LOADED_OBJECTS": "1"}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              check=True)
        loaded = [line.split()[0] for line in done.stdout.splitlines()]
        self.assertIn("libc.so.6", loaded)
        late = ("libcurl", "librnp", "libgit2", "libssh", "libbotan", "libldap", "libkrb5", "libssl", "libcrypto", "libz", "libexpat", "libcrypt")
        self.assertEqual([name for name in loaded if name.startswith(late)], [])


class LibraryTest(Scratch):
    """examples/kustomize_library.cpp, where the build has it."""

    def test_example(self):
        example = os.path.join(os.environ.get("SLUICE_BUILD") or os.path.join(ROOT, "build", "dev"), "examples", "kustomize_library")
        write(self.folder, {"over/kustomization.yaml": "resources: [../one]\n", **TREE})
        done = subprocess.run([example, self.folder, "over"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"))
        self.assertIn("read one/a.yaml ", done.stderr)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class RemoteTest(Scratch):
    """What a kustomization names elsewhere."""

    def setUp(self):
        super().setUp()
        source = os.path.join(self.folder, "source")
        write(source, {"base/kustomization.yaml": "resources: [../common, a.yaml]\n", "base/a.yaml": CONFIG_MAP % "a",
                       "common/kustomization.yaml": "resources: [b.yaml]\n", "common/b.yaml": CONFIG_MAP % "b",
                       "leaves/kustomization.yaml": "resources: [../../../etc]\n", "file/kustomization.yaml": "resources: [../base/a.yaml]\n"})
        self.served = os.path.join(self.folder, "served")
        os.makedirs(self.served)
        self.first = init_repo(os.path.join(self.served, "fleet.git"), source)
        git("--git-dir", os.path.join(self.served, "fleet.git"), "tag", "v1", "main")

    def serve(self, *flags):
        process = subprocess.Popen([sys.executable, os.path.join(ROOT, "tests", "fixtures", "git_server.py"), "serve", "--owner-pid", str(os.getpid()), "--root",
                                    self.served, *flags], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        return json.loads(process.stdout.readline())

    @staticmethod
    def end(process):
        process.terminate()
        process.wait(30)
        process.stdout.close()

    @contextlib.contextmanager
    def web(self, files):
        folder = os.path.join(self.folder, "web")
        write(folder, files)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def overlay(self, *resources):
        folder = tempfile.mkdtemp(dir=self.folder)
        write(folder, {"kustomization.yaml": "namePrefix: p-\nresources:\n" + "".join(f"- {entry}\n" for entry in resources)})
        return folder

    def same(self, words, cwd, env=None):
        theirs, ours = (self.run_program(program, words, cwd, env) for program in (KUSTOMIZE, SLUICE))
        self.assertEqual(theirs.returncode, 0, theirs.stderr)
        self.assertEqual((theirs.returncode, theirs.stdout), (ours.returncode, ours.stdout), ours.stderr)

    def test_git_over_http(self):
        url = self.serve()["http"] + "/fleet.git"
        for words in ([url + "//base?ref=main"], [url + "/base?ref=v1"], [f"{url}//base?ref={self.first}"], [url + "//common"], [url + "//base?version=v1"]):
            with self.subTest(words=words):
                self.same(words, self.folder)
                self.same([], self.overlay(*words))
        self.refused([url + "//base?ref=none"], f"Error: {url}: there is no tag, branch or reference \"none\"\n")
        self.assertEqual(self.run_program(SLUICE, [url + "//leaves"], self.folder).returncode, 1)
        closed = self.run_program(SLUICE, ["--load-restrictor", "LoadRestrictionsNone", url + "//file"], self.folder)
        self.assertIn("security; file \"../base/a.yaml\" is not in or below", closed.stderr)

    def test_git_over_https_and_ssh(self):
        state = self.serve("--tls", "--ssh", "--user", "fleet", "--password", "word")
        secure = state["https"].replace("https://", "https://fleet:word@")
        self.same([secure + "/fleet.git//base"], self.folder, {"GIT_SSL_CAINFO": state["ca"]})
        home = os.path.join(self.folder, "home")
        os.makedirs(os.path.join(home, ".ssh"))
        bare = self.run_program(SLUICE, [state["ssh"] + "/fleet.git//base"], self.folder, {"HOME": home})
        self.assertEqual(bare.stderr, f"Error: ssh needs a key: there is no id_ed25519, id_ecdsa or id_rsa in {home}/.ssh\n")
        for name, source in (("id_ed25519", state["identity"]), ("known_hosts", state["known_hosts"])):
            with open(source, encoding="utf-8") as file:
                write(home, {".ssh/" + name: file.read()})
        done = self.run_program(SLUICE, [state["ssh"] + "/fleet.git//base"], self.folder, {"HOME": home})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("kind: ConfigMap"), 2)

    def test_files_over_http(self):
        with self.web({"c.yaml": CONFIG_MAP % "c", "patch.yaml": CONFIG_MAP % "c" + "data: {x: z}\n"}) as url:
            folder = self.overlay(url + "/c.yaml")
            with open(os.path.join(folder, "kustomization.yaml"), "a", encoding="utf-8") as file:
                file.write(f"patches: [{{path: {url}/patch.yaml}}]\n")
            self.same([], folder)
            missing = self.run_program(SLUICE, [], self.overlay(url + "/none.yaml"))
            self.assertEqual((missing.returncode, missing.stdout), (1, ""))
            self.assertIn(f"GET {url}/none.yaml: status 404", missing.stderr)

    def test_nothing_stays_behind(self):
        temporary = os.path.join(self.folder, "temporary")
        os.makedirs(temporary)
        url = self.serve()["http"] + "/fleet.git//base"
        self.assertEqual(self.run_program(SLUICE, [url], self.folder, {"TMPDIR": temporary}).returncode, 0)
        self.assertEqual(os.listdir(temporary), [])

    def test_a_repository_on_disk(self):
        url = f"file://{self.served}/fleet.git"
        done = self.run_program(SLUICE, [url], self.folder)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "Error: repositories at file:// are not read; name the directory in place of the URL\n"))


if __name__ == "__main__":
    totals.main()
