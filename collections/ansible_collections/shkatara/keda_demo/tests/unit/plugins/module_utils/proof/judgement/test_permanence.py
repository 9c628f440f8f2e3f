# SPDX-License-Identifier: MIT
"""Which findings about the chain waiting can't mend, and how long each has to last."""

from __future__ import annotations

import math

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.chain import MissingLink
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code, Finding
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import Reason
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.permanence import (
    LASTING_SECONDS,
    Persistence,
    is_permanent,
)

# Findings about rest, and warnings about the query.
OF_REST = {
    Code.REPLICAS_GONE,
    Code.REPLICAS_MOVING,
    Code.PODS_LEAVING,
    Code.REPLICAS_UNWATCHED,
    Code.NO_DATA,
    Code.NOT_READ,
    Code.METRIC_FALLING,
    Code.NO_METRIC,
    Code.QUIET,
    Code.OTHER_TRAFFIC,
    Code.ROLLING_OUT,
    Code.SCRAPED_TWICE,
    Code.TWO_SAMPLES,
    Code.MEAN_LAGS,
}


def link(code):
    return MissingLink(Reason.PROMETHEUS_UNREACHABLE, Finding(code))


def test_each_finding_about_the_chain_is_in_the_table():
    assert set(LASTING_SECONDS) == set(Code) - OF_REST


def test_what_waiting_can_not_mend():
    assert {code for code in Code if is_permanent(code)} == {
        Code.REFUSED,
        Code.INVALID_QUERY,
        Code.SEVERAL_SERIES,
        Code.TARGETS_UNLISTED,
        Code.NO_INTERVAL,
    }


@pytest.mark.parametrize("code", [code for code, seconds in LASTING_SECONDS.items() if seconds < math.inf])
def test_a_permanent_finding_ends_a_wait_when_it_has_lasted(code):
    persistence, lasting = Persistence(), LASTING_SECONDS[code]
    assert (persistence.permanent([link(code)], 100.0) is None) == (lasting > 0)
    assert persistence.permanent([link(Code.UNSEEN), link(code)], 100.0 + lasting) == link(code)


def test_a_finding_that_comes_and_goes_does_not_last():
    persistence = Persistence()
    for at in range(0, 60, 4):
        assert persistence.permanent([link(Code.SEVERAL_SERIES)], at) is None
        assert persistence.permanent([], at + 2) is None


def test_series_of_a_rollout_are_no_sign():
    persistence = Persistence()
    rollout = [link(Code.PODS_WAITING), link(Code.SEVERAL_SERIES)]
    assert [persistence.permanent(rollout, at) for at in (0, 30, 60)] == [None] * 3
    assert persistence.permanent([link(Code.SEVERAL_SERIES)], 64) is None
    assert persistence.permanent([link(Code.SEVERAL_SERIES)], 69) == link(Code.SEVERAL_SERIES)


def test_waiting_may_help_against_the_others():
    persistence = Persistence()
    others = [link(code) for code, seconds in LASTING_SECONDS.items() if seconds == math.inf]
    assert [persistence.permanent(others, at) for at in (0.0, 1e6)] == [None, None]
