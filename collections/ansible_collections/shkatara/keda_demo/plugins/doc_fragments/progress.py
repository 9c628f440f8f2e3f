# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option of modules that report progress; plugin_utils/progress.py has the base of their action plugins."""

from __future__ import annotations


class ModuleDocFragment:
    """Documents C(progress_file)."""

    DOCUMENTATION = r"""
options:
  progress_file:
    description:
      - A file to which the module appends its progress as lines of JSON.
      - The action plugin of the same name sets this option and displays the lines, so it needs no value.
    type: path
"""
