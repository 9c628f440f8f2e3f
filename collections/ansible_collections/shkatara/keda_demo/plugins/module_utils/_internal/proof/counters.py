# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The counters of the pods before and after a load."""

from __future__ import annotations

from dataclasses import replace

from ..load.stats import LoadStats
from .cause_checks import Comparison
from .judgement import end_to_end
from .messages import deviation_messages
from .session import Session


def compare(session: Session, before: dict[str, float | str] | None, read_at: float) -> Comparison:
    """Return the counters' increase since `read_at`, and the answers."""
    if before is None:
        return Comparison(None)
    stats: LoadStats = session.load.stats
    compared = end_to_end.compare(before, read(session) or {}, stats.answered, stats.sent)
    session.say(deviation_messages.end_to_end(compared))
    return Comparison(compared, session.now() - read_at)


def read(session: Session) -> dict[str, float | str] | None:
    """Return the raw counter of each pod that serves the load; None where its name or place is not known."""
    targets = session.state.feeding_targets
    if not session.target.counter or not targets or session.options.external:
        return None
    if session.state.own_pods_feed:
        # Pods serve before Prometheus has found them. All have their metrics at the same port and path.
        pods = session.state.cluster.pods
        targets = [replace(targets[0], pod=name) for name, pod in pods.items() if pod.started]
    return session.read_counters(targets)
