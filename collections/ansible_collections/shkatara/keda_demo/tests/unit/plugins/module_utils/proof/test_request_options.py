# SPDX-License-Identifier: MIT
"""The options of a load's requests: what becomes of right ones, and how wrong ones are named."""

from __future__ import annotations

import re

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.tls import Trust
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import request_options
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.options import (
    argument_spec,
    check_options,
)
from ansible_collections.shkatara.keda_demo.tests.support import module_options
from ansible_collections.shkatara.keda_demo.tests.support.authority import Authority

URL = "http://192.0.2.11:30115/"


def validated(**http):
    """The options with these in `load.http`, and what Ansible says of them."""
    given = {"namespace": "test", "name": "a", "proof_dir": "proof", "load": {"http": {"rate": 34.5, **http}}}
    return module_options.validated(given)


def checked(**http):
    params, errors = validated(**({"url": URL} | http if "urls" not in http else http))
    assert errors == []
    return check_options(params)


def refusal(**http):
    with pytest.raises(BadInput) as caught:
        checked(**http)
    return str(caught.value)


def test_defaults():
    load = checked()
    assert load.urls == (URL,)
    assert (load.request.method, load.request.headers, load.request.body) == ("GET", (), b"")
    assert load.request.trust == Trust()


def test_several_urls():
    load = checked(urls=[URL, "https://b.example/"])
    assert (load.url, load.urls) == (URL, (URL, "https://b.example/"))
    assert load.constant(1.0, 60.0).urls == load.urls


@pytest.mark.parametrize("http", [{"url": URL, "urls": [URL]}, {}])
def test_exactly_one_of_url_and_urls(http):
    _params, errors = validated(**http)
    assert len(errors) == 1
    assert "url" in errors[0]
    assert "urls" in errors[0]


@pytest.mark.parametrize(
    ("method", "body", "expected", "content_type"),
    [
        ("POST", "a=1", b"a=1", None),
        ("post", "a=1", b"a=1", None),
        ("POST", "", b"", None),
        ("GET", "", b"", None),
        ("GET", None, b"", None),
        ("PUT", {"item": 7, "note": "\xe9"}, '{"item": 7, "note": "\xe9"}'.encode(), "application/json"),
        ("PATCH", [1, None, True], b"[1, null, true]", "application/json"),
        ("POST", 0, b"0", "application/json"),
        ("POST", {}, b"{}", "application/json"),
        ("DELETE", "x", b"x", None),
    ],
)
def test_a_body(method, body, expected, content_type):
    request = checked(method=method, body=body).request
    assert (request.method, request.body) == (method.upper(), expected)
    assert dict(request.headers).get("Content-Type") == content_type


def test_a_content_type_that_is_given_stays():
    request = checked(method="POST", body={"a": 1}, headers={"content-type": "application/vnd.api+json"}).request
    assert request.headers == (("content-type", "application/vnd.api+json"),)


def test_values_of_headers_are_texts():
    """YAML reads a value such as 7 or true as another type."""
    given = {"X-Number": 7, "X-Flag": True, "X-Empty": None, "X-Space": " a b ", "Host": "shop.example"}
    assert dict(checked(headers=given).request.headers) == {
        "X-Number": "7",
        "X-Flag": "true",
        "X-Empty": "",
        "X-Space": "a b",
        "Host": "shop.example",
    }


@pytest.mark.parametrize("method", ["FETCH", "", "GET POST", "get\r\nX: 1", "CONNECT", "TRACE", "7"])
def test_a_method_that_is_no_method(method):
    message = refusal(method=method)
    assert f"load.http.method is {method!r}" in message
    assert "GET, HEAD, POST" in message


