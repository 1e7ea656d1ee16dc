#!/usr/bin/env python3
"""The `sluice` command against a real API server and a running controller."""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import event_sink  # noqa: E402
import harness  # noqa: E402
import totals  # noqa: E402
import yaml  # noqa: E402
from harness import NAMESPACE, SLUICE, Case, condition_of, config_map, deployment, secret, until  # noqa: E402
from node import why_not  # noqa: E402


def setUpModule():
    address, CommandCase.notified = event_sink.begin()
    harness.begin("cli", flags=[f"--events-addr={address}", "--concurrent=20", "--kube-api-qps=50",
                                "--kube-api-burst=300", "--log-encoding=json", "--watch-all-namespaces=true"])


class CommandCase(Case):
    notified = None

    def sluice(self, *argv, code=0, binary=SLUICE, **options):
        """Runs a command as the admin; its standard output. `{ns}` stands for the case's namespace."""
        argv = [word.replace("{ns}", self.ns) for word in argv]
        done = subprocess.run([binary, *argv], env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=180, check=False, **options)
        self.said = done.stderr
        self.assertEqual(done.returncode, code, f"sluice {' '.join(argv)}\n{done.stdout}{done.stderr}")
        return done.stdout

    @contextlib.contextmanager
    def following(self, *argv, code=0):
        """A command that goes on until it is interrupted, in the case's namespace: the lines that it has printed so far. Then it ends with `code`."""
        process = subprocess.Popen([SLUICE, *argv, "-n", self.ns], stdout=subprocess.PIPE, text=True, env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig})
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
        reader.start()
        try:
            yield lines
        finally:
            process.terminate()  # SIGINT is ignored by what runs in the background
            ended = process.wait(30)
            reader.join(10)
            process.stdout.close()
        self.assertEqual(ended, code)

    def objects_in(self, text):
        """JSON objects that follow one another."""
        decoder, objects = json.JSONDecoder(), []
        while text := text.lstrip():
            one, end = decoder.raw_decode(text)
            objects.append(one)
            text = text[end:]
        return objects

    def tree_of(self, files):
        """A local directory with these files."""
        folder = tempfile.TemporaryDirectory(prefix="sluice-cli-")
        self.addCleanup(folder.cleanup)
        for path, content in files.items():
            full = os.path.join(folder.name, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(content if isinstance(content, str) else harness.to_yaml(content))
        return folder.name


class GetTest(CommandCase):
    def test_tables_and_objects(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        rows = self.sluice("get", "all", "-n", "{ns}").splitlines()
        self.assertRegex(rows[0], r"^NAME +REVISION +SUSPENDED +READY +MESSAGE$")
        self.assertRegex(rows[1], rf"^gitrepository/fleet +{re.escape(repository.revision)} +False +True +stored artifact for revision")
        self.assertRegex(rows[2], rf"^kustomization/app +{re.escape(repository.revision)} +False +True +Applied revision: ")
        self.assertEqual(len(rows), 3)
        self.assertRegex(self.sluice("get", "sources", "git", "fleet", "-n", "{ns}", "--no-header"), rf"^fleet +{re.escape(repository.revision)} ")
        self.assertRegex(self.sluice("get", "ks", "-A"), rf"(?m)^{self.ns} +app ")
        self.assertEqual(json.loads(self.sluice("get", "ks/app", "-n", "{ns}", "-o", "json"))["metadata"]["name"], "app")
        self.assertEqual([item["kind"] for item in json.loads(self.sluice("get", "-n", "{ns}", "-o", "json"))["items"]], ["GitRepository", "Kustomization"])
        self.assertEqual([one["kind"] for one in yaml.safe_load_all(self.sluice("get", "-n", "{ns}", "-o", "yaml"))], ["GitRepository", "Kustomization"])
        titles = re.compile(r"^NAME +REVISION +SUSPENDED +READY +MESSAGE\n$")
        self.assertRegex(self.sluice("get", "ks", "-n", "{ns}", "--status-selector", "ready=false"), titles)
        self.assertEqual(self.said, "")
        self.assertEqual(self.sluice("get", "ks", "-n", "{ns}", "--status-selector", "ready=false", "--no-header"), "")
        self.assertRegex(self.sluice("get", "ks", "-n", "{ns}", "--status-selector", "ready!=true"), titles)
        self.assertRegex(self.sluice("get", "ks", "-n", "{ns}", "--status-selector", "Ready!=false", "--no-header", "--timeout", "30s"), "^app ")
        self.assertEqual(self.sluice("get", "all", "-A", "-l", "none=at-all"), "")
        self.assertEqual(self.said, "✗ no objects found in any namespace\n")

    def test_a_name_in_all_namespaces(self):
        self.fleet({"cm.yaml": config_map("a")})
        self.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.ns + "-two"}})
        spec = {"interval": "1h", "prune": False, "suspend": True, "sourceRef": {"kind": "GitRepository", "name": "none"}}
        for name in ("app", "other"):
            self.kube.apply({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                             "metadata": {"name": name, "namespace": self.ns + "-two"}, "spec": spec})
            self.addCleanup(self.kube.delete, "Kustomization", name, self.ns + "-two")
        rows = self.sluice("get", "ks", "app", "-A", "--no-header").splitlines()
        self.assertLessEqual({self.ns, self.ns + "-two"}, {row.split()[0] for row in rows})
        self.assertEqual({row.split()[1] for row in rows}, {"app"})
        self.sluice("get", "ks", "absent", "-A", code=1)
        self.assertEqual(self.said, "Error: Kustomization object 'absent' not found in any namespace\n")

    def test_nothing_of_a_kind(self):
        self.assertEqual(self.sluice("get", "ks", "-n", "{ns}", code=1), "")
        self.assertEqual(self.said, f'✗ no Kustomization objects found in "{self.ns}" namespace\n')
        for words in (["all"], ["sources"], ["sources", "all"], ["ks", "-o", "json"]):
            self.sluice("get", *words, "-n", "{ns}")

    def test_a_watch_tells_what_cannot_be_listed(self):
        self.sluice("get", "iua", "-w", "-n", "{ns}", code=1)
        self.assertEqual(self.said, 'Error: no matches for kind "ImageUpdateAutomation" in version "image.toolkit.fluxcd.io/v1"\n')
        nobody = self.env.kubeconfig_for(self.ns, "default")
        with open(nobody, encoding="utf-8") as file:
            config = json.load(file)
        config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
        away = self.tree_of({"config": json.dumps(config)}) + "/config"
        for words in (["get", "ks"], ["get", "all"], ["events"]):
            self.sluice(*words, "-w", "-n", "{ns}", "--kubeconfig", nobody, code=1)
            self.assertIn(f'User "system:serviceaccount:{self.ns}:default" cannot list resource', self.said)
        self.sluice("get", "ks", "-w", "-n", "{ns}", "--kubeconfig", away, "--timeout", "3s", code=1)
        self.assertRegex(self.said, "^Error: .*127.0.0.1:1")

    def test_flags_before_the_command(self):
        self.fleet({"cm.yaml": config_map("a")})
        self.assertRegex(self.sluice("-n", "{ns}", "--kubeconfig", self.env.cluster.kubeconfig, "get", "ks", "app", "--no-header"), "^app ")
        self.assertRegex(self.sluice("--namespace=elsewhere", "get", "ks", "app", "--no-header", "-n", "{ns}"), "^app ")
        self.sluice("--context", "absent", "get", "ks", code=1)
        self.assertIn('"absent"', self.said)
        self.sluice("--floppy", "get", "ks", code=1)
        self.sluice("gett", "ks", code=1)
        self.assertEqual(self.said, 'Error: unknown command "gett" for "sluice"\n\nDid you mean this?\n\tget\n\nRun \'sluice --help\' for usage.\n')

    def test_what_is_not_there(self):
        self.assertEqual(self.sluice("get", "ks", "absent", "-n", "{ns}", code=1), "")
        self.assertEqual(self.said, 'Error: kustomizations.kustomize.toolkit.fluxcd.io "absent" not found\n')
        self.sluice("get", "iua", "-n", "{ns}", code=1)
        self.assertEqual(self.said, 'Error: no matches for kind "ImageUpdateAutomation" in version "image.toolkit.fluxcd.io/v1"\n')

    def test_watch_prints_what_changes(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        with self.following("get", "ks", "--watch") as rows, self.following("get", "all", "--watch", "-A", "--no-header") as everywhere, \
                self.following("get", "ks", "app", "--watch", "-o", "yaml") as yamls, self.following("get", "ks", "--watch", "-o", "json") as jsons:
            self.push(repository, {"cm.yaml": config_map("a", {"n": "2"})})
            self.await_applied(repository)
            applied = re.escape(f"Applied revision: {repository.revision}")
            stored = rf"(?m)^{self.ns} +gitrepository/fleet +{re.escape(repository.revision)} "  # each kind has its own watch: in any order
            for lines, expected in ((rows, applied), (yamls, applied), (jsons, applied), (everywhere, applied), (everywhere, stored)):
                until(lambda lines=lines, expected=expected: re.search(expected, "".join(lines)), seen=lambda lines=lines: lines)
        self.assertRegex(rows[0], r"^NAME +REVISION +SUSPENDED +READY +MESSAGE$")
        self.assertTrue(all(line.startswith("app ") for line in rows[1:]), rows)
        self.assertFalse([line for line in everywhere if line.startswith("NAMESPACE ")])
        for objects in (list(filter(None, yaml.safe_load_all("".join(yamls)))), self.objects_in("".join(jsons))):
            self.assertEqual({(one["kind"], one["metadata"]["name"]) for one in objects}, {("Kustomization", "app")})
            self.assertEqual(objects[-1]["status"]["lastAppliedRevision"], repository.revision)
            self.assertNotIn("managedFields", objects[-1]["metadata"])

    def test_the_revision_of_a_release(self):
        kind = "helm.toolkit.fluxcd.io/v2/HelmRelease"
        self.kube.apply({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "web", "namespace": self.ns}, "spec": {
            "interval": "1h", "suspend": True, "chartRef": {"kind": "OCIRepository", "name": "none"}}})
        self.addCleanup(self.kube.delete, kind, "web", self.ns)
        self.assertRegex(self.sluice("get", "hr", "-n", "{ns}", "--no-header"), r"^web +True +False +waiting to be reconciled\n$")
        entry = {"digest": "sha256:0", "name": "web", "namespace": self.ns, "version": 1, "status": "deployed", "chartName": "web", "configDigest": "sha256:0",
                 "firstDeployed": "2026-01-01T00:00:00Z", "lastDeployed": "2026-01-01T00:00:00Z", "chartVersion": "1.1.0"}
        for status, shown in (({"lastAttemptedRevision": "1.2.0"}, "1.2.0"), ({"history": [entry]}, "1.1.0")):
            self.kube.patch(kind, "web", self.ns, {"status": status}, "status")
            self.assertRegex(self.sluice("get", "hr", "-n", "{ns}", "--no-header"), rf"^web +{re.escape(shown)} +True ")

    def test_as_a_plugin_of_kubectl(self):
        self.fleet({"cm.yaml": config_map("a")})
        path = os.path.dirname(SLUICE) + os.pathsep + os.environ["PATH"]
        done = subprocess.run([os.path.join(self.env.cluster.state["bin"], "kubectl"), "sluice", "get", "ks", "app", "-n", self.ns], capture_output=True,
                              text=True, check=False, env=os.environ | {"PATH": path, "KUBECONFIG": self.env.cluster.kubeconfig})
        self.assertIn("Applied revision", done.stdout, done.stderr)


