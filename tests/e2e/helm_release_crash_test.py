#!/usr/bin/env python3
"""kill -9 of the controller at every step of a HelmRelease's install, upgrade and rollback (base/failpoint.h): a new process brings it to where it is wanted, no
record stays pending, and each hook has run once.

A traced run finds the places that an action passes, and how often. `./dev test` takes a sample (SLUICE_ROUNDS, default 24; `all` for each);
SLUICE_SEED=N replays it; SLUICE_POINT="install name:n" takes one place alone.
"""

import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import helm_cases  # noqa: E402
import totals  # noqa: E402
from harness import is_ready, until  # noqa: E402
from helm_cases import FLAGS, HR, ReleaseCase  # noqa: E402
from helm_release_records_test import CHART, Kubelet, hook  # noqa: E402
from kube import Kube, Recorder  # noqa: E402

OCCURRENCES = 5
FILES = {path: text for path, text in CHART.items() if path != "Chart.yaml"} | {
    "templates/hooks/a.yaml": hook("first", "pre-install,pre-upgrade,pre-rollback", 1),
    "templates/hooks/b.yaml": hook("second", "pre-install,pre-upgrade", 2, "before-hook-creation,hook-succeeded"),
    "templates/hooks/c.yaml": hook("third", "post-install,post-upgrade,post-rollback"),
    "templates/hooks/d.yaml": "{{ if .Values.broken }}\n" + hook("fail", "pre-upgrade", 3) + "{{ end }}\n",
}
# What an action runs, and the newest revision and message it ends with.
ACTIONS = {
    "install": (["first", "second", "third"], 1, "one"),
    "upgrade": (["first", "second", "third"], 2, "two"),
    "rollback": (["first", "second", "fail", "first", "third"], 3, "one"),
}


def setUpModule():
    helm_cases.begin("helm-crash", versions=(), controller=False)
    ReleaseCase.push("1.0.0", "hooked", **FILES)


class CrashTest(ReleaseCase):
    def setUp(self):
        super().setUp()
        self.controller = self.env.controller(start=False, flags=FLAGS)
        self.addCleanup(self.controller.end)
        self.addCleanup(self.clean_start)
        kubelet = Kubelet(Kube(self.env.cluster.state), self.ns)
        self.addCleanup(kubelet.close)
        until(lambda: self.kube.get("ServiceAccount", "default", self.ns))
        self.chart(name="hooked")

    def clean_start(self):
        """A process that dies nowhere, for what is to be deleted."""
        if not self.controller.is_running():
            self.controller.variables = {}
            self.controller.start()

    def wanted(self, message, **values):
        remedy = {"remediation": {"retries": 0, "remediateLastFailure": True}}
        return self.release(values={"message": message} | values, upgrade=remedy, timeout="30s")

    def prepare(self, action):
        """Everything up to the action, by a process that dies nowhere; then the change, while nobody looks."""
        self.clean_start()
        if action != "install":
            self.wanted("one")
            self.await_object(HR, "web", lambda obj: is_ready(obj) and obj["status"]["history"][0]["status"] == "deployed")
        self.controller.end()
        self.wanted({"install": "one", "upgrade": "two", "rollback": "three"}[action], **({"broken": True} if action == "rollback" else {}))

    def done(self, action):
        """The release, once the action has come to its end; else None."""
        _, version, message = ACTIONS[action]
        records = self.records()
        obj = self.kube.get(HR, "web", self.ns)
        settled = obj and obj["status"].get("observedGeneration") == obj["metadata"]["generation"] and not harness.condition_of(obj, "Reconciling")
        if settled and max(records, default=0) >= version and records[max(records)] == "deployed" and (self.data("web-config") or {}).get("message") == message:
            return obj
        return None

    def settle(self, action):
        until(lambda: self.done(action), 90, lambda: f"records {self.records()}, {harness.describe(self.kube.get(HR, 'web', self.ns))}\n"
                                                     f"{harness.tail(self.controller.log, 12)}")

    def clear(self):
        self.clean_start()
        if self.kube.get(HR, "web", self.ns):
            self.kube.delete(HR, "web", self.ns)
            self.await_gone(HR, "web")
        for pod in self.kube.list("Pod", self.ns):
            self.kube.request("DELETE", self.kube.path("Pod", self.ns, pod["metadata"]["name"]) + "?gracePeriodSeconds=0")
        until(lambda: not self.kube.list("Pod", self.ns))
        self.assertEqual(self.records(), {})

    def places(self):
        """[(action, "name:n")] of all that the actions pass."""
        places = []
        for action in ACTIONS:
            self.prepare(action)
            with open(self.controller.log, "rb") as log:
                log.seek(0, os.SEEK_END)
                before = log.tell()
            self.controller.variables = {"SLUICE_FAILPOINT": "trace"}
            self.controller.start()
            self.settle(action)
            with open(self.controller.log, "rb") as log:
                log.seek(before)
                passed = [line.split()[1].decode() for line in log if line.startswith(b"failpoint release.")]
            places += [(action, f"{name}:{n}") for name in dict.fromkeys(passed) for n in range(1, min(passed.count(name), OCCURRENCES) + 1)]
            self.clear()
        return places

    def round(self, action, point):
        self.prepare(action)
        recorder = Recorder(self.kube, "Pod", self.ns)
        self.addCleanup(recorder.close)
        self.controller.variables = {"SLUICE_FAILPOINT": point}
        self.controller.start(wait=False)
        until(lambda: not self.controller.is_running() or self.done(action), 60)
        died = not self.controller.is_running()
        if not died:  # what it came to the end of may be seen before it dies of the last place
            self.controller.kill()
        self.controller.variables = {}
        self.controller.start()
        self.settle(action)
        ran = [obj["metadata"]["name"] for kind, obj in list(recorder.seen) if kind == "ADDED"]
        recorder.close()
        self.assertEqual(ran, ACTIONS[action][0])
        records = self.records()
        self.assertEqual([status for status in records.values() if status.startswith("pending")], [], records)
        self.assertEqual([status for status in records.values() if status == "deployed"], ["deployed"], records)
        return died

    def test_killed_at_every_step(self):
        places = self.places()
        print(f"\n  {len(places)} places", flush=True)
        self.assertGreater(len(places), 50)
        rounds, chosen = os.environ.get("SLUICE_ROUNDS", "24"), places
        if only := os.environ.get("SLUICE_POINT"):
            chosen = [tuple(only.split())]
        elif rounds != "all":
            number = int(os.environ.get("SLUICE_SEED") or time.time_ns() % 1_000_000)
            print(f"  seed {number}", flush=True)
            chosen = random.Random(number).sample(places, min(int(rounds), len(places)))
        deaths = 0
        for action, point in chosen:
            with self.subTest(f"{action} {point}"):
                try:
                    deaths += self.round(action, point)
                finally:
                    self.clear()
        print(f"  {deaths} deaths in {len(chosen)} rounds", flush=True)
        self.assertGreaterEqual(deaths, len(chosen) * 3 // 4)


if __name__ == "__main__":
    totals.main()
