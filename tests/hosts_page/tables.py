# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The tables of docs/hosts.md, which programs read: a comment above each has its name.

    <!-- table: sysctls, generated: 2 -->
    | setting | value | where | what for |
    | --- | --- | --- | --- |
    | `net.ipv4.ip_forward` | `1` | every host | pods' packets are routed |

The first column is the row's key: what a host or a cluster has, in backticks. Of a generated table the first columns
come from the roles, as many as the comment says; the others are written by hand and stay with their key. A table
without a number is written by hand as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo"
PAGE = COLLECTION / "docs" / "hosts.md"
# What a new row has where somebody has to write a cell.
UNWRITTEN = "?"
_MARK = re.compile(r"<!-- table: (?P<name>[a-z-]+)(, generated: (?P<generated>[0-9]+))? -->")

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of the page.

    :ivar generated: how many columns come from the roles
    :ivar first: the number of the line of its first row
    """

    name: str
    generated: int
    heading: Row
    rows: tuple[Row, ...]
    first: int

    def column(self, name: str) -> dict[str, str]:
        """Return {key: cell} of a column by its heading."""
        place = self.heading.index(name)
        return {plain(row[0]): row[place] for row in self.rows}

    @property
    def keys(self) -> list[str]:
        """The keys without their backticks."""
        return [plain(row[0]) for row in self.rows]


def plain(cell: str) -> str:
    """Return a cell without its backticks."""
    return cell.replace("`", "")


def read(text: str) -> dict[str, Table]:
    """Return the page's tables by name.

    :raises ValueError: a comment without a table below it, a row with another number of cells, or a key twice
    """
    lines = text.splitlines()
    marks = ((number, _MARK.fullmatch(line)) for number, line in enumerate(lines))
    found: dict[str, Table] = {}
    for number, mark in marks:
        if mark:
            table = _table(mark, lines, number + 1)
            if table.name in found:
                raise ValueError(f"line {number + 1}: there are two tables {table.name}")
            found[table.name] = table
    return found


def _table(mark: re.Match[str], lines: Sequence[str], start: int) -> Table:
    name = mark["name"]
    end = start
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    if end < start + 2:
        raise ValueError(f"line {start}: there is no table below the comment of {name}")
    rows = [_cells(line) for line in lines[start:end]]
    for number, row in enumerate(rows, start=start + 1):
        if len(row) != len(rows[0]):
            raise ValueError(f"line {number}: {len(row)} cells, and the heading of {name} has {len(rows[0])}")
    keys = [row[0] for row in rows[2:]]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"{name} has {key} {keys.count(key)} times")
    return Table(name, int(mark["generated"] or 0), rows[0], tuple(rows[2:]), start + 2)


def _cells(line: str) -> Row:
    return tuple(cell.strip() for cell in line.strip().strip("|").split(" | "))


def write(text: str, generated: Mapping[str, Iterable[Row]]) -> str:
    """Return the page with each generated table written anew; cells written by hand stay with their key.

    :param generated: the generated columns by the table's name
    :raises ValueError: the page has other generated tables
    """
    tables = read(text)
    marked = {name for name, table in tables.items() if table.generated}
    if marked != set(generated):
        raise ValueError(f"generated tables: the page has {sorted(marked)}, and the program {sorted(generated)}")
    lines = text.splitlines()
    # From the last one to the first, so that the numbers of lines stay right.
    for table in sorted((tables[name] for name in generated), key=lambda table: table.first, reverse=True):
        lines[table.first : table.first + len(table.rows)] = [
            f"| {' | '.join(row)} |" for row in _with_written(table, generated[table.name])
        ]
    return "\n".join(lines) + "\n"


def _with_written(table: Table, rows: Iterable[Row]) -> list[Row]:
    written = {row[0]: row[table.generated :] for row in table.rows}
    new = (UNWRITTEN,) * (len(table.heading) - table.generated)
    return [(*row, *written.get(row[0], new)) for row in rows]
