# SPDX-License-Identifier: MIT
"""Which proxy a URL has by the environment, and which hosts are excepted."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common import proxies

URL = "https://api.example.com:6443"


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({}, URL, None),
        ({"HTTPS_PROXY": "http://p:3128"}, URL, "http://p:3128 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://p:3128"}, "http://host/", None),
        ({"HTTP_PROXY": "http://p:3128"}, URL, None),
        ({"HTTP_PROXY": "p:3128"}, "http://host/", "http://p:3128 (HTTP_PROXY)"),
        ({"https_proxy": "http://low", "HTTPS_PROXY": "http://up"}, URL, "http://low:80 (https_proxy)"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://up"}, URL, None),
        ({"ALL_PROXY": "socks5://p"}, URL, "socks5://p:1080 (ALL_PROXY)"),
        ({"HTTPS_PROXY": "https://p"}, URL, "https://p:443 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://[2001:db8::3]:3128"}, URL, "http://[2001:db8::3]:3128 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "example.com"}, URL, None),
        ({"HTTPS_PROXY": "http://p", "NO_PROXY": "*"}, URL, None),
        # A header `Proxy` of a request to a CGI program comes as this variable.
        ({"HTTP_PROXY": "http://p", "REQUEST_METHOD": "GET"}, "http://host/", None),
        # No proxy reaches this machine's own loopback.
        ({"HTTP_PROXY": "http://p", "HTTPS_PROXY": "http://p"}, "http://127.0.0.1:9090", None),
        ({"HTTP_PROXY": "http://p", "HTTPS_PROXY": "http://p"}, "http://localhost:9090", None),
        ({"HTTP_PROXY": "http://p", "HTTPS_PROXY": "http://p"}, "https://[::1]:9090", None),
    ],
)
def test_the_proxy_of_the_environment(environ, url, expected):
    found = proxies.of_environment(url, environ)
    assert (found and str(found)) == expected


@pytest.mark.parametrize(
    ("exceptions", "url", "expected"),
    [
        ("example.com", "https://api.example.com", True),
        (".example.com", "https://api.example.com", True),
        ("*.example.com", "https://api.example.com", True),
        ("example.com", "https://example.com", True),
        ("example.com", "https://anexample.com", False),
        ("EXAMPLE.com", "https://api.Example.COM.", True),
        ("other, api.example.com", URL, True),
        ("api.example.com:6443", URL, True),
        ("api.example.com:443", URL, False),
        ("api.example.com:443", "https://api.example.com", True),
        ("10.0.0.0/8", "https://10.96.0.1", True),
        ("10.0.0.0/8", "https://11.96.0.1", False),
        ("10.96.0.1", "https://10.96.0.1:6443", True),
        ("10.96.0.1:6443", "https://10.96.0.1:6443", True),
        ("fd00::/8", "https://[fd00::1]:6443", True),
        ("[fd00::1]:6443", "https://[fd00::1]:6443", True),
        ("96.0.1", "https://10.96.0.1", False),
        ("", URL, False),
        (",,", URL, False),
    ],
)
def test_exceptions(exceptions, url, expected):
    assert proxies.is_exception(url, exceptions) is expected


def test_a_user_of_a_proxy_is_sent_and_not_shown():
    found = proxies.parse("http://me:p%40ss@proxy.example:3128", "`proxy`")
    assert found.authorization == "Basic bWU6cEBzcw=="
    assert (str(found), found.url) == ("http://proxy.example:3128 (`proxy`)", "http://proxy.example:3128")
    assert "bWU6" not in repr(found)


@pytest.mark.parametrize(
    "text", ["http://me:secret@:80", "http://me:secret@proxy:port", "ftp://me:secret@proxy", "http://"]
)
def test_no_proxy_is_named_without_its_password(text):
    with pytest.raises(ValueError, match=r"`proxy` is .* such as http://192") as caught:
        proxies.parse(text, "`proxy`")
    assert "secret" not in str(caught.value)
