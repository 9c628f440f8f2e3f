#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a ScaledObject scales out: predict the replicas, send the load, compare."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify_scaling
short_description: Prove that a KEDA ScaledObject scales as its arithmetic says
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Waits until the chain from the scrape target to the HorizontalPodAutoscaler is ready and at rest, predicts from the
    load what the HPA will do and when, sends the load, watches ScaledObject, HPA, Deployment, ReplicaSets, Pods, Events
    and the metric, and says in a verdict whether what happened is what was predicted.
  - The module works on any cluster that has KEDA and Prometheus. It reads the cluster and sends requests to
    O(load.http.url); it never changes an object, so it is never C(changed).
  - The prediction is made from the HPA that KEDA made, as the Kubernetes controller would compute it, for Kubernetes
    1.25 and later - the highest of its external metrics of type C(AverageValue) or C(Value), the tolerance,
    C(behavior), the stabilization, KEDA's activation, cooldown and fallback. It is written to C(verdict.json) before
    the first request.
  - What can't be predicted is named in RV(predicted.not_predicted), watched all the same, and never guessed. That is a
    trigger of a type that this module does not know, C(scalingModifiers), CPU and memory, and any second trigger, whose
    value is taken to stay.
  - Each wait for replicas ends 15 s after their latest predicted time, and its message says what that time is made of.
  - The task fails when the verdict is none of O(expect), where all of them are explained.
  - While it runs, a line every O(wait_sleep) seconds shows the phase, the load, the metric, the replicas and what is
    expected next.
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
options:
  namespace:
    description: The namespace of the ScaledObject.
    type: str
    required: true
  name:
    description: The name of the ScaledObject.
    type: str
    required: true
  trigger:
    description:
      - The name or the index of the trigger that the load moves.
      - If it is not given, it is the trigger whose query has O(counter_metric), or the only one of type C(prometheus).
    type: str
  phases:
    description:
      - What is proven, always in this order. Each can be left out.
      - V(activation) - a load under the threshold moves nothing. Where replicas begin at 0 it is one that does not
        reach the trigger's C(activationThreshold).
      - V(scale_out) - the load makes the predicted replicas in the predicted time.
      - V(hold) - they stay for O(hold_seconds), under load.
      - V(scale_in) - after the load they go back to the HPA's minimum in the predicted time. Without V(scale_out) it
        begins with the replicas there are.
      - V(to_zero) - KEDA takes away the last of them in the predicted time, where C(minReplicaCount) or
        C(idleReplicaCount) is 0.
    type: list
    elements: str
    default: [scale_out, hold]
    choices: [activation, scale_out, hold, scale_in, to_zero]
  load:
    description: The load to send. It is needed for the phases V(activation) and V(scale_out).
    type: dict
    suboptions:
      http:
        description:
          - Requests by HTTP C(GET), at their times whether earlier ones were answered or not, each over a new
            connection. Redirects are not followed.
          - A load that this machine can't send is refused, with the arithmetic. It needs an open file and a port for
            each request that waits for an answer, which are O(load.http.rate) times O(load.http.timeout) at worst.
        type: dict
        required: true
        suboptions:
          url:
            description: Where the requests go.
            type: str
            required: true
          rate:
            description:
              - Requests a second.
              - One of O(load.http.rate), O(load.http.replicas) and O(load.http.stages) is needed.
            type: float
          replicas:
            description:
              - The replicas that the load is to make. The module chooses the rate that has exactly this right answer -
                more than one replica less would carry within the tolerance, and less than what the query may show too
                much for a moment, when new pods take their share.
              - Where no rate has only one right answer, which is so for many replicas and a short query window, the
                message says why in numbers.
            type: int
          stages:
            description:
              - Steps and ramps, one after the other. The rate must not fall, and the last one must be a step - it is
                the one that is proven.
            type: list
            elements: dict
            suboptions:
              rate:
                description: Requests a second, at the end of the stage.
                type: float
                required: true
              duration:
                description: The seconds of the stage.
                type: float
                required: true
              ramp:
                description: Whether the rate rises from that of the stage before, which is 0 before the first one.
                type: bool
                default: false
          duration:
            description:
              - The seconds for which requests are sent at most. Sending ends earlier when the verdict is there.
              - If it is not given, it is the latest predicted time with O(hold_seconds) and a margin. One that is too
                short to prove anything is refused.
            type: float
          activation_rate:
            description:
              - Requests a second in the phase V(activation).
              - If it is not given, it is half of what would move anything.
            type: float
          timeout:
            description: The seconds after which an answer is given up.
            type: float
            default: 10
          workers:
            description: The processes that send. One sends some thousand requests a second.
            type: int
            default: 1
          keep_alive:
            description:
              - Whether connections are used again. Kubernetes balances connections and not requests, so that new pods
                get few of the requests then.
            type: bool
            default: false
  counter_metric:
    description:
      - The counter that each request raises by one, by its name or as a selector such as
        C(http_requests_total{namespace="shop"}).
      - With it the raw counters of the pods' own metrics pages are compared with what was answered, see RV(end_to_end),
        and the first sample that shows the load is one of the RV(hops).
    type: str
  metric_per_request:
    description: What one request a second adds to the value of the trigger's query.
    type: float
    default: 1
  proof_dir:
    description:
      - The folder for the result. Each run makes a folder named by the time, with C(verdict.json) and
        C(timeline.csv), and the link C(latest) points to the newest.
    type: path
    required: true
  expect:
    description:
      - The verdicts with which the task is successful. With each comes one of its reasons, as RV(reason).
      - V(scaled) - all phases went as predicted (C(as_predicted)).
      - V(scaled_late) - the predicted replicas were Ready later than RV(predicted.latest_seconds) (C(after_latest)), or
        so late that the load ended before O(hold_seconds) were over (C(hold_cut_short)), or they went back later than
        predicted (C(scale_in_after_latest)).
      - V(wrong_count) - replicas went to another count (C(fewer_than_predicted), C(more_than_predicted),
        C(other_trigger)), or were not all Ready (C(pods_not_ready)).
      - V(not_scaled) - replicas did not grow. Either this was predicted (C(load_under_threshold),
        C(load_under_activation), C(max_replicas),
        C(scale_up_disabled), C(fallback)), or the metric never rose (C(metric_not_over_threshold)), the HPA did not act
        on it (C(hpa_did_not_act)) or no new pod became Ready (C(pods_not_ready)). Here and with V(wrong_count) the
        reason is C(load_not_answered) where the application did not answer what was sent.
      - V(flapped) - the predicted replicas were Ready and did not stay (C(left_during_hold)).
      - V(not_scaled_in) - replicas did not go back to the minimum (C(not_at_minimum)) or to zero (C(not_at_zero)).
      - V(not_ready) - nothing was sent, because a link of the chain is not ready (C(deployment_missing),
        C(pods_not_ready), C(prometheus_unreachable), C(scrape_target_missing), C(scrape_target_down),
        C(scaledobject_missing), C(scaledobject_paused), C(scaledobject_not_ready), C(hpa_missing),
        C(hpa_metric_invalid)) or the workload does not come to rest (C(not_at_rest)).
      - V(aborted) - nothing is proven, because of a signal (C(interrupted)), a load that could not be sent
        (C(load_not_sent)) or was not answered (C(load_not_answered)), replicas that could not be watched when the load
        ended (C(not_observed)), a ScaledObject that was deleted (C(scaledobject_deleted)) or of which nothing can be
        predicted (C(not_predictable)), options that can't prove anything (C(bad_input), with which the task always
        fails) or an error of this module (C(internal_error)).
    type: list
    elements: str
    default: [scaled]
    choices: [scaled, scaled_late, wrong_count, not_scaled, flapped, not_scaled_in, not_ready, aborted]
  fail_on_unexpected:
    description: Whether the task fails for a verdict that is none of O(expect). If not, it returns it.
    type: bool
    default: true
  hold_seconds:
    description: How long the predicted replicas must stay Ready, under load, in the phase V(hold).
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
      - The URL of the Prometheus that the trigger asks, or of one with the same data, if this machine reaches it by
        itself.
      - If it is not given, Prometheus is found from the trigger's C(serverAddress) and reached by a
        port-forward to its pod.
    type: str
  prometheus_headers:
    description:
      - Headers for every request to Prometheus, such as C(Authorization) or C(X-Scope-OrgID).
      - Ansible hides their values wherever it shows them, also where a result has the same by chance. So a short value
        such as C(1) hides each 1.
    type: dict
  scrape_interval:
    description:
      - The seconds between two scrapes of what feeds the metric.
      - If it is not given, it is read from Prometheus' targets, which some managed ones do not tell.
    type: float
  hpa_sync_period:
    description:
      - The controller manager's C(--horizontal-pod-autoscaler-sync-period) in seconds.
      - If it is not given, it is read from the controller manager's pod, which a cluster of kubeadm shows in the
        namespace C(kube-system) to those who may list pods there. Where that is not so it is taken to be 15.
    type: float
  hpa_tolerance:
    description:
      - The controller manager's C(--horizontal-pod-autoscaler-tolerance).
      - If it is not given, it is read as O(hpa_sync_period) is, or taken to be 0.1.
      - From Kubernetes 1.33 on the HPA's own C(behavior.scaleUp.tolerance) wins.
    type: float
  hpa_downscale_stabilization:
    description:
      - The controller manager's C(--horizontal-pod-autoscaler-downscale-stabilization) in seconds.
      - If it is not given, it is read as O(hpa_sync_period) is, or taken to be 300.
      - The HPA's own C(behavior.scaleDown.stabilizationWindowSeconds) wins.
    type: float
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
      - In check mode the module finds the ScaledObject, its Deployment and its triggers. It sends no request
        and writes no file.
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
requirements:
  - Linux and Python >= 3.11 where the module runs, which is the controller
  - kubernetes (Python library) >= 24.2.0
  - aiohttp (Python library) >= 3.8.0
  - httptools (Python library) >= 0.6.0
  - prometheus-client (Python library)
  - durationpy, packaging, urllib3 and PyYAML, which come with the library kubernetes or with ansible-core
