# SPDX-License-Identifier: MIT
"""A simulation of requests, pods, scrapes, rate(), the HPA's loop and KEDA's, as a reference for predictions.

Written from the sources of Kubernetes 1.25 and 1.36 (pkg/controller/podautoscaler), KEDA 2.10
(pkg/scaling/executor/scale_scaledobjects.go) and Prometheus 2.41 (promql/functions.go, extrapolatedRate). It shares no
arithmetic with the collection. The clock is in seconds, and 0 is the load's first request.
"""

from __future__ import annotations

import bisect
import heapq
import math
from dataclasses import dataclass, field

from ansible_collections.shkatara.keda_demo.tests.support.simulated_hpa import Autoscaler

LONG_AGO = -1e6


def extreme(chance, low, high):
    """A random number of a range, often one of its ends, where bounds break."""
    share = chance.random()
    return low + (high - low) * min(1.0, max(0.0, share * 1.5 - 0.25))


class Pod:
    """A pod with its counter: it can be scraped after `started`, and gets requests after `ready`."""

    def __init__(self, created, started, ready):
        self.created, self.started, self.ready = created, started, ready
        self.gone = self.stale = math.inf
        self.count, self.share = 0, None
        self.next_scrape = math.inf
        self.times, self.values, self.levels = [], [], []
        # The (time, count) of each change, of which the requests in flight follow.
        self.served = []

    def take(self, share):
        """Count the requests of a stream in equal shares; `share` is what each pod has got of it so far."""
        if self.share is not None:
            self.count += share - self.share
            self.share = share

    def scrape_until(self, now, interval, before, share, slope):
        """Take all samples until now; the stream's share was `share` at `before`, and has grown by `slope` since."""
        when = self.next_scrape
        end = min(now, self.gone)
        while when <= end:
            if self.started <= when < self.gone:
                self.times.append(when)
                got = 0.0 if self.share is None else max(0.0, share + slope * (when - before) - self.share)
                self.values.append(self.count + got)
            when += interval
        self.next_scrape = when if now < self.gone else math.inf

    def scrape(self, now, latency=0.0):
        if self.started <= now < self.gone:
            self.times.append(now)
            self.values.append(self.count)
            self.levels.append(self.count - self.counted_until(now - latency))

    def counted_until(self, when):
        """The requests that had come by an earlier moment."""
        index = bisect.bisect_right(self.served, (when, math.inf))
        if index == len(self.served):
            return self.count
        if index == 0:
            return self.served[0][1]
        (before, low), (after, high) = self.served[index - 1], self.served[index]
        return low + (high - low) * (when - before) / (after - before)

    def rate(self, now, window, left_open=False):
        """rate(): None for fewer than two samples in the window."""
        first = (bisect.bisect_right if left_open else bisect.bisect_left)(self.times, now - window)
        last = bisect.bisect_right(self.times, now) - 1
        if last <= first:
            return None
        increase = float(self.values[last] - self.values[first])
        sampled = self.times[last] - self.times[first]
        between = sampled / (last - first)
        to_start, to_end = self.times[first] - (now - window), now - self.times[last]
        if increase > 0:
            to_start = min(to_start, sampled * self.values[first] / increase)
        reach = sampled
        for gap in (to_start, to_end):
            reach += gap if gap < between * 1.1 else between / 2
        return increase * (reach / sampled / window)


@dataclass
class Run:
    """The record of a run. `decisions` has the HPA's changes as (time, before, after), and `keda` those of KEDA's loop.

    `values` and `polls` have the (time, metric) that the HPA and KEDA read. `gateway` has the counter if it is not on
    the pods. `scraped` and `counted` are the times of the first sample with the load, and with a new pod.
    """

    pods: list[Pod] = field(default_factory=list)
    decisions: list[tuple[float, int, int]] = field(default_factory=list)
    keda: list[tuple[float, int, int]] = field(default_factory=list)
    values: list[tuple[float, float]] = field(default_factory=list)
    polls: list[tuple[float, float]] = field(default_factory=list)
    scraped: float | None = None
    counted: float | None = None
    gateway: Pod | None = None
    replicas: int = 0

    @property
    def changes(self):
        return sorted([*self.decisions, *self.keda])

    @property
    def highest(self):
        return max(after for _at, _before, after in self.changes) if self.changes else self.replicas

    def ready_at(self, count):
        """The first time at which `count` pods were Ready."""
        return sorted(pod.ready for pod in self.pods)[count - 1]

    def path(self):
        return [after for _at, _before, after in self.changes]


