# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The sentences about the plan of a proof that is not run."""

from __future__ import annotations

from collections.abc import Iterable

from ...autoscaling.hpa_model import NotPredicted
from ...common import urls
from ...load.external import Begin, ExternalSpec
from ...load.options import LoadOptions
from ...load.schedule import LoadSpec
from ...prediction.expectation import Expectation
from ...prediction.scale_in import ScaleIn
from ...prediction.scale_out import Prediction
from ..judgement.findings import Finding
from ..judgement.outcomes import Outcome, Reason
from . import expectation_messages, finding_messages, phrases, progress_lines, verdict_messages

NO_PLAN = "There is no plan yet, since it needs a chain that is ready."


def target(namespace: str, scaledobject: str, workload: str) -> str:
    """Return what would be proven, and that it may be."""
    return f"ScaledObject {namespace}/{scaledobject} scales {workload}; no permission is missing."


def not_ready(finding: Finding, wait_timeout: float) -> str:
    """Return that the proof would wait for the chain."""
    return (
        f"The chain is not ready now: {finding_messages.phrase(finding)}. The proof would wait for it, up to "
        f"{wait_timeout:g} s (wait_timeout)."
    )


def not_at_rest(finding: Finding) -> str:
    """Return that the proof would wait for rest."""
    return (
        f"The workload is not at rest now: {finding_messages.phrase(finding)}. The proof would wait for rest, and is "
        "planned from that state."
    )


def foreseen(outcome: Outcome, reason: Reason) -> str:
    """Return the verdict that the proof would have."""
    return f"As planned, the verdict would be {outcome} ({reason})."


def load(spec: LoadSpec | ExternalSpec, options: LoadOptions) -> str:
    """Return the load, and for how long it is sent."""
    if isinstance(spec, ExternalSpec):
        begin = "the call" if spec.begin is Begin.CALL else "the first rise"
        return f"Nothing would be sent: the load of others is observed for at most {spec.duration:g} s from {begin} on."
    chosen = f", chosen for {phrases.replicas(options.replicas)}," if options.replicas is not None else ""
    stages = f" in {len(spec.stages)} stages" if len(spec.stages) > 1 else ""
    return (
        f"Would send {spec.rate:g} requests/s{stages}{chosen} to {urls.without_user(spec.url)} for at most "
        f"{spec.duration:g} s."
    )


def activation(spec: LoadSpec) -> str:
    """Return the load of the phase activation."""
    return f"Before it, in the phase activation, {spec.rate:g} requests/s for {spec.duration:g} s, which move nothing."


def prediction(predicted: Prediction, rate: float) -> str:
    """Return what the load would do, and the parts of the latest time."""
    latest = phrases.load_outlasted(predicted.times.latest_seconds, predicted.times.latest_parts)
    line = _sentence(progress_lines.prediction(predicted, rate))
    return f"{line} {latest.replace(' was ', ' is ')}" if predicted.changes else line


def expectation(value: Expectation) -> str:
    """Return what is expected of the load."""
    return _sentence(expectation_messages.line(value))


def not_predicted(entries: Iterable[NotPredicted]) -> str:
    """Return which triggers are only watched."""
    return f"Not predicted: {verdict_messages.not_predicted(entries)}."


def scale_in(predicted: ScaleIn) -> str:
    """Return the prediction of a phase after the load."""
    return _sentence(progress_lines.scale_in(predicted))


def _sentence(line: str) -> str:
    return f"{line[0].upper()}{line[1:]}."
