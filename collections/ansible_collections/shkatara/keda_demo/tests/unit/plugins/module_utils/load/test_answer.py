# SPDX-License-Identifier: MIT
"""What an answer is, in whatever pieces it comes."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.answer import Answer, NoAnswer

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello World!"
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n"
TRAILER = b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.0 404 Not Found\r\n\r\nno such page"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + LENGTH
NO_REASON = b"HTTP/1.1 200\r\nCONTENT-LENGTH:0\r\n\r\n"


def fed(data, piece):
    """The answer in pieces, and whether it was complete after each."""
    answer = Answer()
    return answer, [answer.feed(data[at : at + piece]) for at in range(0, len(data), piece)]


@pytest.mark.parametrize("piece", [1, 2, 7, 10000])
@pytest.mark.parametrize(
    ("data", "status", "complete"),
    [
        (LENGTH, 200, True),
        (CHUNKED, 201, True),
        (TRAILER, 200, False),  # known when the connection is closed
        (UNTIL_CLOSED, 404, False),
        (EMPTY, 204, True),
        (INTERIM, 200, True),
        (NO_REASON, 200, True),
    ],
)
def test_answer(data, status, complete, piece):
    answer, seen = fed(data, piece)
    assert answer.status == status
    assert seen[-1] is complete
    assert not any(seen[:-1])
    answer.end()


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "no_answer"), (LENGTH[:20], "cut_off"), (LENGTH[:-1], "cut_off"), (CHUNKED[:-5], "cut_off")],
)
def test_a_connection_that_is_closed_too_soon(data, code):
    answer, _seen = fed(data, 10000)
    with pytest.raises(NoAnswer, match=code):
        answer.end()


@pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 999 What\r\n\r\n", b"HTTP/1." + b"x" * 70000])
def test_what_is_not_http(data):
    with pytest.raises(NoAnswer, match="not_http"):
        fed(data, 100000)
