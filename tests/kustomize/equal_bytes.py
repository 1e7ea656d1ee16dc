#!/usr/bin/env python3
"""How much of a corpus comes out as the real tool's own bytes, so that a repository of rendered manifests shows no diff on the day it switches.

usage: equal_bytes.py ENGINE CORPUS [--only REGEX] [-v]

CORPUS is `kustomize` (CASE/{in/, path, flags?, expected.yaml}) or `fleets` (repos/REPO/, REPO/CASE/{path, flags?, expected.yaml, case.json?}); cases that must
fail are left out, for an error has no bytes. Whether what differs is at least the same documents is `run-kustomize.py`'s to say.
The last line is `N passed, N failed`.
"""
import argparse
import dataclasses
import json
import os
import re
import shlex
import subprocess
import sys


@dataclasses.dataclass
class Case:
    name: str
    folder: str  # that holds expected.yaml
    cwd: str
    arguments: list


def read(*path):
    path = os.path.join(*path)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def folders(*path):
    path = os.path.join(*path)
    return sorted(name for name in os.listdir(path) if os.path.isdir(os.path.join(path, name)))


def tree_case(corpus, name):
    folder = os.path.join(corpus, name)
    return Case(name, folder, os.path.normpath(os.path.join(folder, "in", read(folder, "path") or ".")), ["build", ".", *shlex.split(read(folder, "flags"))])


def fleet_case(corpus, repository, name):
    folder, tree = os.path.join(corpus, repository, name), os.path.join(corpus, "repos", repository)
    if spec := read(folder, "case.json"):
        spec = json.loads(spec)
        return Case(f"{repository}/{name}", folder, os.path.normpath(os.path.join(tree, spec["cwd"])), [word.replace("{case}", folder) for word in spec["args"]])
    return Case(f"{repository}/{name}", folder, tree, ["build", read(folder, "path"), *shlex.split(read(folder, "flags"))])


def cases(corpus):
    if os.path.isdir(os.path.join(corpus, "repos")):
        found = [fleet_case(corpus, repository, name) for repository in folders(corpus) if repository != "repos" for name in folders(corpus, repository)]
    else:
        found = [tree_case(corpus, name) for name in folders(corpus)]
    return [case for case in found if os.path.exists(os.path.join(case.folder, "expected.yaml"))]


def first_difference(want, got):
    want, got = (text.decode("utf-8", "replace").splitlines() for text in (want, got))
    at = next((i for i, pair in enumerate(zip(want, got)) if pair[0] != pair[1]), min(len(want), len(got)))
    shown = [repr(lines[at]) if at < len(lines) else "nothing" for lines in (want, got)]
    return f"line {at + 1}: want {shown[0]}, got {shown[1]}"


def problem(case, engine):
    """What is wrong with the case's output, or None."""
    done = subprocess.run(engine + case.arguments, cwd=case.cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        return f"status {done.returncode}: {done.stderr.decode('utf-8', 'replace').strip()[-300:]}"
    with open(os.path.join(case.folder, "expected.yaml"), "rb") as file:
        want = file.read()
    return None if want == done.stdout else first_difference(want, done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", type=shlex.split)
    parser.add_argument("corpus", type=os.path.abspath)
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("-v", "--verbose", action="store_true", help="print equal cases too")
    options = parser.parse_args()
    if os.sep in options.engine[0]:
        options.engine[0] = os.path.abspath(options.engine[0])
    chosen = [case for case in cases(options.corpus) if re.search(options.only, case.name)]
    failed = 0
    for case in chosen:
        why = problem(case, options.engine)
        failed += why is not None
        if why or options.verbose:
            print(f"{'differs' if why else 'equal'}: {case.name}{': ' + why if why else ''}", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
