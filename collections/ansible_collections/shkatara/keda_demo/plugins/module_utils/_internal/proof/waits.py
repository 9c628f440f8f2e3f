# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a proof waits for before it sends anything: that the chain is ready, and that all is at rest."""

from __future__ import annotations

import math
import textwrap

from ..autoscaling.hpa_model import HpaModel
from ..prediction import scale_in
from . import chain
from .chain import Missing
from .records import Verdict
from .scene import Scene

# The watches bring what is there one by one: what is not seen so soon is not worth a line.
_FIRST_LOOK_SECONDS = 2.0
_LINE_LENGTH = 160


def wait_until_ready(scene: Scene) -> Verdict | None:
    """Return None once the chain is ready, or the verdict that it is not in time."""
    scene.timeline.phase = "ready"
    begun = scene.now()
    while True:
        scene.step()
        gaps = chain.missing(scene.state) or _missing_value(scene)
        if not gaps:
            scene.on_ready()
            scene.lines.say("ready: pods, scrape target, ScaledObject and HPA")
            return None
        if scene.now() > begun + scene.options.wait_timeout:
            return Verdict(
                "not_ready",
                gaps[0].reason,
                f"After {scene.options.wait_timeout:g} s (wait_timeout) the chain is not ready: "
                f"{'; '.join(gap.message for gap in gaps)}. Nothing was sent.",
            )
        if scene.now() > begun + _FIRST_LOOK_SECONDS:
            scene.lines.regular(f"waiting: {textwrap.shorten(gaps[0].message, _LINE_LENGTH, placeholder='...')}")


def _missing_value(scene: Scene) -> list[Missing]:
    """Return that the HPA has no value of the metric that the load moves, while it has one of another."""
    hpa, plan = scene.state.hpa, scene.plan()
    name = plan.target.load_metric.name if plan.target else ""
    if not name or hpa is None or hpa.disabled or name in hpa.values:
        return []
    return [Missing("hpa_metric_invalid", f"HPA {hpa.name} has no value of {name} ({hpa.message})")]


def wait_until_at_rest(scene: Scene, plan: HpaModel, since: float = -math.inf) -> Verdict | float:
    """Return the metric at rest, or a verdict when it does not come to rest in time.

    :param since: when a load of our own has ended, on the monotonic clock
    """
    scene.timeline.phase = "rest"
    timing = scene.timing()
    settle = timing.query_window + 2 * timing.scrape_interval + timing.hpa_sync
    most = plan.target.min_replicas if plan.target else 1
    begun = scene.now()
    announced = False
    while True:
        scene.step()
        now = scene.now()
        found = chain.rest(scene.state, plan.target, settle, now, since=since, fallback=plan.fallback)
        if found.at_rest:
            scene.lines.say(f"at rest: {found.message}")
            return found.baseline
        # More may be seen while it waits: what an earlier load has asked for comes a little after it.
        most = max([most, *(max(one.spec, one.current) for one in scene.state.history[-1:])])
        limit, parts = chain.rest_limit(settle, _back_seconds(scene, plan, most), scene.target.grace_seconds)
        if now - begun > limit:
            return Verdict(
                "not_ready",
                "not_at_rest",
                f"The workload did not come to rest within {limit:.0f} s ({parts}): {found.message}. "
                f"Does anything else send requests?{'' if scene.phases else ' Nothing was sent by this proof.'}",
            )
        if not announced and now - begun > 1:
            scene.lines.say(f"waiting for rest, at most {limit:.0f} s ({parts}): {found.message}")
            announced = True
        scene.lines.regular(f"waiting for rest: {found.message}")


def _back_seconds(scene: Scene, plan: HpaModel, most: int) -> float:
    """Return the longest time in which replicas go back from `most` to where they rest, in seconds."""
    rules = scene.rules
    cooldown = rules.cooldown + 2 * rules.polling_interval if rules.scales_to_zero and most else 0.0
    if plan.target is None:
        return cooldown + scene.options.hpa_downscale_stabilization
    least = plan.target.min_replicas
    if most <= least:
        return cooldown
    policies = scale_in.shrink_seconds(plan.target, most, least, scene.options.hpa_sync_period)
    if math.isinf(policies):  # nothing goes back, and only the metric has to settle
        return cooldown
    return plan.target.stabilization + scene.options.hpa_sync_period + policies + cooldown
