#!/usr/bin/env python3
"""The real flux CLI against Sluice: every command that its users have in their fingers. Skipped aloud where it cannot be built."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness  # noqa: E402
import totals  # noqa: E402
import yaml  # noqa: E402
from harness import NAMESPACE, ROOT, SLUICE, Case, config_map, deployment, documents, secret, until  # noqa: E402
from node import why_not  # noqa: E402


def flux_binary():
    """The path of the CLI, built if need be; None where that is not possible."""
    built = subprocess.run([os.path.join(ROOT, "tests", "cluster", "tools", "flux.sh")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    return built.stdout.split()[-1] if built.returncode == 0 else None


FLUX = flux_binary() if __name__ == "__main__" else None


def setUpModule():
    if FLUX:
        harness.begin("flux-cli")


@unittest.skipUnless(FLUX, "the flux CLI could not be built (Go and a module proxy are needed)")
class FluxCase(Case):
    def flux(self, *argv, code=0, ns=None, **options):
        """Runs the flux CLI in the case's namespace; what it printed, both streams together."""
        done = subprocess.run([FLUX, *argv, "--kubeconfig", self.env.cluster.kubeconfig, "-n", ns or self.ns, "--timeout", "60s"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180, check=False, **options)
        self.assertEqual(done.returncode, code, f"flux {' '.join(argv)}\n{done.stdout}")
        return done.stdout

    def install_deployment(self):
        """The Deployment as manifests/ has it; simulated nodes make it ready."""
        built = subprocess.run([SLUICE, "build", os.path.join(ROOT, "manifests")], capture_output=True, text=True, check=True).stdout
        for obj in documents(built):
            if obj["kind"] == "Deployment":
                self.kube.apply(obj)
        self.addCleanup(self.kube.delete, "Deployment", "sluice", NAMESPACE)
        until(lambda: self.kube.get("Deployment", "sluice", NAMESPACE).get("status", {}).get("readyReplicas") == 1)


class InstallationTest(FluxCase):
    def test_check_and_version(self):
        self.install_deployment()
        said = self.flux("check", ns=NAMESPACE)
        self.assertIn("distribution: flux-v2.9.4", said)
        self.assertIn("bootstrapped: false", said)
        self.assertIn("sluice: deployment ready", said)
        for crd in ("gitrepositories.source.toolkit.fluxcd.io/v1", "kustomizations.kustomize.toolkit.fluxcd.io/v1"):
            self.assertIn(f"✔ {crd}", said)
        self.assertIn("all checks passed", said)
        version = yaml.safe_load(self.flux("version", ns=NAMESPACE))
        self.assertEqual((version["distribution"], version["sluice"]), ("flux-v2.9.4", "0.1.0"))

    def test_uninstall_dry_run(self):
        self.install_deployment()
        self.fleet({"cm.yaml": config_map("a")})
        said = self.flux("uninstall", "--dry-run", ns=NAMESPACE)
        for line in (f"Deployment/{NAMESPACE}/sluice deleted (dry run)", f"Service/{NAMESPACE}/source-controller deleted (dry run)",
                     f"NetworkPolicy/{NAMESPACE}/sluice deleted (dry run)", f"ServiceAccount/{NAMESPACE}/sluice deleted (dry run)",
                     "ClusterRole/sluice-controller deleted (dry run)", "ClusterRoleBinding/sluice-controller deleted (dry run)",
                     "ClusterRoleBinding/sluice-reconciler deleted (dry run)",
                     "CustomResourceDefinition/kustomizations.kustomize.toolkit.fluxcd.io deleted (dry run)", f"Namespace/{NAMESPACE} deleted (dry run)"):
            self.assertIn(line, said)
        self.assertRegex(said, rf"/{self.ns}/app finalizers deleted \(dry run\)")
        self.assertNotIn("failed", said)


class ObjectTest(FluxCase):
    def test_get(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        short = repository.revision[:len("main@sha1:") + 8]
        self.assertRegex(self.flux("get", "kustomizations"), rf"(?s)NAME.REVISION.*\napp\s+{re.escape(short)}\s+False\s+True\s+Applied revision: {re.escape(short)}")
        self.assertRegex(self.flux("get", "sources", "git"), rf"(?s)\nfleet\s+{re.escape(short)}\s+False\s+True\s+stored artifact")
        everything = self.flux("get", "all", "-A")
        self.assertIn("gitrepository/fleet", everything)
        self.assertIn("kustomization/app", everything)
        self.assertNotIn("✗", everything)

    def test_reconcile_suspend_resume_export(self):
        repository = self.fleet({"cm.yaml": config_map("a")})
        repository.commit({"cm.yaml": config_map("a", {"n": "2"})})
        said = self.flux("reconcile", "kustomization", "app", "--with-source")
        self.assertIn(f"fetched revision {repository.revision}", said)
        self.assertIn(f"applied revision {repository.revision}", said)
        self.assertEqual(self.kube.get("ConfigMap", "a", self.ns)["data"], {"n": "2"})
        self.assertIn("kustomization suspended", self.flux("suspend", "kustomization", "app"))
        self.assertTrue(self.kube.get("Kustomization", "app", self.ns)["spec"]["suspend"])
        self.assertIn("resource is suspended", self.flux("reconcile", "kustomization", "app", code=1))
        said = self.flux("resume", "kustomization", "app")
        self.assertIn(f"applied revision {repository.revision}", said)
        self.flux("suspend", "source", "git", "fleet")
        self.assertIn(f"fetched revision {repository.revision}", self.flux("resume", "source", "git", "fleet"))
        self.assertIn(f"fetched revision {repository.revision}", self.flux("reconcile", "source", "git", "fleet"))
        exported = yaml.safe_load(self.flux("export", "kustomization", "app"))
        self.assertEqual((exported["kind"], exported["spec"]["sourceRef"]["name"]), ("Kustomization", "fleet"))
        self.assertEqual(yaml.safe_load(self.flux("export", "source", "git", "fleet"))["spec"]["url"], self.env.git.url(repository.name))

    def test_create_and_delete(self):
        repository = self.env.repository(self.ns, {"cm.yaml": config_map("a")})
        url = self.env.git.url(repository.name)
        said = self.flux("create", "source", "git", "fleet", "--url", url, "--branch", "main", "--interval", "1h")
        self.assertIn(f"fetched revision: {repository.revision}", said)
        said = self.flux("create", "kustomization", "app", "--source", "GitRepository/fleet", "--path", "./", "--prune", "--interval", "1h",
                         "--target-namespace", self.ns)
        self.assertIn(f"applied revision {repository.revision}", said)
        self.flux("delete", "kustomization", "app", "--silent")
        self.await_gone("Kustomization", "app")
        self.await_gone("ConfigMap", "a")

    def test_tree_and_trace(self):
        repository = self.fleet({"web.yaml": deployment("web")})
        self.assertEqual(self.flux("tree", "kustomization", "app").rstrip(), f"Kustomization/{self.ns}/app\n└── Deployment/{self.ns}/web")
        said = self.flux("trace", "deployment", "web")
        self.assertRegex(said, rf"(?s)Object: +Deployment/web\n.*Kustomization: +app\n.*GitRepository: +fleet\n.*Revision: +{re.escape(repository.revision)}\n")
        ours = subprocess.run([SLUICE, "trace", "deployment", "web", "-n", self.ns], env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig},
                              capture_output=True, text=True, check=True).stdout
        times = re.compile(r"reconciled at .*")
        self.assertEqual(times.sub("", ours).strip(), times.sub("", said).strip(), "ours says what theirs says")

    def test_events(self):
        self.fleet({"cm.yaml": config_map("a")})
        told = lambda: self.flux("events", "--for", "Kustomization/app")  # noqa: E731
        until(lambda: all(part in told() for part in ("ReconciliationSucceeded", "GitRepository/fleet")), seen=told)
        self.assertIn("Kustomization/app", self.flux("events", "-A"))

    def test_stats_and_debug(self):
        self.kube.apply(secret("vars", self.ns, {"colour": "blue"}))
        self.fleet({"cm.yaml": config_map("a", {"x": "${colour}"})}, postBuild={"substituteFrom": [{"kind": "Secret", "name": "vars"}]})
        self.assertRegex(self.flux("stats"), r"(?m)^Kustomizations?\s+1\s+0\s+0")
        self.assertIn("colour=blue", self.flux("debug", "kustomization", "app", "--show-vars"))
        self.assertIn("lastAppliedRevision", self.flux("debug", "kustomization", "app", "--show-status"))
        self.assertIn("firstReconciled", self.flux("debug", "kustomization", "app", "--show-history"))

    def test_diff_and_build_as_ours(self):
        files = {"app/cm.yaml": config_map("a", {"x": "${colour}"}), "app/web.yaml": deployment("web")}
        repository = self.env.repository(self.ns, files)
        self.source("fleet", repository)
        self.kustomization(path="./app", postBuild={"substitute": {"colour": "red"}})
        self.await_applied(repository)
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(root + "/app")
            for path, content in files.items():
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(harness.to_yaml(content))
            diff = ["diff", "kustomization", "app", "--path", root + "/app", "--progress-bar=false"]
            self.assertEqual(self.flux(*diff).strip(), "", "what Sluice has applied is what flux would apply")
            with open(root + "/app/cm.yaml", "w", encoding="utf-8") as file:
                file.write(harness.to_yaml(config_map("a", {"x": "changed"})))
            self.assertIn(f"ConfigMap/{self.ns}/a drifted", self.flux(*diff, code=1))
            theirs = self.flux("build", "kustomization", "app", "--path", root + "/app")
            ours = subprocess.run([SLUICE, "build", "kustomization", "app", "--path", root + "/app", "-n", self.ns], capture_output=True, text=True, check=True,
                                  env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig}).stdout
            self.assertEqual(documents(ours), documents(theirs))


