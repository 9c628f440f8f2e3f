# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The plan of a proof without the proof, for check mode: one look at the chain, and the same planning.

Nothing is sent, nothing is waited for but the first observations, and no file is written. A workload that is not at
rest is planned as if it were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..load.schedule import LoadSpec
from . import phase_checks, planning, report, situations, waits
from .judgement import rest
from .judgement.chain import MissingLink
from .judgement.findings import Code, Finding
from .judgement.outcomes import Aborted, Outcome, Reason
from .judgement.permanence import Persistence
from .messages import plan_messages, verdict_messages
from .options import Phase
from .plan import Plan, Situation
from .report import Proof
from .session import Session

# The watches and Prometheus answer within this time, or the chain is not ready.
_LOOK_SECONDS = 10.0


@dataclass(frozen=True)
class Foreseen:
    """The verdict that a proof would have if everything went as planned; the reason says why it can't be `scaled`."""

    outcome: Outcome
    reason: Reason


def plan(session: Session) -> dict[str, Any]:
    """Return the plan of a proof as plain data: `foreseen`, `message`, `notes`, and the parts of verdict.json.

    `foreseen` is None where the chain is not ready enough for a plan. `notes` are sentences about what is not as it is
    to be before a load.

    :raises BadInput: the proof would be refused
    """
    proof = Proof(session)
    try:
        links, permanent = _look(session)
    except Aborted as aborted:
        foreseen = Foreseen(aborted.verdict.outcome, aborted.verdict.reason)
        return _result(proof, foreseen, [verdict_messages.verdict(aborted.verdict)], [])
    if permanent is not None:
        verdict = waits.never_ready(permanent, links)
        return _result(proof, Foreseen(verdict.outcome, verdict.reason), [verdict_messages.verdict(verdict)], [])
    notes = [plan_messages.not_ready(links[0].finding, session.options.wait_timeout)] if links else []
    if not _is_plannable(session):
        return _result(proof, None, [plan_messages.NO_PLAN], notes)
    situation, moving = _situation(session)
    if moving is not None and not links:
        notes.append(plan_messages.not_at_rest(moving))
    phase_checks.check_phases(situation)
    proof.plan = _plan_of(situation)
    return _result(proof, _foreseen(proof.plan), list(_sentences(proof.plan, session)), notes)


def _look(session: Session) -> tuple[list[MissingLink], MissingLink | None]:
    """Return what is missing once the first observations exist, and the first link that no waiting can fix."""
    session.phase = "check"
    begun, persistence = session.now(), Persistence()
    while True:
        session.step()
        links = waits.missing_links(session)
        permanent = persistence.permanent(links, session.now())
        if not links or permanent is not None or session.now() > begun + _LOOK_SECONDS:
            return links, permanent


def _is_plannable(session: Session) -> bool:
    """Whether the objects are there, and the time between two scrapes is known where it matters."""
    cluster = session.state.cluster
    has_timing = session.target.load_trigger is None or session.state.scrape_interval > 0
    return bool(cluster.hpa and cluster.scaledobject and cluster.history) and has_timing


def _situation(session: Session) -> tuple[Situation, Finding | None]:
    """Return the situation at rest, and what moves now; None if the workload is at rest or needs not be."""
    situation = situations.situation(session)
    if session.options.external is not None or not session.options.sends_load:
        return situation, None
    settle, model = situations.settle_seconds(session), situation.model
    begun = session.now()
    while True:
        check = rest.check(session.state, model.config, settle, session.now(), fallback=model.fallback)
        # The first reading may be older than the replicas.
        if check.finding.code is not Code.NOT_READ or session.now() > begun + _LOOK_SECONDS:
            break
        session.step()
    if check.at_rest:
        return replace(situation, baseline=check.baseline), None
    return planning.at_rest(situation), check.finding


def _plan_of(situation: Situation) -> Plan:
    phases = situation.options.phases
    if not situation.options.sends_load:
        plan = planning.plan_scale_in(situation)
        phase_checks.check_scale_in(plan, situation)
        return plan
    activation = planning.plan_activation(situation) if Phase.ACTIVATION in phases else None
    if Phase.SCALE_OUT not in phases:
        assert activation is not None, "a proof that sends a load has one of both phases"
        return activation
    plan = planning.plan_scale_out(situation)
    return replace(plan, activation=activation.activation if activation else None)


def _foreseen(plan: Plan) -> Foreseen:
    load = plan.scale_out
    if load is None:
        return Foreseen(Outcome.SCALED, Reason.AS_PREDICTED)
    if load.expectation is not None:
        return Foreseen(Outcome.SCALED, Reason.AS_EXPECTED)
    if load.prediction is None:
        return Foreseen(Outcome.ABORTED, Reason.NOT_PREDICTABLE)
    if load.prediction.changes:
        return Foreseen(Outcome.SCALED, Reason.AS_PREDICTED)
    return Foreseen(Outcome.NOT_SCALED, Reason(load.prediction.reason))


def _sentences(plan: Plan, session: Session) -> Iterator[str]:
    """Yield what would be done, and what would come of it."""
    load = plan.scale_out
    if load is not None:
        yield plan_messages.load(load.spec, session.load_options)
    if plan.activation is not None and isinstance(plan.activation.spec, LoadSpec):
        yield plan_messages.activation(plan.activation.spec)
    if load is not None and load.prediction is not None and load.spec.rate is not None:
        yield plan_messages.prediction(load.prediction, load.spec.rate)
    if load is not None and load.expectation is not None:
        yield plan_messages.expectation(load.expectation)
    if plan.model.not_predicted:
        yield plan_messages.not_predicted(plan.model.not_predicted)
    for _phase, predicted in plan.scale_in_phases:
        yield plan_messages.scale_in(predicted)


def _result(proof: Proof, foreseen: Foreseen | None, sentences: list[str], notes: list[str]) -> dict[str, Any]:
    session = proof.session
    target = plan_messages.target(session.target.namespace, session.target.scaledobject, session.target.workload.title)
    verdict = [plan_messages.foreseen(foreseen.outcome, foreseen.reason)] if foreseen else []
    parts = report.result(proof)
    notes = [*notes, *(f"{warning}." for warning in (parts["predicted"] or {}).get("warnings", []))]
    lines = [target, *sentences, *notes, *verdict]
    for line in lines:
        session.say(line)
    return {
        "message": " ".join(lines),
        "foreseen": {"verdict": foreseen.outcome.value, "reason": foreseen.reason.value} if foreseen else None,
        "notes": notes,
        **{name: parts[name] for name in ("predicted", "load", "evidence", "versions")},
    }
