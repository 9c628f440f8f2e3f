# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What a maker of units is given: its settings, the units that it needs, a folder to work in, and programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .cache import Made
from .processes import Processes


@dataclass(frozen=True)
class Settings:
    """What has an effect on how something is made, but not on what it is."""

    cache_dir: Path
    components_dir: Path
    app_dir: Path | None
    arch: str
    go: Path
    debian_mirror: str = ""


@dataclass(frozen=True)
class Work:
    """The surroundings of one unit's maker; `folder` is removed afterwards."""

    settings: Settings
    needs: Mapping[str, Made]
    folder: Path
    log: Path
    processes: Processes

    def run(self, command: Sequence[str | Path], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
        """Run a program and return what it printed; see Processes.run."""
        return self.processes.run(command, self.log, cwd, env)
