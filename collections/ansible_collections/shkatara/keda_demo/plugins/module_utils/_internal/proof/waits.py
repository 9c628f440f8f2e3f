# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a proof waits for before it sends anything: that the chain is ready, and that the workload is at rest."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from ..autoscaling.hpa_model import HpaModel
from ..common import times
from ..prediction import policy_times
from . import cause_checks, queries, situations
from .judgement import chain, rest
from .judgement.chain import MissingLink
from .judgement.facts import ChainNotReady, NeverAtRest, NeverReady
from .judgement.findings import Code
from .judgement.outcomes import Outcome, Reason, Verdict
from .judgement.permanence import Persistence
from .messages import finding_messages, progress_lines
from .session import Session

# The watches bring the objects one by one: what is missing for so short a time is not worth a line.
_FIRST_LOOK_SECONDS = 2.0
_LINE_LENGTH = 160
# A reason that stays is not worth a line every few seconds.
_SAME_REASON_SECONDS = 30.0
# An HPA whose ScaledObject was just deleted is gone within this time.
_LEAVING_SECONDS = 10.0
# Within this time after its pods are Ready a Service's port is open: after a boot, kube-proxy may still be starting.
_OPENING_SECONDS = 60.0


class _Reasons:
    """The reasons of a wait, and when each was last shown."""

    def __init__(self) -> None:
        self._shown: dict[Code, float] = {}

    def is_worth_a_line(self, code: Code, now: float) -> bool:
        """Return whether to show a reason now; it then counts as shown."""
        if now < self._shown.get(code, -math.inf) + _SAME_REASON_SECONDS:
            return False
        self._shown[code] = now
        return True


def wait_until_ready(session: Session) -> Verdict | None:
    """Return None once the chain is ready, or the verdict that it is not ready in time, or never will be.

    :raises BadInput: the chain is ready, and the load's URL still refuses connections
    """
    session.phase = "ready"
    begun, timeout, persistence = session.now(), session.options.wait_timeout, Persistence()
    reasons = _Reasons()
    alone_since = ready_since = begun
    opening, is_announced = min(timeout, _OPENING_SECONDS), False
    while True:
        session.step()
        other = cause_checks.other_hpas(session)
        alone_since = session.now() if other is None else alone_since
        if other is not None and session.now() > alone_since + _LEAVING_SECONDS:
            return other
        links = missing_links(session)
        is_ready = not links and other is None
        ready_since = ready_since if is_ready else session.now()
        if is_ready:
            refusal = session.inputs.refusal()
            if refusal is None:
                session.inputs.settle_targets()
                session.say("ready: pods, scrape target, ScaledObject and HPA")
                return None
            if session.now() > ready_since + opening:
                raise refusal
            if not is_announced:
                session.say(f"waiting up to {opening:.0f} s: {refusal}")
                is_announced = True
        permanent = persistence.permanent(links, session.now())
        if permanent is not None:
            return never_ready(permanent, links)
        if links and session.now() > begun + timeout:
            facts = ChainNotReady(timeout, tuple(link.finding for link in links))
            return Verdict(Outcome.NOT_READY, links[0].reason, facts)
        if links and session.now() > begun + _FIRST_LOOK_SECONDS and session.line_is_due:
            finding = links[0].finding
            if reasons.is_worth_a_line(finding.code, session.now()):
                phrase = finding_messages.phrase(finding)
                session.say(f"waiting: {textwrap.shorten(phrase, _LINE_LENGTH, placeholder='...')}")


def missing_links(session: Session) -> list[MissingLink]:
    """Return what is missing of the chain now, with the value of the metric that the load raises."""
    links = chain.missing_links(session.state) or chain.missing_value(session.state, _metric_name(session))
    return queries.with_request(links, session.target.load_trigger)


def never_ready(permanent: MissingLink, links: Sequence[MissingLink], *, load_sent: bool = False) -> Verdict:
    """Return the verdict on a chain with a link that waiting can't fix."""
    facts = NeverReady(permanent.finding, tuple(link.finding for link in links), load_sent)
    return Verdict(Outcome.NOT_READY, permanent.reason, facts)


