# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The removal of all objects of some labels: what would go, what is against it, and the deletion in order.

Everything is listed and checked before the first deletion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import dependents, permissions
from .cluster import Cluster, ClusterError
from .labelled import ALL_KINDS, SLOW_KINDS, Key, Labelled
from .permissions import Permission
from .requests import Requests

_MOST_NAMED = 10


@dataclass(frozen=True)
class Made:
    """An object without a label that the objects of a label have made; it goes with them."""

    label: str
    key: Key


class Removal:
    """The objects of labels, by label in the given order, and in the order of deletion."""

    def __init__(self, cluster: Cluster, labels: Sequence[str], made: Sequence[Made] = ()) -> None:
        """:raises ClusterError: no answer or no permission"""
        self._cluster = cluster
        requests = Requests(cluster.access)
        self._labelled = {label: Labelled(requests, label) for label in labels}
        found = {
            label: {kind: list(labelled.find(kind)) for kind in ALL_KINDS} for label, labelled in self._labelled.items()
        }
        for each in made:
            keys = found.get(each.label, {})
            if any(keys.values()):
                keys[each.key.kind].append(each.key)
        self._found: Mapping[str, Mapping[str, list[Key]]] = found

    @property
    def keys(self) -> list[Key]:
        """All objects, each once, in the order of deletion."""
        return list(dict.fromkeys(key for _label, _kind, keys in self._stages() for key in keys))

    def problems(self) -> list[str]:
        """Return why the objects can't be removed, a sentence each.

        :raises ClusterError: no answer or no permission
        """
        missing = permissions.missing_permissions(self._cluster, list(dict.fromkeys(map(_right, self.keys))))
        lacking = [f"the user lacks rights: {'; '.join(map(str, missing))}"] if missing else []
        return [*lacking, *self._foreign_content()]

    def run(self, wait_seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        """Delete the objects, and wait for the end of those on whose end others depend.

        :raises ClusterError: no answer, no permission, or an object is still there after the time
        """
        deadline = clock() + wait_seconds
        for label, kind, keys in self._stages():
            for key in keys:
                self._labelled[label].delete(key)
            rest = keys if kind in SLOW_KINDS else []
            while rest := [key for key in self._labelled[label].find(kind) if key in rest] if rest else []:
                if clock() > deadline:
                    raise ClusterError(
                        f"still there {wait_seconds:g} s after the deletion: {', '.join(map(str, rest))}. Something "
                        "holds them: read their metadata.finalizers and status.conditions, and run this again"
                    )
                sleep(1)

    def _stages(self) -> Iterator[tuple[str, str, list[Key]]]:
        for label, by_kind in self._found.items():
            yield from ((label, kind, keys) for kind, keys in by_kind.items() if keys)

    def _foreign_content(self) -> Iterator[str]:
        labels = list(self._labelled)
        for label, by_kind in self._found.items():
            for key in by_kind["Namespace"]:
                yield from _refusal(key, list(dependents.of_namespace(self._cluster, key.name, labels)))
            if by_kind["CustomResourceDefinition"]:
                for definition in self._labelled[label].read("CustomResourceDefinition"):
                    key = Key("CustomResourceDefinition", "", definition["metadata"]["name"])
                    yield from _refusal(key, list(dependents.of_definition(self._cluster, definition, labels)))


def _refusal(key: Key, foreign: Sequence[Key]) -> Iterator[str]:
    if foreign:
        more = f" and {len(foreign) - _MOST_NAMED} more" if len(foreign) > _MOST_NAMED else ""
        named = ", ".join(map(str, foreign[:_MOST_NAMED]))
        yield f"{key} would take along what has none of the labels: {named}{more}. Delete or move it first"


def _right(key: Key) -> Permission:
    api_version, plural = ALL_KINDS[key.kind]
    return Permission("delete", api_version.rpartition("/")[0], plural, key.namespace)
