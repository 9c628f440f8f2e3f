# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Phrases that several sentences share, those about verdicts and those of the progress."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...autoscaling.hpa import AVERAGE_VALUE
from ...load.stats import LoadStats
from ...prediction.hop_bounds import MARGIN_SECONDS
from ...prediction.scale_out import Prediction
from ..observed.replicas import ReplicaCounts
from ..observed.workload_state import Rollout


def replicas(count: int) -> str:
    """Return such as `1 replica` or `4 replicas`."""
    return f"{count} replica{'' if count == 1 else 's'}"


def possible(prediction: Prediction) -> str:
    """Return the counts at which the HPA may settle, such as `4 or 5`."""
    return " or ".join(map(str, prediction.possible_replicas))


def threshold(prediction: Prediction) -> str:
    """Return the target of the HPA, such as `10 per replica`."""
    return f"{prediction.threshold:g} {'per replica' if prediction.target_type == AVERAGE_VALUE else 'in total'}"


def metric(prediction: Prediction) -> str:
    """Return the metric and the target of the HPA."""
    return f"a metric of {prediction.metric:g} at {threshold(prediction)}"


def longer(option: str, seconds: float) -> str:
    """Return how a load gets long enough by the option that has its duration."""
    if option.endswith("stages"):
        return f"Give the last stage more, so that all have at least {seconds:g}"
    return f"Give at least {seconds:g}, or omit it"


def parts(seconds: Mapping[str, float]) -> str:
    """Return the parts of a latest time, in seconds."""
    return " + ".join(f"{name} {value:g}" for name, value in seconds.items())


def wait_ended(latest: float, latest_parts: Mapping[str, float]) -> str:
    """Return that a wait has ended, and how its time is made up, as a sentence."""
    return (
        f"The wait ended {MARGIN_SECONDS:g} s after the latest predicted time, which is {latest:g} s "
        f"({parts(latest_parts)})."
    )


def load_outlasted(latest: float, latest_parts: Mapping[str, float]) -> str:
    """Return how the latest time that has passed is made up, as a sentence."""
    return f"The latest predicted time was {latest:g} s ({parts(latest_parts)})."


def last_counts(last: ReplicaCounts) -> str:
    """Return the counts at the end, as a sentence."""
    return f"At the end the HPA wanted {last.desired}, {last.current} pods existed and {last.ready} were Ready."


def rollout(seen: Rollout) -> str:
    """Return that a rollout began, as a sentence."""
    return (
        f"A rollout began {seen.seconds:.1f} s after the first request: the pods' template went from revision "
        f"{seen.before} to {seen.after}."
    )


def errors(by_kind: Iterable[tuple[str, str]]) -> str:
    """Return why kinds can't be watched."""
    return "; ".join(f"{kind}: {error}" for kind, error in by_kind)


def limit(seconds: Iterable[tuple[str, float]]) -> str:
    """Return a limit and its parts, in seconds."""
    by_part = tuple(seconds)
    listed = ", ".join(f"{name} {value:g} s" for name, value in by_part)
    return f"{sum(value for _name, value in by_part):.0f} s ({listed})"


def load_failure(not_answered: bool, load: LoadStats) -> str:
    """Return what was wrong with a load, as a sentence."""
    if not_answered:
        return (
            f"Only {load.answered} of {load.finished} requests were answered with 2xx: load.statuses and load.errors "
            "say what came instead. Is load.http.url the application's?"
        )
    if load.died:
        return f"{load.died} after {load.sent} requests, before the load was over."
    if not load.scheduled:
        return "The sender ended without a request."
    return f"Only {load.sent} of {load.scheduled} requests could be sent: this machine is the bottleneck."
