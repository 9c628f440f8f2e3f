# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The options of `load.http` about the requests themselves: URLs, method, headers, body and certificates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..common import hiding, http_headers, proxies, tls, urls
from ..common.tls import Trust
from ..load.request import Request

SPEC: dict[str, dict[str, Any]] = {
    "url": {"type": "str"},
    "urls": {"type": "list", "elements": "str"},
    "method": {"type": "str", "default": "GET"},
    "headers": {"type": "dict", "no_log": True},
    "body": {"type": "raw"},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_WITHOUT_BODY = ("GET", "HEAD")
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)
# Headers about the connection, and what sets them.
_SET_BY = {
    "content-length": "it is the length of load.http.body",
    "transfer-encoding": "load.http.body is sent with its length",
    "connection": "load.http.keep_alive sets it",
    "keep-alive": "load.http.keep_alive sets it",
    "proxy-connection": "a load does not use a proxy",
    "upgrade": "a request of a load asks for no other protocol",
    "trailer": "a request of a load has no trailers",
    "te": "a request of a load has no trailers",
}
# Headers whose values are no secrets, and of use in a result.
_NO_SECRETS = {
    "host", "accept", "accept-encoding", "accept-language", "cache-control", "content-type", "origin", "pragma",
    "referer", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
    "x-request-id",
}  # fmt: skip


def urls_of(http: Mapping[str, Any]) -> list[str]:
    """Return the URLs of a load; none without one."""
    return [http["url"]] if http.get("url") is not None else list(http.get("urls") or [])


def request_of(http: Mapping[str, Any]) -> Request:
    """Return the request of options that are right. A body that is no text is sent as JSON, and its header says so."""
    body, headers = http.get("body"), _headers(http)
    is_json = body is not None and not isinstance(body, str)
    if is_json and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return Request(
        (http.get("method") or "GET").strip().upper(),
        tuple(headers.items()),
        (json.dumps(body, ensure_ascii=False) if is_json else body or "").encode(),
        _trust(http),
    )


def wrong(http: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the options; the messages have no value of a header and no password."""
    if not http:
        return []
    found = _wrong_urls(http) + _wrong_headers(http)
    method = (http.get("method") or "").strip().upper()
    if http.get("method") is not None and method not in _METHODS:
        found.append(f"load.http.method is {http['method']!r} and must be one of {', '.join(_METHODS)}")
    elif http.get("body") not in (None, "") and method in ("", *_WITHOUT_BODY):
        found.append(
            f"load.http.body is given, and load.http.method is {method or 'GET'}, whose requests have none: give POST, "
            "PUT or PATCH, or omit the body"
        )
    found.append(tls.problem(_trust(http), "load.http.ca_path"))
    return [each for each in found if each]


def secrets(http: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Return (texts that must not be shown, values of headers that may be)."""
    shown: set[str] = set()
    hidden = {secret for url in urls_of(http) for secret in urls.secrets(str(url))}
    for name, value in _headers(http).items():
        secret = set() if name.lower() in _NO_SECRETS else hiding.of_header(value)
        hidden |= secret
        shown |= set() if secret else {value}
    return hidden, shown - hidden


def bypassed_proxies(request_urls: tuple[str, ...]) -> list[str]:
    """Return the proxies that the environment names for some URLs, each once."""
    found = []
    for url in request_urls:
        try:
            proxy = proxies.of_environment(url)
        except ValueError as error:
            found.append(str(error))
        else:
            found += [str(proxy)] if proxy else []
    return list(dict.fromkeys(found))


def _trust(http: Mapping[str, Any]) -> Trust:
    return Trust(http.get("validate_certs") is not False, http.get("ca_path") or "")


def _headers(http: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers as texts: YAML reads a value such as 7 or true as another type."""
    texts = {}
    for name, value in (http.get("headers") or {}).items():
        given = "" if value is None else value
        texts[str(name)] = (json.dumps(given) if isinstance(given, bool) else str(given)).strip(" \t")
    return texts


def _wrong_urls(http: Mapping[str, Any]) -> list[str]:
    if not urls_of(http):
        what = "load.http.urls is empty" if http.get("urls") is not None else "load.http has no url"
        return [f"{what} and must have at least one URL"]
    found = []
    has_authorization = any(name.lower() == "authorization" for name in _headers(http))
    for index, url in enumerate(urls_of(http)):
        name = "load.http.url" if http.get("url") is not None else f"load.http.urls[{index}]"
        if not urls.is_url(url) or re.search(r"[\s\x00-\x1f\\]", url):
            found.append(f"{name} is {urls.without_user(url)!r} and must be a URL such as http://192.0.2.11:30115/")
        elif has_authorization and urls.split_user(url)[1]:
            found.append(f"{name} has a user, and load.http.headers has Authorization: give only one of them")
    return found


def _wrong_headers(http: Mapping[str, Any]) -> list[str]:
    found, seen = [], set()
    for name, value in _headers(http).items():
        lower = name.lower()
        problem = http_headers.problem("load.http.headers", name, value)
        if problem:
            found.append(problem)
        elif lower in _SET_BY:
            found.append(f"load.http.headers has {name}, which can't be given: {_SET_BY[lower]}")
        elif lower in seen:
            found.append(f"load.http.headers has {name} twice, in different case")
        elif lower == "host" and not _HOST.fullmatch(value):
            found.append(
                "the value of Host in load.http.headers must be a name such as shop.example.com, with a port if it has "
                "one, and without a scheme or a path"
            )
        seen.add(lower)
    return found
