# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""By which numbers a load is judged, as plain data for verdict.json: those of the prediction, or a user's."""

from __future__ import annotations

from typing import Any

from .plan import PlannedLoad


def source(load: PlannedLoad | None) -> dict[str, Any]:
    """Return `source` (`prediction` or `expected`) and the `expected` replicas; None for what there is not."""
    if load is None or load.aim is None:
        return {"source": None, "expected": None}
    if load.expectation is None:
        return {"source": "prediction", "expected": None}
    expected = load.expectation.expected
    limits = {"min": expected.least, "max": expected.most, "within_seconds": expected.within_seconds}
    return {"source": "expected", "expected": limits}


def expectation(load: PlannedLoad | None) -> dict[str, Any] | None:
    """Return what is expected in the fields of a prediction, as far as an expectation has them."""
    if load is None or load.expectation is None:
        return None
    return {
        "replicas": load.expectation.most,
        "possible_replicas": list(load.expectation.possible_replicas),
        "from_replicas": load.expectation.from_replicas,
        "latest_seconds": load.expectation.within_seconds,
        "warnings": [],
    }
