# SPDX-License-Identifier: MIT
"""The times of a load's hops: the first sign of each, on one clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa import HpaConfig, Metric
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.hpa_model import HpaModel
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import KedaRules
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.times import Clock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.stats import LoadStats
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.hop_tracker import HopTime, HopTracker
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.cluster_state import (
    ClusterState,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.state import State
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.workload_state import (
    WorkloadState,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.plan import Plan, PlannedLoad
from ansible_collections.shkatara.keda_demo.tests.support.objects import FIRST, METRIC, NEW, deployed, pod, scaled
from ansible_collections.shkatara.keda_demo.tests.support.observations import NOON, metric, seen, series
from ansible_collections.shkatara.keda_demo.tests.support.predictions import TIMING, predicted
from ansible_collections.shkatara.keda_demo.tests.support.recordings import COUNTED, state_of
from ansible_collections.shkatara.keda_demo.tests.support.workload_objects import owned, stateful_pod

TARGET = HpaConfig((Metric(METRIC, 10.0),), 1, 10)
PLAN = Plan(
    HpaModel(TARGET),
    KedaRules(1, 1),
    TIMING,
    scale_out=PlannedLoad(LoadSpec("http://host/", (Stage(34.5, 600.0),)), predicted(34.5, target=TARGET)),
)
# The monotonic clock begins with 0 at NOON; the first request came 0.3 s later.
CLOCK = Clock(lambda: 50.0, lambda: NOON + 50.0)
SENT = LoadStats(sent=1, first_sent=0.3, last_sent=0.3)
ENDED = replace(SENT, sent=1000, last_sent=40.3)
SENDER = "the sender's clock"


class Load:
    """A tracker with the state that it follows and the hops that it has recorded."""

    def __init__(self, plan=PLAN, state=None):
        self.state = state or state_of()
        self.recorded = []
        self.tracker = HopTracker(plan, self.state, CLOCK, self.recorded.append)

    def observe(self, *observations):
        for observation in observations:
            for change in self.state.apply(observation):
                self.tracker.note_change(change, self.state)
            self.tracker.note_samples(self.state)

    @property
    def seconds(self):
        return {name: hop.seconds for name, hop in self.tracker.times.items()}


@pytest.fixture
def load():
    """A load whose first request was sent."""
    started = Load()
    started.tracker.note_load(SENT)
    return started


def test_first_request_is_the_origin(load):
    assert load.recorded == [HopTime("first_request", 0.3, 0.0, SENDER, 0.0)]
    load.tracker.note_load(replace(SENT, sent=2, first_sent=0.2))
    assert load.tracker.first_request == 0.3, "it is known once"
    assert len(load.recorded) == 1


def test_no_hop_before_the_first_request():
    load = Load()
    load.tracker.note_load(LoadStats())
    load.observe(seen(5.0, "deployments", deployed(4, 1, 1)), metric(6.0, 40.0, counter=[series(FIRST, (5.0, 1142.0))]))
    assert (load.tracker.times, load.tracker.first_request, load.recorded) == ({}, None, [])


def test_a_change_from_before_the_first_request_is_no_hop(load):
    load.observe(seen(0.2, "deployments", deployed(2, 1, 1)))
    assert list(load.seconds) == ["first_request"]


def test_the_first_sign_of_a_hop_counts(load):
    load.observe(seen(16.3, "deployments", deployed(2, 1, 1)), seen(31.3, "deployments", deployed(4, 2, 2)))
    assert load.seconds == {"first_request": 0.0, "deployment_scaled": 16.0}
    assert load.recorded == list(load.tracker.times.values()), "each hop is recorded once"


def test_the_resolution_of_the_metric_is_the_scrape_interval_and_that_of_a_watch_is_0(load):
    load.observe(metric(10.3, 12.0), seen(16.3, "horizontalpodautoscalers", scaled(4, "12")))
    times = load.tracker.times
    assert times["metric_over_threshold"].resolution_seconds == 5.0
    assert times["hpa_decision"].resolution_seconds == 0.0
    assert times["hpa_metric_over_threshold"].at == 16.3


def test_without_a_prediction_only_the_sender_and_the_counter_have_hops():
    load = Load(replace(PLAN, scale_out=replace(PLAN.scale_out, prediction=None)))
    load.tracker.note_load(SENT)
    load.observe(seen(16.3, "deployments", deployed(4, 1, 1)), metric(17, 40.0, counter=[series(FIRST, (5.3, 1142.0))]))
    load.tracker.end_load(ENDED, load.state)
    assert list(load.seconds) == ["first_request", "load_scraped", "load_ended"]


def test_a_sample_has_the_time_of_its_scrape(load):
    load.observe(metric(6.7, 6.0, counter=[series(FIRST, (0.291, COUNTED), (5.291, 1142.0))]))
    hop = load.tracker.times["load_scraped"]
    assert hop.seconds == pytest.approx(4.991)
    assert hop.resolution_seconds == 5.0


@pytest.mark.parametrize("offset", [2.5, -2.5])
def test_the_offset_of_the_scraping_clock_is_subtracted(load, offset):
    """A server whose clock is fast stamps its samples too late."""
    load.observe(metric(6.7, 6.0, counter=[series(FIRST, (5.3 + offset, 1142.0))], offset=offset))
    assert load.seconds["load_scraped"] == pytest.approx(5.0)


def test_samples_from_before_the_load_do_not_count_it(load):
    load.observe(metric(6.7, 0.0, counter=[series(FIRST, (1.0, COUNTED), (6.0, COUNTED))]))
    assert "load_scraped" not in load.seconds


def test_a_new_pod_is_counted_by_its_first_sample_with_requests(load):
    new = NEW[0]
    load.observe(
        seen(16.3, "pods", pod(new), "ADDED"),
        metric(21.7, 20.0, counter=[series(FIRST, (20.3, 1600.0)), series(new, (20.5, 0.0))]),
    )
    assert "new_pod_counted" not in load.seconds
    load.observe(metric(26.7, 26.0, counter=[series(FIRST, (25.3, 1741.0)), series(new, (20.5, 0.0), (25.5, 75.0))]))
    assert load.seconds["new_pod_counted"] == pytest.approx(25.2)


def test_a_pod_of_another_workload_is_no_new_pod(load):
    load.observe(metric(26.7, 26.0, counter=[series("other-workload", (25.5, 75.0))]))
    assert "new_pod_counted" not in load.seconds
    assert "load_scraped" in load.seconds


def test_a_pod_from_before_the_load_is_no_new_pod(load):
    load.observe(seen(5.0, "pods", pod(FIRST, phase="Running", podIP="10.244.1.2")))
    load.observe(metric(26.7, 26.0, counter=[series(FIRST, (25.5, 1741.0))]))
    assert not {"pod_created", "pod_ready", "new_pod_counted"} & set(load.seconds)


def test_the_end_of_the_load(load):
    load.tracker.end_load(ENDED, load.state)
    assert load.tracker.load_ended == 40.3
    assert load.tracker.times["load_ended"] == HopTime("load_ended", 40.3, 40.0, SENDER, 0.0)


def test_a_load_without_a_request_does_not_end():
    load = Load()
    load.tracker.end_load(LoadStats(ended=True), load.state)
    assert (load.tracker.load_ended, load.tracker.times) == (None, {})


def test_the_scale_in_begins_below_the_count_at_the_end_of_the_load(load):
    """Replicas may be another count than the predicted one when the load ends."""
    load.observe(seen(20.3, "deployments", deployed(3, 3, 3)))
    load.tracker.end_load(ENDED, load.state)
    load.observe(seen(50.3, "deployments", deployed(3, 3, 2)))
    assert "scale_in_decision" not in load.seconds
    load.observe(seen(60.3, "deployments", deployed(2, 3, 3)))
    assert load.seconds["scale_in_decision"] == 60.0


def test_hops_of_the_scale_out_end_with_the_load(load):
    load.tracker.end_load(ENDED, load.state)
    load.observe(seen(50.3, "deployments", deployed(4, 1, 1)), metric(51.0, 40.0))
    assert list(load.seconds) == ["first_request", "load_ended"]


def test_a_new_pod_does_not_continue_the_count_of_an_earlier_pod_of_its_name():
    """A StatefulSet names its pods by their numbers, so that an earlier load's pod had the same labels."""
    earlier = series("test-1", (-60.0, 400.0))
    load = Load(state=state_of(metric(0.2, 0.0, counter=[series(FIRST, (0.1, COUNTED)), earlier])))
    load.tracker.note_load(SENT)
    load.observe(seen(17.0, "pods", stateful_pod(1)), metric(17.1, 0.0, counter=[earlier]))
    assert "new_pod_counted" not in load.seconds
    load.observe(metric(26.0, 0.0, counter=[series("test-1", (-60.0, 400.0), (25.3, 75.0))]))
    assert load.seconds["new_pod_counted"] == pytest.approx(25.0)


def test_a_new_pod_of_another_workload_is_no_hop():
    subject = WorkloadState(other_owners={"canary": "Deployment canary"})
    load = Load(state=State(ClusterState(subject=subject), state_of().metrics))
    load.tracker.note_load(SENT)
    other = owned(pod("canary-x7k2p"), "ReplicaSet", "canary", "canary")
    load.observe(seen(5.0, "pods", other))
    assert list(load.seconds) == ["first_request"]
    load.observe(seen(6.0, "pods", pod(NEW[0])))
    assert "pod_created" in load.seconds
