# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""From the replicas after a load to the verdict on the way back, as pure functions.

Times are seconds since the load's last request, on one monotonic clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..prediction.hop_bounds import MARGIN_SECONDS
from ..prediction.scale_in import ScaleIn
from . import messages
from .records import Replicas, Verdict


def judge_back(
    history: Sequence[Replicas], scale_in: ScaleIn, *, now: float, unwatched: str = ""
) -> tuple[Verdict | None, bool]:
    """Return the verdict, None where it is as predicted or open, and whether the wait is over.

    :param history: the counts at each change since the load has ended, the first being the state at that moment
    :param unwatched: why the HPA or the Deployment can't be watched now; empty while both are
    """
    limit = scale_in.latest_seconds + MARGIN_SECONDS
    reached = None if unwatched else next((one for one in history if _is_back(one, scale_in)), None)
    if reached is not None:
        if reached.seconds <= scale_in.latest_seconds:
            return None, True
        return Verdict(
            "scaled_late",
            "scale_in_after_latest",
            f"Replicas were back at {scale_in.replicas} {reached.seconds:.1f} s after the last request, and predicted "
            f"were {scale_in.latest_seconds:g} s at the latest ({messages.parts_words(scale_in.latest_parts)}): hops shows "
            "which step took longer.",
        ), True
    if now <= limit:
        return None, False
    if unwatched:
        return Verdict("aborted", "not_observed", f"The way back could not be watched to its end: {unwatched}."), True
    return Verdict(
        "not_scaled_in",
        "not_at_zero" if scale_in.reason == "cooldown" else "not_at_minimum",
        f"{messages.replicas_words(scale_in.replicas)} predicted for the time after the load. "
        f"{messages.wait_words(scale_in.latest_seconds, scale_in.latest_parts)} {messages.last_words(history[-1])} Does anything else "
        "send requests, or does another trigger hold the replicas?",
    ), True


def _is_back(counts: Replicas, scale_in: ScaleIn) -> bool:
    if scale_in.replicas == 0:
        # The HPA says 0 only when it looks again, which is no part of it.
        return counts.spec == counts.current == counts.ready == 0
    return counts.settled is not None and counts.settled <= scale_in.replicas
