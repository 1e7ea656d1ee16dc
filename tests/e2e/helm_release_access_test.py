#!/usr/bin/env python3
"""In whose name a HelmRelease acts, on which cluster, and where its chart comes from: impersonation, kubeconfigs, sources of every kind, across namespaces and restarts."""

import base64
import hashlib
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import helm_cases
import totals
from cluster import Cluster
from foreign_sources_test import FileServer
from harness import condition_of, config_map, data_of, is_ready, secret, until
from helm_cases import HELM_CHART, HR, OCI, SOURCE, ReleaseCase
from kube import Kube

BUCKET, HELM_REPOSITORY, EXTERNAL = f"{SOURCE}/Bucket", f"{SOURCE}/HelmRepository", f"{SOURCE}/ExternalArtifact"


def setUpModule():
    AccessCase.server = FileServer()
    unittest.addModuleCleanup(AccessCase.server.close)
    helm_cases.begin("helm-access", flags=["--feature-gates=ExternalArtifact=true"])
    for kind in (BUCKET, HELM_REPOSITORY, EXTERNAL, HELM_CHART):
        AccessCase.env.await_kind(kind)


class AccessCase(ReleaseCase):
    server = None

    def account(self, name, role="admin", kube=None):
        """A ServiceAccount with the rights of a ClusterRole in its namespace; none without a role."""
        kube = kube or self.kube
        kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": self.ns}})
        if role:
            kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name, "namespace": self.ns},
                        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.ns}]})

    def archive(self, version="1.0.0", name="web"):
        with open(os.path.join(self.env.folder, "charts", f"{name}-{version}", f"{name}-{version}.tgz"), "rb") as file:
            return file.read()

    def repository(self, **spec):
        """A HelmRepository `repo` with the chart web 1.0.0."""
        root = os.path.join(self.env.folder, "charts", "web-1.0.0")
        self.helm("repo", "index", root, "--url", f"http://{self.server.address}")
        with open(os.path.join(root, "index.yaml"), "rb") as file:
            self.server.files["/index.yaml"] = file.read()
        self.server.files["/web-1.0.0.tgz"] = self.archive()
        return self.kube.apply({"apiVersion": SOURCE, "kind": "HelmRepository", "metadata": {"name": "repo", "namespace": self.ns},
                                "spec": {"interval": "1h", "url": f"http://{self.server.address}"} | spec})

    def from_repository(self, **spec):
        return self.release(chartRef=None, chart={"spec": {"chart": "web", "version": "1.x", "sourceRef": {"kind": "HelmRepository", "name": "repo"}}}, **spec)

    def restart(self, *flags):
        self.controller.end()
        self.controller.start(flags=flags)


class AccountTest(AccessCase):
    def test_nobody_has_no_rights(self):
        self.chart()
        self.release(serviceAccountName="nobody")
        message = self.await_failed(HR, "web", "StateError")["message"]
        user = f"system:serviceaccount:{self.ns}:nobody"
        self.assertEqual(message, "Could not determine release state: failed to retrieve last release from storage: query: failed to query with labels: secrets is forbidden: "
                                  f'User "{user}" cannot list resource "secrets" in API group "" in the namespace "{self.ns}"')
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")

    def test_an_account_acts_and_its_rights_bound_it(self):
        self.push("1.0.0", "reach", **{"templates/cluster.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reach}\nrules: []\n",
                                       "crds/widgets.yaml": ""})
        self.account("tenant")
        self.chart(name="reach")
        self.release(serviceAccountName="tenant")
        self.assertIn(f'clusterroles.rbac.authorization.k8s.io "reach" is forbidden: User "system:serviceaccount:{self.ns}:tenant" cannot patch resource "clusterroles"',
                      self.await_failed(HR, "web", "InstallFailed")["message"])
        self.push("1.1.0", "reach", **{"crds/widgets.yaml": ""})
        self.chart("1.1.0", name="reach")
        self.release(serviceAccountName="tenant", driftDetection={"mode": "enabled"})
        self.await_release()
        self.kube.patch("ConfigMap", "web", self.ns, {"data": {"message": "edited"}}, manager="kubectl-edit")
        until(lambda: self.data()["message"] == "hello", seen=self.data)
        self.kube.delete("ServiceAccount", "tenant", self.ns)
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertEqual(self.data()["message"], "hello", "what nobody may delete any more stays")

    def test_the_account_is_followed_to_lookups(self):
        self.push("1.0.0", "asks", **{"templates/asks.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: asks}\ndata: {nodes: "{{ len (lookup "v1" "Node" "" "").items }}"}\n',
                                      "crds/widgets.yaml": ""})
        self.account("tenant")
        self.chart(name="asks")
        self.release(serviceAccountName="tenant")
        self.assertIn('nodes is forbidden: User "system:serviceaccount:' + self.ns + ':tenant" cannot list resource "nodes"',
                      self.await_failed(HR, "web", "InstallFailed")["message"])

    def test_the_default_account(self):
        self.addCleanup(self.restart)
        self.restart("--default-service-account=tenant")
        self.account("tenant", role=None)
        self.chart()
        self.release()
        self.assertIn(f'User "system:serviceaccount:{self.ns}:tenant" cannot list resource "secrets"', self.await_failed(HR, "web", "StateError")["message"])


