# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about filesystems: space, inodes, and kinds on which Kubernetes does not run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .preflight_probe import Finding, Probe, Wants

_KIB_A_MIB = 1024
# Files of the unpacked images of the stack `seed`, and as many again.
MIN_INODES = 60000
# Where the archives of images are, until they are imported.
ARCHIVES = ("~", "/var/lib/keda-demo")
# overlayfs is what containerd mounts images by, and it can't lie on these.
NO_OVERLAY = {"overlayfs": "an overlay", "nfs": "NFS", "zfs": "ZFS", "fuseblk": "FUSE", "tmpfs": "memory"}


@dataclass(frozen=True)
class Place:
    """The filesystem of a path that the roles write to."""

    path: str
    mode: str  # ro or rw
    kind: str
    free_mb: int
    inodes: int
    free_inodes: int
    mount: str
    runs_programs: bool


def disk_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield what is wrong with the filesystems that the roles write to."""
    places = {place.path: place for place in _places(probe)}
    path = wants.system["images"]
    images = places.get(path)
    joined = probe.belongs_to(wants.endpoint)
    if not joined:
        yield from _space_findings(places, images, wants, probe.number("size", "images") // _KIB_A_MIB)
    for mount in probe.lines("xfs"):
        if images and images.mount == mount:
            words = f"{mount} is XFS with ftype=0, on which images can't be unpacked"
            yield "filesystem", f"{words}: create a filesystem with ftype=1 and mount it at {path}"
    if images and images.kind in NO_OVERLAY and not joined:
        words = f"{path} is on {NO_OVERLAY[images.kind]}, on which images can't be unpacked"
        yield "filesystem", f"{words}: mount ext4 or XFS on it"
    root = probe.value("system", "uid") == "0"
    locked = [place.path for place in places.values() if root and place.mode == "ro"]
    if locked:
        yield "filesystem", f"{', '.join(locked)} can't be written to: mount it read-write"
    for place in places.values():
        if not place.runs_programs and place.path in ("/usr/local/bin", "/opt/cni/bin"):
            yield "filesystem", f"{place.mount} is mounted noexec, and programs go to {place.path}: mount it with exec"


def _space_findings(
    places: dict[str, Place], images: Place | None, wants: Wants, imported_mb: int
) -> Iterator[Finding]:
    free = images.free_mb if images else 0
    if free + imported_mb < wants.sizes["disk_mb"]:
        words = f"{free} MB are free for {wants.system['images']}, and the images need {wants.sizes['disk_mb']} MB"
        yield "disk", f"{words} (preflight_min_disk_mb)"
    for path, size in wants.disks.items():
        place = places.get(path)
        least = size - (imported_mb if path in ARCHIVES else 0)  # unpacked images take more than their archives
        if place and place.mount != (images.mount if images else "") and place.free_mb < least:
            yield "disk", f"{place.free_mb} MB are free in {place.mount}, and {path} needs {least} MB: free some space"
    if images and images.inodes and images.free_inodes < MIN_INODES:
        words = f"{images.free_inodes} inodes are free in {images.mount}, and the images need {MIN_INODES}"
        yield "disk", f"{words}: remove files from it"


def _places(probe: Probe) -> Iterator[Place]:
    for line in probe.lines("disk"):
        words = line.split()
        if len(words) == 8:
            path, mode, kind, free, inodes, free_inodes, mount, options = words
            numbers = [int(word) if word.isdigit() else 0 for word in (free, inodes, free_inodes)]
            megabytes = numbers[0] // _KIB_A_MIB
            yield Place(path, mode, kind, megabytes, numbers[1], numbers[2], mount, options == "exec")
