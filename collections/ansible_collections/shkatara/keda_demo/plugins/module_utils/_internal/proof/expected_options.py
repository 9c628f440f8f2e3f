# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The options `expected` and `load.external`, and the checks of their values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..load.external import Begin, External
from ..prediction.expectation import Expected

EXTERNAL_SPEC: Mapping[str, Any] = {
    "type": "dict",
    "options": {
        "duration": {"type": "float"},
        "begin": {"type": "str", "default": "call", "choices": [begin.value for begin in Begin]},
    },
}
EXPECTED_SPEC: Mapping[str, Any] = {
    "type": "dict",
    "options": {
        "replicas": {"type": "raw", "required": True},
        "within_seconds": {"type": "float", "required": True},
    },
}
_FORMS = "a count such as 4, or a range such as [3, 5] or {min: 3, max: 5}"


def expected_of(params: Mapping[str, Any]) -> Expected | None:
    """Return the option `expected`, whose value was checked; None if it was not given."""
    given = params.get("expected")
    if not given:
        return None
    least, most = _range(given["replicas"])
    return Expected(least, most, given["within_seconds"])


def external_of(params: Mapping[str, Any]) -> External | None:
    """Return the option `load.external`; None if it was not given."""
    given = (params.get("load") or {}).get("external")
    return None if given is None else External(given["duration"], Begin(given["begin"]))


def wrong_values(params: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with both options, a sentence each."""
    expected, load, phases = params.get("expected"), params.get("load") or {}, params["phases"]
    external = load.get("external")
    wrong = [] if expected is None else _wrong_expected(expected, phases)
    if load and external is None and load.get("http") is None:
        wrong.append("load is empty: give load.http for a load of this module, or load.external for that of others")
    if external is None:
        return wrong
    if external["duration"] is not None and not 0 < external["duration"] < math.inf:
        wrong.append(f"load.external.duration is {external['duration']:g} and must be greater than 0 and finite")
    if expected is None:
        wrong.append("load.external is given without expected: without a known rate nothing can be predicted")
    others = [phase for phase in phases if phase not in ("scale_out", "hold")]
    if others:
        wrong.append(
            f"phases has {', '.join(others)}, and load.external supports only scale_out and hold: this module "
            "can't start or stop a load that others send"
        )
    return wrong


def _wrong_expected(expected: Mapping[str, Any], phases: list[str]) -> list[str]:
    wrong = []
    within = expected["within_seconds"]
    if not 0 < within < math.inf:
        wrong.append(f"expected.within_seconds is {within:g} and must be greater than 0 and finite")
    if "scale_out" not in phases:
        wrong.append("expected is given, and phases has no scale_out, which is the phase that it is about")
    try:
        least, most = _range(expected["replicas"])
    except (ValueError, TypeError, KeyError, OverflowError):
        return [*wrong, f"expected.replicas is {expected['replicas']!r} and must be {_FORMS}"]
    if least < 1:
        wrong.append(f"expected.replicas is {expected['replicas']!r} and must be at least 1")
    if most < least:
        wrong.append(f"expected.replicas is {expected['replicas']!r}: its maximum {most} is below its minimum {least}")
    return wrong


def _range(replicas: Any) -> tuple[int, int]:
    """Return the lowest and the highest count.

    :raises ValueError: it is of another form; also TypeError, KeyError and OverflowError
    """
    if isinstance(replicas, Mapping):
        if set(replicas) != {"min", "max"}:
            raise ValueError(replicas)
        replicas = [replicas["min"], replicas["max"]]
    if isinstance(replicas, list | tuple):
        least, most = replicas
        return _count(least), _count(most)
    return _count(replicas), _count(replicas)


def _count(value: Any) -> int:
    # A template's value may be a text.
    if isinstance(value, bool) or not isinstance(value, int | float | str) or float(value) != int(float(value)):
        raise ValueError(value)
    return int(float(value))
