# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""site on a controller that lacks libraries, collections and programs: one message, before a host is contacted.

The environment is a real one: that of the tests by links, without the libraries and collections in question.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support import cores

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
SITE_PACKAGES = cores.COLLECTIONS
SITE = "shkatara.keda_demo.site"
# What a plain environment with ansible-core does not have.
LIBRARIES = ("aiohttp", "cyclonedx", "kubernetes", "netaddr", "promql_parser")


def environment(folder, *hidden):
    """Create an environment without `hidden`, the names of libraries, or of collections by folder."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python3.*/site-packages")
    split = {"ansible_collections", *(name.rpartition("/")[0] for name in hidden)} - {""}
    for name in sorted(split):
        (packages / name).mkdir(parents=True, exist_ok=True)
    for place in ("", *sorted(split)):
        for path in (SITE_PACKAGES / place).iterdir():
            relative = path.relative_to(SITE_PACKAGES).as_posix()
            if relative not in {*hidden, *split}:
                (packages / relative).symlink_to(path)
    return folder / "bin" / "python"


@pytest.fixture
def site(tmp_path):
    """Return a function: run site in a folder of its own, by a Python, and return what it printed."""
    (tmp_path / "work").mkdir()
    shutil.copytree(ROOT / "inventory" / "example", tmp_path / "work" / "inventory")

    def run(python, *arguments, **environ):
        made = tmp_path / "made"
        places = {"KEDA_DEMO_BUILD": str(made / "build"), "KEDA_DEMO_CACHE": str(made / "cache")}
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "KEDA_DEMO_"))}
        (tmp_path / "work" / "ansible.cfg").touch()
        settings = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "ANSIBLE_NOCOLOR": "1"}
        command = [str(python), "-m", "ansible", "playbook", "--inventory=inventory", SITE, *arguments]
        environ = inherited | places | settings | environ
        done = subprocess.run(
            command, cwd=tmp_path / "work", env=environ, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode != 0, done.stdout
        assert not made.exists()
        assert "PLAY [Check the hosts]" not in done.stdout
        return done.stdout + done.stderr

    return run


def test_missing_collections_and_libraries_come_in_one_message_before_the_first_play(site, tmp_path):
    hidden = [*LIBRARIES, "ansible_collections/kubernetes", "ansible_collections/ansible"]
    printed = site(environment(tmp_path / "environment", *hidden))
    assert "PLAY [" not in printed
    text = " ".join(printed.split())
    assert "controller: 2 reasons why this run would fail" in text
    assert "collections: ansible.utils (>=2.5.0) is missing, kubernetes.core (>=5.0.0) is missing: run `" in text
    assert f"collection install --upgrade -r {COLLECTION}/requirements.yml" in text
    assert "aiohttp is missing, cyclonedx (package cyclonedx-python-lib) is missing, kubernetes is missing" in text
    assert f"-m pip install -r {COLLECTION}/requirements.txt" in text


def test_missing_libraries_programs_and_wrong_variables_come_in_one_message(site, tmp_path):
    python = environment(tmp_path / "environment", *LIBRARIES)
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    for name in ("sh", "env", "uname", "sleep", "echo", "rm", "mkdir", "locale"):
        if program := shutil.which(name):
            (bin_dir / name).symlink_to(program)
    # Official releases need no program.
    variables = "--extra-vars=cluster_pod_subnet=10.244.0.1/16 bundle_producer=go_modules"
    printed = site(python, variables, PATH=str(bin_dir))
    message = re.split(r"controller, variables and inventory: \d+ reasons why this run would fail", printed)[1]
    findings = [line.strip()[2:] for line in message.splitlines() if line.strip().startswith("- ")]
    begins = ["Python libraries of ", "programs: ssh (", "bundle: there is none in ", "cluster_pod_subnet is "]
    assert len(findings) == len(begins), printed
    assert [begin for begin, finding in zip(begins, findings, strict=True) if not finding.startswith(begin)] == []
    for name in LIBRARIES:
        assert re.search(rf"\b{name}( \(package \S+\))? is missing", findings[0])


def test_a_folder_in_which_nothing_can_be_written_is_named(site, tmp_path):
    (tmp_path / "file").touch()
    printed = site(sys.executable, KEDA_DEMO_BUILD=str(tmp_path / "file" / "build"), KEDA_DEMO_CACHE="cache")
    assert f"cluster_build_dir (KEDA_DEMO_BUILD) is {tmp_path}/file/build, and {tmp_path}/file is no folder" in printed
    assert "cluster_cache_dir (KEDA_DEMO_CACHE) is cache: give an absolute path" in printed


@pytest.mark.parametrize("name", ["site", "demo"])
def test_a_playbook_looks_for_the_collections_that_its_roles_use(name):
    (first, *_) = yaml.safe_load((COLLECTION / "playbooks" / f"{name}.yml").read_text())
    looked_for = set(re.findall(r"'([a-z]+\.[a-z]+)'", first["ansible.builtin.import_playbook"]))
    roles = [path for path in (COLLECTION / "roles").iterdir() if path.name != "lab"]
    texts = [path.read_text() for role in roles for path in role.rglob("*") if path.suffix in (".yml", ".j2")]
    dependencies = yaml.safe_load((COLLECTION / "galaxy.yml").read_text())["dependencies"]
    needed = {name for name in dependencies if any(f"{name}." in text for text in texts)}
    assert looked_for == needed
