#!/usr/bin/env python3
"""The disk is full, read-only, or out of inodes (threats R29, R30), and file descriptors are few (R31): what is stored stays and is served, what could not be stored is not
called ready, the reason is named, and when there is room again everything goes on by itself.

The disks are small tmpfs mounts, so all but the descriptors needs root; without it the cases say so and are skipped.
"""

import hashlib
import os
import random
import resource
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, data_of, until  # noqa: E402

PAGE = 4096


def setUpModule():
    harness.begin("disk", controller=False)


def noise(kibibytes, seed):
    """Text that does not get smaller by compression."""
    return random.Random(seed).randbytes(kibibytes * 512).hex()


class DiskCase(Case):
    """A controller whose artifacts, or whose clones, lie on a disk of their own."""

    SIZE_KIBIBYTES = 2048

    def begin(self, below, options=""):
        if os.geteuid() != 0:
            self.skipTest("mounting a small disk needs root")
        self.controller = self.env.controller(self.ns[2:22].strip("-"), ["--artifact-retention-ttl=1s", "--artifact-retention-records=1", "--max-retry-delay=2s",
                                                                         "--requeue-dependency=1s"], start=False)  # no older one, whose end would make room
        self.disk = os.path.join(self.controller.storage, below)
        os.makedirs(self.disk)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.SIZE_KIBIBYTES}k{options}", "sluice-test", self.disk], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"no small disk can be mounted here: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=False)
        self.addCleanup(self.controller.end)
        self.controller.start()
        self.repository = self.fleet({"cm.yaml": config_map("settings", {"n": "0"})}, retryInterval="1s")

    def fill(self, left_kibibytes):
        """Takes all room but so much."""
        room = os.statvfs(self.disk)
        size = max(room.f_bavail * room.f_frsize - left_kibibytes * 1024, 0)
        with open(os.path.join(self.disk, "ballast"), "wb") as file:
            for _ in range(size // PAGE):
                file.write(b"x" * PAGE)

    def free(self):
        os.remove(os.path.join(self.disk, "ballast"))

    def artifact(self):
        return self.kube.get("GitRepository", "fleet", self.ns)["status"]["artifact"]

    def assert_served(self, artifact):
        """The artifact that the status names is what it says."""
        with urllib.request.urlopen(f"http://{self.controller.storage_address}/{artifact['path']}", timeout=10) as response:
            self.assertEqual("sha256:" + hashlib.sha256(response.read()).hexdigest(), artifact["digest"])

    def push_big(self, number, kibibytes=256):
        """A commit whose artifact and whose pack take so much; `number` tells it apart."""
        self.push(self.repository, {"cm.yaml": config_map("settings", {"n": str(number)}), "noise.txt": noise(kibibytes, number)})

    def await_source_failed(self, reasons):
        """Waits until the source has tried the head in vain; the condition."""
        def failed(obj):
            ready = condition_of(obj, "Ready")
            return ready.get("status") == "False" and ready["reason"] in reasons
        return condition_of(self.await_object("GitRepository", "fleet", failed), "Ready")

    def assert_old_state_stays(self, artifact, number):
        self.assertEqual(self.artifact(), artifact, "what is not stored is not named")
        self.assert_served(artifact)
        app = self.kube.get("Kustomization", "app", self.ns)
        self.assertEqual(app["status"]["lastAppliedRevision"], artifact["revision"])
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"n": str(number)})

    def assert_recovers(self, number):
        self.await_applied(self.repository)
        self.await_ready("GitRepository", "fleet")
        self.assert_served(self.artifact())
        self.assertEqual(data_of(self.kube.get("ConfigMap", "settings", self.ns)), {"n": str(number)})

    def unfinished(self):
        return [name for _, _, names in os.walk(self.controller.storage) for name in names if name.endswith(".unfinished") or name.startswith(("tmp_", "pack_git2"))]


