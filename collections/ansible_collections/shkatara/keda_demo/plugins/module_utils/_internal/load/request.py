# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the requests of a load have besides their URL: method, headers, body, and the certificates that are taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..common import urls
from ..common.tls import Trust

_OWN = (("User-Agent", "keda_demo"), ("Accept", "*/*"))
# A server may wait for the body of such a request until a header says that there is none. Source: RFC 9110, 8.6.
_WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Request:
    """A request, before its URL is known. The headers have no Content-Length, which is that of `body`."""

    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    trust: Trust = Trust()  # noqa: RUF009 - it is frozen

    @property
    def host(self) -> str:
        """The Host header that replaces the URL's own; empty if there is none."""
        return next((value for name, value in self.headers if name.lower() == "host"), "")

    @property
    def server_name(self) -> str:
        """The name of `host`, for which TLS asks, and for which the certificate has to be."""
        return urlsplit(f"//{self.host}").hostname or ""

    def fields(self, url: str) -> tuple[str, list[tuple[str, str]]]:
        """Return (URL without its user, headers of a request to it without Host); the user becomes a header.

        A header that is given replaces our own of the same name.
        """
        bare, authorization = urls.split_user(url)
        given = {name.lower() for name, _value in self.headers}
        own = [*_OWN, *([("Authorization", authorization)] if authorization else [])]
        kept = [(name, value) for name, value in own if name.lower() not in given]
        return bare, [*kept, *((name, value) for name, value in self.headers if name.lower() != "host")]

    def message(self, path: str, host: str, fields: list[tuple[str, str]]) -> bytes:
        """Return the bytes of an HTTP/1.1 request over a connection of its own."""
        lines = [f"{self.method} {path} HTTP/1.1", f"Host: {self.host or host}"]
        lines += [f"{name}: {value}" for name, value in fields]
        if self.body or self.method in _WITH_BODY:
            lines.append(f"Content-Length: {len(self.body)}")
        lines += ["Connection: close", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body
