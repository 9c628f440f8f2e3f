#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a ScaledObject scales out: predict the replicas, send the load, compare."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify_scaling
short_description: Prove that a KEDA ScaledObject scales out as its arithmetic says
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Waits until the chain from the scrape target to the HorizontalPodAutoscaler is ready and at rest, predicts
    from the load how many replicas the HPA will ask for, sends the load, watches ScaledObject, HPA,
    Deployment and Pods, and says in a verdict whether what happened is what was predicted.
  - The module works on any cluster that has KEDA and Prometheus. It reads the cluster and sends requests to
    O(load.http.url); it never changes an object, so it is never C(changed).
  - The prediction is made from the HPA that KEDA made, as the Kubernetes controller would compute it. In this
    version it covers a ScaledObject of a Deployment with exactly one trigger of type C(prometheus),
    C(metricType) C(AverageValue) and at least one replica. Anything else ends with a message that says so;
    nothing is guessed.
  - The task fails when the verdict is none of O(expect), where all of them are explained.
  - While it runs, a line every O(wait_sleep) seconds shows the phase, the load, the metric and the replicas.
options:
  kubeconfig:
    description:
      - The path of the kubeconfig of the cluster.
      - If it is not given, the environment variable E(K8S_AUTH_KUBECONFIG) is used, and then
        C(~/.kube/config).
    type: path
  context:
    description:
      - The context of the kubeconfig.
      - If it is not given, the environment variable E(K8S_AUTH_CONTEXT) is used, and then the current
        context.
    type: str
  namespace:
    description: The namespace of the ScaledObject.
    type: str
    required: true
  name:
    description: The name of the ScaledObject.
    type: str
    required: true
  load:
    description: The load to send.
    type: dict
    required: true
    suboptions:
      http:
        description:
          - Requests by HTTP C(GET), at a constant rate whether earlier ones were answered or not, each over a
            new connection. Redirects are not followed.
        type: dict
        required: true
        suboptions:
          url:
            description: Where the requests go.
            type: str
            required: true
          rate:
            description:
              - Requests a second. Each is taken to add 1 to what the trigger's query counts.
              - A rate of (n - 0.3) times the threshold has exactly one right answer, which is n replicas, for n up to
                6.
              - Right after a step C(rate) may show more than there is, by up to a scrape interval in its window. So
                from 5 replicas on the HPA goes one too far now and then, which is V(wrong_count).
            type: float
            required: true
          duration:
            description:
              - The seconds for which requests are sent at most. Sending ends earlier when the verdict is
                there.
              - It must be enough for the predicted time and O(hold_seconds); the message says how much that
                is.
            type: float
            required: true
          timeout:
            description: The seconds after which an answer is given up.
            type: float
            default: 10
  proof_dir:
    description:
      - The folder for the result. Each run makes a folder named by the time, with C(verdict.json) and
        C(timeline.csv), and the link C(latest) points to the newest.
    type: path
    required: true
  expect:
    description:
      - The verdicts with which the task is successful. With each comes one of its reasons, as RV(reason).
      - V(scaled) - the predicted replicas were Ready in time and stayed so, under load (C(as_predicted)).
      - V(scaled_late) - they were Ready later than RV(predicted.latest_seconds) (C(after_latest)), or so late that the
        load ended before O(hold_seconds) were over (C(hold_cut_short)).
      - V(wrong_count) - replicas went to another count (C(fewer_than_predicted), C(more_than_predicted)), or were not
        all Ready (C(pods_not_ready)).
      - V(not_scaled) - replicas did not grow. Either this was predicted (C(load_under_threshold), C(max_replicas),
        C(scale_up_disabled)), or the metric never rose (C(metric_not_over_threshold)), the HPA did not act on it
        (C(hpa_did_not_act)) or no new pod became Ready (C(pods_not_ready)). Here and with V(wrong_count) the reason is
        C(load_not_answered) where the application did not answer what was sent.
      - V(flapped) - the predicted replicas were Ready and did not stay (C(left_during_hold)).
      - V(not_scaled_in) - kept for proofs that wait for the way back. This version does not give it.
      - V(not_ready) - nothing was sent, because a link of the chain is not ready (C(deployment_missing),
        C(pods_not_ready), C(prometheus_unreachable), C(scrape_target_missing), C(scrape_target_down),
        C(scaledobject_missing), C(scaledobject_paused), C(scaledobject_not_ready), C(hpa_missing),
        C(hpa_metric_invalid)) or the workload does not come to rest (C(not_at_rest)).
      - V(aborted) - nothing is proven, because of a signal (C(interrupted)), a load that could not be sent
        (C(load_not_sent)) or was not answered (C(load_not_answered)), replicas that could not be watched when the load
        ended (C(not_observed)), a ScaledObject that was deleted (C(scaledobject_deleted)), options that can't prove
        anything (C(bad_input), with which the task always fails) or an error of this module (C(internal_error)).
    type: list
    elements: str
    default: [scaled]
    choices: [scaled, scaled_late, wrong_count, not_scaled, flapped, not_scaled_in, not_ready, aborted]
  hold_seconds:
    description: How long the predicted replicas must stay Ready, under load.
    type: int
    default: 15
  wait_timeout:
    description:
      - The seconds to wait until the chain is ready, which is before anything is sent.
      - The time for coming to rest after an earlier load is computed and comes on top.
    type: int
    default: 300
  wait_sleep:
    description: The seconds between two lines of progress.
    type: int
    default: 5
  prometheus_url:
    description:
      - The URL of the Prometheus that the trigger asks, if this machine reaches it by itself.
      - If it is not given, Prometheus is found from the trigger's C(serverAddress) and reached by a
        port-forward to its pod.
    type: str
  hpa_sync_period:
    description: The controller manager's C(--horizontal-pod-autoscaler-sync-period) in seconds.
    type: float
    default: 15
  hpa_tolerance:
    description: The controller manager's C(--horizontal-pod-autoscaler-tolerance).
    type: float
    default: 0.1
  hpa_downscale_stabilization:
    description:
      - The controller manager's C(--horizontal-pod-autoscaler-downscale-stabilization) in seconds.
      - It is used where the HPA itself has no C(behavior.scaleDown.stabilizationWindowSeconds).
    type: float
    default: 300
  pod_start_seconds:
    description:
      - How long a new pod may take to be scheduled and started, before its own probes.
      - It is part of RV(predicted.latest_seconds), after which the verdict is V(scaled_late).
    type: float
    default: 30
  progress_file:
    description:
      - A file to which the module appends its progress as lines of JSON.
      - The action plugin of the same name sets it and shows the lines; there is no need to give it.
    type: path
