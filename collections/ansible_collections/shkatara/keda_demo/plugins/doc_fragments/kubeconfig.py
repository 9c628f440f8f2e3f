# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which modules reach a cluster; module_utils/_internal/kube/options.py has their specs."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents C(kubeconfig) and C(context)."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - The path of the kubeconfig of the cluster.
      - If it is not given, the environment variable E(K8S_AUTH_KUBECONFIG) is used, and then C(~/.kube/config).
    type: path
  context:
    description:
      - The context of the kubeconfig.
      - If it is not given, the environment variable E(K8S_AUTH_CONTEXT) is used, and then the current context.
    type: str
"""
