#!/usr/bin/env bash
# The floor: the time of the same steps without Ansible, with the same bare image, files (sent by scp) and objects. No
# step waits for a step that it does not need. Prints `<seconds> <phase>` at the end of each phase.
#
# Usage: floor.sh LAB NETWORK IMAGE BUNDLE FILES
#   FILES: control1.tar and worker1.tar (their /etc), crds.json, keda.json and rest.json, as the collection makes them;
#          the kubeconfig is written there
set -euo pipefail
lab=$1 network=$2 image=$3 bundle=$4 files=$5
begun=$EPOCHREALTIME
phase() { awk -v a="$begun" -v b="$EPOCHREALTIME" -v p="$1" 'BEGIN {printf "%.1f %s\n", b - a, p}'; }

work=$(mktemp -d)
control=$network.11 worker=$network.21
options=(-i "$work/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=1
  -o Ciphers=aes128-gcm@openssh.com -o ControlMaster=auto -o ControlPath="$work/%h" -o ControlPersist=600s)
on() { local host=$1; shift; ssh "${options[@]}" "root@$host" "$@"; }
send() { local host=$1; shift; scp -q "${options[@]}" "$@" "root@$host:/root/"; }

ssh-keygen -q -t ed25519 -N '' -f "$work/key"
ssh-keygen -q -t ed25519 -N '' -f "$work/host"
chmod 0644 "$work/key.pub"
podman network create --internal --disable-dns --subnet "$network.0/24" "$lab" > "$work/network"
start() {
  podman --runtime=runc run --detach --name="$lab-$1" --hostname="$1" --label=keda_demo_lab="$lab" \
    --label=keda_demo_host="$1" --network="$lab" --ip="$2" --no-hosts --systemd=false --stop-signal=SIGRTMIN+3 \
    --env=container=podman --privileged --cgroupns=private --ulimit=nofile=20000:20000 --ulimit=nproc=30000:30000 \
    --tmpfs=/run --tmpfs=/run/lock --tmpfs=/tmp --volume="$lab-$1:/var/lib/containerd" \
    --volume="$work/host:/etc/ssh/lab/host_key:ro" --volume="$work/key.pub:/etc/ssh/lab/authorized_keys:ro" \
    "$image" /sbin/init > "$work/$1.id"
}
start control1 "$control"
start worker1 "$worker" &
bridge=$(podman network inspect "$lab" --format '{{.NetworkInterface}}')
ip address add "$network.1/24" dev "$bridge" 2> "$work/address" || true  # netavark has done it already
wait
for host in "$control" "$worker"; do until on "$host" true 2> "$work/ssh"; do :; done; done
phase "hosts up"

prepare() {
  local host=$1 name=$2; shift 2
  send "$host" "$files/$name.tar" "$bundle"/bin/{containerd,containerd-shim-runc-v2,ctr,runc,kubeadm,kubelet,kubectl,crictl} \
    "$bundle"/bin/cni/* "$@"
  # shellcheck disable=SC2016
  on "$host" 'set -e
    mkdir -p /opt/cni/bin; tar -C / -xf ./*1.tar; rm ./*1.tar
    mv bridge host-local loopback portmap /opt/cni/bin/; mv runc /usr/local/sbin/
    mv containerd containerd-shim-runc-v2 ctr kubeadm kubelet kubectl crictl /usr/local/bin/
    sysctl -q -e --load=/etc/sysctl.d/99-zz-keda-demo.conf
    systemctl daemon-reload
    systemctl enable -q --now containerd keda-demo-service-route keda-demo-pod-routes kubelet
    for archive in *.tar; do ctr -n k8s.io images import "$archive" > /dev/null; rm "$archive"; done'
}
apply() { "$bundle/bin/kubectl" --kubeconfig "$work/kubeconfig" apply --server-side --force-conflicts -f "$1" > "$work/apply"; }
prepare "$worker" worker1 "$bundle"/images/{node,workloads}.tar & preparing=$!
prepare "$control" control1 "$bundle"/images/{control_plane,node}.tar
phase "control plane prepared"
on "$control" kubeadm init --config /etc/kubernetes/kubeadm-config.yaml --skip-token-print > "$work/init"
on "$control" cat /etc/kubernetes/admin.conf > "$work/kubeconfig"
phase "kubeadm init"
{ apply "$files/crds.json"; apply "$files/keda.json"; apply "$files/rest.json"; } & applying=$!
join=$(on "$control" kubeadm token create --print-join-command)
wait "$preparing"
on "$worker" "$join --ignore-preflight-errors=all" > "$work/join" 2>&1
wait "$applying"
phase "applied and joined"
cp "$work/kubeconfig" "$files/kubeconfig"
for host in "$control" "$worker"; do ssh "${options[@]}" -O exit "$host" 2> "$work/exit"; done
rm -rf "$work"
