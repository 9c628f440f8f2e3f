# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The plan of a stack's bundle: its units, and the place of each unit's files in the bundle.

Planning builds nothing. It reads the stack, the recipes and the sources, and hashes them into the units' keys. The same
files and settings give the same plan on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import checksums, dockerfile
from .units import BundleError, Unit, make_unit

# The keys of a recipe that affect the build of a component. The other keys say how the component's files are used.
BUILD_KEYS = ("binaries", "tags", "ldflags", "cgo", "debian_files")


@dataclass(frozen=True)
class BundleFile:
    """A file of the bundle: its path in the bundle, its kind, and its source, a path in the folder of a unit."""

    path: str
    kind: str
    unit: str
    source: str


@dataclass(frozen=True)
class BundlePlan:
    """All units by id, each after its dependencies, and the files of the bundle.

    :param pins: what the lock file has of this bundle; see release/lockfile.py
    """

    units: Mapping[str, Unit]
    files: tuple[BundleFile, ...]
    producer: str = "go_modules"
    pins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def keys(self) -> dict[str, str]:
        """The key of each unit. Plans with equal keys describe the same bundle."""
        return {unit.id: unit.key for unit in self.units.values()}

    @property
    def paths(self) -> set[str]:
        """The path of each file in the bundle."""
        return {item.path for item in self.files}


@dataclass(frozen=True)
class Request:
    """The bundle to plan, from the options of the module."""

    stack: Mapping[str, Any]
    recipes: Mapping[str, Any]
    components_dir: Path
    app_dir: Path | None
    arch: str = "amd64"
    upstream_dir: Path | None = None


def make_plan(request: Request, current_keys: Mapping[str, str] | None = None) -> BundlePlan:
    """Return the plan of the stack's bundle.

    :param current_keys: the unit keys of the present bundle; without the application's folder, the application's key is
        taken from them
    :raises BundleError: a component has no recipe or no folder, or the stack does not name an image
    """
    return _Planner(request, current_keys or {}).plan()