class Simulation:
    """One run: `chance` chooses all phases, and `until` is its end; 0 ends it when no change can follow."""

    def __init__(self, world, chance, until=0.0):
        self.world, self.chance, self.until = world, chance, until
        self.hpa, self.run = Autoscaler(world), Run()
        self.heap, self.number = [], 0
        self.ready, self.sent, self.share = [], 0, 0.0
        # With equal shares a sample follows from the times between which it lies, and needs no event of its own.
        self.is_even = bool(world.query.function) and not world.random_balancing
        self.followed = []
        self.last_active = LONG_AGO
        self.last_change = 0.0
        self.quiet = world.pod_start + 12 + 2 * world.scrape + world.window + 2 * world.sync + self._longest_period()
        self.quiet += world.query.history
        self.replicas = world.start
        # The HPA and KEDA look for the first time before 0, and see a full window.
        self.begin = -(world.window + 3 * world.scrape + world.query.history + max(world.sync, world.polling))
        self.served = self.begin

    def _longest_period(self):
        rules = (self.world.behavior or {}).get("scaleUp") or {}
        periods = [policy["periodSeconds"] for policy in rules.get("policies") or []]
        return max(periods, default=0) + (rules.get("stabilizationWindowSeconds") or 0)

    def at(self, when, act, *args):
        self.number += 1
        heapq.heappush(self.heap, (when, self.number, act, args))

    def due(self, now):
        """The requests until now: whole requests with random balancing, of which the load's first is at 0."""
        load = self.world.load
        base, own = self.world.baseline * (now - self.begin), load.requests_until(max(0.0, now))
        if not self.world.random_balancing:
            return base + own
        first = 1 if load.rate and 0 <= now < load.duration else 0
        return math.floor(base) + math.floor(own + 1e-9) + first

    def follow(self, first, pod):
        """Scrape a pod from a time on."""
        if self.is_even:
            pod.next_scrape = first
            self.followed.append(pod)
        else:
            self.at(first, self.scrape, pod)

    def serve(self, now):
        before, share = self.served, self.share
        self._count(self.due(now) - self.sent)
        self.served = now
        if self.is_even:
            self._scrape_until(now, before, share)
        if not self.world.query.function:
            for pod in self.ready if self.world.own_pods else [self.gateway]:
                pod.take(self.share)
                pod.served.append((now, pod.count))

    def _count(self, new):
        if new <= 0:
            return
        self.sent += new
        if not self.world.own_pods:
            if self.is_even:
                self.share += new
            else:
                self.gateway.count += new
        elif len(self.ready) > 1 and self.world.random_balancing:
            for pod in self.chance.choices(self.ready, k=new):
                pod.count += 1
        elif self.ready:
            self.share += new / len(self.ready)

    def _scrape_until(self, now, before, share):
        slope = (self.share - share) / (now - before) if now > before else 0.0
        for pod in self.followed:
            if pod.next_scrape <= now:
                known = len(pod.times)
                pod.scrape_until(now, self.world.scrape, before, share, slope)
                self._note_samples(pod, known)
        self.followed = [pod for pod in self.followed if pod.next_scrape < math.inf]

    def _note_samples(self, pod, known):
        """Note the first samples of interest of those that a pod has got since it had `known` of them."""
        for index in range(max(1, known), len(pod.times)):
            at, grown = pod.times[index], pod.values[index] > pod.values[index - 1]
            if at >= 0 and grown and at < (self.run.scraped or math.inf):
                self.run.scraped = at
            if pod.created > LONG_AGO and grown and at < (self.run.counted or math.inf):
                # Its window holds the sample before it, as far as any does.
                self.run.counted = at

    def simulate(self):
        world, chance = self.world, self.chance
        if not world.own_pods:
            self.gateway = Pod(LONG_AGO, LONG_AGO, LONG_AGO)
            self.gateway.count = chance.choice([0, 1000])
            self.run.gateway = self.gateway
            self.gateway.share = 0.0 if self.is_even else None
            self.follow(self.begin + extreme(chance, 0, world.scrape), self.gateway)
        for _ in range(world.start):
            pod = Pod(LONG_AGO, LONG_AGO, LONG_AGO)
            pod.count = chance.choice([0, 1000])
            self.run.pods.append(pod)
            self.admit(pod)
            self.follow(self.begin + extreme(chance, 0, world.scrape), pod)
        self.at(extreme(chance, 0, world.sync) - world.sync, self.sync)
        if world.polling:
            self.at(extreme(chance, 0, world.polling) - world.polling, self.poll)
        for start, _rate in (*world.load.stages, (world.load.duration, 0.0)):
            self.at(start, lambda _now: None)
        while self.heap:
            now, _number, act, args = heapq.heappop(self.heap)
            if now > (self.until or self.last_change + self.quiet):
                break
            self.serve(now)
            act(now, *args)
        self.run.replicas = self.replicas
        return self.run

    def scrape(self, now, pod):
        known = len(pod.times)
        pod.take(self.share)
        pod.scrape(now, self.world.query.latency)
        if self.run.scraped is None and now >= 0 and known and pod.values[-1] > pod.values[known - 1]:
            self.run.scraped = now
        if self.run.counted is None and pod.created > LONG_AGO and pod.times:
            rate = pod.rate(now, max(self.world.window, 2 * self.world.scrape))
            if len(pod.times) > known and rate is not None and rate > 0:
                self.run.counted = now
        if now < pod.gone:
            self.at(now + self.world.scrape, self.scrape, pod)

    def query(self, now):
        # A gauge is stale some scrapes after its pod is gone.
        oldest = now - self.world.window - self.world.query.history - 3 * self.world.scrape
        sources = [pod for pod in self.run.pods if pod.gone > oldest] if self.world.own_pods else [self.gateway]
        return self.world.query.at(now, self.world.window, sources) or 0.0

    def sync(self, now):
        value = self.query(now)
        self.run.values.append((now, value))
        alive = [pod for pod in self.run.pods if pod.created <= now < pod.gone]
        before, after = self.replicas, self.hpa.sync(now, value, self.replicas, len(alive) or 1, len(self.ready))
        if after != before:
            self.run.decisions.append((now, before, after))
            self.change(now, before, after)
        self.at(now + self.world.sync, self.sync)

    def poll(self, now):
        value = self.query(now)
        self.run.polls.append((now, value))
        before = after = self.replicas
        if value > self.world.activation:
            if before == 0:
                after = max(1, self.world.minimum)
            self.last_active = math.floor(now)
        elif before > 0 and self.last_active + self.world.cooldown < now:
            after = 0
        if after != before:
            self.run.keda.append((now, before, after))
            self.change(now, before, after)
        self.at(now + self.world.polling, self.poll)

    def change(self, now, before, after):
        self.replicas, self.last_change = after, max(now, 0.0)
        for _ in range(after - before):
            created = now + extreme(self.chance, 0, 1)
            ready = created + extreme(self.chance, 1.0, self.world.pod_start)
            pod = Pod(created, extreme(self.chance, created, ready), ready)
            self.run.pods.append(pod)
            self.at(ready, self.started, pod)
            discovered = created + extreme(self.chance, 0, 10)
            self.follow(discovered + extreme(self.chance, 0, self.world.scrape), pod)
        # Pods that are not Ready are removed first, and then the newest.
        staying = sorted((pod for pod in self.run.pods if pod.gone == math.inf), key=lambda pod: pod.ready)
        for pod in staying[after:]:
            pod.gone = now
            if not self.world.query.function:
                # A scrape fails, or the target is not scraped any more.
                pod.stale = now + extreme(self.chance, 0, 2.2 * self.world.scrape)
            if pod in self.ready:
                self.ready.remove(pod)

    def admit(self, pod):
        self.ready.append(pod)
        pod.share = self.share if self.world.own_pods else None

    def started(self, now, pod):
        if now < pod.gone:
            self.admit(pod)
            pod.served.append((now, pod.count))
            self.last_change = max(self.last_change, now)


def simulate(world, chance, until=0.0):
    """Run a world once."""
    return Simulation(world, chance, until).simulate()
