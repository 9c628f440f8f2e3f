# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Displays the progress of the module debian_image, which does all of the work."""

from __future__ import annotations

from ansible_collections.shkatara.keda_demo.plugins.plugin_utils.progress import ProgressActionBase


class ActionModule(ProgressActionBase):
    """Run debian_image and display its progress lines."""