class FullTest(DiskCase):
    def test_R29_no_room_for_artifacts(self):
        self.begin("artifacts")
        for number, left in enumerate((0, 4, 8, 64, 128), 1):
            with self.subTest(f"{left} KiB left"):
                before = self.artifact()
                self.fill(left)
                self.push_big(number)
                message = self.await_source_failed({"StorageFull"})["message"]
                self.assertIn("No space left on device", message)
                self.assert_old_state_stays(before, number - 1)
                self.free()
                self.assert_recovers(number)
                self.assertEqual(self.unfinished(), [])

    def test_R29_no_room_for_clones(self):
        self.begin("git")
        for number, left in enumerate((0, 8, 64), 1):
            with self.subTest(f"{left} KiB left"):
                before = self.artifact()
                self.fill(left)
                self.push_big(number)
                condition = self.await_source_failed({"StorageFull", "GitOperationFailed"})
                print(f"  {condition['reason']}: {condition['message'][:160]}")
                self.assertRegex(condition["message"], "(?i)no space|disk")
                self.assert_old_state_stays(before, number - 1)
                self.free()
                self.assert_recovers(number)
                self.assertEqual(self.unfinished(), [])

    def test_R31_no_inodes(self):
        self.begin("artifacts", ",nr_inodes=24")
        before = self.artifact()
        taken = []
        try:
            while True:
                path = os.path.join(self.disk, f"inode-{len(taken)}")
                with open(path, "wb"):
                    taken.append(path)
        except OSError:
            pass
        self.push_big(1)
        self.assertIn("No space left on device", self.await_source_failed({"StorageFull"})["message"])
        self.assert_old_state_stays(before, 0)
        for path in taken:
            os.remove(path)
        self.assert_recovers(1)


class ReadOnlyTest(DiskCase):
    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.disk], check=True)

    def read_only(self, below, reasons):
        self.begin(below)
        before = self.artifact()
        self.remount("ro")
        try:
            self.push_big(1)
            condition = self.await_source_failed(reasons)
            print(f"  {condition['reason']}: {condition['message'][:160]}")
            self.assertRegex(condition["message"], "(?i)read-only")
            self.assert_old_state_stays(before, 0)
        finally:
            self.remount("rw")
        self.assert_recovers(1)

    def test_R30_artifacts(self):
        self.read_only("artifacts", {"ArchiveOperationFailed"})

    def test_R30_clones(self):
        self.read_only("git", {"StorageOperationFailed", "GitOperationFailed"})


class DescriptorTest(Case):
    """256 file descriptors, and clients that take more."""

    LIMIT = 256

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.controller.process.pid}/fd"))

    def settled(self):
        """How many are open once that does not change any more."""
        seen = []

        def same():
            seen.append(self.descriptors())
            return len(seen) > 8 and len(set(seen[-8:])) == 1
        until(same, 60, lambda: seen, 0.25)
        return seen[-1]

    def test_R31_few_descriptors(self):
        self.controller = self.env.controller("descriptors", ["--requeue-dependency=1s", "--max-retry-delay=2s"], start=False)
        self.addCleanup(self.controller.end)
        self.controller.start()
        resource.prlimit(self.controller.process.pid, resource.RLIMIT_NOFILE, (self.LIMIT, self.LIMIT))
        repository = self.fleet({"cm.yaml": config_map("settings", {"n": "0"})}, retryInterval="1s")
        baseline = self.settled()
        # More work at once than there are descriptors.
        for number in range(120):
            self.source(f"source-{number}", repository)
        until(lambda: sum(harness.is_ready(item) for item in self.kube.list("GitRepository", self.ns)) == 121, 120)
        self.assertLessEqual(abs(self.settled() - baseline), 5)
        # More clients than there are descriptors, who say nothing.
        clients = []
        self.addCleanup(lambda: [client.close() for client in clients])
        for _ in range(self.LIMIT + 60):
            client = socket.socket()
            client.settimeout(1)
            clients.append(client)
            client.connect(("127.0.0.1", self.controller.ports[0]))
        time.sleep(1)
        crowded = self.descriptors()
        busy = self.cpu_seconds()
        self.push(repository, {"cm.yaml": config_map("settings", {"n": "1"})})
        time.sleep(4)
        busy = self.cpu_seconds() - busy
        print(f"  {baseline} descriptors at rest, {crowded} among {len(clients)} silent clients; {busy:.1f} s of CPU in the 4 s after")
        self.assertTrue(self.controller.is_running())
        self.assertLess(busy, 3, "it spins")
        for client in clients:
            client.close()
        self.await_applied(repository)
        self.await_ready("GitRepository", "fleet")
        self.assertLessEqual(abs(self.settled() - baseline), 5)
        self.assertTrue(self.controller.answers())

    def cpu_seconds(self):
        with open(f"/proc/{self.controller.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    totals.main()
