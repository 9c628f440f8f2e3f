# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option of modules that read a ScaledObject."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents C(namespace)."""

    DOCUMENTATION = r"""
options:
  namespace:
    description: The namespace of the ScaledObject.
    type: str
    required: true
"""
