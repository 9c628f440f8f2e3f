# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Variables that a role does not have, with the nearest one that it has."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.filter.unknown_variables import unknown_variables

KNOWN = ["verify_name", "verify_namespace", "verify_load_rate", "verify_load_replicas", "verify_metric_per_request"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (KNOWN, []),
        ([], []),
        (["verify_load_replica"], ["verify_load_replica (is it meant to be verify_load_replicas?)"]),
        (["verify_metrics_per_request"], ["verify_metrics_per_request (is it meant to be verify_metric_per_request?)"]),
        (["verify_load_rates", *KNOWN], ["verify_load_rates (is it meant to be verify_load_rate?)"]),
        # Nothing is near.
        (["verify_ssl_certificates"], ["verify_ssl_certificates"]),
        (["verify_zone", "verify_all", "verify_zone"], ["verify_all", "verify_zone"]),
    ],
)
def test_unknown_names_have_the_nearest(names, expected):
    assert unknown_variables(names, KNOWN) == expected
