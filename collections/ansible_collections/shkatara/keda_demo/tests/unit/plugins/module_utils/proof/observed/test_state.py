# SPDX-License-Identifier: MIT
"""Scrape targets beside the pods: which of them feed the metric, and how often they are scraped."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.poller import PollFailed
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import chain
from ansible_collections.shkatara.keda_demo.tests.support.observations import GATEWAY, failed, metric, target
from ansible_collections.shkatara.keda_demo.tests.support.recordings import state_of


def test_targets_stay_while_they_are_not_read():
    state = state_of(metric(2, 1.0))
    assert state.metrics.targets == [target()]
    changes = state.apply(metric(4, 1.0, targets=[target(up=False, error="connection refused")]))
    assert [(change.name, change.field, change.value) for change in changes] == [(target().url, "up", False)]
    state.apply(metric(6, 1.0, targets=None, targets_error="404 Not Found"))
    assert (state.metrics.targets, state.metrics.targets_error) == (None, "404 Not Found")


@pytest.mark.parametrize(
    ("feeds", "feeding", "own", "interval"),
    [
        (None, [target()], True, 5.0),  # not read this time: as before
        (set(), [target()], True, 5.0),  # not known: the pods, which is the worse case
        ({("test", target().instance)}, [target()], True, 5.0),
        ({("gateway", GATEWAY.instance)}, [GATEWAY], False, 15.0),
        # With a pod among them, all of the pods: a new pod has no series yet.
        ({("gateway", GATEWAY.instance), ("test", target().instance)}, [target()], True, 5.0),
        ({("gone", "10.244.1.77:9113")}, [target()], True, 5.0),
    ],
)
def test_targets_that_feed_the_metric(feeds, feeding, own, interval):
    state = state_of(metric(2, 0.0, targets=[GATEWAY, target()], feeds=feeds))
    assert (state.feeding_targets, state.own_pods_feed, state.scrape_interval) == (feeding, own, interval)


def test_another_page_of_the_same_pods_does_not_feed_the_metric():
    """A sidecar's own target, which is slower and down, does not matter for this metric."""
    app = dataclasses.replace(target(), job="test", instance="10.244.1.5:5000")
    sidecar = dataclasses.replace(
        app, url="http://10.244.1.5:15090/stats", up=False, interval=60.0, job="sidecar", instance="10.244.1.5:15090"
    )
    state = state_of(metric(1.0, 0.0, targets=[sidecar, app], feeds={("test", "10.244.1.5:5000")}))
    assert state.feeding_targets == [app]
    assert state.scrape_interval == 5.0
    assert state.own_pods_feed
    assert chain.missing_links(state) == []


def test_two_jobs_that_scrape_one_url_are_one_row():
    twice = [target(up=False), dataclasses.replace(target(), job="second")]
    state = state_of()
    assert [state.apply(metric(at, 1.0, targets=twice, feeds=set()))[:-1] for at in (2.0, 4.0)] == [[], []]
    changes = state.apply(metric(6.0, 1.0, targets=twice[::-1]))
    assert [(change.name, change.value) for change in changes] == [(target().url, False)]


def test_the_interval_that_the_user_gave_takes_precedence():
    state = state_of()
    state.metrics.given_interval = 30.0
    assert state.scrape_interval == 30.0


def test_errors_are_by_source():
    state = state_of(failed(5, "pods"), PollFailed(6, "connection refused"))
    assert state.errors == {"pods": "the connection broke", "prometheus": "connection refused"}
    state.apply(metric(7, 0.0))
    assert state.errors == {"pods": "the connection broke"}


def test_a_page_that_two_jobs_scrape_counts_twice():
    second = dataclasses.replace(target(), job="second")
    both = {("test", target().instance), ("second", target().instance)}
    sidecar = dataclasses.replace(target(), url="http://10.244.1.2:15090/stats", instance="10.244.1.2:15090")
    for targets, feeds, times in [
        ([target()], {("test", target().instance)}, 1),
        ([target(), second], both, 2),
        ([target(), second], {("test", target().instance)}, 1),  # the query takes one job
        ([target(), second], set(), 1),  # not known yet
        ([target(), sidecar], {("test", target().instance), ("test", sidecar.instance)}, 1),
    ]:
        assert state_of(metric(2, 0.0, targets=targets, feeds=feeds)).jobs_per_pod == times