attributes:
  check_mode:
    description: Can run in check_mode and say what it would do.
    support: full
    details:
      - In check mode the module finds the ScaledObject, its Deployment and its trigger. It sends no request
        and writes no file.
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
requirements:
  - kubernetes (Python library) >= 24.2.0
  - aiohttp (Python library) >= 3.8.0
  - PyYAML
notes:
  - The kubeconfig needs the verbs C(list) and C(watch) on ScaledObjects, HorizontalPodAutoscalers,
    Deployments and Pods in O(namespace). Without O(prometheus_url) it also needs C(list) on Services and
    Endpoints, and C(get) or C(create) on C(pods/portforward), in the namespace of Prometheus.
  - SIGINT and SIGTERM stop the load within a second. The verdict is then V(aborted) and the files are
    complete.
  - Under C(async), or on a machine other than the controller, no progress is shown.
"""

EXAMPLES = r"""
- name: Prove that the application scales from 1 to 4 replicas (a threshold of 10 requests/s a replica)
  shkatara.keda_demo.verify_scaling:
    kubeconfig: ~/.kube/config
    namespace: test
    name: scaledobject-py
    load:
      http:
        url: http://192.0.2.11:30115/
        rate: 37
        duration: 180
    proof_dir: "{{ playbook_dir }}/proof"

- name: Check that a load under the threshold moves nothing
  shkatara.keda_demo.verify_scaling:
    namespace: test
    name: scaledobject-py
    load:
      http:
        url: http://192.0.2.11:30115/
        rate: 5
        duration: 120
    expect: [not_scaled]
    proof_dir: "{{ playbook_dir }}/proof"

