# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until Kubernetes objects are ready, all at the same time, and say why one is not."""

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_ready
short_description: Wait until Kubernetes objects are ready
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Waits until all of several objects of several kinds are ready, in one task and with one connection.
  - M(kubernetes.core.k8s_info) waits for objects of one kind, one after the other, and does not say what is
    wrong with their pods. This module names for each object that is not ready what it lacks, and its pods
    with their reasons.
  - It only reads, so it is never C(changed).
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
options:
  resources:
    description: The objects to wait for. They need not be there when it begins.
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description:
          - The kind of the object.
          - A V(Deployment), V(DaemonSet) or V(StatefulSet) is ready when its rollout is finished and its pods
            are ready; the other kinds are by the condition that says so.
        type: str
        required: true
        choices:
          - APIService
          - CustomResourceDefinition
          - DaemonSet
          - Deployment
          - Prometheus
          - ScaledObject
          - StatefulSet
      name:
        description: The name of the object.
        type: str
        required: true
      namespace:
        description: The namespace of the object, for kinds that are in one.
        type: str
        default: default
  wait_timeout:
    description: The seconds to wait at most.
    type: int
    default: 120
  wait_sleep:
    description: The seconds between two looks.
    type: float
    default: 1
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
      - In check mode the module looks once, and does not fail for what is not ready.
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
requirements:
  - kubernetes (Python library) >= 24.2.0
notes:
  - The kubeconfig needs the verb C(get) on the objects, and C(list) on Pods in their namespaces.
"""

EXAMPLES = r"""
- name: Wait until the monitoring is ready
  shkatara.keda_demo.k8s_ready:
    kubeconfig: ~/.kube/config
    resources:
      - {kind: Deployment, namespace: monitoring, name: prometheus-operator}
      - {kind: DaemonSet, namespace: monitoring, name: node-exporter}
      - {kind: Prometheus, namespace: monitoring, name: k8s}
    wait_timeout: 300
"""

RETURN = r"""
waited:
  description: The seconds that it waited.
  type: float
  returned: always
  sample: 12.4
not_ready:
  description: The objects that are not ready; empty when the task succeeded outside check mode.
  type: list
  elements: dict
  returned: always
  contains:
    object:
      description: Kind, namespace and name.
      type: str
      sample: StatefulSet monitoring/prometheus-k8s
    reason:
      description: Why it is not ready.
      type: str
      sample: 0 of 1 pods are ready
    pods:
      description: What is wrong with each of its pods that is not ready.
      type: list
      elements: str
      sample: ["prometheus-k8s-0: it has no node: 0/2 nodes are available: 2 Insufficient memory."]
