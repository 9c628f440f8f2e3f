# SPDX-License-Identifier: MIT
"""The wiring of a proof: which parts are made, in which order, of which parameters, and that they are closed."""

from __future__ import annotations

import base64
import json
import queue
import re
import socket
from dataclasses import replace
from functools import partial

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.interrupt import SignalFlag
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.times import Clock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.versions import known_version
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.options import LoadOptions
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import trigger_credentials, wiring
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import proof_options
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.output.files import ProofFilesError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.target import find_target
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.wiring import Parts
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import Objects
from ansible_collections.shkatara.keda_demo.tests.support.keda_objects import annotated
from ansible_collections.shkatara.keda_demo.tests.support.objects import DEPLOYMENT, SCALEDOBJECT, changed, pod
from ansible_collections.shkatara.keda_demo.tests.support.observations import (
    NOON,
    later,
    metric,
    seen,
    source,
    target,
    with_object,
)
from ansible_collections.shkatara.keda_demo.tests.support.proof_api import proof_api
from ansible_collections.shkatara.keda_demo.tests.support.recordings import ready_chain
from ansible_collections.shkatara.keda_demo.tests.support.scripted import Load, Time
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import FLEETS
from ansible_collections.shkatara.keda_demo.tests.support.workload_runs import fleet_cluster, stateful_cluster

URL = "http://192.0.2.11:30115/"
MONOTONIC = 1000.0
# The threads that observe, in the order in which they begin.
OBSERVERS = (
    "watch scaledobjects",
    "watch horizontalpodautoscalers",
    "watch deployments",
    "watch events",
    "watch replicasets",
    "watch pods",
    "poll",
)
LOAD = LoadOptions(URL, rate=34.5, workers=2)
ADDRESS = "http://prometheus-k8s.monitoring.svc:9090"


def target_of(scaledobject=SCALEDOBJECT, **selection):
    return find_target(
        Objects(scaledobjects=[scaledobject], deployments=[DEPLOYMENT]), "test", "scaledobject-py", **selection
    )


TARGET = target_of()
NO_ADDRESS = changed(SCALEDOBJECT, "spec.triggers.0.metadata.serverAddress", None)
WITH_CREDENTIALS = changed(SCALEDOBJECT, "spec.triggers.0.metadata.authModes", "bearer")
PARAMS = {
    "phases": ["scale_out", "hold"],
    "wait_timeout": 60,
    "scrape_interval": None,
    "prometheus_url": None,
    "prometheus_headers": {"X-Scope-OrgID": "7"},
    "progress_file": None,
}


class Recorder:
    """Makes parts that only note what is done with them."""

    def __init__(self, signal="", observations=()):
        self.notes = []
        self.watches = {}
        self.signal = signal
        self.observations = observations

    def put_observations(self, kind, sink):
        for observation in self.observations:
            if source(observation) == kind:
                sink.put(observation)

    def parts(self, **others):
        made = {
            "load_workers": partial(RecordedLoad, self),
            "connect": self.connect,
            "watch": partial(RecordedWatch, self),
            "poll": partial(RecordedPoller, self),
            "clock": Clock(lambda: MONOTONIC, lambda: NOON),
            "interrupt": partial(RecordedFlag, self),
        }
        return Parts(**{**made, **others})

    def connect(self, address, timeout):
        del timeout
        self.notes.append(f"connect {address}")
        return socket.socket()


class RecordedLoad(Load):
    def __init__(self, recorder, workers):
        super().__init__(Time())
        recorder.notes.append(f"load of {workers}")
        self.recorder = recorder

    def stop(self):
        super().stop()
        self.recorder.notes.append("load stopped")

    def close(self):
        self.recorder.notes.append("load closed")


class RecordedWatch:
    def __init__(self, recorder, cluster, sink, kind, **selection):
        del cluster
        self.recorder, self.sink, self.kind = recorder, sink, kind
        recorder.watches[kind] = selection

    def start(self):
        self.recorder.notes.append(f"watch {self.kind}")
        self.recorder.put_observations(self.kind, self.sink)


