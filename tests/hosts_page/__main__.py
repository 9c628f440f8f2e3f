# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""docs/hosts.md, what the collection does on hosts: python -m tests.hosts_page write|compare|undone.

`write` brings the generated columns of its tables up to date; a new row has `?` where somebody has to write a cell.
`compare` reads a real run from its standard input, and prints each thing that the page does not have, and each row of
the page that no host has. Its exit status is 1 if there is any. The input is JSON: `listings` has the output of
listing.sh for each host, `control_plane` the names of those hosts, and `cluster` a List of the cluster's accounts,
roles, bindings and Services.

`undone` reads `listings` of hosts on which the commands of the page have undone everything, and prints what is left.
"""

from __future__ import annotations

import argparse
import json
import sys

from tests.hosts_page import compare, generate, tables


def main(arguments: list[str] | None = None) -> int:
    """Run the command of the command line and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.hosts_page")
    parser.add_argument("command", choices=["write", "compare", "undone"])
    options = parser.parse_args(arguments)
    text = tables.PAGE.read_text(encoding="utf-8")
    if options.command == "write":
        tables.PAGE.write_text(tables.write(text, generate.generated()), encoding="utf-8")
        return 0
    run = json.load(sys.stdin)
    if options.command == "undone":
        differences, agreed = compare.left(run["listings"]), "The hosts have what they had before."
    else:
        differences = compare.compare(tables.read(text), run["listings"], run["control_plane"], run["cluster"]["items"])
        agreed = "The page has what the hosts have, and the hosts have what the page says."
    print("\n".join(differences) or agreed)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
