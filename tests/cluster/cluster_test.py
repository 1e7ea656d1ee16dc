#!/usr/bin/env python3
"""Do test clusters keep their word: ready when they say so, side by side, and gone with everything when their owner is?"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "fixtures"))

import totals  # noqa: E402
from api import Api, ApiError  # noqa: E402
from cluster import Cluster, ClusterError, default_folder, is_alive  # noqa: E402
from images import Registry, layer_of  # noqa: E402
from node import why_not  # noqa: E402
from ports import Ports  # noqa: E402

NAME = f"test-{os.getpid()}"
PODS = "/api/v1/namespaces/default/pods"


def api_of(cluster):
    return Api(cluster.state["server"], os.path.join(cluster.folder, "pki"))


def until(condition, seconds=60):
    """Waits for a condition and returns its value; None when it never held. A server that is away counts as not yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            value = condition()
            if value:
                return value
        except ApiError:
            pass
        time.sleep(0.1)
    return None


def pod(name, image="app:1", **container):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "main", "image": image, **container}]}}


def processes_of(folder):
    """The ids of processes whose command line names `folder`, zombies left out."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                if folder.encode() in file.read() and int(entry) != os.getpid():
                    found.append(int(entry))
        except OSError:
            pass
    return found


class PortsTest(unittest.TestCase):
    def test_no_port_is_given_twice(self):
        one, other = Ports(), Ports()
        self.addCleanup(one.close)
        self.addCleanup(other.close)
        ports = [source.take() for source in (one, other) for _ in range(200)]
        self.assertEqual(len(set(ports)), 400)

    def test_a_port_somebody_listens_on_is_left_alone(self):
        ports = Ports()
        self.addCleanup(ports.close)
        taken = ports.take()
        with socket.socket() as server:
            server.bind(("127.0.0.1", taken))
            server.listen()
            ports.close()
            self.assertNotIn(taken, [ports.take() for _ in range(500)])


class LayerTest(unittest.TestCase):
    def test_equal_inputs_give_equal_bytes(self):
        files = {"bin/a": (b"x", 0o755), "tmp/b": (b"y", 0o644)}
        self.assertEqual(layer_of(files, {"bin/c": "a"}), layer_of(dict(reversed(files.items())), {"bin/c": "a"}))


class ClusterTest(unittest.TestCase):
    """One cluster for the tests that leave it as it was."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster.up(NAME, owner=os.getpid())
        cls.addClassCleanup(cls.cluster.down)
        cls.api = api_of(cls.cluster)

    def test_a_pod_runs_at_once_on_the_simulated_node(self):
        self.api.create(PODS, pod("simulated"))
        self.assertTrue(until(lambda: self.api.request("GET", f"{PODS}/simulated")["status"]["phase"] == "Running"))

    def test_the_server_says_its_version(self):
        self.assertEqual(self.api.request("GET", "/version")["gitVersion"], "v1.34.4")

    def test_rbac_is_on(self):
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                  "spec": {"user": "nobody", "resourceAttributes": {"verb": "get", "resource": "secrets", "namespace": "default"}}}
        self.assertFalse(self.api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"])

    def test_up_again_is_the_same_cluster(self):
        self.assertEqual(Cluster.up(NAME).state["pid"], self.cluster.state["pid"])

    def test_up_with_a_node_is_refused_while_it_runs_without(self):
        with self.assertRaises(ClusterError) as caught:
            Cluster.up(NAME, node=True)
        self.assertEqual(str(caught.exception), f"cluster '{NAME}' runs already, without a real node; take it down first or choose "
                         "another --name")

    def test_a_killed_part_comes_back(self):
        before = self.cluster.state["pids"]["kube-apiserver"]
        self.cluster.signal("kube-apiserver", signal.SIGKILL)
        self.assertTrue(until(lambda: self.api.request("GET", "/readyz") == "ok"))
        with open(os.path.join(self.cluster.folder, "state.json"), encoding="utf-8") as file:
            self.assertNotEqual(json.load(file)["pids"]["kube-apiserver"], before)

    def test_an_unknown_part_is_named(self):
        with self.assertRaises(ClusterError) as caught:
            self.cluster.signal("nothing", signal.SIGKILL)
        self.assertEqual(str(caught.exception), "no part 'nothing' runs; there are etcd, kube-apiserver, kube-controller-manager, "
                         "kube-scheduler, kwok")

    def test_names_are_checked(self):
        for name in ("", "A", "-a", "a/b", "a" * 41):
            with self.subTest(name), self.assertRaises(ClusterError):
                Cluster.up(name)


class EndTest(unittest.TestCase):
    """However a cluster ends, nothing of it stays."""

    def up(self, suffix, **options):
        cluster = Cluster.up(f"{NAME}-{suffix}", **options)
        self.addCleanup(cluster.down)
        return cluster

    def assert_gone(self, cluster):
        self.assertTrue(until(lambda: not os.path.exists(cluster.folder) and not processes_of(cluster.folder), 60),
                        f"left: {processes_of(cluster.folder)}")

    def test_down(self):
        cluster = self.up("down")
        cluster.down()
        self.assert_gone(cluster)

    def test_the_owner_ends(self):
        owner = subprocess.Popen(["sleep", "600"])
        cluster = self.up("owner", owner=owner.pid)
        owner.kill()
        owner.wait()
        self.assert_gone(cluster)

    def test_the_supervisor_is_killed(self):
        cluster = self.up("supervisor")
        os.kill(cluster.state["pid"], signal.SIGKILL)
        self.assert_gone(cluster)

    def test_the_keeper_is_killed(self):
        cluster = self.up("keeper")
        os.kill(_parent(cluster.state["pid"]), signal.SIGKILL)
        self.assert_gone(cluster)

    def test_both_are_killed_and_the_next_one_clears_up(self):
        cluster = self.up("both")
        keeper = _parent(cluster.state["pid"])
        os.kill(keeper, signal.SIGKILL)
        os.kill(cluster.state["pid"], signal.SIGKILL)
        self.assertTrue(until(lambda: not is_alive(cluster.folder) and not processes_of(cluster.folder), 60))
        again = self.up("both")
        self.assertNotEqual(again.state["pid"], cluster.state["pid"])
        self.assertEqual(api_of(again).request("GET", "/readyz"), "ok")

    def test_two_at_once_under_one_name_are_one(self):
        starts = [subprocess.Popen([sys.executable, os.path.join(HERE, "cluster.py"), "up", "--json", "--name", f"{NAME}-race"],
                                   stdout=subprocess.PIPE, text=True) for _ in range(2)]
        states = [json.loads(start.communicate(timeout=120)[0]) for start in starts]
        self.addCleanup(Cluster(states[0]).down)
        self.assertEqual(states[0]["pid"], states[1]["pid"])

    def test_a_program_that_does_not_start_is_named(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(ClusterError) as caught:
            blocked = os.path.join(folder, "cluster")
            os.makedirs(blocked)
            with open(os.path.join(blocked, "etcd"), "w", encoding="ascii"):
                pass  # etcd wants a folder of this name
            Cluster.up(f"{NAME}-broken", folder=blocked)
        self.assertIn("did not start: etcd does not stay up (exit status 1)", str(caught.exception))


def _parent(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


@unittest.skipIf(why_not(default_folder(NAME + "-node")), "\n".join(why_not(default_folder(NAME + "-node"))))
class NodeTest(unittest.TestCase):
    """A real node: what pods do on it is what they do in production."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster.up(NAME + "-node", node=True, nodes=1, owner=os.getpid())
        cls.addClassCleanup(cls.cluster.down)
        cls.api = api_of(cls.cluster)

    def status(self, name):
        return self.api.request("GET", f"{PODS}/{name}")["status"]

    def waiting(self, name):
        """The reason why the container waits, or empty."""
        state = self.status(name).get("containerStatuses", [{}])[0].get("state", {})
        return state.get("waiting", {}).get("reason", "")

    def ready(self, name):
        return any(item["type"] == "Ready" and item["status"] == "True" for item in self.status(name).get("conditions", []))

    def test_a_pod_runs_and_its_probe_and_log_work(self):
        command = ["sh", "-c", "echo started; exec httpd -f -p 8080 -h /www"]
        self.api.create(PODS, pod("web", command=command, readinessProbe={"periodSeconds": 1,
                                                                           "httpGet": {"path": "/healthz", "port": 8080}}))
        self.assertTrue(until(lambda: self.ready("web")))
        self.assertEqual(self.status("web")["hostIP"], self.cluster.state["nodeAddress"])
        self.assertEqual(self.api.request("GET", f"{PODS}/web/log"), "started\n")

    def test_exec(self):
        self.api.create(PODS, pod("shell"))
        self.assertTrue(until(lambda: self.ready("shell")))
        done = subprocess.run([os.path.join(self.cluster.state["bin"], "kubectl"), "--kubeconfig", self.cluster.kubeconfig, "exec",
                               "shell", "--", "cat", "/www/index.html"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "app 1\n"), done.stderr)

    def test_an_image_that_is_not_there(self):
        self.api.create(PODS, pod("no-image", "ghcr.io/none/such:1"))
        self.assertTrue(until(lambda: self.waiting("no-image") == "ImagePullBackOff"))

    def test_a_container_that_fails(self):
        self.api.create(PODS, pod("crash", command=["sh", "-c", "exit 3"]))
        self.assertTrue(until(lambda: self.waiting("crash") == "CrashLoopBackOff"))
        self.assertEqual(self.status("crash")["containerStatuses"][0]["lastState"]["terminated"]["exitCode"], 3)

    def test_a_config_map_that_is_not_there(self):
        self.api.create(PODS, pod("no-config", envFrom=[{"configMapRef": {"name": "nothing"}}]))
        self.assertTrue(until(lambda: self.waiting("no-config") == "CreateContainerConfigError"))

    def test_more_than_the_node_has(self):
        self.api.create(PODS, pod("huge", resources={"requests": {"cpu": "900"}}))
        self.assertTrue(until(lambda: any(item.get("reason") == "Unschedulable" for item in self.status("huge").get("conditions", []))))

    def test_an_image_pushed_later_runs(self):
        files = {"bin/sh": (_busybox(), 0o755)}
        Registry(self.cluster.state["registry"]).push("team/tool", "v2", layer_of(files), {"Cmd": ["/bin/sh", "-c", "echo v2; sleep 60"]})
        self.api.create(PODS, pod("tool", "example.com/team/tool:v2"))
        self.assertEqual(until(lambda: self.ready("tool") and self.api.request("GET", f"{PODS}/tool/log")), "v2\n")

    def test_pods_reach_the_api_server(self):
        self.assertTrue(self.cluster.state["podsReachApi"])
        command = ["sh", "-c", "nc -w 5 $KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT </dev/null && echo reached"]
        self.api.create(PODS, pod("client", command=command))
        self.assertEqual(until(lambda: self.api.request("GET", f"{PODS}/client/log")), "reached\n")

    def test_a_second_node_beside_it_and_nothing_left_of_a_killed_one(self):
        other = Cluster.up(NAME + "-other", node=True)
        self.addCleanup(other.down)
        api = api_of(other)
        api.create(PODS, pod("web"))
        self.assertTrue(until(lambda: api.request("GET", f"{PODS}/web")["status"]["phase"] == "Running"))
        with open(os.path.join(other.folder, "node.json"), encoding="utf-8") as file:
            record = json.load(file)
        os.kill(other.state["pid"], signal.SIGKILL)
        self.assertTrue(until(lambda: not os.path.exists(other.folder), 60))
        links = subprocess.check_output(["ip", "-o", "link"], text=True)
        rules = subprocess.check_output(["iptables", "-w", "-t", "nat", "-S"], text=True)
        self.assertNotIn(record["bridge"], links + rules)
        self.assertEqual([root for root in os.listdir("/sys/fs/cgroup") if os.path.exists(f"/sys/fs/cgroup/{root}/{record['cgroup']}")], [])
        self.assertEqual(processes_of(other.folder), [])


def _busybox():
    with open("/bin/busybox", "rb") as file:
        return file.read()


if __name__ == "__main__":
    totals.main()
