#!/usr/bin/env bash
# Makes the vectors of this folder anew (made with OpenSSH 9.2 and OpenSSL 3.0): ./make.sh. Every key is a throw-away of these tests, and is not kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT

printf 'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@example.com> 1700000000 +0000\ncommitter A <a@example.com> 1700000000 +0000\n\nfirst\n' >commit.txt

make_key() { ssh-keygen -q -N '' -C "$1@example.com" -f "$keys/$1" -t "${@:2}"; cp "$keys/$1.pub" .; }
sign() { ssh-keygen -q -Y sign -n "${3:-git}" -f "$keys/$1" "${@:4}" <commit.txt >"$2.sig" 2>/dev/null; }

make_key ed25519 ed25519
make_key rsa3072 rsa -b 3072
make_key rsa1024 rsa -b 1024
for bits in 256 384 521; do make_key "ecdsa$bits" ecdsa -b "$bits"; done
make_key other ed25519
for name in ed25519 rsa3072 rsa1024 ecdsa256 ecdsa384 ecdsa521; do sign "$name" "$name"; done
sign ed25519 sha256 git -O hashalg=sha256
sign ed25519 file file
ssh-keygen -l -f ed25519.pub | cut -d' ' -f2 >ed25519.fingerprint

# What a hardware token would sign (PROTOCOL.u2f): by keys of ours, since there is none.
openssl genpkey -algorithm ed25519 -out "$keys/sk-ed25519.pem"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/sk-ecdsa.pem"
python3 - "$keys" <<'PYTHON'
import base64, hashlib, subprocess, sys
keys = sys.argv[1]
def text(data): return len(data).to_bytes(4, "big") + data
def run(*argv): return subprocess.run(["openssl", *argv], check=True, capture_output=True).stdout
message = open("commit.txt", "rb").read()
covered = b"SSHSIG" + text(b"git") + text(b"") + text(b"sha512") + text(hashlib.sha512(message).digest())
def signed(name):
    flags = b"\x01" + (7).to_bytes(4, "big")
    with open(f"{keys}/data", "wb") as file:
        file.write(hashlib.sha256(b"ssh:").digest() + flags + hashlib.sha256(covered).digest())
    if name == "sk-ed25519":
        return flags, run("pkeyutl", "-sign", "-rawin", "-inkey", f"{keys}/{name}.pem", "-in", f"{keys}/data")
    der = run("dgst", "-sha256", "-sign", f"{keys}/{name}.pem", f"{keys}/data")
    first = 4 + der[3]
    return flags, text(der[4:first]) + text(der[first + 2:])
def save(name, kind, fields):
    public = run("pkey", "-in", f"{keys}/{name}.pem", "-pubout", "-outform", "DER")
    wire = text(kind) + fields(public) + text(b"ssh:")
    flags, blob = signed(name)
    body = b"SSHSIG" + (1).to_bytes(4, "big") + text(wire) + text(b"git") + text(b"") + text(b"sha512") + text(text(kind) + text(blob) + flags)
    with open(name + ".sig", "w") as file:
        file.write("-----BEGIN SSH SIGNATURE-----\n" + base64.encodebytes(body).decode() + "-----END SSH SIGNATURE-----\n")
    with open(name + ".pub", "w") as file:
        file.write(kind.decode() + " " + base64.b64encode(wire).decode() + " " + name + "@example.com\n")
save("sk-ed25519", b"sk-ssh-ed25519@openssh.com", lambda der: text(der[-32:]))
save("sk-ecdsa", b"sk-ecdsa-sha2-nistp256@openssh.com", lambda der: text(b"nistp256") + text(der[-65:]))
PYTHON
