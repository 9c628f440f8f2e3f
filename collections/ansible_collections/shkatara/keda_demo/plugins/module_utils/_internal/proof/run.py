# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""One proof from beginning to end: wait until ready and at rest, predict, go through the phases, tell the verdict."""

from __future__ import annotations

import contextlib
from typing import Any

from ..autoscaling.hpa_model import HpaModel
from ..common.errors import BadInput
from ..prediction import hop_bounds, scale_in
from . import messages, planning, report, waits
from .edges import Aborted
from .phases import activation, back, scale_out
from .records import Verdict
from .scene import Scene


def prove(scene: Scene) -> dict[str, Any]:
    """Return the result, which is in verdict.json too; what went wrong is a verdict like any other.

    Only what nobody thought of is raised, after it was written to verdict.json.
    """
    try:
        return _end(scene, _run(scene))
    except Aborted as aborted:
        _stop_load(scene)
        return _end(scene, aborted.verdict)
    except BadInput as error:
        sent = "" if scene.phases else " Nothing was sent."
        return _end(scene, Verdict("aborted", "bad_input", f"{str(error).rstrip('.')}.{sent}"))
    except Exception as error:
        # Where not even this can be written, the first error says more.
        with contextlib.suppress(Exception):
            _stop_load(scene)
        with contextlib.suppress(Exception):
            _end(scene, Verdict("aborted", "internal_error", f"{type(error).__name__}: {error}"))
        raise


def _end(scene: Scene, verdict: Verdict) -> dict[str, Any]:
    files = scene.outputs.files
    scene.lines.say(f"verdict: {verdict.verdict} ({verdict.reason}). {verdict.message} See {files.folder}.")
    scene.timeline.add("verdict", verdict.verdict, "reason", verdict.reason)
    final = report.result(scene, verdict)
    files.write_verdict(final)
    return final


def _stop_load(scene: Scene) -> None:
    scene.load.stop()
    scene.load.wait(0.9, scene.now)


def _run(scene: Scene) -> Verdict:
    not_ready = waits.wait_until_ready(scene)
    if not_ready is not None:
        return not_ready
    scene.forecast.plan = plan = scene.plan()
    _check_phases(scene, plan)
    phases = scene.options.phases
    verdict = Verdict("scaled", "as_predicted", "")
    if "activation" in phases or "scale_out" in phases:
        if "scale_out" in phases:
            # A load that can't be proven or sent is refused before anyone waits for rest.
            least = (
                0 if scene.rules.scales_to_zero or plan.target is None else scale_in.least_replicas(plan.target, 0.0)
            )
            planning.main_load(scene, plan, planning.start_of(scene, plan, 0.0, least))
        found = _loads(scene, plan)
        if found.verdict != "scaled":
            return found
        verdict = found
    else:
        planning.predict_back(scene, plan, 0.0, [scene.state.history[-1].spec])
        _check_way_back(scene)
    scene.outputs.files.write_verdict(report.result(scene, None))
    for phase, predicted in (("scale_in", scene.forecast.back), ("to_zero", scene.forecast.to_zero)):
        if phase in phases and predicted is not None:
            scene.lines.say(messages.scale_in_words(predicted))
            failed = back(scene, phase, predicted)
            if failed is not None:
                return failed
            verdict = Verdict(
                "scaled", "as_predicted", f"{verdict.message} {scene.phases[-1]['message'].capitalize()}."
            )
    return Verdict(verdict.verdict, verdict.reason, verdict.message.strip())


def _check_phases(scene: Scene, plan: HpaModel) -> None:
    """:raises BadInput: a phase can't be proven of this ScaledObject"""
    phases, rules = scene.options.phases, scene.rules
    if plan.target is None and set(phases) != {"scale_out", "hold"} and set(phases) != {"scale_out"}:
        raise BadInput(f"phases {', '.join(phases)} need a prediction, and there is none ({plan.unknown})")
    if "to_zero" in phases and not rules.scales_to_zero:
        raise BadInput("phase to_zero needs a ScaledObject with minReplicaCount or idleReplicaCount 0")
    if "activation" in phases and rules.scales_to_zero and rules.activation <= 0:
        raise BadInput(
            "phase activation needs an activationThreshold above 0 where replicas begin at 0: any load activates the "
            "trigger otherwise"
        )
    if plan.fallback is not None and ("activation" in phases or scene.load_options.replicas is not None):
        raise BadInput(
            "the trigger fails, and KEDA's fallback stands for its value, so that no load moves it: mend the trigger, "
            "or give load.http.rate and leave the phase activation out"
        )
    disabled = plan.target is not None and plan.target.scale_down["selectPolicy"] == "Disabled"
    if "scale_in" in phases and disabled:
        raise BadInput("phase scale_in can't be proven: behavior.scaleDown.selectPolicy of the HPA is Disabled")


def _check_way_back(scene: Scene) -> None:
    """:raises BadInput: there is no way back from where the replicas stand"""
    count = scene.state.history[-1].spec
    for phase, predicted in (("scale_in", scene.forecast.back), ("to_zero", scene.forecast.to_zero)):
        if predicted is not None and count <= predicted.replicas:
            raise BadInput(
                f"phase {phase} without scale_out begins with the replicas there are, which are {count}: there is no "
                f"way back to {predicted.replicas} to prove"
            )


def _loads(scene: Scene, plan: HpaModel) -> Verdict:
    """Go through the phases that send something; the verdict is `scaled` where all have passed."""
    baseline = waits.wait_until_at_rest(scene, plan)
    if isinstance(baseline, Verdict):
        return baseline
    if "activation" in scene.options.phases:
        spec, scene.forecast.activation = planning.activation_load(scene, plan, baseline)
        scene.outputs.files.write_verdict(report.result(scene, None))
        failed = activation(scene, spec, scene.forecast.activation)
        if failed is not None or "scale_out" not in scene.options.phases:
            return failed or Verdict("scaled", "as_predicted", scene.phases[-1]["message"])
        baseline = waits.wait_until_at_rest(scene, plan, since=scene.now())
        if isinstance(baseline, Verdict):
            return baseline
    scene.forecast.plan = plan = scene.plan()
    spec, prediction = planning.main_load(
        scene, plan, planning.start_of(scene, plan, baseline, scene.state.history[-1].spec)
    )
    scene.spec, scene.forecast.out = spec, prediction
    if prediction is not None:
        bounds = hop_bounds.scale_out_bounds(prediction, scene.timing())
        # What nobody reads is not expected either.
        unread = () if scene.target.counter else ("load_scraped", "new_pod_counted")
        scene.forecast.bounds = {name: times for name, times in bounds.items() if name not in unread}
        planning.predict_back(scene, plan, baseline, prediction.possible_replicas)
        for warning in prediction.warnings:
            scene.lines.say(warning)
        words = messages.prediction_words(prediction, spec.rate)
    else:
        words = f"not predicted, and only watched: {plan.unknown}"
    scene.outputs.files.write_verdict(report.result(scene, None))
    scene.lines.say(words)
    return scale_out(scene, spec, prediction)
