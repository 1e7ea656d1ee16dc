#!/usr/bin/env python3
"""kill -9 of the controller at every step of an install, upgrade and rollback of a HelmRelease of the older Helm operator (helm_crash.py)."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import helm_operator_test  # noqa: E402
import totals  # noqa: E402
from helm_crash import FILES, Crashes  # noqa: E402
from helm_operator_test import HR, OperatorCase  # noqa: E402


def setUpModule():
    helm_operator_test.begin("helm-op-crash", controller=False)


class CrashTest(Crashes, OperatorCase):
    hr, flags, rounds = HR, helm_operator_test.FLAGS, 12

    def setUp(self):
        super().setUp()
        self.publish(files=FILES)

    def wanted(self, message, **values):
        return self.release(values={"message": message} | values, releaseName="web", rollback={"enable": True}, timeout=30)

    def at_rest(self, obj):
        return obj.get("status", {}).get("phase") in ("Succeeded", "RolledBack")

    def test_killed_at_every_step(self):
        self.killed_at_every_step()


if __name__ == "__main__":
    totals.main()
