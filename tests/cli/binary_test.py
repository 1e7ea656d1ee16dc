#!/usr/bin/env python3
"""What the linker made of `sluice` (threats T85): loaded anywhere, its addresses read-only once it runs, no code on its stack."""

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


if __name__ == "__main__":
    totals.main()
