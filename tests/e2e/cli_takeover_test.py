#!/usr/bin/env python3
"""manifests/flux-system over an installation of Flux: names, identities and bindings stay, and a locked-down Kustomization goes on."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import ROOT, SLUICE, Case, config_map, until  # noqa: E402

NAMESPACE = "flux-system"
LABELS = {"app.kubernetes.io/part-of": "flux", "app.kubernetes.io/instance": NAMESPACE, "app.kubernetes.io/version": "v2.9.4"}


def setUpModule():
    harness.begin("cli-takeover", controller=False)


def controller_of_flux(name):
    """A Deployment in the shape of Flux's, as far as an overlay meets it."""
    probe = lambda path: {"httpGet": {"path": path, "port": "healthz"}}  # noqa: E731
    args = ["--events-addr=http://notification-controller.flux-system.svc.cluster.local./", "--watch-all-namespaces=true", "--log-level=info",
            "--log-encoding=json", "--enable-leader-election"]
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": LABELS | {"control-plane": "controller", "app.kubernetes.io/component": name}},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": {
                "metadata": {"labels": {"app": name} | LABELS, "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"}},
                "spec": {"serviceAccountName": name, "priorityClassName": "system-cluster-critical", "terminationGracePeriodSeconds": 60,
                         "securityContext": {"fsGroup": 1337}, "nodeSelector": {"kubernetes.io/os": "linux"},
                         "containers": [{"name": "manager", "image": f"ghcr.io/fluxcd/{name}:v1.9.4", "args": args,
                                         "ports": [{"containerPort": 8080, "name": "http-prom", "protocol": "TCP"},
                                                   {"containerPort": 9440, "name": "healthz", "protocol": "TCP"}],
                                         "env": [{"name": "RUNTIME_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}],
                                         "readinessProbe": probe("/readyz"), "livenessProbe": probe("/healthz"),
                                         "volumeMounts": [{"mountPath": "/tmp", "name": "temp"}]}],
                         "volumes": [{"name": "temp", "emptyDir": {}}]}}}}


class TakeoverTest(Case):
    def install_flux(self):
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": LABELS}}, manager="flux")
        account = lambda name: {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}  # noqa: E731
        for name in ("source-controller", "kustomize-controller", "helm-controller"):
            self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE, "labels": LABELS}}, manager="flux")
            self.kube.apply(controller_of_flux(name), manager="flux")
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                         "metadata": {"name": "cluster-reconciler-flux-system", "labels": LABELS},
                         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                         "subjects": [account("kustomize-controller"), account("helm-controller")]}, manager="flux")
        for name in ("source-controller", "kustomize-controller", "helm-controller"):
            until(lambda name=name: self.kube.get("Deployment", name, NAMESPACE).get("status", {}).get("readyReplicas") == 1)

    def remove_flux(self):
        for name in ("source-controller", "kustomize-controller", "helm-controller"):
            self.kube.delete("Deployment", name, NAMESPACE)
            until(lambda name=name: self.kube.get("Deployment", name, NAMESPACE) is None)

    def assert_taken_over(self, before):
        now = self.kube.get("Deployment", "kustomize-controller", NAMESPACE)
        container = now["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(now["metadata"]["uid"], before["kustomize-controller"]["metadata"]["uid"], "in place")
        self.assertEqual((container["name"], container["image"], container["command"]), ("manager", "sluice:0.1.0", ["sluice", "controller"]))
        self.assertEqual([arg.split("=")[0] for arg in container["args"]],
                         ["--events-addr", "--watch-all-namespaces", "--log-level", "--log-encoding", "--enable-leader-election", "--storage-path",
                          "--storage-adv-addr"])
        until(lambda: self.kube.get("Deployment", "kustomize-controller", NAMESPACE)["status"].get("updatedReplicas") == 1)
        until(lambda: self.kube.get("Deployment", "kustomize-controller", NAMESPACE)["status"].get("readyReplicas") == 1)
        for name in ("source-controller", "helm-controller"):
            until(lambda name=name: not self.kube.get("Deployment", name, NAMESPACE)["status"].get("replicas"))
        selector = self.kube.get("Service", "source-controller", NAMESPACE)["spec"]["selector"]
        self.assertEqual(selector, {"app": "kustomize-controller"})

    def state(self):
        return {name: self.kube.get("Deployment", name, NAMESPACE) for name in ("source-controller", "kustomize-controller", "helm-controller")}

    def test_kubectl_apply_client_side(self):
        self.install_flux()
        self.addCleanup(self.remove_flux)
        before = self.state()
        self.env.kubectl("apply", "-k", os.path.join(ROOT, "manifests", "flux-system"))
        self.assert_taken_over(before)

    def test_sluice_install_and_a_locked_down_kustomization(self):
        self.install_flux()
        self.addCleanup(self.remove_flux)
        before = self.state()
        said = subprocess.run([SLUICE, "install", "-n", NAMESPACE], env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
        self.assert_taken_over(before)
        checked = subprocess.run([SLUICE, "check", "-n", NAMESPACE], env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig}, capture_output=True,
                                 text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        # The pod's part is played by the binary, as the ServiceAccount of the overlay.
        self.env.kubeconfig = self.env.kubeconfig_for(NAMESPACE, "kustomize-controller")
        self.controller = self.env.controller("taken")
        self.addCleanup(self.controller.end)
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("a", namespace=self.ns)})
        metadata = {"name": "flux-system", "namespace": NAMESPACE}
        self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": metadata,
                         "spec": {"interval": "1m", "url": self.env.git.url(repository.name), "ref": {"branch": "main"}}})
        self.kube.apply({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": metadata,
                         "spec": {"interval": "10m", "path": "./", "prune": True, "serviceAccountName": "kustomize-controller",
                                  "sourceRef": {"kind": "GitRepository", "name": "flux-system"}}})
        self.await_applied(repository, "flux-system", NAMESPACE)
        self.assertEqual(self.kube.get("ConfigMap", "a", self.ns)["data"], {"key": "value"})
        for kind in ("Kustomization", "GitRepository"):
            self.kube.delete(kind, "flux-system", NAMESPACE)
            self.await_gone(kind, "flux-system", NAMESPACE)


if __name__ == "__main__":
    totals.main()
