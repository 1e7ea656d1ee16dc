"""What the benchmarks of whole controllers share: the requests and the memory of a run, waiting until everything is Ready, a restart, the floor."""

import json
import os
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

import harness  # noqa: E402
from kube import Recorder  # noqa: E402

READ_ONLY = {"list", "watch", "discover", "get"}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Usage:
    """CPU seconds and the peak of memory of a process."""

    def __init__(self, pid):
        self.pid = pid

    def read(self):
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as file:
            peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
        return {"cpu_seconds": cpu, "peak_rss_mib": peak / 1024}


def cluster_cpu(env):
    """CPU seconds of the cluster's own programs so far: what is asked of them, told with less noise than by a clock."""
    return sum(Usage(pid).read()["cpu_seconds"] for pid in env.cluster.state["pids"].values())


def own_requests(controller):
    """What the controller says it asked of the API server: {verb: count}."""
    counts = {}
    for line in controller.http("metrics", 1).decode().splitlines():
        if line.startswith("sluice_api_requests_total{"):
            verb = line.split('verb="')[1].split('"')[0]
            counts[verb] = counts.get(verb, 0) + int(line.rsplit(" ", 1)[1])
    return counts


def served(kube, before=None):
    """What the server counted by verb; the bench itself only watches, and reads this."""
    counts = {}
    for (verb, resource), count in kube.requests_served().items():
        if resource in ("leases", "nodes", "endpointslices", "endpoints", "replicasets", "serviceaccounts/token"):
            continue
        counts[verb] = counts.get(verb, 0) + count
    if before is None:
        return counts
    return {verb: count - before.get(verb, 0) for verb, count in counts.items() if count != before.get(verb, 0)}


class ReadyWatch:
    """Counts the objects of `kind` in `ns` that are Ready at a revision, by a watch. `revision_of` tells the revision from a status."""

    def __init__(self, kube, count, kind, ns, revision_of):
        self.count, self.revisions, self.revision_of = count, {}, revision_of
        self.changed = threading.Condition()
        self.recorder = Recorder(kube, kind, ns)
        for item in kube.list(kind, ns):
            self._note(item)
        threading.Thread(target=self._follow, daemon=True).start()

    def _note(self, obj):
        ready = next((c["status"] for c in obj.get("status", {}).get("conditions", []) if c["type"] == "Ready"), "")
        observed = obj.get("status", {}).get("observedGeneration") == obj["metadata"]["generation"]
        reconciling = any(c["type"] == "Reconciling" for c in obj.get("status", {}).get("conditions", []))
        self.revisions[obj["metadata"]["name"]] = self.revision_of(obj["status"]) \
            if ready == "True" and observed and not reconciling else None

    def _follow(self):
        place = 0
        while True:
            seen, before = self.recorder.seen, place
            while place < len(seen):
                self._note(seen[place][1])
                seen[place] = None
                place += 1
            if place > before:
                with self.changed:
                    self.changed.notify_all()
            time.sleep(0.02)  # what watches shares two cores with what is measured

    def wait(self, revision, seconds):
        deadline = time.monotonic() + seconds
        while True:
            ready = sum(1 for value in list(self.revisions.values()) if value and value.endswith(revision))
            if ready >= self.count:
                return
            if time.monotonic() > deadline:
                raise SystemExit(f"only {ready} of {self.count} were Ready after {seconds:.0f} s")
            with self.changed:
                self.changed.wait(0.2)


def measure(env, controller, watch, revision, act, seconds):
    """Runs `act`, waits until all are Ready at `revision`; what it took."""
    before, cluster_before = served(env.kube), cluster_cpu(env)
    usage_before = Usage(controller.process.pid).read() if controller.is_running() else {"cpu_seconds": 0.0}
    started = time.monotonic()
    act()
    watch.wait(revision, seconds)
    took = time.monotonic() - started
    time.sleep(2)  # the last events and statuses
    usage = Usage(controller.process.pid).read()
    return {"seconds": round(took, 3), "cpu_seconds": round(usage["cpu_seconds"] - usage_before["cpu_seconds"], 2),
            "cluster_cpu_seconds": round(cluster_cpu(env) - cluster_before, 2), "peak_rss_mib": round(usage["peak_rss_mib"], 1),
            "requests_served": served(env.kube, before)}


