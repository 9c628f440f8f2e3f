# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options for access to a cluster; module_utils/_internal/kube/options.py has their specs."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents C(kubeconfig) and C(context)."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - The path of the kubeconfig of the cluster.
      - The default is the environment variable E(K8S_AUTH_KUBECONFIG), and then C(~/.kube/config).
    type: path
  context:
    description:
      - The name of the context in the kubeconfig.
      - The default is the environment variable E(K8S_AUTH_CONTEXT), and then the current context.
    type: str
"""
