# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The tasks of roles and playbooks, as they are in their files."""

import yaml

LISTS = ("pre_tasks", "tasks", "post_tasks", "handlers", "block", "rescue", "always")


def tasks(path):
    """Return the plays and tasks of a file, and those inside them."""
    return list(_flat(yaml.safe_load(path.read_text())))


def _flat(items):
    for item in items or []:
        yield item
        for key in LISTS:
            yield from _flat(item.get(key))
