# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The settings of gunicorn for the application. gunicorn reads each public name of this file as a setting."""

from __future__ import annotations

import sys

from demo_app.settings import SettingsError, load_settings

try:
    _settings = load_settings()
except SettingsError as error:
    # No traceback: the fault is in the environment, not in the code.
    sys.exit(f"The application's settings are wrong: {error}")

bind = "0.0.0.0:5000"
wsgi_app = "demo_app.web:create_app()"

# One process, since each process would have its own counter, and a scrape would read a random one of them.
workers = 1
worker_class = "demo_app.worker.DrainingWorker"
threads = _settings.threads

# Every answer closes its connection. A Service balances connections, not requests, so a client with a persistent
# connection would stay with the first pod. Without persistent connections, the server also never closes a connection on
# which a request is arriving.
keepalive = 0

# A second before Kubernetes kills the pod (terminationGracePeriodSeconds), so that gunicorn ends in an orderly way.
graceful_timeout = _settings.grace_seconds - 1

# The heartbeat file is in memory, since the root file system is read-only. The control socket would be a file, too, and
# has no use here.
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
