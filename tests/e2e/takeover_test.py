#!/usr/bin/env python3
"""Are we Flux's heirs to the letter? What Flux 2.9 left in a real cluster (../shared/corpus/takeover) is made to happen again, and compared.

The same GitRepository, first with a URL that does not work, and Kustomization over podinfo's kustomize/ folder; then our statuses, conditions,
finalizers, field managers, labels and events beside the recorded ones, with only times, digests, commits and addresses made equal.
"""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import SHARED, Case, condition_of, documents, until  # noqa: E402

RECORDED = os.path.join(SHARED, "corpus", "takeover")
PODINFO = os.path.join(SHARED, "corpus", "fleets", "repos", "stefanprodan-podinfo", "kustomize")
NS = "demo"

_BLURRED = (
    (r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", "<time>"),
    (r"^e2e-\d+$", "<time>"),  # a token of requestedAt
    (r"^[0-9.]+(ms|µs|s|m[0-9.]+s)$", "<duration>"),
    (r"finished in [0-9.]+(ms|µs|s)", "finished in <duration>"),
    (r"sha1:[0-9a-f]{40}", "sha1:<commit>"),
    (r"[0-9a-f]{40}\.tar\.gz", "<commit>.tar.gz"),
    (r"sha256:[0-9a-f]{64}", "sha256:<digest>"),
    (r"http://127\.0\.0\.1:\d+/gitrepository", "http://<host>/gitrepository"),
)


def setUpModule():
    if not os.path.isdir(RECORDED) or not os.path.isdir(PODINFO):
        raise unittest.SkipTest(f"{RECORDED} is not there")
    harness.begin("takeover")


def recorded(name):
    with open(os.path.join(RECORDED, name), encoding="utf-8") as file:
        [document] = documents(file.read())
    return document


def blurred(value):
    """`value` with what differs from run to run made equal."""
    if isinstance(value, dict):
        return {key: "<size>" if key == "size" else blurred(item) for key, item in value.items()}
    if isinstance(value, list):
        return [blurred(item) for item in value]
    if isinstance(value, str):
        for pattern, word in _BLURRED:
            value = re.sub(pattern, word, value)
    return value


def fields_of(obj, *managers):
    """What the managed fields of an object say of `managers`, times left out."""
    return sorted(((entry["manager"], entry["operation"], entry.get("subresource", ""), entry["apiVersion"], entry["fieldsV1"])
                   for entry in obj["metadata"]["managedFields"] if entry["manager"] in managers), key=lambda entry: entry[:3])


def owned_fields(fields):
    """The paths in a fieldsV1 tree, as text."""
    def walk(tree, path):
        for key, below in tree.items():
            yield path + "/" + key
            yield from walk(below, path + "/" + key)
    return sorted(walk(fields, ""))


class TakeoverTest(Case):
    @classmethod
    def setUpClass(cls):
        """The story that was recorded, once."""
        kube = cls.env.kube
        kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NS}})
        cls.repository = cls.env.repository("podinfo", folder=os.path.dirname(PODINFO))
        spec = recorded("flux-gitrepository-podinfo.yaml")["spec"]
        spec["url"] = cls.env.git.url("not-yet")
        kube.create({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "podinfo", "namespace": NS}, "spec": spec})
        kube.create({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "podinfo", "namespace": NS},
                     "spec": recorded("flux-kustomization-podinfo.yaml")["spec"]})
        case = cls()
        case.kube, case.ns = kube, NS
        case.await_failed("GitRepository", "podinfo", "GitOperationFailed")
        kube.patch("GitRepository", "podinfo", NS, {"spec": {"url": cls.env.git.url("podinfo")}})
        case.await_applied(cls.repository, "podinfo")
        for kind in ("GitRepository", "Kustomization"):
            token = case.request(kind, "podinfo")
            case.await_object(kind, "podinfo", lambda obj, token=token: obj["status"].get("lastHandledReconcileAt") == token)
        cls.source, cls.app = kube.get("GitRepository", "podinfo", NS), kube.get("Kustomization", "podinfo", NS)

    def runTest(self):
        """Only so that setUpClass can make one."""

    def test_the_status_of_the_kustomization(self):
        self.assertEqual(blurred(self.app["status"]), blurred(recorded("flux-kustomization-podinfo.yaml")["status"]))

    def test_the_digest_of_the_build(self):
        # To the byte: so the history of an application goes on where Flux left it.
        ours, theirs = (status["history"][0]["digest"] for status in (self.app["status"], recorded("flux-kustomization-podinfo.yaml")["status"]))
        self.assertEqual(ours, theirs)

    def test_the_status_of_the_source(self):
        self.assertEqual(blurred(self.source["status"]), blurred(recorded("flux-gitrepository-podinfo.yaml")["status"]))

    def test_finalizers_and_the_fields_of_controllers(self):
        for obj, name, manager in ((self.app, "kustomization", "gotk-kustomize-controller"), (self.source, "gitrepository", "source-controller")):
            with self.subTest(name):
                before = recorded(f"flux-{name}-podinfo.yaml")
                self.assertEqual(obj["metadata"]["finalizers"], before["metadata"]["finalizers"])
                self.assertEqual(fields_of(obj, manager), fields_of(before, manager))

    def test_what_was_applied(self):
        for before in recorded("owned-objects.yaml")["items"]:
            if before["metadata"].get("labels", {}).get("kustomize.toolkit.fluxcd.io/name") != "podinfo":
                continue
            with self.subTest(before["kind"]):
                obj = self.kube.get(f"{before['apiVersion']}/{before['kind']}", before["metadata"]["name"], NS)
                self.assertEqual(obj["metadata"]["labels"], before["metadata"]["labels"])
                ours, theirs = fields_of(obj, "kustomize-controller"), fields_of(before, "kustomize-controller")
                self.assertEqual([entry[:4] for entry in ours], [entry[:4] for entry in theirs])
                self.assertEqual(owned_fields(ours[0][4]), owned_fields(theirs[0][4]))

    def test_the_events(self):
        # Each recorded event (but for the words of a failed clone, which are Git's) was sent again, with the same annotations.
        def described(event):
            words = "" if event["reason"] == "GitOperationFailed" else event["message"]
            return blurred([event["involvedObject"]["kind"], event["type"], event["reason"], words, event["metadata"].get("annotations", {}),
                            event["reportingComponent"], event["source"].get("component")])

        wanted = [described(event) for event in recorded("events.yaml")["items"]
                  if event["involvedObject"]["kind"] in ("GitRepository", "Kustomization") and event["involvedObject"]["name"] == "podinfo"]
        sent = lambda: [described(event) for event in self.kube.list("Event", NS)]  # noqa: E731
        until(lambda: all(event in sent() for event in wanted), seen=lambda: f"missing: {[event for event in wanted if event not in sent()]}\nsent: {sent()}")


