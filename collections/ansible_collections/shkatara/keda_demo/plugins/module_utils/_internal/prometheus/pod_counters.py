# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A counter's values on the pods' own metrics pages, read without Prometheus in between."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from ..kube.cluster import Cluster, ClusterError
from . import promql
from .connections import Connection, NoResponse, PodConnection
from .promql import Selector
from .scrapes import ScrapeTarget

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:  # the module reports it
    text_string_to_metric_families = None  # type: ignore[assignment]

# Labels that Prometheus adds when it scrapes: a pod's own page does not have them.
_ADDED_LABELS = {"namespace", "pod", "job", "instance", "endpoint", "service", "container", "__name__"}
_THREADS = 8

Connect = Callable[[str, str, int], Connection]


class _Unreadable(Exception):
    """A page can't be read; the message is the reason."""


def read_counters(
    cluster: Cluster,
    targets: Iterable[ScrapeTarget],
    metric: str,
    threads: int = _THREADS,
    *,
    connect: Connect | None = None,
) -> dict[str, float | str]:
    """Return each pod's value of `metric`, which is finite, or the reason why it can't be read.

    :param targets: the scrape targets of the pods; several of one pod are summed, the same URL counts once
    :param metric: the name or the selector of a counter; matchers of the labels that only Prometheus adds are ignored
    :param threads: the pods that are read at the same time, by a port-forward each
    :param connect: makes a connection to a port of a pod, given (namespace, pod, port)

    A page without samples of the metric counts as 0: some client libraries write a labelled counter only after its
    first increment. So a wrong name is 0 in all pods, always.
    """
    selectors = promql.parse_selectors(metric)
    if len(selectors) != 1:
        raise ValueError(f"not a metric's name or selector: {metric!r}")
    pages = list({(target.namespace, target.pod, target.url): None for target in targets})

    def connect_to_pod(namespace: str, pod: str, port: int) -> Connection:
        return PodConnection(cluster, namespace, pod, port)

    def read(page: tuple[str, str, str]) -> float | str:
        try:
            return count(_get(connect or connect_to_pod, *page), selectors[0])
        except (_Unreadable, ClusterError) as error:
            return str(error)

    with ThreadPoolExecutor(max(1, min(threads, len(pages))), "counters") as pool:
        values = list(pool.map(read, pages))
    counts: dict[str, float | str] = {}
    for (_namespace, pod, _url), value in zip(pages, values, strict=True):
        previous = counts.get(pod, 0.0)
        if isinstance(previous, str):
            continue
        counts[pod] = value if isinstance(value, str) else previous + value
    return counts


def _get(connect: Connect, namespace: str, pod: str, url: str) -> str:
    """Return a pod's metrics page.

    :raises _Unreadable: no connection, or no page
    :raises ClusterError: see Cluster.new_client
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError as error:
        raise _Unreadable(f"its metrics at {url} can't be read: {error}") from error
    if parts.scheme != "http":
        why = f"only http is supported, and this is {parts.scheme or 'no URL'}"
        raise _Unreadable(f"its metrics at {url} can't be read: {why}")
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    # Without the address: the URL may be that of another pod, when Prometheus has not found this one yet.
    page = f"its metrics at port {port}, path {path}"
    connection = connect(namespace, pod, port)
    try:
        # Prometheus' own headers: an application may answer only to the names that it knows.
        response = connection.get(path, {"Host": parts.netloc, "Accept": "text/plain;version=0.0.4;q=1"})
    except NoResponse as error:
        raise _Unreadable(f"{page} can't be read: {error}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise _Unreadable(f"{page} can't be read: HTTP {response.status}")
    return response.body.decode(errors="replace")


def count(page: str, selector: Selector) -> float:
    """Return the sum of a page's samples that a selector matches, 0 without any.

    A counter's samples may have a `_total` that the metric's name lacks, or the other way round: Prometheus asks for
    OpenMetrics, in which a counter's samples end in it, and a client library may write the plain text without.

    :raises _Unreadable: the page has another format, or the sum is NaN or infinite
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
    similar = [name for name in samples if selector.names(_other_name(name))]
    total = sum((samples[name] for name in exact or similar), 0.0)
    if not math.isfinite(total):
        raise _Unreadable(f"its metrics give {total:g} for {selector.text}, which is not a count")
    return total


def _other_name(name: str) -> str:
    return name.removesuffix("_total") if name.endswith("_total") else f"{name}_total"
