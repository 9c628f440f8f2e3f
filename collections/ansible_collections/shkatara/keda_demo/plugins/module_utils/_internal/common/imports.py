# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The Python libraries of a module: which of them are missing, all at once, and how to install them."""

from __future__ import annotations

import importlib
import shlex
import sys
from collections.abc import Mapping


def missing(libraries: Mapping[str, str]) -> dict[str, str]:
    """Return those of `libraries`, the packages by the names of import statements, that can't be imported."""
    return {name: package for name, package in libraries.items() if not _can_import(name)}


def _can_import(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def message(libraries: Mapping[str, str]) -> str:
    """Return the message about libraries that are missing."""
    named = [name if name == package else f"{name} (package {package})" for name, package in libraries.items()]
    verb = "is" if len(named) == 1 else "are"
    command = shlex.join([sys.executable, "-m", "pip", "install", *libraries.values()])
    return f"{', '.join(named)} {verb} missing in the Python libraries of {sys.executable}: run `{command}`"
