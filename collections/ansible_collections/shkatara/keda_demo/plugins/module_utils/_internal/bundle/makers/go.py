# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Components that are Go programs: built from their modules at the versions that their go.mod and go.sum fix."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from ..units import BundleError, Unit
from ..work import Work


def build_go(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Build the unit's programs into the folder `out`."""
    build = unit.inputs["build"]
    binaries: dict[str, str] = build["binaries"]
    made = work.folder / "made"
    made.mkdir()
    # All in one call: go compiles what they share once, and links several at a time.
    work.run(
        [
            work.settings.go,
            "build",
            f"-tags={','.join(build.get('tags', []))}",
            f"-ldflags={' '.join(['-s', '-w', *build['ldflags']])}",
            f"-o={made}/",
            *binaries.values(),
        ],
        cwd=_module(unit, work),
        env=go_environment(unit, work),
    )
    for output, package in binaries.items():
        target = out / output
        target.parent.mkdir(parents=True, exist_ok=True)
        (made / executable_name(package)).rename(target)
        target.chmod(0o755)
    return {}


def module_folder(unit: Unit, work: Work) -> Path:
    """Return the folder with the sources of the module that the component `unit` is built from."""
    module = unit.inputs["entry"]["module"]
    # A replaced module has its sources under another name, which only `go list` knows.
    environment = go_environment(unit, work)
    cwd = _module(unit, work)
    work.run([work.settings.go, "mod", "download", module], cwd=cwd, env=environment)
    listed = json.loads(work.run([work.settings.go, "list", "-m", "-json", module], cwd=cwd, env=environment))
    return Path(listed["Dir"])


def executable_name(package: str) -> str:
    """Return the name that `go build` gives a package's program: its last element that is no major version.

    >>> executable_name("go.etcd.io/etcd/server/v3")
    'server'
    """
    path = PurePosixPath(package)
    return path.parent.name if re.fullmatch(r"v[0-9]+", path.name) else path.name


def go_environment(unit: Unit, work: Work) -> dict[str, str]:
    """Return what Go has to know; its caches are in ours, so that moving ours away gives a cold machine.

    All that has an effect on a program is set, so that nothing of the caller's environment has.
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


def _module(unit: Unit, work: Work) -> Path:
    """Copy the component's folder: go would otherwise leave its lock files beside go.mod."""
    copy = work.folder / "module"
    if not copy.is_dir():
        entry = unit.inputs["entry"]
        name = unit.inputs.get("component", unit.name)
        source = work.settings.components_dir / name / entry["version"]
        if not source.is_dir():
            raise BundleError(f"{source} is not there any more.")
        shutil.copytree(source, copy)
    return copy
