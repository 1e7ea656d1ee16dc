#!/usr/bin/env python3
"""Hostile charts, values and release records (threats T29, T35 to T41, T47, T60, R43, R44), each case named by its row. What is asked is that the HelmRelease
says what is wrong with it and where, that nothing is written that must not be, and that what was released before stays. The charts lie in Git.
"""

import base64
import gzip
import json
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from helm_cases import FLAGS, HR, Released  # noqa: E402
from harness import Case, condition_of, config_map, data_of, is_ready, secret, until  # noqa: E402

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}"}, "data": {"word": "{{ .Values.word }}"}}
NEVER = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "{{ .Release.Name }}"},
         "spec": {"nodeSelector": {"kubernetes.io/hostname": "nowhere"}, "containers": [{"name": "c", "image": "none:1"}]}}
ROLE = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "{{ .Release.Namespace }}-{{ .Release.Name }}"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}


def setUpModule():
    harness.begin("threats-helm", flags=[*FLAGS, "--log-level=debug"])
    Case.env.await_kind(HR)


class Charts(Released):
    def chart(self, files, name="web"):
        """A Git repository with the chart `chart/`, and its GitRepository."""
        chart = {"Chart.yaml": {"apiVersion": "v2", "name": name, "version": "1.0.0"}, "values.yaml": {"word": "one"}} | files
        repository = self.env.repository(f"{self.ns}-{name}", {f"chart/{path}": content for path, content in chart.items()})
        self.source(name, repository)
        return repository

    def release(self, name="web", chart="web", **spec):
        spec = {"interval": "1h", "chart": {"spec": {"chart": "./chart", "reconcileStrategy": "Revision", "sourceRef": {"kind": "GitRepository", "name": chart}}}} | spec
        return self.kube.apply({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": name, "namespace": self.ns}, "spec": spec})

    def await_word(self, text, name="web"):
        """Waits until Ready is False and its message has `text`; the message."""
        obj = self.await_object(HR, name, lambda obj: (ready := condition_of(obj, "Ready")).get("status") == "False" and text in ready["message"])
        return condition_of(obj, "Ready")["message"]

    def tenant(self):
        """A ServiceAccount that may do everything in this namespace and nothing elsewhere."""
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant", "namespace": self.ns}})
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "tenant", "namespace": self.ns},
                         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                         "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": self.ns}]})

    def nothing_was_written(self, name="web"):
        self.assertIsNone(self.kube.get("ConfigMap", name, self.ns))
        self.assertTrue(self.controller.is_running())

    def records(self, name="web"):
        return self.kube.list("Secret", self.ns, f"owner=helm,name={name}")


