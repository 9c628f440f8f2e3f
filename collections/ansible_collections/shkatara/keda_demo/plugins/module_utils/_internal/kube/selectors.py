# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Label selectors in the syntax of the API's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def label_selector(selector: Mapping[str, Any]) -> str:
    """Return a LabelSelector object in the syntax of the API's `labelSelector` parameter.

    Source: Kubernetes 1.25, k8s.io/apimachinery/pkg/labels/selector.go, Parse.
    """
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for rule in selector.get("matchExpressions") or []:
        values = ",".join(rule.get("values") or [])
        parts.append(
            {
                "In": f"{rule['key']} in ({values})",
                "NotIn": f"{rule['key']} notin ({values})",
                "Exists": rule["key"],
                "DoesNotExist": f"!{rule['key']}",
            }[rule["operator"]]
        )
    return ",".join(parts)
