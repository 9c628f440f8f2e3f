# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What became of a load's requests: what this machine did not send, apart from what the server did not answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .histogram import Histogram

# A request that is sent so much later than its time counts as late. It is far below what a scrape can tell apart, and
# far above what a machine with an idle core needs.
LATE_SECONDS = 0.010


@dataclass
class LoadStats:
    """Counts of requests; `first_sent` and `last_sent` are on the machine's monotonic clock.

    `scheduled` requests were due so far: `sent` ones, and those that this machine did not send for one of the
    `not_sent_reasons`: `too_many_in_flight`, `too_late`, or the errno of its own refusal, such as `EMFILE` (no file
    descriptor) and `EADDRNOTAVAIL` (no local port). Of the sent ones `late` were so more than LATE_SECONDS after their
    time. What the server did is in `statuses` and `errors`; `timeout` is an error, and `given_up` what we stopped.

    `died` says how a sender's process ended where it ended before the load; it is empty otherwise.
    """

    scheduled: int = 0
    sent: int = 0
    late: int = 0
    answered: int = 0
    not_sent_reasons: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    first_sent: float | None = None
    last_sent: float | None = None
    lateness: Histogram = field(default_factory=Histogram)
    response: Histogram = field(default_factory=Histogram)
    ended: bool = False
    died: str = ""

    @property
    def not_sent(self) -> int:
        """Requests that were due and that this machine did not send."""
        return self.not_sent_reasons.total()

    @property
    def finished(self) -> int:
        """Sent requests of which we know what became."""
        return self.statuses.total() + self.errors.total()

    def note_sent(self, at: float, due: float) -> None:
        """Count a request that was begun at a time, and was due at one."""
        self.sent += 1
        self.last_sent = at
        if self.first_sent is None:
            self.first_sent = at
        self.late += at - due > LATE_SECONDS
        self.lateness.add(at - due)

    def note_status(self, status: int, seconds: float) -> None:
        """Count an answer that came after some seconds."""
        self.statuses[str(status)] += 1
        if 200 <= status < 300:
            self.answered += 1
            self.response.add(seconds)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data: what goes into verdict.json."""
        return {
            "scheduled": self.scheduled,
            "sent": self.sent,
            "not_sent": self.not_sent,
            "not_sent_reasons": dict(self.not_sent_reasons),
            "late": self.late,
            "answered": self.answered,
            "failed": self.finished - self.answered,
            "in_flight": self.sent - self.finished,
            "statuses": dict(self.statuses),
            "errors": dict(self.errors),
            "first_sent": self.first_sent,
            "last_sent": self.last_sent,
            "late_ms": self.lateness.summary_ms(),
            "response_ms": self.response.summary_ms(),
            "ended": self.ended,
            "died": self.died,
        }


def merged(parts: Iterable[LoadStats]) -> LoadStats:
    """Return the counts of several workers as those of one load, which has ended when all of them have."""
    parts = list(parts)
    whole = LoadStats(ended=all(part.ended for part in parts), died="; ".join(part.died for part in parts if part.died))
    for part in parts:
        whole.scheduled += part.scheduled
        whole.sent += part.sent
        whole.late += part.late
        whole.answered += part.answered
        whole.not_sent_reasons.update(part.not_sent_reasons)
        whole.statuses.update(part.statuses)
        whole.errors.update(part.errors)
        whole.lateness.take_in(part.lateness)
        whole.response.take_in(part.response)
    whole.first_sent = min((part.first_sent for part in parts if part.first_sent is not None), default=None)
    whole.last_sent = max((part.last_sent for part in parts if part.last_sent is not None), default=None)
    return whole