class RecordedPoller:
    def __init__(self, recorder, prometheus, sink, queries, **options):
        del prometheus
        self.recorder, self.sink, self.queries, self.options = recorder, sink, queries, options

    def start(self):
        self.recorder.notes.append("poll")
        self.recorder.put_observations("prometheus", self.sink)

    def settle(self):
        self.recorder.notes.append("targets settled")


class Ticking:
    """A clock that goes on by a tenth of a second each time it is read."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        self.now += 0.1
        return self.now


class RecordedFlag(SignalFlag):
    """A flag that leaves this process' handlers alone, and has its signal from the beginning."""

    def __init__(self, recorder):
        super().__init__(recorder.signal)
        self.recorder = recorder

    def install(self):
        self.recorder.notes.append("signals")


@pytest.fixture
def run(tmp_path):
    """Run a proof of recorded parts against an API server; return its result."""

    def run_proof(recorder, load=LOAD, proof_target=TARGET, api=None, **params):
        params |= params.pop("params", {})
        others, plan_only = params.pop("parts", {}), params.pop("plan_only", False)
        params.setdefault("load", params.pop("load_given", None))
        with proof_api(**(api or {})) as server:
            cluster = Cluster(server.kubeconfig(tmp_path / "kubeconfig"), None)
            return wiring.run_proof(
                {"proof_dir": str(tmp_path / "proof"), **PARAMS, **params},
                load,
                cluster,
                proof_target,
                recorder.parts(**others),
                plan_only=plan_only,
            )

    return run_proof


def test_parts_are_made_in_order_and_closed(run, tmp_path):
    recorder = Recorder(signal="SIGTERM")
    result = run(recorder, progress_file=str(tmp_path / "progress"))
    assert recorder.notes == [
        "connect ('192.0.2.11', 30115)",
        "signals",
        # The workers are forked before any thread begins.
        "load of 2",
        *OBSERVERS,
        "load stopped",
        "load closed",
    ]
    assert (result["verdict"], result["reason"]) == ("aborted", "interrupted")
    assert result["versions"] == {"kubernetes": "v1.25.0", "keda": None, "prometheus": None}
    assert result["proof"] == str(tmp_path / "proof" / "20261124T090000Z")
    assert json.loads((tmp_path / "proof" / "latest" / "verdict.json").read_text()) == json.loads(json.dumps(result))
    assert "interrupted" in (tmp_path / "progress").read_text()


def lines_of(path):
    return [json.loads(line)["msg"] for line in path.read_text().splitlines()]


