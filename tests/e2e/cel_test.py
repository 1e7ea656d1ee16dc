#!/usr/bin/env python3
"""Expressions in Kustomizations (readyExpr, healthCheckExprs), the gates that go with them, and ConfigMaps and Secrets that wake those who name them."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, is_ready, secret, until  # noqa: E402

GROUP = "cel.example.com"
TERMINAL = "Reconciliation failed terminally due to configuration error: "


def setUpModule():
    harness.begin("cel", flags=["--requeue-dependency=2s"])
    Case.env.install_kind(GROUP, "v1", "Widget")
    Case.env.install_kind(GROUP, "v1", "Gadget")


def widget(name, kind="Widget", **fields):
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": {"name": name}} | fields


class CelCase(Case):
    def set_status(self, name, status, kind="Widget"):
        self.kube.patch(f"{GROUP}/v1/{kind}", name, self.ns, {"status": status}, subresource="status")

    def checks(self, kind="Widget", **expressions):
        return [{"apiVersion": f"{GROUP}/v1", "kind": kind} | expressions]

    def await_stalled(self, message, name="app"):
        """Waits until it is Stalled for an expression, with a message that begins so."""
        def stalled(obj):
            ready, stalled = condition_of(obj, "Ready"), condition_of(obj, "Stalled")
            return ready.get("message", "").startswith(message) and (ready["status"], ready["reason"]) == ("False", "InvalidCELExpression") and \
                (stalled.get("status"), stalled.get("reason")) == ("True", "InvalidCELExpression") and not condition_of(obj, "Reconciling") and \
                obj["status"]["observedGeneration"] == obj["metadata"]["generation"]
        return self.await_object("Kustomization", name, stalled)

    def await_health_of(self, word, name="app"):
        """Waits until Ready or Reconciling says `word`."""
        return self.await_object("Kustomization", name, lambda obj: word in condition_of(obj, "Ready").get("message", "") or
                                 word in condition_of(obj, "Reconciling").get("message", ""))


class HealthCheckExprsTest(CelCase):
    PHASE = {"inProgress": "status.phase == 'Working'", "failed": "status.phase == 'Broken'", "current": "status.phase == 'Done'"}

    def begin_with(self, checks, files=None, wait=True, **spec):
        repository = self.env.repository(self.ns, files or {"w.yaml": widget("w", status={})})
        self.source("fleet", repository)
        self.kustomization(wait=wait, healthCheckExprs=checks, timeout="5m", **spec)
        return repository

    def test_the_phases_of_an_object(self):
        repository = self.begin_with(self.checks(**self.PHASE))
        until(lambda: self.kube.get(f"{GROUP}/v1/Widget", "w", self.ns))
        self.set_status("w", {"phase": "Working"})
        self.await_health_of("Widget")
        self.assertFalse(is_ready(self.kube.get("Kustomization", "app", self.ns)))
        self.set_status("w", {"phase": "Broken"})
        message = self.await_failed("Kustomization", "app", "HealthCheckFailed")["message"]
        self.assertIn(f"failed early due to stalled resources: [Widget/{self.ns}/w status: 'Failed']", message)
        self.set_status("w", {"phase": "Done"})
        self.await_applied(repository)

    def test_an_observed_generation_that_is_behind(self):
        repository = self.begin_with(self.checks(current="true"), {"w.yaml": widget("w", spec={"n": 1})})
        self.await_applied(repository)
        self.set_status("w", {"observedGeneration": 1})
        self.push(repository, {"w.yaml": widget("w", spec={"n": 2})})
        self.await_object("Kustomization", "app", lambda obj: obj["status"].get("lastAttemptedRevision") == repository.revision and
                          condition_of(obj, "Healthy").get("status") == "Unknown")
        live = self.kube.get(f"{GROUP}/v1/Widget", "w", self.ns)
        self.set_status("w", {"observedGeneration": live["metadata"]["generation"]})
        self.await_applied(repository)

    def test_an_error_is_shown_and_may_pass(self):
        repository = self.begin_with(self.checks(current="status.phase == 'Done'"), {"w.yaml": widget("w", spec={})})
        self.await_health_of("no such attribute(s): status.phase")
        self.set_status("w", {"phase": "Done"})
        self.await_applied(repository)

    def test_a_whole_group(self):
        checks = [{"apiVersion": f"{GROUP}/v1", "current": "status.phase == 'Done'"}]
        repository = self.begin_with(checks, {"all.yaml": [widget("w"), widget("g", "Gadget")]})
        for name, kind in (("w", "Widget"), ("g", "Gadget")):
            until(lambda name=name, kind=kind: self.kube.get(f"{GROUP}/v1/{kind}", name, self.ns))
        self.set_status("w", {"phase": "Done"})
        self.await_health_of("Gadget")
        self.set_status("g", {"phase": "Done"}, "Gadget")
        self.await_applied(repository)

    def test_health_checks_of_what_is_not_ours(self):
        self.kube.apply(widget("other") | {"metadata": {"name": "other", "namespace": self.ns}})
        repository = self.begin_with(self.checks(**self.PHASE), {"cm.yaml": config_map("settings")}, wait=False,
                                     healthChecks=[{"apiVersion": f"{GROUP}/v1", "kind": "Widget", "name": "other", "namespace": self.ns}])
        self.await_health_of("no such attribute(s): status.phase")
        self.set_status("other", {"phase": "Done"})
        self.await_applied(repository)

    def test_another_owner_another_judgement(self):
        """Two Kustomizations with objects of one kind, of which only one has expressions."""
        repository = self.env.repository(self.ns, {"a/w.yaml": widget("a"), "b/w.yaml": widget("b")})
        self.source("fleet", repository)
        self.kustomization("plain", path="./a", wait=True)
        self.kustomization("asking", path="./b", wait=True, healthCheckExprs=self.checks(current="has(metadata.labels.done)"))
        self.await_applied(repository, "plain")
        self.await_health_of("Widget", "asking")
        self.push(repository, {"b/w.yaml": widget("b") | {"metadata": {"name": "b", "labels": {"done": "yes"}}}})
        self.await_applied(repository, "asking")

    def test_other_expressions_judge_what_did_not_change(self):
        repository = self.begin_with(self.checks(current="true"))
        self.await_applied(repository)
        self.kustomization(wait=True, timeout="5m", healthCheckExprs=self.checks(current="has(metadata.annotations.seen)"))
        self.await_health_of("Widget")
        self.kube.patch(f"{GROUP}/v1/Widget", "w", self.ns, {"metadata": {"annotations": {"seen": "yes"}}})
        self.await_ready("Kustomization", "app")
        self.kustomization(wait=True, timeout="5m", healthCheckExprs=self.checks(failed="true", current="true"))
        self.await_failed("Kustomization", "app", "HealthCheckFailed")
        self.kustomization(wait=True, timeout="5m", healthCheckExprs=None)
        self.await_ready("Kustomization", "app")

    def test_a_restart_judges_the_same(self):
        repository = self.begin_with(self.checks(current="has(status.phase)"), {"w.yaml": widget("w")})
        self.await_health_of("Widget")
        self.controller.restart()
        self.await_health_of("Widget")
        self.set_status("w", {"phase": "any"})
        self.await_applied(repository)
        self.controller.restart()
        self.request("Kustomization", "app")
        self.await_applied(repository)

    def test_what_cannot_be_read_is_stalled(self):
        rows = (
            (self.checks(current="data."), "failed to create custom status evaluator for healthchecks[0]: failed to parse the expression Current: "
             "failed to parse the CEL expression 'data.': ERROR: <input>:1:6: Syntax error: no viable alternative at input '.'\n | data.\n | .....^"),
            (self.checks(current="true") * 2, f"duplicate custom health check for GroupKind Widget.{GROUP} at healthchecks[1]"),
        )
        self.begin_with(self.checks(current="true"))
        for checks, message in rows:
            self.kustomization(wait=True, healthCheckExprs=checks)
            self.await_stalled(TERMINAL + message)
            until(lambda message=message: [event for event in self.events("Kustomization", "app")
                                           if event[1] == "InvalidCELExpression" and message[:60] in event[2]])
        self.kustomization(wait=True, healthCheckExprs=self.checks(current="true"))
        self.await_ready("Kustomization", "app")


class ReadyExprTest(CelCase):
    def dependency(self, expression, **spec):
        repository = self.env.repository(self.ns, {"base/cm.yaml": config_map("base"), "app/cm.yaml": config_map("app")})
        self.source("fleet", repository)
        self.kustomization("base", path="./base")
        self.kustomization("app", path="./app", dependsOn=[{"name": "base", "readyExpr": expression}], **spec)
        return repository

    def test_a_dependency_that_is_not_ready_may_do(self):
        repository = self.dependency("dep.metadata.name == 'base' && dep.spec.path == './base'")
        self.await_applied(repository)

    def test_an_answer_that_changes(self):
        repository = self.dependency("has(dep.metadata.labels) && dep.metadata.labels.?stage.orValue('') == self.metadata.annotations['wants']")
        self.await_ready("Kustomization", "base")
        message = self.await_failed("Kustomization", "app", "DependencyNotReady")["message"]
        self.assertEqual(message, f"dependency '{self.ns}/base' is not ready according to readyExpr eval")
        self.kube.patch("Kustomization", "app", self.ns, {"metadata": {"annotations": {"wants": "two"}}})
        self.kube.patch("Kustomization", "base", self.ns, {"metadata": {"labels": {"stage": "two"}}})
        self.await_applied(repository)

    def test_an_answer_that_changes_with_its_own_labels(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        patient = self.env.controller("patient", flags=["--requeue-dependency=1h"])
        self.addCleanup(patient.end)
        repository = self.dependency("self.metadata.?labels.stage.orValue('') == 'two'")
        self.await_ready("Kustomization", "base")
        self.await_failed("Kustomization", "app", "DependencyNotReady")
        self.kube.patch("Kustomization", "app", self.ns, {"metadata": {"labels": {"stage": "two"}}})
        self.await_applied(repository)

    def test_an_error_waits(self):
        self.dependency("dep.status.nothing == 1")
        self.await_ready("Kustomization", "base")
        self.assertEqual(self.await_failed("Kustomization", "app", "DependencyNotReady")["message"],
                         "failed to evaluate the CEL expression 'dep.status.nothing == 1': no such key: nothing")

    def test_what_makes_no_sense_is_stalled(self):
        prefix = TERMINAL + "terminal error: failed to evaluate dependency base: "
        rows = (
            ("foo == 1", "failed to parse the CEL expression 'foo == 1': ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n"
             " | foo == 1\n | ^"),
            ("dep.status", "CEL expression output type mismatch: expected bool, got dyn"),
            ("1 + 'a' == 2", "failed to parse the CEL expression '1 + 'a' == 2': ERROR: <input>:1:3: found no matching overload for '_+_' "
             "applied to '(int, string)'\n | 1 + 'a' == 2\n | ..^"),
        )
        self.dependency("true")
        for expression, message in rows:
            self.kustomization("app", path="./app", dependsOn=[{"name": "base", "readyExpr": expression}])
            self.await_stalled(prefix + message)


class GatesTest(CelCase):
    """Gates and flags that need a controller of their own."""

    def with_flags(self, *flags):
        self.controller.end()
        self.controller.start(flags=flags)
        self.addCleanup(self.controller.restart)

    def test_additive_cel_dependency_check(self):
        self.with_flags("--feature-gates=AdditiveCELDependencyCheck=true")
        repository = self.env.repository(self.ns, {"app/cm.yaml": config_map("app"), "base/cm.yaml": config_map("base")})
        self.source("fleet", repository)
        self.kustomization("base", path="./nowhere")
        self.kustomization("app", path="./app", dependsOn=[{"name": "base", "readyExpr": "true"}])
        self.assertEqual(self.await_failed("Kustomization", "app", "DependencyNotReady")["message"], f"dependency '{self.ns}/base' is not ready")
        self.kustomization("base", path="./base")
        self.await_applied(repository)

    def test_loose_substitution(self):
        self.with_flags("--feature-gates=StrictPostBuildSubstitutions=false")
        self.fleet({"cm.yaml": config_map("settings", {"a": "[${missing}]", "b": "${there}"})}, postBuild={"substitute": {"there": "x"}})
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"a": "[]", "b": "x"})

    def test_patient_health_checks(self):
        self.with_flags("--feature-gates=DisableFailFastBehavior=true")
        repository = self.env.repository(self.ns, {"all.yaml": [widget("bad"), widget("slow")]})
        self.source("fleet", repository)
        self.kustomization(wait=True, timeout="5m", healthCheckExprs=self.checks(failed="metadata.name == 'bad'", current="has(status.done)"))
        self.await_health_of("slow")
        self.assertNotEqual(condition_of(self.kube.get("Kustomization", "app", self.ns), "Ready").get("reason"), "HealthCheckFailed")
        self.set_status("slow", {"done": True})
        message = self.await_failed("Kustomization", "app", "HealthCheckFailed")["message"]
        self.assertIn(f"failed early due to stalled resources: [Widget/{self.ns}/bad status: 'Failed']", message)

    def test_no_cross_namespace_refs(self):
        self.with_flags("--no-cross-namespace-refs")
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        other = self.ns + "-other"
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})
        self.source("fleet", repository)
        self.kustomization(sourceRef={"kind": "GitRepository", "name": "fleet", "namespace": other})
        message = f"can't access 'GitRepository/{other}/fleet', cross-namespace references have been blocked"
        self.assertEqual(self.await_failed("Kustomization", "app", "AccessDenied")["message"], message)
        app = self.await_object("Kustomization", "app", lambda obj: condition_of(obj, "Stalled").get("reason") == "AccessDenied")
        self.assertEqual(condition_of(app, "Reconciling"), {})
        self.kustomization()
        self.await_applied(repository)

    def test_default_service_account(self):
        self.with_flags("--default-service-account=tenant")
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("settings")})
        self.source("fleet", repository)
        self.kustomization(retryInterval="1s")
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertIn(f'User "system:serviceaccount:{self.ns}:tenant" cannot patch resource "configmaps"', message)
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "tenant", "namespace": self.ns}})
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "tenant", "namespace": self.ns},
                         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                         "subjects": [{"kind": "ServiceAccount", "name": "tenant", "namespace": self.ns}]})
        self.await_applied(repository)
        self.kube.delete("ServiceAccount", "tenant", self.ns)
        self.kube.delete("Kustomization", "app", self.ns)
        self.await_gone("Kustomization", "app")
        self.assertIsNotNone(self.kube.get("ConfigMap", "settings", self.ns), "what nobody may delete any more stays")

    def test_config_watchers_can_be_off(self):
        self.with_flags("--feature-gates=DisableConfigWatchers=true")
        self.assertEqual(self.controller.process.poll(), None)
        self.kube.apply(config_map("vars", {"v": "1"}, namespace=self.ns, labels={"reconcile.fluxcd.io/watch": "Enabled"}))
        self.fleet({"cm.yaml": config_map("settings", {"v": "v${v}"})}, postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "vars"}]})
        self.kube.apply(config_map("vars", {"v": "2"}, namespace=self.ns, labels={"reconcile.fluxcd.io/watch": "Enabled"}))
        self.request("Kustomization", "app")
        until(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == {"v": "v2"})


class ConfigWatchTest(CelCase):
    """A labelled ConfigMap or Secret wakes who names it; the interval here is an hour."""

    LABEL = {"reconcile.fluxcd.io/watch": "Enabled"}

    def settings_are(self, **data):
        until(lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)) == data,
              seen=lambda: data_of(self.kube.get("ConfigMap", "settings", self.ns)))

    def test_a_config_map(self):
        self.kube.apply(config_map("vars", {"v": "1"}, namespace=self.ns, labels=self.LABEL))
        self.fleet({"cm.yaml": config_map("settings", {"v": "v${v}"})}, postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "vars"}]})
        self.settings_are(v="v1")
        self.kube.apply(config_map("vars", {"v": "2"}, namespace=self.ns, labels=self.LABEL))
        self.settings_are(v="v2")
        self.await_ready("Kustomization", "app")

    def test_a_secret_that_comes_later(self):
        self.fleet({"cm.yaml": config_map("settings", {"v": "${v:=none}"})},
                   postBuild={"substituteFrom": [{"kind": "Secret", "name": "vars", "optional": True}], "substituteStrategy": "Always"})
        self.settings_are(v="none")
        labelled = secret("vars", self.ns, {"v": "x"})
        labelled["metadata"]["labels"] = self.LABEL
        self.kube.apply(labelled)
        self.settings_are(v="x")
        self.kube.delete("Secret", "vars", self.ns)
        self.settings_are(v="none")


if __name__ == "__main__":
    totals.main()