class InputTest(Charts):
    def test_T29_schemas(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        listener.settimeout(0.5)
        deep = '{"properties":{"a":' * 10_000 + "{}" + "}}" * 10_000
        rows = {"cycle": ('{"$ref":"#"}', "references of the schema form a cycle"),
                "file": ('{"$ref":"file:///etc/passwd"}', "file:///etc/passwd"),
                "http": ('{"$ref":"http://127.0.0.1:%d/x.json"}' % listener.getsockname()[1], "http://127.0.0.1"),
                "deep": (deep, "values.schema.json"),
                "number": ('{"properties":{"word":{"minLength":1e18}}}', "minLength"),
                "pattern": ('{"properties":{"word":{"pattern":"^(a+)+$"}}}', "does not match pattern '^(a+)+$'")}
        for name, (schema, want) in rows.items():
            self.chart({"templates/cm.yaml": CONFIG, "values.schema.json": schema, "values.yaml": {"word": "a" * 20_000 + "b"}}, name)
            self.release(name, name)
        for name, (_, want) in rows.items():
            message = self.await_word(want, name)
            self.assertNotIn("root:", message)
            self.nothing_was_written(name)
        with self.assertRaises(TimeoutError):
            listener.accept()

    def test_T35_values_that_would_take_memory(self):
        self.chart({"templates/cm.yaml": CONFIG})
        self.kube.apply(secret("values", self.ns, {"word": "x", "list": "- a\n- b\n"}))
        self.kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "binary", "namespace": self.ns},
                         "data": {"values.yaml": base64.b64encode(b"\x00\xff\xfe\x01").decode()}})
        rows = {"index": ({"kind": "Secret", "name": "values", "valuesKey": "word", "targetPath": "x.y[99999999]"}, "index of 99999999"),
                "negative": ({"kind": "Secret", "name": "values", "valuesKey": "word", "targetPath": "x[-1]"}, "x[-1]"),
                "missing": ({"kind": "Secret", "name": "values", "valuesKey": "none"}, "none"),
                "binary": ({"kind": "Secret", "name": "binary"}, f"{self.ns}/binary"),
                "list": ({"kind": "Secret", "name": "values", "valuesKey": "list"}, f"{self.ns}/values")}
        for name, (reference, want) in rows.items():
            try:
                self.release(name, valuesFrom=[reference])
            except harness.ApiError as error:  # the definition's own pattern comes first
                self.assertEqual(error.code, 422)
                continue
            self.await_word(want, name)
            self.nothing_was_written(name)

    def test_T36_values_come_from_the_own_namespace_alone(self):
        self.chart({"templates/cm.yaml": CONFIG})
        self.kube.apply(secret("elsewhere", "kube-system", {"values.yaml": "word: canary-t36\n"}))
        self.addCleanup(self.kube.delete, "Secret", "elsewhere", "kube-system")
        obj = {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "web", "namespace": self.ns},
               "spec": {"interval": "1h", "valuesFrom": [{"kind": "Secret", "name": "elsewhere", "namespace": "kube-system"}],
                        "chart": {"spec": {"chart": "./chart", "sourceRef": {"kind": "GitRepository", "name": "web"}}}}}
        try:
            self.kube.apply(obj)
        except harness.ApiError as error:  # strict: the field does not exist
            self.assertIn("namespace", str(error))
            del obj["spec"]["valuesFrom"][0]["namespace"]
            self.kube.apply(obj)
        self.assertIn(f"could not resolve Secret chart values reference '{self.ns}/elsewhere'", self.await_word("elsewhere"))
        self.release(valuesFrom=[{"kind": "ConfigMap", "name": "../kube-system/elsewhere"}])
        self.await_word("../kube-system/elsewhere")
        self.nothing_was_written()

    def test_T37_crds_that_are_none(self):
        binding = ROLE | {"kind": "ClusterRole", "metadata": {"name": self.ns}}
        self.chart({"templates/cm.yaml": CONFIG, "crds/role.yaml": binding, "crds/cm.yaml": config_map("smuggled", namespace=self.ns)})
        self.release()
        self.await_object(HR, "web", is_ready)
        self.assertIsNone(self.kube.get("ClusterRole", self.ns))
        self.assertIsNone(self.kube.get("ConfigMap", "smuggled", self.ns))
        passed = [line["object"] for line in self.controller.lines() if line["msg"].startswith("what is no CustomResourceDefinition")]
        self.assertTrue(any(self.ns in name for name in passed), passed)

    def test_T39_a_render_without_end(self):
        self.chart({"templates/cm.yaml": CONFIG, "templates/big.yaml": '{{ range until 110 }}{{ repeat 1048576 "x" }}{{ end }}'})
        self.release()
        self.await_word("limit")
        self.nothing_was_written()
        self.assertEqual(self.records(), [])

    def test_T41_dependencies_that_go_round_and_down(self):
        rows = {"outside": {"Chart.yaml": {"apiVersion": "v2", "name": "outside", "version": "1.0.0",
                                           "dependencies": [{"name": "x", "version": "1.0.0", "repository": "file://../../.."}]}},
                "alias": {"Chart.yaml": {"apiVersion": "v2", "name": "alias", "version": "1.0.0",
                                         "dependencies": [{"name": "x", "version": "1.0.0", "alias": "../../x", "repository": "file://../chart"}]}},
                "deep": {"charts/x/" * 40 + "Chart.yaml": {"apiVersion": "v2", "name": "x", "version": "1.0.0"}}}
        for name, files in rows.items():
            self.chart({"templates/cm.yaml": CONFIG} | files, name)
            self.release(name, name)
        for name in rows:
            self.await_object(HR, name, lambda obj: condition_of(obj, "Ready").get("status") == "False" and condition_of(obj, "Ready")["reason"] != "Progressing")
            self.nothing_was_written(name)


