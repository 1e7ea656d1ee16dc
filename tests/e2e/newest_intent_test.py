#!/usr/bin/env python3
"""The newest intent is acted upon whatever waits: rollouts that are not ready hold nothing, and a stage that does not settle gives its place away."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, is_ready, until  # noqa: E402

MANY = int(os.environ.get("SLUICE_WAITING", "1000"))
PLACES = 4


def setUpModule():
    harness.begin("intent", flags=[f"--concurrent={PLACES}", "--prune-guard=false"])


class WaitingTest(Case):
    def waiting(self):
        """How many Kustomizations of this case wait for their health."""
        return sum("Running health checks" in condition_of(obj, "Reconciling").get("message", "") for obj in self.kube.list("Kustomization", self.ns))

    def test_a_thousand_that_wait_for_health(self):
        repository = self.env.repository(self.ns, {"wait/cm.yaml": config_map("shared"), "next/cm.yaml": config_map("next", {"n": "1"})})
        self.source("fleet", repository)
        absent = [{"kind": "Deployment", "name": "nobody-makes-it"}]
        for number in range(MANY):
            self.kustomization(f"waits-{number}", path="./wait", nameSuffix=f"-{number}", healthChecks=absent, timeout="1h")
        until(lambda: self.waiting() == MANY, 600, self.waiting, pause=1)
        # A new one, a changed spec, an annotation, and a revision: each arrives while all of the others wait.
        self.kustomization("next", path="./next")
        self.await_applied(repository, "next")
        self.kustomization("next", path="./next", nameSuffix="-changed")
        self.await_object("ConfigMap", "next-changed", lambda obj: data_of(obj) == {"n": "1"})
        token = self.request("Kustomization", "next")
        self.await_object("Kustomization", "next", lambda obj: obj["status"].get("lastHandledReconcileAt") == token)
        self.assertEqual(self.waiting(), MANY)
        self.push(repository, {"next/cm.yaml": config_map("next", {"n": "2"})})
        self.await_object("ConfigMap", "next-changed", lambda obj: data_of(obj) == {"n": "2"})
        self.assertEqual(sum(is_ready(obj) for obj in self.kube.list("Kustomization", self.ns)), 1)
        # One that waits is changed itself: it does not wait for its own old intent.
        self.kustomization("waits-7", path="./wait", nameSuffix="-seven")
        self.await_object("ConfigMap", "shared-seven", lambda obj: True)
        self.await_applied(repository, "waits-7")

    def test_a_commit_reaches_first_what_it_changes(self):
        # Those in whose files nothing changed only tell the new revision: after the one that has work to do, whatever its name.
        names = [f"app-{number:03}" for number in range(100)]
        files = {f"{name}/cm.yaml": config_map(name, {"n": "1"}) for name in [*names, "base", "last"]}
        repository = self.env.repository(self.ns, files)
        self.source("fleet", repository)
        for name in [*names, "base"]:
            self.kustomization(name, path=f"./{name}", interval="1h")
        self.kustomization("last", path="./last", interval="1h")
        self.kustomization("top", path="./last", nameSuffix="-top", interval="1h", dependsOn=[{"name": "base"}])
        for name in [*names, "base", "last", "top"]:
            self.await_applied(repository, name)
        self.push(repository, {"last/cm.yaml": config_map("last", {"n": "2"})})
        for name in [*names, "base", "last", "top"]:
            self.await_applied(repository, name)
        versions = {item["metadata"]["name"]: int(item["metadata"]["resourceVersion"]) for item in self.kube.list("Kustomization", self.ns)}
        work = int(self.kube.get("ConfigMap", "last", self.ns)["metadata"]["resourceVersion"])
        self.assertLess(sum(versions[name] < work for name in names), len(names) // 2)  # who ran beside it; in the order of names it would be all
        # "top" may only begin once "base" has told its revision.
        self.assertEqual(data_of(self.kube.get("ConfigMap", "last-top", self.ns)), {"n": "2"})
        self.assertLess(versions["base"], int(self.kube.get("ConfigMap", "last-top", self.ns)["metadata"]["resourceVersion"]))
        self.assertLess(sum(versions[name] < versions["base"] for name in names), len(names) // 2)

    def test_stages_that_do_not_settle(self):
        # More of them than there are places (--concurrent): each holds up itself alone.
        self.env.install_kind("intent.example.com", "v1", "SlowClass", "slowclasses", status={"conditions": [{"type": "Ready", "status": "False"}]})
        slow = {"apiVersion": "intent.example.com/v1", "kind": "SlowClass", "metadata": {"name": "slow"}}
        repository = self.env.repository(self.ns, {"slow/class.yaml": slow, "slow/cm.yaml": config_map("behind"), "next/cm.yaml": config_map("next")})
        self.source("fleet", repository)
        for number in range(8):
            self.kustomization(f"slow-{number}", path="./slow", nameSuffix=f"-{number}")
        for number in range(8):
            self.await_object("intent.example.com/v1/SlowClass", f"slow-{number}", lambda obj: True)
        self.kustomization("next", path="./next")
        self.await_applied(repository, "next")
        self.assertEqual([obj["metadata"]["name"] for obj in self.kube.list("Kustomization", self.ns) if is_ready(obj)], ["next"])
        self.assertIsNone(self.kube.get("ConfigMap", "behind-0", self.ns))
        # And when it settles, what stands behind it goes on.
        ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        for number in range(8):
            self.kube.patch("intent.example.com/v1/SlowClass", f"slow-{number}", self.ns, ready, "status")
        for number in range(8):
            self.await_applied(repository, f"slow-{number}", seconds=120)


if __name__ == "__main__":
    totals.main()
