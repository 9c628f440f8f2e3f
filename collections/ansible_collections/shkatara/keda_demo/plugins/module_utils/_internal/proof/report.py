# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The content of verdict.json at any moment of a proof; the module's RETURN explains each field."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..common import urls
from ..prediction import hop_bounds
from ..prediction.hop_bounds import Bounds
from ..prediction.scale_out import Prediction
from . import evidence, predicted
from .judgement.end_to_end import EndToEnd
from .judgement.findings import Finding
from .judgement.outcomes import Outcome, Verdict
from .messages import deviation_messages, finding_messages, obstacle_messages, phrases, verdict_messages
from .observed.replicas import ReplicaCounts
from .options import Options, Phase
from .output.files import finite
from .phases import PhaseResult
from .plan import Plan, PlannedLoad
from .session import Session

# The result of the later phase says all that the earlier one's does.
_SAID_BY = {Phase.ACTIVATION: Phase.SCALE_OUT, Phase.SCALE_OUT: Phase.HOLD}


@dataclass
class Proof:
    """A proof on its way: what is planned and what has come of it so far."""

    session: Session
    plan: Plan | None = None
    results: list[PhaseResult] = field(default_factory=list)
    verdict: Verdict | None = None


def write(proof: Proof) -> None:
    """Write verdict.json."""
    proof.session.outputs.files.write_verdict(result(proof))


def message(proof: Proof) -> str:
    """Return the sentences about the verdict."""
    verdict = proof.verdict
    if verdict is None:
        return "The proof is under way."
    verdicts = [verdict]
    if verdict.outcome is Outcome.SCALED:
        phases = {result.phase for result in proof.results}
        verdicts = [result.verdict for result in proof.results if _SAID_BY.get(result.phase) not in phases]
    sentences = list(map(verdict_messages.verdict, verdicts))
    load = proof.plan.scale_out if proof.plan else None
    if load is not None and proof.session.ended_early:
        sentences.append(f"The load ended early, before its {load.spec.duration:g} s: the verdict was known.")
    return " ".join(sentences)


def result(proof: Proof) -> dict[str, Any]:
    """Return verdict.json's content: plain data, with None for each number that is not finite."""
    session, verdict = proof.session, proof.verdict
    hops = bounded_hops(proof)
    # The load to be proven comes after that of the activation.
    comparison = next((result.end_to_end for result in reversed(proof.results) if result.end_to_end), None)
    versions = {**session.outputs.versions, "prometheus": session.state.metrics.version}
    content: dict[str, Any] = finite(
        {
            "verdict": verdict.outcome.value if verdict else None,
            "reason": verdict.reason.value if verdict else None,
            "message": message(proof),
            "predicted": _predicted(proof.plan, session.options),
            "observed": evidence.observed(session),
            "phases": [_phase(phase_result) for phase_result in proof.results],
            "load": _load(proof),
            "hops": hops,
            "end_to_end": _end_to_end(comparison) if comparison else None,
            "deviations": _deviations(proof, hops),
            "evidence": evidence.evidence(session),
            "versions": versions,
            "proof": str(session.outputs.files.folder),
        }
    )
    return content


def _end_to_end(comparison: EndToEnd) -> dict[str, Any]:
    fields = asdict(comparison)
    pods = fields.pop("pods")
    return {**fields, "message": deviation_messages.end_to_end(comparison), "pods": pods}


def _phase(result: PhaseResult) -> dict[str, Any]:
    entry = {
        "phase": result.phase.value,
        "passed": result.passed,
        "reason": result.verdict.reason.value,
        "message": verdict_messages.verdict(result.verdict),
    }
    return entry if result.requests is None else {**entry, "requests": result.requests}


def _predicted(plan: Plan | None, options: Options) -> dict[str, Any] | None:
    if plan is None:
        return None
    nothing_yet = not (plan.activation or plan.scale_out or plan.scale_in or plan.to_zero)
    if plan.model.config and nothing_yet:
        return None
    read = _read(plan, options)
    return {
        **_with_obstacles(
            _prediction(plan.scale_out, plan.warnings) or predicted.expectation(plan.scale_out) or {"replicas": None},
            plan,
        ),
        **predicted.source(plan.scale_out),
        "activation": _prediction(plan.activation),
        "hops": {name: list(times) for name, times in plan.bounds.items()},
        "scale_in": asdict(plan.scale_in) if plan.scale_in else None,
        "to_zero": asdict(plan.to_zero) if plan.to_zero else None,
        "hops_back": {name: list(times) for name, times in plan.scale_in_bounds.items()},
        "not_predicted": [asdict(entry) for entry in plan.model.not_predicted],
        "read": read,
        "assumed": {key: value for key, value in _assumptions(plan, options).items() if key not in read},
    }


