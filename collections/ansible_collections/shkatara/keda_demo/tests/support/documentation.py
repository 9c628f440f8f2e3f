# SPDX-License-Identifier: MIT
"""The options of a module as its documentation has them, with those of its fragments."""

from __future__ import annotations

import importlib
from typing import Any

import yaml

COLLECTION = "shkatara.keda_demo."


def documented_options(module: Any) -> dict[str, Any]:
    """The options of a module's documentation, those of its fragments first."""
    text = yaml.safe_load(module.DOCUMENTATION)
    options: dict[str, Any] = {}
    for name in text.get("extends_documentation_fragment", []):
        assert name.startswith(COLLECTION)
        place = f"ansible_collections.{COLLECTION}plugins.doc_fragments.{name.removeprefix(COLLECTION)}"
        fragment = yaml.safe_load(importlib.import_module(place).ModuleDocFragment.DOCUMENTATION)
        options |= fragment.get("options", {})
    return options | text["options"]
