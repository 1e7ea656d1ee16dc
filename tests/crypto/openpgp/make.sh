#!/usr/bin/env bash
# Makes the vectors of this folder anew with gpg (made with GnuPG 2.2.40): ./make.sh. Every key is a throw-away of these tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT

run() { gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase "" "$@"; }
made_at() { run --faked-system-time "$1" "${@:2}"; }
fingerprint() { gpg --batch --with-colons --list-keys "$1" | awk -F: '$1 == "fpr" {print $10; exit}'; }
public() { run --armor --export "$1" >"$2.public.asc"; }
sign() { made_at "$1" --armor --detach-sign --local-user "$2" --output - commit.txt; }

printf 'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@example.com> 1700000000 +0000\ncommitter A <a@example.com> 1700000000 +0000\n\nfirst\n' >commit.txt

made_at 20240101T000000 --quick-generate-key 'RSA <rsa@example.com>' rsa3072 sign never
made_at 20240101T000000 --quick-generate-key 'Ed <ed@example.com>' ed25519 cert never
made_at 20240101T000000 --quick-add-key "$(fingerprint ed@example.com)" ed25519 sign never
made_at 20240101T000000 --quick-generate-key 'Short <short@example.com>' ed25519 sign 20240201T000000
made_at 20240101T000000 --quick-generate-key 'Revoked <revoked@example.com>' ed25519 sign never
made_at 20240101T000000 --quick-generate-key 'Stranger <stranger@example.com>' ed25519 sign never
for name in rsa ed short revoked stranger; do
  sign 20240110T000000 "$name@example.com" >"$name.sig.asc"
done
made_at 20240110T000000 --detach-sign --local-user rsa@example.com --output - commit.txt >rsa.sig.bin
made_at 20240110T000000 --armor --default-sig-expire 7d --detach-sign --local-user rsa@example.com --output - commit.txt >expiring.sig.asc
made_at 20240110T000000 --armor --sign --local-user rsa@example.com --output - commit.txt >embedded.sig.asc
made_at 20240110T000000 --clear-sign --local-user rsa@example.com --output - commit.txt >clear.sig.asc
made_at 20240110T000000 --armor --detach-sign --local-user stranger@example.com --local-user rsa@example.com --output - commit.txt >two.sig.asc
made_at 20240110T000000 --armor --digest-algo SHA1 --detach-sign --local-user rsa@example.com --output - commit.txt >sha1.sig.asc
sed -e 's/^:---/---/' "$GNUPGHOME/openpgp-revocs.d/$(fingerprint revoked@example.com).rev" | made_at 20240111T000000 --import
for name in rsa ed short revoked; do public "$name@example.com" "$name"; done
run --export rsa@example.com >rsa.public.bin
cat rsa.public.asc ed.public.asc >both.public.asc

made_at 20240101T000000 --quick-generate-key 'Reader <reader@example.com>' rsa3072 default never
made_at 20240101T000000 --quick-add-key "$(fingerprint reader@example.com)" rsa3072 encr never
made_at 20240101T000000 --quick-generate-key 'Curve <curve@example.com>' ed25519 cert never
made_at 20240101T000000 --quick-add-key "$(fingerprint curve@example.com)" cv25519 encr never
for name in reader curve; do
  run --armor --export-secret-keys "$name@example.com" >"$name.private.asc"
  printf '0123456789abcdef0123456789abcdef' | run --armor --trust-model always --encrypt --recipient "$name@example.com" --output - >"$name.message.asc"
done
printf '0123456789abcdef0123456789abcdef' | run --armor --trust-model always --encrypt --recipient reader@example.com --recipient curve@example.com --output - >both.message.asc
printf 'x' | run --armor --trust-model always --encrypt --rfc2440 --disable-mdc --cipher-algo AES256 --recipient reader@example.com --output - >unprotected.message.asc || true
run --armor --store --output - commit.txt >plain.message.asc
head -c 100000 /dev/zero | run --armor --trust-model always --encrypt --recipient curve@example.com --output - >long.message.asc
printf 'x' | gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase secret --armor --symmetric --s2k-count 65011712 --output - >password.message.asc
gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase secret --quick-generate-key 'Locked <locked@example.com>' rsa3072 encr never
printf 'x' | run --armor --trust-model always --encrypt --recipient locked@example.com --output - >locked.message.asc
gpg --batch --quiet --no-tty --pinentry-mode loopback --passphrase secret --armor --export-secret-keys locked@example.com >locked.private.asc
for name in rsa ed short revoked reader curve; do printf '%s %s\n' "$name" "$(fingerprint "$name@example.com")"; done >fingerprints.txt
gpg --batch --with-colons --list-keys ed@example.com | awk -F: '$1 == "fpr" {n++; if (n == 2) print "ed-subkey " $10}' >>fingerprints.txt
