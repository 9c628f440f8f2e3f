# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The HTTP proxy of a URL: from an option, or from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

The rules of the variables are those of Go, and so of kubectl and KEDA: the name in lower case takes precedence, a
proxy without a scheme is an HTTP one, a name in NO_PROXY stands for its subdomains too, NO_PROXY takes CIDR ranges and
`host:port`, and this machine itself is never asked for by a proxy of the environment.
Source: golang.org/x/net/http/httpproxy.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from . import urls

_DEFAULT_PORTS: dict[str, int] = {
    "http": 80,
    "https": 443,
    "socks4": 1080,
    "socks4a": 1080,
    "socks5": 1080,
    "socks5h": 1080,
}


@dataclass(frozen=True)
class Proxy:
    """A proxy: its URL with a port and without a user, the name of the variable or option that gave it, and the value
    of its Proxy-Authorization header, empty for none.
    """

    url: str
    source: str
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.url} ({self.source})"

    @property
    def scheme(self) -> str:
        """The scheme of the proxy's URL, such as http or socks5."""
        return urlsplit(self.url).scheme


def parse(text: str, source: str) -> Proxy:
    """Return a proxy.

    :raises ValueError: not the URL of a proxy; the message has no password
    """
    given = text.strip()
    whole = given if "://" in given else f"http://{given}"
    try:
        parts = urlsplit(whole)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        port = None
    if port is None or not parts.hostname:
        raise ValueError(f"{source} is {urls.without_user(given)!r} and must be a proxy such as http://192.0.2.3:3128")
    bare, authorization = urls.split_user(whole)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    url = urlunsplit((urlsplit(bare).scheme, f"{host}:{port}", "", "", ""))
    return Proxy(url, source, authorization)


def of_environment(url: str, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy that the environment names for a URL; None for none.

    :raises ValueError: the variable is not the URL of a proxy
    """
    environ = os.environ if environ is None else environ
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or _is_here(host):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        source, value = _variable(name, environ)
        if value:
            break
    else:
        return None
    _name, exceptions = _variable("no_proxy", environ)
    if is_exception(url, exceptions):
        return None
    return parse(value, source)


def is_exception(url: str, exceptions: str) -> bool:
    """Return whether a list such as NO_PROXY excepts a URL's host from the proxy."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower().rstrip(".")
    port = str(parts.port or _DEFAULT_PORTS.get(parts.scheme) or "")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    for text in exceptions.split(","):
        entry = text.strip().lower()
        if entry == "*":
            return True
        name, wanted_port = _split_port(entry)
        if not name or wanted_port not in ("", port):
            continue
        if address is not None:
            if _holds(name, address):
                return True
        elif host == name.lstrip("*.") or host.endswith("." + name.lstrip("*.")):
            return True
    return False


def _split_port(entry: str) -> tuple[str, str]:
    """Return (host, port) of an entry; an IPv6 address with a port has brackets."""
    if entry.startswith("["):
        host, _bracket, port = entry[1:].partition("]")
        return host, port.removeprefix(":")
    host, colon, port = entry.rpartition(":")
    return (host, port) if colon and port.isdigit() and ":" not in host else (entry, "")


def _holds(entry: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _variable(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return (name, value) of a variable, whose name in lower case takes precedence; an empty value is none."""
    for each in (name, name.upper()):
        if each in environ and not (each == "HTTP_PROXY" and "REQUEST_METHOD" in environ):  # a CGI's header `Proxy`
            return each, environ[each].strip()
    return name, ""
