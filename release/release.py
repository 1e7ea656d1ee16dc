#!/usr/bin/env python3
"""Makes a release of a binary, and checks one (threats T86).

  release.py make DIR --binary FILE [--key PRIVATE.pem]     an empty or new DIR gets: sluice, image.tar (an OCI layout), install.yaml, sbom.spdx.json, SHA256SUMS
                                                            and, with a key (ed25519), SHA256SUMS.sig
  release.py verify DIR --key PUBLIC.pem                    the signature is good, and every file is what was signed; nothing else is there

Equal binaries give equal releases. The date in them is $SOURCE_DATE_EPOCH, else that of the last commit. A library with a known fault (known_faults.tsv) stops
the making.
"""

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "cluster")]

import images  # noqa: E402
import libraries  # noqa: E402
import sbom  # noqa: E402

FILES = ("image.tar", "install.yaml", "sbom.spdx.json", "sluice")
SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
USER = "65532:65532"


class ReleaseError(Exception):
    """What is wrong, and with which file."""


def run(*argv, **options):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False, **options)
    if done.returncode != 0:
        raise ReleaseError(f"{' '.join(argv)}: {(done.stderr or done.stdout).decode(errors='replace').strip()}")
    return done.stdout


def source_date():
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or run("git", "-C", ROOT, "log", "-1", "--format=%ct"))


def image(binary, parts):
    """The image as an OCI layout in a tar: the binary, the libraries that it runs with where they are found, and the certificate authorities."""
    files = {"usr/local/bin/sluice": (_read(binary), 0o755), AUTHORITIES[1:]: (_read(AUTHORITIES), 0o644),
             "etc/passwd": (f"sluice:x:{USER}::/:/none\n".encode(), 0o644), "tmp/.keep": (b"", 0o644)}
    files |= {part.path[1:]: (_read(part.path), 0o755) for part in parts}
    layer = images.layer_of(files)
    config = {"Entrypoint": ["/usr/local/bin/sluice"], "Cmd": ["controller"], "User": USER, "Env": ["LD_LIBRARY_PATH=" + ":".join(_folders(parts))]}
    return _layout(layer, config)


def _folders(parts):
    return sorted({os.path.dirname(part.path) for part in parts})


def _layout(layer, config):
    packed = gzip.compress(layer, compresslevel=6, mtime=0)
    described = json.dumps(images.description(layer, config), sort_keys=True).encode()
    manifest = json.dumps(images.manifest(packed, described), sort_keys=True).encode()
    index = {"schemaVersion": 2, "manifests": [images.descriptor(images.MANIFEST, manifest) | {"annotations": {"org.opencontainers.image.ref.name": "latest"}}]}
    files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index, sort_keys=True).encode()}
    files |= {"blobs/sha256/" + hashlib.sha256(blob).hexdigest(): blob for blob in (packed, described, manifest)}
    return images.layer_of({path: (content, 0o644) for path, content in files.items()})


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _write(folder, name, content):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)


def make(folder, binary, key=None):
    os.makedirs(folder, exist_ok=True)
    if os.listdir(folder):
        raise ReleaseError(f"{folder} is not empty")
    parts, archives = libraries.linked(binary), libraries.archives(binary)
    faults = libraries.faults_of(parts + archives, libraries.read_faults())
    if faults:
        raise ReleaseError("libraries with known faults: " + "; ".join(faults))
    out = os.path.join(folder, "sluice")
    shutil.copyfile(binary, out)
    os.chmod(out, 0o755)
    run("strip", "--strip-debug", "--enable-deterministic-archives", out)
    version = run(out, "version").decode().split()[-1].removeprefix("v")
    _write(folder, "sbom.spdx.json", sbom.document(version, out, parts + archives, source_date()).encode())
    _write(folder, "install.yaml", run(out, "build", os.path.join(ROOT, "manifests")))
    _write(folder, "image.tar", image(out, parts))
    sums = "".join(f"{sbom.sha256_of(os.path.join(folder, name))}  {name}\n" for name in FILES)
    _write(folder, SUMS, sums.encode())
    if key:
        run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", os.path.join(folder, SUMS), "-out", os.path.join(folder, SIGNATURE))


def verify(folder, key):
    there = sorted(os.listdir(folder))
    missing = sorted({*FILES, SUMS, SIGNATURE} - set(there))
    if missing:
        raise ReleaseError(f"{missing[0]} is missing")
    strange = sorted(set(there) - {*FILES, SUMS, SIGNATURE})
    if strange:
        raise ReleaseError(f"{strange[0]} is no part of a release")
    try:
        run("openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", key, "-in", os.path.join(folder, SUMS), "-sigfile", os.path.join(folder, SIGNATURE))
    except ReleaseError as error:
        raise ReleaseError(f"{SUMS} is not what was signed with this key") from error
    signed = dict(reversed(line.split("  ", 1)) for line in _read(os.path.join(folder, SUMS)).decode().splitlines())
    for name in FILES:
        if signed.get(name) != sbom.sha256_of(os.path.join(folder, name)):
            raise ReleaseError(f"{name} is not what was signed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("make")
    making.add_argument("folder")
    making.add_argument("--binary", required=True)
    making.add_argument("--key")
    checking = verbs.add_parser("verify")
    checking.add_argument("folder")
    checking.add_argument("--key", required=True)
    options = parser.parse_args()
    try:
        if options.verb == "make":
            make(options.folder, options.binary, options.key)
        else:
            verify(options.folder, options.key)
    except (ReleaseError, libraries.LibraryError) as error:
        sys.exit(f"error: {error}")
    print(f"{options.folder}: {'made' if options.verb == 'make' else 'good'}")


if __name__ == "__main__":
    main()
