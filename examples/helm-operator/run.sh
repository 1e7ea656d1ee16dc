#!/usr/bin/env bash
# The two HelmReleases of this folder on a cluster of its own: a chart from a Git server and one from a chart repository, both started here. Installs, follows a
# commit, deletes. Every step waits until it has really happened and fails if it does not. Needs ./dev build; cleans up what it started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sluice=${SLUICE:-$PWD/build/dev/cli/sluice}
example=$PWD/examples/helm-operator
work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-operator-XXXXXX")
cluster=helm-operator-$$ controller='' servers=()

say() { printf '✔ %s\n' "$*"; }
fail() {
  printf '✗ %s\n' "$*" >&2
  [ ! -f "$work/controller.log" ] || tail -n 15 "$work/controller.log" >&2
  exit 1
}
cleanup() {
  local code=$?
  trap - EXIT INT TERM
  [ -z "$controller" ] || { kill "$controller" 2>/dev/null; wait "$controller" 2>/dev/null || true; }
  for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
  ./dev cluster down --name "$cluster" >/dev/null 2>&1 || true
  rm -rf "$work"
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# until_true SECONDS COMMAND...: waits for a command to succeed.
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.1
  done
}
json() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }
kube() { "$kubectl" --kubeconfig "$kubeconfig" "$@"; }
releases() { kube get helmreleases.helm.fluxcd.io -n shop "$@"; }
succeeded() { [ "$(releases "$1" -o 'jsonpath={.status.phase}/{.status.revision}')" = "Succeeded/$2" ]; }
says() { [ "$(kube get configmap "$1" -n shop -o 'jsonpath={.data.text}')" = "$2" ]; }
gone() { ! kube get configmap "$1" -n shop >/dev/null 2>&1; }

[ -x "$sluice" ] || fail "no $sluice: run ./dev build first"
./dev cluster up --name "$cluster" --json >"$work/cluster.json" 2>"$work/cluster.log" || { cat "$work/cluster.log" >&2; fail "the cluster did not start"; }
kubeconfig=$(json "$work/cluster.json" kubeconfig) kubectl=$(json "$work/cluster.json" bin)/kubectl
say "a cluster"

mkdir -p "$work/git" "$work/charts" "$work/tree"
cp -r "$example/chart" "$work/tree/chart"
head=$(python3 tests/fixtures/git_server.py init-repo "$work/git/fleet.git" "$work/tree")
python3 tests/fixtures/git_server.py serve --root "$work/git" --owner-pid $$ >"$work/git.json" 2>"$work/git.log" &
servers+=($!)
helms=$(tests/cluster/tools/helm.sh | tail -n 1)
"$helms/helm3" package "$example/chart" --destination "$work/charts" >/dev/null
"$helms/helm3" repo index "$work/charts"
python3 -u -c 'import functools, http.server, sys
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1]))
print(server.server_port)
server.serve_forever()' "$work/charts" >"$work/port" 2>/dev/null &
servers+=($!)
until_true 15 test -s "$work/git.json" || fail "the Git server did not start"
until_true 15 test -s "$work/port" || fail "the chart server did not start"
say "a Git server and a chart repository"

kube apply -k crds >/dev/null
kube apply -k crds/helm-operator >/dev/null
until_true 30 releases || fail "the CRD is not served"
kube create namespace shop >/dev/null
"$sluice" controller --kubeconfig "$kubeconfig" --storage-path "$work/storage" --storage-addr 127.0.0.1:0 --metrics-addr 0 --health-addr 0 \
  --charts-sync-interval 2s --git-poll-interval 1s 2>"$work/controller.log" &
controller=$!
sed "s|https://git.example.com|$(json "$work/git.json" http)|" "$example/git.yaml" | kube apply -f - >/dev/null
sed "s|https://charts.example.com|http://127.0.0.1:$(cat "$work/port")|" "$example/repository.yaml" | kube apply -f - >/dev/null
until_true 60 succeeded from-git "$head" || { releases; fail "the release from Git did not succeed"; }
until_true 60 succeeded from-repository 1.0.0 || { releases; fail "the release from the repository did not succeed"; }
says from-git "good day" || fail "the values of the chart's file did not arrive"
says shop-from-repository welcome || fail "the values of the spec did not arrive"
say "both are installed:"
releases

sed -i 's/good day/good evening/' "$work/tree/chart/values-prod.yaml"
head=$(python3 tests/fixtures/git_server.py commit "$work/git/fleet.git" "$work/tree")
until_true 60 succeeded from-git "$head" || { releases; fail "the commit did not arrive"; }
says from-git "good evening" || fail "the commit's value did not arrive"
say "a commit is an upgrade:"
"$sluice" history from-git -n shop --kubeconfig "$kubeconfig"

kube delete -n shop helmreleases.helm.fluxcd.io --all >/dev/null
for name in from-git shop-from-repository; do gone "$name" || fail "$name is still there"; done
say "deleted, and nothing is left"
