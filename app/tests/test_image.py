# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the Dockerfile says, against what it is built from and how it is deployed."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DEPLOYMENT = "collections/ansible_collections/shkatara/keda_demo/roles/demo_app/templates/application.yml.j2"


def test_all_that_is_copied_is_there_and_sent_to_the_build():
    sources = re.findall(r"^COPY (app/\S+) ", DOCKERFILE, re.MULTILINE)
    admitted = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    assert sorted(sources) == sorted(admitted)
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_it_runs_as_the_user_that_the_deployment_names():
    (user,) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    deployment = (ROOT / DEPLOYMENT).read_text()
    assert user == (
        re.findall(r"runAsUser: (\d+)", deployment)[0],
        re.findall(r"runAsGroup: (\d+)", deployment)[0],
    )


def test_it_listens_where_the_deployment_looks():
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE) == ["5000"]
    assert 'bind = "0.0.0.0:5000"' in (ROOT / "app" / "gunicorn.conf.py").read_text()
    assert "containerPort: 5000" in (ROOT / DEPLOYMENT).read_text()
