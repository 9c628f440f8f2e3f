# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The collection's playbooks: where plays run, and what a run with one tag does.

`ansible-playbook --list-tasks` needs no host. It prints each task with its tags, by which `--tags` selects tasks.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support import cores

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
PLAYS = [
    pytest.param(play, id=f"{path.stem}-{play['name']}")
    for path in sorted((COLLECTION / "playbooks").glob("*.yml"))
    for play in yaml.safe_load(path.read_text())
    if "hosts" in play
]
SITE = yaml.safe_load((COLLECTION / "playbooks" / "site.yml").read_text())
# The roles of `site`, by a name such as shkatara.keda_demo.node.
IMPORTS = [task["ansible.builtin.import_role"]["name"] for play in SITE for task in play.get("tasks", [])]
ROLES = sorted({name.rpartition(".")[2] for name in IMPORTS} | {"bundle", "verify"})
TUNNEL = ("cluster", "Open the tunnel to the API server")
# The collection of this repository, and those of the environment.
PATH = f"{ROOT / 'collections'}:{cores.COLLECTIONS}"
LINE = re.compile(r"\s+shkatara\.keda_demo\.(?P<role>\w+) : (?P<name>.+)\tTAGS: \[(?P<tags>.*)\]")


def readme_tags(role):
    """Return the tags that a role's README names: `<role>_<step>` in a paragraph about tags."""
    paragraphs = re.split(r"\n\s*\n", (COLLECTION / "roles" / role / "README.md").read_text())
    about_tags = " ".join(text for text in paragraphs if re.search(r"\btags?\b", text))
    return sorted(set(re.findall(rf"`({role}_\w+|{role})`", about_tags)))


TAGS = [pytest.param(role, tag, id=tag) for role in ROLES for tag in readme_tags(role)]


def list_tasks(playbook, *arguments):
    """Return (role, task, tags) for each task that Ansible lists; specs are checked with any tag, and left out."""
    command = [sys.executable, "-m", "ansible", "playbook", str(playbook), "--list-tasks", *arguments]
    environ = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = [LINE.fullmatch(line) for line in done.stdout.splitlines() if "\tTAGS: " in line]
    tasks = [(match["role"], match["name"], set(match["tags"].split(", "))) for match in found if match]
    return [task for task in tasks if not task[1].startswith("Validating arguments against arg spec")]


@pytest.fixture(scope="module")
def site():
    return list_tasks("site.yml")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return the tasks of each role's own main.yml."""
    play = {"hosts": "localhost", "gather_facts": False}
    plays = [
        play | {"name": f"Only {role}", "roles": [{"role": f"shkatara.keda_demo.{role}"}], "tags": [f"only_{role}"]}
        for role in ROLES
    ]
    path = tmp_path_factory.mktemp("alone") / "play.yml"
    path.write_text(yaml.safe_dump(plays))
    tasks = list_tasks(path)
    return {
        role: [(owner, name, tags - {f"only_{role}"}) for owner, name, tags in tasks if f"only_{role}" in tags]
        for role in ROLES
    }


def selected(tasks, tag):
    return sorted({(role, name) for role, name, tags in tasks if tag in tags})


def own_steps(role):
    """Return the tags that a role's tasks set."""
    texts = [path.read_text() for path in (COLLECTION / "roles" / role / "tasks").glob("*.yml")]
    found = [tag for text in texts for tags in re.findall(r"tags: \[(.*)\]", text) for tag in tags.split(", ")]
    return sorted(set(found) - {"always"})


