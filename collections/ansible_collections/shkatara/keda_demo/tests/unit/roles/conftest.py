# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Every test of a role's rendering runs under each ansible-core."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support import cores


@pytest.fixture(scope="session", params=cores.each_core)
def core(request):
    """Return a version of ansible-core whose environment is installed."""
    cores.interpreter(request.param)
    return request.param
