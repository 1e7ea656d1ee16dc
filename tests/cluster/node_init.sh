#!/usr/bin/env bash
# The first process of a real test node, in PID and mount namespaces of its own: hides the places of the machine that containerd,
# CNI and kubelet insist on, then runs the two. When it ends, the kernel ends all that runs in the namespaces.
# usage: node_init.sh CLUSTER_FOLDER KUBELET NODE_NAME NODE_ADDRESS
set -euo pipefail

readonly folder=$1 kubelet=$2 name=$3 address=$4 node=$1/node

# containerd and kubelet expect to share their mounts with the containers they start.
mount --make-rshared /

# Places whose paths are fixed in the programs. Empty ones of our own keep the machine's untouched and vanish with us.
for place in /run/containerd /run/netns /var/lib/cni /var/lib/kubelet /var/log/pods /var/log/containers; do
  mkdir -p "$place"
  mount -t tmpfs -o mode=0755 tmpfs "$place"
done

# kubelet sets these for the whole machine unless they have its values already; it shall find them so.
mkdir -p "$node/sysctl"
while read -r path value; do
  [ -e "/proc/sys/$path" ] || continue
  echo "$value" >"$node/sysctl/${path//\//.}"
  mount --bind "$node/sysctl/${path//\//.}" "/proc/sys/$path"
done <<'TXT'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
TXT

# After a crash of the node, what was running is gone; a reboot would have cleared these too.
rm -rf "$node/run" "$node/cni-addresses" "$node/containerd.sock" "$node/containerd.sock.ttrpc"

trap 'exit 0' TERM INT
containerd --config "$node/containerd.toml" </dev/null >>"$folder/log/containerd.log" 2>&1 &
until [ -S "$node/containerd.sock" ]; do sleep 0.05; done
"$kubelet" --config="$node/kubelet.json" --kubeconfig="$folder/kubelet.kubeconfig" --hostname-override="$name" \
  --root-dir="$node/kubelet" --cert-dir="$node/kubelet-pki" --node-ip="$address" --v=1 \
  </dev/null >>"$folder/log/kubelet.log" 2>&1 &
# As a machine would: when one of the two dies, the node goes down and is started again by the supervisor.
wait -n
