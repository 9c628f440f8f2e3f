# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The counts of a load's requests, by their outcome.

Requests that this machine did not send are counted apart from those that the server did not answer: the first are a
fault of the proof, the second a finding. A worker counts in one object and sends copies of it to the module, where
counts are never changed, so that a reader can keep them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .histogram import Histogram

# A request that is sent this much after its time counts as late. Scrapes can't resolve so short a time, and a machine
# with an idle core is far faster.
LATE_SECONDS = 0.010


@dataclass
class LoadStats:
    """Counts of requests; `first_sent` and `last_sent` are on the machine's monotonic clock.

    `scheduled` requests were due so far. Each was `sent`, or this machine did not send it for one of the
    `not_sent_reasons`: `too_many_in_flight`, `too_late`, or the errno of its own refusal, such as `EMFILE` (no file
    descriptor) and `EADDRNOTAVAIL` (no local port). `late` requests were sent more than LATE_SECONDS after their time.
    `statuses` and `errors` count the outcomes at the server; `timeout` is an error, and `given_up` is a request that
    was stopped here.

    `ended` says that the load is over and no request is open. `died` says how a sender's process ended if it ended
    before the load; it is empty otherwise.
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
        """Sent requests whose outcome is known."""
        return self.statuses.total() + self.errors.total()

    @property
    def failed(self) -> int:
        """Sent requests with another outcome than a 2xx answer."""
        return self.finished - self.answered

    @property
    def in_flight(self) -> int:
        """Sent requests whose outcome is not known yet."""
        return self.sent - self.finished

    def note_sent(self, at: float, due: float) -> None:
        """Count a request that was begun at the time `at`."""
        self.sent += 1
        self.last_sent = at
        if self.first_sent is None:
            self.first_sent = at
        self.late += at - due > LATE_SECONDS
        self.lateness.add(at - due)

    def note_status(self, status: int, seconds: float) -> None:
        """Count an answer that came `seconds` after the request was begun."""
        self.statuses[str(status)] += 1
        if 200 <= status < 300:
            self.answered += 1
            self.response.add(seconds)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for the report."""
        return {
            "scheduled": self.scheduled,
            "sent": self.sent,
            "not_sent": self.not_sent,
            "not_sent_reasons": dict(self.not_sent_reasons),
            "late": self.late,
            "answered": self.answered,
            "failed": self.failed,
            "in_flight": self.in_flight,
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
    """Return new counts: the sums of all workers of a load, which has ended when all of them have."""
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
        whole.lateness.merge(part.lateness)
        whole.response.merge(part.response)
    whole.first_sent = min((part.first_sent for part in parts if part.first_sent is not None), default=None)
    whole.last_sent = max((part.last_sent for part in parts if part.last_sent is not None), default=None)
    return whole
