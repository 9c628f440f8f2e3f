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
  - The task fails when the verdict is none of O(expect).
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
              - A rate of (n - 0.3) times the threshold has exactly one right answer, which is n replicas.
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
      - The verdicts with which the task is successful.
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
      - It is part of the time after which the verdict is V(scaled_late).
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
        duration: 150
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

- name: Show what was predicted and seen
  ansible.builtin.debug:
    msg: "{{ proof.predicted.replicas }} predicted, {{ proof.observed.replicas }} seen: {{ proof.message }}"
"""

RETURN = r"""
"""

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
from ansible_collections.shkatara.keda_demo.plugins.module_utils._load import LoadProcess, LoadSpec
from ansible_collections.shkatara.keda_demo.plugins.module_utils._observe import (
    Observation,
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
from ansible_collections.shkatara.keda_demo.plugins.module_utils._proof import (
    Interrupt,
    Options,
    Outputs,
    Proof,
    Watched,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._target import (
    BadInput,
    ProofTarget,
    find_target,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._timeline import Clock, ProofFiles
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
    load = LoadProcess(spec)  # before any thread: it is forked
    interrupt = Interrupt()
    listen_for_signals(interrupt)
    clock = Clock(time.monotonic, time.time)
    files = ProofFiles(params["proof_dir"], time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    progress = Progress(params["progress_file"])
    sink: queue.Queue[Observation] = queue.Queue()
    options = Options(**{key: params[key] for key in Options.__dataclass_fields__})
    try:
        poller = start_threads(cluster, target, params["prometheus_url"], sink)
        watched = Watched(sink, clock, interrupt, poller.targets_settled)
        return Proof(target, options, load, watched, Outputs(progress, files, versions)).run()
    finally:
        load.close()
        files.close()
        progress.close()


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
    except (BadInput, ClusterError) as error:
        result = {}
        module.fail_json(msg=str(error), changed=False)
    except OSError as error:
        result = {}
        module.fail_json(msg=f"proof_dir {params['proof_dir']}: {error}", changed=False)
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
