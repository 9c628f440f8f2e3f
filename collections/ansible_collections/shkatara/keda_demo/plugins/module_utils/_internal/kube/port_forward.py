# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""HTTP to a pod's port through the API server, with the kubeconfig alone."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from typing import Any

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from kubernetes.stream import portforward
except ImportError:  # the module says so by missing_required_lib
    ApiException = RuntimeError

TIMEOUT_SECONDS = 10.0


class ForwardError(OSError):
    """The port-forward can't be made, or the pod does not answer behind it."""


class ForwardedConnection(http.client.HTTPConnection):
    """HTTP to a port of a pod; each connection has a port-forward of its own.

    Making the port-forward changes the methods of `api_client`: each connection needs a client of its own. What is
    reached listens on the pod's loopback, as what listens on all its addresses does.
    """

    def __init__(self, api_client: Any, namespace: str, pod: str, port: int, timeout: float = TIMEOUT_SECONDS) -> None:
        super().__init__(f"{pod}.{namespace}", port)
        self._api_client = api_client
        self._namespace = namespace
        self._pod = pod
        self._seconds = timeout
        self._forward: Any = None

    def connect(self) -> None:
        """Open the port-forward.

        :raises ForwardError: no answer in time, no permission, or no such pod
        """
        opening = _Opening(self._api_client, self._namespace, self._pod, self.port)
        opening.start()
        try:
            self._forward = opening.wait(self._seconds)
        except ApiException as error:
            raise self._error(self._refusal(str(error.reason))) from error
        except TimeoutError as error:
            raise self._error(f"the API server does not answer within {self._seconds:g} s") from error
        except Exception as error:  # what a broken connection raises here depends on the libraries' versions
            raise self._error(f"{type(error).__name__}: {error}") from error
        self.sock = self._forward.socket(self.port)
        self.sock.settimeout(self._seconds)

    def send(self, data: Any) -> None:
        """Send data, over a new connection where there is none.

        :raises ForwardError: the pod does not take it, such as where nothing listens on the port
        """
        try:
            super().send(data)
        except ForwardError:
            raise
        except OSError as error:
            raise self._broken(self._forward, error) from error

    def getresponse(self) -> http.client.HTTPResponse:
        """Return the answer.

        :raises ForwardError: the pod did not answer
        """
        forward = self._forward  # http.client closes what is broken
        try:
            return super().getresponse()
        except (http.client.HTTPException, OSError) as error:
            raise self._broken(forward, error) from error

    def close(self) -> None:
        """Close the port-forward too."""
        super().close()
        if self._forward is not None:
            with contextlib.suppress(OSError):
                self._forward.close()
            self._forward = None

    def _broken(self, forward: Any, error: Exception) -> ForwardError:
        """Return what the kubelet said of the connection, else what Python did."""
        told = forward.error(self.port) if forward is not None else None
        return self._error((told or str(error)).strip())

    def _error(self, reason: str) -> ForwardError:
        return ForwardError(f"port-forward to pod {self._namespace}/{self._pod}, port {self.port}: {reason}")

    def _refusal(self, reason: str) -> str:
        told = _told(reason)
        if "Handshake status 403" in reason:
            return (
                "missing permission: verb get (from Kubernetes 1.35 on create too) on pods/portforward in namespace "
                f"{self._namespace} ({told})"
            )
        return told


class _Opening(threading.Thread):
    """Opens a port-forward: the library has no time-out for it, and would wait for ever for a server that hangs."""

    def __init__(self, api_client: Any, namespace: str, pod: str, port: int) -> None:
        super().__init__(name=f"port-forward to {namespace}/{pod}", daemon=True)
        self._method = client.CoreV1Api(api_client).connect_get_namespaced_pod_portforward
        self._arguments = (pod, namespace, port)
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._given_up = False
        self._forward: Any = None
        self._error: Exception | None = None

    def run(self) -> None:
        """Open it; nobody is there any more for one that comes too late."""
        pod, namespace, port = self._arguments
        try:
            forward = portforward(self._method, pod, namespace, ports=str(port))
        except Exception as error:
            self._error = error
        else:
            with self._lock:
                if self._given_up:
                    forward.close()
                self._forward = forward
        self._done.set()

    def wait(self, seconds: float) -> Any:
        """Return the port-forward.

        :raises TimeoutError: it is not there after `seconds`
        """
        self._done.wait(seconds)
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._forward is None:
                self._given_up = True
                raise TimeoutError
            return self._forward


def _told(reason: str) -> str:
    """Return what the API server said, out of websocket-client's `status -+-+- headers -+-+- body`."""
    head, *rest = reason.split(" -+-+- ")
    # Older versions of websocket-client give the body as bytes.
    body = rest[-1].removeprefix("b'").removesuffix("'").removesuffix("\\n") if rest else ""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return head
