#!/usr/bin/env python3
"""What the linker made of `sluice` (threats T85): loaded anywhere, its addresses read-only once it runs, no code on its stack. And which values its flags
refuse."""

import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "tests", folder) for folder in ("fixtures", "cluster")]

import totals  # noqa: E402

SLUICE = os.path.abspath(os.environ.get("SLUICE") or os.path.join(ROOT, "build", "dev", "cli", "sluice"))


def readelf(*flags):
    return subprocess.run(["readelf", "-W", *flags, SLUICE], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


class HardeningTest(unittest.TestCase):
    def test_T85_of_the_linker(self):
        self.assertIn("DYN (Position-Independent Executable file)", readelf("-h"))
        dynamic = readelf("-d")
        self.assertRegex(dynamic, r"\(FLAGS\) +BIND_NOW")
        self.assertRegex(dynamic, r"\(FLAGS_1\) +Flags: NOW PIE")
        self.assertNotRegex(dynamic, r"\((RPATH|RUNPATH)\)")
        segments = {line.split()[0]: line.split()[6:-1] for line in readelf("-l").splitlines() if line.strip().startswith("GNU_")}
        self.assertIn("GNU_RELRO", segments)
        self.assertNotIn("E", "".join(segments["GNU_STACK"]))
        self.assertNotRegex(readelf("-l"), r"LOAD .* RWE ")


class LimitFlagsTest(unittest.TestCase):
    """The budgets of docs/threats.md: none can be turned off, and what makes no sense ends the controller before it begins."""

    NUMBERS = ["document-max-bytes", "document-max-depth", "document-max-nodes", "manifests-max-bytes", "build-max-depth", "build-max-kustomizations",
               "build-max-objects", "build-max-nodes", "build-max-comparisons", "build-max-bytes", "render-max-steps", "render-max-output-bytes",
               "render-max-template-depth", "render-max-include-depth", "render-max-stack-bytes", "sops-max-file-bytes", "regex-max-pattern-bytes",
               "regex-max-program-bytes", "cel-max-cost", "cel-max-pattern-bytes", "oci-max-tags", "oci-max-tag-pages", "oci-max-signatures",
               "oci-max-manifest-bytes", "http-max-header-bytes"]
    TIMES = ["build-max-cpu-time", "build-max-time", "render-max-cpu-time", "render-max-time"]
    TOO_MUCH = {"document-max-depth": 1001, "render-max-stack-bytes": 4096, "regex-max-program-bytes": 1024, "http-max-header-bytes": 1 << 30,
                "http-max-redirects": 51}

    def refuses(self, flag, value):
        """Neither is there a cluster: a value that passes fails later, and differently."""
        done = subprocess.run([SLUICE, "controller", "--kubeconfig=/nonexistent", f"--{flag}={value}"], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        return f"--{flag}" in done.stdout + done.stderr

    def test_what_makes_no_sense_is_refused(self):
        for flag in self.NUMBERS:
            for value in ("0", "-1", "many", ""):
                self.assertTrue(self.refuses(flag, value), f"--{flag}={value}")
        for flag in self.TIMES:
            for value in ("0s", "-1s", "30", "soon"):
                self.assertTrue(self.refuses(flag, value), f"--{flag}={value}")
        for flag, value in self.TOO_MUCH.items():
            self.assertTrue(self.refuses(flag, value), f"--{flag}={value}")
        self.assertTrue(self.refuses("http-max-redirects", -1))

    def test_what_makes_sense_is_taken(self):
        for flag in self.NUMBERS:
            self.assertFalse(self.refuses(flag, 10_000_000 if "stack" in flag else 1_000_000 if "bytes" in flag else 10), flag)
        for flag in self.TIMES:
            self.assertFalse(self.refuses(flag, "1m30s"), flag)
        self.assertFalse(self.refuses("http-max-redirects", 0))


if __name__ == "__main__":
    totals.main()
