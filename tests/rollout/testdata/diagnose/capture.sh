#!/bin/sh
# Asks a cluster with a real node ($KUBECONFIG; kubectl in $PATH; $1 is its registry, which has an image app:1 of busybox) for the documents of this folder
# again: what it holds of each Deployment of workloads.yaml, its replica sets, pods and events, after two minutes. Removes its namespace.
set -eu
cd "$(dirname "$0")"
namespace=diagnose-capture
trap 'kubectl delete namespace $namespace --wait=false >/dev/null' EXIT
version=$(kubectl get node -o jsonpath='{.items[0].status.nodeInfo.kubeletVersion} {.items[0].status.nodeInfo.containerRuntimeVersion}')

kubectl create namespace "$namespace" >/dev/null
sed "s|REGISTRY|$1|" workloads.yaml | kubectl apply -f - >/dev/null
sleep 120
for name in $(kubectl -n "$namespace" get deploy -o jsonpath='{.items[*].metadata.name}'); do
  {
    echo "# kubelet $version"
    kubectl -n "$namespace" get deploy "$name" -o yaml
    kubectl -n "$namespace" get replicasets,pods -l "app=$name" -o yaml
    echo "---"
    kubectl -n "$namespace" get events -o json | python3 -c "
import json, sys
events = [e for e in json.load(sys.stdin)['items'] if e['involvedObject'].get('name', '').split('-')[0] == '$name']
print(json.dumps({'apiVersion': 'v1', 'kind': 'List', 'items': events}, indent=1))"
  } | sed "s|$1|registry.test|g; /last-applied-configuration/,+1d" | awk '/^apiVersion/ && NR > 2 { print "---" } { print }' > "$name.yaml"
done
