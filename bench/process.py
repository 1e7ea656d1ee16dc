"""One run of a program, for the benchmarks of whole processes: seconds, peak memory, output.

The kernel counts into a process's peak what its parent held when it started it (the memory before exec), and that is 17 MiB of a Python with
these modules. So a bare Python of 8 MiB starts the program, and takes the time too."""

import os
import subprocess
import sys

LAUNCHER = """
import posix, sys, time
report, *command = sys.argv[1:]
started = time.monotonic()
pid = posix.posix_spawn(command[0], command, posix.environ)
_, status, usage = posix.wait4(pid, 0)
posix.write(int(report), b"%d %f %d" % (posix.waitstatus_to_exitcode(status), time.monotonic() - started, usage.ru_maxrss))
"""


def run_once(command, cwd):
    """(seconds, peak MiB, output); a command that fails ends the benchmark."""
    report, write_end = os.pipe()
    with os.fdopen(report, encoding="ascii") as answer:
        try:
            process = subprocess.Popen([sys.executable, "-I", "-S", "-c", LAUNCHER, str(write_end), *command], cwd=cwd, pass_fds=[write_end],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        finally:
            os.close(write_end)
        output, errors = process.communicate()
        words = answer.read().split()
    if not words or int(words[0]) != 0:
        raise SystemExit(f"{' '.join(command)}: {errors.decode()}")
    return float(words[1]), int(words[2]) / 1024, output


def measure(command, cwd, times=3, long=20):
    """The fastest of some runs; of one that takes more than `long` seconds, the first."""
    best = None
    for _ in range(times):
        run = run_once(command, cwd)
        if best is None or run[0] < best[0]:
            best = run
        if run[0] > long:
            break
    return best
