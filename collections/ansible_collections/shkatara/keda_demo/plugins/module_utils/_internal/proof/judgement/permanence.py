# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Which missing links of the chain stay missing until somebody changes something, so that a wait for them is lost.

Pure: no cluster, no clock. Times are monotonic seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from .chain import MissingLink
from .findings import Code

# For each finding about the chain, how long it must last until it is assumed to stay; infinity where waiting may help.
LASTING_SECONDS: Mapping[Code, float] = {
    # Objects are created, and watches are opened again.
    Code.UNWATCHED: math.inf,
    Code.UNSEEN: math.inf,
    Code.GONE: math.inf,
    # An image may be pulled later, and a node may get room.
    Code.PODS_WAITING: math.inf,
    Code.NO_ANSWER: math.inf,
    # The request is the same each time.
    Code.REFUSED: 0.0,
    Code.INVALID_QUERY: 0.0,
    # Pods that leave have series of their own for some seconds: two scrapes of an ordinary Prometheus see them go.
    Code.SEVERAL_SERIES: 5.0,
    # The error depends on the series that there are.
    Code.QUERY_FAILED: math.inf,
    Code.NO_TARGETS: math.inf,
    # A managed service has no such list, and an old version no such field.
    Code.TARGETS_UNLISTED: 0.0,
    Code.NO_INTERVAL: 5.0,
    # A ServiceMonitor takes effect later, and other sources start.
    Code.TARGET_DOWN: math.inf,
    Code.NO_POD: math.inf,
    Code.NO_POD_SCRAPED: math.inf,
    Code.POD_NOT_SCRAPED: math.inf,
    # KEDA tries again, and a person may unpause.
    Code.PAUSED: math.inf,
    Code.PAUSED_BY_CONDITION: math.inf,
    Code.NOT_READY: math.inf,
    Code.NO_VALID_METRIC: math.inf,
    Code.NO_VALUE: math.inf,
}


def is_permanent(code: Code, seconds: float = math.inf) -> bool:
    """Whether a finding that has lasted for `seconds` stays, however long anybody waits."""
    lasting = LASTING_SECONDS.get(code, math.inf)
    return lasting < math.inf and seconds >= lasting


class Persistence:
    """Remembers since when each finding has been there without a break."""

    def __init__(self) -> None:
        self._since: dict[Code, float] = {}

    def permanent(self, links: Sequence[MissingLink], now: float) -> MissingLink | None:
        """Return the first link that waiting can't fix, None while there is none.

        While the pods are not as they are to be, series of pods that come and go are no sign.
        """
        codes = [link.finding.code for link in links]
        self._since = {code: self._since.get(code, now) for code in codes}
        for link in links:
            code = link.finding.code
            if code is Code.SEVERAL_SERIES and Code.PODS_WAITING in codes:
                self._since.pop(code)
            elif is_permanent(code, now - self._since[code]):
                return link
        return None
