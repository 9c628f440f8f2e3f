#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the bundle of a stack, or check the one that is there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle
short_description: Build a stack's programs, images and manifests from Go modules, or check that they are there
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - A bundle is a folder with all that hosts need for a stack, and C(bundle.json), which names every file of it
    with its SHA-256.
  - A bundle that is there is compared with C(bundle.json), file by file, in every run. One that differs is
    refused with the files' names, and so is the bundle of another stack.
  - A folder that has no bundle, and files of somebody else where a bundle's are, is refused, too. Only files that an
    earlier bundle had are ever removed.
  - What is missing is built from Go modules, Debian packages and the application's Dockerfile, two parts at a
    time. Each part is kept in O(cache_dir) by the hash of all that went into it, so that a change builds only
    what it affects, and an interrupted run loses only the parts that were under way. Of the parts that are not needed
    any more, the two newest of a name are kept.
  - Runs on the controller.
options:
  path:
    description: The bundle's folder.
    type: path
    required: true
  stack:
    description: The stack, as the lookup P(shkatara.keda_demo.stack#lookup) returns it.
    type: dict
    required: true
  recipes:
    description: How each component is made; see the role C(bundle)'s C(vars/go_modules.yml).
    type: dict
    required: true
  components_dir:
    description: The folder with C(<component>/<version>/go.mod) and C(go.sum).
    type: path
    required: true
  app_dir:
    description:
      - The folder with the application, which has C(Dockerfile) and C(app/demo_app). Any other one is as none.
      - Without it a bundle that is there keeps the image that it has, and a new one can't be made.
    type: path
  cache_dir:
    description: Where parts are kept. Go's own caches are in it, too.
    type: path
    required: true
  go:
    description: Go's program, version 1.21 or newer. Each component names the toolchain that it fetches.
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
    description: A bundle that is there is checked, and the parts that differ are said.
    support: full
requirements:
  - Go, buildah, debootstrap, root, and a C compiler with libseccomp's headers (for runc)
"""

EXAMPLES = r"""
- name: Make the bundle of the stack seed
  shkatara.keda_demo.bundle:
    path: /srv/bundles/seed-amd64
    stack: "{{ lookup('shkatara.keda_demo.stack', 'seed') }}"
    recipes: "{{ recipes }}"
    components_dir: /srv/go_modules
    app_dir: /srv/app
    cache_dir: /var/cache/keda_demo
    go: /opt/venv/bin/go
"""

RETURN = r"""
path:
  description: The bundle's folder.
  type: str
  returned: always
  sample: /root/.cache/keda_demo/bundles/seed-amd64
built:
  description: The parts that were made in this run; in check mode, those that the bundle has not or has differently.
  type: list
  elements: str
  returned: success
  sample: [component/app, archive/workloads]
files:
  description: How many files the bundle has.
  type: int
  returned: success
  sample: 15
size:
  description: The size of all files, in bytes.
  type: int
  returned: success
  sample: 1365000000
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.bundle import dockerfile, machine
from ..module_utils._internal.bundle.build import Builder, Host
from ..module_utils._internal.bundle.cache import Cache
from ..module_utils._internal.bundle.machine import EndRequest
from ..module_utils._internal.bundle.plan import BundlePlan, Request, make_plan
from ..module_utils._internal.bundle.processes import Processes
from ..module_utils._internal.bundle.record import check_files, check_folder, read_record, write_bundle
from ..module_utils._internal.bundle.units import BundleError
from ..module_utils._internal.bundle.work import Settings
from ..module_utils._internal.common.progress import Progress

# What is started by name while something is built.
PROGRAMS = ("buildah", "debootstrap", "gcc", "tar")
# What runc is compiled with.
HEADER = Path("/usr/include/seccomp.h")


def bring_about(params: Mapping[str, Any], check_mode: bool, host: Host) -> dict[str, Any]:
    """Check the bundle, make what is missing, and return the module's result.

    :raises BundleError: it is damaged or another's, or can't be made
    :raises Interrupted: the run was asked to end
    """
    try:
        return _bring_about(params, check_mode, host)
    except OSError as error:
        raise BundleError(
            f"{error}. {params['path']} (cluster_bundle_dir) and {params['cache_dir']} (cluster_cache_dir, "
            "KEDA_DEMO_CACHE) have to be folders in which this user may write, with space left; they need not be there."
        ) from error


def _bring_about(params: Mapping[str, Any], check_mode: bool, host: Host) -> dict[str, Any]:
    folder, components_dir = Path(params["path"]), Path(params["components_dir"])
    app_dir, arch = dockerfile.application_folder(params["app_dir"]), params["arch"]
    request = Request(params["stack"], params["recipes"], components_dir, app_dir, arch)
    record, plan = _look(folder, request)
    if record and record["units"] == plan.keys:
        return _result(folder, record, [], changed=False)
    check_folder(folder, plan)
    if check_mode:
        units = record["units"] if record else {}
        differing = [id_ for id_, key in plan.keys.items() if units.get(id_) != key]
        return _result(folder, record, differing, changed=True)
    go = Path(params["go"])
    check_machine(go)
    settings = Settings(Path(params["cache_dir"]), components_dir, app_dir, arch, go, params["debian_mirror"])
    cache = Cache(settings.cache_dir)

    def waiting() -> None:
        host.say("another run is building in this cache: waiting for it")

    with cache.locked(waiting, host.interrupted) as lock:
        host.processes.keep_open(lock)
        # The run that was waited for may have made this very bundle.
        record, plan = _look(folder, request)
        if record and record["units"] == plan.keys:
            return _result(folder, record, [], changed=False)
        made, built = Builder(plan, cache, settings, host).run()
        record = write_bundle(folder, plan, made, params["stack"]["name"], arch)
        cache.prune(plan.units.values())
    return _result(folder, record, built, changed=True)


def _look(folder: Path, request: Request) -> tuple[dict[str, Any] | None, BundlePlan]:
    """Return the record of the bundle that is there, which is undamaged, and the plan of the one that is wanted."""
    record = read_record(folder, request.stack["name"], request.arch)
    if record:
        check_files(folder, record)
    return record, make_plan(request, record["units"] if record else {})


def check_machine(go: Path) -> None:
    """:raises BundleError: this machine lacks something that building needs; all is named"""
    missing = [] if go.is_file() else [f"go ({go}, bundle_go)"]
    if not HEADER.is_file():
        missing.append(f"libseccomp's headers ({HEADER})")
    findings = machine.findings(PROGRAMS, missing)
    if findings:
        raise BundleError("A bundle can't be built here:" + "".join(f"\n  - {finding}" for finding in findings))


def _result(folder: Path, record: Mapping[str, Any] | None, built: list[str], *, changed: bool) -> dict[str, Any]:
    files = record["files"] if record else []
    size = sum(file["size"] for file in files)
    return {"changed": changed, "path": str(folder), "built": built, "files": len(files), "size": size}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "stack": {"type": "dict", "required": True},
            "recipes": {"type": "dict", "required": True},
            "components_dir": {"type": "path", "required": True},
            "app_dir": {"type": "path"},
            "cache_dir": {"type": "path", "required": True},
            "go": {"type": "path", "required": True},
            "debian_mirror": {"type": "str", "default": ""},
            "arch": {"type": "str", "choices": ["amd64"], "default": "amd64"},
            "progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    progress = Progress(module.params["progress_file"])
    host = Host(progress.say, EndRequest(sys.stdout.fileno()), Processes())
    try:
        result = bring_about(module.params, module.check_mode, host)
    except BundleError as error:
        module.fail_json(msg=str(error), path=module.params["path"])
    finally:
        host.processes.stop()
        progress.close()
    module.exit_json(**result)


if __name__ == "__main__":
    main()
