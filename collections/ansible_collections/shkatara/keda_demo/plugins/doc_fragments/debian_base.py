# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of modules whose images have a plain Debian base."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents C(debian_mirror) and C(arch)."""

    DOCUMENTATION = r"""
options:
  debian_mirror:
    description: The Debian mirror. Empty uses debootstrap's default.
    type: str
    default: ""
  arch:
    description: The architecture.
    type: str
    choices: [amd64]
    default: amd64
"""
