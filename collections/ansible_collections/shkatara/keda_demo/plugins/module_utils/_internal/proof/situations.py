# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The state of things at a moment, as planning needs it: the HPA's arithmetic, KEDA's rules, and the chain's times."""

from __future__ import annotations

from dataclasses import replace

from ..autoscaling import external_metrics, hpa_model
from ..autoscaling.hpa_model import HpaModel
from ..autoscaling.keda import KedaRules
from ..common import versions
from ..common.errors import BadInput
from ..prometheus.rate_bounds import Timing
from . import queries
from .messages import query_messages
from .plan import HpaLimits, Situation
from .session import Session

_LONGEST_ANSWER_SECONDS = 30.0


def model(session: Session) -> HpaModel:
    """Return what can be computed of the HPA.

    :raises BadInput: it is gone
    """
    cluster, target = session.state.cluster, session.target
    obstacle = queries.obstacle(target, session.state)
    if cluster.hpa is None or cluster.scaledobject is None:
        raise BadInput(f"HPA {target.hpa} no longer exists")
    return hpa_model.hpa_model(
        cluster.hpa,
        cluster.scaledobject,
        target.triggers,
        load_trigger=target.load_trigger,
        flags=session.options.flags,
        version=versions.minor_version(session.outputs.versions.get("kubernetes") or ""),
        keda_version=cluster.keda,
        polled=session.state.metrics.values,
        not_understood=query_messages.not_understood(obstacle) if obstacle else "",
    )


def rules(session: Session) -> KedaRules:
    """Return what KEDA does about zero."""
    view, trigger = session.state.cluster.scaledobject, session.target.load_trigger
    if view is None:
        return KedaRules(1, 1)
    return KedaRules(
        inactive_replicas=view.inactive_replicas,
        min_replicas=view.min_replicas,
        polling_interval=view.polling_interval,
        cooldown=view.cooldown,
        activation=trigger.activation if trigger else 0.0,
        initial_cooldown=view.initial_cooldown,
    )


def timing(session: Session) -> Timing:
    """Return how long each part of the chain may take."""
    view, trigger, workload = session.state.cluster.scaledobject, session.target.load_trigger, session.target.workload
    shape = session.target.known_shape
    return Timing(
        scrape_interval=session.state.scrape_interval,
        shape=shape,
        hpa_sync=session.options.hpa_sync_period,
        pod_start=session.options.pod_start_seconds + workload.start_seconds,
        keda_polling=view.polling_interval if view and trigger and trigger.cached else 0.0,
        own_pods=session.state.own_pods_feed,
        pods_in_order=workload.in_order,
        pod_stop=workload.grace_seconds if workload.counts_leaving else 0.0,
        # By Little's law the factor of requests in flight is the time of an answer; other gauges have other units.
        event_seconds=min(shape.factor, _LONGEST_ANSWER_SECONDS) if shape and not shape.is_rate else 0.0,
    )


def settle_seconds(session: Session) -> float:
    """Return how long the metric may still change after an earlier load, and the HPA may not have seen it yet."""
    chain = timing(session)
    return chain.settle_seconds + chain.hpa_sync


def situation(session: Session, baseline: float = 0.0) -> Situation:
    """Return what a plan is made of.

    :param baseline: the metric at rest, in its unit
    :raises BadInput: the HPA is gone
    """
    hpa, trigger = session.state.cluster.hpa, session.target.load_trigger
    hpa_now = model(session)
    return Situation(
        options=session.options,
        load_options=session.load_options,
        model=hpa_now,
        # KEDA's fallback stands for the query's value, which new pods don't change.
        timing=timing(session) if hpa_now.fallback is None else replace(timing(session), shape=None, own_pods=False),
        rules=rules(session),
        replicas=session.state.cluster.last_counts.spec,
        baseline=baseline,
        counter_is_read=bool(session.target.counter),
        is_deployment=session.target.workload.is_deployment,
        pod_labels=session.target.workload.pod_labels,
        other_workloads=tuple(sorted(set(session.target.workload.other_owners.values()))),
        shape=session.target.known_shape,
        per_request=queries.per_request(session.target, session.state, session.options),
        warnings=queries.warnings(session.target, session.state),
        hpa_limits=HpaLimits(
            max_replicas=hpa.max_replicas if hpa else None,
            targets=external_metrics.external_targets(hpa) if hpa else (),
            trigger_index=trigger.index if trigger else None,
        ),
    )
