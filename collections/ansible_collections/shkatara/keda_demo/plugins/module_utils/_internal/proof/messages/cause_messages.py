# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The sentences about replicas that moved for another cause than the load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..judgement import cause_facts as records
from ..judgement.outcomes import Verdict
from . import phrases


def _moved_before_load(_verdict: Verdict, facts: records.MovedBeforeLoad) -> str:
    counts = facts.counts
    when = "At the first request" if facts.sent else "Right before the first request"
    nothing_sent = "" if facts.sent else " Nothing was sent."
    return (
        f"{when} the HPA wanted {counts.desired}, {counts.current} pods existed and {counts.ready} were Ready; the "
        f"prediction begins with {phrases.replicas(facts.from_replicas)}. What moved them before the load? "
        f"timeline.csv has each change.{nothing_sent}"
    )


def _too_early(_verdict: Verdict, facts: records.TooEarly) -> str:
    return (
        f"The HPA wanted {phrases.replicas(facts.replicas)} {facts.seconds:.1f} s after the first request, and this "
        f"load can't raise the metric so far before {facts.earliest_seconds:g} s. Something else did: other traffic, "
        "another trigger, or a change of the HPA."
    )


def _never_over(_verdict: Verdict, facts: records.NeverOver) -> str:
    whose = f"the HPA's value of {facts.metric}" if facts.by_hpa else "the trigger's query"
    highest = "had no value" if facts.highest is None else f"was {facts.highest:.4g} at most"
    others = "; ".join(f"{entry.trigger}: {entry.why}" for entry in facts.others)
    sentence = (
        f"Replicas grew to {facts.replicas} after {facts.seconds:.1f} s, and until then {whose} {highest}, where more "
        f"than {facts.limit:g} is needed: the load's metric did not make them grow."
    )
    return f"{sentence} These triggers may have: {others}." if others else sentence


def _not_counted(_verdict: Verdict, facts: records.NotCounted) -> str:
    if facts.counted < facts.answered:
        return (
            f"Of {facts.most} requests {facts.answered} were answered with 2xx, and the pods counted "
            f"{facts.counted:g}: the metric was moved by other traffic. Does load.http.url lead to another "
            "application, or does the counter leave out these requests?"
        )
    return (
        f"The pods counted {facts.counted:g} requests, where {facts.answered} were answered with 2xx and {facts.most} "
        "sent: the metric was moved by other traffic, too. Does anything else send requests?"
    )


def _not_scraped(_verdict: Verdict, facts: records.NotScraped) -> str:
    return (
        f"{facts.requests} requests were sent, and Prometheus' samples of the counter did not rise: the metric was "
        "moved by other traffic. Are the pods still scraped, and do they count these requests?"
    )


def _other_metric(_verdict: Verdict, facts: records.OtherMetric) -> str:
    return (
        f"The HPA went to {phrases.replicas(facts.replicas)} after {facts.seconds:.1f} s by its metric {facts.metric}, "
        f"which asked for {facts.asked}, while the load's metric asked for {facts.by_load}. Pause that trigger while "
        "the proof runs."
    )


def _raised_minimum(_verdict: Verdict, facts: records.RaisedMinimum) -> str:
    return (
        f"The HPA went to {phrases.replicas(facts.replicas)} after {facts.seconds:.1f} s because its minReplicas was "
        f"raised from {facts.before} to {facts.after}, while the load's metric asked for {facts.by_load}. Who changed "
        "minReplicaCount of the ScaledObject?"
    )


def _other_writer(_verdict: Verdict, facts: records.OtherWriter) -> str:
    since = "last" if facts.after_load else "first"
    return (
        f"The workload's spec.replicas went from {facts.before} to {facts.after} {facts.seconds:.1f} s after the "
        f"{since} request, while the HPA wanted {facts.desired}. It was written by {facts.writer}: neither the HPA nor "
        "KEDA. Keep other writers away while the proof runs; a manifest under GitOps must not have spec.replicas."
    )


def _other_hpas(_verdict: Verdict, facts: records.OtherHpas) -> str:
    named = "; ".join(
        f"HPA {name}, which scales {other.kind} {other.workload}"
        + (f" for ScaledObject {other.scaledobject}" if other.scaledobject else "")
        for name, other in facts.hpas
    )
    sent = "" if facts.sent else " Nothing was sent."
    return f"Another HPA writes the same replicas: {named}. Remove one of them.{sent}"


SENTENCES: Mapping[type, Callable[[Verdict, Any], str]] = {
    records.MovedBeforeLoad: _moved_before_load,
    records.TooEarly: _too_early,
    records.NeverOver: _never_over,
    records.NotCounted: _not_counted,
    records.NotScraped: _not_scraped,
    records.OtherMetric: _other_metric,
    records.RaisedMinimum: _raised_minimum,
    records.OtherWriter: _other_writer,
    records.OtherHpas: _other_hpas,
}
