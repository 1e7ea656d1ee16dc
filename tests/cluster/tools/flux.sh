#!/usr/bin/env bash
# Builds the real flux CLI, once, from its pinned Go module, and prints its path as the last line of standard output. Its release embeds manifests that
# are generated when it is made; the module lacks them, so the program is built from a copy with an empty file in their place (only `flux install`
# and `flux bootstrap` would need them).
set -euo pipefail

readonly version=v2.9.5 sum=h1:jwCccxvkD+2QnsjN+pl5QqM8KnFUwA8pIoQ1Lf0avkA=
readonly cache=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}
machine=$(uname -m)
readonly target=$cache/flux-$version-$machine

say() { printf '%s\n' "$*" >&2; }

build() {
  local found directory staging=$cache/building-flux.$$
  found=$(cd / && GOFLAGS=-mod=mod go mod download -json "github.com/fluxcd/flux2/v2@$version")
  grep -qF "\"Sum\": \"$sum\"" <<<"$found" || { say "error: the module flux2 $version is not the one that was pinned ($sum)"; return 1; }
  directory=$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$found")
  rm -rf "$cache"/building-flux.*  # of a build that was killed: we hold the lock
  mkdir -p "$staging"
  cp -r "$directory" "$staging/source"
  chmod -R u+w "$staging/source"
  mkdir -p "$staging/source/cmd/flux/manifests"
  printf '# none\n' > "$staging/source/cmd/flux/manifests/none.yaml"
  (cd "$staging/source" && CGO_ENABLED=0 GOFLAGS='-buildvcs=false -mod=readonly' go build -trimpath -ldflags '-s -w' -o "$staging/flux" ./cmd/flux) >&2
  rm -rf "$staging/source"
  mv -T "$staging" "$target"
}

main() {
  if [ ! -x "$target/flux" ]; then
    command -v go >/dev/null || { say "error: no go on PATH: the flux CLI is built with Go 1.26 or newer"; exit 1; }
    mkdir -p "$cache"
    exec 9>"$cache/flux.lock"
    flock 9
  fi
  if [ ! -x "$target/flux" ]; then
    say "building the flux CLI $version into $target (once; about 4 minutes on two cores)"
    build
  fi
  printf '%s\n' "$target/flux"
}

main "$@"
