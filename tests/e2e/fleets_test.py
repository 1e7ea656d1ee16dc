#!/usr/bin/env python3
"""Whole fleets, bootstrapped as `flux bootstrap` does it: examples/fleet, and two that the Flux project publishes as models.

The public ones come from ../shared/corpus/fleets (skipped aloud where that is not there), their files unchanged but for gotk-sync.yaml, the
placeholder that a bootstrap fills with the fleet's own GitRepository and Kustomization. Addresses outside of this machine are redirected
with spec.patches of that root Kustomization, each named where it is made. The kinds of other controllers are CRDs without schema, and the
test says Ready for those controllers, and for the releases of MonitoringTest, whose charts are not at hand and which it suspends.
"""

import http.server
import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import SHARED, Case, condition_of, config_map, data_of, is_ready, until  # noqa: E402
from kube import Recorder  # noqa: E402
from oci_registry import Registry  # noqa: E402

CHARTS = os.path.join(harness.ROOT, "tests", "fixtures", "charts")
REPOSITORIES = os.path.join(SHARED, "corpus", "fleets", "repos")
SYSTEM = "flux-system"


class Fleet(Case):
    """A fleet below `path` of a repository, in a cluster of its own; what the cases of a class do to it, they do in order of their names."""

    def setUp(self):
        self.kube = self.env.kube
        self.ns = SYSTEM

    @classmethod
    def begin(cls, name, flags):
        harness.begin(name, flags, case=cls)
        cls.kube = cls.env.kube
        cls.order = Recorder(cls.kube, "Kustomization")
        cls.addClassCleanup(cls.order.close)

    @classmethod
    def repository_of(cls, name):
        folder = os.path.join(REPOSITORIES, name)
        if not os.path.isdir(folder):
            raise unittest.SkipTest(f"{folder} is not there")
        return folder

    @classmethod
    def bootstrap(cls, folder, path, patches=()):
        """What `flux bootstrap --path` does: writes gotk-sync.yaml, pushes it, and applies the folder once."""
        cls.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
        cls.repository = cls.env.repository("fleet", folder=folder)
        source = {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": SYSTEM, "namespace": SYSTEM},
                  "spec": {"interval": "1m0s", "ref": {"branch": "main"}, "url": cls.env.git.url("fleet")}}
        sync = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": SYSTEM, "namespace": SYSTEM},
                "spec": {"interval": "10m0s", "path": "./" + path, "prune": True, "sourceRef": {"kind": "GitRepository", "name": SYSTEM},
                         "patches": list(patches)}}
        cls.repository.commit({f"{path}/flux-system/gotk-sync.yaml": [source, sync]}, "Add Flux sync manifests")
        cls.env.kubectl("apply", "-k", os.path.join(cls.repository.tree, path, "flux-system"))

    @classmethod
    def foreign(cls, group, *kinds):
        """CRDs of other controllers; those of Flux begin, as its CRDs say, with a status that shows that nobody has looked yet."""
        for version, kind, *plural in kinds:
            if cls.older(group, version, kind, *plural):
                continue
            cls.env.install_kind(group, version, kind, *plural, status={"observedGeneration": -1} if "fluxcd.io" in group else None)

    @classmethod
    def older(cls, group, version, kind, plural=None):
        """Whether Sluice brings the kind itself; then serves `version` of it too, as an older Flux did."""
        name = f"{plural or kind.lower() + 's'}.{group}"
        definition = cls.kube.get("apiextensions.k8s.io/v1/CustomResourceDefinition", name)
        if not definition:
            return False
        versions = definition["spec"]["versions"]
        if version not in [served["name"] for served in versions]:
            cls.kube.patch("apiextensions.k8s.io/v1/CustomResourceDefinition", name, None,
                           [{"op": "add", "path": "/spec/versions/-", "value": versions[0] | {"name": version, "storage": False}}])
            cls.env.await_kind(f"{group}/{version}/{kind}")
        return True

    def say_ready(self, kind, name, ns):
        """Plays the controller of a foreign kind: everything is well."""
        obj = self.await_object(kind, name, lambda obj: True, ns)
        self.kube.patch(kind, name, ns, {"status": {"observedGeneration": obj["metadata"]["generation"], "conditions": [
            {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "by the test", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}, "status")

    def assert_ready_in_order(self, *names):
        """Each became Ready for the first time after the one before it."""
        def first(name):
            return self.order.first(lambda _, obj: obj["metadata"]["name"] == name and is_ready(obj))
        places = until(lambda: None not in (found := {name: first(name) for name in names}).values() and found)  # a watch may lag behind a read
        self.assertEqual(sorted(names, key=places.get), list(names))

    def inventory(self, name, ns=None):
        return [entry["id"] for entry in self.kube.get("Kustomization", name, ns or self.ns)["status"]["inventory"]["entries"]]


class ExampleTest(Fleet):
    """examples/fleet, which the demo shows."""

    @classmethod
    def setUpClass(cls):
        cls.begin("fleet-example", [])
        cls.repository = cls.env.repository("fleet", folder=os.path.join(harness.ROOT, "examples", "fleet"))
        cls.kube.apply(config_map("cluster-settings", {"registry": "registry.example.com", "cluster_name": "e2e"}, namespace="flux"))
        cls.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "fleet", "namespace": "flux"},
                        "spec": {"interval": "1h", "ref": {"branch": "main"}, "url": cls.env.git.url("fleet")}})
        cls.kube.apply({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "cluster", "namespace": "flux"},
                        "spec": {"interval": "1h", "path": "./clusters/demo", "prune": True, "sourceRef": {"kind": "GitRepository", "name": "fleet"}}})

    def setUp(self):
        super().setUp()
        self.ns = "flux"

    def edit(self, path, old, new):
        with open(os.path.join(self.repository.tree, path), encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        self.push(self.repository, {path: text.replace(old, new)})

    def test_1_all_become_ready_one_after_the_other(self):
        for name in ("cluster", "infrastructure", "apps", "releases"):
            self.await_applied(self.repository, name)
        self.assert_ready_in_order("infrastructure", "apps")
        self.assert_ready_in_order("infrastructure", "releases")
        web = self.kube.get("Deployment", "web", "shop")
        self.assertEqual(web["spec"]["template"]["spec"]["containers"][0]["image"], "registry.example.com/app:1")
        [page] = [item for item in self.kube.list("ConfigMap", "shop") if item["metadata"]["name"].startswith("page-")]
        self.assertEqual(data_of(page), {"index.html": "Hello from e2e"})
        self.assertEqual(web["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"], page["metadata"]["name"])

    def test_2_a_pushed_image_is_rolled_out(self):
        self.edit("apps/demo/kustomization.yaml", 'newTag: "1"', 'newTag: "2"')
        self.await_applied(self.repository, "apps")
        web = self.kube.get("Deployment", "web", "shop")
        self.assertEqual(web["spec"]["template"]["spec"]["containers"][0]["image"], "registry.example.com/app:2")
        self.assertEqual((web["status"]["updatedReplicas"], web["status"]["availableReplicas"]), (2, 2))

    def test_3_the_release_follows_its_values_and_its_chart(self):
        self.await_release("1.0.0", 1)
        page = self.kube.get("ConfigMap", "notice-page", "shop")
        self.assertEqual(data_of(page), {"index.html": "We open at nine"})
        self.edit("releases/demo/notice.yaml", "We open at nine", "We open at ten")
        self.await_release("1.0.0", 2)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "notice-page", "shop")), {"index.html": "We open at ten"})
        self.edit("charts/notice/Chart.yaml", "version: 1.0.0", "version: 1.1.0")
        self.await_release("1.1.0", 3)

    def await_release(self, chart_version, revision):
        def shows(obj):
            history = obj.get("status", {}).get("history") or [{}]
            return is_ready(obj) and (history[0].get("chartVersion"), history[0].get("version"), history[0].get("status")) == (chart_version, revision, "deployed")
        self.await_object("helm.toolkit.fluxcd.io/v2/HelmRelease", "notice", shows, "shop")

    def test_4_a_changed_page_is_another_config_map_and_the_old_one_is_pruned(self):
        before = [entry for entry in self.inventory("apps") if "_page-" in entry]
        self.edit("apps/demo/kustomization.yaml", "Hello from", "Greetings from")
        self.await_applied(self.repository, "apps")
        after = [entry for entry in self.inventory("apps") if "_page-" in entry]
        self.assertEqual((len(before), len(after)), (1, 1))
        self.assertNotEqual(before, after)
        self.assertEqual([data_of(item) for item in self.kube.list("ConfigMap", "shop") if item["metadata"]["name"].startswith("page-")],
                         [{"index.html": "Greetings from e2e"}])

    def test_5_a_kustomization_removed_from_git_takes_its_objects_along(self):
        self.push(self.repository, {"clusters/demo/apps.yaml": None})
        self.await_gone("Kustomization", "apps")
        self.assertIsNone(self.kube.get("Deployment", "web", "shop"))
        self.assertIsNone(self.kube.get("Service", "web", "shop"))
        self.assertIsNotNone(self.kube.get("Namespace", "shop"))


