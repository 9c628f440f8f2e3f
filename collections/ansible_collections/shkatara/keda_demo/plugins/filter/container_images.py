# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the images that Kubernetes objects make nodes run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: container_images
short_description: Return the images of Kubernetes objects
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns the images of containers, of objects of prometheus-operator such as Prometheus, and of the operator's own
    argument C(--prometheus-config-reloader).
  - Each image name includes its registry, as in containerd. The short form C(grafana/grafana:9.3.2) becomes
    C(docker.io/grafana/grafana:9.3.2).
options:
  _input:
    description: The objects.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the images that are not in a bundle
  ansible.builtin.debug:
    msg: "{{ objects | shkatara.keda_demo.container_images | difference(images_of_the_bundle) }}"
"""

RETURN = r"""
_value:
  description: The images, each once, in alphabetical order.
  type: list
  elements: str
  sample: ["docker.io/grafana/grafana:9.3.2"]
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_RELOADER = "--prometheus-config-reloader="


def container_images(objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the images of the objects, each once, in alphabetical order."""
    return sorted({full_reference(image) for item in objects for image in _images(item.get("spec"))})


def _images(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "image" and isinstance(inner, str):
                yield str(inner)
            else:
                yield from _images(inner)
    elif isinstance(value, str):
        if value.startswith(_RELOADER):
            yield str(value.removeprefix(_RELOADER))
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _images(inner)


def full_reference(image: str) -> str:
    """Return an image's reference with its registry.

    Source: github.com/distribution/reference, splitDockerDomain.
    """
    first, slash, _rest = image.partition("/")
    if not slash:
        return f"docker.io/library/{image}"
    return image if "." in first or ":" in first or first == "localhost" else f"docker.io/{image}"


class FilterModule:
    """objects | shkatara.keda_demo.container_images"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"container_images": container_images}
