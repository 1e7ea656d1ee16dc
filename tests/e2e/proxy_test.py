#!/usr/bin/env python3
"""Bad luck between Sluice and the API server (threats R1–R8, R10, R11, R20): requests and answers that are lost, refused, cut, late, or untrue.

Every case does the same work while something goes wrong: a fleet is changed by commits and by hand. When the bad luck ends, the cluster must be what Git says
(G1), each object in an inventory (G2), each change one write (G3), and nothing deleted that was not to go (G4). The proxy's record tells the last two.
SLUICE_FAULT_SECONDS is how long the constant faults last (default 20), SLUICE_ROUNDS=all hides every event in R10, SLUICE_SEED=N replays a choice.
"""

import collections
import os
import random
import signal
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from fault_proxy import FaultProxy, await_fired  # noqa: E402
from harness import Case, condition_of, config_map, data_of, deployment, is_ready, service, until  # noqa: E402
from kube import Recorder  # noqa: E402

LABEL = "kustomize.toolkit.fluxcd.io"
SECONDS = float(os.environ.get("SLUICE_FAULT_SECONDS", "20"))
KINDS = {"ConfigMap": "configmaps", "Service": "services", "Deployment": "deployments"}
OURS = "configmaps,services,deployments,kustomizations,gitrepositories"
PROXY = None


def setUpModule():
    global PROXY
    harness.begin("proxy", controller=False)
    PROXY = FaultProxy(Case.env, seed())


def tearDownModule():
    PROXY.close()


def seed():
    return int(os.environ.get("SLUICE_SEED") or time.time_ns() % 1_000_000)


def objects(state):
    """{(kind, name): version} as the files of a commit."""
    make = {"ConfigMap": lambda name, version: config_map(name, {"version": str(version)}), "Service": lambda name, _: service(name),
            "Deployment": lambda name, version: deployment(name, replicas=0, image=f"app:{version}")}
    return {f"{kind}-{name}.yaml": make[kind](name, version) for (kind, name), version in state.items()}


