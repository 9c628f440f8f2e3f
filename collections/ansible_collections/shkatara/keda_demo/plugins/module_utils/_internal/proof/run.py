# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""One proof from beginning to end: wait until the chain is ready and at rest, plan, go through the phases, report."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from ..common.errors import BadInput
from . import phase_checks, phases, planning, report, situations, waits
from .judgement.facts import Text
from .judgement.outcomes import Aborted, Outcome, Reason, Verdict
from .messages import (
    deviation_messages,
    expectation_messages,
    finding_messages,
    obstacle_messages,
    progress_lines,
    verdict_messages,
    workload_messages,
)
from .options import Phase
from .plan import Plan, Situation
from .report import Proof
from .session import Session

# The message of this verdict is made of the results of the phases.
_ALL_PASSED = Verdict(Outcome.SCALED, Reason.AS_PREDICTED, Text(""))


def prove(session: Session) -> Proof:
    """Return the proof with its verdict, which is in verdict.json too; a failure is a verdict like any other.

    :raises Exception: an error of this program, after it was written to verdict.json
    """
    proof = Proof(session)
    try:
        _end(proof, _verdict(proof))
    except Exception as error:
        # The first error says more than a later one.
        with contextlib.suppress(Exception):
            _stop_load(session)
        internal_error = Verdict(Outcome.ABORTED, Reason.INTERNAL_ERROR, Text(f"{type(error).__name__}: {error}."))
        try:
            _end(proof, internal_error)
        except Exception:
            # The sentence of a phase may be at fault.
            proof.results.clear()
            with contextlib.suppress(Exception):
                _end(proof, internal_error)
        raise
    return proof


def _verdict(proof: Proof) -> Verdict:
    """Return the verdict of the phases, or of what ended the proof before them."""
    try:
        return _run(proof)
    except Aborted as aborted:
        _stop_load(proof.session)
        return aborted.verdict
    except BadInput as error:
        nothing_sent = "" if proof.results else " Nothing was sent."
        return Verdict(Outcome.ABORTED, Reason.BAD_INPUT, Text(f"{str(error).rstrip('.')}.{nothing_sent}"))


def _end(proof: Proof, verdict: Verdict) -> None:
    proof.verdict = verdict
    session, folder = proof.session, proof.session.outputs.files.folder
    session.say(f"verdict: {verdict.outcome} ({verdict.reason}). {report.message(proof)} See {folder}.")
    session.record("verdict", verdict.outcome, "reason", verdict.reason)
    report.write(proof)


def _stop_load(session: Session) -> None:
    session.load.stop()
    session.load.wait(0.9, session.now)


def _run(proof: Proof) -> Verdict:
    session = proof.session
    not_ready = waits.wait_until_ready(session)
    if not_ready is not None:
        return not_ready
    _say_workload(session)
    situation = situations.situation(session)
    # The triggers that are not predicted are in verdict.json from here on.
    proof.plan = Plan(situation.model, situation.rules, situation.timing, per_request=situation.per_request)
    phase_checks.check_phases(situation)
    for obstacle in situation.model.obstacles:
        session.say(f"warning: {obstacle_messages.warning(obstacle)}")
    if not session.options.sends_load:
        proof.plan = planning.plan_scale_in(situation)
        phase_checks.check_scale_in(proof.plan, situation)
        report.write(proof)
    else:
        if Phase.SCALE_OUT in session.options.phases:
            planning.check_load(situation)
        verdict = _send_loads(proof, situation)
        if verdict.outcome is not Outcome.SCALED:
            return verdict
        report.write(proof)
    for phase, predicted in proof.plan.scale_in_phases:
        result = phases.scale_in(session, proof.plan, phase, predicted)
        proof.results.append(result)
        if not result.passed:
            return result.verdict
    load = proof.plan.scale_out
    return replace(_ALL_PASSED, reason=Reason.AS_EXPECTED) if load and load.expectation else _ALL_PASSED


def _say_workload(session: Session) -> None:
    """Say what a person is to know of the workload before anything is sent."""
    workload, cluster = session.target.workload, session.state.cluster
    if not workload.is_deployment:
        session.say(workload_messages.not_observed(workload.title))
    others = cluster.subject.others_of(cluster.pods.values())
    if others:
        session.say(workload_messages.other_pods(workload.title, workload.pod_labels, others))


def _send_loads(proof: Proof, situation: Situation) -> Verdict:
    """Go through the phases that send a load; the verdict is `scaled` where all have passed."""
    session = proof.session
    baseline: Verdict | float = session.state.metrics.value or 0.0
    if session.options.external is None:  # others may send already
        baseline = waits.wait_until_at_rest(session, situation.model)
    if isinstance(baseline, Verdict):
        return baseline
    activation = None
    if Phase.ACTIVATION in session.options.phases:
        proof.plan = planning.plan_activation(situations.situation(session, baseline))
        report.write(proof)
        activation = proof.plan.activation
        assert activation is not None
        result = phases.activation(session, activation)
        proof.results.append(result)
        if not result.passed:
            return result.verdict
        if Phase.SCALE_OUT not in session.options.phases:
            return _ALL_PASSED
        baseline = waits.wait_until_at_rest(session, situation.model, since=session.now())
        if isinstance(baseline, Verdict):
            return baseline
    proof.plan = replace(planning.plan_scale_out(situations.situation(session, baseline)), activation=activation)
    load = proof.plan.scale_out
    assert load is not None
    prediction = load.prediction
    for finding in proof.plan.warnings:
        session.say(finding_messages.phrase(finding))
    for warning in prediction.warnings if prediction else []:
        session.say(deviation_messages.short_stabilization(warning))
    report.write(proof)
    if load.expectation is not None:
        session.say(expectation_messages.line(load.expectation))
    if prediction is None and load.expectation is None:
        session.say(
            f"not predicted, and only watched: {verdict_messages.not_predicted(proof.plan.model.not_predicted)}"
        )
    if prediction is not None and load.spec.rate is not None:
        session.say(progress_lines.prediction(prediction, load.spec.rate))
    results = phases.scale_out(session, proof.plan, load)
    proof.results += results
    return results[-1].verdict
