# SPDX-License-Identifier: MIT
"""Whole proofs in no time: observations come from a script, and time passes only while the proof waits for them."""

from __future__ import annotations

import csv
import json
import queue

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._edges import Interrupt, Outputs, Watched
from ansible_collections.shkatara.keda_demo.plugins.module_utils._hops import HOPS
from ansible_collections.shkatara.keda_demo.plugins.module_utils._load import LoadSpec, LoadStats
from ansible_collections.shkatara.keda_demo.plugins.module_utils._progress import Progress, ProgressReader
from ansible_collections.shkatara.keda_demo.plugins.module_utils._proof import Proof
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import Options, ProofTarget
from ansible_collections.shkatara.keda_demo.plugins.module_utils._timeline import Clock, ProofFiles
from ansible_collections.shkatara.keda_demo.plugins.modules import verify_scaling
from ansible_collections.shkatara.keda_demo.tests.unit.plugins.module_utils.objects import (
    HPA,
    QUERY,
    SCALEDOBJECT,
    changed,
    deployed,
    pod,
    ready_chain,
    scaled,
    seen,
    target,
)

TARGET = ProofTarget(
    namespace="test",
    scaledobject="scaledobject-py",
    hpa="keda-hpa-scaledobject-py",
    deployment="test",
    pod_labels="app=test",
    server_address="http://prometheus-k8s.monitoring.svc:9090",
    query=QUERY,
    query_window=30.0,
    keda_polling=0.0,
    probe_seconds=5.0,
    grace_seconds=30.0,
)


class Time:
    """The one clock of a test."""

    now = 1000.0


class Script(queue.Queue):
    """A queue whose observations come at their time, on a clock that moves only here."""

    def __init__(self, time, observations, at=()):
        super().__init__()
        self.time = time
        self.script = sorted(observations, key=lambda item: item.at)
        self.events = sorted(at)

    def get(self, block=True, timeout=None):
        if block and not (self.script and self.script[0].at <= self.time.now):
            self.time.now += timeout
        while self.events and self.events[0][0] <= self.time.now:
            self.events.pop(0)[1]()
        if self.script and self.script[0].at <= self.time.now:
            return self.script.pop(0)
        raise queue.Empty


class Load:
    """Stands for LoadProcess: sends as it is asked to, and notes the orders."""

    def __init__(self, time, spec, share=1.0):
        self.time, self.spec, self.share = time, spec, share
        self.last = LoadStats().as_dict()
        self.begun = self.ended = self.died_at = None
        self.orders = []

    def start(self):
        self.orders.append("start")
        self.begun = self.time.now + 0.01

    def drain(self):
        self.orders.append("drain")
        self.ended = self.time.now

    def stop(self):
        self.orders.append("stop")
        self.ended = self.time.now

    def poll(self):
        if self.begun is not None and self.died_at is not None:
            how = "The sender's process was ended by signal 9 (Killed)"
            self.last = {**self.last, "ended": True, "died": how}
        elif self.begun is not None:
            end = self.begun + self.spec.duration if self.ended is None else self.ended
            sent = max(0, int((min(self.time.now, end) - self.begun) * self.spec.rate))
            answered = int(sent * self.share)
            self.last |= {
                "scheduled": sent,
                "sent": sent,
                "answered": answered,
                "failed": sent - answered,
                "first_sent": self.begun if sent else None,
                "ended": self.time.now >= end,
            }
        return self.last

    def wait(self, seconds, clock):
        del clock
        self.time.now += min(seconds, 0.1)
        return self.poll()


