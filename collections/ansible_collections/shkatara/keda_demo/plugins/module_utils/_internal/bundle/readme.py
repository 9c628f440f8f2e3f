# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The README of a bundle: what it is, what built it, and that it is not for production."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SOURCES = {
    "release": "The programs and images are the official ones of their projects, unless the table says otherwise.",
    "go_modules": (
        "The programs and images were built from Go modules, Debian packages and the application's Dockerfile by\n"
        "shkatara.keda_demo. The images have the official names, since manifests name them, but not the official\n"
        "bytes: each has a label that says so."
    ),
}


def text(record: Mapping[str, Any]) -> str:
    """Return the README of the bundle with this record."""
    size = sum(file["size"] for file in record["files"]) / 2**20
    rows = "".join(
        f"| `{file['path']}` | {file['version'] or ', '.join(_images(file, record))} | {file['source']} |\n"
        for file in record["files"]
    )
    return f"""# The bundle {record["stack"]}-{record["arch"]}

All programs, images and manifests for the hosts of the stack `{record["stack"]}`, {size:.0f} MiB in \
{len(record["files"])} files.
The producer `{record["producer"]}` of the Ansible collection shkatara.keda_demo built it.

**These versions are meant for a demo. Several of them no longer get security fixes: do not use them in production.**

{SOURCES[record["producer"]]}

- `bundle.json` has the SHA-256, the version and the source of each file.
- `sbom.cdx.json` is the bill of materials in CycloneDX, for scanners of vulnerabilities and licences.

| file | version or images | source |
| --- | --- | --- |
{rows}"""


def _images(file: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    name = file["component"]
    return sorted(reference.rpartition("/")[2] for reference in record["images"].get(name, {}))
