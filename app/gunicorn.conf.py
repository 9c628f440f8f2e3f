# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""How the application is served. Every name here is a setting of gunicorn."""

from __future__ import annotations

import sys

from demo_app.settings import SettingsError, load_settings

try:
    _settings = load_settings()
except SettingsError as error:
    # Without a traceback: what is wrong is in the environment, not in the code.
    sys.exit(f"The application's settings are wrong: {error}")

bind = "0.0.0.0:5000"
wsgi_app = "demo_app.web:create_app()"

# One process: each would have a counter of its own, and a scrape would meet one or the other.
workers = 1
worker_class = "demo_app.worker.DrainingWorker"
threads = _settings.threads

# Every answer closes its connection: a Service balances connections, not requests, and a client that keeps
# one would stay with the first pod however many there are. Nor is a connection ever closed under a request
# that is on its way.
keepalive = 0

# A second before Kubernetes would end it all (terminationGracePeriodSeconds), so that the end is orderly.
graceful_timeout = _settings.grace_seconds - 1

# Where the heartbeat file is: in memory, since the root filesystem is read-only. The control socket would be
# a file too, and nobody needs it.
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
