# SPDX-License-Identifier: MIT
"""Worlds from wide ranges against simulated runs: a few here, and 10,000 by `make fuzz`."""

from __future__ import annotations

from ansible_collections.shkatara.keda_demo.tests.support import fuzz_checks, fuzz_worlds
from hypothesis import HealthCheck, given, settings


@settings(max_examples=100, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(fuzz_worlds.cases())
def test_runs_are_as_predicted(case):
    assert fuzz_checks.check(case).differences == []