class TenancyTest(Charts):
    def test_T38_hooks_run_as_the_account(self):
        self.tenant()
        hook = ROLE | {"metadata": ROLE["metadata"] | {"annotations": {"helm.sh/hook": "pre-install", "helm.sh/hook-weight": "NaN"}}}
        self.chart({"templates/cm.yaml": CONFIG, "templates/hook.yaml": hook})
        self.release(serviceAccountName="tenant")
        self.assertIn(f"{self.ns}-web", self.await_word("forbidden"))
        self.assertIsNone(self.kube.get("ClusterRole", f"{self.ns}-web"))
        self.nothing_was_written()

    def test_T38_a_hook_in_another_namespace(self):
        self.tenant()
        hook = config_map("{{ .Release.Namespace }}-hook", namespace="kube-system", annotations={"helm.sh/hook": "pre-install"})
        self.chart({"templates/cm.yaml": CONFIG, "templates/hook.yaml": hook})
        self.release(serviceAccountName="tenant")
        self.await_word("forbidden")
        self.assertIsNone(self.kube.get("ConfigMap", f"{self.ns}-hook", "kube-system"))
        self.nothing_was_written()

    def test_T40_namespaces_and_releases_of_others(self):
        self.tenant()
        self.chart({"templates/cm.yaml": CONFIG})
        foreign = secret("sh.helm.release.v1.theirs.v1", "kube-system", {"release": "untouched"})
        foreign["metadata"]["labels"] = {"owner": "helm", "name": "theirs", "status": "deployed", "version": "1"}
        self.kube.apply(foreign)
        self.addCleanup(self.kube.delete, "Secret", "sh.helm.release.v1.theirs.v1", "kube-system")
        for name, spec in {"storage": {"storageNamespace": "kube-system"}, "target": {"targetNamespace": "kube-system"},
                           "both": {"storageNamespace": "kube-system", "targetNamespace": "kube-system", "releaseName": "theirs"}}.items():
            self.release(name, serviceAccountName="tenant", **spec)
            self.assertIn(f'"system:serviceaccount:{self.ns}:tenant"', self.await_word("forbidden", name))
        self.assertEqual(data_of(self.kube.get("ConfigMap", "theirs", "kube-system") or {"data": None}), None)
        live = self.kube.get("Secret", "sh.helm.release.v1.theirs.v1", "kube-system")
        self.assertEqual((live["data"]["release"], live["metadata"]["labels"]["status"]), (base64.b64encode(b"untouched").decode(), "deployed"))
        for name in ("storage", "target", "both"):
            self.assertIsNone(self.kube.get("ConfigMap", f"kube-system-{name}", "kube-system"))

    def test_T40_one_that_never_saw_its_storage_can_be_deleted(self):
        self.tenant()
        self.chart({"templates/cm.yaml": CONFIG})
        self.release(serviceAccountName="tenant", storageNamespace="kube-system")
        self.await_word("forbidden")
        self.kube.delete(HR, "web", self.ns)
        self.await_gone(HR, "web")
        self.assertTrue(self.controller.is_running())

    def test_T47_lookup_asks_as_the_account(self):
        self.kube.apply(secret("canary", "kube-system", {"word": "canary-t47"}))
        self.addCleanup(self.kube.delete, "Secret", "canary", "kube-system")
        self.tenant()
        self.chart({"templates/cm.yaml": 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {word: \'{{ (lookup "v1" "Secret" "kube-system" "canary").data.word }}\'}\n'})
        self.release(serviceAccountName="tenant")
        message = self.await_word("forbidden")
        self.assertIn(f'"system:serviceaccount:{self.ns}:tenant"', message)
        self.nothing_was_written()

    def test_T47_the_default_account_is_everybodys(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        other = self.env.controller("lockdown", flags=["--default-service-account=tenant", "--max-retry-delay=1s"])
        self.addCleanup(other.end)
        self.chart({"templates/cm.yaml": CONFIG})
        self.release()
        self.assertIn(f'"system:serviceaccount:{self.ns}:tenant"', self.await_word("forbidden"))
        self.assertIsNone(self.kube.get("ConfigMap", "web", self.ns))
        self.assertEqual(self.records(), [])
        self.assertTrue(other.is_running())
        self.tenant()
        self.await_object(HR, "web", is_ready)


class OutputTest(Charts):
    def test_T60_values_from_secrets_stay_in_the_record(self):
        canary = "canary-t60-5be1"
        self.kube.apply(secret("values", self.ns, {"values.yaml": f"password: {canary}\nword: two\n", "bad": f"{canary}: [unclosed"}))
        hidden = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "{{ .Release.Name }}"}, "stringData": {"password": "{{ .Values.password }}"}}
        repository = self.chart({"templates/cm.yaml": CONFIG, "templates/secret.yaml": hidden})
        self.release(valuesFrom=[{"kind": "Secret", "name": "values"}], driftDetection={"mode": "enabled"})
        released = self.await_object(HR, "web", is_ready)
        self.assertRegex(released["status"]["history"][0]["configDigest"], "^sha256:[0-9a-f]{64}$")
        self.kube.patch("Secret", "web", self.ns, {"stringData": {"password": "drifted"}})
        self.request(HR, "web")
        until(lambda: base64.b64decode(self.kube.get("Secret", "web", self.ns)["data"]["password"]).decode() == canary)
        broken = hidden | {"type": 7, "stringData": {"password": "{{ .Values.password }}", "x": ["{{ .Values.password }}"]}}
        self.push(repository, {"chart/templates/secret.yaml": broken}, source="web")
        self.await_object(HR, "web", lambda obj: condition_of(obj, "Ready").get("status") == "False" and condition_of(obj, "Ready")["reason"].endswith("Failed"))
        schema = {"properties": {"password": {"pattern": "^[0-9]+$"}}}
        self.push(repository, {"chart/templates/secret.yaml": hidden, "chart/values.schema.json": json.dumps(schema)}, source="web")
        self.assertIn("at '/password': '***' does not match pattern", self.await_word("does not match pattern"))
        self.release("bad", valuesFrom=[{"kind": "Secret", "name": "values", "valuesKey": "bad"}])
        self.await_object(HR, "bad", lambda obj: condition_of(obj, "Ready").get("status") == "False")
        with open(self.controller.log, encoding="utf-8") as file:
            seen = {"log": file.read()}
        seen |= {"metrics": self.controller.http("metrics", 1).decode(), "events": json.dumps(self.kube.list("Event", self.ns))}
        for kind in (HR, "source.toolkit.fluxcd.io/v1/HelmChart", "GitRepository"):
            seen[kind] = json.dumps([item.get("status") for item in self.kube.list(kind, self.ns)])
        for where, text in seen.items():
            self.assertNotIn(canary, text, where)
            self.assertNotIn(base64.b64encode(canary.encode()).decode(), text, where)


