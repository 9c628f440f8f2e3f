# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the bundle of a run: the mirrors and the archive that it may come from, and the programs and rights
that its producer needs on a controller that has to make a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..module_utils._internal.bundle import archive, job, producers
from ..module_utils._internal.bundle.cache import KIND_FOLDERS
from ..module_utils._internal.bundle.release import origins, release_images
from ..module_utils._internal.bundle.units import BundleError


def source_findings(
    stack: Mapping[str, Any], arch: str, packed: str, mirror_url: str, registry_mirrors: Any
) -> Iterator[str]:
    """Yield what is wrong with the mirrors, and with the archive that has the bundle.

    :param packed: the path of the archive, empty for none
    :param registry_mirrors: of any type, since the checks of types come in the same message
    """
    # Which images a bundle has is for the producer to say.
    images = release_images.with_images(stack, list(stack.get("release_images", {})))["images"]
    mirrors = registry_mirrors if isinstance(registry_mirrors, Mapping) else {}
    yield from origins.mirror_findings(mirror_url, mirrors, images.values())
    if packed:
        try:
            archive.check_record(Path(packed).expanduser(), stack["name"], arch)
        except BundleError as error:
            yield f"bundle: {error}"


def bundle_findings(folder: Path, cache: Path, producer: str, go: Path) -> Iterator[str]:
    """Yield one finding if there is no bundle, and this machine has no producer's programs.

    A cache may have all parts of the bundle, and then nothing is needed to put it together. Which origins can be
    reached is asked by the module bundle, since that takes seconds.

    :param producer: auto, or one of the producers
    :param go: the program of the producer go_modules
    """
    if (folder / "bundle.json").exists() or any((cache / name).exists() for name in KIND_FOLDERS.values()):
        return
    checks: dict[str, Callable[[], None]] = {
        "release": job.check_release_machine,
        "go_modules": lambda: job.check_machine(go),
    }
    wanted = producers.PRODUCERS if producer == producers.AUTO else [producer]
    missing = []
    for name in wanted:
        try:
            checks.get(name, lambda: None)()
        except BundleError as error:
            sentences = [line.strip(" -") for line in str(error).splitlines()[1:]]
            missing.append(f"{name} ({producers.NAMES[name]}): {'; '.join(sentences)}")
        else:
            return
    yield (
        f"bundle: there is none in {folder} (cluster_bundle_dir), and it can't be made here (bundle_producer "
        f"{producer}). {'. '.join(missing)}"
    )
