# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""LabelSelectors from the other side: labels that an object must have to be selected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class CannotMatch(Exception):
    """No labels of the object can match; the message is the requirement."""


def labels_for(selector: Mapping[str, Any], fixed: Mapping[str, str]) -> dict[str, str]:
    """Return the labels to add to an object, so that the selector selects it.

    :param fixed: the labels that the object has anyway, and whose values can't be others
    :raises CannotMatch: a requirement is against one of them
    """
    wanted: dict[str, str] = {}
    for key, value in (selector.get("matchLabels") or {}).items():
        _add(wanted, fixed, key, [value])
    rules = selector.get("matchExpressions") or []
    for rule in rules:
        if rule["operator"] == "In":
            _add(wanted, fixed, rule["key"], rule.get("values") or [])
        elif rule["operator"] == "Exists" and rule["key"] not in {**fixed, **wanted}:
            wanted[rule["key"]] = "true"
    for rule in rules:
        has = {**fixed, **wanted}
        refused = rule["operator"] == "DoesNotExist" and rule["key"] in has
        if refused or (rule["operator"] == "NotIn" and has.get(rule["key"]) in (rule.get("values") or [])):
            raise CannotMatch(_text(rule))
    return wanted


def _add(wanted: dict[str, str], fixed: Mapping[str, str], key: str, values: list[str]) -> None:
    has = {**fixed, **wanted}
    if key in has and has[key] not in values:
        raise CannotMatch(f"{key} in ({', '.join(values)}), and it is {has[key]}")
    if key not in has:
        if not values or key.startswith("kubernetes.io/"):
            raise CannotMatch(f"{key} in ({', '.join(values)})")
        wanted[key] = values[0]


def _text(rule: Mapping[str, Any]) -> str:
    words = {"NotIn": "not in", "DoesNotExist": "does not exist"}[rule["operator"]]
    values = f" ({', '.join(rule['values'])})" if rule.get("values") else ""
    return f"{rule['key']} {words}{values}"
