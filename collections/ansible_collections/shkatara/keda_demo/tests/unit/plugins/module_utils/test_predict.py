# SPDX-License-Identifier: MIT
"""The HPA's arithmetic against the tables of Kubernetes' own tests, and what is predicted from it.

Rows marked with a test's name are from Kubernetes 1.25, pkg/controller/podautoscaler/*_test.go.
"""

from __future__ import annotations

import itertools
import math
import random

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils import _predict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._predict import HpaTarget, ScaleEvent, Timing

DEMO = HpaTarget(threshold=10, min_replicas=1, max_replicas=10)
DEMO_TIMING = Timing(scrape_interval=5, query_window=30, hpa_sync=15, pod_start=30)


@pytest.mark.parametrize(
    ("total", "threshold", "current", "expected"),
    [
        (8600, 2150, 3, 4),  # TestReplicaCalcScaleUpPerPodCMExternal
        (8600, 2867, 5, 3),  # TestReplicaCalcScaleDownPerPodCMExternal
        (8600, 2900, 3, 3),  # TestReplicaCalcTolerancePerPodCMExternal
        (11, 10, 1, 2),  # 10 % over: IEEE doubles put it just outside the tolerance
        (10.9, 10, 1, 1),
        (21, 10, 2, 2),  # 5 % over: inside, nothing moves
        (37, 10, 1, 4),
        (0, 10, 4, 0),  # the minimum comes later
    ],
)
def test_desired_replicas(total, threshold, current, expected):
    assert _predict.desired_replicas(total, threshold, current) == expected


def test_desired_replicas_with_another_tolerance():
    assert _predict.desired_replicas(12, 10, 1, tolerance=0.3) == 1
    assert _predict.desired_replicas(10.1, 10, 1, tolerance=0) == 2


@pytest.mark.parametrize(("threshold", "current"), [(0, 1), (-1, 1), (10, 0)])
def test_desired_replicas_refuses(threshold, current):
    with pytest.raises(ValueError, match="must be"):
        _predict.desired_replicas(10, threshold, current)


def rules(pods=0, pods_period=0, percent=0, percent_period=0, select="Max"):
    """The rules of generateScalingRules in horizontal_test.go."""
    policies = []
    if pods:
        policies.append({"type": "Pods", "value": pods, "periodSeconds": pods_period})
    if percent:
        policies.append({"type": "Percent", "value": percent, "periodSeconds": percent_period})
    return {"selectPolicy": select, "policies": policies}


def events(changes, period):
    """The events of generateEventsUniformDistribution in horizontal_test.go, on a clock whose now is 0."""
    step = period / (len(changes) + 1)
    return [ScaleEvent(-period + index * step, change) for index, change in enumerate(changes, 1)]


@pytest.mark.parametrize(
    ("scaling_rules", "past", "current", "expected"),
    [
        (None, (), 1, 4),
        (None, (), 2, 4),
        (None, (), 10, 20),  # TestConvertDesiredReplicasWithRules
        # TestScalingWithRules
        (rules(100, 60, 100, 60), (), 10, 110),
        (rules(2, 60, 100, 60), (), 10, 20),
        (rules(30, 60), (), 10, 40),
        (rules(0, 0, 200, 60), (), 10, 30),
        (rules(5, 120), events([1, 5, 9], 120), 100, 100),
        (rules(150, 120), events([1, 5, 9], 120), 100, 235),
        (rules(0, 0, 200, 120), events([1, 5, 9], 120), 100, 255),
        # The API server's defaults
        (_predict.DEFAULT_SCALE_UP, (), 1, 5),
        (_predict.DEFAULT_SCALE_UP, (), 7, 14),
        (_predict.DEFAULT_SCALE_UP, [ScaleEvent(-14, 4)], 5, 5),
        (_predict.DEFAULT_SCALE_UP, [ScaleEvent(-15, 4)], 5, 10),
        (rules(30, 60, 100, 60, select="Min"), (), 10, 20),
        (rules(30, 60, select="Disabled"), (), 10, 10),
    ],
)
def test_scale_up_limit(scaling_rules, past, current, expected):
    assert _predict.scale_up_limit(current, scaling_rules, past) == expected