class FaultCase(Case):
    """A controller of its own that goes through the proxy, and one fleet."""

    FLAGS = ["--requeue-dependency=2s", "--max-retry-delay=5s", "--prune-guard=false"]
    NAME = "app"

    def setUp(self):
        super().setUp()
        PROXY.clear()
        self.since = PROXY.mark()
        self.controller = self.env.controller(self.ns[2:], self.FLAGS, start=False, kubeconfig=PROXY.kubeconfig())
        self.addCleanup(self.controller.end)
        self.addCleanup(self.leave)
        self.state, self.changes, self.gone = {}, collections.Counter(), set()

    def leave(self):
        """The fleet goes while there is somebody to let it go."""
        PROXY.clear()
        if self.controller.is_running():
            self._delete_ours()
            for kind, name in (("Kustomization", self.NAME), ("GitRepository", "fleet")):
                self.await_gone(kind, name)

    # --- the work

    def begin(self, size=4, **spec):
        """A fleet of `size` objects of each kind, applied."""
        self.state = {(kind, f"{kind.lower()}-{number}"): 0 for kind in KINDS for number in range(size)}
        self.count(self.state)
        self.repository = self.env.repository(self.ns, objects(self.state))
        if not self.controller.is_running():
            self.controller.start()
        self.source("fleet", self.repository, timeout="20s")
        self.kustomization(self.NAME, retryInterval="1s", **spec)

    def count(self, keys):
        for kind, name in keys:
            self.changes[KINDS[kind], name] += 1

    def commit(self, changed=(), added=(), removed=(), tell=True):
        """One commit that changes, adds and removes objects, (kind, name) each."""
        before = objects(self.state)
        for key in (*changed, *added):
            self.state[key] = self.state.get(key, 0) + 1
        for key in removed:
            del self.state[key]
            self.gone.add((KINDS[key[0]], key[1]))
        after = objects(self.state)
        self.count(key for key in changed if key[0] != "Service")  # which has nothing that would change
        self.count((*added, *removed))
        self.repository.commit({path: after.get(path) for path in {*before, *after} if before.get(path) != after.get(path)})
        if tell:
            self.request("GitRepository", "fleet")

    def edit(self, name):
        """A ConfigMap is changed by hand."""
        self.changes["configmaps", name] += 1
        self.kube.patch("ConfigMap", name, self.ns, {"data": {"version": "by hand"}})

    def remove(self, kind, name):
        """An object is deleted by hand."""
        self.changes[KINDS[kind], name] += 1
        self.kube.delete(kind, name, self.ns)

    def change_of_everything(self, number):
        """Change number `number`: some of each, by commit and by hand."""
        self.commit(changed=[("ConfigMap", "configmap-0"), ("Deployment", "deployment-0"), ("Deployment", "deployment-1")],
                    added=[(kind, f"new-{number}") for kind in KINDS], removed=[(kind, f"new-{number - 1}") for kind in KINDS if number > 1])
        self.edit("configmap-1")
        self.remove("ConfigMap", "configmap-2")

    # --- the verdict

    def live(self):
        """{(kind, name): object} of everything with our labels."""
        return {(kind, item["metadata"]["name"]): item for kind in KINDS
                for item in self.kube.list(kind, self.ns, f"{LABEL}/name={self.NAME},{LABEL}/namespace={self.ns}")}

    def as_in_git(self):
        """Whether each object is there as the head commit has it, and no other."""
        live = self.live()
        if live.keys() != self.state.keys():
            return False
        for (kind, name), version in self.state.items():
            item = live[kind, name]
            shown = {"ConfigMap": lambda: item["data"] == {"version": str(version)}, "Service": lambda: True,
                     "Deployment": lambda: item["spec"]["template"]["spec"]["containers"][0]["image"] == f"app:{version}"}[kind]()
            if not shown or "deletionTimestamp" in item["metadata"]:
                return False
        return True

    def await_converged(self, seconds=60):
        self.await_applied(self.repository, self.NAME, seconds=seconds)
        until(self.as_in_git, seconds, lambda: {key: data_of(item) for key, item in self.live().items()})
        entries = self.kube.get("Kustomization", self.NAME, self.ns)["status"]["inventory"]["entries"]
        group = {"Deployment": "apps"}
        self.assertEqual({entry["id"] for entry in entries}, {f"{self.ns}_{name}_{group.get(kind, '')}_{kind}" for kind, name in self.state})

    def record(self):
        return PROXY.record(self.ns, self.since)

    def assert_judged(self):
        """Each change was written once at most, and only what was to go was deleted."""
        self.assertEqual(self.record().faults(self.changes, self.gone), [])

    def finish(self):
        """The bad luck is over."""
        PROXY.clear()
        self.await_converged()
        self.assert_judged()

    def work(self, seconds=SECONDS):
        """Changes everything again and again for so long."""
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            number += 1
            self.change_of_everything(number)
            time.sleep(min(4.0, max(0.0, end - time.monotonic())))


def flaps(recorder):
    """How often Ready went from True to False."""
    words = [condition_of(obj, "Ready").get("status") for _, obj in recorder.seen]
    words = [word for word in words if word in ("True", "False")]
    return sum(before == "True" and after == "False" for before, after in zip(words, words[1:]))