- name: Prove it in a pipeline, with a Prometheus that is reached by its own address
  shkatara.keda_demo.verify_scaling:
    context: staging
    namespace: shop
    name: checkout
    load:
      http:
        url: https://checkout.staging.example.com/healthz
        rate: 170
        duration: 300
    prometheus_url: http://prometheus.staging.example.com:9090
    hpa_sync_period: 10
    proof_dir: "{{ lookup('env', 'CI_PROJECT_DIR') }}/proof"
  register: proof

- name: Show what was predicted and seen, which in check mode is nothing
  ansible.builtin.debug:
    msg: "{{ proof.predicted.replicas }} predicted, {{ proof.observed.replicas }} seen: {{ proof.message }}"
  when: not ansible_check_mode
"""

RETURN = r"""
verdict:
  description: What the proof says; see O(expect).
  type: str
  returned: when the proof was begun, also when the task fails, and never in check mode; so are the others
  sample: scaled
reason:
  description: The code of the cause; see O(expect).
  type: str
  returned: when the proof was begun
  sample: as_predicted
message:
  description:
    - The verdict in words, with what to look at when it is not the expected one.
    - In check mode it says what would be sent.
  type: str
  returned: success, and when the proof was begun
  sample: >-
    4 replicas were Ready 33.3 s after the first request and stayed for 15 s under load; predicted were 4 within 164 s
    at the latest. The load ended early, before its 180 s: the verdict was there.
predicted:
  description: What was written to C(verdict.json) before the first request. It is null where it did not come so far.
  type: dict
  returned: when the proof was begun
  contains:
    replicas:
      description: The replicas that the HPA will ask for, the highest of C(possible_replicas).
      type: int
      sample: 4
    possible_replicas:
      description: Every count at which the HPA can come to rest; the tolerance may make several stable.
      type: list
      elements: int
      sample: [4]
    from_replicas:
      description: The replicas before the load.
      type: int
      sample: 1
    reason:
      description: Why so many, V(load) or what keeps them from growing further.
      type: str
      sample: load
    metric:
      description: What the trigger's query will return.
      type: float
      sample: 37.0
    threshold:
      description: The HPA's target, a replica.
      type: float
      sample: 10.0
    tolerance:
      description: The part by which the metric may differ before the HPA acts.
      type: float
      sample: 0.1
    min_replicas:
      description: The HPA's C(minReplicas).
      type: int
      sample: 1
    max_replicas:
      description: The HPA's C(maxReplicas).
      type: int
      sample: 10
    earliest_change_seconds:
      description: The shortest time from the first request to the first change; null where none is predicted.
      type: float
      sample: 7.4
    latest_change_seconds:
      description: The longest time from the first request to the first change.
      type: float
      sample: 55.0
    latest_seconds:
      description: The longest time from the first request until all are Ready.
      type: float
      sample: 164.0
    latest_parts:
      description:
        - The parts of C(latest_seconds).
        - C(new_pods_started) and C(new_pods_counted) are for stops on the way. New pods take requests at once, and
          C(rate) counts them only after some scrapes, so that the metric dips and the HPA waits.
      type: dict
      sample:
        scrape: 10.0
        query_window: 30.0
        hpa_sync: 15.0
        new_pods_started: 32.0
        new_pods_counted: 45.0
        pod_start: 32.0
    assumed:
      description: What no API tells.
      type: dict
      sample:
        metric_per_request: 1
        hpa_sync_period: 15.0
        hpa_tolerance: 0.1
        pod_start_seconds: 30.0
