# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The replica counts of a ScaledObject that KEDA can't work with, as a pure function."""

from __future__ import annotations

from ..common.errors import BadInput
from ..kube.workloads import Object

_DEFAULT_MAX = 100


def check_bounds(scaledobject: Object) -> None:
    """Check the minimum, the maximum and the idle count.

    :raises BadInput: KEDA refuses them, or does not keep the idle count

    KEDA's webhook refuses them since 2.13, and its controller before; a ScaledObject without that webhook exists, but
    never becomes Ready. An idle count above 0 is below the HPA's own minimum, to which the HPA returns.
    Source: KEDA 2.13, apis/keda/v1alpha1/scaledobject_types.go, CheckReplicaCountBoundsAreValid; the documentation of
    KEDA 2.19, idleReplicaCount, and issue #2314.
    """
    spec, name = scaledobject["spec"], f"ScaledObject {scaledobject['metadata']['name']}"
    given, idle = spec.get("minReplicaCount"), spec.get("idleReplicaCount")
    most = _DEFAULT_MAX if spec.get("maxReplicaCount") is None else spec["maxReplicaCount"]
    least = 0 if given is None else max(1, given)
    if least > most:
        raise BadInput(f"{name} has a minReplicaCount of {least}, which is more than its maxReplicaCount of {most}")
    if idle is None:
        return
    if idle >= least:
        raise BadInput(
            f"{name} has an idleReplicaCount of {idle}, which must be less than its minReplicaCount (it is {least})"
        )
    if idle > 0:
        raise BadInput(
            f"{name} has an idleReplicaCount of {idle}, and KEDA supports only 0: the HPA, which shrinks to no less "
            f"than {least}, brings the replicas back"
        )
