#!/usr/bin/env python3
"""Runs one test cluster until somebody ends it. Started by cluster.py, never by hand.

Two processes: the keeper waits for the supervisor, its child, and cleans up after it however it ended; the supervisor starts the
parts of the cluster, starts again what dies (as systemd would), and ends on a signal or when the owner is gone. The kernel kills
the parts when the supervisor dies and tells the supervisor when the keeper does, so no kill -9 of one process leaves anything.

usage: supervisor.py SPEC.json READY_FD LOCK_FD
SPEC: {name, folder, programs, node, nodes, fsync, owner}. Writes one line to READY_FD: the cluster's state as JSON, or {"error"}.
"""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures"))

import cleanup  # noqa: E402
from api import Api, ApiError  # noqa: E402
from control_plane import ControlPlane, kwok_node  # noqa: E402
from ports import Ports  # noqa: E402
from processes import Stopped, Watch, die_with_parent, spawn, stop, tail  # noqa: E402

READY_SECONDS = 90
RESTART_SECONDS = 0.3
# The kubernetes Service points here when there is no real node: routable in form (the API server refuses loopback), used by nobody.
UNUSED_ADDRESS = "10.239.0.1"


class Failed(Exception):
    """The cluster cannot start; the message says why."""


class Supervisor:
    """The parts of one cluster and the loop that keeps them running."""

    def __init__(self, spec):
        self.spec = spec
        self.folder = spec["folder"]
        self.watch = Watch(spec["owner"])
        self.ports = Ports()
        self.plane = ControlPlane(self.folder, spec["programs"], self.ports, spec["name"])
        self.node = None
        self.commands, self.running, self.deaths = {}, {}, {}
        self.ready = False

    def log_path(self, part):
        return os.path.join(self.folder, "log", part + ".log")

    def start(self, part, argv):
        """Starts a part and keeps it running from now on."""
        self.commands[part] = argv
        process = spawn(argv, self.log_path(part))
        self.running[part] = process
        self.watch.watch_exit(process.pid, lambda: self.ended(part, process))
        self.write_state()

    def ended(self, part, process):
        """Restarts a part that died. One that dies five times before the cluster is ready fails the start-up."""
        code = process.wait()
        print(f"{part} ended with {code}", flush=True)
        if not self.ready:
            self.deaths[part] = self.deaths.get(part, 0) + 1
            if self.deaths[part] >= 5:
                raise Failed(f"{part} does not stay up (exit status {code}):\n{tail(self.log_path(part))}")
        time.sleep(RESTART_SECONDS)
        self.start(part, self.commands[part])

    def until(self, what, condition, seconds=READY_SECONDS):
        """Waits until `condition()` holds, while looking after the parts; an ApiError counts as not yet."""
        deadline = time.monotonic() + seconds
        last = ""
        while time.monotonic() < deadline:
            try:
                if condition():
                    return
            except ApiError as error:
                last = str(error)
            self.watch.wait(0.1)
        raise Failed(f"waited {seconds} s for {what}: {last}")

    def bring_up(self):
        """Starts everything in order and returns once the cluster can be used."""
        spec, plane = self.spec, self.plane
        self.start("etcd", plane.etcd(spec["fsync"]))
        plane.prepare()
        if spec["node"]:
            from node import Node  # needs root and more tools, so only here
            self.node = Node(plane, self.ports)
            self.node.prepare()
        self.start("kube-apiserver", plane.apiserver(self.node.address if self.node else UNUSED_ADDRESS))
        if self.node:
            self.start("registry", self.node.registry())
        api = Api(plane.server, plane.path("pki"), timeout=1.0)
        self.until("the API server", lambda: api.request("GET", "/readyz") == "ok")
        self.start("kube-controller-manager", plane.controller_manager())
        self.start("kube-scheduler", plane.scheduler())
        self.start("kwok", plane.kwok(beside_real_node=spec["node"]))
        for index in range(spec["nodes"]):
            api.create("/api/v1/nodes", kwok_node(index, spec["node"]))
        if self.node:
            self.start("node", self.node.command())
            self.node.push_images()
        self.until("nodes and the default service account", lambda: self.usable(api))

    def usable(self, api):
        """Pods can be created and will run: every node is Ready, and the service account that pods use exists."""
        nodes = api.request("GET", "/api/v1/nodes")["items"]
        expected = self.spec["nodes"] + (1 if self.node else 0)
        ready = [node for node in nodes if {"type": "Ready", "status": "True"}.items() <= _ready_condition(node).items()]
        if len(ready) < expected:
            return False
        api.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")
        return True

    def state(self):
        state = {"name": self.spec["name"], "dir": self.folder, "kubeconfig": self.plane.path("kubeconfig"),
                 "server": self.plane.server, "bin": self.spec["programs"], "ready": self.ready, "pid": os.getpid(),
                 "node": self.spec["node"], "ports": self.plane.ports,
                 "pids": {part: process.pid for part, process in self.running.items()}}
        if self.node:
            state |= self.node.state()
        return state

    def write_state(self):
        path = os.path.join(self.folder, "state.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.state(), file, indent=2, sort_keys=True)
        os.rename(path + ".new", path)

    def run(self, ready):
        """The whole life of the cluster. `ready` is the file that the starter waits on."""
        try:
            self.bring_up()
            self.ready = True
            self.write_state()
            ready.write(json.dumps(self.state(), sort_keys=True) + "\n")
            ready.close()
            while True:
                self.watch.wait()
        except Stopped as reason:
            print(f"stopping: {reason}", flush=True)
        except (Failed, RuntimeError, OSError, ApiError) as error:
            print(f"failed: {error}", flush=True)
            _report(ready, str(error))
        finally:
            # etcd last: its clients complain loudly about its loss.
            stop([process for part, process in self.running.items() if part != "etcd"])
            stop([process for part, process in self.running.items() if part == "etcd"])


def _ready_condition(node):
    return next((condition for condition in node["status"].get("conditions", []) if condition["type"] == "Ready"), {})


def _report(ready, message):
    try:
        ready.write(json.dumps({"error": message}) + "\n")
        ready.close()
    except (OSError, ValueError):
        pass  # the starter is gone, or was told already that all is well


def _keep(child):
    """Waits for the supervisor, passing on the signals that ask it to end."""
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, lambda received, _frame: os.kill(child, received))
    os.waitpid(child, 0)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = json.load(file)
    ready_fd, lock_fd = int(sys.argv[2]), int(sys.argv[3])
    os.set_inheritable(ready_fd, False)
    os.set_inheritable(lock_fd, False)
    keeper = os.getpid()
    child = os.fork()
    if child == 0:
        die_with_parent(signal.SIGTERM)
        if os.getppid() != keeper:
            os._exit(1)
        Supervisor(spec).run(os.fdopen(ready_fd, "w"))
        if os.getppid() != keeper:
            cleanup.remove(spec["folder"])
        os._exit(0)
    os.close(ready_fd)
    _keep(child)
    cleanup.remove(spec["folder"])
    os._exit(0)  # the lock on the folder goes with this process


if __name__ == "__main__":
    main()
