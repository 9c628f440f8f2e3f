# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and validate a stack, so that every role can rely on its content."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stack
short_description: Read a stack and validate it
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - A stack is a tested set of versions, in a file in the collection's folder C(stacks). This lookup validates it
    against C(stacks/schema.json) and returns it as a dictionary.
  - A role's defaults can use it, since it needs no task.
options:
  _terms:
    description: The names of stacks, which are the file names without C(.yml).
    required: true
  directory:
    description:
      - The folder of the stacks.
      - If it is not given, the collection's folder C(stacks) is used.
    type: path
requirements:
  - jsonschema
"""

EXAMPLES = r"""
- name: Show the Kubernetes version of a stack
  ansible.builtin.debug:
    msg: "{{ lookup('shkatara.keda_demo.stack', 'seed').components.kubernetes.version }}"
"""

RETURN = r"""
_raw:
  description: A dictionary for each name.
  type: list
  elements: dict
  sample:
    - schema_version: 1
      name: seed
      description: Kubernetes 1.25.0, containerd 1.6.19, kube-prometheus 0.12.0, KEDA 2.10.0
      components: {kubernetes: {version: 1.25.0, module: k8s.io/kubernetes}}
      images: {kube_apiserver: "registry.k8s.io/kube-apiserver:v1.25.0"}
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._internal.common import imports

try:
    from jsonschema import Draft202012Validator
except ImportError:
    Draft202012Validator = None

STACKS = Path(__file__).resolve().parents[2] / "stacks"


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    """lookup('shkatara.keda_demo.stack', name)"""

    def run(self, terms: Sequence[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the stacks that `terms` name."""
        self.set_options(var_options=variables, direct=kwargs)
        directory = Path(self.get_option("directory") or STACKS)
        return [read_stack(directory, str(term)) for term in terms]


def read_stack(directory: Path, name: str) -> dict[str, Any]:
    """Return the stack `name` of the folder `directory`.

    :raises AnsibleLookupError: there is no such stack, or its file is invalid; the message has all findings
    """
    known = sorted(path.stem for path in directory.glob("*.yml"))
    if name not in known:
        listed = ", ".join(known) or "none"
        raise AnsibleLookupError(f"There is no stack '{name}' (cluster_stack); known are: {listed}.")
    file = directory / f"{name}.yml"
    return _read_checked(file, directory / "schema.json", file.stat().st_mtime_ns)


@lru_cache
def _read_checked(file: Path, schema: Path, _changed: int) -> dict[str, Any]:
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise AnsibleLookupError(f"{file} is not YAML: {error}") from error
    findings = check(data, json.loads(schema.read_text(encoding="utf-8")))
    if not findings and data["name"] != file.stem:
        findings = [f"name: it is '{data['name']}', and must be '{file.stem}' as the file's name"]
    if not findings:
        findings = [
            f"release.{name}.component: '{entry['component']}' is not among the components"
            for name, entry in data.get("release", {}).items()
            if entry["component"] not in data["components"]
        ]
    if findings:
        listed = "\n".join(f"  - {finding}" for finding in findings)
        raise AnsibleLookupError(f"{file} is not a valid stack:\n{listed}")
    return data  # type: ignore[no-any-return]  # the schema says that it is a mapping


def check(data: Any, schema: dict[str, Any]) -> list[str]:
    """Return the faults of `data`, a line each with the path in the file and the reason."""
    if Draft202012Validator is None:
        raise AnsibleLookupError(f"Stacks are checked with jsonschema. {imports.message({'jsonschema': 'jsonschema'})}")
    errors = Draft202012Validator(schema).iter_errors(data)
    return sorted(
        f"{error.json_path.removeprefix('$').removeprefix('.') or 'the file'}: {_because(error)}" for error in errors
    )


def _because(error: Any) -> str:
    """Return the error's message, with the remedy for a version that was written as a number."""
    if error.validator == "type" and isinstance(error.instance, float):
        return f"{error.message}: put it in quotes"
    return str(error.message)
