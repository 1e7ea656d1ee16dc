#!/usr/bin/env python3
"""spec.kubeConfig: what a Kustomization applies goes to another cluster, is watched, mended, judged and pruned there, and a cluster that is away
hurts nobody else. Two real clusters."""

import base64
import json
import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from cluster import Cluster  # noqa: E402
from harness import Case, condition_of, config_map, data_of, deployment, until  # noqa: E402
from kube import Kube  # noqa: E402

REMOTE = {}


def setUpModule():
    harness.begin("remote")
    cluster = Cluster.up(f"remote-far-{os.getpid()}"[:40], owner=os.getpid())
    unittest.addModuleCleanup(cluster.down)
    REMOTE["cluster"], REMOTE["kube"] = cluster, Kube(cluster.state)


def account(kube, ns, name, admin=True):
    """A ServiceAccount, cluster-admin or without any right."""
    kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": ns}})
    if admin:
        kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": f"{ns}-{name}"},
                    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                    "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": ns}]})
        until(lambda: kube.may(f"system:serviceaccount:{ns}:{name}", verb="*", group="*", resource="*"))


def authority(cluster):
    with open(os.path.join(cluster.folder, "pki", "ca.crt"), encoding="utf-8") as file:
        return file.read()


class Remote(Case):
    def setUp(self):
        super().setUp()
        self.far, self.cluster = REMOTE["kube"], REMOTE["cluster"]
        self.far.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.ns}})

    def kubeconfig(self, name="far", key="value", server=None, user=None, cluster=None):
        """A Secret with a kubeconfig for the other cluster, as its admin unless `user` says otherwise."""
        if user is None:
            account(self.far, self.ns, "deployer")
            until(lambda: self.far.get("ServiceAccount", "deployer", self.ns))
            answer = self.far.request("POST", self.far.path("ServiceAccount", self.ns, "deployer") + "/token",
                                      {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}})
            user = {"token": answer["status"]["token"]}
        trust = {"certificate-authority-data": base64.b64encode(authority(self.cluster).encode()).decode()}
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "x",
                  "clusters": [{"name": "x", "cluster": {"server": server or self.cluster.state["server"]} | (trust if cluster is None else cluster)}],
                  "users": [{"name": "x", "user": user}], "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}]}
        self.kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": self.ns},
                         "data": {key: base64.b64encode(json.dumps(config).encode()).decode()}})

    def prepare(self, files, **spec):
        self.repository = self.env.repository(self.ns, files)
        self.source("fleet", self.repository)
        self.kustomization(**({"kubeConfig": {"secretRef": {"name": "far"}}} | spec))

    def _delete_ours(self):
        self.kubeconfig()  # a finalizer needs it
        super()._delete_ours()


