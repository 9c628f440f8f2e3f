# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Where programs and images come from: the stack's data and the recipes of both producers."""

from __future__ import annotations

from typing import Any

import yaml

from tests.hosts_page.objects import STACK
from tests.hosts_page.roles import ROLES, written_files
from tests.hosts_page.tables import Row

_ARCH = "amd64"
# The hosts that get an archive of images, by the role containerd.
_ARCHIVES = {"control_plane": "control plane", "node": "every host", "workloads": "workers"}


def _recipes(producer: str) -> dict[str, Any]:
    content = yaml.safe_load((ROLES / "bundle" / "vars" / f"{producer}.yml").read_text(encoding="utf-8"))
    recipes: dict[str, Any] = content[f"__bundle_{producer}_recipes"]
    return recipes


def _built_from(name: str) -> str:
    """Return what the producer `go_modules` makes a component of."""
    component = STACK["components"][name]
    if "module" in component:
        return f"`{component['module']}@{component['module_version']}`, Go {component['toolchain'].removeprefix('go')}"
    if "debian_package" in component:
        return f"Debian package `{component['debian_package']}`"
    return "this project's `Dockerfile` and `app`"


def _official(download: str) -> str:
    """Return the address of an official file."""
    release = STACK["release"][download]
    version = release.get("version", STACK["components"][release["component"]]["version"])
    return str(release["url"]).format(version=version, arch=_ARCH)


def program_rows() -> list[Row]:
    """Return `program | official file | built from` of each program that a role brings to a host."""
    recipes = _recipes("release")
    of = {
        program: (name, entry) for name, recipe in recipes.items() for program, entry in recipe.get("bin", {}).items()
    }
    found = []
    for file in written_files():
        program = file.source.removeprefix("bundle `bin/").removesuffix("`")
        if program in of:
            name, entry = of[program]
            member = f"`{entry['member']}` of " if "member" in entry else ""
            found.append((f"`{file.path}`", f"{member}<{_official(entry['download'])}>", _built_from(name)))
    return sorted(found)


def image_rows() -> list[Row]:
    """Return `image | hosts | built from` of each image; the name is that of the official registry."""
    of = {key: (name, image) for name, recipe in _recipes("release").items() for key, image in _images(recipe)}
    return [
        (f"`{reference}`", _ARCHIVES[of[key][1]["archive"]], _built_from(of[key][0]))
        for key, reference in STACK["images"].items()
    ]


def _images(recipe: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(recipe.get("images", {}).items())
