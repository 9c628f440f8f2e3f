# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Runs the role itself, without a cluster: many cases in one run, since a run costs seconds."""

import pytest
from ansible_collections.shkatara.keda_demo.tests.support.render import render

# The bundle that may be on this machine must not matter.
NO_BUNDLE = {"cluster_bundle_dir": "/nowhere/bundle"}


@pytest.fixture(scope="session")
def run_role(core, tmp_path_factory):
    """Return a function: from {case: variables} to {case: {"value": ...} or {"failed": message}}."""

    def run(cases, expression="__demo_app_objects"):
        given = {case: NO_BUNDLE | variables for case, variables in cases.items()}
        return render(core, "demo_app", given, expression, tmp_path_factory.mktemp("demo_app"))

    return run
