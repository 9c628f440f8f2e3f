# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Images: Debian bases by debootstrap, the application by its Dockerfile, and archives of all that go together.

buildah makes them, each unit in a storage of its own that goes with the unit's folder. The storage driver is vfs
and the isolation chroot, so that nothing is mounted that a killed build could leave behind, and so that it works in
a container, too. An archive is an OCI layout: layers that its images share are in it once, and are not compressed,
since hosts unpack them faster than they inflate them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import dockerfile
from ..units import BundleError, Unit
from ..work import Work

LAYOUT = "oci"
CERTIFICATES = Path("/etc/ssl/certs")
APT = "apt-get -qq -o Acquire::Retries=3"
# Without systemd a package's script starts its daemon, in the network of this machine; 101 forbids it.
POLICY = "/usr/sbin/policy-rc.d"
FORBID_DAEMONS = f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}"


class Buildah:
    """buildah with the storage of one unit."""

    def __init__(self, work: Work) -> None:
        self._work = work
        storage = work.folder / "containers"
        self._command = [
            "buildah",
            f"--root={storage / 'root'}",
            f"--runroot={storage / 'run'}",
            "--storage-driver=vfs",
        ]

    def __call__(self, *arguments: str | Path) -> str:
        """Run buildah and return what it printed, without the line's end."""
        # Its own temporary files are as large as the images.
        environment = {"TMPDIR": str(self._work.folder), "BUILDAH_ISOLATION": "chroot"}
        return self._work.run([*self._command, *arguments], cwd=self._work.folder, env=environment).strip()

    def source(self, folder: Path) -> str:
        """Return the name by which buildah takes the one image that was made in `folder`.

        It makes an image's name of the path, and not every path is one: hence a link.
        """
        link = self._work.folder / f"source-{folder.name}"
        if not link.is_symlink():
            link.symlink_to(folder / LAYOUT)
        return f"oci:{link.name}"

    def commit(self, container: str, target: str) -> None:
        """Make an image of the container that is the same whenever it is made, and remove the container."""
        self("commit", "--quiet", "--timestamp=0", "--rm", "--disable-compression", container, target)


