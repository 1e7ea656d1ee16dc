"""The libraries that a binary is made of and runs with: archives, those that it is linked with, those that it loads when they are first needed (base/late_library.h), and theirs;
the Debian package of each, and what of known_faults.tsv its version still has.
"""

import collections
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
FAULTS = os.path.join(HERE, "known_faults.tsv")
_LATE = re.compile(rb"\0(lib[a-z0-9_+-]+\.so\.[0-9.]+)\0")

Library = collections.namedtuple("Library", "soname path package version")
Fault = collections.namedtuple("Fault", "package fixed_in names")


class LibraryError(Exception):
    """A library or its package cannot be found."""


def _run(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LibraryError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _loaded(path):
    """{soname: file} of what the dynamic linker loads for the file at `path`."""
    found = {}
    for line in _run("ldd", path).splitlines():
        words = line.split()
        if "not found" in line:
            raise LibraryError(f"{path}: {line.strip()}")
        if len(words) >= 3 and words[1] == "=>":
            found[words[0]] = words[2]
        elif words and words[0].startswith("/"):
            found[os.path.basename(words[0])] = words[0]
    return found


def late_names(binary):
    """The sonames in the text of the binary."""
    with open(binary, "rb") as file:
        return sorted({name.decode() for name in _LATE.findall(file.read())})


def _installed():
    """{soname: file} of the system's libraries for this machine."""
    out = {}
    for line in _run("/sbin/ldconfig", "-p").splitlines()[1:]:
        name, _, path = line.strip().partition(" => ")
        if path:
            out.setdefault(name.split()[0], path)
    return out


def linked(binary):
    """The libraries of `binary`, by soname."""
    files = _loaded(binary)
    installed = _installed()
    for name in late_names(binary):
        if name not in files:
            if name not in installed:
                raise LibraryError(f"{binary} loads {name}, which is not installed")
            files |= {name: installed[name]} | _loaded(installed[name])
    return _in_packages(files)


def archives(binary):
    """What was linked into `binary` from archives of the distribution, which the build lists beside it."""
    listed = binary + ".archives"
    if not os.path.exists(listed):
        return []
    with open(listed, encoding="utf-8") as file:
        return _in_packages({os.path.basename(path): path for path in file.read().split()})


def _in_packages(files):
    """Libraries of {soname: file}, each with the Debian package that its file belongs to and that one's version."""
    asked = {path: [os.path.realpath(path), os.path.realpath(path).removeprefix("/usr"), path] for path in files.values()}
    owners, names = {}, sorted({name for forms in asked.values() for name in forms})
    # It fails when one of the names is nobody's, and answers for the others.
    for line in subprocess.run(["dpkg-query", "-S", *names], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout.splitlines():
        package, _, name = line.partition(": ")
        owners[name] = package.split(",")[0].split(":")[0]
    found = {path: next((owners[form] for form in forms if form in owners), None) for path, forms in asked.items()}
    strangers = sorted(path for path, package in found.items() if package is None)
    if strangers:
        raise LibraryError(f"{strangers[0]} belongs to no Debian package")
    lines = _run("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *sorted(set(found.values()))).splitlines() if found else []
    versions = dict(line.split(" ", 1) for line in lines)
    return [Library(name, path, found[path], versions[found[path]]) for name, path in sorted(files.items())]


def read_faults(path=FAULTS):
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    return [Fault(*row) for row in rows]


def _older(version, than):
    return subprocess.run(["dpkg", "--compare-versions", version, "lt", than], check=False).returncode == 0


def faults_of(libraries, faults):
    """A line for each fault that a library has; its version is older than the one that mended it."""
    packages = sorted({(library.package, library.version) for library in libraries})
    return [f"{package} {version}: {fault.names} (mended in {fault.fixed_in})" for package, version in packages for fault in faults
            if fault.package == package and _older(version, fault.fixed_in)]
