# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The build of a plan: all units that the cache lacks, each after its dependencies, several at a time.

After a failure no further unit is begun, and the units under construction are finished and kept, so that the next run
does not build them again.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from . import dockerfile
from .cache import Cache, CacheEntry
from .control import RunControl
from .makers import go, image, manifest, official_file, official_image
from .plan import BundlePlan
from .release import copiers
from .units import BundleError, Interrupted, Unit
from .work import Settings, Work

# Compilers use all cores by themselves; downloads wait for the network.
WORKERS = {"go_modules": 2, "release": 8}
POLL_SECONDS = 0.5
GIB = 2**30
# What a build of nearly all components of the stack `seed` is told to take, as the README has it.
USUAL_TIME = "; the build of all of them took 22 to 37 minutes on a machine with two cores"
MANY_GO_COMPONENTS = 10
# Measured: the peak during the build of a whole bundle, and the average that a Go component adds to Go's caches.
FIXED_GIB = 3.0
GO_COMPONENT_GIB = 1.3
# For the average unit of official files, in the cache and the bundle: compressed files, and what is unpacked of them.
RELEASE_GIB = {"download": 0.06, "component": 0.06, "image": 0.05, "archive": 0.2, "manifest": 0.0}


class Builder:
    """The build of one plan."""

    def __init__(self, plan: BundlePlan, cache: Cache, settings: Settings, control: RunControl) -> None:
        self._plan = plan
        self._cache = cache
        self._settings = settings
        self._control = control
        self._cache_entries: dict[str, CacheEntry] = {}

    def run(self) -> tuple[dict[str, CacheEntry], list[str]]:
        """Return the cache entries of all units by id, and the ids of the units that were built in this run.

        :raises BundleError: a unit can't be built
        :raises Interrupted: the end of the run was requested
        """
        missing = self._find_missing()
        if missing:
            check_space(self._cache.root, missing)
            self._check_application(missing)
            self._control.say(
                f"{len(missing)} of {len(self._plan.units)} parts are not in the cache {self._cache.root}"
                f"{USUAL_TIME if _go_components(missing) >= MANY_GO_COMPONENTS else ''}"
            )
            if any(unit.kind == "image" for unit in missing):
                self._control.say(copiers.sentence())
            self._build_units(missing)
        return self._cache_entries, [unit.id for unit in missing]

    def _check_application(self, missing: list[Unit]) -> None:
        # Without the application's folder, a plan assumes that the image is in the cache or that no unit needs it.
        for unit in missing:
            if self._settings.app_dir is None and _maker(unit) is image.build_application:
                raise dockerfile.missing_application_error(unit.name)

    def _find_missing(self) -> list[Unit]:
        missing = []
        for unit in self._plan.units.values():
            cache_entry, damaged = self._cache.find(unit)
            if cache_entry:
                self._cache_entries[unit.id] = cache_entry
                continue
            if damaged:
                self._control.say(f"{unit.label}: {damaged} in the cache is damaged and is built again")
            missing.append(unit)
        return missing

    def _build_units(self, missing: list[Unit]) -> None:
        waiting, running = list(missing), dict[Future[CacheEntry], Unit]()
        workers = WORKERS[self._plan.producer]
        built = 0
        failures: list[Exception] = []
        with ThreadPoolExecutor(workers) as pool:
            while (waiting and not failures) or running:
                for unit in [unit for unit in waiting if unit.dependency_keys.keys() <= self._cache_entries.keys()]:
                    if failures or len(running) >= workers:
                        break
                    waiting.remove(unit)
                    running[pool.submit(self._build_unit, unit)] = unit
                finished, _ = wait(running, POLL_SECONDS, FIRST_COMPLETED)
                if self._control.end_requested():
                    self._control.processes.stop()
                for future in finished:
                    unit = running.pop(future)
                    error = future.exception()
                    if error is None:
                        self._cache_entries[unit.id] = future.result()
                        built += 1
                        self._control.say(f"({built}/{len(missing)}) {unit.label} is ready")
                    elif isinstance(error, Exception):
                        failures.append(error)
        for failure in failures:
            if not isinstance(failure, Interrupted):
                raise failure
        if failures:
            raise failures[0]

    def _build_unit(self, unit: Unit) -> CacheEntry:
        folder = self._cache.tmp / f"{unit.kind}-{unit.name}"
        out = folder / "out"
        out.mkdir(parents=True)
        log = self._cache.logs / f"{unit.kind}-{unit.name}.log"
        log.unlink(missing_ok=True)
        dependencies = {id_: self._cache_entries[id_] for id_ in unit.dependency_keys}
        self._control.say(f"{unit.label}: {_activity(unit)}")
        start = time.monotonic()
        try:
            info = _maker(unit)(unit, out, Work(self._settings, dependencies, folder, log, self._control.processes))
            seconds = round(time.monotonic() - start)
            return self._cache.store(unit, out, {**info, "seconds": seconds})
        except OSError as error:
            raise BundleError(f"{unit.label}: {error}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _maker(unit: Unit) -> Callable[[Unit, Path, Work], dict[str, Any]]:
    """Return the function that builds the unit into a folder and returns facts about it."""
    if "release" in unit.inputs:
        return {
            "download": official_file.download,
            "component": official_file.extract_programs,
            "manifest": official_file.extract_manifest,
            "image": official_image.copy_image,
            "archive": official_image.pack_images,
        }[unit.kind]
    if unit.kind == "component":
        entry: Mapping[str, Any] = unit.inputs["entry"]
        if "module" in entry:
            return go.build_programs
        return image.extract_package if "debian_package" in entry else image.build_application
    return {"base": image.build_base, "archive": image.build_archive, "manifest": manifest.build_manifest}[unit.kind]


def _activity(unit: Unit) -> str:
    if unit.kind in ("download", "image"):
        return f"taking it from {unit.inputs['source']}"
    entry = unit.inputs.get("entry", {})
    if unit.kind == "component" and "module" in entry:
        return f"building {entry['module']}@{entry['module_version']} with {entry['toolchain']}"
    if "debian_package" in entry:
        return f"taking it from the Debian package {entry['debian_package']}"
    return "making it"


def _go_components(units: Iterable[Unit]) -> int:
    """Return how many of the units are built from Go modules."""
    return sum(1 for unit in units if unit.kind == "component" and "module" in unit.inputs.get("entry", {}))


def check_space(folder: Path, missing: list[Unit]) -> None:
    """Check that the file system of `folder` has space for the build of the units `missing`.

    :raises BundleError: it has too little space
    """
    programs = _go_components(missing)
    if all("release" in unit.inputs for unit in missing):
        needed = sum(RELEASE_GIB[unit.kind] for unit in missing)
    else:
        needed = FIXED_GIB + GO_COMPONENT_GIB * programs
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize / GIB
    if free < needed:
        raise BundleError(
            f"{folder} has {free:.1f} GiB free, and building {len(missing)} parts of the bundle needs {needed:.1f}: "
            "free some, or give another folder as cluster_cache_dir (KEDA_DEMO_CACHE)."
        )
