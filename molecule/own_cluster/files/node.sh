# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
# containerd, kubelet and the pods' network, as their projects' pages tell it.
install -m 0755 -t /usr/local/bin /opt/bundle/bin/kube* /opt/bundle/bin/containerd* /opt/bundle/bin/ctr \
  /opt/bundle/bin/runc /opt/bundle/bin/crictl
install -m 0755 -D -t /opt/cni/bin /opt/bundle/bin/cni/*
install -m 0644 -D -t /etc/containerd /opt/own/config.toml
install -m 0644 -D -t /etc/cni/net.d /opt/own/10-bridge.conflist
install -m 0644 -t /etc/systemd/system /opt/own/containerd.service /opt/own/kubelet.service

sysctl -w net.ipv4.ip_forward=1
# A container of the lab may not show it.
sysctl -w net.bridge.bridge-nf-call-iptables=1 || true
# The lab's hosts have no default route, and the API server connects to Services.
ip route show default | grep -q . || ip route replace 10.96.0.0/12 dev eth0

systemctl daemon-reload
systemctl enable --now containerd.service
systemctl enable kubelet.service
for archive in /opt/bundle/images/*.tar; do
  ctr --namespace k8s.io images import "$archive"
done
rm -rf /opt/bundle/images
