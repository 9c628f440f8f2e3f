#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the bundle of a stack, or check the existing bundle."""

from __future__ import annotations

DOCUMENTATION = r"""
module: bundle
short_description: Build a stack's bundle of programs, images and manifests, check it, or clean its cache
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - A bundle is a folder with all files that hosts need for a stack. Its record, C(bundle.json), has the SHA-256 of each
    file, C(README.md) describes its content, and C(sbom.cdx.json) is its bill of materials in CycloneDX.
  - Every run compares all files of the bundle with the record. If files differ, the module fails and names them. It
    also fails if the bundle belongs to another stack.
  - The module also fails if the folder contains no bundle, but other files in the places of a bundle's files. It
    removes only files of earlier bundles.
  - The producer V(release) downloads official files and copies official images, eight at a time. Each file is compared
    with the stack's checksum and the publisher's. For files without a checksum, the checksum is recorded in O(lock) at
    the first download, and so are the digests of images. They must match in every later download. A download that was
    interrupted resumes where it stopped.
  - The producer V(go_modules) builds missing parts from Go modules, Debian packages and the application's Dockerfile,
    two at a time.
  - O(cache_dir) keeps each part under the hash of its inputs, so a change rebuilds only the parts that it affects, and
    an interrupted run loses only the parts that were in progress. The cache keeps the parts of the current bundle and
    the two newest parts of each name.
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
  producer:
    description:
      - Where the bundle comes from.
      - V(auto) keeps the producer of an existing bundle, or uses a producer whose parts are all in the cache. Otherwise
        it uses V(release) if all official origins answer within seconds, or else V(go_modules) if the Go module proxies
        do. If neither answers, the module fails and says what it asked.
    type: str
    choices: [auto, release, go_modules]
    default: auto
  recipes:
    description:
      - How to build each component, by producer, as in C(vars/release.yml) and C(vars/go_modules.yml) of the role
        C(bundle).
    type: dict
    required: true
  components_dir:
    description: The folder with C(go.mod) and C(go.sum) of each component, in C(<component>/<version>).
    type: path
    required: true
  app_dir:
    description:
      - The folder of the application, with C(Dockerfile) and C(app/demo_app). A folder that lacks either is ignored.
      - Without the application's folder, an existing bundle keeps its image, and V(go_modules) can't build a new
        bundle.
    type: path
  app_build:
    description:
      - How the producer V(release) gets the application's image.
      - V(build) builds it from O(app_dir) with podman, buildah or docker, on the base image that the Dockerfile names.
      - V(registry) pulls the published image by its digest.
      - V(auto) builds it if one of these programs and O(app_dir) exist and the machine is of O(arch). Otherwise it
        pulls the published image.
    type: str
    choices: [auto, build, registry]
    default: auto
  lock:
    description:
      - The lock file of the producer V(release), with the checksums and digests of the first download. It is created if
        it does not exist, and should be committed.
    type: path
    required: true
  mirror_url:
    description:
      - A mirror of official files, with each file under the host and path of its origin. For
        V(https://mirror.example.net/files), the file C(https://dl.k8s.io/release/x) is
        C(https://mirror.example.net/files/dl.k8s.io/release/x).
      - Empty for none.
    type: str
    default: ""
  registry_mirrors:
    description:
      - Mirrors of registries. The key is a registry's host as in the stack, such as C(docker.io). The value is the
        mirror's host, optionally with port and path, such as C(registry.example.net:5000/docker).
    type: dict
    default: {}
  release_images:
    description:
      - The names of the stack's C(release_images) that the bundle has. These images can't be built from Go modules, so
        V(go_modules) refuses them.
    type: list
    elements: str
    default: []
  arch:
    description: The architecture of the hosts. V(go_modules) supports V(amd64) only.
    type: str
    choices: [amd64, arm64]
    default: amd64
  upstream_dir:
    description:
      - A folder with official files, under the names that a browser saves them with. V(release) uses a file from this
        folder instead of downloading it, if it has the checksum of the stack or of O(lock).
      - V(go_modules) takes the archives from it that no module contains, such as C(kube-prometheus-0.12.0.tar.gz).
        Without the folder a new bundle has no such archive, and an existing bundle keeps its own.
    type: path
  cache_dir:
    description: The cache of parts. It also contains Go's caches.
    type: path
    required: true
  go:
    description: The path of C(go), version 1.21 or newer. It fetches the toolchain that each component names.
    type: path
    required: true
  archive:
    description:
      - An archive that O(pack) has written, for a network without internet access. The bundle is unpacked from it, and
        never built. Files that already exist in O(path) are left as they are.
      - If a file with the archive's name and the suffix C(.sha256) exists, the archive must have that checksum.
    type: path
  pack:
    description:
      - The archive into which the bundle is packed. A file with its SHA-256 is written next to it. An archive that
        already contains the bundle is left as it is.
    type: path
  clean_for:
    description:
      - The stacks whose bundles to keep. With this option no bundle is built or packed. Instead, what no bundle needs
        any more is removed from O(cache_dir), namely Go's caches, unfinished downloads, logs, parts that no bundle has,
        and bundles of other stacks.
      - Go's caches and unfinished downloads are kept as long as O(path) has no finished bundle, since its build needs
        them.
      - Files that are neither this collection's nor Go's are left alone.
    type: list
    elements: str
  progress_file:
    description: The file for progress, one JSON object per line.
    type: path
attributes:
  check_mode:
    description: Checks an existing bundle, and returns the parts that would be built.
    support: full
requirements:
  - cyclonedx-python-lib, unless the bundle is finished
  - urllib3, for V(release), which uses skopeo if it is installed
  - urllib3, for the questions of V(auto)
  - Go, buildah, debootstrap, root, and a C compiler with libseccomp's headers (for runc), for V(go_modules)
"""

