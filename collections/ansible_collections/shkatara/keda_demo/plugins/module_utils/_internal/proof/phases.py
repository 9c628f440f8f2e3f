# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The phases of a proof, one function each: what is sent, what is waited for, and how it is judged.

Each returns the verdict with which the proof ends, or None where the phase has passed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..load.schedule import LoadSpec
from ..prediction.scale_in import ScaleIn
from ..prediction.scale_out import Prediction
from . import diagnosis, end_to_end, messages, records, verdicts, verdicts_scale_in
from .records import LoadFacts, Verdict
from .scene import Scene

_HOPELESS_SECONDS = 10.0


def activation(scene: Scene, spec: LoadSpec, prediction: Prediction) -> Verdict | None:
    """Send a load under the threshold, after which nothing may move."""
    scene.timeline.phase = "activation"
    scene.load.start(spec)
    begun = scene.now()
    verdict: Verdict | None = None
    while verdict is None:
        scene.step()
        _tell_load(scene, prediction.threshold, "")
        facts = records.load_facts(scene.load.last)
        verdict = _hopeless(scene, facts, begun) or verdicts.judge(
            scene.state.since(begun),
            prediction,
            facts,
            now=min(scene.now() - begun, spec.duration),
            hold_seconds=0.0,
            unwatched=scene.state.unwatched,
        )
    _end_load(scene, spec)
    quiet = verdict.verdict == "not_scaled"
    scene.passed("activation", verdict.reason, verdict.message, quiet, requests=scene.load.last["sent"])
    return None if quiet else verdict


def scale_out(scene: Scene, spec: LoadSpec, prediction: Prediction | None) -> Verdict:
    """Send the load and wait until replicas are as predicted and have stayed so, or until it is clear that they don't.

    Without a prediction it watches until the load is over.
    """
    scene.timeline.phase = "scale_out"
    before = _read_counters(scene)
    scene.begin_main_load(spec)
    verdict: Verdict | None = None
    while verdict is None:
        scene.step()
        if (
            prediction is not None
            and "hold" in scene.options.phases
            and verdicts.is_reached(scene.state.history, prediction)
        ):
            scene.timeline.phase = "hold"
        _tell_load(scene, prediction.threshold if prediction else None, _next(scene))
        verdict = _judge_load(scene, spec, prediction)
    _end_load(scene, spec)
    if scene.target.counter and before is not None:
        scene.end_to_end = end_to_end.compare(before, _read_counters(scene) or {}, *_answered(scene.load.last))
        scene.lines.say(scene.end_to_end.message)
    if scene.load.last["last_sent"] is not None:
        scene.timeline.hop("load_ended", scene.load.last["last_sent"], "the sender's clock", 0.0)
        scene.spec_before = scene.state.history[-1].spec if scene.state.history else None
    passed = verdict.verdict == "scaled"
    late = verdict.reason == "after_latest"
    if "hold" in scene.options.phases and not late and (passed or scene.timeline.phase == "hold"):
        seconds = scene.timeline.hops["replicas_ready"]["seconds"]
        scene.passed(
            "scale_out", "as_predicted", f"replicas as predicted were Ready {seconds:.1f} s after the first request"
        )
        scene.passed("hold", verdict.reason, verdict.message, passed)
    else:
        scene.passed("scale_out", verdict.reason, verdict.message, passed)
    return verdict


def back(scene: Scene, phase: str, predicted: ScaleIn) -> Verdict | None:
    """Wait until replicas are back at the minimum, or at zero."""
    scene.timeline.phase = phase
    ended = scene.timeline.load_ended or scene.now()
    while True:
        scene.step()
        now = scene.now()
        verdict, is_over = verdicts_scale_in.judge_back(
            scene.state.since(ended), predicted, now=now - ended, unwatched=scene.state.unwatched
        )
        if is_over:
            break
        expected = messages.next_words(scene.forecast.bounds_back, scene.timeline.hops, now - ended)
        counts = messages.replicas_line(scene.state.history[-1])
        scene.lines.regular(f"metric {messages.value_words(scene.state.metric)}; {counts}{expected}")
    took = scene.state.since(ended)[-1].seconds
    words = f"back at {messages.replicas_words(predicted.replicas)} {took:.1f} s after the last request"
    scene.passed(
        phase, verdict.reason if verdict else "as_predicted", verdict.message if verdict else words, not verdict
    )
    return verdict


