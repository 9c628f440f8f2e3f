# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prometheus' HTTP API: values, raw samples, targets, and the offset of its clock from this machine's."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from ..kube.cluster import Cluster, ClusterError
from ..kube.port_forward import TIMEOUT_SECONDS
from . import answers, connections, header_fields, recording_rules
from .addresses import Address, PrometheusError
from .connections import Connection, NoResponse, Response
from .recording_rules import RulesReading
from .scrapes import ScrapeTarget, Series

# A query sees a series whose last sample is no older than Prometheus' own look-back.
_LOOKBACK_SECONDS = 300.0
# The errors of a query that the server can't evaluate; any other is about the server or the connection to it.
_QUERY_ERRORS = ("bad_data", "execution", "timeout", "canceled")
_NO_QUERY = "bad_data"
# A proxy's or a gateway's own words, such as "no org id".
_LONGEST_TEXT = 200
# An error that comes faster than this is that of a connection which the other side had closed.
_AT_ONCE_SECONDS = 1.0


class QueryError(PrometheusError):
    """The query is at fault: Prometheus answers, and other queries may well work."""


class QueryRefused(QueryError):
    """The query is at fault whenever it is asked: it is no PromQL, or KEDA can't read what it returns."""


class Prometheus:
    """One Prometheus server over one kept connection, which is opened again after an error. For one thread at a time.

    `headers` are sent with every request. Their values are in no message, even if the server repeats them.
    `parameters` are sent with every query, as a trigger's `namespace` and `queryParameters` are.
    `nan_is_zero` is how KEDA before 2.20 takes NaN: not as missing, but as a number that asks for the least replicas.

    `offset` is the clock of the server that evaluates queries less this machine's, in seconds. The evaluation lies
    between request and answer, so the middle is off by at most half of the round trip: that of the shortest is
    `offset_error`. Both are None before the first answer. A sample's own time is by the clock of the server that
    scraped it, which is another machine's if a Thanos or the like answers.

    Every number returned is finite.
    """

    def __init__(
        self,
        cluster: Cluster,
        find: Callable[[], Address],
        headers: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        timeout: float = TIMEOUT_SECONDS,
        *,
        parameters: Sequence[tuple[str, str]] = (),
        nan_is_zero: bool = False,
    ) -> None:
        """Keep what is needed to connect; nothing is connected yet.

        :param find: returns the server's address; called for each new connection, since a pod may have moved
        :param timeout: seconds to connect, and for each read
        :raises PrometheusError: a header that can't be sent
        """
        self._cluster = cluster
        self._find = find
        self._headers = dict(headers or {})
        header_fields.check(self._headers)
        self._clock = clock
        self._timeout = timeout
        self._parameters = list(parameters)
        self._nan_is_zero = nan_is_zero
        self._connection: Connection | None = None
        self.address: Address | None = None
        self.offset: float | None = None
        self.offset_error: float | None = None

    def query(self, expression: str) -> float | None:
        """Return the value of an instant query as KEDA reads it; None for no data, NaN or infinity.

        :raises QueryError: more than one series, on which KEDA's trigger fails too
        :raises QueryRefused: a scalar, which KEDA's trigger can't read, or not a query
        :raises PrometheusError: no answer
        """
        data = self._evaluate(expression)
        if data.get("resultType") not in (None, "vector"):
            kind = data["resultType"]
            raise QueryRefused(
                f"the trigger's query returns a {kind}, and KEDA reads an instant vector only (vector(...) makes one "
                f"of a scalar): {expression}",
                200,
            )
        values = answers.values(data, nan=0.0 if self._nan_is_zero else None)
        if len(values) > 1:
            raise QueryError(f"the trigger's query returns {len(values)} series, and KEDA takes one: {expression}", 200)
        return values[0] if values else None

    def series(self, selector: str, seconds: float) -> list[Series]:
        """Return the raw samples of a selector's series in the last `seconds`, with the times of their scrapes.

        :raises QueryError: not a selector
        :raises PrometheusError: no answer
        """
        return answers.series(self._evaluate(f"{selector}[{max(1, math.ceil(seconds))}s]"))

    def feeds(self, selectors: Sequence[str]) -> Counter[tuple[str, str]]:
        """Return the series that the selectors have had in the last five minutes, by (job, instance) of their target.

        A series that a rule recorded has no instance, and is left out.

        :raises PrometheusError: no answer, or not a selector
        """
        if not selectors:
            return Counter()
        end = self._clock() + (self.offset or 0.0)
        parameters = [("match[]", selector) for selector in selectors] + self._parameters
        parameters += [("start", f"{end - _LOOKBACK_SECONDS:.3f}"), ("end", f"{end:.3f}")]
        labels = self._get("/api/v1/series", parameters)
        return Counter((item.get("job", ""), item["instance"]) for item in labels if item.get("instance"))

    def targets(self) -> list[ScrapeTarget]:
        """Return the active scrape targets.

        :raises PrometheusError: no answer, or a server that has no targets, such as a managed one (`status` 403 or 404)
        """
        data = self._get("/api/v1/targets", [("state", "active")])
        return [answers.scrape_target(item) for item in data["activeTargets"]]

    def rules(self) -> RulesReading:
        """Return the recording rules and the global evaluation interval, or why the rules can't be read.

        :raises PrometheusError: no answer; another attempt may have one
        """
        try:
            rules = recording_rules.rules_of(self._get("/api/v1/rules", [("type", "record")]))
        except PrometheusError as error:
            if not error.status:
                raise
            return RulesReading(error=str(error))
        try:
            configuration = self._get("/api/v1/status/config", [])
            return RulesReading(rules, recording_rules.evaluation_interval(configuration["yaml"]))
        except (PrometheusError, KeyError, TypeError, ValueError):
            return RulesReading(rules)

    def version(self) -> str | None:
        """Return the server's version; None if it has no such path."""
        try:
            return str(self._get("/api/v1/status/buildinfo", [])["version"])
        except (PrometheusError, KeyError, TypeError):
            return None

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _evaluate(self, expression: str) -> Any:
        data = self._get("/api/v1/query", [("query", expression), *self._parameters])
        if not isinstance(data, dict) or "result" not in data:
            raise PrometheusError(f"{self.address} answers a query with something else: is it a Prometheus?", 200)
        return data

    def _get(self, path: str, parameters: Iterable[tuple[str, str]]) -> Any:
        """Return the `data` of an answer."""
        url = f"{path}?{urlencode(list(parameters))}"
        # The other side may close a kept connection at the moment of a request, or have lost a port-forward. The error
        # comes at once then, and only such an error is worth a second attempt.
        kept = self._connection is not None
        begin = self._clock()
        try:
            status, document = self._request(url)
        except PrometheusError:
            if not kept or self._clock() - begin > _AT_ONCE_SECONDS:
                raise
            status, document = self._request(url)
        if document.get("status") == "success" and "data" in document:
            return document["data"]
        reason = header_fields.mask(str(document.get("error") or f"HTTP {status}"), self._headers)
        error_type = document.get("errorType")
        kind = QueryError if error_type in _QUERY_ERRORS else PrometheusError
        if error_type == _NO_QUERY and path == "/api/v1/query":
            kind = QueryRefused
        raise kind(f"{self.address} refused {path}: {reason}", status)

    def _request(self, url: str) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON object of a response; an empty object for any other body."""
        try:
            connection, address = self._connect()
            begin = self._clock()
            response = connection.get(address.path + url, self._headers)
            end = self._clock()
            document = _document(response)
        except ClusterError as error:
            self.close()
            raise PrometheusError(str(error)) from error
        except (NoResponse, ValueError) as error:
            self.close()
            reason = header_fields.mask(str(error), self._headers)
            raise PrometheusError(f"{self.address or 'Prometheus'} does not answer: {reason}") from error
        if not isinstance(document, dict):
            document = {}
        self._measure_offset(document, begin, end)
        return response.status, document

    def _connect(self) -> tuple[Connection, Address]:
        if self._connection is None or self.address is None:
            previous, self.address = self.address, self._find()
            if self.address != previous:
                self.offset = self.offset_error = None  # another server has another clock
            self._connection = connections.connection_to(self._cluster, self.address, self._timeout)
        return self._connection, self.address

    def _measure_offset(self, document: Mapping[str, Any], begin: float, end: float) -> None:
        """Measure by one answer. The first round trip of a connection includes its opening: a wide error, but true."""
        evaluation = answers.evaluation_time(document)
        error = (end - begin) / 2
        if evaluation is None or error < 0:  # less than 0: this machine's clock was set back
            return
        if self.offset_error is None or error <= self.offset_error:
            self.offset, self.offset_error = evaluation - (begin + end) / 2, error


def _document(response: Response) -> Any:
    """Return a response's JSON; of a short text its words, as the error that it is."""
    if "json" in response.content_type:
        return json.loads(response.body)
    text = response.body[: _LONGEST_TEXT + 1].decode(errors="replace").strip()
    is_short = response.content_type.startswith("text/plain") and 0 < len(text) <= _LONGEST_TEXT
    return {"error": f"HTTP {response.status} ({text})"} if is_short and response.status >= 400 else {}
