# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Images that only the producer release can copy, and that a bundle has only if it is to: the stack's release_images.

The images become components of the stack, so that everything after this module knows one kind of image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..units import BundleError

ARCHIVE = "workloads"


def with_images(stack: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the stack with the images `names` of its release_images among its components and images.

    :raises BundleError: the stack has no such image
    """
    known = stack.get("release_images", {})
    if unknown := [name for name in names if name not in known]:
        raise BundleError(
            f"bundle_release_images has {', '.join(unknown)}, and the stack {stack['name']} has "
            f"{', '.join(known) or 'none'} (release_images)."
        )
    return {
        **stack,
        "components": {**stack["components"], **{name: {"version": known[name]["version"]} for name in names}},
        "images": {**stack["images"], **{name: known[name]["image"] for name in names}},
    }


def recipes(names: Sequence[str]) -> dict[str, Any]:
    """Return the recipe of each image."""
    return {name: {"images": {name: {"archive": ARCHIVE}}} for name in names}


def not_built_error(producer: str, stack: Mapping[str, Any], names: Sequence[str]) -> BundleError:
    """Return the error of a producer that can't make the images."""
    known = stack["release_images"]
    listed = ", ".join(sorted(known[name]["image"] for name in names))
    components = ", ".join(sorted({known[name]["component"] for name in names}))
    return BundleError(
        f"The producer {producer} has no {listed} (bundle_release_images): take {components} out of "
        "kube_prometheus_components, or set bundle_producer to release."
    )
