# SPDX-License-Identifier: MIT
"""The credentials of a trigger, read from a small API server as KEDA reads them."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import trigger_requests
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.errors import BadInput
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof import trigger_credentials
from ansible_collections.shkatara.keda_demo.tests.support.proof_api import LISTS, proof_api

KEDA = "/apis/keda.sh/v1alpha1"
BEARER = [{"parameter": "bearerToken", "name": "token", "key": "value"}]
OPERATOR = {"metadata": {"namespace": "scaling"}, "spec": {"selector": {}, "template": {"spec": {"containers": []}}}}


def secret(**values):
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"metadata": {"name": "token"}, "data": data}


def authentication(**spec):
    return {"metadata": {"name": "prometheus"}, "spec": spec}


def request(modes="bearer", kind="TriggerAuthentication", name="prometheus", **metadata):
    reference = {"authenticationRef": {"name": name, "kind": kind}} if name else {}
    return trigger_requests.request_of({"metadata": {"authModes": modes, **metadata}, **reference})


@pytest.fixture
def headers(tmp_path):
    """Return the headers of a request, by the lists of an API server."""

    def of(asked, *, lists=None, forbidden=(), given=None, has_url=False):
        with proof_api(lists={**LISTS, **(lists or {})}, forbidden=forbidden) as api:
            cluster = Cluster(api.kubeconfig(tmp_path / "kubeconfig"), None)
            return trigger_credentials.headers(cluster, "test", asked, given or {}, has_url=has_url)

    return of


SECRET = {
    f"{KEDA}/namespaces/test/triggerauthentications": [authentication(secretTargetRef=BEARER)],
    "/api/v1/namespaces/test/secrets": [secret(value="abc")],
}


def test_a_bearer_token_of_a_secret(headers):
    assert headers(request(customHeaders="X-Scope-OrgID=7"), lists=SECRET) == {
        "X-Scope-OrgID": "7",
        "Authorization": "Bearer abc",
    }


def test_the_secret_of_a_cluster_wide_authentication_is_in_the_namespace_of_keda(headers):
    lists = {
        f"{KEDA}/clustertriggerauthentications": [authentication(secretTargetRef=BEARER)],
        "/apis/apps/v1/deployments": [OPERATOR],
        "/api/v1/namespaces/scaling/secrets": [secret(value="abc")],
    }
    assert headers(request(kind="ClusterTriggerAuthentication"), lists=lists) == {"Authorization": "Bearer abc"}


def test_given_headers_take_precedence_and_no_secret_is_read(headers):
    asked = request(customHeaders="X-Scope-OrgID=7")
    given = {"authorization": "Bearer mine", "x-scope-orgid": "8"}
    assert headers(asked, forbidden=tuple(SECRET), given=given) == given


def test_a_trigger_without_credentials_asks_nothing(headers):
    asked = trigger_requests.request_of({"metadata": {"customHeaders": "A=b"}})
    assert headers(asked, forbidden=tuple(SECRET)) == {"A": "b"}


@pytest.mark.parametrize(
    ("asked", "options", "named"),
    [
        (request(), {"lists": SECRET, "forbidden": ("/api/v1/namespaces/test/secrets",)}, r"bearer\b.*\bsecrets\b"),
        (request(), {"lists": {f"{KEDA}/namespaces/test/triggerauthentications": []}}, r"\bprometheus\b.*not exist"),
        (request(name=""), {}, r"\bauthenticationRef\b"),
        (request("tls"), {}, r"\btls\b"),
        (
            request(),
            {
                "lists": {
                    f"{KEDA}/namespaces/test/triggerauthentications": [
                        authentication(boundServiceAccountToken=[{"parameter": "bearerToken"}])
                    ]
                }
            },
            r"\bbearerToken\b.*\bboundServiceAccountToken\b",
        ),
        (
            request("basic"),
            {"lists": {**SECRET, "/api/v1/namespaces/test/secrets": [secret(other="x")]}},
            r"\busername\b",
        ),
    ],
)
def test_credentials_that_cannot_be_read_name_the_option(headers, asked, options, named):
    with pytest.raises(BadInput, match=named) as raised:
        headers(asked, **options)
    assert "prometheus_headers" in str(raised.value)


def test_with_a_url_the_credentials_may_be_missing(headers):
    assert headers(request(name=""), has_url=True) == {}