observed:
  description: What was seen.
  type: dict
  returned: when the proof was begun
  contains:
    replicas:
      description: The replicas that were Ready at the end.
      type: int
      sample: 4
    desired_replicas:
      description: What the HPA wanted at the end; 0 where there was no HPA.
      type: int
      sample: 4
    current_replicas:
      description: The pods of the Deployment at the end.
      type: int
      sample: 4
    metric:
      description: What the trigger's query returned last.
      type: float
      sample: 38.005493333333334
    path:
      description: The counts at each change, in seconds since the first request.
      type: list
      elements: dict
      sample:
        - {seconds: 0.0, desired: 1, spec: 1, current: 1, ready: 1}
        - {seconds: 14.72, desired: 1, spec: 2, current: 1, ready: 1}
        - {seconds: 14.737, desired: 2, spec: 2, current: 1, ready: 1}
        - {seconds: 14.903, desired: 2, spec: 2, current: 2, ready: 1}
        - {seconds: 17.178, desired: 2, spec: 2, current: 2, ready: 2}
        - {seconds: 29.787, desired: 2, spec: 4, current: 2, ready: 2}
        - {seconds: 29.809, desired: 4, spec: 4, current: 2, ready: 2}
        - {seconds: 30.02, desired: 4, spec: 4, current: 4, ready: 2}
        - {seconds: 33.075, desired: 4, spec: 4, current: 4, ready: 3}
        - {seconds: 33.293, desired: 4, spec: 4, current: 4, ready: 4}
load:
  description: What was sent and what came back.
  type: dict
  returned: when the proof was begun
  contains:
    url:
      description: As it was given.
      type: str
      sample: http://10.89.10.21:30115/
    rate:
      description: As it was given.
      type: float
      sample: 37.0
    duration:
      description: As it was given.
      type: float
      sample: 180.0
    scheduled:
      description: Requests whose time had come.
      type: int
      sample: 1787
    sent:
      description: Requests that were begun.
      type: int
      sample: 1787
    not_sent:
      description: Requests that were not begun, as too many were open.
      type: int
      sample: 0
    answered:
      description: Requests that were answered with 2xx.
      type: int
      sample: 1787
    failed:
      description: Requests that were answered otherwise or not at all.
      type: int
      sample: 0
    in_flight:
      description: Requests that were open still.
      type: int
      sample: 0
    statuses:
      description: The number of answers by HTTP status.
      type: dict
      sample: {"200": 1787}
    errors:
      description: The number of requests without an answer, by the kind of error.
      type: dict
      sample: {}
    late_ms:
      description: How much later than their time requests were begun, in milliseconds.
      type: dict
      sample: {p50: 1.0, p99: 8.13, max: 51.93}
    response_ms:
      description: How long the 2xx answers took, in milliseconds.
      type: dict
      sample: {p50: 609.53, p99: 672.97, max: 753.17}
    ended:
      description: Whether sending was over, and all answers there.
      type: bool
      sample: true
    died:
      description: How the sending process ended where it did so before its time; empty otherwise.
      type: str
      sample: ""
    ended_early:
      description: Whether sending was ended since the verdict was there.
      type: bool
      sample: true
