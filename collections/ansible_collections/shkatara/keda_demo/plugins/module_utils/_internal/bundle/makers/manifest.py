# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Manifests from the sources of Go modules: a rendered kustomization, or several files joined to one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..units import BundleError, Unit
from ..work import Work
from . import go


def build_manifest(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Write the manifest `unit` into the folder `out`."""
    method = unit.inputs["how"]
    sources = go.module_folder(unit, work)
    if "kustomize" in method:
        kubectl = work.dependencies["component/kubernetes"].folder / "kubectl"
        text = work.run([kubectl, "kustomize", sources / method["kustomize"]])
    else:
        files = sorted(sources.glob(method["concat"]))
        if not files:
            raise BundleError(f"{unit.name}: {sources} has no {method['concat']}.")
        text = "".join(f"---\n{file.read_text(encoding='utf-8').strip()}\n" for file in files)
    (out / unit.name).write_text(text, encoding="utf-8")
    return {}
