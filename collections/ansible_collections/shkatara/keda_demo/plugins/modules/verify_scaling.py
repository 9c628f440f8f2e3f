#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that a ScaledObject scales out: predict the replicas, send the load, compare."""

from __future__ import annotations

DOCUMENTATION = r"""
module: verify_scaling
short_description: Prove that a KEDA ScaledObject scales as predicted
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Waits until the chain from the scrape target to the HorizontalPodAutoscaler (HPA) is ready, and at rest after
    earlier load. Predicts what the HPA will do under the load and when. Then the module sends the load and watches the
    ScaledObject, HPA, workload, Pods, Events and the metric. The verdict says whether the observation is as predicted.
  - The workload may be of any kind that has the subresource C(scale), such as a Deployment, a StatefulSet, an Argo
    Rollout or a custom resource. The replicas of a Deployment and a StatefulSet are in the object itself. Those of a
    custom resource are read from C(scale), and its Ready pods are counted if it has no C(status.readyReplicas). The
    hop (measured step) of the ReplicaSets is observed for a Deployment only.
  - The module works on any cluster with KEDA and Prometheus. It reads the cluster and sends the requests of
    O(load.http). It never changes an object, so the result is never C(changed).
  - The prediction computes what the Kubernetes controller, of version 1.25 and later, does with the HPA that KEDA
    created. It covers the highest of the external metrics of type C(AverageValue) or C(Value), the tolerance,
    C(behavior), the stabilization, and KEDA's activation, cooldown and fallback. It is written to C(verdict.json)
    before the first request.
  - RV(predicted.not_predicted) names every trigger that is watched but not predicted. These are triggers of an unknown
    type, triggers of a C(scalingModifiers) formula, metrics of CPU and memory, a load trigger whose query is not
    understood, and every trigger except that of the load. An external metric of another trigger is assumed to keep its
    value.
  - An HPA does not shrink while one of its metrics has no value, for example because the source of a second trigger no
    longer exists. With such a trigger a scale-out is proven with a warning, and O(phases) with V(scale_in) or
    V(to_zero) are refused before anything is sent. The same is true for a trigger in KEDA's fallback, and for the
    annotation C(autoscaling.keda.sh/paused-scale-in) (KEDA 2.18 and later).
  - A wait for replicas ends 15 s after their latest predicted time, and its message names the parts of that time.
  - The task fails if the verdict is not in O(expect), which explains all verdicts.
  - While the module runs, a line every O(wait_sleep) seconds shows the phase, the load, the metric, the replicas and
    the next expected step. While it waits, a reason that stays is shown every 30 seconds.
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
  - shkatara.keda_demo.read_only
  - shkatara.keda_demo.scaledobject
options:
  name:
    description: The name of the ScaledObject.
    type: str
    required: true
  trigger:
    description:
      - The name or the index of the trigger whose metric the load raises.
      - The default is the trigger whose query contains O(counter_metric), or else the only trigger of type
        C(prometheus).
    type: str
  phases:
    description:
      - The phases of the proof. They run in the order below, whatever the order of the list.
      - V(activation) - a load under the threshold does not change the replicas. If they start at 0, the load stays
        under the trigger's C(activationThreshold).
      - V(scale_out) - the load leads to the predicted replicas in the predicted time.
      - V(hold) - the replicas stay for O(hold_seconds) under load.
      - V(scale_in) - after the load the replicas return to the HPA's minimum in the predicted time. Without
        V(scale_out) the phase starts from the current replicas.
      - V(to_zero) - KEDA removes the last replicas in the predicted time. C(minReplicaCount) or C(idleReplicaCount)
        must be 0.
    type: list
    elements: str
    default: [scale_out, hold]
    choices: [activation, scale_out, hold, scale_in, to_zero]
  load:
    description:
      - The load. The phases V(activation) and V(scale_out) require it, as exactly one of O(load.http) and
        O(load.external).
    type: dict
    suboptions:
      http:
        description:
          - HTTP requests. Each is sent at its scheduled time, whether earlier requests were answered or not,
            and over a new connection unless O(load.http.keep_alive) is set. Redirects are not followed.
          - If a name has several addresses, the connections take turns between those that accept one before the load.
          - Requests never go through a proxy, since it would be measured instead of the application. If E(HTTP_PROXY)
            or E(HTTPS_PROXY) names one for the URL, a progress line says so.
          - A load that this machine can't send is refused, with the calculation. Each unanswered request needs a file
            descriptor and a port. There are at most O(load.http.rate) times O(load.http.timeout) such requests.
        type: dict
        suboptions:
          url:
            description:
              - The URL of the requests.
              - A user and a password in it are sent as basic authentication, and are not shown.
              - Exactly one of O(load.http.url) and O(load.http.urls) is required.
            type: str
          urls:
            description: Several URLs. The requests go to them in turn, and a URL may be in the list more than once.
            type: list
            elements: str
          method:
            description: V(GET), V(HEAD), V(POST), V(PUT), V(PATCH), V(DELETE) or V(OPTIONS).
            type: str
            default: GET
          headers:
            description:
              - Headers of each request. They replace the module's own, such as C(User-Agent).
              - C(Host) replaces the URL's host, so that the URL may be the address of an ingress. With https
                it is also the name that TLS asks for and that the certificate must have.
              - C(Content-Length) and headers about the connection can't be given.
              - Ansible hides the values in the result, except those of C(Host), C(Accept), C(Content-Type) and the
                like.
            type: dict
          body:
            description:
              - The body of each request. The method must be one that has a body.
              - A text is sent as it is. Any other value is sent as JSON, with the header C(Content-Type) unless
                O(load.http.headers) has one.
            type: raw
          validate_certs:
            description: Whether the certificates of https URLs are checked.
            type: bool
            default: true
          ca_path:
            description:
              - A file with the CA certificates for https URLs, or a folder of them in OpenSSL's format.
              - The default is this machine's CA certificates.
            type: path
          rate:
            description:
              - Requests per second.
              - Exactly one of O(load.http.rate), O(load.http.replicas) and O(load.http.stages) is required.
            type: float
          replicas:
            description:
              - The replicas that the load should lead to. The module chooses a rate at which the HPA can settle only at
                this count. At a lower rate one replica fewer would be within the tolerance. At a higher rate the
                query could ask for one replica more for a moment, while new pods take their share of the load.
              - For many replicas and a short query window there may be no such rate. The message then gives the
                numbers.
            type: int
          stages:
            description:
              - Steps and ramps, one after the other. The rate must not fall. The last stage must be a step, since the
                prediction is for its rate.
            type: list
            elements: dict
            suboptions:
              rate:
                description: Requests per second at the end of the stage.
                type: float
                required: true
              duration:
                description: The length of the stage in seconds.
                type: float
                required: true
              ramp:
                description: Whether the rate rises from the rate of the previous stage, or from 0 in the first stage.
                type: bool
                default: false
          duration:
            description:
              - The maximum duration of the load, in seconds. The load ends earlier if the verdict is known.
              - The default is the latest predicted time, O(hold_seconds) and a margin of 15 s. A duration that is too
                short to prove anything is refused.
              - Stages have their own durations, so O(load.http.stages) excludes it.
            type: float
          activation_rate:
            description:
              - Requests per second in the phase V(activation).
              - The default is half of the lowest rate that could change the replicas.
            type: float
          timeout:
            description: The seconds to wait for the answer to a request.
            type: float
            default: 10
          workers:
            description: The number of sending processes, at most 4 per core. One can send some thousand requests per
              second.
            type: int
            default: 1
          keep_alive:
            description:
              - Whether requests reuse connections. Kubernetes balances connections and not requests, so new pods then
                get few of the requests.
            type: bool
            default: false
          max_rate:
            description:
              - The highest rate that the module may choose for O(load.http.replicas), in requests per second. If a
                higher one would be needed, the proof is refused, and the message shows the arithmetic.
              - The module chooses O(load.http.activation_rate) below it, too. A rate that the user gives is not
                limited.
            type: float
            default: 200
      external:
        description:
          - The load is sent by somebody else, such as k6, the producer of a queue, or real traffic. The module sends
            nothing and observes.
          - It requires O(expected), which decides the verdict, and supports only the phases V(scale_out) and V(hold).
            The workload need not be at rest before, since the load may already have begun, but it must have fewer
            replicas than expected.
          - RV(end_to_end) is null, and RV(hops) begin and end differently.
        type: dict
        suboptions:
          duration:
            description:
              - The maximum duration of the observation, in seconds. It ends earlier if the verdict is known.
              - The default is O(expected.within_seconds), O(hold_seconds) and a margin of 15 s.
            type: float
          begin:
            description:
              - The moment from which all times count.
              - V(call) - the moment at which the chain is ready and the module begins to observe.
              - V(rise) - the moment at which a trigger's value, the HPA's value of a metric, or the replicas are first
                seen above those at V(call). The module waits O(wait_timeout) seconds for it.
            type: str
            default: call
            choices: [call, rise]
  expected:
    description:
      - The expected effect of the load, for a load that somebody else sends and for triggers that can't be predicted,
        such as a queue or a latency. It decides the verdict instead of a prediction.
      - If a prediction is possible too, it must not contradict what is expected, or the proof is refused before the
        load.
    type: dict
    suboptions:
      replicas:
        description:
          - >-
            The replicas, as a count such as V(4), or as a range such as V([3, 5]) or V({min: 3, max: 5}). They must be
            more than the replicas before the load.
          - In a range, changes between expected counts are allowed, also while O(hold_seconds) pass.
        type: raw
        required: true
      within_seconds:
        description: The seconds after the load's begin within which they must be Ready.
        type: float
        required: true
  counter_metric:
    description:
      - The counter that each request raises by one, as a name or as a selector such as
        C(http_requests_total{namespace="shop"}).
      - With it, the module compares the answered requests with the raw counters on the pods' own metrics pages (see
        RV(end_to_end)), and RV(hops) has V(load_scraped) and V(new_pod_counted).
    type: str
  metric_per_request:
    description:
      - The amount that one request per second adds to the value of the trigger's query.
      - By default it is read from the query. For V(sum(rate(requests_total[1m]\)\)) it is 1, and for
        V(sum(increase(requests_total[1m]\)\)) it is 60. It can't be read from a gauge. For requests in flight it is the
        seconds that an answer takes, by Little's law.
    type: float
  query_window:
    description:
      - The seconds that the trigger's query looks back.
      - By default they are read from the query, and from the recording rules that it uses. They are required if
        Prometheus' rules can't be read, or together with O(metric_per_request) if the query is not understood (see
        RV(predicted.not_predicted)).
    type: float
  proof_dir:
    description:
      - The folder for the results. Each run creates a folder in it, named after the time, with C(verdict.json) and
        C(timeline.csv). The link C(latest) points to the newest folder.
    type: path
    required: true
  expect:
    description:
      - The verdicts with which the task succeeds. The codes in parentheses are the possible values of RV(reason).
      - V(scaled) - all phases went as predicted (C(as_predicted)), or as in O(expected) (C(as_expected)).
      - V(scaled_late) - the predicted replicas were Ready after RV(predicted.latest_seconds) (C(after_latest)), the
        expected ones after O(expected.within_seconds) (C(after_expected)), or so late that the load ended before
        O(hold_seconds) had passed (C(hold_cut_short)), or they were back at the minimum or at zero later than predicted
        (C(scale_in_after_latest)).
      - V(wrong_count) - the replicas went to another count (C(fewer_than_predicted), C(more_than_predicted),
        C(other_trigger), C(fewer_than_expected), C(more_than_expected)), or not all of them became Ready
        (C(pods_not_ready)).
      - V(wrong_cause) - the replicas moved, and not because of the load. They moved before it
        (C(moved_before_load)), or before it can have raised the metric that far (C(too_early)). The trigger's query, or
        the HPA's value of it, was not over the threshold when the HPA decided (C(metric_never_over)). The pods did not
        count these requests, or Prometheus did not scrape them (C(requests_not_counted)). Another trigger asked for
        the replicas (C(other_trigger)). Or somebody else changed them, through another HPA, kubectl, GitOps or a raised
        minimum, for example (C(other_writer)).
      - V(not_scaled) - the replicas did not grow. This may be as predicted (C(load_under_threshold),
        C(load_under_activation), C(max_replicas), C(scale_up_disabled), C(fallback), or C(query_limit), where the
        trigger's query limits its value). Otherwise the metric never rose above the threshold
        (C(metric_not_over_threshold)), the HPA did not act on it (C(hpa_did_not_act)), or no new pod became Ready
        (C(pods_not_ready)). It has a reason of V(wrong_count) if the HPA decided on another count but no more pods
        became Ready.
      - The reason for V(wrong_count) or V(not_scaled) is C(load_not_sent) or C(load_not_answered) if less than 95 % of
        the requests were sent, or answered with 2xx.
      - V(flapped) - the predicted replicas became Ready and did not stay (C(left_during_hold)), or a rollout of the
        workload began meanwhile (C(rolled_out)).
      - V(not_scaled_in) - the replicas did not return to the minimum (C(not_at_minimum)) or to zero (C(not_at_zero)).
      - V(not_ready) - nothing was sent, or only the load of the activation phase. A link of the chain is missing
        (C(deployment_missing), C(workload_missing), C(pods_not_ready), C(prometheus_unreachable), C(query_failed),
        C(scrape_target_missing), C(scrape_target_down), C(scaledobject_missing), C(scaledobject_paused),
        C(scaledobject_not_ready), C(hpa_missing), C(hpa_metric_invalid)), or the workload does not come to rest
        (C(not_at_rest)). A fault that no waiting can fix ends the wait at once - Prometheus refuses the request
        (C(prometheus_refused)), can't parse the query (C(query_invalid)), has several series for it where KEDA accepts
        one (C(query_returns_several_series)), or does not report its scrape interval (C(scrape_interval_unknown)).
      - V(aborted) - nothing is proven. The cause is a signal (C(interrupted)), a load that could not be sent or was too
        short (C(load_not_sent)) or was not answered (C(load_not_answered)) or was not seen to begin
        (C(load_not_seen)), replicas that could not be watched (C(not_observed)), a ScaledObject that was deleted
        (C(scaledobject_deleted)) or that allows no prediction (C(not_predictable)), options with which a proof is
        impossible (C(bad_input)), or an error of this module (C(internal_error)). With the last two the task always
        fails.
    type: list
    elements: str
    default: [scaled]
    choices: [scaled, scaled_late, wrong_count, wrong_cause, not_scaled, flapped, not_scaled_in, not_ready, aborted]
  fail_on_unexpected:
    description: Whether the task fails if the verdict is not in O(expect). Otherwise it returns the verdict.
    type: bool
    default: true
  hold_seconds:
    description: The seconds for which the predicted replicas must stay Ready under load, in the phase V(hold).
    type: int
    default: 15
  wait_timeout:
    description:
      - The seconds to wait until the chain is ready, before anything is sent. A missing link that no waiting can fix
        ends the wait at once.
      - A port of the load's URL that refuses connections is waited for, since a Service's does so while none of its
        pods is Ready, but not longer than a minute after the chain is ready.
      - The wait for rest after an earlier load is not included. Its length is computed.
    type: int
    default: 300
  wait_sleep:
    description: The seconds between two lines of progress.
    type: int
    default: 5
  prometheus_url:
    description:
      - The URL of the Prometheus that the trigger queries, or of another Prometheus with the same data, if this machine
        can reach it.
      - By default the module finds Prometheus through the trigger's C(serverAddress) and reaches it by a port-forward
        to its pod.
      - A connection to the URL goes through the proxy that E(HTTP_PROXY) or E(HTTPS_PROXY) names for it, unless
        E(NO_PROXY) excludes it. A port-forward goes through the API server.
    type: str
  prometheus_headers:
    description:
      - Headers of every request to Prometheus, such as C(Authorization) or C(X-Scope-OrgID).
      - They take precedence over the trigger's C(customHeaders) and C(authModes). By default the header of the
        authModes bearer, basic and custom comes from the Secret that the trigger's C(authenticationRef) leads to, if
        the kubeconfig may read both.
      - Ansible hides their values everywhere in the result, even where the same text occurs by chance. A short value
        such as C(1) hides every 1.
      - C(Authorization) takes precedence over a user and a password in the trigger's C(serverAddress), which the module
        sends as KEDA does, and does not show.
    type: dict
  prometheus_validate_certs:
    description:
      - Whether the certificate of Prometheus is checked, with an https O(prometheus_url), and with an https
        C(serverAddress) inside the port-forward, where it must have the name of the Service.
      - The default is V(true), or for a C(serverAddress) the opposite of the trigger's C(unsafeSsl).
    type: bool
  prometheus_ca_path:
    description:
      - A file with the CA certificates for Prometheus, or a folder of them in OpenSSL's format.
      - The default is this machine's CA certificates.
    type: path
  scrape_interval:
    description:
      - The seconds between two scrapes of the targets that feed the metric.
      - The default is read from Prometheus' targets. Some managed services do not report it.
    type: float
  hpa_sync_period:
    description:
      - The controller manager's C(--horizontal-pod-autoscaler-sync-period) in seconds.
      - The default is read from the command line of the controller manager's pod. A cluster created by kubeadm has this
        pod in C(kube-system), and the kubeconfig needs C(list) on Pods in that namespace. Otherwise 15 is assumed.
    type: float
  hpa_tolerance:
    description:
      - The controller manager's C(--horizontal-pod-autoscaler-tolerance).
      - The default is read like that of O(hpa_sync_period), or else 0.1.
      - From Kubernetes 1.33 on, the HPA's own C(behavior.scaleUp.tolerance) takes precedence.
    type: float
  hpa_downscale_stabilization:
    description:
      - The controller manager's C(--horizontal-pod-autoscaler-downscale-stabilization) in seconds.
      - The default is read like that of O(hpa_sync_period), or else 300.
      - The HPA's own C(behavior.scaleDown.stabilizationWindowSeconds) takes precedence.
    type: float
  pod_start_seconds:
    description:
      - The seconds within which a new pod must be scheduled and started, without the time of its own probes.
      - They are part of RV(predicted.latest_seconds), after which the verdict is V(scaled_late).
    type: float
    default: 30
  progress_file:
    description:
      - A file to which the module appends its progress as lines of JSON.
      - The action plugin of the same name sets the option and displays the lines, so a task does not need it.
    type: path
attributes:
  check_mode:
    details:
      - In check mode the module plans the proof with the same code. It checks options, permissions and whether
        something listens at O(load.http.url), observes the chain for at most 10 s, and returns RV(predicted), RV(load),
        RV(message) and RV(foreseen). It sends no request to the application and writes no file.
      - A workload that is not at rest is planned as if it were, and a chain that is not ready is a warning.
      - The task fails if the proof would be refused, or if the verdict of RV(foreseen) is not in O(expect). Examples
        are a load under the threshold, and a trigger that can't be predicted without O(expected).
requirements:
  - Linux and Python >= 3.11 on the machine that runs the module, which is the controller
  - aiohttp (Python library) >= 3.9.0
  - httptools (Python library) >= 0.6.0
  - prometheus-client (Python library)
  - promql-parser (Python library) >= 0.12.0
  - durationpy (Python library)
  - packaging, urllib3 and PyYAML, which come with ansible-core or with the library kubernetes
notes:
  - The kubeconfig needs the verbs C(list) and C(watch) on ScaledObjects, HorizontalPodAutoscalers, Pods, Events and the
    kind of the workload in O(namespace); for a Deployment on ReplicaSets, too, and for a custom resource C(get) on its
    subresource C(scale). Without O(prometheus_url) it also needs C(list) on Services and Endpoints, and C(get) on
    C(pods/portforward), in the namespace of Prometheus; with O(counter_metric) C(get) on C(pods/portforward) in
    O(namespace). From Kubernetes 1.35 on, a port-forward needs C(create), too. The module lists all that are missing
    before it sends anything.
  - A trigger with C(authModes) needs C(list) on Secrets and on TriggerAuthentications, or O(prometheus_headers). If
    pods of another namespace feed the metric, reading their counters needs the verbs of C(pods/portforward) in that
    namespace. The version of KEDA needs C(list) on Deployments in all namespaces, or in KEDA's own if that is C(keda)
    or C(kube-system); without it see RV(versions.keda). The playbook C(shkatara.keda_demo.manifests) writes a
    ServiceAccount with Roles for all of this but the credentials.
  - SIGINT and SIGTERM stop the load within a second. The verdict is then V(aborted), and the files are complete.
  - With C(async) or C(no_log), or on a machine other than the controller, no progress is shown.
seealso:
  - module: shkatara.keda_demo.scaledobject_info
"""

