# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The three routes. `/` has the delay and is counted; `/metrics` and `/healthz` are neither delayed nor counted."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from demo_app.settings import Settings, load_settings


def create_app(settings: Settings | None = None, sleep: Callable[[float], None] = time.sleep) -> Flask:
    """Return the application with its own metrics, all at zero.

    :param settings: by default, the settings from the environment
    :raises SettingsError: the environment's settings are wrong
    """
    delay_seconds = (settings or load_settings()).delay_seconds
    registry = CollectorRegistry()
    # Names, help texts and buckets stay as they are, since queries and dashboards rely on them.
    operations = Counter("python_request_operations_total", "The total number of processed requests", registry=registry)
    duration = Histogram(
        "python_request_duration_seconds",
        "Histogram for the duration in seconds.",
        buckets=(1, 2, 5, 6, 10),
        registry=registry,
    )
    app = Flask(__name__)

    @app.get("/")
    def hello() -> Response:
        # Counted at the start, so that the counter's rate is the arrival rate of requests, whatever the delay.
        operations.inc()
        with duration.time():
            sleep(delay_seconds)
        return Response("Hello World!\n", mimetype="text/plain")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    return app
