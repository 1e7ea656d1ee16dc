#!/usr/bin/env python3
"""What is applied, taken over, left alone and recreated: the rules by which an object of a build meets the one in the cluster."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, deployment, service, throughout, until  # noqa: E402
from kube import writes_between  # noqa: E402

KEY = "kustomize.toolkit.fluxcd.io"
GUARD = "sluice.dev/allow-prune"


def setUpModule():
    harness.begin("apply-rules", flags=["--override-manager=rival"])


def managers_of(obj):
    return sorted((entry["manager"], entry["operation"]) for entry in obj["metadata"]["managedFields"] if not entry.get("subresource"))


class SelectorTest(Case):
    """Labels and annotations by which people steer: of the desired and of the live object, whatever the letter case."""

    ROWS = (  # key, value, what a first apply does, what it makes of an object that is there
        ("reconcile", "disabled", "absent", "untouched"),
        ("reconcile", "DISABLED", "absent", "untouched"),
        ("reconcile", "enabled", "created", "applied"),
        ("ssa", "Ignore", "absent", "untouched"),
        ("ssa", "ignore", "absent", "untouched"),
        ("ssa", "IfNotPresent", "created", "untouched"),
        ("ssa", "ifnotpresent", "created", "untouched"),
        ("ssa", "Merge", "created", "applied"),
        ("ssa", "Override", "created", "applied"),
        ("prune", "disabled", "created", "applied"),
        ("force", "enabled", "created", "applied"),
    )

    def rows(self):
        for number, (key, value, first, then) in enumerate(self.ROWS):
            for place in ("labels", "annotations"):
                yield f"row-{number}-{place}", {place: {f"{KEY}/{key}": value}}, first, then

    def outcome(self, name):
        return {None: "absent", "theirs": "untouched", "ours": "applied"}[(data_of(self.kube.get("ConfigMap", name, self.ns)) or {}).get("n")]

    def test_of_the_desired_object(self):
        for name, *_ in self.rows():
            self.kube.apply(config_map(f"there-{name}", {"n": "theirs"}, namespace=self.ns))
        files = {f"{place}.yaml": [config_map(f"{prefix}-{name}", {"n": "ours"}, **metadata) for name, metadata, *_ in self.rows()]
                 for place, prefix in (("new", "new"), ("there", "there"))}
        repository = self.fleet(files, wait=True)
        for name, metadata, first, then in self.rows():
            with self.subTest(metadata):
                self.assertEqual(self.outcome(f"new-{name}"), {"absent": "absent", "created": "applied"}[first])
                self.assertEqual(self.outcome(f"there-{name}"), then)
        # All of them are on record, the skipped ones too, and the absent ones hold up no health check.
        entries = self.kube.get("Kustomization", "app", self.ns)["status"]["inventory"]["entries"]
        self.assertEqual(len(entries), 2 * len(list(self.rows())))
        self.release_all(repository)

    def release_all(self, repository):
        """What is no longer wanted goes, but for what asks to be kept."""
        self.kube.patch("Kustomization", "app", self.ns, {"metadata": {"annotations": {GUARD: "true"}}})
        self.push(repository, {"new.yaml": None, "there.yaml": None, "one.yaml": config_map("one")})
        self.await_applied(repository)
        left = {obj["metadata"]["name"] for obj in self.kube.list("ConfigMap", self.ns)}
        for name, metadata, first, _ in self.rows():
            with self.subTest(metadata):
                [(key, value)] = next(iter(metadata.values())).items()
                keeps = (key, value.lower()) == (f"{KEY}/prune", "disabled")
                self.assertEqual(f"new-{name}" in left, keeps, "of those that were created only these stay")

    def test_of_the_live_object(self):
        repository = self.fleet({"all.yaml": [config_map(name, {"n": "1"}) for name, *_ in self.rows()]})
        for name, metadata, *_ in self.rows():
            self.kube.patch("ConfigMap", name, self.ns, {"metadata": metadata})
        self.push(repository, {"all.yaml": [config_map(name, {"n": "2"}) for name, *_ in self.rows()]})
        self.await_applied(repository)
        for name, metadata, _, then in self.rows():
            with self.subTest(metadata):
                self.assertEqual(data_of(self.kube.get("ConfigMap", name, self.ns)), {"n": "1" if then == "untouched" else "2"})

    def test_of_a_live_object_that_nobody_owned(self):
        for name, metadata, *_ in self.rows():
            self.kube.apply(config_map(name, {"n": "theirs"}, namespace=self.ns, **metadata))
        self.fleet({"all.yaml": [config_map(name, {"n": "ours"}) for name, *_ in self.rows()]})
        for name, metadata, _, then in self.rows():
            with self.subTest(metadata):
                self.assertEqual(self.outcome(name), then)

    def test_force_of_the_live_object(self):
        sealed = lambda value: config_map("sealed", {"n": value}) | {"immutable": True}  # noqa: E731
        repository = self.fleet({"cm.yaml": sealed("1")})
        uid = self.kube.get("ConfigMap", "sealed", self.ns)["metadata"]["uid"]
        self.push(repository, {"cm.yaml": sealed("2")})
        self.assertIn("field is immutable", self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"])
        self.assertEqual(self.kube.get("ConfigMap", "sealed", self.ns)["metadata"]["uid"], uid)
        self.kube.patch("ConfigMap", "sealed", self.ns, {"metadata": {"labels": {f"{KEY}/force": "Enabled"}}})
        self.request("Kustomization", "app")
        self.await_applied(repository)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "sealed", self.ns)), {"n": "2"})

    def test_substitute_disabled(self):
        """Of all these words the one that Flux compares as it is written."""
        text = {"n": "${name:=ours}"}
        rows = [("plain", {}, "ours")] + [(f"{place}-{number}", {place: {f"{KEY}/substitute": word}}, want)
                                          for place in ("labels", "annotations")
                                          for number, (word, want) in enumerate((("disabled", "${name:=ours}"), ("Disabled", "ours")))]
        self.fleet({"all.yaml": [config_map(name, text, **metadata) for name, metadata, _ in rows]}, postBuild={"substituteStrategy": "Always"})
        for name, _, want in rows:
            with self.subTest(name):
                self.assertEqual(data_of(self.kube.get("ConfigMap", name, self.ns)), {"n": want})


class FieldManagerTest(Case):
    """What others left on an object is undone when it becomes ours, and when they come back; what controllers write beside us stays."""

    def managed(self, data, name="settings", **metadata):
        return config_map(name, data, namespace=self.ns, **metadata)

    def test_what_kubectl_apply_left(self):
        theirs = self.managed({"n": "0", "extra": "x"}, labels={"extra": "x", "fluxcd.io/sync-gc-mark": "y"}, annotations={"fluxcd.io/sync-checksum": "z"})
        path = os.path.join(self.env.folder, "theirs.json")
        with open(path, "w", encoding="utf-8") as file:
            harness.json.dump(theirs, file)
        self.env.kubectl("apply", "-f", path)
        self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        live = self.kube.get("ConfigMap", "settings", self.ns)
        self.assertEqual(live["data"], {"n": "1"})
        self.assertEqual(live["metadata"]["labels"], {f"{KEY}/name": "app", f"{KEY}/namespace": self.ns})
        self.assertNotIn("annotations", live["metadata"])
        self.assertEqual(managers_of(live), [("kustomize-controller", "Apply")])

    def test_managers_one_by_one(self):
        rows = (  # who left the field, as an apply or an update, whether it is undone
            ("kubectl", "apply", True), ("kubectl-client-side-apply", "update", True), ("kubectl-edit", "update", True), ("kubectl-patch", "update", True),
            ("before-first-apply", "update", True), ("kustomize-controller", "update", True), ("rival", "apply", True), ("rival-controller", "update", True),
            ("helm", "apply", False), ("helm", "update", False), ("hpa-controller", "update", False))
        names = {f"row-{index}": row for index, row in enumerate(rows)}
        for name, (manager, operation, _) in names.items():
            obj = self.managed({"n": "0", "extra": "x"}, name)
            if operation == "apply":
                self.kube.apply(obj, manager)
            else:
                self.kube.apply(self.managed({"n": "0"}, name), "first")
                self.kube.patch("ConfigMap", name, self.ns, {"data": {"extra": "x"}}, manager=manager)
        self.fleet({"all.yaml": [config_map(name, {"n": "1"}) for name in names]})
        for name, (manager, operation, undone) in names.items():
            with self.subTest(f"{manager} {operation}"):
                self.assertEqual(self.kube.get("ConfigMap", name, self.ns)["data"], {"n": "1"} if undone else {"n": "1", "extra": "x"})

    def test_an_object_from_before_managed_fields(self):
        self.kube.apply(self.managed({"n": "0", "extra": "x"}), "first")
        self.kube.patch("ConfigMap", "settings", self.ns, {"metadata": {"managedFields": [{}]}})
        self.assertNotIn("managedFields", self.kube.get("ConfigMap", "settings", self.ns)["metadata"])
        self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        live = self.kube.get("ConfigMap", "settings", self.ns)
        self.assertEqual((live["data"], managers_of(live)), ({"n": "1"}, [("kustomize-controller", "Apply")]))

    def test_merge_leaves_them_alone(self):
        self.kube.apply(self.managed({"n": "0", "extra": "x"}), "kubectl")
        self.fleet({"cm.yaml": config_map("settings", {"n": "1"}, annotations={f"{KEY}/ssa": "Merge"})})
        self.assertEqual(self.kube.get("ConfigMap", "settings", self.ns)["data"], {"n": "1", "extra": "x"})
        self.kube.patch("ConfigMap", "settings", self.ns, {"data": {"more": "y"}}, manager="kubectl-edit")
        throughout(lambda: self.kube.get("ConfigMap", "settings", self.ns)["data"] == {"n": "1", "extra": "x", "more": "y"}, 1.5)

    def test_what_kubectl_does_later_is_put_back_at_once(self):
        self.fleet({"cm.yaml": config_map("settings", {"n": "1"}), "web.yaml": deployment("web")})
        self.env.kubectl("-n", self.ns, "annotate", "configmap", "settings", "by=hand")
        self.await_object("ConfigMap", "settings", lambda obj: "by" not in obj["metadata"].get("annotations", {}))
        self.env.kubectl("-n", self.ns, "set", "env", "deployment/web", "HAND=made")
        self.await_object("Deployment", "web", lambda obj: "env" not in obj["spec"]["template"]["spec"]["containers"][0])

    def test_nothing_is_asked_of_an_object_that_is_as_it_should_be(self):
        self.kube.apply(self.managed({"n": "0", "extra": "x"}), "kubectl")
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "1"})})
        version = self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"]
        before = self.kube.requests_served()
        token = self.request("Kustomization", "app")
        self.await_object("Kustomization", "app", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.assertNotIn(("APPLY", "configmaps"), writes_between(before, self.kube.requests_served()))
        self.assertEqual(self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["resourceVersion"], version)
        self.await_applied(repository)


class MigrationTest(Case):
    """Gate MigrateAPIVersion: before a dry run the managed fields of older versions of the kind become fields of the version that is applied."""

    GROUP = "migration.example"
    GADGET = GROUP + "/v1/Gadget"

    @classmethod
    def setUpClass(cls):
        def version(name, **spec):
            schema = {"type": "object", "properties": {"spec": {"type": "object"} | spec}}
            return {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema}}
        cls.env.kube.apply({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"gadgets.{cls.GROUP}"},
            "spec": {"group": cls.GROUP, "scope": "Namespaced", "names": {"kind": "Gadget", "plural": "gadgets", "singular": "gadget"},
                     "versions": [version("v1beta1", **{"x-kubernetes-preserve-unknown-fields": True}),
                                  version("v1", properties={"size": {"type": "integer"}, "colour": {"type": "string"}})]}})
        for name in ("v1beta1", "v1"):
            cls.env.await_kind(f"{cls.GROUP}/{name}/Gadget")

    def gadget(self, name, version="v1", annotations=None, **spec):
        return {"apiVersion": f"{self.GROUP}/{version}", "kind": "Gadget", "metadata": {"name": name, "namespace": self.ns, "annotations": annotations or {}},
                "spec": spec}

    def versions(self, name):
        """{manager: version of its fields}."""
        return {entry["manager"]: entry["apiVersion"].partition("/")[2] for entry in self.kube.get(self.GADGET, name, self.ns)["metadata"]["managedFields"]}

    def story(self):
        """Objects that others wrote as v1beta1, then applied as v1: one that can be, one whose dry run fails, one that asks to be left alone."""
        for name, asks in (("sound", {}), ("odd", {}), ("held", {f"{KEY}/reconcile": "disabled"})):
            self.kube.apply(self.gadget(name, "v1beta1", asks, size=1, colour="red"), "theirs")
            self.assertEqual(self.versions(name), {"theirs": "v1beta1"})
        self.source("fleet", self.env.repository(self.ns, {
            "sound/a.yaml": [self.gadget("sound", size=2), self.gadget("held", size=2)], "odd/a.yaml": self.gadget("odd", size="big")}))
        self.kustomization(path="./sound", prune=False)
        self.kustomization("odd", path="./odd", prune=False)
        self.await_ready("Kustomization", "app")
        message = self.await_failed("Kustomization", "odd", "ReconciliationFailed")["message"]
        self.assertIn(f"Gadget/{self.ns}/odd dry-run failed: ", message)
        self.assertEqual([self.kube.get(self.GADGET, name, self.ns)["spec"] for name in ("sound", "odd", "held")],
                         [{"size": 2, "colour": "red"}] + [{"size": 1, "colour": "red"}] * 2)
        return [self.versions(name) for name in ("sound", "odd", "held")]

    def test_without_the_gate(self):
        self.assertEqual(self.story(), [{"theirs": "v1beta1", "kustomize-controller": "v1"}, {"theirs": "v1beta1"}, {"theirs": "v1beta1"}])

    def test_with_the_gate(self):
        self.controller.end()
        self.addCleanup(self.controller.start)
        other = self.env.controller("migrates", flags=["--feature-gates=MigrateAPIVersion=true"])
        self.addCleanup(other.end)
        self.assertEqual(self.story(), [{"theirs": "v1", "kustomize-controller": "v1"}, {"theirs": "v1"}, {"theirs": "v1beta1"}])


class IgnoreTest(Case):
    """spec.ignore: fields that others may change."""

    def test_what_is_ignored_stays_and_the_rest_is_put_back(self):
        repository = self.fleet({"web.yaml": deployment("web", replicas=2), "other.yaml": deployment("other", replicas=2)},
                                ignore=[{"paths": ["/spec/replicas"], "target": {"kind": "Deploy.*", "name": "web"}}])
        self.kube.patch("Deployment", "web", self.ns, {"spec": {"replicas": 5}})
        self.kube.patch("Deployment", "other", self.ns, {"spec": {"replicas": 5}})
        replicas = lambda name: self.kube.get("Deployment", name, self.ns)["spec"]["replicas"]  # noqa: E731
        until(lambda: replicas("other") == 2)
        self.assertEqual(replicas("web"), 5)
        # Where something else has to be changed, the live value is sent.
        self.push(repository, {"web.yaml": deployment("web", replicas=3, image="app:2")})
        self.await_applied(repository)
        web = self.kube.get("Deployment", "web", self.ns)
        self.assertEqual((web["spec"]["replicas"], web["spec"]["template"]["spec"]["containers"][0]["image"]), (5, "app:2"))
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"ignore": None}})
        until(lambda: replicas("web") == 3)

    def test_a_field_that_another_manager_applies_is_left_to_it(self):
        repository = self.fleet({"web.yaml": deployment("web", replicas=2)}, ignore=[{"paths": ["/spec/replicas"]}])
        self.kube.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": self.ns}, "spec": {"replicas": 4}}, "scaler")
        self.push(repository, {"web.yaml": deployment("web", replicas=2, image="app:2")})
        self.await_applied(repository)
        web = self.kube.get("Deployment", "web", self.ns)
        self.assertEqual(web["spec"]["replicas"], 4)
        owners = [entry["manager"] for entry in web["metadata"]["managedFields"]
                  if entry["operation"] == "Apply" and "f:replicas" in entry["fieldsV1"].get("f:spec", {})]
        self.assertEqual(owners, ["scaler"])

    def test_selectors_and_pointers(self):
        rows = (("by-label", {"app": "x"}, {"labelSelector": "app=x"}), ("by-annotation", {}, {"annotationSelector": "a/b in (1,2)"}),
                ("by-all", {}, {"group": "", "version": "v1", "kind": "ConfigMap", "name": "by-.*", "namespace": self.ns}))
        for name, labels, target in rows:
            with self.subTest(name):
                self.fleet_of(name, config_map(name, {"c": "1"}, labels=labels, annotations={"a/b": "1"}), [{"paths": ["/metadata/annotations/a~1b"], "target": target}])
                noted = lambda name=name: self.kube.get("ConfigMap", name, self.ns)["metadata"]["annotations"]["a/b"]  # noqa: E731
                self.kube.patch("ConfigMap", name, self.ns, {"metadata": {"annotations": {"a/b": "2"}}})
                throughout(lambda noted=noted: noted() == "2", 1)
                self.kube.patch("ConfigMap", name, self.ns, {"data": {"c": "2"}})
                self.await_object("ConfigMap", name, lambda obj: obj["data"] == {"c": "1"})
                self.assertEqual(noted(), "2")

    def fleet_of(self, name, obj, ignore):
        repository = self.env.repository(f"{self.ns}-{name}", {"all.yaml": obj})
        self.source(name, repository)
        self.kustomization(name, name, ignore=ignore)
        self.await_applied(repository, name)

    def test_rules_that_cannot_be_read(self):
        rows = (({"paths": ["spec"]}, "spec.ignore[0].paths[0]: "), ({"paths": ["/a"], "target": {"name": "("}}, "spec.ignore[0].target: "))
        self.source("fleet", self.env.repository(self.ns, {"cm.yaml": config_map("settings")}))
        for rule, message in rows:
            with self.subTest(message):
                self.kustomization(ignore=[rule])
                self.await_object("Kustomization", "app", lambda obj, message=message: condition_of(obj, "Ready").get("message", "").startswith(message))
        self.assertIsNone(self.kube.get("ConfigMap", "settings", self.ns))


class FirstWriteTest(Case):
    """The first object that a stage writes needs no dry run if it is as our last apply left it, or new: the write itself tells what a dry run would."""

    def template(self, name, image, **metadata):
        return {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": name, **metadata},
                "template": {"spec": {"containers": [{"name": "app", "image": image}]}}}

    def image_of(self, name):
        return self.kube.get("v1/PodTemplate", name, self.ns)["template"]["spec"]["containers"][0]["image"]

    def asked(self, verb, resource="podtemplates"):
        lines = self.env.controllers[-1].http("metrics", 1).decode().splitlines()
        return sum(int(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith(f'sluice_api_requests_total{{verb="{verb}",resource="{resource}"}}'))

    def test_a_change_costs_one_request_for_the_first_object_and_two_for_the_others(self):
        before = {verb: self.asked(verb) for verb in ("dry-run", "apply")}
        repository = self.fleet({f"{name}.yaml": self.template(name, "app:1") for name in "abc"})
        self.assertEqual((self.asked("dry-run") - before["dry-run"], self.asked("apply") - before["apply"]), (2, 3), "all but the first are dry-run")
        before = {verb: self.asked(verb) for verb in ("dry-run", "apply")}
        self.push(repository, {"b.yaml": self.template("b", "app:2")})
        self.await_applied(repository)
        self.assertEqual((self.asked("dry-run") - before["dry-run"], self.asked("apply") - before["apply"]), (0, 1))
        self.push(repository, {f"{name}.yaml": self.template(name, "app:3") for name in "abc"})
        self.await_applied(repository)
        self.assertEqual((self.asked("dry-run") - before["dry-run"], self.asked("apply") - before["apply"]), (2, 4))
        self.assertEqual([self.image_of(name) for name in "abc"], ["app:3"] * 3)
        until(lambda: any(f"PodTemplate/{self.ns}/b configured" == message for _, _, message in self.events("Kustomization", "app")))

    def test_a_new_object_that_is_there_already_is_looked_at_first(self):
        for name, metadata in (("a", {"annotations": {f"{KEY}/ssa": "Ignore"}}), ("b", {})):
            self.kube.apply(self.template(name, "app:hand", namespace=self.ns, **metadata), manager="hand")
        seen = self.asked("dry-run"), self.asked("apply")
        repository = self.fleet({"a.yaml": self.template("a", "app:1"), "c.yaml": self.template("c", "app:1")})
        self.assertEqual((self.image_of("a"), self.image_of("c")), ("app:hand", "app:1"), "it asks to be left alone")
        self.assertEqual((self.asked("dry-run") - seen[0], self.asked("apply") - seen[1]), (2, 2), "a create that was a conflict, and a look")
        self.push(repository, {"a.yaml": self.template("b", "app:1")})
        self.await_applied(repository)
        live = self.kube.get("v1/PodTemplate", "b", self.ns)
        self.assertEqual(self.image_of("b"), "app:1")
        self.assertIn("kustomize-controller", [entry["manager"] for entry in live["metadata"]["managedFields"]])
        until(lambda: any(f"PodTemplate/{self.ns}/b configured" in message for _, _, message in self.events("Kustomization", "app")))

    def test_a_new_object_that_is_refused_keeps_the_stage_back_in_the_words_of_a_dry_run(self):
        self.source("fleet", self.env.repository(self.ns, {"a.yaml": self.template("a", ""), "b.yaml": self.template("b", "app:1")}))
        self.kustomization()
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertTrue(message.startswith(f'PodTemplate/{self.ns}/a dry-run failed (Invalid): PodTemplate "a" is invalid: '), message)
        self.assertIsNone(self.kube.get("v1/PodTemplate", "b", self.ns))
        self.assertEqual(self.kube.get("Kustomization", "app", self.ns)["status"]["inventory"]["entries"], [], "nothing of it is on record")
        # From now on it is dry-run before anything is put on record.
        before = {verb: self.asked(verb) for verb in ("dry-run", "apply")}
        token = self.request("Kustomization", "app")
        self.await_object("Kustomization", "app", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.assertEqual((self.asked("dry-run") - before["dry-run"], self.asked("apply") - before["apply"]), (2, 0))

    def test_what_somebody_touched_is_looked_at_first(self):
        repository = self.fleet({"a.yaml": self.template("a", "app:1")})
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": True}})
        self.kube.apply(self.template("a", "app:hand", namespace=self.ns), manager="hand")
        before = self.asked("dry-run")
        self.push(repository, {"a.yaml": self.template("a", "app:2")})
        self.kube.patch("Kustomization", "app", self.ns, {"spec": {"suspend": False}})
        self.await_applied(repository)
        self.assertGreater(self.asked("dry-run"), before)
        self.assertEqual(self.image_of("a"), "app:2")

    def test_refused_it_keeps_the_stage_back_in_the_words_of_a_dry_run(self):
        repository = self.fleet({"a.yaml": self.template("a", "app:1"), "b.yaml": self.template("b", "app:1")})
        before = self.asked("dry-run")
        self.push(repository, {"a.yaml": self.template("a", ""), "b.yaml": self.template("b", "app:2")})
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertTrue(message.startswith(f'PodTemplate/{self.ns}/a dry-run failed (Invalid): PodTemplate "a" is invalid: '), message)
        self.assertEqual(self.asked("dry-run") - before, 1, "the other one only")
        self.assertEqual([self.image_of(name) for name in "ab"], ["app:1", "app:1"])
        # Both wrong: both are told, and neither is written.
        self.push(repository, {"b.yaml": self.template("b", "")})
        message = condition_of(self.await_object("Kustomization", "app", lambda obj: '"b" is invalid' in condition_of(obj, "Ready")["message"]), "Ready")["message"]
        self.assertIn('PodTemplate "a" is invalid', message)
        self.push(repository, {"a.yaml": self.template("a", "app:3"), "b.yaml": self.template("b", "app:3")})
        self.await_applied(repository)

    def test_what_cannot_be_changed_in_place_is_made_anew_where_that_is_allowed(self):
        fixed = lambda n, **metadata: config_map("settings", {"n": n}, **metadata) | {"immutable": True}  # noqa: E731
        repository = self.fleet({"cm.yaml": fixed("1"), "keep.yaml": config_map("keep")}, retryInterval="1h")
        uid = self.kube.get("ConfigMap", "settings", self.ns)["metadata"]["uid"]
        self.push(repository, {"cm.yaml": fixed("2")})
        message = self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]
        self.assertIn(f"ConfigMap/{self.ns}/settings dry-run failed (Invalid)", message)
        self.push(repository, {"cm.yaml": fixed("3", annotations={f"{KEY}/force": "enabled"})})
        self.await_applied(repository)
        live = self.kube.get("ConfigMap", "settings", self.ns)
        self.assertEqual(data_of(live), {"n": "3"})
        self.assertNotEqual(live["metadata"]["uid"], uid)


class ErrorTest(Case):
    """Errors of applying, in Flux's words."""

    def failure(self, files, **spec):
        self.source("fleet", self.env.repository(self.ns, files))
        self.kustomization(**spec)
        return self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"]

    def test_invalid(self):
        self.assertTrue(self.failure({"bad.yaml": service("bad") | {"spec": {"ports": [{"port": 0}]}}}).startswith(
            f'Service/{self.ns}/bad dry-run failed (Invalid): Service "bad" is invalid: '))

    def test_no_such_namespace(self):
        self.assertEqual(self.failure({"cm.yaml": config_map("settings")}, targetNamespace="nowhere"),
                         'ConfigMap/nowhere/settings not found: namespaces "nowhere" not found')

    def test_no_such_kind(self):
        self.assertEqual(self.failure({"x.yaml": {"apiVersion": "no.example.com/v1", "kind": "Nothing", "metadata": {"name": "x"}}}),
                         f'Nothing/{self.ns}/x dry-run failed: no matches for kind "Nothing" in version "no.example.com/v1"')

    def test_what_was_done_until_then_is_told(self):
        ns = f"{self.ns[:40]}-made"
        bad = config_map("bad", namespace="nowhere")
        message = self.failure({"ns.yaml": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}}, "bad.yaml": bad}, targetNamespace=None)
        self.assertEqual(message, f'ConfigMap/nowhere/bad not found: namespaces "nowhere" not found\nNamespace/{ns} created')

    def test_a_sound_object_that_cannot_be_changed_in_place_is_recreated_and_an_unsound_one_is_not_deleted(self):
        job = lambda image: {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {  # noqa: E731
            "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "app", "image": image}]}}}}
        repository = self.fleet({"svc.yaml": service("web"), "job.yaml": job("app:1")}, force=True)
        uids = {kind: self.kube.get(kind, name, self.ns)["metadata"]["uid"] for kind, name in (("Service", "web"), ("Job", "job"))}
        broken = service("web")
        broken["spec"]["ports"][0]["port"] = 0
        self.push(repository, {"svc.yaml": broken, "job.yaml": job("app:2")})
        self.assertIn("Service", self.await_failed("Kustomization", "app", "ReconciliationFailed")["message"])
        self.assertEqual(self.kube.get("Service", "web", self.ns)["metadata"]["uid"], uids["Service"])
        self.push(repository, {"svc.yaml": service("web")})
        self.await_applied(repository)
        self.assertNotEqual(self.kube.get("Job", "job", self.ns)["metadata"]["uid"], uids["Job"])
        self.assertEqual(self.kube.get("Service", "web", self.ns)["metadata"]["uid"], uids["Service"])
        until(lambda: (f"Job/{self.ns}/job created" in "\n".join(event[2] for event in self.events("Kustomization", "app")).split("\n")))

    def test_a_cluster_wide_object_with_a_namespace(self):
        # A namespace transformer cannot know the scope of a foreign kind.
        self.env.install_kind("scope.example.com", "v1", "Wide", scope="Cluster")
        wide = {"apiVersion": "scope.example.com/v1", "kind": "Wide", "metadata": {"name": self.ns}, "spec": {"n": 1}}
        repository = self.fleet({"wide.yaml": wide, "cm.yaml": config_map("settings")})
        entries = self.kube.get("Kustomization", "app", self.ns)["status"]["inventory"]["entries"]
        self.assertIn(f"_{self.ns}_scope.example.com_Wide", [entry["id"] for entry in entries])
        live = self.kube.get("scope.example.com/v1/Wide", self.ns)
        # As an older record has it, with the namespace: it is the same object, and stays.
        for entry in entries:
            if entry["id"].startswith("_"):
                entry["id"] = self.ns + entry["id"]
        self.kube.patch("Kustomization", "app", self.ns, {"status": {"inventory": {"entries": entries}}}, "status")
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "2"})})
        self.await_applied(repository)
        self.assertEqual(self.kube.get("scope.example.com/v1/Wide", self.ns)["metadata"]["resourceVersion"], live["metadata"]["resourceVersion"])


if __name__ == "__main__":
    totals.main()