class LifeTest(Remote):
    def test_applied_mended_pruned_and_deleted_over_there(self):
        self.kubeconfig()
        self.prepare({"a.yaml": config_map("a", {"n": "1"}), "b.yaml": config_map("b")})
        self.await_applied(self.repository)
        self.assertEqual(data_of(self.far.get("ConfigMap", "a", self.ns)), {"n": "1"})
        self.assertIsNone(self.kube.get("ConfigMap", "a", self.ns), "it was applied here")
        self.far.patch("ConfigMap", "a", self.ns, {"data": {"n": "2"}}, manager="somebody")
        until(lambda: data_of(self.far.get("ConfigMap", "a", self.ns)) == {"n": "1"}, seen=lambda: self.far.get("ConfigMap", "a", self.ns))
        self.far.delete("ConfigMap", "a", self.ns)
        until(lambda: self.far.get("ConfigMap", "a", self.ns))
        self.push(self.repository, {"b.yaml": None, "c.yaml": config_map("c")})
        self.await_applied(self.repository)
        self.assertIsNone(self.far.get("ConfigMap", "b", self.ns))
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.assertIsNone(self.far.get("ConfigMap", "a", self.ns))
        self.assertIsNone(self.far.get("ConfigMap", "c", self.ns))

    def test_health_is_that_of_the_other_cluster(self):
        self.kubeconfig(key="value.yaml")
        self.prepare({"web.yaml": deployment("web")}, wait=True)
        self.await_applied(self.repository)
        self.assertEqual(condition_of(self.kube.get("Kustomization", "app", self.ns), "Healthy")["status"], "True")
        self.assertEqual(self.far.get("Deployment", "web", self.ns)["status"]["availableReplicas"], 1)

    def test_two_share_a_cluster_that_is_closed_behind_the_last(self):
        self.kubeconfig(key="mine")
        ref = {"secretRef": {"name": "far", "key": "mine"}}
        self.prepare({"one/a.yaml": config_map("one"), "two/a.yaml": config_map("two")}, path="one", kubeConfig=ref)
        self.kustomization("second", path="two", kubeConfig=ref)
        self.await_applied(self.repository)
        self.await_applied(self.repository, "second")
        words = lambda: [line["msg"] for line in self.controller.lines() if line["msg"].startswith("remote cluster")]  # noqa: E731
        opened, closed = words().count("remote cluster opened"), words().count("remote cluster closed")
        for name in ("app", "second"):
            self.kube.delete("Kustomization", name, self.ns)
            self.await_gone("Kustomization", name)
        until(lambda: words().count("remote cluster closed") > closed, seen=words)
        self.assertEqual(words().count("remote cluster opened"), opened)

    def test_impersonation_reaches_the_other_cluster(self):
        self.kubeconfig()
        account(self.kube, self.ns, "tenant", admin=False)
        self.prepare({"a.yaml": config_map("a")}, serviceAccountName="tenant", retryInterval="1s")
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertIn(f'User "system:serviceaccount:{self.ns}:tenant" cannot', message)
        self.assertIsNone(self.far.get("ConfigMap", "a", self.ns))
        account(self.far, self.ns, "tenant")
        self.await_applied(self.repository)


    def test_T49_another_cluster_in_the_secret(self):
        self.kubeconfig()
        self.prepare({"a.yaml": config_map("a"), "b.yaml": config_map("b")}, retryInterval="1s")
        self.await_applied(self.repository)
        here = self.kube.apply(config_map("b", {"of": "this cluster"}, namespace=self.ns))
        trust = {"certificate-authority-data": base64.b64encode(authority(self.env.cluster).encode()).decode()}
        account(self.kube, self.ns, "deployer")
        until(lambda: self.kube.get("ServiceAccount", "deployer", self.ns))
        token = self.kube.request("POST", self.kube.path("ServiceAccount", self.ns, "deployer") + "/token",
                                  {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}})["status"]["token"]
        self.kubeconfig(server=self.env.cluster.state["server"], user={"token": token}, cluster=trust)
        self.push(self.repository, {"b.yaml": None})
        self.await_applied(self.repository)
        self.assertIsNotNone(self.kube.get("ConfigMap", "a", self.ns), "it was not applied to the new cluster")
        self.assertEqual(self.kube.get("ConfigMap", "b", self.ns)["metadata"]["uid"], here["metadata"]["uid"], "what the old cluster held was pruned on the new one")
        self.assertIsNotNone(self.far.get("ConfigMap", "b", self.ns), "the old cluster is out of reach")


