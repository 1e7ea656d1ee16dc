"""Container images made of plain files and pushed to a registry through its API: a config, one gzipped tar and a manifest.

Equal inputs give equal digests. `python3 images.py push REGISTRY REPOSITORY:TAG FOLDER [--entrypoint WORD ...]` pushes any folder.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import platform
import subprocess
import tarfile
import time
import urllib.error
import urllib.request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class RegistryError(Exception):
    """The registry refused something, or did not answer."""


def layer_of(files, links=()):
    """A tar of `files` {path: (bytes, mode)} and symlinks {path: target}; folders are made as needed. Owned by root, dated 0."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        made = set()
        for path in sorted({*files, *dict(links)}):
            for folder in _parents(path):
                if folder not in made:
                    made.add(folder)
                    archive.addfile(_entry(folder, tarfile.DIRTYPE, 0o777 | 0o1000 if folder == "tmp" else 0o755))
            if path in files:
                content, mode = files[path]
                archive.addfile(_entry(path, tarfile.REGTYPE, mode, len(content)), io.BytesIO(content))
            else:
                link = _entry(path, tarfile.SYMTYPE, 0o777)
                link.linkname = dict(links)[path]
                archive.addfile(link)
    return buffer.getvalue()


def _parents(path):
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _entry(path, kind, mode, size=0):
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode, entry.size = kind, mode, size
    return entry


def folder_files(folder):
    """The regular files below `folder` as layer_of takes them."""
    files = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder)] = (file.read(), os.stat(path).st_mode & 0o777)
    return files


class Registry:
    """A registry that speaks plain http without authentication, at `address` (127.0.0.1:PORT)."""

    def __init__(self, address):
        self.address = address

    def push(self, repository, tag, layer, config):
        """Pushes an image of one tar; `config` is the image's (Entrypoint, Cmd, Env ...). Returns the manifest's digest."""
        packed = gzip.compress(layer, compresslevel=6, mtime=0)
        described = json.dumps(description(layer, config), sort_keys=True).encode()
        self._blob(repository, packed)
        self._blob(repository, described)
        body = json.dumps(manifest(packed, described), sort_keys=True).encode()
        self._request("PUT", f"/v2/{repository}/manifests/{tag}", body, MANIFEST)
        return _digest(body)

    def wait(self, seconds=15):
        """Waits until the registry answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._request("GET", "/v2/")
                return
            except RegistryError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _blob(self, repository, content):
        digest = _digest(content)
        try:
            self._request("HEAD", f"/v2/{repository}/blobs/{digest}")
            return
        except RegistryError:
            pass  # not there yet
        location = self._request("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
        separator = "&" if "?" in location else "?"
        self._request("PUT", f"{location}{separator}digest={digest}", content, "application/octet-stream")

    def _request(self, method, path, body=None, content_type=None):
        url = path if path.startswith("http") else f"http://{self.address}{path}"
        headers = {"Content-Type": content_type} if content_type else {}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=30) as response:
                response.read()
                return response
        except (urllib.error.URLError, OSError) as error:
            raise RegistryError(f"{method} {url}: {error}") from error


def _digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def descriptor(kind, content):
    return {"mediaType": kind, "digest": _digest(content), "size": len(content)}


def description(layer, config):
    """The config blob of an image of one tar."""
    return {"architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux", "created": "1970-01-01T00:00:00Z",
            "config": config, "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]}}


def manifest(packed, described):
    """The manifest of an image: its gzipped tar and its config blob."""
    return {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor("application/vnd.oci.image.config.v1+json", described),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", packed)]}


def pause_layer(source, scratch):
    """The image of pause.c, compiled statically in the folder `scratch`."""
    binary = os.path.join(scratch, "pause")
    subprocess.run(["cc", "-Os", "-static", "-o", binary, source], check=True)
    with open(binary, "rb") as file:
        return layer_of({"pause": (file.read(), 0o755)})


def app_layer(version, busybox="/bin/busybox"):
    """An image that can be anything in a test: busybox with its applets, and a web page that says its version."""
    applets = subprocess.check_output([busybox, "--list"], text=True).split()
    with open(busybox, "rb") as file:
        files = {"bin/busybox": (file.read(), 0o755)}
    files |= {"www/index.html": (f"app {version}\n".encode(), 0o644), "www/healthz": (b"ok\n", 0o644), "tmp/.keep": (b"", 0o644),
              "etc/passwd": (b"root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n", 0o644),
              "etc/group": (b"root:x:0:\napp:x:1000:\n", 0o644)}
    return layer_of(files, {f"bin/{applet}": "busybox" for applet in applets if applet != "busybox"})


APP_CONFIG = {"Entrypoint": [], "Cmd": ["/bin/httpd", "-f", "-p", "8080", "-h", "/www"], "Env": ["PATH=/bin"],
              "ExposedPorts": {"8080/tcp": {}}}


def main():
    parser = argparse.ArgumentParser(description="Pushes the files of a folder as a container image.")
    parser.add_argument("verb", choices=("push",))
    parser.add_argument("registry", help="127.0.0.1:PORT")
    parser.add_argument("image", help="REPOSITORY:TAG")
    parser.add_argument("folder")
    parser.add_argument("--entrypoint", nargs="+", default=[], metavar="WORD")
    parser.add_argument("--user", default="")
    options = parser.parse_args()
    repository, _, tag = options.image.rpartition(":")
    config = {"Entrypoint": options.entrypoint, "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "User": options.user}
    print(Registry(options.registry).push(repository, tag, layer_of(folder_files(options.folder)), config))


if __name__ == "__main__":
    main()
