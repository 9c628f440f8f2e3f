# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The wiring of a proof: from the module's parameters to a session with its threads and processes.

Everything that reaches out of the process is a field of Parts, so that a test replaces what it does not want to run.
"""

from __future__ import annotations

import contextlib
import functools
import queue
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..autoscaling import controller_flags, trigger_requests
from ..common.errors import BadInput
from ..common.hiding import Hider
from ..common.interrupt import SignalFlag
from ..common.progress import Progress
from ..common.times import Clock
from ..common.versions import known_version
from ..kube.cluster import Cluster
from ..kube.scale_watcher import ScaleWatcher
from ..kube.watcher import Watcher
from ..load.options import LoadOptions
from ..load.source import LoadSource
from ..load.workers import LoadWorkers
from ..prometheus import addresses, pod_counters
from ..prometheus.addresses import Address
from ..prometheus.client import Prometheus
from ..prometheus.poller import PrometheusPoller
from ..prometheus.scrapes import ScrapeTarget
from . import (
    dry_run,
    options,
    prerequisites,
    prometheus_options,
    report,
    request_options,
    run,
    secrets,
    trigger_credentials,
)
from .external_load import ExternalLoad
from .messages import progress_lines
from .observed.cluster_state import EVENTS, HPAS, REPLICASETS, SCALEDOBJECTS, ClusterState
from .observed.metric_state import MetricState
from .observed.other_hpas import OtherHpas
from .observed.state import State
from .observed.workload_state import PODS, WorkloadState
from .output.files import NoFiles, ProofFiles
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
    watch_scale: Callable[..., Any] = ScaleWatcher
    poll: Callable[..., Any] = PrometheusPoller
    clock: Clock = Clock(time.monotonic, time.time)  # noqa: RUF009 - it is frozen
    interrupt: Callable[[], SignalFlag] = SignalFlag


def run_proof(
    params: Params,
    load_options: LoadOptions,
    cluster: Cluster,
    proof_target: ProofTarget,
    parts: Parts | None = None,
    *,
    plan_only: bool = False,
) -> dict[str, Any]:
    """Run a proof and return its result.

    :param plan_only: return the plan of the proof, and send and write nothing, see dry_run
    :raises BadInput: the proof can't begin
    :raises ProofFilesError: nothing can be written to proof_dir
    """
    parts = parts or Parts()
    refusal = functools.partial(prerequisites.refusal, load_options.urls, parts.connect, load_options.request)
    refused = refusal()
    if refused and plan_only:
        raise refused
    prometheus_namespace = prerequisites.check_prometheus(proof_target, params["prometheus_url"])
    version = cluster.server_version()
    prerequisites.check_permissions(cluster, proof_target, prometheus_namespace, version, params["prometheus_headers"])
    headers = trigger_credentials.of_proof(cluster, proof_target, params)
    read_versions = {"kubernetes": version, "keda": cluster.keda_version()}
    proof_options = options.proof_options(params, controller_flags.read_flags(cluster))
    hider = secrets.hider(params, proof_target.triggers, headers)
    interrupt = parts.interrupt()
    interrupt.install()
    with contextlib.ExitStack() as stack:
        # The senders are forked, which has to be before any thread is started.
        state = new_state(proof_target, params["scrape_interval"] or 0.0)
        state.cluster.keda = known_version(read_versions["keda"])
        load: LoadSource = ExternalLoad(state, parts.clock.monotonic)
        if proof_options.external is None and not plan_only:
            load = stack.enter_context(contextlib.closing(_load_workers(load_options.workers, parts)))
        files = stack.enter_context(contextlib.closing(_files(params["proof_dir"], hider, parts, plan_only)))
        # Its seconds begin before the first observation.
        timeline = Timeline(parts.clock, files)
        progress = stack.enter_context(contextlib.closing(Progress(params["progress_file"], hider=hider)))
        observations: queue.Queue[Any] = queue.Queue()
        start_watchers(cluster, proof_target, observations, parts)
        poller = start_poller(
            cluster,
            proof_target,
            params,
            state,
            observations,
            parts=parts,
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
                observations,
                parts.clock,
                interrupt,
                read_counters,
                poller.settle if poller else lambda: None,
                refusal if refused else lambda: None,
            ),
            outputs=Outputs(progress, files, timeline, read_versions),
        )
        session.say(progress_lines.cluster(str(cluster.access)))
        for proxy in request_options.bypassed_proxies(load_options.urls):
            session.say(progress_lines.bypassed_proxy(proxy))
        result = dry_run.plan(session) if plan_only else report.result(run.prove(session))
        hidden: dict[str, Any] = hider.data(result)
        return hidden


def _files(proof_dir: str, hider: Hider, parts: Parts, plan_only: bool) -> ProofFiles | NoFiles:
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(parts.clock.wall()))
    return NoFiles() if plan_only else ProofFiles(proof_dir, name, hider)


def new_state(proof_target: ProofTarget, given_interval: float = 0.0) -> State:
    """Return a state without observations."""
    trigger, workload = proof_target.load_trigger, proof_target.workload
    metrics = MetricState(given_interval=given_interval)
    if trigger is not None:
        metrics = MetricState(trigger.key, trigger.index, given_interval)
    subject = WorkloadState(workload.resource, workload.other_owners)
    return State(ClusterState(subject=subject, other_hpas=OtherHpas(proof_target.hpa)), metrics)


def _load_workers(workers: int, parts: Parts) -> LoadWorkers:
    try:
        return parts.load_workers(workers)
    except OSError as error:
        raise BadInput(f"load.http.workers is {workers}, and not all of them could be started ({error})") from error


def start_watchers(cluster: Cluster, proof_target: ProofTarget, sink: queue.Queue[Any], parts: Parts) -> None:
    """Watch all objects of a proof; the threads end with this process."""
    workload, namespace = proof_target.workload, proof_target.namespace
    # All HPAs, since another may scale the same workload.
    names: dict[str, str | None] = {SCALEDOBJECTS: proof_target.scaledobject, HPAS: None}
    if workload.resource.has_scale_fields:
        names[workload.resource.name] = workload.name
    for kind, name in {**names, EVENTS: None}.items():
        parts.watch(cluster, sink, kind, namespace=namespace, name=name).start()
    if not workload.resource.has_scale_fields:
        parts.watch_scale(cluster, sink, workload.resource, namespace=namespace, name=workload.name).start()
    for kind in (REPLICASETS, PODS) if workload.is_deployment else (PODS,):
        parts.watch(cluster, sink, kind, namespace=namespace, labels=workload.pod_labels).start()


def start_poller(
    cluster: Cluster,
    proof_target: ProofTarget,
    params: Params,
    state: State,
    sink: queue.Queue[Any],
    *,
    parts: Parts,
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
    request, keda = trigger.request, state.cluster.keda
    prometheus = Prometheus(
        cluster,
        find,
        headers,
        parameters=request.parameters(keda),
        nan_is_zero=trigger_requests.is_nan_zero(keda),
        trust=prometheus_options.trust(params, trigger),
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
