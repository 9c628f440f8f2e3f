# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The Dockerfile agrees with its build context and with the Deployment."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DEPLOYMENT = "collections/ansible_collections/shkatara/keda_demo/roles/demo_app/templates/application.yml.j2"


def test_copied_files_exist_and_are_in_the_build_context():
    sources = re.findall(r"^COPY (app/\S+) ", DOCKERFILE, re.MULTILINE)
    admitted = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    assert sorted(sources) == sorted(admitted)
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_image_has_the_user_of_the_deployment():
    (user,) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    deployment = (ROOT / DEPLOYMENT).read_text()
    assert user == (
        re.findall(r"runAsUser: (\d+)", deployment)[0],
        re.findall(r"runAsGroup: (\d+)", deployment)[0],
    )


def test_the_image_listens_on_the_port_of_the_deployment():
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE) == ["5000"]
    assert 'bind = "0.0.0.0:5000"' in (ROOT / "app" / "gunicorn.conf.py").read_text()
    assert "containerPort: 5000" in (ROOT / DEPLOYMENT).read_text()
