# SPDX-License-Identifier: MIT
"""The samples that a window has, and windows with too few."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.prometheus.query_shape import QueryShape
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.findings import Code
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.sampling import check_window


@pytest.mark.parametrize(
    ("function", "window", "interval", "numbers"),
    [
        ("rate", 30, 30, r"30 s\b.*30 s\b.*never.*60 s\b.*120 s\b"),
        ("increase", 30, 60, r"30 s\b.*60 s\b.*never"),
        ("irate", 15, 15, r"15 s\b.*never"),
        ("rate", 45, 30, r"45 s\b.*1\.5\b.*not always"),
        ("rate", 59.999, 30, r"not always"),
    ],
)
def test_a_window_with_less_than_two_samples_is_refused(function, window, interval, numbers):
    with pytest.raises(BadInput, match=rf"\b{function}\b.*{numbers}"):
        check_window(QueryShape("c", function, window), interval)


@pytest.mark.parametrize(("window", "interval"), [(60, 30), (65, 30), (89.9, 30), (0.2, 0.1), (10, 5)])
def test_a_window_that_may_have_two_samples_only_is_a_warning(window, interval):
    finding = check_window(QueryShape("c", "rate", window), interval)
    assert finding.code is Code.TWO_SAMPLES
    assert finding.data == {"function": "rate", "window": window, "interval": interval}


@pytest.mark.parametrize(
    ("shape", "interval"),
    [
        (QueryShape("c", "rate", 90), 30),
        (QueryShape("c", "rate", 0.3), 0.1),
        (QueryShape("c", "rate", 30), 5),
        (QueryShape("c", "rate", 30), 0),  # not known
        (QueryShape("c", "", 0), 30),  # one sample is enough for a gauge
        (None, 30),
    ],
)
def test_a_window_with_enough_samples(shape, interval):
    assert check_window(shape, interval) is None
