#!/bin/sh
# Asks a real API server ($KUBECONFIG; kubectl in $PATH) for the documents of this folder again: what it holds after we applied *.desired.yaml as
# kustomize-controller, and after others changed that. Works in a namespace and with a CRD of its own, and removes both.
set -eu
cd "$(dirname "$0")"
namespace=fingerprint-capture
version=$(kubectl version -o json | sed -n '/serverVersion/,$s/.*"gitVersion": "\(.*\)".*/\1/p')

in_namespace() { sed "s/fp-test/$namespace/g" "$1"; }
apply() { in_namespace "$1" | kubectl apply --server-side --force-conflicts --field-manager="${2:-kustomize-controller}" -f - >/dev/null; }
change() { kubectl -n "$namespace" "$@" >/dev/null; }
patch() { change patch "$1" --type="$2" -p "$3"; }
keep() {  # object file what-happened
  { echo "# kube-apiserver $version: $3"; kubectl -n "$namespace" get "$1" --show-managed-fields -o yaml | sed "s/$namespace/fp-test/g"; } > "$2"
}
cleanup() {
  kubectl -n "$namespace" patch configmap/web --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null 2>&1 || true
  kubectl delete namespace "$namespace" --wait=false >/dev/null 2>&1 || true
  kubectl delete crd widgets.sluice.test --wait=false >/dev/null 2>&1 || true
}
trap cleanup EXIT

kubectl apply -f widget.crd.yaml >/dev/null
kubectl wait --for=condition=Established crd/widgets.sluice.test >/dev/null
kubectl create namespace "$namespace" >/dev/null
apply deployment.desired.yaml
apply objects.desired.yaml
apply widget.desired.yaml
sleep 2   # the controllers write status

keep deploy/web deployment.applied.yaml "applied"
change scale deploy/web --replicas=2
keep deploy/web deployment.scaled.yaml "then scaled"
apply deployment.desired.yaml
change set image deploy/web web=shop/web:2
keep deploy/web deployment.image.yaml "then its image set"
apply deployment.desired.yaml
change label deploy/web app-
keep deploy/web deployment.unlabelled.yaml "then a label of ours removed"
apply deployment.desired.yaml
change annotate deploy/web by=hand
change set env deploy/web EXTRA=1
change label deploy/web team=shop
keep deploy/web deployment.extended.yaml "then extended by others: annotation, label, variable"
patch deploy/web json '[{"op":"add","path":"/spec/template/spec/volumes/0/emptyDir/medium","value":"Memory"}]'
keep deploy/web deployment.memory.yaml "then medium set inside of our empty emptyDir"
patch deploy/web json '[{"op":"remove","path":"/spec/template/spec/volumes/0/emptyDir"},{"op":"add","path":"/spec/template/spec/volumes/0/hostPath","value":{"path":"/tmp"}}]'
keep deploy/web deployment.hostpath.yaml "then our emptyDir replaced"
patch deploy/web json '[{"op":"remove","path":"/spec/template/spec/volumes/0/hostPath"}]'   # which an apply would not take away
apply deployment.desired.yaml
patch deploy/web json '[{"op":"replace","path":"/spec/template/spec/containers/0/args/1","value":"--level=debug"}]'
keep deploy/web deployment.args.yaml "then one item of an atomic list changed"
apply deployment.desired.yaml
patch deploy/web json '[{"op":"remove","path":"/spec/template/spec/containers/0/ports/1"}]'
keep deploy/web deployment.port.yaml "then a port of ours removed"
apply deployment.desired.yaml
patch deploy/web merge '{"spec":{"template":{"spec":{"hostNetwork":true}}}}'
keep deploy/web deployment.hostnetwork.yaml "then hostNetwork, which we had set to false, switched on"
apply deployment.desired.yaml
kubectl apply --server-side --field-manager=other -f - >/dev/null <<EOF
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "$namespace", "labels": {"app": "web"}}, "spec": {"replicas": 0}}
EOF
keep deploy/web deployment.shared.yaml "then some fields of ours applied with the same values by another manager"
apply deployment.desired.yaml other
keep deploy/web deployment.taken.yaml "then all of it applied by another manager"

keep svc/web service.applied.yaml "applied"
keep cm/web configmap.applied.yaml "applied"
keep netpol/web networkpolicy.applied.yaml "applied"
keep rolebinding/web rolebinding.applied.yaml "applied"
keep sts/db statefulset.applied.yaml "applied"
keep hpa/web horizontalpodautoscaler.applied.yaml "applied"
keep secret/web secret.applied.yaml "applied"
keep widget/web widget.applied.yaml "applied"

patch svc/web json '[{"op":"add","path":"/spec/ports/0","value":{"name":"extra","port":81}}]'
keep svc/web service.extended.yaml "then a port added in front"
patch cm/web merge '{"metadata":{"finalizers":["sluice.test/other","sluice.test/keep"]},"data":{"more":"x"}}'
keep cm/web configmap.extended.yaml "then extended: a finalizer in front, a key"
patch cm/web merge '{"metadata":{"finalizers":["sluice.test/other"]}}'
keep cm/web configmap.finalizer.yaml "then our finalizer removed"
apply objects.desired.yaml
patch cm/web merge '{"data":{"empty":"now not"}}'
keep cm/web configmap.empty.yaml "then an empty value of ours filled"
patch widget/web merge '{"spec":{"values":{"other":1}}}'
keep widget/web widget.extended.yaml "then extended"
patch widget/web merge '{"spec":{"title":null}}'
keep widget/web widget.title.yaml "then an empty title of ours removed"
apply widget.desired.yaml
patch widget/web merge '{"spec":{"enabled":true}}'
keep widget/web widget.enabled.yaml "then enabled"
