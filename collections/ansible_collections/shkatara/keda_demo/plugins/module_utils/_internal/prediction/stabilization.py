# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether an HPA's stabilization is long enough for a scale-out, as pure functions.

New pods take their share of the requests at once, and the query counts them only after some scrapes. Until then the
metric dips, and the HPA recommends fewer replicas. It follows that recommendation only if its stabilization window is
shorter than the dip.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..autoscaling.hpa import VALUE, HpaConfig
from ..prometheus.rate_bounds import Timing


@dataclass(frozen=True)
class ShortStabilization:
    """A warning: the HPA may shrink during scale-out, as the metric may dip for longer than the stabilization."""

    dip_seconds: float
    stabilization_seconds: float


def short_stabilization(config: HpaConfig, timing: Timing, starts: int = 1) -> list[ShortStabilization]:
    """Return the warning about a stabilization shorter than the dip.

    It is empty if the stabilization is long enough, and if the HPA never shrinks.

    :param starts: the most pods that start one after the other
    """
    counted = timing.counted_seconds if timing.own_pods else 0.0
    dip = starts * timing.pod_start + counted + timing.hpa_sync
    # A Value target multiplies by the Ready pods, so its recommendation is too low until the new pods are.
    dips = timing.own_pods or config.load_metric.kind == VALUE
    if not dips or not config.shrinks or config.stabilization >= dip:
        return []
    return [ShortStabilization(dip, config.stabilization)]
