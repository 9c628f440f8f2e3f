#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read ScaledObjects with their HPAs, Deployments, triggers and the triggers' values."""

from __future__ import annotations

DOCUMENTATION = r"""
module: scaledobject_info
short_description: Read KEDA ScaledObjects with their HPAs, Deployments and trigger values
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Puts what a ScaledObject is made of side by side in one result, which are its conditions, its triggers with the
    values that the HorizontalPodAutoscaler last saw, the HPA that KEDA made, and the Deployment that it scales.
  - M(kubernetes.core.k8s_info) gives the same objects as they are, one task a kind. This module gives a summary, with
    which metric belongs to which trigger, and numbers for Kubernetes' quantities.
  - It only reads, so it is never C(changed). A ScaledObject that is not there is an empty list and no failure.
  - Of a trigger's C(metadata) only what RV(scaledobjects[].triggers) names is returned, and of
    C(authenticationRef) only the reference, so the result has no secret that KEDA keeps in a C(TriggerAuthentication).
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
options:
  namespace:
    description: The namespace of the ScaledObjects.
    type: str
    required: true
  name:
    description: The name of one ScaledObject. If it is not given, all of the namespace are returned.
    type: str
attributes:
  check_mode:
    description: Can run in check_mode and say what it would do.
    support: full
    details:
      - The module only reads, and does the same in check mode.
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
requirements:
  - kubernetes (Python library) >= 24.2.0
notes:
  - The kubeconfig needs the verb C(list) on C(scaledobjects.keda.sh), C(horizontalpodautoscalers.autoscaling) and
    C(deployments.apps) in the namespace.
  - KEDA 2.10 and later are understood.
seealso:
  - module: shkatara.keda_demo.verify_scaling
  - module: kubernetes.core.k8s_info
"""

EXAMPLES = r"""
- name: Read one ScaledObject
  shkatara.keda_demo.scaledobject_info:
    kubeconfig: ~/.kube/config
    namespace: test
    name: scaledobject-py
  register: keda

- name: Read all ScaledObjects of a namespace
  shkatara.keda_demo.scaledobject_info:
    kubeconfig: ~/.kube/config
    namespace: test
  register: keda

- name: Show the replicas that each HPA asks for
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.hpa.desired_replicas }} of at most {{ item.max_replicas }}"
  loop: "{{ keda.scaledobjects | selectattr('hpa') }}"
  loop_control:
    label: "{{ item.name }}"

- name: Wait until a ScaledObject is active
  shkatara.keda_demo.scaledobject_info:
    kubeconfig: ~/.kube/config
    namespace: test
    name: scaledobject-py
  register: keda
  until: keda.scaledobjects | selectattr('active') | length > 0
  retries: 30
  delay: 2
"""

