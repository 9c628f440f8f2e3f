# SPDX-License-Identifier: MIT
"""The time at which each request of a load is due."""

from __future__ import annotations

import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage


def load(*stages, **options):
    return LoadSpec("http://host/", stages, **options)


def random_load(number):
    """A load of up to four stages: steps, ramps and pauses."""
    chance = random.Random(number)
    stages = [
        Stage(chance.choice([0, chance.uniform(0.01, 50)]), chance.uniform(0.1, 20), chance.random() < 0.5)
        for _ in range(chance.randint(1, 4))
    ]
    return load(*stages, Stage(chance.uniform(0.5, 50), chance.uniform(3, 20), chance.random() < 0.5))


@pytest.mark.parametrize("number", range(200))
def test_due_is_the_inverse_of_requests_until(number):
    spec = random_load(number)
    times = [spec.due(request) for request in range(spec.count)]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= spec.duration
    for request, seconds in enumerate(times):
        assert spec.requests_until(seconds) == pytest.approx(request, abs=1e-5)
    # No more requests than are due, and less than one fewer.
    assert spec.count == pytest.approx(spec.requests_until(spec.duration) - 0.5, abs=0.51)


@pytest.mark.parametrize("number", range(50))
def test_requests_until_is_the_integral_of_the_rate(number):
    """The rates are summed here in small steps."""
    spec = random_load(number)
    summed, begin, before, steps = 0.0, 0.0, 0.0, 1000
    for stage in spec.stages:
        for step in range(steps):
            share = (step + 0.5) / steps
            rate = before + (stage.rate - before) * share if stage.ramp else stage.rate
            summed += rate * stage.duration / steps
        begin, before = begin + stage.duration, stage.rate
        assert spec.requests_until(begin) == pytest.approx(summed)
    assert spec.requests_until(begin + 100) == spec.requests_until(begin)
    assert spec.requests_until(-1) == 0


@pytest.mark.parametrize(
    ("stages", "number", "seconds"),
    [
        ([Stage(10, 5)], 7, 0.7),
        ([Stage(10, 1), Stage(2, 10)], 11, 1.5),
        ([Stage(10, 10, ramp=True)], 0, 0),
        ([Stage(10, 10, ramp=True)], 8, 4),  # 10/s / 10 s x 4^2 s^2 / 2
        ([Stage(10, 2), Stage(20, 10, ramp=True)], 32, 3.1355),  # 12 = 10 s + s^2 / 2
        ([Stage(10, 2), Stage(0, 4, ramp=True), Stage(10, 1)], 40, 6),  # down to 0, where the last stage begins
        ([Stage(10, 1), Stage(0, 30), Stage(10, 1)], 9, 0.9),
        ([Stage(10, 1), Stage(0, 30), Stage(10, 1)], 10, 31),  # after the pause, not at its beginning
        ([Stage(0, 3), Stage(1, 2)], 0, 3),
    ],
)
def test_due(stages, number, seconds):
    assert load(*stages).due(number) == pytest.approx(seconds, abs=1e-3)


@pytest.mark.parametrize(
    ("rate", "duration", "count"), [(37, 150, 5550), (0.5, 3, 1), (0.1, 1, 1), (0.1, 30, 3), (10, 0.25, 2)]
)
def test_count(rate, duration, count):
    spec = load(Stage(rate, duration))
    assert spec.count == count
    assert spec.due(count - 1) < duration
    with pytest.raises(IndexError):
        spec.due(count)


def test_properties_for_the_prediction():
    spec = load(Stage(5, 60), Stage(40, 30, ramp=True), Stage(20, 100))
    assert (spec.rate, spec.highest_rate, spec.duration, spec.last_stage_start) == (20, 40, 190, 90)
    assert load(Stage(5, 60)).last_stage_start == 0


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_share_the_requests(workers):
    spec = load(Stage(10, 2), workers=workers)
    shares = [spec.numbers(worker) for worker in range(workers)]
    assert sorted(number for share in shares for number in share) == list(range(20))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Stage(-1, 1), "rate is -1"),
        (lambda: Stage(float("inf"), 1), "rate is inf"),
        (lambda: Stage(1, 0), "duration is 0"),
        (load, "needs a stage"),
        (lambda: load(Stage(0, 1)), "needs a stage"),
        (lambda: load(Stage(1, 1), timeout=0), "timeout is 0"),
        (lambda: load(Stage(1, 1), workers=0), "workers is 0"),
    ],
)
def test_values_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
