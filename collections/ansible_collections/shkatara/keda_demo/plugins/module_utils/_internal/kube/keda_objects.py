# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""KEDA's custom resources, and its operator."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:  # the module reports it
    ApiException = RuntimeError
    HTTPError = RuntimeError  # type: ignore[misc,assignment]

_GROUP, _VERSION = "keda.sh", "v1alpha1"
_DEFAULT_NAMESPACE = "keda"
# Where the operator is looked for by a user who may not list all namespaces. It is in the second one as an add-on of
# AKS (https://learn.microsoft.com/azure/aks/keda-about).
_NAMESPACES = (_DEFAULT_NAMESPACE, "kube-system")
_FORBIDDEN = 403


def listers(api_client: Any) -> dict[str, Callable[..., Any]]:
    """Return the functions that list KEDA's resources, by plural name; each takes a namespace."""
    api = client.CustomObjectsApi(api_client)

    def namespaced(plural: str) -> Callable[..., Any]:
        return lambda namespace, **options: api.list_namespaced_custom_object(
            _GROUP, _VERSION, namespace, plural, **options
        )

    def of_cluster(plural: str) -> Callable[..., Any]:
        return lambda _namespace, **options: api.list_cluster_custom_object(_GROUP, _VERSION, plural, **options)

    return {
        "scaledobjects": namespaced("scaledobjects"),
        "triggerauthentications": namespaced("triggerauthentications"),
        "clustertriggerauthentications": of_cluster("clustertriggerauthentications"),
    }


def operator_version(api_client: Any, seconds: float) -> str | None:
    """Return the version label or the image tag of KEDA's operator; None if it can't be read within `seconds`."""
    operator = _operator(api_client, seconds)
    if operator is None:
        return None
    labels = operator.metadata.labels or {}
    return str(labels.get("app.kubernetes.io/version") or "") or _tag(operator.spec.template.spec.containers[0].image)


def _tag(image: str) -> str | None:
    """Return the tag of an image's reference, which may have a registry's port and a digest; None without a tag."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2] or None


def operator_namespace(api_client: Any, seconds: float) -> str:
    """Return the namespace of KEDA's operator; KEDA's default if it can't be read within `seconds`."""
    operator = _operator(api_client, seconds)
    return _DEFAULT_NAMESPACE if operator is None else str(operator.metadata.namespace)


def _operator(api_client: Any, seconds: float) -> Any:
    """Return the Deployment of KEDA's operator; None if it can't be read."""
    api = client.AppsV1Api(api_client)
    options = {"label_selector": "app.kubernetes.io/name=keda-operator", "_request_timeout": seconds}
    try:
        return next(iter(api.list_deployment_for_all_namespaces(**options).items), None)
    except ApiException as error:
        if error.status != _FORBIDDEN:
            return None
    except (HTTPError, OSError):
        return None
    for namespace in _NAMESPACES:
        with contextlib.suppress(ApiException, HTTPError, OSError):
            for operator in api.list_namespaced_deployment(namespace, **options).items:
                return operator
    return None
