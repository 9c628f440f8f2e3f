# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes and the requirement of modules that only read a cluster."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents C(check_mode), C(diff_mode) and the library kubernetes."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check_mode and say what it would do.
    support: full
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
requirements:
  - kubernetes (Python library) >= 24.2.0
"""
