#!/usr/bin/env python3
"""Renders in processes of their own (threats T78, T84): what becomes of a HelmRelease whose process is killed, once or every time, and of all others meanwhile.
Processes are killed from outside, in the middle of their work, as a crash or the kernel would end them.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
from build_worker_test import Workers  # noqa: E402
from harness import Case, condition_of, data_of, is_ready, until  # noqa: E402
from helm_cases import FLAGS, HR  # noqa: E402

BYSTANDERS = 5
WORD = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}"}, "data": {"word": "{{ .Values.word }}"}}
SLOW = '{{- range until 40 }}{{- $x := derivePassword 1 "long" "p" "u" "s" }}{{- end }}\n'  # a second or more of computing


def setUpModule():
    harness.begin("render-worker", flags=FLAGS)
    Case.env.await_kind(HR)


class Renders(Workers):
    def chart(self, name, files):
        """A Git repository with the chart `chart/`, and its GitRepository."""
        chart = {"Chart.yaml": {"apiVersion": "v2", "name": name, "version": "1.0.0"}, "values.yaml": {"word": "one"}, "templates/cm.yaml": WORD} | files
        repository = self.env.repository(f"{self.ns}-{name}", {f"chart/{path}": content for path, content in chart.items()})
        self.source(name, repository)
        return repository

    def release(self, name, chart, **values):
        source = {"chart": "./chart", "reconcileStrategy": "Revision", "sourceRef": {"kind": "GitRepository", "name": chart}}
        self.kube.apply({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": name, "namespace": self.ns},
                         "spec": {"interval": "1h", "chart": {"spec": source}, "values": values}})

    def await_word(self, name, word):
        def has_it():
            obj = self.kube.get("ConfigMap", name, self.ns)
            return obj is not None and data_of(obj) == {"word": word}
        until(has_it, 120)


class KilledTest(Renders):
    def test_T78_a_killed_render_is_tried_again(self):
        with self.killing(1, self.busy) as killed:
            self.chart("slow", {"templates/slow.yaml": SLOW})
            self.release("web", "slow")
            self.await_word("web", "one")
        self.assertEqual(len(killed), 1)
        self.assertEqual(self.said("web"), 1)
        obj = self.await_object(HR, "web", is_ready)
        self.assertEqual(condition_of(obj, "Stalled"), {})

    def test_T78_one_that_crashes_every_time_stalls_alone(self):
        bystanders = [f"bystander-{i}" for i in range(BYSTANDERS)]
        self.chart("good", {})
        for name in bystanders:
            self.release(name, "good")
        for name in bystanders:
            self.await_word(name, "one")
        with self.killing(100, self.busy):
            bad = self.chart("bad", {"templates/slow.yaml": SLOW})
            self.release("web", "bad")
            until(lambda: self.said("web") >= 1, 180)
            for name in bystanders:
                self.release(name, "good", word="two")
            for name in bystanders:
                self.await_word(name, "two")
            stalled = lambda obj: condition_of(obj, "Stalled").get("reason") == "InternalError"  # noqa: E731
            obj = self.await_object(HR, "web", stalled, seconds=180)
        self.assertIn("internal error: rendering chart bad: the process ended by SIGKILL: a bug of Sluice", condition_of(obj, "Ready")["message"])
        self.assertEqual(self.said("web"), 3)
        self.assertIsNone(self.kube.get("ConfigMap", "web", self.ns))
        for name in bystanders:
            self.assertEqual(self.said(name), 0)
            self.await_object(HR, name, is_ready)
        self.push(bad, {"chart/templates/slow.yaml": ""}, "bad")
        self.await_word("web", "one")
        obj = self.await_object(HR, "web", is_ready)
        self.assertEqual(condition_of(obj, "Stalled"), {})
        self.assertEqual(self.said("web"), 3)


class ConfinedTest(Renders):
    def test_T84_what_a_template_looks_up_is_what_the_account_may_read(self):
        self.kube.apply(harness.secret("mine", self.ns, {"word": "seen"}))
        look = '{{ (lookup "v1" "Secret" .Release.Namespace "mine").data.word | b64dec }}'
        self.chart("look", {"templates/cm.yaml": WORD | {"data": {"word": look}}})
        self.release("web", "look")
        self.await_word("web", "seen")
        self.assertGreaterEqual(len(self.servers()), 1)
        self.kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": self.ns}})
        source = {"chart": "./chart", "sourceRef": {"kind": "GitRepository", "name": "look"}}
        self.kube.apply({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "other", "namespace": self.ns},
                         "spec": {"interval": "1h", "chart": {"spec": source}, "serviceAccountName": "nobody"}})
        self.await_object(HR, "other", lambda obj: "forbidden" in condition_of(obj, "Ready").get("message", ""))
        self.assertIsNone(self.kube.get("ConfigMap", "other", self.ns))

    def test_renders_can_be_had_in_the_controller_itself(self):
        self.controller.end()
        self.addCleanup(lambda: self.controller.is_running() or self.controller.start())
        alone = self.env.controller("alone", [*FLAGS, "--build-workers=0"])
        self.addCleanup(alone.end)
        self.chart("good", {})
        self.release("web", "good")
        self.await_word("web", "one")
        self.assertEqual(self.servers(alone), [])


if __name__ == "__main__":
    totals.main()
