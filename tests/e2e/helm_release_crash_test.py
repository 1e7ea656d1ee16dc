#!/usr/bin/env python3
"""kill -9 of the controller at every step of a HelmRelease's install, upgrade and rollback (helm_crash.py)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import helm_cases  # noqa: E402
import totals  # noqa: E402
from helm_cases import FLAGS, HR, ReleaseCase  # noqa: E402
from helm_crash import FILES, Crashes  # noqa: E402


def setUpModule():
    helm_cases.begin("helm-crash", versions=(), controller=False)
    ReleaseCase.push("1.0.0", "hooked", **FILES)


class CrashTest(Crashes, ReleaseCase):
    hr, flags = HR, FLAGS

    def setUp(self):
        super().setUp()
        self.chart(name="hooked")

    def wanted(self, message, **values):
        remedy = {"remediation": {"retries": 0, "remediateLastFailure": True}}
        return self.release(values={"message": message} | values, upgrade=remedy, timeout="30s")

    def at_rest(self, obj):
        return bool(obj["status"].get("history")) and not harness.condition_of(obj, "Reconciling")

    def test_killed_at_every_step(self):
        self.killed_at_every_step()


if __name__ == "__main__":
    totals.main()
