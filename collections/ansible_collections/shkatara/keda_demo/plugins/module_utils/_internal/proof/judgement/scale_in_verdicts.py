# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""From the replicas after a load to the verdict on the scale-in, as pure functions.

Times are seconds since the load's last request, on one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...prediction.hop_bounds import MARGIN_SECONDS
from ...prediction.scale_in import ScaleIn, ScaleInReason
from ..observed.replicas import ReplicaCounts
from .facts import NotScaledIn, ScaledIn, ScaledInLate, Unwatched
from .outcomes import Outcome, Reason, Verdict


def judge(
    history: Sequence[ReplicaCounts],
    scale_in: ScaleIn,
    *,
    now: float,
    unwatched: tuple[tuple[str, str], ...] = (),
) -> Verdict | None:
    """Return the verdict, or None while it is open; it is `scaled` where replicas are back in time.

    :param history: the counts at each change since the load has ended, the first being those at that moment
    :param unwatched: (kind, error) of the kinds whose broken watch hides the replicas now
    """
    latest = scale_in.latest_seconds
    at_minimum = None if unwatched else next((counts for counts in history if _is_scaled_in(counts, scale_in)), None)
    if at_minimum is not None and at_minimum.seconds <= latest:
        return Verdict(Outcome.SCALED, Reason.AS_PREDICTED, ScaledIn(scale_in.replicas, at_minimum.seconds))
    if at_minimum is not None:
        return Verdict(Outcome.SCALED_LATE, Reason.SCALE_IN_AFTER_LATEST, ScaledInLate(scale_in, at_minimum.seconds))
    if now <= latest + MARGIN_SECONDS:
        return None
    if unwatched:
        return Verdict(Outcome.ABORTED, Reason.NOT_OBSERVED, Unwatched(unwatched, scale_in=True))
    reason = Reason.NOT_AT_ZERO if scale_in.reason is ScaleInReason.COOLDOWN else Reason.NOT_AT_MINIMUM
    return Verdict(Outcome.NOT_SCALED_IN, reason, NotScaledIn(scale_in, history[-1]))


def _is_scaled_in(counts: ReplicaCounts, scale_in: ScaleIn) -> bool:
    if scale_in.replicas == 0:
        # The HPA reports 0 only at its next sync, which is no part of the scale-in.
        return counts.spec == counts.current == counts.ready == 0
    return counts.settled is not None and counts.settled <= scale_in.replicas
