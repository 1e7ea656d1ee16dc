#!/usr/bin/env python3
"""A bounded run of differential.py for `./dev test`: the first random trees of a fixed seed, `sluice build` against the real kustomize from the pinned tools.

Each tree is a case. How many there are depends on the machine: it stops after SLUICE_DIFFERENTIAL_SECONDS (45). At length, as `./dev fuzz` means it:
    python3 tests/kustomize/differential.py --engine build/dev/cli/sluice --kustomize KUSTOMIZE --seed 2026 --count 10000
A difference is printed with the command that makes its tree again.
"""
import os
import shlex
import sys
import time
import types

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "cluster")]

import differential  # noqa: E402
from cluster import programs  # noqa: E402

SEED, MOST = 5, 400


def main():
    engine = os.environ.get("SLUICE") or os.path.join(ROOT, "build", "dev", "cli", "sluice")
    kustomize = os.environ.get("KUSTOMIZE") or os.path.join(programs(), "kustomize")
    options = types.SimpleNamespace(engine=[engine], kustomize=shlex.split(kustomize), seed=SEED, bytes=True)
    end = time.monotonic() + float(os.environ.get("SLUICE_DIFFERENTIAL_SECONDS", "45"))
    passed = failed = 0
    for index in range(MOST):
        if time.monotonic() > end:
            break
        verdict, why = differential.one_case(options, index)
        if verdict == "differ":
            failed += 1
            print(f"tests/kustomize/differential.py --engine {engine} --kustomize {kustomize} --seed {SEED} --only {index}: {why}", flush=True)
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
