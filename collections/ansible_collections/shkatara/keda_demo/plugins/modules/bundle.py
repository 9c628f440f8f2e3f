#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the bundle of a stack, or check the present bundle."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle
short_description: Build a stack's bundle of programs, images and manifests, or check the present bundle
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - A bundle is a folder with all files that hosts need for a stack. Its record, C(bundle.json), has the SHA-256 of each
    file.
  - Every run compares all files of the bundle with the record. The module fails and names the files if they differ, and
    fails if the bundle is another stack's.
  - The module also fails if the folder has no bundle, but has other files where a bundle has its own. It removes only
    files of earlier bundles.
  - Missing parts are built from Go modules, Debian packages and the application's Dockerfile, two at a time.
  - O(cache_dir) keeps each part by the hash of its inputs, so a change builds only the parts that it affects, and an
    interrupted run loses only the parts under construction. The cache keeps the parts of the present bundle and the two
    newest parts of each name.
  - Runs on the controller.
extends_documentation_fragment: [shkatara.keda_demo.debian_base]
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
    description: How to build each component, as in C(vars/go_modules.yml) of the role C(bundle).
    type: dict
    required: true
  components_dir:
    description: The folder with C(go.mod) and C(go.sum) of each component, in C(<component>/<version>).
    type: path
    required: true
  app_dir:
    description:
      - The folder of the application, with C(Dockerfile) and C(app/demo_app). A folder that lacks either is ignored.
      - Without the application's folder, a present bundle keeps its image, and a new bundle can't be built.
    type: path
  upstream_dir:
    description:
      - A folder with archives of releases that no module has, such as C(kube-prometheus-0.12.0.tar.gz).
      - Without it a new bundle has none, and a present bundle keeps its own.
    type: path
  cache_dir:
    description: The cache of parts. It also has Go's caches.
    type: path
    required: true
  go:
    description: The path of C(go), version 1.21 or newer. It fetches the toolchain that each component names.
    type: path
    required: true
  progress_file:
    description: The file for progress, one JSON object per line.
    type: path
attributes:
  check_mode:
    description: Checks a present bundle, and returns the parts that would be built.
    support: full
requirements:
  - Go, buildah, debootstrap, root, and a C compiler with libseccomp's headers (for runc)
"""

EXAMPLES = r"""
- name: Build the bundle of the stack seed
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
  description: The parts built in this run. In check mode, the parts that the bundle lacks or that differ.
  type: list
  elements: str
  returned: success
  sample: [component/app, archive/workloads]
files:
  description: The number of files in the bundle.
  type: int
  returned: success
  sample: 15
size:
  description: The total size of the files, in bytes.
  type: int
  returned: success
  sample: 1365000000
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.bundle import dockerfile, machine, plan, record
from ..module_utils._internal.bundle.build import Builder
from ..module_utils._internal.bundle.cache import Cache
from ..module_utils._internal.bundle.control import RunControl, run_control
from ..module_utils._internal.bundle.plan import BundlePlan, Request
from ..module_utils._internal.bundle.units import BundleError
from ..module_utils._internal.bundle.work import Settings

# The programs that a build starts by name.
PROGRAMS = ("buildah", "debootstrap", "gcc", "tar")
# runc is compiled with libseccomp.
HEADER = Path("/usr/include/seccomp.h")


def ensure_bundle(params: Mapping[str, Any], check_mode: bool, control: RunControl) -> dict[str, Any]:
    """Check the bundle, build missing parts, and return the module's result.

    :raises BundleError: the bundle is damaged, is another stack's, or can't be built
    :raises Interrupted: the end of the run was requested
    """
    try:
        return _ensure_bundle(params, check_mode, control)
    except OSError as error:
        raise BundleError(
            f"{error}. {params['path']} (cluster_bundle_dir) and {params['cache_dir']} (cluster_cache_dir, "
            "KEDA_DEMO_CACHE) have to be folders in which this user may write, with space left; they need not be there."
        ) from error


def _ensure_bundle(params: Mapping[str, Any], check_mode: bool, control: RunControl) -> dict[str, Any]:
    folder, components_dir = Path(params["path"]), Path(params["components_dir"])
    app_dir, arch = dockerfile.application_folder(params["app_dir"]), params["arch"]
    upstream_dir = Path(params["upstream_dir"]) if params["upstream_dir"] else None
    request = Request(params["stack"], params["recipes"], components_dir, app_dir, arch, upstream_dir)
    current_record, bundle_plan = _inspect(folder, request)
    if current_record and current_record["units"] == bundle_plan.keys:
        return _result(folder, current_record, [], changed=False)
    record.check_folder(folder, bundle_plan)
    if check_mode:
        current_keys = current_record["units"] if current_record else {}
        differing = [id_ for id_, key in bundle_plan.keys.items() if current_keys.get(id_) != key]
        return _result(folder, current_record, differing, changed=True)
    go = Path(params["go"])
    check_machine(go)
    settings = Settings(
        Path(params["cache_dir"]), components_dir, app_dir, arch, go, params["debian_mirror"], upstream_dir
    )
    cache = Cache(settings.cache_dir)

    with control.lock(cache):
        # The other run may have built the same bundle.
        current_record, bundle_plan = _inspect(folder, request)
        if current_record and current_record["units"] == bundle_plan.keys:
            return _result(folder, current_record, [], changed=False)
        cache_entries, built = Builder(bundle_plan, cache, settings, control).run()
        new_record = record.write_bundle(folder, bundle_plan, cache_entries, params["stack"]["name"], arch)
        cache.prune(bundle_plan.units.values())
    return _result(folder, new_record, built, changed=True)


def _inspect(folder: Path, request: Request) -> tuple[dict[str, Any] | None, BundlePlan]:
    """Return the record of the present bundle, if there is one, and the plan of the requested bundle.

    :raises BundleError: the present bundle is damaged or another stack's
    """
    current_record = record.read_record(folder, request.stack["name"], request.arch)
    if current_record:
        record.check_files(folder, current_record)
    return current_record, plan.make_plan(request, current_record["units"] if current_record else {})


def check_machine(go: Path) -> None:
    """Check that this machine has all programs and rights that a build needs.

    :raises BundleError: some are missing; the message names them all
    """
    missing = [] if go.is_file() else [f"go ({go}, bundle_go)"]
    if not HEADER.is_file():
        missing.append(f"libseccomp's headers ({HEADER})")
    sentences = machine.missing_requirements(PROGRAMS, missing)
    if sentences:
        raise BundleError("A bundle can't be built here:" + "".join(f"\n  - {sentence}" for sentence in sentences))


def _result(
    folder: Path, bundle_record: Mapping[str, Any] | None, built: list[str], *, changed: bool
) -> dict[str, Any]:
    files = bundle_record["files"] if bundle_record else []
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
            "upstream_dir": {"type": "path"},
            "cache_dir": {"type": "path", "required": True},
            "go": {"type": "path", "required": True},
            "debian_mirror": {"type": "str", "default": ""},
            "arch": {"type": "str", "choices": ["amd64"], "default": "amd64"},
            "progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    try:
        with run_control(module.params["progress_file"]) as control:
            result = ensure_bundle(module.params, module.check_mode, control)
    except BundleError as error:
        module.fail_json(msg=str(error), path=module.params["path"])
    module.exit_json(**result)


if __name__ == "__main__":
    main()
