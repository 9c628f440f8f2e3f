# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What has to agree between files of the repository: roles with their specs, stacks with Go modules and images."""

import configparser
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.bundle.plan import Request, make_plan

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
ROLES = sorted(path for path in (COLLECTION / "roles").iterdir() if path.is_dir())
STACKS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((COLLECTION / "stacks").glob("*.yml"))}
GO_MODULES = COLLECTION / "roles" / "bundle" / "files" / "go_modules"
RECIPES = yaml.safe_load((COLLECTION / "roles/bundle/vars/go_modules.yml").read_text())["__bundle_go_modules_recipes"]
OFFICIAL = yaml.safe_load((COLLECTION / "roles/bundle/vars/release.yml").read_text())["__bundle_release_recipes"]
COMPONENTS = [
    pytest.param(name, entry, id=f"{stack}-{name}")
    for stack, data in STACKS.items()
    for name, entry in data["components"].items()
]
GO_COMPONENTS = [parameter for parameter in COMPONENTS if "module" in parameter.values[1]]

each_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
each_component = pytest.mark.parametrize(("name", "entry"), COMPONENTS)
each_go_component = pytest.mark.parametrize(("name", "entry"), GO_COMPONENTS)
each_stack = pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)


def _yaml(path):
    return yaml.safe_load(path.read_text()) or {} if path.is_file() else {}


def _options(role):
    # All have `main` but `cluster`, which is never run.
    specs = _yaml(role / "meta" / "argument_specs.yml")["argument_specs"]
    return specs["settings" if role.name == "cluster" else "main"].get("options", {})


def _is_template(value):
    return "{{" in str(value) or "{%" in str(value)


def _numbers(version):
    return tuple(int(number) for number in re.findall(r"[0-9]+", version))


def _go_mod(name, version):
    """The directives of a component's go.mod: module, go, toolchain, the requirements, and the replacements."""
    text = re.sub(r"//.*", "", (GO_MODULES / name / version / "go.mod").read_text())
    # A block is the same as its lines, each with the directive before it.
    for block in re.findall(r"^\w+ \([^)]*\)", text, flags=re.MULTILINE):
        word, _, lines = block.partition(" (")
        text = text.replace(block, "\n".join(f"{word} {line.strip()}" for line in lines.strip(" )\n").splitlines()))
    found = {"require": {}, "replace": {}}
    for line in text.splitlines():
        word, *values = line.split() or [""]
        if word == "require":
            found["require"][values[0]] = values[1]
        elif word == "replace":
            left, right = " ".join(values).split(" => ")
            found["replace"][left.split()[0]] = right.split()
        elif word:
            found[word] = values[0]
    return found


@each_role
def test_every_variable_is_in_defaults_and_in_the_specs(role):
    defaults, options = set(_yaml(role / "defaults" / "main.yml")), set(_options(role))
    assert sorted(defaults - options) == [], "in defaults only"
    assert sorted(options - defaults) == [], "in the specs only"


@each_role
def test_every_variable_begins_with_the_role_s_name(role):
    assert [name for name in _options(role) if not name.startswith(f"{role.name}_")] == []


@each_role
def test_a_default_in_the_specs_is_that_of_the_role(role):
    defaults = _yaml(role / "defaults" / "main.yml")
    differing = {
        name: (option["default"], defaults[name])
        for name, option in _options(role).items()
        if "default" in option
        and name in defaults
        and not _is_template(defaults[name])
        and option["default"] != defaults[name]
    }
    assert differing == {}, "in the specs, and in defaults"


@each_role
def test_every_role_has_what_a_role_has(role):
    assert [path for path in ("README.md", "meta/main.yml") if not (role / path).is_file()] == []
    assert (role / "README.md").read_text().strip()
    assert _yaml(role / "meta" / "main.yml")["galaxy_info"]["description"]


def _entry_points():
    """Yield (role, entry point) for each role that a playbook of the collection runs."""
    for path in sorted((COLLECTION / "playbooks").glob("*.yml")):
        for play in _yaml(path):
            for task in [*play.get("pre_tasks", []), *play.get("tasks", [])]:
                if "ansible.builtin.import_role" in task:
                    imported = task["ansible.builtin.import_role"]
                    yield imported["name"], imported.get("tasks_from", "main")
            yield from ((entry["role"], "main") for entry in play.get("roles", []))


# Ansible looks a spec up by the text of `tasks_from`: for `wait.yml` it does not find the spec `wait`.
@pytest.mark.parametrize(("name", "entry_point"), sorted(set(_entry_points())))
def test_every_entry_point_of_a_playbook_has_a_spec(name, entry_point):
    role = COLLECTION / "roles" / name.removeprefix("shkatara.keda_demo.")
    specs = _yaml(role / "meta" / "argument_specs.yml")["argument_specs"]
    assert entry_point in specs
    assert specs[entry_point]["short_description"]
    # A variable that an entry point reads is one of the role's.
    assert set(specs[entry_point].get("options", {})) <= set(_options(role))


