"""The shared libraries that a binary runs with: those that it is linked with, those that it loads when they are first needed (base/late_library.h), and theirs;
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
    return [Library(name, path, *package_of(path)) for name, path in sorted(files.items())]


def package_of(path):
    """The Debian package that a file belongs to, and its version."""
    real = os.path.realpath(path)
    for name in (real, real.removeprefix("/usr"), path):
        done = subprocess.run(["dpkg-query", "-S", name], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            package = done.stdout.split(": ")[0].split(",")[0]
            return package.split(":")[0], _run("dpkg-query", "-W", "-f", "${Version}", package)
    raise LibraryError(f"{path} belongs to no Debian package")


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
