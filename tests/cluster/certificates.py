"""The certificates and keys of one test cluster, made by the openssl command. EC keys: all of them take 0.2 s."""

import os
import subprocess

_DAYS = "365"


def _openssl(*args, stdin=None):
    done = subprocess.run(["openssl", *args], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


class Authority:
    """A certificate authority in `folder` (ca.crt, ca.key) that signs certificates beside it."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._key("ca")
        _openssl("req", "-x509", "-new", "-key", self.path("ca.key"), "-subj", "/CN=sluice-test-ca", "-days", _DAYS,
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature", "-out", self.path("ca.crt"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def _key(self, name):
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path(name + ".key"))

    def issue(self, name, subject, hosts=()):
        """Makes <name>.crt and <name>.key for both server and client use. `subject` as openssl writes it (/O=.../CN=...);
        `hosts` are the names and addresses a server answers to."""
        self._key(name)
        request = _openssl("req", "-new", "-key", self.path(name + ".key"), "-subj", subject)
        extensions = ["basicConstraints=CA:FALSE", "keyUsage=critical,digitalSignature",
                      "extendedKeyUsage=serverAuth,clientAuth"]
        if hosts:
            kinds = ("IP:" + host if host.replace(".", "").isdigit() else "DNS:" + host for host in hosts)
            extensions.append("subjectAltName=" + ",".join(kinds))
        with open(self.path(name + ".ext"), "w", encoding="ascii") as file:
            file.write("\n".join(extensions) + "\n")
        _openssl("x509", "-req", "-CA", self.path("ca.crt"), "-CAkey", self.path("ca.key"), "-CAcreateserial", "-days", _DAYS,
                 "-extfile", self.path(name + ".ext"), "-out", self.path(name + ".crt"), stdin=request)

    def key_pair(self, name):
        """A bare key pair <name>.key, <name>.pub: what service account tokens are signed with."""
        self._key(name)
        _openssl("pkey", "-in", self.path(name + ".key"), "-pubout", "-out", self.path(name + ".pub"))
