# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The producers behind one interface: the plan of each, what it needs of this machine, and its settings."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import dockerfile, libraries, machine, plan, producers, readme, sbom
from .cache import Cache, CacheEntry
from .control import RunControl
from .plan import BundlePlan, Request
from .record import BILL, README
from .release import application, lockfile, origins, pins, probe, release_images, web
from .release import plan as release_plan
from .release.download import Downloader
from .release.lockfile import Lock
from .release.origins import Origins
from .release.pins import Pinning
from .release.plan import ReleaseRequest
from .units import BundleError
from .work import ReleaseSettings, Settings

# The programs that a build from Go modules starts by name.
PROGRAMS = ("buildah", "debootstrap", "gcc", "tar")
# runc is compiled with libseccomp.
HEADER = Path("/usr/include/seccomp.h")
GO_SECONDS = 20
DOCKERFILE_REGISTRY = "docker.io"


class Job:
    """A bundle as the module's options describe it."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """:raises BundleError: an option is not valid"""
        self._params = params
        self._stack = release_images.with_images(params["stack"], params["release_images"])
        self.arch: str = params["arch"]
        self.stack_name: str = params["stack"]["name"]
        self.app_dir = dockerfile.application_folder(params["app_dir"])
        self.cache = Cache(Path(params["cache_dir"]))
        self._upstream_dir = Path(params["upstream_dir"]) if params["upstream_dir"] else None
        self._lock_file = Path(params["lock"])
        self._lock: Lock | None = None
        self._origins = _origins(params, self._stack)

    def plan(self, producer: str, current_keys: Mapping[str, str]) -> BundlePlan:
        """Return the plan of a producer.

        :raises BundleError: the producer can't make this stack
        """
        recipes = self._params["recipes"][producer]
        if producer == release_plan.PRODUCER:
            return release_plan.make_plan(self._release_request(), current_keys)
        if wanted := self._params["release_images"]:
            raise release_images.not_built_error(producer, self._params["stack"], wanted)
        if self.arch != "amd64":
            raise BundleError(f"The producer {producer} builds only for amd64, and {self.arch} is wanted.")
        components_dir = Path(self._params["components_dir"])
        request = Request(self._stack, recipes, components_dir, self.app_dir, self.arch, self._upstream_dir)
        return plan.make_plan(request, current_keys)

    def take_over(self, record: Mapping[str, Any]) -> None:
        """Take over what the present bundle has recorded, for a machine that has the bundle and not its lock file."""
        pins = record.get("pins", {})
        # A bundle from an archive is what it is.
        own = Lock() if self._params["archive"] else lockfile.read(self._lock_file)
        self._lock = Lock(pins.get("files", {}), pins.get("images", {})).with_added(own.files, own.images)

    def choose(self, record: Mapping[str, Any] | None, control: RunControl) -> str:
        """Return the producer that the options name, or that `auto` takes.

        :raises BundleError: no producer can make the bundle
        """
        producer: str = self._params["producer"]
        if producer != producers.AUTO:
            return producer
        keys = record["units"] if record else {}
        return producers.choose(
            record,
            lambda name: self.plan(name, keys),
            lambda planned: self.cache.has_all(planned.units.values()),
            self,
            control.say,
        )

    def check_machine(self, producer: str) -> None:
        """Check that this machine has all programs and rights that the producer needs.

        :raises BundleError: some are missing; the message names them all
        """
        sbom.check_library()
        if producer != release_plan.PRODUCER:
            check_machine(Path(self._params["go"]))
        else:
            check_release_machine()

    def pin(self, producer: str, control: RunControl) -> None:
        """Record in the lock file what neither it nor the stack has. It needs the cache's lock.

        :raises BundleError: it can't be had
        """
        if producer != release_plan.PRODUCER:
            return
        request = self._release_request()
        files, images = release_plan.unpinned(request)
        wanted = release_plan.unpinned_application(request)
        if wanted and self._params["app_build"] != "build" and not self._application_builder():
            images.append(wanted)
        if not files and not images:
            return
        control.say(f"recording {len(files)} checksums and {len(images)} digests in {self._lock_file}")
        pinning = Pinning(
            self._origins,
            self._downloader(control),
            control.processes,
            control.end_requested,
            self.cache.root,
            self.cache.tmp,
            self.cache.logs,
            self._upstream_dir,
        )
        self._lock = pins.added(request.lock, files, images, pinning)
        lockfile.write(self._lock_file, self._lock)

    def settings(self, producer: str, control: RunControl) -> Settings:
        """Return the settings of a build."""
        release = None
        if producer == release_plan.PRODUCER:
            lock = self._release_request().lock
            release = ReleaseSettings(self._origins, lock, self._downloader(control), self._application_builder())
        return Settings(
            self.cache.root,
            Path(self._params["components_dir"]),
            self.app_dir,
            self.arch,
            Path(self._params["go"]),
            self._params["debian_mirror"],
            release,
            self._upstream_dir,
        )

    def documents(
        self,
        record: Mapping[str, Any],
        bundle_plan: BundlePlan,
        cache_entries: Mapping[str, CacheEntry],
        settings: Settings,
    ) -> dict[str, str]:
        """Return the texts next to the bundle's record, by file name."""
        bill = sbom.text(record, bundle_plan, cache_entries, lambda unit: libraries.of_unit(unit, settings))
        return {BILL: bill, README: readme.text(record)}

    def _release_request(self) -> ReleaseRequest:
        if self._lock is None:
            self._lock = lockfile.read(self._lock_file)
        recipes = self._params["recipes"][release_plan.PRODUCER]
        application_option = self._params["app_build"]
        recipes = {**recipes, **release_images.recipes(self._params["release_images"])}
        return ReleaseRequest(self._stack, recipes, self._lock, self.app_dir, application_option, self.arch)

    def _application_builder(self) -> str:
        # The Dockerfile's base image is in this registry, and builders do not know the mirror.
        if self._params["app_build"] == producers.AUTO and DOCKERFILE_REGISTRY in self._params["registry_mirrors"]:
            return ""
        return application.builder(self._params["app_build"], self.app_dir, self.arch)

    def _downloader(self, control: RunControl) -> Downloader:
        client = web.Web()
        control.processes.call_at_stop(client.stop)
        return Downloader(client, lambda: control.processes.stopped or control.end_requested(), control.say)

    def problems(self, producer: str) -> Mapping[str, str]:
        """Ask the origins of a producer, and return by host what is wrong, empty for an answer."""
        if producer == release_plan.PRODUCER:
            return probe.ask(probe.of_release(self._stack, self.arch, self._origins))
        goproxy = _goproxy(Path(self._params["go"]))
        found = probe.ask(probe.of_go_modules(self._stack, goproxy))
        # Go asks one proxy after the other.
        answering = {host: problem for host, problem in found.items() if not problem}
        return answering or found or {"GOPROXY": f"GOPROXY is {goproxy!r}, which has no http or https proxy"}