@pytest.mark.parametrize(
    ("total", "target", "expected"),
    [
        (17, DEMO, [(0, 2)]),
        (37, DEMO, [(0, 4)]),
        (57, DEMO, [(0, 4), (15, 6)]),
        (87, DEMO, [(0, 4), (15, 8)]),  # 8.7 % over 8 replicas: within the tolerance
        (97, DEMO, [(0, 4), (15, 8), (30, 10)]),
        (10.9, DEMO, []),
        (500, DEMO, [(0, 4), (15, 8), (30, 10)]),
        (87, HpaTarget(10, 1, 100, behavior={"scaleDown": {}}), [(0, 5), (15, 9)]),
        (
            37,
            HpaTarget(10, 1, 100, behavior={"scaleUp": {"policies": rules(1, 60)["policies"]}}),
            [(0, 2), (60, 3), (120, 4)],
        ),
        (37, HpaTarget(10, 1, 100, behavior={"scaleUp": {"selectPolicy": "Disabled"}}), []),
    ],
)
def test_climb(total, target, expected):
    assert _predict.climb(target, total, target.min_replicas) == expected


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (5, {1}),
        (10.5, {1}),  # within the tolerance of one replica
        (17, {2}),
        (32, {3, 4}),  # 3 replicas are within the tolerance, and a rising metric may stop there
        (37, {4}),
        (41, {4, 5}),
        (500, {10}),
    ],
)
def test_reachable_replicas(total, expected):
    assert _predict.reachable_replicas(DEMO, total, 1) == expected


@pytest.mark.parametrize("pods", range(2, 7))
def test_a_load_of_n_less_three_tenths_has_one_right_answer(pods):
    assert _predict.reachable_replicas(DEMO, (pods - 0.3) * DEMO.threshold, 1) == {pods}


def test_every_simulated_climb_ends_where_it_was_predicted():
    """The HPA's loop over a metric that rises in random steps, at random moments of its window."""
    chance = random.Random(4)
    for _ in range(2000):
        target = HpaTarget(
            threshold=chance.choice([3, 7, 10, 25]),
            min_replicas=chance.choice([1, 1, 2]),
            max_replicas=chance.choice([5, 10, 100]),
            behavior=chance.choice([None, {"scaleDown": {}}]),
        )
        total = chance.uniform(0, 12) * target.threshold
        syncs = sorted(chance.random() for _ in range(chance.randint(0, 4)))
        count, past = target.min_replicas, []
        for number, share in enumerate([*syncs, *[1.0] * 20]):
            after = _predict.next_replicas(target, share * total, count, past, 15.0 * number)
            past.append(ScaleEvent(15.0 * number, after - count))
            count = after
        assert count in _predict.reachable_replicas(target, total, target.min_replicas), (
            target,
            total,
            syncs,
        )


def test_prediction_of_the_demo():
    found = _predict.predict(DEMO, 37, 1, DEMO_TIMING)
    assert (found.replicas, found.possible_replicas, found.from_replicas) == (4, [4], 1)
    assert (found.changes, found.reason) == (True, "load")
    assert found.latest_parts == {
        "scrape": 10,
        "query_window": 30,
        "hpa_sync": 15,
        "new_pods_started": 30,
        "new_pods_counted": 10 + 5 + 30,
        "pod_start": 30,
    }
    assert found.latest_change_seconds == 55
    assert found.latest_seconds == 160
    # A window that holds samples of 25 s: 11 requests/s are there after 11 / 37 of them.
    assert found.earliest_change_seconds == 7.4


def test_prediction_of_a_longer_climb_counts_its_syncs():
    found = _predict.predict(DEMO, 97, 1, DEMO_TIMING)
    assert found.latest_parts["further_syncs"] == 30
    assert found.latest_seconds == 85 + 30 + 2 * 75


# New pods are not seen for 10 + 2 * 5 s of a window of 30 s, so a step from a to b hides up to (1 - a/b) * 2/3.
@pytest.mark.parametrize(
    ("total", "holds"),
    [
        (17, 0),  # 1 -> 2, and nothing between
        (27, 1),  # 2: 27 * (1 - 1/2 * 2/3) = 18, and up to 22 are within the tolerance of 2
        # 2: 37 * (1 - 1/2 * 2/3) = 24.7 of 22, so it goes on; 3 from 1: 20.6 of 33, and from 2: 28.8 of 33
        (37, 1),
        # 3 from 1: 31.7 of 33, 4 from 1: 28.5 of 44; then 4 from 3: 47.5 of 44, so it goes on; 5 from 3: 41.8 of 55,
        # 5 from 4: 49.4 of 55
        (57, 2),
    ],
)
def test_most_holds(total, holds):
    assert _predict.most_holds(DEMO, total, 1, DEMO_TIMING) == holds
    further = _predict.climb(DEMO, total, 1)[-1][0]
    assert _predict.predict(DEMO, total, 1, DEMO_TIMING).latest_seconds == 85 + further + holds * (30 + 45)