class Run:
    """One proof over a script, and what came of it."""

    def __init__(self, folder, observations, rate=37.0, duration=200.0, share=1.0, at=(), **options):
        self.time = Time()
        self.load = Load(self.time, LoadSpec("http://host/", rate, duration), share)
        self.interrupt = Interrupt()
        self.files = ProofFiles(str(folder), "proof")
        self.progress = folder / "progress"
        clock = Clock(lambda: self.time.now, lambda: self.time.now + 1795510800.0)
        # The script's own times begin with 0.
        moved = [seen(item.at + self.time.now, item.source, item.data, item.event) for item in observations]
        events = [(self.time.now + when, lambda what=what: what(self)) for when, what in at]
        watched = Watched(Script(self.time, moved, events), clock, self.interrupt, lambda: None)
        outputs = Outputs(Progress(str(self.progress)), self.files, {"kubernetes": "v1.25.0", "keda": "2.10.0"})
        self.proof = Proof(TARGET, Options(**options), self.load, watched, outputs)
        self.result = self.proof.run()

    @property
    def verdict(self):
        return self.result["verdict"], self.result["reason"]

    @property
    def lines(self):
        return list(ProgressReader(str(self.progress)).read_new())


def metric(at, value):
    return seen(at, "prometheus", {"value": value})


def scale_out(begin=1.0):
    """What the watches show of a scale-out to 4; the load begins about 1 s after the start of the proof."""
    pods = [f"test-{number}" for number in range(2, 5)]
    return [
        metric(begin + 6, 5.2),
        metric(begin + 12, 12.9),
        seen(begin + 20.0, "deployments", deployed(4, 1, 1)),
        *(seen(begin + 20.1, "pods", pod(name, ready=False), "ADDED") for name in pods),
        seen(begin + 20.2, "deployments", deployed(4, 4, 1)),
        seen(begin + 20.3, "horizontalpodautoscalers", scaled(4, "24333m")),
        metric(begin + 22, 24.3),
        *(seen(begin + 24.0 + number, "pods", pod(name)) for number, name in enumerate(pods)),
        seen(begin + 26.1, "deployments", deployed(4, 4, 4)),
        metric(begin + 32, 36.9),
    ]


def test_a_proof_from_beginning_to_end(tmp_path):
    run = Run(tmp_path, [*ready_chain(), *scale_out()])
    assert run.verdict == ("scaled", "as_predicted")
    assert run.load.orders == ["start", "drain"]
    result = run.result
    assert (result["predicted"]["replicas"], result["observed"]["replicas"]) == (4, 4)
    assert result["load"]["ended_early"] is True
    assert "ended early" in result["message"]
    assert result["versions"] == {"kubernetes": "v1.25.0", "keda": "2.10.0", "prometheus": "2.41.0"}
    assert list(result["hops"]) == [
        "first_request",
        "metric_over_threshold",
        "deployment_scaled",
        "pod_created",
        "pod_scheduled",
        "hpa_metric_over_threshold",
        "hpa_decision",
        "hpa_target_decision",
        "pod_ready",
        "replicas_ready",
    ]
    assert result["hops"]["replicas_ready"]["seconds"] == pytest.approx(27, abs=0.5)
    # Held for 15 s, not longer.
    assert run.time.now - 1000 == pytest.approx(27.1 + 15, abs=0.5)


