# SPDX-License-Identifier: MIT
"""The simulation of a StatefulSet, whose pods start and end one after the other."""

from __future__ import annotations

import math

from ansible_collections.shkatara.keda_demo.tests.support.simulation import Pod, Simulation, extreme


class InOrder(Simulation):
    """A run in which each new pod is created when the one before it is Ready, and the last one leaves first.

    Source: Kubernetes 1.25, pkg/controller/statefulset/stateful_set_control.go, updateStatefulSet.
    """

    def __init__(self, world, chance, until=0.0):
        super().__init__(world, chance, until)
        self.quiet += world.pod_start * world.maximum

    def change(self, now, before, after):
        del before
        self.replicas, self.last_change = after, max(now, 0.0)
        staying = [pod for pod in self.run.pods if pod.gone == math.inf]
        for pod in staying[after:]:
            pod.gone = now
            if pod in self.ready:
                self.ready.remove(pod)
        free = max([now, *(pod.ready for pod in staying[:after])])
        for _ in range(after - len(staying)):
            # The time until a pod is created is part of pod_start here, since it is spent for each pod.
            ready = free + extreme(self.chance, 1.0, self.world.pod_start)
            created = extreme(self.chance, free, min(ready, free + 1))
            pod = Pod(created, extreme(self.chance, created, ready), ready)
            self.run.pods.append(pod)
            self.at(ready, self.started, pod)
            discovered = created + extreme(self.chance, 0, 10)
            self.at(discovered + extreme(self.chance, 0, self.world.scrape), self.scrape, pod)
            free = ready
