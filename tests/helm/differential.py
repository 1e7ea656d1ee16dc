#!/usr/bin/env python3
"""Random but plausible charts, rendered by our engine and by the real helm, 3 and 4; every difference is printed with its seed.

usage: differential.py --engine "build/dev/cli/sluice" --helm DIR [--dialects 3,4] [--seed N] [--count N] [--kind batch|chart|all] [--only I] [--keep DIR]

DIR holds `helm3` and `helm4` (tests/cluster/tools/helm.sh prints it). Case I of seed N is always the same chart (`--seed N --only I --keep DIR` keeps it).
A `batch` is one chart of many small templates, each a case: since one mistake ends a render, the template that both name is taken out, its error compared, and
the rest rendered again. A `chart` is one whole chart with subcharts, values and flags. Standard output must be the same bytes, or the error the same text,
and standard error must hold the same lines in any order. What helm itself says differently a second time is left out. The last line counts; the exit status is 1 if there was a difference.
"""
import argparse
import base64
import concurrent.futures
import dataclasses
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import random_charts  # noqa: E402
import random_templates  # noqa: E402

PER_BATCH = 40
TIMEOUT = 60
ASKED_AGAIN = 8  # whether helm agrees with itself: some of its warnings come only in some orders of Go's maps
FILE = re.compile(r"c/templates/(c\d\d\.yaml)")
OUR_LINES = re.compile(r"\n\nrendered .*?(?=\n\nUse --debug|\Z)", re.S)  # what we say beyond helm
GO_VERSION = re.compile(r"\bgo1\.\d+(\.\d+)?", re.I)  # of the Go that built helm, in .Capabilities.HelmVersion
PRINTS_ADDRESS = re.compile(r'[dD]ate.*printf "%[^"]*[bcdoOxXU]')  # a time.Time as numbers: one is where its zone lies in memory
# What a sanitized engine says of itself before its first word: it changes stacks.
SANITIZER = re.compile(r"^==\d+==WARNING: ASan doesn't fully support makecontext/swapcontext.*\n", re.M)
UNLIKE = re.compile(r"^(?:level=ERROR |Flag --).*\n", re.M)  # the error once more, before it is said; what is said of flags
ADDRESS = re.compile(r"0x[0-9a-f]{9,16}\b")  # what %v prints of a pointer inside something
GO_PLACE = re.compile(r"^[a-z_]+\.go:\d+: ", re.M)  # in front of what helm 3 logs
OUR_LIMIT = "exceeded the limit of"  # helm has none: a range over thousands of millions of numbers goes on for minutes
PROPERTIES = re.compile(r"(?<=additional properties )'.*'(?= not allowed)")


@dataclasses.dataclass
class Run:
    status: int
    out: str
    error: str  # from "Error: " on, without it
    crashed: bool = False
    log: list = dataclasses.field(default_factory=list)  # the lines before it, sorted: helm goes through Go's maps in random order

    def same(self, other):
        return (self.status == 0) == (other.status == 0) and ordered(self.error) == ordered(other.error) and (self.status != 0 or unaddressed(self.out) == unaddressed(other.out)) and self.log == other.log


def unaddressed(text):
    return ADDRESS.sub("0x0", text)


def ordered(text):
    """The lines of a schema's mistakes come in the random order of Go's maps."""
    if "- at '" not in text:
        return text
    text = re.sub(r": (?=- at ')", ":\n", text)  # the first stands behind the name of the file
    return sorted(PROPERTIES.sub(lambda names: ", ".join(sorted(names[0].split(", "))), line) for line in text.splitlines())


def run(command, folder):
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "TZ": "UTC", "KUBECONFIG": os.path.join(folder, "no-kubeconfig")}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return Run(124, "", "timeout", True)
    errors = SANITIZER.sub("", done.stderr.decode("utf-8", "backslashreplace"))
    start = re.search(r"^Error: ", errors, re.M)
    text = errors[start.end():].rstrip("\n") if start else errors if done.returncode else ""
    log = UNLIKE.sub("", errors[:start.start()] if start else "" if done.returncode else errors)
    crashed = "goroutine " in errors or done.returncode < 0 or done.returncode > 2
    return Run(done.returncode, done.stdout.decode("utf-8", "backslashreplace"), text, crashed, sorted(GO_PLACE.sub("", log).splitlines()))


