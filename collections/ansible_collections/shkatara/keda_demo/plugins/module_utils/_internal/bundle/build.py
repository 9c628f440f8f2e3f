# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The building: every unit that the cache has not, each after those it needs, two at a time."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import dockerfile
from .cache import Cache, Made
from .makers import go, image, manifest
from .plan import BundlePlan
from .processes import Processes
from .units import BundleError, Interrupted, Unit
from .work import Settings, Work

WORKERS = 2
POLL_SECONDS = 0.5
GIB = 2**30
# What was seen to be needed while all is built, and what a Go component leaves in Go's caches on the average.
FIXED_GIB = 3.0
GO_COMPONENT_GIB = 1.3

Say = Callable[[str], None]


@dataclass(frozen=True)
class Host:
    """What the building needs of the process that it runs in."""

    say: Say
    interrupted: Callable[[], bool]
    processes: Processes


class Builder:
    """Makes the units of a plan."""

    def __init__(self, plan: BundlePlan, cache: Cache, settings: Settings, host: Host) -> None:
        self._plan = plan
        self._cache = cache
        self._settings = settings
        self._host = host
        self._made: dict[str, Made] = {}

    def run(self) -> tuple[dict[str, Made], list[str]]:
        """Return all units, and the ids of those that were made now.

        :raises BundleError: one can't be made; those that were under way are finished
        :raises Interrupted: the run was asked to end
        """
        todo = self._look()
        if todo:
            check_space(self._cache.root, todo)
            self._check_application(todo)
            self._host.say(f"{len(todo)} of {len(self._plan.units)} parts are not in the cache {self._cache.root}")
            self._make_all(todo)
        return self._made, [unit.id for unit in todo]

    def _check_application(self, todo: list[Unit]) -> None:
        # A plan without the application's folder takes it that the image is in the cache, or needed by nothing.
        for unit in todo:
            if self._settings.app_dir is None and _maker(unit) is image.build_application:
                raise dockerfile.no_application(unit.name)

    def _look(self) -> list[Unit]:
        todo = []
        for unit in self._plan.units.values():
            found, damaged = self._cache.find(unit)
            if found:
                self._made[unit.id] = found
                continue
            if damaged:
                self._host.say(f"{unit.label}: {damaged} in the cache is damaged, made anew")
            todo.append(unit)
        return todo

    def _make_all(self, todo: list[Unit]) -> None:
        waiting, running = list(todo), dict[Future[Made], Unit]()
        finished = 0
        failures: list[Exception] = []
        with ThreadPoolExecutor(WORKERS) as pool:
            while (waiting and not failures) or running:
                for unit in [unit for unit in waiting if all(need in self._made for need in unit.needs)]:
                    if failures or len(running) >= WORKERS:
                        break
                    waiting.remove(unit)
                    running[pool.submit(self._make, unit)] = unit
                done, _ = wait(running, POLL_SECONDS, FIRST_COMPLETED)
                if self._host.interrupted():
                    self._host.processes.stop()
                for future in done:
                    unit = running.pop(future)
                    error = future.exception()
                    if error is None:
                        self._made[unit.id] = future.result()
                        finished += 1
                        self._host.say(f"({finished}/{len(todo)}) {unit.label} is there")
                    elif isinstance(error, Exception):
                        failures.append(error)
        for failure in failures:
            if not isinstance(failure, Interrupted):
                raise failure
        if failures:
            raise failures[0]

    def _make(self, unit: Unit) -> Made:
        folder = self._cache.tmp / f"{unit.kind}-{unit.name}"
        out = folder / "out"
        out.mkdir(parents=True)
        log = self._cache.logs / f"{unit.kind}-{unit.name}.log"
        log.unlink(missing_ok=True)
        needs = {id_: self._made[id_] for id_ in unit.needs}
        self._host.say(f"{unit.label}: {_doing(unit)}")
        begun = time.monotonic()
        try:
            info = _maker(unit)(unit, out, Work(self._settings, needs, folder, log, self._host.processes))
            seconds = round(time.monotonic() - begun)
            return self._cache.store(unit, out, {**info, "seconds": seconds})
        except OSError as error:
            raise BundleError(f"{unit.label}: {error}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _maker(unit: Unit) -> Callable[[Unit, Path, Work], dict[str, Any]]:
    if unit.kind == "component":
        entry: Mapping[str, Any] = unit.inputs["entry"]
        if "module" in entry:
            return go.build_go
        return image.extract_debian if "debian_package" in entry else image.build_application
    return {"base": image.build_base, "archive": image.build_archive, "manifest": manifest.build_manifest}[unit.kind]


def _doing(unit: Unit) -> str:
    entry = unit.inputs.get("entry", {})
    if unit.kind == "component" and "module" in entry:
        return f"building {entry['module']}@{entry['module_version']} with {entry['toolchain']}"
    if "debian_package" in entry:
        return f"taking it from the Debian package {entry['debian_package']}"
    return "making it"


def check_space(folder: Path, todo: list[Unit]) -> None:
    """:raises BundleError: the file system of `folder` has not the space that making `todo` needs"""
    programs = sum(1 for unit in todo if unit.kind == "component" and "module" in unit.inputs.get("entry", {}))
    needed = FIXED_GIB + GO_COMPONENT_GIB * programs
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize / GIB
    if free < needed:
        raise BundleError(
            f"{folder} has {free:.1f} GiB free, and building {len(todo)} parts of the bundle needs {needed:.1f}: "
            "free some, or give another folder as cluster_cache_dir (KEDA_DEMO_CACHE)."
        )
