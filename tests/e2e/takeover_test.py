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
        until(lambda: all(event in sent() for event in wanted), 10, lambda: f"missing: {[event for event in wanted if event not in sent()]}\nsent: {sent()}")


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
                stored = self.kube.apply(obj, "kustomize-controller")
                before[item["kind"]] = stored["metadata"]["uid"], stored["metadata"]["generation"] if "generation" in stored["metadata"] else None, stored.get("spec")
            self.leave("GitRepository", "flux-gitrepository-podinfo.yaml", ns, {"url": self.env.git.url("heir")}, repository)
            self.leave("Kustomization", "flux-kustomization-podinfo.yaml", ns, {"targetNamespace": ns}, repository)
        finally:
            self.controller.start()
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


def only(value, fields):
    """The part of an object that a fieldsV1 tree names: what its owner had applied."""
    if not fields or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, dict):
        return {key[2:]: only(value[key[2:]], below) for key, below in fields.items() if key.startswith("f:") and key[2:] in value}
    kept = []
    for key, below in fields.items():
        if key.startswith("k:"):
            wanted = harness.json.loads(key[2:])
            kept += [only(item, below) for item in value if all(item.get(field) == content for field, content in wanted.items())]
    return kept


if __name__ == "__main__":
    totals.main()
