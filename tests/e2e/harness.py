"""What the end-to-end suites share: a cluster with Sluice's CRDs and rights, a Git server, controller processes, and ways to wait.

A suite calls `begin(name)` in setUpModule and derives its cases from `Case`; each case gets a namespace of its own. The controller runs
as the ServiceAccount of manifests/ with exactly the rights written there. Everything ends with the suite, however it ends. Logs of
controllers stay in $SLUICE_BUILD/test-results. Durations are never verdicts: a wait has a generous deadline and says what it saw last.
"""

import base64
import contextlib
import functools
import json
import os
import re
import shutil
import signal
import socket  # noqa: F401 (for the suites)
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "cluster"))
sys.path.insert(0, os.path.join(ROOT, "tests", "fixtures"))

from api import ApiError  # noqa: E402
from cluster import Cluster  # noqa: E402
from git_repository import commit, git, init_repo  # noqa: E402
from kube import Kube, writes_between  # noqa: E402
from ports import Ports  # noqa: E402
from processes import spawn, tail  # noqa: E402

SHARED = os.path.join(os.path.dirname(ROOT), "shared")
SLUICE = os.environ.get("SLUICE") or os.path.join(ROOT, "build", "dev", "cli", "sluice")
BUILD = os.environ.get("SLUICE_BUILD") or os.path.join(ROOT, "build", "dev")
NAMESPACE = "flux"  # where manifests/ installs
WAIT_SECONDS = 60.0


class Stuck(AssertionError):
    """A wait came to its deadline; the message says what was seen last."""


def until(condition, seconds=WAIT_SECONDS, seen=None, pause=0.05):
    """Waits for a condition and returns its value. `seen()` says, when it never held, what there was instead. A server that does not
    answer counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(ApiError):
            if value := condition():
                return value
        if time.monotonic() > deadline:
            raise Stuck(f"not within {seconds:.0f} s; last seen: {seen() if seen else 'nothing to show'}")
        time.sleep(pause)


def created(recorder, at_least):
    """Names of the objects that came while `recorder` (kube.Recorder) looked, in order, as soon as there are so many."""
    names = lambda: [obj["metadata"]["name"] for kind, obj in list(recorder.seen) if kind == "ADDED"]  # noqa: E731
    until(lambda: len(names()) >= at_least, seen=names)
    return names()


def throughout(condition, seconds, seen=None):
    """Holds `condition` all the time? Raises where it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            raise AssertionError(f"did not stay so for {seconds} s: {seen() if seen else ''}")
        time.sleep(0.05)


def condition_of(obj, kind):
    """The condition `kind` of an object; {} if it has none."""
    return next((item for item in (obj or {}).get("status", {}).get("conditions", []) if item["type"] == kind), {})


def is_ready(obj):
    """Ready=True for the generation that there is."""
    return bool(obj) and condition_of(obj, "Ready").get("status") == "True" and \
        obj["status"].get("observedGeneration") == obj["metadata"]["generation"]


def seconds(duration):
    """What a duration in Go's words (1m2.5s, 300ms) is in seconds."""
    units = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([0-9.]+)(h|ms|µs|ns|m|s)", duration))


def run(command):
    """The output of a program that must succeed; what it said if it does not."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@functools.cache
def helm(major):
    """The path of the real helm 3 or 4, built first if need be."""
    built = run([os.path.join(ROOT, "tests", "cluster", "tools", "helm.sh"), str(major)])
    return os.path.join(built.splitlines()[-1], f"helm{major}")


def documents(text):
    """The documents of a YAML stream."""
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


class Repository:
    """A Git repository on the test's server, and the files of its next commit."""

    def __init__(self, root, name, files=None, folder=None, branch="main"):
        self.name, self.bare = name, os.path.join(root, name + ".git")
        self.tree = os.path.join(root, "trees", name, branch)
        if folder:
            shutil.copytree(folder, self.tree, dirs_exist_ok=True)
        os.makedirs(self.tree, exist_ok=True)
        self._write(files or {})
        make = commit if os.path.exists(self.bare) else init_repo
        self.branch, self.head = branch, make(self.bare, self.tree, branch, "one")

    @property
    def revision(self):
        return f"{self.branch}@sha1:{self.head}"

    def commit(self, files, message="change"):
        """Pushes one more commit: {path: text or object or list of objects, None to remove}. Returns its id."""
        self._write(files)
        self.head = commit(self.bare, self.tree, self.branch, message)
        return self.head

    def tag(self, name):
        git("--git-dir", self.bare, "tag", "-f", name, self.head)

    def _write(self, files):
        for path, content in files.items():
            full = os.path.join(self.tree, path)
            if content is None:
                (shutil.rmtree if os.path.isdir(full) else os.remove)(full)
                continue
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(content if isinstance(content, str) else to_yaml(content))


