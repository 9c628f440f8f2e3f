# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring Kubernetes objects into the form in which the API server stores them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stored_form
short_description: Convert Kubernetes objects into the form in which the API server stores them
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - The API server compares an applied object with the stored one before it fills in some defaults. If the object has
    another form, every apply writes it again with a new resourceVersion, and Ansible reports a change.
  - Items of lists in custom resources get the defaults that the CustomResourceDefinition sets, such as
    C(action=replace) in a ServiceMonitor's C(relabelings). The API server replaces such a list as a whole. The
    definitions are taken from the objects themselves.
  - A Secret's C(stringData) becomes C(data).
  - Objects of kinds that are not namespaced lose their C(metadata.namespace).
options:
  _input:
    description: The objects.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Apply manifests so that a rerun changes nothing
  kubernetes.core.k8s:
    definition: "{{ objects | shkatara.keda_demo.stored_form }}"
    apply: true
    server_side_apply: {field_manager: keda_demo, force_conflicts: true}
"""

RETURN = r"""
_value:
  description: The objects in their order; objects that already have this form are unchanged.
  type: list
  elements: dict
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

# The kinds in no namespace that manifests of cluster components have. kube-prometheus gives some of them a namespace.
_CLUSTER_KINDS = ("APIService", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace")
Object = Mapping[str, Any]


def stored_form(objects: Sequence[Object]) -> list[Object]:
    """Return the objects in the form in which the API server stores them."""
    schemas = dict(_schemas(objects))
    return [_stored(item, schemas) for item in objects]


def _schemas(objects: Sequence[Object]) -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield (apiVersion, kind) and the schema of each kind that is defined among the objects."""
    for item in objects:
        if item.get("kind") == "CustomResourceDefinition":
            spec = item["spec"]
            for version in spec["versions"]:
                schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
                yield (f"{spec['group']}/{version['name']}", spec["names"]["kind"]), schema


def _stored(item: Object, schemas: Mapping[tuple[str, str], Any]) -> Object:
    kind = item.get("kind", "")
    metadata = item.get("metadata") or {}
    if kind in _CLUSTER_KINDS and "namespace" in metadata:
        return {**item, "metadata": {key: value for key, value in metadata.items() if key != "namespace"}}
    if kind == "Secret" and item.get("stringData"):
        encoded = {key: _base64(value) for key, value in item["stringData"].items()}
        rest = {key: value for key, value in item.items() if key != "stringData"}
        return {**rest, "data": {**(item.get("data") or {}), **encoded}}
    schema = schemas.get((item.get("apiVersion", ""), kind))
    return item if schema is None else with_defaults(item, schema)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def with_defaults(value: Any, schema: Mapping[str, Any], in_list: bool = False) -> Any:
    """Return the value with the schema's defaults in the mappings that are items of lists, or inside such items.

    A default outside of a list is a field of its own to the API server, which nobody applies.
    """
    if isinstance(value, Mapping):
        properties = schema.get("properties") or {}
        others = schema.get("additionalProperties")
        inner = {
            key: with_defaults(each, properties.get(key) or (others if isinstance(others, Mapping) else {}), in_list)
            for key, each in value.items()
        }
        missing = {
            key: each["default"]
            for key, each in properties.items()
            if in_list and "default" in each and key not in value
        }
        return {**inner, **missing}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [with_defaults(each, schema.get("items") or {}, in_list=True) for each in value]
    return value


class FilterModule:
    """objects | shkatara.keda_demo.stored_form"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"stored_form": stored_form}