def build_base(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Make a Debian base image in `out`; with packages it is one more layer on the plain one."""
    buildah = Buildah(work)
    packages = unit.inputs.get("packages")
    if packages:
        [plain] = work.needs.values()
        container = buildah("from", buildah.source(plain.folder))
        install = f"{APT} update && {APT} install --yes --no-install-recommends {' '.join(packages)}"
        _run_in(buildah, container, f"{FORBID_DAEMONS} && {install} && rm {POLICY} && {_clean_apt()}")
    else:
        container = buildah("from", "scratch")
        buildah("add", "--quiet", container, _debootstrap(unit.inputs["suite"], work), "/")
    buildah.commit(container, f"oci:{out / LAYOUT}")
    return {}


def extract_debian(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Take files out of a Debian package, which is downloaded but not installed."""
    entry = unit.inputs["entry"]
    package = entry["debian_package"]
    buildah = Buildah(work)
    [base] = work.needs.values()
    container = buildah("from", buildah.source(base.folder))
    script = (
        f"{APT} update && mkdir /taken && cd /tmp && {APT} download {package} && "
        f"dpkg-deb --extract {package}_*.deb /taken && dpkg-deb --field {package}_*.deb Version"
    )
    version = _run_in(buildah, container, script).splitlines()[-1]
    expected = entry.get("debian_version", entry["version"])
    if version.rpartition("-")[0] != expected:
        raise BundleError(f"Debian has {package} {version}, and the stack wants {expected} of {unit.name}.")
    taken = Path(buildah("mount", container)) / "taken"
    for output, path in unit.inputs["build"]["debian_files"].items():
        (out / output).write_bytes((taken / path).read_bytes())
        (out / output).chmod(0o755)
    buildah("umount", container)
    buildah("rm", container)
    return {"debian_version": version}


def build_application(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Build an image from the Dockerfile of `app_dir`, on a base of ours."""
    if work.settings.app_dir is None:
        raise dockerfile.no_application(unit.name)
    context = work.folder / "context"
    dockerfile.fill_context(work.settings.app_dir, list(unit.inputs["files"]), context)
    [base] = work.needs.values()
    buildah = Buildah(work)
    image = buildah("pull", "--quiet", buildah.source(base.folder))
    # What pip has to know to reach a registry from here, where it is for this build alone.
    volumes = [f"--volume={_pip_configuration(work)}:/etc/pip.conf:ro"]
    if CERTIFICATES.is_dir():
        volumes.append(f"--volume={CERTIFICATES}:{CERTIFICATES}:ro")
    buildah(
        "build",
        "--quiet",
        "--isolation=chroot",
        "--pull=never",
        "--timestamp=0",
        f"--build-arg=BASE_IMAGE={image}",
        *volumes,
        "--tag=application",
        context,
    )
    # This compresses the layers, whatever it is told; build_archive takes them out again.
    buildah("push", "--quiet", "localhost/application", f"oci:{out / LAYOUT}")
    return {}


def build_archive(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Make one archive with all images of `unit`, under their full references."""
    buildah = Buildah(work)
    layout = work.folder / LAYOUT
    for image in unit.inputs["images"].values():
        target = f"oci:{layout}:{image['reference']}"
        component = work.needs[f"component/{image['component']}"]
        if image.get("dockerfile"):
            # Not pushed, since a push compresses; a commit leaves the image as it is but for an empty layer.
            container = buildah("from", buildah.source(component.folder))
        else:
            container = _container(buildah, image, component.folder, work)
        buildah.commit(container, target)
    names = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]
    work.run(["tar", *names, f"--file={out / unit.name}.tar", "--create", f"--directory={layout}", "."])
    return {"images": _digests(layout)}


def _digests(layout: Path) -> dict[str, str]:
    """Return the digest of each image of an OCI layout by its reference, as containerd has both after an import."""
    index = json.loads((layout / "index.json").read_text(encoding="utf-8"))
    return {one["annotations"]["org.opencontainers.image.ref.name"]: one["digest"] for one in index["manifests"]}


def _container(buildah: Buildah, image: Mapping[str, Any], programs: Path, work: Work) -> str:
    base = buildah.source(work.needs[image["base"]].folder) if "base" in image else "scratch"
    container = buildah("from", base)
    for source, target in image["files"].items():
        buildah("copy", "--quiet", "--chmod=0755", container, programs / source, target)
    # Upstream's images have the program as entry point, and their manifests give only its arguments.
    entrypoint = image.get("entrypoint", [next(iter(image["files"].values()))])
    listed = ",".join(f'"{word}"' for word in entrypoint)
    settings = [
        f"--entrypoint=[{listed}]",
        "--cmd=",
        f"--label=org.opencontainers.image.version={image['version']}",
    ]
    if "user" in image:
        settings.append(f"--user={image['user']}")
    buildah("config", *settings, container)
    return container


def _debootstrap(suite: str, work: Work) -> Path:
    root = work.folder / "debootstrap"
    mirror = [work.settings.debian_mirror] if work.settings.debian_mirror else []
    work.run(["debootstrap", "--variant=minbase", f"--arch={work.settings.arch}", suite, root, *mirror])
    for leftover in ("var/cache/apt/archives", "var/lib/apt/lists", "var/log"):
        for path in (root / leftover).rglob("*"):
            if path.is_file():
                path.unlink()
    archive = work.folder / "debootstrap.tar"
    work.run(
        [
            "tar",
            "--numeric-owner",
            "--one-file-system",
            f"--file={archive}",
            "--create",
            f"--directory={root}",
            ".",
        ]
    )
    return archive


def _run_in(buildah: Buildah, container: str, script: str) -> str:
    return buildah(
        "run",
        "--isolation=chroot",
        "--env=DEBIAN_FRONTEND=noninteractive",
        container,
        "--",
        "sh",
        "-ec",
        script,
    )


def _clean_apt() -> str:
    return (
        "rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/* /var/cache/ldconfig"
    )


def _pip_configuration(work: Work) -> Path:
    settings = {
        "cert": os.environ.get("PIP_CERT") or _if_file(CERTIFICATES / "ca-certificates.crt"),
        "index-url": os.environ.get("PIP_INDEX_URL"),
        "trusted-host": os.environ.get("PIP_TRUSTED_HOST"),
    }
    lines = ["[global]", *(f"{key} = {value}" for key, value in settings.items() if value)]
    file = work.folder / "pip.conf"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _if_file(path: Path) -> str | None:
    return str(path) if path.is_file() else None
