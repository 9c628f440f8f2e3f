# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is wrong with the role's variables, and the load that they make."""

import pytest

URL = {"verify_load_url": "http://192.0.2.21:30115/"}
EXPECTED = {"verify_expected": {"replicas": 4, "within_seconds": 90}}
BAD = {
    "misspelled": (
        {"verify_load_replica": 3},
        "verify_load_replica (is it meant to be verify_load_replicas?): the role verify has no such variable",
    ),
    "two": (
        {"verify_metrics_per_request": 60, "verify_zone": "a"},
        "verify_metrics_per_request (is it meant to be verify_metric_per_request?), verify_zone: the role verify",
    ),
    "rate": ({"verify_load_max_rate": 0}, "verify_load_max_rate: give a number above 0"),
    "numbers": ({"verify_load_workers": 0, "verify_wait_sleep_seconds": -1}, "verify_load_workers, verify_wait_sleep_"),
    "external": ({"verify_load_external": True}, "verify_load_external is True: give verify_expected, too"),
    "both": (
        {"verify_load_rate": 5, "verify_load_stages": [{"rate": 5, "duration": 60}]},
        "verify_load_stages is [{'rate': 5, 'duration': 60}]: give 0 as verify_load_rate",
    ),
    "interval": ({"verify_scrape_interval_seconds": "often"}, "verify_scrape_interval_seconds: give a number of at"),
}
ALWAYS = {
    "url": "http://192.0.2.21:30115/",
    "method": "GET",
    "timeout": 10,
    "workers": 1,
    "max_rate": 200,
    "validate_certs": True,
}
GOOD = {
    "defaults": ({}, {"http": {**ALWAYS, "replicas": 4}}),
    # Values of -e are text.
    "a rate": ({"verify_load_rate": "34.5"}, {"http": {**ALWAYS, "rate": 34.5}}),
    "stages": (
        {"verify_load_stages": [{"rate": 5, "duration": 60}]},
        {"http": {**ALWAYS, "stages": [{"rate": 5, "duration": 60}]}},
    ),
    "all": (
        {
            "verify_load_replicas": "3",
            "verify_load_duration_seconds": 300,
            "verify_load_activation_rate": 2.5,
            "verify_load_timeout_seconds": 3,
            "verify_load_workers": 2,
            "verify_load_keep_alive": "true",
            "verify_load_max_rate": 500,
            "verify_load_urls": ["https://192.0.2.21/a", "https://192.0.2.21/b"],
            "verify_load_method": "POST",
            "verify_load_headers": {"Host": "shop.example"},
            "verify_load_body": {"item": 1},
            "verify_load_validate_certs": False,
            "verify_load_ca_path": "/etc/ssl/shop.pem",
        },
        {
            "http": {
                "urls": ["https://192.0.2.21/a", "https://192.0.2.21/b"],
                "method": "POST",
                "headers": {"Host": "shop.example"},
                "body": {"item": 1},
                "validate_certs": False,
                "ca_path": "/etc/ssl/shop.pem",
                "replicas": 3,
                "duration": 300,
                "activation_rate": 2.5,
                "timeout": 3,
                "workers": 2,
                "keep_alive": True,
                "max_rate": 500,
            }
        },
    ),
    "others": ({"verify_load_external": True, **EXPECTED}, {"external": {"begin": "call"}}),
    "others at the rise": (
        {
            "verify_load_external": "yes",
            "verify_load_external_begin": "rise",
            "verify_load_external_duration_seconds": 200,
            **EXPECTED,
        },
        {"external": {"begin": "rise", "duration": 200}},
    ),
}


@pytest.fixture(scope="module")
def results(run_role):
    cases = {name.replace(" ", "_"): {**URL, **given} for name, (given, _expected) in (BAD | GOOD).items()}
    return run_role(cases)


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(results, case):
    message = results[case]["failed"]
    assert BAD[case][1] in message
    assert "verify: 1 reason" in message


@pytest.mark.parametrize("case", GOOD)
def test_the_load_that_the_variables_make(results, case):
    assert results[case.replace(" ", "_")] == {"value": GOOD[case][1]}
