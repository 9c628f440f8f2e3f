# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies files to a host; see the module of the same name for the documentation."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.host_shell import HostShellActionBase

# The folder of files that were sent and not yet compared. All runs use the same folder, so that the next run removes
# the files of a killed run.
STAGING = ".keda-demo-delivery"
RECORD = "bundle.json"
FILE_OPTIONS = {
    "src": {"type": "str"},
    "content": {"type": "str"},
    "dest": {"type": "path", "required": True},
    "mode": {"type": "str", "default": "0644"},
}
ARGUMENTS = {
    "bundle": {"type": "path"},
    "files": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": FILE_OPTIONS,
        "mutually_exclusive": [("src", "content")],
        "required_one_of": [("src", "content")],
    },
    "directories": {"type": "list", "elements": "path", "default": []},
}
# The beginning of each command on the host: openssl hashes three times as fast as coreutils, but some hosts lack it.
HASH = "hash=sha256sum; ! command -v openssl > /dev/null || hash='openssl dgst -sha256 -r'"

File = Mapping[str, Any]


class ActionModule(HostShellActionBase):
    """Compare all files by one command, send those that differ, and put them into place by another command."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return `changed` and the list `sent`."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp  # has no effect any more
        _, arguments = self.validate_argument_spec(ARGUMENTS)
        bundle = Path(arguments["bundle"] or "")
        if self._task.check_mode and not (bundle / RECORD).is_file() and _from_bundle(arguments["files"]):
            # Outside of check mode the role bundle would have made it.
            result.update(changed=True, sent=[file["dest"] for file in arguments["files"]])
            return result
        files = with_checksums(bundle, arguments["files"])
        found = self._command(look_command(files, arguments["directories"])).splitlines()
        differing = [file for file in files if signature(file) not in found]
        missing = [path for path in arguments["directories"] if path not in found]
        if self._task.diff:
            result["diff"] = [self._difference(file) for file in differing]
        if not self._task.check_mode:
            if missing:
                self._command(f"install -d -m 0755 {shlex.join(missing)}")
            if differing:
                self._send(bundle, differing)
        sent = [file["dest"] for file in differing]
        result.update(changed=bool(sent or missing), sent=sent)
        return result

    def _difference(self, file: File) -> dict[str, str]:
        dest = str(file["dest"])
        if file["content"] is None:
            return {"prepared": f"{dest}: from the bundle"}
        quoted = shlex.quote(dest)
        before = self._command(f"[ ! -f {quoted} ] || cat {quoted}")
        return {"before_header": dest, "before": before, "after_header": dest, "after": str(file["content"])}

    def _send(self, bundle: Path, files: Sequence[File]) -> None:
        # The folder belongs to the login user until the files are put into place. Files of a killed run may already
        # belong to root, and are removed.
        make = f"cd && rm -rf {STAGING} && mkdir -m 0700 {STAGING} && cd {STAGING} && pwd"
        folder = self._command(make, become=False).strip()
        for file in files:
            target = staged(folder, file)
            if file["content"] is None:
                self._transfer_file(str(bundle / file["src"]), target)
            else:
                self._transfer_data(target, file["content"])
        self._command(place_command(folder, files))

    def _command(self, command: str, become: bool = True) -> str:
        return self.run_shell(command, "Copying files to the host failed", become)


def _from_bundle(files: Sequence[File]) -> bool:
    return any(file["src"] is not None for file in files)


def with_checksums(bundle: Path, files: Sequence[File]) -> list[dict[str, Any]]:
    """Return the files with their SHA-256, from their content or from the bundle's record.

    :raises AnsibleActionFail: there is no bundle, it lacks a file, or a mode is not an octal number
    """
    known = _recorded(bundle) if _from_bundle(files) else {}
    for file in files:
        if file["src"] is not None and file["src"] not in known:
            raise AnsibleActionFail(f"The bundle in {bundle} has no {file['src']}: another release built it.")
        if not re.fullmatch("0[0-7]{3,4}", file["mode"]):
            raise AnsibleActionFail(
                f"The mode of {file['dest']} is {file['mode']}: give an octal number in quotes, such as '0644'."
            )
    return [
        {**file, "sha256": known[file["src"]] if file["content"] is None else _sha256(file["content"])}
        for file in files
    ]


def _recorded(bundle: Path) -> dict[str, str]:
    try:
        record = json.loads((bundle / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AnsibleActionFail(f"There is no complete bundle in {bundle} (cluster_bundle_dir): {error}") from error
    return {item["path"]: item["sha256"] for item in record["files"]}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def signature(file: File) -> str:
    """Return the line that `look_command` prints for a file with the right content, mode and owner."""
    return f"{file['sha256']} {int(file['mode'], 8):o} 0:0 {file['dest']}"


def look_command(files: Sequence[File], directories: Sequence[str]) -> str:
    """Return a command that prints `sha256 mode uid:gid path` of each existing file, and each existing directory."""
    names = shlex.join(file["dest"] for file in files)
    one = 'set -- $($hash < "$f") && printf \'%s %s\\n\' "$1" "$(stat -c \'%a %u:%g %n\' "$f")"'
    command = f'{HASH}; for f in {names}; do [ ! -f "$f" ] || {{ {one}; }}; done'
    if directories:
        command += f'; for d in {shlex.join(directories)}; do [ ! -d "$d" ] || printf "%s\\n" "$d"; done'
    return command


def staged(folder: str, file: File) -> str:
    """Return the path of a file in the staging folder."""
    return f"{folder}/{file['sha256'][:16]}-{file['dest'].replace('/', '_')}"


def place_command(folder: str, files: Sequence[File]) -> str:
    """Return a command that checks the files that were sent, puts them into place, and removes the staging folder."""
    lines = ["set -e", f"trap {shlex.quote(f'rm -rf {shlex.quote(folder)}')} EXIT", HASH]
    for file in files:
        source, dest = shlex.quote(staged(folder, file)), shlex.quote(file["dest"])
        parent = shlex.quote(str(PurePosixPath(file["dest"]).parent))
        lines += [
            f'set -- $($hash < {source}); [ "$1" = {file["sha256"]} ]'
            f" || {{ echo {dest} did not arrive whole >&2; exit 1; }}",
            f"[ -d {parent} ] || install -d -m 0755 {parent}",
            f"chown 0:0 {source}; chmod {file['mode']} {source}",
            # A rename; if the two are on different file systems, a copy under another name and a rename.
            f"mv -fT {source} {dest}.part && mv -fT {dest}.part {dest} || {{ rm -f {dest}.part; exit 1; }}",
            # A renamed file keeps the SELinux label of its former folder. The next run does not look at labels, so each
            # file gets its own at once.
            f"! command -v restorecon > /dev/null || restorecon {dest}",
        ]
    return "\n".join(lines)
