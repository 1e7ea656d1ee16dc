#!/usr/bin/env python3
"""What is released (threats T85, T86): how it was compiled, which libraries it runs with and what is known of them, that equal sources make equal bytes
wherever they lie, and that a release which was altered is not taken for one.
"""

import filecmp
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(ROOT, "tests", "fixtures"), os.path.join(ROOT, "release")]

import libraries  # noqa: E402
import totals  # noqa: E402

BUILD = os.path.abspath(os.environ.get("SLUICE_BUILD") or os.path.join(ROOT, "build", "dev"))
SLUICE = os.path.abspath(os.environ.get("SLUICE") or os.path.join(BUILD, "cli", "sluice"))
RELEASE = os.path.join(ROOT, "release", "release.py")
FILES = ("image.tar", "install.yaml", "sbom.spdx.json", "sluice")

PROBE = """
#include <cstring>
#include <vector>
int Probe(const std::vector<int>& values, const char* text) {
  char room[16];
  std::strcpy(room, text);
  return values[static_cast<unsigned char>(room[3])];
}
"""


def run(*argv, **options):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-release-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def must(self, *argv, **options):
        done = run(*argv, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


class CompilerTest(Folder):
    """How the preset `release` compiles; nothing is built for it but a probe."""

    def commands(self, source, build):
        self.must("cmake", "-S", source, "--preset", "release", "-B", build, "--log-level=WARNING")
        with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
            return {os.path.relpath(entry["file"], source): (shlex.split(entry["command"]), entry["directory"]) for entry in json.load(file)}

    def compile(self, command, source, out):
        words, folder = command
        self.must(*words[:words.index("-o")], "-o", out, "-c", source, cwd=folder)

    def test_T85_what_is_compiled_in(self):
        commands = self.commands(ROOT, self.path("build"))
        ours = {name: command for name, (command, _) in commands.items() if name.split("/")[0] not in ("tests", "bench", "examples", "..")}
        self.assertGreater(len(ours), 300)
        for flag in ("-fstack-protector-strong", "-fstack-clash-protection", "-D_FORTIFY_SOURCE=3", "-D_GLIBCXX_ASSERTIONS"):
            self.assertEqual([name for name, command in ours.items() if flag not in command], [], flag)
        self.assertEqual([name for name, command in ours.items() if not {"-fPIC", "-fPIE"} & set(command)], [])
        with open(self.path("probe.cpp"), "w", encoding="ascii") as file:
            file.write(PROBE)
        self.compile(commands["base/archive_read.cpp"], self.path("probe.cpp"), self.path("probe.o"))
        symbols = self.must("nm", "-C", "--undefined-only", self.path("probe.o"))
        for symbol in ("__stack_chk_fail", "__strcpy_chk", "std::__glibcxx_assert_fail"):
            self.assertIn(symbol, symbols)
        if os.uname().machine == "x86_64":
            self.assertIn("IBT, SHSTK", self.must("readelf", "-nW", self.path("probe.o")))

    def test_T86_archives_in_it_are_listed(self):
        self.commands(ROOT, self.path("build"))
        found = {library.soname: library.package for library in libraries.archives(self.path("build", "cli", "sluice"))}
        self.assertEqual({name: found.get(name, "").startswith("lib") for name in ("libre2.a", "libyaml.a", "libstdc++.a")},
                         {"libre2.a": True, "libyaml.a": True, "libstdc++.a": True})
        done = self.must("ninja", "-C", self.path("build"), "-t", "commands", "-s", "cli/sluice")
        linked = set(re.findall(r"/usr/lib/\S+/(lib[a-z0-9_+]+\.a)", done))
        self.assertGreater(len(linked), 3)
        self.assertEqual(sorted(linked - set(found)), [])

    def test_T86_the_same_bytes_wherever_the_sources_lie(self):
        files = self.must("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        sources, compiled = ("base/digest.cpp", "base/failpoint.cpp"), {}
        for where in ("here", "in/another/place"):
            for name in filter(lambda name: os.path.isfile(os.path.join(ROOT, name)), files):
                os.makedirs(os.path.dirname(self.path(where, name)), exist_ok=True)
                shutil.copy(os.path.join(ROOT, name), self.path(where, name))
            commands = self.commands(self.path(where), self.path(where, "build", "release"))
            for name in sources:
                words, folder = commands[name]
                self.must(*words, cwd=folder)
                compiled[where, name] = os.path.join(folder, words[words.index("-o") + 1])
        for name in sources:
            one, other = (compiled[where, name] for where in ("here", "in/another/place"))
            self.assertTrue(filecmp.cmp(one, other, shallow=False), f"where the sources lie is in {name}")
            with open(one, "rb") as file:
                self.assertNotIn(self.folder.encode(), file.read())


class LibraryTest(Folder):
    def test_T85_no_library_with_a_known_fault(self):
        self.assertEqual(libraries.faults_of(libraries.linked(SLUICE), libraries.read_faults()), [])

    def test_T85_a_seeded_fault_is_found(self):
        seeded = [libraries.Library("libgit2.so.1.5", "/x", "libgit2-1.5", "1.5.0+ds-6")]
        found = libraries.faults_of(seeded, libraries.read_faults())
        self.assertTrue(any("CVE-2024-24577" in line for line in found), found)


class ReleaseTest(Folder):
    """A release of the binary under test."""

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.mkdtemp(prefix="sluice-release-")
        cls.addClassCleanup(shutil.rmtree, cls.made)
        for name in ("ours", "other"):
            key = os.path.join(cls.made, name)
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key + ".pem"], check=True, capture_output=True)
            subprocess.run(["openssl", "pkey", "-in", key + ".pem", "-pubout", "-out", key + ".pub"], check=True, capture_output=True)
        for name in ("one", "two"):
            done = run(RELEASE, "make", os.path.join(cls.made, name), "--binary", SLUICE, "--key", os.path.join(cls.made, "ours.pem"))
            if done.returncode != 0:
                raise RuntimeError(done.stderr)

    def copy(self):
        shutil.copytree(os.path.join(self.made, "one"), self.path("copy"))
        self.addCleanup(shutil.rmtree, self.path("copy"), True)
        return self.path("copy")

    def verified(self, folder, key="ours"):
        done = run(RELEASE, "verify", folder, "--key", os.path.join(self.made, key + ".pub"))
        return done.stderr.strip() or done.stdout.strip()

    def test_T86_two_are_equal(self):
        one, two = (os.path.join(self.made, name) for name in ("one", "two"))
        self.assertEqual(sorted(os.listdir(one)), sorted([*FILES, "SHA256SUMS", "SHA256SUMS.sig"]))
        for name in os.listdir(one):
            self.assertTrue(filecmp.cmp(os.path.join(one, name), os.path.join(two, name), shallow=False), name)

    def test_T86_what_is_altered_is_refused(self):
        self.assertRegex(self.verified(self.copy()), r"^/.*: good$")
        for name in FILES:
            shutil.rmtree(self.path("copy"))
            path = os.path.join(self.copy(), name)
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) // 2)
                byte = file.read(1)
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte[0] ^ 1]))
            self.assertEqual(self.verified(self.path("copy")), f"error: {name} is not what was signed")
            sums = os.path.join(self.path("copy"), "SHA256SUMS")
            new = self.must("sha256sum", *FILES, cwd=self.path("copy"))
            with open(sums, "w", encoding="ascii") as file:
                file.write(new)
            self.assertEqual(self.verified(self.path("copy")), "error: SHA256SUMS is not what was signed with this key")

    def test_T86_another_key_no_signature_and_a_stranger(self):
        folder = self.copy()
        self.assertEqual(self.verified(folder, "other"), "error: SHA256SUMS is not what was signed with this key")
        with open(os.path.join(folder, "extra.sh"), "w", encoding="ascii") as file:
            file.write("true\n")
        self.assertEqual(self.verified(folder), "error: extra.sh is no part of a release")
        os.remove(os.path.join(folder, "extra.sh"))
        os.remove(os.path.join(folder, "SHA256SUMS.sig"))
        self.assertEqual(self.verified(folder), "error: SHA256SUMS.sig is missing")

    def test_T86_every_library_is_listed(self):
        with open(os.path.join(self.made, "one", "sbom.spdx.json"), encoding="utf-8") as file:
            listed = {name for package in json.load(file)["packages"] for name in package.get("comment", "").removeprefix("provides ").split(", ")}
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", self.must("readelf", "-dW", SLUICE))
        late = []
        for top, _, names in os.walk(BUILD):
            for name in names:
                if name.startswith("late_") and name.endswith(".cpp") and "tests" not in os.path.relpath(top, BUILD).split(os.sep):
                    with open(os.path.join(top, name), encoding="utf-8") as file:
                        late += re.findall(r'^ +"(lib[^"]+\.so[^"]*)", kNames', file.read(), re.MULTILINE)
        self.assertGreater(len({*needed, *late}), 5)
        self.assertEqual(sorted({*needed, *late} - listed), [])

    def test_T86_the_image_holds_what_it_runs_with(self):
        image = self.path("image")
        os.makedirs(image)
        self.must("tar", "-xf", os.path.join(self.made, "one", "image.tar"), "-C", image)
        with open(os.path.join(image, "index.json"), encoding="utf-8") as file:
            digest = json.load(file)["manifests"][0]["digest"].removeprefix("sha256:")
        with open(os.path.join(image, "blobs", "sha256", digest), encoding="utf-8") as file:
            layer = json.load(file)["layers"][0]["digest"].removeprefix("sha256:")
        names = self.must("tar", "-tzf", os.path.join(image, "blobs", "sha256", layer)).splitlines()
        self.assertIn("usr/local/bin/sluice", names)
        for library in libraries.linked(SLUICE):
            self.assertIn(library.path[1:], names)


if __name__ == "__main__":
    totals.main()
