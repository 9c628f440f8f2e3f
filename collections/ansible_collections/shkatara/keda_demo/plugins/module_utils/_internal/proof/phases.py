# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The phases of a proof, a function each: what is sent, what is waited for, and how it is judged.

Each returns the results of its phases, and changes nothing but the session that it pumps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..load.external import ExternalSpec
from ..load.stats import LoadStats
from ..prediction.expectation import Expectation
from ..prediction.scale_in import ScaleIn
from ..prediction.scale_out import Prediction
from . import cause_checks, counters
from .judgement import diagnosis, expectations, scale_in_verdicts, verdicts
from .judgement.end_to_end import EndToEnd
from .judgement.facts import LoadFailure, NoRise, Reached, RestBroken, Unpredicted
from .judgement.outcomes import Outcome, Reason, Verdict
from .judgement.verdicts import Evidence
from .messages import progress_lines
from .options import Phase
from .plan import Plan, PlannedLoad
from .session import Session

_HOPELESS_SECONDS = 10.0


@dataclass(frozen=True)
class PhaseResult:
    """How a phase ended. `requests` are those that the phase activation sent.

    `end_to_end` compares the answers of the load to be proven with the pods' counters.
    """

    phase: Phase
    passed: bool
    verdict: Verdict
    requests: int | None = None
    end_to_end: EndToEnd | None = None


def activation(session: Session, load: PlannedLoad) -> PhaseResult:
    """Send a load under the threshold, after which replicas must not have changed."""
    session.phase = Phase.ACTIVATION
    prediction = load.prediction
    assert prediction is not None, "the plan has no activation without a prediction"
    counts_before = counters.read(session)
    read_at = session.now()
    moved = _check_before_load(session, load)
    if moved is not None:
        return PhaseResult(Phase.ACTIVATION, False, moved, requests=0)
    session.start_load(load)
    begun = session.now()
    verdict: Verdict | None = None
    while verdict is None:
        session.step()
        _say_load(session, prediction.threshold, "")
        evidence = Evidence(
            session.state.cluster.history_since(begun),
            session.load.stats,
            now=min(session.now() - begun, load.spec.duration),
            hold_seconds=0.0,
            unwatched=session.state.cluster.unwatched,
        )
        hopeless = _hopeless(session, begun)
        verdict = (
            hopeless or cause_checks.interference(session, begun, prediction) or verdicts.judge(prediction, evidence)
        )
    if verdict.outcome in (Outcome.SCALED, Outcome.SCALED_LATE):
        # The load is under the threshold, so that another trigger made these replicas, even if they were predicted.
        highest = max(counts.spec for counts in evidence.history)
        verdict = Verdict(Outcome.WRONG_COUNT, Reason.MORE_THAN_PREDICTED, RestBroken(prediction, highest, ()))
    if not session.load.poll().ended:
        _end_load(session, load)
    comparison = counters.compare(session, counts_before, read_at)
    verdict = cause_checks.rested(session, load, begun, verdict, comparison)
    passed = verdict.outcome is Outcome.NOT_SCALED
    sent = session.load.stats.sent
    return PhaseResult(Phase.ACTIVATION, passed, verdict, requests=sent, end_to_end=comparison.end_to_end)


def scale_out(session: Session, plan: Plan, load: PlannedLoad) -> list[PhaseResult]:
    """Send the load until replicas are as predicted and have stayed so, or until it is clear that they will not.

    Without a prediction the load is watched to its end.
    """
    session.phase = Phase.SCALE_OUT
    counts_before = counters.read(session)
    read_at = session.now()
    moved = _check_before_load(session, load)
    if moved is not None:
        return [PhaseResult(Phase.SCALE_OUT, False, moved)]
    session.start_load(load, plan)
    aim = load.aim
    threshold = load.prediction.threshold if load.prediction else None
    verdict: Verdict | None = None
    while verdict is None:
        session.step()
        if Phase.HOLD in session.options.phases and _is_reached(session, load):
            session.phase = Phase.HOLD
        _say_load(session, threshold, _next_hop(session, plan, aim))
        verdict = _judge_load(session, plan, load)
    session.ended_early = not session.load.poll().ended
    if session.ended_early:
        _end_load(session, load)
    comparison = counters.compare(session, counts_before, read_at)
    if session.hops is not None:
        session.hops.end_load(session.load.stats, session.state)
    verdict = cause_checks.confirmed(session, plan, load, verdict, comparison)
    passed = verdict.outcome is Outcome.SCALED
    result = PhaseResult(Phase.SCALE_OUT, passed, verdict, end_to_end=comparison.end_to_end)
    ready = session.hops.times.get("replicas_ready") if session.hops else None
    was_held = passed or session.phase == Phase.HOLD
    if verdict.outcome is Outcome.WRONG_CAUSE:
        was_held = was_held and ready is not None and cause_checks.is_after(session, verdict, ready.at)
    is_late = verdict.reason in (Reason.AFTER_LATEST, Reason.AFTER_EXPECTED)
    if Phase.HOLD not in session.options.phases or is_late or not was_held or not ready:
        return [result]
    as_planned = Reason.AS_EXPECTED if load.expectation else Reason.AS_PREDICTED
    reached = Verdict(Outcome.SCALED, as_planned, Reached(ready.seconds))
    return [PhaseResult(Phase.SCALE_OUT, True, reached), replace(result, phase=Phase.HOLD)]


