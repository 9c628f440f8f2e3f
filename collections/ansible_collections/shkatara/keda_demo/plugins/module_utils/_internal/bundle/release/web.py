# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""HTTP GET of public files by urllib3: redirects, the environment's proxies, and errors in words.

urllib3 does the transport. Redirects are followed here, since the proxy is another one for each host. The password of
a proxy is never in a message.
"""

from __future__ import annotations

import contextlib
import http.client
import shlex
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from ...common import proxies, tls
from ...common.tls import Trust
from ..units import BundleError

try:
    import urllib3
    from urllib3.exceptions import HTTPError, ResponseError
except ImportError:  # a finished bundle needs no network
    urllib3 = None  # type: ignore[assignment]  # its types are those of the library
    HTTPError = ResponseError = RuntimeError  # type: ignore[misc,assignment]  # stand-ins without the library

CONNECT_SECONDS = 10.0
STALL_SECONDS = 30.0
MOST_REDIRECTS = 10
REDIRECTS = (301, 302, 303, 307, 308)
# Statuses after which the same request may succeed.
PASSING = (408, 425, 429, 500, 502, 503, 504)
USER_AGENT = "keda_demo"
HINT = (
    "check the network and the proxies (HTTPS_PROXY, cluster_https_proxy), or set bundle_mirror_url or, for images, "
    "bundle_registry_mirrors to a mirror"
)


class Broken(Exception):
    """No complete answer, and another attempt may get one.

    :ivar retry_after: the seconds that the server asks to wait, None if it does not say
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Unsatisfiable(Broken):
    """The server has no bytes from the wanted one on: its file is not the one that the part is of."""


class Refused(BundleError):
    """An answer that another attempt would not change.

    :ivar status: the HTTP status, 0 if there was none
    :ivar challenge: how the server itself wants to be asked (WWW-Authenticate), empty if it does not say. One of the
        host of a redirect is not here: it could ask for a login that is not meant for it.
    """

    def __init__(self, reason: str, status: int = 0, challenge: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.challenge = challenge


class Web:
    """A client for several threads."""

    def __init__(self, connect_seconds: float = CONNECT_SECONDS, stall_seconds: float = STALL_SECONDS) -> None:
        """:raises BundleError: there is no urllib3"""
        if sentences := missing():
            raise BundleError(f"Official origins can't be asked: {sentences[0]}.")
        self.stall_seconds = stall_seconds
        self._timeout = urllib3.Timeout(connect=connect_seconds, read=stall_seconds)
        self._context = tls.context(Trust())
        self._managers: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._open: set[Any] = set()
        self._stopped = False

    @contextlib.contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[Any]:
        """Yield urllib3's response, of status 200 or 206 and with its body still to be read, after all redirects.

        :raises Refused: an answer or an error that another attempt would not change
        :raises Broken: any other error, also of a read in the block
        """
        response = self._follow(url, {"Accept-Encoding": "identity", "User-Agent": USER_AGENT, **(headers or {})})
        with self._lock:
            self._open.add(response)
        try:
            yield response
        except (HTTPError, OSError) as error:
            # OSErrors of files are the caller's own; those of the connection come in urllib3's wrapping.
            if not isinstance(error, HTTPError):
                raise
            raise Broken(f"the transfer ended early ({_reason(error, self.stall_seconds)})") from error
        finally:
            with self._lock:
                self._open.discard(response)
            response.close()

    def stop(self) -> None:
        """End all reads that are going on, from any thread."""
        with self._lock:
            self._stopped = True
            for response in self._open:
                with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):
                    response.shutdown()

    def _follow(self, url: str, headers: Mapping[str, str]) -> Any:
        asked = url
        for _count in range(MOST_REDIRECTS):
            response = self._request(asked, headers)
            location = response.headers.get("Location")
            if response.status not in REDIRECTS or not location:
                return _checked(response, _place(url, asked), is_own=_origin(url) == _origin(asked))
            response.close()
            target = urljoin(asked, location)
            if urlsplit(asked).scheme == "https" and urlsplit(target).scheme != "https":
                raise Refused(f"{_place(url, asked)} redirects from https to {urlsplit(target).scheme or 'nowhere'}.")
            if _origin(asked) != _origin(target):
                # The login of one host is no business of another.
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
            asked = target
        raise Refused(f"{url} redirects more than {MOST_REDIRECTS} times.")

    def _request(self, url: str, headers: Mapping[str, str]) -> Any:
        try:
            proxy = proxies.of_environment(url)
        except ValueError as error:
            raise Refused(f"{error}.") from error
        by = f" through the proxy {proxy}" if proxy else ""
        host = urlsplit(url).netloc
        try:
            return self._manager(proxy).request(
                "GET", url, headers=dict(headers), retries=False, redirect=False, preload_content=False
            )
        except (HTTPError, OSError, ValueError) as error:
            reason = _reason(error, self.stall_seconds)
            if "407" in reason and proxy:
                raise Refused(
                    f"The proxy {proxy} requires a user and a password for {host} (407): give it as "
                    "http://user:password@host:port."
                ) from error
            if "CERTIFICATE_VERIFY_FAILED" in reason:
                raise Refused(
                    f"{host}{by} has a certificate that is not trusted here ({reason}): give the file of its authority "
                    "as SSL_CERT_FILE."
                ) from error
            if "WRONG_VERSION_NUMBER" in reason:
                raise Refused(f"{host}{by} does not speak TLS ({reason}), and must be reached by https.") from error
            raise Broken(f"{host} does not answer{by} ({reason})") from error

    def _manager(self, proxy: proxies.Proxy | None) -> Any:
        key = proxy.url if proxy else ""
        with self._lock:
            if key not in self._managers:
                options: dict[str, Any] = {
                    "maxsize": 16,
                    "ssl_context": self._context,
                    "timeout": self._timeout,
                }
                if proxy is None:
                    self._managers[key] = urllib3.PoolManager(**options)
                elif proxy.scheme.startswith("socks"):
                    raise Refused(f"{proxy} is a SOCKS proxy, and only an HTTP proxy is used: give an http:// one.")
                else:
                    given = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else None
                    self._managers[key] = urllib3.ProxyManager(proxy.url, proxy_headers=given, **options)
            return self._managers[key]


