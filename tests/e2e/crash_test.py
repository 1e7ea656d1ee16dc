#!/usr/bin/env python3
"""kill -9 at random points of an apply and prune of 200 objects: nothing is lost, nothing is left behind.

Two halves of 100 objects take turns in Git, so that every change creates one half and prunes the other. The controller is killed when the API
server has seen a random number of its writes; a new process takes over; perhaps another commit comes first. SLUICE_SEED=N replays a run.
"""

import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, config_map, deployment, service  # noqa: E402
from kube import Recorder  # noqa: E402

KILLS = 50
ROUND_SECONDS = 10.0
KINDS = {"ConfigMap": 40, "Service": 30, "Deployment": 30}
LABEL = "kustomize.toolkit.fluxcd.io"


def setUpModule():
    harness.begin("crash", controller=False)


def half(letter, number):
    """100 objects; those that can carry it say which change they are from."""
    objects = [config_map(f"{letter}-{index}", {"change": str(number)}) for index in range(KINDS["ConfigMap"])]
    objects += [service(f"{letter}-{index}") for index in range(KINDS["Service"])]
    return objects + [deployment(f"{letter}-{index}", replicas=0, image=f"app:{number}") for index in range(KINDS["Deployment"])]


class CrashTest(Case):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("SLUICE_SEED") or time.time_ns() % 1_000_000)
        self.random = random.Random(self.seed)
        print(f"\n  seed {self.seed}", flush=True)
        self.changes = 0
        self.repository = self.env.repository(self.ns, {"objects.yaml": half("a", 0)})
        self.controller = self.env.controller(start=False, flags=["--prune-guard=false"])  # every commit replaces all objects
        self.source("fleet", self.repository)
        self.kustomization(retryInterval="1s")
        self.states = Recorder(self.kube, "Kustomization", self.ns)
        self.recorders = [self.states, *(Recorder(self.kube, kind, self.ns) for kind in KINDS)]
        for recorder in self.recorders:
            self.addCleanup(recorder.close)

    def change(self):
        self.changes += 1
        self.repository.commit({"objects.yaml": half("ab"[self.changes % 2], self.changes)})

    def written(self):
        return sum(len(recorder.seen) for recorder in self.recorders)

    def is_converged(self, app):
        return harness.is_ready(app) and app["status"].get("lastAppliedRevision") == self.repository.revision

    def wanted(self):
        """The ids of the objects in the head commit."""
        letter = "ab"[self.changes % 2]
        return {f"{self.ns}_{letter}-{index}_{'apps' if kind == 'Deployment' else ''}_{kind}" for kind, count in KINDS.items() for index in range(count)}

    def live(self):
        """The ids of all objects that carry our labels, as inventories write them."""
        groups = {"Deployment": "apps"}
        return {f"{self.ns}_{item['metadata']['name']}_{groups.get(kind, '')}_{kind}" for kind in KINDS
                for item in self.kube.list(kind, self.ns, f"{LABEL}/name=app,{LABEL}/namespace={self.ns}")}

    def inventory(self):
        app = self.kube.get("Kustomization", "app", self.ns)
        return {entry["id"] for entry in app.get("status", {}).get("inventory", {}).get("entries", [])}

    def run_and_kill(self):
        """One life of the controller, which ends somewhere in the work that is left. Returns how many writes it made."""
        before, limit = self.written(), self.random.randint(0, len(self.live() ^ self.wanted()) + 4)
        self.controller.start(wait=False)
        deadline = time.monotonic() + ROUND_SECONDS
        done = lambda: self.states.seen and self.is_converged(self.states.seen[-1][1])  # noqa: E731
        while self.written() - before < limit and time.monotonic() < deadline and self.controller.is_running() and not done():
            time.sleep(0.001)
        self.assertTrue(self.controller.is_running(), f"it ended by itself: {harness.tail(self.controller.log)}")
        self.controller.kill()
        return self.written() - before

    def test_killed_at_random_points(self):
        lives = []
        for _ in range(KILLS):
            if self.is_converged(self.kube.get("Kustomization", "app", self.ns)) or self.random.random() < 0.3:
                self.change()
            lives.append(self.run_and_kill())
            outside = self.live() - self.inventory()
            self.assertFalse(outside, f"seed {self.seed}, kill {len(lives)}: no inventory names these objects")
        print(f"  writes of the {KILLS} lives: {' '.join(map(str, lives))}; {self.changes} commits", flush=True)
        self.controller.start()
        self.await_applied(self.repository)
        self.assert_exact()
        # And once more in peace, so that the last state is not one of luck.
        self.change()
        self.request("GitRepository", "fleet")
        self.await_applied(self.repository)
        self.assert_exact()

    def assert_exact(self):
        """What is there is what Git says, and what the inventory says."""
        letter = "ab"[self.changes % 2]
        self.assertEqual(self.inventory(), self.wanted(), f"seed {self.seed}")
        self.assertEqual(self.live(), self.wanted(), f"seed {self.seed}")
        others = {item["metadata"]["name"] for kind in KINDS for item in self.kube.list(kind, self.ns)} - {f"{letter}-{index}" for index in range(40)}
        self.assertEqual(others, {"kube-root-ca.crt"}, f"seed {self.seed}: left behind without labels")
        for item in self.kube.list("ConfigMap", self.ns, f"{LABEL}/name=app"):
            self.assertEqual(item["data"], {"change": str(self.changes)}, f"seed {self.seed}: {item['metadata']['name']}")
        images = {item["spec"]["template"]["spec"]["containers"][0]["image"] for item in self.kube.list("Deployment", self.ns)}
        self.assertEqual(images, {f"app:{self.changes}"}, f"seed {self.seed}")


if __name__ == "__main__":
    totals.main()
