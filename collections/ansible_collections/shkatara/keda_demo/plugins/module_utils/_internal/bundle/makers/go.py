# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Go programs, built from modules at the versions that a component's go.mod and go.sum fix."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from ..units import BundleError, Unit
from ..work import Work


def build_programs(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Build the unit's programs into the folder `out`."""
    build = unit.inputs["build"]
    binaries: dict[str, str] = build["binaries"]
    programs = work.folder / "programs"
    programs.mkdir()
    # One call for all programs: go compiles shared packages once and links several programs at a time.
    work.run(
        [
            work.settings.go,
            "build",
            f"-tags={','.join(build.get('tags', []))}",
            f"-ldflags={' '.join(['-s', '-w', *build['ldflags']])}",
            f"-o={programs}/",
            *binaries.values(),
        ],
        cwd=_module_copy(unit, work),
        env=go_environment(unit, work),
    )
    for output, package in binaries.items():
        target = out / output
        target.parent.mkdir(parents=True, exist_ok=True)
        (programs / executable_name(package)).rename(target)
        target.chmod(0o755)
    return {}


def module_folder(unit: Unit, work: Work) -> Path:
    """Return the folder with the sources of the module that `unit` comes from."""
    module = unit.inputs["entry"]["module"]
    # go.mod may replace the module by another, whose folder only `go list` knows.
    environment = go_environment(unit, work)
    cwd = _module_copy(unit, work)
    work.run([work.settings.go, "mod", "download", module], cwd=cwd, env=environment)
    description = json.loads(work.run([work.settings.go, "list", "-m", "-json", module], cwd=cwd, env=environment))
    return Path(description["Dir"])


def executable_name(package: str) -> str:
    """Return the name that `go build` gives a package's program: the last element that is not a major version.

    >>> executable_name("go.etcd.io/etcd/server/v3")
    'server'
    """
    path = PurePosixPath(package)
    return path.parent.name if re.fullmatch(r"v[0-9]+", path.name) else path.name


def go_environment(unit: Unit, work: Work) -> dict[str, str]:
    """Return the environment of `go`.

    It sets all variables that affect a program, so that the caller's environment does not. Go's caches are inside this
    cache, so that removing this cache gives the state of a machine that has never built anything.
    """
    cache = work.settings.cache_dir / "go"
    cgo = bool(unit.inputs.get("build", {}).get("cgo"))
    return {
        "CGO_ENABLED": "1" if cgo else "0",
        "GO111MODULE": "on",
        "GOAMD64": "v1",
        "GOARCH": work.settings.arch,
        "GOCACHE": str(cache / "build"),
        "GOEXPERIMENT": "",
        "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
        "GOMODCACHE": str(cache / "mod"),
        "GOOS": "linux",
        "GOTMPDIR": str(work.folder),
        "GOTOOLCHAIN": unit.inputs["entry"]["toolchain"],
        "GOWORK": "off",
        "TMPDIR": str(work.folder),
    }


def _module_copy(unit: Unit, work: Work) -> Path:
    """Copy the component's folder and return the copy. In the original, go would leave lock files next to go.mod."""
    copy = work.folder / "module"
    if not copy.is_dir():
        entry = unit.inputs["entry"]
        name = unit.inputs.get("component", unit.name)
        source = work.settings.components_dir / name / entry["version"]
        if not source.is_dir():
            raise BundleError(f"{source} no longer exists.")
        shutil.copytree(source, copy)
    return copy
