# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The Kubernetes API as plain data: lists and watches of dictionaries, and errors that a user can act on.

Objects stay dictionaries: the library's models cost time for each event and drop fields that they don't know. Its Watch
is not used, since it does not report that the server has accepted a watch: after an error, that is the only sign of a
recovery while no object changes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

from . import keda_objects

try:
    import kubernetes
    from kubernetes import client, config
    from kubernetes.client.exceptions import ApiException
    from kubernetes.config import ConfigException
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it by missing_required_lib
    kubernetes = None
    ApiException = ConfigException = RuntimeError
    HTTPError = RuntimeError  # type: ignore[misc,assignment]

_CONNECT_SECONDS = 5
_READ_SECONDS = 20
# The server ends a watch after this time, and the next watch continues from its last version. A watch without data for
# longer has lost its connection. The server sends a bookmark 2 s before the end (Kubernetes 1.25,
# k8s.io/apiserver/pkg/storage/cacher/cacher.go, nextBookmarkTime), so that the next watch begins with no old events.
WATCH_SECONDS = 20
WATCH_READ_SECONDS = WATCH_SECONDS + 5
GONE = 410
_REPR = re.compile(r"^HTTPS?Connection(Pool)?\([^)]*\): ")
OPENED = "OPENED"  # not an event of the API: the server has accepted the watch


class ClusterError(Exception):
    """The cluster or the access to it has a fault; `status` is the HTTP status or 0."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def kubeconfig_path(kubeconfig: str | None) -> str:
    """Return the path of a kubeconfig, kubectl's default if none is given."""
    return os.path.expanduser(kubeconfig or "~/.kube/config")


def new_client(kubeconfig: str, context: str | None) -> Any:
    """Return a client of the kubernetes library for the kubeconfig at a path.

    :raises ClusterError: no such file or context, or not a kubeconfig
    """
    if not os.path.exists(kubeconfig):
        raise ClusterError(
            f"kubeconfig {kubeconfig} does not exist: give the path of the cluster's kubeconfig in `kubeconfig`"
        )
    try:
        configuration = client.Configuration()
        config.load_kube_config(kubeconfig, context, configuration, persist_config=False)
    except ConfigException as error:
        raise ClusterError(f"kubeconfig {kubeconfig}: {error}{_known_contexts(kubeconfig, context)}") from error
    except Exception as error:  # the exception of a broken YAML file depends on the library's version
        raise ClusterError(f"kubeconfig {kubeconfig} can't be read: {error}") from error
    # With retries a server that is down would delay every call. The client reads this only when it is created.
    configuration.retries = False
    return client.ApiClient(configuration)


def _known_contexts(kubeconfig: str, context: str | None) -> str:
    if not context:
        return ""
    try:
        contexts, _active = config.list_kube_config_contexts(kubeconfig)
    except ConfigException:
        return ""
    return f" (`context`; the file has: {', '.join(item['name'] for item in contexts)})"


