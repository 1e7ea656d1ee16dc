"""What the parts of a test control plane are told: file layout, certificates, command lines, kubeconfigs. Starts nothing."""

import base64
import json
import os

from certificates import Authority

SERVICE_RANGE = "10.96.0.0/16"
SERVICE_ADDRESS = "10.96.0.1"
KWOK_ANNOTATION = "kwok.x-k8s.io/node"

# Clients of the control plane: file name, and the name and group that RBAC knows them by.
_CLIENTS = {
    "admin": "/O=system:masters/CN=admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "kwok": "/O=system:masters/CN=kwok",
    "kubelet-client": "/O=system:masters/CN=kube-apiserver-kubelet-client",
}


class ControlPlane:
    """The command lines of one cluster. `folder` holds all its state, `programs` the binaries; `ports` gives free ports."""

    def __init__(self, folder, programs, ports, name):
        self.folder, self.programs, self.name = folder, programs, name
        self.ports = {"apiserver": ports.take(), "etcd": ports.take(), "etcd-peer": ports.take()}
        self.server = f"https://127.0.0.1:{self.ports['apiserver']}"
        self.authority = None

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def prepare(self):
        """Writes certificates and kubeconfigs. The admin's is `kubeconfig` in the folder."""
        self.authority = Authority(self.path("pki"))
        self.authority.issue("apiserver", "/CN=kube-apiserver", (
            "127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local", SERVICE_ADDRESS))
        self.authority.key_pair("service-account")
        for client, subject in _CLIENTS.items():
            self.authority.issue(client, subject)
        self.write_kubeconfig("admin", self.path("kubeconfig"))
        for client in ("controller-manager", "scheduler", "kwok"):
            self.write_kubeconfig(client, self.path(client + ".kubeconfig"))

    def write_kubeconfig(self, client, path):
        """A kubeconfig with inline certificates (JSON, which is YAML), readable by its owner only."""
        def inline(name):
            with open(self.authority.path(name), "rb") as file:
                return base64.b64encode(file.read()).decode()

        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": self.name, "preferences": {},
            "clusters": [{"name": self.name, "cluster": {"server": self.server, "certificate-authority-data": inline("ca.crt")}}],
            "users": [{"name": client, "user": {"client-certificate-data": inline(client + ".crt"),
                                                "client-key-data": inline(client + ".key")}}],
            "contexts": [{"name": self.name, "context": {"cluster": self.name, "user": client}}],
        }
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2)
            file.write("\n")

    def etcd(self, fsync=False):
        client, peer = (f"http://127.0.0.1:{self.ports[part]}" for part in ("etcd", "etcd-peer"))
        return [os.path.join(self.programs, "etcd"), "--name=test", f"--data-dir={self.path('etcd')}",
                f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
                f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=test={peer}",
                "--log-level=warn", "--quota-backend-bytes=4294967296", *([] if fsync else ["--unsafe-no-fsync"])]

    def apiserver(self, advertise_address):
        """`advertise_address` is what the `kubernetes` Service points at; it must not be loopback."""
        pki = self.authority.path
        return [os.path.join(self.programs, "kube-apiserver"),
                f"--etcd-servers=http://127.0.0.1:{self.ports['etcd']}", "--bind-address=127.0.0.1",
                f"--secure-port={self.ports['apiserver']}", f"--advertise-address={advertise_address}",
                f"--cert-dir={self.path('pki')}", f"--tls-cert-file={pki('apiserver.crt')}",
                f"--tls-private-key-file={pki('apiserver.key')}", f"--client-ca-file={pki('ca.crt')}",
                f"--kubelet-client-certificate={pki('kubelet-client.crt')}", f"--kubelet-client-key={pki('kubelet-client.key')}",
                "--kubelet-preferred-address-types=InternalIP",
                f"--service-account-key-file={pki('service-account.pub')}",
                f"--service-account-signing-key-file={pki('service-account.key')}",
                "--service-account-issuer=https://kubernetes.default.svc", f"--service-cluster-ip-range={SERVICE_RANGE}",
                "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
                "--max-requests-inflight=1600", "--max-mutating-requests-inflight=800", "--profiling=false", "--v=1"]

    def controller_manager(self):
        pki = self.authority.path
        return [os.path.join(self.programs, "kube-controller-manager"),
                f"--kubeconfig={self.path('controller-manager.kubeconfig')}", f"--root-ca-file={pki('ca.crt')}",
                f"--service-account-private-key-file={pki('service-account.key')}", "--use-service-account-credentials",
                f"--cluster-signing-cert-file={pki('ca.crt')}", f"--cluster-signing-key-file={pki('ca.key')}",
                "--leader-elect=false", "--secure-port=0", "--kube-api-qps=200", "--kube-api-burst=400", "--v=1"]

    def scheduler(self):
        return [os.path.join(self.programs, "kube-scheduler"), f"--kubeconfig={self.path('scheduler.kubeconfig')}",
                "--leader-elect=false", "--secure-port=0", "--kube-api-qps=200", "--kube-api-burst=400", "--v=1"]

    def kwok(self, beside_real_node):
        """Plays kubelet for every node, or, beside a real one, only for nodes with the annotation kwok.x-k8s.io/node=fake."""
        which = ([f"--manage-nodes-with-annotation-selector={KWOK_ANNOTATION}=fake"] if beside_real_node
                 else ["--manage-all-nodes=true"])
        return [os.path.join(self.programs, "kwok"), f"--kubeconfig={self.path('kwok.kubeconfig')}", "--cidr=10.240.0.1/12",
                "--node-ip=10.239.0.1", "--server-address=", "--node-lease-duration-seconds=40", *which]


def kwok_node(index, beside_real_node):
    """A simulated node, `kwok-<index>`. Beside a real node it is tainted, so that only pods that ask for it run there."""
    name = f"kwok-{index}"
    node = {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "annotations": {KWOK_ANNOTATION: "fake", "node.alpha.kubernetes.io/ttl": "0"},
                     "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                                "type": "kwok"}},
        "status": {key: {"cpu": "1000", "memory": "4Ti", "ephemeral-storage": "4Ti", "pods": "10000"}
                   for key in ("allocatable", "capacity")},
    }
    if beside_real_node:
        node["spec"] = {"taints": [{"key": KWOK_ANNOTATION, "value": "fake", "effect": "NoSchedule"}]}
    return node
