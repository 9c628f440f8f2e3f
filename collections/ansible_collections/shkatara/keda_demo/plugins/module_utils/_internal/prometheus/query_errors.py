# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The errors of a query, which are none of the server or of the connection to it."""

from __future__ import annotations

from .addresses import PrometheusError


class QueryError(PrometheusError):
    """The query is at fault: Prometheus answers, and other queries may well work."""


class InvalidQueryError(QueryError):
    """The query is at fault whenever it is asked: it is no PromQL, or KEDA can't read what it returns."""


class SeveralSeriesError(QueryError):
    """The query has more than one series, and KEDA takes one."""
