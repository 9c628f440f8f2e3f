# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Plain records that the parts of a proof hand to each other.

Nothing is imported here that opens a connection, starts a thread or needs a library: what only computes can use
these and be tested alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..autoscaling.triggers import Trigger


@dataclass(frozen=True)
class ProofTarget:
    """The objects by name, and what does not change during a proof; times are in seconds.

    `moved` is the trigger that the load moves, None where there is none that is understood; `counter` is the selector
    of the counter that each request raises, empty where it is not known.
    """

    namespace: str
    scaledobject: str
    hpa: str
    deployment: str
    pod_labels: str
    triggers: tuple[Trigger, ...]
    load_trigger: Trigger | None
    counter: str
    query_window: float
    probe_seconds: float
    grace_seconds: float


PHASES = ("activation", "scale_out", "hold", "scale_in", "to_zero")


@dataclass(frozen=True)
class Options:
    """The module's options, in seconds where they are times. `read` names those that the cluster itself has told."""

    phases: tuple[str, ...] = ("scale_out", "hold")
    hold_seconds: float = 15.0
    wait_timeout: float = 300.0
    wait_sleep: float = 5.0
    metric_per_request: float = 1.0
    hpa_sync_period: float = 15.0
    hpa_tolerance: float = 0.1
    hpa_downscale_stabilization: float = 300.0
    pod_start_seconds: float = 30.0
    read: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One field of one object has another value now; an object that left has the field `exists`."""

    at: float
    source: str
    name: str
    field: str
    value: object


@dataclass(frozen=True)
class Replicas:
    """The counts that are to agree: the HPA's desired, and the workload's spec, status and ready.

    They were seen at `seconds`. What came late, after a watch was broken, may have been so from `earliest` on.
    """

    seconds: float
    desired: int
    spec: int
    current: int
    ready: int
    earliest: float | None = None

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """The counts without their time."""
        return self.desired, self.spec, self.current, self.ready

    @property
    def settled(self) -> int | None:
        """The count on which all four agree, or None."""
        return self.ready if self.desired == self.spec == self.current == self.ready else None


@dataclass(frozen=True)
class LoadFacts:
    """What became of the load so far: counts of requests, and whether sending is over.

    `died` says how the sender ended where it ended before its time; it is empty otherwise.
    """

    scheduled: int = 0
    sent: int = 0
    answered: int = 0
    finished: int = 0
    ended: bool = False
    died: str = ""


def load_facts(counts: Mapping[str, Any]) -> LoadFacts:
    """Return the facts in the sender's counts; see LoadStats.as_dict."""
    return LoadFacts(
        scheduled=counts["scheduled"],
        sent=counts["sent"],
        answered=counts["answered"],
        finished=counts["answered"] + counts["failed"],
        ended=counts["ended"],
        died=counts["died"] or "",
    )


@dataclass(frozen=True)
class Verdict:
    """The outcome: one of VERDICTS, a reason code, and what a person is to know."""

    verdict: str
    reason: str
    message: str
