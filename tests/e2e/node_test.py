#!/usr/bin/env python3
"""A real node: rollouts that fail as they do in production, named in the Kustomization as soon as the kubelet knows, and mended by a commit."""

import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from harness import Case, condition_of, config_map, deployment, until  # noqa: E402
from node import why_not  # noqa: E402


def setUpModule():
    reasons = why_not(harness.tempfile.gettempdir())
    if reasons:
        raise unittest.SkipTest("no real node here: " + "; ".join(reasons))
    harness.begin("node", node=True)


def started(name="web", **container):
    """A Deployment that fails or starts quickly."""
    made = deployment(name, container=container)
    made["spec"]["minReadySeconds"] = 1
    return made


GOOD = started(readinessProbe={"periodSeconds": 1, "httpGet": {"path": "/healthz", "port": 8080}})


class NodeTest(Case):
    def break_it(self, broken, extra=None):
        """Applies a Deployment that cannot start."""
        self.repository = self.env.repository(self.ns, {"web.yaml": broken} | (extra or {}))
        self.source("fleet", self.repository)
        self.kustomization(wait=True, timeout="10m")

    def assert_named(self, *patterns):
        """The condition names the pod and the cause, no later than a little after the pod's own status does."""
        def known():
            pods = self.kube.list("Pod", self.ns)
            return any(re.search(patterns[0], str(pod["status"])) for pod in pods)
        until(known, seen=lambda: [pod["status"] for pod in self.kube.list("Pod", self.ns)])
        since = time.monotonic()

        def named(obj):
            message = condition_of(obj, "Reconciling").get("message", "")
            return all(re.search(pattern, message) for pattern in (rf"Deployment {self.ns}/web: ", rf"Pod {self.ns}/web-[0-9a-z-]+: ", *patterns))
        app = self.await_object("Kustomization", "app", named)
        print(f"  named {time.monotonic() - since:.1f} s after the pod said so: {condition_of(app, 'Reconciling')['message'].split(': ', 1)[1]}")
        self.assertEqual(condition_of(app, "Ready")["status"], "Unknown")

    def mend(self, good=None):
        """A commit that mends it does not wait for the broken rollout."""
        since = time.monotonic()
        self.push(self.repository, {"web.yaml": good or GOOD})
        app = self.await_applied(self.repository)
        print(f"  Ready {time.monotonic() - since:.1f} s after the commit that mends it")
        self.assertEqual(condition_of(app, "Healthy")["status"], "True")

    def test_an_image_that_is_not_there(self):
        self.break_it(started(image="ghcr.io/none/such:1"))
        self.assert_named("ImagePullBackOff|ErrImagePull", "ghcr.io/none/such:1")
        self.mend()

    def test_a_container_that_crashes(self):
        crashing = started(command=["sh", "-c", "exit 3"])
        crashing["spec"]["minReadySeconds"] = 60  # a slow kubelet says for a moment that it is ready
        self.break_it(crashing)
        self.assert_named("CrashLoopBackOff", "exit code 3|exited with 3|code 3")
        self.mend()

    def test_a_config_map_that_is_not_there(self):
        self.break_it(started(envFrom=[{"configMapRef": {"name": "settings"}}]))
        self.assert_named("CreateContainerConfigError", 'configmap "settings" not found')
        self.push(self.repository, {"cm.yaml": config_map("settings")})  # the pod starts by itself
        self.await_applied(self.repository)

    def test_more_than_the_node_has(self):
        self.break_it(started(resources={"requests": {"cpu": "900"}}))
        self.assert_named("Unschedulable", "Insufficient cpu")
        self.mend()

    def test_a_probe_that_never_passes(self):
        self.break_it(started(readinessProbe={"periodSeconds": 1, "httpGet": {"path": "/nowhere", "port": 8080}}))
        def named(obj):
            return re.search(rf"Deployment {self.ns}/web: .*0 of 1 updated replicas", condition_of(obj, "Reconciling").get("message", ""))
        app = self.await_object("Kustomization", "app", named)
        print(f"  {condition_of(app, 'Reconciling')['message'].split(': ', 1)[1]}")
        self.mend()

    def test_a_broken_image_on_top_of_a_good_one(self):
        self.repository = self.fleet({"web.yaml": GOOD}, wait=True, timeout="10m")
        broken = started(image="app:no-such-tag")
        self.push(self.repository, {"web.yaml": broken})
        self.assert_named("ImagePullBackOff|ErrImagePull", "app:no-such-tag")
        self.assertEqual(self.kube.get("Deployment", "web", self.ns)["status"]["availableReplicas"], 1, "the old pod goes on")
        self.mend()


if __name__ == "__main__":
    totals.main()