def _metric_name(session: Session) -> str:
    config = situations.model(session).config
    return config.load_metric.name if config else ""


def wait_until_at_rest(session: Session, model: HpaModel, since: float = -math.inf) -> Verdict | float:
    """Return the metric at rest, or a verdict when the workload does not come to rest in time.

    :param since: when a load of this proof ended, on the monotonic clock
    """
    session.phase = "rest"
    settle = situations.settle_seconds(session)
    highest = model.config.min_replicas if model.config else 1
    begun, persistence, reasons = session.now(), Persistence(), _Reasons()
    is_announced = False
    while True:
        session.step()
        now = session.now()
        links = queries.with_request(chain.missing_links(session.state), session.target.load_trigger)
        permanent = persistence.permanent(links, now)
        if permanent is not None:
            return never_ready(permanent, links, load_sent=math.isfinite(since))
        fallback = _fallback(session, model)
        check = rest.check(session.state, model.config, settle, now, since=since, fallback=fallback)
        phrase = finding_messages.phrase(check.finding)
        if check.at_rest:
            session.say(f"at rest: {phrase}")
            return check.baseline
        # Replicas may grow while this waits: an earlier load takes effect a little later.
        for counts in session.state.cluster.history[-1:]:
            highest = max(highest, counts.spec, counts.current)
        leaving = session.target.workload.leaving_seconds(highest)
        limit = rest.longest_wait(settle, _shrink_seconds(session, model, highest), leaving)
        if now - begun > sum(seconds for _part, seconds in limit):
            load_sent = math.isfinite(since)
            return Verdict(Outcome.NOT_READY, Reason.NOT_AT_REST, NeverAtRest(limit, check.finding, load_sent))
        if not is_announced and check.finding.code is not Code.NOT_READ:
            session.say(progress_lines.wait_for_rest(limit, phrase, _memory_seconds(session, model)))
            reasons.is_worth_a_line(check.finding.code, now)
            is_announced = True
        if session.line_is_due and reasons.is_worth_a_line(check.finding.code, now):
            session.say(f"waiting for rest: {phrase}")


def _fallback(session: Session, model: HpaModel) -> float | None:
    """Return the value of the fallback at this moment, which may depend on the replicas; None where there is none."""
    if model.fallback is None or session.state.cluster.hpa is None:
        return model.fallback
    return situations.model(session).fallback


def _memory_seconds(session: Session, model: HpaModel) -> float:
    """Return for how long yet a new HPA keeps the replicas that it was made with, in seconds; 0 for any other.

    Its first recommendation is the count that it finds. Later ones may hold replicas for longer, and are not known.
    Source: Kubernetes 1.25 and current, pkg/controller/podautoscaler/horizontal.go, recordInitialRecommendation.
    """
    hpa, config, history = session.state.cluster.hpa, model.config, session.state.cluster.history
    created = times.unix_time(hpa.created) if hpa else None
    if config is None or created is None or not history or history[-1].spec <= config.min_replicas:
        return 0.0
    return max(0.0, created + config.stabilization - session.inputs.clock.wall())


def _shrink_seconds(session: Session, model: HpaModel, highest: int) -> float:
    """Return the longest time in which replicas shrink from `highest` to where they rest, in seconds."""
    rules, options, config = situations.rules(session), session.options, model.config
    cooldown = 0.0
    if rules.scales_to_zero and highest:
        cooldown = max(rules.cooldown, rules.initial_cooldown) + 2 * rules.polling_interval
    if config is None:
        return cooldown + options.hpa_downscale_stabilization
    if highest <= config.min_replicas:
        return cooldown
    policies = policy_times.shrink_seconds(config, highest, config.min_replicas, options.hpa_sync_period)
    if math.isinf(policies):  # replicas never shrink, and only the metric has to settle
        return cooldown
    return config.stabilization + 2 * options.hpa_sync_period + policies + cooldown
