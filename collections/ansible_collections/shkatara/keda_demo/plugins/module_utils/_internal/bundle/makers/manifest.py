# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Manifests: a rendered kustomization of a Go module, several of its files joined to one, or a release's archive."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ..units import BundleError, Unit
from ..work import Work
from . import go


def build_manifest(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Write the manifest `unit` into the folder `out`."""
    method = unit.inputs["how"]
    if "upstream" in method:
        if work.settings.upstream_dir is None:
            raise BundleError(
                f"The bundle's {unit.name} is not in the cache, and there is no folder with {method['upstream']}: give "
                "one as bundle_upstream_dir."
            )
        shutil.copyfile(work.settings.upstream_dir / method["upstream"], out / unit.name)
        return {}
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