def to_yaml(content):
    return yaml.dump_all(content if isinstance(content, list) else [content], Dumper=yaml.CSafeDumper, sort_keys=False)


class GitServer:
    """tests/fixtures/git_server.py as a child process over the folder `root`."""

    def __init__(self, root, *flags):
        self.root = root
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, "tests", "fixtures", "git_server.py"), "serve", "--root", root,
             "--owner-pid", str(os.getpid()), *flags], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the Git server did not start")
        self.state = json.loads(line)

    def url(self, name, scheme="http"):
        return f"{self.state[scheme]}/{name}.git"

    def close(self):
        self.process.terminate()
        self.process.wait(60)
        self.process.stdout.close()


class Controller:
    """A `sluice controller` process. Started again under the same name it keeps ports and storage, as a pod with a volume would."""

    def __init__(self, env, name, flags=(), kubeconfig=None, variables=None):
        self.env, self.name, self.flags = env, name, list(flags)
        self.kubeconfig, self.variables = kubeconfig or env.kubeconfig, variables or {}
        self.storage = os.path.join(env.folder, name)
        self.ports = [env.ports.take() for _ in range(3)]
        self.log = os.path.join(env.logs, f"{env.name}-{name}.log")
        self.process = None
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.log)

    @property
    def storage_address(self):
        return f"127.0.0.1:{self.ports[0]}"

    def start(self, wait=True, flags=()):
        addresses = zip(("--storage-addr", "--metrics-addr", "--health-addr"), self.ports)
        argv = [SLUICE, "controller", "--kubeconfig", self.kubeconfig, "--storage-path", self.storage,
                *(f"{flag}=127.0.0.1:{port}" for flag, port in addresses), *self.flags, *flags]
        os.makedirs(self.storage, exist_ok=True)
        self.process = spawn(argv, self.log, env=os.environ | {"RUNTIME_NAMESPACE": NAMESPACE, "HOSTNAME": self.name} | self.variables)
        if wait:
            until(lambda: self.answers() or not self.is_running(), seen=lambda: tail(self.log))
            if not self.is_running():
                raise RuntimeError(f"the controller ended with {self.process.returncode}:\n{tail(self.log)}")
        return self

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def answers(self):
        try:
            return self.http("healthz", 2) == b"ok\n"
        except OSError:
            return False

    def http(self, path, port=0):
        """GET of a path on the storage (0), metrics (1) or health (2) address. Raises urllib.error.HTTPError."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}/{path}", timeout=60) as response:
            return response.read()

    def kill(self):
        """As a crash: SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=60):
        """As a rollout: SIGTERM. Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Stuck(f"still there {seconds} s after SIGTERM:\n{tail(self.log)}") from None

    def restart(self):
        self.end()
        return self.start()

    def end(self):
        """Stops it, and insists on a clean end (a sanitizer would speak here)."""
        if self.is_running():
            code = self.stop()
            if code != 0:
                raise AssertionError(f"the controller ended with {code}:\n{tail(self.log, 60)}")

    def lines(self):
        """What it logged, as dictionaries."""
        with open(self.log, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.startswith("{") and line.endswith("\n")]  # the last may not be whole yet


class Environment:
    """One cluster, one Git server, and controllers."""

    def __init__(self, name, node=False):
        self.name, self.ports = name, Ports()
        self._stack = contextlib.ExitStack()
        self.folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-e2e-", ignore_cleanup_errors=True))
        self.git_root = os.path.join(self.folder, "git")
        self.logs = os.path.join(BUILD, "test-results")
        for folder in (self.git_root, self.logs):
            os.makedirs(folder, exist_ok=True)
        self.controllers = []
        try:
            self._start(node)
        except BaseException:
            self.close()
            raise

    def _start(self, node):
        self.cluster = self._stack.enter_context(Cluster.up(f"{self.name}-{os.getpid()}"[:40], node=node, owner=os.getpid()))
        self.kube = Kube(self.cluster.state)
        self._stack.callback(lambda: [controller.end() for controller in self.controllers])
        self.git = self.git_server("--tls")
        self.install()
        self.kubeconfig = self.kubeconfig_for(NAMESPACE, "sluice")

    def close(self):
        self._stack.close()
        self.ports.close()

    def git_server(self, *flags):
        server = GitServer(self.git_root, *flags)
        self._stack.callback(server.close)
        return server

    def repository(self, name, files=None, folder=None, branch="main"):
        return Repository(self.git_root, name, files, folder, branch)

    def controller(self, name="controller", flags=(), start=True, kubeconfig=None):
        controller = Controller(self, name, flags, kubeconfig)
        self.controllers.append(controller)
        return controller.start() if start else controller

    def install(self):
        """What `kubectl apply -k manifests` installs, without the Deployment: here the binary under test plays its part."""
        built = subprocess.run([SLUICE, "build", os.path.join(ROOT, "manifests")], stdin=subprocess.DEVNULL, capture_output=True,
                               text=True, check=False)
        if built.returncode != 0:
            raise RuntimeError(f"sluice build manifests: {built.stderr}")
        objects = documents(built.stdout)
        for kinds in (("Namespace", "CustomResourceDefinition"), None):
            for obj in objects:
                first = obj["kind"] in ("Namespace", "CustomResourceDefinition")
                if first == bool(kinds) and obj["kind"] != "Deployment":
                    self.kube.apply(obj)
        for kind in ("GitRepository", "Kustomization"):
            self.await_kind(kind)

    def await_kind(self, kind):
        """Waits until the API server serves `kind`."""
        until(lambda: self.kube.list(kind) is not None)

    def kubeconfig_for(self, ns, account):
        """A kubeconfig with a token of a ServiceAccount."""
        until(lambda: self.kube.get("ServiceAccount", account, ns))
        token = self.kube.request("POST", self.kube.path("ServiceAccount", ns, account) + "/token",
                                  {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 86400}})
        with open(os.path.join(self.cluster.folder, "pki", "ca.crt"), "rb") as file:
            authority = base64.b64encode(file.read()).decode()
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "e2e",
                  "clusters": [{"name": "e2e", "cluster": {"server": self.cluster.state["server"], "certificate-authority-data": authority}}],
                  "users": [{"name": account, "user": {"token": token["status"]["token"]}}],
                  "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": account}}]}
        path = os.path.join(self.folder, f"{ns}-{account}.kubeconfig")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        return path

    def kubectl(self, *argv):
        """Runs kubectl as the admin; its standard output."""
        done = subprocess.run([os.path.join(self.cluster.state["bin"], "kubectl"), "--kubeconfig", self.cluster.kubeconfig, *argv],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(argv)}: {done.stderr}")
        return done.stdout

    def install_kind(self, group, version, kind, plural=None, scope="Namespaced", status=None):
        """A CRD without any schema, for the foreign kinds of a fleet: whatever is written is kept. `status` is what a new object has."""
        plural = plural or kind.lower() + "s"
        anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        schema = anything | ({"properties": {"status": anything | {"default": status}}} if status else {})
        approved = {"annotations": {"api-approved.kubernetes.io": "unapproved, by a test"}} if group.endswith("k8s.io") else {}
        self.kube.apply({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.{group}"} | approved,
            "spec": {"group": group, "scope": scope, "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                     "versions": [{"name": version, "served": True, "storage": True, "subresources": {"status": {}},
                                   "schema": {"openAPIV3Schema": schema}}]}})
        self.await_kind(f"{group}/{version}/{kind}")


def begin(name, flags=(), node=False, controller=True, case=None):
    """Starts the environment of a suite and its controller. For setUpModule; with `case` for the setUpClass of that class alone."""
    if not os.access(SLUICE, os.X_OK):
        raise RuntimeError(f"no binary to test: {SLUICE} (set SLUICE)")
    owner = case or Case
    owner.env = Environment(name, node)
    (case.addClassCleanup if case else unittest.addModuleCleanup)(owner.env.close)
    owner.controller = owner.env.controller(flags=flags) if controller else None


class Case(unittest.TestCase):
    """One case with a namespace of its own, `self.ns`; its Kustomizations and sources are deleted at its end."""

    env = controller = None
    maxDiff = None

    def setUp(self):
        word = re.sub(r"[^a-z0-9]+", "-", self._testMethodName.removeprefix("test_").lower())[:40].strip("-")
        self.ns = f"t-{word}"
        self.kube = self.env.kube
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.ns}})
        self.addCleanup(self._delete_ours)

    def _delete_ours(self):
        for kind in ("Kustomization", "GitRepository"):
            for obj in self.kube.list(kind, self.ns):
                self.kube.delete(kind, obj["metadata"]["name"], self.ns)

    # --- objects

    def source(self, name, repository, url=None, interval="1h", **spec):
        """Creates a GitRepository over a Repository, by http unless `url` says otherwise."""
        spec = {"interval": interval, "url": url or self.env.git.url(repository.name), "ref": {"branch": repository.branch}} | spec
        return self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
                                "metadata": {"name": name, "namespace": self.ns}, "spec": spec})

    def kustomization(self, name="app", source="fleet", **spec):
        """Creates (or changes) a Kustomization that builds from the GitRepository `source`. None takes a default away."""
        spec = {"interval": "1h", "prune": True, "targetNamespace": self.ns, "sourceRef": {"kind": "GitRepository", "name": source}} | spec
        return self.kube.apply({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                                "metadata": {"name": name, "namespace": self.ns},
                                "spec": {key: value for key, value in spec.items() if value is not None}})

    def fleet(self, files, **spec):
        """A repository with `files`, a source `fleet` over it and a Kustomization `app`; waits until that is Ready."""
        repository = self.env.repository(self.ns, files)
        self.source("fleet", repository)
        self.await_ready("GitRepository", "fleet")
        self.kustomization(**spec)
        self.await_applied(repository)
        return repository

    def silence(self):
        """A host that accepts connections and never answers: "address:port"."""
        host = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.addCleanup(host.close)
        return f"127.0.0.1:{host.getsockname()[1]}"

    def await_all_places_taken(self, kind, names):
        """Until as many of `names` as there are places (64) are under way: they have their finalizers."""
        until(lambda: sum("finalizers" in self.kube.get(kind, name, self.ns)["metadata"] for name in names) >= 64)

    def await_progress_until_suspended(self, kind, name):
        """A run that takes long says so, and nothing goes on in one that is suspended."""
        self.await_object(kind, name, lambda obj: (condition_of(obj, "Reconciling").get("reason"), condition_of(obj, "Ready").get("status")) ==
                          ("Progressing", "Unknown") and condition_of(obj, "Reconciling")["message"].startswith("processing object: new generation "))
        self.kube.patch(kind, name, self.ns, {"spec": {"suspend": True}})
        self.await_object(kind, name, lambda obj: not condition_of(obj, "Reconciling") and condition_of(obj, "Ready").get("reason") == "Suspended")

    def say_in_a_pod(self, lines, again=()):
        """A pod of a Deployment that is part of Flux, on a real node, which logs these dictionaries as the controller would: `lines` once, then `again` each
        second."""
        texts = {name: "".join(json.dumps(line) + "\n" for line in of) for name, of in (("log", lines), ("again", again))}
        self.kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "log", "namespace": NAMESPACE}, "data": texts})
        said = deployment("sluice", labels={"app": "sluice"}, volumes=[{"name": "said", "configMap": {"name": "log"}}], container={
            "command": ["sh", "-c", "cat /said/log; while sleep 1; do cat /said/again; done"], "volumeMounts": [{"name": "said", "mountPath": "/said"}],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}})
        said["metadata"] |= {"namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": "flux"}}
        said["spec"]["template"]["spec"]["securityContext"] = {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}}
        self.kube.apply(said)
        until(lambda: self.kube.get("Deployment", "sluice", NAMESPACE).get("status", {}).get("readyReplicas") == 1, 120)

    def request(self, kind, name, ns=None):
        """Asks for a reconcile, as `flux reconcile` does. Returns the token."""
        token = f"e2e-{time.time_ns()}"
        self.kube.patch(kind, name, ns or self.ns, {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": token}}}, manager="flux")
        return token

    def push(self, repository, files, source="fleet", ns=None):
        """A commit, and the source told of it."""
        repository.commit(files)
        self.request("GitRepository", source, ns)

    def await_rest(self):
        """Waits until nobody has written anything for three seconds (the cluster's own controllers: rollouts, endpoints, events)."""
        def still():
            before = self.kube.requests_served()
            time.sleep(1)
            return not writes_between(before, self.kube.requests_served())
        until(lambda: all(still() for _ in range(3)))

    def is_known_as_suspended(self, kind, name, ns=None):
        """To the controller, by its metrics: a patch may be answered before it hears of it."""
        labels = f'exported_namespace="{ns or self.ns}",name="{name}",[^}}]*suspended="true"'
        return re.search(rf'gotk_resource_info{{[^}}]*customresource_kind="{kind.rpartition("/")[2]}"[^}}]*{labels}', self.controller.http("metrics", 1).decode())

    def stays_suspended(self, kind, name, requests, *more):
        """Suspends an object (and `more`, by kind and name, that it looks at), and restarts the controller. Its artifact is served as before, nothing is
        written to it, and `requests()`, a count of what the outside was asked, does not grow before it is resumed."""
        path = self.kube.get(kind, name, self.ns)["status"]["artifact"]["path"]
        served, status = self.controller.http(path), self.kube.get(kind, name, self.ns)["status"]
        for one in ((kind, name), *more):
            self.kube.patch(*one, self.ns, {"spec": {"suspend": True}})
        self.controller.end()
        before, asked = self.kube.get(kind, name, self.ns), requests()
        self.controller.start()

        def serves():
            with contextlib.suppress(OSError):
                return self.controller.http(path) == served

        known = lambda: bool(self.is_known_as_suspended(kind, name))  # noqa: E731
        until(lambda: known() and serves(), seen=lambda: (known(), serves()))
        throughout(lambda: requests() == asked and self.kube.get(kind, name, self.ns) == before, 2,
                   lambda: f"{requests() - asked} requests; {describe(self.kube.get(kind, name, self.ns))}")
        self.assertEqual(before["status"], status)
        self.assertTrue(serves())
        for one in (*more, (kind, name)):
            self.kube.patch(*one, self.ns, {"spec": {"suspend": False}})
        until(lambda: requests() > asked)
        self.await_object(kind, name, lambda obj: is_ready(obj) and obj["status"]["artifact"]["path"] == path)

    # --- waits

    def await_ready(self, kind, name, ns=None, seconds=WAIT_SECONDS):
        return self.await_object(kind, name, is_ready, ns, seconds)

    def await_applied(self, repository, name="app", ns=None, seconds=WAIT_SECONDS):
        """Waits until a Kustomization is Ready with the head of `repository`."""
        return self.await_object("Kustomization", name, lambda obj: is_ready(obj) and
                                 obj["status"].get("lastAppliedRevision") == repository.revision, ns, seconds)

    def await_failed(self, kind, name, reason, ns=None, seconds=WAIT_SECONDS):
        """Waits until it is Ready=False for `reason`; returns the condition."""
        def failed(obj):
            ready = condition_of(obj, "Ready")
            return ready.get("status") == "False" and ready["reason"] == reason
        return condition_of(self.await_object(kind, name, failed, ns, seconds), "Ready")

    def await_object(self, kind, name, condition, ns=None, seconds=WAIT_SECONDS):
        """Waits until an object is there and `condition(object)` holds; returns it."""
        ns = self.ns if ns is None else ns
        last = {}

        def look():
            last["object"] = self.kube.get(kind, name, ns or None)
            return last["object"] if last["object"] and condition(last["object"]) else None

        return until(look, seconds, lambda: f"{kind} {ns}/{name}: {describe(last.get('object'))}\nlog: {tail(self.controller.log, 8)}")

    def await_gone(self, kind, name, ns=None, seconds=WAIT_SECONDS):
        ns = self.ns if ns is None else ns
        until(lambda: self.kube.get(kind, name, ns or None) is None, seconds,
              lambda: f"{kind} {ns}/{name}: {describe(self.kube.get(kind, name, ns or None))}\nlog: {tail(self.controller.log, 8)}")

    def events(self, kind, name, ns=None):
        """The events about an object, oldest first: [(type, reason, message)]."""
        items = [item for item in self.kube.list("Event", ns or self.ns)
                 if (item["involvedObject"]["kind"], item["involvedObject"]["name"]) == (kind, name)]
        items.sort(key=lambda item: int(item["metadata"]["resourceVersion"]))
        return [(item["type"], item["reason"], item["message"]) for item in items]


def journal(kube, ns=NAMESPACE):
    """What is on record beside the controller: {"namespace/name": {"uid", "entries"}}."""
    kept = kube.get("ConfigMap", "sluice-journal", ns)
    return json.loads(kept["data"]["inventories"]) if kept else {}


def describe(obj):
    """An object's status in a few lines, for messages."""
    if not obj:
        return "not there"
    shown = {"generation": obj["metadata"].get("generation"), "status": obj.get("status")}
    if "status" not in obj:
        shown = {key: obj[key] for key in ("metadata", "data", "spec") if key in obj}
        shown["metadata"] = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return json.dumps(shown, indent=1)[:3000]


def config_map(name, data=None, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name} | metadata, "data": data or {"key": "value"}}


def secret(name, ns, data):
    """A Secret of texts or files' contents."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": ns},
            "data": {key: base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode() for key, value in data.items()}}


def deployment(name, replicas=1, image="app:1", labels=None, **pod):
    labels = labels or {"app": name}
    container = {"name": "app", "image": image} | pod.pop("container", {})
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]} | pod}}}


def service(name):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}}


def data_of(obj):
    return (obj or {}).get("data")