"""

import json
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._internal.common.progress import Progress
from ..module_utils._internal.kube import readiness, selectors
from ..module_utils._internal.kube.cluster import ClusterError, kubeconfig_path, new_client
from ..module_utils._internal.kube.options import ACCESS_OPTIONS
from ..module_utils._internal.kube.readiness import KINDS, Object

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    KUBERNETES_IMPORT_ERROR = None
except ImportError:
    KUBERNETES_IMPORT_ERROR = traceback.format_exc()

_TIMEOUT = (5, 20)  # to connect, to read; in seconds
_FATAL = (401, 403)
Resource = Mapping[str, str]


class Reader:
    """The cluster's objects, one by one.

    Of the kubernetes library only what is needed is touched: it loads each API when it is first used, and
    takes half a second for the one of Pods.
    """

    def __init__(self, kubeconfig: str | None, context: str | None) -> None:
        """:raises ClusterError: see new_client"""
        self._client = new_client(kubeconfig_path(kubeconfig), context)
        # In spite of its name it reads objects of every group.
        self._api = client.CustomObjectsApi(self._client)

    def get(self, resource: Resource) -> Object | None:
        """Return an object, None where there is none or the kind is not known (yet).

        :raises ClusterError: no answer, or no permission; `status` is the HTTP status or 0
        """
        group, version, plural, namespaced = KINDS[resource["kind"]]
        try:
            if namespaced:
                found = self._api.get_namespaced_custom_object(
                    group, version, resource["namespace"], plural, resource["name"], _request_timeout=_TIMEOUT
                )
            else:
                found = self._api.get_cluster_custom_object(
                    group, version, plural, resource["name"], _request_timeout=_TIMEOUT
                )
        except ApiException as error:
            if error.status == 404:
                return None
            words = f"the API server answers {error.status} ({error.reason})"
            raise ClusterError(words, error.status) from error
        except (HTTPError, OSError) as error:
            raise ClusterError("the API server does not answer") from error
        return dict(found)

    def pods(self, resource: Resource, found: Object | None) -> list[str]:
        """Return what is wrong with the pods of an object that selects some."""
        selector = ((found or {}).get("spec") or {}).get("selector")
        if not KINDS[resource["kind"]][3] or not isinstance(selector, Mapping):
            return []
        try:
            response = client.CoreV1Api(self._client).list_namespaced_pod(
                resource["namespace"],
                label_selector=selectors.label_selector(selector),
                _preload_content=False,
                _request_timeout=_TIMEOUT,
            )
            pods = json.loads(response.data).get("items") or []
        except (ApiException, HTTPError, OSError, ValueError):
            return []
        return [f"{pod['metadata']['name']}: {trouble}" for pod in pods for trouble in readiness.pod_troubles(pod)]


def look(reader: Reader, resources: Sequence[Resource]) -> list[dict[str, Any]]:
    """Return the resources that are not ready, as RETURN has them.

    :raises ClusterError: the credentials don't suffice, which no waiting mends
    """
    findings = []
    for resource in resources:
        found = None
        try:
            found = reader.get(resource)
            reason = readiness.why_not_ready(resource["kind"], found)
        except ClusterError as error:
            if error.status in _FATAL:
                raise ClusterError(f"{name_of(resource)}: {error}", error.status) from error
            reason = str(error)
        if reason:
            findings.append({"object": name_of(resource), "reason": reason, "pods": reader.pods(resource, found)})
    return findings


def name_of(resource: Resource) -> str:
    """Return kind, namespace and name, as a person writes them."""
    namespace = f"{resource['namespace']}/" if KINDS[resource["kind"]][3] else ""
    return f"{resource['kind']} {namespace}{resource['name']}"


def wait(
    look_once: Callable[[], list[dict[str, Any]]],
    timeout: float,
    sleep_seconds: float,
    say: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[list[dict[str, Any]], float]:
    """Look until nothing is left or the time is over; return what is left, and the seconds that it took."""
    start, said = clock(), ""
    while True:
        findings = look_once()
        waited = clock() - start
        if not findings or waited >= timeout:
            return findings, round(waited, 1)
        words = "; ".join(f"{item['object']}: {item['reason']}" for item in findings)
        if words != said:
            say(f"{waited:.0f} s, waiting for {words}")
            said = words
        sleep(sleep_seconds)


def failure(findings: Sequence[Mapping[str, Any]], waited: float) -> str:
    """Return the message for the person who has to mend it."""
    lines = [f"{len(findings)} not ready after {waited:g} s (wait_timeout)"]
    for item in findings:
        lines.append(f"  - {item['object']}: {item['reason']}")
        lines += [f"      Pod {pod}" for pod in item["pods"]]
    return "\n".join(lines)


def run(module: AnsibleModule) -> None:
    """Wait, and end the module."""
    params = module.params
    progress = Progress(params["progress_file"])
    timeout = 0 if module.check_mode else params["wait_timeout"]
    try:
        reader = Reader(params["kubeconfig"], params["context"])
        findings, waited = wait(lambda: look(reader, params["resources"]), timeout, params["wait_sleep"], progress.say)
    except ClusterError as error:
        module.fail_json(msg=str(error), changed=False)
    finally:
        progress.close()
    result = {"changed": False, "waited": waited, "not_ready": findings}
    if findings and not module.check_mode:
        module.fail_json(msg=failure(findings, waited), **result)
    module.exit_json(**result)


def main() -> None:
    """Entry point."""
    resource = {
        "kind": {"type": "str", "required": True, "choices": sorted(KINDS)},
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str", "default": "default"},
    }
    module = AnsibleModule(
        argument_spec={
            **ACCESS_OPTIONS,
            "resources": {"type": "list", "elements": "dict", "required": True, "options": resource},
            "wait_timeout": {"type": "int", "default": 120},
            "wait_sleep": {"type": "float", "default": 1},
            "progress_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    run(module)


if __name__ == "__main__":
    main()