def _judge_load(scene: Scene, spec: LoadSpec, prediction: Prediction | None) -> Verdict | None:
    first, facts, now = scene.timeline.first_request, records.load_facts(scene.load.last), scene.now()
    if first is None:
        if not facts.ended:
            return None
        return diagnosis.load_trouble(facts) or Verdict(
            "aborted", "load_not_sent", "The sender ended without a request."
        )
    hopeless = _hopeless(scene, facts, first)
    if hopeless is not None:
        return hopeless
    if not scene.state.unwatched and scene.state.is_catching_up(now):
        return None
    if prediction is None:
        return _watched_to_the_end(scene, facts)
    over = {"metric_over_threshold", "hpa_metric_over_threshold"} & set(scene.timeline.hops)
    plan = scene.forecast.plan
    return verdicts.judge(
        scene.state.since(first),
        prediction,
        facts,
        # What stays on when the last request is over is not under load.
        now=min(now - first, spec.duration),
        hold_seconds=scene.options.hold_seconds if "hold" in scene.options.phases else 0.0,
        metric_was_over=bool(over),
        unwatched=scene.state.unwatched,
        others=plan.unknown if plan else "",
    )


def _watched_to_the_end(scene: Scene, facts: LoadFacts) -> Verdict | None:
    """Nothing can be predicted, so nothing is proven; what happened is in the result."""
    if not facts.ended:
        return None
    why = scene.forecast.plan.unknown if scene.forecast.plan else ""
    last = messages.last_words(scene.state.history[-1])
    return diagnosis.load_trouble(facts) or Verdict(
        "aborted", "not_predictable", f"What this load does can't be predicted ({why}), so it was only watched. {last}"
    )


def _hopeless(scene: Scene, facts: LoadFacts, begun: float) -> Verdict | None:
    """Return a verdict when nothing at all is answered: nobody should wait minutes for that."""
    if facts.answered or scene.now() - begun < _HOPELESS_SECONDS + scene.load_options.timeout:
        return None
    return diagnosis.load_trouble(facts)


def _end_load(scene: Scene, spec: LoadSpec) -> None:
    counts = scene.load.poll()
    if not counts["ended"]:
        scene.ended_early = scene.main_load
        scene.timeline.add("load", "http", "ended", "early, since the verdict was there")
        scene.load.drain()
        end = scene.now() + spec.timeout + 0.5
        while not scene.load.wait(0.2, scene.now)["ended"] and scene.now() < end:
            scene.watched.interrupt.check()


def _tell_load(scene: Scene, threshold: float | None, expected: str) -> None:
    if not scene.lines.due or not scene.state.history:
        return
    of = "" if threshold is None else f" of {threshold:g}"
    scene.lines.say(
        f"{scene.lines.rates(scene.load.last)}; metric {messages.value_words(scene.state.metric)}{of}; "
        f"{messages.replicas_line(scene.state.history[-1])}{expected}"
    )


def _next(scene: Scene) -> str:
    first, ready = scene.timeline.first_request, scene.timeline.hops.get("replicas_ready")
    if first is None:
        return ""
    if scene.timeline.phase == "hold" and ready is not None:
        left = ready["seconds"] + scene.options.hold_seconds - (scene.now() - first)
        return f"; next: the hold ends within {max(0.0, left):.0f} s"
    return messages.next_words(scene.forecast.bounds, scene.timeline.hops, scene.now() - first)


def _answered(counts: dict[str, Any]) -> tuple[int, int]:
    return counts["answered"], counts["sent"]


def _read_counters(scene: Scene) -> dict[str, float | str] | None:
    """Return the raw counter of each pod that serves the load; None where nothing names it or tells where it is."""
    targets = scene.state.feeding_targets
    if not scene.target.counter or not targets:
        return None
    if scene.state.own_pods_feed:
        # Pods serve before Prometheus has found them. All have their metrics at the same port and path.
        targets = [replace(targets[0], pod=name) for name, pod in scene.state.pods.items() if pod.started]
    found = dict(scene.watched.read_counters(targets))
    scene.watched.interrupt.check()
    return found
