# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about a controller that has to make a new bundle: the programs and rights that its producer needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..module_utils._internal.bundle import job, producers
from ..module_utils._internal.bundle.cache import KIND_FOLDERS
from ..module_utils._internal.bundle.units import BundleError


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
