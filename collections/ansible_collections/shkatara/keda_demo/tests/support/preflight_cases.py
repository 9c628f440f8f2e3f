# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Every finding of the role preflight about a host, with the input that makes it.

The README of the role has the same table, and a test compares the two.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """A finding, and how a bare worker differs that has it.

    `input` says in words what `sections` of the output, `wants` of the cluster or the `result` of the login change;
    `others` is a change of the other host's output, and `facts` the result of the module setup.
    """

    input: str
    message: str
    sections: dict[str, Any] = field(default_factory=dict)
    wants: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    ways: list[dict[str, Any]] = field(default_factory=list)
    host: str = "worker1"
    core: str = "2.19.14"
    oldest: tuple[int, int] | None = (3, 8)

    @property
    def check(self):
        """The name of the check, by which the message begins."""
        return self.message.split(":")[0]


CENTOS_7 = {"ID": "centos", "ID_LIKE": "rhel fedora", "VERSION_ID": "7", "PRETTY_NAME": "CentOS Linux 7 (Core)"}
ROCKY_8 = {"ID": "rocky", "ID_LIKE": "rhel centos fedora", "VERSION_ID": "8.9", "PRETTY_NAME": "Rocky Linux 8.9"}
ROCKY_9 = {"ID": "rocky", "ID_LIKE": "rhel centos fedora", "VERSION_ID": "9.4", "PRETTY_NAME": "Rocky Linux 9.4"}
ROCKY_10 = {"ID": "rocky", "ID_LIKE": "rhel centos fedora", "VERSION_ID": "10.0", "kernel": "6.12.0-55.el10.x86_64"}
UBUNTU_18 = {"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_ID": "18.04", "PRETTY_NAME": "Ubuntu 18.04.6 LTS"}
DEBIAN_10 = {"ID": "debian", "VERSION_ID": "10", "PRETTY_NAME": "Debian GNU/Linux 10 (buster)"}
