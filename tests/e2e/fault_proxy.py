"""tests/faultproxy between a controller and the API server: rules that make things go wrong, and the record of what was really written.

`FaultProxy(env)` starts one; a controller with `kubeconfig=proxy.kubeconfig()` goes through it. Rules are those of tests/faultproxy/rules.go:
`proxy.add("status", verb="apply", status=429, retryAfter="7", every=3)`. Everything the suites ask of the record is below `Record`.
"""

import collections
import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import ROOT, Stuck  # noqa: E402
from processes import die_with_parent  # noqa: E402


def program():
    """The proxy's binary, built if need be."""
    return subprocess.run([os.path.join(ROOT, "tests", "faultproxy", "build.sh")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


class FaultProxy:
    """A running proxy in front of the cluster of `env`. Ends with this process, or with `close`."""

    def __init__(self, env, seed=1, reads=True):
        self._env = env
        self._process = subprocess.Popen(
            [program(), "-server", env.cluster.state["server"], "-pki", os.path.join(env.cluster.folder, "pki"), "-seed", str(seed),
             f"-reads={str(reads).lower()}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the fault proxy did not start")
        self.state = json.loads(line)

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def kubeconfig(self):
        """The controller's kubeconfig, with the proxy in the server's place."""
        with open(self._env.kubeconfig, encoding="utf-8") as file:
            config = json.load(file)
        config["clusters"][0]["cluster"]["server"] = self.state["server"]
        path = os.path.join(self._env.folder, "proxy.kubeconfig")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        return path

    def _control(self, method, path, body=None):
        request = urllib.request.Request(self.state["control"] + path, method=method, data=json.dumps(body).encode() if body else None)
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.read().decode()

    # --- rules

    def add(self, action, **rule):
        """Adds a rule; its id."""
        return self._control("POST", "/rules", {"action": action} | rule).strip()

    def remove(self, rule):
        self._control("DELETE", f"/rules/{rule}")

    def clear(self):
        """No rules any more: bad luck has an end."""
        self._control("DELETE", "/rules")

    def fired(self):
        """How often the rules in force hit something, all together."""
        return sum(rule["fired"] for rule in json.loads(self._control("GET", "/rules")))

    @contextlib.contextmanager
    def rule(self, action, **rule):
        added = self.add(action, **rule)
        try:
            yield added
        finally:
            self.remove(added)

    def cut(self):
        """Ends the watches that are open: the next ones meet the rules."""
        return int(self._control("POST", "/cut"))

    # --- the record

    def mark(self):
        """Where the record ends now, for `since`."""
        entries = self.entries()
        return entries[-1]["number"] if entries else 0

    def entries(self, since=0):
        return [json.loads(line) for line in self._control("GET", f"/record?since={since}").splitlines()]

    def record(self, ns, since=0):
        return Record([entry for entry in self.entries(since) if entry.get("namespace") == ns])


WRITES = {"create", "update", "patch", "apply", "delete"}
# Who writes to whom: what an event or a status says is not what this record judges by.
_ASIDE = {"events", "leases"}


class Record:
    """What came by, of one namespace, oldest first."""

    def __init__(self, entries):
        self.entries = entries

    def requests(self, *verbs, **fields):
        """The requests of some verbs whose fields are these."""
        return [entry for entry in self.entries if entry["verb"] in verbs and "event" not in entry and
                all(entry.get(key) == value for key, value in fields.items())]

    def watched(self):
        """The events of watches."""
        return [entry for entry in self.entries if "event" in entry]

    def effective(self):
        """{(resource, name): [writes that changed the object itself (not its status), in order]}."""
        found = collections.defaultdict(list)
        for entry in self.requests(*WRITES):
            if entry["changed"] and entry["resource"] not in _ASIDE and "subresource" not in entry:
                found[entry["resource"], entry["name"]].append(entry)
        return dict(found)

    def deletions(self):
        """(resource, name) of every deletion that was done."""
        return [(entry["resource"], entry["name"]) for entry in self.requests("delete") if entry["changed"]]

    def faults(self, changes, may_delete=(), own=("kustomizations", "gitrepositories")):
        """What is wrong with the writes, as a list of sentences. `changes` says how often each (resource, name) was given a reason to be written to
        (by a commit, or by hand); `may_delete` which may be deleted."""
        wrong = []
        for (resource, name), writes in self.effective().items():
            if resource in own:
                continue
            if len(writes) > changes.get((resource, name), 0):
                told = "; ".join(f"{entry['verb']} {entry.get('before', '-')}→{entry.get('after', '-')}" for entry in writes)
                wrong.append(f"{resource}/{name}: {len(writes)} effective writes for {changes.get((resource, name), 0)} changes: {told}")
            for entry in writes:
                if entry["verb"] != "delete":
                    continue
                if (resource, name) not in may_delete:
                    wrong.append(f"{resource}/{name} was deleted")
                if entry.get("precondition") != entry.get("uid"):
                    wrong.append(f"{resource}/{name}: deleted {entry.get('uid')} with the precondition {entry.get('precondition')}")
        return wrong


def await_fired(proxy, least=1, seconds=60):
    """Waits until the rules have hit something so often."""
    deadline = time.monotonic() + seconds
    while (fired := proxy.fired()) < least:
        if time.monotonic() > deadline:
            raise Stuck(f"the rules hit {fired} times in {seconds} s, not {least}")
        time.sleep(0.05)