notes:
  - The kubeconfig needs the verbs C(list) and C(watch) on ScaledObjects, HorizontalPodAutoscalers, Deployments,
    ReplicaSets, Pods and Events in O(namespace). Without O(prometheus_url) it also needs C(list) on Services and
    Endpoints, and C(get) on C(pods/portforward), in the namespace of Prometheus; with O(counter_metric) C(get) on
    C(pods/portforward) in O(namespace). From Kubernetes 1.35 on, a port-forward needs C(create), too. Each permission
    that is missing is named before anything is sent. Where the metric comes from pods of another namespace, their
    counters need it there.
  - SIGINT and SIGTERM stop the load within a second. The verdict is then V(aborted) and the files are
    complete.
  - Under C(async), or on a machine other than the controller, no progress is shown.
seealso:
  - module: shkatara.keda_demo.scaledobject_info
"""

EXAMPLES = r"""
- name: Prove on a cluster of your own that the application scales out to 4 replicas, and back
  shkatara.keda_demo.verify_scaling:
    kubeconfig: ~/.kube/config
    namespace: test
    name: scaledobject-py
    phases: [scale_out, hold, scale_in]
    load:
      http:
        url: http://192.0.2.11:30115/
        replicas: 4
    counter_metric: python_request_operations_total
    proof_dir: "{{ playbook_dir }}/proof"

