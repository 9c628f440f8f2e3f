# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Objects that are applied to a cluster by server-side apply, with two requests each, several objects at a time.

Namespaces and then CustomResourceDefinitions come first, since the API server refuses what needs them. A definition's
kind can be used a moment after the definition was applied, so that such an object is tried again until then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from .errors import ClusterError
from .labelled import Key
from .requests import NOT_FOUND, Requests, Response, path_of

Object = Mapping[str, Any]

FIRST_KINDS = ("Namespace", "CustomResourceDefinition")
# The API server writes these fields; the rest is what users and controllers want.
SERVERS_FIELDS = ("resourceVersion", "generation", "managedFields")
_PAUSE_SECONDS = 0.2
# The API server works on some objects while others are on their way.
_AT_A_TIME = 4
_CONFLICT, _FORBIDDEN = 409, 403
_TYPE = "application/apply-patch+yaml"


class Kind(NamedTuple):
    """The place of a kind in the API."""

    plural: str
    namespaced: bool


@dataclass(frozen=True)
class Applied:
    """An object as it was before, None if it did not exist, and as it is now, None in a check if nobody can say."""

    key: Key
    before: Object | None
    after: Object | None

    @property
    def changed(self) -> bool:
        """Whether applying changed the object. Its status and its version may have changed for other reasons."""
        if self.before is None or self.after is None:
            return True
        versions = [document["metadata"].get("resourceVersion") for document in (self.before, self.after)]
        return versions[0] != versions[1] and content(self.before) != content(self.after)

    def applied_at(self, manager: str) -> str:
        """Return when the manager last changed the object, by the API server's clock; empty if nobody can say."""
        fields = (self.after or {}).get("metadata", {}).get("managedFields") or []
        return max((str(entry.get("time") or "") for entry in fields if entry.get("manager") == manager), default="")


def content(document: Object) -> dict[str, Any]:
    """Return an object without what the API server and the status's controllers write."""
    kept = {name: value for name, value in document.items() if name != "status"}
    metadata = document["metadata"]
    return {**kept, "metadata": {name: value for name, value in metadata.items() if name not in SERVERS_FIELDS}}


def check(objects: Iterable[Any]) -> None:
    """:raises ValueError: no objects, or one without what tells it from others; its number is named"""
    number = 0
    for number, item in enumerate(objects, start=1):
        metadata = item.get("metadata") if isinstance(item, Mapping) else None
        named = isinstance(metadata, Mapping) and metadata.get("name")
        if not (named and item.get("kind") and item.get("apiVersion")):
            raise ValueError(f"definition: item {number} lacks apiVersion, kind or metadata.name: give whole objects")
    if not number:
        raise ValueError("definition is empty: give the objects to apply")


class Applier:
    """Applies objects for a field manager."""

    def __init__(
        self,
        requests: Requests,
        manager: str,
        *,
        force: bool,
        check_mode: bool,
        wait_seconds: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """:param wait_seconds: how long the kind of a CustomResourceDefinition may need after its definition"""
        self._requests = requests
        self._query = {"fieldManager": manager, "force": str(force).lower()}
        if check_mode:
            self._query["dryRun"] = "All"
        self._check_mode = check_mode
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._sleep = sleep
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._is_over = False

    def apply(self, objects: Sequence[Object]) -> Iterator[Applied]:
        """Yield each object when it was applied, in the order of `objects` but for those that others need.

        :raises ClusterError: no answer, no permission, a conflict, a wrong object, or a kind that is not known
        """
        first = [[item for item in objects if item["kind"] == kind] for kind in FIRST_KINDS]
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            try:
                for group in [*first, [item for item in objects if item["kind"] not in FIRST_KINDS]]:
                    yield from pool.map(self._apply, group)
            finally:
                # After an error nobody waits for the others' kinds.
                self._is_over = True

    def _apply(self, item: Object) -> Applied:
        end = self._clock() + self._wait_seconds
        while True:
            kind = self._kind(item)
            key = Key(item["kind"], _namespace(item, kind), item["metadata"]["name"])
            if kind is not None:
                path = path_of(item["apiVersion"], kind.plural, key.namespace, key.name)
                before = self._requests.send("GET", path)
                if before.is_refusal and before.status != NOT_FOUND:
                    raise ClusterError(self._refusal(key, "get", item, kind, before), before.status)
                after = self._requests.send("PATCH", path, self._query, json.dumps(_sent(item, kind)), _TYPE)
                if not after.is_refusal:
                    return Applied(key, before.document or None, after.document)
                if after.status != NOT_FOUND:
                    raise ClusterError(self._refusal(key, "patch", item, kind, after), after.status)
                missing = after.reason
            else:
                missing = f"the cluster has no kind {item['kind']} of {item['apiVersion']}"
            if self._check_mode:
                # Its namespace or its definition would be created by the run.
                return Applied(key, None, None)
            if self._is_over or self._clock() >= end:
                raise ClusterError(f"{key} can't be applied: {missing}", NOT_FOUND)
            self._sleep(_PAUSE_SECONDS)

    def _kind(self, item: Object) -> Kind | None:
        """Return the place of an object's kind, None as long as the API server does not list it."""
        known = (str(item["apiVersion"]), str(item["kind"]))
        if known not in self._kinds:
            response = self._requests.send("GET", path_of(known[0]))
            if response.is_refusal and response.status != NOT_FOUND:
                raise ClusterError(
                    f"The API server {self._requests.server} answered {response.status} for the kinds of {known[0]}: "
                    f"{response.reason}",
                    response.status,
                )
            for entry in response.document.get("resources") or []:
                if "/" not in entry["name"]:
                    self._kinds[known[0], entry["kind"]] = Kind(entry["name"], bool(entry["namespaced"]))
        return self._kinds.get(known)

    def _refusal(self, key: Key, verb: str, item: Object, kind: Kind, response: Response) -> str:
        if response.status == _FORBIDDEN:
            group = item["apiVersion"].rpartition("/")[0]
            resource = f"{kind.plural}.{group}" if group else kind.plural
            place = f" in namespace {key.namespace}" if key.namespace else ""
            return f"Missing permission: verb {verb} on {resource}{place} ({response.reason})"
        if response.status == _CONFLICT:
            return f"{key} has fields of another field manager: {response.reason}"
        return f"The API server {self._requests.server} answered {response.status} for {key}: {response.reason}"


def _namespace(item: Object, kind: Kind | None) -> str:
    """Return an object's namespace. Manifests may have one for kinds that are in none."""
    namespaced = kind.namespaced if kind else "namespace" in item["metadata"]
    return str(item["metadata"].get("namespace") or "default") if namespaced else ""


def _sent(item: Object, kind: Kind) -> Object:
    """Return an object without a namespace if its kind is in none."""
    if kind.namespaced:
        return item
    return {**item, "metadata": {name: value for name, value in item["metadata"].items() if name != "namespace"}}
