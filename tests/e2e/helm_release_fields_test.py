#!/usr/bin/env python3
"""The fields of a HelmRelease that say how it is installed, upgraded, tested, healed and removed: one case a field, which shows what it does and, where it matters,
what happens without it. Where a release's chart comes from and in whose name it is released is in helm_release_access_test.py."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness
import helm_cases
import totals
from harness import condition_of, config_map, data_of, is_ready, secret, until
from helm_cases import HR, ReleaseCase, named

WIDGET = "helm.example/v1/Widget"


def setUpModule():
    helm_cases.begin("helm-fields", flags=["--log-level=debug"])


def definition(plural="gadgets", **schema):
    """A CRD of the group of this suite, with properties of its own."""
    open_schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True} | schema
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.fields.example"},
            "spec": {"group": "fields.example", "scope": "Namespaced",
                     "names": {"kind": plural.capitalize(), "plural": plural, "singular": plural},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": open_schema}}]}}


def job(name, **metadata):
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name} | metadata,
            "spec": {"template": {"spec": {"restartPolicy": "Never", "nodeSelector": {"kubernetes.io/hostname": "nowhere"},
                                           "containers": [{"name": "c", "image": "none:1"}]}}}}


def hook(name, event):
    return job(name, annotations={"helm.sh/hook": event})


class FieldCase(ReleaseCase):
    def make(self, version="1.0.0", **files):
        """A chart of this case's own: {template's name: objects or text}; names with a dot are paths of the chart. Followed by the source `chart`."""
        paths = {path if "." in path else f"templates/{path}.yaml": text if isinstance(text, str) else harness.to_yaml(text)
                 for path, text in files.items()}
        self.push(version, self.ns, **paths)
        self.chart(version, self.ns)
        self.request(helm_cases.OCI, "chart")

    def failed(self, reason, hr="web"):
        return self.await_failed(HR, hr, reason)["message"]

    def stalled(self, hr="web"):
        return condition_of(self.await_object(HR, hr, lambda obj: condition_of(obj, "Stalled")), "Stalled")["message"]


class CrdTest(FieldCase):
    def schema_of(self, plural):
        live = self.kube.get("CustomResourceDefinition", f"{plural}.fields.example")
        return live and live["spec"]["versions"][0]["schema"]["openAPIV3Schema"].get("description")

    def policy(self, plural, install, upgrade):
        self.make("1.0.0", **{"crds/one.yaml": [definition(plural, description="one"), config_map("no-crd")]})
        self.release(install={"crds": install}, upgrade={"crds": upgrade})
        self.await_release(version=1)
        first = self.schema_of(plural)
        self.make("1.1.0", **{"crds/one.yaml": definition(plural, description="two")})
        self.await_release(version=2)
        self.addCleanup(self.kube.delete, "CustomResourceDefinition", f"{plural}.fields.example")
        return first, self.schema_of(plural)

    def test_skip(self):
        self.assertEqual(self.policy("skipped", "Skip", "Skip"), (None, None))

    def test_created_and_then_left(self):
        self.assertEqual(self.policy("lefts", "Create", "Skip"), ("one", "one"))
        self.assertIsNone(self.kube.get("ConfigMap", "no-crd", self.ns), "crds/ is for CustomResourceDefinitions")
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertEqual(self.schema_of("lefts"), "one", "a CRD outlives the release")

    def test_created_by_an_upgrade(self):
        self.assertEqual(self.policy("laters", "Skip", "Create"), (None, "two"))

    def test_replaced(self):
        self.assertEqual(self.policy("replaceds", "Create", "CreateReplace"), ("one", "two"))

    def test_replaced_client_side(self):
        self.kube.apply(definition("olds", description="zero"))
        self.addCleanup(self.kube.delete, "CustomResourceDefinition", "olds.fields.example")
        self.make(**{"crds/one.yaml": definition("olds", description="one")})
        self.release(install={"crds": "Create", "serverSideApply": False})
        self.await_release(version=1)
        self.assertEqual(self.schema_of("olds"), "zero", "what is there is left")
        self.release("again", install={"crds": "CreateReplace", "serverSideApply": False})
        self.await_release("again")
        self.assertEqual(self.schema_of("olds"), "one")

    def test_not_those_of_a_dependency_that_is_off(self):
        sub = {"charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
               "charts/sub/crds/sub.yaml": definition("subs", description="sub")}
        self.make(**sub, **{"Chart.yaml": f"apiVersion: v2\nname: {self.ns}\nversion: 1.0.0\ndependencies:\n- {{name: sub, version: 1.0.0, condition: sub.on}}\n"})
        self.release(values={"sub": {"on": False}})
        self.await_release(version=1)
        self.assertIsNone(self.schema_of("subs"))
        self.release(values={"sub": {"on": True}})
        self.await_release(version=2)
        self.addCleanup(self.kube.delete, "CustomResourceDefinition", "subs.fields.example")
        self.assertEqual(self.schema_of("subs"), "sub")


class PlaceTest(FieldCase):
    def test_create_namespace(self):
        self.chart()
        target = self.ns + "-new"
        self.addCleanup(self.kube.delete, "Namespace", target)
        self.release("none", targetNamespace=target)
        self.assertIn(f'namespaces "{target}" not found', self.failed("InstallFailed", "none"))
        self.release(targetNamespace=target, install={"createNamespace": True})
        released = self.await_release(version=1)
        self.assertEqual(self.kube.get("Namespace", target)["metadata"]["labels"]["name"], target)
        self.assertEqual(released["status"]["history"][0]["name"], f"{target}-web")
        self.assertEqual(data_of(self.kube.get("ConfigMap", f"{target}-web", target))["message"], "hello")
        self.assertEqual(self.records(f"{target}-web"), {1: "deployed"}, "the records are with the HelmRelease")
        self.assertEqual(released["status"]["inventory"]["entries"][0]["id"], f"{target}_{target}-web__ConfigMap")
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertIsNone(self.kube.get("ConfigMap", f"{target}-web", target))
        self.assertIsNotNone(self.kube.get("Namespace", target), "never deleted")

    def test_storage_namespace(self):
        store = self.ns + "-store"
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": store}})
        stored = lambda ns: [item["metadata"]["name"] for item in self.kube.list("Secret", ns, "owner=helm")]  # noqa: E731
        self.chart()
        self.release(storageNamespace=store)
        released = self.await_release(version=1)
        self.assertEqual(released["status"]["storageNamespace"], store)
        self.assertEqual((stored(store), stored(self.ns)), (["sh.helm.release.v1.web.v1"], []))
        self.assertEqual(self.data()["message"], "hello")
        self.release()
        moved = self.await_object(HR, "web", lambda obj: is_ready(obj) and obj["status"]["storageNamespace"] == self.ns)
        self.assertEqual(moved["status"]["history"][0]["version"], 1)
        self.assertEqual((stored(store), stored(self.ns)), ([], ["sh.helm.release.v1.web.v1"]))

    def test_max_history(self):
        self.chart()
        for version in range(1, 5):
            self.release(values={"message": str(version)}, maxHistory=2)
            self.await_release(version=version)
        self.assertEqual(self.records(), {3: "superseded", 4: "deployed"})
        for version in range(5, 7):
            self.release(values={"message": str(version)}, maxHistory=0)
            self.await_release(version=version)
        self.assertEqual(list(self.records()), [3, 4, 5, 6], "none is taken away")

    def test_a_long_name_is_shortened(self):
        self.chart()
        name = "a-name-of-more-than-fifty-three-characters-which-is-shortened"
        self.release(name)
        released = self.await_release(name)
        short = released["status"]["history"][0]["name"]
        self.assertRegex(short, r"^a-name-of-more-than-fifty-three-characte-[0-9a-f]{12}$")
        self.assertEqual(self.records(short), {1: "deployed"})


class ValueTest(FieldCase):
    def test_preserve_values(self):
        self.make(all=config_map("all", {"values": "{{ toJson .Values.mine }}"}))
        self.release(values={"mine": {"a": 1}})
        self.await_release(version=1)
        values = lambda: data_of(self.kube.get("ConfigMap", "all", self.ns))["values"]  # noqa: E731
        self.release(values={"mine": {"b": 2}}, upgrade={"preserveValues": True})
        self.await_release(version=2)
        self.assertEqual(values(), '{"a":1,"b":2}')
        token = self.request(HR, "web")
        self.await_object(HR, "web", lambda obj: is_ready(obj) and obj["status"].get("lastHandledReconcileAt") == token)
        self.assertEqual(self.records(), {1: "superseded", 2: "deployed"}, "what it kept does not make it differ")
        self.release(values={"mine": {"c": 3}})
        self.await_release(version=3)
        self.assertEqual(values(), '{"c":3}')

    def test_values_at_a_path(self):
        self.make(all=config_map("all", {"values": "{{ toJson .Values.at }}"}))
        self.kube.apply(secret("s", self.ns, {"list": "{a,b}", "number": "12", "quoted": '"12"', "json": '{"x": [1, 2], "y,z": "="}'}))
        ref = lambda key, path, **more: {"kind": "Secret", "name": "s", "valuesKey": key, "targetPath": path} | more  # noqa: E731
        self.release(valuesFrom=[ref("list", "at.list"), ref("number", "at.number"), ref("quoted", "at.text"), ref("json", "at.literal", literal=True),
                                 ref("none", "at.none", optional=True), ref("number", "at.items[1].n")])
        self.await_release(version=1)
        values = data_of(self.kube.get("ConfigMap", "all", self.ns))["values"]
        self.assertEqual(harness.json.loads(values), {"list": ["a", "b"], "number": 12, "text": "12", "literal": '{"x": [1, 2], "y,z": "="}',
                                                      "items": [None, {"n": 12}]})

    def test_a_schema_of_values(self):
        self.make(**{"values.schema.json": '{"properties": {"port": {"type": "integer", "maximum": 90}}}'})
        self.release(values={"port": 91})
        self.assertIn("values don't meet the specifications of the schema(s)", self.failed("InstallFailed"))
        self.assertEqual(self.records(), {})
        self.release(values={"port": 91}, install={"disableSchemaValidation": True})
        self.await_release(version=1)
        self.release(values={"port": 92})
        self.assertIn("values don't meet the specifications of the schema(s)", self.failed("UpgradeFailed"))
        self.release(values={"port": 92}, upgrade={"disableSchemaValidation": True})
        self.await_release(version=2)

    def test_unknown_fields(self):
        self.make(odd={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odd-{{ .Values.message }}"}, "unknown": True})
        by_client = {"serverSideApply": False}
        self.release(install=by_client)
        self.assertIn('unknown field "unknown"', self.failed("InstallFailed"))
        self.release(install=by_client | {"disableOpenAPIValidation": True}, upgrade={"disableOpenAPIValidation": True, "serverSideApply": "disabled"})
        self.await_release()
        self.release(values={"message": "two"}, upgrade={"serverSideApply": "disabled"})
        self.assertIn('unknown field "unknown"', self.failed("UpgradeFailed"))
        self.release(values={"message": "two"}, upgrade={"serverSideApply": "disabled", "disableOpenAPIValidation": True})
        self.await_release()
        self.assertIsNotNone(self.kube.get("ConfigMap", "odd-two", self.ns))

    def test_post_renderers_go_in_their_order(self):
        self.chart()
        patch = lambda op, path, value: {"kustomize": {"patches": [  # noqa: E731
            {"patch": f"- {{op: {op}, path: {path}, value: {value}}}", "target": {"kind": "ConfigMap", "name": "web"}}]}}
        self.release(postRenderers=[patch("add", "/data/first", "one"), patch("test", "/data/first", "one"), patch("replace", "/data/first", "two")],
                     commonMetadata={"labels": {"team": "common", "helm.toolkit.fluxcd.io/name": "mine"}})
        self.await_release(version=1)
        live = self.kube.get("ConfigMap", "web", self.ns)
        self.assertEqual(live["data"]["first"], "two")
        self.assertEqual((live["metadata"]["labels"]["team"], live["metadata"]["labels"]["helm.toolkit.fluxcd.io/name"]), ("common", "web"))
        self.release(postRenderers=[patch("test", "/data/first", "two")])
        self.assertIn("/data/first", self.failed("UpgradeFailed"))

    def test_names_of_hosts_are_looked_up_behind_a_gate(self):
        self.make(host=config_map("host-{{ .Release.Name }}", {"local": "[{{ getHostByName \"localhost\" }}]"}))
        address = lambda name: data_of(self.kube.get("ConfigMap", f"host-{name}", self.ns))["local"]  # noqa: E731
        self.release("closed")
        self.await_release("closed")
        self.assertEqual(address("closed"), "[]")
        self.addCleanup(self.controller.restart)
        self.controller.end()
        self.controller.start(flags=["--feature-gates=AllowDNSLookups=true"])
        self.release("open")
        self.await_release("open")
        self.assertEqual(address("open"), "[127.0.0.1]")

    def test_images_of_a_post_renderer(self):
        self.chart()
        self.release(values={"deploy": True}, install={"disableWait": True}, postRenderers=[{"kustomize": {"images": [{"name": "none", "newName": "other", "newTag": "2"}]}}])
        self.await_release(version=1)
        self.assertEqual(self.kube.get("Deployment", "web", self.ns)["spec"]["template"]["spec"]["containers"][0]["image"], "other:2")

    def test_which_hooks_are_post_rendered(self):
        self.make(hook=config_map("{{ .Release.Name }}-hook", annotations={"helm.sh/hook": "pre-install"}))
        label = lambda name: self.kube.get("ConfigMap", name, self.ns)["metadata"].get("labels", {}).get("team")  # noqa: E731
        for strategy, wanted in (("nohooks", None), ("combined", "a"), ("separate", "a")):
            self.release(strategy, postRenderStrategy=strategy, commonMetadata={"labels": {"team": "a"}})
            self.await_release(strategy)
            self.assertEqual((label(strategy), label(strategy + "-hook")), ("a", wanted), strategy)


class NoticeTest(FieldCase):
    def test_what_helm_would_warn_of_is_in_the_debug_log(self):
        self.make(**{"Chart.yaml": f"apiVersion: v2\nname: {self.ns}\nversion: 1.0.0\ndeprecated: true\n", "values.yaml": helm_cases.CHART["values.yaml"] + "plain: 1\ntable: {deep: {inner: 1}}\n",
                     "config": config_map("{{ .Release.Name }}"), "late": config_map("{{ .Release.Name }}-late", annotations={"helm.sh/hook": "never"})})
        self.kube.apply(secret("values", self.ns, {"values.yaml": "plain: {canary: canary}\ntable: {deep: canary}\n"}))
        self.release(valuesFrom=[{"kind": "Secret", "name": "values"}])
        self.await_release(version=1)
        lines = [line for line in self.controller.lines() if line["msg"] == "chart notice" and line["namespace"] == self.ns]
        self.assertEqual({(line["level"], line["controllerKind"], line["name"]) for line in lines}, {("debug", "HelmRelease", "web")})
        self.assertEqual({line["notice"] for line in lines},
                         {"WARNING: This chart is deprecated", f"warning: skipped value for {self.ns}.plain: Not a table.",
                          f"warning: cannot overwrite table with non table for {self.ns}.table.deep", 'info: skipping unknown hook: "never"'})
        self.assertFalse([line for line in self.controller.lines() if "canary" in json.dumps(line) and line.get("namespace") == self.ns])


class WaitTest(FieldCase):
    def test_disable_wait(self):
        self.chart()
        self.release(values={"deploy": True}, install={"disableWait": True}, upgrade={"disableWait": True})
        self.await_release(version=1)
        self.release(values={"deploy": True, "message": "two"}, install={"disableWait": True}, upgrade={"disableWait": True})
        self.await_release(version=2)
        self.release(values={"deploy": True, "message": "three"}, upgrade={"timeout": "2s"})
        self.assertIn(f"Deployment/{self.ns}/web status: 'InProgress'", self.failed("UpgradeFailed"))

    def test_jobs_are_waited_for(self):
        self.make(job=job("{{ .Release.Name }}"))
        self.release("quick", install={"disableWaitForJobs": True})
        self.await_release("quick")
        self.release("patient")
        self.await_object(HR, "patient", lambda obj: f"Job {self.ns}/patient" in condition_of(obj, "Reconciling").get("message", ""))
        self.complete("patient")
        self.await_release("patient")

    def complete(self, name):
        """What the Job's controller says when its pod has succeeded."""
        until(lambda: (self.kube.get("Job", name, self.ns) or {}).get("status", {}).get("active"))
        done = [{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}]
        self.kube.patch("Job", name, self.ns, {"status": {"conditions": done, "completionTime": "2099-01-01T00:00:01Z", "succeeded": 1, "active": 0, "ready": 0}}, "status")

    def test_a_hook_that_goes_when_it_is_done(self):
        passing = hook("passing", "post-install")
        passing["spec"]["ttlSecondsAfterFinished"] = 0
        self.make(passing=passing)
        self.release()
        self.complete("passing")
        self.await_release(version=1)

    def test_helms_own_waiter(self):
        spare = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "{{ .Release.Name }}"},
                 "spec": {"selector": {"matchLabels": {"app": "spare"}}, "strategy": {"rollingUpdate": {"maxUnavailable": "100%"}},
                          "template": {"metadata": {"labels": {"app": "spare"}},
                                       "spec": {"nodeSelector": {"kubernetes.io/hostname": "nowhere"}, "containers": [{"name": "c", "image": "none:1"}]}}}}
        balancer = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "balancer"}, "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}
        self.make(spare=spare, balancer="{{ if .Values.hook }}\n" + harness.to_yaml(balancer) + "{{ end }}\n")
        self.release("kstatus", timeout="2s")
        self.assertIn(f"Deployment/{self.ns}/kstatus status: 'InProgress'", self.failed("InstallFailed", "kstatus"))
        self.release(waitStrategy={"name": "legacy"})
        self.await_release(version=1)
        self.release(waitStrategy={"name": "legacy"}, values={"hook": True}, timeout="3s")
        self.assertTrue(self.failed("UpgradeFailed").endswith(
            f": timeout waiting for: [Service/{self.ns}/balancer status: 'InProgress']\nService {self.ns}/balancer: its load balancer has no address"))
        self.release(waitStrategy={"name": "legacy"}, values={"hook": True})
        until(lambda: self.records().get(3) == "pending-upgrade")
        self.kube.patch("Service", "balancer", self.ns, {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}, "status")
        self.await_release(version=3)

    def test_health_by_expressions(self):
        widget = {"apiVersion": "helm.example/v1", "kind": "Widget", "metadata": {"name": "{{ .Release.Name }}"}, "spec": {"phase": "{{ .Values.message }}"}}
        self.make(widget=widget)
        checks = [{"apiVersion": "helm.example/v1", "kind": "Widget", "current": "has(spec.done)", "failed": "spec.phase == 'bad'"}]
        self.release(healthCheckExprs=checks)
        self.await_object(HR, "web", lambda obj: f"Widget {self.ns}/web" in condition_of(obj, "Reconciling").get("message", ""))
        self.kube.patch(WIDGET, "web", self.ns, {"spec": {"done": True}})
        self.await_release(version=1)
        self.release(healthCheckExprs=checks, values={"message": "bad"})
        self.assertIn(f"failed early due to stalled resources: [Widget/{self.ns}/web status: 'Failed']", self.failed("UpgradeFailed"))
        self.release(healthCheckExprs=[checks[0] | {"current": "has("}])
        self.await_object(HR, "web", lambda obj: condition_of(obj, "Stalled").get("reason") == "InvalidCELExpression")

    def test_disable_hooks(self):
        events = ("pre-install", "post-install", "pre-upgrade", "post-upgrade", "pre-delete", "post-delete")
        self.make(**{event: hook(event, event) for event in events})
        off = {"disableHooks": True}
        self.release(install=off, upgrade=off, uninstall=off)
        self.await_release(version=1)
        self.release(values={"message": "two"}, install=off, upgrade=off, uninstall=off)
        self.await_release(version=2)
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertEqual(self.kube.list("Job", self.ns), [])
        self.release(install={"timeout": "1s"}, uninstall=off)
        message = self.failed("InstallFailed")
        self.assertIn("pre-install", message)
        self.assertEqual(named(self.kube.list("Job", self.ns)), ["pre-install"])


