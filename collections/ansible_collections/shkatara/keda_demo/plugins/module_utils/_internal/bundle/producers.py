# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The choice of a producer for `auto`.

A bundle stays with its producer, and so does a bundle whose parts are all in the cache: neither needs a network, and
another producer would make all of it anew. Otherwise the origins are asked, official releases first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .plan import BundlePlan
from .units import BundleError

AUTO = "auto"
# In the order of preference.
PRODUCERS = ("release", "go_modules")
NAMES = {"release": "official releases", "go_modules": "builds from Go modules"}

Plans = Callable[[str], BundlePlan]


class Machine(Protocol):
    """What a producer finds on this machine and around it."""

    def check_machine(self, producer: str) -> None:
        """:raises BundleError: programs or rights are missing that the producer needs"""

    def problems(self, producer: str) -> Mapping[str, str]:
        """Ask the origins of a producer, and return by host what is wrong, empty for an answer."""


def choose(
    record: Mapping[str, Any] | None,
    plan_of: Plans,
    is_cached: Callable[[BundlePlan], bool],
    machine: Machine,
    say: Callable[[str], None],
) -> str:
    """Return the producer to take.

    :param record: the record of the present bundle, None for none
    :param plan_of: makes the plan of a producer
    :raises BundleError: the origins of neither answer; the message says what was asked
    """
    present = str(record.get("producer", "go_modules")) if record else ""
    if record and present in PRODUCERS and _shares_a_part(plan_of(present), record):
        return present
    impossible: dict[str, BundleError] = {}
    for producer in PRODUCERS:
        try:
            if is_cached(plan_of(producer)):
                say(f"bundle_producer auto uses {producer}: all of its parts are in the cache")
                return producer
        except BundleError as error:
            impossible[producer] = error
    if len(impossible) == len(PRODUCERS):
        raise impossible[PRODUCERS[-1]]
    asked = []
    for producer in PRODUCERS:
        if producer in impossible:
            asked.append(f"{producer}: {impossible[producer]}")
            continue
        try:
            machine.check_machine(producer)
        except BundleError as error:
            asked.append(f"{producer}: {error}")
            continue
        problems = machine.problems(producer)
        silent = {host: problem for host, problem in problems.items() if problem}
        if problems and not silent:
            # The error of a machine has a line for each program.
            refused = f" ({' '.join(asked[0].split())})" if asked else ""
            say(f"bundle_producer auto uses {producer} ({NAMES[producer]}): {_listed(problems)} answered{refused}")
            return producer
        asked.append(_sentence(producer, problems, silent))
    findings = "".join(f"\n  - {finding}" for finding in asked)
    raise BundleError(
        f"A bundle must be built, and no producer can get what it needs (bundle_producer auto):{findings}\nGive this "
        "machine access to them (HTTPS_PROXY or cluster_https_proxy), mirrors of the official files and images "
        "(bundle_mirror_url, bundle_registry_mirrors), a Go module proxy (GOPROXY), or a finished bundle "
        "(cluster_bundle_dir)."
    )


def _shares_a_part(plan: BundlePlan, record: Mapping[str, Any]) -> bool:
    return any(record["units"].get(id_) == key for id_, key in plan.keys.items())


def _sentence(producer: str, problems: Mapping[str, str], silent: Mapping[str, str]) -> str:
    if not problems:
        return f"{producer}: there is nothing to ask"
    first = next(iter(silent.values()))
    others = f", and {len(silent) - 1} more" if len(silent) > 1 else ""
    return f"{producer}: {len(silent)} of {len(problems)} hosts did not answer as they should: {first}{others}"


def _listed(hosts: Mapping[str, str]) -> str:
    return ", ".join(sorted(hosts))