class StatusTest(FaultCase):
    """The server says no."""

    def test_R1_429_with_retry_after_on_every_third_write(self):
        self.begin()
        self.await_converged()
        states = Recorder(self.kube, "Kustomization", self.ns)
        self.addCleanup(states.close)
        PROXY.add("status", verb="apply,patch,delete,create", resource=OURS, every=3, nth=2, status=429, retryAfter="7", namespace=self.ns)
        # One intent only: a newer one would act at once, since nobody has told it to wait.
        self.commit(changed=[("ConfigMap", "configmap-0"), ("ConfigMap", "configmap-1"), ("Deployment", "deployment-0")],
                    added=[("ConfigMap", "new")], removed=[("Service", "service-3")])
        self.await_converged(120)
        refused = {}
        for entry in self.record().requests("apply", "patch", "delete", "create"):
            key = entry["resource"], entry["name"], entry.get("subresource")
            if key in refused:
                self.assertGreaterEqual(entry["time"] - refused.pop(key), 7.0, f"{key} came too early")
            if entry["status"] == 429:
                refused[key] = entry["time"]
        self.assertGreater(PROXY.fired(), 2)
        self.assertEqual([condition_of(obj, "Ready")["message"] for _, obj in states.seen if condition_of(obj, "Ready").get("status") == "False"], [])
        self.finish()

    def test_R2_a_tenth_of_all_requests_fails(self):
        self.begin()
        self.await_converged()
        states = Recorder(self.kube, "Kustomization", self.ns)
        self.addCleanup(states.close)
        for status in (500, 502, 503):
            PROXY.add("status", status=status, probability=0.034)
        self.work()
        print(f"  {PROXY.fired()} requests failed; Ready went from True to False {flaps(states)} times")
        self.finish()
        self.assertLessEqual(flaps(states), 1)

    def test_R2_a_404_that_is_not_true(self):
        # As a server that starts says it of kinds that it does not know yet.
        self.begin()
        self.await_converged()
        for resource in ("kustomizations", "gitrepositories"):
            PROXY.add("status", verb="patch", resource=resource, subresource="status", namespace=self.ns, status=404, count=1)
        self.commit(changed=[("ConfigMap", "configmap-0")])
        self.await_converged()
        await_fired(PROXY, 2)
        self.await_applied(self.repository, self.NAME)
        for resource in ("kustomizations", "gitrepositories"):  # and of the last request of all
            PROXY.add("status", verb="patch", resource=resource, subresource="", namespace=self.ns, status=404, count=1)
        self._delete_ours()
        for kind, name in (("Kustomization", self.NAME), ("GitRepository", "fleet")):
            self.await_gone(kind, name)
        await_fired(PROXY, 4)


    def test_R2_answers_of_200_that_are_of_something_else(self):
        self.begin()
        self.await_converged()
        verbs = "apply,dry-run,get,patch,list"
        for verb, body in ((f"{verbs},delete", "{}"),
                           (verbs, '{"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}'),  # to a delete it is the right answer
                           (f"{verbs},delete", '{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "other", "namespace": "%s", "uid": "1"}}' % self.ns)):
            PROXY.add("status", status=200, body=body, verb=verb, resource=OURS, probability=0.05)
        self.work()
        print(f"  {PROXY.fired()} answers were of something else")
        self.finish()