class ActTest(CommandCase):
    def test_suspend_resume_reconcile(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        self.assertEqual(self.sluice("suspend", "ks", "app", "-n", "{ns}"),
                         f"► suspending Kustomization/{self.ns}/app\n✔ Kustomization/{self.ns}/app suspended\n")
        self.assertRegex(self.sluice("get", "ks", "-n", "{ns}"), r"(?m)^app +\S+ +True ")
        self.sluice("reconcile", "ks", "app", "-n", "{ns}", code=1)
        self.assertEqual(self.said, f"✗ Kustomization/{self.ns}/app: resource is suspended\n")
        repository.commit({"cm.yaml": config_map("a", {"n": "2"})})
        self.assertIn("✔ stored artifact for revision", self.sluice("reconcile", "source", "git", "fleet", "-n", "{ns}"))
        said = self.sluice("resume", "ks", "app", "-n", "{ns}").splitlines()
        self.assertEqual(said[-1], f"✔ Applied revision: {repository.revision}")
        repository.commit({"cm.yaml": config_map("a", {"n": "3"})})
        said = self.sluice("reconcile", "ks", "app", "--with-source", "-n", "{ns}").splitlines()
        self.assertEqual(said[0], f"► reconciling GitRepository/{self.ns}/fleet")
        self.assertEqual(said[-1], f"✔ Applied revision: {repository.revision}")

    def test_a_failure_is_an_exit_code(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        repository.commit({"cm.yaml": "kind: [\n"})
        self.sluice("reconcile", "ks", "app", "--with-source", "-n", "{ns}", code=1)
        self.assertRegex(self.said, r"^✗ .*cm\.yaml")

    def test_suspend_all(self):
        self.fleet({"cm.yaml": config_map("a")})
        self.sluice("suspend", "ks", "--all", "-n", "{ns}")
        self.assertTrue(self.kube.get("Kustomization", "app", self.ns)["spec"]["suspend"])
        self.sluice("suspend", "ks", "-n", "{ns}", code=1)
        self.assertEqual(self.said, "✗ give either a name, or --all\n")
        self.sluice("resume", "ks", "--all", "-n", "{ns}")

    def test_suspend_and_resume_several(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        self.kustomization("other")
        self.await_applied(repository, "other")
        suspended = lambda: [self.kube.get("Kustomization", name, self.ns)["spec"].get("suspend", False) for name in ("app", "other")]  # noqa: E731
        said = self.sluice("suspend", "kustomization", "app", "other", "app", "-n", "{ns}")
        self.assertEqual(said, "".join(f"► suspending Kustomization/{self.ns}/{name}\n✔ Kustomization/{self.ns}/{name} suspended\n" for name in ("app", "other")))
        self.assertEqual(suspended(), [True, True])
        said = self.sluice("resume", "ks", "app", "other", "-n", "{ns}")
        self.assertEqual(said.count(f"✔ Applied revision: {repository.revision}\n"), 2)
        self.assertEqual(suspended(), [False, False])
        self.sluice("suspend", "ks", "other", "absent", "-n", "{ns}", code=1)
        self.assertEqual(self.said, '✗ kustomizations.kustomize.toolkit.fluxcd.io "absent" not found\n')
        self.assertEqual(suspended(), [False, False], "all or none")
        self.kube.patch("Kustomization", "other", self.ns, {"metadata": {"labels": {"tier": "two"}}})
        self.sluice("suspend", "ks", "-l", "tier=two", "-n", "{ns}")
        self.assertEqual(suspended(), [False, True])
        self.sluice("resume", "ks", "other", "--no-wait", "-n", "{ns}")

    def test_what_nobody_reconciles(self):
        kind = "source.toolkit.fluxcd.io/v1/HelmRepository"
        self.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmRepository", "metadata": {"name": "charts", "namespace": self.ns},
                         "spec": {"type": "oci", "url": "oci://registry.invalid/charts"}})
        self.addCleanup(self.kube.delete, kind, "charts", self.ns)
        self.assertRegex(self.sluice("get", "source", "helm", "-n", "{ns}", "--no-header"), r"^charts +False +True +Helm repository is Ready\n$")
        self.assertEqual(self.sluice("reconcile", "source", "helm", "charts", "-n", "{ns}"),
                         f"✔ HelmRepository/{self.ns}/charts: reconciliation not supported by the object\n")
        self.assertNotIn("annotations", self.kube.get(kind, "charts", self.ns)["metadata"])

        self.assertEqual(self.sluice("suspend", "source", "helm", "charts", "-n", "{ns}").splitlines()[-1], f"✔ HelmRepository/{self.ns}/charts suspended")
        self.assertEqual(self.sluice("resume", "source", "helm", "charts", "-n", "{ns}", "--timeout", "5s").splitlines()[-1],
                         f"✔ HelmRepository/{self.ns}/charts resumed")

    def test_resume_goes_on_behind_a_failure(self):
        repository = self.fleet({"good/cm.yaml": config_map("a")}, path="./good")
        for name in ("aaa", "bbb"):
            self.kustomization(name, path="./none")
            self.await_failed("Kustomization", name, "ArtifactFailed")
        self.sluice("suspend", "ks", "--all", "-n", "{ns}")
        said = self.sluice("resume", "ks", "--all", "-n", "{ns}", code=1)
        self.assertIn(f"✔ Applied revision: {repository.revision}\n", said)
        errors = self.said.splitlines()
        self.assertEqual([line.split(":")[0] for line in errors[:2]], [f"✗ Kustomization/{self.ns}/{name} reconciliation failed" for name in ("aaa", "bbb")])
        self.assertEqual(errors[2:], ["✗ reconciliation failed for 2 Kustomization(s)"])

    def test_generators_and_what_they_make(self):
        kinds = ["source.extensions.fluxcd.io/v1beta1/ArtifactGenerator", "source.toolkit.fluxcd.io/v1/ExternalArtifact"]
        self.fleet({"cm.yaml": config_map("a")})
        annotation = "source.extensions.fluxcd.io/reconcile"
        self.kube.apply({"apiVersion": "source.extensions.fluxcd.io/v1beta1", "kind": "ArtifactGenerator", "metadata": {"name": "gen", "namespace": self.ns},
                         "spec": {"sources": [{"alias": "repo", "kind": "GitRepository", "name": "fleet"}],
                                  "artifacts": [{"name": "made", "copy": [{"from": "@repo/**", "to": "@artifact/"}]}]}})
        self.addCleanup(self.await_gone, kinds[0], "gen")
        self.addCleanup(self.kube.delete, kinds[0], "gen", self.ns)
        self.await_object(kinds[0], "gen", lambda generator: condition_of(generator, "Ready").get("status") == "True")
        for words in (["artifacts", "generators"], ["artifact", "generator", "gen"], ["ag"]):
            self.assertRegex(self.sluice("get", *words, "-n", "{ns}", "--no-header"), r"^gen +\S+ +False +True ")
        want = f"ArtifactGenerator/{self.ns}/gen\n└── ExternalArtifact/{self.ns}/made\n"
        self.assertEqual(self.sluice("tree", "artifact", "generator", "gen", "-n", "{ns}"), want)
        self.sluice("suspend", "ag", "gen", "-n", "{ns}")
        self.assertEqual(self.kube.get(kinds[0], "gen", self.ns)["metadata"]["annotations"][annotation], "disabled")
        self.assertNotIn("suspend", self.kube.get(kinds[0], "gen", self.ns)["spec"])
        self.assertRegex(self.sluice("get", "ag", "-n", "{ns}", "--no-header"), r"^gen +\S+ +True ")
        self.assertRegex(self.sluice("stats", "-n", "{ns}"), r"(?m)^ArtifactGenerator +0 +0 +1 ")
        self.sluice("reconcile", "ag", "gen", "-n", "{ns}", code=1)
        self.assertEqual(self.said, f"✗ ArtifactGenerator/{self.ns}/gen: resource is suspended\n")
        self.sluice("resume", "ag", "gen", "-n", "{ns}")
        self.assertNotIn(annotation, self.kube.get(kinds[0], "gen", self.ns)["metadata"]["annotations"])
        # What others write is neither asked nor stopped.
        refused = ("✗ an ExternalArtifact is written by others and is neither reconciled nor suspended: name what makes it (spec.sourceRef), such as an "
                   "ArtifactGenerator\n")
        for command in ("suspend", "resume", "reconcile"):
            self.sluice(command, "source", "external", "made", "-n", "{ns}", code=1)
            self.assertEqual(self.said, refused)
        self.kustomization("built", sourceRef={"kind": "ExternalArtifact", "name": "made"}, suspend=True)
        self.sluice("reconcile", "ks", "built", "--with-source", "-n", "{ns}", code=1)
        self.assertEqual(self.said, f"✗ Kustomization/{self.ns}/built: resource is suspended\n")
        self.kube.patch("Kustomization", "built", self.ns, {"spec": {"suspend": False}})
        self.sluice("reconcile", "ks", "built", "--with-source", "-n", "{ns}", code=1)
        self.assertEqual(self.said, "✗ cannot reconcile source of kind ExternalArtifact\n")
        for kind, name in ((kinds[1], "made"), ("Kustomization", "built")):
            self.assertNotIn("reconcile.fluxcd.io/requestedAt", self.kube.get(kind, name, self.ns)["metadata"].get("annotations", {}))

    def test_a_release_with_its_chart_and_the_source_of_that(self):
        kind = "helm.toolkit.fluxcd.io/v2/HelmRelease"
        chart = lambda text: {"chart/Chart.yaml": {"apiVersion": "v2", "name": "web", "version": "1.0.0"},  # noqa: E731
                              "chart/templates/cm.yaml": config_map("web", {"n": text})}
        repository = self.env.repository(self.ns, chart("1"))
        self.source("fleet", repository)
        self.kube.apply({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "web", "namespace": self.ns}, "spec": {
            "interval": "1h", "chart": {"spec": {"chart": "./chart", "interval": "1h", "reconcileStrategy": "Revision",
                                                 "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}}})
        self.addCleanup(self.await_gone, kind, "web")
        self.addCleanup(self.kube.delete, kind, "web", self.ns)
        self.await_ready(kind, "web")
        repository.commit(chart("2"))
        said = self.sluice("reconcile", "hr", "web", "--with-source", "-n", "{ns}").splitlines()
        self.assertEqual([line for line in said if line.startswith("►")],
                         [f"► reconciling {what}" for what in (f"GitRepository/{self.ns}/fleet", f"HelmChart/{self.ns}/{self.ns}-web", f"HelmRelease/{self.ns}/web")])
        self.assertEqual(self.kube.get("ConfigMap", "web", self.ns)["data"], {"n": "2"})

    def test_export_with_credentials(self):
        self.kube.apply(secret("login", self.ns, {"username": "u", "password": "p"}))
        for name in ("one", "two"):
            self.source(name, self.env.repository(f"{self.ns}-{name}", {}), suspend=True, secretRef={"name": "login"})
        found = list(yaml.safe_load_all(self.sluice("export", "source", "git", "one", "--with-credentials", "-n", "{ns}")))
        self.assertEqual([one["kind"] for one in found], ["GitRepository", "Secret"])
        self.assertEqual(found[1], {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": self.ns},
                                    "data": self.kube.get("Secret", "login", self.ns)["data"], "type": "Opaque"})
        found = list(yaml.safe_load_all(self.sluice("export", "source", "git", "--all", "--with-credentials", "-n", "{ns}")))
        self.assertEqual([one["metadata"]["name"] for one in found], ["one", "login", "two"])
        self.sluice("export", "ks", "--all", "--with-credentials", "-n", "{ns}", code=1)
        self.assertEqual(self.said, "Error: --with-credentials is for sources\n")

    def test_export(self):
        self.fleet({"cm.yaml": config_map("a")})
        exported = self.sluice("export", "ks", "app", "-n", "{ns}")
        self.assertEqual(yaml.safe_load(exported), {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                                                    "metadata": {"name": "app", "namespace": self.ns},
                                                    "spec": self.kube.get("Kustomization", "app", self.ns)["spec"]})
        self.assertEqual(len(list(yaml.safe_load_all(self.sluice("export", "all", "--all", "-n", "{ns}")))), 2)
        self.assertEqual(json.loads(self.sluice("export", "ks/app", "-n", "{ns}", "-o", "json")), yaml.safe_load(exported))
        items = json.loads(self.sluice("export", "ks", "--all", "-A", "-o", "json"))["items"]
        self.assertIn(yaml.safe_load(exported), items)
        self.sluice("export", "ks", "-n", "{ns}", code=1)
        self.assertEqual(self.said, "Error: give a name, or --all\n")


class ExplainTest(CommandCase):
    def test_tree_and_trace(self):
        repository = self.env.repository(self.ns, {
            "root/app.yaml": {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "app", "namespace": self.ns},
                              "spec": {"interval": "1h", "prune": True, "path": "./app", "targetNamespace": self.ns,
                                       "sourceRef": {"kind": "GitRepository", "name": "fleet"}}},
            "app/web.yaml": deployment("web")})
        self.source("fleet", repository)
        self.kustomization("root", path="./root")
        self.await_applied(repository, "app")
        want = f"Kustomization/{self.ns}/root\n└── Kustomization/{self.ns}/app\n    └── Deployment/{self.ns}/web\n"
        until(lambda: self.sluice("tree", "ks", "root", "-n", "{ns}") == want, seen=lambda: self.sluice("tree", "ks", "root", "-n", "{ns}"))
        tree = json.loads(self.sluice("tree", "ks", "root", "-n", "{ns}", "-o", "json"))
        self.assertEqual(tree["resources"][0]["resources"][0]["resource"]["GroupKind"], {"Group": "apps", "Kind": "Deployment"})
        self.assertNotIn("Deployment", self.sluice("tree", "ks", "root", "--compact", "-n", "{ns}"))
        pod = until(lambda: [item for item in self.kube.list("Pod", self.ns)])[0]["metadata"]["name"]
        for words in (["deploy/web"], ["deployments.apps", "web"], ["pod", pod], ["web", "--kind", "Deployment", "--api-version", "apps/v1"]):
            with self.subTest(" ".join(words)):
                said = self.sluice("trace", *words, "-n", "{ns}")
                self.assertRegex(said, rf"(?s)Object: +(Deployment|Pod)/\S+\n.*Kustomization: +app\n.*Path: +\./app\n.*GitRepository: +fleet\n.*"
                                       rf"Branch: +main\nRevision: +{re.escape(repository.revision)}\n")
        self.kube.apply(config_map("loose") | {"metadata": {"name": "loose", "namespace": self.ns}})
        self.sluice("trace", "cm/loose", "-n", "{ns}", code=1)
        self.assertEqual(self.said, "Error: object not managed by Flux\n")
        said = self.sluice("trace", "cm/loose", "deploy/web", f"pod/{pod}", "-n", "{ns}", code=1)
        self.assertEqual(self.said, f"Error: tracing ConfigMap/{self.ns}/loose: object not managed by Flux\n")
        self.assertEqual(re.findall(r"(?m)^Object: +(\S+)$", said), ["Deployment/web", f"Pod/{pod}"])
        for words in (["deploy/web", "cm"], ["deploy"]):
            self.sluice("trace", *words, "-n", "{ns}", code=1)
            self.assertEqual(self.said, "Error: either `<resource>/<name>` or `<resource> <name>` is required\n")

    def test_tree_and_trace_of_a_release(self):
        release = {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "web", "namespace": self.ns}, "spec": {
            "interval": "1h", "chart": {"spec": {"chart": "./chart", "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}}}
        definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "gizmos.tree.example"}, "spec": {
            "group": "tree.example", "scope": "Namespaced", "names": {"kind": "Gizmo", "plural": "gizmos", "singular": "gizmo"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}]}}
        repository = self.fleet({"app/release.yaml": release, "chart/Chart.yaml": {"apiVersion": "v2", "name": "web", "version": "1.0.0"},
                                 "chart/templates/cm.yaml": config_map("web"), "chart/crds/gizmo.yaml": definition}, path="./app")
        self.addCleanup(self.kube.delete, "CustomResourceDefinition", "gizmos.tree.example")
        self.addCleanup(self.await_gone, "helm.toolkit.fluxcd.io/v2/HelmRelease", "web")
        self.addCleanup(self.kube.delete, "Kustomization", "app", self.ns)
        self.await_ready("helm.toolkit.fluxcd.io/v2/HelmRelease", "web")
        top = f"Kustomization/{self.ns}/app\n└── HelmRelease/{self.ns}/web\n"
        self.assertEqual(self.sluice("tree", "ks", "app", "-n", "{ns}"),
                         top + f"    ├── ConfigMap/{self.ns}/web\n    └── CustomResourceDefinition/gizmos.tree.example\n")
        self.assertEqual(self.sluice("tree", "ks", "app", "--compact", "-n", "{ns}"), top)
        grown = yaml.safe_load(self.sluice("tree", "ks", "app", "-n", "{ns}", "-o", "yaml"))
        self.assertEqual(grown["resources"][0]["resources"][1]["resource"],
                         {"Namespace": "", "Name": "gizmos.tree.example", "GroupKind": {"Group": "apiextensions.k8s.io", "Kind": "CustomResourceDefinition"}})
        self.assertRegex(self.sluice("trace", "cm", "web", "-n", "{ns}"),
                         rf"(?s)Object: +ConfigMap/web\n.*HelmRelease: +web\n.*Revision: +1\.0\.0\n.*HelmChart: +{self.ns}-web\n.*"
                         rf"Chart: +\./chart\nVersion: +\*\nRevision: +1\.0\.0\n.*GitRepository: +fleet\n.*"
                         rf"Revision: +{re.escape(repository.revision)}\n")

    def test_events(self):
        self.fleet({"cm.yaml": config_map("a")})
        told = lambda: self.sluice("events", "--for", "Kustomization/app", "-n", "{ns}")  # noqa: E731
        until(lambda: all(part in told() for part in ("Reconciliation finished in", "GitRepository/fleet")), seen=told)
        rows = self.sluice("events", "--for", "ks/app", "-n", "{ns}").splitlines()
        self.assertRegex(rows[0], r"^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$")
        self.assertTrue(any("GitRepository/fleet" in row for row in rows), "the source's events, too")
        self.assertEqual(self.sluice("events", "--types", "Warning", "-n", "{ns}"), "")
        self.assertEqual(self.said, f"✗ No events found in {self.ns} namespace.\n")
        self.sluice("events", "--types", "Odd", "-n", "{ns}", code=1)
        self.assertEqual(self.said, "Error: type 'Odd' not supported. Supported types are Normal, Warning\n")
        rows = self.sluice("events", "-A").splitlines()
        self.assertRegex(rows[0], r"^NAMESPACE +LAST SEEN")
        self.assertTrue([row for row in rows if re.match(rf"{self.ns} .* Kustomization/app ", row)])
        items = json.loads(self.sluice("events", "--for", "ks/app", "-n", "{ns}", "-o", "json"))["items"]
        self.assertEqual({item["involvedObject"]["kind"] for item in items}, {"Kustomization", "GitRepository"})
        self.assertEqual({one["kind"] for one in yaml.safe_load_all(self.sluice("events", "-n", "{ns}", "-o", "yaml"))}, {"Event"})

    def test_events_as_they_come(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        with self.following("events", "--watch") as rows, self.following("events", "--watch", "-A") as everywhere, \
                self.following("events", "--for", "ks/app", "--watch", "-o", "yaml") as yamls, self.following("events", "--watch", "-o", "json") as jsons:
            until(lambda: len(rows) > 1)
            self.push(repository, {"cm.yaml": config_map("new-thing")})
            for lines in (rows, everywhere, yamls, jsons):
                until(lambda lines=lines: any("new-thing" in line for line in lines), seen=lambda lines=lines: lines)
        self.assertRegex(rows[0], r"^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$")
        self.assertEqual([line for line in rows[1:] if line.startswith("LAST SEEN")], [])
        self.assertRegex(everywhere[0], r"^NAMESPACE +LAST SEEN +TYPE")
        self.assertTrue([line for line in everywhere if line.startswith(f"{self.ns} ") and "new-thing" in line])
        for objects in (list(filter(None, yaml.safe_load_all("".join(yamls)))), self.objects_in("".join(jsons))):
            self.assertTrue(any("new-thing" in one["message"] for one in objects))
            self.assertFalse([one for one in objects if "managedFields" in one["metadata"]])

    def test_stats_and_debug(self):
        self.kube.apply(secret("vars", self.ns, {"colour": "blue"}))
        self.fleet({"cm.yaml": config_map("a", {"x": "${colour}-${size}"})},
                   postBuild={"substitute": {"size": "big"}, "substituteFrom": [{"kind": "Secret", "name": "vars"}]})
        self.assertRegex(self.sluice("stats", "-n", "{ns}"), r"(?m)^Kustomization +1 +0 +0 +-$")
        self.assertRegex(self.sluice("stats", "-n", "{ns}"), r"(?m)^GitRepository +1 +0 +0 +\d+")
        self.assertRegex(self.sluice("stats", "-n", "{ns}"), r"(?m)^OCIRepository +0 +0 +0 +-$")
        counts = {item["kind"]: item for item in json.loads(self.sluice("stats", "-n", "{ns}", "-o", "json"))}
        self.assertEqual({key: counts["Kustomization"][key] for key in ("running", "failing", "suspended")}, {"running": 1, "failing": 0, "suspended": 0})
        self.sluice("suspend", "source", "git", "fleet", "-n", "{ns}")
        here, everywhere = (next(one for one in yaml.safe_load(self.sluice("stats", *where, "-o", "yaml")) if one["kind"] == "GitRepository")
                            for where in (("-n", "{ns}"), ("-A",)))
        self.assertEqual((here["running"], here["suspended"]), (0, 1))
        self.assertEqual(everywhere["running"] + everywhere["suspended"], len(self.kube.list("GitRepository")))
        self.assertEqual(self.sluice("debug", "ks", "app", "--show-vars", "-n", "{ns}"), "colour=blue\nsize=big\n")
        self.assertEqual(yaml.safe_load(self.sluice("debug", "ks", "app", "--show-status", "-n", "{ns}"))["observedGeneration"], 1)
        self.assertIn("firstReconciled", self.sluice("debug", "ks", "app", "--show-history", "-n", "{ns}"))
        self.kustomization("none", "fleet", suspend=True)
        self.assertEqual(self.sluice("debug", "ks", "none", "--show-history", "-n", "{ns}"), "[]\n")
        self.sluice("debug", "ks", "app", "--show-values", "-n", "{ns}", code=1)
        self.assertEqual(self.said, "Error: --show-values is for HelmReleases\n")

    def test_debug_shows_the_values_of_a_release(self):
        self.kube.apply(secret("values", self.ns, {"values.yaml": "colour: blue\nsize: {width: 1}\n", "word": "hunter2"}))
        release = {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "web", "namespace": self.ns}, "spec": {
            "interval": "1h", "suspend": True, "chart": {"spec": {"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "none"}}},
            "valuesFrom": [{"kind": "Secret", "name": "values"}, {"kind": "Secret", "name": "values", "valuesKey": "word", "targetPath": "auth.password"}],
            "values": {"size": {"height": 2}}}}
        self.kube.apply(release)
        self.addCleanup(self.kube.delete, "helm.toolkit.fluxcd.io/v2/HelmRelease", "web", self.ns)
        self.assertEqual(self.sluice("debug", "hr", "web", "--show-values", "-n", "{ns}"),
                         "auth:\n  password: hunter2\ncolour: blue\nsize:\n  height: 2\n  width: 1\n")
        self.kube.apply(release | {"spec": {key: value for key, value in release["spec"].items() if key not in ("valuesFrom", "values")}})
        self.assertEqual(self.sluice("debug", "hr", "web", "--show-values", "-n", "{ns}"), "{}\n")
        self.kube.delete("Secret", "values", self.ns)
        self.kube.apply(release)
        self.sluice("debug", "hr", "web", "--show-values", "-n", "{ns}", code=1)
        self.assertEqual(self.said, f"Error: could not resolve Secret chart values reference '{self.ns}/values' with key 'values.yaml': secrets \"values\" not found\n")
        self.sluice("debug", "hr", "web", "-n", "{ns}", code=1)
        self.assertEqual(self.said, "Error: give one of --show-status, --show-vars, --show-values, --show-history\n")


class ContextTest(CommandCase):
    """--context, of every command that talks to a cluster: the current context of the kubeconfig lets nobody in."""

    def test_another_than_the_current_one(self):
        self.kube.apply(secret("vars", self.ns, {"colour": "blue"}))
        self.fleet({"cm.yaml": config_map("a")}, postBuild={"substituteFrom": [{"kind": "Secret", "name": "vars"}]})
        with open(self.env.cluster.kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        name = config["current-context"]
        there = next(one["context"] for one in config["contexts"] if one["name"] == name)
        config["users"].append({"name": "nobody", "user": {"token": "none"}})
        config["contexts"].append({"name": "locked", "context": there | {"user": "nobody"}})
        root = self.tree_of({"config": config | {"current-context": "locked"}, "app/cm.yaml": config_map("a")})
        until(lambda: self.events("Kustomization", "app"))
        commands = {
            "get ks app": "app", "tree ks app": f"ConfigMap/{self.ns}/a", "trace cm a": "GitRepository:", "events": "Kustomization/app", "stats": "GitRepository",
            "debug ks app --show-vars": "colour=blue", "export ks app": "substituteFrom", "suspend ks app": "suspended", "resume ks app": "Applied revision",
            "reconcile ks app": "Applied revision", "build ks app --path " + root + "/app": "kind: ConfigMap", "diff ks app --path " + root + "/app": ""}
        for command, said in commands.items():
            with self.subTest(command):
                argv = [*command.split(), "-n", self.ns, "--kubeconfig", root + "/config"]
                self.assertIn(said, self.sluice(*argv, "--context", name))
                self.sluice(*argv, code=2 if command.startswith("diff") else 1)
                self.assertIn("Unauthorized", self.said)
                self.sluice(*argv, "--context", "absent", code=2 if command.startswith("diff") else 1)
                self.assertIn('"absent"', self.said)
        logs = ["logs", "-n", self.ns, "--kubeconfig", root + "/config", "--flux-namespace", self.ns]
        self.sluice(*logs, "--context", name, code=1)
        self.assertEqual(self.said, f"Error: no pods of a controller found in namespace {self.ns}\n")
        self.sluice(*logs, code=1)
        self.assertIn("Unauthorized", self.said)


# A zsh that prints the line as it reads at ^X.
_ZSHRC = """PS1=
show() { zle -I; print -r -- "<<<$BUFFER>>>"; BUFFER= }
zle -N show
bindkey ^X show
fpath=(~/functions $fpath)
autoload -Uz compinit
compinit -u -D
"""
# At a terminal of its own it is given $1 and a tab: what the line is then.
_IN_ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -d -i
zpty -r shell said "*ready*"
zpty -w -n shell "$1"$'\t'$'\x18'
zpty -r shell said "*<<<*>>>*"
print -r -- "${${said##*<<<}%%>>>*}"
"""


class CompletionTest(CommandCase):
    """What a shell is told of the cluster and of the kubeconfig, as `flux __complete` tells it."""

    def words(self, line, code=0, **options):
        return self.sluice("__complete", "--", *line.split(), *([""] if line.endswith(" ") else []), code=code, **options).splitlines()

    def shell(self, line):
        """What the script for bash would put in place of the last word."""
        script = self.sluice("completion", "bash")
        ask = f'COMP_LINE="$1"; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=("{SLUICE}"); COMP_WORDBREAKS=" =:"; compopt() {{ echo "compopt $*"; }}; _sluice; printf "%s\\n" "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", script + ask, "bash", line], env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def in_home(self, command, files=None):
        """Runs `command` where ~/bin/sluice and, on PATH, sluice are the binary, at home, where there is a file; its standard output."""
        home = self.tree_of({"there/fleet.yaml": "a: b\n"} | (files or {}))
        os.mkdir(home + "/bin")
        os.symlink(SLUICE, home + "/bin/sluice")
        done = subprocess.run(command, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
                              env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig, "HOME": home, "PATH": f"{home}/bin:{os.environ['PATH']}", "TERM": "dumb"})
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    # A line as far as it is typed, and the words of which one comes next.
    LINES = {"sluice ge": ["get"], "~/bin/sluice ge": ["get"], "sluice get source g": ["git"], "sluice get --output=y": ["--output=yaml"],
             "sluice get ks -n {ns} ap": ["app", "apple"], "sluice build ./th": ["./there/"]}

    def test_bash_of_a_command_at_home(self):
        said = self.in_home(["bash", "-c", """source <(sluice completion bash); COMP_WORDS=("~/bin/sluice"); COMP_LINE="$COMP_WORDS ge"; COMP_POINT=${#COMP_LINE}
                                              _sluice; printf "%s\\n" "${COMPREPLY[@]}\""""])
        self.assertEqual(said, "get\n")

    def test_fish(self):
        if shutil.which("fish") is None:
            self.skipTest("no fish")
        for name in ("app", "apple"):
            self.kustomization(name, "fleet", suspend=True)
        for line, want in self.LINES.items():
            line = line.replace("{ns}", self.ns)
            said = self.in_home(["fish", "--no-config", "-c", f"source (sluice completion fish | psub); complete -C '{line}'"])
            self.assertEqual(said.split(), want, line)

    def test_zsh(self):
        if shutil.which("zsh") is None:
            self.skipTest("no zsh")
        for name in ("app", "apple"):
            self.kustomization(name, "fleet", suspend=True)
        for line, want in self.LINES.items():
            line = line.replace("{ns}", self.ns)
            typed = os.path.commonprefix(want) or line.split()[-1]
            for files in ({".zshrc": _ZSHRC + "source <(sluice completion zsh)\nprint ready\n"},
                          {".zshrc": _ZSHRC + "print ready\n", "functions/_sluice": self.sluice("completion", "zsh")}):
                said = self.in_home(["zsh", "-f", "-c", _IN_ZSH, "zsh", line], files)
                before, end = line[: line.rfind(" ") + 1], "" if len(want) != 1 or typed.endswith("/") else " "
                self.assertEqual(said, f"{before}{typed}{end}\n", (line, list(files)))

    def await_words(self, line, want, ask=None):
        """Until these are the words: a completion gives up after two seconds, and says nothing then."""
        ask = ask or self.words
        until(lambda: ask(line) == want, seen=lambda: (line, ask(line)))

    def test_names(self):
        for name in ("app", "apple", "web"):
            self.kustomization(name, "fleet", suspend=True)
        self.source("fleet", self.env.repository(self.ns, {"cm.yaml": config_map("a")}))
        self.kube.apply(config_map("settings", namespace=self.ns))
        for command in ("get", "suspend", "resume", "reconcile", "export", "tree", "debug"):
            self.await_words(f"{command} ks -n {self.ns} ", ["app", "apple", "web"])
        self.await_words(f"-n {self.ns} get kustomization/app", ["kustomization/app", "kustomization/apple"])
        self.await_words(f"suspend ks app -n {self.ns} ap", ["apple"])
        self.await_words(f"get source git -n{self.ns} ", ["fleet"])
        until(lambda: "web" in self.words("get ks -A w"))
        self.await_words(f"trace -n {self.ns} cm s", ["settings"])
        self.await_words(f"events -n {self.ns} --for ks/w", ["ks/web"])
        self.await_words(f"build kustomization -n {self.ns} w", ["web"])
        self.assertEqual(self.words(f"get hr -n {self.ns} "), [])
        self.await_words(f"get ks -n {self.ns[:-1]}", [self.ns])
        self.await_words(f"sluice get ks -n {self.ns} app", ["app", "apple"], self.shell)
        self.await_words(f"sluice get ks --namespace={self.ns[:-1]}", [self.ns], self.shell)  # bash keeps what stands before the sign

    def test_contexts(self):
        config = {"apiVersion": "v1", "kind": "Config", "contexts": [{"name": name, "context": {"cluster": "c"}} for name in ("arn:aws:one", "arn:aws:two", "b")]}
        path = self.tree_of({"config": config}) + "/config"
        self.assertEqual(self.words(f"get ks --kubeconfig {path} --context "), ["arn:aws:one", "arn:aws:two", "b"])
        self.assertEqual(self.words(f"--kubeconfig={path} --context=arn:aws:t"), ["--context=arn:aws:two"])
        self.assertEqual(self.shell(f"sluice --kubeconfig={path} --context arn:aws:t"), ["two"])
        self.assertEqual(self.words("get ks --kubeconfig /nonexistent --context "), [])

    def test_a_cluster_that_is_away(self):
        cluster = lambda server: [{"name": "c", "cluster": {"server": server}}]  # noqa: E731
        config = {"apiVersion": "v1", "kind": "Config", "contexts": [{"name": "c", "context": {"cluster": "c"}}], "clusters": cluster("https://127.0.0.1:1")}
        with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections, and says nothing
            silent = config | {"clusters": cluster(f"http://127.0.0.1:{mute.getsockname()[1]}")}
            root = self.tree_of({"refuses": config, "silent": silent, "broken": "{"})
            for file in ("refuses", "silent", "broken", "absent"):
                for line in ("get ks ", "get ks -n ", "trace cm "):
                    with self.subTest(file=file, line=line):
                        self.assertEqual(self.words(f"--kubeconfig {root}/{file} {line}"), [])
                        self.assertEqual(self.said, "")

    def test_files(self):
        self.assertEqual(self.words("build ./", code=1), [])
        self.assertEqual(self.shell("sluice build ./"), ["compopt", "-o", "default"])


class KubeconfigTest(CommandCase):
    """What the kubeconfig says of the user, as kubectl takes it."""

    def kubeconfig(self, account, user):
        """The path of one in which `user` takes a token's place."""
        with open(self.env.kubeconfig_for(self.ns, account), encoding="utf-8") as file:
            config = json.load(file)
        token = config["users"][0]["user"].pop("token")
        config["users"][0]["user"] = user(token)
        return self.tree_of({"config": json.dumps(config), "login": "#!/bin/sh\necho told >&2\ncat \"$1\"\n", "credential": json.dumps({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}})})

    def setUp(self):
        super().setUp()
        self.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "reads", "namespace": self.ns},
                         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
                         "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": self.ns}]})

    def test_a_program_that_logs_in(self):
        self.fleet({"cm.yaml": config_map("a")})
        plugin = lambda **more: {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "IfAvailable", "args": ["credential"]} | more}  # noqa: E731
        root = self.kubeconfig("default", lambda _: plugin(command="./login"))
        os.chmod(root + "/login", 0o755)
        get = ["get", "ks", "--no-header", "-n", "{ns}", "--kubeconfig", root + "/config"]
        self.assertRegex(self.sluice(*get, cwd=root), "^app ")
        self.assertEqual(self.said, "told\n", "its standard error is ours")
        root = self.kubeconfig("default", lambda _: plugin(command="sluice-login-absent", installHint="get it from example.com"))
        get[-1] = root + "/config"
        self.sluice(*get, code=1)
        self.assertEqual(self.said, 'Error: kubeconfig: user "default": exec plugin sluice-login-absent cannot be started: No such file or directory: '
                                    "get it from example.com\n")
        self.assertIn("exec plugins are not run", subprocess.run([SLUICE, "controller", "--kubeconfig", root + "/config"], stdin=subprocess.DEVNULL,
                                                                 capture_output=True, text=True, timeout=60, check=False).stderr)

    def test_what_a_program_printed_is_over(self):
        """Each request asks for another: the program prints one whose time is over. The first is no good besides, the second is a certificate."""
        self.fleet({"cm.yaml": config_map("a")})
        with open(self.env.cluster.kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        admin = config["users"][0]["user"]
        pem = lambda key: base64.b64decode(admin[key + "-data"]).decode() if key + "-data" in admin else open(admin[key], encoding="utf-8").read()  # noqa: E731
        credential = lambda **status: json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",  # noqa: E731
                                                  "status": {"expirationTimestamp": "2020-01-01T00:00:00Z"} | status})
        config["users"][0]["user"] = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "command": "./login"}}
        root = self.tree_of({"config": config, "1": credential(token="none"), "login": '#!/bin/sh\ncd "${0%/*}"; echo >> runs\ncat "$(wc -l < runs)" 2> /dev/null || cat 2\n',
                             "2": credential(clientCertificateData=pem("client-certificate"), clientKeyData=pem("client-key"))})
        os.chmod(root + "/login", 0o755)
        self.assertRegex(self.sluice("get", "ks", "--no-header", "-n", "{ns}", "--kubeconfig", root + "/config"), "^app ")
        with open(root + "/runs", encoding="utf-8") as file:
            self.assertGreater(len(file.readlines()), 2)

    def test_on_behalf_of_somebody(self):
        self.fleet({"cm.yaml": config_map("a")})
        with open(self.env.cluster.kubeconfig, encoding="utf-8") as file:
            config = yaml.safe_load(file)
        get = lambda code=0, **user: self.sluice("get", "ks", "--no-header", "-n", "{ns}", "--kubeconfig", self.tree_of({"config": harness.to_yaml(  # noqa: E731
            config | {"users": [one | {"user": one["user"] | user} for one in config["users"]]})}) + "/config", code=code)
        self.assertRegex(get(**{"as": f"system:serviceaccount:{self.ns}:default"}), "^app ")
        get(1, **{"as": "somebody"})
        self.assertIn('User "somebody" cannot list resource', self.said)
        self.assertRegex(get(**{"as": "somebody", "as-uid": "7", "as-groups": ["system:masters"], "as-user-extra": {"example.com/why": ["a", "b"]}}), "^app ")

    def test_on_behalf_of_somebody_by_flags(self):
        self.fleet({"cm.yaml": config_map("a")})
        get = ["get", "ks", "--no-header", "-n", "{ns}"]
        self.assertRegex(self.sluice("--as", f"system:serviceaccount:{self.ns}:default", *get), "^app ")
        self.sluice(*get, "--as", "somebody", "--as-group", "others", code=1)
        self.assertIn('User "somebody" cannot list resource', self.said)
        self.assertRegex(self.sluice(*get, "--as=somebody", "--as-uid=7", "--as-group=others", "--as-group", "system:masters", "app",
                                     "--as-user-extra=example.com/why=a=b", "--as-user-extra", "c=d"), "^app ")
        self.sluice(*get, "--as-group", "system:masters", code=1)
        self.assertIn("need a user to impersonate (as)", self.said)
        self.sluice(*get, "--as", "somebody", "--as-user-extra", "c", code=1)
        self.assertEqual(self.said, 'Error: --as-user-extra: "c" is not KEY=VALUE, such as reason=rollout\n')


