# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The packages that a unit is built from: Go modules by its go.mod, Python packages by its requirements."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from . import sbom
from .units import BundleError, Unit
from .work import Settings

if TYPE_CHECKING:
    from packageurl import PackageURL

GO_SECONDS = 60
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;\\]+)", re.MULTILINE)


def of_unit(unit: Unit, settings: Settings) -> Iterator[PackageURL]:
    """Yield the package URLs of what a unit is built from; none for what is taken as it is.

    :raises BundleError: a go.mod can't be read
    """
    entry = unit.inputs.get("entry", {})
    if unit.kind == "component" and "module" in entry:
        folder = settings.components_dir / unit.name / entry["version"]
        for path, version in go_modules(settings.go, folder):
            yield sbom.module_url(path, version)
    elif settings.app_dir is not None and (settings.release is None or settings.release.application_builder):
        for name in unit.inputs.get("files") or ():
            if Path(name).name == "requirements.txt":
                for match in _PINNED.finditer((settings.app_dir / name).read_text(encoding="utf-8")):
                    yield sbom.requirement_url(match["name"], match["version"])


def go_modules(go: Path, folder: Path) -> list[tuple[str, str]]:
    """Return path and version of each module that the go.mod in `folder` requires, after its replacements.

    :raises BundleError: go can't read the file
    """
    command: list[str | Path] = [go, "mod", "edit", "-json", folder / "go.mod"]
    # go does not fetch the toolchain that the file names, which only builds need.
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=GO_SECONDS, check=True, env=environment, cwd=folder
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BundleError(f"{folder}/go.mod can't be read: {getattr(error, 'stderr', None) or error}") from error
    described = json.loads(done.stdout)
    replaced = {item["Old"]["Path"]: item["New"] for item in described.get("Replace") or ()}
    required = [replaced.get(item["Path"], item) for item in described.get("Require") or ()]
    return sorted({(item["Path"], item["Version"]) for item in required if item.get("Version")})