def _prediction(load: PlannedLoad | None, about_query: Sequence[Finding] = ()) -> dict[str, Any] | None:
    """Return a prediction with its times next to the other fields."""
    if load is None or load.prediction is None:
        return None
    fields: dict[str, Any] = {}
    for name, value in asdict(load.prediction).items():
        fields.update(value if name == "times" else {name: value})
    fields["warnings"] = list(map(finding_messages.phrase, about_query))
    fields["warnings"] += map(deviation_messages.short_stabilization, load.prediction.warnings)
    return fields


def _with_obstacles(fields: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """Return a prediction whose warnings name what keeps the HPA or KEDA from scaling in one direction too."""
    warnings = fields.get("warnings", []) + list(map(obstacle_messages.warning, plan.model.obstacles))
    return {**fields, "warnings": warnings} if warnings else fields


def _assumptions(plan: Plan, options: Options) -> dict[str, float]:
    """Return what no object of the proof says."""
    return {
        "metric_per_request": plan.per_request,
        "hpa_sync_period": options.hpa_sync_period,
        "hpa_tolerance": options.hpa_tolerance,
        "hpa_downscale_stabilization": options.hpa_downscale_stabilization,
        "pod_start_seconds": options.pod_start_seconds,
    }


def _read(plan: Plan, options: Options) -> dict[str, float]:
    """Return the assumptions that are confirmed: by the query, the HPA's own fields, the controller manager's flags."""
    read = {name: _assumptions(plan, options)[name] for name in options.flags_read}
    if options.metric_per_request is None and plan.model.config is not None:
        read["metric_per_request"] = plan.per_request
    config = plan.model.config
    if config is not None and "stabilizationWindowSeconds" in config.scale_down:
        read["hpa_downscale_stabilization"] = config.stabilization
    if config is not None and config.has_tolerance_field and "tolerance" in (config.scale_up or {}):
        read["hpa_tolerance"] = config.up_tolerance
    return read


def bounded_hops(proof: Proof) -> dict[str, dict[str, Any]]:
    """Return the hops with the bounds that were predicted for them, all in seconds since the first request."""
    tracker, plan = proof.session.hops, proof.plan
    if tracker is None or plan is None:
        return {}
    bounds: Bounds = dict(plan.bounds)
    if tracker.first_request is not None and tracker.load_ended is not None:
        shift = tracker.load_ended - tracker.first_request
        bounds |= {name: (first + shift, last + shift) for name, (first, last) in plan.scale_in_bounds.items()}
    clock = proof.session.inputs.clock
    return {
        name: {
            "seconds": hop.seconds,
            "time": clock.utc_at(hop.at),
            "source": hop.source,
            "resolution_seconds": hop.resolution_seconds,
            "earliest": round(bounds[name][0], 3) if name in bounds else None,
            "latest": round(bounds[name][1], 3) if name in bounds else None,
        }
        for name, hop in tracker.times.items()
    }


def _deviations(proof: Proof, hops: dict[str, dict[str, Any]]) -> list[str]:
    """Return what was outside the prediction; the verdict rests on counts and times alone."""
    session, plan, tracker = proof.session, proof.plan, proof.session.hops
    deviations = [
        deviation_messages.outside_bounds(name, hop["seconds"], hop["earliest"], hop["latest"])
        for name, hop in hops.items()
        if hop_bounds.is_outside(hop["seconds"], hop["resolution_seconds"], hop["earliest"], hop["latest"])
    ]
    prediction = plan.scale_out.prediction if plan and plan.scale_out else None
    if prediction is not None and tracker is not None and tracker.first_request is not None:
        deviations += path_deviations(session.state.cluster.history_since(tracker.first_request), prediction)
    if tracker is not None and tracker.first_request is not None:
        rollout = session.state.cluster.subject.rollout_since(tracker.first_request)
        deviations += [phrases.rollout(rollout)] if rollout else []
    checks = [result.end_to_end for result in proof.results if result.end_to_end]
    return deviations + [deviation_messages.end_to_end(check) for check in checks if check.agrees is not True]


def path_deviations(history: Sequence[ReplicaCounts], prediction: Prediction) -> list[str]:
    """Return each growth of a workload that is no step of the predicted paths."""
    specs = [counts.spec for counts in history]
    return [
        deviation_messages.unpredicted_step(before, after, prediction.steps.get(before, []))
        for before, after in itertools.pairwise(specs)
        if after > before and after not in prediction.steps.get(before, [])
    ]


def _load(proof: Proof) -> dict[str, Any]:
    session, planned = proof.session, proof.plan.scale_out if proof.plan else None
    options, spec = session.load_options, planned.spec if planned else None
    # The times of the first and the last request are on a clock that only this machine has.
    stats = {
        key: value for key, value in session.load.stats.as_dict().items() if key not in ("first_sent", "last_sent")
    }
    return {
        "sender": "external" if session.options.external else "http",
        "url": urls.without_user(options.url),
        "urls": list(map(urls.without_user, options.urls)),
        "method": options.request.method,
        "rate": spec.rate if spec else options.rate,
        "duration": spec.duration if spec else options.duration,
        "stages": [asdict(stage) for stage in spec.stages] if spec else [],
        **stats,
        "ended_early": session.ended_early,
    }