- name: Gate a pipeline, with a Prometheus that is reached by its own address
  shkatara.keda_demo.verify_scaling:
    context: staging
    namespace: shop
    name: checkout
    phases: [activation, scale_out, hold]
    load:
      http:
        url: https://checkout.staging.example.com/healthz
        stages:
          - {rate: 170, duration: 60, ramp: true}
          - {rate: 170, duration: 240}
    prometheus_url: https://prometheus.staging.example.com
    prometheus_headers:
      Authorization: "Bearer {{ lookup('env', 'PROMETHEUS_TOKEN') }}"
    proof_dir: "{{ lookup('env', 'CI_PROJECT_DIR') }}/proof"
  register: proof

- name: Show what was predicted and seen, which in check mode is nothing
  ansible.builtin.debug:
    msg: "{{ proof.predicted.replicas }} predicted, {{ proof.observed.replicas }} seen: {{ proof.message }}"
  when: not ansible_check_mode

- name: Prove that a consumer comes from zero and goes back to zero, whatever the verdict
  shkatara.keda_demo.verify_scaling:
    namespace: shop
    name: mailer
    phases: [scale_out, hold, scale_in, to_zero]
    load:
      http:
        url: http://192.0.2.11:30116/order
        rate: 12
    metric_per_request: 2
    pod_start_seconds: 60
    fail_on_unexpected: false
    proof_dir: "{{ playbook_dir }}/proof"
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
    4 replicas Ready 33.1 s after the first request and stayed for 15 s under load; predicted were 4 within 167 s at the
    latest. The load ended early, before its 197 s: the verdict was there.