RETURN = r"""
scaledobjects:
  description: The ScaledObjects by their names; empty where there is none.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: The name of the ScaledObject.
      type: str
      sample: scaledobject-py
    namespace:
      description: Its namespace.
      type: str
      sample: test
    ready:
      description: Whether its condition C(Ready) is true, so that KEDA could make an HPA of it.
      type: bool
      sample: true
    active:
      description: Whether its condition C(Active) is true, so that a trigger is over its activation threshold.
      type: bool
      sample: false
    paused:
      description:
        - Whether its condition C(Paused) is true.
        - KEDA before 2.11 has no such condition; there it is whether the ScaledObject has the annotation
          C(autoscaling.keda.sh/paused-replicas).
      type: bool
      sample: false
    fallback:
      description:
        - Whether its condition C(Fallback) is true, so that a trigger fails and the HPA gets the value of
          RV(scaledobjects[].fallback_spec) in its place.
      type: bool
      sample: false
    message:
      description: The reason and the message of its condition C(Ready).
      type: str
      sample: "ScaledObjectReady: ScaledObject is defined correctly and is ready for scaling"
    min_replicas:
      description: Its C(minReplicaCount), or KEDA's default.
      type: int
      sample: 1
    max_replicas:
      description: Its C(maxReplicaCount), or KEDA's default.
      type: int
      sample: 10
    idle_replicas:
      description: Its C(idleReplicaCount); null where it has none.
      type: int
      sample: null
    polling_interval:
      description: Its C(pollingInterval) in seconds, or KEDA's default.
      type: int
      sample: 5
    cooldown_period:
      description: Its C(cooldownPeriod) in seconds, or KEDA's default.
      type: int
      sample: 300
    fallback_spec:
      description: What it says to do when a trigger fails; null where it says nothing.
      type: dict
      sample: null
      contains:
        failure_threshold:
          description: The failures in a row after which KEDA falls back.
          type: int
          sample: 3
        replicas:
          description: The replicas to fall back to.
          type: int
          sample: 6
        behavior:
          description: Which of these and the current replicas count, V(static) where the KEDA is older than that field.
          type: str
          sample: static
    target:
      description: What it scales.
      type: dict
      contains:
        kind:
          description: The kind of the workload.
          type: str
          sample: Deployment
        name:
          description: The name of the workload.
          type: str
          sample: test
        api_version:
          description: The API version of the kind.
          type: str
          sample: apps/v1
    hpa:
      description: The HPA that KEDA made; null where there is none, as before the ScaledObject is ready.
      type: dict
      contains:
        name:
          description: The name of the HPA.
          type: str
          sample: keda-hpa-scaledobject-py
        min_replicas:
          description: Its C(minReplicas), which is at least 1 even where KEDA may scale to zero.
          type: int
          sample: 1
        max_replicas:
          description: Its C(maxReplicas).
          type: int
          sample: 10
        desired_replicas:
          description: The replicas that it asks for.
          type: int
          sample: 1
        current_replicas:
          description: The replicas that it found when it last looked.
          type: int
          sample: 1
        scaling_active:
          description: Whether its condition C(ScalingActive) is true, so that it can compute replicas.
          type: bool
          sample: true
        message:
          description: The reason and the message of that condition.
          type: str
          sample: >-
            ValidMetricFound: the HPA was able to successfully calculate a replica count from external metric
            s0-prometheus-python_request_operations(&LabelSelector{MatchLabels:map[string]string{scaledobject.keda.sh/name:
            scaledobject-py,},MatchExpressions:[]LabelSelectorRequirement{},})
        behavior:
          description: Its C(spec.behavior) as it is; null where it has none.
          type: dict
          sample: null
    deployment:
      description: The Deployment; null where the target is of another kind or not there.
      type: dict
      contains:
        name:
          description: The name of the Deployment.
          type: str
          sample: test
        spec_replicas:
          description: The replicas that it is asked for.
          type: int
          sample: 1
        replicas:
          description: The pods that it has.
          type: int
          sample: 1
        updated_replicas:
          description: Those that are of its current template.
          type: int
          sample: 1
        ready_replicas:
          description: Those that are Ready.
          type: int
          sample: 1
        available_replicas:
          description: Those that have been Ready for its C(minReadySeconds).
          type: int
          sample: 1
    triggers:
      description:
        - The triggers in their order.
        - A trigger of type C(external) may have several metrics, and then an entry for each.
      type: list
      elements: dict
      contains:
        index:
          description: The place of the trigger in the ScaledObject, from 0 on.
          type: int
          sample: 0
        name:
          description: The trigger's own name; null where it has none.
          type: str
          sample: null
        type:
          description: The type of the trigger.
          type: str
          sample: prometheus
        metric_type:
          description:
            - V(AverageValue), V(Value) or V(Utilization), as the HPA was told, or else as the trigger says.
            - It is what is compared with RV(scaledobjects[].triggers[].threshold). That is
              RV(scaledobjects[].triggers[].average_value) for V(AverageValue), and
              RV(scaledobjects[].triggers[].value) for the others.
          type: str
          sample: AverageValue
        metric_name:
          description:
            - The name of the metric in the HPA. An external one begins with C(s), the trigger's index and a hyphen; of
              a trigger of type C(cpu) or C(memory) it is the resource.
            - It is null where KEDA has not yet named it.
          type: str
          sample: s0-prometheus-python_request_operations
        threshold:
          description:
            - The target that the HPA was told, in percent of the request for V(Utilization).
            - It is null where the HPA does not have this metric, as with RV(scaledobjects[].scaling_modifiers).
          type: float
          sample: 10.0
        value:
          description:
            - The metric as the HPA last saw it; null where it saw none.
            - With V(AverageValue) an HPA keeps only the average. Then this is the average times
              RV(scaledobjects[].hpa.current_replicas) for an external metric, and null for a resource.
            - With V(Utilization) it is in percent of the request.
          type: float
          sample: 0.0
        average_value:
          description:
            - The metric a replica as the HPA last saw it, rounded up to a thousandth; null where it saw none, and with
              V(Value).
          type: float
          sample: 0.0
        health:
          description: Whether KEDA gets the metric; null where KEDA says nothing.
          type: dict
          contains:
            status:
              description: V(Happy) or V(Failing).
              type: str
              sample: Happy
            number_of_failures:
              description: The failures in a row.
              type: int
              sample: 0
        use_cached_metrics:
          description: Whether the HPA gets the value of KEDA's last poll and not a new one.
          type: bool
          sample: false
        authentication_ref:
          description: Where the trigger's credentials are; null where it has none.
          type: dict
          sample: null
          contains:
            kind:
              description: V(TriggerAuthentication) or V(ClusterTriggerAuthentication).
              type: str
              sample: TriggerAuthentication
            name:
              description: Its name.
              type: str
              sample: prometheus-token
        query:
          description: The query of a trigger of type C(prometheus); null for other types.
          type: str
          sample: sum(rate(python_request_operations_total{namespace="test"}[30s]))
        server_address:
          description:
            - The Prometheus of a trigger of type C(prometheus); null for other types.
            - A user and password in it are replaced by C(***).
          type: str
          sample: http://prometheus-k8s.monitoring.svc:9090
        activation_threshold:
          description:
            - The value over which a trigger of type C(prometheus) is active; null for other types, and where it is no
              number.
          type: float
          sample: 0.0
    scaling_modifiers:
      description:
        - The formula that makes one metric of all triggers (KEDA 2.12 and later); null where there is none.
        - With a formula the HPA has this metric in place of the triggers' external ones, so their values are null.
      type: dict
      sample: null
      contains:
        formula:
          description: The formula over the triggers' names.
          type: str
          sample: requests * 2
        activation_target:
          description: The value over which the ScaledObject is active.
          type: float
          sample: 0.0
        metric_name:
          description: The name of the metric in the HPA.
          type: str
          sample: composite-metric
        metric_type:
          description: V(AverageValue) or V(Value).
          type: str
          sample: AverageValue
        threshold:
          description: The target that the HPA was told; null where the HPA does not have the metric.
          type: float
          sample: 10.0
        value:
          description: As RV(scaledobjects[].triggers[].value).
          type: float
          sample: 37.0
        average_value:
          description: As RV(scaledobjects[].triggers[].average_value).
          type: float
          sample: 9.25
        health:
          description: As RV(scaledobjects[].triggers[].health).
          type: dict
          sample: {status: Happy, number_of_failures: 0}
"""

