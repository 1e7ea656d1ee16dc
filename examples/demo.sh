#!/usr/bin/env bash
# The five-minute tour: a fleet in Git, a cluster, and Sluice between them. `./dev demo` builds the binary and calls this.
#
# Uses the cluster of $KUBECONFIG if that is set, else starts one of its own: with a real node where it may (root), else with a simulated
# one. Every step waits until it has really happened and fails if it does not. Ends by itself without a terminal or with --yes; on a
# terminal it stays until Ctrl-C, so that one can look around. Cleans up what it started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

yes=0
for flag in "$@"; do
  case $flag in
    --yes) yes=1 ;;
    *) echo "usage: ./dev demo [--yes]" >&2; exit 2 ;;
  esac
done
[ -t 0 ] && [ -t 1 ] || yes=1

sluice=${SLUICE:?call this through ./dev demo}
work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-demo-XXXXXX")
own_cluster='' controller='' git_server='' node=0 kubeconfig=${KUBECONFIG:-}

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' off=$'\e[0m'; else bold='' dim='' green='' red='' off=''; fi
step() { printf '\n%s%s%s\n' "$bold" "$*" "$off"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$off"; }
good() { printf '%s✔%s %s\n' "$green" "$off" "$*"; }
fail() {
  printf '%s✗ %s%s\n' "$red" "$*" "$off" >&2
  [ -f "$work/controller.log" ] && { echo "the controller's last words:" >&2; tail -n 15 "$work/controller.log" >&2; }
  exit 1
}

cleanup() {
  local code=$?
  trap - EXIT INT TERM
  [ -z "$controller" ] || { kill "$controller" 2>/dev/null; wait "$controller" 2>/dev/null || true; }
  [ -z "$git_server" ] || kill "$git_server" 2>/dev/null || true
  [ -z "$own_cluster" ] || ./dev cluster down --name "$own_cluster" >/dev/null 2>&1 || true
  rm -rf "$work"
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f s", b - a }'; }

# until_true SECONDS COMMAND...: waits for a command to succeed.
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.1
  done
}

kube() { "$kubectl" --kubeconfig "$kubeconfig" "$@"; }
field() { kube get "$1" "$2" -n "$3" -o "jsonpath=$4"; }
is_ready_at() { [ "$(field kustomization "$1" flux '{.status.lastAppliedRevision}/{.status.conditions[?(@.type=="Ready")].status}')" = "main@sha1:$2/True" ]; }
message_of() { field kustomization "$1" flux '{.status.conditions[?(@.type=="Ready")].message}'; }
web_runs() { [ "$(field deployment web shop '{.spec.template.spec.containers[0].image}/{.status.updatedReplicas}/{.status.availableReplicas}')" = "$1/2/2" ]; }
release_is() { [ "$(field helmrelease notice shop '{.status.history[0].version}/{.status.history[0].status}/{.status.conditions[?(@.type=="Ready")].status}')" = "$1" ]; }
says_of_release() { field helmrelease notice shop "{.status.conditions[?(@.type==\"$1\")].message}"; }
names_cause() { message_of apps | grep -qE 'ErrImagePull|ImagePullBackOff'; }
quote() { tr '\n' ' ' <<<"$1" | fold -s -w 120 | sed 's/^/    /'; echo; }
revisions() { "$sluice" history notice -n shop --kubeconfig "$kubeconfig" | grep -E '^(REVISION|[0-9])' | cut -c 1-120 | sed 's/^/    /; s/ *$//'; }
show() { "$sluice" get all -n flux --kubeconfig "$kubeconfig" | cut -c 1-150; }

push() { # push MESSAGE: commits what is in the work tree and tells its id
  git -C "$work/fleet" commit -qam "$1"
  git -C "$work/fleet" push -q origin main
  git -C "$work/fleet" rev-parse HEAD
}

step "1. A cluster"
if [ -n "$kubeconfig" ]; then
  kubectl=$(command -v kubectl) || fail "KUBECONFIG is set, but there is no kubectl"
  note "yours: $kubeconfig"
  registry=${DEMO_REGISTRY:-docker.io/library}
else
  own_cluster=demo-$$
  if [ "$(id -u)" = 0 ] && ./dev cluster up --name "$own_cluster" --node --json >"$work/cluster.json" 2>"$work/cluster.log"; then
    node=1
  else
    [ "$(id -u)" != 0 ] || note "no real node here: $(tail -n 1 "$work/cluster.log")"
    ./dev cluster up --name "$own_cluster" --json >"$work/cluster.json" 2>"$work/cluster.log" || { cat "$work/cluster.log" >&2; fail "the cluster did not start"; }
  fi
  value() { python3 -c "import json,sys; print(json.load(open('$work/cluster.json')).get('$1') or '')"; }
  kubeconfig=$(value kubeconfig) kubectl=$(value bin)/kubectl
  registry=docker.io/library
  if [ $node = 1 ]; then good "a control plane and a real node (kubelet, containerd)"; else good "a control plane and a simulated node"; fi
fi

step "2. A fleet in Git"
mkdir -p "$work/git"
python3 tests/fixtures/git_server.py init-repo "$work/git/fleet.git" examples/fleet >/dev/null
python3 tests/fixtures/git_server.py serve --root "$work/git" --owner-pid $$ >"$work/git.json" 2>"$work/git.log" &
git_server=$!
until_true 15 test -s "$work/git.json" || { cat "$work/git.log" >&2; fail "the Git server did not start"; }
url=$(python3 -c "import json; print(json.load(open('$work/git.json'))['http'])")/fleet.git
git clone -q "$url" "$work/fleet"
git -C "$work/fleet" config user.name Demo
git -C "$work/fleet" config user.email demo@example.com
good "examples/fleet is served at $url"

step "3. Sluice"
kube apply -k crds >/dev/null
until_true 30 kube get kustomizations,gitrepositories -A || fail "the CRDs are not served"
kube create namespace flux --dry-run=client -o yaml | kube apply -f - >/dev/null
kube create configmap cluster-settings -n flux --from-literal=registry="$registry" --from-literal=cluster_name=demo --dry-run=client -o yaml | kube apply -f - >/dev/null
"$sluice" controller --kubeconfig "$kubeconfig" --storage-path "$work/storage" --storage-addr 127.0.0.1:0 --metrics-addr 0 --health-addr 0 2>"$work/controller.log" &
controller=$!
started=$(now)
kube apply -f - >/dev/null <<YAML
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet, namespace: flux}
spec: {interval: 1s, url: "$url", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: fleet, namespace: flux}
spec: {interval: 10m, path: ./clusters/demo, prune: true, sourceRef: {kind: GitRepository, name: fleet}}
YAML
head=$(git -C "$work/fleet" rev-parse HEAD)
for name in fleet infrastructure apps releases; do until_true 120 is_ready_at $name "$head" || { show; fail "$name did not become ready"; }; done
until_true 120 release_is 1/deployed/True || { show; fail "the HelmRelease did not become ready"; }
good "the whole fleet is ready $(since "$started") after it was asked for"
show

step "4. A commit changes an image"
sed -i 's/newTag: "1"/newTag: "2"/' "$work/fleet/apps/demo/kustomization.yaml"
pushed=$(now)
head=$(push "web: version 2")
until_true 120 is_ready_at apps "$head" || { show; fail "version 2 did not become ready"; }
until_true 10 web_runs "$registry/app:2" || fail "the Deployment does not run version 2"
good "from push to Ready: $(since "$pushed") (the repository is polled every second; the pods take the rest)"
kube get deployment web -n shop -o wide | cut -c 1-110

step "5. Somebody deletes the Service by hand"
uid=$(field service web shop '{.metadata.uid}')
came_back() { [ "$(field service web shop '{.metadata.uid}')" != "$uid" ]; }
kube delete service web -n shop >/dev/null
deleted=$(now)
until_true 30 came_back || fail "the Service did not come back"
good "it is back after $(since "$deleted")"

step "6. A commit changes a value of a HelmRelease"
sed -i 's/We open at nine/We open at ten/' "$work/fleet/releases/demo/notice.yaml"
pushed=$(now)
push "notice: ten" >/dev/null
until_true 120 release_is 2/deployed/True || { show; fail "the upgrade did not become ready"; }
good "from push to Ready: $(since "$pushed"); helm reads the same records:"
revisions

if [ $node = 1 ]; then
  step "7. A commit with an image that does not exist"
  sed -i 's/newTag: "2"/newTag: "3-typo"/' "$work/fleet/apps/demo/kustomization.yaml"
  pushed=$(now)
  push "web: version 3" >/dev/null
  until_true 120 names_cause || { message_of apps; fail "the cause was not named"; }
  good "named after $(since "$pushed"):"
  quote "$(message_of apps)"
  step "8. The commit that mends it does not wait for the broken one"
  sed -i 's/newTag: "3-typo"/newTag: "2"/' "$work/fleet/apps/demo/kustomization.yaml"
  pushed=$(now)
  head=$(push "web: back to version 2")
  until_true 120 is_ready_at apps "$head" || { show; fail "the mended version did not become ready"; }
  good "ready again $(since "$pushed") after the push"
  step "9. An upgrade of the HelmRelease that cannot work: it has 20 s, then the release is rolled back"
  sed -i 's/tag: "1"/tag: "3-typo"/' "$work/fleet/releases/demo/notice.yaml"
  push "notice: version 3" >/dev/null
  until_true 120 release_is 4/deployed/False || { show; fail "the release was not rolled back"; }
  good "the cause, and what was done about it:"
  quote "$(says_of_release Released)"
  quote "$(says_of_release Remediated)"
  sed -i 's/tag: "3-typo"/tag: "2"/' "$work/fleet/releases/demo/notice.yaml"
  push "notice: version 2" >/dev/null
  until_true 120 release_is 5/deployed/True || { show; fail "the mended release did not become ready"; }
  good "the next commit mends it:"
  revisions
else
  note "(Broken images need a real node, that is: root. Steps 7 to 9 are left out.)"
fi

step "How to go on"
cat <<TXT
    export KUBECONFIG=$kubeconfig
    $sluice get all -n flux
    $sluice diff apps -n flux --path $work/fleet/apps/demo
    cd $work/fleet     # change something, commit, push, and watch
    tail -f $work/controller.log
TXT
if [ $yes = 0 ]; then
  note "Ctrl-C ends it and cleans up."
  wait "$controller"
fi