class Link(str):
    """A symbolic link instead of a file's text."""


def write(folder, files):
    for path, text in files.items():
        whole = os.path.join(folder, path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        if isinstance(text, Link):
            os.symlink(text, whole)
            continue
        with open(whole, "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))


class Pair:
    """Both engines of one dialect."""

    def __init__(self, options, dialect):
        self.helm = [os.path.join(options.helm, "helm" + dialect)]
        self.ours = options.engine
        self.dialect = dialect

    def theirs(self, arguments, folder):
        return run(self.helm + arguments, folder)

    def our(self, arguments, folder):
        got = run(self.ours + arguments + (["--helm3"] if self.dialect == "3" else []), folder)
        got.error = OUR_LINES.sub("", got.error)
        return got

    def both(self, arguments, folder):
        """(helm's, ours), helm's None if it is not always the same or helm itself went down."""
        theirs, ours = self.theirs(arguments, folder), self.our(arguments, folder)
        if theirs.crashed:
            return None, ours
        if not theirs.same(ours) and any(not self.theirs(arguments, folder).same(theirs) for _ in range(ASKED_AGAIN)):
            return None, ours
        return theirs, ours


# ---------------------------------------------------------------- batches

def batch_files(seed, index, dialect):
    rng = random.Random("%s/%s" % (seed, index))
    files = random_charts.base_chart(rng)
    names = {}
    for number in range(PER_BATCH):
        made = random_templates.Templates(rng, dialect == "4")
        form = rng.random()
        if form < 0.55:
            body = "{{ %s }}" % made.pipeline(rng.randint(0, 2))
        elif form < 0.8:
            body = made.block(2)
        else:
            body = "".join(made.statement(2) for _ in range(rng.randint(1, 3)))
        name = "c%02d.yaml" % number
        names[name] = body
        if rng.random() < 0.85:
            files["c/templates/" + name] = '{{ define "%s" }}%s{{ end }}v: {{ include "%s" . | b64enc }}\n' % (name, body, name)
        else:
            files["c/templates/" + name] = "v: |\n  %s\n" % body
    return files, names


def values_by_case(text):
    found = {}
    for part in re.split(r"^---\n# Source: ", text, flags=re.M)[1:]:
        path, _, rest = part.partition("\n")
        found[os.path.basename(path)] = rest
    return found


def decoded(text):
    """The text of a case, without addresses."""
    match = re.match(r"v: (\S*)\s*$", text or "")
    try:
        return unaddressed(base64.b64decode(match[1], validate=True).decode("utf-8", "backslashreplace") if match else text or "")
    except ValueError:
        return text


def batch(options, index, dialect, keep=None):
    """Yields (verdict, explanation) for each of the small templates."""
    files, bodies = batch_files(options.seed, index, dialect)
    folder = keep or tempfile.mkdtemp(prefix="sluice-diff-")
    pair = Pair(options, dialect)
    try:
        write(folder, files)
        left = set(bodies)
        while left:
            theirs, ours = pair.theirs(["template", "r", "c"], folder), pair.our(["template", "r", "c"], folder)
            if theirs.status == 0 and ours.status == 0:
                yield from compare_outputs(pair, folder, theirs, ours, bodies, left)
                return
            culprits = [culprit(run) for run in (theirs, ours) if run.status != 0]
            if theirs.crashed and None in culprits:
                yield "unstable", ""
                return
            if None in culprits or not set(culprits) <= left:  # a mistake of the helpers, which names no case: the rest stays unseen
                yield ("error", "") if theirs.same(ours) else ("differ", "helm: %s\nours: %s" % (theirs.error, ours.error))
                return
            if OUR_LIMIT in ours.error or theirs.crashed or (theirs.error != ours.error and not pair.theirs(["template", "r", "c"], folder).same(theirs)):
                yield "unstable", ""
            elif theirs.error == ours.error:
                yield "error", ""
            else:
                yield "differ", "".join("\n%s: %s" % (c, bodies[c]) for c in sorted(set(culprits))) + "\nhelm: %s\nours: %s" % (theirs.error or "fine", ours.error or "fine")
            for name in set(culprits):
                os.unlink(os.path.join(folder, "c", "templates", name))
                left.discard(name)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def culprit(result):
    found = FILE.findall(result.error)
    return found[0] if found else None


def compare_outputs(pair, folder, theirs, ours, bodies, left):
    if theirs.out == ours.out:
        for _ in left:
            yield "same", ""
        return
    again, helms, our = ({name: decoded(text) for name, text in values_by_case(out).items()} for out in (pair.theirs(["template", "r", "c"], folder).out, theirs.out, ours.out))
    for name in sorted(left):
        if comparable(helms.get(name)) == comparable(our.get(name)):
            yield "same", ""
        elif helms.get(name) != again.get(name) or PRINTS_ADDRESS.search(bodies[name]):
            yield "unstable", ""
        else:
            yield "differ", "\n%s: %s\nhelm: %r\nours: %r" % (name, bodies[name], helms.get(name), our.get(name))


def comparable(text):
    return GO_VERSION.sub("go", text or "")


# ---------------------------------------------------------------- charts

def first_difference(ours, theirs):
    a, b = ours.splitlines(), theirs.splitlines()
    for i in range(max(len(a), len(b))):
        left, right = a[i] if i < len(a) else "<end>", b[i] if i < len(b) else "<end>"
        if left != right:
            return "line %d: helm %r, ours %r" % (i + 1, right, left)
    return "only the final newline"


def chart(options, index, dialect, keep=None):
    rng = random.Random("chart/%s/%s" % (options.seed, index))
    files, arguments = random_charts.whole_chart(rng)
    folder = keep or tempfile.mkdtemp(prefix="sluice-diff-")
    try:
        write(folder, files)
        theirs, ours = Pair(options, dialect).both(arguments, folder)
        if keep:
            print(shlex.join(arguments))
        if theirs is None:
            yield "unstable", ""
        elif theirs.same(ours):
            yield ("same" if theirs.status == 0 else "error"), ""
        elif theirs.status == 0 and ours.status == 0 and theirs.out != ours.out:
            yield "differ", first_difference(ours.out, theirs.out)
        elif theirs.log != ours.log:
            yield "differ", "on standard error: " + first_difference("\n".join(ours.log), "\n".join(theirs.log))
        else:
            yield "differ", "\nhelm: %s\nours: %s" % (theirs.error or "fine", ours.error or "fine")
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


KINDS = {"batch": batch, "chart": chart}


def cases(options):
    for index in range(options.first, options.first + options.count):
        for kind in KINDS if options.kind == "all" else [options.kind]:
            for dialect in options.dialects.split(","):
                yield kind, index, dialect


def run_case(options, case):
    kind, index, dialect = case
    return list(KINDS[kind](options, index, dialect))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--engine", required=True, type=shlex.split)
    parser.add_argument("--helm", required=True)
    parser.add_argument("--dialects", default="3,4")
    parser.add_argument("--kind", default="all", choices=["batch", "chart", "all"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", help="the folder for the chart of --only")
    options = parser.parse_args()
    options.engine[0] = os.path.abspath(options.engine[0])
    if options.only is not None:
        options.first, options.count = options.only, 1
        if options.keep:
            os.makedirs(options.keep, exist_ok=True)
            for kind, index, dialect in cases(options):
                for verdict, why in KINDS[kind](options, index, dialect, os.path.join(options.keep, kind + dialect)):
                    if verdict == "differ":
                        print(verdict, why)
            return 0
    counts = {"same": 0, "error": 0, "unstable": 0, "differ": 0}
    all_cases = list(cases(options))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for (kind, index, dialect), found in zip(all_cases, pool.map(lambda c: run_case(options, c), all_cases)):
            for verdict, why in found:
                counts[verdict] += 1
                if verdict == "differ":
                    print("DIFFER: --kind %s --dialects %s --seed %d --only %d: %s\n" % (kind, dialect, options.seed, index, why), flush=True)
    print("seed %d: %d the same bytes, %d refused by both in the same words, %d left out, %d differ" % (
        options.seed, counts["same"], counts["error"], counts["unstable"], counts["differ"]))
    return 1 if counts["differ"] else 0


if __name__ == "__main__":
    sys.exit(main())