def test_the_first_line_says_which_cluster_and_the_next_which_proxy_is_not_used(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://me:s3cret@proxy.example:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    run(Recorder(signal="SIGTERM"), progress_file=str(tmp_path / "progress"))
    first, second, *_others = lines_of(tmp_path / "progress")
    kubeconfig = f"kubeconfig {tmp_path}/kubeconfig (`kubeconfig`)"
    assert re.search(rf"cluster http://127\.0\.0\.1:\d+, context lab, {re.escape(kubeconfig)}$", first)
    assert "proxy http://proxy.example:3128 (HTTP_PROXY)" in second
    assert "s3cret" not in second


def test_each_url_of_a_load_is_tried(run):
    recorder = Recorder(signal="SIGTERM")
    run(recorder, LoadOptions(URL, rate=34.5, workers=2, more_urls=("http://192.0.2.12/", "http://192.0.2.13/")))
    assert recorder.notes[:3] == [
        f"connect {address}" for address in (("192.0.2.11", 30115), ("192.0.2.12", 80), ("192.0.2.13", 80))
    ]


@pytest.mark.parametrize("plan_only", [True, False])
def test_a_port_that_refuses_is_waited_for_by_a_proof_and_not_by_a_plan(run, plan_only):
    recorder, refusals = Recorder(observations=[later(item, MONOTONIC) for item in ready_chain()]), []

    def connect(address, timeout):
        del address, timeout
        refusals.append(1)
        raise ConnectionRefusedError(111, "Connection refused")

    parts = {"connect": connect, "clock": Clock(Ticking(MONOTONIC), lambda: NOON)}
    if plan_only:
        with pytest.raises(BadInput, match=r"does not answer .*Connection refused"):
            run(recorder, parts=parts, plan_only=True)
        assert len(refusals) == 1
        return
    result = run(recorder, parts=parts, wait_timeout=1)
    assert (result["verdict"], result["reason"]) == ("aborted", "bad_input")
    assert "does not answer" in result["message"]
    assert len(refusals) > 1


def test_secrets_are_in_no_file_and_no_line_and_no_result(run, tmp_path):
    """Whatever repeats them: here a condition of the ScaledObject, and an event."""
    secret_address = "http://me:s3cr%40t@prometheus-k8s.monitoring.svc:9090"
    scaledobject = changed(SCALEDOBJECT, "spec.triggers.0.metadata.serverAddress", secret_address)
    url = "http://user:w0rd-of-mine@192.0.2.11:30115/"
    encoded = [base64.b64encode(pair).decode() for pair in (b"me:s3cr@t", b"user:w0rd-of-mine")]
    repeated = f"Get {secret_address}: no route. {url} {' '.join(encoded)} t0ken-of-prometheus k3y-of-the-shop"
    broken = changed(
        scaledobject, "status.conditions", [{"type": "Ready", "status": "False", "reason": "x", "message": repeated}]
    )
    chain = with_object(ready_chain(), "scaledobjects", broken)
    headers = {"Host": "shop.example", "X-Api-Key": "k3y-of-the-shop"}
    result = run(
        Recorder(observations=[later(item, MONOTONIC) for item in chain]),
        LoadOptions(url, rate=34.5, workers=2),
        target_of(scaledobject),
        wait_timeout=1,
        params={"load": {"http": {"url": url, "headers": headers}}},
        prometheus_headers={"Authorization": "Bearer t0ken-of-prometheus"},
        progress_file=str(tmp_path / "progress"),
        parts={"clock": Clock(Ticking(MONOTONIC), lambda: NOON)},
    )
    assert "Get http://***@prometheus-k8s.monitoring.svc:9090: no route." in result["message"]
    assert result["load"]["url"] == "http://***@192.0.2.11:30115/"
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file() and path.name != "kubeconfig"]
    assert len(written) == 3
    for text in (*written, json.dumps(result)):
        for secret in ("s3cr", "w0rd", "t0ken", "k3y", *encoded):
            assert secret not in text


def test_a_proof_without_a_load_connects_nowhere(run):
    recorder = Recorder(signal="SIGTERM")
    run(recorder, LoadOptions(""), phases=["scale_in"])
    assert recorder.notes[:2] == ["signals", "load of 1"]