EXAMPLES = r"""
- name: Prove that the application scales out to 4 replicas, and back
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

- name: Gate a pipeline, with a Prometheus that has a URL
  shkatara.keda_demo.verify_scaling:
    context: staging
    namespace: shop
    name: checkout
    phases: [activation, scale_out, hold]
    load:
      http:
        url: https://192.0.2.20/orders  # the ingress
        method: POST
        headers:
          Host: checkout.staging.example.com
        body: {item: 7, amount: 1}
        ca_path: /etc/ssl/staging-ca.pem
        stages:
          - {rate: 170, duration: 60, ramp: true}
          - {rate: 170, duration: 240}
    prometheus_url: https://prometheus.staging.example.com
    prometheus_ca_path: /etc/ssl/staging-ca.pem
    prometheus_headers:
      Authorization: "Bearer {{ lookup('env', 'PROMETHEUS_TOKEN') }}"
    proof_dir: "{{ lookup('env', 'CI_PROJECT_DIR') }}/proof"
  register: proof

# In check mode there is no proof to show.
- name: Show the predicted and the observed replicas
  ansible.builtin.debug:
    msg: "{{ proof.predicted.replicas }} predicted, {{ proof.observed.replicas }} observed: {{ proof.message }}"
  when: not ansible_check_mode

- name: Gate a consumer of Kafka, whose lag can't be predicted, while the pipeline produces messages
  shkatara.keda_demo.verify_scaling:
    namespace: shop
    name: invoices
    load:
      external:
        begin: rise
    expected:
      replicas: [3, 5]
      within_seconds: 120
    proof_dir: "{{ playbook_dir }}/proof"

- name: Prove that a consumer scales from zero and back to zero, and continue whatever the verdict
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
  description:
    - The verdict of the proof; see O(expect).
    - After an error of this module the task returns only this, V(aborted), and RV(reason).
  type: str
  returned: when the proof was begun, also if the task fails, and never in check mode; so are the other values
  sample: scaled
reason:
  description: The code of the verdict's reason; see O(expect).
  type: str
  returned: when the proof was begun
  sample: as_predicted
message:
  description:
    - The verdict as a sentence with its numbers, and what to check after a failure.
    - In check mode the plan - the load, the prediction with its times, what can't be predicted, and RV(foreseen).
  type: str
  returned: success, and when the proof was begun
  sample: >-
    4 replicas Ready 42.4 s after the first request and stayed for 15 s under load; the prediction was 4 within 180 s.
    The load ended early, before its 210 s: the verdict was known.
predicted:
  description:
    - The prediction, as written to C(verdict.json) before the first request; null if the proof ended before it.
    - If nothing can be predicted, C(replicas) is null, and the other fields about the load are absent. If O(expected)
      replaces the prediction, C(replicas), C(possible_replicas), C(from_replicas), C(latest_seconds) and C(warnings)
      are those of the expectation, and the others are absent.
  type: dict
  returned: when the proof was begun, and in check mode
  contains:
    replicas:
      description:
        - The replicas that the HPA will want, the highest of C(possible_replicas).
        - For a mean with a target of type Value, the count at which the HPA settles. It may go higher until the query
          counts the new pods, and it comes back after its stabilization.
      type: int
      sample: 4
    possible_replicas:
      description:
        - Every count at which the HPA can settle. Several counts may be stable because of the tolerance, and
          because right after a step the query may exceed the load by up to the share of a scrape interval in its
          window.
      type: list
      elements: int
      sample: [4]
    from_replicas:
      description: The replicas before the load.
      type: int
      sample: 1
    reason:
      description: The cause of C(replicas), V(load) or a limit that keeps the replicas from growing further.
      type: str
      sample: load
    metric:
      description: The value that the trigger's query will return under the whole load.
      type: float
      sample: 34.5
    threshold:
      description: The HPA's target, per replica for V(AverageValue), in total for V(Value).
      type: float
      sample: 10.0
    target_type:
      description: The type of the target, V(AverageValue) or V(Value).
      type: str
      sample: AverageValue
    tolerance:
      description: The share by which the metric may exceed the target before the HPA acts.
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
        - For each count, the counts to which one sync of the HPA may change it. Scrapes, window and syncs have no fixed
          order, and each possible path of the HPA is a path through this graph.
      type: dict
      sample: {"1": [2, 3, 4], "2": [3, 4], "3": [4], "4": []}
    paths:
      description: The possible paths; null if there are more than 20.
      type: list
      elements: list
      sample: [[1, 2, 3, 4], [1, 2, 4], [1, 3, 4], [1, 4]]
    earliest_change_seconds:
      description: The shortest time from the first request to the first change; null if no change is predicted.
      type: float
      sample: 7.9
    latest_change_seconds:
      description: The longest time from the first request to the first change.
      type: float
      sample: 58.0
    earliest_seconds:
      description: >-
        The shortest time from the first request to the HPA's decision on one of C(possible_replicas); null if no change
        is predicted.
      type: float
      sample: 21.7
    latest_seconds:
      description: The longest time from the first request until all replicas are Ready.
      type: float
      sample: 180.0
    latest_parts:
      description:
        - The parts of C(latest_seconds).
        - C(new_pods_started) and C(new_pods_counted) are for counts at which the HPA can stall. New pods take requests
          at once, but C(rate) needs some scrapes to count them. The metric dips until then. C(new_pods_sync) is the
          time until the HPA's next sync, and C(new_pods_stabilization) the scale-up stabilization, which begins anew
          after each dip.
        - C(further_syncs) is the time for which the HPA's limits and policies delay growth. C(overshoot) is for an
          excess of the query, which may move the HPA on from a count at which it would settle.
      type: dict
      sample:
        scrape: 10.0
        query_window: 30.0
        hpa_sync: 15.0
        controllers: 3.0
        new_pods_started: 32.0
        new_pods_counted: 45.0
        new_pods_sync: 13.0
        pod_start: 32.0
    warnings:
      description:
        - Sentences about deviations that the HPA's settings allow, and about triggers and annotations that keep the
          HPA or KEDA from scaling in one direction.
      type: list
      elements: str
      sample: []
    source:
      description:
        - The numbers by which the load is judged - V(prediction), or V(expected) if O(expected) was given; null for a
          load that is only watched.
      type: str
      sample: prediction
    expected:
      description: O(expected) as C(min), C(max) and C(within_seconds); null without it.
      type: dict
      sample: null
    activation:
      description:
        - The prediction for the load of the phase V(activation), with the same fields up to C(warnings); null without
          this phase.
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
        replicas_ready: [21.7, 180.0]
    scale_in:
      description:
        - The decrease to the minimum, in seconds since the last request; null without the phase V(scale_in).
        - It has C(replicas), C(from_replicas), C(reason), C(steps), C(earliest_change_seconds),
          C(latest_change_seconds), C(latest_seconds) and C(latest_parts), as above.
      type: dict
      sample: null
    to_zero:
      description: The same for the last replicas, which KEDA removes; null without the phase V(to_zero).
      type: dict
      sample: null
    hops_back:
      description: The earliest and the latest time of each hop of the decrease, in seconds since the last request.
      type: dict
      sample: {}
    not_predicted:
      description: Each C(trigger) that is watched but not predicted, and C(why).
      type: list
      elements: dict
      sample: []
    read:
      description:
        - The settings read from the cluster, which are flags of the controller manager, fields of the HPA, or what one
          request per second adds to the trigger's query.
      type: dict
      sample:
        hpa_sync_period: 15.0
        hpa_tolerance: 0.1
        hpa_downscale_stabilization: 300.0
        metric_per_request: 1.0
    assumed:
      description: The settings that are options or defaults, and that nothing in the cluster confirms.
      type: dict
      sample: {pod_start_seconds: 30.0}
observed:
  description: The observed replicas and metric.
  type: dict
  returned: when the proof was begun
  contains:
    replicas:
      description: The replicas that were Ready when the load ended.
      type: int
      sample: 4
    desired_replicas:
      description: The replicas that the HPA wanted then; 0 without an HPA.
      type: int
      sample: 4
    current_replicas:
      description: The number of the workload's pods then.
      type: int
      sample: 4
    final_replicas:
      description: The replicas that were Ready at the end of the proof.
      type: int
      sample: 4
    metric:
      description: The last value of the trigger's query.
      type: float
      sample: 27.4
    path:
      description: The counts at each change, with C(seconds) since the first request.
      type: list
      elements: dict
      sample:
        - {seconds: 0.0, desired: 1, spec: 1, current: 1, ready: 1}
        - {seconds: 16.241, desired: 1, spec: 2, current: 1, ready: 1}
        - {seconds: 16.254, desired: 2, spec: 2, current: 1, ready: 1}
phases:
  description:
    - The result of each phase - C(phase), C(passed), C(reason) and C(message). V(activation) also has C(requests), the
      number of requests sent.
  type: list
  elements: dict
  returned: when the proof was begun
  sample:
    - phase: scale_out
      passed: true
      reason: as_predicted
      message: The predicted replicas were Ready 33.1 s after the first request.
load:
  description: The load and its answers.
  type: dict
  returned: when the proof was begun, and in check mode
  contains:
    sender:
      description: Who sends the load, V(http) for this module or V(external) for somebody else.
      type: str
      sample: http
    url:
      description: The URL of the requests, the first of several, without a user name and password.
      type: str
      sample: http://10.89.10.21:30115/
    urls:
      description: All URLs of the requests.
      type: list
      elements: str
      sample: [http://10.89.10.21:30115/]
    method:
      description: The method of the requests.
      type: str
      sample: GET
    rate:
      description: Requests per second in the last stage.
      type: float
      sample: 34.5
    duration:
      description: The planned length of the load in seconds.
      type: float
      sample: 210.0
    stages:
      description: The stages of the load, each with C(rate), C(duration) and C(ramp).
      type: list
      elements: dict
      sample: [{rate: 34.5, duration: 210.0, ramp: false}]
    scheduled:
      description: Requests that were due.
      type: int
      sample: 1660
    sent:
      description: Requests that were sent.
      type: int
      sample: 1660
    not_sent:
      description: Due requests that this machine did not send. Requests without an answer are not included.
      type: int
      sample: 0
    not_sent_reasons:
      description:
        - The number of C(not_sent) by reason - C(too_many_in_flight), C(too_late), or an error of this machine such as
          C(EMFILE) (no file descriptor left) and C(EADDRNOTAVAIL) (no port left).
      type: dict
      sample: {}
    late:
      description: Requests that were sent more than 10 ms after their scheduled time.
      type: int
      sample: 9
    answered:
      description: Requests answered with 2xx.
      type: int
      sample: 1660
    failed:
      description: Requests with another answer, or without one.
      type: int
      sample: 0
    in_flight:
      description: Requests whose answer had not yet arrived.
      type: int
      sample: 0
    statuses:
      description: The number of answers by HTTP status.
      type: dict
      sample: {"200": 1660}
    errors:
      description: The number of requests without an answer, by error.
      type: dict
      sample: {}
    late_ms:
      description: The delay of requests after their scheduled time, in milliseconds.
      type: dict
      sample: {p50: 0.9, p99: 6.2, max: 31.3}
    response_ms:
      description: The time until a 2xx answer, in milliseconds.
      type: dict
      sample: {p50: 609.5, p99: 672.9, max: 753.1}
    ended:
      description: Whether all requests were sent and no answer was outstanding.
      type: bool
      sample: true
    died:
      description: How a sending process ended, if it ended before the load; empty otherwise.
      type: str
      sample: ""
    ended_early:
      description: Whether the load was stopped early because the verdict was known.
      type: bool
      sample: true
hops:
  description:
    - The time at which each step of the chain was first observed, in the order of observation.
    - V(first_request), V(load_scraped) (the first sample that counts the load), V(metric_over_threshold),
      V(keda_activation) (from zero), V(hpa_metric_over_threshold), V(hpa_decision), V(hpa_target_decision) (on a
      predicted count), V(deployment_scaled) (V(workload_scaled) for kinds other than Deployment),
      V(replicaset_scaled), V(pod_created), V(pod_scheduled), V(image_there), V(container_started), V(pod_ready),
      V(new_pod_counted) (the first sample of a new pod that counts requests), V(replicas_ready) (a predicted or
      expected count, all Ready), V(load_ended) (the last request), V(scale_in_decision), V(replicas_at_minimum) and
      V(scaled_to_zero). A hop of pods is the first time that any new pod shows it.
    - With O(load.external) the first hop is V(load_begun), from which all times of the result count, and the last one
      V(observation_ended).
    - Events of different watches may arrive out of their causal order by some milliseconds.
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
      description: The source of the observation.
      type: str
    resolution_seconds:
      description: The maximum delay between the step and its observation; 0 for a watch event.
      type: float
    earliest:
      description: The earliest predicted time, in seconds since the first request; null if none was predicted.
      type: float
    latest:
      description: The latest predicted time; null if none was predicted.
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
    - The answered requests compared with the requests that the pods counted on their own metrics pages; null without
      O(counter_metric), and if it is not known which pods count. A difference is reported in RV(deviations). The
      verdict is then V(wrong_cause) instead of V(scaled), unless the pods counted more requests and the additional ones
      are no more than the other traffic at rest.
  type: dict
  returned: when the proof was begun
  contains:
    answered:
      description: Requests answered with 2xx, the smallest number that the pods must have counted.
      type: int
      sample: 1660
    most:
      description: Requests sent, the largest number that the pods may have counted, since a request without a 2xx
        answer may have been counted or not.
      type: int
      sample: 1660
    counted:
      description: The increase of the counter in all pods, from before the first request to the end of the load; null
        if a pod's increase is not known.
      type: float
      sample: 1660.0
    agrees:
      description: Whether C(counted) is in this range; null if it is not known.
      type: bool
      sample: true
    message:
      description: The comparison as a sentence.
      type: str
      sample: The pods counted 1660 requests, as many as the 1660 that were answered with 2xx.
    pods:
      description: The increase of each pod's counter, or why it is not known.
      type: dict
      sample: {test-8694f75cd4-mp728: 406.0, test-8694f75cd4-mtb98: 991.0}
deviations:
  description:
    - Sentences about observations that differ from the prediction - a hop outside its times, a step that is not in
      RV(predicted.steps), a rollout that began under load, a difference in RV(end_to_end). Of these only the
      last one may change the verdict, and a rollout its reason.
  type: list
  elements: str
  returned: when the proof was begun
  sample: []
evidence:
  description: The state of the objects at the end, reduced to the fields that matter for the verdict.
  type: dict
  returned: when the proof was begun, and in check mode
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
      description: The reason and message of its condition C(Ready).
      type: str
      sample: "ScaledObjectReady: ScaledObject is defined correctly and is ready for scaling"
    metric_names:
      description: The external metrics of the ScaledObject.
      type: list
      elements: str
      sample: [s0-prometheus-python_request_operations]
    hpa:
      description: The name of the HPA that KEDA created.
      type: str
      sample: keda-hpa-scaledobject-py
    hpa_scaling_active:
      description: The reason and message of the HPA's condition C(ScalingActive).
      type: str
      sample: >-
        ValidMetricFound: the HPA was able to successfully calculate a replica count from external metric
        s0-prometheus-python_request_operations(&LabelSelector{MatchLabels:map[string]string{scaledobject.keda.sh/name:
        scaledobject-py,},MatchExpressions:[]LabelSelectorRequirement{},})
    hpa_behavior:
      description: The HPA's C(spec.behavior); null if it has none.
      type: dict
      sample: null
    hpa_values:
      description: The HPA's last values of its external metrics, per replica for V(AverageValue).
      type: dict
      sample: {s0-prometheus-python_request_operations: 7.821}
    deployment:
      description: The name of the Deployment; null if the workload is of another kind.
      type: str
      sample: test
    workload:
      description:
        - The workload, with its kind and API version.
        - C(not_observed) has the hops that are left out for its kind. C(other_pods) has the pods of other workloads
          that its selector also selects, each with the workload that it belongs to. They are not counted as replicas.
      type: dict
      sample:
        kind: Deployment
        name: test
        api_version: apps/v1
        not_observed: []
        other_pods: {}
    triggers:
      description:
        - The triggers of the ScaledObject, each with the last value of its query. C(key) is unique. Of the
          C(customHeaders) only the names are listed.
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
          unsafe_ssl: false
          headers: []
          auth_modes: []
          value: 27.4
    trigger:
      description: The C(key) of the trigger whose metric the load raises; null if there is no trigger of a known type.
      type: str
      sample: "0"
    query_window_seconds:
      description: How far back that trigger's query looks; 0 if that is not known.
      type: float
      sample: 30.0
    query_shape:
      description:
        - What that trigger's query computes from its selector, or C(reason) and C(data) if it is not understood. One
          request per second adds C(factor) to its value within C(window) seconds.
        - C(low) and C(high) are the limits of the value, null without one.
      type: dict
      sample:
        selector: python_request_operations_total{namespace="test"}
        function: rate
        window: 30.0
        factor: 1.0
        offset: 0.0
        mean: false
        rounding: null
        rounding_step: 1.0
        low: null
        high: null
        over_time: []
        rules: []
        constant: 0.0
        single: true
        mean_of_pods: false
    counter:
      description: The selector of the counter that each request raises; null without O(counter_metric).
      type: str
      sample: python_request_operations_total{namespace="test"}
    scrape_interval_seconds:
      description: The longest scrape interval of the targets that feed the metric.
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
      description: The pods that the selector of the workload selects. C(waiting) is the reason why a pod does not run.
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
      description: The errors of the watches and queries that failed at the end, by source.
      type: dict
      sample: {}
versions:
  description: The versions of the software; null if a version could not be read.
  type: dict
  returned: when the proof was begun, and in check mode
  contains:
    kubernetes:
      description: The version of the API server.
      type: str
      sample: v1.25.0
    keda:
      description:
        - The version of KEDA's operator.
        - The effect of the annotations that pause a ScaledObject and of C(fallback) depends on it. Without it, KEDA is
          assumed to know all of them.
      type: str
      sample: 2.10.0
    prometheus:
      description: The version of Prometheus.
      type: str
      sample: 2.41.0
proof:
  description: The folder with C(verdict.json), which contains all of these values, and C(timeline.csv).
  type: str
  returned: when the proof was begun
  sample: build/proof/20261125T030527Z
foreseen:
  description:
    - The C(verdict) and the C(reason) that the proof would have if everything went as planned; null if the chain is not
      ready enough for a plan.
  type: dict
  returned: in check mode
  sample: {verdict: scaled, reason: as_predicted}
"""

