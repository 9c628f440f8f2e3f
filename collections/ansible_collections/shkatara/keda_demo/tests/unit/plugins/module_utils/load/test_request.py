# SPDX-License-Identifier: MIT
"""The bytes of a request, and its headers."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.request import Request
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.load.schedule import LoadSpec, Stage

OWN = ["User-Agent: keda_demo", "Accept: */*"]


def lines(request, url="http://host:80/"):
    """The lines of a request without its first two, and its body."""
    _bare, fields = request.fields(url)
    head, _end, body = request.message("/a?b=c", "host:80", fields).partition(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n"), body


@pytest.mark.parametrize(
    ("request_", "expected", "body"),
    [
        (Request(), ["GET /a?b=c HTTP/1.1", "Host: host:80", *OWN, "Connection: close"], b""),
        (
            Request("POST", body=b"{}"),
            ["POST /a?b=c HTTP/1.1", "Host: host:80", *OWN, "Content-Length: 2", "Connection: close"],
            b"{}",
        ),
        # A server may wait for a body until a header says that there is none.
        (
            Request("PUT"),
            ["PUT /a?b=c HTTP/1.1", "Host: host:80", *OWN, "Content-Length: 0", "Connection: close"],
            b"",
        ),
        (Request("HEAD"), ["HEAD /a?b=c HTTP/1.1", "Host: host:80", *OWN, "Connection: close"], b""),
        (
            Request(headers=(("host", "shop.example"), ("accept", "text/html"), ("X-A", "\xe9"))),
            [
                "GET /a?b=c HTTP/1.1",
                "Host: shop.example",
                OWN[0],
                "accept: text/html",
                "X-A: \xe9",
                "Connection: close",
            ],
            b"",
        ),
    ],
)
def test_the_bytes_of_a_request(request_, expected, body):
    assert lines(request_) == (expected, body)


def test_a_user_in_the_url_becomes_a_header():
    bare, fields = Request().fields("https://me:w%40rd@host/a?b")
    assert bare == "https://host/a?b"
    assert fields[-1] == ("Authorization", "Basic bWU6d0ByZA==")


@pytest.mark.parametrize(
    ("host", "name"),
    [("shop.example", "shop.example"), ("shop.example:8443", "shop.example"), ("[2001:db8::1]:80", "2001:db8::1")],
)
def test_the_name_for_tls(host, name):
    assert Request(headers=(("Host", host),)).server_name == name


def test_secrets_are_in_no_repr():
    shown = repr(Request("POST", (("Authorization", "Bearer s3cr3t"),), b"s3cr3t"))
    assert "s3cr3t" not in shown


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_request_n_goes_to_url_n_whatever_worker_sends_it(workers, count):
    urls = [f"http://{index}/" for index in range(count)]
    spec = LoadSpec(urls[0], (Stage(60, 1),), workers=workers, more_urls=tuple(urls[1:]))
    for worker in range(workers):
        turns = spec.urls_of(worker)
        for sent, number in enumerate(spec.numbers(worker)):
            assert turns[sent % len(turns)] == urls[number % count]
