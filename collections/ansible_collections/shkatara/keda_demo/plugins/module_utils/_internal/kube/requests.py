# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Requests to the API server by path, for kinds that only a manifest names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from . import responses
from .access import Access
from .errors import ClusterError, no_answer_message

try:
    import urllib3
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it
    HTTPError = RuntimeError  # type: ignore[misc,assignment]

NOT_FOUND = 404
_UNAUTHORIZED = 401
_CONNECT_SECONDS, _READ_SECONDS = 5, 60


def path_of(api_version: str, plural: str = "", namespace: str = "", name: str = "") -> str:
    """Return the path of an API version's kinds, of a kind's objects in all namespaces or one, or of an object."""
    place = f"namespaces/{namespace}" if namespace else ""
    parts = ("/apis" if "/" in api_version else "/api", api_version, place, plural, name)
    return "/".join(part for part in parts if part)


class Response(NamedTuple):
    """A status, and the document of the body; a refusal's document is empty, and `reason` says why."""

    status: int
    document: dict[str, Any]
    reason: str = ""

    @property
    def is_refusal(self) -> bool:
        """Whether the API server did not do what was asked."""
        return self.status >= 400


class Requests:
    """Requests with a connection per thread. The library's own methods need the name of each kind's class."""

    def __init__(self, access: Access) -> None:
        """:raises ClusterError: as Access.new_client"""
        self._access = access
        self.server = access.server
        self._authorization = access.authorization
        client = access.new_client()
        self._base = client.configuration.host
        self._agent = client.user_agent
        self._pool = client.rest_client.pool_manager

    def send(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: str = "", content_type: str = ""
    ) -> Response:
        """Return the API server's response, also if it refuses what was asked.

        :raises ClusterError: no answer, one that is no JSON, or refused credentials, which no other request changes
        """
        headers = {"Accept": "application/json", "User-Agent": self._agent}
        if self._authorization:
            headers["Authorization"] = self._authorization
        if content_type:
            headers["Content-Type"] = content_type
        url = f"{self._base}{path}{f'?{urlencode(query)}' if query else ''}"
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        try:
            response = self._pool.request(
                method, url, body=body.encode() or None, headers=headers, timeout=timeout, redirect=False
            )
            if response.status == _UNAUTHORIZED:
                raise ClusterError(self._access.refusal(responses.refusal_reason(response.data)), response.status)
            if response.status >= 400:
                return Response(response.status, {}, responses.refusal_reason(response.data))
            return Response(response.status, json.loads(response.data))
        except (HTTPError, OSError) as error:
            raise ClusterError(no_answer_message(self.server, error)) from error
        except ValueError as error:
            raise ClusterError(f"The API server {self.server} answered {method} {path} with no JSON") from error
