# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read Kubernetes objects as projects publish them, in a form that can be applied again and again."""

from __future__ import annotations

DOCUMENTATION = r"""
name: manifests
short_description: Read the Kubernetes objects of manifest files
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns the objects of YAML files on the controller, in their order, as
    O(kubernetes.core.k8s#module:definition) takes them.
  - It reads what generators of manifests write and C(from_yaml_all) refuses, such as the bare C(=) in the
    CustomResourceDefinitions of prometheus-operator.
  - What is the API server's to write is left out, which is C(status) and C(metadata.creationTimestamp), and
    a C(List) is replaced by what is in it.
options:
  _terms:
    description: The paths of the files.
    required: true
  descriptions:
    description:
      - Whether the schemas of CustomResourceDefinitions keep their descriptions, which are three quarters of
        their size and serve C(kubectl explain) alone.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Apply the official manifests of KEDA
  kubernetes.core.k8s:
    definition: "{{ query('shkatara.keda_demo.manifests', '/srv/bundle/manifests/keda.yaml') }}"
    apply: true
    server_side_apply: {field_manager: keda_demo, force_conflicts: true}
"""

RETURN = r"""
_raw:
  description: The objects of all files.
  type: list
  elements: dict
  sample:
    - {apiVersion: v1, kind: Namespace, metadata: {name: keda}}
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

# A manifest of 1.7 MB takes 0.2 s with libyaml, and 3 s without.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # its base is chosen at run time
    """YAML 1.1, but a bare `=` is that string, as Go's libraries read it."""


_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    """query('shkatara.keda_demo.manifests', path)"""

    def run(self, terms: Sequence[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the objects of the files that `terms` name."""
        self.set_options(var_options=variables, direct=kwargs)
        items = [item for term in terms for item in read_manifests(Path(str(term)))]
        return items if self.get_option("descriptions") else [without_descriptions(item) for item in items]


def read_manifests(file: Path) -> list[dict[str, Any]]:
    """Return the objects of a file.

    :raises AnsibleLookupError: there is no such file, it is not YAML, or not all of it are Kubernetes objects
    """
    try:
        documents = list(yaml.load_all(file.read_text(encoding="utf-8"), Loader=_Loader))
    except OSError as error:
        raise AnsibleLookupError(f"The manifest {file} can't be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise AnsibleLookupError(f"The manifest {file} is not YAML: {error}") from error
    return list(_objects(documents, file))


def _objects(documents: Sequence[Any], file: Path) -> Iterator[dict[str, Any]]:
    for number, document in enumerate(documents, start=1):
        if document is None:  # what is between two `---`
            continue
        if not isinstance(document, dict) or not document.get("kind") or not document.get("apiVersion"):
            raise AnsibleLookupError(f"The manifest {file}: document {number} is no Kubernetes object.")
        items = document.get("items") if document["kind"].endswith("List") else [document]
        yield from (_applicable(item) for item in items or [])


def _applicable(item: dict[str, Any]) -> dict[str, Any]:
    """Return the object without what only the API server writes; null is what generators put there."""
    kept = {key: value for key, value in item.items() if key != "status"}
    metadata = dict(item.get("metadata") or {})
    metadata.pop("creationTimestamp", None)
    return kept | {"metadata": metadata}


def without_descriptions(item: dict[str, Any]) -> dict[str, Any]:
    """Return a CustomResourceDefinition without its schemas' descriptions; any other object as it is."""
    if item["kind"] != "CustomResourceDefinition":
        return item
    versions = [
        version | {"schema": _undescribed(version["schema"])} if "schema" in version else version
        for version in item["spec"]["versions"]
    ]
    return item | {"spec": item["spec"] | {"versions": versions}}


def _undescribed(value: Any) -> Any:
    # A property that is called `description` is a mapping, and stays.
    if isinstance(value, dict):
        return {
            key: _undescribed(inner)
            for key, inner in value.items()
            if key != "description" or not isinstance(inner, str)
        }
    return [_undescribed(inner) for inner in value] if isinstance(value, list) else value