class LossTest(FaultCase):
    """What was sent, or what came of it, is lost: the same request is made again, and does nothing that was done already."""

    def lose(self, action, connection):
        self.begin()
        self.await_converged()
        PROXY.add(action, verb="writes,dry-run,get", resource=OURS, namespace=self.ns, every=2, count=40, connection=connection)
        for number in range(1, 4):
            self.change_of_everything(number)
            time.sleep(1.5)
        await_fired(PROXY, 8)
        self.finish()
        created = collections.Counter((entry["resource"], entry["name"]) for entry in self.record().requests("apply") if entry["changed"] and not entry.get("before"))
        deleted = collections.Counter(self.record().deletions())
        by_hand = {("configmaps", "configmap-2"): 3}
        for key, times in created.items():
            self.assertLessEqual(times, 1 + deleted[key] + by_hand.get(key, 0), f"{key} was created {times} times")

    def test_R3_requests_that_are_lost(self):
        self.lose("drop-before", False)

    def test_R3_answers_that_are_lost(self):
        self.lose("drop-after", False)

    def test_R3_connections_that_are_reset_before_the_answer(self):
        self.lose("drop-after", True)

    def test_R3_a_status_that_comes_too_late(self):
        # A run is cancelled by a newer commit while its status is on its way; it arrives after the newer one's.
        self.begin()
        self.await_converged()
        PROXY.add("late", verb="patch", resource="kustomizations", subresource="status", namespace=self.ns, ms=20000, count=1)
        self.commit(changed=[("ConfigMap", "configmap-0")])
        await_fired(PROXY)
        self.commit(changed=[("ConfigMap", "configmap-0")], removed=[("Service", "service-0")])
        self.await_converged()
        until(lambda: any(entry["reached"] and "late" in entry.get("rules", "") for entry in self.record().requests("patch")))
        late = next(entry for entry in self.record().requests("patch") if "late" in entry.get("rules", ""))
        self.assertEqual((late["status"], late["changed"]), (409, False))
        self.finish()

    def test_R3_an_apply_that_takes_its_time(self):
        # A run is cancelled by a newer commit while it applies: what it sent is not done after what the newer one sends.
        self.begin()
        self.await_converged()
        PROXY.add("late", verb="apply", resource="configmaps", namespace=self.ns, ms=1000, count=1)
        self.commit(changed=[("ConfigMap", "configmap-0")])
        await_fired(PROXY)
        self.commit(changed=[("ConfigMap", "configmap-0")])
        self.await_converged()
        time.sleep(2)
        self.finish()
        applied = self.record().effective()["configmaps", "configmap-0"]
        self.assertEqual([entry["verb"] for entry in applied], ["apply"] * 3)

    def test_R3_an_object_that_is_made_anew_and_a_job(self):
        self.begin(1)
        self.await_converged()
        extra = {"frozen.yaml": config_map("frozen", {"version": "1"}, annotations={f"{LABEL}/force": "enabled"}) | {"immutable": True},
                 "job.yaml": {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": {"template": {"spec": {
                     "restartPolicy": "Never", "containers": [{"name": "app", "image": "app:1"}]}}}}}
        PROXY.add("drop-after", verb="writes", resource="configmaps,jobs", namespace=self.ns)
        self.repository.commit(extra)
        self.request("GitRepository", "fleet")
        await_fired(PROXY, 3)
        PROXY.clear()
        self.await_applied(self.repository, self.NAME)
        job = self.kube.get("Job", "once", self.ns)
        states = Recorder(self.kube, "Kustomization", self.ns)
        self.addCleanup(states.close)
        PROXY.add("drop-after", verb="writes", resource="configmaps,jobs", namespace=self.ns, count=1)
        self.repository.commit({"frozen.yaml": config_map("frozen", {"version": "2"}, annotations={f"{LABEL}/force": "enabled"}) | {"immutable": True}})
        self.request("GitRepository", "fleet")
        self.await_applied(self.repository, self.NAME)
        self.assertEqual(data_of(self.kube.get("ConfigMap", "frozen", self.ns)), {"version": "2"})
        self.assertEqual(self.kube.get("Job", "once", self.ns)["metadata"]["uid"], job["metadata"]["uid"])
        # A deletion that was done although its answer was lost is no failure.
        self.assertEqual([condition_of(obj, "Ready")["message"] for _, obj in states.seen if condition_of(obj, "Ready").get("status") == "False"], [])
        effective = self.record().effective()
        self.assertEqual([entry["verb"] for entry in effective["configmaps", "frozen"]], ["apply", "delete", "apply"])
        self.assertEqual([entry["verb"] for entry in effective["jobs", "once"]], ["apply"])


class ListTest(FaultCase):
    """A list that ends in the middle is no list."""

    def cut(self, action, **how):
        self.begin()
        self.await_converged()
        self.controller.end()
        self.remove("ConfigMap", "configmap-0")
        self.edit("configmap-1")
        # Half of the list, again and again, for each kind of ours, for those who own and those who are owned.
        PROXY.add(action, verb="list", resource=OURS, count=12, **how)
        self.controller.start()
        await_fired(PROXY, 6)
        self.commit(changed=[("Deployment", "deployment-0")], removed=[("ConfigMap", "configmap-3")])
        await_fired(PROXY, 12, 120)
        self.finish()
        self.assertEqual(self.record().deletions(), [("configmaps", "configmap-3")])

    def test_R4_lists_whose_stream_is_reset(self):
        self.cut("cut")

    def test_R4_lists_whose_connection_is_reset(self):
        self.cut("cut", connection=True)

    def test_R4_lists_that_end_well_but_are_short(self):
        self.cut("short")

    def test_R4_lists_that_never_end(self):
        self.cut("stall", ms=3000)


