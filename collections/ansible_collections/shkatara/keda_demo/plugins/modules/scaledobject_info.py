#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read ScaledObjects with their HPAs, workloads, triggers and the triggers' values."""

from __future__ import annotations

DOCUMENTATION = r"""
module: scaledobject_info
short_description: Read KEDA ScaledObjects with their HPAs, workloads and trigger values
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Returns each ScaledObject in one result with its conditions, its triggers and the values that the
    HorizontalPodAutoscaler last read, the HPA that KEDA created, and the workload that the ScaledObject scales.
  - M(kubernetes.core.k8s_info) returns the same objects as they are, in one task for each kind. This module returns a
    summary, which pairs each trigger with its metric and has numbers instead of Kubernetes' quantities.
  - The module only reads, so it is never C(changed). A missing ScaledObject gives an empty list and is not a failure.
  - The result has only those fields of a trigger's C(metadata) that RV(scaledobjects[].triggers) names, and only the
    reference of its C(authenticationRef). So it contains no secret that KEDA keeps in a C(TriggerAuthentication).
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
  - shkatara.keda_demo.read_only
  - shkatara.keda_demo.scaledobject
options:
  name:
    description: The name of a ScaledObject. Without it, all ScaledObjects of the namespace are returned.
    type: str
attributes:
  check_mode:
    details:
      - The module only reads, and does the same in check mode.
notes:
  - The kubeconfig needs the verb C(list) on C(scaledobjects.keda.sh), C(horizontalpodautoscalers.autoscaling) and
    C(deployments.apps) in the namespace. For workloads of other kinds it needs C(list) on that kind, and C(get) on the
    subresource C(scale) of a custom resource. Without these RV(scaledobjects[].workload) is null.
  - The module supports KEDA 2.10 and later.
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
  description: The ScaledObjects, sorted by name; empty if none exists.
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
      description: Whether its condition C(Ready) is true, so that KEDA could create its HPA.
      type: bool
      sample: true
    active:
      description: Whether its condition C(Active) is true, so that a trigger is above its activation threshold.
      type: bool
      sample: false
    paused:
      description:
        - Whether KEDA scales in neither direction, because of one of the annotations
          C(autoscaling.keda.sh/paused-replicas) and C(autoscaling.keda.sh/paused) (KEDA 2.12 and later), or of a
          condition C(Paused).
        - The condition C(Paused) is true as well if one direction is paused (KEDA 2.18 and later), which is in
          RV(scaledobjects[].pause).
      type: bool
      sample: false
    pause:
      description:
        - What is paused, and by what.
        - An annotation that RV(scaledobjects[].keda_version) does not know has no effect. If the version is not known,
          each annotation counts.
      type: dict
      contains:
        annotation:
          description: The annotation that pauses both directions; null if there is none.
          type: str
          sample: null
        condition:
          description: The reason and the message of the condition C(Paused); null if KEDA has not set it.
          type: str
          sample: null
        scale_in:
          description:
            - Whether the scale-in is paused, together with the scale-out, or on its own by the annotation
              C(autoscaling.keda.sh/paused-scale-in) (KEDA 2.18 and later).
          type: bool
          sample: false
        scale_out:
          description:
            - Whether the scale-out is paused, together with the scale-in, or on its own by the annotation
              C(autoscaling.keda.sh/paused-scale-out) (KEDA 2.18 and later).
          type: bool
          sample: false
        forced_activation:
          description:
            - Whether KEDA considers all triggers active because of the annotation
              C(autoscaling.keda.sh/force-activation) (KEDA 2.18 and later).
          type: bool
          sample: false
    keda_version:
      description:
        - The version of the KEDA that created the HPA, from the HPA's label C(app.kubernetes.io/version).
        - It is null without an HPA, and if the ScaledObject has such a label itself, which KEDA copies.
      type: str
      sample: 2.10.0
    fallback:
      description:
        - Whether its condition C(Fallback) is true, so that a trigger fails and the HPA gets a value from
          RV(scaledobjects[].fallback_spec) instead.
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
      description: Its C(idleReplicaCount); null if it is not set.
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
    initial_cooldown_period:
      description:
        - Its C(initialCooldownPeriod) in seconds since its creation (KEDA 2.14 and later), or KEDA's default.
        - It counts until a trigger was active for the first time.
      type: int
      sample: 0
    restore_to_original_replica_count:
      description: Whether KEDA restores the original replicas when the ScaledObject is deleted.
      type: bool
      sample: false
    fallback_spec:
      description: Its C(fallback) for triggers that fail; null if it is not set.
      type: dict
      sample: null
      contains:
        failure_threshold:
          description: The number of failures in a row after which KEDA falls back.
          type: int
          sample: 3
        replicas:
          description: The replicas to fall back to.
          type: int
          sample: 6
        behavior:
          description:
            - How these and the current replicas combine, V(static), V(currentReplicas), V(currentReplicasIfHigher) or
              V(currentReplicasIfLower); V(static) with a KEDA that is older than this field (2.17).
          type: str
          sample: static
    target:
      description: The workload that it scales.
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
      description: The HPA that KEDA created; null if it does not exist, as before the ScaledObject is ready.
      type: dict
      contains:
        name:
          description: The name of the HPA.
          type: str
          sample: keda-hpa-scaledobject-py
        min_replicas:
          description: Its C(minReplicas), which is at least 1 even if KEDA may scale to zero.
          type: int
          sample: 1
        max_replicas:
          description: Its C(maxReplicas).
          type: int
          sample: 10
        desired_replicas:
          description: The replicas that it wants, its C(desiredReplicas).
          type: int
          sample: 1
        current_replicas:
          description: The replicas at its last sync, its C(currentReplicas).
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
          description: Its C(spec.behavior) as it is; null if it is not set.
          type: dict
          sample: null
    deployment:
      description: The Deployment; null if the target is of another kind or does not exist.
      type: dict
      contains:
        name:
          description: The name of the Deployment.
          type: str
          sample: test
        spec_replicas:
          description: Its C(spec.replicas).
          type: int
          sample: 1
        replicas:
          description: The number of its pods.
          type: int
          sample: 1
        updated_replicas:
          description: The number of its pods that have its current template.
          type: int
          sample: 1
        ready_replicas:
          description: The number of its pods that are Ready.
          type: int
          sample: 1
        available_replicas:
          description: The number of its pods that have been Ready for its C(minReadySeconds).
          type: int
          sample: 1
    workload:
      description:
        - The workload, of any kind with the subresource C(scale).
        - It is null if it does not exist, can't be scaled, or is of another kind than Deployment and may not be read.
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
        spec_replicas:
          description: The replicas that it should have.
          type: int
          sample: 1
        replicas:
          description: The number of its pods.
          type: int
          sample: 1
        ready_replicas:
          description: The number of its pods that are Ready; null if a custom resource has no C(status.readyReplicas).
          type: int
          sample: 1
    triggers:
      description:
        - The triggers in their order.
        - A trigger of type C(external) may have several metrics. Then it has an entry for each.
      type: list
      elements: dict
      contains:
        index:
          description: The index of the trigger in the ScaledObject, from 0.
          type: int
          sample: 0
        name:
          description: The trigger's own name; null if it is not set.
          type: str
          sample: null
        type:
          description: The type of the trigger.
          type: str
          sample: prometheus
        metric_type:
          description:
            - V(AverageValue), V(Value) or V(Utilization), from the HPA, or from the trigger if the HPA does not have
              the metric.
            - The HPA compares RV(scaledobjects[].triggers[].threshold) with
              RV(scaledobjects[].triggers[].average_value) for V(AverageValue), and with
              RV(scaledobjects[].triggers[].value) for the others.
          type: str
          sample: AverageValue
        metric_name:
          description:
            - The name of the metric in the HPA. The name of an external metric begins with C(s), the trigger's index
              and a hyphen. For a trigger of type C(cpu) or C(memory) it is the name of the resource.
            - It is null if KEDA has not named the metric yet.
          type: str
          sample: s0-prometheus-python_request_operations
        threshold:
          description:
            - The metric's target in the HPA, in percent of the request for V(Utilization).
            - It is null if the HPA does not have this metric, as with RV(scaledobjects[].scaling_modifiers).
          type: float
          sample: 10.0
        value:
          description:
            - The metric's value that the HPA last read; null if it read none.
            - For V(AverageValue) an HPA keeps only the average. Then this is the average times
              RV(scaledobjects[].hpa.current_replicas) for an external metric, and null for a resource.
            - For V(Utilization) it is in percent of the request.
          type: float
          sample: 0.0
        average_value:
          description:
            - The metric's average per replica that the HPA last read, rounded up to a thousandth; null if it read none,
              and for V(Value).
          type: float
          sample: 0.0
        value_missing:
          description:
            - The sign that the metric has no value now; null if it has one, and if nothing is known.
            - V(not_read), the HPA decided without it. V(cannot_read), the HPA's condition C(ScalingActive) names it.
              V(keda_fails), KEDA's health of it has failures. V(trigger_error), the HPA reads nothing at 0 replicas,
              and KEDA says that a trigger fails.
            - While a metric has no value, the HPA grows by the other metrics, and does not shrink. The values of all
              metrics may be old then.
          type: str
          sample: null
        active:
          description:
            - Whether KEDA considers the trigger active; null if KEDA does not report on single triggers, as in older
              versions.
          type: bool
          sample: null
        health:
          description:
            - Whether KEDA gets the metric; null if KEDA reports nothing about it, as newer versions do if there is no
              RV(scaledobjects[].fallback_spec).
          type: dict
          contains:
            status:
              description: V(Happy) or V(Failing).
              type: str
              sample: Happy
            number_of_failures:
              description: The number of failures in a row.
              type: int
              sample: 0
        use_cached_metrics:
          description: Whether the HPA gets the value of KEDA's last poll instead of a new one.
          type: bool
          sample: false
        authentication_ref:
          description: The object with the trigger's credentials; null if it has none.
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
            - A user and password in the URL are replaced by C(***).
          type: str
          sample: http://prometheus-k8s.monitoring.svc:9090
        activation_threshold:
          description:
            - The value above which a trigger of type C(prometheus) is active; null for other types, and if it is not a
              number.
          type: float
          sample: 0.0
    scaling_modifiers:
      description:
        - The formula that combines all triggers into one metric (KEDA 2.12 and later); null if it is not set.
        - With a formula the HPA has this metric instead of the triggers' external ones, so their values are null.
      type: dict
      sample: null
      contains:
        formula:
          description: The formula over the triggers' names.
          type: str
          sample: requests * 2
        activation_target:
          description: The value above which the ScaledObject is active.
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
          description: The metric's target in the HPA; null if the HPA does not have the metric.
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

from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.autoscaling import scaledobject, summary
from ..module_utils._internal.common import imports
from ..module_utils._internal.kube import access_options, scaled
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
    """Return the existing objects of these names, keyed by name, by one request at most.

    :raises ClusterError: see Cluster.list
    """
    if not names:
        return {}
    # A single object is read alone, since a namespace may have thousands.
    objects, _version = cluster.list(kind, namespace, next(iter(names)) if len(names) == 1 else None)
    return {item["metadata"]["name"]: item for item in objects}


def other_workloads(
    cluster: Cluster, namespace: str, scaledobjects: Sequence[dict[str, Any]]
) -> dict[tuple[str, ...], dict[str, int | None]]:
    """Return the replicas of the workloads that are no Deployments, by kind, name and API version.

    :raises ClusterError: the API server does not answer
    """
    names: dict[tuple[str, str], set[str]] = {}
    for item in scaledobjects:
        if summary.deployment_name(item) is None:
            target = summary.scale_target(item)
            names.setdefault((target["api_version"], target["kind"]), set()).add(target["name"])
    return {
        (kind, name, api_version): counts
        for (api_version, kind), of_kind in names.items()
        for name, counts in scaled.replica_counts(cluster, namespace, api_version, kind, of_kind).items()
    }


def read(cluster: Cluster, namespace: str, name: str | None) -> list[dict[str, Any]]:
    """Return the ScaledObjects, as RETURN has them.

    :raises ClusterError: no answer, no permission, or no KEDA in this cluster
    """
    scaledobjects, _version = cluster.list("scaledobjects", namespace, name)
    deployment_names = set(filter(None, map(summary.deployment_name, scaledobjects)))
    deployments = by_name(cluster, "deployments", namespace, deployment_names)
    others = other_workloads(cluster, namespace, scaledobjects)
    hpas = by_name(cluster, "horizontalpodautoscalers", namespace, set(map(scaledobject.hpa_name, scaledobjects)))
    return [
        summary.scaledobject_info(
            item,
            hpas.get(scaledobject.hpa_name(item)),
            deployments.get(summary.deployment_name(item) or ""),
            others.get(tuple(summary.scale_target(item).values())),
        )
        for item in sorted(scaledobjects, key=lambda item: str(item["metadata"]["name"]))
    ]


def run(module: AnsibleModule) -> None:
    """Read the ScaledObjects and end the module."""
    params = module.params
    try:
        cluster = Cluster(**access_options.of_params(params))
        scaledobjects = read(cluster, params["namespace"], params["name"])
    except ClusterError as error:
        module.fail_json(msg=str(error), changed=False)
    else:
        module.exit_json(changed=False, scaledobjects=scaledobjects)


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    if missing := imports.missing({name: name for name in ("kubernetes", "packaging", "urllib3")}):
        module.fail_json(msg=imports.message(missing))
    run(module)


if __name__ == "__main__":
    main()
