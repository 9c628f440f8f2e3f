# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""ansible-core 2.16 runs every module that the roles call on hosts with Python 2.7, as on EL 7, and 3.6, as on EL 8.

The host is this machine. Modules that need a library of the system's own Python, such as yum, are only compiled.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support import cores, task_files

ROOT = Path(__file__).resolve().parents[1]
ROLES = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo" / "roles"
# Their tasks run on the hosts, apart from those that are delegated to localhost.
HOST_ROLES = ["cluster", "preflight", "node", "containerd", "kubernetes", "control_plane", "worker", "cni"]
# Actions of the controller alone, which run no module.
ON_CONTROLLER = {
    f"ansible.builtin.{name}"
    for name in (
        *("assert", "debug", "fail", "import_role", "import_tasks", "include_role", "include_tasks", "include_vars"),
        *("meta", "raw", "set_fact"),
    )
}
# Modules for packages; `package` chooses one of them.
COMPILED = ["apt", "dnf", "yum"]
# Options of each module, and what it may say if it fails.
MODULES = {
    "ansible.builtin.async_status": ({"jid": "{{ begun['ansible_job_id'] }}"}, ""),
    "ansible.builtin.blockinfile": ({"path": "{{ here }}/hosts", "block": "192.0.2.11 control1", "create": True}, ""),
    "ansible.builtin.command": ({"argv": ["echo", "done"]}, ""),
    "ansible.builtin.copy": ({"content": "text\n", "dest": "{{ here }}/copied", "mode": "0600"}, ""),
    "ansible.builtin.file": ({"path": "{{ here }}/folder", "state": "directory", "mode": "0755"}, ""),
    "ansible.builtin.find": ({"paths": "{{ here }}", "patterns": "cop*"}, ""),
    "ansible.builtin.replace": ({"path": "{{ here }}/copied", "regexp": "^(t)ext$", "replace": r"# \1"}, ""),
    "ansible.builtin.setup": ({"gather_subset": ["!all", "!min", "distribution", "platform", "service_mgr"]}, ""),
    "ansible.builtin.shell": ({"cmd": "echo done"}, ""),
    "ansible.builtin.slurp": ({"src": "{{ here }}/copied"}, ""),
    "ansible.builtin.stat": ({"path": "{{ here }}/copied"}, ""),
    # This machine may run without systemd.
    "ansible.builtin.systemd_service": ({"name": "ssh", "state": "started"}, "systemd|service ssh|systemctl"),
    "ansible.builtin.template": ({"src": "text.j2", "dest": "{{ here }}/rendered", "mode": "0600"}, ""),
    "ansible.builtin.wait_for": ({"path": "{{ here }}/copied"}, ""),
    "ansible.posix.selinux": ({"policy": "targeted", "state": "permissive"}, "libselinux"),
}
CHANGES_THE_SYSTEM = {"ansible.builtin.systemd_service", "ansible.posix.selinux"}


def _used():
    """Return the modules that tasks of the host roles call, with the path of the first task that calls them."""
    used = {}
    for role in HOST_ROLES:
        for path in sorted((ROLES / role / "tasks").rglob("*.yml")):
            for task in task_files.tasks(path):
                on_host = task.get("delegate_to", "") != "localhost"
                for name in task if on_host else ():
                    if re.fullmatch(r"[a-z0-9_]+\.[a-z0-9_]+\.[a-z0-9_]+", name) and not name.startswith("shkatara."):
                        used.setdefault(name, path.relative_to(ROLES).as_posix())
    return {name: path for name, path in used.items() if name not in ON_CONTROLLER}


def _python(version):
    """Return the path of a Python of this version, of the system or of pyenv, which runs it if its version is named."""
    name = f"python{version}"
    environ = os.environ | {"PYENV_VERSION": version}
    if shutil.which(name):
        code = "import sys; print(sys.executable)"
        found = subprocess.run([name, "-c", code], env=environ, capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    pytest.skip(f"Python {version} is not installed: modules of hosts that have it are not tried")


@pytest.fixture(params=["2.7", "3.6"], scope="module")
def python(request):
    """Return the path of an old Python."""
    return _python(request.param)


@pytest.fixture(scope="module")
def results(python, tmp_path_factory):
    """Return what each module has returned, by its name."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "text.j2").write_text("{{ here }}\n")
    tasks = [{"name": "begin", "ansible.builtin.shell": "echo done", "async": 60, "poll": 0, "register": "begun"}]
    for name in sorted(MODULES, key=lambda name: (name != "ansible.builtin.copy", name)):
        options, _ = MODULES[name]
        tasks.append({"name": name, name: options, "ignore_errors": True, "check_mode": name in CHANGES_THE_SYSTEM})
    play = {"name": "Modules", "hosts": "old", "gather_facts": False, "tasks": tasks, "vars": {"here": str(folder)}}
    (folder / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    host = {"ansible_connection": "local", "ansible_python_interpreter": python}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"old": host}}}))
    arguments = ["--inventory=hosts.yml", "play.yml"]
    variables = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    done = cores.run("2.16", "playbook", arguments, folder, ROOT / "collections", **variables)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    (run,) = json.loads(done.stdout)["plays"]
    return {task["task"]["name"]: task["hosts"]["old"] for task in run["tasks"]}


@pytest.mark.core
@pytest.mark.other_core
@pytest.mark.parametrize("name", MODULES)
def test_the_module_runs(results, name):
    result, (_, may_say) = results[name], MODULES[name]
    if result.get("failed"):
        assert may_say, result
        assert re.search(may_say, str(result.get("msg"))), result


@pytest.mark.core
@pytest.mark.other_core
def test_the_modules_for_packages_can_be_compiled(python, tmp_path):
    where = "import ansible.modules; print(ansible.modules.__path__[0])"
    found = subprocess.run([cores.interpreter("2.16"), "-c", where], capture_output=True, text=True, check=True)
    for name in COMPILED:
        shutil.copy(Path(found.stdout.strip()) / f"{name}.py", tmp_path)
    done = subprocess.run([python, "-m", "compileall", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_of_a_host_s_task_is_tried():
    tried = MODULES.keys() | {f"ansible.builtin.{name}" for name in (*COMPILED, "package")}
    assert {name: path for name, path in _used().items() if name not in tried} == {}
