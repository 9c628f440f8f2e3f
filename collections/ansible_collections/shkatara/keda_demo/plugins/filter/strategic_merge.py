# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change a few fields of published Kubernetes objects without keeping a copy of the objects."""

from __future__ import annotations

DOCUMENTATION = r"""
name: strategic_merge
short_description: Merge patches into Kubernetes objects
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Merges each patch, which is a part of an object, into the objects with its C(kind) and, if the patch has them,
    its C(metadata.name) and C(metadata.namespace).
  - As with kustomize's patches, mappings are merged, lists whose items all have a C(name) are merged by that
    name, and everything else is replaced. V(null) removes a field.
  - The kind C(*) in a patch matches every kind.
  - A patch that matches no object is an error, so that the manifests of another version are never applied
    unpatched.
positional: _input, patches
options:
  _input:
    description: The objects.
    type: list
    elements: dict
    required: true
  patches:
    description: The patches.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Apply manifests with another image
  kubernetes.core.k8s:
    definition: "{{ objects | shkatara.keda_demo.strategic_merge(patches) }}"
  vars:
    objects: "{{ query('shkatara.keda_demo.manifests', '/srv/bundle/manifests/keda.yaml') }}"
    patches:
      - kind: Deployment
        metadata: {name: keda-operator}
        spec:
          template:
            spec:
              containers:
                - name: keda-operator
                  image: registry.example.net/kedacore/keda:2.10.0
"""

RETURN = r"""
_value:
  description: The objects in their order; objects that no patch matches are unchanged.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError


def strategic_merge(
    objects: Sequence[Mapping[str, Any]], patches: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the objects with the patches merged in, one after the other.

    :raises AnsibleFilterError: a patch has no kind, or matches no object
    """
    merged = list(objects)
    for patch in patches:
        fits = [_fits(item, patch) for item in merged]
        if not any(fits):
            raise AnsibleFilterError(f"The patch of {_name(patch)} matches none of {len(merged)} objects.")
        change = {key: value for key, value in patch.items() if key != "kind"}
        merged = [merge(item, change) if fit else item for item, fit in zip(merged, fits, strict=True)]
    return merged


def merge(base: Any, patch: Any) -> Any:
    """Return `base` with `patch` merged in, without changing either of them."""
    if isinstance(base, Mapping) and isinstance(patch, Mapping):
        changed = {key: merge(base.get(key), value) for key, value in patch.items() if value is not None}
        return {key: value for key, value in base.items() if key not in patch} | changed
    if _is_named(base) and _is_named(patch):
        by_name = {item["name"]: item for item in patch}
        known = [merge(item, by_name.get(item["name"], {})) for item in base]
        names = {item["name"] for item in base}
        return known + [item for item in patch if item["name"] not in names]
    return patch


def _is_named(value: Any) -> bool:
    """True for a list that is merged by name, such as containers, env, ports and volumes."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return is_list and all(isinstance(item, Mapping) and "name" in item for item in value)


def _fits(item: Mapping[str, Any], patch: Mapping[str, Any]) -> bool:
    wanted = patch.get("metadata") or {}
    has = item.get("metadata") or {}
    return patch.get("kind") in ("*", item.get("kind")) and all(
        has.get(key) == wanted[key] for key in ("name", "namespace") if key in wanted
    )


def _name(patch: Mapping[str, Any]) -> str:
    return f"{patch.get('kind', '(no kind)')} {(patch.get('metadata') or {}).get('name', '(any name)')}"


class FilterModule:
    """objects | shkatara.keda_demo.strategic_merge(patches)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"strategic_merge": strategic_merge}
