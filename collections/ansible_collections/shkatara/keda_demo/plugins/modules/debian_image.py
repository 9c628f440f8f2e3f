#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build an image of Debian with packages, on the base of a bundle's images."""

from __future__ import annotations

DOCUMENTATION = r"""
module: debian_image
short_description: Build a Debian image with additional packages
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - The image has two layers, the plain Debian base and the packages. The images of M(shkatara.keda_demo.bundle) have
    the same base from O(cache_dir), so the module that runs first runs debootstrap for both.
  - O(cache_dir) keeps each image under the hash of its inputs, with the checksums of its files. A damaged image
    is built again, and an interrupted run leaves no incomplete image. The two newest images of a name are kept.
  - The module needs no lock if the cache has the image. To build it, the module waits until no other run builds in
    O(cache_dir).
  - Runs on the controller.
extends_documentation_fragment: [shkatara.keda_demo.debian_base]
options:
  name:
    description: The image's name in O(cache_dir). It consists of lower case letters, digits and dashes.
    type: str
    required: true
  packages:
    description: The packages to install, without their recommended packages. An empty list gives the plain base.
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
  progress_file:
    description: The file for progress, one JSON object per line.
    type: path
attributes:
  check_mode:
    description: Returns the parts that would be built.
    support: full
requirements:
  - buildah, debootstrap, root
"""

EXAMPLES = r"""
- name: Build an image with an SSH server
  shkatara.keda_demo.debian_image:
    name: ssh-host
    packages: [openssh-server, python3, systemd-sysv]
    cache_dir: /var/cache/keda_demo
"""

RETURN = r"""
path:
  description: The folder that contains the image as the OCI layout C(oci).
  type: str
  returned: success
  sample: /root/.cache/keda_demo/base/9a3c5f1b2d4e6f708192
built:
  description: The parts built in this run. In check mode, the parts that would be built.
  type: list
  elements: str
  returned: success
  sample: [base/bookworm, base/ssh-host]
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.bundle import machine, plan
from ..module_utils._internal.bundle.build import Builder
from ..module_utils._internal.bundle.cache import Cache
from ..module_utils._internal.bundle.control import RunControl, run_control
from ..module_utils._internal.bundle.plan import BundlePlan
from ..module_utils._internal.bundle.units import BundleError
from ..module_utils._internal.bundle.work import Settings

PROGRAMS = ("buildah", "debootstrap", "tar")


def ensure_image(params: Mapping[str, Any], check_mode: bool, control: RunControl) -> dict[str, Any]:
    """Build the image if the cache does not have it, and return the module's result.

    :raises BundleError: the image can't be built
    :raises Interrupted: the end of the run was requested
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,99}", params["name"]):
        raise BundleError(f"name is `{params['name']}`: use small letters, digits and dashes, such as lab-host")
    units = plan.base_units(params["arch"], params["suite"], params["packages"], params["name"])
    cache = Cache(Path(params["cache_dir"]))
    path = str(cache.folder(units[-1]))
    try:
        if cache.find(units[-1])[0]:
            return {"changed": False, "path": path, "built": []}
        if check_mode:
            return {"changed": True, "path": path, "built": [unit.id for unit in units if not cache.find(unit)[0]]}
        built = _build_image(BundlePlan({unit.id: unit for unit in units}, ()), cache, params, control)
    except OSError as error:
        raise BundleError(
            f"{error}. {cache.root} (cluster_cache_dir, KEDA_DEMO_CACHE) has to be a folder in which this user may "
            "write, with space left; it need not exist."
        ) from error
    return {"changed": bool(built), "path": path, "built": built}


def _build_image(image_plan: BundlePlan, cache: Cache, params: Mapping[str, Any], control: RunControl) -> list[str]:
    sentences = machine.missing_requirements(PROGRAMS)
    if sentences:
        raise BundleError("The image can't be built here:" + "".join(f"\n  - {sentence}" for sentence in sentences))
    # The maker of base images reads neither the components' folder nor Go.
    unused = cache.root
    settings = Settings(cache.root, unused, None, params["arch"], unused, params["debian_mirror"])

    with control.lock(cache):
        _, built = Builder(image_plan, cache, settings, control).run()
        cache.prune(image_plan.units.values())
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
    try:
        with run_control(module.params["progress_file"]) as control:
            result = ensure_image(module.params, module.check_mode, control)
    except BundleError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
