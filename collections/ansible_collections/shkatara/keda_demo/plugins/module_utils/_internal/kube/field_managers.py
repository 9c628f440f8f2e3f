# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Who wrote an object's replicas last, read from its `metadata.managedFields`.

The API server notes, for each client, the fields that it wrote: an entry has the client's name (`manager`, the first
part of its user agent unless it gives one), the subresource that it wrote through, and a time in whole seconds. A write
takes a changed field away from all other clients, so the owner of `spec.replicas` is the writer of its present value.
HPAs and KEDA write through the subresource `scale`, and `kubectl scale` does too; `kubectl apply`, Argo CD and Helm
write the object itself.
Source: Kubernetes 1.25, staging/src/k8s.io/apimachinery/pkg/util/managedfields; handlers/fieldmanager/scalehandler.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SCALE = "scale"


@dataclass(frozen=True)
class FieldManager:
    """A client that wrote a field; empty strings where that is not known."""

    name: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        if not self.name:
            return "a client that the API server does not name"
        through = f" through the subresource {self.subresource}" if self.subresource else ""
        return f"{self.name}{through}"


UNKNOWN = FieldManager()


def replicas_writer(obj: Mapping[str, Any]) -> FieldManager:
    """Return who wrote the present value of `spec.replicas`; empty where the object does not say.

    Several owners have applied the same value; the newest of them counts.
    """
    owners = [
        entry
        for entry in obj["metadata"].get("managedFields") or []
        if "f:replicas" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    newest: Mapping[str, str] = max(owners, key=lambda entry: entry.get("time") or "", default={})
    return FieldManager(newest.get("manager") or "", newest.get("subresource") or "")
