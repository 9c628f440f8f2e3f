# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's way to a TCP port on which nothing may listen yet.

Before there is a cluster, a refused connection is as good as an open one: packets go there and come back. A port that
does not answer at all is blocked on the way or by the host's own firewall, which the role node opens; the port of ssh
tells the two from an address that can't be reached.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

# The outcomes, best first.
REACHED, BLOCKED, UNREACHABLE, UNKNOWN_NAME = "reached", "blocked", "unreachable", "unknown_name"

Connect = Callable[[tuple[str, int], float], socket.socket]


def try_way(way: Mapping[str, Any], timeout: float, connect: Connect = socket.create_connection) -> dict[str, Any]:
    """Return the way with its `outcome`.

    :param way: `name`, `address`, `port`, and `login_port`, where the host's ssh listens
    :param timeout: seconds for each of at most two connections
    """
    outcome = _try(way["address"], way["port"], timeout, connect)
    if outcome == UNREACHABLE and _try(way["address"], way["login_port"], timeout, connect) == REACHED:
        outcome = BLOCKED
    return {**way, "outcome": outcome}


def _try(address: str, port: int, timeout: float, connect: Connect) -> str:
    try:
        connect((address, port), timeout).close()
    except ConnectionRefusedError:
        return REACHED
    except socket.gaierror:
        return UNKNOWN_NAME
    except OSError:  # no answer in time, or a router's or firewall's word that there is no way
        return UNREACHABLE
    return REACHED
