# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""This user's logins to registries, as `podman login`, `skopeo login` and `docker login` write them.

All of them write JSON: `auths` has by registry, or by registry and path, the user and the password in Base64. Logins
that a credential helper keeps are not read.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...common import urls

# The names that docker has for its own registry.
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")


def files(environ: Mapping[str, str] | None = None) -> list[Path]:
    """Return the files that may have logins, in the order in which skopeo reads them."""
    environ = os.environ if environ is None else environ
    if given := environ.get("REGISTRY_AUTH_FILE"):
        return [Path(given)]
    home = Path(environ.get("HOME") or Path.home())
    runtime = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/containers/{os.getuid()}")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    docker = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    return [runtime / "containers" / "auth.json", config / "containers" / "auth.json", docker / "config.json"]


def authorization(repository: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the value of an Authorization header for a repository such as quay.io/org/name, empty without a login.

    The login of the longest matching path takes precedence.
    """
    host, _slash, path = repository.partition("/")
    hosts = _DOCKER_HUB if host in _DOCKER_HUB else (host,)
    words = path.split("/")
    paths = ["/".join(words[:count]) for count in range(len(words), 0, -1)]
    wanted = [f"{name}/{part}" for part in paths for name in hosts] + list(hosts)
    for file in files(environ):
        found = dict(_entries(file))
        for name in wanted:
            if name in found:
                return found[name]
    return ""


def _entries(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the place and the Authorization header of each login of a file."""
    try:
        auths = json.loads(file.read_text(encoding="utf-8"))["auths"]
        entries = list(auths.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    for place, entry in entries:
        if value := _header(entry):
            yield _name(place), value


def _name(place: str) -> str:
    """Return a place without the scheme and the API's path of docker's older files: https://index.docker.io/v1/."""
    if "://" not in place:
        return place.rstrip("/")
    return urlsplit(place).netloc


def _header(entry: Any) -> str:
    try:
        user, colon, password = base64.b64decode(entry["auth"]).decode("utf-8").partition(":")
    except (KeyError, TypeError, ValueError, binascii.Error):
        return ""
    # With an identity token there is no password, but a token for a kind of request that only docker makes.
    return urls.basic(user, password.rstrip("\0")) if colon and "identitytoken" not in entry else ""