def scale_in(session: Session, plan: Plan, phase: Phase, predicted: ScaleIn) -> PhaseResult:
    """Wait until replicas are back at the minimum, or at zero."""
    session.phase = phase
    session.say(progress_lines.scale_in(predicted))
    ended = session.hops.load_ended if session.hops else None
    begun = session.now() if ended is None else ended
    verdict: Verdict | None = None
    while verdict is None:
        session.step()
        cluster, now = session.state.cluster, session.now()
        interference = cause_checks.interference(session, begun, after_load=True)
        verdict = interference or scale_in_verdicts.judge(
            cluster.history_since(begun), predicted, now=now - begun, unwatched=cluster.unwatched
        )
        if verdict is None and session.line_is_due:
            observed = session.hops.times if session.hops else {}
            expected = progress_lines.next_hop(plan.scale_in_bounds, observed, now - begun)
            metric, counts = session.state.metrics.value, progress_lines.counts(cluster.last_counts)
            session.say(f"metric {progress_lines.value(metric)}; {counts}{expected}")
    return PhaseResult(phase, verdict.outcome is Outcome.SCALED, verdict)


def _is_reached(session: Session, load: PlannedLoad) -> bool:
    history = session.state.cluster.history
    if load.expectation is not None:
        return expectations.is_reached(history, load.expectation)
    return load.prediction is not None and verdicts.is_reached(history, load.prediction)


def _judge_load(session: Session, plan: Plan, load: PlannedLoad) -> Verdict | None:
    stats, hops, cluster, now = session.load.stats, session.hops, session.state.cluster, session.now()
    if hops is None or hops.first_request is None:
        return _no_begin(load, stats) if stats.ended else None
    early = _hopeless(session, hops.first_request) or cause_checks.interference(session, hops.first_request, load.aim)
    if early is not None or (not cluster.unwatched and cluster.is_catching_up(now)):
        return early
    evidence = Evidence(
        cluster.history_since(hops.first_request),
        stats,
        # Replicas that stay on after the last request are not under load.
        now=min(now - hops.first_request, load.spec.duration),
        hold_seconds=session.options.hold,
        metric_was_over=bool({"metric_over_threshold", "hpa_metric_over_threshold"} & set(hops.times)),
        unwatched=cluster.unwatched,
        others=plan.model.not_predicted,
        rollout=cluster.subject.rollout_since(hops.first_request),
    )
    if load.expectation is not None:
        return expectations.judge(load.expectation, evidence)
    return verdicts.judge(load.prediction, evidence) if load.prediction else _judge_unpredicted(session, plan)


def _no_begin(load: PlannedLoad, stats: LoadStats) -> Verdict:
    """Return the verdict on a load that ended without a begin."""
    if isinstance(load.spec, ExternalSpec):
        return Verdict(Outcome.ABORTED, Reason.LOAD_NOT_SEEN, NoRise(load.spec.rise_timeout))
    no_request = Verdict(Outcome.ABORTED, Reason.LOAD_NOT_SENT, LoadFailure(stats))
    return diagnosis.load_failure(stats) or no_request


def _judge_unpredicted(session: Session, plan: Plan) -> Verdict | None:
    """Without a prediction nothing is proven; what happened is in the result."""
    stats = session.load.stats
    if not stats.ended:
        return None
    facts = Unpredicted(plan.model.not_predicted, session.state.cluster.last_counts)
    return diagnosis.load_failure(stats) or Verdict(Outcome.ABORTED, Reason.NOT_PREDICTABLE, facts)


def _hopeless(session: Session, begun: float) -> Verdict | None:
    """Return a verdict when no request at all is answered: nobody should wait minutes for that."""
    stats, patience = session.load.stats, _HOPELESS_SECONDS + session.load_options.timeout
    return None if stats.answered or session.now() - begun < patience else diagnosis.load_failure(stats)


def _end_load(session: Session, load: PlannedLoad) -> None:
    """End a load that is still being sent, and wait for the answers."""
    source = "external" if isinstance(load.spec, ExternalSpec) else "http"
    session.record("load", source, "ended", "early, since the verdict was known")
    session.load.drain()
    end = session.now() + load.spec.timeout + 0.5
    while not session.load.wait(0.2, session.now).ended and session.now() < end:
        session.check_interrupt()


def _say_load(session: Session, threshold: float | None, expected: str) -> None:
    if not session.line_is_due or not session.state.cluster.history:
        return
    of = "" if threshold is None else f" of {threshold:g}"
    metric = progress_lines.value(session.state.metrics.value)
    counts = progress_lines.counts(session.state.cluster.last_counts)
    sent = "" if session.options.external else f"{session.rates(session.load.stats)}; "
    session.say(f"{sent}metric {metric}{of}; {counts}{expected}")


def _next_hop(session: Session, plan: Plan, aim: Prediction | Expectation | None) -> str:
    hops = session.hops
    if hops is None or hops.first_request is None:
        return ""
    now, ready = session.now() - hops.first_request, hops.times.get("replicas_ready")
    if session.phase == Phase.HOLD and ready is not None:
        left = max(0.0, ready.seconds + session.options.hold_seconds - now)
        return f"; next: the hold ends within {left:.0f} s"
    bounds = {"replicas_ready": (0.0, aim.within_seconds)} if isinstance(aim, Expectation) else plan.bounds
    return progress_lines.next_hop(bounds, hops.times, now)


def _check_before_load(session: Session, load: PlannedLoad) -> Verdict | None:
    """Return why the load is not to be sent: replicas may have moved while the counters were read."""
    session.step()
    return cause_checks.before_load(session, load)