predicted:
  description:
    - What was written to C(verdict.json) before the first request. It is null where it did not come so far.
    - Its C(replicas) are null, and there is nothing of the load, where nothing can be predicted.
  type: dict
  returned: when the proof was begun
  contains:
    replicas:
      description: The replicas that the HPA will ask for, the highest of C(possible_replicas).
      type: int
      sample: 4
    possible_replicas:
      description:
        - Every count at which the HPA can come to rest. The tolerance may make several stable, and right after a step
          the query may show more than there is, by the part of its window that a scrape interval is.
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
      sample: 34.5
    threshold:
      description: The HPA's target, a replica for V(AverageValue), in all for V(Value).
      type: float
      sample: 10.0
    target_type:
      description: The type of this target, V(AverageValue) or V(Value).
      type: str
      sample: AverageValue
    tolerance:
      description: The part by which the metric may be over the target before the HPA acts.
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
    steps:
      description:
        - For each count the counts that one sync of the HPA may make of it. Each path that is possible over all phases
          of scrape, window and sync is a walk through them.
      type: dict
      sample: {"1": [2, 3, 4], "2": [3, 4], "3": [4], "4": []}
    paths:
      description: These walks; null where they are more than 20.
      type: list
      elements: list
      sample: [[1, 2, 3, 4], [1, 2, 4], [1, 3, 4], [1, 4]]
    earliest_change_seconds:
      description: The shortest time from the first request to the first change; null where none is predicted.
      type: float
      sample: 7.9
    latest_change_seconds:
      description: The longest time from the first request to the first change.
      type: float
      sample: 58.0
    earliest_seconds:
      description: The shortest time from the first request to one of C(possible_replicas); null where nothing changes.
      type: float
      sample: 21.7
    latest_seconds:
      description: The longest time from the first request until all are Ready.
      type: float
      sample: 167.0
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
        controllers: 3.0
        new_pods_started: 32.0
        new_pods_counted: 45.0
        pod_start: 32.0
    warnings:
      description: What may go another way, since nothing of this HPA prevents it.
      type: list
      elements: str
      sample: []
    activation:
      description:
        - The prediction of the load of the phase V(activation), with the same fields up to C(warnings); null without
          it.
      type: dict
      sample: null
    hops:
      description: The earliest and the latest time of each hop, in seconds since the first request.
      type: dict
      sample:
        load_scraped: [0.0, 8.0]
        metric_over_threshold: [7.9, 43.0]
        hpa_decision: [7.9, 58.0]
        pod_ready: [7.9, 90.0]
        replicas_ready: [21.7, 167.0]
    scale_in:
      description:
        - The way back to the minimum, in seconds since the last request; null without the phase V(scale_in).
        - It has C(replicas), C(from_replicas), C(reason), C(steps), C(earliest_change_seconds),
          C(latest_change_seconds), C(latest_seconds) and C(latest_parts), as above.
      type: dict
      sample: null
    to_zero:
      description: The same for the last replicas, which KEDA takes away; null without the phase V(to_zero).
      type: dict
      sample: null
    hops_back:
      description: The earliest and the latest time of each hop of the way back, in seconds since the last request.
      type: dict
      sample: {}
    not_predicted:
      description: Each C(trigger) that is watched and not computed, and C(why).
      type: list
      elements: dict
      sample: []
    read:
      description: What was read from the cluster, the controller manager's flags or what the HPA has in their place.
      type: dict
      sample: {hpa_sync_period: 15.0, hpa_tolerance: 0.1, hpa_downscale_stabilization: 300.0}
    assumed:
      description: What was given as an option, or is a default that nothing in the cluster confirms.
      type: dict
      sample: {metric_per_request: 1.0, pod_start_seconds: 30.0}