class Cluster:
    """A cluster by its kubeconfig. Every read is a list or a watch, so two verbs for each kind are enough."""

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        self.kubeconfig = kubeconfig_path(kubeconfig)
        self.context = context
        self._client = self.new_client()
        self.host: str = self._client.configuration.host
        self._methods = {
            "deployments": client.AppsV1Api(self._client).list_namespaced_deployment,
            "horizontalpodautoscalers": client.AutoscalingV2Api(self._client).list_namespaced_horizontal_pod_autoscaler,
            "replicasets": client.AppsV1Api(self._client).list_namespaced_replica_set,
            "pods": client.CoreV1Api(self._client).list_namespaced_pod,
            "events": client.CoreV1Api(self._client).list_namespaced_event,
            "services": client.CoreV1Api(self._client).list_namespaced_service,
            "endpoints": client.CoreV1Api(self._client).list_namespaced_endpoints,
            "secrets": client.CoreV1Api(self._client).list_namespaced_secret,
            **keda_objects.listers(self._client),
        }

    def new_client(self) -> Any:
        """Return another client: a port-forward changes its client's methods while it opens.

        :raises ClusterError: see new_client
        """
        return new_client(self.kubeconfig, self.context)

    def list(
        self, kind: str, namespace: str, name: str | None = None, labels: str | None = None
    ) -> tuple[list[dict[str, Any]], str]:
        """Return the objects of a kind, and the resourceVersion from which a watch continues.

        :param kind: the plural name, one of `deployments`, `horizontalpodautoscalers`, `replicasets`, `pods`,
            `events`, `services`, `endpoints`, `secrets`, `scaledobjects`, `triggerauthentications`,
            `clustertriggerauthentications`
        :param name: only the object of this name
        :param labels: only the objects with these labels, as a selector
        :raises ClusterError: no answer, no permission, or no such kind in this cluster
        """
        response = self._call(kind, namespace, name, labels)
        try:
            data = json.loads(response.data)
        except HTTPError as error:
            raise ClusterError(f"The API server {self.host} broke off its answer: {_without_repr(error)}") from error
        finally:
            response.release_conn()
        return data["items"], data["metadata"]["resourceVersion"]

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
            for line in _lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise ClusterError(f"watch of {kind}: {status.get('message')}", int(status.get("code") or 0))
                yield event["type"], event["object"]
        except (HTTPError, OSError) as error:
            raise ClusterError(f"watch of {kind}: the connection broke: {_without_repr(error)}") from error
        finally:
            response.close()

    def server_version(self) -> str:
        """Return the API server's version, such as v1.25.0."""
        try:
            return str(client.VersionApi(self._client).get_code(_request_timeout=_READ_SECONDS).git_version)
        except (ApiException, HTTPError, OSError) as error:
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
        read = WATCH_READ_SECONDS if verb == "watch" else _READ_SECONDS
        try:
            response = self._methods[kind](
                namespace, _preload_content=False, _request_timeout=(_CONNECT_SECONDS, read), **options
            )
        except ApiException as error:
            raise ClusterError(
                self._refusal(verb, kind, namespace, error.status, _reason(error.body)), error.status
            ) from error
        except (HTTPError, OSError) as error:
            raise ClusterError(no_answer_message(self.host, error)) from error
        if response.status >= 400:  # newer clients don't raise for a response that they don't read
            body = response.data
            response.release_conn()
            raise ClusterError(self._refusal(verb, kind, namespace, response.status, _reason(body)), response.status)
        return response

    def _refusal(self, verb: str, kind: str, namespace: str, status: int, reason: str) -> str:
        if status == 401:
            return f"The API server {self.host} does not accept the credentials of {self.kubeconfig}: {reason}"
        if status == 403:
            return f"Missing permission: verb {verb} on {kind} in namespace {namespace} ({reason})"
        if status == 404 and kind == "scaledobjects":
            return f"The cluster {self.host} has no kind ScaledObject: install KEDA first"
        return f"The API server {self.host} answered {status} for {kind} in namespace {namespace}: {reason}"


def no_answer_message(host: str, error: Exception) -> str:
    """Return the message about an API server that does not answer."""
    return f"The API server {host} does not answer: {_without_repr(error)}"


def _without_repr(error: Exception) -> str:
    """Return urllib3's message without the repr of a connection at its beginning."""
    text = str(error)
    return _REPR.sub("", text.rpartition(">: ")[2]) or text


def _reason(body: Any) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return str(body.decode(errors="replace") if isinstance(body, bytes) else body)[:200].strip()


def _lines(response: Any) -> Iterator[bytes]:
    """Yield complete lines of a streamed response as they arrive."""
    rest = b""
    for chunk in response.stream(amt=None, decode_content=False):
        *complete, rest = (rest + chunk).split(b"\n")
        yield from (line for line in complete if line.strip())