def missing() -> list[str]:
    """Return a sentence for what this Python lacks for a client; none if it has all."""
    if urllib3 is not None:
        return []
    command = shlex.join([sys.executable, "-m", "pip", "install", "urllib3"])
    return [f"the Python package urllib3 is missing: run `{command}`"]


def _checked(response: Any, place: str, *, is_own: bool) -> Any:
    """Return a response of status 200 or 206.

    :param is_own: whether the host that was asked has answered, and not another one
    :raises Broken: it has a status that may pass
    :raises Refused: it has any other status
    """
    status = response.status
    if status in (200, 206):
        return response
    phrase = f"{status} {http.client.responses.get(status, '')}".strip()
    wait = _retry_after(response)
    challenge = response.headers.get("WWW-Authenticate", "") if is_own else ""
    response.close()
    if status in PASSING:
        raise Broken(f"{place} answers {phrase}", wait)
    if status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        raise Unsatisfiable(f"{place} answers {phrase}")
    if status == http.client.PROXY_AUTHENTICATION_REQUIRED:
        raise Refused(f"The proxy requires a user and a password for {place} (407).", status)
    raise Refused(f"{place} answers {phrase}.", status, challenge)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _place(url: str, asked: str) -> str:
    """Return the official address, and the host that a redirect led to; its query string may be a signature."""
    return url if asked == url else f"{url} (redirected to {urlsplit(asked).netloc})"


def _retry_after(response: Any) -> float | None:
    text = response.headers.get("Retry-After")
    if not text:
        return None
    try:
        return float(urllib3.Retry().parse_retry_after(text))
    except (HTTPError, ValueError):
        return None


def _reason(error: BaseException, stall_seconds: float) -> str:
    """Return the system's own message of an error, around which urllib3 puts others with the repr of a connection."""
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return f"nothing arrived for {stall_seconds:.0f} s"
    # A connection that is refused at once is of a subclass.
    if type(error) is urllib3.exceptions.ConnectTimeoutError:
        return "no connection in time"
    inner = [error.__cause__, *error.args]
    cause = next((item for item in inner if isinstance(item, BaseException)), None)
    return _reason(cause, stall_seconds) if cause is not None else str(error) or type(error).__name__