class RecordTest(Charts):
    def pack(self, text):
        return base64.b64encode(gzip.compress(text)).decode()

    def test_R43_records_that_cannot_be_read(self):
        self.chart({"templates/cm.yaml": CONFIG})
        self.release()
        self.await_object(HR, "web", is_ready)
        live = self.kube.get("ConfigMap", "web", self.ns)["metadata"]
        name = "sh.helm.release.v1.web.v1"
        sound = self.kube.get("Secret", name, self.ns)["data"]["release"]
        for what, release in {"base64": "%%%", "gzip": base64.b64encode(b"\x1f\x8b\x08 no gzip").decode(), "json": self.pack(b"{no json"),
                              "empty": "", "cut": base64.b64decode(sound).decode()[:200]}.items():
            with self.subTest(what):
                self.kube.patch("Secret", name, self.ns, {"data": {"release": base64.b64encode(release.encode()).decode()}})
                self.request(HR, "web")
                self.await_word(name)
                now = self.kube.get("ConfigMap", "web", self.ns)["metadata"]
                self.assertEqual((now["uid"], now["resourceVersion"]), (live["uid"], live["resourceVersion"]))
                self.assertEqual([item["metadata"]["name"] for item in self.records()], [name])
        self.kube.patch("Secret", name, self.ns, {"data": {"release": sound}})
        self.await_object(HR, "web", is_ready)
        self.assertEqual(len(self.records()), 1)

    def test_R43_a_record_that_is_gone(self):
        self.chart({"templates/cm.yaml": CONFIG})
        self.release()
        self.await_object(HR, "web", is_ready)
        uid = self.kube.get("ConfigMap", "web", self.ns)["metadata"]["uid"]
        self.kube.delete("Secret", "sh.helm.release.v1.web.v1", self.ns)
        self.request(HR, "web")
        until(lambda: len(self.records()) == 1 and is_ready(self.kube.get(HR, "web", self.ns)))
        self.assertEqual(self.kube.get("ConfigMap", "web", self.ns)["metadata"]["uid"], uid)

    def test_R44_the_rollback_fails_as_well(self):
        repository = self.chart({"templates/cm.yaml": CONFIG, "templates/pod.yaml": "{{ if .Values.pod }}" + json.dumps(NEVER) + "{{ end }}"})
        self.release(timeout="2s", upgrade={"remediation": {"retries": 0, "remediateLastFailure": True, "strategy": "rollback"}},
                     rollback={"timeout": "2s", "disableWait": False})
        self.await_object(HR, "web", is_ready)
        uid = self.kube.get("ConfigMap", "web", self.ns)["metadata"]["uid"]
        policy = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": self.ns}, "spec": {"hard": {"count/secrets": "2"}}}
        self.kube.apply(policy)
        self.push(repository, {"chart/values.yaml": {"word": "two", "pod": True}}, source="web")
        obj = self.await_object(HR, "web", lambda obj: condition_of(obj, "Remediated").get("status") == "False")
        self.assertIn("rollback", condition_of(obj, "Remediated")["message"].lower())
        self.assertEqual(condition_of(obj, "Released")["status"], "False")
        self.assertEqual(self.kube.get("ConfigMap", "web", self.ns)["metadata"]["uid"], uid)
        self.assertTrue(self.records())


if __name__ == "__main__":
    totals.main()