class RefusalTest(Remote):
    def test_no_secret_yet(self):
        self.prepare({"a.yaml": config_map("a")}, retryInterval="1s")
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertEqual(message, f"unable to read KubeConfig Secret '{self.ns}/far': secrets \"far\" not found")
        self.kubeconfig()
        self.await_applied(self.repository)
        self.kube.delete("Secret", "far", self.ns)
        self.kube.delete("Kustomization", "app", self.ns)
        until(lambda: any("pruning for deleted resource failed: unable to read KubeConfig" in event.get("message", "")
                          for event in self.kube.list("Event", self.ns)))
        self.assertIsNotNone(self.kube.get("Kustomization", "app", self.ns), "it forgot what it left behind")
        self.kubeconfig()
        self.await_gone("Kustomization", "app")
        self.assertIsNone(self.far.get("ConfigMap", "a", self.ns))

    def test_T48_what_a_kubeconfig_may_not_ask_for(self):
        rows = (
            ("exec", {"user": {"exec": {"command": "true", "apiVersion": "client.authentication.k8s.io/v1"}}},
             'user "x": exec plugins are not run; use a token or a client certificate'),
            ("token-file", {"user": {"tokenFile": "/etc/passwd"}}, 'user "x": tokenFile names a file; only inline data is allowed here'),
            ("insecure", {"user": {"token": "x"}, "cluster": {"insecure-skip-tls-verify": True}},
             'cluster "x": insecure-skip-tls-verify is not allowed here'),
            ("ca-file", {"user": {"token": "x"}, "cluster": {"certificate-authority": "/etc/ssl/cert.pem"}},
             'cluster "x": certificate-authority names a file; only inline data is allowed here'),
        )
        self.repository = self.env.repository(self.ns, {"a.yaml": config_map("a")})
        self.source("fleet", self.repository)
        for name, parts, want in rows:
            with self.subTest(name):
                self.kubeconfig(name, **parts)
                self.kustomization(name, kubeConfig={"secretRef": {"name": name}})
                message = self.await_failed("Kustomization", name, "ReconciliationFailed")["message"]
                self.assertEqual(message, f"KubeConfig secret '{self.ns}/{name}': kubeconfig: {want}")
        self.kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "empty", "namespace": self.ns}})
        self.kustomization("empty", kubeConfig={"secretRef": {"name": "empty"}})
        self.assertEqual(self.await_failed("Kustomization", "empty", "ReconciliationFailed")["message"],
                         f"KubeConfig secret '{self.ns}/empty' contains neither a 'value' nor 'value.yaml' key with data")

    def test_a_cluster_that_is_away_hurts_nobody_else(self):
        port = self.env.ports.take()  # nobody listens there
        self.kubeconfig("away", server=f"https://127.0.0.1:{port}")
        self.prepare({"a.yaml": config_map("a")}, kubeConfig={"secretRef": {"name": "away"}}, retryInterval="1s")
        self.await_failed("Kustomization", "app", "ReconciliationFailed")
        self.kustomization("here", kubeConfig=None)
        self.await_applied(self.repository, "here")
        self.push(self.repository, {"a.yaml": config_map("a", {"n": "2"})})
        self.await_applied(self.repository, "here")
        self.kubeconfig("away")
        self.await_applied(self.repository)


    def test_a_cluster_that_hangs_hurts_nobody_else(self):
        self.kubeconfig()
        self.prepare({"a.yaml": config_map("a")}, retryInterval="1s", timeout="5s")
        self.await_applied(self.repository)
        self.cluster.signal("kube-apiserver", signal.SIGSTOP)
        self.addCleanup(self.cluster.signal, "kube-apiserver", signal.SIGCONT)
        for number in range(8):  # more than runs at a time
            self.kustomization(f"far-{number}", kubeConfig={"secretRef": {"name": "far"}}, retryInterval="1s", timeout="5s")
        self.kustomization("here", kubeConfig=None)
        self.await_applied(self.repository, "here")
        for number in range(8):
            self.await_object("Kustomization", f"far-{number}",
                              lambda obj: "the cluster of spec.kubeConfig does not answer" in condition_of(obj, "Ready").get("message", ""), seconds=240)
        self.cluster.signal("kube-apiserver", signal.SIGCONT)
        self.push(self.repository, {"a.yaml": config_map("a", {"n": "2"})})
        for number in range(8):
            self.await_applied(self.repository, f"far-{number}", seconds=180)
        until(lambda: data_of(self.far.get("ConfigMap", "a", self.ns)) == {"n": "2"})


    def test_R51_a_cluster_that_never_answers_holds_up_nobody_else(self):
        self.kubeconfig("far", server=f"https://{self.silence()}")
        self.repository = self.env.repository(self.ns, {"a.yaml": config_map("a")})
        self.source("fleet", self.repository)
        self.await_ready("GitRepository", "fleet")
        names = [f"far-{number}" for number in range(80)]
        for name in names:
            self.kustomization(name, kubeConfig={"secretRef": {"name": "far"}}, retryInterval="1h", prune=False)
        self.await_all_places_taken("Kustomization", names)
        self.kustomization("here", kubeConfig=None)
        self.await_applied(self.repository, "here")
        for name in names:
            self.assertNotEqual(condition_of(self.kube.get("Kustomization", name, self.ns), "Ready").get("status"), "False", "told before the other had its turn")