def test_files_of_a_proof(tmp_path):
    written = {}

    def look(run):
        written.update(json.loads((run.files.folder / "verdict.json").read_text()))

    run = Run(tmp_path, [*ready_chain(), *scale_out()], at=[(2.0, look)])
    assert written["verdict"] is None
    assert written["predicted"]["replicas"] == 4
    assert written["load"]["sent"] == 0, "the prediction must be there before the first request"
    assert json.loads((run.files.folder / "verdict.json").read_text()) == run.result
    with (run.files.folder / "timeline.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["phase"] for row in rows} == {"ready", "load"}
    desired = [row for row in rows if (row["source"], row["field"]) == ("horizontalpodautoscalers", "desired")]
    assert [row["value"] for row in desired] == ["1", "4"]


def test_lines_of_a_proof(tmp_path):
    lines = Run(tmp_path, [*ready_chain(), *scale_out()]).lines
    assert any(
        "predicted: 37 requests/s make a metric of 37, at 10 a replica that is 4 replicas" in line for line in lines
    )
    regular = [line for line in lines if "sent 37." in line]
    assert len(regular) >= 6
    assert "replicas desired 4, current 4, ready 4" in regular[-1]
    assert "verdict: scaled (as_predicted)" in lines[-1]


@pytest.mark.parametrize("late", [0.0, 1.0, 8.0])
def test_what_was_not_observed_yet_is_not_called_missing(tmp_path, late):
    """The watches bring one object after the other, on a busy machine seconds later."""
    begun = [seen(0.5 + number * late, item.source, item.data, item.event) for number, item in enumerate(ready_chain())]
    lines = Run(tmp_path, [*begun, *scale_out(begin=5 * late + 2)]).lines
    assert "waiting for the first observations" in lines[0]
    assert any("was not seen yet" in line for line in lines) == (late == 8.0)
    assert not [line for line in lines if "not there" in line or "not made" in line]


def test_a_load_under_the_threshold_moves_nothing(tmp_path):
    run = Run(tmp_path, [*ready_chain(), metric(20, 5.0)], rate=5)
    assert run.verdict == ("not_scaled", "load_under_threshold")
    assert (run.result["predicted"]["replicas"], run.result["observed"]["replicas"]) == (1, 1)


def test_a_target_that_vanishes_under_load(tmp_path):
    run = Run(tmp_path, [*ready_chain(), metric(8, 5.2), metric(14, None)])
    assert run.verdict == ("not_scaled", "metric_not_over_threshold")
    assert run.load.orders == ["start"], "the load goes on until its end"
    assert run.result["load"]["ended_early"] is False


@pytest.mark.parametrize(
    ("without", "reason"),
    [
        ("deployments", "deployment_missing"),
        ("prometheus", "prometheus_unreachable"),
        ("horizontalpodautoscalers", "hpa_missing"),
    ],
)
def test_a_chain_that_does_not_become_ready(tmp_path, without, reason):
    run = Run(tmp_path, [item for item in ready_chain() if item.source != without], wait_timeout=60)
    assert run.verdict == ("not_ready", reason)
    assert run.load.orders == []
    assert run.time.now - 1000 == pytest.approx(60, abs=0.5)
    assert "After 60 s (wait_timeout)" in run.result["message"]


def test_a_deleted_servicemonitor(tmp_path):
    run = Run(tmp_path, [*ready_chain()[:-1], seen(0, "prometheus", {"value": None, "targets": [target("other")]})])
    assert run.verdict == ("not_ready", "scrape_target_missing")
    assert "ServiceMonitor" in run.result["message"]


def test_the_proof_waits_for_rest_after_an_earlier_load(tmp_path):
    busy = [
        seen(0.2, "horizontalpodautoscalers", scaled(4, "0")),
        seen(0.2, "deployments", deployed(4, 4, 4)),
    ]
    calm = [
        seen(200, "horizontalpodautoscalers", HPA),
        seen(200, "deployments", deployed(1, 1, 1)),
        metric(201, 0.0),
    ]
    run = Run(tmp_path, [*ready_chain(), *busy, *calm, *scale_out(begin=202)])
    assert run.verdict == ("scaled", "as_predicted")
    assert any("waiting for rest, at most" in line and "scale-in 330 s" in line for line in run.lines)


def test_a_workload_that_never_rests(tmp_path):
    busy = [
        seen(0.2, "horizontalpodautoscalers", scaled(4, "9")),
        seen(0.2, "deployments", deployed(4, 4, 4)),
    ]
    run = Run(tmp_path, [*ready_chain(), *busy])
    assert run.verdict == ("not_ready", "not_at_rest")
    # metric 2 x 55, scale-in 330, pods leaving 30, margin 30
    assert run.time.now - 1000 == pytest.approx(500, abs=1)
    assert run.load.orders == []


def test_traffic_of_others_is_part_of_the_prediction(tmp_path):
    others = [metric(at, 9.0) for at in range(1, 70, 2)]
    *chain, prometheus = ready_chain()
    begun = seen(prometheus.at, "prometheus", {**prometheus.data, "value": 9.0})
    run = Run(tmp_path, [*chain, begun, *others, *scale_out(begin=70)], rate=28)
    assert run.result["predicted"]["metric"] == pytest.approx(37, abs=0.5)
    assert run.result["predicted"]["replicas"] == 4


def test_a_load_that_is_too_short_is_refused_before_it_is_sent(tmp_path):
    run = Run(tmp_path, ready_chain(), duration=60)
    assert run.verdict == ("aborted", "bad_input")
    assert run.load.orders in ([], ["stop"])
    assert run.result["load"]["sent"] == 0
    # scrape 10 + window 30 + sync 15 + pods 30 + probes 5; 35 + 45 for a stop at 3 pods; 15 to hold
    assert "load.http.duration of 60 s is too short" in run.result["message"]
    assert "Give at least 185" in run.result["message"]


def test_a_signal_stops_the_load_and_completes_the_files(tmp_path):
    def interrupt(run):
        run.interrupt.signal_name = "SIGINT"

    run = Run(tmp_path, [*ready_chain(), *scale_out()], at=[(15.0, interrupt)])
    assert run.verdict == ("aborted", "interrupted")
    assert run.load.orders == ["start", "stop"]
    assert run.time.now - 1000 < 16
    assert json.loads((run.files.folder / "verdict.json").read_text())["verdict"] == "aborted"


def test_an_interrupted_wait_is_aborted_too(tmp_path):
    def interrupt(run):
        run.interrupt.signal_name = "SIGTERM"

    run = Run(tmp_path, [], at=[(2.0, interrupt)])
    assert run.verdict == ("aborted", "interrupted")
    assert "SIGTERM" in run.result["message"]


def test_a_scaledobject_that_is_deleted_meanwhile(tmp_path):
    run = Run(tmp_path, [*ready_chain(), seen(20, "scaledobjects", SCALEDOBJECT, "DELETED")])
    assert run.verdict == ("aborted", "scaledobject_deleted")
    assert run.load.orders == ["start", "stop"]


def test_an_application_that_answers_nothing_ends_early(tmp_path):
    run = Run(tmp_path, ready_chain(), share=0.0)
    assert run.verdict == ("aborted", "load_not_answered")
    assert run.time.now - 1000 < 25


def test_an_hpa_of_another_kind_is_refused_at_once(tmp_path):
    other = changed(HPA, "spec.metrics.0.external.target", {"type": "Value", "value": "10"})
    chain = [item for item in ready_chain() if item.source != "horizontalpodautoscalers"]
    run = Run(tmp_path, [*chain, seen(0, "horizontalpodautoscalers", other)])
    assert run.verdict == ("aborted", "bad_input")
    assert "External/Value" in run.result["message"]
    assert run.time.now - 1000 < 1


def test_a_hold_goes_on_only_when_its_watch_does(tmp_path):
    broken = seen(30, "horizontalpodautoscalers", {"message": "the connection broke"}, "ERROR")
    recovered = seen(80, "horizontalpodautoscalers", {}, "RECOVERED")
    run = Run(tmp_path, [*ready_chain(), *scale_out(), broken, recovered])
    assert run.verdict == ("scaled", "as_predicted")
    # Nothing had changed meanwhile, and a second is given to what would have.
    assert run.time.now - 1000 == pytest.approx(81, abs=0.3)
    # What comes late may have been so since the watch broke, 3 s after the replicas were Ready.
    late = seen(80.05, "horizontalpodautoscalers", scaled(5, "9250m"))
    back = seen(80.06, "horizontalpodautoscalers", scaled(4, "9250m"))
    run = Run(tmp_path, [*ready_chain(), *scale_out(), broken, recovered, late, back])
    assert run.verdict == ("flapped", "left_during_hold")


@pytest.mark.parametrize("source", ["horizontalpodautoscalers", "deployments"])
def test_what_is_deleted_during_the_hold_is_not_scaled(tmp_path, source):
    obj = {"horizontalpodautoscalers": scaled(4, "24333m"), "deployments": deployed(4, 4, 4)}[source]
    run = Run(tmp_path, [*ready_chain(), *scale_out(), seen(30, source, obj, "DELETED")])
    assert run.verdict == ("flapped", "left_during_hold")


def test_a_load_that_ends_unwatched_proves_nothing(tmp_path):
    broken = seen(30, "deployments", {"message": "the connection broke"}, "ERROR")
    run = Run(tmp_path, [*ready_chain(), *scale_out(), broken])
    assert run.verdict == ("aborted", "not_observed")
    assert "the connection broke" in run.result["message"]


@pytest.mark.parametrize(("rate", "at"), [(37, 10.0), (37, 35.0), (5, 50.0)])
def test_a_sender_that_dies_proves_nothing(tmp_path, rate, at):
    def die(run):
        run.load.died_at = run.time.now

    run = Run(tmp_path, [*ready_chain(), *(scale_out() if rate == 37 else [])], rate=rate, at=[(at, die)])
    assert run.verdict == ("aborted", "load_not_sent")
    assert "signal 9 (Killed)" in run.result["message"]
    assert run.result["load"]["died"]
    assert run.time.now - 1000 == pytest.approx(at, abs=0.5)


def test_a_sender_that_dies_before_its_first_request(tmp_path):
    def die(run):
        run.load.died_at = run.time.now

    run = Run(tmp_path, ready_chain(), at=[(0.0, die)])
    assert run.verdict == ("aborted", "load_not_sent")
    assert "signal 9 (Killed)" in run.result["message"]


def test_a_load_that_is_not_answered_proves_no_rest(tmp_path):
    assert Run(tmp_path, ready_chain(), rate=5, share=0.5).verdict == ("aborted", "load_not_answered")


def test_a_proof_does_not_begin_while_prometheus_is_away(tmp_path):
    away = [seen(at, "prometheus", {"message": "connection refused"}, "ERROR") for at in range(1, 60, 2)]
    busy = seen(0.2, "deployments", deployed(1, 2, 1))
    calm = seen(5, "deployments", deployed(1, 1, 1))
    run = Run(tmp_path, [*ready_chain(), busy, *away, calm, metric(60, 0.0), *scale_out(begin=61)])
    assert run.verdict == ("scaled", "as_predicted")
    assert run.result["hops"]["first_request"]["time"] >= "2026-11-24T09:17:40"
    assert any("waiting for rest: Prometheus: connection refused" in line for line in run.lines)


def test_an_unexpected_error_is_in_the_file_and_is_raised(tmp_path):
    def fail(run):
        run.load.poll = None

    with pytest.raises(TypeError, match="not callable"):
        Run(tmp_path, [*ready_chain(), *scale_out()], at=[(15.0, fail)])
    written = json.loads((tmp_path / "latest" / "verdict.json").read_text())
    assert (written["verdict"], written["reason"]) == ("aborted", "internal_error")
    assert "TypeError" in written["message"]
    assert written["predicted"]["replicas"] == 4


def test_the_result_is_what_the_module_documents(tmp_path):
    documented = yaml.safe_load(verify_scaling.RETURN)
    found = Run(tmp_path, [*ready_chain(), *scale_out()]).result
    assert list(documented) == list(found)
    for name in ("predicted", "observed", "load", "evidence", "versions"):
        assert list(documented[name]["contains"]) == list(found[name]), name
        assert all("sample" in field for field in documented[name]["contains"].values()), name
    for name, entries in (("observed", "path"), ("evidence", "targets"), ("evidence", "pods")):
        assert list(documented[name]["contains"][entries]["sample"][0]) == list(found[name][entries][0])
    for hop in (documented["hops"]["contains"], *documented["hops"]["sample"].values()):
        assert list(hop) == list(found["hops"]["replicas_ready"])


def test_hops_are_documented():
    documented = yaml.safe_load(verify_scaling.RETURN)["hops"]
    words = " ".join(documented["description"])
    assert [hop.name for hop in HOPS if f"V({hop.name})" not in words] == []
