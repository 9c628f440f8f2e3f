# SPDX-License-Identifier: MIT
"""The controller manager's flags, as its pod has them."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.controller_flags import (
    DEFAULTS,
    flags_of,
)
from ansible_collections.shkatara.keda_demo.plugins.modules.verify_scaling import proof_options

SYNC = "--horizontal-pod-autoscaler-sync-period"
PARAMS = {"phases": ["hold", "scale_out"], "hold_seconds": 5, "hpa_sync_period": None, "hpa_tolerance": None}


def pod(*words, key="command"):
    return {"spec": {"containers": [{key: ["kube-controller-manager", *words]}]}}


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([], {}),
        # As kubeadm writes it, and the role control_plane.
        (
            [pod("--allocate-node-cidrs=true", f"{SYNC}=2s", "--horizontal-pod-autoscaler-tolerance=0.2")],
            {**DEFAULTS, "hpa_sync_period": 2.0, "hpa_tolerance": 0.2},
        ),
        ([pod()], DEFAULTS),
        (
            [pod("--horizontal-pod-autoscaler-downscale-stabilization=1m30s")],
            {**DEFAULTS, **{"hpa_downscale_stabilization": 90.0}},
        ),
        ([pod(SYNC, "7s", key="args")], {**DEFAULTS, "hpa_sync_period": 7.0}),
        ([pod(f"{SYNC}=1.5s")], {**DEFAULTS, "hpa_sync_period": 1.5}),
        ([pod(f"{SYNC}=300ms")], {**DEFAULTS, "hpa_sync_period": 0.3}),
        (
            [pod("--horizontal-pod-autoscaler-tolerance=inf")],
            {key: value for key, value in DEFAULTS.items() if key != "hpa_tolerance"},
        ),
        # What can't be read, and what no controller takes
        ([pod(f"{SYNC}=often")], {key: value for key, value in DEFAULTS.items() if key != "hpa_sync_period"}),
        ([pod(f"{SYNC}=0s")], {key: value for key, value in DEFAULTS.items() if key != "hpa_sync_period"}),
        # Nobody knows which of them leads.
        (
            [pod(f"{SYNC}=2s"), pod(f"{SYNC}=15s")],
            {key: value for key, value in DEFAULTS.items() if key != "hpa_sync_period"},
        ),
    ],
)
def test_flags_of(pods, expected):
    assert flags_of(pods) == expected


def test_an_option_wins_over_what_was_read_and_that_over_the_default():
    found = proof_options({**PARAMS, "hpa_tolerance": 0.3}, {"hpa_sync_period": 2.0, "hpa_tolerance": 0.2})
    assert (found.hpa_sync_period, found.hpa_tolerance, found.hpa_downscale_stabilization) == (2.0, 0.3, 300.0)
    assert found.read == ("hpa_sync_period",)
    assert found.phases == ("scale_out", "hold")
