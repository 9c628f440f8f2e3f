#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an image of Debian with packages, on the base that a bundle's images have."""

from __future__ import annotations

DOCUMENTATION = r"""
module: debian_image
short_description: Make an image of Debian with packages
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - The image has two layers, the plain Debian base and the packages. The base is the same unit of O(cache_dir) that
    M(shkatara.keda_demo.bundle) makes its images on, so whichever module runs first runs debootstrap for both.
  - Each image is kept in O(cache_dir) by the hash of its inputs, with the checksums of its files. A damaged image
    is made anew, and an interrupted run leaves no incomplete image. The two newest images of a name are kept.
  - Nothing is locked when the image is there. To make it, the module waits until no other run builds in O(cache_dir).
  - Runs on the controller.
options:
  name:
    description: The image's name in O(cache_dir), of small letters, digits and dashes.
    type: str
    required: true
  packages:
    description: The packages to install. Recommended packages are left out. Without packages it is the plain base.
    type: list
    elements: str
    required: true
  suite:
    description: The Debian suite.
    type: str
    default: bookworm
  cache_dir:
    description: The cache, shared with M(shkatara.keda_demo.bundle).
    type: path
    required: true
  debian_mirror:
    description: Where debootstrap takes Debian from, if not from its own default.
    type: str
    default: ""
  arch:
    description: The architecture.
    type: str
    choices: [amd64]
    default: amd64
  progress_file:
    description: A file to which progress is written, a JSON object a line.
    type: path
attributes:
  check_mode:
    description: Says whether the image would be made.
    support: full
requirements:
  - buildah, debootstrap, root
"""

EXAMPLES = r"""
- name: Make an image with an SSH server
  shkatara.keda_demo.debian_image:
    name: ssh-host
    packages: [openssh-server, python3, systemd-sysv]
    cache_dir: /var/cache/keda_demo
"""

RETURN = r"""
path:
  description: The folder that has the image as an OCI layout, C(oci).
  type: str
  returned: success
  sample: /root/.cache/keda_demo/base/9a3c5f1b2d4e6f708192
built:
  description: The parts that were made in this run, or would be made in check mode.
  type: list
  elements: str
  returned: success
  sample: [base/bookworm, base/ssh-host]
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.bundle import machine
from ..module_utils._internal.bundle.build import Builder, Host
from ..module_utils._internal.bundle.cache import Cache
from ..module_utils._internal.bundle.machine import EndRequest
from ..module_utils._internal.bundle.plan import BundlePlan, base_units
from ..module_utils._internal.bundle.processes import Processes
from ..module_utils._internal.bundle.units import BundleError
from ..module_utils._internal.bundle.work import Settings
from ..module_utils._internal.common.progress import Progress

PROGRAMS = ("buildah", "debootstrap", "tar")


def make_image(params: Mapping[str, Any], check_mode: bool, host: Host) -> dict[str, Any]:
    """Make the image if the cache does not have it, and return the module's result.

    :raises BundleError: it can't be made
    :raises Interrupted: the run was asked to end
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,99}", params["name"]):
        raise BundleError(f"name is `{params['name']}`: use small letters, digits and dashes, such as lab-host")
    units = base_units(params["arch"], params["suite"], params["packages"], params["name"])
    cache = Cache(Path(params["cache_dir"]))
    path = str(cache.folder(units[-1]))
    try:
        if cache.find(units[-1])[0]:
            return {"changed": False, "path": path, "built": []}
        if check_mode:
            return {"changed": True, "path": path, "built": [unit.id for unit in units if not cache.find(unit)[0]]}
        built = _build(BundlePlan({unit.id: unit for unit in units}, ()), cache, params, host)
    except OSError as error:
        raise BundleError(
            f"{error}. {cache.root} (cluster_cache_dir, KEDA_DEMO_CACHE) has to be a folder in which this user may "
            "write, with space left; it need not be there."
        ) from error
    return {"changed": bool(built), "path": path, "built": built}


def _build(plan: BundlePlan, cache: Cache, params: Mapping[str, Any], host: Host) -> list[str]:
    findings = machine.findings(PROGRAMS)
    if findings:
        raise BundleError("The image can't be built here:" + "".join(f"\n  - {finding}" for finding in findings))
    # Bases read neither the components' folder nor Go.
    unused = cache.root
    settings = Settings(cache.root, unused, None, params["arch"], unused, params["debian_mirror"])

    def waiting() -> None:
        host.say("another run is building in this cache: waiting for it")

    with cache.locked(waiting, host.interrupted) as lock:
        host.processes.keep_open(lock)
        _, built = Builder(plan, cache, settings, host).run()
        cache.prune(plan.units.values())
    return built


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
            "suite": {"type": "str", "default": "bookworm"},
            "cache_dir": {"type": "path", "required": True},
            "debian_mirror": {"type": "str", "default": ""},
            "arch": {"type": "str", "choices": ["amd64"], "default": "amd64"},
            "progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    progress = Progress(module.params["progress_file"])
    host = Host(progress.say, EndRequest(sys.stdout.fileno()), Processes())
    try:
        result = make_image(module.params, module.check_mode, host)
    except BundleError as error:
        module.fail_json(msg=str(error))
    finally:
        host.processes.stop()
        progress.close()
    module.exit_json(**result)


if __name__ == "__main__":
    main()