hops:
  description:
    - The time of the first sign of each step, in the order in which they were seen.
    - V(first_request), V(metric_over_threshold), V(hpa_metric_over_threshold), V(hpa_decision) and
      V(hpa_target_decision), which is the one for the predicted count, V(deployment_scaled), V(pod_created),
      V(pod_scheduled), V(pod_ready) and V(replicas_ready), which is all of the predicted count.
    - Watches of different objects don't come in the order of their causes, by some milliseconds.
  type: dict
  returned: when the proof was begun
  contains:
    seconds:
      description: The seconds since the first request.
      type: float
    time:
      description: The time of day in UTC.
      type: str
    source:
      description: By what it was seen.
      type: str
    resolution_seconds:
      description: By how much it may have been earlier than seen.
      type: float
  sample:
    first_request:
      {seconds: 0.0, time: "2026-11-24T23:46:08.065Z", source: the sender's clock, resolution_seconds: 0.0}
    metric_over_threshold:
      {seconds: 11.987, time: "2026-11-24T23:46:20.052Z", source: the trigger's query, resolution_seconds: 2.0}
    deployment_scaled:
      {seconds: 14.72, time: "2026-11-24T23:46:22.785Z", source: watch of the Deployment, resolution_seconds: 0.0}
    hpa_decision:
      {seconds: 14.737, time: "2026-11-24T23:46:22.801Z", source: watch of the HPA, resolution_seconds: 0.0}
    pod_ready:
      {seconds: 17.152, time: "2026-11-24T23:46:25.217Z", source: watch of the pods, resolution_seconds: 0.0}
    hpa_target_decision:
      {seconds: 29.809, time: "2026-11-24T23:46:37.874Z", source: watch of the HPA, resolution_seconds: 0.0}
    replicas_ready:
      seconds: 33.293
      time: "2026-11-24T23:46:41.358Z"
      source: watches of HPA and Deployment
      resolution_seconds: 0.0
evidence:
  description: The objects as they were at the end, cut to what the verdict is made of.
  type: dict
  returned: when the proof was begun
  contains:
    namespace:
      description: The namespace of all objects.
      type: str
      sample: test
    scaledobject:
      description: The name of the ScaledObject.
      type: str
      sample: scaledobject-py
    scaledobject_ready:
      description: Its condition C(Ready), reason and message.
      type: str
      sample: "ScaledObjectReady: ScaledObject is defined correctly and is ready for scaling"
    metric_names:
      description: Its external metrics.
      type: list
      elements: str
      sample: [s0-prometheus-python_request_operations]
    hpa:
      description: The name of the HPA that KEDA made.
      type: str
      sample: keda-hpa-scaledobject-py
    hpa_scaling_active:
      description: Its condition C(ScalingActive), reason and message.
      type: str
      sample: >-
        ValidMetricFound: the HPA was able to successfully calculate a replica count from external metric
        s0-prometheus-python_request_operations(&LabelSelector{MatchLabels:map[string]string{scaledobject.keda.sh/name:
        scaledobject-py,},MatchExpressions:[]LabelSelectorRequirement{},})
    hpa_behavior:
      description: Its C(spec.behavior); null where it has none.
      type: dict
      sample: null
    deployment:
      description: The name of the Deployment.
      type: str
      sample: test
    query:
      description: The trigger's query.
      type: str
      sample: sum(rate(python_request_operations_total{namespace="test"}[30s]))
    query_window_seconds:
      description: The longest range in the query.
      type: float
      sample: 30.0
    server_address:
      description: The Prometheus that the trigger asks.
      type: str
      sample: http://prometheus-k8s.monitoring.svc:9090
    scrape_interval_seconds:
      description: The longest scrape interval of the pods.
      type: float
      sample: 5.0
    targets:
      description: The scrape targets that are pods of the Deployment.
      type: list
      elements: dict
      sample:
        - namespace: test
          pod: test-6fcd547755-hnxql
          url: http://10.244.1.2:5000/metrics
          up: true
          error: ""
          interval: 5.0
    pods:
      description: The pods of the Deployment. C(waiting) is why one does not run.
      type: list
      elements: dict
      sample:
        - name: test-6fcd547755-hnxql
          phase: Running
          scheduled: true
          ready: true
          leaving: false
          node: worker1
          waiting: ""
    errors:
      description: What could not be watched or asked at the end, by its source.
      type: dict
      sample: {}
versions:
  description: What was proven; null where it could not be read.
  type: dict
  returned: when the proof was begun
  contains:
    kubernetes:
      description: The version of the API server.
      type: str
      sample: v1.25.0
    keda:
      description: The version of KEDA's operator.
      type: str
      sample: 2.10.0
    prometheus:
      description: The version of Prometheus.
      type: str
      sample: 2.41.0
proof:
  description: The folder with C(verdict.json), which has all of this, and C(timeline.csv).
  type: str
  returned: when the proof was begun
  sample: build/proof/20261124T234556Z
"""

import contextlib
import importlib
import math
import queue
import signal
import socket
import time
import traceback
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib
from ansible_collections.shkatara.keda_demo.plugins.module_utils._cluster import Cluster, ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._edges import (
    Interrupt,
    Outputs,
    Watched,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._load import LoadProcess, LoadSpec
from ansible_collections.shkatara.keda_demo.plugins.module_utils._observe import (
    PrometheusPoller,
    Watcher,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._progress import Progress
from ansible_collections.shkatara.keda_demo.plugins.module_utils._prometheus import (
    Address,
    Prometheus,
    PrometheusError,
    direct_address,
    find_pod,
    service_of,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._proof import Proof
from ansible_collections.shkatara.keda_demo.plugins.module_utils._records import (
    Observation,
    Options,
    ProofTarget,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._target import BadInput, find_target
from ansible_collections.shkatara.keda_demo.plugins.module_utils._timeline import (
    Clock,
    ProofFiles,
    ProofFilesError,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._verdict import VERDICTS

_CONNECT_SECONDS = 5


def argument_spec() -> dict[str, Any]:
    """Return the module's options, as DOCUMENTATION has them."""
    http = {
        "url": {"type": "str", "required": True},
        "rate": {"type": "float", "required": True},
        "duration": {"type": "float", "required": True},
        "timeout": {"type": "float", "default": 10},
    }
    return {
        "kubeconfig": {"type": "path", "fallback": (env_fallback, ["K8S_AUTH_KUBECONFIG"])},
        "context": {"type": "str", "fallback": (env_fallback, ["K8S_AUTH_CONTEXT"])},
        "namespace": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "load": {
            "type": "dict",
            "required": True,
            "options": {"http": {"type": "dict", "required": True, "options": http}},
        },
        "proof_dir": {"type": "path", "required": True},
        "expect": {"type": "list", "elements": "str", "default": ["scaled"], "choices": list(VERDICTS)},
        "hold_seconds": {"type": "int", "default": 15},
        "wait_timeout": {"type": "int", "default": 300},
        "wait_sleep": {"type": "int", "default": 5},
        "prometheus_url": {"type": "str"},
        "hpa_sync_period": {"type": "float", "default": 15},
        "hpa_tolerance": {"type": "float", "default": 0.1},
        "hpa_downscale_stabilization": {"type": "float", "default": 300},
        "pod_start_seconds": {"type": "float", "default": 30},
        "progress_file": {"type": "path"},
    }


def check_options(params: dict[str, Any]) -> LoadSpec:
    """Return the load.

    :raises BadInput: an option's value makes no sense; all such options are named at once
    """
    http = params["load"]["http"]
    positive = {f"load.http.{key}": http[key] for key in ("rate", "duration", "timeout")}
    positive |= {key: params[key] for key in ("hold_seconds", "wait_timeout", "wait_sleep", "hpa_sync_period")}
    wrong = [
        f"{key} is {value:g} and must be greater than 0 and finite"
        for key, value in positive.items()
        if not 0 < value < math.inf
    ]
    if not 0 <= params["hpa_tolerance"] < 1:
        wrong.append(f"hpa_tolerance is {params['hpa_tolerance']:g} and must be at least 0 and less than 1")
    for key in ("hpa_downscale_stabilization", "pod_start_seconds"):
        if not 0 <= params[key] < math.inf:
            wrong.append(f"{key} is {params[key]:g} and must be at least 0 and finite")
    if not is_url(http["url"]):
        wrong.append(f"load.http.url is {http['url']!r} and must be a URL such as http://192.0.2.11:30115/")
    if params["prometheus_url"] and not is_url(params["prometheus_url"]):
        wrong.append(f"prometheus_url is {params['prometheus_url']!r} and must be a URL such as http://192.0.2.10:9090")
    if wrong:
        raise BadInput("; ".join(wrong))
    return LoadSpec(http["url"], http["rate"], http["duration"], http["timeout"])


def is_url(text: str) -> bool:
    """Whether `text` is a URL of HTTP with a host and, if it has one, a port that can be."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number or too large, or a bracket is missing
        return False


def check_url_answers(url: str) -> None:
    """Open and close a connection to the URL's host and port; no request is sent, since requests are counted.

    :raises BadInput: nothing takes the connection
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_CONNECT_SECONDS).close()
    except (OSError, UnicodeError) as error:  # UnicodeError: no name that DNS could have
        raise BadInput(
            f"load.http.url {url} does not answer ({error}): give the URL at which this machine reaches the application"
        ) from error


def start_threads(
    cluster: Cluster, target: ProofTarget, prometheus_url: str | None, sink: queue.Queue[Observation]
) -> PrometheusPoller:
    """Watch everything a proof needs; the threads end with this process."""
    Watcher(cluster, sink, "scaledobjects", namespace=target.namespace, name=target.scaledobject).start()
    Watcher(cluster, sink, "horizontalpodautoscalers", namespace=target.namespace, name=target.hpa).start()
    Watcher(cluster, sink, "deployments", namespace=target.namespace, name=target.deployment).start()
    Watcher(cluster, sink, "pods", namespace=target.namespace, labels=target.pod_labels).start()

    def find() -> Address:
        if prometheus_url:
            return direct_address(prometheus_url)
        return find_pod(cluster, target.server_address)

    poller = PrometheusPoller(Prometheus(cluster, find), sink, target.query)
    poller.start()
    return poller


def listen_for_signals(interrupt: Interrupt) -> None:
    """Let signals end the proof in good order."""

    def note(number: int, _frame: FrameType | None) -> None:
        interrupt.signal_name = signal.Signals(number).name

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)