class MultiTenancyTest(Fleet):
    """fluxcd/flux2-multi-tenancy, cluster staging: policies by an admin, a tenant under its own account."""

    TENANT = "system:serviceaccount:apps:dev-team"

    @classmethod
    def setUpClass(cls):
        folder = cls.repository_of("fluxcd-flux2-multi-tenancy")
        # The arguments that the fleet's flux-system/kustomization.yaml gives the controllers.
        cls.begin("fleet-tenants", ["--no-cross-namespace-refs=true", "--no-remote-bases=true", "--default-service-account=default"])
        cls.foreign("source.toolkit.fluxcd.io", ("v1beta2", "OCIRepository", "ocirepositories"))
        # What the install manifests bring, and every Kustomization of the fleet names.
        cls.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
        cls.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "kustomize-controller", "namespace": SYSTEM}})
        cls.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "cluster-reconciler-flux-system"},
                        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                        "subjects": [{"kind": "ServiceAccount", "name": "kustomize-controller", "namespace": SYSTEM}]})
        # Stands in for oci://ghcr.io/kyverno/manifests/kyverno: of all that Kyverno installs, the kind that the policies need.
        policy = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "clusterpolicies.kyverno.io"},
                  "spec": {"group": "kyverno.io", "scope": "Cluster", "names": {"kind": "ClusterPolicy", "plural": "clusterpolicies", "singular": "clusterpolicy"},
                           "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                               "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
        cls.kyverno = cls.env.repository("kyverno", {"crd.yaml": policy})
        cls.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "kyverno-controller", "namespace": SYSTEM},
                        "spec": {"interval": "1h", "ref": {"branch": "main"}, "url": cls.env.git.url("kyverno")}})
        # The tenant's branch of https://github.com/fluxcd/flux2-multi-tenancy, with what tenants have: an application in ./staging.
        cls.team = cls.env.repository("dev-team", {"staging/kustomization.yaml": {"resources": ["settings.yaml", "web.yaml"]},
                                                   "staging/settings.yaml": config_map("settings", {"n": "1"}, namespace="apps"),
                                                   "staging/web.yaml": named(harness.deployment("web"), "apps")}, branch="dev-team")
        cls.bootstrap(folder, "clusters/staging", (
            # Kyverno's manifests from Git instead of from ghcr.io.
            into("kyverno", {"target": {"kind": "Kustomization", "name": "kyverno-controller"},
                             "patch": '[{"op": "replace", "path": "/spec/sourceRef/kind", "value": "GitRepository"}]'}, NO_REGISTRIES),
            # The tenant's repository from this machine instead of from github.com.
            into("tenants", {"target": {"kind": "GitRepository", "name": "dev-team"},
                             "patch": f'[{{"op": "replace", "path": "/spec/url", "value": "{cls.env.git.url("dev-team")}"}}]'})))

    def test_1_policies_then_tenants(self):
        self.await_object("Kustomization", "kyverno", lambda obj: "kyverno-controller" in condition_of(obj, "Reconciling").get("message", ""))
        self.assertNotIn("inventory", self.kube.get("Kustomization", "tenants", SYSTEM).get("status", {}), "tenants must wait for the policies")
        self.say_ready("source.toolkit.fluxcd.io/v1beta2/OCIRepository", "kyverno-controller", SYSTEM)
        for name in ("flux-system", "kyverno", "kyverno-policies", "tenants"):
            self.await_applied(self.repository, name)
        self.await_applied(self.kyverno, "kyverno-controller")
        self.await_applied(self.team, "dev-team", "apps")
        self.assert_ready_in_order("kyverno-controller", "kyverno", "kyverno-policies", "tenants", "dev-team")
        self.assertEqual(self.inventory("kyverno-policies"), ["_verify-flux-images_kyverno.io_ClusterPolicy", "_verify-git-repositories_kyverno.io_ClusterPolicy"])
        self.assertEqual(self.inventory("tenants"), ["_apps__Namespace", "apps_dev-team__ServiceAccount", "apps_gotk-reconciler_rbac.authorization.k8s.io_RoleBinding",
                                                     "apps_dev-team_kustomize.toolkit.fluxcd.io_Kustomization", "apps_dev-team_source.toolkit.fluxcd.io_GitRepository"])
        self.assertEqual(self.inventory("dev-team", "apps"), ["apps_settings__ConfigMap", "apps_web_apps_Deployment"])
        app = self.kube.get("Kustomization", "dev-team", "apps")
        self.assertEqual((app["spec"]["path"], app["spec"]["serviceAccountName"]), ("./staging", "dev-team"))

    def test_2_the_fleet_manages_itself(self):
        root = self.kube.get("Kustomization", SYSTEM, SYSTEM)
        self.assertEqual(root["spec"]["serviceAccountName"], "kustomize-controller")  # the fleet's own patch
        self.assertIn(f"{SYSTEM}_{SYSTEM}_kustomize.toolkit.fluxcd.io_Kustomization", self.inventory(SYSTEM))
        self.assertIn(("kustomize-controller", "Apply"), [(field["manager"], field["operation"]) for field in root["metadata"]["managedFields"]])

    def test_3_a_tenant_may_do_what_its_account_may(self):
        self.kube.patch("Kustomization", "tenants", SYSTEM, {"spec": {"suspend": True}})  # or the binding would be put back at once
        until(lambda: self.is_known_as_suspended("Kustomization", "tenants", SYSTEM))
        self.kube.delete("RoleBinding", "gotk-reconciler", "apps")
        self.team.commit({"staging/settings.yaml": config_map("settings", {"n": "2"}, namespace="apps")})
        self.request("GitRepository", "dev-team", "apps")
        message = self.await_failed("Kustomization", "dev-team", "ReconciliationFailed", "apps")["message"]
        self.assertIn("ConfigMap/apps/settings dry-run failed", message)
        self.assertIn(f'User "{self.TENANT}" cannot patch resource "configmaps"', message)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", "apps")), {"n": "1"})
        self.kube.patch("Kustomization", "tenants", SYSTEM, {"spec": {"suspend": None}})
        until(lambda: self.kube.get("RoleBinding", "gotk-reconciler", "apps"))
        self.request("Kustomization", "dev-team", "apps")
        self.await_applied(self.team, "dev-team", "apps")
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", "apps")), {"n": "2"})

    def test_4_a_tenant_cannot_reach_beyond_its_namespace(self):
        self.team.commit({"staging/kustomization.yaml": {"resources": ["settings.yaml", "web.yaml", "foreign.yaml"]},
                          "staging/foreign.yaml": config_map("foreign", namespace=SYSTEM)})
        self.request("GitRepository", "dev-team", "apps")
        message = self.await_failed("Kustomization", "dev-team", "ReconciliationFailed", "apps")["message"]
        self.assertIn(f'User "{self.TENANT}" cannot patch resource "configmaps" in API group "" in the namespace "{SYSTEM}"', message)
        self.team.commit({"staging/foreign.yaml": None, "staging/kustomization.yaml": {"resources": ["settings.yaml", "web.yaml", "sync.yaml"]},
                          "staging/sync.yaml": {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                                                "metadata": {"name": "borrowed", "namespace": "apps"},
                                                "spec": {"interval": "1h", "prune": True, "path": "./clusters/staging",
                                                         "sourceRef": {"kind": "GitRepository", "name": SYSTEM, "namespace": SYSTEM}}}})
        self.request("GitRepository", "dev-team", "apps")
        self.await_applied(self.team, "dev-team", "apps")
        self.assertEqual(self.await_failed("Kustomization", "borrowed", "AccessDenied", "apps")["message"],
                         f"can't access 'GitRepository/{SYSTEM}/{SYSTEM}', cross-namespace references have been blocked")
        self.team.commit({"staging/sync.yaml": None, "staging/kustomization.yaml": {"resources": ["settings.yaml", "web.yaml"]}})
        self.request("GitRepository", "dev-team", "apps")
        self.await_gone("Kustomization", "borrowed", "apps")

    def test_5_a_pushed_change_arrives_and_what_is_removed_is_pruned(self):
        path = "infrastructure/kyverno-policies/verify-git-repositories.yaml"
        with open(os.path.join(self.repository.tree, path), encoding="utf-8") as file:
            text = file.read()
        self.push(self.repository, {path: text.replace("validationFailureAction: Audit", "validationFailureAction: Enforce"),
                                    "infrastructure/kyverno-policies/kustomization.yaml": {"resources": ["verify-git-repositories.yaml"]}}, SYSTEM)
        self.await_applied(self.repository, "kyverno-policies")
        kind = "kyverno.io/v1/ClusterPolicy"
        self.assertEqual(self.kube.get(kind, "verify-git-repositories")["spec"]["validationFailureAction"], "Enforce")
        self.assertIsNone(self.kube.get(kind, "verify-flux-images"))
        self.await_applied(self.repository, "tenants")

    def test_6_a_tenant_that_leaves_goes_completely(self):
        self.push(self.repository, {"tenants/staging/kustomization.yaml": {"resources": []}}, SYSTEM)
        self.await_object("Kustomization", "tenants", lambda obj: condition_of(obj, "Ready").get("reason") == "PruneHeld", SYSTEM)
        self.assertNotIn("deletionTimestamp", self.kube.get("Namespace", "apps")["metadata"], "an empty build may be a mistake")
        self.kube.patch("Kustomization", "tenants", SYSTEM, {"metadata": {"annotations": {"sluice.dev/allow-prune": self.repository.revision}}})
        self.await_applied(self.repository, "tenants")
        self.await_gone("Namespace", "apps", "")
        self.assertEqual([item["metadata"]["name"] for item in self.kube.list("Kustomization", "apps")], [])


