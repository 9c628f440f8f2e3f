# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""URLs: their validity, their form in messages, and a user and password in them."""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote, urlsplit, urlunsplit

from . import hiding

_USER = re.compile(r"(?<=://)[^/?#]*@")


def without_user(url: str) -> str:
    """Return a URL with its user and password masked.

    In a text that is no URL everything before the last `@` is masked: a password may have any character there.
    """
    if is_url(url):
        return _USER.sub("***@", url)
    scheme, separator, rest = url.rpartition("://") if "@" not in url else url.partition("://")
    if not separator:
        scheme, rest = "", url
    return f"{scheme}{separator}***@{rest.rpartition('@')[2]}" if "@" in rest else url


def is_url(text: str) -> bool:
    """Return whether `text` is an HTTP URL with a host and a valid port, or no port."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is not a number or too large, or a bracket is missing
        return False


def split_user(url: str) -> tuple[str, str]:
    """Return (URL without its user and password, value of an Authorization header), the latter empty without a user.

    As Go, curl and browsers do: the user and the password are percent-decoded, and sent by HTTP's basic authentication.
    """
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, ""
    name, _colon, password = user.partition(":")
    return urlunsplit(parts._replace(netloc=host)), basic(unquote(name), unquote(password)) if user else ""


def basic(user: str, password: str) -> str:
    """Return the value of an Authorization header for a user."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def secrets(url: str) -> set[str]:
    """Return the texts that must not be shown of a URL: its user with the password, in each form, and the password."""
    user, at, _host = url.partition("://")[2].rpartition("@") if "://" in url else url.rpartition("@")
    if is_url(url):
        user, at, _host = urlsplit(url).netloc.rpartition("@")
    if not at or ":" not in user:
        return set()
    name, _colon, password = user.partition(":")
    hidden = {f"{user}@", f"{unquote(user)}@", basic(unquote(name), unquote(password)).rpartition(" ")[2]}
    return hidden | {text for text in (password, unquote(password)) if len(text) >= hiding.SHORTEST_SECRET}
