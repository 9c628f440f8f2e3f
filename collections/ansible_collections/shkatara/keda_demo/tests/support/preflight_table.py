# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The table of all findings for the README of the role preflight. As a program it writes the table into it."""

from pathlib import Path

from ansible_collections.shkatara.keda_demo.tests.support import (
    preflight_leftover_cases,
    preflight_login_cases,
    preflight_network_cases,
    preflight_system_cases,
)

README = Path(__file__).parents[2] / "roles" / "preflight" / "README.md"
HEADING = "| check | input | message |\n| --- | --- | --- |\n"
CASES = [
    *preflight_login_cases.LOGIN,
    *preflight_system_cases.SYSTEM,
    *preflight_system_cases.DISK,
    *preflight_system_cases.NAMES,
    *preflight_network_cases.NETWORK,
    *preflight_leftover_cases.LEFTOVERS,
    *preflight_leftover_cases.PROGRAMS,
]


def table():
    """Return the table as Markdown."""
    rows = [f"| `{case.check}` | {case.input} | {case.message.partition(': ')[2]} |\n" for case in CASES]
    return HEADING + "".join(rows)


if __name__ == "__main__":
    text = README.read_text()
    README.write_text(text.partition(HEADING)[0].rstrip("\n") + "\n\n" + table())