class MonitoringTest(Fleet):
    """fluxcd/flux2-monitoring-example, cluster test: Helm releases that one Kustomization waits for, and configuration after them."""

    HELM = "helm.toolkit.fluxcd.io/v2/HelmRelease"

    @classmethod
    def setUpClass(cls):
        folder = cls.repository_of("fluxcd-flux2-monitoring-example")
        # The arguments that the fleet's flux-system/kustomization.yaml gives the controllers.
        cls.begin("fleet-monitoring", ["--concurrent=20", "--requeue-dependency=5s"])
        cls.foreign("source.toolkit.fluxcd.io", ("v1", "OCIRepository", "ocirepositories"), ("v1", "HelmRepository", "helmrepositories"))
        cls.foreign("helm.toolkit.fluxcd.io", ("v2", "HelmRelease"))
        cls.foreign("monitoring.coreos.com", ("v1", "PodMonitor"))
        cls.bootstrap(folder, "clusters/test", [into("monitoring-controllers", NO_REGISTRIES, suspended("HelmRepository"), suspended("HelmRelease"))])

    def test_1_releases_then_configuration(self):
        waiting = self.await_object("Kustomization", "monitoring-controllers", lambda obj: "HelmRelease monitoring/" in condition_of(obj, "Reconciling").get("message", ""))
        self.assertEqual(condition_of(waiting, "Ready")["status"], "Unknown")
        self.assertNotIn("inventory", self.kube.get("Kustomization", "monitoring-configs", SYSTEM).get("status", {}))
        for kind, name in (("source.toolkit.fluxcd.io/v1/OCIRepository", "kube-prometheus-stack"), ("source.toolkit.fluxcd.io/v1/HelmRepository", "grafana-charts"),
                           (self.HELM, "kube-prometheus-stack"), (self.HELM, "loki"), (self.HELM, "promtail")):
            self.say_ready(kind, name, "monitoring")
        for name in ("flux-system", "monitoring-controllers", "monitoring-configs"):
            self.await_applied(self.repository, name)
        self.assert_ready_in_order("monitoring-controllers", "monitoring-configs")

    def test_2_generated_config_maps_are_found_in_the_releases(self):
        [name] = [entry.split("_")[1] for entry in self.inventory("monitoring-controllers") if entry.endswith("__ConfigMap")]
        self.assertRegex(name, "^flux-kube-state-metrics-config-[a-z0-9]{10}$")
        release = self.kube.get(self.HELM, "kube-prometheus-stack", "monitoring")
        self.assertEqual(release["spec"]["valuesFrom"][0]["name"], name)  # by the fleet's own kustomizeconfig.yaml
        [boards] = [item for item in self.kube.list("ConfigMap", "monitoring", "grafana_dashboard=1")]
        self.assertEqual(sorted(boards["data"]), ["cluster.json", "control-plane.json", "logs.json"])
        self.assertIn("${DS_PROMETHEUS}", boards["data"]["control-plane.json"])

    def test_3_the_configuration_of_the_cluster_is_labelled(self):
        self.assertEqual(self.kube.get("Kustomization", SYSTEM, SYSTEM)["metadata"]["labels"]["toolkit.fluxcd.io/tenant"], "sre-team")

    def test_4_a_pushed_change_arrives_and_waits_for_its_release_again(self):
        path = "monitoring/controllers/loki-stack/promtail-release.yaml"
        with open(os.path.join(self.repository.tree, path), encoding="utf-8") as file:
            text = file.read()
        before = self.kube.get(self.HELM, "promtail", "monitoring")["metadata"]["generation"]
        self.push(self.repository, {path: text.replace('version: "6.x"', 'version: "6.16.x"')}, SYSTEM)
        changed = self.await_object(self.HELM, "promtail", lambda obj: obj["spec"]["chart"]["spec"]["version"] == "6.16.x", "monitoring")
        self.assertGreater(changed["metadata"]["generation"], before)
        # Its controller has not looked at the new generation yet, so the rollout is not done.
        self.await_object("Kustomization", "monitoring-controllers", lambda obj: "HelmRelease monitoring/promtail" in condition_of(obj, "Reconciling").get("message", ""))
        self.say_ready(self.HELM, "promtail", "monitoring")
        self.await_applied(self.repository, "monitoring-controllers")
        self.await_applied(self.repository, "monitoring-configs")

    def test_5_what_is_removed_is_pruned(self):
        self.push(self.repository, {"monitoring/controllers/loki-stack": None}, SYSTEM)
        self.await_applied(self.repository, "monitoring-controllers")
        self.assertEqual([item["metadata"]["name"] for item in self.kube.list(self.HELM, "monitoring")], ["kube-prometheus-stack"])
        self.assertEqual(self.kube.list("source.toolkit.fluxcd.io/v1/HelmRepository", "monitoring"), [])


