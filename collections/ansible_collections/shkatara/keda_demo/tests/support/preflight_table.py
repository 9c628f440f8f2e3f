# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The table of all findings for the README of the role preflight. As a program it writes the table into it."""

from pathlib import Path

from ansible_collections.shkatara.keda_demo.tests.support import preflight_cases as cases
from ansible_collections.shkatara.keda_demo.tests.support import preflight_network_cases as network

README = Path(__file__).parents[2] / "roles" / "preflight" / "README.md"
HEADING = "| check | input that makes it | message |\n| --- | --- | --- |\n"
CASES = [
    *cases.LOGIN,
    *cases.SYSTEM,
    *cases.DISK,
    *cases.NAMES,
    *network.NETWORK,
    *network.LEFTOVERS,
    *network.PROGRAMS,
]


def table():
    """Return the table as Markdown."""
    rows = [f"| `{case.check}` | {case.input} | {case.message.partition(': ')[2]} |\n" for case in CASES]
    return HEADING + "".join(rows)


if __name__ == "__main__":
    text = README.read_text()
    README.write_text(text.partition(HEADING)[0].rstrip("\n") + "\n\n" + table())
