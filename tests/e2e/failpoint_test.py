#!/usr/bin/env python3
"""kill -9 one step before and after every write (threats R21, R28): base/failpoint.h names the places, a traced run finds which of them a change passes, and how often.

A round prepares a change that passes nearly all of them: a commit that creates, changes, makes anew and prunes objects of one Kustomization, another one that is new, and a third
that was deleted, each with its source. The controller dies at the chosen place. At once no object may be in no inventory and no artifact half written; a new process,
which dies nowhere, must then bring everything to where Git is, and leave no file behind. Once more with few places and --journal-from=0: then what is about to be
created is on record in the journal, not in a status. `./dev test` takes a sample (SLUICE_ROUNDS, default 30 and 10; `all` for every place and
occurrence up to the fifth); SLUICE_SEED=N replays it; SLUICE_POINT=name:n takes one place alone.
"""

import collections
import gzip
import hashlib
import os
import random
import re
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, config_map, deployment, is_ready, service, until  # noqa: E402

LABEL = "kustomize.toolkit.fluxcd.io"
KINDS = {"ConfigMap": "", "Service": "", "Deployment": "apps"}
OCCURRENCES = 5
LEAST = 100  # so many places times occurrences there are at least: fewer, and some have been lost
FLAGS = ["--prune-guard=false", "--artifact-retention-ttl=1s", "--artifact-retention-records=1", "--requeue-dependency=1s", "--max-retry-delay=2s"]


def setUpModule():
    harness.begin("failpoint", controller=False)


def tree(change):
    """The files of change number `change`. Every second one has other objects."""
    letter = "ab"[change % 2]
    frozen = config_map("frozen", {"change": str(change)}, annotations={f"{LABEL}/force": "enabled"}) | {"immutable": True}
    kinds = [config_map(f"{letter}-0"), config_map(f"{letter}-1"), service(f"{letter}-0"), deployment(f"{letter}-0", replicas=0),
             config_map("kept", {"change": str(change)}), deployment("kept", replicas=0, image=f"app:{change}"), frozen]
    return {"app/objects.yaml": kinds, "extra/objects.yaml": [config_map("extra", {"change": str(change)}), service("extra")]}


