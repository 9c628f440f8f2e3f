# SPDX-License-Identifier: MIT
"""The status and the end of an answer, in pieces of any size."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.answer import Answer, NoAnswer

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello World!"
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n"
TRAILER = b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n"
TRAILERS = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA:\r\nTransfer-Encoding: gzip\r\nB: c\r\n\r\n"
)
# The first chunk's last 5 bytes are those of the last chunk.
CHUNK_LIKE_THE_LAST = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nx0\r\n\r\n\r\n0\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.0 404 Not Found\r\n\r\nno such page"
CODING_UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + LENGTH
INTERIM_WITH_LENGTH = b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + UNTIL_CLOSED
NO_REASON = b"HTTP/1.1 200\r\nX-Empty:\r\nCONTENT-LENGTH:0\r\n\r\n"
UPGRADE_OFFER = b"HTTP/1.1 200 OK\r\nUpgrade: h2,h2c\r\nConnection: Upgrade, close\r\nContent-Length: 2\r\n\r\nhi"
UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
LONG_HEAD = b"HTTP/1.1 200 OK\r\nX: " + 60000 * b"x" + b"\r\nContent-Length: 2\r\n\r\nhi"


def fed(data, piece):
    """The answer after all pieces, and whether it was complete after each."""
    answer = Answer()
    return answer, [answer.feed(data[at : at + piece]) for at in range(0, len(data), piece)]


@pytest.mark.parametrize("piece", [1, 2, 7, 100000])
@pytest.mark.parametrize(
    ("data", "status", "complete"),
    [
        (LENGTH, 200, True),
        (CHUNKED, 201, True),
        (TRAILER, 200, True),
        (TRAILERS, 200, True),
        (CHUNK_LIKE_THE_LAST, 200, True),
        (UNTIL_CLOSED, 404, False),
        (CODING_UNTIL_CLOSED, 200, False),
        (EMPTY, 204, True),
        (NOT_MODIFIED, 304, True),
        (INTERIM, 200, True),
        (INTERIM_WITH_LENGTH, 404, False),
        (NO_REASON, 200, True),
        (UPGRADE_OFFER, 200, True),
        (LONG_HEAD, 200, True),
    ],
)
def test_answer(data, status, complete, piece):
    answer, completes = fed(data, piece)
    assert answer.status == status
    assert completes[-1] is complete
    assert not any(completes[:-1])
    answer.end()


def test_a_read_ends_where_a_chunk_looks_like_the_last_one():
    answer, edge = Answer(), CHUNK_LIKE_THE_LAST.index(b"0\r\n\r\n") + 5
    assert not answer.feed(CHUNK_LIKE_THE_LAST[:edge])
    with pytest.raises(NoAnswer, match="cut_off"):
        answer.end()


@pytest.mark.parametrize("piece", [1, 7, 100000])
@pytest.mark.parametrize("first", [LENGTH, CHUNKED, CLOSE, EMPTY])
@pytest.mark.parametrize(
    "rest", [b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n", b"HTTP/1.1 999 No\r\n\r\n", b"\0\0 no"]
)
def test_bytes_after_the_answer_are_ignored(first, rest, piece):
    status = int(first[9:12])
    answer, completes = fed(first + rest, piece)
    assert (answer.status, completes[-1]) == (status, True)
    answer.end()
    assert answer.status == status


@pytest.mark.parametrize("piece", [1, 7, 10000])
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no_answer"),
        (LENGTH[:20], "cut_off"),
        (LENGTH[:-1], "cut_off"),
        (CHUNKED[:-5], "cut_off"),
        (CHUNKED[: CHUNKED.index(b"5\r\n")], "cut_off"),
        (TRAILERS[:-2], "cut_off"),
        (INTERIM[: -len(LENGTH)], "cut_off"),
    ],
)
def test_a_connection_that_is_closed_too_soon(data, code, piece):
    answer, completes = fed(data, piece)
    assert not any(completes)
    with pytest.raises(NoAnswer, match=code):
        answer.end()


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 mail\r\n",
        b"\0\0\x12\x04\0\0\0\0\0",  # HTTP/2's first frame
        b"HTTP/1.1 999 What\r\n\r\n",
        b"HTTP/1.1 099 What\r\n\r\n",
        b"HTTP/1." + b"x" * 70000,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000,  # no end of the head
        40000 * b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        UPGRADE,  # no request asks for one
        UPGRADE + b"\x81\x00",
    ],
)
@pytest.mark.parametrize("piece", [7, 65536])
def test_garbage_and_unasked_upgrades_are_not_http(data, piece):
    with pytest.raises(NoAnswer, match="not_http"):
        fed(data, piece)


@pytest.mark.parametrize("piece", [1, 7, 100000])
@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
    ],
)
def test_an_answer_to_head_has_no_body(head, piece):
    answer = Answer(head_only=True)
    completes = [answer.feed(head[at : at + piece]) for at in range(0, len(head), piece)]
    assert (answer.status, completes[-1], any(completes[:-1])) == (200, True, False)
    answer.end()
