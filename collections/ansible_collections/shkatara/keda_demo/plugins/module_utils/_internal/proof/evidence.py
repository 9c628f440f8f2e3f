# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What was observed, as plain data for verdict.json: the replica counts, and the objects that the verdict rests on."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from ..autoscaling.trigger_requests import TriggerRequest
from ..autoscaling.triggers import Trigger
from ..common import urls
from ..prometheus.not_understood import NotUnderstood
from ..prometheus.query_shape import QueryShape
from .observed.replicas import ReplicaCounts
from .session import Session


def observed(session: Session) -> dict[str, Any]:
    """Return the replica counts under the load and at the end, and the path between them."""
    cluster, hops = session.state.cluster, session.hops
    first = hops.first_request if hops else None
    ended = hops.load_ended if hops else None
    history = cluster.history[-1:] if first is None else cluster.history_since(first)
    under_load = history
    if first is not None and ended is not None:
        under_load = [counts for counts in history if counts.seconds <= ended - first]
    last = (under_load or history)[-1] if history else None
    return {
        "replicas": last.ready if last else None,
        "desired_replicas": last.desired if last else None,
        "current_replicas": last.current if last else None,
        "final_replicas": history[-1].ready if history else None,
        "metric": session.state.metrics.value,
        "path": [] if first is None else [_counts(counts) for counts in history],
    }


def _counts(counts: ReplicaCounts) -> dict[str, Any]:
    return {
        "seconds": round(counts.seconds, 3),
        "desired": counts.desired,
        "spec": counts.spec,
        "current": counts.current,
        "ready": counts.ready,
    }


def evidence(session: Session) -> dict[str, Any]:
    """Return what is known of the objects of a proof."""
    target, state = session.target, session.state
    scaledobject, hpa = state.cluster.scaledobject, state.cluster.hpa
    return {
        "namespace": target.namespace,
        "scaledobject": target.scaledobject,
        "scaledobject_ready": scaledobject.message if scaledobject else None,
        "metric_names": scaledobject.metric_names if scaledobject else [],
        "hpa": target.hpa,
        "hpa_scaling_active": hpa.message if hpa else None,
        "hpa_behavior": hpa.behavior if hpa else None,
        "hpa_values": hpa.values if hpa else {},
        "deployment": target.deployment,
        "triggers": [
            {
                **_trigger(trigger),
                "server_address": urls.without_user(trigger.server_address),
                "value": state.metrics.values.get(trigger.key),
            }
            for trigger in target.triggers
        ],
        "trigger": target.load_trigger.key if target.load_trigger else None,
        "query_window_seconds": target.query_window,
        "query_shape": _shape(target.shape),
        "counter": target.counter or None,
        "scrape_interval_seconds": state.scrape_interval,
        "targets": [asdict(scrape_target) for scrape_target in state.feeding_targets],
        "pods": [asdict(pod) for pod in state.cluster.pods.values()],
        "errors": state.errors,
    }


def _trigger(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger; of its headers the names, since their values are secrets."""
    fields = asdict(replace(trigger, request=TriggerRequest()))
    del fields["request"]
    return {**fields, "headers": sorted(trigger.request.headers), "auth_modes": list(trigger.request.auth_modes)}


def _shape(shape: QueryShape | NotUnderstood | None) -> dict[str, Any] | None:
    return asdict(shape) if shape is not None else None
