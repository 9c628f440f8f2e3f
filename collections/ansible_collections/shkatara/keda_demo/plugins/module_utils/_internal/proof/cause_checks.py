# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The cause of a phase's replicas: what a session observed, as judgement/causes and judgement/writers need it."""

from __future__ import annotations

from dataclasses import dataclass

from ..autoscaling.hpa_model import HpaModel
from ..load.stats import LoadStats
from ..prediction.expectation import Expectation
from ..prediction.scale_out import Prediction
from . import queries, situations
from .judgement import causes, rest, writers
from .judgement.cause_facts import OtherMetric, OtherWriter, RaisedMinimum
from .judgement.causes import Witnesses
from .judgement.end_to_end import EndToEnd
from .judgement.outcomes import Outcome, Verdict
from .plan import Plan, PlannedLoad
from .session import Session

# After a write the HPA reports it at its next sync at the latest, and once more if the first report met a conflict.
_SYNCS = 2
_CONTROLLERS_SECONDS = 5.0
# The triggers are asked once a scrape, with this pause at least; the answers of a round take a moment.
_LEAST_PAUSE_SECONDS = 1.0
_ROUND_SECONDS = 2.0
# The metric of other traffic at rest varies by so much.
_VARIATION = 1.5


@dataclass(frozen=True)
class Comparison:
    """The pods' counters and the answers, and the seconds between their two readings."""

    end_to_end: EndToEnd | None
    seconds: float = 0.0


def other_hpas(session: Session, *, sent: bool = False) -> Verdict | None:
    """Return the verdict that other HPAs scale the same workload, None if none are there."""
    cluster = session.state.cluster
    return writers.other_hpas(cluster.other_hpas.rivals(cluster.scaledobject), sent)


def before_load(session: Session, load: PlannedLoad) -> Verdict | None:
    """Return why a load is not to be sent: the replicas moved since the plan was made, or another HPA came."""
    cluster = session.state.cluster
    other = other_hpas(session)
    if other is not None or load.aim is None or cluster.unwatched:
        return other
    return causes.moved_before_load(cluster.last_counts, load.aim.from_replicas, sent=False)


def interference(
    session: Session, begun: float, aim: Prediction | Expectation | None = None, *, after_load: bool = False
) -> Verdict | None:
    """Return the verdict that somebody else moves the replicas, None while nothing shows that.

    :param begun: the monotonic time of the first request, or of the last one for the phases after a load
    :param aim: what is predicted or expected of the load; None after the load, and where it is only watched
    """
    cluster = session.state.cluster
    if cluster.unwatched or cluster.is_catching_up(session.now()) or not cluster.history:
        return None
    history = cluster.history_since(begun)
    if aim is not None:
        moved = causes.moved_before_load(history[0], aim.from_replicas, sent=True)
        if moved is not None:
            return moved
    rules = situations.rules(session)
    inactive, active = rules.inactive_replicas, rules.first_replicas
    return other_hpas(session, sent=True) or writers.other_writer(
        history,
        session.now() - begun,
        keda=(inactive, active) if inactive < active else None,
        patience=_SYNCS * session.options.hpa_sync_period + _CONTROLLERS_SECONDS,
        after_load=after_load,
    )


def confirmed(session: Session, plan: Plan, load: PlannedLoad, verdict: Verdict, comparison: Comparison) -> Verdict:
    """Return the verdict of a load, or `wrong_cause` where the load was not what moved the replicas."""
    prediction, hops = load.prediction, session.hops
    if load.aim is None or hops is None or hops.first_request is None:
        return verdict
    seen = witnesses(session, plan.model, hops.first_request)
    if prediction is None or load.expectation is not None:
        return _confirmed_expectation(session, load, seen, verdict, comparison)
    if verdict.outcome in (Outcome.FLAPPED, Outcome.WRONG_COUNT):
        # Only a cause with a name says more than the counts.
        return causes.other_growth(prediction, seen) or verdict
    if verdict.outcome not in (Outcome.SCALED, Outcome.SCALED_LATE):
        return verdict
    others = requests_of_others(session, load, comparison.seconds)
    return causes.wrong_cause(prediction, seen) or causes.uncounted(seen, comparison.end_to_end, others) or verdict