class HeirTest(Case):
    """A cluster in the state that Flux left: Sluice starts, and nothing that Flux applied changes."""

    def test_nothing_changes(self):
        ns = self.ns
        repository = self.env.repository("heir", folder=os.path.dirname(PODINFO))
        self.controller.end()
        try:
            before = {}
            for item in recorded("owned-objects.yaml")["items"]:
                if item["metadata"].get("labels", {}).get("kustomize.toolkit.fluxcd.io/name") != "podinfo":
                    continue
                [(_, _, _, _, fields)] = fields_of(item, "kustomize-controller")
                obj = {"apiVersion": item["apiVersion"], "kind": item["kind"]} | only(item, fields)
                obj["metadata"] |= {"name": item["metadata"]["name"], "namespace": ns}
                obj["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/namespace"] = ns
                self.kube.apply(obj, "kustomize-controller")
                before[item["kind"]] = None
            until(lambda: FleetTest.settled(self.kube.get("Deployment", "podinfo", ns)), 120)  # its autoscaler asks for two, 15 s later
            for kind in before:
                stored = self.kube.get(kind, "podinfo", ns)
                before[kind] = stored["metadata"]["uid"], stored["metadata"].get("generation"), stored.get("spec")
            self.leave("GitRepository", "flux-gitrepository-podinfo.yaml", ns, {"url": self.env.git.url("heir")}, repository)
            self.leave("Kustomization", "flux-kustomization-podinfo.yaml", ns, {"targetNamespace": ns}, repository)
        finally:
            self.controller.start()
        token = self.request("Kustomization", "podinfo")  # what Flux left says that it is applied, too
        self.await_object("Kustomization", "podinfo", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.await_applied(repository, "podinfo")
        app = self.kube.get("Kustomization", "podinfo", ns)
        self.assertEqual(condition_of(app, "Ready")["message"], f"Applied revision: {repository.revision}")
        for kind, (uid, generation, spec) in before.items():
            obj = self.kube.get(kind, "podinfo", ns)
            self.assertEqual((obj["metadata"]["uid"], obj["metadata"].get("generation"), obj.get("spec")),
                             (uid, generation, spec), kind)

    def leave(self, kind, name, ns, changed, repository):
        """One of Flux's own objects with its status, as of the commit that is there."""
        obj = recorded(name)
        text = harness.json.dumps(obj["status"]).replace("demo_", ns + "_")
        status = harness.json.loads(re.sub(r"sha1:[0-9a-f]{40}", "sha1:" + repository.head, text))
        status["observedGeneration"] = 1
        for condition in status["conditions"]:
            condition["observedGeneration"] = 1
        self.kube.create({"apiVersion": obj["apiVersion"], "kind": kind, "metadata": {"name": "podinfo", "namespace": ns, "finalizers": ["finalizers.fluxcd.io"]},
                          "spec": obj["spec"] | changed})
        self.kube.patch(kind, "podinfo", ns, {"status": status}, "status", "source-controller" if kind == "GitRepository" else "gotk-kustomize-controller")


class FleetTest(Case):
    """A hundred applications as Flux leaves them: Sluice starts beside them, and not one object is written; and Flux could go on with all of it."""

    APPS = int(os.environ.get("SLUICE_APPS", "100"))

    def test_a_hundred_applications(self):
        repository = self.env.repository("fleet-of-flux", {"plain/all.yaml": PLAIN}, folder=os.path.dirname(PODINFO))
        self.controller.end()
        try:
            self.flux_was_here(repository)
            before = self.objects()
        finally:
            self.controller.start()
        tokens = {name: self.request("Kustomization", name) for name in self.spaces()}
        for name, token in tokens.items():
            self.await_object("Kustomization", name, lambda obj, token=token: obj["status"].get("lastHandledReconcileAt") == token)
        self.assertEqual(self.objects(), before)
        self.assertEqual(self.pods(), self.pods_before)
        for name in self.spaces():
            app = self.kube.get("Kustomization", name, self.ns)
            self.assertTrue(harness.is_ready(app), name)
            self.assertEqual(app["status"]["inventory"], self.left[name]["inventory"], name)
            self.assertEqual(app["status"]["history"][-1]["firstReconciled"], self.left[name]["history"][-1]["firstReconciled"], name)
            self.assertEqual(app["metadata"]["finalizers"], ["finalizers.fluxcd.io"], name)
        # And back: what Flux would apply changes nothing either.
        self.controller.end()
        try:
            for obj in self.applied:
                self.kube.apply(obj, "kustomize-controller")
            self.assertEqual(self.objects(), before)
        finally:
            self.controller.start()

    def spaces(self):
        """The namespaces of the applications, which are also their names: every second one is podinfo as recorded."""
        return [f"{self.ns[:30]}-{number}" for number in range(self.APPS)]

    def flux_was_here(self, repository):
        self.applied, self.left = [], {}
        self.leave("GitRepository", "flux-gitrepository-podinfo.yaml", "fleet", {"url": self.env.git.url(repository.name)}, repository)
        for number, space in enumerate(self.spaces()):
            self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
            objects = list(self.podinfo(space)) if number % 2 == 0 else [typed(obj, space) for obj in PLAIN]
            for obj in objects:
                obj["metadata"]["labels"] |= {"kustomize.toolkit.fluxcd.io/name": space, "kustomize.toolkit.fluxcd.io/namespace": self.ns}
                self.kube.apply(obj, "kustomize-controller")
            self.applied += objects
            path = "./kustomize" if number % 2 == 0 else "./plain"
            self.left[space] = self.leave("Kustomization", "flux-kustomization-podinfo.yaml", space, {
                "targetNamespace": space, "path": path, "sourceRef": {"kind": "GitRepository", "name": "fleet"}}, repository, objects)
        until(lambda: all(self.settled(obj) for space in self.spaces() for obj in self.kube.list("Deployment", space)), 600, pause=2)
        self.pods_before = self.pods()

    @staticmethod
    def settled(obj):
        """Whether the cluster's own controllers are done with it (the autoscaler of podinfo asks for two)."""
        wanted = obj["spec"]["replicas"]
        return obj["status"].get("availableReplicas") == wanted and (obj["metadata"]["name"] != "podinfo" or wanted == 2)

    def podinfo(self, space):
        for item in recorded("owned-objects.yaml")["items"]:
            if item["metadata"].get("labels", {}).get("kustomize.toolkit.fluxcd.io/name") == "podinfo":
                [(_, _, _, _, fields)] = fields_of(item, "kustomize-controller")
                obj = {"apiVersion": item["apiVersion"], "kind": item["kind"]} | only(item, fields)
                obj["metadata"] |= {"name": "podinfo", "namespace": space}
                yield obj

    def leave(self, kind, name, as_name, changed, repository, objects=()):
        obj = recorded(name)
        status = harness.json.loads(re.sub(r"sha1:[0-9a-f]{40}", "sha1:" + repository.head, harness.json.dumps(obj["status"])))
        status["observedGeneration"] = 1
        for condition in status["conditions"]:
            condition["observedGeneration"] = 1
        if objects:
            ordered = sorted(objects, key=lambda item: ORDER.index(item["kind"]))
            status["inventory"] = {"entries": [{"id": "_".join([item["metadata"]["namespace"], item["metadata"]["name"], item["apiVersion"].rpartition("/")[0], item["kind"]]),
                                                "v": item["apiVersion"].rpartition("/")[2]} for item in ordered]}
        self.kube.create({"apiVersion": obj["apiVersion"], "kind": kind, "metadata": {"name": as_name, "namespace": self.ns, "finalizers": ["finalizers.fluxcd.io"]},
                          "spec": obj["spec"] | changed})
        self.kube.patch(kind, as_name, self.ns, {"status": status}, "status", "source-controller" if kind == "GitRepository" else "gotk-kustomize-controller")
        return status

    def objects(self):
        """What was applied, as far as anybody but the cluster's own controllers could have changed it."""
        seen = {}
        for kind in ("Deployment", "Service", "ConfigMap", "autoscaling/v2/HorizontalPodAutoscaler"):
            for obj in self.kube.list(kind, labels=f"kustomize.toolkit.fluxcd.io/namespace={self.ns}"):
                ours = [entry for entry in obj["metadata"]["managedFields"] if entry["manager"] == "kustomize-controller"]
                seen[kind, obj["metadata"]["namespace"], obj["metadata"]["name"]] = (
                    obj["metadata"]["uid"], obj["metadata"].get("generation"), obj.get("spec"), obj.get("data"), obj["metadata"]["labels"], ours)
        return seen

    def pods(self):
        return {(space, pod["metadata"]["name"]): pod["metadata"]["uid"] for space in self.spaces() for pod in self.kube.list("Pod", space)}


ORDER = ["ConfigMap", "Service", "Deployment", "HorizontalPodAutoscaler"]

# An application whose manifests leave out, and spell out, what Flux's trip through Go types fills in and drops.
PLAIN = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "plain", "annotations": {}}, "data": {"empty": "", "key": "value"}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "plain"}, "spec": {"selector": {"app": "plain"}, "ports": [{"port": 80}]}},
    {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "plain"},
     "spec": {"selector": {"matchLabels": {"app": "plain"}}, "template": {
         "metadata": {"labels": {"app": "plain"}, "annotations": {}},
         "spec": {"hostNetwork": False, "containers": [{"name": "app", "image": "app:1", "args": [], "ports": [{"containerPort": 80}],
                                                        "env": [{"name": "EMPTY", "value": ""}, {"name": "FULL", "value": "x"}]}]}}}},
]


