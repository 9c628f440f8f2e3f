# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options for access to a cluster; doc_fragments/kubeconfig.py documents them."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.errors import AnsibleFallbackNotFound


def set_in_environment(*names: str) -> Any:
    """Return the first variable that has a value; as kubernetes.core, an empty one is not set.

    :raises AnsibleFallbackNotFound: none has
    """
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def _option(*variables: str, **spec: Any) -> dict[str, Any]:
    names = [f"K8S_AUTH_{variable}" for variable in variables]
    return {"type": "str", **spec, "fallback": (set_in_environment, names)}


# K8S_AUTH_KUBECONFIG and KUBECONFIG are read by kube/kubeconfig.py, so that a message can say which of them it was.
ACCESS_OPTIONS: dict[str, dict[str, Any]] = {
    "kubeconfig": {"type": "path"},
    "context": _option("CONTEXT"),
    "host": _option("HOST"),
    "api_key": _option("API_KEY", no_log=True),
    "username": _option("USERNAME"),
    "password": _option("PASSWORD", no_log=True),
    "validate_certs": _option("VALIDATE_CERTS", "VERIFY_SSL", type="bool", aliases=["verify_ssl"]),
    "ca_cert": _option("CA_CERT", "SSL_CA_CERT", type="path", aliases=["ssl_ca_cert"]),
    "client_cert": _option("CLIENT_CERT", "CERT_FILE", type="path", aliases=["cert_file"]),
    "client_key": _option("CLIENT_KEY", "KEY_FILE", type="path", aliases=["key_file"]),
    "proxy": _option("PROXY"),
    "no_proxy": _option("NO_PROXY"),
}
