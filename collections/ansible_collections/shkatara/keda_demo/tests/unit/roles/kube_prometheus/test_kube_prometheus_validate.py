# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is wrong with the role's variables is said at once, by name, with what would be right."""

import pytest

BAD = {
    "full": (
        {"kube_prometheus_profile": "full"},
        "kube_prometheus_profile is full: this version has the profile",
    ),
    "profile": ({"kube_prometheus_profile": "lena"}, "kube_prometheus_profile must be one of: lean, full"),
    "interval": (
        {"kube_prometheus_scrape_interval": "30"},
        "kube_prometheus_scrape_interval is 30: give a duration",
    ),
    "retention": (
        {"kube_prometheus_retention": "a day"},
        "kube_prometheus_retention is a day: give a duration",
    ),
    "probe": (
        {"kube_prometheus_startup_probe_period_seconds": 0},
        "kube_prometheus_startup_probe_period_seconds is 0: give 1 to 60 seconds",
    ),
    "wait": ({"kube_prometheus_wait_timeout": 0}, "kube_prometheus_wait_timeout is 0: give 1 second"),
}
GOOD = {"odd": {"kube_prometheus_retention": "1d12h", "kube_prometheus_scrape_interval": "500ms"}}


@pytest.fixture(scope="module")
def results(run_role):
    cases = {case: given for case, (given, _says) in BAD.items()}
    two = {"kube_prometheus_profile": "full", "kube_prometheus_wait_timeout": 0}
    return run_role(cases | GOOD | {"two": two}, "__kube_prometheus_checks | rejectattr('good') | list")


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(results, case):
    assert BAD[case][1] in results[case]["failed"]


@pytest.mark.parametrize("case", GOOD)
def test_what_just_fits_is_taken(results, case):
    assert results[case] == {"value": []}


def test_all_findings_come_at_once(results):
    lines = results["two"]["failed"].splitlines()
    assert [line.split()[1] for line in lines[1:]] == [
        "kube_prometheus_profile",
        "kube_prometheus_wait_timeout",
    ]
