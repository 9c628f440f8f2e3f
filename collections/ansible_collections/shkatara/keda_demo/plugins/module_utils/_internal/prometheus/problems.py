# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The kinds of problems that leave a trigger's query without a value.

A server that does not answer may do so later. A server that refuses the request, and a query that Prometheus can't
parse, stay as they are until somebody changes them.
"""

from __future__ import annotations

from enum import StrEnum

from .addresses import PrometheusError
from .query_errors import InvalidQueryError, QueryError, SeveralSeriesError

# A login page is a redirect, or an answer of 200 that is none of Prometheus. A proxy or a server of many tenants
# answers 400 to a request without its tenant.
_REFUSALS = (200, 400, 401, 403, 407)
_REDIRECTS = range(300, 400)


class Problem(StrEnum):
    """Why a query has no value."""

    NO_ANSWER = "no_answer"
    # Credentials, a tenant or a login are missing.
    REFUSED = "refused"
    # Prometheus can't parse it.
    INVALID_QUERY = "invalid_query"
    # KEDA takes one series.
    SEVERAL_SERIES = "several_series"
    # Prometheus can't evaluate it with the data of this moment.
    QUERY_FAILED = "query_failed"


def problem_of(error: PrometheusError) -> Problem:
    """Return the kind of a problem that an error reports."""
    if isinstance(error, SeveralSeriesError):
        return Problem.SEVERAL_SERIES
    if isinstance(error, InvalidQueryError):
        return Problem.INVALID_QUERY
    if isinstance(error, QueryError):
        return Problem.QUERY_FAILED
    return Problem.REFUSED if error.status in _REFUSALS or error.status in _REDIRECTS else Problem.NO_ANSWER
