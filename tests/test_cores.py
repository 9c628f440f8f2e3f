# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Each supported ansible-core reads site.yml, its plays and every role in it."""

from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.tests.support import cores

ROOT = Path(__file__).resolve().parents[1]
INVENTORY = f"--inventory={ROOT / 'inventory' / 'lab'}"
# In the order of site.yml.
ROLES = ["preflight", "bundle", "node", "containerd", "kubernetes", "control_plane", "worker", "kube_prometheus"]
ROLES += ["keda", "demo_app", "cni", "verify"]


def run(core, option, folder):
    arguments = [INVENTORY, str(ROOT / "site.yml"), option]
    done = cores.playbook(core, arguments, folder, ROOT / "collections")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("core", cores.each_core)
def test_the_syntax_is_understood_without_a_warning(core, tmp_path):
    done = run(core, "--syntax-check", tmp_path)
    assert "playbook: " in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("core", cores.each_core)
def test_tasks_of_every_role_are_listed(core, tmp_path):
    listed = run(core, "--list-tasks", tmp_path).stdout
    assert [role for role in ROLES if f"shkatara.keda_demo.{role} : " not in listed] == []
