#!/usr/bin/env python3
"""Builds in processes of their own (threats T78, T84): what becomes of a Kustomization whose process is killed, once or every time, of all others meanwhile, and what
such a process is left with. Processes are killed from outside, in the middle of their work, as a crash or the kernel would end them.
"""

import contextlib
import glob
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, until  # noqa: E402

BYSTANDERS = 50
SANITIZED = harness.BUILD.rstrip("/").endswith(("asan", "tsan"))
# Of the kernel's clock (10 ms): a process that has computed for longer is at the tree that takes long, and not at fifty that take little.
BUSY_TICKS = 120 if SANITIZED else 30


def setUpModule():
    harness.begin("build-worker", flags=["--requeue-dependency=2s", "--max-retry-delay=1s"])


def children(pid):
    """The processes that any thread of `pid` has started."""
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
            found += [int(word) for word in file.read().split()]
    return found


def cpu_ticks(pid):
    """User and system time of a process that runs; 0 of one that is gone."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
        if fields[0] not in "ZX":
            return int(fields[11]) + int(fields[12])
    return 0


def runs(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0] not in "ZX"
    return False


def slow_tree(folder="."):
    """A build that computes for a second or more, and comes to one object."""
    bulk = "".join(f"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bulk-{i}\ndata:\n  a: b\n  c: d\n" for i in range(10_000))
    again = '[{"op": "add", "path": "/data/a", "value": "c"}]'
    delete = "$patch: delete\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bulk\n"
    patches = [{"patch": patch, "target": {"name": "bulk-.*"}} for patch in [again] * 20 + [delete]]
    return {f"{folder}/kustomization.yaml": {"resources": ["bulk.yaml", "one.yaml"], "patches": patches},
            f"{folder}/bulk.yaml": bulk, f"{folder}/one.yaml": config_map("one", {"n": "0"})}


class Workers(Case):
    def servers(self, controller=None):
        return children((controller or self.controller).process.pid)

    def jobs(self, controller=None):
        return [job for server in self.servers(controller) for job in children(server)]

    def said(self, name="app"):
        """How often a run of that Kustomization ended in an exception."""
        return sum(line["msg"] == "a reconcile ended in an exception" and line.get("name") == name and line.get("namespace") == self.ns
                   for line in self.controller.lines())

    @contextlib.contextmanager
    def killing(self, times, which):
        """Meanwhile SIGKILL ends processes of `which()`, as many as `times`."""
        killed, over, there = [], threading.Event(), set(self.jobs())  # these had other jobs, and are not of what comes now

        def hunt():
            while not over.is_set() and len(killed) < times:
                for pid in set(which()) - there:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)
                time.sleep(0.02)

        hunter = threading.Thread(target=hunt)
        hunter.start()
        try:
            yield killed
        finally:
            over.set()
            hunter.join()

    def busy(self):
        return [job for job in self.jobs() if cpu_ticks(job) > BUSY_TICKS]


class KilledTest(Workers):
    def test_T78_a_killed_build_is_tried_again(self):
        with self.killing(1, self.busy) as killed:
            repository = self.env.repository(self.ns, slow_tree())
            self.source("fleet", repository)
            self.kustomization()
            self.await_applied(repository, seconds=180)
        self.assertEqual(len(killed), 1)
        self.assertEqual(self.said(), 1)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "one", self.ns)), {"n": "0"})
        self.assertEqual(condition_of(self.kube.get("Kustomization", "app", self.ns), "Stalled"), {})

    def test_T78_a_killed_server_is_replaced(self):
        repository = self.fleet({"a.yaml": config_map("a", {"n": "0"})})
        for server in self.servers():
            os.kill(server, signal.SIGKILL)
        self.push(repository, {"a.yaml": config_map("a", {"n": "1"})})
        self.await_applied(repository)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "a", self.ns)), {"n": "1"})

    def test_T78_one_that_crashes_every_time_stalls_alone(self):
        bystanders = [f"bystander-{i}" for i in range(BYSTANDERS)]
        files = {f"{name}/cm.yaml": config_map(name, {"n": "0"}) for name in bystanders}
        others = self.env.repository(f"{self.ns}-others", files)
        self.source("others", others)
        for name in bystanders:
            self.kustomization(name, "others", path=f"./{name}")
        for name in bystanders:
            self.await_applied(others, name)
        bad = self.env.repository(self.ns, slow_tree("bad"))
        with self.killing(100, self.busy):
            self.source("fleet", bad)
            self.kustomization("app", "fleet", path="./bad")
            until(lambda: self.said() >= 1, 180)
            self.push(others, {f"{name}/cm.yaml": config_map(name, {"n": "1"}) for name in bystanders}, "others")
            for name in bystanders:
                self.await_applied(others, name, seconds=120)
            stalled = lambda obj: condition_of(obj, "Stalled").get("reason") == "InternalError"  # noqa: E731
            obj = self.await_object("Kustomization", "app", stalled, seconds=180)
        self.assertIn("internal error: building ./bad: the process ended by SIGKILL: a bug of Sluice", condition_of(obj, "Ready")["message"])
        self.assertEqual(self.said(), 3)
        for name in bystanders:
            self.assertEqual(data_of(self.kube.get("ConfigMap", name, self.ns)), {"n": "1"})
            self.assertEqual(self.said(name), 0)
        self.push(bad, {"bad/bulk.yaml": config_map("bulk-1")})
        self.await_applied(bad, seconds=120)
        self.assertEqual(condition_of(self.kube.get("Kustomization", "app", self.ns), "Stalled"), {})
        self.assertEqual(self.said(), 3)


class HangingTest(Workers):
    def test_T78_builds_that_hang_hold_up_no_other(self):
        others = self.env.repository(f"{self.ns}-others", {"cm.yaml": config_map("one", {"n": "0"})})
        self.source("others", others)
        self.kustomization("bystander", "others")
        self.await_applied(others, "bystander")
        bad = self.env.repository(self.ns, slow_tree("bad"))
        self.source("fleet", bad)
        names = [f"hangs-{i}" for i in range(4)]  # twice as many as there are workers
        for name in names:
            self.kustomization(name, "fleet", path="./bad")
        stopped = []

        def stop_them():
            for job in self.busy():
                if job not in stopped:
                    os.kill(job, signal.SIGSTOP)  # from now on it takes as long as it may
                    stopped.append(job)
            return len(stopped) == len(names)

        try:
            until(stop_them, 120)
            for n in "12":
                self.push(others, {"cm.yaml": config_map("one", {"n": n})}, "others")
                self.await_applied(others, "bystander")
                self.assertEqual(data_of(self.kube.get("ConfigMap", "one", self.ns)), {"n": n})
            self.assertTrue(all(runs(job) for job in stopped), "they hang still")
        finally:
            for job in stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(job, signal.SIGCONT)
        for name in names:
            self.await_applied(bad, name, seconds=180)


class ConfinedTest(Workers):
    def test_T84_a_worker_has_nothing(self):
        self.fleet({"a.yaml": config_map("a")})
        processes = self.servers() + self.jobs()
        self.assertGreaterEqual(len(processes), 2)
        for pid in processes:
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            self.assertEqual(status["NoNewPrivs"], "1")
            with open(f"/proc/{pid}/environ", "rb") as file:
                self.assertEqual(file.read(), b"")
            with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as file:
                self.assertEqual(file.read().strip(), "1000", "when memory runs out it goes before the controller")
            opened = sorted(os.readlink(path).partition(":")[0] for path in glob.glob(f"/proc/{pid}/fd/*"))
            self.assertIn(opened, (["/dev/null"] * 3 + ["anon_inode", "socket"], ["/dev/null"] * 3 + ["socket"]))
            if not SANITIZED:
                self.assertEqual(status["Seccomp"], "2")

    def test_T84_workers_end_with_the_controller(self):
        self.controller.end()
        self.addCleanup(lambda: self.controller.is_running() or self.controller.start())
        other = self.env.controller("other", ["--requeue-dependency=2s"], start=False)
        repository = self.env.repository(self.ns, {"a.yaml": config_map("a")})
        self.source("fleet", repository)
        self.kustomization()
        for end in (other.kill, other.end):
            other.start()
            self.request("Kustomization", "app")
            until(lambda: len(self.servers(other) + self.jobs(other)) >= 2)
            left = self.servers(other) + self.jobs(other)
            end()
            until(lambda pids=left: not any(runs(pid) for pid in pids))

    def test_builds_can_be_had_in_the_controller_itself(self):
        self.controller.end()
        self.addCleanup(lambda: self.controller.is_running() or self.controller.start())
        alone = self.env.controller("alone", ["--requeue-dependency=2s", "--build-workers=0"])
        self.addCleanup(alone.end)
        repository = self.env.repository(self.ns, {"a.yaml": config_map("a")})
        self.source("fleet", repository)
        self.kustomization()
        self.await_applied(repository)
        self.assertEqual(self.servers(alone), [])


if __name__ == "__main__":
    totals.main()
