# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A bundle's software bill of materials in CycloneDX, for scanners of vulnerabilities and licences.

It has each part of the bundle with its package URL, each image and file with its SHA-256, and what each of them is made
of. Programs that are built from Go modules have all modules of their go.mod, and the application the packages of its
requirements. It does not look into official programs and images, nor into Debian's base images.

The same bundle has the same text: there is no time in it.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .cache import CacheEntry
from .plan import BundlePlan
from .units import BundleError, Unit

try:
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot5
    from packageurl import PackageURL

    IS_THERE = True
except ImportError:  # a finished bundle has its bill
    IS_THERE = False

# The name space of serial numbers, a random number.
NAMESPACE = uuid.UUID("0c8b7d6e-6f0e-4a53-9d25-5b8c9f0a6d11")

# The packages that a unit is built from, by their package URLs.
Libraries = Callable[[Unit], Iterable["PackageURL"]]


def check_library() -> None:
    """:raises BundleError: the library that writes the bill is missing"""
    if not IS_THERE:
        raise BundleError(
            f"The bundle's bill of materials is written with the Python package cyclonedx-python-lib, which "
            f"{sys.executable} lacks: install it in the environment that runs Ansible."
        )


def text(
    record: Mapping[str, Any], plan: BundlePlan, cache_entries: Mapping[str, CacheEntry], libraries: Libraries
) -> str:
    """Return the bill of the bundle with this record, as JSON.

    :param libraries: returns what a unit is built from, empty for what is not known
    """
    return _Bill(record, plan, cache_entries, libraries).text()


class _Bill:
    def __init__(
        self,
        record: Mapping[str, Any],
        plan: BundlePlan,
        cache_entries: Mapping[str, CacheEntry],
        libraries: Libraries,
    ) -> None:
        self._record = record
        self._plan = plan
        self._cache_entries = cache_entries
        self._libraries = libraries
        name = f"{record['stack']}-{record['arch']}"
        bundle = Component(name=name, type=ComponentType.PLATFORM, bom_ref=f"bundle/{name}")
        self._bundle = bundle
        self._components: dict[str, Component] = {}
        self._bom = Bom(metadata=BomMetaData(component=bundle), serial_number=uuid.uuid5(NAMESPACE, repr(plan.keys)))
        # CycloneDX does without a time; the library's annotation does not.
        self._bom.metadata.timestamp = None  # type: ignore[assignment]

    def text(self) -> str:
        for unit in self._plan.units.values():
            self._add_unit(unit)
        unit_of = {item.path: item.unit for item in self._plan.files}
        files = [self._add_file(file, unit_of[file["path"]]) for file in self._record["files"]]
        self._bom.register_dependency(self._bundle, files)
        return str(JsonV1Dot5(self._bom).output_as_string(indent=1)) + "\n"

    def _add(self, component: Component, made_of: Iterable[Component] = ()) -> Component:
        known = self._components.setdefault(str(component.bom_ref), component)
        if known is component:
            self._bom.components.add(component)
        self._bom.register_dependency(known, made_of)
        return known

    def _add_unit(self, unit: Unit) -> None:
        made_of = [self._components[id_] for id_ in unit.dependency_keys if id_ in self._components]
        made_of += [self._add_package(purl) for purl in self._libraries(unit)]
        if unit.kind == "archive":
            made_of += self._add_images(unit)
        entry = self._cache_entries[unit.id]
        sha256 = unit.inputs.get("sha256") or ""
        self._add(
            Component(
                name=unit.name,
                type=_type(unit),
                version=unit.version or None,
                bom_ref=unit.id,
                purl=_package_url(unit, entry),
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else [],
            ),
            made_of,
        )

    def _add_images(self, unit: Unit) -> list[Component]:
        """Add the images of an archive that was built here; official images are units of their own."""
        if "release" in unit.inputs:
            return []
        digests = self._record["images"][unit.name]
        added = []
        for image in unit.inputs["images"].values():
            reference = image["reference"]
            sources = [f"component/{image['component']}", image.get("base", "")]
            name, _colon, tag = reference.rpartition(":")
            purl = _image_url(reference, digests[reference])
            component = Component(name=name, type=ComponentType.CONTAINER, version=tag, bom_ref=reference, purl=purl)
            added.append(self._add(component, [self._components[id_] for id_ in sources if id_ in self._components]))
        return added

    def _add_package(self, purl: PackageURL) -> Component:
        name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        return self._add(
            Component(name=name, type=ComponentType.LIBRARY, version=purl.version, bom_ref=purl.to_string(), purl=purl)
        )

    def _add_file(self, file: Mapping[str, Any], unit: str) -> Component:
        return self._add(
            Component(
                name=file["path"],
                type=ComponentType.FILE,
                version=file["version"] or None,
                bom_ref=f"file/{file['path']}",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file["sha256"])],
            ),
            [self._components[unit]],
        )


def _type(unit: Unit) -> ComponentType:
    return {
        "base": ComponentType.OPERATING_SYSTEM,
        "component": ComponentType.APPLICATION,
        "image": ComponentType.CONTAINER,
    }.get(unit.kind, ComponentType.FILE)


def _package_url(unit: Unit, cache_entry: CacheEntry) -> PackageURL | None:
    """Return what the unit is to the rest of the world, None for a part of the bundle alone."""
    inputs = unit.inputs
    if unit.kind == "image":
        digest = inputs.get("digest")
        return _image_url(inputs["source"], digest) if digest else None
    if unit.kind == "download":
        qualifiers = {"checksum": f"sha256:{inputs['sha256']}", "download_url": inputs["source"]}
        return PackageURL("generic", None, unit.name, unit.version, qualifiers)
    entry: Mapping[str, Any] = inputs.get("entry", {})
    if unit.kind == "component" and "module" in entry:
        return module_url(entry["module"], entry["module_version"])
    if unit.kind == "component" and "debian_package" in entry:
        version = cache_entry.info["debian_version"]
        return PackageURL("deb", "debian", entry["debian_package"], version, {"arch": inputs["arch"]})
    return None


def module_url(path: str, version: str) -> PackageURL:
    """Return the package URL of a Go module."""
    namespace, _slash, name = path.rpartition("/")
    return PackageURL("golang", namespace or None, name, version)


def requirement_url(name: str, version: str) -> PackageURL:
    """Return the package URL of a Python package."""
    return PackageURL("pypi", None, name, version)


def _image_url(reference: str, digest: str) -> PackageURL:
    repository, _colon, tag = reference.rpartition(":")
    return PackageURL("oci", None, repository.rpartition("/")[2], digest, {"repository_url": repository, "tag": tag})
