# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The routes and the metrics, in one thread and without delays."""

import pytest
from demo_app.settings import Settings, SettingsError
from demo_app.web import create_app


def metrics_of(client):
    """Return the samples of /metrics by name and labels."""
    lines = client.get("/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


@pytest.fixture
def client():
    return create_app(Settings(), sleep=lambda _seconds: None).test_client()


def test_the_root_says_hello_after_the_delay():
    delays = []
    app = create_app(Settings(delay_seconds=0.25), sleep=delays.append)
    answer = app.test_client().get("/")
    assert (answer.status_code, answer.text, delays) == (200, "Hello World!\n", [0.25])


def test_the_metrics_are_those_of_the_seed(client):
    client.get("/")
    answer = client.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.text
    for line in (
        "# HELP python_request_operations_total The total number of processed requests",
        "# TYPE python_request_operations_total counter",
        "python_request_operations_total 1.0",
        "# HELP python_request_duration_seconds Histogram for the duration in seconds.",
        "# TYPE python_request_duration_seconds histogram",
        "python_request_duration_seconds_count 1.0",
    ):
        assert line in text.splitlines()
    buckets = [line.split('"')[1] for line in text.splitlines() if "_bucket{" in line]
    assert buckets == ["1.0", "2.0", "5.0", "6.0", "10.0", "+Inf"]


def test_before_the_first_request_the_counter_is_zero(client):
    # rate() over a new pod starts from this sample. Without it, rate() would miss the pod's first requests.
    assert metrics_of(client)["python_request_operations_total"] == 0


def test_a_request_is_counted_at_its_start():
    during = {}
    app = create_app(Settings(), sleep=lambda _seconds: during.update(metrics_of(app.test_client())))
    app.test_client().get("/")
    assert during["python_request_operations_total"] == 1
    assert during["python_request_duration_seconds_count"] == 0


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/nowhere"])
def test_other_requests_are_not_counted(client, path):
    client.get(path)
    assert metrics_of(client)["python_request_operations_total"] == 0


def test_health_is_answered_without_the_delay():
    delays = []
    answer = create_app(Settings(), sleep=delays.append).test_client().get("/healthz")
    assert (answer.status_code, answer.text, delays) == (200, "ok\n", [])


def test_two_applications_have_separate_counters(client):
    client.get("/")
    other = create_app(Settings(), sleep=lambda _seconds: None).test_client()
    assert metrics_of(other)["python_request_operations_total"] == 0


def test_a_bad_environment_is_refused(monkeypatch):
    monkeypatch.setenv("APP_DELAY_SECONDS", "soon")
    with pytest.raises(SettingsError, match="APP_DELAY_SECONDS"):
        create_app()
