"""A real node beside the control plane: kubelet, containerd, runc and a bridge network, with an image registry on loopback.

Everything of the node lives in a PID and a mount namespace of its own, so that killing the namespace's first process ends every
container and takes back every mount, whoever died before. What lies outside, one bridge, two packet filter rules and one cgroup, is
noted in the cluster's folder before it is made (cleanup.py removes it), and named after the folder, so nodes stand side by side.

Every registry host that a pod names is served by the local registry: `app:1`, `docker.io/library/app:1` and `ghcr.io/x/y:2` are
looked up there as library/app:1 and x/y:2, and nothing is ever asked of the outside.
"""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time

import cleanup
from control_plane import SERVICE_ADDRESS
from images import APP_CONFIG, Registry, app_layer, pause_layer

HERE = os.path.dirname(os.path.abspath(__file__))
NODE_NAME = "node-1"
_PAUSE_IMAGE = "sluice.test/pause:1"
_APP_VERSIONS = ("1", "2", "3")
_MAX_SOCKET_PATH = 107
_CNI_PLUGINS = "/usr/lib/cni"


def _run(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def why_not(folder):
    """The reasons why a real node cannot run here; empty when it can."""
    if os.geteuid() != 0:
        return ["it needs root: containers, mounts and a network bridge"]
    reasons = [f"{program} is not installed (Debian package {package})" for program, package in (
        ("containerd", "containerd"), ("runc", "runc"), ("ip", "iproute2"), ("iptables", "iptables"), ("unshare", "util-linux"),
        ("docker-registry", "docker-registry"), ("busybox", "busybox-static"), ("cc", "gcc")) if not shutil.which(program)]
    reasons += [f"{_CNI_PLUGINS}/{plugin} is missing (Debian package containernetworking-plugins)"
                for plugin in ("bridge", "host-local", "loopback") if not os.path.exists(f"{_CNI_PLUGINS}/{plugin}")]
    if len(f"{folder}/node/containerd.sock.ttrpc") > _MAX_SOCKET_PATH:
        reasons.append(f"{folder} is too long for the path of a socket; choose a shorter --dir or TMPDIR")
    return reasons + [reason for reason in map(_try_kernel, _KERNEL_NEEDS) if reason]


_PROBE = f"slp{os.getpid() % 1000000}"
_KERNEL_NEEDS = (
    ("namespaces and mounts", "unshare --pid --mount --fork --mount-proc mount -t tmpfs none /mnt"),
    ("network bridges", f"ip link add {_PROBE} type bridge && ip link delete {_PROBE}"),
    ("packet filter rules (iptables, nat)", "iptables -w -t nat -S"),
    ("cgroups", f"for root in {' '.join(cleanup.cgroup_roots())}; do mkdir $root/{_PROBE} && rmdir $root/{_PROBE} || exit 1; done"),
)


def _try_kernel(need):
    what, command = need
    done = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return f"no {what} here: {done.stderr.strip()}" if done.returncode != 0 else None


class Node:
    """The node of cluster `plane`. `prepare` after the certificates exist and before the API server starts."""

    def __init__(self, plane, ports):
        self.plane = plane
        self.registry_port = ports.take()
        self.id = hashlib.sha1(plane.folder.encode()).hexdigest()[:8]
        self.bridge, self.cgroup = f"slc{self.id}", f"sluice-{self.id}"
        self.address = None
        self.pods_reach_api = True

    def path(self, *parts):
        return self.plane.path("node", *parts)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def state(self):
        """What a test needs to know of the node."""
        return {"nodeName": NODE_NAME, "nodeAddress": self.address, "registry": f"127.0.0.1:{self.registry_port}",
                "podsReachApi": self.pods_reach_api}

    def prepare(self):
        """Makes the bridge, the cgroup and all configuration files."""
        self._make_network()
        self._make_cgroup()
        self.plane.authority.issue("kubelet", f"/O=system:nodes/CN=system:node:{NODE_NAME}")
        self.plane.write_kubeconfig("kubelet", self.plane.path("kubelet.kubeconfig"))
        self.write("containerd.toml", self._containerd_config())
        self.write("hosts/_default/hosts.toml", f'server = "http://127.0.0.1:{self.registry_port}"\n'
                   f'[host."http://127.0.0.1:{self.registry_port}"]\n  capabilities = ["pull", "resolve"]\n')
        self.write("cni/10-bridge.conflist", json.dumps(self._network_config(), indent=2))
        self.write("kubelet.json", json.dumps(self._kubelet_config(), indent=2))
        self.write("registry.json", json.dumps(self._registry_config(), indent=2))

    # --- what lies outside the folder

    def _make_network(self):
        """Chooses a /24 nobody has and gives its first address to a new bridge."""
        with _machine_lock("sluice-bridge"):
            taken = _run("ip", "-o", "-4", "addr") + _run("ip", "-4", "route")
            subnet = next((f"10.200.{number}" for number in range(1, 255) if f"10.200.{number}." not in taken), None)
            if not subnet:
                raise RuntimeError("all subnets of 10.200.0.0/16 are taken by bridges")
            self.subnet, self.address = f"{subnet}.0/24", f"{subnet}.1"
            self._record()
            subprocess.run(["ip", "link", "delete", self.bridge], stdin=subprocess.DEVNULL, capture_output=True, check=False)
            _run("ip", "link", "add", self.bridge, "type", "bridge")
            _run("ip", "addr", "add", f"{self.address}/24", "dev", self.bridge)
            _run("ip", "link", "set", self.bridge, "up")
        self._open_api_to_pods()

    def _rules(self):
        """Leads pods that ask for the `kubernetes` Service, or for its endpoint, to the API server on loopback."""
        port = str(self.plane.ports["apiserver"])
        ways = ((SERVICE_ADDRESS, "443"), (self.address, port))
        return [["-w", "-t", "nat", "-A", "PREROUTING", "-i", self.bridge, "-d", address, "-p", "tcp", "--dport", asked,
                 "-j", "DNAT", "--to-destination", f"127.0.0.1:{port}"] for address, asked in ways]

    def _open_api_to_pods(self):
        try:
            with open(f"/proc/sys/net/ipv4/conf/{self.bridge}/route_localnet", "w", encoding="ascii") as file:
                file.write("1")
            for rule in self._rules():
                _run("iptables", *rule)
        except (OSError, RuntimeError) as error:
            self.pods_reach_api = False
            print(f"pods cannot reach the API server: {error}", flush=True)

    def _make_cgroup(self):
        """A cgroup for the node's pods in every hierarchy; a v1 cpuset needs its processors and memory spelled out."""
        for root in cleanup.cgroup_roots():
            group = os.path.join(root, self.cgroup)
            os.makedirs(group, exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):
                own, parent = os.path.join(group, name), os.path.join(root, name)
                if os.path.exists(own) and os.path.exists(parent):
                    with open(parent, encoding="ascii") as source, open(own, "w", encoding="ascii") as target:
                        target.write(source.read())

    def _record(self):
        with open(self.plane.path(cleanup.NODE_RECORD), "w", encoding="utf-8") as file:
            json.dump({"bridge": self.bridge, "cgroup": self.cgroup, "rules": self._rules()}, file)

    # --- configuration

    def _containerd_config(self):
        return f"""version = 2
root = "{self.path("containerd")}"
state = "{self.path("run")}"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "{self.path("containerd.sock")}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{_PAUSE_IMAGE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{_CNI_PLUGINS}"
    conf_dir = "{self.path("cni")}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{self.path("hosts")}"
"""

    def _network_config(self):
        bridge = {"type": "bridge", "bridge": self.bridge, "isDefaultGateway": True, "ipMasq": False, "hairpinMode": True,
                  "ipam": {"type": "host-local", "dataDir": self.path("cni-addresses"),
                           "ranges": [[{"subnet": self.subnet, "gateway": self.address}]]}}
        return {"cniVersion": "0.4.0", "name": "bridge", "plugins": [bridge]}

    def _kubelet_config(self):
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "address": self.address, "port": 10250, "readOnlyPort": 0, "healthzPort": 0,
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                               "x509": {"clientCAFile": self.plane.authority.path("ca.crt")}},
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "cgroupfs", "cgroupRoot": "/" + self.cgroup, "failSwapOn": False, "failCgroupV1": False,
            "containerRuntimeEndpoint": f"unix://{self.path('containerd.sock')}",
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%",
                             "nodefs.inodesFree": "1%"},
            "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99, "localStorageCapacityIsolation": False,
            "serializeImagePulls": False, "registryPullQPS": 0, "makeIPTablesUtilChains": False,
            "podLogsDir": self.path("pod-logs"), "resolvConf": "", "clusterDomain": "cluster.local", "maxPods": 200,
        }

    def _registry_config(self):
        return {"version": 0.1, "log": {"level": "warn"}, "http": {"addr": f"127.0.0.1:{self.registry_port}"},
                "storage": {"filesystem": {"rootdirectory": self.path("registry")}, "delete": {"enabled": True},
                            "maintenance": {"uploadpurging": {"enabled": False}}}}

    # --- what runs

    def registry(self):
        """The command line of the image registry."""
        return ["docker-registry", "serve", self.path("registry.json")]

    def command(self):
        """The command line of the node: node_init.sh as first process of its namespaces."""
        return ["unshare", "--pid", "--mount", "--fork", "--kill-child=SIGKILL", "--mount-proc", "bash",
                os.path.join(HERE, "node_init.sh"), self.plane.folder, os.path.join(self.plane.programs, "kubelet"),
                NODE_NAME, self.address]

    def push_images(self):
        """Fills the registry: the pause image, and app:1, app:2, app:3."""
        registry = Registry(f"127.0.0.1:{self.registry_port}")
        registry.wait()
        registry.push("pause", "1", pause_layer(os.path.join(HERE, "pause.c"), self.path()), {"Entrypoint": ["/pause"]})
        for version in _APP_VERSIONS:
            layer = app_layer(version, shutil.which("busybox"))
            for repository in ("app", "library/app"):
                registry.push(repository, version, layer, APP_CONFIG)


class _machine_lock:  # noqa: N801 (used like a function)
    """Holds an abstract socket as a lock that every process of this machine's network namespace sees."""

    def __init__(self, name, seconds=20):
        self._name, self._deadline = name, time.monotonic() + seconds
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self):
        while True:
            try:
                self._socket.bind("\0" + self._name)
                return self
            except OSError:
                if time.monotonic() > self._deadline:
                    raise
                time.sleep(0.02)

    def __exit__(self, *_):
        self._socket.close()
