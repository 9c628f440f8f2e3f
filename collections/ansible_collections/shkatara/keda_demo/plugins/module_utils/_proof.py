# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""One proof from beginning to end: wait until ready and at rest, predict, go through the phases, tell the verdict."""

from __future__ import annotations

import contextlib
import math
from dataclasses import replace
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils import _words
from ansible_collections.shkatara.keda_demo.plugins.module_utils._bounds import bounds_back, bounds_out
from ansible_collections.shkatara.keda_demo.plugins.module_utils._choose import choose_rate
from ansible_collections.shkatara.keda_demo.plugins.module_utils._edges import Aborted
from ansible_collections.shkatara.keda_demo.plugins.module_utils._hpa import AVERAGE_VALUE
from ansible_collections.shkatara.keda_demo.plugins.module_utils._load_needs import limits_here, refusal
from ansible_collections.shkatara.keda_demo.plugins.module_utils._load_spec import LoadSpec
from ansible_collections.shkatara.keda_demo.plugins.module_utils._phases import (
    activation,
    back,
    computed_duration,
    scale_out,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import Prediction, Start, predict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Verdict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._result import result
from ansible_collections.shkatara.keda_demo.plugins.module_utils._scale_in import (
    least_replicas,
    predict_scale_in,
    predict_to_zero,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._scene import Scene
from ansible_collections.shkatara.keda_demo.plugins.module_utils._triggers import BadInput, HpaPlan
from ansible_collections.shkatara.keda_demo.plugins.module_utils._waits import wait_until_at_rest, wait_until_ready

# For what is computed before the real length is known.
_LONG_SECONDS = 86400.0


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
    final = result(scene, verdict)
    files.write_verdict(final)
    return final


def _stop_load(scene: Scene) -> None:
    scene.load.stop()
    scene.load.wait(0.5, scene.now)


def _run(scene: Scene) -> Verdict:
    not_ready = wait_until_ready(scene)
    if not_ready is not None:
        return not_ready
    scene.forecast.plan = plan = scene.plan()
    _check_phases(scene, plan)
    phases = scene.options.phases
    verdict = Verdict("scaled", "as_predicted", "")
    if "activation" in phases or "scale_out" in phases:
        # A load that can't be proven or sent is refused before anyone waits for rest.
        least = 0 if scene.rules.scales_to_zero or plan.target is None else least_replicas(plan.target, 0.0)
        _main_load(scene, plan, _start(scene, plan, 0.0, least))
        found = _loads(scene, plan)
        if found.verdict != "scaled":
            return found
        verdict = found
    else:
        _predict_back(scene, plan, 0.0, [scene.state.history[-1].spec])
        _check_way_back(scene)
    scene.outputs.files.write_verdict(result(scene, None))
    for phase, predicted in (("scale_in", scene.forecast.back), ("to_zero", scene.forecast.to_zero)):
        if phase in phases and predicted is not None:
            scene.lines.say(_words.scale_in_words(predicted))
            failed = back(scene, phase, predicted)
            if failed is not None:
                return failed
            verdict = Verdict(
                "scaled", "as_predicted", f"{verdict.message} {scene.phases[-1]['message'].capitalize()}."
            )
    return Verdict(verdict.verdict, verdict.reason, verdict.message.strip())


def _check_phases(scene: Scene, plan: HpaPlan) -> None:
    """:raises BadInput: a phase can't be proven of this ScaledObject"""
    phases, rules = scene.options.phases, scene.rules
    if plan.target is None and set(phases) != {"scale_out", "hold"} and set(phases) != {"scale_out"}:
        raise BadInput(f"phases {', '.join(phases)} need a prediction, and there is none ({_unknown(plan)})")
    if "to_zero" in phases and not rules.scales_to_zero:
        raise BadInput("phase to_zero needs a ScaledObject with minReplicaCount or idleReplicaCount 0")
    if "activation" in phases and rules.scales_to_zero and rules.activation <= 0:
        raise BadInput(
            "phase activation needs an activationThreshold above 0 where replicas begin at 0: any load activates the "
            "trigger otherwise"
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


def _unknown(plan: HpaPlan) -> str:
    return "; ".join(f"{one.trigger}: {one.why}" for one in plan.not_predicted) or "no trigger is known"


def _loads(scene: Scene, plan: HpaPlan) -> Verdict:
    """Go through the phases that send something; the verdict is `scaled` where all have passed."""
    baseline = wait_until_at_rest(scene, plan)
    if isinstance(baseline, Verdict):
        return baseline
    if "activation" in scene.options.phases:
        failed = activation(scene, *_activation_load(scene, plan, baseline))
        if failed is not None or "scale_out" not in scene.options.phases:
            _predict_back(scene, plan, baseline, [scene.state.history[-1].spec])
            return failed or Verdict("scaled", "as_predicted", scene.phases[-1]["message"])
        baseline = wait_until_at_rest(scene, plan, since=scene.now())
        if isinstance(baseline, Verdict):
            return baseline
    scene.forecast.plan = plan = scene.plan()
    spec, prediction = _main_load(scene, plan, _start(scene, plan, baseline, scene.state.history[-1].spec))
    scene.spec, scene.forecast.out = spec, prediction
    if prediction is not None:
        bounds = bounds_out(prediction, scene.timing())
        # What nobody reads is not expected either.
        unread = () if scene.target.counter else ("load_scraped", "new_pod_counted")
        scene.forecast.bounds = {name: times for name, times in bounds.items() if name not in unread}
        _predict_back(scene, plan, baseline, prediction.possible_replicas)
        for warning in prediction.warnings:
            scene.lines.say(warning)
        words = _words.prediction_words(prediction, spec.rate)
    else:
        words = f"not predicted, and only watched: {_unknown(plan)}"
    scene.outputs.files.write_verdict(result(scene, None))
    scene.lines.say(words)
    return scale_out(scene, spec, prediction)


def _start(scene: Scene, plan: HpaPlan, baseline: float, replicas: int) -> Start:
    rules = scene.rules
    if plan.fallback is not None:
        return Start(replicas, plan.fallback, 0.0)
    return Start(
        replicas=replicas,
        baseline=baseline,
        per_request=scene.options.metric_per_request,
        activation_seconds=rules.polling_interval,
        from_zero=rules.first_replicas,
    )


def _main_load(scene: Scene, plan: HpaPlan, start: Start) -> tuple[LoadSpec, Prediction | None]:
    """Return the load, and what it will do; None where nothing can be computed.

    :raises BadInput: it can't prove anything, or can't be sent from here
    """
    options, hold = scene.load_options, scene.options.hold_seconds if "hold" in scene.options.phases else 0.0
    if plan.target is None:
        if options.replicas is not None or (options.duration is None and not options.stages):
            raise BadInput(f"Nothing can be predicted ({_unknown(plan)}): give load.http.rate and load.http.duration")
        return _sendable(options.spec(0.0, 0.0)), None
    timing, rate = scene.timing(), 0.0
    if options.replicas is not None:
        try:
            rate = choose_rate(plan.target, options.replicas, start, timing)
        except ValueError as error:
            raise BadInput(str(error)) from error
    reason = "fallback" if plan.fallback is not None else ""
    spec = options.spec(rate, _LONG_SECONDS)
    prediction = predict(plan.target, spec, start, timing, reason)
    spec = options.spec(rate, computed_duration(prediction, hold))
    needed = prediction.latest_seconds + hold
    if spec.duration < needed:
        raise BadInput(_words.too_short_words(prediction, spec.duration, hold, math.ceil(needed)))
    return _sendable(spec), prediction


def _activation_load(scene: Scene, plan: HpaPlan, baseline: float) -> tuple[LoadSpec, Prediction]:
    """Return a load under the threshold, which lasts until anything would have moved.

    :raises BadInput: it is not under the threshold
    """
    options, timing = scene.load_options, scene.timing()
    start = _start(scene, plan, baseline, scene.state.history[-1].spec)
    if plan.target is None:
        raise BadInput(f"phase activation needs a prediction, and there is none ({_unknown(plan)})")
    moved = plan.target.moved
    pods = start.replicas if moved.kind == AVERAGE_VALUE else 1
    moves_at = scene.rules.activation if start.replicas == 0 else moved.target * pods
    rate = options.activation_rate or max(0.0, moves_at - baseline) / 2 / start.per_request
    total = baseline + rate * start.per_request
    if rate <= 0 or total > moves_at:
        raise BadInput(
            f"load.http.activation_rate makes a metric of {total:g}, and what moves nothing is above {baseline:g} and "
            f"at most {moves_at:g}"
        )
    if start.replicas == 0:
        # Nothing is activated: as if the load were not there, but for the time to wait.
        start = Start(0, 0.0, 0.0, start.activation_seconds, start.from_zero)
    prediction = predict(plan.target, options.constant(rate, _LONG_SECONDS), start, timing)
    if start.replicas == 0:
        prediction = replace(
            prediction, replicas=0, possible_replicas=[0], metric=round(total, 6), reason="load_under_activation"
        )
    return _sendable(options.constant(rate, math.ceil(prediction.latest_seconds))), prediction


def _sendable(spec: LoadSpec) -> LoadSpec:
    """:raises BadInput: this machine can't send the load"""
    problem = refusal(spec, limits_here())
    if problem:
        raise BadInput(problem)
    return spec


def _predict_back(scene: Scene, plan: HpaPlan, baseline: float, counts: list[int]) -> None:
    """Predict the way back where there is a phase for it."""
    if plan.target is None:
        return
    timing = scene.timing()
    if "scale_in" in scene.options.phases:
        scene.forecast.back = predict_scale_in(plan.target, counts, baseline, timing)
    if "to_zero" in scene.options.phases:
        scene.forecast.to_zero = predict_to_zero(scene.rules, counts, timing)
    scene.forecast.bounds_back = bounds_back(scene.forecast.back, scene.forecast.to_zero)