@pytest.mark.parametrize(
    "path", sorted((COLLECTION / "plugins").rglob("*.py")), ids=lambda path: str(path.relative_to(COLLECTION))
)
def test_every_plugin_says_its_license(path):
    # A file that is empty, as __init__.py may be, has nothing to license.
    head = path.read_text().splitlines()[:5]
    assert not head or [line for line in head if re.fullmatch(r"# SPDX-License-Identifier: \S+", line)]


@each_component
def test_every_component_has_a_recipe(name, entry):
    assert name in RECIPES, entry
    assert name in OFFICIAL, entry


@each_component
def test_both_producers_make_the_same_programs_images_and_manifests(name, entry):
    ours, official = RECIPES[name], OFFICIAL[name]
    assert set(official.get("bin", ())) == set(ours.get("bin", ())), entry
    assert set(official.get("manifests", ())) == {*ours.get("manifests", ()), *ours.get("upstream", ())}
    archives = {key: image["archive"] for key, image in ours.get("images", {}).items()}
    assert {key: image["archive"] for key, image in official.get("images", {}).items()} == archives


@each_go_component
def test_go_mod_requires_what_the_stack_says(name, entry):
    found = _go_mod(name, entry["version"])
    module, version = entry["module"], entry["module_version"]
    assert found["module"] == f"keda_demo.invalid/{name}"
    assert found["require"].get(module) == version
    # crictl: the mirror on GitHub has the modules under another name.
    source, replaced_by = found["replace"].get(module, (module, version))
    assert replaced_by == version
    lines = (GO_MODULES / name / entry["version"] / "go.sum").read_text().splitlines()
    assert [line for line in lines if line.startswith(f"{source} {version} h1:")]


@each_go_component
def test_the_toolchain_can_build_the_module(name, entry):
    found = _go_mod(name, entry["version"])
    toolchain = _numbers(entry["toolchain"])
    assert _numbers(found["go"]) <= toolchain
    assert _numbers(found.get("toolchain", "go1")) <= toolchain


@each_go_component
def test_tools_go_names_what_the_recipe_builds(name, entry):
    tools = (GO_MODULES / name / entry["version"] / "tools.go").read_text()
    imported = set(re.findall(r'^\t_ "(.+)"$', tools, flags=re.MULTILINE))
    assert set(RECIPES[name]["binaries"].values()) <= imported


def test_no_folder_of_modules_is_unused():
    wanted = {
        f"{name}/{entry['version']}"
        for stack in STACKS.values()
        for name, entry in stack["components"].items()
        if "module" in entry
    }
    there = {path.relative_to(GO_MODULES).as_posix() for path in GO_MODULES.glob("*/*")}
    assert there == wanted


@each_stack
def test_every_image_s_tag_is_its_component_s_version(stack):
    made_of = {key: name for name, recipe in RECIPES.items() for key in recipe.get("images", {})}
    assert set(made_of) == set(stack["images"])
    # etcd's image has a revision of its own: 3.5.4-0.
    differing = {
        key: reference
        for key, reference in stack["images"].items()
        if not re.fullmatch(
            rf"v?{re.escape(stack['components'][made_of[key]]['version'])}(-[0-9]+)?", reference.rpartition(":")[2]
        )
    }
    assert differing == {}


@each_go_component
def test_a_module_s_version_is_the_component_s(name, entry):
    expected = f"v{entry['version']}"
    if name == "prometheus":
        # Prometheus 2.x.y is the module's version 0.x.y.
        expected = re.sub(r"^v2\.", "v0.", expected)
    assert entry["module_version"] == expected


@each_stack
def test_the_repository_makes_a_plan_of_every_stack(stack):
    plan = make_plan(Request(stack, RECIPES, GO_MODULES, ROOT))
    made = [
        image["reference"]
        for unit in plan.units.values()
        if unit.kind == "archive"
        for image in unit.inputs["images"].values()
    ]
    assert sorted(made) == sorted(stack["images"].values())
    assert {"Dockerfile", "app/requirements.txt", "app/gunicorn.conf.py"} <= set(
        plan.units["component/app"].inputs["files"]
    )


def test_molecule_configures_ansible_as_the_root_does():
    """Molecule puts its own ansible.cfg in the place of the root's."""
    ours = configparser.ConfigParser()
    ours.read(ROOT / "ansible.cfg")
    wanted = {section: dict(ours[section]) for section in ours.sections()}
    # These are options of its command line, or relative to the project.
    del wanted["defaults"]["inventory"], wanted["defaults"]["collections_path"]
    # Its logs are for the search of errors: every result, and the times of the tasks.
    assert wanted["defaults"].pop("stdout_callback") == "shkatara.keda_demo.steps"
    wanted["defaults"]["callbacks_enabled"] = "ansible.posix.profile_tasks"
    wanted["callback_profile_tasks"] = {"task_output_limit": "15", "sort_order": "descending"}
    given = yaml.safe_load((ROOT / ".config" / "molecule" / "config.yml").read_text())["ansible"]["cfg"]
    assert given["defaults"].pop("collections_path") == "${MOLECULE_PROJECT_DIRECTORY}/collections"
    found = {section: {key: str(value) for key, value in options.items()} for section, options in given.items()}
    assert {s: {k: v.lower() for k, v in o.items()} for s, o in found.items()} == {
        s: {k: v.lower() for k, v in o.items()} for s, o in wanted.items()
    }
