# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options for access to a cluster; module_utils/_internal/kube/options.py has their specs."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents C(kubeconfig), C(context), and what overrides them."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - The path of the cluster's kubeconfig. Several paths, separated by colons, are merged as kubectl merges them, and
        those that don't exist are ignored.
      - The default is the environment variable E(K8S_AUTH_KUBECONFIG), then E(KUBECONFIG), then C(~/.kube/config), and
        in a pod the service account.
      - It is not read if O(host) is given together with O(api_key), with O(username) and O(password), or with
        O(client_cert) and O(client_key).
    type: path
  context:
    description:
      - The name of the context in the kubeconfig.
      - The default is the environment variable E(K8S_AUTH_CONTEXT), and then the current context.
    type: str
  host:
    description:
      - The URL of the API server, instead of the kubeconfig's.
      - The default is the environment variable E(K8S_AUTH_HOST).
    type: str
  api_key:
    description:
      - The token for the API server, instead of the kubeconfig's credentials.
      - The default is the environment variable E(K8S_AUTH_API_KEY).
    type: str
  username:
    description:
      - The user for an API server, or a proxy in front of it, that accepts HTTP basic authentication.
      - The default is the environment variable E(K8S_AUTH_USERNAME).
    type: str
  password:
    description:
      - The password of O(username).
      - The default is the environment variable E(K8S_AUTH_PASSWORD).
    type: str
  validate_certs:
    description:
      - Whether the certificate of the API server is checked.
      - The default is the environment variable E(K8S_AUTH_VERIFY_SSL) or E(K8S_AUTH_VALIDATE_CERTS), and then what the
        kubeconfig says.
    type: bool
    aliases: [verify_ssl]
  ca_cert:
    description:
      - A file with the API server's CA certificates, instead of the kubeconfig's.
      - The default is the environment variable E(K8S_AUTH_SSL_CA_CERT) or E(K8S_AUTH_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description:
      - A file with a client certificate, instead of the kubeconfig's.
      - The default is the environment variable E(K8S_AUTH_CERT_FILE) or E(K8S_AUTH_CLIENT_CERT).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - A file with the key of O(client_cert).
      - The default is the environment variable E(K8S_AUTH_KEY_FILE) or E(K8S_AUTH_CLIENT_KEY).
    type: path
    aliases: [key_file]
  proxy:
    description:
      - The URL of an HTTP proxy to the API server, which may have a user and a password.
      - The default is the environment variable E(K8S_AUTH_PROXY), then C(proxy-url) of the kubeconfig, and then
        E(HTTPS_PROXY) or E(HTTP_PROXY) with E(NO_PROXY), as with kubectl.
    type: str
  no_proxy:
    description:
      - Hosts that are reached without a proxy, separated by commas. They may be names, which include their subdomains,
        addresses, and CIDR ranges.
      - The default is the environment variable E(K8S_AUTH_NO_PROXY).
    type: str
"""
