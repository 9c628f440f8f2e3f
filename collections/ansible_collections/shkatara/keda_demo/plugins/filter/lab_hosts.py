# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that a lab's hosts need, from each host's release and traits."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lab_hosts
short_description: Find the image that each lab host needs
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Reads each host's C(lab_os) and C(lab_traits) and returns what its image consists of. Hosts with the same release
    and traits have the same image.
  - It also returns every fault in these variables, as one sentence each.
options:
  _input:
    description: The variables by host, C(hostvars).
    type: dict
    required: true
  hosts:
    description: Inventory names of the lab's hosts.
    type: list
    elements: str
    required: true
  os:
    description: The release of hosts without C(lab_os).
    type: raw
    required: true
  traits:
    description: The traits of hosts without C(lab_traits).
    type: raw
    required: true
  packages:
    description: The packages of a host without traits.
    type: list
    elements: str
    required: true
  releases:
    description: The names of Debian's releases by their numbers.
    type: dict
    required: true
  rules:
    description:
      - The rule of each trait, in the order in which traits are applied.
      - C(packages) are added, and packages of C(without) are left out. C(releases) limits the trait to some releases.
        C(excludes) lists traits that can't be combined with it. C(mirror) says that the lab needs a host with the
        trait V(mirror).
    type: dict
    required: true
  scripts:
    description: The script of each trait, which the tags of images with this trait depend on.
    type: dict
    default: {}
  common:
    description: Further input on which the tags of all images depend.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show the images of a lab
  ansible.builtin.debug:
    msg: >-
      {{ hostvars | shkatara.keda_demo.lab_hosts(hosts=['worker1'], os='bookworm', traits=[], packages=['sudo'],
                                                 releases={'12': 'bookworm'}, rules={'ufw': {'packages': ['ufw']}}) }}
"""

RETURN = r"""
_value:
  description: The faults, the address of the mirror, and the image of each host.
  type: dict
  sample:
    findings: []
    mirror: ""
    images:
      worker1: {name: lab-host-ufw, release: bookworm, traits: [ufw], packages: [sudo, ufw], tag: 5d41402abc4b}
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Undefined

MIRROR = "mirror"
# The images of this release have no release in their names.
DEFAULT_RELEASE = "bookworm"


@dataclass(frozen=True)
class _Host:
    name: str
    release: str
    traits: tuple[str, ...]


def lab_hosts(
    hostvars: Mapping[str, Mapping[str, Any]],
    *,
    hosts: Sequence[str],
    os: Any,
    traits: Any,
    packages: Sequence[str],
    releases: Mapping[str, str],
    rules: Mapping[str, Mapping[str, Any]],
    scripts: Mapping[str, str] | None = None,
    common: str = "",
) -> dict[str, Any]:
    """Return the findings, the mirror's address, and the image of each host."""
    lab = [
        _Host(
            name,
            _release(_variable(hostvars[name], "lab_os", os), releases),
            _traits(_variable(hostvars[name], "lab_traits", traits)),
        )
        for name in hosts
    ]
    mirrors = [host.name for host in lab if MIRROR in host.traits]
    findings = [finding for host in lab for finding in _findings(host, releases, rules, bool(mirrors))]
    if len(mirrors) > 1:
        findings.append(f"{' and '.join(mirrors)} have the trait `{MIRROR}`: leave it to one host")
    if findings:
        return {"findings": findings, "mirror": "", "images": {}}
    mirror = str(hostvars[mirrors[0]].get("ansible_host", "")) if mirrors else ""
    images = {}
    for host in lab:
        image = _image(host, packages, rules)
        texts = [(scripts or {}).get(trait, "") for trait in image["traits"]]
        # Only scripts of traits know the mirror.
        images[host.name] = image | {"tag": _hash([common, image, texts, mirror if texts else ""])}
    return {"findings": [], "mirror": mirror, "images": images}


def _variable(variables: Mapping[str, Any], name: str, default: Any) -> Any:
    value = variables.get(name, default)
    return default if isinstance(value, Undefined) else value


def _release(value: Any, releases: Mapping[str, str]) -> str:
    """Return the name of a release that is given by its name or number."""
    text = str(value).strip().lower()
    return releases.get(text, text)


def _traits(value: Any) -> tuple[str, ...]:
    """Return the traits of a list, or of a string with commas, which Ansible takes for a list as well."""
    items = value.split(",") if isinstance(value, str) else value or []
    return tuple(dict.fromkeys(str(item).strip() for item in items if str(item).strip()))


def _findings(
    host: _Host, releases: Mapping[str, str], rules: Mapping[str, Mapping[str, Any]], has_mirror: bool
) -> Iterator[str]:
    if host.release not in releases.values():
        known = ", ".join(f"{name} ({number})" for number, name in releases.items())
        yield f"{host.name}: lab_os is `{host.release}`: use one of {known}"
    for trait in host.traits:
        if trait not in rules:
            yield f"{host.name}: lab_traits has `{trait}`: the traits are {', '.join(rules)}"
            continue
        rule = rules[trait]
        fitting = rule.get("releases", list(releases.values()))
        if host.release in releases.values() and host.release not in fitting:
            yield f"{host.name}: the trait `{trait}` needs lab_os {' or '.join(fitting)}, and it is {host.release}"
        for other in rule.get("excludes", []):
            if other in host.traits:
                yield f"{host.name}: the traits `{trait}` and `{other}` exclude each other: remove one"
        if rule.get("mirror") and not has_mirror:
            yield f"{host.name}: the trait `{trait}` needs a host with the trait `{MIRROR}` in lab_hosts"


def _image(host: _Host, packages: Sequence[str], rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    traits = [trait for trait in rules if trait in host.traits]
    added = {package for trait in traits for package in rules[trait].get("packages", [])}
    left_out = {package for trait in traits for package in rules[trait].get("without", [])}
    wanted = sorted((set(packages) | added) - left_out)
    # Only what changes the packages is in the name, so that the cache has one image for the same packages.
    parts = [trait for trait in traits if rules[trait].keys() & {"packages", "without"}]
    release = [] if host.release == DEFAULT_RELEASE else [host.release]
    return {
        "name": "-".join(["lab-host", *release, *parts]).replace("_", "-"),
        "release": host.release,
        "traits": traits,
        "packages": wanted,
    }


def _hash(inputs: Any) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:12]


class FilterModule:
    """hostvars | shkatara.keda_demo.lab_hosts(hosts=lab_hosts, ...)"""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"lab_hosts": lab_hosts}
