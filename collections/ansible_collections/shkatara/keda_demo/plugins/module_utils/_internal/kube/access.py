# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Access to a cluster: from the options and the environment to clients that all go to the same server.

The kubernetes library loads a kubeconfig or a pod's service account. Its configurations have a hook that renews a
token before each request, and that sets the server, the authorities and the proxy back to the kubeconfig's at the same
time. So the options are laid over a configuration again after each call of the hook: lists, watches, reviews and
port-forwards would go to different places otherwise.
"""

from __future__ import annotations

import copy
import logging
import os
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..common import proxies, urls
from ..common.hiding import Hider
from ..common.proxies import Proxy
from . import access_options, kubeconfig, tokens
from .access_options import AccessOptions
from .errors import ClusterError
from .kubeconfig import Kubeconfig

try:
    import urllib3
    from kubernetes import client, config
    from kubernetes.config import ConfigException
except ImportError:  # the module reports it
    ConfigException = RuntimeError

_IN_CLUSTER = "KUBERNETES_SERVICE_HOST"
# websocket-client reads the variables of proxies by rules of its own, unless it is given a proxy and exceptions.
_NOBODY = "keda-demo.invalid"
_NO_PROXY = f"http://{_NOBODY}:80"
_MOST_SHOWN = 500


class Access:
    """A server with credentials.

    `server` is the server's URL and `proxy` the proxy to it, both without a password. `source` says what gave them, and
    `context` is empty without a kubeconfig.
    """

    def __init__(self, options: AccessOptions, environ: Mapping[str, str] | None = None) -> None:
        """:raises ClusterError: no such file or context, not a kubeconfig, or options that don't fit together"""
        self._options = options
        self._environ = os.environ if environ is None else environ
        access_options.check(options)
        self.context = ""
        self.proxy: Proxy | None = None
        self._kubeconfigs_proxy = ""
        self._configuration = client.Configuration()
        self.source = self._load()
        # With retries a server that is down would delay every call. The client reads this only when it is created.
        self._configuration.retries = False
        self._lay_over(self._configuration)
        self.server = urls.without_user(self._configuration.host)
        if not self._configuration.verify_ssl:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def __str__(self) -> str:
        context = f", context {self.context}" if self.context else ""
        proxy = f", through the proxy {self.proxy}" if self.proxy else ""
        return f"{self.server}{context}, {self.source}{proxy}"

    @property
    def authorization(self) -> str:
        """The value of the Authorization header, a secret; empty with a client certificate."""
        # The name of a token from a kubeconfig depends on the library's version.
        keys = self._configuration.api_key
        return str(keys.get("BearerToken") or keys.get("authorization") or "")

    def refusal(self, reason: str) -> str:
        """Return the message that the API server does not accept the credentials."""
        expired = tokens.expired_hint(self.authorization, time.time())
        return f"The API server {self.server} does not accept the credentials of {self.source}: {reason}{expired}"

    def new_client(self) -> Any:
        """Return another client of the kubernetes library.

        :raises ClusterError: the proxy is a SOCKS one, and the library for that is not installed
        """
        try:
            return client.ApiClient(copy.deepcopy(self._configuration))
        except ImportError as error:
            raise ClusterError(
                f"{self.proxy} is a SOCKS proxy, for which Python needs the package PySocks ({error}): install it, or "
                "give an http:// proxy in `proxy`"
            ) from error

    def tls(self) -> dict[str, Any]:
        """Return what another program needs to trust the server: its URL, the authority's certificates, and the check.

        :raises ClusterError: the file of the certificates can't be read
        """
        path = self._configuration.ssl_ca_cert or ""
        default = ssl.get_default_verify_paths().cafile
        try:
            text = Path(path).read_text(encoding="utf-8") if path not in ("", default) else ""
        except (OSError, UnicodeDecodeError) as error:
            raise ClusterError(f"the authority's certificates {path} can't be read: {error}") from error
        return {"server": self.server, "ca": text, "validate_certs": bool(self._configuration.verify_ssl)}

    def _load(self) -> str:
        """Load what the environment gives, and return a name for it."""
        options = self._options
        if options.suffice:
            return "the options `host` and credentials"
        place = kubeconfig.find(options.kubeconfig, self._environ)
        if place is not None:
            found = kubeconfig.read(place)
            self.context = kubeconfig.check_context(found, options.context)
            self._load_kubeconfig(found)
            return str(place)
        if options.context:
            raise ClusterError(f"`context` is {options.context}, and {_nothing_found()}")
        if self._environ.get(_IN_CLUSTER):
            try:
                config.load_incluster_config(client_configuration=self._configuration)
            except (ConfigException, OSError) as error:
                raise ClusterError(f"This pod's service account can't be used: {error}") from error
            return "the service account of this pod"
        if options.host:
            return "the option `host` without credentials"
        raise ClusterError(
            f"There is no access to a cluster: {_nothing_found()}, and this is not a pod with a service account. Give "
            "the path of the cluster's kubeconfig in `kubeconfig`"
        )

    def _load_kubeconfig(self, found: Kubeconfig) -> None:
        context = found.contexts[self.context][1]
        self._kubeconfigs_proxy = str(found.clusters[str(context["cluster"])][1].get("proxy-url") or "")
        user = str(context.get("user") or "")
        content = found.users.get(user, ("", {}))[1]
        hider = Hider(kubeconfig.secrets(content))

        def shown(message: object) -> str:
            # The library's messages may have a whole user in them, and all that a program wrote.
            return " ".join(hider.text(str(message)).split())[:_MOST_SHOWN]

        logged = _Logged()
        logging.getLogger().addHandler(logged)
        try:
            paths = os.pathsep.join(found.place.paths)
            config.load_kube_config(paths, self.context, self._configuration, persist_config=False)
        except ConfigException as error:
            raise ClusterError(f"{found.place}, context {self.context}: {shown(error)}") from error
        except Exception as error:  # what the library raises for a wrong value depends on its version
            raise ClusterError(f"{found.place} can't be read: {type(error).__name__}: {shown(error)}") from error
        finally:
            logging.getLogger().removeHandler(logged)
        if logged.messages and "exec" in content:
            # The library would go on without credentials.
            raise ClusterError(
                f"{found.place}, context {self.context}: the login of user {user} with its program (exec) failed: "
                f"{shown(' '.join(logged.messages))}"
            )

    def _lay_over(self, configuration: Any) -> None:
        """Set what the options say, and see to it that it stays."""
        options = self._options
        values = {
            "host": options.host and options.host.rstrip("/"),
            "verify_ssl": options.validate_certs,
            "ssl_ca_cert": options.ca_cert,
            "cert_file": options.client_cert,
            "key_file": options.client_key,
        }
        for name, value in values.items():
            if value not in (None, ""):
                setattr(configuration, name, value)
        if configuration.verify_ssl and not configuration.ssl_ca_cert:
            # Requests would use this machine's authorities, and WebSockets those of certifi.
            configuration.ssl_ca_cert = ssl.get_default_verify_paths().cafile
        self._set_proxy(configuration)
        if options.authorization:
            configuration.api_key = {"authorization": options.authorization}
            configuration.refresh_api_key_hook = None
        renew = configuration.refresh_api_key_hook
        if renew is None:
            return

        def renew_and_lay_over(each: Any) -> None:
            each.refresh_api_key_hook = renew
            renew(each)
            self._lay_over(each)

        configuration.refresh_api_key_hook = renew_and_lay_over

    def _set_proxy(self, configuration: Any) -> None:
        self.proxy = self._find_proxy(configuration.host)
        if self.proxy is None:
            configuration.proxy, configuration.no_proxy = _NO_PROXY, "*"
            return
        configuration.proxy, configuration.no_proxy = self.proxy.url, _NOBODY
        if self.proxy.authorization:
            configuration.proxy_headers = {"proxy-authorization": self.proxy.authorization}

    def _find_proxy(self, host: str) -> Proxy | None:
        options = self._options
        if proxies.is_exception(host, options.no_proxy or ""):
            return None
        try:
            if options.proxy:
                return proxies.parse(options.proxy, "`proxy`")
            if self._kubeconfigs_proxy:
                return proxies.parse(self._kubeconfigs_proxy, "proxy-url of the kubeconfig")
            return proxies.of_environment(host, self._environ)
        except ValueError as error:
            raise ClusterError(str(error)) from error


class _Logged(logging.Handler):
    """Keeps the errors that the library only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.messages.append(record.getMessage())


def _nothing_found() -> str:
    default = os.path.expanduser(kubeconfig.DEFAULT)
    return f"`kubeconfig`, K8S_AUTH_KUBECONFIG and KUBECONFIG are not set, {default} does not exist"