class SourceTest(AccessCase):
    def test_a_helm_repository(self):
        self.repository()
        self.from_repository()
        released = self.await_release(version=1)
        self.assertEqual(released["status"]["lastAttemptedRevision"], "1.0.0")
        self.assertNotIn("lastAttemptedRevisionDigest", released["status"])

    def test_a_git_repository(self):
        files = helm_cases.CHART | {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 2.0.0\n"}
        repository = self.env.repository(self.ns, {os.path.join("charts/web", path): text for path, text in files.items()})
        self.source("git", repository)
        self.release(chartRef=None, chart={"spec": {"chart": "./charts/web", "reconcileStrategy": "Revision", "sourceRef": {"kind": "GitRepository", "name": "git"}}})
        released = self.await_release(version=1)
        self.assertEqual(released["status"]["lastAttemptedRevision"], f"2.0.0+{repository.head[:12]}")
        repository.commit({"charts/web/values.yaml": "message: newer\nport: 80\nlist: []\ndeploy: false\nhook: false\ntest: false\n"})
        self.request("GitRepository", "git")
        self.await_release(version=2, chartVersion=f"2.0.0+{repository.head[:12]}")
        self.assertEqual(self.data()["message"], "newer")

    def test_all_of_a_template_is_handed_on_and_goes_with_it(self):
        self.chart()
        spec = {"chart": "web", "version": "1.x", "interval": "9m", "reconcileStrategy": "Revision", "valuesFiles": ["a.yaml", "b.yaml"], "ignoreMissingValuesFiles": True,
                "sourceRef": {"kind": "HelmRepository", "name": "none"}, "verify": {"provider": "cosign", "secretRef": {"name": "keys"}}}
        self.release(chartRef=None, chart={"metadata": {"labels": {"l": "1"}, "annotations": {"a": "2"}}, "spec": spec})
        made = self.await_object(HELM_CHART, f"{self.ns}-web", lambda obj: True)
        self.assertEqual(made["spec"], spec | {"interval": "9m0s"})
        self.assertEqual((made["metadata"]["labels"]["l"], made["metadata"]["annotations"]), ("1", {"a": "2"}))
        self.release(chartRef=None, chart={"spec": spec | {"version": "2.x", "valuesFiles": ["a.yaml"]}})
        changed = self.await_object(HELM_CHART, f"{self.ns}-web", lambda obj: obj["spec"]["version"] == "2.x")
        self.assertEqual((changed["spec"]["valuesFiles"], changed["metadata"].get("annotations")), (["a.yaml"], None))
        self.release()
        released = self.await_release(version=1)
        self.assertNotIn("helmChart", released["status"])
        self.await_gone(HELM_CHART, f"{self.ns}-web")

    def test_a_helm_chart_of_somebody_else(self):
        self.repository()
        self.kube.apply({"apiVersion": SOURCE, "kind": "HelmChart", "metadata": {"name": "mine", "namespace": self.ns},
                         "spec": {"interval": "1h", "chart": "web", "version": "1.x", "sourceRef": {"kind": "HelmRepository", "name": "repo"}}})
        self.release(chartRef={"kind": "HelmChart", "name": "mine"})
        released = self.await_release(version=1)
        self.assertNotIn("helmChart", released["status"])
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertIsNotNone(self.kube.get(HELM_CHART, "mine", self.ns), "it is not ours")

    def test_an_external_artifact(self):
        body = self.archive()
        self.server.files["/external.tgz"] = body
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        self.kube.apply({"apiVersion": SOURCE, "kind": "ExternalArtifact", "metadata": {"name": "made", "namespace": self.ns}, "spec": {}})
        self.kube.patch(EXTERNAL, "made", self.ns, {"status": {"artifact": {
            "path": "external.tgz", "url": f"http://{self.server.address}/external.tgz", "revision": f"1.0.0@{digest}", "digest": digest,
            "lastUpdateTime": "2026-01-01T00:00:00Z", "size": len(body)}}}, "status")
        self.release(chartRef={"kind": "ExternalArtifact", "name": "made"})
        released = self.await_release(version=1)
        self.assertEqual(released["status"]["lastAttemptedRevision"], "1.0.0+" + digest.removeprefix("sha256:")[:12])
        self.assertEqual(released["status"]["lastAttemptedRevisionDigest"], digest)
        self.restart("--feature-gates=ExternalArtifact=false")
        self.addCleanup(self.restart)
        self.request(HR, "web")
        stalled = self.await_object(HR, "web", lambda obj: condition_of(obj, "Stalled"))
        self.assertEqual((condition_of(stalled, "Stalled")["reason"], condition_of(stalled, "Stalled")["message"]),
                         ("AccessDenied", f"can't access 'ExternalArtifact/{self.ns}/made', ExternalArtifact feature gate is disabled"))

    def test_across_namespaces(self):
        other = self.ns + "-other"
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
        ours, self.ns = self.ns, other
        self.repository()
        self.chart()
        self.ns = ours
        chart = {"spec": {"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "repo", "namespace": other}}}
        self.release("by-ref", chartRef={"kind": "OCIRepository", "name": "chart", "namespace": other})
        self.release("by-chart", chartRef=None, chart=chart)
        self.await_release("by-ref")
        written = self.await_release("by-chart")
        self.assertEqual(written["status"]["helmChart"], f"{other}/{ours}-by-chart")
        self.addCleanup(self.restart)
        self.restart("--no-cross-namespace-refs")
        for name, source in (("by-ref", f"OCIRepository {other}/chart"), ("by-chart", f"HelmChart {other}/{ours}-by-chart")):
            self.request(HR, name)
            stalled = self.await_object(HR, name, lambda obj: condition_of(obj, "Stalled"))
            self.assertEqual((condition_of(stalled, "Stalled")["reason"], condition_of(stalled, "Ready")["message"]),
                             ("AccessDenied", f"cross-namespace references are not allowed: cannot access {source}"))


class SuspendedSourceTest(AccessCase):
    """What a suspended source has made is served after a restart, and its consumers say of it what they say without one."""

    def stays_after_a_restart(self, kind, name):
        self.await_release(version=1)
        url = self.kube.get(kind, name, self.ns)["status"]["artifact"]["url"]
        self.kube.patch(kind, name, self.ns, {"spec": {"suspend": True}})
        self.restart()
        self.assertEqual(self.controller.http(url.split("/", 3)[3]), self.archive())
        self.request(HR, "web")
        self.assertEqual(self.await_failed(HR, "web", "SourceNotReady")["message"],
                         f"{kind.rsplit('/', 1)[1]} '{self.ns}/{name}' is not ready: latest generation of object has not been reconciled")
        self.assertEqual(self.records(), {1: "deployed"})
        self.kube.patch(kind, name, self.ns, {"spec": {"suspend": False}})
        self.await_release(version=1)

    def test_oci_repository(self):
        self.chart()
        self.kube.patch(OCI, "chart", self.ns, {"spec": {"layerSelector": {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"}}})
        self.release()
        self.stays_after_a_restart(OCI, "chart")

    def test_helm_chart(self):
        self.repository()
        self.kube.apply({"apiVersion": SOURCE, "kind": "HelmChart", "metadata": {"name": "mine", "namespace": self.ns},
                         "spec": {"interval": "1h", "chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "repo"}}})
        self.release(chartRef={"kind": "HelmChart", "name": "mine"})
        self.stays_after_a_restart(HELM_CHART, "mine")

    def test_helm_repository(self):
        self.repository()
        self.await_object(HELM_REPOSITORY, "repo", is_ready)
        self.kube.patch(HELM_REPOSITORY, "repo", self.ns, {"spec": {"suspend": True}})
        self.restart()
        self.from_repository()
        self.await_release()
        url = self.kube.get(HELM_REPOSITORY, "repo", self.ns)["status"]["artifact"]["url"]
        self.assertIn(b"entries", self.controller.http(url.split("/", 3)[3]))


class RemoteTest(AccessCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster.up(f"helm-far-{os.getpid()}"[:40], owner=os.getpid())
        cls.addClassCleanup(cls.cluster.down)
        cls.far = Kube(cls.cluster.state)

    def setUp(self):
        super().setUp()
        self.far.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.ns}})

    def authority(self):
        with open(os.path.join(self.cluster.folder, "pki", "ca.crt"), encoding="utf-8") as file:
            return file.read()

    def kubeconfig(self):
        """One for the other cluster, as its admin."""
        self.account("deployer", role=None, kube=self.far)
        self.far.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": f"{self.ns}-deployer"},
                        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                        "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": self.ns}]})
        answer = self.far.request("POST", self.far.path("ServiceAccount", self.ns, "deployer") + "/token",
                                  {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}})
        trust = base64.b64encode(self.authority().encode()).decode()
        return json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "x",
                                   "clusters": [{"name": "x", "cluster": {"server": self.cluster.state["server"], "certificate-authority-data": trust}}],
                                   "users": [{"name": "x", "user": {"token": answer["status"]["token"]}}],
                                   "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}]})

    def test_a_kubeconfig(self):
        self.chart()
        self.release(kubeConfig={"secretRef": {"name": "far", "key": "mine"}}, driftDetection={"mode": "enabled"})
        self.assertIn('secrets "far" not found', self.await_failed(HR, "web", "RESTClientError")["message"])
        self.kube.apply(secret("far", self.ns, {"mine": self.kubeconfig()}))
        self.await_release(version=1)
        records = lambda kube: [item["metadata"]["name"] for item in kube.list("Secret", self.ns, "owner=helm")]  # noqa: E731
        self.assertEqual((records(self.kube), records(self.far)), ([], ["sh.helm.release.v1.web.v1"]))
        self.assertIsNone(self.data(), "it was applied here")
        far = lambda: data_of(self.far.get("ConfigMap", "web", self.ns))  # noqa: E731
        self.assertEqual(far()["message"], "hello")
        self.far.patch("ConfigMap", "web", self.ns, {"data": {"message": "edited"}}, manager="kubectl-edit")
        until(lambda: far()["message"] == "hello", seen=far)
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertEqual((far(), records(self.far)), (None, []))

    def test_one_that_is_gone_keeps_nothing(self):
        self.kube.apply(secret("far", self.ns, {"value": self.kubeconfig()}))
        self.chart()
        self.release(kubeConfig={"secretRef": {"name": "far"}})
        self.await_release(version=1)
        self.kube.delete("Secret", "far", self.ns)
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertIsNotNone(self.far.get("ConfigMap", "web", self.ns))


class ConfigMapTest(AccessCase):
    """configMapRef with provider generic. A cluster believes the tokens of its own service accounts, so the address is our own."""

    def test_a_token_of_a_service_account(self):
        self.addCleanup(self.restart)
        self.restart("--feature-gates=ObjectLevelWorkloadIdentity=true")
        self.account("deployer")
        with open(os.path.join(self.env.cluster.folder, "pki", "ca.crt"), encoding="utf-8") as file:
            authority = file.read()
        issuer = self.kube.request("GET", "/.well-known/openid-configuration")["issuer"]
        data = {"address": self.env.cluster.state["server"], "ca.crt": authority, "audiences": issuer, "serviceAccountName": "deployer"}
        self.kube.apply(config_map("far", data | {"provider": "aws"}, namespace=self.ns))
        self.push("1.0.0", "plain", **{"crds/widgets.yaml": ""})
        self.chart(name="plain")
        self.release(kubeConfig={"configMapRef": {"name": "far"}})
        self.assertEqual(self.await_failed(HR, "web", "RESTClientError")["message"],
                         f"KubeConfig ConfigMap '{self.ns}/far': provider aws is not served; use provider generic or a kubeconfig in a Secret")
        self.kube.apply(config_map("far", data | {"provider": "generic"}, namespace=self.ns))
        self.await_release(version=1)
        self.assertEqual(self.data()["message"], "hello")
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertIsNone(self.data())


if __name__ == "__main__":
    totals.main()
