# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The plan of a bundle from official releases: downloads, programs and manifests made of them, and copied images.

All checksums and digests are inputs of the units, so a plan is complete when the lock file has those that the stack
lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import dockerfile
from ..plan import BundleFile, BundlePlan
from ..units import BundleError, Unit, make_unit
from . import origins
from .lockfile import Lock
from .origins import Download

PRODUCER = "release"


@dataclass(frozen=True)
class ReleaseRequest:
    """The bundle to plan.

    :param application: how the application's image is made: auto, build or registry
    """

    stack: Mapping[str, Any]
    recipes: Mapping[str, Any]
    lock: Lock
    app_dir: Path | None
    application: str = "auto"
    arch: str = "amd64"


def make_plan(request: ReleaseRequest, current_keys: Mapping[str, str] | None = None) -> BundlePlan:
    """Return the plan of the stack's bundle.

    :param current_keys: the unit keys of the present bundle; without the application's folder, the application's key is
        taken from them
    :raises BundleError: a component has no recipe, or the stack lacks what a recipe names
    """
    return _Planner(request, current_keys or {}).plan()


def unpinned(request: ReleaseRequest) -> tuple[list[Download], list[str]]:
    """Return the files that have a checksum neither in the stack nor in the lock, and the images without a digest.

    The application's image is not among them.
    """
    names = {
        used["download"]
        for recipe in request.recipes.values()
        for part in ("bin", "manifests")
        for used in recipe.get(part, {}).values()
    }
    files = origins.downloads(request.stack, request.arch)
    images = [
        request.stack["images"][key]
        for recipe in request.recipes.values()
        for key, image in recipe.get("images", {}).items()
        if not image.get("dockerfile")
    ]
    return (
        [
            file
            for name, file in files.items()
            if name in names and not file.sha256 and file.url not in request.lock.files
        ],
        [reference for reference in images if reference not in request.lock.images],
    )


def unpinned_application(request: ReleaseRequest) -> str:
    """Return the application's image if it has no digest in the lock, else an empty text."""
    references = [
        str(request.stack["images"][key])
        for recipe in request.recipes.values()
        for key, image in recipe.get("images", {}).items()
        if image.get("dockerfile")
    ]
    return next((reference for reference in references if reference not in request.lock.images), "")


class _Planner:
    def __init__(self, request: ReleaseRequest, current_keys: Mapping[str, str]) -> None:
        self._request = request
        self._current_keys = current_keys
        self._downloads = origins.downloads(request.stack, request.arch)
        self._units: dict[str, Unit] = {}
        self._files: list[BundleFile] = []

    def plan(self) -> BundlePlan:
        archives: dict[str, dict[str, Unit]] = {}
        for name in self._request.stack["components"]:
            if name not in self._request.recipes:
                raise BundleError(f"The stack's component {name} has no recipe in the producer {PRODUCER}.")
            recipe = self._request.recipes[name]
            self._add_programs(name, recipe.get("bin", {}))
            for key, image in recipe.get("images", {}).items():
                archives.setdefault(image["archive"], {})[key] = self._image(name, key, image)
        for archive, images in sorted(archives.items()):
            self._add_archive(archive, images)
        for name in self._request.stack["components"]:
            for manifest, how in self._request.recipes[name].get("manifests", {}).items():
                self._add_manifest(manifest, how)
        urls = {file.url for file in self._downloads.values()}
        references = set(self._request.stack["images"].values())
        pins = {
            "files": {url: value for url, value in self._request.lock.files.items() if url in urls},
            "images": {name: value for name, value in self._request.lock.images.items() if name in references},
        }
        return BundlePlan(self._units, tuple(self._files), PRODUCER, pins)

    def _add(self, unit: Unit) -> Unit:
        return self._units.setdefault(unit.id, unit)

    def _download(self, name: str) -> Unit:
        try:
            file = self._downloads[name]
        except KeyError:
            raise BundleError(
                f"The stack has no address of {name} (release), which the producer {PRODUCER} downloads: take a stack "
                "that has it, or set bundle_producer to go_modules."
            ) from None
        inputs = {
            "release": True,
            "source": file.url,
            "sha256": file.sha256 or self._request.lock.files.get(file.url, ""),
            "checksum_url": file.checksum_url,
            "in_stack": bool(file.sha256),
        }
        return self._add(make_unit("download", name, file.version, inputs))

    def _add_programs(self, name: str, programs: Mapping[str, Any]) -> None:
        if not programs:
            return
        downloads = {used["download"]: self._download(used["download"]) for used in programs.values()}
        inputs = {
            "release": True,
            "programs": {output: dict(used) for output, used in programs.items()},
            "source": ", ".join(str(unit.inputs["source"]) for unit in downloads.values()),
        }
        version = next(iter(downloads.values())).version
        unit = self._add(make_unit("component", name, version, inputs, tuple(downloads.values())))
        for output in programs:
            self._files.append(BundleFile(f"bin/{output}", "binary", unit.id, output))

    def _add_manifest(self, name: str, how: Mapping[str, Any]) -> None:
        download = self._download(how["download"])
        inputs = {"release": True, "how": dict(how), "source": download.inputs["source"]}
        unit = self._add(make_unit("manifest", name, download.version, inputs, (download,)))
        self._files.append(BundleFile(f"manifests/{name}", "manifest", unit.id, name))

    def _image(self, component: str, key: str, image: Mapping[str, Any]) -> Unit:
        try:
            reference = str(self._request.stack["images"][key])
        except KeyError:
            raise BundleError(f"The stack names no image {key}, which a recipe has.") from None
        version = self._request.stack["components"][component]["version"]
        inputs: dict[str, Any] = {"release": True, "source": reference, "arch": self._request.arch}
        if not image.get("dockerfile"):
            inputs["digest"] = self._request.lock.images.get(reference, "")
            return self._add(make_unit("image", key, version, inputs))
        return self._add(self._application(key, version, inputs))

    def _application(self, key: str, version: str, inputs: dict[str, Any]) -> Unit:
        """Return the unit of the application's image.

        The machine's programs decide whether `auto` builds it. They are no input: the bundle stays what it is on a
        machine with others.
        """
        inputs["application"] = self._request.application
        if self._request.application == "registry":
            inputs["digest"] = self._request.lock.images.get(inputs["source"], "")
        elif self._request.app_dir is not None:
            inputs["files"] = dockerfile.context_files(self._request.app_dir)
        elif f"image/{key}" in self._current_keys:
            inputs["kept"] = True
            return Unit("image", key, version, inputs, {}, self._current_keys[f"image/{key}"])
        return make_unit("image", key, version, inputs)

    def _add_archive(self, name: str, images: Mapping[str, Unit]) -> None:
        inputs = {"release": True, "images": {unit.id: unit.inputs["source"] for unit in images.values()}}
        unit = self._add(make_unit("archive", name, "", inputs, tuple(images.values())))
        self._files.append(BundleFile(f"images/{name}.tar", "images", unit.id, f"{name}.tar"))