class ApplyTest(FieldCase):
    def test_force_replaces(self):
        self.chart()
        by_client = {"install": {"serverSideApply": False}}
        self.release(**by_client)
        self.await_release(version=1)
        edit = lambda: self.kube.patch("ConfigMap", "web", self.ns, {"data": {"foreign": "x"}}, manager="other")  # noqa: E731
        edit()
        self.release(values={"message": "two"}, **by_client)
        self.await_release(version=2)
        self.assertEqual(self.data()["foreign"], "x", "a patch leaves what others added")
        self.release(values={"message": "three"}, upgrade={"force": True}, **by_client)
        self.await_release(version=3)
        self.assertNotIn("foreign", self.data())
        self.assertEqual(self.data()["message"], "three")

    def test_from_client_to_server_and_back(self):
        managers = lambda: {(item["manager"], item["operation"]) for item in self.kube.get("ConfigMap", "web", self.ns)["metadata"]["managedFields"]}  # noqa: E731
        self.chart()
        self.release(install={"serverSideApply": False})
        self.await_release(version=1)
        self.assertEqual(managers(), {("helm-controller", "Update")})
        self.release(values={"message": "two"})
        self.await_release(version=2)
        self.assertEqual(managers(), {("helm-controller", "Update")}, "auto: as before")
        self.release(values={"message": "three"}, upgrade={"serverSideApply": "enabled"})
        self.await_release(version=3)
        self.assertEqual(managers(), {("helm-controller", "Apply")})
        self.release(values={"message": "four"}, upgrade={"serverSideApply": "disabled"})
        self.await_release(version=4)
        self.assertEqual(self.data()["message"], "four")

    def test_what_a_chart_drops_goes_by_either_method(self):
        self.make(extra=config_map("extra-{{ .Release.Name }}", {"kept": "1"} | {"{{ .Values.message }}": "x"}))
        there = lambda name: set(data_of(self.kube.get("ConfigMap", f"extra-{name}", self.ns)))  # noqa: E731
        for name, install, upgrade in (("to-client", True, "disabled"), ("to-server", False, "enabled")):
            self.release(name, install={"serverSideApply": install})
            self.await_release(name, version=1)
            self.assertEqual(there(name), {"kept", "hello"})
            self.release(name, values={"message": "other"}, install={"serverSideApply": install}, upgrade={"serverSideApply": upgrade})
            self.await_release(name, version=2)
            self.assertEqual(there(name), {"kept", "other"}, name)

    def test_take_ownership(self):
        self.chart()
        self.kube.apply(config_map("web", {"message": "theirs"}, namespace=self.ns))
        self.release(install={"disableTakeOwnership": True})
        self.assertIn('ConfigMap "web" in namespace "' + self.ns + '" exists and cannot be imported into the current release: invalid ownership metadata',
                      self.failed("InstallFailed"))
        self.release()
        self.await_release()
        self.assertEqual(self.data()["message"], "hello")

    def test_cleanup_on_fail(self):
        self.make(more=config_map("{{ .Release.Name }}-{{ .Values.message }}"))
        self.release("kept")
        self.release("clean")
        self.await_release("kept")
        self.await_release("clean")
        self.release("kept", values={"message": "new", "port": 99999}, upgrade={"cleanupOnFail": False})
        self.release("clean", values={"message": "new", "port": 99999}, upgrade={"cleanupOnFail": True})
        self.failed("UpgradeFailed", "kept")
        self.failed("UpgradeFailed", "clean")
        self.assertIsNotNone(self.kube.get("ConfigMap", "kept-new", self.ns))
        self.assertIsNone(self.kube.get("ConfigMap", "clean-new", self.ns))

    def test_another_chart_in_its_place(self):
        self.chart()
        self.push("1.0.0", "other")
        self.release("moved")
        self.release("kept", upgrade={"chartNameChangeStrategy": "InPlaceUpdate"})
        self.await_release("moved")
        self.await_release("kept")
        before = self.kube.get("ConfigMap", "moved", self.ns)["metadata"]["uid"]
        self.chart(name="other")
        self.request(helm_cases.OCI, "chart")
        self.await_release("kept", version=2, chartName="other")
        self.await_release("moved", version=1, chartName="other")
        self.assertNotEqual(self.kube.get("ConfigMap", "moved", self.ns)["metadata"]["uid"], before)


