#!/usr/bin/env python3
"""The process: restarts that change nothing, a leader and its successor, a graceful end, and what installs it."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import NAMESPACE, Case, condition_of, config_map, data_of, deployment, service, until  # noqa: E402
from kube import writes_between  # noqa: E402

LEASE = "sluice-leader-election"
SHORT_LEASE = ["--enable-leader-election", "--leader-election-lease-duration=15s", "--leader-election-renew-deadline=12s",
               "--leader-election-retry-period=500ms"]


def setUpModule():
    harness.begin("process", controller=False)


class ProcessCase(Case):
    def run_controller(self, name, flags=(), start=True):
        """A controller for this case alone."""
        self.controller = self.env.controller(f"{name}-{self.ns[2:20]}".strip("-"), flags, start)
        self.addCleanup(self.controller.end)
        return self.controller


class RestartTest(ProcessCase):
    """What a new process finds as it left it costs reads only."""

    def quiet_writes(self, act):
        """What was written to the API server by everybody while `act` ran and a while after, the cluster's own housekeeping left out."""
        before = self.kube.requests_served()
        act()
        return writes_between(before, self.kube.requests_served())

    def test_a_restart_with_nothing_changed_writes_nothing(self):
        controller = self.run_controller("only")
        repositories = [self.env.repository(f"{self.ns}-{index}", {"cm.yaml": config_map(f"cm-{index}"), "web.yaml": deployment(f"web-{index}", replicas=1),
                                                                   "svc.yaml": service(f"web-{index}")}) for index in range(5)]
        for index, repository in enumerate(repositories):
            self.source(f"fleet-{index}", repository)
            self.kustomization(f"app-{index}", f"fleet-{index}", wait=True, postBuild={"substitute": {"x": "y"}},
                               dependsOn=[{"name": f"app-{index - 1}"}] if index else [])
        for index, repository in enumerate(repositories):
            self.await_applied(repository, f"app-{index}")
        self.await_rest()
        before = self.versions()

        def restart():
            controller.restart()
            asked.extend(self.await_idle(controller, 15))

        asked = []
        self.assertEqual(self.quiet_writes(restart), {})
        verbs = {line.split('verb="')[1].split('"')[0] for line in asked}
        self.assertLessEqual(verbs, {"discover", "list", "watch"})
        self.assertEqual(self.versions(), before)
        # It is awake nevertheless.
        self.kube.patch("ConfigMap", "cm-4", self.ns, {"data": {"key": "by hand"}})
        self.await_object("ConfigMap", "cm-4", lambda obj: data_of(obj) == {"key": "value"})

    def await_idle(self, controller, objects):
        """Waits until the process knows all objects that it owns, and then until it asks for nothing any more."""
        page = lambda: controller.http("metrics", 1).decode()  # noqa: E731
        until(lambda: f"sluice_owned_objects {objects}\n" in page(), seen=page)
        asked = lambda: [line for line in page().splitlines() if line.startswith("sluice_api_requests_total")]  # noqa: E731

        def idle():
            before = asked()
            time.sleep(1)
            return before == asked()
        until(lambda: all(idle() for _ in range(3)))
        return asked()

    def versions(self):
        return {(kind, item["metadata"]["name"]): item["metadata"]["resourceVersion"]
                for kind in ("Kustomization", "GitRepository", "ConfigMap", "Service", "Deployment") for item in self.kube.list(kind, self.ns)}

    def test_what_happened_meanwhile_is_made_good(self):
        controller = self.run_controller("only")
        repository = self.fleet({"a.yaml": config_map("a"), "b.yaml": config_map("b"), "c.yaml": config_map("c")})
        controller.end()
        self.kube.patch("ConfigMap", "a", self.ns, {"data": {"key": "by hand"}})
        self.kube.delete("ConfigMap", "b", self.ns)
        repository.commit({"c.yaml": None, "d.yaml": config_map("d")})
        controller.start()
        self.await_applied(repository)
        self.assertEqual({item["metadata"]["name"]: data_of(item) for item in self.kube.list("ConfigMap", self.ns) if item["metadata"]["name"] in "abcd"},
                         {name: {"key": "value"} for name in "abd"})

    def test_drift_without_a_commit_is_found_after_a_restart(self):
        controller = self.run_controller("only")
        self.fleet({"a.yaml": config_map("a"), "b.yaml": config_map("b")})
        controller.end()
        self.kube.patch("ConfigMap", "a", self.ns, {"data": {"key": "by hand"}})
        self.kube.delete("ConfigMap", "b", self.ns)
        controller.start()
        self.await_object("ConfigMap", "a", lambda obj: data_of(obj) == {"key": "value"})
        self.await_object("ConfigMap", "b", lambda obj: data_of(obj) == {"key": "value"})

    def test_a_kustomization_deleted_meanwhile_is_finalised(self):
        controller = self.run_controller("only")
        self.fleet({"a.yaml": config_map("a")})
        controller.end()
        self.kube.delete("Kustomization", "app", self.ns)
        self.assertIsNotNone(self.kube.get("Kustomization", "app", self.ns), "its finalizer holds it")
        controller.start()
        self.await_gone("Kustomization", "app")
        self.assertIsNone(self.kube.get("ConfigMap", "a", self.ns))

    def test_a_crash_while_a_rollout_is_awaited(self):
        controller = self.run_controller("only")
        repository = self.env.repository(self.ns, {"web.yaml": deployment("web", nodeSelector={"example.com/none": "such"})})
        self.source("fleet", repository)
        self.kustomization(wait=True, timeout="10m")
        self.await_object("Kustomization", "app", lambda obj: "Unschedulable" in condition_of(obj, "Reconciling").get("message", ""))
        controller.kill()
        controller.start()
        self.push(repository, {"web.yaml": deployment("web")})
        self.await_applied(repository)


