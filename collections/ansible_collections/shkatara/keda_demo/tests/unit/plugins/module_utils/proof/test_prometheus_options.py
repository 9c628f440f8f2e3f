# SPDX-License-Identifier: MIT
"""Which certificates of Prometheus are taken."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.trigger_requests import (
    TriggerRequest,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.triggers import Trigger
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.tls import Trust
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import prometheus_options

SAFE = Trigger(0, "", "prometheus", "0")
UNSAFE = Trigger(0, "", "prometheus", "0", request=TriggerRequest(unsafe_ssl=True))
URL = {"prometheus_url": "https://prometheus.example"}


@pytest.mark.parametrize(
    ("params", "trigger", "expected"),
    [
        ({}, SAFE, Trust()),
        ({}, UNSAFE, Trust(validate=False)),
        ({"prometheus_validate_certs": True}, UNSAFE, Trust()),
        ({"prometheus_validate_certs": False}, SAFE, Trust(validate=False)),
        ({"prometheus_ca_path": "/ca"}, UNSAFE, Trust(ca_path="/ca")),
        # The trigger says nothing of another server.
        (URL, UNSAFE, Trust()),
        ({**URL, "prometheus_validate_certs": False}, SAFE, Trust(validate=False)),
    ],
)
def test_as_keda_unless_an_option_says_more(params, trigger, expected):
    assert prometheus_options.trust(params, trigger) == expected


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"prometheus_ca_path": "/no/ca"}, "prometheus_ca_path /no/ca can't be read"),
        (
            {"prometheus_ca_path": "/no/ca", "prometheus_validate_certs": False},
            "prometheus_ca_path is given, and certificates are not checked",
        ),
    ],
)
def test_what_is_wrong(params, message):
    (found,) = prometheus_options.wrong({"prometheus_url": None, **params})
    assert found.startswith(message)
