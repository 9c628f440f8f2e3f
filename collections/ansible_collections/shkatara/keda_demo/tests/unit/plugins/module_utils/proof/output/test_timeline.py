# SPDX-License-Identifier: MIT
"""The rows of timeline.csv."""

from __future__ import annotations

import csv
import math

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.times import Clock
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.cluster_state import Change
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.output.files import ProofFiles
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.output.timeline import Timeline

# 1000 s on the monotonic clock are 2026-11-24 09:00:00 UTC.
CLOCK = Clock(lambda: 1000.0, lambda: 1795510800.0)


def rows(files):
    with (files.folder / "timeline.csv").open() as file:
        return list(csv.DictReader(file))


def test_rows_are_there_as_soon_as_they_are_added(tmp_path):
    files = ProofFiles(str(tmp_path), "now")
    Timeline(CLOCK, files).add("scale_out", Change(1001.5, "pods", "test-2", "waiting", 'a, "b"'))
    assert rows(files) == [
        {
            "seconds": "1.500",
            "time": "2026-11-24T09:00:01.500Z",
            "phase": "scale_out",
            "source": "pods",
            "object": "test-2",
            "field": "waiting",
            "value": 'a, "b"',
        }
    ]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, None])
def test_a_value_that_is_no_number_is_empty(tmp_path, value):
    files = ProofFiles(str(tmp_path), "now")
    Timeline(CLOCK, files).add("hold", Change(1000.0, "prometheus", "0", "value", value))
    assert [row["value"] for row in rows(files)] == [""]