import importlib
import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._internal.autoscaling import scaledobject, summary
from ..module_utils._internal.kube.cluster import Cluster, ClusterError
from ..module_utils._internal.kube.options import ACCESS_OPTIONS


def argument_spec() -> dict[str, Any]:
    """Return the module's options, as DOCUMENTATION has them."""
    return {
        **ACCESS_OPTIONS,
        "namespace": {"type": "str", "required": True},
        "name": {"type": "str"},
    }


def by_name(cluster: Cluster, kind: str, namespace: str, names: set[str]) -> dict[str, dict[str, Any]]:
    """Return the objects of these names that are there, by one request at most.

    :raises ClusterError: see Cluster.list
    """
    if not names:
        return {}
    # One object is asked for alone: a namespace may have thousands.
    found, _version = cluster.list(kind, namespace, next(iter(names)) if len(names) == 1 else None)
    return {item["metadata"]["name"]: item for item in found}


def read(cluster: Cluster, namespace: str, name: str | None) -> list[dict[str, Any]]:
    """Return the ScaledObjects, as RETURN has them.

    :raises ClusterError: no answer, no permission, or no KEDA in this cluster
    """
    found, _version = cluster.list("scaledobjects", namespace, name)
    deployments = by_name(
        cluster, "deployments", namespace, {one for one in map(summary.deployment_name, found) if one}
    )
    hpas = by_name(cluster, "horizontalpodautoscalers", namespace, set(map(scaledobject.hpa_name, found)))
    return [
        summary.scaledobject_info(
            item, hpas.get(scaledobject.hpa_name(item)), deployments.get(summary.deployment_name(item) or "")
        )
        for item in sorted(found, key=lambda item: str(item["metadata"]["name"]))
    ]


def run(module: AnsibleModule) -> None:
    """Read, and end the module."""
    params = module.params
    try:
        found = read(Cluster(params["kubeconfig"], params["context"]), params["namespace"], params["name"])
    except ClusterError as error:
        module.fail_json(msg=str(error), changed=False)
    else:
        module.exit_json(changed=False, scaledobjects=found)


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        importlib.import_module("kubernetes")
    except ImportError:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=traceback.format_exc())
    run(module)


if __name__ == "__main__":
    main()