class WatchTest(FaultCase):
    """Watches that end, lie, or say nothing."""

    def end_again_and_again(self, **how):
        self.begin()
        self.await_converged()
        PROXY.add("end-watch", verb="watch", ms=2000, **how)
        PROXY.cut()
        since = PROXY.mark()
        self.work()
        self.await_converged()
        lists = [entry for entry in PROXY.entries(since) if entry["verb"] == "list"]
        self.assertEqual([(entry["resource"], entry.get("namespace")) for entry in lists], [], "a watch resumes; it does not list anew")
        self.assertGreater(PROXY.fired(), 10)
        self.finish()

    def test_R5_watches_that_end_every_two_seconds(self):
        self.end_again_and_again()

    def test_R5_watches_whose_connection_is_reset_every_two_seconds(self):
        self.end_again_and_again(connection=True)

    def test_R5_watches_that_break_in_the_middle_of_a_line(self):
        self.begin()
        self.await_converged()
        PROXY.add("cut", verb="watch", resource=OURS, every=2)
        PROXY.cut()
        self.work(SECONDS / 2)
        self.finish()

    def expire(self, **rule):
        """Something is deleted and changed while no watch is open; the next one is told that its version is too old."""
        self.begin()
        self.await_converged()
        away = PROXY.add("status", verb="watch", resource="configmaps", status=503)
        PROXY.cut()
        await_fired(PROXY)
        self.remove("ConfigMap", "configmap-0")
        self.edit("configmap-1")
        since = PROXY.mark()
        PROXY.add(verb="watch", resource="configmaps", **rule)  # until it has listed: a single one may be spent on a request that `away` answers
        PROXY.remove(away)

        def listed_anew():
            entries = [entry for entry in PROXY.entries(since) if entry.get("resource") == "configmaps"]
            expired = next((entry for entry in entries if entry["verb"] == "watch" and entry.get("rules") and entry["status"] != 503), None)
            listed = expired and next((entry for entry in entries if entry["verb"] == "list" and entry["number"] > expired["number"]), None)
            return listed and (expired, listed)
        expired, listed = until(listed_anew)
        print(f"  listed anew {listed['time'] - expired['time']:.2f} s after the end of the watch")
        self.finish()
        self.assertEqual(self.record().deletions(), [])

    def test_R6_an_event_says_410(self):
        self.expire(action="error-event", status=410)

    def test_R6_the_status_says_410(self):
        self.expire(action="status", status=410)

    def test_R6_all_watches_and_lists_expire_during_a_change(self):
        self.begin()
        self.await_converged()
        PROXY.add("error-event", verb="watch", status=410, every=2)
        for number in range(1, 4):
            PROXY.cut()
            self.change_of_everything(number)
            time.sleep(2)
        self.finish()


    def test_R5_watches_that_the_server_answers_with_500(self):
        # It does not end; what happens is found out by lists.
        self.begin()
        self.await_converged()
        PROXY.add("status", verb="watch", status=500)
        PROXY.cut()
        await_fired(PROXY)
        self.change_of_everything(1)
        self.await_converged(120)
        self.finish()


class HiddenTest(FaultCase):
    """One event never comes. What it would have told is found out within the relist interval."""

    FLAGS = [*FaultCase.FLAGS, "--relist-interval=2s"]

    def test_R10_any_one_event_is_hidden(self):
        chosen = random.Random(number := seed())
        print(f"\n  seed {number}", flush=True)
        self.begin(3)
        self.await_converged()
        since = PROXY.mark()
        self.change_of_everything(1)
        self.await_converged()
        events = len([entry for entry in PROXY.record(self.ns, since).watched() if entry["event"] != "BOOKMARK"])
        every = list(range(1, events + 1))
        rounds = every if os.environ.get("SLUICE_ROUNDS") == "all" else sorted(chosen.sample(every, min(10, events)))
        for index, nth in enumerate(rounds, 2):
            with self.subTest(f"event {nth} of {events}"):
                with PROXY.rule("hide", verb="watch", namespace=self.ns, nth=nth, count=1):
                    self.change_of_everything(index)
                    time.sleep(1)
                    self.await_converged()
        hidden = [entry for entry in self.record().watched() if entry.get("hidden")]
        print(f"  {len(hidden)} of {events} events hidden: " + ", ".join(f"{entry['event']} {entry['resource']}" for entry in hidden), flush=True)
        self.assert_judged()