class _Planner:
    def __init__(self, request: Request, current_keys: Mapping[str, str]) -> None:
        self._request = request
        self._current_keys = current_keys
        self._units: dict[str, Unit] = {}
        self._files: list[BundleFile] = []

    def plan(self) -> BundlePlan:
        components: dict[str, Any] = self._request.stack["components"]
        for name, entry in components.items():
            if name not in self._request.recipes:
                raise BundleError(f"The stack's component {name} has no recipe in this producer.")
            self._add_component(name, entry, self._request.recipes[name])
        images = self._images(components)
        for archive in sorted({image["archive"] for image in images.values()}):
            self._add_archive(archive, {key: image for key, image in images.items() if image["archive"] == archive})
        for name in components:
            self._add_manifests(name, self._request.recipes[name])
        return BundlePlan(self._units, tuple(self._files))

    def _add(self, unit: Unit) -> Unit:
        return self._units.setdefault(unit.id, unit)

    def _add_component(self, name: str, entry: Mapping[str, Any], recipe: Mapping[str, Any]) -> None:
        if "upstream" in recipe:
            self._add_archives_of_release(entry, recipe["upstream"])
            return
        build = {key: recipe[key] for key in BUILD_KEYS if key in recipe}
        build["ldflags"] = [fill_version(flag, entry["version"]) for flag in recipe.get("ldflags", [])]
        inputs: dict[str, Any] = {"arch": self._request.arch, "entry": dict(entry), "build": build}
        dependencies: tuple[Unit, ...] = ()
        if "module" in entry:
            inputs["files"] = self._component_files(name, entry["version"])
        elif "debian_package" in entry:
            dependencies = (self._base(()),)
        else:
            unit = self._application(name, entry, recipe, inputs)
            self._add(unit)
            return
        self._add(make_unit("component", name, entry["version"], inputs, dependencies))
        for output in recipe.get("bin", []):
            self._files.append(BundleFile(f"bin/{output}", "binary", f"component/{name}", output))

    def _add_archives_of_release(self, entry: Mapping[str, Any], archives: Mapping[str, str]) -> None:
        """Add what no module has. Without the folder of archives, a present bundle keeps those of the same version."""
        for name, template in archives.items():
            file = fill_version(template, entry["version"])
            inputs: dict[str, Any] = {"how": {"upstream": file}, "entry": dict(entry)}
            folder, id_ = self._request.upstream_dir, f"manifest/{file}"
            sha256 = checksums.sha256_of_all(folder, [file])[file] if folder is not None else None
            if sha256 is not None:
                self._add(make_unit("manifest", file, entry["version"], {**inputs, "sha256": sha256}))
            elif id_ in self._current_keys:
                self._add(Unit("manifest", file, entry["version"], inputs, {}, self._current_keys[id_]))
            elif folder is not None:
                raise BundleError(f"{folder} (bundle_upstream_dir) has no {file}: put the release's archive into it.")
            else:
                continue
            self._files.append(BundleFile(f"manifests/{name}", "manifest", id_, file))

    def _component_files(self, name: str, version: str) -> dict[str, str | None]:
        folder = self._request.components_dir / name / version
        if not (folder / "go.mod").is_file():
            component_dir = self._request.components_dir / name
            versions = sorted(path.name for path in component_dir.glob("*") if path.is_dir())
            raise BundleError(
                f"The stack wants {name} {version}, and there is no {folder}/go.mod to build it from; "
                f"the existing versions are: {', '.join(versions) or 'none'}."
            )
        return checksums.sha256_of_all(folder, checksums.list_files(folder))

    def _application(
        self, name: str, entry: Mapping[str, Any], recipe: Mapping[str, Any], inputs: dict[str, Any]
    ) -> Unit:
        [key] = recipe["images"]
        base = self._base(tuple(recipe["images"][key].get("packages", ())))
        inputs["reference"] = self._reference(key)
        if self._request.app_dir is not None:
            inputs["files"] = dockerfile.context_files(self._request.app_dir)
            return make_unit("component", name, entry["version"], inputs, (base,))
        if f"component/{name}" not in self._current_keys:
            raise dockerfile.missing_application_error(name)
        return Unit(
            "component", name, entry["version"], inputs, {base.id: base.key}, self._current_keys[f"component/{name}"]
        )

    def _base(self, packages: tuple[str, ...]) -> Unit:
        """Add the Debian base image. Packages are a layer on the plain base, which all images share."""
        suite = self._request.stack.get("debian_suite", "bookworm")
        return [self._add(unit) for unit in base_units(self._request.arch, suite, packages)][-1]

    def _images(self, components: Mapping[str, Any]) -> dict[str, Any]:
        images = {}
        for name, entry in components.items():
            for key, image in self._request.recipes[name].get("images", {}).items():
                images[key] = {
                    **image,
                    "component": name,
                    "version": entry["version"],
                    "source": source_of({"entry": entry}),
                    "reference": self._reference(key),
                }
        return dict(sorted(images.items()))

    def _reference(self, key: str) -> str:
        try:
            return str(self._request.stack["images"][key])
        except KeyError:
            raise BundleError(f"The stack names no image {key}, which a recipe builds.") from None

    def _add_archive(self, name: str, images: Mapping[str, Any]) -> None:
        dependencies = {}
        for image in images.values():
            component = self._units[f"component/{image['component']}"]
            dependencies[component.id] = component
            if "packages" in image and not image.get("dockerfile"):
                base = self._base(tuple(image["packages"]))
                image["base"] = base.id
                dependencies[base.id] = base
        self._add(make_unit("archive", name, "", {"images": images}, tuple(dependencies.values())))
        self._files.append(BundleFile(f"images/{name}.tar", "images", f"archive/{name}", f"{name}.tar"))

    def _add_manifests(self, component: str, recipe: Mapping[str, Any]) -> None:
        entry = self._request.stack["components"][component]
        for name, method in recipe.get("manifests", {}).items():
            inputs = {
                "how": method,
                "component": component,
                "entry": dict(entry),
                "files": self._component_files(component, entry["version"]),
                "references": [self._reference(key) for key in recipe.get("images", {})],
            }
            # kubectl renders a kustomization.
            dependencies = (self._units["component/kubernetes"],) if "kustomize" in method else ()
            self._add(make_unit("manifest", name, entry["version"], inputs, dependencies))
            self._files.append(BundleFile(f"manifests/{name}", "manifest", f"manifest/{name}", name))


def base_units(arch: str, suite: str, packages: Iterable[str], name: str = "") -> list[Unit]:
    """Return the unit of the plain Debian base and, if there are packages, the unit of the base with packages.

    :param name: the name of the base with packages, by default the suite and the packages
    """
    inputs = {"arch": arch, "suite": suite}
    plain = make_unit("base", suite, "", inputs)
    sorted_packages = sorted(packages)
    if not sorted_packages:
        return [plain]
    name = name or "-".join((suite, *sorted_packages))
    return [plain, make_unit("base", name, "", {**inputs, "packages": sorted_packages}, (plain,))]


def source_of(inputs: Mapping[str, Any]) -> str:
    """Return the origin of a unit's content, such as its Go module and version, or its address."""
    if "source" in inputs:
        return str(inputs["source"])
    entry = inputs.get("entry", {})
    if "module" in entry:
        return f"{entry['module']}@{entry['module_version']}"
    if "upstream" in inputs.get("how", {}):
        return str(inputs["how"]["upstream"])
    # An archive of images that were copied, but for the application's.
    return str(entry.get("debian_package", "official images" if "release" in inputs else "built here"))


def fill_version(text: str, version: str) -> str:
    """Return `text` with its {version}, {major} and {minor} replaced."""
    major, minor, *_ = version.split(".")
    return text.format(version=version, major=major, minor=minor)