class RemovalTest(FieldCase):
    def test_keep_history_and_replace(self):
        self.chart()
        keep = {"uninstall": {"keepHistory": True}}
        self.release(**keep)
        self.await_release(version=1)
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertEqual(self.records(), {1: "uninstalled"})
        self.assertIsNone(self.data())
        self.release(**keep)
        self.assertIn("cannot reuse a name that is still in use", self.failed("InstallFailed"))
        self.release(install={"replace": True})
        self.await_release(version=2)
        self.assertEqual(self.records(), {1: "superseded", 2: "deployed"})

    def propagation(self, word):
        """Deletes a HelmRelease with a Deployment whose ReplicaSet does not go by itself."""
        self.chart()
        self.release(values={"deploy": True}, install={"disableWait": True}, uninstall={"deletionPropagation": word, "disableWait": True})
        self.await_release(version=1)
        replica_set = until(lambda: self.kube.list("ReplicaSet", self.ns, "app=web"))[0]["metadata"]["name"]
        self.kube.patch("ReplicaSet", replica_set, self.ns, {"metadata": {"finalizers": ["e2e.example/hold"]}})
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.addCleanup(lambda: self.kube.get("ReplicaSet", replica_set, self.ns) and
                        self.kube.patch("ReplicaSet", replica_set, self.ns, {"metadata": {"finalizers": None}}))
        return lambda: self.kube.get("ReplicaSet", replica_set, self.ns)

    def test_deleted_in_the_background(self):
        live = self.propagation("background")
        self.assertIsNone(self.kube.get("Deployment", "web", self.ns))
        until(lambda: live()["metadata"].get("deletionTimestamp"))

    def test_deleted_in_the_foreground(self):
        live = self.propagation("foreground")
        self.assertIn("foregroundDeletion", self.kube.get("Deployment", "web", self.ns)["metadata"]["finalizers"])
        until(lambda: live()["metadata"].get("deletionTimestamp"))

    def test_orphans(self):
        live = self.propagation("orphan")
        until(lambda: self.kube.get("Deployment", "web", self.ns) is None)
        self.assertNotIn("deletionTimestamp", live()["metadata"])
        self.assertNotIn("ownerReferences", live()["metadata"])

    def hold(self, **uninstall):
        """Deletes a release, one object of which has a finalizer of somebody else."""
        self.chart()
        self.release(uninstall=uninstall)
        self.await_release(version=1)
        self.kube.patch("ConfigMap", "web", self.ns, {"metadata": {"finalizers": ["e2e.example/hold"]}})
        self.addCleanup(self.let_go)
        self.kube.delete(HR, "web", self.ns)

    def let_go(self):
        if self.kube.get("ConfigMap", "web", self.ns):
            self.kube.patch("ConfigMap", "web", self.ns, {"metadata": {"finalizers": None}})

    def uninstalls(self):
        return [event for event in self.events("HelmRelease", "web") if event[1].startswith("Uninstall")]

    def test_what_goes_is_waited_for(self):
        self.hold(timeout="60s")
        until(lambda: self.kube.get("Service", "web", self.ns) is None and self.kube.get("ConfigMap", "web", self.ns)["metadata"].get("deletionTimestamp"))
        harness.throughout(lambda: self.kube.get(HR, "web", self.ns) and self.records() == {1: "uninstalling"}, 2, self.records)
        self.assertEqual(self.uninstalls(), [])
        self.let_go()
        self.await_gone(HR, "web")
        self.assertEqual((self.data(), self.records()), (None, {}))
        until(lambda: [(kind, reason) for kind, reason, _ in self.uninstalls()] == [("Normal", "UninstallSucceeded")], seen=self.uninstalls)

    def test_what_does_not_go_in_time_is_named(self):
        self.hold(timeout="2s")
        until(lambda: self.uninstalls())
        kind, reason, message = self.uninstalls()[0]
        self.assertEqual((kind, reason), ("Warning", "UninstallFailed"))
        self.assertRegex(message, rf"^Helm uninstall failed for release {self.ns}/web\.v1 with chart web@1\.0\.0\+[0-9a-f]{{12}}: uninstallation completed with 1 error\(s\): "
                                  rf"timeout waiting for: \[ConfigMap/{self.ns}/web status: 'Terminating'\]$")
        # By then Helm has forgotten the release, so that the next try finds none, and lets the HelmRelease go.
        self.await_gone(HR, "web")
        self.assertEqual(self.records(), {})
        self.assertTrue(self.kube.get("ConfigMap", "web", self.ns)["metadata"]["deletionTimestamp"])


if __name__ == "__main__":
    totals.main()
