# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the parts of the bundle share: units of work, their hashes, and the error that a person reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Raise a kind's number when its same inputs begin to give something else, so that nothing old is taken from a cache.
BUILDERS = {"base": "1", "component": "1", "archive": "3", "manifest": "1"}


class BundleError(Exception):
    """Something that the person who runs this can mend; the message says what and how."""


class Interrupted(BundleError):
    """The run was asked to end, by a signal or because nobody reads its result any more."""


@dataclass(frozen=True)
class Unit:
    """One thing that is made once and kept in the cache under the hash of all that went into it.

    `inputs` is everything the maker of the unit reads, so that nothing which is not hashed can have an effect;
    `needs` maps the ids of the units it is made of to their keys.
    """

    kind: str
    name: str
    version: str
    inputs: Mapping[str, Any]
    needs: Mapping[str, str]
    key: str

    @property
    def id(self) -> str:
        """The name that is unique in a plan, such as component/etcd."""
        return f"{self.kind}/{self.name}"

    @property
    def label(self) -> str:
        """What a person reads in a progress line, such as `etcd 3.5.4` or `archive node`."""
        return f"{self.name} {self.version}" if self.kind == "component" else f"{self.kind} {self.name}"


def make_unit(kind: str, name: str, version: str, inputs: Mapping[str, Any], needs: tuple[Unit, ...] = ()) -> Unit:
    """Return the unit with its key computed."""
    keys = {unit.id: unit.key for unit in needs}
    text = json.dumps([BUILDERS[kind], kind, name, version, inputs, keys], sort_keys=True)
    return Unit(kind, name, version, inputs, keys, hashlib.sha256(text.encode()).hexdigest()[:20])
