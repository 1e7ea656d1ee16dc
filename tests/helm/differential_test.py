#!/usr/bin/env python3
"""A bounded run of differential.py for `./dev test`: the first random charts and templates of a fixed seed, `sluice template` against the real helm 3 and 4,
then `sluice lint` and `sluice show` against theirs over charts with mistakes.

Each template and each chart is a case. A slow machine sees fewer of them: it stops after SLUICE_DIFFERENTIAL_SECONDS (45). At length:
    python3 tests/helm/differential.py --engine build/dev/cli/sluice --helm "$(tests/cluster/tools/helm.sh)" --seed 2026 --count 1000
A difference is printed with the command that makes it again.
"""
import os
import subprocess
import sys
import time
import types

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

import differential  # noqa: E402
import mistakes  # noqa: E402

SEED, MOST = 5, 100


def helm_folder():
    script = os.path.join(ROOT, "tests", "cluster", "tools", "helm.sh")
    return os.environ.get("HELM_TOOLS") or subprocess.run([script], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1]


def outcomes(options):
    """(what makes it again, verdict, explanation)"""
    for name, verdict, why in mistakes.outcomes(options):
        yield "tests/helm/mistakes.py --only " + name, verdict, why
    end = time.monotonic() + float(os.environ.get("SLUICE_DIFFERENTIAL_SECONDS", "45"))
    for case in differential.cases(options):
        if time.monotonic() > end:
            return
        kind, index, dialect = case
        for verdict, why in differential.run_case(options, case):
            yield f"tests/helm/differential.py --kind {kind} --dialects {dialect} --seed {SEED} --only {index}", verdict, why


def main():
    engine = os.environ.get("SLUICE") or os.path.join(ROOT, "build", "dev", "cli", "sluice")
    options = types.SimpleNamespace(engine=[engine], helm=helm_folder(), seed=SEED, first=0, count=MOST, kind="all", dialects="3,4")
    counts = {"same": 0, "error": 0, "unstable": 0, "differ": 0}
    for again, verdict, why in outcomes(options):
        counts[verdict] += 1
        if verdict == "differ":
            print(f"{again} --engine {engine} --helm {options.helm}: {why}\n", flush=True)
    passed = counts["same"] + counts["error"]
    print(f"{passed} passed, {counts['differ']} failed, {counts['unstable']} skipped")
    return 1 if counts["differ"] or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