class EndTest(ProcessCase):
    """SIGTERM: what is under way is ended, what was said is written, and the exit code is 0."""

    def test_idle(self):
        controller = self.run_controller("idle")
        self.fleet({"a.yaml": config_map("a")})
        self.assertEqual(controller.stop(), 0)

    def test_in_the_middle_of_work(self):
        controller = self.run_controller("busy")
        repository = self.env.repository(self.ns, {f"{index}.yaml": config_map(f"cm-{index}") for index in range(150)})
        self.source("fleet", repository)
        self.kustomization()
        until(lambda: any(item["metadata"]["name"].startswith("cm-") for item in self.kube.list("ConfigMap", self.ns)))
        self.assertEqual(controller.stop(), 0)
        controller.start()
        self.await_applied(repository)
        self.assertEqual(sum(item["metadata"]["name"].startswith("cm-") for item in self.kube.list("ConfigMap", self.ns)), 150)

    def test_while_a_rollout_is_awaited_and_a_server_hangs(self):
        controller = self.run_controller("waiting")
        repository = self.env.repository(self.ns, {"web.yaml": deployment("web", nodeSelector={"example.com/none": "such"})})
        self.source("fleet", repository)
        with harness.socket.socket() as silent:  # accepts, and never answers
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            self.source("silent", repository, f"http://127.0.0.1:{silent.getsockname()[1]}/x.git")
            self.kustomization(wait=True, timeout="10m")
            self.await_object("Kustomization", "app", lambda obj: "web" in condition_of(obj, "Reconciling").get("message", ""))
            self.assertEqual(controller.stop(45), 0)  # the silent one would hold it for 60 s

    def test_a_second_signal_is_not_needed_while_the_api_server_is_away(self):
        controller = self.run_controller("cut-off")
        self.fleet({"a.yaml": config_map("a")})
        self.env.cluster.signal("kube-apiserver", signal.SIGSTOP)
        try:
            code = controller.stop(45)
        finally:
            self.env.cluster.signal("kube-apiserver", signal.SIGCONT)
        self.assertEqual(code, 0)
        until(lambda: self.kube.request("GET", "/readyz") == "ok")


class OutageTest(ProcessCase):
    def test_the_api_server_crashes(self):
        self.run_controller("outage")
        repository = self.fleet({"a.yaml": config_map("a")})
        self.env.cluster.signal("kube-apiserver", signal.SIGKILL)
        until(lambda: self.kube.request("GET", "/readyz") == "ok")
        self.push(repository, {"a.yaml": config_map("a", {"n": "2"})})
        self.await_applied(repository)
        self.kube.patch("ConfigMap", "a", self.ns, {"data": {"n": "by hand"}})
        self.await_object("ConfigMap", "a", lambda obj: data_of(obj) == {"n": "2"})


