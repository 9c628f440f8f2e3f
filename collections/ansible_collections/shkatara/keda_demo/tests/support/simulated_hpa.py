# SPDX-License-Identifier: MIT
"""A load, the settings of a simulated world, and the HPA's sync; see simulation.py.

Written from Kubernetes 1.25 and 1.36, pkg/controller/podautoscaler/{horizontal,replica_calculator}.go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ansible_collections.shkatara.keda_demo.tests.support.simulated_query import Query

AVERAGE, TOTAL = "AverageValue", "Value"
PLAIN = Query()


@dataclass(frozen=True)
class Load:
    """Stages of (start, rate): each rate lasts until the next stage, and the last one until `duration`."""

    stages: tuple[tuple[float, float], ...]
    duration: float = 1e9

    @property
    def rate(self):
        return self.stages[-1][1]

    @property
    def last_stage_start(self):
        return self.stages[-1][0]

    def requests_until(self, seconds):
        ends = [start for start, _rate in self.stages[1:]] + [self.duration]
        return sum(
            rate * max(0.0, min(end, seconds) - start) for (start, rate), end in zip(self.stages, ends, strict=True)
        )


@dataclass(frozen=True)
class Rule:
    """A metric of the HPA: the load's query, or another metric with the value `constant`."""

    goal: float
    kind: str = AVERAGE
    constant: float | None = None


@dataclass(frozen=True)
class World:
    """The settings of a run; `current` is for an HPA of 1.33 or later. `polling` 0 leaves KEDA's own loop out.

    `random_balancing` sends each request to any Ready pod, as kube-proxy does. Without it each pod gets an equal share
    of a stream, so that only the phases are random.
    """

    load: Load
    rules: tuple[Rule, ...]
    maximum: int
    minimum: int = 1
    scrape: float = 5.0
    window: float = 30.0
    sync: float = 15.0
    pod_start: float = 30.0
    start: int = 1
    tolerance: float = 0.1
    behavior: dict | None = None
    downscale: float = 300.0
    current: bool = False
    own_pods: bool = True
    baseline: float = 0.0
    polling: float = 0.0
    cooldown: float = 300.0
    activation: float = 0.0
    random_balancing: bool = False
    query: Query = PLAIN


class Autoscaler:
    """The HPA of horizontal.go, with the state that it keeps between two syncs."""

    def __init__(self, world):
        self.world = world
        self.recommendations = []
        self.ups, self.downs = [], []

    def tolerances(self):
        down = up = self.world.tolerance
        if self.world.current and self.world.behavior:
            down = (self.world.behavior.get("scaleDown") or {}).get("tolerance", down)
            up = (self.world.behavior.get("scaleUp") or {}).get("tolerance", up)
        return float(down), float(up)

    def within(self, ratio):
        if self.world.current:
            down, up = self.tolerances()
            return 1.0 - down <= ratio <= 1.0 + up
        return abs(1.0 - ratio) <= self.world.tolerance

    def proposal(self, rule, value, spec, status, ready):
        milli, goal = int(value * 1000), round(rule.goal * 1000)
        if rule.kind == AVERAGE:
            return status if self.within(milli / (goal * status)) else math.ceil(milli / goal)
        return spec if self.within(milli / goal) else math.ceil(milli / goal * ready)

    def sync(self, now, value, spec, status, ready):
        """The replicas after this sync."""
        if not self.recommendations:
            self.recommendations.append((now, spec))
        if spec == 0:
            return 0
        if spec > self.world.maximum or spec < self.world.minimum:
            return min(max(spec, self.world.minimum), self.world.maximum)
        wanted = max(
            self.proposal(rule, value if rule.constant is None else rule.constant, spec, status, ready)
            for rule in self.world.rules
        )
        if self.world.behavior:
            after = self.limited(now, spec, self.stabilized(now, spec, wanted))
        else:
            after = self.simple(now, spec, wanted)
        if after > spec:
            self.note(now, self.ups, "scaleUp", after - spec)
        elif after < spec:
            self.note(now, self.downs, "scaleDown", spec - after)
        return after

    def note(self, now, events, direction, change):
        """Store an event over the last one that no policy of its direction needs, as storeScaleEvent does.

        The other direction's policies of a current version may have longer periods, and miss it.
        """
        longest = max(seconds for _kind, _size, seconds in self.rules(direction)[1])
        old = [index for index, (at, _change) in enumerate(events) if at < now - longest]
        if old:
            events[old[-1]] = (now, change)
        else:
            events.append((now, change))

    def simple(self, now, spec, wanted):
        highest = max([wanted, *(count for at, count in self.recommendations if at >= now - self.world.downscale)])
        self.recommendations.append((now, wanted))
        return max(self.world.minimum, min(highest, self.world.maximum, max(2 * spec, 4)))

    def rules(self, direction):
        behavior = (self.world.behavior or {}).get(direction) or {}
        policies = [("Percent", 100, 15)] if direction == "scaleDown" else [("Pods", 4, 15), ("Percent", 100, 15)]
        if behavior.get("policies"):
            policies = [(policy["type"], policy["value"], policy["periodSeconds"]) for policy in behavior["policies"]]
        delay = behavior.get("stabilizationWindowSeconds")
        if delay is None:
            delay = self.world.downscale if direction == "scaleDown" else 0
        return behavior.get("selectPolicy", "Max"), policies, delay

    def stabilized(self, now, spec, wanted):
        up, down = self.rules("scaleUp")[2], self.rules("scaleDown")[2]
        least = min([wanted, *(count for at, count in self.recommendations if at > now - up)])
        most = max([wanted, *(count for at, count in self.recommendations if at > now - down)])
        self.recommendations.append((now, wanted))
        return min(max(spec, least), most)

    def limited(self, now, spec, wanted):
        if wanted == spec:
            return spec
        growing = wanted > spec
        select, policies, _delay = self.rules("scaleUp" if growing else "scaleDown")
        if select == "Disabled":
            return spec
        proposals = []
        for kind, size, seconds in policies:
            # The controller waits for a period after its work, so an event n syncs ago is older than n periods.
            base, period = spec, seconds - 1e-6
            if growing or self.world.current:
                base -= sum(change for at, change in self.ups if at > now - period)
            if not growing or self.world.current:
                base += sum(change for at, change in self.downs if at > now - period)
            if kind == "Pods":
                proposals.append(base + size if growing else base - size)
            else:
                proposals.append(math.ceil(base * (1 + size / 100)) if growing else int(base * (1 - size / 100)))
        if growing:
            limit = max(spec, (min if select == "Min" else max)(proposals))
            return min(wanted, limit, self.world.maximum)
        limit = min(spec, (max if select == "Min" else min)(proposals))
        return max(wanted, limit, self.world.minimum)