@unittest.skipIf(why_not(tempfile.gettempdir()), "no real node here")
class LogsTest(FluxCase):
    """`flux logs` reads the log of pods, which only a real node has. The pod prints what the controller of this suite has said."""

    @classmethod
    def setUpClass(cls):
        if FLUX:
            harness.begin("flux-logs", node=True, case=cls)

    def test_logs(self):
        self.fleet({"cm.yaml": config_map("a")})
        repository = self.env.repository(self.ns + "-broken", {"cm.yaml": "kind: [\n"})
        self.source("broken", repository)
        self.kustomization("broken", "broken")
        self.await_failed("Kustomization", "broken", "BuildFailed")
        finished = lambda: [line for line in self.controller.lines() if line["msg"] in ("reconciliation finished", "reconciliation failed")]  # noqa: E731
        until(lambda: {line["name"] for line in finished()} >= {"app", "broken"})
        self.say_in_a_pod(self.controller.lines())
        logs = lambda *argv: self.flux("logs", "--flux-namespace", NAMESPACE, *argv)  # noqa: E731
        until(lambda: f"Kustomization/app.{self.ns} - reconciliation finished" in logs())
        self.assertRegex(logs("--level", "error"), rf"error Kustomization/broken\.{self.ns} - reconciliation failed .*cm\.yaml")
        self.assertNotIn("app", logs("--kind", "GitRepository", "--name", "fleet"))
        ours = subprocess.run([SLUICE, "logs", "-n", self.ns, "--flux-namespace", NAMESPACE], env=os.environ | {"KUBECONFIG": self.env.cluster.kubeconfig},
                              capture_output=True, text=True, check=True).stdout
        strip = lambda text: [line.rstrip() for line in text.splitlines()]  # noqa: E731
        self.assertEqual(strip(ours), strip(logs()), "ours says what theirs says")


if __name__ == "__main__":
    totals.main()