import sys
import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.common import imports
from ..module_utils._internal.common.errors import BadInput
from ..module_utils._internal.kube import access_options
from ..module_utils._internal.kube.cluster import Cluster, ClusterError
from ..module_utils._internal.proof import options, prerequisites, secrets, wiring
from ..module_utils._internal.proof.output.files import ProofFilesError

LIBRARIES = {
    "aiohttp": "aiohttp",
    "durationpy": "durationpy",
    "httptools": "httptools",
    "kubernetes": "kubernetes",
    "packaging": "packaging",
    "prometheus_client": "prometheus-client",
    "promql_parser": "promql-parser",
    "urllib3": "urllib3",
    "yaml": "PyYAML",
}


def run(module: AnsibleModule) -> None:
    """Check the options and the target, run the proof or in check mode plan it, and end the module."""
    params = module.params
    secrets.hide(module.no_log_values, params)
    try:
        load_options = options.check_options(params)
        cluster = Cluster(**access_options.of_params(params))
        target = prerequisites.find_target(cluster, params)
        module.no_log_values |= secrets.of_triggers(target.triggers)
        result = wiring.run_proof(params, load_options, cluster, target, plan_only=module.check_mode)
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
    end_plan(module, result) if module.check_mode else end(module, result)


def end_plan(module: AnsibleModule, result: dict[str, Any]) -> None:
    """End the module with the plan of a proof; a proof that can't have an expected verdict is a failure."""
    params, foreseen = module.params, result["foreseen"]
    for note in result.pop("notes"):
        module.warn(note)
    if isinstance(foreseen, dict) and params["fail_on_unexpected"] and foreseen["verdict"] not in params["expect"]:
        expected = " or ".join(params["expect"])
        module.fail_json(
            msg=f"The verdict would be {foreseen['verdict']} ({foreseen['reason']}), and {expected} is expected. "
            f"{result['message']}",
            changed=False,
            **result,
        )
    module.exit_json(changed=False, **result)


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
    if missing := imports.missing(LIBRARIES):
        module.fail_json(msg=imports.message(missing))
    run(module)


if __name__ == "__main__":
    main()
