"""kill -9 of the controller at every step of a release's install, upgrade and rollback (base/failpoint.h), for both kinds of HelmRelease: a new process brings it to where
it is wanted, no record stays pending, and each hook has run once.

A traced run finds the places that an action passes, and how often. A test takes a sample (SLUICE_ROUNDS; `all` for each); SLUICE_SEED=N replays it;
SLUICE_POINT="install name:n" takes one place alone.
"""

import os
import random
import time

import harness
from harness import until
from helm_release_records_test import CHART, Kubelet, hook
from kube import Kube, Recorder

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


class Crashes:
    """Beside a Case of either kind, which has `hr` (its kind), `at_rest(obj)` (whether its last action has come to an end), `wanted(message, **values)` (creates or changes
    the release `web`), records() and data()."""

    hr, flags, rounds, least = None, (), 24, 50

    def setUp(self):
        super().setUp()
        self.controller = self.env.controller(self.ns, start=False, flags=self.flags)
        self.addCleanup(self.controller.end)
        self.addCleanup(self.clean_start)
        kubelet = Kubelet(Kube(self.env.cluster.state), self.ns)
        self.addCleanup(kubelet.close)
        until(lambda: self.kube.get("ServiceAccount", "default", self.ns))

    def clean_start(self):
        """A process that dies nowhere, for what is to be deleted."""
        if not self.controller.is_running():
            self.controller.variables = {}
            self.controller.start()

    def prepare(self, action):
        """Everything up to the action, by a process that dies nowhere; then the change, while nobody looks."""
        self.clean_start()
        if action != "install":
            self.wanted("one")
            self.await_object(self.hr, "web", lambda obj: self.at_rest(obj) and self.records("web") == {1: "deployed"})
        self.controller.end()
        self.wanted({"install": "one", "upgrade": "two", "rollback": "three"}[action], **({"broken": True} if action == "rollback" else {}))

    def done(self, action):
        """The release, once the action has come to its end; else None."""
        _, version, message = ACTIONS[action]
        records = self.records("web")
        obj = self.kube.get(self.hr, "web", self.ns)
        settled = obj and obj.get("status", {}).get("observedGeneration") == obj["metadata"]["generation"] and self.at_rest(obj)
        if settled and max(records, default=0) >= version and records[max(records)] == "deployed" and (self.data("web-config") or {}).get("message") == message:
            return obj
        return None

    def settle(self, action):
        until(lambda: self.done(action), 90, lambda: f"records {self.records('web')}, {harness.describe(self.kube.get(self.hr, 'web', self.ns))}\n"
                                                     f"{harness.tail(self.controller.log, 12)}")

    def clear(self):
        self.clean_start()
        if self.kube.get(self.hr, "web", self.ns):
            self.kube.delete(self.hr, "web", self.ns)
            self.await_gone(self.hr, "web")
        for pod in self.kube.list("Pod", self.ns):
            self.kube.request("DELETE", self.kube.path("Pod", self.ns, pod["metadata"]["name"]) + "?gracePeriodSeconds=0")
        until(lambda: not self.kube.list("Pod", self.ns))
        self.assertEqual(self.records("web"), {})

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
        ran = harness.created(recorder, len(ACTIONS[action][0]))
        recorder.close()
        self.assertEqual(ran, ACTIONS[action][0])
        records = self.records("web")
        self.assertEqual([status for status in records.values() if status.startswith("pending")], [], records)
        self.assertEqual([status for status in records.values() if status == "deployed"], ["deployed"], records)
        return died

    def killed_at_every_step(self):
        places = self.places()
        print(f"\n  {len(places)} places", flush=True)
        self.assertGreater(len(places), self.least)
        rounds, chosen = os.environ.get("SLUICE_ROUNDS", str(self.rounds)), places
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
