# SPDX-License-Identifier: MIT
"""How KEDA asks for a trigger: parameters by its version, headers, and the header of an authMode."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling import trigger_requests
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.autoscaling.trigger_requests import (
    TriggerRequest,
)

FULL = {
    "type": "prometheus",
    "metadata": {
        "namespace": "shop",
        "queryParameters": "max_source_resolution=5m, dedup=true",
        "customHeaders": 'X-Scope-OrgID=team-a,"X-List=a,b",X-Token=abc=',
        "authModes": "tls, basic",
        "unsafeSsl": "true",
    },
    "authenticationRef": {"name": "prometheus", "kind": "ClusterTriggerAuthentication"},
}


def test_a_request_with_everything():
    request = trigger_requests.request_of(FULL)
    assert request == TriggerRequest(
        "shop",
        (("max_source_resolution", "5m"), ("dedup", "true")),
        {"X-Scope-OrgID": "team-a", "X-List": "a,b", "X-Token": "abc="},
        ("tls", "basic"),
        ("ClusterTriggerAuthentication", "prometheus"),
        unsafe_ssl=True,
    )


def test_a_request_of_a_query_alone():
    request = trigger_requests.request_of({"type": "prometheus", "metadata": {"query": "up"}})
    assert request == TriggerRequest()
    assert request.summary == ""


def test_no_text_of_a_request_has_the_values_of_headers():
    request = trigger_requests.request_of(FULL)
    for text in (repr(request), str(request), request.summary):
        assert not any(secret in text for secret in ("team-a", "abc", "a,b"))
    assert {"X-Scope-OrgID", "basic", "prometheus"} <= set(request.summary.replace(",", "").split())


@pytest.mark.parametrize(
    ("version", "names"),
    [((2, 10), ["namespace"]), ((2, 12), ["namespace"]), ((2, 13), ["namespace", "max_source_resolution", "dedup"])],
)
def test_parameters_by_version(version, names):
    assert [name for name, _value in trigger_requests.request_of(FULL).parameters(version)] == names


def test_the_tenant_of_older_versions_is_a_header():
    request = trigger_requests.request_of({"metadata": {"cortexOrgID": "7"}})
    assert request.headers == {"X-Scope-OrgID": "7"}


@pytest.mark.parametrize(
    ("modes", "credentials", "header"),
    [
        (("bearer",), {"bearerToken": "abc\n"}, {"Authorization": "Bearer abc"}),
        (("basic",), {"username": "u", "password": "p"}, {"Authorization": "Basic dTpw"}),
        (("basic",), {"username": "u"}, {"Authorization": "Basic dTo="}),
        (("tls", "custom"), {"customAuthHeader": "X-Key", "customAuthValue": "k"}, {"X-Key": "k"}),
        (("tls",), {}, {}),
    ],
)
def test_the_header_of_an_auth_mode(modes, credentials, header):
    assert trigger_requests.authorization(modes, credentials) == header


@pytest.mark.parametrize(
    ("mode", "missing"), [("bearer", "bearerToken"), ("basic", "username"), ("custom", "customAuthHeader")]
)
def test_a_missing_parameter_is_named(mode, missing):
    with pytest.raises(KeyError, match=missing):
        trigger_requests.authorization((mode,), {})