@pytest.mark.parametrize("play", PLAYS)
def test_a_play_says_where_it_runs_and_ends_for_all_hosts_at_the_first_failure(play):
    if play["hosts"] == "localhost":
        assert play["connection"] == "local"
        assert play["vars"]["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"
        # The playbook setup may be run by `--become`.
        assert play["vars"].get("ansible_become") is (None if play["name"] == "Set up the controller" else False)
    else:
        assert play["any_errors_fatal"] is True
        assert play["strategy"] == "ansible.builtin.linear"
        assert play["become"] is True


@pytest.mark.parametrize("role", ROLES)
def test_the_readme_names_each_tag_of_the_role(role):
    # `bundle` and `verify` are tags of their plays.
    assert [tag for tag in readme_tags(role) if tag != role] == own_steps(role)


@pytest.mark.parametrize(("role", "tag"), TAGS)
def test_a_tag_runs_the_same_tasks_in_site_as_in_the_role(site, alone, role, tag):
    expected = selected(alone[role], tag) if tag != role else sorted({task[:2] for task in alone[role]})
    assert expected
    # The play `verify` opens the tunnel to the API server first.
    assert [task for task in selected(site, tag) if task != TUNNEL or task in expected] == expected


def test_ansible_selects_what_the_list_says(site):
    tag = "containerd_images"
    expected = {(role, name) for role, name, tags in site if tags & {tag, "always"}}
    assert {task[:2] for task in list_tasks("site.yml", "--tags", tag)} == expected


def test_only_the_proof_is_left_out_without_its_tag(site):
    left_out = [task[0] for task in site if "verify" in task[2]]
    assert set(left_out) == {"verify", "cluster"}
    assert {"verify", "verify_validate"} == set().union(*(task[2] for task in site if "verify" in task[2]))


# One wrong variable of each role with rules. The run ends before it connects to a host.
WRONG = {
    "control_plane_wait_timeout": 0,
    "worker_join_timeout": 0,
    "kube_prometheus_wait_timeout": 0,
    "keda_wait_timeout": 0,
    "demo_app_wait_timeout": 0,
    "verify_load_replicas": 0,
}


def run_site(environ):
    """Return the output of site with the wrong variables, as the project's ansible.cfg shows it."""
    printed = run_wrong(environ)
    assert printed.startswith("Check variables and inventory\n")
    assert "\nCheck the hosts\n" not in printed
    return printed


def run_wrong(environ):
    """Return the output of site with the wrong variables."""
    variables = [f"--extra-vars={name}={value}" for name, value in WRONG.items()]
    command = [sys.executable, "-m", "ansible", "playbook", "site.yml", *variables]
    environ = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"} | environ
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode != 0, done.stdout
    return done.stdout


def test_one_message_has_the_findings_of_all_roles():
    printed = run_site({})
    message = printed[printed.index("variables: 6 reasons why this run would fail") :].splitlines()[1:7]
    assert [line.split()[1] for line in message] == list(WRONG)


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="no settings"),
        pytest.param({"ANSIBLE_HASH_BEHAVIOUR": "merge"}, id="merged dictionaries"),
        pytest.param({"ANSIBLE_INJECT_FACT_VARS": "true"}, id="facts as variables"),
        pytest.param({"ANSIBLE_STRATEGY": "free", "ANSIBLE_PIPELINING": "false"}, id="another strategy"),
        pytest.param({"ANSIBLE_STDOUT_CALLBACK": "minimal"}, id="another callback"),
    ],
)
def test_the_settings_of_a_user_do_not_matter(environ, tmp_path):
    (tmp_path / "ansible.cfg").touch()
    theirs = {
        "ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": PATH,
        "ANSIBLE_INVENTORY": str(ROOT / "inventory" / "lab"),
    }
    printed = run_wrong(theirs | environ)
    assert "[Check the hosts]" not in printed
    assert [name for name in WRONG if not re.search(rf"- {name}\b", printed)] == []


def test_without_shared_role_variables_each_role_checks_its_own():
    assert "control_plane: 1 reason why this run would fail" in run_site({"ANSIBLE_PRIVATE_ROLE_VARS": "true"})


def tasks_of(role):
    """Yield each task of a role's files."""
    for path in (COLLECTION / "roles" / role / "tasks").glob("*.yml"):
        yield from yaml.safe_load(path.read_text())


def text_of(role, task):
    """Return the text of a task, with all that it uses: the role's variables and templates."""
    files = [
        *(COLLECTION / "roles" / role / "vars").glob("main.yml"),
        *(COLLECTION / "roles" / role).glob("vars/main/*"),
    ]
    known = {name: value for file in files for name, value in yaml.safe_load(file.read_text()).items()}
    text, seen = str(task), set()
    while new := {name for name in known if name in text} - seen:
        seen |= new
        text += " ".join(str(known[name]) for name in sorted(new))
        text += " ".join(
            (COLLECTION / "roles" / role / "templates" / name).read_text()
            for name in set(re.findall(r"[\w./-]+\.j2", text))
        )
    return text


@pytest.mark.parametrize(("role", "tag"), [tag for tag in TAGS if tag.values[0] != tag.values[1]])
def test_a_tag_runs_each_task_whose_result_it_needs(alone, role, tag):
    runs = {name for owner, name, tags in alone[role] if owner == role and tags & {tag, "always"}}
    tasks = list(tasks_of(role))
    registered = {task["register"]: task["name"] for task in tasks if "register" in task}
    for task in tasks:
        if task["name"] in runs:
            # A name with a default may be undefined.
            text = re.sub(r"__\w+ \| default\(", "", text_of(role, task))
            lacks = {
                name for name, maker in registered.items() if maker not in runs and re.search(rf"\b{name}\b", text)
            }
            assert lacks == set(), task["name"]