observed:
  description: What was seen.
  type: dict
  returned: when the proof was begun
  contains:
    replicas:
      description: The replicas that were Ready when the load ended.
      type: int
      sample: 4
    desired_replicas:
      description: What the HPA wanted then; 0 where there was no HPA.
      type: int
      sample: 4
    current_replicas:
      description: The pods of the Deployment then.
      type: int
      sample: 4
    final_replicas:
      description: The replicas that were Ready at the end of the proof.
      type: int
      sample: 4
    metric:
      description: What the trigger's query returned last.
      type: float
      sample: 27.4
    path:
      description: The counts at each change, in seconds since the first request.
      type: list
      elements: dict
      sample:
        - {seconds: 0.0, desired: 1, spec: 1, current: 1, ready: 1}
        - {seconds: 16.241, desired: 1, spec: 2, current: 1, ready: 1}
        - {seconds: 16.254, desired: 2, spec: 2, current: 1, ready: 1}
phases:
  description:
    - How each phase has ended - C(phase), C(passed), C(reason) and C(message). Of
      V(activation) also C(requests), the number that was sent.
  type: list
  elements: dict
  returned: when the proof was begun
  sample:
    - phase: scale_out
      passed: true
      reason: as_predicted
      message: replicas as predicted were Ready 33.1 s after the first request
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
      description: Requests a second, in the last stage.
      type: float
      sample: 34.5
    duration:
      description: The seconds for which requests were to be sent at most.
      type: float
      sample: 197.0
    stages:
      description: The stages of the load, each with C(rate), C(duration) and C(ramp).
      type: list
      elements: dict
      sample: [{rate: 34.5, duration: 197.0, ramp: false}]
    scheduled:
      description: Requests whose time had come.
      type: int
      sample: 1660
    sent:
      description: Requests that were begun.
      type: int
      sample: 1660
    not_sent:
      description: Requests that this machine did not begin. What the server did not answer is not among them.
      type: int
      sample: 0
    not_sent_reasons:
      description:
        - Their number by the reason - C(too_many_in_flight), C(too_late), or this machine's own refusal, such as
          C(EMFILE) (no open file left) and C(EADDRNOTAVAIL) (no port left).
      type: dict
      sample: {}
    late:
      description: Requests that were begun more than 10 ms after their time.
      type: int
      sample: 9
    answered:
      description: Requests that were answered with 2xx.
      type: int
      sample: 1660
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
      sample: {"200": 1660}
    errors:
      description: The number of requests without an answer, by the kind of error.
      type: dict
      sample: {}
    late_ms:
      description: How much later than their time requests were begun, in milliseconds.
      type: dict
      sample: {p50: 0.9, p99: 6.2, max: 31.3}
    response_ms:
      description: How long the 2xx answers took, in milliseconds.
      type: dict
      sample: {p50: 609.5, p99: 672.9, max: 753.1}
    ended:
      description: Whether sending was over, and all answers there.
      type: bool
      sample: true
    died:
      description: How a sending process ended where it did so before its time; empty otherwise.
      type: str
      sample: ""
    ended_early:
      description: Whether sending was ended since the verdict was there.
      type: bool
      sample: true
