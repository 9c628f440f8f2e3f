# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a user says of a query besides its text: its window, and what one request per second adds to its value.

A counter of requests says both by itself. A gauge says neither: the requests in flight under a load are the rate times
the seconds that an answer takes (Little's law, L = lambda W), which nothing here knows.
"""

from __future__ import annotations

import re
from dataclasses import replace

from . import promql
from .not_understood import NotUnderstood, QueryReason
from .query_shape import QueryShape

# Units in a counter's name: one event raises it by an amount of its own. A histogram's `_count` is of events all the
# same. Source: https://prometheus.io/docs/practices/naming/
_UNITS = {"seconds", "milliseconds", "microseconds", "nanoseconds", "ms", "bytes", "octets", "bits", "joules", "tokens"}
_EVENTS, _AMOUNTS = ("_count", "_bucket"), ("_sum", "_created")
# A counter by its name; its own value grows for as long as the process lives.
_COUNTERS = ("_total", "_bucket")
# Names of gauges: their rate is that of no events.
_GAUGES = re.compile(r"_(in_?flight|in_progress|active|idle|waiting|pending|inprogress|ratio|percent(age)?)$")
# Labels by which a selector takes one pod of a workload. A value of `=~` that is no expression is one value.
_ONE_POD = ("pod", "pod_name", "kubernetes_pod_name", "k8s_pod_name", "instance")
_LITERAL = re.compile(r"[\w.:-]+")
# The user's window says what these leave open, and his factor is 1 unless he gives one.
_WINDOW_IS_MISSING = (QueryReason.RULE_UNREAD, QueryReason.RULE_MISSING, QueryReason.STEP_UNKNOWN)
# No window and no factor make these a query that KEDA can use, or that follows a load.
_HOPELESS = (
    QueryReason.SEVERAL_ELEMENTS,
    QueryReason.SCALAR_RESULT,
    QueryReason.NO_VECTOR,
    QueryReason.CONSTANT,
    QueryReason.ABSENT,
    QueryReason.FALLS_WITH_LOAD,
    QueryReason.RAW_COUNTER,
    QueryReason.NEGATIVE_OFFSET,
)


def with_options(
    read: QueryShape | NotUnderstood, metric_per_request: float | None, query_window: float | None
) -> QueryShape | NotUnderstood:
    """Return what is known of a query together with the user's options.

    :param metric_per_request: what one request per second adds to the value, which takes precedence over the query's
        own factor; None if it was not given
    :param query_window: the query's window in seconds, which takes precedence over its own; None if it was not given
    """
    if isinstance(read, NotUnderstood):
        enough = query_window is not None and (metric_per_request is not None or read.reason in _WINDOW_IS_MISSING)
        if not enough or read.reason in _HOPELESS:
            return read
        return QueryShape("", window=query_window or 0.0, factor=metric_per_request or 1.0)
    missing = None if metric_per_request is not None else _missing_factor(read)
    if missing is not None or (missing := _endless(read)) is not None:
        return missing
    return replace(
        read,
        factor=read.factor if metric_per_request is None else metric_per_request,
        window=read.window if query_window is None else query_window,
    )


def _endless(shape: QueryShape) -> NotUnderstood | None:
    name = _metric(shape)
    # Of a histogram or a summary, as of `http_server_requests_seconds_count`; `pg_stat_activity_count` is a gauge.
    counts_amounts = name.endswith(("_count", "_sum")) and name.split("_")[-2] in _UNITS
    is_counter = not shape.is_rate and (name.endswith(_COUNTERS) or counts_amounts)
    return NotUnderstood(QueryReason.RAW_COUNTER, {"metric": name}) if is_counter else None


def _missing_factor(shape: QueryShape) -> NotUnderstood | None:
    """Return that the query does not say what a request adds to its value."""
    name = _metric(shape)
    if not shape.is_rate:
        return _endless(shape) or NotUnderstood(QueryReason.GAUGE, {"metric": name or shape.selector})
    if _GAUGES.search(name):
        return NotUnderstood(QueryReason.RATE_OF_GAUGE, {"name": shape.function, "metric": name})
    has_unit = not name.endswith(_EVENTS) and not _UNITS.isdisjoint(name.lower().split("_"))
    if has_unit or name.endswith(_AMOUNTS) or (name.endswith("_bucket") and not _takes_one_bucket(shape)):
        return NotUnderstood(QueryReason.AMOUNT, {"metric": name})
    return None


def one_pod(shape: QueryShape) -> str:
    """Return the pod or the address that a query selects alone, empty if it selects none.

    The query then shows that pod's share of a load, which falls with each pod that is added.
    """
    for selector in promql.parse_selectors(shape.selector):
        for item in selector.matchers:
            is_one = item.operator == "=" or (item.operator == "=~" and _LITERAL.fullmatch(item.value))
            if item.label in _ONE_POD and item.value and is_one:
                return item.value
    return ""


def _takes_one_bucket(shape: QueryShape) -> bool:
    """Whether the query takes the bucket of a histogram that counts all events."""
    selectors = promql.parse_selectors(shape.selector)
    return any(item.label == "le" and item.operator == "=" and item.value == "+Inf" for item in selectors[0].matchers)


def _metric(shape: QueryShape) -> str:
    selectors = promql.parse_selectors(shape.selector)
    return selectors[0].name if selectors else ""
