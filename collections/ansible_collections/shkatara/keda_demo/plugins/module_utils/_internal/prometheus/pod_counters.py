# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A counter as the pods themselves have it, read from their own metrics pages without Prometheus in between."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from ..kube.cluster import Cluster, ClusterError
from ..kube.port_forward import ForwardedConnection
from . import promql
from .promql import Selector
from .scrapes import ScrapeTarget

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:  # the module says so by missing_required_lib
    text_string_to_metric_families = None  # type: ignore[assignment]

# What Prometheus adds to a series when it scrapes: a pod's own page has none of these.
_ADDED_LABELS = {"namespace", "pod", "job", "instance", "endpoint", "service", "container", "__name__"}
_THREADS = 8

Connect = Callable[[str, str, int], http.client.HTTPConnection]


class _Unreadable(Exception):
    """Why a page can't be read, in words."""


def read_counters(
    cluster: Cluster,
    targets: Iterable[ScrapeTarget],
    metric: str,
    threads: int = _THREADS,
    *,
    connect: Connect | None = None,
) -> dict[str, float | str]:
    """Return each pod's count of `metric`, or why it can't be read.

    :param targets: the scrape targets of the pods; several of one pod are summed, the same URL counts once
    :param metric: the name or the selector of a counter; matchers of the labels that only Prometheus adds are ignored
    :param threads: so many pods are read at a time, by one port-forward each
    :param connect: makes a connection to a port of a pod, given (namespace, pod, port)

    A page without samples of the metric counts as 0: some client libraries write a labelled counter only after it was
    raised for the first time. So a wrong name is 0 in all pods, always.
    """
    found = promql.parse_selectors(metric)
    if len(found) != 1:
        raise ValueError(f"not a metric's name or selector: {metric!r}")
    pages = list({(target.namespace, target.pod, target.url): None for target in targets})

    def forwarded(namespace: str, pod: str, port: int) -> http.client.HTTPConnection:
        return ForwardedConnection(cluster.new_client(), namespace, pod, port)

    def read(page: tuple[str, str, str]) -> float | str:
        try:
            return count(_get(connect or forwarded, *page), found[0])
        except (_Unreadable, ClusterError) as error:
            return str(error)

    with ThreadPoolExecutor(max(1, min(threads, len(pages))), "counters") as pool:
        values = list(pool.map(read, pages))
    counts: dict[str, float | str] = {}
    for (_namespace, pod, _url), value in zip(pages, values, strict=True):
        before = counts.get(pod, 0.0)
        if isinstance(before, str):
            continue
        counts[pod] = value if isinstance(value, str) else before + value
    return counts


def _get(connect: Connect, namespace: str, pod: str, url: str) -> str:
    """Return a pod's metrics page.

    :raises _Unreadable: it can't be had
    """
    parts = urlsplit(url)
    if parts.scheme != "http":
        raise _Unreadable(f"its metrics at {url} can't be read: only http is, and this is {parts.scheme or 'no URL'}")
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    connection: http.client.HTTPConnection | None = None
    try:
        connection = connect(namespace, pod, parts.port or 80)
        # As Prometheus asks: an application may answer only to the names it knows.
        connection.request("GET", path, headers={"Host": parts.netloc, "Accept": "text/plain;version=0.0.4;q=1"})
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Unreadable(f"its metrics at {url} can't be read: {error}") from error
    finally:
        if connection is not None:
            connection.close()
    if response.status != 200:
        raise _Unreadable(f"its metrics at {url} can't be read: HTTP {response.status}")
    return body.decode(errors="replace")


def count(page: str, selector: Selector) -> float:
    """Return the sum of a page's samples that a selector has, 0 without any.

    A counter's samples may have a `_total` that the metric's name lacks, or the other way round: Prometheus asks for
    OpenMetrics, in which a counter's samples end in it, and a client library may write the plain text without.
    """
    samples: dict[str, float] = {}
    try:
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                if selector.accepts_labels(sample.labels, _ADDED_LABELS):
                    samples[sample.name] = samples.get(sample.name, 0.0) + sample.value
    except (ValueError, LookupError, AttributeError) as error:  # what the parser raises depends on the text
        raise _Unreadable(f"its metrics are not in Prometheus' text format: {error}") from error
    exact = [name for name in samples if selector.names(name)]
    other = [name for name in samples if selector.names(_other_name(name))]
    return sum((samples[name] for name in exact or other), 0.0)


def _other_name(name: str) -> str:
    return name.removesuffix("_total") if name.endswith("_total") else f"{name}_total"
