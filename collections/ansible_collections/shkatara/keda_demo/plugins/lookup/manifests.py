# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read Kubernetes objects from published manifests, in a form that can be applied repeatedly."""

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
  - It reads YAML that C(from_yaml_all) refuses, such as the bare C(=) in the CustomResourceDefinitions of
    prometheus-operator.
  - Fields that the API server writes, C(status) and C(metadata.creationTimestamp), are removed.
  - A list is replaced by its items, as kubectl does. A list is an object whose kind ends in C(List) and that has a
    list C(items), which may be empty or V(null). Its items may be lists, too. An item without C(kind) and
    C(apiVersion) gets those that follow from its list, such as C(Role) from C(RoleList).
options:
  _terms:
    description:
      - The paths of the files.
      - A file whose name ends in C(.tar.gz) is an archive with manifests, such as a release of kube-prometheus.
    required: true
  members:
    description:
      - The manifests to read from an archive, as patterns such as C(manifests/setup/*.yaml). The paths are relative to
        the archive's only top folder, and C(*) also matches a slash.
      - The objects are in the order of the patterns and, for each pattern, in the order of the names. A file that
        several patterns match is read once, for the first of them. A pattern that matches no file is an error.
    type: list
    elements: str
    default: ['*.yaml']
  descriptions:
    description:
      - Whether the schemas of CustomResourceDefinitions keep their descriptions, which are three quarters of
        their size and are used only by C(kubectl explain).
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Apply the official manifests of KEDA
  kubernetes.core.k8s:
    definition: "{{ query('shkatara.keda_demo.manifests', '/srv/bundle/manifests/keda.yaml') }}"
    apply: true
    server_side_apply: {field_manager: keda_demo, force_conflicts: true}

- name: Show the images of Grafana in a release of kube-prometheus
  ansible.builtin.debug:
    msg: >-
      {{ query('shkatara.keda_demo.manifests', '/srv/kube-prometheus-0.12.0.tar.gz', members=['manifests/grafana-*'])
         | shkatara.keda_demo.container_images }}
"""

RETURN = r"""
_raw:
  description: The objects of all files.
  type: list
  elements: dict
  sample:
    - {apiVersion: v1, kind: Namespace, metadata: {name: keda}}
"""

import fnmatch
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

# A manifest of 1.7 MB takes 0.2 s with libyaml, and 3 s without.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # its base is chosen at run time
    """YAML 1.1 in which a bare `=` is a string, as in Go's libraries."""


_Loader.add_constructor("tag:yaml.org,2002:value", _Loader.construct_yaml_str)


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    """query('shkatara.keda_demo.manifests', path)"""

    def run(self, terms: Sequence[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the objects of the files that `terms` name."""
        self.set_options(var_options=variables, direct=kwargs)
        members = self.get_option("members")
        items = [item for term in terms for item in read_manifests(Path(str(term)), members)]
        return items if self.get_option("descriptions") else [without_descriptions(item) for item in items]


def read_manifests(file: Path, members: Sequence[str] = ("*.yaml",)) -> list[dict[str, Any]]:
    """Return the objects of a file.

    :param members: what to read of an archive
    :raises AnsibleLookupError: the file does not exist, is not YAML, or contains something else than Kubernetes objects
    """
    if file.name.endswith(".tar.gz"):
        return [item for name, text in _members(file, members) for item in _parse(text, f"{file}, {name}")]
    try:
        return _parse(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise AnsibleLookupError(f"The manifest {file} can't be read: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _members(archive: Path, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the path below the archive's top folder, and the text, of each file that a pattern names."""
    try:
        with tarfile.open(archive, "r:gz") as opened:
            inner = {member.name.partition("/")[2]: member for member in opened if member.isfile()}
            found = {pattern: sorted(fnmatch.filter(inner, pattern)) for pattern in patterns}
            for pattern in [pattern for pattern, names in found.items() if not names]:
                raise AnsibleLookupError(f"The archive {archive} has no {pattern}.")
            for name in dict.fromkeys(name for names in found.values() for name in names):
                yield name, opened.extractfile(inner[name]).read().decode()  # type: ignore[union-attr]  # a file
    except (OSError, EOFError, tarfile.TarError, zlib.error, UnicodeDecodeError) as error:
        raise AnsibleLookupError(f"The archive {archive} can't be read: {_reason(error)}") from error


def _parse(text: str, place: str) -> list[dict[str, Any]]:
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        raise AnsibleLookupError(f"The manifest {place} is not YAML: {error}") from error
    return list(_objects(documents, place))


def _objects(documents: Sequence[Any], place: str) -> Iterator[dict[str, Any]]:
    for number, document in enumerate(documents, start=1):
        if document is not None:  # an empty document between two `---`
            yield from _flatten(document, f"{place}: document {number}")


def _flatten(value: Any, place: str) -> Iterator[dict[str, Any]]:
    """Yield an object, or the objects in a list of objects."""
    if not isinstance(value, dict) or not value.get("kind") or not value.get("apiVersion"):
        raise AnsibleLookupError(f"The manifest {place} is not a Kubernetes object.")
    if not _is_list(value):
        yield _applicable(value)
        return
    inherited = {"apiVersion": value["apiVersion"], "kind": value["kind"].removesuffix("List")}
    for number, item in enumerate(value["items"] or [], start=1):
        typed = inherited | item if isinstance(item, dict) and not {"apiVersion", "kind"} & set(item) else item
        yield from _flatten(typed, f"{place}, item {number}")


def _is_list(value: dict[str, Any]) -> bool:
    """True for a list of objects; the kind alone does not tell, since a custom kind may be called `AllowList`.

    Source: Kubernetes API conventions, "Lists and Simple kinds". `items: null` is how Go writes an empty list.
    """
    return value["kind"].endswith("List") and "items" in value and isinstance(value["items"], list | None)


def _applicable(item: dict[str, Any]) -> dict[str, Any]:
    """Return the object without the fields that the API server writes; generators set them to null."""
    kept = {key: value for key, value in item.items() if key != "status"}
    metadata = dict(item.get("metadata") or {})
    metadata.pop("creationTimestamp", None)
    return kept | {"metadata": metadata}


def without_descriptions(item: dict[str, Any]) -> dict[str, Any]:
    """Return a CustomResourceDefinition without its schemas' descriptions, and any other object unchanged."""
    if item["kind"] != "CustomResourceDefinition":
        return item
    versions = [
        version | {"schema": _undescribed(version["schema"])} if "schema" in version else version
        for version in item["spec"]["versions"]
    ]
    return item | {"spec": item["spec"] | {"versions": versions}}


def _undescribed(value: Any) -> Any:
    # A property named `description` is a mapping, and stays.
    if isinstance(value, dict):
        return {
            key: _undescribed(inner)
            for key, inner in value.items()
            if key != "description" or not isinstance(inner, str)
        }
    return [_undescribed(inner) for inner in value] if isinstance(value, list) else value