class ExecTest(Remote):
    """Programs that print credentials, with --insecure-kubeconfig-exec."""

    def setUp(self):
        super().setUp()
        self.controller.end()
        self.addCleanup(self.controller.start)
        other = self.env.controller("plugins", flags=["--insecure-kubeconfig-exec"])
        self.addCleanup(other.end)
        account(self.far, self.ns, "deployer")
        until(lambda: self.far.get("ServiceAccount", "deployer", self.ns))
        self.runs = os.path.join(self.env.folder, f"runs-{self.ns}")

    def token(self):
        return self.far.request("POST", self.far.path("ServiceAccount", self.ns, "deployer") + "/token",
                                {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 7200}})["status"]["token"]

    def plugin(self, script):
        self.kubeconfig(user={"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "command": "sh",
                                       "args": ["-c", f"echo run >> {self.runs}; " + script], "env": [{"name": "TOKEN", "value": self.token()}]}})

    def test_a_plugin_prints_the_token(self):
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        self.plugin("""printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"%s"}}' """
                    f'"$TOKEN" {soon}')
        self.prepare({"a.yaml": config_map("a", {"n": "1"})})
        self.await_applied(self.repository)
        self.assertEqual(data_of(self.far.get("ConfigMap", "a", self.ns)), {"n": "1"})
        self.push(self.repository, {"a.yaml": config_map("a", {"n": "2"})})
        self.await_applied(self.repository)
        with open(self.runs, encoding="ascii") as file:
            self.assertEqual(file.read(), "run\n", "its token was good for an hour")

    def test_one_that_fails(self):
        self.plugin("echo canary; exit 3")
        self.prepare({"a.yaml": config_map("a")}, retryInterval="1s")
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertEqual(message, f"KubeConfig secret '{self.ns}/far': kubeconfig: user \"x\": exec plugin sh failed with exit code 3")
        self.kubeconfig()
        self.await_applied(self.repository)


class ConfigMapTest(Remote):
    """configMapRef with provider generic. A cluster believes the tokens of its own service accounts, so the address is our own."""

    def config(self, name="far", **data):
        self.kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": self.ns}, "data": data})

    def generic(self, **changes):
        issuer = self.kube.request("GET", "/.well-known/openid-configuration")["issuer"]
        return {"provider": "generic", "address": self.env.cluster.state["server"], "ca.crt": authority(self.env.cluster), "audiences": issuer,
                "serviceAccountName": "deployer"} | changes

    def test_what_is_refused(self):
        self.repository = self.env.repository(self.ns, {"a.yaml": config_map("a")})
        self.source("fleet", self.repository)
        of = f"KubeConfig ConfigMap '{self.ns}/%s': "
        rows = (
            ("aws", {"provider": "aws"}, of + "provider aws is not served; use provider generic or a kubeconfig in a Secret"),
            ("other", {"provider": "other"}, of + 'data.provider "other" is none of aws, azure, gcp, generic'),
            ("no-address", {"provider": "generic"}, of + "data.address is required"),
            ("http", {"provider": "generic", "address": "http://x"}, of + "data.address is no https:// URL"),
            ("gate", self.generic(), "to use data.serviceAccountName in the .spec.kubeConfig.configMapRef ConfigMap please enable the "
                                     "ObjectLevelWorkloadIdentity feature gate in the controller"),
        )
        for name, data, want in rows:
            with self.subTest(name):
                self.config(name, **data)
                self.kustomization(name, kubeConfig={"configMapRef": {"name": name}})
                message = self.await_failed("Kustomization", name, "ReconciliationFailed")["message"]
                self.assertEqual(message, want % name if "%s" in want else want)

    def test_a_token_of_a_service_account(self):
        self.controller.end()
        self.controller.start(flags=["--feature-gates=ObjectLevelWorkloadIdentity=true"])
        self.addCleanup(self.controller.restart)
        account(self.kube, self.ns, "deployer")
        self.config(**self.generic())
        self.prepare({"a.yaml": config_map("a", {"n": "1"})}, kubeConfig={"configMapRef": {"name": "far"}})
        self.await_applied(self.repository)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "a", self.ns)), {"n": "1"})
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.assertIsNone(self.kube.get("ConfigMap", "a", self.ns))


if __name__ == "__main__":
    totals.main()
