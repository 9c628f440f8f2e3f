# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The Kubernetes API as plain data: lists and watches of dictionaries, and errors that a user can act on.

Objects stay dictionaries: the library's models cost time for each event and drop fields that they don't know. Its Watch
is not used, since it does not report that the server has accepted a watch: after an error, that is the only sign of a
recovery while no object changes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from . import keda_objects, listers, responses
from .access import Access
from .access_options import AccessOptions
from .errors import ClusterError, no_answer_message, without_repr

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it
    ApiException = RuntimeError
    HTTPError = RuntimeError  # type: ignore[misc,assignment]

__all__ = ["Cluster", "ClusterError"]

_CONNECT_SECONDS = 5
# An API server that shares a small or emulated machine with its starting pods may take half a minute for an answer.
_READ_SECONDS = 60
# The server ends a watch after this time, and the next watch continues from its last version. A watch without data for
# longer has lost its connection. The server sends a bookmark 2 s before the end (Kubernetes 1.25,
# k8s.io/apiserver/pkg/storage/cacher/cacher.go, nextBookmarkTime), so that the next watch begins with no old events.
WATCH_SECONDS = 20
WATCH_READ_SECONDS = WATCH_SECONDS + 5
GONE, NOT_FOUND = 410, 404
OPENED = "OPENED"  # not an event of the API: the server has accepted the watch


class Cluster:
    """A cluster. Every read is a list or a watch, so two verbs for each kind are enough.

    `access` says which cluster it is. `host` is the URL of its API server without a password.
    """

    def __init__(self, kubeconfig: str | None = None, context: str | None = None, **options: Any) -> None:
        """Make a client; nothing is connected yet.

        :param options: other options of access, see AccessOptions
        :raises ClusterError: see Access
        """
        self.access = Access(AccessOptions(kubeconfig, context, **options))
        self._client = self.new_client()
        self.host = self.access.server
        self._methods = listers.listers(self._client)

    def add_kind(self, kind: str, group: str, version: str, plural: str) -> None:
        """Let `list` and `watch` know a kind of a group by the name `kind`."""
        self._methods.setdefault(kind, listers.lister(self._client, group, version, plural))

    def new_client(self) -> Any:
        """Return another client: a port-forward changes its client's methods while it opens."""
        return self.access.new_client()

    def list(
        self, kind: str, namespace: str, name: str | None = None, labels: str | None = None
    ) -> tuple[list[dict[str, Any]], str]:
        """Return the objects of a kind, and the resourceVersion from which a watch continues.

        :param kind: the plural name, one of listers.listers, or a name that add_kind has made known
        :param name: only the object of this name
        :param labels: only the objects with these labels, as a selector
        :raises ClusterError: no answer, no permission, or no such kind in this cluster
        """
        data = self._document(self._call(kind, namespace, name, labels))
        return data["items"], data["metadata"]["resourceVersion"]

    def read(self, subject: str, namespace: str, method: Callable[[Any], listers.Lister], *names: str) -> Any:
        """Return one document of the API, such as a Scale; None if the server does not have it.

        :param subject: what is read, for messages
        :param namespace: its namespace; empty if it is in none
        :param method: gives the library's method for a client, which is called with `names`
        :raises ClusterError: no answer or no permission
        """
        try:
            response = self._send("get", subject, namespace, method(self._client), *names)
        except ClusterError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return self._document(response)

    def _document(self, response: Any) -> Any:
        try:
            return json.loads(response.data)
        except HTTPError as error:
            raise ClusterError(
                f"The API server {self.host} broke off its answer: {without_repr(str(error))}"
            ) from error
        finally:
            response.release_conn()

    def watch(
        self, kind: str, namespace: str, version: str, name: str | None = None, labels: str | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (event type, object) after resourceVersion `version`, bookmarks too, until the server ends the watch.

        The first event is OPENED with an empty object, as soon as the server has accepted the watch.

        :raises ClusterError: the connection broke, or `version` is too old (status GONE)
        """
        response = self._call(
            kind,
            namespace,
            name,
            labels,
            watch=True,
            resource_version=version,
            allow_watch_bookmarks=True,
            timeout_seconds=WATCH_SECONDS,
        )
        try:
            yield OPENED, {}
            for line in responses.lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise ClusterError(f"watch of {kind}: {status.get('message')}", int(status.get("code") or 0))
                yield event["type"], event["object"]
        except (HTTPError, OSError) as error:
            raise ClusterError(f"watch of {kind}: the connection broke: {without_repr(str(error))}") from error
        finally:
            response.close()

    def server_version(self) -> str:
        """Return the API server's version, such as v1.25.0."""
        try:
            return str(client.VersionApi(self._client).get_code(_request_timeout=_READ_SECONDS).git_version)
        except (ApiException, HTTPError, OSError) as error:
            if getattr(error, "status", 0) == 401:
                raise ClusterError(
                    self._refusal("get", "version", "", 401, str(getattr(error, "reason", ""))), 401
                ) from error
            raise ClusterError(no_answer_message(self.host, error)) from error

    def keda_version(self) -> str | None:
        """Return the version label or the image tag of KEDA's operator; None if it can't be read."""
        return keda_objects.operator_version(self._client, _READ_SECONDS)

    def keda_namespace(self) -> str:
        """Return the namespace of KEDA's operator; KEDA's default if it can't be read."""
        return keda_objects.operator_namespace(self._client, _READ_SECONDS)

    def _call(self, kind: str, namespace: str, name: str | None, labels: str | None, **options: Any) -> Any:
        selectors = {"field_selector": f"metadata.name={name}" if name else None, "label_selector": labels}
        options.update({key: value for key, value in selectors.items() if value})
        verb = "watch" if options.get("watch") else "list"
        return self._send(verb, kind, namespace, self._methods[kind], namespace, **options)

    def _send(self, verb: str, kind: str, namespace: str, method: listers.Lister, *names: str, **options: Any) -> Any:
        timeout = (_CONNECT_SECONDS, WATCH_READ_SECONDS if verb == "watch" else _READ_SECONDS)
        try:
            response = method(*names, _preload_content=False, _request_timeout=timeout, **options)
        except ApiException as error:
            if not error.status:
                raise ClusterError(no_answer_message(self.host, error)) from error
            raise ClusterError(
                self._refusal(verb, kind, namespace, error.status, responses.refusal_reason(error.body)), error.status
            ) from error
        except (HTTPError, OSError) as error:
            raise ClusterError(no_answer_message(self.host, error)) from error
        if response.status >= 400:  # newer clients don't raise for a response that they don't read
            body = response.data
            response.release_conn()
            raise ClusterError(
                self._refusal(verb, kind, namespace, response.status, responses.refusal_reason(body)), response.status
            )
        return response

    def _refusal(self, verb: str, kind: str, namespace: str, status: int, reason: str) -> str:
        if status == 401:
            return self.access.refusal(reason)
        place = f" in namespace {namespace}" if namespace else ""
        if status == 403:
            return f"Missing permission: verb {verb} on {kind}{place} ({reason})"
        if status == 404 and kind == "scaledobjects":
            return f"The cluster {self.host} has no kind ScaledObject: install KEDA first"
        return f"The API server {self.host} answered {status} for {kind}{place}: {reason}"
