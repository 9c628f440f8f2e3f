# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What KEDA itself does about zero replicas."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KedaRules:
    """What KEDA itself does about zero, from the ScaledObject; times in seconds, `activation` in the metric's unit.

    `inactive_replicas` is the count without any active trigger: 0, or the minimum where there is no scaling to zero.
    """

    inactive_replicas: int
    min_replicas: int
    polling_interval: float = 30.0
    cooldown: float = 300.0
    activation: float = 0.0

    @property
    def scales_to_zero(self) -> bool:
        """Whether KEDA takes away the last replica."""
        return self.inactive_replicas == 0

    @property
    def first_replicas(self) -> int:
        """The count that KEDA brings from zero. Source: KEDA 2.10, pkg/scaling/executor, scaleFromZeroOrIdle."""
        return max(1, self.min_replicas)
