# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The error of a user's input."""

from __future__ import annotations


class BadInput(Exception):
    """The proof can't begin: the message says what is wrong and what would be right."""
