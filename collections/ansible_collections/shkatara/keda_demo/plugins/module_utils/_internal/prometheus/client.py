# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Prometheus' HTTP API: values, raw samples, targets, and how far its clock is from ours."""

from __future__ import annotations

import http.client
import json
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from ..common import durations
from ..kube.cluster import Cluster, ClusterError
from ..kube.port_forward import TIMEOUT_SECONDS, ForwardedConnection
from .addresses import Address, PrometheusError
from .scrapes import ScrapeTarget, Series

# How long ago a series may have had its last sample to be one that a query sees, as Prometheus' own look-back.
_LOOKBACK_SECONDS = 300.0
# The server's answers about a query that it can't evaluate; anything else is about the server or the way to it.
_QUERY_ERRORS = ("bad_data", "execution", "timeout", "canceled")

_AT_ONCE_SECONDS = 1.0

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-zA-Z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class QueryError(PrometheusError):
    """The query is at fault: Prometheus answers, and other queries may well work."""


class Prometheus:
    """One Prometheus server over one connection, made anew after an error. For one thread at a time.

    `headers` are sent with every request. Their values are in no message, even where the server repeats them.

    `offset` is the clock of the server that evaluates queries less this machine's, in seconds, and `offset_error` how
    far it may be off: evaluation lies between request and answer, so the middle is off by half of the shortest round
    trip at most. Both are None before the first answer. A sample's own time is by the clock of the server that scraped
    it, which is another machine's where a Thanos or the like answers.
    """

    def __init__(
        self,
        cluster: Cluster,
        find: Callable[[], Address],
        headers: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep what is needed to connect; nothing is connected yet.

        :raises PrometheusError: a header that can't be sent
        """
        self._cluster = cluster
        self._find = find
        self._headers = dict(headers or {})
        check_headers(self._headers)
        self._clock = clock
        self._connection: http.client.HTTPConnection | None = None
        self.address: Address | None = None
        self.offset: float | None = None
        self.offset_error: float | None = None

    def query(self, expression: str) -> float | None:
        """Return the sum of an instant query's series, as KEDA's one value; None for no data or NaN.

        :raises QueryError: more than one series, on which KEDA's trigger fails too, or not a query
        :raises PrometheusError: no answer
        """
        data = self._evaluate(expression)
        result = data["result"]
        scalar = data["resultType"] == "scalar"
        values = [result[1]] if scalar else [series["value"][1] for series in result]
        if len(values) > 1:
            raise QueryError(f"the trigger's query returns {len(values)} series, and KEDA takes one: {expression}", 200)
        value = float(values[0]) if values else math.nan
        return value if math.isfinite(value) else None

    def series(self, selector: str, seconds: float) -> list[Series]:
        """Return the raw samples of a selector's series in the last `seconds`, with the times of their scrapes.

        :raises QueryError: not a selector
        :raises PrometheusError: no answer
        """
        data = self._evaluate(f"{selector}[{max(1, math.ceil(seconds))}s]")
        return [
            Series(item["metric"], [(float(at), float(value)) for at, value in item["values"]])
            for item in data["result"]
            if item.get("values")
        ]

    def feeds(self, selectors: Sequence[str]) -> set[tuple[str, str]]:
        """Return (job, instance) of the targets whose series the selectors have had in the last five minutes.

        A series that a rule recorded has no instance, and is left out.

        :raises PrometheusError: no answer, or not a selector
        """
        if not selectors:
            return set()
        end = self._clock() + (self.offset or 0.0)
        parameters = [("match[]", selector) for selector in selectors]
        parameters += [("start", f"{end - _LOOKBACK_SECONDS:.3f}"), ("end", f"{end:.3f}")]
        found = self._get("/api/v1/series", parameters)
        return {(item.get("job", ""), item["instance"]) for item in found if item.get("instance")}

    def targets(self) -> list[ScrapeTarget]:
        """Return the active scrape targets.

        :raises PrometheusError: no answer, or a server that has no targets, such as a managed one (`status` 403 or 404)
        """
        found = self._get("/api/v1/targets", [("state", "active")])
        return [_target(item) for item in found["activeTargets"]]

    def version(self) -> str | None:
        """Return the server's version; None where it does not say."""
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
        data = self._get("/api/v1/query", [("query", expression)])
        if not isinstance(data, dict) or "result" not in data:
            raise PrometheusError(f"{self.address} answers a query with something else: is it a Prometheus?", 200)
        return data

    def _get(self, path: str, parameters: Iterable[tuple[str, str]]) -> Any:
        """Return the `data` of an answer."""
        url = f"{path}?{urlencode(list(parameters))}"
        # A kept connection may have been closed by the other side meanwhile, which shows at once: that alone is worth
        # a second try.
        kept = self._connection is not None
        begun = self._clock()
        try:
            status, document = self._ask(url)
        except PrometheusError:
            if not kept or self._clock() - begun > _AT_ONCE_SECONDS:
                raise
            status, document = self._ask(url)
        if document.get("status") == "success" and "data" in document:
            return document["data"]
        reason = self._masked(str(document.get("error") or f"HTTP {status}"))
        kind = QueryError if document.get("errorType") in _QUERY_ERRORS else PrometheusError
        raise kind(f"{self.address} refused {path}: {reason}", status)

    def _ask(self, url: str) -> tuple[int, dict[str, Any]]:
        try:
            connection, address = self._connect()
            begun = self._clock()
            connection.request("GET", address.path + url, headers=self._headers)
            response = connection.getresponse()
            body = response.read()
            ended = self._clock()
            document = json.loads(body) if "json" in response.headers.get("Content-Type", "") else {}
        except ClusterError as error:
            self.close()
            raise PrometheusError(str(error)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise PrometheusError(
                f"{self.address or 'Prometheus'} does not answer: {self._masked(str(error))}"
            ) from error
        if not isinstance(document, dict):
            document = {}
        self._measure_offset(document, begun, ended)
        return response.status, document

    def _connect(self) -> tuple[http.client.HTTPConnection, Address]:
        if self._connection is None or self.address is None:
            before, self.address = self.address, self._find()
            if self.address != before:
                self.offset = self.offset_error = None  # another server has another clock
            if self.address.pod:
                self._connection = ForwardedConnection(
                    self._cluster.new_client(), self.address.namespace, self.address.pod, self.address.port
                )
            else:
                kind = http.client.HTTPSConnection if self.address.tls else http.client.HTTPConnection
                self._connection = kind(self.address.host, self.address.port, timeout=TIMEOUT_SECONDS)
            self._connection.connect()  # now, so that a round trip does not include it
        return self._connection, self.address

    def _measure_offset(self, document: Mapping[str, Any], begun: float, ended: float) -> None:
        evaluated = _evaluation_time(document)
        error = (ended - begun) / 2
        if evaluated is None or error < 0:  # less than 0: this machine's clock was set back
            return
        if self.offset_error is None or error <= self.offset_error:
            self.offset, self.offset_error = evaluated - (begun + ended) / 2, error

    def _masked(self, text: str) -> str:
        """Return a message without the headers' values, which a server may repeat."""
        values = self._headers.values()
        secrets = {*values, *(value.rpartition(" ")[2] for value in values)}  # "Bearer <token>": the token alone too
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) > 3:  # less is no secret, and would be found in any word
                text = text.replace(secret, "***")
        return text


def check_headers(headers: Mapping[str, str]) -> None:
    """Check that headers can be sent; the message names the header and not its value.

    :raises PrometheusError: a name or a value that HTTP does not allow
    """
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise PrometheusError(f"`prometheus_headers` has the name {name!r}, which is none of a header")
        if not _HEADER_VALUE.fullmatch(value):
            raise PrometheusError(
                f"the value of {name} in `prometheus_headers` has a line break or a character that HTTP does not allow"
            )


def _evaluation_time(document: Mapping[str, Any]) -> float | None:
    """Return the unix time at which an instant query was evaluated, where the answer has it."""
    data = document.get("data")
    if not isinstance(data, dict) or not data.get("result"):
        return None
    result = data["result"]
    if data.get("resultType") == "scalar":
        return float(result[0])
    return float(result[0]["value"][0]) if data.get("resultType") == "vector" and "value" in result[0] else None


def _target(item: Mapping[str, Any]) -> ScrapeTarget:
    labels, discovered = item.get("labels") or {}, item.get("discoveredLabels") or {}
    interval = item.get("scrapeInterval") or ""
    return ScrapeTarget(
        # The discovered labels are the truth; `labels` is what relabelling left.
        namespace=discovered.get("__meta_kubernetes_namespace") or labels.get("namespace") or "",
        pod=discovered.get("__meta_kubernetes_pod_name") or labels.get("pod") or "",
        url=item.get("scrapeUrl") or "",
        up=item.get("health") == "up",
        error=item.get("lastError") or "",
        interval=durations.parse_duration(interval) if interval else 0.0,
        job=labels.get("job") or "",
        instance=labels.get("instance") or "",
    )
