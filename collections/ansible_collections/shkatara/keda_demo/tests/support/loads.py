# SPDX-License-Identifier: MIT
"""The counts of loads that several tests of a proof's verdicts and sentences share."""

from __future__ import annotations

from collections import Counter

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats


def load_stats(
    scheduled: int, sent: int, answered: int, finished: int, ended: bool = False, died: str = ""
) -> LoadStats:
    """Counts of a load; the finished requests without a 2xx answer were answered with 503."""
    statuses = Counter({"200": answered, "503": finished - answered})
    return LoadStats(scheduled=scheduled, sent=sent, answered=answered, statuses=statuses, ended=ended, died=died)


RUNNING = load_stats(2000, 2000, 1980, 1980)
ENDED = load_stats(5550, 5550, 5550, 5550, ended=True)
DIED = load_stats(2000, 2000, 1990, 1990, ended=True, died="The sender's process was ended by signal 9 (Killed)")
UNANSWERED = load_stats(2000, 2000, 900, 1980)
UNSENT = load_stats(2000, 1000, 990, 990)