@pytest.mark.parametrize("body", ["a=1", {"a": 1}, {}, [], 0, False])
@pytest.mark.parametrize("method", [None, "GET", "get", "HEAD"])
def test_a_body_without_a_method_that_takes_one(method, body):
    message = refusal(body=body, **({} if method is None else {"method": method}))
    assert "load.http.body" in message
    assert f"load.http.method is {(method or 'GET').upper()}" in message
    assert "POST" in message


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"X-A": "s3cret\r\nX-Evil: 1"}, "X-A"),
        ({"X-A": "s3cret\n"}, "X-A"),
        ({"X-A": "s3cret\0"}, "X-A"),
        ({"X-A": "s3cret \u20ac"}, "X-A"),
        ({"X A": "s3cret"}, "'X A'"),
        ({"X-A:": "s3cret"}, "'X-A:'"),
        ({"": "s3cret"}, "''"),
        ({"Content-Length": "7"}, "Content-Length"),
        ({"content-length": 7}, "content-length"),
        ({"Transfer-Encoding": "chunked"}, "Transfer-Encoding"),
        ({"Connection": "keep-alive"}, "Connection"),
        ({"Upgrade": "websocket"}, "Upgrade"),
        ({"Host": "http://shop.example"}, "Host"),
        ({"Host": "shop.example/path"}, "Host"),
        ({"Host": ""}, "Host"),
        ({"Host": "a b"}, "Host"),
        ({"X-A": "s3cret", "x-a": "s3cret"}, "x-a twice"),
    ],
)
def test_a_header_that_cannot_be_given(headers, named):
    message = refusal(headers=headers)
    assert "load.http.headers" in message
    assert named in message
    assert "s3cret" not in message


@pytest.mark.parametrize("host", ["shop.example", "shop.example:8443", "192.0.2.1", "[2001:db8::1]:80", "a_b.c"])
def test_a_host(host):
    assert checked(headers={"Host": host}).request.host == host


@pytest.mark.parametrize(
    ("http", "named"),
    [
        ({"urls": []}, "load.http.urls is empty"),
        ({"urls": [URL, "host:80"]}, "load.http.urls[1] is 'host:80'"),
        ({"url": "http://me:s3/cret@host/"}, "load.http.url is 'http://***@host/'"),
        ({"url": "me:s3cret@host"}, "load.http.url is '***@host'"),
        ({"url": "http://host/a b"}, "load.http.url is 'http://host/a b'"),
        ({"url": "http://host/\r\nX: 1"}, "load.http.url is "),
        ({"url": "http://host\\path/"}, "load.http.url is "),
        (
            {"url": "http://me:s3cret@host/", "headers": {"authorization": "Bearer s3cret"}},
            "load.http.url has a user, and load.http.headers has Authorization",
        ),
    ],
)
def test_urls_that_are_none(http, named):
    message = refusal(**http)
    assert named in message
    assert not re.search("s3cret|s3/cret", message)


def test_all_wrong_options_are_named_at_once(tmp_path):
    message = refusal(url="host", method="FETCH", headers={"X A": "1"}, ca_path=str(tmp_path / "no.pem"), rate=0)
    for name in ("load.http.url", "load.http.method", "load.http.headers", "load.http.ca_path", "load.http.rate"):
        assert name in message


def test_certificates(tmp_path):
    authority = Authority(tmp_path)
    assert checked(ca_path=authority.path).request.trust == Trust(ca_path=authority.path)
    assert checked(validate_certs=False).request.trust == Trust(validate=False)
    message = refusal(ca_path=authority.path, validate_certs=False)
    assert "load.http.ca_path is given, and certificates are not checked" in message


def test_which_headers_may_be_shown():
    headers = {
        "Host": "shop.example",
        "Authorization": "Bearer t0ken.of-the.shop",
        "X-Api-Key": "k3y-of-the-shop",
        "X-Short": "1",
        "Accept": "text/html",
        "Origin": "k3y-of-the-shop",
    }
    hidden, shown = request_options.secrets({"url": "http://me:word@host/", "headers": headers})
    assert {"Bearer t0ken.of-the.shop", "t0ken.of-the.shop", "k3y-of-the-shop", "word", "me:word@"} <= hidden
    assert shown == {"shop.example", "1", "text/html"}


def test_the_values_of_headers_are_hidden_by_ansible_first():
    assert argument_spec()["load"]["options"]["http"]["options"]["headers"]["no_log"] is True


def test_the_proxies_that_a_load_does_not_use(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://me:s3cret@p:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    found = request_options.bypassed_proxies(
        ("http://shop.example/", "http://inside.example", "https://shop.example", "http://127.0.0.1/")
    )
    assert found == ["http://p:3128 (HTTP_PROXY)"]
