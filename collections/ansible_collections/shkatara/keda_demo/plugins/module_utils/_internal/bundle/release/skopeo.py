# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The program skopeo, which reads registries. It knows this user's logins (`skopeo login`) and the proxies.

Digests decide what is trusted, so skopeo's own policy, a file that a machine may lack, is not asked.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from ...common import hiding, urls
from ..processes import Processes
from ..units import BundleError, Interrupted

PROGRAM = "skopeo"
STALL_SECONDS = 60.0
RETRIES = 4
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
# What a registry's answer means for the user, by a text of it.
HINTS = {
    "toomanyrequests": "the registry limits pulls: run it again later, or log in with `skopeo login`",
    "Too Many Requests": "the registry limits pulls: run it again later, or log in with `skopeo login`",
    "manifest unknown": "the registry has no such image; a digest comes from bundle.lock",
    "unauthorized": "the registry requires a login: `skopeo login`, or there is no such image",
    "no space left": "the disk is full: free some, or give another folder as cluster_cache_dir (KEDA_DEMO_CACHE)",
    "certificate signed by unknown authority": "give the file of the registry's CA as SSL_CERT_FILE",
}


class Skopeo:
    """Copies of images to plain folders (skopeo's `dir:`), whose files have the bytes that the registry has."""

    def __init__(self, processes: Processes, log: Path, folder: Path) -> None:
        """:param folder: a folder for temporary files"""
        self._processes = processes
        self._log = log
        self._folder = folder

    def digest(self, reference: str, repository: str) -> str:
        """Return the digest that an image has now, of the list of all architectures if there is one.

        :param repository: where it is asked for, a mirror perhaps
        :raises BundleError: it can't be had
        """
        # `inspect` without `--raw` lists all tags of the repository, which takes long. The output of programs is read
        # as text, and the digest is of the bytes, so the shell writes them to a file.
        manifest = self._folder / "manifest"
        command: list[str | Path] = [
            "sh",
            "-c",
            f'exec {PROGRAM} "$@" > "$0"',
            manifest,
            "--insecure-policy",
            "inspect",
            "--raw",
        ]
        command += [f"--retry-times={RETRIES}", f"docker://{repository}:{reference.rpartition(':')[2]}"]
        self._run(command, reference, Stall(self._folder))
        return f"sha256:{hashlib.sha256(manifest.read_bytes()).hexdigest()}"

    def copy(self, source: str, target: str, arch: str, name: str) -> None:
        """Copy the image of an architecture from one of skopeo's places to another.

        :param name: what messages call the image
        :raises BundleError: it can't be copied
        """
        platform = ["--override-os=linux", f"--override-arch={arch}"]
        options = ["copy", "--quiet", f"--retry-times={RETRIES}", source, target]
        watched = Path(target.partition(":")[2])
        self._run([PROGRAM, "--insecure-policy", *platform, *options], name, Stall(watched))

    def _run(self, command: list[str | Path], name: str, stalled: Callable[[], bool] | None = None) -> None:
        try:
            self._processes.run(command, self._log, self._folder, {"TMPDIR": str(self._folder)}, stalled)
        except Interrupted:
            raise
        except BundleError as error:
            text = _hider().text(str(error))
            hint = next((hint for part, hint in HINTS.items() if part in text), "")
            raise BundleError(f"The image {name} can't be pulled{f': {hint}' if hint else ''}. {text}") from None


class Stall:
    """Whether the files below a folder have not grown for STALL_SECONDS."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._size = -1
        self._since = clock()

    def __call__(self) -> bool:
        size = 0
        for file in self._folder.rglob("*"):
            # skopeo renames the file of a complete blob.
            with contextlib.suppress(FileNotFoundError):
                size += file.lstat().st_size
        if size != self._size:
            self._size, self._since = size, self._clock()
        return self._clock() - self._since > STALL_SECONDS


def _hider() -> hiding.Hider:
    """Return what hides the passwords of the environment's proxies."""
    values = [os.environ.get(form, "") for name in PROXY_VARIABLES for form in (name, name.upper())]
    return hiding.Hider(secret for value in values for secret in urls.secrets(value))
