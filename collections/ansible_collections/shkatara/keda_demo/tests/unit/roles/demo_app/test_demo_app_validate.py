# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is wrong with the role's variables is said at once, by name, with what would be right."""

import pytest

BAD = {
    "window": (
        {"demo_app_scrape_interval_seconds": 15},
        "demo_app_query_window_seconds is 30, and a rate over it needs two scrapes, one every 15 s "
        "(demo_app_scrape_interval_seconds): give at least 31",
    ),
    "bounds": (
        {"demo_app_min_replicas": 3, "demo_app_max_replicas": 2},
        "demo_app_max_replicas is 2: give at least demo_app_min_replicas (3)",
    ),
    "keda": ({"demo_app_keda_namespace": "KEDA"}, "demo_app_keda_namespace is KEDA: give the namespace of KEDA's"),
    "zero": ({"demo_app_min_replicas": 0}, "demo_app_min_replicas is 0: give at least 1, since the metric"),
    "port": ({"demo_app_node_port": 5000}, "demo_app_node_port is 5000: give a port from 30000 to 32767"),
    "grace": (
        {"demo_app_drain_seconds": 40},
        "demo_app_termination_grace_period_seconds is 30, and demo_app_drain_seconds (40), "
        "demo_app_delay_seconds (0.6) and two more seconds must fit into it: give at least 43",
    ),
    "delay": ({"demo_app_delay_seconds": -0.5}, "demo_app_delay_seconds is -0.5: give 0 to 60 seconds"),
    "drain": ({"demo_app_drain_seconds": -1}, "demo_app_drain_seconds is -1: give 0 to 300 seconds"),
    "threshold": ({"demo_app_threshold": 0}, "demo_app_threshold is 0: give a number of requests per second"),
    "interval": ({"demo_app_scrape_interval_seconds": 0}, "demo_app_scrape_interval_seconds is 0: give 1"),
    "polling": ({"demo_app_polling_interval_seconds": 0}, "demo_app_polling_interval_seconds is 0: give 1"),
    "behavior": (
        {"demo_app_behavior": {"scaledown": {}}},
        "demo_app_behavior has scaledown: give scaleUp, scaleDown or both",
    ),
    "url": ({"demo_app_prometheus_url": "prometheus"}, "demo_app_prometheus_url is prometheus: give a URL"),
    "image": ({"demo_app_image": ""}, "demo_app_image is empty: name an image"),
    "wait": ({"demo_app_wait_timeout": 0}, "demo_app_wait_timeout is 0: give 1 second"),
}
GOOD = {
    "narrow": {"demo_app_scrape_interval_seconds": 14, "demo_app_query_window_seconds": 29},
    "one": {"demo_app_max_replicas": 1},
    "exact": {"demo_app_drain_seconds": 27.4},
}
TWO = {"demo_app_threshold": -1, "demo_app_node_port": 80}
MISTYPED = {"demo_app_max_replicas": "many"}


@pytest.fixture(scope="module")
def results(run_role):
    bad = {case: given for case, (given, _says) in BAD.items()}
    return run_role(bad | GOOD | {"two": TWO, "mistyped": MISTYPED}, "__demo_app_checks | rejectattr('good') | list")


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(results, case):
    assert BAD[case][1] in results[case]["failed"]
    assert "demo_app: 1 reason" in results[case]["failed"]


@pytest.mark.parametrize("case", GOOD)
def test_what_just_fits_is_taken(results, case):
    assert results[case] == {"value": []}


def test_all_findings_come_at_once(results):
    lines = results["two"]["failed"].splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["demo_app_node_port", "demo_app_threshold"]


def test_a_wrong_type_is_named(results):
    # Each ansible-core has its own name for the type.
    assert "'demo_app_max_replicas' is of type" in results["mistyped"]["failed"]