def _confirmed_expectation(
    session: Session, load: PlannedLoad, seen: Witnesses, verdict: Verdict, comparison: Comparison
) -> Verdict:
    """Return the verdict on an expectation: the HPA is to be asked by a metric, and the pods are to count our requests.

    Where the load is predicted too, it is to be the cause as for a prediction alone.
    """
    if verdict.outcome not in (Outcome.SCALED, Outcome.SCALED_LATE):
        return verdict
    wrong = causes.wrong_cause(load.prediction, seen) if load.prediction and load.prediction.changes else None
    if load.expectation is not None and wrong is None:
        wrong = causes.never_asked(load.expectation, seen)
    if session.options.external is not None or wrong is not None:
        return wrong or verdict
    others = requests_of_others(session, load, comparison.seconds)
    return causes.uncounted(seen, comparison.end_to_end, others) or verdict


def rested(session: Session, load: PlannedLoad, begun: float, verdict: Verdict, comparison: Comparison) -> Verdict:
    """Return the verdict of a load that is to move nothing, or `wrong_cause`.

    The pods did not count its requests, or the HPA grew for a cause with a name.
    """
    if load.prediction is None or session.state.cluster.hpa is None:
        return verdict
    seen = witnesses(session, situations.model(session), begun)
    if verdict.outcome is Outcome.WRONG_COUNT:
        return causes.other_growth(load.prediction, seen) or verdict
    if verdict.outcome is not Outcome.NOT_SCALED:
        return verdict
    others = requests_of_others(session, load, comparison.seconds)
    return causes.uncounted(seen, comparison.end_to_end, others) or verdict


def is_after(session: Session, verdict: Verdict, at: float) -> bool:
    """Whether a cause of its own moved the replicas later than the monotonic time `at`.

    The `seconds` of a hop are rounded, by which the cause of the hop would be later than the hop.
    """
    facts, begun = verdict.facts, session.hops.first_request if session.hops else None
    if begun is None or not isinstance(facts, OtherWriter | OtherMetric | RaisedMinimum):
        return False
    return facts.seconds > at - begun


def witnesses(session: Session, model: HpaModel, begun: float) -> Witnesses:
    """Return what was observed since the first request, in seconds since then."""
    cluster, metrics, rules = session.state.cluster, session.state.metrics, situations.rules(session)
    before = [(at, status) for at, status in cluster.hpa_history if at <= begun][-1:]
    after = [(at, status) for at, status in cluster.hpa_history if at > begun]
    readings = [(at - begun, value) for at, value in metrics.readings if at > begun]
    stats: LoadStats = session.load.stats
    scraped = session.hops.is_scraped if session.hops else None
    # By then the samples of a scraped counter are there.
    was_read = any(at >= 2 * session.state.scrape_interval + _ROUND_SECONDS for at, _value in readings)
    return Witnesses(
        history=cluster.history_since(begun),
        readings=readings,
        statuses=[(max(0.0, at - begun), status) for at, status in before + after],
        metric=model.config.load_metric.name if model.config else "",
        poll_seconds=max(session.state.scrape_interval, _LEAST_PAUSE_SECONDS) + _ROUND_SECONDS,
        activation=rules.activation,
        scraped=scraped if was_read else None,
        requests=stats.sent,
        others=model.not_predicted,
    )


def requests_of_others(session: Session, load: PlannedLoad, seconds: float) -> float:
    """Return the requests of others that the plan knows of, within `seconds`.

    The metric at rest is part of the prediction, and what is too little to disturb the rest is none.
    """
    prediction, per_request = load.prediction, queries.per_request(session.target, session.state, session.options)
    if prediction is None or load.spec.rate is None or per_request <= 0:
        return 0.0
    at_rest = prediction.metric - load.spec.rate * per_request
    return max(_VARIATION * at_rest, rest.QUIET_SHARE * prediction.threshold) / per_request * seconds