hops:
  description:
    - The time of the first sign of each step, in the order in which they were seen.
    - V(first_request), V(load_scraped) (the first sample that shows the load), V(metric_over_threshold),
      V(keda_activation) (from zero), V(hpa_metric_over_threshold), V(hpa_decision), V(hpa_target_decision) (the one for
      the predicted count), V(deployment_scaled), V(replicaset_scaled), V(pod_created), V(pod_scheduled),
      V(image_there), V(container_started), V(pod_ready), V(new_pod_counted) (the first sample of a new pod that has
      requests), V(replicas_ready) (all of the predicted count), V(load_ended) (the last request), V(scale_in_decision),
      V(replicas_at_minimum) and V(scaled_to_zero). Those of pods are of the first new pod.
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
      description: By how much it may have been earlier than seen; 0 for the arrival of a watch event.
      type: float
    earliest:
      description: Its earliest predicted time, in seconds since the first request; null where none was predicted.
      type: float
    latest:
      description: Its latest predicted time.
      type: float
  sample:
    first_request:
      seconds: 0.0
      time: "2026-11-25T03:05:27.860Z"
      source: the sender's clock
      resolution_seconds: 0.0
      earliest: 0.0
      latest: 0.0
    load_scraped:
      seconds: 4.991
      time: "2026-11-25T03:05:32.850Z"
      source: the counter's raw samples
      resolution_seconds: 5.0
      earliest: 0.0
      latest: 8.0
    hpa_decision:
      seconds: 16.254
      time: "2026-11-25T03:05:44.113Z"
      source: watch of the HPA
      resolution_seconds: 0.0
      earliest: 7.9
      latest: 58.0
end_to_end:
  description:
    - Whether what was answered is what the pods have counted, by their own metrics pages; null without
      O(counter_metric), and where it is not known which pods that are. A difference is one of RV(deviations) and does
      not change the verdict.
  type: dict
  returned: when the proof was begun
  contains:
    answered:
      description: Requests answered with 2xx. At least so many must have been counted.
      type: int
      sample: 1660
    most:
      description: Requests sent. Without an answer one may have been counted or not, so that it is a range.
      type: int
      sample: 1660
    counted:
      description: The increase of the counter in all pods, from before the first request to the end of the load; null
        where it is not known.
      type: float
      sample: 1660.0
    agrees:
      description: Whether it is in this range; null where it is not known.
      type: bool
      sample: true
    message:
      description: The same in words.
      type: str
      sample: The pods counted 1660 requests, as many as the 1660 that were answered with 2xx.
    pods:
      description: The increase by pod, or why it is not known.
      type: dict
      sample: {test-8694f75cd4-mp728: 406.0, test-8694f75cd4-mtb98: 991.0}
