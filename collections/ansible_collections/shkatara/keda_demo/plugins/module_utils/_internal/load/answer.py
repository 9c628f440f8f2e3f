# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""An answer of HTTP/1 to a GET with `Connection: close`: its status, and whether it is complete. No body is kept."""

from __future__ import annotations

import re

_HEAD_END = b"\r\n\r\n"
_MOST_HEAD = 65536
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: |\r\n)")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked[ \t]*\r\n", re.IGNORECASE)


class NoAnswer(Exception):
    """There was no complete answer; the message is a code: `no_answer`, `cut_off` or `not_http`."""


class Answer:
    """Takes in what a connection brings. Source of the framing: RFC 9112, section 6.3."""

    __slots__ = ("_chunked", "_head", "_left", "_tail", "status")

    def __init__(self) -> None:
        self.status = 0
        self._head = b""
        self._tail = b""
        self._chunked = False
        self._left: int | None = None

    def feed(self, data: bytes) -> bool:
        """Take in some bytes, and return whether the answer is complete.

        :raises NoAnswer: this is no answer of HTTP
        """
        if not self.status:
            data = self._take_head(data)
            if not self.status:
                return False
        if self._left is not None:
            self._left -= len(data)
            return self._left <= 0
        # Chunks are not counted. One that ends like the last one, just where a read ends, is taken for it: the status
        # is right all the same.
        self._tail = (self._tail + data)[-len(_HEAD_END) - 1 :]
        return self._chunked and self._tail.endswith(b"0" + _HEAD_END)

    def end(self) -> None:
        """Take in that the connection is closed.

        :raises NoAnswer: the answer is not complete
        """
        if not self.status:
            raise NoAnswer("cut_off" if self._head else "no_answer")
        if (self._left or 0) > 0 or (self._chunked and not self._tail.endswith(_HEAD_END)):
            raise NoAnswer("cut_off")

    def _take_head(self, data: bytes) -> bytes:
        """Read the status and how long the body is, once the head is there; return what follows it."""
        self._head += data
        while True:
            head, end, rest = self._head.partition(_HEAD_END)
            if not end:
                if len(head) > _MOST_HEAD or not b"HTTP/1.".startswith(head[:7]):
                    raise NoAnswer("not_http")
                return b""
            found = _STATUS.match(head + b"\r\n")
            if not found:
                raise NoAnswer("not_http")
            status = int(found[1])
            if status >= 200:
                break
            self._head = rest  # an interim answer: the one that counts follows
        self.status = status
        self._head = b""
        fields = head + b"\r\n"
        self._chunked = _CHUNKED.search(fields) is not None
        if status in (204, 304):
            self._left = 0
        elif not self._chunked and (length := _LENGTH.search(fields)):
            self._left = int(length[1])
        return rest