class KustomizeHelmTest(Fleet):
    """fluxcd/flux2-kustomize-helm-example, cluster staging, whole: a monorepo split into artifacts by an ArtifactGenerator, built from these, and its
    three Helm releases installed from a registry and a chart repository of this machine."""

    HELM = "helm.toolkit.fluxcd.io/v2/HelmRelease"
    # cert-manager's webhooks need a webhook that runs, and nodes are simulated here.
    NO_WEBHOOKS = {"op": "add", "path": "/spec/postRenderers", "value": [{"kustomize": {"patches": [
        {"target": {"kind": kind}, "patch": f"$patch: delete\napiVersion: admissionregistration.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: all\n"}
        for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")]}}]}

    @classmethod
    def setUpClass(cls):
        folder = cls.repository_of("fluxcd-flux2-kustomize-helm-example")
        # source-watcher's install gives the controllers this gate.
        cls.begin("fleet-helm", ["--feature-gates=ExternalArtifact=true", "--concurrent=20", "--requeue-dependency=5s"])
        cls.serve_charts()
        oci = f"oci://{cls.registry.address}/charts"
        cls.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
        cls.bootstrap(folder, "clusters/staging", [
            into("infra-controllers", *(moved("OCIRepository", name, f"{oci}/{name}", insecure=True) for name in ("cert-manager", "gateway-helm")),
                 {"target": {"kind": "HelmRelease", "name": "cert-manager"}, "patch": harness.json.dumps([cls.NO_WEBHOOKS])}),
            into("apps", moved("HelmRepository", "podinfo", f"http://{cls.charts.address}"))])

    @classmethod
    def serve_charts(cls):
        """The three charts, packed and pushed by the real helm: cert-manager's own (of the corpus), and stand-ins for the others."""
        cls.helm = harness.helm(4)
        cls.registry = Registry(os.path.join(cls.env.folder, "registry"), cls.env.ports.take())
        cls.addClassCleanup(cls.registry.stop)
        repository = os.path.join(cls.env.folder, "charts")
        cls.run_helm("package", os.path.join(SHARED, "corpus", "helm", "charts", "cert-manager"), "--version", "1.18.2", "-d", cls.env.folder)
        cls.run_helm("package", os.path.join(CHARTS, "gateway-helm"), "-d", cls.env.folder)
        cls.run_helm("package", os.path.join(CHARTS, "podinfo"), "-d", repository)
        for archive in ("cert-manager-1.18.2.tgz", "gateway-helm-1.8.0.tgz"):
            cls.run_helm("push", "--plain-http", os.path.join(cls.env.folder, archive), f"oci://{cls.registry.address}/charts")
        cls.run_helm("repo", "index", repository)
        cls.charts = FolderServer(repository)
        cls.addClassCleanup(cls.charts.close)

    @classmethod
    def run_helm(cls, *arguments):
        return harness.run([cls.helm, *arguments])

    def generate(self):
        """clusters/staging/artifacts.yaml, as the fleet has it (the corpus, whose cases are builds, leaves it out)."""
        def copied(source, target):
            return {"from": f"@monorepo/{source}/**", "to": f"@artifact/{target}"}
        return {"apiVersion": "source.extensions.fluxcd.io/v1beta1", "kind": "ArtifactGenerator", "metadata": {"name": SYSTEM, "namespace": SYSTEM},
                "spec": {"sources": [{"alias": "monorepo", "kind": "GitRepository", "name": SYSTEM}], "artifacts": [
                    {"name": "infrastructure", "originRevision": "@monorepo", "copy": [copied("infrastructure", "")]},
                    {"name": "apps", "originRevision": "@monorepo", "copy": [copied("apps/base", "base/"), copied("apps/staging", "staging/")]}]}}

    def revision(self, name):
        return self.kube.get("source.toolkit.fluxcd.io/v1/ExternalArtifact", name, SYSTEM)["status"]["artifact"]["revision"]

    def await_built(self, name, artifact):
        return self.await_object("Kustomization", name, lambda obj: is_ready(obj) and obj["status"]["lastAppliedRevision"] == self.revision(artifact))

    def releases(self, ns):
        listed = harness.json.loads(self.run_helm("list", "-n", ns, "--kubeconfig", self.env.cluster.kubeconfig, "-o", "json"))
        return [(item["name"], item["revision"], item["status"], item["chart"]) for item in listed]

    def test_1_all_become_ready_one_after_the_other(self):
        self.push(self.repository, {"clusters/staging/artifacts.yaml": self.generate()}, SYSTEM)
        self.await_applied(self.repository, SYSTEM)
        for name, artifact in (("infra-controllers", "infrastructure"), ("infra-configs", "infrastructure"), ("apps", "apps")):
            applied = self.await_built(name, artifact)
            self.assertEqual(applied["status"]["lastAppliedOriginRevision"], self.repository.revision)
        self.assert_ready_in_order("infra-controllers", "infra-configs", "apps")
        issuer = self.kube.get("cert-manager.io/v1/ClusterIssuer", "letsencrypt")
        self.assertEqual(issuer["spec"]["acme"]["server"], "https://acme-staging-v02.api.letsencrypt.org/directory")

    def test_2_helm_sees_the_releases(self):
        self.assertEqual(self.releases("cert-manager"), [("cert-manager", "1", "deployed", "cert-manager-1.18.2+" + self.digest("cert-manager"))])
        self.assertEqual(self.releases("envoy-gateway-system"), [("envoy-gateway", "1", "deployed", "gateway-helm-1.8.0+" + self.digest("gateway-helm", "envoy-gateway-system"))])
        self.assertEqual(self.releases("podinfo"), [("podinfo", "1", "deployed", "podinfo-6.9.0")])
        self.assertIn("podinfo.staging", self.kube.get("gateway.networking.k8s.io/v1/HTTPRoute", "podinfo", "podinfo")["spec"]["hostnames"])
        for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
            self.assertEqual(self.kube.list(f"admissionregistration.k8s.io/v1/{kind}"), [])

    def digest(self, name, ns=None):
        """What Flux puts behind the version of a chart from a registry."""
        revision = self.kube.get("source.toolkit.fluxcd.io/v1/OCIRepository", name, ns or name)["status"]["artifact"]["revision"]
        return revision.split("@sha256:")[1][:12]

    def test_3_a_commit_moves_only_what_it_touches(self):
        apps, infrastructure = self.revision("apps"), self.revision("infrastructure")
        path = "apps/staging/podinfo-values.yaml"
        with open(os.path.join(self.repository.tree, path), encoding="utf-8") as file:
            text = file.read()
        self.push(self.repository, {path: text.replace("podinfo.staging", "podinfo.example")}, SYSTEM)
        until(lambda: self.revision("apps") != apps)
        self.assertEqual(self.revision("infrastructure"), infrastructure)
        self.await_object("gateway.networking.k8s.io/v1/HTTPRoute", "podinfo", lambda obj: obj["spec"]["hostnames"] == ["podinfo.example"], "podinfo")
        self.await_built("apps", "apps")
        self.assertEqual(self.releases("podinfo"), [("podinfo", "2", "deployed", "podinfo-6.9.0")])
        self.assertEqual([name_and_revision[1] for name_and_revision in self.releases("cert-manager")], ["1"])


class FolderServer:
    """A folder over HTTP: a chart repository as people have them."""

    def __init__(self, folder):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=folder)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def moved(kind, name, url, **spec):
    """A patch that gives the source another address."""
    return {"target": {"kind": kind, "name": name}, "patch": harness.json.dumps(
        [{"op": "replace", "path": "/spec/url", "value": url}] + [{"op": "add", "path": f"/spec/{key}", "value": value} for key, value in spec.items()])}


def into(name, *patches):
    """A patch of the root Kustomization that hands `patches` on to the spec.patches of the Kustomization `name`."""
    return {"target": {"kind": "Kustomization", "name": name},
            "patch": harness.json.dumps([{"op": "add", "path": "/spec/patches", "value": list(patches)}])}


# Registries are outside of this machine: nobody looks at them, and the test says what is to be said of them.
def suspended(kind):
    return {"target": {"kind": kind}, "patch": '[{"op": "add", "path": "/spec/suspend", "value": true}]'}


NO_REGISTRIES = suspended("OCIRepository")


def named(obj, ns):
    obj["metadata"]["namespace"] = ns
    return obj


if __name__ == "__main__":
    totals.main()
