# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The options for access to a cluster as values, and what does not fit together among them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..common import urls
from .errors import ClusterError


@dataclass(frozen=True)
class AccessOptions:
    """The options for access to a cluster, as kubernetes.core names them; None where they are not given."""

    kubeconfig: str | None = None
    context: str | None = None
    host: str | None = None
    api_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    validate_certs: bool | None = None
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = field(default=None, repr=False)
    no_proxy: str | None = None

    @property
    def authorization(self) -> str:
        """The value of the Authorization header, empty without a token or a user."""
        if self.api_key:
            return f"Bearer {self.api_key.strip().removeprefix('Bearer ')}"
        if self.username and self.password:
            return urls.basic(self.username, self.password)
        return ""

    @property
    def suffice(self) -> bool:
        """Whether they say everything by themselves, so that no kubeconfig is read."""
        return bool(self.host and (self.authorization or (self.client_cert and self.client_key)))


def of_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options for access among a module's parameters, as arguments of a Cluster."""
    return {name: params.get(name) for name in AccessOptions.__dataclass_fields__}


def check(options: AccessOptions) -> None:
    """:raises ClusterError: options that don't fit together, or files that do not exist"""
    if options.host and not urls.is_url(options.host):
        raise ClusterError(
            f"`host` is {urls.without_user(options.host)!r} and must be a URL such as https://192.0.2.10:6443"
        )
    if bool(options.username) != bool(options.password):
        raise ClusterError("`username` and `password` belong together, and only one of them is given")
    if options.client_key and not options.client_cert:
        raise ClusterError("`client_key` is given without its `client_cert`")
    for name in ("ca_cert", "client_cert", "client_key"):
        path = getattr(options, name)
        if path and not os.access(path, os.R_OK):
            what = "can't be read" if os.path.exists(path) else "does not exist"
            raise ClusterError(f"`{name}` {path} {what}: give the path of a file in PEM format")
