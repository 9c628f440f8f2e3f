# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""HTTP to a pod's port through the API server, with the kubeconfig alone.

The kubernetes library opens the port-forward and gives a socket for it, over which http.client speaks. The library has
no time-out: it passes none to websocket-client, whose only other time-out is a default of the whole process, and would
wait for ever for an API server that hangs. So a thread opens the port-forward, and the caller waits for the thread.
Afterwards the socket's own time-out applies to each send and each read.

The kubelet reports that it can't reach the pod's port on a second channel, while the first channel only ends. So an
error here has the kubelet's message if there is one.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import threading
from typing import Any

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from kubernetes.stream import portforward
except ImportError:  # the module reports it
    ApiException = RuntimeError

TIMEOUT_SECONDS = 10.0


class ForwardError(OSError):
    """The port-forward can't be opened, or the pod does not answer behind it."""


class ForwardedConnection(http.client.HTTPConnection):
    """HTTP to a port of a pod by a port-forward of its own.

    Opening a port-forward changes the methods of `api_client`, so each connection needs a client of its own. The
    connection comes from the pod's loopback: a server that listens on another address alone is not reached.

    With `tls` the bytes inside are TLS, for the server `server_name`, whatever the TLS to the API server is.
    """

    def __init__(
        self,
        api_client: Any,
        namespace: str,
        pod: str,
        port: int,
        timeout: float = TIMEOUT_SECONDS,
        *,
        tls: ssl.SSLContext | None = None,
        server_name: str = "",
    ) -> None:
        super().__init__(f"{pod}.{namespace}", port)
        self._tls = tls
        self._server_name = server_name
        self._api_client = api_client
        self._namespace = namespace
        self._pod = pod
        self._seconds = timeout
        self._forward: Any = None

    def connect(self) -> None:
        """Open the port-forward.

        :raises ForwardError: no answer in time, no permission, or no such pod
        """
        proxy = self._proxy()
        if proxy and not proxy.startswith("http://"):
            raise self._error(f"it can't go through the proxy {proxy}: only an HTTP proxy (http://...) lets it through")
        opening = _Opening(self._api_client, self._namespace, self._pod, self.port)
        opening.start()
        try:
            self._forward = opening.wait(self._seconds)
        except ApiException as error:
            by = f" (through the proxy {proxy})" if proxy else ""
            raise self._error(self._refusal(str(error.reason)) + by) from error
        except TimeoutError as error:
            raise self._error(f"the API server does not answer within {self._seconds:g} s") from error
        except Exception as error:  # the exception of a broken connection depends on the libraries' versions
            raise self._error(f"{type(error).__name__}: {error}") from error
        self.sock = self._forward.socket(self.port)
        self.sock.settimeout(self._seconds)
        if self._tls is not None:
            try:
                self.sock = self._tls.wrap_socket(
                    self.sock, server_hostname=self._server_name, do_handshake_on_connect=False
                )
                self.sock.do_handshake()
            except (OSError, ValueError) as error:
                broken = self._broken(self._forward, error)
                self.close()
                raise broken from error

    def _proxy(self) -> str:
        """Return the proxy to the API server, empty for none."""
        configuration = self._api_client.configuration
        return "" if configuration.no_proxy == "*" else str(configuration.proxy or "")

    def send(self, data: Any) -> None:
        """Send data; open a connection first if there is none.

        :raises ForwardError: the pod does not accept it, for example because nothing listens on the port
        """
        try:
            super().send(data)
        except ForwardError:
            raise
        except OSError as error:
            raise self._broken(self._forward, error) from error

    def getresponse(self) -> http.client.HTTPResponse:
        """Return the response.

        :raises ForwardError: the pod did not answer
        """
        forward = self._forward  # http.client closes a broken connection before it raises
        try:
            return super().getresponse()
        except (http.client.HTTPException, OSError) as error:
            raise self._broken(forward, error) from error

    def close(self) -> None:
        """Close the port-forward too."""
        if self._tls is not None and self.sock is not None:
            # Bytes of TLS that nobody reads, such as session tickets, would end the library's thread by an exception.
            with contextlib.suppress(OSError):
                self.sock.setblocking(False)
                while os.read(self.sock.fileno(), 65536):
                    pass
        super().close()
        if self._forward is not None:
            with contextlib.suppress(OSError):
                self._forward.close()
            self._forward = None

    def _broken(self, forward: Any, error: Exception) -> ForwardError:
        """Return an error with the kubelet's message about the connection, or else Python's."""
        message = forward.error(self.port) if forward is not None else None
        return self._error((message or str(error)).strip())

    def _error(self, reason: str) -> ForwardError:
        return ForwardError(f"port-forward to pod {self._namespace}/{self._pod}, port {self.port}: {reason}")

    def _refusal(self, reason: str) -> str:
        message = _api_message(reason)
        if "Handshake status 403" in reason:
            return (
                "missing permission: verb get (from Kubernetes 1.35 on create too) on pods/portforward in namespace "
                f"{self._namespace} ({message})"
            )
        return message


class _Opening(threading.Thread):
    """Opens a port-forward in the background, so that its caller can stop waiting."""

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
        """Open the port-forward; close it again if the caller has stopped waiting."""
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

        :raises TimeoutError: it is not open after `seconds`
        :raises Exception: the library's own, whatever it is
        """
        self._done.wait(seconds)
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._forward is None:
                self._given_up = True
                raise TimeoutError
            return self._forward


def _api_message(reason: str) -> str:
    """Return the API server's message, the body of websocket-client's `status -+-+- headers -+-+- body`."""
    head, *rest = reason.split(" -+-+- ")
    # Older versions of websocket-client write the body as the repr of bytes.
    body = rest[-1].removeprefix("b'").removesuffix("'").removesuffix("\\n") if rest else ""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return head
