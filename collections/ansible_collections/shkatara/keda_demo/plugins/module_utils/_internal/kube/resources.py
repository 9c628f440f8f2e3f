# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The kinds of workloads that can be scaled, by their place in the API.

A kind can be scaled by an HPA if the API has a subresource `scale` for it. It gives and takes the replicas in one form
for all kinds. For Kubernetes' own kinds the subresource is read from fields of the object itself, so that a watch of
the objects has all of it. For any other kind the fields are named in its CustomResourceDefinition, which few users may
read, so that the subresource is read itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Resource:
    """A kind in a namespace that has the subresource `scale`; `group` is empty for the core group.

    `has_scale_fields` says whether `spec.replicas`, `status.replicas`, `status.readyReplicas` and `spec.selector` of
    the object are the replicas and the selector.
    """

    kind: str
    group: str
    version: str
    plural: str
    has_scale_fields: bool = False

    @property
    def api_version(self) -> str:
        """The group and the version, such as `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def name(self) -> str:
        """The plural name by which observations, the timeline and errors call the kind; unique among all kinds."""
        return self.plural if self.has_scale_fields else f"{self.plural}.{self.group}"

    @property
    def scale_name(self) -> str:
        """The name of the subresource."""
        return f"{self.plural}/scale.{self.group}"


DEPLOYMENT = Resource("Deployment", "apps", "v1", "deployments", has_scale_fields=True)
STATEFULSET = Resource("StatefulSet", "apps", "v1", "statefulsets", has_scale_fields=True)
REPLICASET = Resource("ReplicaSet", "apps", "v1", "replicasets", has_scale_fields=True)
REPLICATION_CONTROLLER = Resource("ReplicationController", "", "v1", "replicationcontrollers", has_scale_fields=True)
OWN_KINDS = (DEPLOYMENT, STATEFULSET, REPLICASET, REPLICATION_CONTROLLER)
