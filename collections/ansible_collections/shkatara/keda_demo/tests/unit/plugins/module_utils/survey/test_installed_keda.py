# SPDX-License-Identifier: MIT
"""Whose KEDA a cluster has."""

from __future__ import annotations

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.survey import installed_keda
from ansible_collections.shkatara.keda_demo.tests.support.survey_clusters import (
    MANAGER,
    OURS,
    api_service,
    keda_claims,
    snapshot,
)

NONE = snapshot()
FOREIGN = snapshot(api_service=api_service(), claims=keda_claims())
# The Helm chart's names.
HELM = snapshot(
    api_service=api_service(
        "keda-operator-metrics-apiserver", "autoscaling", labels={"app.kubernetes.io/part-of": "keda-operator"}
    ),
    claims=keda_claims(labels={"app.kubernetes.io/managed-by": "Helm"}),
)
BY_LABEL = snapshot(api_service=api_service(labels=OURS), claims=keda_claims(labels=OURS))
# As older versions of the collection have installed it.
BY_MANAGER = snapshot(api_service=api_service(manager=MANAGER), claims=keda_claims(manager=MANAGER))
ADAPTER = snapshot(api_service=api_service("prometheus-adapter", "monitoring"))
LEFTOVERS = snapshot(claims=dict(list(keda_claims().items())[:2]))


@pytest.mark.parametrize(
    ("cluster", "asked", "state", "namespace"),
    [
        (NONE, "detect", "present", ""),
        (NONE, "present", "present", ""),
        (FOREIGN, "detect", "existing", "keda"),
        (FOREIGN, "existing", "existing", "keda"),
        (HELM, "detect", "existing", "autoscaling"),
        (BY_LABEL, "detect", "present", ""),
        (BY_MANAGER, "detect", "present", ""),
        (BY_LABEL, "existing", "existing", ""),
    ],
)
def test_what_the_demo_does(cluster, asked, state, namespace):
    part = installed_keda.decide(cluster, asked, MANAGER)
    assert (part.state, part.namespace, part.problems) == (state, namespace, ())


@pytest.mark.parametrize(
    ("cluster", "asked", "says"),
    [
        (ADAPTER, "detect", "leads to monitoring/prometheus-adapter, which is no KEDA. A cluster has one such API"),
        # A Service named after KEDA, without KEDA's kinds.
        (snapshot(api_service=api_service()), "detect", "leads to keda/keda-metrics-apiserver, which is no KEDA"),
        (FOREIGN, "present", "keda_state is present, and the cluster has a KEDA of somebody else's"),
        (FOREIGN, "absent", "keda_state is absent, and the cluster has a KEDA of somebody else's"),
        (NONE, "absent", "keda_state is absent, and the application is scaled by KEDA"),
        (NONE, "existing", "keda_state is existing, and the cluster has no APIService v1beta1.external.metrics.k8s.io"),
        (
            LEFTOVERS,
            "detect",
            "CustomResourceDefinition clustertriggerauthentications.keda.sh, CustomResourceDefinition",
        ),
    ],
)
def test_what_is_against_it(cluster, asked, says):
    (problem,) = installed_keda.decide(cluster, asked, MANAGER).problems
    assert says in problem
