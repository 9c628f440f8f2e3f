# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A thread that watches one object and its subresource `scale`.

The API has no watch of a subresource. The Scale of an object changes only with the object, so that it is read after
each of the object's events, and each time when a watch begins, which is at least once in WATCH_SECONDS. Both are
reported: the object under the name of its kind, the Scale under SCALES.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

from . import discovery
from .cluster import Cluster
from .resources import Resource
from .watcher import ObjectEvent, Watcher, WatchObservation

SCALES = "scales"


class ScaleWatcher(Watcher):
    """Watches an object and its Scale until it is stopped."""

    def __init__(
        self,
        cluster: Cluster,
        sink: queue.Queue[Any],
        resource: Resource,
        *,
        namespace: str,
        name: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(cluster, sink, resource.name, namespace=namespace, name=name, clock=clock)
        self._resource = resource
        self._object = (namespace, name)

    def _opened(self) -> None:
        self._read_scale()
        super()._opened()

    def _emit(self, observation: WatchObservation) -> None:
        super()._emit(observation)
        if isinstance(observation, ObjectEvent) and observation.event != "DELETED":
            self._read_scale()

    def _read_scale(self) -> None:
        scale = discovery.read_scale(self._cluster, self._resource, *self._object)
        if scale is not None:
            super()._emit(ObjectEvent(self._clock(), SCALES, "MODIFIED", scale))