class LeaderTest(ProcessCase):
    """Two processes, one of which works."""

    def holder(self):
        lease = self.kube.get("Lease", LEASE, NAMESPACE)
        return (lease or {}).get("spec", {}).get("holderIdentity", "")

    def pair(self):
        first = self.run_controller("first", SHORT_LEASE)
        until(lambda: self.holder().startswith(first.name + "_"), seen=self.holder)
        second = self.run_controller("second", SHORT_LEASE)
        return first, second

    def assert_works(self, repository):
        repository.commit({"n.yaml": config_map("n", {"n": str(time.time_ns())})})
        self.request("GitRepository", "fleet")
        self.await_applied(repository)

    def test_a_successor_after_a_crash(self):
        first, second = self.pair()
        repository = self.fleet({"a.yaml": config_map("a")})
        self.assertTrue(self.holder().startswith(first.name + "_"))
        first.kill()
        until(lambda: self.holder().startswith(second.name + "_"), seen=self.holder)
        self.assert_works(repository)
        self.assertEqual(self.kube.get("Lease", LEASE, NAMESPACE)["spec"]["leaseTransitions"], 1)

    def test_a_successor_at_once_after_a_graceful_end(self):
        first, second = self.pair()
        repository = self.fleet({"a.yaml": config_map("a")})
        self.assertEqual(first.stop(), 0)
        until(lambda: self.holder().startswith(second.name + "_"), seen=self.holder)
        self.assert_works(repository)

    def test_a_leader_that_was_frozen_steps_down(self):
        first, second = self.pair()
        repository = self.fleet({"a.yaml": config_map("a")})
        os.kill(first.process.pid, signal.SIGSTOP)
        try:
            until(lambda: self.holder().startswith(second.name + "_"), seen=self.holder)
        finally:
            os.kill(first.process.pid, signal.SIGCONT)
        until(lambda: not first.is_running(), seen=lambda: harness.tail(first.log))
        self.assertEqual(first.process.returncode, 1)
        self.assert_works(repository)

    def tearDown(self):
        # The next case starts without a holder.
        for controller in self.env.controllers:
            controller.end()
        self.kube.delete("Lease", LEASE, NAMESPACE)


class KindTest(ProcessCase):
    def asked(self, verb, resource):
        """How many such requests the controller has made."""
        wanted = f'sluice_api_requests_total{{verb="{verb}",resource="{resource}"}}'
        return sum(int(line.rsplit(" ", 1)[1]) for line in self.controller.http("metrics", 1).decode().splitlines() if line.startswith(wanted))

    def test_a_kind_whose_definition_comes_later(self):
        self.run_controller("kinds")
        until(lambda: self.asked("list", "customresourcedefinitions.apiextensions.k8s.io") == 1)
        until(lambda: self.asked("list", "kustomizations.kustomize.toolkit.fluxcd.io") >= 1)
        before = self.asked("discover", "apis")
        time.sleep(6)
        self.assertEqual(self.asked("discover", "apis"), before, "the server is asked again for a kind that it does not have")
        self.assertEqual(self.asked("list", "helmreleases.helm.fluxcd.io"), 0)
        for definition in harness.documents(harness.run([harness.SLUICE, "build", os.path.join(harness.ROOT, "crds", "helm-operator")])):
            self.kube.apply(definition)
        until(lambda: self.asked("list", "helmreleases.helm.fluxcd.io") >= 1)


class InstallTest(ProcessCase):
    """manifests/ as kubectl installs them."""

    def test_kubectl_apply_k(self):
        said = self.env.kubectl("apply", "--server-side", "--force-conflicts", "-k", os.path.join(harness.ROOT, "manifests"))
        self.addCleanup(self.kube.delete, "Deployment", "sluice", NAMESPACE)
        self.assertIn("deployment.apps/sluice serverside-applied", said)
        # The namespace enforces the restricted profile: a pod that asked for more would not be made.
        until(lambda: self.kube.get("Deployment", "sluice", NAMESPACE).get("status", {}).get("readyReplicas") == 1,
              seen=lambda: self.kube.get("Deployment", "sluice", NAMESPACE)["status"])

    def test_health_and_metrics(self):
        controller = self.run_controller("health")
        self.assertEqual((controller.http("healthz", 2), controller.http("readyz", 2)), (b"ok\n", b"ok\n"))
        self.assertIn("# TYPE ", controller.http("metrics", 1).decode())

    def test_the_crds_have_printer_columns_and_refuse_nonsense(self):
        self.run_controller("columns")
        self.fleet({"a.yaml": config_map("a")})
        self.assertRegex(self.env.kubectl("get", "ks,gitrepo", "-n", self.ns), r"(?s)NAME +AGE +READY +STATUS.*True +Applied revision.*NAME +URL +AGE +READY +STATUS")
        for spec in ({"interval": "soon"}, {"prune": None}, {"deletionPolicy": "Perhaps"}, {"sourceRef": {"kind": "Floppy", "name": "x"}}):
            with self.subTest(str(spec)), self.assertRaises(harness.ApiError) as caught:
                self.kustomization("nonsense", **spec)
            self.assertEqual(caught.exception.code, 422)


if __name__ == "__main__":
    totals.main()
