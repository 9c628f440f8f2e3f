# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Every option of the module is a variable of the role, by one rule for the names."""

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import argument_spec

ROLE = Path(__file__).parents[4] / "roles" / "verify"
VARIABLES = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
VARS = yaml.safe_load((ROLE / "vars" / "main" / "main.yml").read_text())
TASKS = yaml.safe_load((ROLE / "tasks" / "main.yml").read_text())
(ARGUMENTS,) = [task[name] for task in TASKS for name in task if name == "shkatara.keda_demo.verify_scaling"]
# The dictionaries of the option `load`, in one template each.
LOADS = {"http": VARS["__verify_load_http"], "external": VARS["__verify_load_external"]}
# Variables of another name than the rule's; None for an option that the action plugin sets.
OTHER_NAMES = {"kubeconfig": "cluster_kubeconfig", "progress_file": None}


def module_options():
    """Yield (path, option) for each option of the module: `load` by its parts, all others as a whole."""
    for name, option in argument_spec().items():
        if name != "load":
            yield name, option
            continue
        for kind, part in option["options"].items():
            for inner, suboption in part["options"].items():
                yield f"load.{kind}.{inner}", suboption


OPTIONS = dict(module_options())


def variable_of(path):
    """The variable of an option: its words after `verify`, without `http`, and with the unit of a time."""
    if path in OTHER_NAMES:
        return OTHER_NAMES[path]
    name = "_".join(["verify", *(word for word in path.split(".") if word != "http")])
    with_unit = f"{name}_seconds"
    return with_unit if with_unit in VARIABLES else name


def template_of(path):
    """The template that makes an option."""
    if not path.startswith("load."):
        return str(ARGUMENTS.get(path, ""))
    _load, kind, inner = path.split(".")
    found = re.search(rf"'{inner}': (.*?)(?=, '|}}\n|}} )", LOADS[kind].replace("\n", " ") + " ")
    return found[1] if found else ""


@pytest.mark.parametrize("path", OPTIONS)
def test_each_option_has_its_variable(path):
    variable = variable_of(path)
    if variable is None:
        assert template_of(path) == ""
        return
    assert re.search(rf"\b{variable}\b", template_of(path))
    assert variable.startswith("cluster_") or variable in VARIABLES


@pytest.mark.parametrize("path", [path for path in OPTIONS if path not in OTHER_NAMES])
def test_a_variable_is_of_the_type_of_its_option(path):
    variable, option = VARIABLES[variable_of(path)], OPTIONS[path]
    assert variable["type"] in (option["type"], "raw")
    assert variable.get("choices") == option.get("choices")
    if "default" in option and "default" in variable:
        assert variable["default"] == option["default"]


def test_each_variable_has_its_option():
    # Whether the load is that of others chooses between the two parts of `load`.
    of_options = {variable_of(path) for path in OPTIONS} | {"verify_load_external"}
    assert {name for name in set(VARIABLES) - of_options if not name.startswith("verify_access_")} == set()


def test_the_task_gives_no_option_that_the_module_does_not_have():
    assert set(ARGUMENTS) <= set(argument_spec())