def restart(env, controller, owned_objects):
    """A restart with nothing changed: until all `owned_objects` are known and all is quiet."""
    controller.end()
    before = served(env.kube)
    started = time.monotonic()
    controller.start()
    quiet_since, last = time.monotonic(), None
    while time.monotonic() - quiet_since < 3:
        now = (own_requests(controller), controller.http("metrics", 1).count(b"sluice_owned_objects"))
        owned = next(int(line.rsplit(b" ", 1)[1]) for line in controller.http("metrics", 1).splitlines() if line.startswith(b"sluice_owned_objects "))
        if now != last or owned < owned_objects:
            quiet_since, last = time.monotonic(), now
        if time.monotonic() - started > 300:
            raise SystemExit(f"not quiet after 300 s: {now}, {owned} owned objects")
        time.sleep(0.1)
    usage = Usage(controller.process.pid).read()
    own = own_requests(controller)
    return {"seconds": round(quiet_since - started, 3), "cpu_seconds": round(usage["cpu_seconds"], 2), "peak_rss_mib": round(usage["peak_rss_mib"], 1),
            "own_requests": own, "writes": sum(count for verb, count in own.items() if verb not in READ_ONLY),
            "requests_served": served(env.kube, before)}


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


class RolloutWatch:
    """Waits until `count` Deployments in `ns` are rolled out: what Ready waits for beyond the writes, and the writes alone do not show."""

    def __init__(self, kube, count, ns):
        self.count, self.recorder = count, Recorder(kube, "Deployment", ns)

    def wait(self, seconds):
        deadline, place, done = time.monotonic() + seconds, 0, set()
        while len(done) < self.count:
            if time.monotonic() > deadline:
                raise SystemExit(f"only {len(done)} of {self.count} Deployments were rolled out after {seconds:.0f} s")
            seen = self.recorder.seen
            while place < len(seen):
                obj, place = seen[place][1], place + 1
                status = obj.get("status", {})
                if status.get("observedGeneration") == obj["metadata"]["generation"] and \
                        any(c["type"] == "Available" and c["status"] == "True" for c in status.get("conditions", [])):
                    done.add(obj["metadata"]["name"])
            time.sleep(0.02)  # what watches shares two cores with what is measured
        self.recorder.close()


def floor(env, program, count, ns, objects=None, rollouts=False):
    """The objects by the bare client, created and then once more unchanged. `rollouts`: also until their Deployments, one of each, are rolled out."""
    env.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}})
    common = [program, "--kubeconfig", env.cluster.kubeconfig, "--namespace", ns, "--count", str(count), "--streams", "64", *(["--objects", objects] if objects else [])]
    watch = RolloutWatch(env.kube, count, ns) if rollouts else None
    before, started = cluster_cpu(env), time.monotonic()
    first = json.loads(subprocess.run(common, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout)
    if watch:
        watch.wait(120 + count)
        first["rolled_out_seconds"] = round(time.monotonic() - started, 3)
    time.sleep(2)  # what the cluster makes of them
    first["cluster_cpu_seconds"] = round(cluster_cpu(env) - before, 2)
    again = json.loads(subprocess.run([*common, "--repeat"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout)
    return {"create": first, "unchanged": again}


def floor_seconds(result, what="seconds"):
    """What the creations take at least, or with "rolled_out_seconds" the rollouts, too: the mean of the runs before and after."""
    return (result["floor"]["create"][what] + result["floor_again"]["create"][what]) / 2


def floor_cpu(result):
    """The same of the cluster's CPU."""
    return (result["floor"]["create"]["cluster_cpu_seconds"] + result["floor_again"]["create"]["cluster_cpu_seconds"]) / 2


def floor_program():
    """The bare client, built beside the binary that is measured; None if it is not there."""
    program = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(harness.SLUICE))), "bench", "floor", "apply_floor")
    if os.path.exists(program):
        return program
    say(f"no {program}: measuring without the floor")
    return None


def print_row(name, *cells):
    print(f"{name:<34}" + "".join(f"{cell:>18}" for cell in cells))


def keep(results, path):
    """Everything that was measured, into the file `path` or, without one, to standard output."""
    text = json.dumps(results, indent=1)
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    else:
        print(text)
