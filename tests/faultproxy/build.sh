#!/usr/bin/env bash
# Builds the fault proxy (standard library only), once a state of its sources, beside the cluster's programs. Prints the path of the binary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly cache=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}

main() {
  local target staging
  target=$cache/faultproxy-$({ uname -m; cat build.sh go.mod ./*.go; } | sha256sum | cut -c1-16)
  if [ ! -x "$target/faultproxy" ]; then
    command -v go >/dev/null || { echo "error: no go on PATH" >&2; exit 1; }
    mkdir -p "$cache"
    staging=$(mktemp -d "$cache/building-faultproxy.XXXXXX")
    CGO_ENABLED=0 GOFLAGS='-buildvcs=false' go build -trimpath -ldflags '-s -w' -o "$staging/faultproxy" . >&2
    mv -T "$staging" "$target" 2>/dev/null || rm -rf "$staging" # somebody else was quicker
  fi
  printf '%s\n' "$target/faultproxy"
}

main "$@"