deviations:
  description:
    - What was outside the prediction and does not change the verdict, in words - a hop outside its times, a step that
      is not one of RV(predicted.steps), a difference end to end.
  type: list
  elements: str
  returned: when the proof was begun
  sample: []
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
    hpa_values:
      description: Its external metrics as it last saw them, a replica for V(AverageValue).
      type: dict
      sample: {s0-prometheus-python_request_operations: 7.821}
    deployment:
      description: The name of the Deployment.
      type: str
      sample: test
    triggers:
      description: The triggers of the ScaledObject, with the value of each query. C(key) is unique among them.
      type: list
      elements: dict
      sample:
        - index: 0
          name: ""
          type: prometheus
          key: "0"
          query: sum(rate(python_request_operations_total{namespace="test"}[30s]))
          server_address: http://prometheus-k8s.monitoring.svc:9090
          activation: 0.0
          cached: false
          value: 27.4
    trigger:
      description: The name or the index of the one that the load moves; null where there is none that is understood.
      type: str
      sample: "0"
    query_window_seconds:
      description: The longest range in its query.
      type: float
      sample: 30.0
    counter:
      description: The selector of the counter that each request raises; null where it is not known.
      type: str
      sample: python_request_operations_total{namespace="test"}
    scrape_interval_seconds:
      description: The longest scrape interval of what feeds the metric.
      type: float
      sample: 5.0
    targets:
      description: The scrape targets that feed the metric.
      type: list
      elements: dict
      sample:
        - namespace: test
          pod: test-8694f75cd4-mtb98
          url: http://10.244.1.2:5000/metrics
          up: true
          error: ""
          interval: 5.0
          job: test
          instance: 10.244.1.2:5000
    pods:
      description: The pods of the Deployment. C(waiting) is why one does not run.
      type: list
      elements: dict
      sample:
        - name: test-8694f75cd4-mtb98
          phase: Running
          scheduled: true
          ready: true
          leaving: false
          node: worker1
          waiting: ""
          started: true
          restarts: 0
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
  sample: build/proof/20261125T030527Z
"""

import importlib
import sys
import traceback

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._internal.common.errors import BadInput
from ..module_utils._internal.kube.cluster import Cluster, ClusterError
from ..module_utils._internal.proof import options, prerequisites, wiring
from ..module_utils._internal.proof.output.files import ProofFilesError

LIBRARIES = (
    ("kubernetes", "kubernetes"),
    ("aiohttp", "aiohttp"),
    ("durationpy", "durationpy"),
    ("httptools", "httptools"),
    ("packaging", "packaging"),
    ("prometheus_client", "prometheus-client"),
    ("urllib3", "urllib3"),
    ("yaml", "PyYAML"),
)


def run(module: AnsibleModule) -> None:
    """Check the options and the target, run the proof unless in check mode, and end the module."""
    params = module.params
    try:
        load_options = options.check_options(params)
        cluster = Cluster(params["kubeconfig"], params["context"])
        target = prerequisites.find_target(cluster, params)
        if module.check_mode:
            module.exit_json(changed=False, message=wiring.check_mode_message(load_options, target))
        result = wiring.run_proof(params, load_options, cluster, target)
    except (BadInput, ClusterError, ProofFilesError) as error:
        result = {}
        module.fail_json(msg=str(error), changed=False)
    except Exception as error:  # an error of this program; verdict.json says so too, if it was begun
        module.fail_json(
            msg=f"{type(error).__name__}: {error}",
            exception=traceback.format_exc(),
            changed=False,
            verdict="aborted",
            reason="internal_error",
        )
    end(module, result)


def end(module: AnsibleModule, result: dict[str, object]) -> None:
    """End the module with the result of a proof; an unexpected verdict and a bad input are failures."""
    params = module.params
    unexpected = params["fail_on_unexpected"] and result["verdict"] not in params["expect"]
    if result["reason"] == "bad_input" or unexpected:
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
    module = AnsibleModule(argument_spec=options.argument_spec(), supports_check_mode=True)
    if not sys.platform.startswith("linux") or sys.version_info < (3, 11):
        module.fail_json(msg="verify_scaling needs Linux and Python 3.11: set ansible_python_interpreter to one")
    for name, library in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError:
            module.fail_json(msg=missing_required_lib(library), exception=traceback.format_exc())
    run(module)


if __name__ == "__main__":
    main()
