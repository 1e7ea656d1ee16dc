#!/usr/bin/env bash
# Builds the real helm CLIs, 3 and 4, once, each from its pinned Go module, and prints the folder that holds them (as `helm3` and `helm4`) as the last
# line of standard output. They are the oracles of our own engine and of our release records. `helm.sh 3` or `helm.sh 4` builds only that one.
set -euo pipefail

readonly version3=v3.22.0 sum3=h1:n1if5iQgHYsujPAcO5oonH/KiSNUmqmUF0iGVjSF3AU=
readonly kubernetes_minor=37  # of the client-go that both are built with
readonly version4=v4.3.1 sum4=h1:UndCoLe9UPmNoL7IvWzaUXveL7T5t/ijoorEmgJdI9g=
readonly cache=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}
machine=$(uname -m)
readonly target=$cache/helm-$version3-$version4-$machine

say() { printf '%s\n' "$*" >&2; }

# build MAJOR VERSION SUM
build() {
  local major=$1 version=$2 sum=$3 module=helm.sh/helm/v$1 found directory stamp package
  found=$(cd / && GOFLAGS=-mod=mod go mod download -json "$module@$version")
  grep -qF "\"Sum\": \"$sum\"" <<<"$found" || { say "error: the module $module $version is not the one that was pinned ($sum)"; return 1; }
  directory=$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$found")
  stamp="-s -w -X $module/internal/version.version=$version"
  for package in chartutil lint/rules; do  # helm 3 takes its Kubernetes version from the link; helm 4 finds it out
    stamp+=" -X $module/pkg/$package.k8sVersionMajor=1 -X $module/pkg/$package.k8sVersionMinor=$kubernetes_minor"
  done
  say "building helm $version into $target (once; about 3 minutes on two cores)"
  (cd "$directory" && CGO_ENABLED=0 GOFLAGS='-buildvcs=false -mod=readonly' go build -trimpath -ldflags "$stamp" \
    -o "$target/building.$major" ./cmd/helm) >&2
  mv "$target/building.$major" "$target/helm$major"
}

main() {
  local major lacking=()
  [ $# -gt 0 ] || set -- 3 4
  for major in "$@"; do
    [[ $major =~ ^[34]$ ]] || { say "error: there is helm 3 and helm 4, not '$major'"; exit 2; }
    [ -x "$target/helm$major" ] || lacking+=("$major")
  done
  if [ ${#lacking[@]} -gt 0 ]; then
    command -v go >/dev/null || { say "error: no go on PATH: helm is built with Go 1.26 or newer"; exit 1; }
    mkdir -p "$target"
    exec 9>"$cache/helm.lock"
    flock 9
    for major in "${lacking[@]}"; do
      [ -x "$target/helm$major" ] && continue
      if [ "$major" = 3 ]; then build 3 $version3 $sum3; else build 4 $version4 $sum4; fi
    done
  fi
  printf '%s\n' "$target"
}

main "$@"
