# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether what was answered is what the application counted, as pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What a pod's counter says, or why it can't be read.
Reading = Mapping[str, float | str]


@dataclass(frozen=True)
class EndToEnd:
    """Requests answered with 2xx beside the increase of the pods' raw counters; None where that is not known.

    A request without such an answer may have been counted or not, so that the increase is to be from `answered` to
    `most`.
    """

    answered: int
    most: int
    counted: float | None
    agrees: bool | None
    message: str
    pods: dict[str, float | str] = field(default_factory=dict)


def compare(before: Reading, after: Reading, answered: int, sent: int) -> EndToEnd:
    """Return the check of a load.

    :param before: each pod's counter before the first request
    :param after: each pod's counter when all answers were there, and before any pod left
    """
    increase: dict[str, float | str] = {}
    for pod in sorted({*before, *after}):
        first, last = before.get(pod, 0.0), after.get(pod, "it is gone, and with it what it had counted")
        if isinstance(first, str) or isinstance(last, str):
            increase[pod] = first if isinstance(first, str) else str(last)
        elif last < first:
            increase[pod] = f"its counter fell from {first:g} to {last:g}: it was started anew"
        else:
            increase[pod] = last - first
    unknown = {pod: why for pod, why in increase.items() if isinstance(why, str)}
    if unknown or not increase:
        reasons = "; ".join(f"{pod}: {why}" for pod, why in unknown.items()) or "there was no pod to read"
        return EndToEnd(answered, sent, None, None, f"The counters can't be compared ({reasons}).", increase)
    counted = sum(value for value in increase.values() if not isinstance(value, str))
    agrees = answered <= counted <= sent
    expected = f"{answered}" if answered == sent else f"{answered} to {sent}"
    words = "as many as" if agrees and answered == sent else "within" if agrees else "and not"
    return EndToEnd(
        answered,
        sent,
        counted,
        agrees,
        f"The pods counted {counted:g} requests, {words} the {expected} that were answered with 2xx.",
        increase,
    )
