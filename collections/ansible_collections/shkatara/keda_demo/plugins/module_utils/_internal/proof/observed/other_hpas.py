# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The other HPAs of the namespace, since two HPAs of one workload undo each other's decisions.

Pure: no cluster, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...autoscaling import hpa_object
from ...autoscaling.hpa_object import HpaTarget
from ...autoscaling.scaledobject import ScaledObjectView
from ...kube.watcher import ObjectEvent


@dataclass
class OtherHpas:
    """What each HPA but the proof's scales; `own` is the proof's HPA, and empty takes every HPA for it."""

    own: str = ""
    targets: dict[str, HpaTarget] = field(default_factory=dict)

    def has(self, event: ObjectEvent) -> bool:
        """Whether an event is about an HPA that is not the proof's."""
        return self.own not in ("", event.object["metadata"]["name"])

    def apply(self, event: ObjectEvent) -> None:
        """Take in an event of another HPA."""
        name = event.object["metadata"]["name"]
        self.targets.pop(name, None)
        if event.event != "DELETED":
            self.targets[name] = hpa_object.hpa_target(event.object)

    def rivals(self, scaledobject: ScaledObjectView | None) -> dict[str, HpaTarget]:
        """Return those that scale the workload of the ScaledObject, by name."""
        if scaledobject is None:
            return {}
        target, own = scaledobject.scale_target, scaledobject.name
        return {
            name: other
            for name, other in self.targets.items()
            if (other.kind.lower(), other.workload) == (target.kind.lower(), target.name) and other.scaledobject != own
        }
