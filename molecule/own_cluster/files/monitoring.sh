# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
# A prometheus-operator and a Prometheus of the cluster's owner. Some definitions are too large for a client's apply.
export KUBECONFIG=/etc/kubernetes/admin.conf
kubectl create -f /opt/bundle/manifests/prometheus-operator-crds.yaml
kubectl wait --for=condition=Established crd --all --timeout=60s
kubectl create -f /opt/own/monitoring.yaml
kubectl -n observability rollout status deployment/operator --timeout=180s
for _ in $(seq 60); do
  kubectl -n observability get statefulset prometheus-main > /dev/null 2>&1 && break
  sleep 1
done
kubectl -n observability rollout status statefulset/prometheus-main --timeout=180s
