# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The wiring of a proof: from the module's parameters to a session with its threads and processes.

Everything that reaches out of the process is a field of Parts, so that a test replaces what it does not want to run.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..autoscaling import controller_flags, trigger_requests
from ..common import urls, versions
from ..common.errors import BadInput
from ..common.interrupt import SignalFlag
from ..common.progress import Progress
from ..common.times import Clock
from ..kube.cluster import Cluster
from ..kube.watcher import Watcher
from ..load.options import LoadOptions
from ..load.workers import LoadWorkers
from ..prometheus import addresses, pod_counters
from ..prometheus.addresses import Address
from ..prometheus.client import Prometheus
from ..prometheus.poller import PrometheusPoller
from ..prometheus.scrapes import ScrapeTarget
from . import options, prerequisites, report, run, trigger_credentials
from .observed.cluster_state import DEPLOYMENTS, EVENTS, HPAS, PODS, REPLICASETS, SCALEDOBJECTS
from .observed.metric_state import MetricState
from .observed.state import State
from .output.files import ProofFiles
from .output.timeline import Timeline
from .session import Inputs, Outputs, Session
from .target import ProofTarget

# The pause between two rounds of questions to Prometheus: a scrape interval, within these limits.
_SHORTEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 2.0, 5.0

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Parts:
    """What a proof is made of."""

    load_workers: Callable[[int], LoadWorkers] = LoadWorkers
    connect: Callable[..., Any] = socket.create_connection
    watch: Callable[..., Any] = Watcher
    poll: Callable[..., Any] = PrometheusPoller
    clock: Clock = Clock(time.monotonic, time.time)  # noqa: RUF009 - it is frozen
    interrupt: Callable[[], SignalFlag] = SignalFlag


def run_proof(
    params: Params, load_options: LoadOptions, cluster: Cluster, proof_target: ProofTarget, parts: Parts | None = None
) -> dict[str, Any]:
    """Run a proof and return its result.

    :raises BadInput: the proof can't begin
    :raises ProofFilesError: nothing can be written to proof_dir
    """
    parts = parts or Parts()
    if load_options.url:
        prerequisites.check_url_answers(load_options.url, parts.connect)
    prometheus_namespace = prerequisites.check_prometheus(proof_target, params["prometheus_url"])
    version = cluster.server_version()
    prerequisites.check_permissions(cluster, proof_target, prometheus_namespace, version)
    headers = prometheus_headers(cluster, proof_target, params)
    read_versions = {"kubernetes": version, "keda": cluster.keda_version()}
    proof_options = options.proof_options(params, controller_flags.read_flags(cluster))
    interrupt = parts.interrupt()
    interrupt.install()
    with contextlib.ExitStack() as stack:
        # The senders are forked, which has to be before any thread is started.
        load = stack.enter_context(contextlib.closing(_load_workers(load_options.workers, parts)))
        name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(parts.clock.wall()))
        files = stack.enter_context(contextlib.closing(ProofFiles(params["proof_dir"], name)))
        # Its seconds begin before the first observation.
        timeline = Timeline(parts.clock, files)
        progress = stack.enter_context(contextlib.closing(Progress(params["progress_file"])))
        state = new_state(proof_target, params["scrape_interval"] or 0.0)
        observations: queue.Queue[Any] = queue.Queue()
        start_watchers(cluster, proof_target, observations, parts)
        poller = start_poller(
            cluster,
            proof_target,
            params,
            state,
            observations,
            parts=parts,
            keda_version=read_versions["keda"],
            headers=headers,
        )

        def read_counters(targets: Iterable[ScrapeTarget]) -> Mapping[str, float | str]:
            return pod_counters.read_counters(cluster, targets, proof_target.counter)

        session = Session(
            proof_target,
            proof_options,
            load_options,
            state=state,
            load=load,
            inputs=Inputs(
                observations, parts.clock, interrupt, read_counters, poller.settle if poller else lambda: None
            ),
            outputs=Outputs(progress, files, timeline, read_versions),
        )
        return report.result(run.prove(session))


