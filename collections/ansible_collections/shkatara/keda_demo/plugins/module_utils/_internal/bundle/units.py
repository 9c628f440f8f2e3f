# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Units, the parts that a bundle is built from.

A unit is a component's programs, a Debian base image, an archive of images or a manifest, or, of official releases, a
downloaded file or a copied image. Its key is a hash of all its
inputs and of the keys of its dependencies. So a change of an input changes the keys of exactly those units that it can
affect, and the cache keeps each unit under its key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The version of each kind's maker. Raise it when the maker begins to give another result for the same inputs, so that
# no older result is taken from a cache.
BUILDERS = {"base": "1", "component": "1", "archive": "4", "manifest": "1", "download": "1", "image": "1"}


class BundleError(Exception):
    """A failure that the user can fix. The message says the cause and the fix."""


class Interrupted(BundleError):
    """The run ends early: it received a signal, or the reader of its result is gone."""


@dataclass(frozen=True)
class Unit:
    """A part of a bundle, built once and kept in the cache under its key.

    :param inputs: everything that the unit's maker reads; the maker must read nothing else, since only this is hashed
    :param dependency_keys: the keys of the units that this unit is built from, by their ids
    """

    kind: str
    name: str
    version: str
    inputs: Mapping[str, Any]
    dependency_keys: Mapping[str, str]
    key: str

    @property
    def id(self) -> str:
        """The unit's unique name in a plan, such as component/etcd."""
        return f"{self.kind}/{self.name}"

    @property
    def label(self) -> str:
        """The unit's name in progress lines, such as `etcd 3.5.4` or `archive node`."""
        return f"{self.name} {self.version}" if self.kind == "component" else f"{self.kind} {self.name}"


def make_unit(
    kind: str, name: str, version: str, inputs: Mapping[str, Any], dependencies: tuple[Unit, ...] = ()
) -> Unit:
    """Return the unit with its key computed."""
    dependency_keys = {unit.id: unit.key for unit in dependencies}
    text = json.dumps([BUILDERS[kind], kind, name, version, inputs, dependency_keys], sort_keys=True)
    return Unit(kind, name, version, inputs, dependency_keys, hashlib.sha256(text.encode()).hexdigest()[:20])