def prove(module: AnsibleModule, spec: LoadSpec, cluster: Cluster, target: ProofTarget) -> dict[str, Any]:
    """Run the proof and return its result.

    :raises BadInput: the load can't prove anything
    :raises ProofFilesError: nothing can be written to proof_dir
    """
    params = module.params
    check_url_answers(spec.url)
    if not params["prometheus_url"]:
        try:
            service_of(target.server_address)
        except PrometheusError as error:
            raise BadInput(str(error)) from error
        except ValueError as error:
            raise BadInput(f"the trigger's serverAddress {target.server_address!r} is not a URL: {error}") from error
    versions: dict[str, str | None] = {"kubernetes": cluster.server_version(), "keda": cluster.keda_version()}
    interrupt = Interrupt()
    clock = Clock(time.monotonic, time.time)
    sink: queue.Queue[Observation] = queue.Queue()
    options = Options(**{key: params[key] for key in Options.__dataclass_fields__})
    listen_for_signals(interrupt)
    with contextlib.ExitStack() as stack:
        load = stack.enter_context(contextlib.closing(LoadProcess(spec)))  # before any thread: it is forked
        name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        files = stack.enter_context(contextlib.closing(ProofFiles(params["proof_dir"], name)))
        progress = stack.enter_context(contextlib.closing(Progress(params["progress_file"])))
        poller = start_threads(cluster, target, params["prometheus_url"], sink)
        watched = Watched(sink, clock, interrupt, poller.targets_settled)
        return Proof(target, options, load, watched, Outputs(progress, files, versions)).run()


