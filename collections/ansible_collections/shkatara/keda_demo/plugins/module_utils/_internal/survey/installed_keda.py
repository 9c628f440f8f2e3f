# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether a cluster has KEDA, whose it is, and what the demo does about it.

Kubernetes has one API of external metrics, which an APIService leads to one Service. Whoever has that APIService
serves the metrics of all HPAs, so a second KEDA can't be added, nor KEDA beside another adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import owners
from .owners import API_SERVICE, KEDA, Claim
from .parts import ABSENT, DETECT, EXISTING, PRESENT, Part
from .snapshot import Snapshot

_SCALED_OBJECTS = next(claim for claim in owners.CLAIMS[KEDA] if claim.name == "scaledobjects.keda.sh")


def decide(snapshot: Snapshot, asked: str, field_manager: str) -> Part:
    """Return what the demo does about KEDA.

    :param asked: `detect`, `present`, `existing` or `absent`
    """
    service = snapshot.api_service
    foreign = snapshot.foreign(KEDA, field_manager)
    if service is not None and not owners.is_ours(service, field_manager):
        return _foreign_service(snapshot, service, asked)
    if foreign:
        return _leftovers(foreign, asked, serves=service is not None)
    if asked == ABSENT:
        return Part(
            KEDA, EXISTING, problems=(
                "keda_state is absent, and the application is scaled by KEDA: leave it out, or give demo_state: absent",
            ),
        )  # fmt: skip
    if asked == EXISTING and service is None:
        return Part(
            KEDA, EXISTING, problems=(
                f"keda_state is existing, and the cluster has no {API_SERVICE}: install KEDA there, or give "
                "keda_state: present",
            ),
        )  # fmt: skip
    return Part(KEDA, EXISTING if asked == EXISTING else PRESENT)


def _foreign_service(snapshot: Snapshot, service: Mapping[str, Any], asked: str) -> Part:
    backend = (service.get("spec") or {}).get("service") or {}
    place = f"{backend.get('namespace')}/{backend.get('name')}" if backend else "the API server itself"
    if not _is_kedas(service, backend) or snapshot.claims.get(_SCALED_OBJECTS) is None:
        return Part(
            KEDA, EXISTING, problems=(
                f"the external metrics API is somebody else's: {API_SERVICE} leads to {place}, which is no KEDA. A "
                "cluster has one such API: remove that adapter, or use another cluster",
            ),
        )  # fmt: skip
    if asked not in (DETECT, EXISTING):
        return Part(
            KEDA, EXISTING, problems=(
                f"keda_state is {asked}, and the cluster has a KEDA of somebody else's ({API_SERVICE} leads to "
                f"{place}): give keda_state: existing, or leave it out",
            ),
        )  # fmt: skip
    return Part(KEDA, EXISTING, str(backend.get("namespace") or ""))


def _is_kedas(service: Mapping[str, Any], backend: Mapping[str, Any]) -> bool:
    """Return whether an APIService leads to KEDA, by the names that its manifests, its Helm chart and OLM give it."""
    labels = (service["metadata"].get("labels") or {}).values()
    return any("keda" in str(text) for text in (backend.get("name"), *labels)) or (
        backend.get("namespace") in ("keda", "openshift-keda")
    )


def _leftovers(foreign: list[Claim], asked: str, *, serves: bool) -> Part:
    if asked == EXISTING and serves:
        return Part(KEDA, EXISTING)
    named = ", ".join(map(str, foreign))
    return Part(
        KEDA, EXISTING, problems=(
            f"the cluster has parts of a KEDA that is somebody else's, and no external metrics API of it: {named}. "
            "Repair that KEDA, or delete what is left of it",
        ),
    )  # fmt: skip
