# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
# A cluster of one node. Its argument is the address of the machine.
sed "s/ADDRESS/$1/" /opt/own/kubeadm.yaml > /etc/kubeadm.yaml
kubeadm init --config /etc/kubeadm.yaml
export KUBECONFIG=/etc/kubernetes/admin.conf
kubectl wait --for=condition=Ready node --all --timeout=120s