def check_machine(go: Path) -> None:
    """Check that this machine has all programs and rights that a build from Go modules needs.

    :raises BundleError: some are missing; the message names them all
    """
    missing = [] if go.is_file() else [machine.missing_go(go)]
    if not HEADER.is_file():
        missing.append(machine.missing_package(f"libseccomp's headers ({HEADER})"))
    _raise_missing("A bundle can't be built here", machine.missing_requirements(PROGRAMS, missing))


def check_release_machine() -> None:
    """Check that this machine has what the producer release needs.

    :raises BundleError: it is missing
    """
    _raise_missing("Official releases can't be downloaded here", web.missing())


def _raise_missing(what: str, sentences: list[str]) -> None:
    if sentences:
        raise BundleError(f"{what}:" + "".join(f"\n  - {sentence}" for sentence in sentences))


def _goproxy(go: Path) -> str:
    """Return Go's module proxies: of the environment, or of Go's own settings; empty if `go` does not say."""
    if value := os.environ.get("GOPROXY"):
        return value
    try:
        done = subprocess.run([go, "env", "GOPROXY"], capture_output=True, text=True, timeout=GO_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _origins(params: Mapping[str, Any], stack: Mapping[str, Any]) -> Origins:
    mirror, registries = params["mirror_url"], params["registry_mirrors"]
    findings = list(origins.mirror_findings(mirror, registries, stack["images"].values()))
    if findings:
        listed = "".join(f"\n  - {finding}" for finding in findings)
        raise BundleError(f"The mirrors are not valid:{listed}")
    return Origins(mirror, registries)
