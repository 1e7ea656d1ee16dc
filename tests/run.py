#!/usr/bin/env python3
"""Runs the suites of `./dev test` and adds up their cases. The last line, alone, is `N passed, N failed[, N skipped]`.

usage: run.py --build DIR [--filter WORD] [--lanes N] SUITE...

unit         every gtest binary, through ctest; cases are counted, not binaries, and a binary that dies is a failure
e2e          every tests/*/*_test.py and tests/e2e/*.sh; each ends with a line `N passed, N failed[, N skipped]`.
             They get SLUICE (the binary), SLUICE_BUILD (the build folder), and end what they started when they end. Two run at a
             time (--lanes): most of them mostly wait. What one says is shown when it has ended
conformance  the rows of tests/conformance.tsv; skipped aloud where the corpora are not beside the checkout
"""

import argparse
import concurrent.futures
import dataclasses
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_TOTALS = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")
_SHOWING = threading.Lock()
_GROUPS = set()  # of the suites that run
_SUITE_SECONDS = int(os.environ.get("SLUICE_SUITE_TIMEOUT", "1800"))


@dataclasses.dataclass
class Totals:
    """Counted cases of one suite, how long they took, and a word about it."""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""
    seconds: float = 0

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def say(text):
    print(text, flush=True)


def run(argv, log, env=None, show=True):
    """Runs a suite without input, its output kept in `log` and, with `show`, shown as it comes; its exit status, or None when it took too long.
    What it left running in its process group is killed."""
    process = subprocess.Popen(argv, cwd=ROOT, env=os.environ | (env or {}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    reader = threading.Thread(target=_copy, args=(process.stdout, log, show), daemon=True)
    reader.start()
    _GROUPS.add(process.pid)
    try:
        return process.wait(_SUITE_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    finally:
        for signum in (signal.SIGTERM, signal.SIGKILL):
            _signal_group(process.pid, signum)
            reader.join(5)
        process.wait()
        _GROUPS.discard(process.pid)


def _copy(source, log, show):
    with open(log, "wb") as file:
        for line in source:
            file.write(line)
            file.flush()
            if show:
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()


def _signal_group(group, signum):
    try:
        os.killpg(group, signum)
    except ProcessLookupError:
        pass


def last_totals(log):
    """What the last line of a suite's output says, or None when it says nothing of the kind."""
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = file.read().rstrip().splitlines()
    match = _TOTALS.fullmatch(lines[-1].strip()) if lines else None
    return Totals(int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


# --- unit

def unit(build, word):
    """The gtest binaries. `word` is a suite's name (a ctest name) or, with a dot or star, a gtest filter."""
    binaries = [test["name"] for test in json.loads(subprocess.check_output(
        ["ctest", "--test-dir", build, "--show-only=json-v1"], text=True))["tests"]]
    cases, env = os.path.join(build, "test-results"), {}
    is_gtest_filter = bool(word) and bool(set(word) & set(".*:"))
    if is_gtest_filter:
        env["GTEST_FILTER"] = word
    elif word:
        binaries = [name for name in binaries if word in name]
    if not binaries:
        return {}
    junit = os.path.join(cases, "ctest.xml")
    selection = "^(" + "|".join(map(re.escape, binaries)) + ")$"
    subprocess.run(["ctest", "--test-dir", build, "-R", selection, "--output-on-failure", "--output-junit", os.path.abspath(junit),
                    "--timeout", str(_SUITE_SECONDS)],
                   env=os.environ | _sanitizer_options() | env | {"GTEST_OUTPUT": f"json:{os.path.abspath(cases)}/"},
                   stdin=subprocess.DEVNULL, check=False)
    ran = {case.get("name"): case for case in xml.etree.ElementTree.parse(junit).getroot().iter("testcase")}
    found = {}
    for name in binaries:
        verdict = ran[name].get("status") if name in ran else None
        found[f"unit/{name}"] = count_cases(os.path.join(cases, name + "_test.json"), verdict)
        found[f"unit/{name}"].seconds = float(ran[name].get("time", 0)) if name in ran else 0
    if is_gtest_filter:
        found = {name: totals for name, totals in found.items() if totals.passed or totals.failed or totals.skipped}
    return found


def _sanitizer_options():
    suppressions = os.path.join(ROOT, "tests", "tsan.supp")
    tsan = f":suppressions={suppressions}" if os.path.exists(suppressions) else ""
    symbolizer = shutil.which("llvm-symbolizer-19") or ""
    return {"ASAN_OPTIONS": f"detect_stack_use_after_return=1:strict_string_checks=1:quarantine_size_mb=64:external_symbolizer_path={symbolizer}",
            "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:external_symbolizer_path={symbolizer}",
            "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:external_symbolizer_path={symbolizer}{tsan}"}


def count_cases(report, verdict):
    """The cases in a gtest report. A binary that ended badly although no case failed (it died, or a sanitizer spoke at its end) is
    one failure more."""
    totals = Totals()
    if os.path.exists(report):
        with open(report, encoding="utf-8") as file:
            suites = json.load(file).get("testsuites", [])
        for case in (case for suite in suites for case in suite["testsuite"]):
            if case.get("failures"):
                totals.failed += 1
            elif case.get("result") == "SKIPPED":
                totals.skipped += 1
            elif case.get("status") == "RUN":
                totals.passed += 1
    if verdict != "run" and totals.failed == 0:
        totals.failed += 1
        totals.note = "the binary did not end well"
    return totals


# --- end to end

def e2e(build, word, lanes):
    """The suites that start real servers, `lanes` of them at a time."""
    scripts = sorted({*glob.glob("tests/*/*_test.py", root_dir=ROOT), *glob.glob("tests/e2e/*.sh", root_dir=ROOT)})
    names = {re.sub(r"(_test)?\.(py|sh)$", "", script.removeprefix("tests/")): script for script in scripts}
    with concurrent.futures.ThreadPoolExecutor(lanes) as pool:
        running = {name: pool.submit(one_e2e, build, name, script) for name, script in names.items() if not word or word in name}
        try:
            concurrent.futures.wait(running.values())
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for group in list(_GROUPS):
                _signal_group(group, signal.SIGTERM)
            raise
    return {name: totals.result() for name, totals in running.items()}


def one_e2e(build, name, script):
    """One suite; what it said is shown at its end, in one piece."""
    if not os.access(os.path.join(ROOT, script), os.X_OK):
        return Totals(failed=1, note="not executable, so it would never run")
    log = os.path.join(build, "test-results", name.replace("/", "-") + ".log")
    environment = _sanitizer_options() | {"SLUICE": os.path.join(ROOT, build, "cli", "sluice"),
                                          "SLUICE_BUILD": os.path.join(ROOT, build)}
    started = time.monotonic()
    status = run([os.path.join(ROOT, script)], log, environment, show=False)
    totals = judge(status, last_totals(log))
    totals.seconds = time.monotonic() - started
    with open(log, "rb") as file, _SHOWING:
        say(f"\n== {name} ({totals.seconds:.0f} s)")
        shutil.copyfileobj(file, sys.stdout.buffer)  # bytes, whatever the terminal's encoding
        sys.stdout.buffer.flush()
    return totals


def judge(status, counted):
    """A suite's totals, a failure more where its exit status and its last line disagree."""
    if status is None:
        return Totals(failed=1, note=f"took longer than {_SUITE_SECONDS} s")
    if counted is None:
        return Totals(failed=1, note=f"no totals at its end, exit status {status}")
    if status != 0 and counted.failed == 0:
        counted.failed, counted.note = 1, f"exit status {status}"
    elif counted.passed + counted.failed + counted.skipped == 0:
        counted.failed, counted.note = 1, "ran nothing"
    return counted


# --- conformance

def conformance(build, word):
    """The corpora. A case that failed before may fail; fewer passing cases than recorded are failures."""
    totals = {}
    for name, minimum, folder, command in conformance_rows():
        name = f"conformance/{name}"
        if word and word not in name:
            continue
        say(f"\n== {name}")
        if not os.path.exists(os.path.join(ROOT, folder)):
            say(f"skipped: {folder} is not there")
            totals[name] = Totals(skipped=1, note=f"{folder} is not there")
            continue
        log = os.path.join(build, "test-results", name.replace("/", "-") + ".log")
        engine = os.path.join(ROOT, build, "cli", "sluice")
        started = time.monotonic()
        run(["sh", "-c", command.replace("{engine}", engine)], log)
        totals[name] = against_minimum(last_totals(log), minimum)
        totals[name].seconds = time.monotonic() - started
    return totals


def conformance_rows():
    """(name, least number of passing cases, folder it needs, command) of tests/conformance.tsv."""
    with open(os.path.join(ROOT, "tests", "conformance.tsv"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, minimum, folder, command = line.rstrip("\n").split("\t")
                yield name, int(minimum), folder, command


def against_minimum(counted, minimum):
    """Passing cases count as passed; what is missing to the recorded minimum is failed."""
    if counted is None:
        return Totals(failed=1, note="no totals at its end")
    known = f"{counted.failed} known to fail" if counted.failed else ""
    if counted.passed < minimum:
        return Totals(counted.passed, minimum - counted.passed, note=f"{minimum} passed before; {known}")
    more = f"more than the {minimum} in tests/conformance.tsv: raise it" if counted.passed > minimum else ""
    return Totals(counted.passed, note="; ".join(filter(None, (known, more))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--filter", default="")
    parser.add_argument("--lanes", type=int, default=2, help="end-to-end suites at a time (default 2)")
    parser.add_argument("suites", nargs="+", choices=("unit", "e2e", "conformance"))
    options = parser.parse_args()
    os.chdir(ROOT)
    started = time.monotonic()
    shutil.rmtree(os.path.join(options.build, "test-results"), ignore_errors=True)
    os.makedirs(os.path.join(options.build, "test-results"))
    results = {}
    for suite in options.suites:
        say(f"\n== {suite}")
        if suite == "e2e":
            results |= e2e(options.build, options.filter, options.lanes)
        else:
            results |= {"unit": unit, "conformance": conformance}[suite](options.build, options.filter)
    say(f"\n== all suites ({time.monotonic() - started:.0f} s)")
    for name, totals in results.items():
        say(f"{name:32} {totals.seconds:6.1f} s  {totals}{'  (' + totals.note + ')' if totals.note else ''}")
    everything = Totals(*(sum(getattr(totals, field) for totals in results.values()) for field in ("passed", "failed", "skipped")))
    if everything.passed + everything.failed == 0:
        say("nothing ran" + (f": no suite is called like '{options.filter}'" if options.filter else ""))
        everything.failed = 1
    say(str(everything))
    sys.exit(1 if everything.failed else 0)


if __name__ == "__main__":
    main()
