# SPDX-License-Identifier: MIT
"""The load of others: when it begins and ends."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.external import Begin, ExternalSpec
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.external_load import ExternalLoad
from ansible_collections.shkatara.keda_demo.tests.support.objects import HPA, changed, deployed, scaled
from ansible_collections.shkatara.keda_demo.tests.support.observations import metric, seen
from ansible_collections.shkatara.keda_demo.tests.support.recordings import state_of, zero_state_of


class Now:
    seconds = 100.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def now():
    return Now()


def times(load):
    return load.stats.first_sent, load.stats.last_sent, load.stats.ended


def test_by_the_call_the_load_begins_at_once(now):
    load = ExternalLoad(state_of(), now)
    load.start(ExternalSpec(60.0))
    assert times(load) == (100.0, None, False)
    now.seconds = 159.0
    load.poll()
    assert times(load) == (100.0, 159.0, False)
    now.seconds = 161.0
    load.poll()
    assert times(load) == (100.0, 160.0, True)


@pytest.mark.parametrize(
    "rise",
    [
        metric(110, 3.0),
        metric(110, None, values={"0": 0.0, "queue": 1.0}),
        seen(110, "horizontalpodautoscalers", scaled(1, "500m")),
        seen(110, "horizontalpodautoscalers", scaled(2, "0")),
        seen(110, "deployments", deployed(2, 1, 1)),
    ],
)
def test_a_rise_of_the_metric_or_of_the_replicas(now, rise):
    state = state_of()
    load = ExternalLoad(state, now)
    load.start(ExternalSpec(60.0, Begin.RISE, rise_timeout=30.0))
    now.seconds = 110.0
    assert load.poll().first_sent is None
    now.seconds = 110.2
    state.apply(rise)
    assert load.poll().first_sent == 110.0, "the poll before it"
    now.seconds = 171.0
    load.poll()
    assert times(load) == (110.0, 170.0, True)


def test_what_was_high_before_has_not_risen(now):
    state = state_of(metric(5, 30.0), seen(5, "deployments", deployed(3, 3, 3)))
    load = ExternalLoad(state, now)
    load.start(ExternalSpec(60.0, Begin.RISE))
    for observation in (metric(6, 30.0), metric(7, 20.0), metric(8, None), seen(9, "deployments", deployed(2, 2, 2))):
        state.apply(observation)
        assert load.poll().first_sent is None


def test_a_value_that_was_not_there_before_is_a_rise(now):
    """An HPA at zero replicas reads no metric."""
    state = zero_state_of()
    load = ExternalLoad(state, now)
    load.start(ExternalSpec(60.0, Begin.RISE))
    assert load.poll().first_sent is None
    state.apply(seen(5, "horizontalpodautoscalers", changed(scaled(0, "3", current=0), "metadata", HPA["metadata"])))
    assert load.poll().first_sent == 100.0


def test_a_rise_that_does_not_come(now):
    load = ExternalLoad(state_of(), now)
    load.start(ExternalSpec(60.0, Begin.RISE, rise_timeout=30.0))
    now.seconds = 129.0
    load.poll()
    assert times(load) == (None, None, False)
    now.seconds = 130.0
    load.poll()
    assert times(load) == (None, None, True)


def test_an_observation_that_ends_early(now):
    load = ExternalLoad(state_of(), now)
    load.start(ExternalSpec(60.0))
    now.seconds = 120.0
    load.drain()
    assert times(load) == (100.0, 120.0, True)
    now.seconds = 500.0
    assert load.wait(1.0, now) == load.poll()
    assert times(load) == (100.0, 120.0, True)
    assert (load.stats.sent, load.stats.scheduled, load.stats.died) == (0, 0, "")


def test_a_load_that_was_never_started_has_not_begun(now):
    load = ExternalLoad(state_of(), now)
    load.stop()
    load.close()
    assert times(load) == (None, None, True)
