# SPDX-License-Identifier: MIT
"""The ranges of local ports. Requests are tested in test_sender."""

from __future__ import annotations

import errno
import itertools
import struct

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load import plain_http
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.capacity import Limits
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.plain_http import (
    PlainClient,
    port_ranges,
)


def ranges(first, last):
    """One turn of the ranges and the first range of the next, as (lowest port, highest port)."""
    count = max(1, (last - first + 1) // 256)
    taken = itertools.islice(port_ranges(Limits(1024, 1024, first, last, 1)), count + 1)
    return [struct.unpack("=HH", option) for option in taken]


@pytest.mark.parametrize(("first", "last"), [(32768, 60999), (1024, 65535), (40000, 40099), (50000, 50000)])
def test_the_ranges_have_each_port_once_and_begin_again(first, last):
    *turn, again = ranges(first, last)
    assert [port for low, high in turn for port in range(low, high + 1)] == list(range(first, last + 1))
    assert again == turn[0]
    sizes = {high - low for low, high in turn}
    assert max(sizes) - min(sizes) <= 1, "a small range would be used up before the others"


async def test_a_range_in_use_is_left(monkeypatch):
    """The kernel says EADDRNOTAVAIL for the first socket: the request is begun all the same."""
    tried = []

    class Exchange:
        def __init__(self, _loop, connection, *_rest):
            tried.append(connection)
            if len(tried) == 1:
                connection.close()
                raise OSError(errno.EADDRNOTAVAIL, "no port")

        def give_up(self):
            tried[-1].close()

    monkeypatch.setattr(plain_http, "_Exchange", Exchange)
    PlainClient("http://127.0.0.1:1/").begin(lambda _outcome: None)()
    assert len(tried) == 2
