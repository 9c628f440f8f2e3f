# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What has passed for the files as they are, so that a long run goes on where it was ended.

The files are those that git tracks and those that it would: any change of one makes everything run anew.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path


def state_of_tree(root: Path) -> str:
    """Return a hash of the names, modes and contents of all files that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    digest = hashlib.sha256()
    for name in sorted(set(listed.split(b"\0")) - {b""}):
        path = root / name.decode()
        digest.update(name + b"\0")
        if path.is_symlink():
            digest.update(b"link" + str(path.readlink()).encode())
        elif path.is_file():
            executable = b"x" if path.stat().st_mode & 0o100 else b"-"
            digest.update(executable + hashlib.sha256(path.read_bytes()).digest())
        # Else it was removed, and not yet from git's index.
    return digest.hexdigest()


class Record:
    """The names of the steps that have passed for one state of the tree, kept in a file."""

    def __init__(self, file: Path, root: Path) -> None:
        self._file = file
        self._root = root
        self._state = state_of_tree(root)
        kept = json.loads(file.read_text()) if file.is_file() else {}
        self._passed: list[str] = kept.get("passed", []) if kept.get("state") == self._state else []

    def has_passed(self, step: str) -> bool:
        """Whether the step needs no new run."""
        return step in self._passed

    def add(self, step: str) -> None:
        """Keep that the step has passed, unless the files have changed under it."""
        if step in self._passed or state_of_tree(self._root) != self._state:
            return
        self._passed.append(step)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps({"state": self._state, "passed": self._passed}, indent=2))
        part.replace(self._file)