def test_observations_versions_and_flags_reach_the_proof(run):
    """The proof ends once the chain is ready, since a formula can't be predicted and the load has no duration."""
    command = ["kube-controller-manager", "--horizontal-pod-autoscaler-sync-period=2s"]
    operator = {
        "metadata": {"labels": {"app.kubernetes.io/version": "2.10.0"}},
        "spec": {
            "selector": {},
            "template": {"spec": {"containers": [{"name": "keda-operator", "image": "keda:2.10.0"}]}},
        },
    }
    lists = {
        "/api/v1/namespaces/kube-system/pods": [{"spec": {"containers": [{"name": "manager", "command": command}]}}],
        "/apis/apps/v1/deployments": [operator],
    }
    formula = {"scalingModifiers": {"formula": "s0 * 2", "target": "10"}}
    scaledobject = annotated(obj=changed(SCALEDOBJECT, "spec.advanced", formula), paused_scale_in="true")
    chain = with_object(ready_chain(), "scaledobjects", scaledobject)
    recorder = Recorder(observations=[later(item, MONOTONIC) for item in chain])
    result = run(recorder, api={"lists": lists, "version": "v1.26.3"}, hpa_tolerance=0.2)
    assert (result["verdict"], result["reason"]) == ("aborted", "bad_input")
    assert result["versions"] == {"kubernetes": "v1.26.3", "keda": "2.10.0", "prometheus": "2.41.0"}
    # KEDA 2.10 does not know the annotation.
    assert "warnings" not in result["predicted"]
    # A parameter takes precedence over a flag, also over one that has its default.
    assert result["predicted"]["read"] == {"hpa_sync_period": 2.0, "hpa_downscale_stabilization": 300.0}
    assert result["predicted"]["assumed"]["hpa_tolerance"] == 0.2
    assert recorder.notes[-2:] == ["targets settled", "load closed"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"api": {"is_denied": lambda attributes: attributes["verb"] == "watch"}}, r"watch on pods in namespace test"),
        ({"proof_target": target_of(NO_ADDRESS)}, r"prometheus_url"),
        ({"proof_target": target_of(WITH_CREDENTIALS), "prometheus_headers": None}, r"\bbearer\b.*prometheus_headers"),
    ],
)
def test_a_proof_that_cannot_begin_starts_and_writes_nothing(run, tmp_path, options, named):
    recorder = Recorder()
    with pytest.raises(BadInput, match=named):
        run(recorder, **options)
    assert recorder.notes == ["connect ('192.0.2.11', 30115)"]
    assert not (tmp_path / "proof").exists()


def test_a_url_that_does_not_answer_comes_first(run):
    def fail(*_args, **_options):
        raise OSError(113, "No route to host")

    recorder = Recorder()
    with pytest.raises(BadInput, match=rf"load\.http\.url {URL} .*No route to host"):
        run(recorder, parts={"connect": fail})
    assert recorder.notes == []


def test_workers_that_cannot_be_started_are_named(run, tmp_path):
    def fail(_workers):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with pytest.raises(BadInput, match=r"load\.http\.workers is 2\b.*Resource temporarily unavailable"):
        run(Recorder(), parts={"load_workers": fail})
    assert not (tmp_path / "proof").exists()


def test_a_proof_dir_that_cannot_be_made_is_named_and_the_load_is_closed(run, tmp_path):
    (tmp_path / "file").write_text("")
    recorder = Recorder()
    with pytest.raises(ProofFilesError, match=rf"proof_dir {tmp_path}/file: "):
        run(recorder, proof_dir=str(tmp_path / "file"))
    assert recorder.notes[-2:] == ["load of 2", "load closed"]


def test_another_os_error_is_not_blamed_on_the_proof_dir(run):
    def fail(*_args, **_options):
        raise PermissionError(13, "no thread for you")

    recorder = Recorder()
    with pytest.raises(PermissionError, match="no thread for you"):
        run(recorder, parts={"watch": fail})
    assert recorder.notes[-1] == "load closed"


# Watches and polls


def test_each_kind_is_watched_with_its_selection():
    recorder = Recorder()
    wiring.start_watchers(None, TARGET, queue.Queue(), recorder.parts())
    assert recorder.watches == {
        "scaledobjects": {"namespace": "test", "name": "scaledobject-py"},
        "horizontalpodautoscalers": {"namespace": "test", "name": None},
        "deployments": {"namespace": "test", "name": "test"},
        "events": {"namespace": "test", "name": None},
        "replicasets": {"namespace": "test", "labels": "app=test"},
        "pods": {"namespace": "test", "labels": "app=test"},
    }


