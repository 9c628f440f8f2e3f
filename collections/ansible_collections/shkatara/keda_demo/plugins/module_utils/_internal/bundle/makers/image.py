# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Images: Debian bases from debootstrap, the application's image from its Dockerfile, and archives of images.

buildah builds them. Each unit has its own storage in the unit's working folder, which is removed with it. The storage
driver is vfs and the isolation is chroot, so that a killed build leaves no mounts behind, and a build also works in a
container. An archive is an OCI layout, which has each layer that its images share only once. Layers are not compressed:
for hosts, reading the larger file takes less time than inflating a compressed one.
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
from . import labels

LAYOUT = "oci"
CERTIFICATES = Path("/etc/ssl/certs")
APT = "apt-get -qq -o Acquire::Retries=3"
# Without systemd, a package's script would start its daemon in the network of this machine. Exit code 101 forbids this.
POLICY = "/usr/sbin/policy-rc.d"
FORBID_DAEMONS = f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}"


class Buildah:
    """The command buildah with the storage of one unit."""

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
        """Run buildah and return its output without surrounding white space."""
        # buildah's temporary files are as large as the images.
        environment = {"TMPDIR": str(self._work.folder), "BUILDAH_ISOLATION": "chroot"}
        return self._work.run([*self._command, *arguments], cwd=self._work.folder, env=environment).strip()

    def source(self, folder: Path) -> str:
        """Return buildah's name of the image in the OCI layout of `folder`.

        buildah derives an image name from the path, and not all paths are valid names. Hence the name is a link's.
        """
        link = self._work.folder / f"source-{folder.name}"
        if not link.is_symlink():
            link.symlink_to(folder / LAYOUT)
        return f"oci:{link.name}"

    def commit(self, container: str, target: str) -> None:
        """Commit the container as a reproducible image, and remove the container."""
        self("commit", "--quiet", "--timestamp=0", "--rm", "--disable-compression", container, target)


def build_base(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Build a Debian base image in `out`. Packages are a layer on the plain base image."""
    buildah = Buildah(work)
    packages = unit.inputs.get("packages")
    if packages:
        [plain] = work.dependencies.values()
        container = buildah("from", buildah.source(plain.folder))
        install = f"{APT} update && {APT} install --yes --no-install-recommends {' '.join(packages)}"
        _run_in_container(buildah, container, f"{FORBID_DAEMONS} && {install} && rm {POLICY} && {_clean_apt()}")
    else:
        container = buildah("from", "scratch")
        buildah("add", "--quiet", container, _debootstrap(unit.inputs["suite"], work), "/")
    buildah.commit(container, f"oci:{out / LAYOUT}")
    return {}


def extract_package(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Extract files from a Debian package, which is downloaded but not installed."""
    entry = unit.inputs["entry"]
    package = entry["debian_package"]
    buildah = Buildah(work)
    [base] = work.dependencies.values()
    container = buildah("from", buildah.source(base.folder))
    script = (
        f"{APT} update && mkdir /extracted && cd /tmp && {APT} download {package} && "
        f"dpkg-deb --extract {package}_*.deb /extracted && dpkg-deb --field {package}_*.deb Version"
    )
    version = _run_in_container(buildah, container, script).splitlines()[-1]
    expected = entry.get("debian_version", entry["version"])
    if version.rpartition("-")[0] != expected:
        raise BundleError(f"Debian has {package} {version}, and the stack wants {expected} of {unit.name}.")
    extracted = Path(buildah("mount", container)) / "extracted"
    for output, path in unit.inputs["build"]["debian_files"].items():
        (out / output).write_bytes((extracted / path).read_bytes())
        (out / output).chmod(0o755)
    buildah("umount", container)
    buildah("rm", container)
    return {"debian_version": version}


def build_application(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Build the application's image from the Dockerfile in `app_dir`, on a Debian base image."""
    if work.settings.app_dir is None:
        raise dockerfile.missing_application_error(unit.name)
    context = work.folder / "context"
    dockerfile.fill_context(work.settings.app_dir, list(unit.inputs["files"]), context)
    [base] = work.dependencies.values()
    buildah = Buildah(work)
    image = buildah("pull", "--quiet", buildah.source(base.folder))
    # This machine's configuration for access to a package registry, mounted for this build only.
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
    # A push always compresses the layers, whatever its options are. build_archive unpacks them again.
    buildah("push", "--quiet", "localhost/application", f"oci:{out / LAYOUT}")
    return {}


def build_archive(unit: Unit, out: Path, work: Work) -> dict[str, Any]:
    """Build an archive with all images of `unit`, under their full references."""
    buildah = Buildah(work)
    layout = work.folder / LAYOUT
    for image in unit.inputs["images"].values():
        target = f"oci:{layout}:{image['reference']}"
        component = work.dependencies[f"component/{image['component']}"]
        if image.get("dockerfile"):
            # A push would compress the layers. A commit only adds an empty layer.
            container = buildah("from", buildah.source(component.folder))
            buildah("config", *labels.options("the Dockerfile"), container)
        else:
            container = _image_container(buildah, image, component.folder, work)
        buildah.commit(container, target)
    names = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]
    work.run(["tar", *names, f"--file={out / unit.name}.tar", "--create", f"--directory={layout}", "."])
    return {"images": _digests(layout)}


def _digests(layout: Path) -> dict[str, str]:
    """Return the digests of an OCI layout's images by their references. containerd has the same after an import."""
    index = json.loads((layout / "index.json").read_text(encoding="utf-8"))
    return {
        manifest["annotations"]["org.opencontainers.image.ref.name"]: manifest["digest"]
        for manifest in index["manifests"]
    }


def _image_container(buildah: Buildah, image: Mapping[str, Any], programs: Path, work: Work) -> str:
    base = buildah.source(work.dependencies[image["base"]].folder) if "base" in image else "scratch"
    container = buildah("from", base)
    for source, target in image["files"].items():
        buildah("copy", "--quiet", "--chmod=0755", container, programs / source, target)
    for target, text in image.get("scripts", {}).items():
        script = work.folder / "script"
        script.write_text(text, encoding="utf-8")
        buildah("copy", "--quiet", "--chmod=0755", container, script, target)
    # Upstream's images have the program as their entry point, and upstream's manifests give only its arguments.
    entrypoint = image.get("entrypoint", [next(iter(image["files"].values()))])
    elements = ",".join(f'"{argument}"' for argument in entrypoint)
    settings = [
        f"--entrypoint=[{elements}]",
        "--cmd=",
        f"--label=org.opencontainers.image.version={image['version']}",
        *labels.options(image["source"]),
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


def _run_in_container(buildah: Buildah, container: str, script: str) -> str:
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
        "cert": os.environ.get("PIP_CERT") or _path_if_file(CERTIFICATES / "ca-certificates.crt"),
        "index-url": os.environ.get("PIP_INDEX_URL"),
        "trusted-host": os.environ.get("PIP_TRUSTED_HOST"),
    }
    lines = ["[global]", *(f"{key} = {value}" for key, value in settings.items() if value)]
    file = work.folder / "pip.conf"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _path_if_file(path: Path) -> str | None:
    return str(path) if path.is_file() else None