class DiscoveryTest(FaultCase):
    """Discovery is incomplete, or changes."""

    def test_R11_an_api_service_does_not_answer(self):
        group = "away.example.com"
        self.kube.apply({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": f"v1.{group}"},
                         "spec": {"group": group, "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 100, "insecureSkipTLSVerify": True,
                                  "service": {"name": "nobody", "namespace": "default", "port": 443}}})
        self.addCleanup(self.kube.delete, "apiregistration.k8s.io/v1/APIService", f"v1.{group}")
        self.begin()
        self.await_converged()
        # What is of that group waits, and says why; it is not taken for absent, and nothing is pruned because of it.
        thing = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "thing"}}
        head = self.repository.revision
        self.repository.commit({"thing.yaml": thing, "ConfigMap-configmap-0.yaml": None})
        self.request("GitRepository", "fleet")
        message = self.await_failed("Kustomization", self.NAME, "ReconciliationFailed")["message"]
        self.assertIn("Thing", message)
        self.assertIsNotNone(self.kube.get("ConfigMap", "configmap-0", self.ns))
        self.assertEqual(self.kube.get("Kustomization", self.NAME, self.ns)["status"]["lastAppliedRevision"], head)
        self.repository.commit({"thing.yaml": None, **objects({("ConfigMap", "configmap-0"): 0})})
        self.request("GitRepository", "fleet")
        self.change_of_everything(1)
        self.finish()

    def test_R11_discovery_fails_for_a_while(self):
        PROXY.add("status", verb="discover", status=503, count=8)
        self.begin()
        self.await_converged(120)
        PROXY.add("status", verb="discover", status=503)
        self.change_of_everything(1)  # of kinds that are known: goes on
        self.await_converged()
        self.finish()

    def test_R11_an_answer_that_says_nothing(self):
        # 200, of somebody who is no API server: that is not a server without kinds.
        self.begin()
        self.await_converged()
        thing = {"apiVersion": "nowhere.example.com/v1", "kind": "Thing", "metadata": {"name": "thing"}}
        rules = [PROXY.add("status", verb="discover", status=200, body=body, every=2, nth=nth) for nth, body in ((1, "{}"), (2, '{"kind": "Status"}'))]
        self.repository.commit({"thing.yaml": thing, "ConfigMap-configmap-0.yaml": None})
        self.request("GitRepository", "fleet")
        message = self.await_failed("Kustomization", self.NAME, "ReconciliationFailed")["message"]
        self.assertIn("check that the address is an API server's", message)
        for rule in rules:
            PROXY.remove(rule)
        self.repository.commit({"thing.yaml": None, **objects({("ConfigMap", "configmap-0"): 0})})
        self.request("GitRepository", "fleet")
        self.change_of_everything(1)
        self.finish()

    def test_R11_a_definition_comes_and_goes_while_its_objects_are_applied(self):
        group = "comes.example.com"
        self.begin(3)
        self.await_converged()
        thing = {"apiVersion": f"{group}/v1", "kind": "Guest", "metadata": {"name": "guest"}, "spec": {"size": 1}}
        self.repository.commit({"guest.yaml": thing})
        self.request("GitRepository", "fleet")
        self.await_failed("Kustomization", self.NAME, "ReconciliationFailed")
        self.changes["guests", "guest"] = 2
        for _ in range(2):
            self.env.install_kind(group, "v1", "Guest")
            self.await_object(f"{group}/v1/Guest", "guest", lambda obj: obj["spec"] == {"size": 1})
            self.await_applied(self.repository, self.NAME)
            self.kube.delete("CustomResourceDefinition", f"guests.{group}")
            self.await_gone("CustomResourceDefinition", f"guests.{group}", "")
        self.repository.commit({"guest.yaml": None})
        self.request("GitRepository", "fleet")
        self.change_of_everything(1)
        self.finish()


class SlowTest(FaultCase):
    """Everything takes long."""

    def test_R20_half_a_second_late_and_a_kibibyte_a_second(self):
        self.begin(2)
        self.await_converged()
        started = time.monotonic()
        self.change_of_everything(1)
        self.await_converged()
        quick = time.monotonic() - started
        states = Recorder(self.kube, "Kustomization", self.ns)
        self.addCleanup(states.close)
        PROXY.add("delay", ms=500)
        PROXY.add("slow", bytesPerSecond=1024)
        PROXY.cut()
        started = time.monotonic()
        self.change_of_everything(2)
        self.await_converged(240)
        print(f"  {quick:.1f} s without, {time.monotonic() - started:.1f} s with delay and slow bytes")
        self.assertEqual([condition_of(obj, "Ready")["message"] for _, obj in states.seen if condition_of(obj, "Ready").get("status") == "False"], [])
        self.finish()


