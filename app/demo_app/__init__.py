# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The demo application: one route that waits and counts, and what Prometheus and Kubernetes ask of it."""
