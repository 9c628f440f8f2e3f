# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The newest view of the workload, made of its object, its Scale and its pods.

Kubernetes' own kinds show all in the object. Of any other kind the Scale has the replicas, and the pods are counted if
the object has no `status.readyReplicas`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from ...kube import workloads
from ...kube.resources import DEPLOYMENT, Resource
from ...kube.scale_watcher import SCALES
from ...kube.watcher import ObjectEvent
from ...kube.workloads import Object, PodView, WorkloadView

PODS = "pods"


@dataclass(frozen=True)
class Rollout:
    """A workload's pods got another template: its old and its new revision, `seconds` after the first request."""

    seconds: float
    before: str
    after: str


@dataclass
class WorkloadState:
    """The workload, of the kind `resource`; `view` is None while it does not exist.

    `other_owners` are the controllers of pods that its selector selects and that belong to other workloads (uid: the
    workload in words). `revisions` are (monotonic seconds, revision) at each change.
    """

    resource: Resource = DEPLOYMENT
    other_owners: Mapping[str, str] = field(default_factory=dict)
    view: WorkloadView | None = None
    revisions: list[tuple[float, str]] = field(default_factory=list)
    _object: Object | None = None
    _scale: Object | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The kinds of objects without which its replicas are not known."""
        return (self.resource.name,) if self.resource.has_scale_fields else (self.resource.name, SCALES)

    @property
    def watches(self) -> tuple[str, ...]:
        """The kinds of objects whose broken watch hides its replicas."""
        return (self.resource.name,) if self.resource.has_scale_fields else (self.resource.name, PODS)

    def owns(self, pod: PodView) -> bool:
        """Whether a pod that the selector selects belongs to the workload; assumed where it is not known."""
        return pod.controller not in self.other_owners

    def others_of(self, pods: Iterable[PodView]) -> dict[str, str]:
        """Return the pods of other workloads that its selector selects, too, with that workload in words."""
        return {pod.name: self.other_owners[pod.controller] for pod in pods if not self.owns(pod)}

    def may_own(self, pod_name: str, replicasets: Iterable[str]) -> bool:
        """Whether a pod's name is one that the workload gives, for a pod that was not seen yet."""
        if self.resource == DEPLOYMENT:
            return pod_name.rpartition("-")[0] in replicasets
        return self.view is not None and pod_name.startswith(f"{self.view.name}-")

    def apply(self, event: ObjectEvent) -> None:
        """Take in the object or its Scale."""
        gone = event.event == "DELETED"
        if event.kind == SCALES:
            self._scale = event.object
        else:
            self._object = None if gone else event.object
            self._scale = None if gone else self._scale

    def update(self, at: float, pods: Iterable[PodView]) -> list[tuple[str, object]]:
        """Make the view of what is known at `at`; return the fields that changed, `exists` for an object that is gone.

        :param pods: the pods of its selector
        """
        before, self.view = self.view, self._view(pods)
        if self.view is None:
            return [] if before is None else [("exists", False)]
        if self.view.revision and (not self.revisions or self.revisions[-1][1] != self.view.revision):
            self.revisions.append((at, self.view.revision))
        old = asdict(before) if before is not None else {}
        return [(name, value) for name, value in asdict(self.view).items() if before is None or old[name] != value]

    def _view(self, pods: Iterable[PodView]) -> WorkloadView | None:
        if self._object is None:
            return None
        if self.resource.has_scale_fields:
            return workloads.workload_view(self._object)
        if self._scale is None:
            return None
        ready = sum(pod.ready and not pod.leaving and self.owns(pod) for pod in pods)
        return workloads.scaled_view(self._object, self._scale, ready)

    def rollout_since(self, begin: float) -> Rollout | None:
        """Return the first rollout that began after `begin`, on the clock of the observations."""
        for (_at, before), (at, after) in zip(self.revisions, self.revisions[1:], strict=False):
            if at > begin:
                return Rollout(at - begin, before, after)
        return None