@pytest.mark.parametrize(
    ("target", "timing", "holds"),
    [
        (DEMO, Timing(5, 300), 0),  # 20 s of 300 s hide too little: 37 * (1 - 2/3 * 1/15) = 35.4 of 33
        (DEMO, Timing(5, 0), 2),  # without a range a new pod is not there until it is scraped: 18.5 of 22, 24.7 of 33
        (HpaTarget(10, 1, 3), DEMO_TIMING, 0),  # it ends at 3, where 3 is the maximum
        # One pod at a time: 2 is passed, as 24.7 of 22 says
        (HpaTarget(10, 1, 9, behavior={"scaleUp": {"policies": rules(1, 60)["policies"]}}), DEMO_TIMING, 1),
        (HpaTarget(10, 1, 9, behavior={"scaleUp": {"selectPolicy": "Disabled"}}), DEMO_TIMING, 0),
    ],
)
def test_most_holds_of_other_hpas(target, timing, holds):
    assert _predict.most_holds(target, 37, 1, timing) == holds


def test_the_longest_hold_waits_for_a_sync_where_pods_start_sooner():
    found = _predict.predict(DEMO, 37, 1, Timing(5, 30, hpa_sync=60, pod_start=30))
    assert found.latest_parts["new_pods_started"] == 60


class Pod:
    """A pod's counter as Prometheus sees it: requests are served from `ready` on, samples begin with `first`."""

    def __init__(self, ready, first, before=0.0):
        self.ready, self.first, self.before = ready, first, before

    def count(self, pods, total, now):
        """The counter, which every pod that is Ready raises by an equal share of `total` a second from 0 s on."""
        times = [max(0.0, self.ready), *sorted(pod.ready for pod in pods if pod.ready > max(0.0, self.ready)), now]
        served = self.before
        for begin, end in itertools.pairwise(times):
            if begin < now:
                sharing = sum(pod.ready <= begin for pod in pods)
                served += total / sharing * (min(end, now) - begin)
        return served


def rate(pod, pods, total, now, timing):
    """rate() of one pod's counter. Source: Prometheus 2.41, promql/functions.go, extrapolatedRate."""
    every, window = timing.scrape_interval, timing.query_window
    newest = math.floor((now - pod.first) / every)
    oldest = max(0, math.ceil((now - window - pod.first) / every))
    if newest <= oldest:
        return 0.0
    begin, end = pod.first + oldest * every, pod.first + newest * every
    first = pod.count(pods, total, begin)
    increase, sampled = pod.count(pods, total, end) - first, end - begin
    before, after = begin - (now - window), now - end
    if increase > 0:
        before = min(before, sampled * first / increase)  # a counter does not begin below 0
    reach = sum(gap if gap < 1.1 * every else every / 2 for gap in (before, after))
    return increase * (sampled + reach) / sampled / window


def simulate(target, total, timing, chance):
    """Return where the HPA ends and when the last pod for it is Ready, in seconds since the first request."""
    pods = [Pod(-1e9, -200 - chance.uniform(0, timing.scrape_interval), before=1000.0)]
    now, changed, past = chance.uniform(0, timing.hpa_sync), 0.0, []
    # Until all new pods are counted in full, and the HPA has looked once more.
    while now < changed + timing.pod_start + 20 + timing.query_window + timing.hpa_sync:
        metric = sum(rate(pod, pods, total, now, timing) for pod in pods)
        after = _predict.next_replicas(target, metric, len(pods), past, now)
        if after != len(pods):
            changed = now
            past.append(ScaleEvent(now, after - len(pods)))
        for _ in range(after - len(pods)):
            ready = now + chance.uniform(1, timing.pod_start)
            pods.append(Pod(ready, ready + chance.uniform(0, 10) + chance.uniform(0, timing.scrape_interval)))
        now += timing.hpa_sync
    return len(pods), max(pod.ready for pod in pods)


SLOW_SYNC = Timing(5, 30, hpa_sync=60, pod_start=35)


@pytest.mark.parametrize("timing", [DEMO_TIMING, SLOW_SYNC], ids=["demo", "slow-sync"])
@pytest.mark.parametrize("total", [17, 27, 37])
def test_every_simulated_proof_ends_where_and_when_it_was_predicted(total, timing):
    found = _predict.predict(DEMO, total, 1, timing)
    for seed in range(200):
        replicas, seconds = simulate(DEMO, total, timing, random.Random(seed))
        assert replicas in found.possible_replicas, seed
        assert seconds <= found.latest_seconds, seed