EXAMPLES = r"""
- name: Build the bundle of the stack seed, and pack it for a network without internet access
  shkatara.keda_demo.bundle:
    path: /srv/bundles/seed-amd64
    stack: "{{ lookup('shkatara.keda_demo.stack', 'seed') }}"
    recipes: "{{ recipes }}"
    components_dir: /srv/go_modules
    app_dir: /srv/app
    cache_dir: /var/cache/keda_demo
    go: /opt/venv/bin/go
    lock: /srv/bundle.lock
    pack: /media/stick/seed-amd64.tar.gz
"""

RETURN = r"""
path:
  description: The bundle's folder.
  type: str
  returned: always
  sample: /root/.cache/keda_demo/bundles/seed-amd64
producer:
  description: The producer that built the bundle, or would build it in check mode.
  type: str
  returned: success
  sample: release
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
freed:
  description: The bytes that were freed. In check mode, those that would be.
  type: int
  returned: with O(clean_for)
  sample: 19600000000
removed:
  description: The removed files and folders, relative to O(cache_dir). In check mode, those that would be.
  type: list
  elements: str
  returned: with O(clean_for)
  sample: [go/build, go/mod]
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.bundle import archive, cleaning, producers, record, writer
from ..module_utils._internal.bundle.build import Builder
from ..module_utils._internal.bundle.control import RunControl, run_control
from ..module_utils._internal.bundle.job import Job
from ..module_utils._internal.bundle.release import parts
from ..module_utils._internal.bundle.units import BundleError, Unit


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
            "KEDA_DEMO_CACHE) have to be folders in which this user may write, with space left; they need not exist."
        ) from error


def _ensure_bundle(params: Mapping[str, Any], check_mode: bool, control: RunControl) -> dict[str, Any]:
    folder, job = Path(params["path"]), Job(params)
    if params["clean_for"] is not None:
        return _cleaned(folder, job, params["clean_for"], check_mode, control)
    if params["archive"]:
        return _unpacked(folder, job, Path(params["archive"]), check_mode, control)
    result = _made(folder, job, check_mode, control)
    if params["pack"] and (folder / record.RECORD).is_file():
        with control.lock(job.cache):
            result["changed"] |= archive.pack(folder, Path(params["pack"]), control, check_mode=check_mode)
    return result


def _cleaned(folder: Path, job: Job, stacks: list[str], check_mode: bool, control: RunControl) -> dict[str, Any]:
    """Return the result of a removal of what the cache has and no bundle needs."""
    cache = job.cache
    lock = control.lock(cache) if cache.root.is_dir() and not check_mode else contextlib.nullcontext()
    with lock:
        found = cleaning.unneeded(cache, folder, map(cache.folder, _possible_units(job)), stacks)
        names = [str(path.relative_to(cache.root)) for paths in found.paths.values() for path in paths]
        if check_mode:
            sizes = cleaning.sizes(found)
            for what, size in sizes.items():
                control.say(f"would remove {what}: {cleaning.in_words(size)}")
            freed = sum(sizes.values())
        else:
            freed = cleaning.remove(found, control.say, control.end_requested)
    control.say(f"{cleaning.in_words(freed)} {'would be' if check_mode else 'are'} freed in {cache.root}")
    return {"changed": bool(names), "path": str(folder), "freed": freed, "removed": names}


def _possible_units(job: Job) -> Iterator[Unit]:
    """Yield the units of each producer that can make the stack from the given folders."""
    for producer in producers.PRODUCERS:
        with contextlib.suppress(BundleError):
            yield from job.plan(producer, {}).units.values()


def _unpacked(folder: Path, job: Job, packed: Path, check_mode: bool, control: RunControl) -> dict[str, Any]:
    """Return the result of a bundle that comes from an archive, and is never built.

    :raises BundleError: the archive has another bundle than this collection and these variables make
    """
    is_new = archive.check(packed, folder, job.stack_name, job.arch)
    if is_new and check_mode:
        return _result(folder, None, "", [], changed=True)
    if is_new:
        with control.lock(job.cache):
            archive.unpack(packed, folder, control)
    # The comparison with the archive has read the files of a bundle that is not new.
    new_record = _checked_record(folder, job, has_been_read=not is_new)
    producer = str(new_record["producer"]) if new_record else ""
    bundle_plan = job.plan(producer, _keys(new_record))
    if differing := sorted(id_ for id_, key in bundle_plan.keys.items() if _keys(new_record).get(id_) != key):
        raise BundleError(
            f"The archive {packed} (bundle_archive) has other parts than this collection builds with the application "
            f"in {job.app_dir} (bundle_app_dir): {', '.join(differing)}. Use the same collection, application and "
            "bundle_app_build there and here, or an empty bundle_app_dir to keep the application of the archive."
        )
    return _result(folder, new_record, producer, [], changed=is_new)


def _made(folder: Path, job: Job, check_mode: bool, control: RunControl) -> dict[str, Any]:
    current_record = _checked_record(folder, job)
    producer = job.choose(current_record, control)
    bundle_plan = job.plan(producer, _keys(current_record))
    if _keys(current_record) == bundle_plan.keys:
        return _result(folder, current_record, producer, [], changed=False)
    record.check_folder(folder, bundle_plan.paths)
    if check_mode:
        differing = [id_ for id_, key in bundle_plan.keys.items() if _keys(current_record).get(id_) != key]
        return _result(folder, current_record, producer, differing, changed=True)
    job.check_machine(producer)

    with control.lock(job.cache):
        # The other run may have built the same bundle.
        current_record = _checked_record(folder, job)
        job.pin(producer, control)
        bundle_plan = job.plan(producer, _keys(current_record))
        if _keys(current_record) == bundle_plan.keys:
            return _result(folder, current_record, producer, [], changed=False)
        settings = job.settings(producer, control)
        entries, built = Builder(bundle_plan, job.cache, settings, control).run()

        def documents(new: Mapping[str, Any]) -> Mapping[str, str]:
            return job.documents(new, bundle_plan, entries, settings)

        new_record = writer.write_bundle(folder, bundle_plan, entries, job.stack_name, job.arch, documents=documents)
        parts.remove(job.cache.root)
        job.cache.prune(bundle_plan.units.values())
    return _result(folder, new_record, producer, built, changed=True)


def _checked_record(folder: Path, job: Job, *, has_been_read: bool = False) -> dict[str, Any] | None:
    """Return the record of the present bundle, if there is one.

    :param has_been_read: whether the files were compared with the record already
    :raises BundleError: the present bundle is damaged or another stack's
    """
    current_record = record.read_record(folder, job.stack_name, job.arch)
    if current_record:
        if not has_been_read:
            record.check_files(folder, current_record)
        job.take_over(current_record)
    return current_record


def _keys(bundle_record: Mapping[str, Any] | None) -> Mapping[str, str]:
    return bundle_record["units"] if bundle_record else {}


def _result(
    folder: Path, bundle_record: Mapping[str, Any] | None, producer: str, built: list[str], *, changed: bool
) -> dict[str, Any]:
    files = bundle_record["files"] if bundle_record else []
    size = sum(file["size"] for file in files)
    return {
        "changed": changed,
        "path": str(folder),
        "producer": producer,
        "built": built,
        "files": len(files),
        "size": size,
    }


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "stack": {"type": "dict", "required": True},
            "producer": {"type": "str", "choices": [producers.AUTO, *producers.PRODUCERS], "default": producers.AUTO},
            "recipes": {"type": "dict", "required": True},
            "components_dir": {"type": "path", "required": True},
            "app_dir": {"type": "path"},
            "upstream_dir": {"type": "path"},
            "cache_dir": {"type": "path", "required": True},
            "go": {"type": "path", "required": True},
            "debian_mirror": {"type": "str", "default": ""},
            "arch": {"type": "str", "choices": ["amd64", "arm64"], "default": "amd64"},
            "lock": {"type": "path", "required": True},
            "app_build": {"type": "str", "choices": ["auto", "build", "registry"], "default": "auto"},
            "mirror_url": {"type": "str", "default": ""},
            "registry_mirrors": {"type": "dict", "default": {}},
            "release_images": {"type": "list", "elements": "str", "default": []},
            "archive": {"type": "path"},
            "pack": {"type": "path"},
            "clean_for": {"type": "list", "elements": "str"},
            "progress_file": {"type": "path"},
        },
        mutually_exclusive=[("archive", "pack")],
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
