# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The demo application: a route with a delay and a request counter, and routes for Prometheus and Kubernetes."""
