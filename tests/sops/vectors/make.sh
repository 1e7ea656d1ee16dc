#!/usr/bin/env bash
# Makes the vectors of this folder anew: PATH must hold sops, age and age-keygen (made with sops 3.13.3, age 1.3.2). Every key is a throw-away of these tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export SOPS_CONFIG=/dev/null
unset SOPS_AGE_KEY SOPS_AGE_RECIPIENTS SOPS_PGP_FP
keep=$(mktemp -d)
GNUPGHOME=$keep/gpg
export GNUPGHOME
mkdir -m 700 "$GNUPGHOME"
trap 'gpgconf --kill all; rm -rf "$keep"' EXIT
rm -rf keys sealed want age
mkdir keys sealed want age

for name in first second third; do age-keygen -o "keys/$name.agekey" 2>/dev/null; done
recipient() { age-keygen -y "keys/$1.agekey"; }
gpg --batch --quiet --no-tty --import ../../crypto/openpgp/curve.private.asc
curve=$(awk '$1 == "curve" {print $2}' ../../crypto/openpgp/fingerprints.txt)
cat keys/*.agekey >"$keep/all"
export SOPS_AGE_KEY_FILE=$keep/all

seal() { # seal NAME FILE OPTIONS: sealed/NAME, and what sops makes of it again
  local name=$1 file=$2
  shift 2
  sops encrypt "$@" "plain/$file" >"sealed/$name"
  sops decrypt "${type[@]}" "sealed/$name" >"want/$name"
}
type=()
first=$(recipient first)
for file in types.yaml secret.yaml several.yaml plain.json app.env app.ini; do seal "$file" "$file" --age "$first"; done
type=(--input-type binary --output-type binary)
seal blob.txt blob.txt --age "$first"
seal docker.txt docker.json --age "$first" --input-type binary
type=()
seal regex.yaml secret.yaml --age "$first" --encrypted-regex '^(data|stringData)$'
seal unregex.yaml secret.yaml --age "$first" --unencrypted-regex '^(apiVersion|kind|metadata|type)$'
seal suffix.yaml secret.yaml --age "$first" --encrypted-suffix ata
seal unsuffix.yaml secret.yaml --age "$first" --unencrypted-suffix ata
seal regex.json plain.json --age "$first" --encrypted-regex '^(name|list)$'
seal patch.yaml patch.yaml --age "$first" --encrypted-regex '^data$'
seal docker.json docker.json --age "$first"
seal two.yaml secret.yaml --age "$(recipient second),$first"
seal pgp.yaml secret.yaml --pgp "$curve"
seal pgp.env app.env --pgp "$curve"
seal both.ini app.ini --pgp "$curve" --age "$(recipient second)"
cat >"$keep/groups.yaml" <<TXT
creation_rules:
  - shamir_threshold: 2
    key_groups:
      - age: [$(recipient first)]
      - age: [$(recipient second)]
      - age: [$(recipient third)]
        pgp: [$curve]
TXT
type=()
for file in secret.yaml app.env; do
  sops --config "$keep/groups.yaml" encrypt "plain/$file" >"sealed/groups.${file##*.}"
  sops decrypt "sealed/groups.${file##*.}" >"want/groups.${file##*.}"
done

printf 'hello' | age -r "$first" >age/binary.age
printf 'hello' | age -a -r "$(recipient second)" -r "$first" >age/armored.age
head -c 131072 /dev/zero | age -r "$first" >age/exact.age   # two whole chunks
head -c 70000 /dev/zero | age -r "$first" >age/long.age
: | age -r "$first" >age/empty.age