def typed(obj, space):
    """What Flux sends of an object of PLAIN."""
    obj = harness.json.loads(harness.json.dumps(obj))
    obj["metadata"] |= {"namespace": space, "labels": {"team": "x"}}
    obj["metadata"].pop("annotations", None)
    if obj["kind"] == "Service":
        obj["spec"]["ports"][0] |= {"protocol": "TCP", "targetPort": 0}
    if obj["kind"] == "Deployment":
        obj["spec"]["strategy"] = {}
        template = obj["spec"]["template"]
        template["metadata"].pop("annotations")
        template["spec"].pop("hostNetwork")
        [container] = template["spec"]["containers"]
        container.pop("args")
        container["ports"][0]["protocol"] = "TCP"
        container["env"][0].pop("value")
        container["resources"] = {}
    return obj


def only(value, fields):
    """The part of an object that a fieldsV1 tree names: what its owner had applied."""
    if not fields or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, dict):
        return {key[2:]: only(value[key[2:]], below) for key, below in fields.items() if key.startswith("f:") and key[2:] in value}
    kept = []
    for item in value:  # in the order of the live list, as its owner had sent them
        for key, below in fields.items():
            if key.startswith("k:") and all(item.get(field) == content for field, content in harness.json.loads(key[2:]).items()):
                kept.append(only(item, below))
    return kept


if __name__ == "__main__":
    totals.main()