def run(module: AnsibleModule) -> None:
    """Check the options and the target, run the proof unless in check mode, and end the module."""
    params = module.params
    try:
        spec = check_options(params)
        cluster = Cluster(params["kubeconfig"], params["context"])
        target = find_target(cluster, params["namespace"], params["name"])
        if module.check_mode:
            module.exit_json(
                changed=False,
                message=f"ScaledObject {target.scaledobject} scales Deployment {target.deployment}; "
                f"{spec.rate:g} requests/s would be sent to {spec.url} for at most {spec.duration:g} s.",
            )
        result = prove(module, spec, cluster, target)
    except (BadInput, ClusterError, ProofFilesError) as error:
        result = {}
        module.fail_json(msg=str(error), changed=False)
    if result["reason"] == "bad_input" or result["verdict"] not in params["expect"]:
        expected = " or ".join(params["expect"])
        module.fail_json(
            msg=f"The verdict is {result['verdict']} ({result['reason']}), and {expected} was expected. "
            f"{result['message']} See {result['proof']}.",
            changed=False,
            **result,
        )
    module.exit_json(changed=False, **result)


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    for name, library in (("kubernetes", "kubernetes"), ("aiohttp", "aiohttp"), ("yaml", "PyYAML")):
        try:
            importlib.import_module(name)
        except ImportError:
            module.fail_json(msg=missing_required_lib(library), exception=traceback.format_exc())
    run(module)


if __name__ == "__main__":
    main()
