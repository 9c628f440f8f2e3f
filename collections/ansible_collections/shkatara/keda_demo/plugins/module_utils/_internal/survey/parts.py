# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the demo does about a part of its own stack in a cluster."""

from __future__ import annotations

from dataclasses import dataclass

DETECT, PRESENT, EXISTING, ABSENT = "detect", "present", "existing", "absent"
STATES = (DETECT, PRESENT, EXISTING, ABSENT)


@dataclass(frozen=True)
class Part:
    """A part: whether the demo installs it (`present`) or uses the cluster's own (`existing`).

    `namespace` is that of an existing part, empty if it is not known. `problems` are sentences.
    """

    name: str
    state: str
    namespace: str = ""
    problems: tuple[str, ...] = ()