class Deaths(Case):
    """What both cases do, each in a namespace of its own."""

    flags, rounds, least = FLAGS, 30, LEAST

    def setUp(self):
        super().setUp()
        self.change = 0
        self.repository = self.env.repository(self.ns, tree(0))
        self.controller = self.env.controller(start=False, flags=self.flags)
        self.addCleanup(self.controller.end)
        self.source("fleet", self.repository)
        self.kustomization("app", path="./app", wait=True, retryInterval="1s")
        self.add_extra()
        self.controller.start()
        self.await_converged()
        self.controller.end()

    def add_extra(self):
        self.source(f"extra-{self.change}", self.repository)
        self.kustomization(f"extra-{self.change}", f"extra-{self.change}", path="./extra", nameSuffix=f"-{self.change}", retryInterval="1s")

    def prepare(self):
        """Changes everything while nobody looks."""
        gone = f"extra-{self.change}"
        self.change += 1
        self.repository.commit(tree(self.change))
        self.kube.patch("ConfigMap", "kept", self.ns, {"data": {"left": "by kubectl"}}, manager="kubectl-edit")
        self.add_extra()
        for kind in ("Kustomization", "GitRepository"):
            self.kube.delete(kind, gone, self.ns)

    # --- what there is

    def owned(self):
        """{(owner, id as inventories write it)} of all objects with our labels, what is on its way out left aside."""
        return {(item["metadata"]["labels"][f"{LABEL}/name"], f"{self.ns}_{item['metadata']['name']}_{group}_{kind}") for kind, group in KINDS.items()
                for item in self.kube.list(kind, self.ns, f"{LABEL}/namespace={self.ns}") if "deletionTimestamp" not in item["metadata"]}

    def recorded(self):
        return {(app["metadata"]["name"], entry["id"]) for app in self.kube.list("Kustomization", self.ns)
                for entry in app.get("status", {}).get("inventory", {}).get("entries", [])}

    def begun(self):
        """The same of the journal, which tells what may exist beyond the statuses."""
        return {(name.split("/")[1], entry["id"]) for name, record in harness.journal(self.kube).items() if name.startswith(self.ns + "/") for entry in record["entries"]}

    def wanted(self):
        ids = {("app", f"{self.ns}_{item['metadata']['name']}_{KINDS[item['kind']]}_{item['kind']}") for item in tree(self.change)["app/objects.yaml"]}
        return ids | {(f"extra-{self.change}", f"{self.ns}_extra-{self.change}__{kind}") for kind in ("ConfigMap", "Service")}

    def is_converged(self):
        apps = {app["metadata"]["name"]: app for app in self.kube.list("Kustomization", self.ns)}
        return apps.keys() == {"app", f"extra-{self.change}"} and self.sources() == {"fleet", f"extra-{self.change}"} and all(
            is_ready(app) and app["status"].get("lastAppliedRevision") == self.repository.revision for app in apps.values())

    def sources(self):
        return {item["metadata"]["name"] for item in self.kube.list("GitRepository", self.ns)}

    def await_converged(self):
        until(self.is_converged, 60, lambda: f"{[harness.describe(app) for app in self.kube.list('Kustomization', self.ns)]}\n{harness.tail(self.controller.log, 12)}", 0.1)

    def assert_exact(self):
        self.assertEqual(self.owned(), self.wanted())
        self.assertEqual(self.recorded(), self.wanted())
        for name in ("kept", "frozen"):
            self.assertEqual(self.kube.get("ConfigMap", name, self.ns)["data"], {"change": str(self.change)}, name)
        self.assertEqual(self.kube.get("Deployment", "kept", self.ns)["spec"]["template"]["spec"]["containers"][0]["image"], f"app:{self.change}")

    def files(self, below):
        top = os.path.join(self.controller.storage, below)
        return [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]

    def assert_artifacts_whole(self):
        """What has an artifact's name is an artifact; what a status names has its digest."""
        for path in self.files("artifacts"):
            if path.endswith(".tar.gz") and not os.path.islink(path):
                with gzip.open(path) as file:
                    file.read()
        for item in self.kube.list("GitRepository", self.ns):
            artifact = item.get("status", {}).get("artifact")
            path = os.path.join(self.controller.storage, "artifacts", artifact["path"]) if artifact else None
            if path and os.path.exists(path):
                with open(path, "rb") as file:
                    self.assertEqual("sha256:" + hashlib.sha256(file.read()).hexdigest(), artifact["digest"], path)

    def leftovers(self):
        """Files that nobody will use: there is to be one artifact a source, its link, and whole packs."""
        paths = {item["status"]["artifact"]["path"] for item in self.kube.list("GitRepository", self.ns)}
        links = {os.path.join(os.path.dirname(path), "latest.tar.gz") for path in paths}
        odd = {os.path.relpath(path, os.path.join(self.controller.storage, "artifacts")) for path in self.files("artifacts")} - paths - links
        return sorted(odd) + [path for path in self.files("git") if re.search(r"\.(unfinished|tmp|new)$|/pack_git2|/tmp_", path)]

    # --- the rounds

    def places(self):
        """[(name, occurrence)] of what a change passes, found by a traced run."""
        self.prepare()
        with open(self.controller.log, "ab") as file:
            file.write(b"traced\n")
        self.controller.variables = {"SLUICE_FAILPOINT": "trace"}
        self.controller.start()
        self.await_converged()
        self.controller.end()
        self.controller.variables = {}
        self.assert_exact()
        with open(self.controller.log, encoding="utf-8") as file:
            passed = collections.Counter(line.split()[1] for line in file.read().rsplit("traced\n", 1)[1].splitlines() if line.startswith("failpoint "))
        return [(name, number) for name, count in sorted(passed.items()) for number in range(1, min(count, OCCURRENCES) + 1)]

    def round(self, name, occurrence):
        """One death and the life after it. Whether it died."""
        self.prepare()
        self.controller.variables = {"SLUICE_FAILPOINT": f"{name}:{occurrence}"}
        self.controller.start(wait=False)
        until(lambda: not self.controller.is_running() or self.is_converged(), 60, lambda: harness.tail(self.controller.log, 12), 0.02)
        died = not self.controller.is_running()
        if died:
            self.assertEqual(self.controller.process.returncode, -signal.SIGKILL, harness.tail(self.controller.log))
        else:
            self.controller.kill()
        self.assertEqual(self.owned() - self.recorded() - self.begun(), set(), "in no inventory")
        self.assert_artifacts_whole()
        self.controller.variables = {}
        self.controller.start()
        self.await_converged()
        self.assert_exact()
        self.assert_artifacts_whole()
        self.assertEqual(self.leftovers(), [])
        self.controller.end()
        return died

    def chosen(self, places):
        """Those of interest."""
        return places

    def killed_at_every_step(self):
        places = self.chosen(self.places())
        names = sorted({name for name, _ in places})
        print(f"\n  {len(names)} places, {len(places)} with their occurrences: {' '.join(names)}", flush=True)
        self.assertGreaterEqual(len(places), self.least)
        chosen, rounds = places, os.environ.get("SLUICE_ROUNDS", str(self.rounds))
        if only := os.environ.get("SLUICE_POINT"):
            chosen = [(only.split(":")[0], int((only + ":1").split(":")[1]))]
        elif rounds != "all":
            number = int(os.environ.get("SLUICE_SEED") or time.time_ns() % 1_000_000)
            print(f"  seed {number}", flush=True)
            chosen = random.Random(number).sample(places, min(int(rounds), len(places)))
        started, deaths = time.monotonic(), 0
        for name, occurrence in chosen:
            with self.subTest(f"{name}:{occurrence}"):
                deaths += self.round(name, occurrence)
            if self.controller.is_running():  # the round failed
                self.controller.kill()
        print(f"  {deaths} deaths in {len(chosen)} rounds, {time.monotonic() - started:.0f} s", flush=True)
        self.assertGreaterEqual(deaths, len(chosen) * 3 // 4, "most places are passed in every change")


class FailpointTest(Deaths):
    def test_killed_at_every_step(self):
        self.killed_at_every_step()


class JournalTest(Deaths):
    flags, rounds, least = FLAGS + ["--journal-from=0"], 10, 40

    def chosen(self, places):
        self.assertIn("journal.write.before", {name for name, _ in places})
        return [place for place in places if place[0].split(".")[0] in ("journal", "apply", "prune", "health", "finalize", "status")]

    def test_killed_while_the_journal_has_it(self):
        self.killed_at_every_step()


if __name__ == "__main__":
    totals.main()
