#!/usr/bin/env python3
"""Starts and ends test clusters: etcd, kube-apiserver (TLS, RBAC), controller-manager, scheduler and kwok on loopback; with --node
a real kubelet as well. `./dev cluster` calls this. Clusters live side by side by name; all of one is in its folder.

From a test: `up --json --name X --owner-pid MYPID` prints the state as one JSON line (name, dir, kubeconfig, server, ports, pids,
bin, and with --node registry and nodeName); the cluster ends when process MYPID does. From Python: `Cluster.up(...)`.
"""

import argparse
import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "fixtures"))

import cleanup  # noqa: E402
from processes import tail  # noqa: E402

PREFIX = "sluice-cluster-"


class ClusterError(Exception):
    """What was asked cannot be done; the message is for the user."""


def default_folder(name):
    """Where cluster `name` lives unless told otherwise."""
    return os.path.join(tempfile.gettempdir(), PREFIX + name)


def programs():
    """The folder of the cluster's binaries; builds them first if need be (minutes, once)."""
    built = subprocess.run([os.path.join(HERE, "tools", "build.sh")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           text=True, check=False)
    if built.returncode != 0:
        raise ClusterError("the programs of the test cluster could not be built (see above)")
    return built.stdout.strip().splitlines()[-1]


def read_state(folder):
    """What the supervisor wrote last, or None."""
    try:
        with open(os.path.join(folder, "state.json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


@contextlib.contextmanager
def _try_lock(folder):
    """Yields the descriptor of an exclusive lock on `folder`, or None when a living cluster holds it. The keeper of a cluster
    inherits the lock, so it says who lives even after a kill -9."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        same = os.path.exists(folder) and os.path.samestat(os.stat(folder), os.fstat(descriptor))
        yield descriptor if same else None
    finally:
        os.close(descriptor)


def is_alive(folder):
    """Whether a cluster (ready or not) runs in `folder`."""
    try:
        with _try_lock(folder) as lock:
            return lock is None
    except FileNotFoundError:
        return False


class Cluster:
    """A running cluster, as its `state` describes it; a context manager that ends it."""

    def __init__(self, state):
        self.state = state

    @property
    def folder(self):
        return self.state["dir"]

    @property
    def kubeconfig(self):
        return self.state["kubeconfig"]

    @classmethod
    def up(cls, name, folder=None, node=False, nodes=None, owner=None, fsync=False):
        """Starts cluster `name`, or returns it when it runs already. `nodes` simulated nodes (default 1, beside a real one 0).
        It ends with process `owner`, if given. Raises ClusterError."""
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?", name):
            raise ClusterError(f"a cluster's name is 1 to 40 of a-z, 0-9 and '-', not '{name}'")
        folder = os.path.abspath(folder or default_folder(name))
        spec = {"name": name, "folder": folder, "node": node, "owner": owner, "fsync": fsync,
                "nodes": nodes if nodes is not None else (0 if node else 1)}
        running = _running(folder)
        if running:
            if running["node"] != node:
                raise ClusterError(f"cluster '{name}' runs already, {'without' if node else 'with'} a real node; "
                                   f"take it down first or choose another --name")
            return cls(running)
        if node:
            from node import why_not
            reasons = why_not(folder)
            if reasons:
                raise ClusterError("a real node cannot run here:\n" + "\n".join("  - " + reason for reason in reasons))
        spec["programs"] = programs()
        os.makedirs(folder, mode=0o700, exist_ok=True)
        for _ in range(20):
            with _try_lock(folder) as lock:
                if lock is not None:
                    return cls(_start(spec, lock))
            time.sleep(0.05)  # `list` may have looked at it just now
        return cls(_wait_ready(folder))

    def down(self):
        """Ends the cluster and removes its folder."""
        down(self.folder)

    def signal(self, part, signum):
        """Sends a signal to one part (etcd, kube-apiserver ...): SIGKILL for a crash (the supervisor starts it again),
        SIGSTOP and SIGCONT for an outage."""
        state = read_state(self.folder) or {}
        if part not in state.get("pids", {}):
            raise ClusterError(f"no part '{part}' runs; there are {', '.join(sorted(state.get('pids', {})))}")
        os.kill(state["pids"][part], signum)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()


def _running(folder):
    """The state of the ready cluster in `folder`; None when there is none. One that is just starting is waited for."""
    if not os.path.isdir(folder) or not is_alive(folder):
        return None
    return _wait_ready(folder)


def _wait_ready(folder, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and is_alive(folder):
        state = read_state(folder)
        if state and state["ready"]:
            return state
        time.sleep(0.1)
    raise ClusterError(f"the cluster in {folder} did not become ready")


def _start(spec, lock):
    """Starts the supervisor and waits for its word."""
    folder = spec["folder"]
    for entry in ("state.json", cleanup.NODE_RECORD):
        if os.path.exists(os.path.join(folder, entry)):  # a cluster died here with all its keepers
            cleanup.remove_contents(folder)
            break
    os.makedirs(os.path.join(folder, "log"), exist_ok=True)
    spec_path = os.path.join(folder, "spec.json")
    with open(spec_path, "w", encoding="utf-8") as file:
        json.dump(spec, file)
    read, write = os.pipe()
    with open(os.path.join(folder, "log", "supervisor.log"), "ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "supervisor.py"), spec_path, str(write), str(lock)], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True, pass_fds=(write, lock))
    os.close(write)
    try:
        with os.fdopen(read, encoding="utf-8") as answer:
            line = answer.readline()
    except BaseException:
        supervisor.send_signal(signal.SIGTERM)
        raise
    if not line:
        raise ClusterError("the supervisor ended without a word\n" + tail(os.path.join(folder, "log", "supervisor.log")))
    state = json.loads(line)
    if "error" in state:
        supervisor.wait()
        raise ClusterError(f"cluster '{spec['name']}' did not start: {state['error']}")
    return state


def down(folder, seconds=30):
    """Ends the cluster in `folder`, if any runs there, and removes all it left. Whether there was anything."""
    if not os.path.isdir(folder):
        return False
    deadline = time.monotonic() + seconds
    killed = False
    while True:
        try:
            with _try_lock(folder) as lock:
                if lock is not None:
                    cleanup.remove(folder)
                    return True
        except FileNotFoundError:
            return True
        state = read_state(folder)
        if state and not killed:
            killed = _signal_supervisor(state)
        if time.monotonic() > deadline:
            raise ClusterError(f"the cluster in {folder} did not end within {seconds} s")
        time.sleep(0.05)


def _signal_supervisor(state):
    try:
        os.kill(state["pid"], signal.SIGTERM)
    except ProcessLookupError:
        pass
    return True


def clusters():
    """The clusters in the default place: (name, folder, state or None, alive)."""
    top = tempfile.gettempdir()
    for entry in sorted(os.listdir(top)):
        folder = os.path.join(top, entry)
        if entry.startswith(PREFIX) and os.path.isdir(folder):
            yield entry[len(PREFIX):], folder, read_state(folder), is_alive(folder)


def _print_list():
    for name, folder, state, alive in clusters():
        word = "dead, `down` removes it" if not alive else "ready" if state and state["ready"] else "starting"
        kind = "real node" if state and state["node"] else "kwok"
        print(f"{name}\t{word}\t{kind}\t{state['server'] if state else '-'}\t{folder}")


def _parse(argv):
    parser = argparse.ArgumentParser(prog="dev cluster", description="Test clusters on this machine.")
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name, text):
        sub = verbs.add_parser(name, help=text, description=text)
        sub.add_argument("--name", default="default", help="which cluster (default: default)")
        sub.add_argument("--dir", help="its folder (default: $TMPDIR/sluice-cluster-NAME)")
        return sub

    up = verb("up", "start a cluster, or say where the running one is")
    up.add_argument("--node", action="store_true", help="add a real node: kubelet, containerd, runc (root only)")
    up.add_argument("--nodes", type=int, metavar="N", help="simulated nodes (default 1, with --node 0)")
    up.add_argument("--owner-pid", type=int, metavar="PID", help="end the cluster when process PID ends")
    up.add_argument("--fsync", action="store_true", help="let etcd flush to disk, for tests that kill it")
    up.add_argument("--json", action="store_true", help="print the state as one JSON line")
    verb("down", "end a cluster and remove its folder").add_argument("--all", action="store_true", help="every cluster listed")
    verb("kubeconfig", "print the path of its kubeconfig")
    verb("state", "print its state as JSON")
    send = verb("signal", "send a signal to one part (KILL: it is started again; STOP and CONT: an outage)")
    send.add_argument("part", help="etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok, registry, node")
    send.add_argument("signal", help="KILL, STOP, CONT, TERM ...")
    verbs.add_parser("list", help="list the clusters")
    return parser.parse_args(argv)


def _up(options, folder):
    started = time.monotonic()
    cluster = Cluster.up(options.name, folder, options.node, options.nodes, options.owner_pid, options.fsync)
    if options.json:
        print(json.dumps(cluster.state, sort_keys=True))
        return
    print(f"cluster '{options.name}' is ready ({time.monotonic() - started:.1f} s): {cluster.state['server']}")
    if "registry" in cluster.state:
        print(f"registry for images: {cluster.state['registry']} (holds app:1, app:2, app:3)")
    print(f"export KUBECONFIG={cluster.kubeconfig}")
    print(f"kubectl: {cluster.state['bin']}/kubectl")


def _down(options, folder):
    if options.all:
        for name, each, _, _ in list(clusters()):
            down(each)
            print(f"cluster '{name}' is gone")
    elif down(folder):
        print(f"cluster '{options.name}' is gone")
    else:
        print(f"no cluster '{options.name}'")


def main(argv):
    options = _parse(argv)
    if options.verb == "list":
        _print_list()
        return
    folder = os.path.abspath(options.dir or default_folder(options.name))
    if options.verb == "up":
        _up(options, folder)
    elif options.verb == "down":
        _down(options, folder)
    else:
        state = _running(folder)
        if not state:
            raise ClusterError(f"no cluster '{options.name}' runs; start it with `./dev cluster up --name {options.name}`")
        if options.verb == "kubeconfig":
            print(state["kubeconfig"])
        elif options.verb == "state":
            print(json.dumps(state, indent=2, sort_keys=True))
        else:
            Cluster(state).signal(options.part, signal.Signals["SIG" + options.signal.upper().removeprefix("SIG")])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ClusterError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
