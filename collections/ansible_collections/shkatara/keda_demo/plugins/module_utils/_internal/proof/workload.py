# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The workload that a ScaledObject scales: a Deployment, or any kind with the subresource `scale`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..autoscaling.scaledobject import ScaledObjectView
from ..common.errors import BadInput
from ..kube import discovery, owners, selectors, workloads
from ..kube.cluster import Cluster
from ..kube.resources import DEPLOYMENT, REPLICASET, Resource
from ..kube.workloads import Object

_GRACE_SECONDS = 30.0  # Kubernetes' default


@dataclass(frozen=True)
class Workload:
    """A workload, and what does not change of it during a proof; times are in seconds.

    `pod_labels` selects its pods. `other_owners` are the controllers of pods that it selects and that belong to other
    workloads (uid: the workload in words). `in_order` says whether each new pod waits until the one before it has been
    Ready for `min_ready_seconds`.
    """

    resource: Resource
    name: str
    pod_labels: str
    probe_seconds: float = 0.0
    grace_seconds: float = _GRACE_SECONDS
    min_ready_seconds: float = 0.0
    in_order: bool = False
    other_owners: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_deployment(self) -> bool:
        """Whether it has ReplicaSets, which are observed."""
        return self.resource == DEPLOYMENT

    @property
    def counts_leaving(self) -> bool:
        """Whether its `status.replicas` counts pods that are being deleted.

        The ReplicaSet of a Deployment leaves them out, a StatefulSet counts them, and of another kind it is not known.
        Source: Kubernetes 1.25, pkg/controller/replicaset/replica_set.go, FilterActivePods;
        pkg/controller/statefulset/stateful_set_control.go, updateStatefulSet.
        """
        return self.resource.kind not in ("Deployment", "ReplicaSet", "ReplicationController")

    @property
    def start_seconds(self) -> float:
        """How long the workload's own settings delay a new pod, or the pod after it where they start in order."""
        return self.probe_seconds + (self.min_ready_seconds if self.in_order else 0.0)

    def leaving_seconds(self, pods: int) -> float:
        """Return how long so many pods may take to leave, in seconds."""
        return self.grace_seconds * (max(1, pods) if self.in_order else 1)

    @property
    def title(self) -> str:
        """The kind and the name."""
        return f"{self.resource.kind} {self.name}"

    @property
    def reference(self) -> dict[str, str]:
        """What a ScaledObject's scaleTargetRef has, with all defaults."""
        return {"kind": self.resource.kind, "name": self.name, "api_version": self.resource.api_version}


def find_workload(cluster: Cluster, namespace: str, scaledobject: ScaledObjectView) -> Workload:
    """Return the workload that a ScaledObject scales.

    :raises BadInput: it does not exist, or can't be scaled
    :raises ClusterError: see Cluster.list
    """
    reference, subject = scaledobject.scale_target, f"ScaledObject {scaledobject.name}"
    try:
        resource = discovery.find_resource(cluster, reference.api_version, reference.kind)
    except BadInput as error:
        raise BadInput(f"{subject}: {error}") from error
    title = f"{resource.kind} {reference.name}"
    objects, _version = cluster.list(resource.name, namespace, reference.name)
    if not objects:
        others, _version = cluster.list(resource.name, namespace)
        known = ", ".join(sorted(item["metadata"]["name"] for item in others)) or "none"
        raise BadInput(
            f"{subject} scales {title}, which does not exist in {namespace} (scaleTargetRef.name; it has: {known})"
        )
    owner = workloads.controller(objects[0])
    if resource == REPLICASET and owner:
        raise BadInput(
            f"{subject} scales {title}, which belongs to {owner['kind']} {owner['name']}, and that sets its replicas "
            f"back: scale {owner['kind']} {owner['name']} (scaleTargetRef)"
        )
    labels, replicas = _labels_and_replicas(cluster, resource, namespace, objects[0], f"{subject} scales {title}")
    pods, _version = cluster.list("pods", namespace, labels=labels)
    found = _workload(resource, objects[0], labels, pods, owners.other_owners(cluster, resource, objects[0], pods))
    views = map(workloads.pod_view, pods)
    ready = sum(pod.ready and not pod.leaving and pod.controller not in found.other_owners for pod in views)
    if replicas == 0 and ready:
        raise BadInput(
            f"{subject} scales {title}, whose Scale has status.replicas 0, and {ready} of its pods are Ready: its "
            "CustomResourceDefinition needs a statusReplicasPath, and its controller has to write the count there"
        )
    return found


def _labels_and_replicas(
    cluster: Cluster, resource: Resource, namespace: str, obj: Object, subject: str
) -> tuple[str, int | None]:
    """Return the selector of a workload's pods, and their number by its Scale; None for Kubernetes' own kinds."""
    if resource.has_scale_fields:
        selector = obj["spec"].get("selector") or {}
        # A ReplicationController's selector is a map of labels.
        is_map = resource.group == ""
        return selectors.label_selector({"matchLabels": selector} if is_map else selector), None
    scale = discovery.read_scale(cluster, resource, namespace, obj["metadata"]["name"])
    if scale is None:
        raise BadInput(f"{subject}, whose subresource scale the API server does not have")
    status = scale.get("status") or {}
    labels = status.get("selector") or ""
    if not labels:
        raise BadInput(
            f"{subject}, whose Scale has no status.selector, and an HPA needs it: its CustomResourceDefinition needs a "
            "labelSelectorPath, and its controller has to write the selector there"
        )
    return str(labels), status.get("replicas") or 0


def _workload(
    resource: Resource, obj: Object, labels: str, pods: Sequence[Object], other_owners: Mapping[str, str]
) -> Workload:
    spec = obj.get("spec") or {}
    pod_spec: Mapping[str, Any] = ((spec.get("template") or {}).get("spec")) or {}
    if not pod_spec.get("containers"):
        # A kind without a template shows it in its pods.
        own = (pod for pod in pods if (workloads.controller(pod).get("uid") or "") not in other_owners)
        pod_spec = next((pod["spec"] for pod in own), {})
    grace = pod_spec.get("terminationGracePeriodSeconds")
    return Workload(
        resource=resource,
        name=obj["metadata"]["name"],
        pod_labels=labels,
        probe_seconds=workloads.probe_seconds(pod_spec),
        grace_seconds=_GRACE_SECONDS if grace is None else float(grace),
        min_ready_seconds=float(spec.get("minReadySeconds") or 0),
        in_order=workloads.starts_in_order(resource.kind, obj),
        other_owners=other_owners,
    )
