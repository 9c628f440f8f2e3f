# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Manifests and blobs of a registry by its HTTP interface, with this project's downloads: /v2/<name>/manifests/...

A registry answers 401 with a challenge (WWW-Authenticate): where a token is given out, which lasts for minutes, or that
it takes a user and a password. Registries give tokens to everybody for public images. A blob is often a redirect to
another host, which gets no token.

No library is used for it. oras has no checksums, no time-outs and no ranges, and returns manifests as data, not as the
bytes that their digest is of; python-dxf fetches a blob in one request, without another attempt.
Source: github.com/opencontainers/distribution-spec, spec.md; distribution.github.io, "Token authentication".
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from ...common import urls
from ..units import BundleError
from . import logins
from .download import Downloader
from .web import Refused

DOCKER_HUB = "docker.io"
DOCKER_HUB_HOST = "registry-1.docker.io"
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
LISTS = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MOST_MANIFEST_BYTES = 4 * 2**20
# For one manifest or blob. A token may expire during a long download.
MOST_TOKENS = 3

Result = TypeVar("Result")

_CHALLENGE = re.compile(r'(?i)\b(basic|bearer)\s+((?:[a-z_]+\s*=\s*(?:"[^"]*"|[^\s,"]+)(?:\s*,\s*(?=[a-z_]+\s*=))?)+)')
_PARAMETER = re.compile(r'([a-z_]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))', re.IGNORECASE)


class Repository:
    """A repository of a registry, for one thread.

    :ivar address: its URL, which manifests and blobs are below
    """

    def __init__(self, name: str, downloader: Downloader) -> None:
        """:param name: with the registry, such as quay.io/org/name"""
        host, _slash, path = name.partition("/")
        if host == DOCKER_HUB:
            host, path = DOCKER_HUB_HOST, path if "/" in path else f"library/{path}"
        self.address = f"https://{host}/v2/{path}"
        self._name = name
        self._path = path
        self._downloader = downloader
        self._authorization = ""

    def manifest(self, reference: str) -> bytes:
        """Return the bytes of the manifest, or of the list of manifests, under a tag or a digest.

        :raises BundleError: it can't be had
        """
        url = f"{self.address}/manifests/{reference}"
        accept = ", ".join(MANIFESTS + LISTS)
        most = MOST_MANIFEST_BYTES + 1
        content = self._asked(lambda headers: self._downloader.content(url, {"Accept": accept, **headers}, most))
        if len(content) == most:
            raise BundleError(f"{url} is larger than {MOST_MANIFEST_BYTES} bytes, and so no manifest.")
        return content

    def blob(self, digest: str, target: Path) -> None:
        """Download a blob to `target`, and go on with what an earlier attempt has left.

        :raises BundleError: it can't be had
        """
        url = f"{self.address}/blobs/{digest}"
        self._asked(lambda headers: self._downloader.file(url, target, headers))

    def _asked(self, request: Callable[[Mapping[str, str]], Result]) -> Result:
        """Return the answer to a request, which is repeated with a token if the registry requires one."""
        tokens = 0
        while True:
            try:
                return request({"Authorization": self._authorization} if self._authorization else {})
            except Refused as error:
                if error.status != http.client.UNAUTHORIZED or tokens == MOST_TOKENS:
                    raise
                self._authorization = self._answer(error)
                tokens += 1

    def _answer(self, refused: Refused) -> str:
        """Return the Authorization header that the registry's challenge asks for.

        :raises BundleError: there is none
        """
        found = challenges(refused.challenge)
        login = logins.authorization(self._name)
        if "bearer" in found:
            return f"Bearer {self._token(found['bearer'], login)}"
        if "basic" in found and login and login != self._authorization:
            return login
        if "basic" in found and login:
            raise BundleError(f"This user's login to {self._name} is refused: log in again. {refused}")
        raise refused

    def _token(self, challenge: Mapping[str, str], login: str) -> str:
        place = challenge.get("realm", "")
        # A password or token is not sent in the clear.
        if not urls.is_url(place) or not place.startswith("https://"):
            raise BundleError(f"{self.address} asks for a token of {place!r}, which is no https address.")
        query = {"scope": challenge.get("scope", f"repository:{self._path}:pull")}
        if service := challenge.get("service"):
            query["service"] = service
        url = f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(query)}"
        try:
            text = self._downloader.text(url, {"Authorization": login} if login else None)
        except Refused as error:
            if not login:
                raise
            raise BundleError(
                f"This user's login to {self._name} is refused: log in again, or log out. {error}"
            ) from None
        try:
            answer = json.loads(text)
            token = answer.get("token") or answer["access_token"]
        except (ValueError, KeyError, AttributeError):
            raise BundleError(f"{url} gives no token, but {text[:60]!r}.") from None
        if not isinstance(token, str) or not token.isprintable():
            raise BundleError(f"{url} gives a token that is no text.")
        return token


def challenges(header: str) -> dict[str, dict[str, str]]:
    """Return the parameters of each challenge of a WWW-Authenticate header by its scheme, in lower case."""
    return {
        match[1].lower(): {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(match[2])}
        for match in _CHALLENGE.finditer(header)
    }
