# SPDX-License-Identifier: MIT
"""Whether a simulated run of a world is as it is predicted: counts, steps, times and hops, there and back."""

from __future__ import annotations

import dataclasses
import math
import random
from dataclasses import dataclass, field
from enum import StrEnum

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.keda import KedaRules
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction import hop_bounds, scale_in
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prediction.scale_out import predict
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import sampling
from ansible_collections.shkatara.keda_demo.tests.support import worlds
from ansible_collections.shkatara.keda_demo.tests.support.simulation import LONG_AGO, simulate

# Predictions are rounded to tenths.
ROUNDED = 0.06
# The most scrapes of all pods together in one simulated run, and the most syncs.
MOST_EVENTS = 60_000


class Kind(StrEnum):
    """What became of a world."""

    UNCHANGED = "nothing changes, as predicted"
    OUT = "scale-out as predicted"
    OUT_AND_IN = "scale-out and scale-in as predicted"
    REGROWS = "scale-out as predicted, and a scale-in that grows again as pods leave with a part of other traffic"
    ZERO = "scale-out and scale to zero as predicted"
    WARNED = "warned: may shrink on its way up"
    WINDOW = "refused: the window has fewer than two samples"
    NEVER_SHRINKS = "refused: the HPA never shrinks"
    TOO_LONG = "not simulated: too long"


@dataclass
class Result:
    """What became of a world, and each difference between its runs and the predictions."""

    kind: Kind
    differences: list[str] = field(default_factory=list)


def check(case):
    """The result of a case."""
    world, config, timing = case.world, worlds.hpa_config(case.world), worlds.timing(case.world)
    prediction = predict(config, world.load, worlds.initial_state(world), timing)
    try:
        sampling.check_window(timing.query, timing.scrape_interval)
    except BadInput:
        return _check_window(case, prediction)
    latest = prediction.times.latest_seconds
    until = latest + 2 * world.sync + 60
    if _events(world, until, prediction) > MOST_EVENTS or math.isinf(latest):
        return Result(Kind.TOO_LONG)
    run = simulate(world, random.Random(case.seed), until=until)
    shrinks = [index for index, (at, before, after) in enumerate(run.decisions) if after < before]
    possible = set(prediction.possible_replicas)
    first = shrinks[0] if shrinks else len(run.decisions)
    differences = _out_differences(world, run, prediction, first)
    if shrinks:
        returns = all({before, after} <= possible for _at, before, after in run.decisions[first:])
        if not returns:
            if not prediction.warnings:
                differences.append(f"shrinks without a warning: {run.decisions[first]} of {sorted(possible)}")
            return Result(Kind.WARNED, differences)
    if differences or not prediction.changes:
        return Result(Kind.UNCHANGED, differences)
    settled = next(settled_times(run, possible), None)
    if settled is None:
        return Result(Kind.OUT, [*differences, "no possible count is ever Ready"])
    end = max(settled, world.load.last_stage_start) + case.held
    return _check_to_zero(case, end) if world.start == 0 else _check_in(case, prediction, end)


def _events(world, until, prediction):
    pods = max(prediction.possible_replicas)
    return (until + world.window) * (pods / world.scrape + 1 / world.sync * (1 + pods / 20))


def settled_times(run, counts):
    """The times at which all desired pods were Ready, while the desired count was one of `counts`."""
    changes = [change for change in run.changes if change[0] >= 0]
    for index, (at, _before, after) in enumerate(changes):
        end = changes[index + 1][0] if index + 1 < len(changes) else math.inf
        if after in counts:
            pods = sorted(
                (pod for pod in run.pods if pod.created < at + 1.01 and pod.gone > at), key=lambda pod: pod.created
            )
            ready = max([at, *(pod.ready for pod in pods[:after])])
            if ready < end:
                yield ready


def _out_differences(world, run, prediction, first):
    """The differences of a scale-out, up to its decision `first`, which is the first that shrinks."""
    times, possible, differences = prediction.times, prediction.possible_replicas, []
    decisions = run.decisions[:first]
    last = decisions[-1][2] if decisions else max(world.start, 1)
    if last not in possible and not (prediction.warnings and first < len(run.decisions)):
        differences.append(f"ends with {last} of {possible}")
    for _at, before, after in decisions:
        if after not in prediction.steps.get(before, ()):
            differences.append(f"step from {before} to {after}, not to {prediction.steps.get(before)}")
    changes = sorted([*decisions, *run.keda])
    if not changes:
        return differences
    if not prediction.changes:
        return [*differences, f"changes to {run.path()}"]
    if not times.earliest_change_seconds - ROUNDED <= changes[0][0] <= times.latest_change_seconds + ROUNDED:
        differences.append(
            f"first change at {changes[0][0]}, not {times.earliest_change_seconds} to {times.latest_change_seconds}"
        )
    goals = [at for at, _before, after in decisions if after in possible]
    if goals and goals[0] < times.earliest_seconds - ROUNDED:
        differences.append(f"possible count at {goals[0]}, not from {times.earliest_seconds} on")
    created = decisions[-1][0] + 1.01 if decisions else math.inf
    ready = max((pod.ready for pod in run.pods if pod.created <= created), default=0.0)
    if last in possible and ready > times.latest_seconds + ROUNDED:
        differences.append(f"Ready at {ready}, not until {times.latest_seconds}")
    bounds = hop_bounds.scale_out_bounds(prediction, worlds.timing(world))
    # A pod that is gone before it is counted tells nothing.
    shrinks = run.decisions[first][0] if first < len(run.decisions) else math.inf
    new = [pod.ready for pod in run.pods if pod.created > LONG_AGO]
    hops = {
        "load_scraped": run.scraped,
        "pod_ready": min(new, default=None),
        "new_pod_counted": run.counted if world.own_pods and run.pods[0].created == LONG_AGO else None,
        "hpa_target_decision": goals[0] if goals else None,
    }
    differences += [
        f"{name} at {seconds}, not {bounds[name]}"
        for name, seconds in hops.items()
        if seconds is not None
        and seconds < shrinks
        and hop_bounds.is_outside(seconds + ROUNDED, 2 * ROUNDED, *bounds[name])
    ]
    return differences