def test_simulated_proofs_are_held_on_their_way():
    """Without what new pods cost, some would be late: the simulation can tell."""
    ends = [simulate(DEMO, 37, DEMO_TIMING, random.Random(seed))[1] for seed in range(200)]
    assert 2 < sum(seconds > 85 for seconds in ends) < 100


class Chosen:
    """Stands for chance: goes through these shares of each range."""

    def __init__(self, *shares):
        self.shares = list(shares)

    def uniform(self, low, high):
        return low + (high - low) * self.shares.pop(0)


def test_the_slowest_proof_that_a_search_found():
    """1 -> 2 at 17 s, 2 -> 3 at 77 s, 3 -> 4 at 197 s: each new pod hides what another shows, and the last is slow."""
    chosen = Chosen(0.37, 0.29, 1.0, 0.95, 0.93, 0.9, 0.92, 0.39, 1.0, 0.5, 0.5)
    replicas, seconds = simulate(DEMO, 37, SLOW_SYNC, chosen)
    assert (replicas, seconds) == (4, pytest.approx(232.4))
    assert _predict.predict(DEMO, 37, 1, SLOW_SYNC).latest_seconds == 240


def test_a_rate_that_shows_too_much_is_a_known_limit():
    """Right after a step `rate` draws out the old pods' samples to the next scrape, though they get less by then.

    So the sum may be too high by up to (1 - a/b) * scrape interval / window, which is 11 % from 1 to 3 replicas. Of
    3000 simulated proofs of 57/s 10 end with 7 replicas, and of 37/s none with 5.
    """
    found = _predict.predict(DEMO, 57, 1, DEMO_TIMING)
    ends = [simulate(DEMO, 57, DEMO_TIMING, random.Random(seed)) for seed in range(165)]
    assert found.possible_replicas == [6]
    assert {replicas for replicas, _seconds in ends} == {6, 7}
    assert max(seconds for _replicas, seconds in ends) <= found.latest_seconds


def test_prediction_counts_keda_caching_and_stabilization():
    target = HpaTarget(10, 1, 10, behavior={"scaleUp": {"stabilizationWindowSeconds": 60}})
    found = _predict.predict(target, 37, 1, Timing(5, 30, keda_polling=20))
    assert found.latest_parts["scale_up_stabilization"] == 60
    assert found.latest_parts["keda_polling"] == 20
    assert found.latest_change_seconds == 135


@pytest.mark.parametrize(
    ("load", "target", "baseline", "replicas", "reason"),
    [
        (5, DEMO, 0, 1, "load_under_threshold"),
        (10.9, DEMO, 0, 1, "load_under_threshold"),
        (5, DEMO, 9, 2, "load"),  # what others send counts too
        (500, DEMO, 0, 10, "max_replicas"),
        (37, HpaTarget(10, 1, 1), 0, 1, "max_replicas"),
        (
            37,
            HpaTarget(10, 1, 9, behavior={"scaleUp": {"selectPolicy": "Disabled"}}),
            0,
            1,
            "scale_up_disabled",
        ),
    ],
)
def test_prediction_says_why(load, target, baseline, replicas, reason):
    found = _predict.predict(target, load, 1, DEMO_TIMING, baseline)
    assert (found.replicas, found.reason) == (replicas, reason)
    assert found.changes is (replicas != 1)
    assert (found.earliest_change_seconds is None) is (replicas == 1)


@pytest.mark.parametrize(
    ("behavior", "current", "expected"),
    [
        (None, 1, 0),
        (None, 4, 300 + 15 + 15),
        ({"scaleDown": {"stabilizationWindowSeconds": 0}}, 4, 15 + 15),
        ({"scaleDown": {"stabilizationWindowSeconds": 60}}, 4, 60 + 15 + 15),
        ({"scaleDown": {"policies": rules(1, 60)["policies"]}}, 4, 300 + 15 + 180),
        ({"scaleDown": {"policies": rules(0, 0, 50, 30)["policies"]}}, 8, 300 + 15 + 90),
        ({"scaleDown": {"policies": rules(1, 60, 100, 15)["policies"]}}, 4, 300 + 15 + 15),
        (
            {"scaleDown": {"selectPolicy": "Min", "policies": rules(1, 60, 100, 15)["policies"]}},
            4,
            300 + 15 + 180,
        ),
        ({"scaleDown": {"selectPolicy": "Disabled"}}, 4, math.inf),
    ],
)
def test_scale_down_seconds(behavior, current, expected):
    target = HpaTarget(10, 1, 10, behavior=behavior)
    assert _predict.scale_down_seconds(target, current, stabilization=300, hpa_sync=15) == expected
