"""Removes what a cluster leaves outside its processes: the node's bridge, packet filter rules and cgroups, and the folder."""

import json
import os
import shutil
import subprocess
import time

# What a real node makes outside the folder, noted here before it is made.
NODE_RECORD = "node.json"


def remove(folder):
    """Removes all traces of the cluster whose state is in `folder`. Its processes have ended, or are being killed by the kernel.
    May be called again, and for a cluster that never came up."""
    _undo_node(folder)
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(0.1)  # a dying process still writes


def remove_contents(folder):
    """The same, but leaves the empty folder itself: the caller holds a lock on it."""
    _undo_node(folder)
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)


def _undo_node(folder):
    record = _read(os.path.join(folder, NODE_RECORD))
    if record:
        for rule in record["rules"]:
            _run("iptables", *["-D" if word == "-A" else word for word in rule])
        _run("ip", "link", "delete", record["bridge"])
        _remove_cgroups(record["cgroup"])


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def _run(*argv):
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def cgroup_roots():
    """Where cgroup hierarchies are mounted: several with version 1 (hybrid or not), one with version 2."""
    with open("/proc/self/mounts", encoding="utf-8") as file:
        mounts = [line.split() for line in file]
    return [place for _, place, kind, *_ in mounts if kind in ("cgroup", "cgroup2")]


def _remove_cgroups(name):
    """Removes the cgroup `name` of every hierarchy, leaves first; processes that are still dying hold it for a moment."""
    for top in (os.path.join(root, name) for root in cgroup_roots()):
        for _ in range(30):
            for path, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(path)
                except OSError:
                    pass
            if not os.path.exists(top):
                break
            time.sleep(0.1)
