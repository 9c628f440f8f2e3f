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

from ..autoscaling import controller_flags
from ..common.errors import BadInput
from ..common.interrupt import SignalFlag
from ..common.progress import Progress
from ..common.times import Clock
from ..kube.cluster import Cluster
from ..kube.watcher import Watcher
from ..load.options import LoadOptions
from ..load.source import LoadSource
from ..load.workers import LoadWorkers
from ..prometheus import addresses, pod_counters
from ..prometheus.addresses import Address
from ..prometheus.client import Prometheus
from ..prometheus.poller import PrometheusPoller
from ..prometheus.scrapes import ScrapeTarget
from . import dry_run, options, prerequisites, report, run
from .external_load import ExternalLoad
from .observed.cluster_state import DEPLOYMENTS, EVENTS, HPAS, PODS, REPLICASETS, SCALEDOBJECTS
from .observed.metric_state import MetricState
from .observed.state import State
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
    if load_options.url:
        prerequisites.check_url_answers(load_options.url, parts.connect)
    prometheus_namespace = prerequisites.check_prometheus(proof_target, params["prometheus_url"])
    version = cluster.server_version()
    prerequisites.check_permissions(cluster, proof_target, prometheus_namespace, version)
    versions = {"kubernetes": version, "keda": cluster.keda_version()}
    proof_options = options.proof_options(params, controller_flags.read_flags(cluster))
    interrupt = parts.interrupt()
    interrupt.install()
    with contextlib.ExitStack() as stack:
        # The senders are forked, which has to be before any thread is started.
        state = new_state(proof_target, params["scrape_interval"] or 0.0)
        load: LoadSource = ExternalLoad(state, parts.clock.monotonic)
        if proof_options.external is None and not plan_only:
            load = stack.enter_context(contextlib.closing(_load_workers(load_options.workers, parts)))
        files = stack.enter_context(contextlib.closing(_files(params["proof_dir"], parts, plan_only)))
        # Its seconds begin before the first observation.
        timeline = Timeline(parts.clock, files)
        progress = stack.enter_context(contextlib.closing(Progress(params["progress_file"])))
        observations: queue.Queue[Any] = queue.Queue()
        start_watchers(cluster, proof_target, observations, parts)
        poller = start_poller(cluster, proof_target, params, state, observations, parts=parts)

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
            outputs=Outputs(progress, files, timeline, versions),
        )
        return dry_run.plan(session) if plan_only else report.result(run.prove(session))


def _files(proof_dir: str, parts: Parts, plan_only: bool) -> ProofFiles | NoFiles:
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(parts.clock.wall()))
    return NoFiles() if plan_only else ProofFiles(proof_dir, name)


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


def start_poller(
    cluster: Cluster,
    proof_target: ProofTarget,
    params: Params,
    state: State,
    sink: queue.Queue[Any],
    *,
    parts: Parts,
) -> PrometheusPoller | None:
    """Ask Prometheus once a scrape; None where no trigger asks a Prometheus."""
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

    # Triggers that ask another Prometheus are left out: this one has other values.
    server = trigger.server_address
    queries = {one.key: one.query for one in proof_target.triggers if one.query and one.server_address == server}
    poller: PrometheusPoller = parts.poll(
        Prometheus(cluster, find, params["prometheus_headers"] or {}),
        sink,
        queries,
        counter=proof_target.counter or None,
        interval=pause,
        feeding=trigger.query,
    )
    poller.start()
    return poller