def poller_of(proof_target, cluster=None, state=None, **params):
    recorder = Recorder()
    state = state or wiring.new_state(proof_target)
    poller = wiring.start_poller(
        cluster, proof_target, {**PARAMS, **params}, state, queue.Queue(), parts=recorder.parts()
    )
    assert recorder.notes == ([] if poller is None else ["poll"])
    return poller


def test_without_a_prometheus_trigger_nothing_is_polled():
    assert poller_of(replace(TARGET, load_trigger=None)) is None


def test_triggers_of_another_prometheus_are_not_polled():
    more = [
        {"type": "prometheus", "name": "queue", "metadata": {"query": "queued", "serverAddress": ADDRESS}},
        {
            "type": "prometheus",
            "name": "other",
            "metadata": {"query": "up", "serverAddress": "http://other.test.svc:1"},
        },
        {"type": "cpu", "metadata": {"value": "50"}},
    ]
    both = changed(SCALEDOBJECT, "spec.triggers", [*SCALEDOBJECT["spec"]["triggers"], *more])
    poller = poller_of(target_of(both, trigger="0", counter_metric="python_request_operations_total"))
    query = SCALEDOBJECT["spec"]["triggers"][0]["metadata"]["query"]
    assert poller.queries == {"0": query, "queue": "queued"}
    assert poller.options["feeding"] == query
    assert poller.options["counter"] == 'python_request_operations_total{namespace="test"}'
    assert poller_of(TARGET).options["counter"] is None


def test_triggers_of_another_tenant_are_not_polled():
    asked = {"query": "queued", "serverAddress": ADDRESS}
    more = [
        {"type": "prometheus", "name": "other", "metadata": {**asked, "customHeaders": "X-Scope-OrgID=8"}},
        {"type": "prometheus", "name": "same", "metadata": asked},
    ]
    both = changed(SCALEDOBJECT, "spec.triggers", [*SCALEDOBJECT["spec"]["triggers"], *more])
    assert set(poller_of(target_of(both, trigger="0")).queries) == {"0", "same"}


@pytest.mark.parametrize(
    ("version", "parameters", "nan_is_zero"),
    [
        ("2.10.0", [("namespace", "shop")], True),
        ("2.13.1", [("namespace", "shop"), ("dedup", "true")], True),
        ("2.20.0", [("namespace", "shop"), ("dedup", "true")], False),
        # A version that can't be read is taken for the newest one, as for the annotations.
        (None, [("namespace", "shop"), ("dedup", "true")], False),
    ],
)
def test_prometheus_is_asked_as_keda_asks_it(version, parameters, nan_is_zero):
    asked = {"namespace": "shop", "queryParameters": "dedup=true", "customHeaders": "X-Scope-OrgID=8,X-Key=k"}
    metadata = {**SCALEDOBJECT["spec"]["triggers"][0]["metadata"], **asked}
    proof_target = target_of(changed(SCALEDOBJECT, "spec.triggers.0.metadata", metadata))
    made = []
    state = wiring.new_state(proof_target)
    state.cluster.keda = known_version(version)

    def poll(prometheus, *_args, **_options):
        made.append(prometheus)
        return RecordedWatch(Recorder(), None, None, "")

    wiring.start_poller(
        None,
        proof_target,
        PARAMS,
        state,
        queue.Queue(),
        parts=Recorder().parts(poll=poll),
        headers=trigger_credentials.of_proof(None, proof_target, PARAMS),
    )
    assert (made[0]._parameters, made[0]._nan_is_zero) == (parameters, nan_is_zero)
    assert made[0]._headers == {"X-Scope-OrgID": "7", "X-Key": "k"}, "the option takes precedence"


@pytest.mark.parametrize(("interval", "pause"), [(0.0, 2.0), (0.5, 1.0), (1.5, 1.5), (5.0, 5.0), (30.0, 5.0)])
def test_prometheus_is_polled_once_a_scrape_within_limits(interval, pause):
    assert poller_of(TARGET, state=wiring.new_state(TARGET, interval)).options["interval"]() == pause


