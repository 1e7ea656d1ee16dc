#!/usr/bin/env bash
# Builds the programs of a test cluster (etcd, the Kubernetes control plane, kubelet, kubectl, kwok, kustomize) from the pinned
# modules beside this file, once. Prints the folder that holds them as the last line of standard output; progress goes to
# standard error. The folder lies outside the tree and is named by a hash over everything that decides its contents, so a
# changed pin builds anew and an old checkout finds its own. It appears whole (built beside, then renamed) or not at all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly kubernetes_version=v1.34.4 kwok_version=v0.7.0 kustomize_version=v5.8.2
readonly cache=${SLUICE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice}

say() { printf '%s\n' "$*" >&2; }

inputs_hash() {
  { uname -m; cat build.sh ./*/go.mod ./*/go.sum ./*/tools.go kubernetes/etcd/main.go; } | sha256sum | cut -c1-16
}

# Counts the packages that `go build -v` names (a line without a blank) and says every 15 s how far it is; passes on the rest,
# which are downloads and errors.
progress() {
  local what=$1 started=$SECONDS last=$SECONDS packages=0 line
  while IFS= read -r line; do
    case $line in
      *' '*) say "  $line" ;;
      *) packages=$((packages + 1)) ;;
    esac
    if ((SECONDS - last >= 15)); then
      last=$SECONDS
      say "  $what: $packages packages compiled, $((SECONDS - started)) s"
    fi
  done
}

# build MODULE LDFLAGS PACKAGE...: the programs of one module into $staging.
build() {
  local module=$1 ldflags=$2
  shift 2
  say "building $module: $(printf '%s ' "${@##*/}")"
  (cd "$module" && CGO_ENABLED=0 GOFLAGS='-buildvcs=false -mod=readonly' go build -v -trimpath \
    -ldflags "-s -w $ldflags" -o "$staging/" "$@") 2> >(progress "$module")
}

build_all() {
  local component=k8s.io/component-base/version client=k8s.io/client-go/pkg/version minor=${kubernetes_version#v1.}
  local stamp="" package
  for package in $component $client; do
    stamp+=" -X $package.gitVersion=$kubernetes_version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
    stamp+=" -X $package.gitTreeState=clean"
  done
  local kube=k8s.io/kubernetes/cmd
  build kubernetes "$stamp" ./etcd "$kube/kube-apiserver" "$kube/kube-controller-manager" "$kube/kube-scheduler" \
    "$kube/kubectl" "$kube/kubelet"
  build kwok "-X sigs.k8s.io/kwok/pkg/consts.Version=$kwok_version" sigs.k8s.io/kwok/cmd/kwok
  build kustomize "-X sigs.k8s.io/kustomize/api/provenance.version=$kustomize_version" sigs.k8s.io/kustomize/kustomize/v5
}

main() {
  local target staging
  target=$cache/tools-$(inputs_hash)
  if [ ! -d "$target" ]; then
    command -v go >/dev/null || { say "error: no go on PATH; the test cluster is built with Go 1.26 or newer (https://go.dev/dl)"; exit 1; }
    mkdir -p "$cache"
    exec 9>"$cache/tools.lock"
    flock --nonblock 9 || { say "another build of the cluster tools is under way, waiting for it"; flock 9; }
  fi
  if [ ! -d "$target" ]; then
    say "building the programs of the test cluster into $target (once; about 8 minutes on two cores)"
    rm -rf "$cache"/building.*  # of a build that was killed: we hold the lock
    staging=$cache/building.$$/bin
    mkdir -p "$staging"
    build_all
    mv -T "$cache/building.$$" "$target"
    say "built in $SECONDS s"
  fi
  printf '%s\n' "$target/bin"
}

main "$@"
