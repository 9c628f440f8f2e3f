# SPDX-License-Identifier: MIT
"""The writer of an object's replicas, from its managedFields."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import field_managers
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.field_managers import (
    UNKNOWN,
    FieldManager,
)


def entry(manager, time, fields, **more):
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, **more}


REPLICAS = {"f:spec": {"f:replicas": {}}}
# As a Deployment of the stack `seed` has them: applied by the role, its status by its controller, scaled by the HPA.
APPLIED = entry("keda_demo", "2026-11-25T02:00:00Z", {"f:spec": {"f:selector": {}}}, operation="Apply")
STATUS = entry(
    "kube-controller-manager", "2026-11-25T04:00:00Z", {"f:status": {"f:replicas": {}}}, subresource="status"
)
SCALED = entry("kube-controller-manager", "2026-11-25T03:00:00Z", REPLICAS, subresource="scale")
APPLIED_TOO = entry("argocd-controller", "2026-11-25T01:00:00Z", REPLICAS, operation="Apply")


@pytest.mark.parametrize(
    ("fields", "writer"),
    [
        ([APPLIED, STATUS, SCALED], FieldManager("kube-controller-manager", "scale")),
        ([APPLIED, STATUS], UNKNOWN),
        ([APPLIED_TOO], FieldManager("argocd-controller")),
        # Both have written the same value, the HPA later.
        ([SCALED, APPLIED_TOO], FieldManager("kube-controller-manager", "scale")),
        ([APPLIED_TOO, SCALED], FieldManager("kube-controller-manager", "scale")),
        ([{"manager": "old", "fieldsV1": REPLICAS}], FieldManager("old")),
        ([{"manager": "old"}, {"fieldsV1": None}, {}], UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_writer(fields, writer):
    assert field_managers.replicas_writer({"metadata": {"managedFields": fields}}) == writer


def test_without_managed_fields():
    assert field_managers.replicas_writer({"metadata": {}}) == UNKNOWN


@pytest.mark.parametrize(
    ("writer", "mentions"),
    [(FieldManager("kubectl", "scale"), ["kubectl", "scale"]), (FieldManager("helm"), ["helm"]), (UNKNOWN, ["client"])],
)
def test_text(writer, mentions):
    assert all(mention in str(writer) for mention in mentions)
