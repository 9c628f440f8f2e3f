# SPDX-License-Identifier: MIT
"""The end of a token, by the token itself, and the message of a cluster that does not accept it."""

from __future__ import annotations

import base64
import json
import time

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import tokens
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster, ClusterError
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve

END = 1_700_000_000
INFINITE = b'{"exp": Infinity}'


def part(content):
    """Return a part of a token: base64 for URLs, without padding."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def token(claims):
    return f"{part({'alg': 'RS256', 'kid': 'x'})}.{part(claims)}.{part(b'signature')}"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
@pytest.mark.parametrize(
    # The payloads need no padding, one and two characters of it, and a character of the alphabet for URLs.
    "subject",
    ["a", "ab", "abc", "\u07ff>?~"],
)
def test_the_end_of_a_token(scheme, subject):
    claims = {"iss": "https://kubernetes.default.svc", "sub": subject, "exp": END}
    assert tokens.expiry(f"{scheme} {token(claims)}") == END


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer not-a-secret",
        "Bearer a.b.c",
        f"Bearer {token({})}",
        f"Bearer {token([END])}",
        f"Bearer {token({'exp': 'soon'})}",
        f"Bearer {token({'exp': True})}",
        f"Bearer a.{part(b'not json')}.c",
        f"Bearer a.{part(INFINITE)}.c",
        "Bearer a.!!!!.c",
        f"Basic {token({'exp': END})}",
    ],
)
def test_credentials_without_an_end(authorization):
    assert tokens.expiry(authorization) is None
    assert tokens.expired_hint(authorization, END) == ""


def test_only_a_token_that_expired_has_a_hint():
    authorization = f"Bearer {token({'exp': END})}"
    assert tokens.expired_hint(authorization, END - 1) == ""
    assert "expired at 2023-11-14T22:13:20Z: create another" in tokens.expired_hint(authorization, END)
    assert tokens.expired_hint(f"Bearer {token({'exp': -1e300})}", END) == "", "no date has this time"


@pytest.mark.parametrize(("left", "is_expired"), [(-60, True), (600, False)])
def test_a_cluster_that_does_not_accept_an_expired_token_says_so(tmp_path, left, is_expired):
    given = token({"exp": int(time.time()) + left})
    with serve(lambda handler, _path: handler.send({"kind": "Status", "message": "Unauthorized"}, 401)) as api:
        by_option = Cluster(host=api.url, api_key=given)
        by_file = Cluster(api.kubeconfig(tmp_path / "kubeconfig", user={"token": given}))
        for cluster in (by_option, by_file):
            with pytest.raises(ClusterError, match=r"does not accept the credentials of .*: Unauthorized") as raised:
                cluster.list("pods", "test")
            assert ("The token expired at 20" in str(raised.value)) is is_expired
            assert given not in str(raised.value)
