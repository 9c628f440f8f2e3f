# SPDX-License-Identifier: MIT
"""The bounds of a query over a window, by hand and against rate() as Prometheus computes it."""

from __future__ import annotations

import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.rate_bounds import (
    Timing,
    earliest_time,
    excess_share,
    highest_rate,
    missing_share,
)
from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import Load
from ansible_collections.shkatara.keda_demo.tests.support.simulation import Pod, extreme

DEMO = Timing(scrape_interval=5, query_window=30)


def test_the_time_until_the_query_returns_the_whole_load():
    assert DEMO.full_seconds == 40
    assert DEMO.counted_seconds == 10 + 5 + 30


@pytest.mark.parametrize(
    ("timing", "before", "count", "excess", "missing"),
    [
        (DEMO, 1, 1, 0, 0),
        (DEMO, 3, 2, 0, 0),
        (DEMO, 1, 2, 1 / 2 * 5 / 30, 1 / 2 * 20 / 30),
        (DEMO, 1, 4, 3 / 4 * 5 / 30, 3 / 4 * 20 / 30),
        (DEMO, 3, 4, 1 / 4 * 5 / 30, 1 / 4 * 20 / 30),
        (Timing(5, 15), 1, 2, 1 / 2 * 5 / 15, 1 / 2),  # the sum lacks the new pods for a whole window
        (Timing(5, 4), 1, 2, 1 / 2, 1 / 2),
        (Timing(5, 0), 1, 2, 0, 1 / 2),  # not a rate
        (Timing(5, 30, own_pods=False), 1, 4, 0, 0),
    ],
)
def test_the_excess_and_the_missing_share_after_a_step(timing, before, count, excess, missing):
    assert excess_share(timing, before, count) == pytest.approx(excess)
    assert missing_share(timing, before, count) == pytest.approx(missing)


@pytest.mark.parametrize(
    ("load_rate", "rate", "expected"),
    [
        (37, 11, (11 * 25 - 1) / 37),  # 274 requests after the first one
        (37, 0, 0),
        (37, -5, 0),
        (37, 40, None),
        (10, 10, (10 * 25 - 1) / 10),
    ],
)
def test_the_earliest_time_of_a_rate(load_rate, rate, expected):
    time = earliest_time(Load(((0.0, load_rate),)).requests_until, DEMO, rate, 1000)
    assert time == (expected if expected is None else pytest.approx(expected, abs=1e-6))


def test_a_short_load_never_reaches_its_rate():
    load = Load(((0.0, 37.0),), 10.0)
    assert earliest_time(load.requests_until, DEMO, 37.0, 10.0) is None
    assert earliest_time(load.requests_until, DEMO, 14.0, 10.0) == pytest.approx((14 * 25 - 1) / 37)


def test_the_earliest_time_is_in_the_stage_with_that_rate():
    load = Load(((0.0, 8.0), (60.0, 20.0)))
    time = earliest_time(load.requests_until, DEMO, 11.0, 1000)
    # From 60 s on 12 more a second: 1 + 200 + 12 t = 275
    assert time == pytest.approx(60 + (275 - 201) / 12)


def world(chance):
    timing = Timing(float(chance.choice([1, 2, 5, 10, 15])), 0, own_pods=True)
    return Timing(timing.scrape_interval, float(round(timing.scrape_interval * chance.uniform(2, 12)) + 1))


def pod_of(chance, timing, stop, counter, begin):
    """Return a pod that is scraped from `begin` on; `counter` gives the count at a time."""
    pod = Pod(-1e9, -1e9, -1e9)
    now = begin + extreme(chance, 0, timing.scrape_interval)
    while now <= stop:
        pod.times.append(now)
        pod.values.append(counter(now))
        now += timing.scrape_interval
    return pod


def test_no_rate_is_higher_than_the_highest():
    """A counter of whole requests, at random phases of scrape and query."""
    for seed in range(400):
        chance = random.Random(seed)
        timing, rate = world(chance), chance.choice([0.5, 3.0, 20.0, 90.0])
        load = Load(((0.0, rate), (chance.uniform(10, 40), rate * 2)))
        begin = chance.choice([0, 1000])

        def counter(now, load=load, begin=begin):
            return begin + (int(load.requests_until(now)) + 1 if now >= 0 else 0)

        stop = 2 * timing.query_window
        pod = pod_of(chance, timing, stop, counter, -timing.query_window - timing.scrape_interval)
        for _ in range(10):
            now = chance.uniform(0, stop)
            total = pod.rate(now, timing.query_window) or 0.0
            assert total <= highest_rate(load.requests_until, timing, now) + 1e-9, (seed, now)


def test_the_query_returns_the_whole_of_a_constant_load_in_time():
    """The counter is continuous, so that whole requests round nothing."""
    for seed in range(300):
        chance = random.Random(seed)
        timing = world(chance)
        begin = chance.choice([0, 1000])
        pod = pod_of(
            chance,
            timing,
            timing.full_seconds + 50,
            lambda now, begin=begin: begin + max(0.0, now) * 7,
            -timing.query_window - timing.scrape_interval,
        )
        now = timing.full_seconds + chance.uniform(0, 50)
        assert pod.rate(now, timing.query_window) == pytest.approx(7), seed


def sums_after_a_step(chance, timing, before, count):
    """Yield (time, sum(rate())) under 100 requests a second; all new pods are Ready at once, at 0."""
    stop = timing.counted_seconds + 20

    def old(now):
        return 1e5 + 100 / before * min(now, 0.0) + 100 / count * max(now, 0.0)

    def new(now):
        return 100 / count * max(now, 0.0)

    pods = [pod_of(chance, timing, stop, old, -2 * timing.query_window) for _ in range(before)]
    for _ in range(count - before):
        # A pod is created up to 30 s before it is Ready, and discovered up to 10 s after its creation.
        discovery = max(extreme(chance, -30, 0), -30) + extreme(chance, 0, 10)
        pods.append(pod_of(chance, timing, stop, new, discovery))
    for _ in range(20):
        now = chance.uniform(0, stop)
        yield now, sum(pod.rate(now, timing.query_window) or 0.0 for pod in pods)


def test_after_a_step_the_sum_is_within_its_shares():
    highest = lowest = 0.0
    for seed in range(300):
        chance = random.Random(seed)
        timing = world(chance)
        before = chance.choice([1, 2, 4])
        count = before + chance.choice([1, 3, 6])
        excess = excess_share(timing, before, count)
        missing = missing_share(timing, before, count)
        for now, total in sums_after_a_step(chance, timing, before, count):
            assert 100 * (1 - missing) - 1e-6 <= total <= 100 * (1 + excess) + 1e-6, (seed, now)
            if now >= timing.counted_seconds:
                assert total == pytest.approx(100), (seed, now)
            highest = max(highest, (total / 100 - 1) / excess)
            lowest = max(lowest, (1 - total / 100) / missing)
    # The bounds are not much wider than the sums.
    assert highest > 0.8
    assert lowest > 0.6
