# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Replica counts at a moment, as the HPA, the workload's spec and the workload's status have them."""

from __future__ import annotations

from dataclasses import dataclass

from ...kube.field_managers import UNKNOWN, FieldManager


@dataclass(frozen=True)
class ReplicaCounts:
    """The counts that are to agree: the HPA's desired, and the workload's spec, status and ready.

    They were observed at `seconds`. Counts that arrived late, after a watch was broken, may have been so since
    `earliest`. `writer` is who wrote `spec`.
    """

    seconds: float
    desired: int
    spec: int
    current: int
    ready: int
    earliest: float | None = None
    writer: FieldManager = UNKNOWN

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """The counts without their time."""
        return self.desired, self.spec, self.current, self.ready

    @property
    def settled(self) -> int | None:
        """The count on which all four agree, or None."""
        return self.ready if self.desired == self.spec == self.current == self.ready else None