def new_state(proof_target: ProofTarget, given_interval: float = 0.0) -> State:
    """Return a state without observations."""
    trigger = proof_target.load_trigger
    if trigger is None:
        return State(metrics=MetricState(given_interval=given_interval))
    return State(metrics=MetricState(trigger.key, trigger.index, given_interval))


def _load_workers(workers: int, parts: Parts) -> LoadWorkers:
    try:
        return parts.load_workers(workers)
    except OSError as error:
        raise BadInput(f"load.http.workers is {workers}, and not all of them could be started ({error})") from error


def start_watchers(cluster: Cluster, proof_target: ProofTarget, sink: queue.Queue[Any], parts: Parts) -> None:
    """Watch all objects of a proof; the threads end with this process."""
    names = {
        SCALEDOBJECTS: proof_target.scaledobject,
        HPAS: proof_target.hpa,
        DEPLOYMENTS: proof_target.deployment,
        EVENTS: None,
    }
    for kind, name in names.items():
        parts.watch(cluster, sink, kind, namespace=proof_target.namespace, name=name).start()
    for kind in (REPLICASETS, PODS):
        parts.watch(cluster, sink, kind, namespace=proof_target.namespace, labels=proof_target.pod_labels).start()


def prometheus_headers(cluster: Cluster, proof_target: ProofTarget, params: Params) -> dict[str, str]:
    """Return the headers of each request to Prometheus: the user's, and those of the load trigger.

    :raises BadInput: the trigger has credentials that can't be read
    """
    given = params["prometheus_headers"] or {}
    trigger = proof_target.load_trigger
    if trigger is None:
        return dict(given)
    has_url = bool(params["prometheus_url"])
    return trigger_credentials.headers(cluster, proof_target.namespace, trigger.request, given, has_url=has_url)


def start_poller(
    cluster: Cluster,
    proof_target: ProofTarget,
    params: Params,
    state: State,
    sink: queue.Queue[Any],
    *,
    parts: Parts,
    keda_version: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> PrometheusPoller | None:
    """Ask Prometheus once a scrape, as KEDA does; None where no trigger asks a Prometheus."""
    trigger = proof_target.load_trigger
    if trigger is None:
        return None

    def find() -> Address:
        if params["prometheus_url"]:
            return addresses.direct_address(params["prometheus_url"])
        return addresses.find_pod(cluster, trigger.server_address)

    def pause() -> float:
        known = state.scrape_interval or _FIRST_PAUSE_SECONDS
        return min(max(known, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)

    # Triggers that ask another Prometheus, or for another tenant, are left out: this one has other values.
    asked = (trigger.server_address, trigger.request)
    queries = {
        one.key: one.query for one in proof_target.triggers if one.query and (one.server_address, one.request) == asked
    }
    version = versions.minor_version(keda_version or "")
    prometheus = Prometheus(
        cluster,
        find,
        headers,
        parameters=trigger.request.parameters(version),
        nan_is_zero=version < trigger_requests.NAN_IS_NULL_SINCE,
    )
    poller: PrometheusPoller = parts.poll(
        prometheus,
        sink,
        queries,
        counter=proof_target.counter or None,
        interval=pause,
        feeding=trigger.query,
        reads_rules=True,
    )
    poller.start()
    return poller


def check_mode_message(load_options: LoadOptions, proof_target: ProofTarget) -> str:
    """Return what would be done."""
    load = f"{load_options.rate:g} requests/s" if load_options.rate else "a load"
    if load_options.replicas:
        load = f"a load for {load_options.replicas} replicas"
    url = urls.without_user(load_options.url)
    sent = f"{load} would be sent to {url}" if load_options.url else "nothing would be sent"
    return f"ScaledObject {proof_target.scaledobject} scales Deployment {proof_target.deployment}; {sent}."
