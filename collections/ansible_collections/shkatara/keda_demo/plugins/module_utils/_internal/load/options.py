# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The options of a load, before its number of requests is known."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .request import Request
from .schedule import LoadSpec, Stage

# Requests a second that hardly any staging minds.
DEFAULT_MAX_RATE = 200.0


@dataclass(frozen=True)
class LoadOptions:
    """The options of `load.http`: exactly one of `rate` (requests a second), `replicas` and `stages`.

    `duration` is in seconds, None to have it computed. `activation_rate` is the rate of the phase activation, None for
    half of the lowest rate at which anything changes. A rate that the module chooses is at most `max_rate`.
    """

    url: str
    rate: float | None = None
    replicas: int | None = None
    stages: tuple[Stage, ...] = ()
    duration: float | None = None
    activation_rate: float | None = None
    timeout: float = 10.0
    workers: int = 1
    keep_alive: bool = False
    request: Request = Request()  # noqa: RUF009 - it is frozen
    more_urls: tuple[str, ...] = ()
    max_rate: float = DEFAULT_MAX_RATE

    @property
    def urls(self) -> tuple[str, ...]:
        """All URLs; none without a load."""
        return (self.url, *self.more_urls) if self.url else ()

    @property
    def length_option(self) -> str:
        """The option that says how long the load lasts."""
        return "load.http.stages" if self.stages else "load.http.duration"

    def constant(self, rate: float, duration: float) -> LoadSpec:
        """Return a load of a constant rate."""
        return self._spec((Stage(rate, duration),))

    def spec(self, chosen_rate: float, duration: float) -> LoadSpec:
        """Return the load itself.

        :param chosen_rate: the rate if `replicas` were given
        :param duration: the seconds if they were left open; stages have their own
        """
        if self.stages:
            return self._spec(self.stages)
        rate = chosen_rate if self.rate is None else self.rate
        return self.constant(rate, duration if self.duration is None else self.duration)

    def _spec(self, stages: tuple[Stage, ...]) -> LoadSpec:
        return LoadSpec(
            url=self.url,
            stages=stages,
            timeout=self.timeout,
            workers=self.workers,
            keep_alive=self.keep_alive,
            request=self.request,
            more_urls=self.more_urls,
        )


def wrong_amount(http: Mapping[str, Any]) -> list[str]:
    """Return that nothing says how many requests a load has, or nothing; Ansible takes `null` for a value."""
    if not http or any(http.get(key) is not None for key in ("rate", "replicas")) or http.get("stages"):
        return []
    what = "load.http.stages is empty" if http.get("stages") is not None else "load.http has no rate"
    return [f"{what}: give rate, replicas or stages, which say how many requests there are"]


def wrong_stages(stages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return why stages prove nothing, a sentence each."""
    rates = [stage["rate"] for stage in stages]
    if any(after < before for before, after in itertools.pairwise(rates)):
        return [
            "load.http.stages falls: each rate must be at least the one before, since it is proven for the last one"
        ]
    if stages and stages[-1]["ramp"]:
        return [
            "load.http.stages ends in a ramp: give one more stage, which holds its rate while replicas become Ready"
        ]
    return []
