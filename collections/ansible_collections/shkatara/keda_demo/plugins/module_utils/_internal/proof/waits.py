# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a proof waits for before it sends anything: that the chain is ready, and that the workload is at rest."""

from __future__ import annotations

import math
import textwrap

from ..autoscaling.hpa_model import HpaModel
from ..prediction import policy_times
from .judgement import chain, rest
from .judgement.facts import ChainNotReady, NeverAtRest
from .judgement.outcomes import Outcome, Reason, Verdict
from .messages import finding_messages, phrases
from .session import Session

# The watches bring the objects one by one: what is missing for so short a time is not worth a line.
_FIRST_LOOK_SECONDS = 2.0
_LINE_LENGTH = 160


def wait_until_ready(session: Session) -> Verdict | None:
    """Return None once the chain is ready, or the verdict that it is not ready in time."""
    session.phase = "ready"
    begun, timeout = session.now(), session.options.wait_timeout
    while True:
        session.step()
        links = chain.missing_links(session.state) or chain.missing_value(session.state, _metric_name(session))
        if not links:
            session.inputs.settle_targets()
            session.say("ready: pods, scrape target, ScaledObject and HPA")
            return None
        if session.now() > begun + timeout:
            facts = ChainNotReady(timeout, tuple(link.finding for link in links))
            return Verdict(Outcome.NOT_READY, links[0].reason, facts)
        if session.now() > begun + _FIRST_LOOK_SECONDS and session.line_is_due:
            phrase = finding_messages.phrase(links[0].finding)
            session.say(f"waiting: {textwrap.shorten(phrase, _LINE_LENGTH, placeholder='...')}")


def _metric_name(session: Session) -> str:
    config = session.model().config
    return config.load_metric.name if config else ""


def wait_until_at_rest(session: Session, model: HpaModel, since: float = -math.inf) -> Verdict | float:
    """Return the metric at rest, or a verdict when the workload does not come to rest in time.

    :param since: when a load of this proof ended, on the monotonic clock
    """
    session.phase = "rest"
    timing = session.timing()
    settle = timing.settle_seconds + timing.hpa_sync
    highest = model.config.min_replicas if model.config else 1
    begun = session.now()
    is_announced = False
    while True:
        session.step()
        now = session.now()
        check = rest.check(session.state, model.config, settle, now, since=since, fallback=model.fallback)
        phrase = finding_messages.phrase(check.finding)
        if check.at_rest:
            session.say(f"at rest: {phrase}")
            return check.baseline
        # Replicas may grow while this waits: an earlier load takes effect a little later.
        for counts in session.state.cluster.history[-1:]:
            highest = max(highest, counts.spec, counts.current)
        limit = rest.longest_wait(settle, _shrink_seconds(session, model, highest), session.target.grace_seconds)
        if now - begun > sum(seconds for _part, seconds in limit):
            load_sent = math.isfinite(since)
            return Verdict(Outcome.NOT_READY, Reason.NOT_AT_REST, NeverAtRest(limit, check.finding, load_sent))
        if not is_announced and now - begun > 1:
            session.say(f"waiting for rest, at most {phrases.limit(limit)}: {phrase}")
            is_announced = True
        if session.line_is_due:
            session.say(f"waiting for rest: {phrase}")


def _shrink_seconds(session: Session, model: HpaModel, highest: int) -> float:
    """Return the longest time in which replicas shrink from `highest` to where they rest, in seconds."""
    rules, options, config = session.rules(), session.options, model.config
    cooldown = rules.cooldown + 2 * rules.polling_interval if rules.scales_to_zero and highest else 0.0
    if config is None:
        return cooldown + options.hpa_downscale_stabilization
    if highest <= config.min_replicas:
        return cooldown
    policies = policy_times.shrink_seconds(config, highest, config.min_replicas, options.hpa_sync_period)
    if math.isinf(policies):  # replicas never shrink, and only the metric has to settle
        return cooldown
    return config.stabilization + 2 * options.hpa_sync_period + policies + cooldown