def _check_window(case, prediction):
    """Whether the value of a query with too short a window really does not stay at the load."""
    world = case.world
    settled = prediction.times.latest_seconds if math.isfinite(prediction.times.latest_seconds) else 600.0
    settled = min(settled, 600.0 + world.load.last_stage_start)
    total = world.baseline + world.load.rate
    # Where the HPA syncs as often as Prometheus scrapes, a run sees either always two samples or never.
    for seed in range(case.seed, case.seed + 40):
        run = simulate(world, random.Random(seed), until=settled + 20 * world.sync)
        if any(value < 0.99 * total for at, value in run.values if at >= settled):
            return Result(Kind.WINDOW)
    return Result(Kind.WINDOW, ["the refused query shows the whole load"])


def _check_in(case, prediction, end):
    world, config, timing = case.world, worlds.hpa_config(case.world), worlds.timing(case.world)
    predicted = scale_in.predict_scale_in(
        config, prediction.possible_replicas, world.baseline, timing, pods_at_rest=world.start, held_seconds=case.held
    )
    never = math.isinf(predicted.latest_seconds) or math.isinf(predicted.latest_change_seconds)
    until = end + (3600.0 if never else predicted.latest_seconds + 2 * world.sync + 300)
    if _events(world, until, prediction) > MOST_EVENTS:
        return Result(Kind.OUT)
    ended = dataclasses.replace(world, load=dataclasses.replace(world.load, duration=end))
    run = simulate(ended, random.Random(case.seed), until=until)
    before = [change for change in run.decisions if change[0] <= end]
    changes = [(at - end, count, after) for at, count, after in run.decisions if at > end]
    if any(after < count for _at, count, after in before):
        return Result(Kind.OUT)
    # What the query still shows of the load may lead to another possible count.
    while changes and changes[0][2] > changes[0][1]:
        count = changes.pop(0)[2]
        if count not in prediction.possible_replicas:
            return Result(Kind.OUT_AND_IN, [f"grows to {count} after the load"])
    if never:
        wrong = [f"shrinks by {changes[0]}"] if changes else []
        return Result(Kind.NEVER_SHRINKS, wrong)
    regrows = any(after > before for _at, before, after in changes)
    return Result(
        Kind.REGROWS if regrows else Kind.OUT_AND_IN, _in_differences(predicted, changes, run.replicas, regrows)
    )


def _in_differences(predicted, changes, replicas, regrows):
    """The differences of a scale-in; of one that grows again, which is not predicted, those of its first change."""
    differences = []
    for at, before, after in changes[:0] if regrows else changes:
        if after not in predicted.steps.get(before, ()):
            differences.append(f"scale-in from {before} to {after}, not to {predicted.steps.get(before)}")
        if at > predicted.latest_seconds:
            differences.append(f"scale-in at {at}, not until {predicted.latest_seconds}")
    if changes and changes[0][0] < predicted.earliest_change_seconds:
        differences.append(f"scale-in begins at {changes[0][0]}, not from {predicted.earliest_change_seconds} on")
    if changes and changes[0][1] > predicted.replicas and changes[0][0] > predicted.latest_change_seconds:
        differences.append(f"scale-in begins at {changes[0][0]}, not until {predicted.latest_change_seconds}")
    if replicas > predicted.replicas and not regrows:
        differences.append(f"scale-in ends with {replicas}, not {predicted.replicas}")
    return differences


def _check_to_zero(case, end):
    world = case.world
    rules = KedaRules(0, 0, world.polling, world.cooldown, world.activation)
    predicted = scale_in.predict_to_zero(rules, [1], worlds.timing(world))
    ended = dataclasses.replace(world, load=dataclasses.replace(world.load, duration=end))
    run = simulate(ended, random.Random(case.seed), until=end + predicted.latest_seconds + 60)
    zeros = [at - end for at, _before, after in run.keda if after == 0]
    if len(zeros) != 1:
        return Result(Kind.ZERO, [f"zero at {zeros}"])
    if predicted.earliest_change_seconds <= zeros[0] <= predicted.latest_seconds:
        return Result(Kind.ZERO)
    wrong = f"zero at {zeros[0]}, not {predicted.earliest_change_seconds} to {predicted.latest_seconds}"
    return Result(Kind.ZERO, [wrong])