class OutageTest(FaultCase):
    """The server itself is away."""

    def test_R7_etcd_hangs(self):
        self.begin()
        self.await_converged()
        self.env.cluster.signal("etcd", signal.SIGSTOP)
        try:
            self.repository.commit(objects({("ConfigMap", "configmap-0"): 1}))
            self.state["ConfigMap", "configmap-0"] = 1
            self.changes["configmaps", "configmap-0"] += 1
            end = time.monotonic() + SECONDS * 2
            while time.monotonic() < end:
                self.assertTrue(self.controller.answers())
                self.assertIn(b"sluice_", self.controller.http("metrics", 1))
                time.sleep(1)
        finally:
            self.env.cluster.signal("etcd", signal.SIGCONT)
        until(lambda: self.kube.request("GET", "/readyz") == "ok")
        self.request("GitRepository", "fleet")
        self.finish()

    def test_R8_the_api_server_is_killed_among_many_runs(self):
        self.begin(8)
        others = [f"other-{number}" for number in range(30)]
        for name in others:
            self.kustomization(name, retryInterval="1s", nameSuffix=f"-{name}")
        self.addCleanup(lambda: [self.await_gone("Kustomization", name) for name in others])
        self.addCleanup(self._delete_ours)
        until(lambda: len(self.kube.list("ConfigMap", self.ns, f"{LABEL}/namespace={self.ns}")) > 60)
        self.env.cluster.signal("kube-apiserver", signal.SIGKILL)
        until(lambda: self.kube.request("GET", "/readyz") == "ok")
        for name in others:
            self.await_applied(self.repository, name, seconds=120)
            for kind, each in self.state:
                self.changes[KINDS[kind], f"{each}-{name}"] += 1
        self.finish()
        for kind in KINDS:
            self.assertEqual(len(self.kube.list(kind, self.ns, f"{LABEL}/namespace={self.ns}")), 8 * 31)


class CrashTest(FaultCase):
    """A crash at a moment that only bad luck makes likely."""

    def test_R21_killed_between_an_apply_and_the_status_of_its_source(self):
        # A source's tree is built from before its status is written. A new process knows only what the status says, which is older than what is applied.
        self.begin()
        self.await_converged()
        states = Recorder(self.kube, "Kustomization", self.ns)
        self.addCleanup(states.close)
        PROXY.add("delay", verb="patch", resource="gitrepositories", subresource="status", ms=60000)
        before = self.repository.revision
        self.commit(changed=[("ConfigMap", "configmap-0")], added=[("ConfigMap", "new")])
        self.await_converged()
        self.controller.kill()
        self.assertEqual(self.kube.get("GitRepository", "fleet", self.ns)["status"]["artifact"]["revision"], before)
        away = self.repository.bare + ".away"
        os.rename(self.repository.bare, away)  # nobody can be asked what is newest
        PROXY.clear()
        self.controller.start()
        self.await_failed("GitRepository", "fleet", "GitOperationFailed")
        time.sleep(7)
        self.assertTrue(self.as_in_git(), "it went back to an older revision")
        os.rename(away, self.repository.bare)
        self.request("GitRepository", "fleet")
        self.await_object("GitRepository", "fleet", lambda obj: obj["status"]["artifact"]["revision"] == self.repository.revision)
        self.await_converged()
        revisions = [obj["status"].get("lastAppliedRevision") for _, obj in states.seen if "lastAppliedRevision" in obj.get("status", {})]
        self.assertNotIn(before, revisions[revisions.index(self.repository.revision):])
        self.finish()


class UpTest(FaultCase):
    """The proxy itself changes nothing."""

    def test_without_rules(self):
        self.begin()
        self.await_converged()
        self.change_of_everything(1)
        self.finish()
        effective = self.record().effective()
        self.assertEqual(len(effective["configmaps", "configmap-0"]), 2)
        self.assertEqual([entry["verb"] for entry in effective["configmaps", "configmap-2"]], ["apply", "apply"])
        with urllib.request.urlopen(PROXY.state["control"] + "/rules") as response:
            self.assertEqual(response.read().strip(), b"[]")


if __name__ == "__main__":
    totals.main()