def test_the_pause_follows_the_targets():
    state = wiring.new_state(TARGET)
    interval = poller_of(TARGET, state=state).options["interval"]
    assert interval() == 2.0
    scraped = replace(target(), interval=3.0)
    state.apply(metric(0.1, 0.0, targets=[scraped], feeds={(scraped.job, scraped.instance)}))
    state.apply(seen(0.1, "pods", pod(scraped.pod)))
    assert interval() == 3.0


def test_the_state_of_a_target_begins_with_its_trigger():
    state = wiring.new_state(TARGET, 7.0)
    assert (state.metrics.load_trigger, state.metrics.load_trigger_index, state.scrape_interval) == ("0", 0, 7.0)
    assert wiring.new_state(replace(TARGET, load_trigger=None)).metrics.load_trigger == ""


# Options and check mode


def test_the_options_of_a_proof():
    params = {"phases": ["hold", "scale_out", "activation"], "hold_seconds": 20, "hpa_tolerance": None}
    params |= {"hpa_sync_period": 10.0}
    options = proof_options(params, {"hpa_tolerance": 0.2, "hpa_sync_period": 30.0})
    assert options.phases == ("activation", "scale_out", "hold"), "always in this order"
    assert (options.hold_seconds, options.hpa_sync_period, options.hpa_tolerance) == (20, 10.0, 0.2)
    assert options.hpa_downscale_stabilization == 300.0
    assert options.flags_read == ("hpa_tolerance",), "a parameter takes precedence over a flag"


def test_a_plan_watches_and_asks_and_starts_no_sender(run, tmp_path):
    recorder = Recorder(observations=[later(item, MONOTONIC) for item in ready_chain()])
    result = run(recorder, plan_only=True)
    assert result["foreseen"] == {"verdict": "scaled", "reason": "as_predicted"}
    assert recorder.notes == [
        "connect ('192.0.2.11', 30115)",
        "signals",
        *OBSERVERS,
    ]
    assert not (tmp_path / "proof").exists()


# Workloads of other kinds


@pytest.mark.parametrize(
    ("cluster", "watched"),
    [
        (stateful_cluster(), ["scaledobjects", "horizontalpodautoscalers", "statefulsets", "events", "pods"]),
        (fleet_cluster(), ["scaledobjects", "horizontalpodautoscalers", "events", FLEETS, "pods"]),
    ],
)
def test_the_kind_of_the_workload_is_watched_and_no_replicasets(cluster, watched):
    recorder = Recorder()
    workload_target = find_target(cluster, "test", "scaledobject-py")
    parts = recorder.parts(watch_scale=partial(RecordedWatch, recorder))
    wiring.start_watchers(None, workload_target, queue.Queue(), parts)
    assert list(recorder.watches) == watched
    assert recorder.watches["pods"] == {"namespace": "test", "labels": "app=test"}
    assert recorder.watches[watched[2] if "statefulsets" in watched else FLEETS] == {
        "namespace": "test",
        "name": "test",
    }
    state = wiring.new_state(workload_target)
    assert state.cluster.subject.resource == workload_target.workload.resource


def test_a_plan_needs_the_same_permissions(run):
    with pytest.raises(BadInput, match="watch on pods in namespace test"):
        run(Recorder(), plan_only=True, api={"is_denied": lambda attributes: attributes["verb"] == "watch"})


def test_the_load_of_others_starts_no_sender_and_connects_nowhere(run):
    recorder = Recorder(signal="SIGTERM")
    load = {"external": {"duration": None, "begin": "call"}}
    expected = {"replicas": 4, "within_seconds": 90.0}
    result = run(recorder, LoadOptions(""), load_given=load, expected=expected)
    assert recorder.notes[:2] == ["signals", "watch scaledobjects"]
    assert (result["verdict"], result["load"]["sender"]) == ("aborted", "external")
