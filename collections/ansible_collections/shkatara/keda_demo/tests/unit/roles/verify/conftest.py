# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Runs the role's validation without a cluster: many cases in one run, since a run costs seconds."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render


@pytest.fixture(scope="session")
def run_role(core, tmp_path_factory):
    """Return a function: from {case: variables} to {case: {"value": ...} or {"failed": message}}."""

    def run(cases, expression="__verify_load"):
        return render(core, "verify", cases, expression, tmp_path_factory.mktemp("verify"))

    return run
