#!/usr/bin/env python3
"""Random but plausible kustomization trees, built by our engine and by the real kustomize; every difference is printed with its seed.

usage: differential.py --engine "build/sluice" --kustomize PATH [--seed N] [--count N] [--seconds N] [--jobs N] [--keep DIR] [--bytes] [--only I]

Case I of seed N is always the same tree (`--seed N --only I` makes it again and keeps it); a tree that both refuse is tried again with fewer fields. Both engines run `build DIR`; they must agree in success, and if
they succeed in the documents: the same bytes, or else the same data in the same order (maps without order). `--bytes` makes a
difference in bytes alone a failure as well, `--seconds` ends the run before `--count` trees. Needs python3 and PyYAML. The last line counts; the exit status is 1 if there was a difference.
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import yaml

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import random_trees  # noqa: E402

# ---------------------------------------------------------------- running


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    pass


Loader.yaml_implicit_resolvers = {k: [(t, r) for t, r in v if t not in ("tag:yaml.org,2002:timestamp",)] for k, v in Loader.yaml_implicit_resolvers.items()}


def documents(text):
    return [d for d in yaml.load_all(text, Loader)]


TRIES = 5


def run(command, folder):
    try:
        done = subprocess.run(command + ["build", folder], capture_output=True, timeout=60)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        return 124, "", "timeout"


def strict(value):
    """Data with its types, so that 1, True and "1" differ."""
    if isinstance(value, dict):
        return {k: strict(v) for k, v in value.items()}
    if isinstance(value, list):
        return [strict(v) for v in value]
    return (type(value).__name__ if not isinstance(value, float) or not value.is_integer() else "int", value)


def first_difference(ours, theirs):
    a, b = ours.splitlines(), theirs.splitlines()
    for i in range(max(len(a), len(b))):
        left, right = a[i] if i < len(a) else "<end>", b[i] if i < len(b) else "<end>"
        if left != right:
            return "line %d: kustomize %r, ours %r" % (i + 1, right, left)
    return "only the final newline"


def one_case(options, index, keep=None):
    """The verdict on tree `index`. One that is refused is tried again with fewer fields, a few times, so that most cases say something of the output."""
    folder = keep or tempfile.mkdtemp(prefix="sluice-diff-")
    verdict, why = "error", ""
    try:
        for files, top in random_trees.trees_of(options.seed, index, TRIES):
            shutil.rmtree(folder, ignore_errors=True)
            random_trees.write(files, folder)
            root = os.path.join(folder, top)
            verdict, why = judge(run(options.engine, root), run(options.kustomize, root), options.bytes)
            if verdict != "error":
                break
        return verdict, why + (" (build %s)" % top if keep else "")
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


# kustomize keeps comments while it works, and go-yaml writes a comment behind a key whose value is an empty flow collection (`data: # why` of which a
# patch left {}) in such a way that the collection comes to stand on a line of its own, where it is no YAML: kustomize then fails at its own text of an
# object that it shows as a Go map. Nobody wants that failure; a mistake in a file of the tree is told in other words.
OWN_TEXT = re.compile(r"^Error: (?:.*: )?map\[string\]interface \{\}\{.*\}: yaml: line \d+: could not find expected ':'$", re.MULTILINE)


def judge(ours, theirs, exact):
    """(verdict, explanation): same, bytes, error (both failed, or kustomize crashed or tripped over its own text) or differ."""
    if "goroutine 1 [running]" in theirs[2] or theirs[0] == 1 and ours[0] == 0 and OWN_TEXT.search(theirs[2]):
        return "error", ""
    if theirs[0] == 0 and ours[0] == 0:
        if ours[1] == theirs[1]:
            return "same", ""
        try:
            equal = strict(documents(ours[1])) == strict(documents(theirs[1]))
        except yaml.YAMLError as error:
            return "differ", "our output is no YAML: %s" % error
        return ("bytes" if equal and not exact else "differ"), first_difference(ours[1], theirs[1])
    if theirs[0] != 0 and 0 < ours[0] < 126:
        return "error", ""
    if theirs[0] != 0 and ours[0] == 0:
        return "differ", "kustomize fails, we do not: " + theirs[2].strip()[-600:]
    return "differ", "we fail (%d), kustomize does not: %s" % (ours[0], ours[2].strip()[-600:])


def verdicts(options):
    """(index, verdict) of every tree in order, until there were enough or the time is over."""
    end, step = time.monotonic() + options.seconds, 16 * options.jobs
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for first in range(options.first, options.first + options.count, step):
            if time.monotonic() > end:
                return
            indexes = range(first, min(first + step, options.first + options.count))
            yield from zip(indexes, pool.map(lambda i: one_case(options, i), indexes))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--engine", required=True, type=shlex.split)
    parser.add_argument("--kustomize", required=True, type=shlex.split)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", help="directory for the trees that differ")
    parser.add_argument("--bytes", action="store_true")
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    if options.only is not None:
        folder = os.path.join(options.keep or tempfile.gettempdir(), "case-%d-%d" % (options.seed, options.only))
        shutil.rmtree(folder, ignore_errors=True)
        verdict, why = one_case(options, options.only, folder)
        print("%s\n%s %s" % (folder, verdict, why))
        return 1 if verdict == "differ" else 0
    counts = {"same": 0, "bytes": 0, "error": 0, "differ": 0}
    for index, (verdict, why) in verdicts(options):
        counts[verdict] += 1
        if verdict in ("differ", "bytes"):
            print("%s: --seed %d --only %d: %s" % (verdict.upper(), options.seed, index, why), flush=True)
            if options.keep and verdict == "differ":
                one_case(options, index, os.path.join(options.keep, "case-%d-%d" % (options.seed, index)))
    print("seed %d: %d trees: %d the same bytes, %d the same documents, %d refused by both, %d differ" % (
        options.seed, sum(counts.values()), counts["same"], counts["bytes"], counts["error"], counts["differ"]))
    return 1 if counts["differ"] else 0


if __name__ == "__main__":
    sys.exit(main())
