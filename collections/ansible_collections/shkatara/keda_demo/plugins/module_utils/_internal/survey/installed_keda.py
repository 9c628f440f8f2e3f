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
        return _problem(
            "keda_state is absent, and the application is scaled by KEDA: leave it out, or give demo_state: absent"
        )
    if asked == EXISTING and service is None:
        return _problem(
            f"keda_state is existing, and the cluster has no {API_SERVICE}: install KEDA there, or give "
            "keda_state: present"
        )
    return Part(KEDA, EXISTING if asked == EXISTING else PRESENT)


def _problem(sentence: str) -> Part:
    return Part(KEDA, EXISTING, problems=(sentence,))


def _foreign_service(snapshot: Snapshot, service: Mapping[str, Any], asked: str) -> Part:
    backend = (service.get("spec") or {}).get("service") or {}
    place = f"{backend.get('namespace')}/{backend.get('name')}" if backend else "the API server itself"
    if not _is_kedas(service, backend) or snapshot.claims.get(_SCALED_OBJECTS) is None:
        return _problem(
            f"the external metrics API is somebody else's: {API_SERVICE} leads to {place}, which is no KEDA. A "
            "cluster has one such API: remove that adapter, or use another cluster"
        )
    if asked not in (DETECT, EXISTING):
        return _problem(
            f"keda_state is {asked}, and the cluster has a KEDA of somebody else's ({API_SERVICE} leads to {place}): "
            "give keda_state: existing, or leave it out"
        )
    return Part(KEDA, EXISTING, str(backend.get("namespace") or ""))


def _is_kedas(service: Mapping[str, Any], backend: Mapping[str, Any]) -> bool:
    """Return whether an APIService leads to KEDA, by the names that its manifests, its Helm chart and OLM give it."""
    labels = (service["metadata"].get("labels") or {}).values()
    texts = [backend.get("name"), backend.get("namespace"), *labels]
    return any("keda" in str(text) for text in texts)


def _leftovers(foreign: list[Claim], asked: str, *, serves: bool) -> Part:
    if asked == EXISTING and serves:
        return Part(KEDA, EXISTING)
    return _problem(
        "the cluster has parts of a KEDA that is somebody else's, and no external metrics API of it: "
        f"{', '.join(map(str, foreign))}. Repair that KEDA, or delete what is left of it"
    )