class BuildAndDiffTest(CommandCase):
    def nested(self):
        child = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "child", "namespace": self.ns},
                 "spec": {"interval": "1h", "prune": True, "path": "./child", "targetNamespace": self.ns,
                          "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}
        return {"app/cm.yaml": config_map("a", {"x": "${colour}"}), "app/child.yaml": child, "child/cm.yaml": config_map("b")}

    def test_build(self):
        files = self.nested()
        root = self.tree_of(files | {"app/draft.yaml": config_map("draft"), "ks.yaml": {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": {"name": "app", "namespace": self.ns},
            "spec": {"interval": "1h", "prune": True, "path": "./app", "targetNamespace": self.ns, "postBuild": {"substitute": {"colour": "red"}},
                     "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}})
        build = ["build", "kustomization", "app", "--path", "app", "--kustomization-file", "ks.yaml", "--dry-run", "-n", self.ns]
        names = lambda text: [one["metadata"]["name"] for one in yaml.safe_load_all(text) if one]  # noqa: E731
        self.assertEqual(sorted(names(self.sluice(*build, cwd=root))), ["a", "child", "draft"])
        self.assertEqual(sorted(names(self.sluice(*build, "--in-memory-build", "--ignore-paths", "draft.yaml,other/", cwd=root))), ["a", "child"])
        self.assertEqual(sorted(names(self.sluice(*build, "--recursive", "--local-sources", f"GitRepository/{self.ns}/fleet=.", cwd=root))),
                         ["a", "b", "child", "draft"])
        self.sluice(*build, "--recursive", cwd=root, code=1)
        self.assertEqual(self.said, f"Error: cannot get local path for GitRepository/{self.ns}/fleet of kustomization child\n")
        there = ["--path", root + "/app", "--kustomization-file", root + "/ks.yaml", "--dry-run", "-n", self.ns]
        self.assertEqual(sorted(names(self.sluice("build", "kustomization", "app", *there))), ["a", "child", "draft"])
        self.sluice("build", "kustomization", "app", *there, "--in-memory-build", code=1)
        self.assertEqual(self.said, f"Error: {root}/app: not below the working directory\n")
        self.sluice("build", "kustomization", "app", "--path", root + "/app", "--dry-run", code=1)
        self.assertEqual(self.said, "Error: dry-run mode requires a kustomization file\n")
        self.sluice("build", "kustomization", "app", "--path", root + "/none", "--kustomization-file", root + "/ks.yaml", "--dry-run", "-n", self.ns, code=1)
        self.assertEqual(self.said, f"Error: invalid resource path \"{root}/none\"\n")

    # As the flux CLI v2.9.5 does: sigs.k8s.io/yaml into the type of the API, one document after the other.
    def test_build_reads_the_file_as_go_does(self):
        head = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: app}\n"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
               "spec": {"containers": [{"name": "c", "image": "nginx:1", "args": ["${A}-${n}x"]}]}}
        root = self.tree_of({"app/pod.yaml": pod, "ks.yaml": ""})

        def built(spec, before="", after=""):
            with open(root + "/ks.yaml", "w", encoding="utf-8") as file:
                file.write(before + head + "spec: {" + spec + "}\n" + after)
            said = self.sluice("build", "kustomization", "app", "--path", "app", "--kustomization-file", "ks.yaml", "--dry-run", cwd=root)
            return list(yaml.safe_load_all(said))[0]["spec"]["containers"][0]

        self.assertEqual(built("images: [{name: nginx, newTag: 5}]")["image"], "nginx:5")
        self.assertEqual(built("postBuild: {substitute: {A: 5, 'n': null}}")["args"], ["5-x"])
        self.assertEqual(built("postBuild: {Substitute: {A: yes, 'n': \"a\\nb\"}, substituteStrategy: Odd}")["args"], ["true-abx"])
        self.assertEqual(built("Images: [{name: nginx, newTag: 5}], deletionPolicy: Odd", "a: b\n---\n", "---\n]")["image"], "nginx:5")
        for wrong, said in (("interval: 5", "3:10: spec.interval: want a string, found a number"),
                            ("images: {}", "3:8: spec.images: want a list, found a map")):
            with open(root + "/ks.yaml", "w", encoding="utf-8") as file:
                file.write(head + "spec:\n  " + wrong + "\n")
            self.sluice("build", "kustomization", "app", "--path", "app", "--kustomization-file", "ks.yaml", "--dry-run", cwd=root, code=1)
            self.assertIn("failed to unmarshall kustomization file ks.yaml", self.said)
            self.assertIn(said.split(": ", 1)[1], self.said)

    def test_build_with_the_clusters_kustomization(self):
        self.kube.apply(secret("vars", self.ns, {"colour": "blue"}))
        repository = self.env.repository(self.ns, {"app/cm.yaml": config_map("a", {"x": "${colour}"})})
        self.source("fleet", repository)
        self.kustomization(path="./app", postBuild={"substituteFrom": [{"kind": "Secret", "name": "vars"}]})
        self.await_applied(repository)
        root = self.tree_of({"app/cm.yaml": config_map("a", {"x": "${colour}!"})})
        built = next(yaml.safe_load_all(self.sluice("build", "ks", "app", "--path", root + "/app", "-n", "{ns}")))
        self.assertEqual((built["data"], built["metadata"]["namespace"]), ({"x": "blue!"}, self.ns))

    def test_diff(self):
        files = self.nested()
        repository = self.env.repository(self.ns, files)
        self.source("fleet", repository)
        self.kustomization(path="./app", postBuild={"substitute": {"colour": "red"}})
        self.await_applied(repository)
        self.await_applied(repository, "child")
        root = self.tree_of(files)
        diff = ["diff", "kustomization", "app", "--path", root + "/app", "-n", self.ns]
        self.assertEqual(self.sluice(*diff), "")
        os.remove(root + "/app/cm.yaml")
        said = self.sluice(*diff, code=1)
        self.assertEqual(said, f"► ConfigMap/{self.ns}/a deleted\n")
        with open(root + "/child/cm.yaml", "w", encoding="utf-8") as file:
            file.write(harness.to_yaml([config_map("b", {"key": "other"}), config_map("c")]))
        said = self.sluice(*diff, "--recursive", "--local-sources", f"GitRepository/{self.ns}/fleet={root}", code=1)
        self.assertIn(f"► ConfigMap/{self.ns}/b drifted\n", said)
        self.assertIn("  data.key\n- value\n+ other\n", said)
        self.assertIn(f"► ConfigMap/{self.ns}/c created\n", said)
        self.sluice("diff", "kustomization", "absent", "--path", root + "/app", "-n", "{ns}", code=2)
        self.assertIn("failed to get kustomization object", self.said)
        # As before: a name with --path.
        self.assertEqual(self.sluice("diff", "app", "--path", root + "/app", "-n", "{ns}", code=1), f"► ConfigMap/{self.ns}/a deleted\n")


class LogsAndEventsTest(CommandCase):
    def test_every_line_about_an_object_says_which(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        finished = until(lambda: [line for line in self.controller.lines() if line["msg"] == "reconciliation finished" and line["namespace"] == self.ns])[0]
        self.assertEqual({key: finished[key] for key in ("level", "controller", "controllerGroup", "controllerKind", "namespace", "name", "revision")},
                         {"level": "info", "controller": "kustomization", "controllerGroup": "kustomize.toolkit.fluxcd.io", "controllerKind": "Kustomization",
                          "namespace": self.ns, "name": "app", "revision": repository.revision})
        self.assertRegex(finished["reconcileID"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

    def test_events_are_posted(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("a")})
        self.source("fleet", repository)
        self.kube.apply({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
                         "metadata": {"name": "app", "namespace": self.ns, "annotations": {"event.toolkit.fluxcd.io/team": "a", "other": "b"}},
                         "spec": {"interval": "1h", "prune": True, "targetNamespace": self.ns, "sourceRef": {"kind": "GitRepository", "name": "fleet"}}})
        self.await_applied(repository)

        def posted():
            return [event for event in self.notified if event["involvedObject"]["namespace"] == self.ns and
                    event["involvedObject"]["kind"] == "Kustomization" and event["reason"] == "ReconciliationSucceeded"]
        event = until(posted)[0]
        self.assertEqual(set(event), {"involvedObject", "severity", "timestamp", "message", "reason", "metadata", "reportingController", "reportingInstance"})
        self.assertEqual(event["severity"], "info")
        self.assertEqual(event["reportingController"], "kustomize-controller")
        self.assertEqual(event["metadata"]["kustomize.toolkit.fluxcd.io/revision"], repository.revision)
        self.assertEqual(event["metadata"]["event.toolkit.fluxcd.io/team"], "a")
        self.assertNotIn("other", event["metadata"])
        self.assertEqual(set(event["involvedObject"]), {"apiVersion", "kind", "name", "namespace", "uid", "resourceVersion"})


@unittest.skipIf(why_not(tempfile.gettempdir()), "no real node here")
class LogsOfPodsTest(CommandCase):
    """`sluice logs` reads the log of pods, which only a real node has."""

    @classmethod
    def setUpClass(cls):
        harness.begin("cli-logs", node=True, controller=False, case=cls)

    def line(self, name, level="info", kind="Kustomization", ns=None, **more):
        return {"ts": "2026-01-01T00:00:00.000Z", "level": level, "msg": "said", "controllerKind": kind, "name": name, "namespace": ns or self.ns} | more

    def test_logs(self):
        self.say_in_a_pod([self.line("app"), self.line("broken", "error", error="no such file"), self.line("fleet", kind="GitRepository"),
                           self.line("far", ns="elsewhere"), {"ts": "2026-01-01T00:00:00.000Z", "level": "info", "msg": "of nobody"}], [self.line("later")])
        logs = lambda *argv: [line for line in self.sluice("logs", "--flux-namespace", NAMESPACE, *argv).splitlines() if "/later." not in line]  # noqa: E731
        shown = lambda name, level="info", kind="Kustomization", ns=None, rest="": f"2026-01-01T00:00:00.000Z {level} {kind}/{name}.{ns or self.ns} - said{rest}"  # noqa: E731
        here = [shown("app"), shown("broken", "error", rest=" no such file"), shown("fleet", kind="GitRepository")]
        until(lambda: logs("-n", self.ns) == here, seen=lambda: logs("-n", self.ns))
        self.assertEqual(logs("-A"), [*here, shown("far", ns="elsewhere"), "2026-01-01T00:00:00.000Z info  - of nobody"])
        self.assertEqual(logs("-n", self.ns, "--level", "error"), [here[1]])
        self.assertEqual(logs("-n", self.ns, "--kind", "GitRepository"), [here[2]])
        self.assertEqual(logs("-A", "--kind", "kustomization", "--name", "far"), [shown("far", ns="elsewhere")])
        until(lambda: self.sluice("logs", "-A", "--flux-namespace", NAMESPACE, "--tail", "2").splitlines() == [shown("later")] * 2)
        self.assertEqual(logs("-n", self.ns, "--since", "1h"), here)
        self.assertNotIn(here[0], logs("-n", self.ns, "--since", "1s"))
        self.assertEqual(logs("-n", self.ns, "--since-time", "2026-01-01T00:00:00Z"), here)
        self.assertEqual(logs("-n", self.ns, "--since-time", "2199-01-01T00:00:00+01:00"), [])
        with self.following("logs", "-f", "--flux-namespace", NAMESPACE, "--tail", "1", code=-signal.SIGTERM) as lines:
            until(lambda: lines.count(shown("later") + "\n") >= 3, seen=lambda: lines)


class LogsFlagsTest(CommandCase):
    def test_what_makes_no_sense_is_refused(self):
        for words, said in ((["--level", "foo"], "unsupported log level 'foo', must be one of: debug, info, error"),
                            (["--since", "1h", "--since-time", "2026-01-01T00:00:00Z"], "at most one of --since-time and --since may be given"),
                            (["--since-time", "noon"], '--since-time: "noon" is not a time (RFC 3339) such as 2026-01-31T12:00:00Z')):
            self.sluice("logs", *words, code=1)
            self.assertEqual(self.said, f"Error: {said}\n")


class MetricsTest(CommandCase):
    """/metrics by the names and labels that Flux's dashboards ask for."""

    def page(self):
        return self.controller.http("metrics", 1).decode()

    def test_names_and_labels(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        ended = [f'gotk_reconcile_duration_seconds_count{{kind="{kind}",name="{name}",namespace="{self.ns}"}}' for kind, name in
                 (("Kustomization", "app"), ("GitRepository", "fleet"))] + [f'exported_namespace="{self.ns}",name="app",ready="True"']
        page = until(lambda: (lambda now: all(part in now for part in ended) and now)(self.page()), seen=self.page)
        names = set(re.findall(r"(?m)^# TYPE (\S+)", page))
        self.assertLessEqual({
            "gotk_reconcile_duration_seconds", "gotk_resource_info", "gotk_cache_events_total", "gotk_token_cache_events_total", "gotk_token_cached_items",
            "gotk_token_cache_requests_total", "gotk_token_cache_evictions_total", "controller_runtime_reconcile_total", "controller_runtime_reconcile_errors_total",
            "controller_runtime_reconcile_panics_total",
            "controller_runtime_reconcile_time_seconds", "controller_runtime_active_workers", "controller_runtime_max_concurrent_reconciles",
            "workqueue_depth", "workqueue_adds_total", "workqueue_queue_duration_seconds", "workqueue_work_duration_seconds", "workqueue_retries_total",
            "workqueue_unfinished_work_seconds", "workqueue_longest_running_processor_seconds", "rest_client_requests_total", "go_info",
            "go_memstats_alloc_bytes", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds",
            "process_max_fds", "process_start_time_seconds"}, names)
        self.assertRegex(page, rf'(?m)^gotk_reconcile_duration_seconds_bucket{{kind="Kustomization",name="app",namespace="{self.ns}",le="0.01"}} \d+$')
        self.assertRegex(page, rf'(?m)^gotk_reconcile_duration_seconds_count{{kind="GitRepository",name="fleet",namespace="{self.ns}"}} [1-9]')
        self.assertIn(f'gotk_resource_info{{customresource_group="kustomize.toolkit.fluxcd.io",customresource_kind="Kustomization",customresource_version="v1",'
                      f'exported_namespace="{self.ns}",name="app",ready="True",revision="{repository.revision}",source_name="fleet"}} 1\n', page)
        self.assertIn(f'url="{self.env.git.url(repository.name)}"}} 1\n', page)
        self.assertRegex(page, r'(?m)^controller_runtime_reconcile_total{controller="kustomization",result="requeue_after"} [1-9]')
        for kind in ("gitrepository", "kustomization", "helmrelease", "bucket"):
            self.assertIn(f'controller_runtime_reconcile_panics_total{{controller="{kind}"}} 0\n', page)
        self.assertIn('controller_runtime_max_concurrent_reconciles{controller="kustomization"} 20\n', page)
        self.assertRegex(page, r'(?m)^workqueue_queue_duration_seconds_count{controller="gitrepository",name="gitrepository"} [1-9]')
        host = self.env.cluster.state["server"].removeprefix("https://")
        self.assertRegex(page, rf'(?m)^rest_client_requests_total{{code="200",host="{re.escape(host)}",method="GET"}} [1-9]')
        for line in page.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? (\S+))$')

    def test_series_go_with_the_object(self):
        self.fleet({"cm.yaml": config_map("a")})
        until(lambda: self.ns in self.page())
        self.sluice("suspend", "ks", "app", "-n", "{ns}")
        until(lambda: re.search(rf'gotk_resource_info{{[^}}]*exported_namespace="{self.ns}",name="app",ready="True",suspended="true"', self.page()))
        for kind, name in (("Kustomization", "app"), ("GitRepository", "fleet")):
            self.kube.delete(kind, name, self.ns)
            self.await_gone(kind, name)
        until(lambda: self.ns not in self.page(), seen=lambda: [line for line in self.page().splitlines() if self.ns in line])


class MigrateTest(CommandCase):
    def test_files(self):
        old = "# keep\napiVersion: kustomize.toolkit.fluxcd.io/v1beta2\nkind: Kustomization\nmetadata: {name: a}\n"
        root = self.tree_of({"a/ks.yaml": old, ".git/x.yaml": old, "b/other.txt": old, "c.yaml": "a: b\n"})
        said = self.sluice("migrate", "-f", root, "--dry-run")
        self.assertIn("-2: apiVersion: kustomize.toolkit.fluxcd.io/v1beta2\n+2: apiVersion: kustomize.toolkit.fluxcd.io/v1\n", said)
        self.assertTrue(said.endswith("✔ 1 of 2 files would change\n"), said)
        self.assertTrue(self.sluice("migrate", "-f", root).endswith("✔ 1 of 2 files changed\n"))
        read = lambda path: open(os.path.join(root, path), encoding="utf-8").read()  # noqa: E731
        self.assertEqual(read("a/ks.yaml"), old.replace("v1beta2", "v1"))
        self.assertEqual((read(".git/x.yaml"), read("b/other.txt")), (old, old))
        self.assertTrue(self.sluice("migrate", "-f", root).endswith("✔ 0 of 2 files changed\n"))

    def test_a_cluster(self):
        crd, name = "CustomResourceDefinition", "relics.old.example.com"
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        version = lambda name, storage: {"name": name, "served": True, "storage": storage, "schema": schema}  # noqa: E731
        self.kube.apply({"apiVersion": "apiextensions.k8s.io/v1", "kind": crd,
                         "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "flux"}},
                         "spec": {"group": "old.example.com", "scope": "Namespaced", "names": {"kind": "Relic", "plural": "relics", "singular": "relic"},
                                  "versions": [version("v1", False), version("v1beta1", True)]}})
        self.addCleanup(self.kube.delete, crd, name)
        self.env.await_kind("old.example.com/v1beta1/Relic")
        relic = lambda version, name: {"apiVersion": f"old.example.com/{version}", "kind": "Relic",  # noqa: E731
                                       "metadata": {"name": name, "namespace": self.ns}, "spec": {"age": 7}}
        self.kube.apply(relic("v1beta1", "old"))
        self.kube.patch(crd, name, None, {"spec": {"versions": [version("v1", True), version("v1beta1", False)]}})
        until(lambda: "v1" in self.kube.get(crd, name)["status"]["storedVersions"])
        self.env.await_kind("old.example.com/v1/Relic")
        self.kube.apply(relic("v1", "new"))
        said = self.sluice("migrate")
        self.assertTrue(said.startswith("► starting migration of custom resources\n"), said)
        self.assertTrue(said.endswith("✔ custom resources migrated successfully\n"), said)
        for one in ("new", "old"):
            self.assertIn(f"✔ Relic/{self.ns}/{one} migrated to version v1\n", said)
        self.assertIn(f"✔ {name} migrated to storage version v1\n", said)
        self.assertEqual(self.kube.get(crd, name)["status"]["storedVersions"], ["v1"])
        # Nothing is left of the version, in what is stored or in whose fields are whose: it can go, and the objects are read and written.
        self.kube.patch(crd, name, None, {"spec": {"versions": [version("v1", True)]}})
        for one in ("new", "old"):
            live = self.kube.get("old.example.com/v1/Relic", one, self.ns)
            self.assertEqual(({entry["apiVersion"] for entry in live["metadata"]["managedFields"]}, live["spec"]), ({"old.example.com/v1"}, {"age": 7}))
            self.kube.apply(relic("v1", one) | {"spec": {"age": 8}})
        self.assertNotIn(name, self.sluice("migrate"))
        self.sluice("migrate", "--dry-run", code=1)
        self.assertEqual(self.said, "Error: --dry-run is for files: name them with -f\n")


class InstallTest(CommandCase):
    """What `install` refuses before it writes anything."""

    CRD = "CustomResourceDefinition"

    def refused(self, *argv):
        self.sluice("install", "-n", "gitops", *argv, code=1)
        self.assertIsNone(self.kube.get("Namespace", "gitops"))
        return self.said

    def test_flags(self):
        for flag in ("--git-path", "--git-branch", "--git-secret", "--git-poll-interval"):
            self.assertEqual(self.refused(flag, "x"), f"✗ {flag} needs --git-url\n")
        for url in ("ftp://git.example.com/fleet", "git@git.example.com:fleet", "https://"):
            self.assertEqual(self.refused("--git-url", url), f'✗ --git-url: "{url}" is not a URL such as https://git.example.com/fleet or '
                                                             "ssh://git@git.example.com/fleet\n")

    def test_a_cluster_that_was_bootstrapped(self):
        name = "gitrepositories.source.toolkit.fluxcd.io"
        labels = {f"kustomize.toolkit.fluxcd.io/{key}": "flux-system" for key in ("name", "namespace")}
        self.kube.patch(self.CRD, name, None, {"metadata": {"labels": labels}})
        self.addCleanup(self.kube.patch, self.CRD, name, None, {"metadata": {"labels": dict.fromkeys(labels)}})
        self.assertIn("Put what `sluice install -n flux-system --export` prints there", self.refused())

    def test_objects_that_are_stored_in_a_version_of_old(self):
        name = "buckets.source.toolkit.fluxcd.io"
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        self.kube.patch(self.CRD, name, None, [{"op": "add", "path": "/spec/versions/-",
                                                "value": {"name": "v1beta1", "served": True, "storage": False, "schema": schema}}])
        last = len(self.kube.get(self.CRD, name)["spec"]["versions"]) - 1
        self.addCleanup(self.kube.patch, self.CRD, name, None, [{"op": "remove", "path": f"/spec/versions/{last}"}])
        self.kube.patch(self.CRD, name, None, {"status": {"storedVersions": ["v1beta1", "v1"]}}, "status")
        self.addCleanup(self.kube.patch, self.CRD, name, None, {"status": {"storedVersions": ["v1"]}}, "status")
        said = self.refused("--force")
        self.assertIn(f"✗ objects may be stored in versions that are not served any more: {name} (v1beta1); ", said)
        self.assertIn("`sluice migrate`", said)
        said = self.sluice("check", "-n", "gitops", code=1)
        self.assertIn(f"✗ {name}: objects may be stored as v1beta1, which `sluice install` takes away: ", said)


class UninstallTest(CommandCase):
    """Last: it takes everything away."""

    def test_install_check_uninstall(self):
        self.sluice("check", "-n", "gitops", code=1)
        repository = self.env.repository(self.ns, {"prod/cm.yaml": config_map("installed", namespace="gitops")})
        install = ["install", "-n", "gitops", "--image", "sluice:test", "--git-url", self.env.git.url(repository.name), "--git-path", "prod",
                   "--git-poll-interval", "1h"]
        exported = list(yaml.safe_load_all(self.sluice(*install, "--export")))
        self.assertEqual([one["kind"] for one in exported[-2:]], ["GitRepository", "Kustomization"])
        self.assertIn("applied (dry run)", self.sluice(*install, "--dry-run"))
        self.assertIsNone(self.kube.get("Namespace", "gitops"))
        self.assertIn("✔ install finished", self.sluice(*install, "--no-wait"))
        # The bindings are of this namespace's ServiceAccount now; as that the binary plays the part of the pod.
        self.controller.end()
        self.env.kubeconfig = self.env.kubeconfig_for("gitops", "sluice")
        self.controller = self.env.controller("installed")
        said = self.sluice(*install)
        self.assertIn("✔ Deployment/gitops/sluice ready\n", said)
        self.assertIn(f"✔ Applied revision: {repository.revision}\n", said)
        self.assertIn("sluice get all -A", said)
        managers = {entry["manager"] for entry in self.kube.get("ClusterRole", "sluice-controller")["metadata"]["managedFields"]}
        self.assertIn("flux", managers)
        self.assertEqual(self.kube.get("ConfigMap", "installed", "gitops")["data"], {"key": "value"})
        self.assertTrue(self.sluice("check", "-n", "gitops").endswith("✔ all checks passed\n"))
        self.sluice("install", "-n", "elsewhere", code=1)
        self.assertIn("Deployment gitops/sluice reconciles this cluster already", self.said)
        for controller in self.env.controllers:
            controller.end()
        labels = {"app.kubernetes.io/part-of": "flux", "app.kubernetes.io/component": "journal"}
        self.kube.apply(config_map("sluice-journal", namespace="gitops", labels=labels))
        self.assertIn("deleted (dry run)", self.sluice("uninstall", "-n", "gitops", "--dry-run"))
        self.assertIsNotNone(self.kube.get("Deployment", "sluice", "gitops"))
        self.sluice("uninstall", "-n", "gitops", code=1)
        self.assertIn("aborted: nothing was deleted", self.said)
        self.assertTrue(self.sluice("uninstall", "-n", "gitops", "-s", "--keep-namespace").endswith("✔ uninstall finished\n"))
        until(lambda: self.kube.get("CustomResourceDefinition", "kustomizations.kustomize.toolkit.fluxcd.io") is None)
        for kind, name in (("Deployment", "sluice"), ("ConfigMap", "sluice-journal"), ("Role", "sluice-controller"), ("RoleBinding", "sluice-controller")):
            self.assertIsNone(self.kube.get(kind, name, "gitops"), kind)
        self.assertEqual(self.kube.get("ConfigMap", "installed", "gitops")["data"], {"key": "value"}, "what was applied stays")
        # Nothing of it is there any more, and it says the same.
        until(lambda: not [one for one in self.kube.list("apiregistration.k8s.io/v1/APIService") if one["spec"].get("group", "").endswith("fluxcd.io")])
        self.assertTrue(self.sluice("uninstall", "-n", "gitops", "-s", "--keep-namespace").endswith("✔ uninstall finished\n"))

    def _delete_ours(self):
        pass  # the kinds are gone


if __name__ == "__main__":
    totals.main()
