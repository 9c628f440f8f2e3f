# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until Kubernetes objects are ready, all at the same time, and name the reason for each that is not."""

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_ready
short_description: Wait until Kubernetes objects are ready
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Waits until several objects, also of different kinds, are ready, in one task and with one connection.
  - M(kubernetes.core.k8s_info) waits for objects of one kind, one after the other, and does not explain the state
    of their pods. For each object that is not ready, this module returns the reason, and the reasons of its pods.
  - The module only reads, so it never returns C(changed).
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
  - shkatara.keda_demo.progress
  - shkatara.keda_demo.read_only
options:
  resources:
    description: The objects to wait for. They need not exist when the module starts.
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description:
          - The kind of the object.
          - A V(Deployment), V(DaemonSet) or V(StatefulSet) is ready when its rollout is finished and its pods
            are ready. An object of another kind is ready when its condition C(Available), C(Established) or
            C(Ready) is true.
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
        description: The namespace of the object, for kinds that are namespaced.
        type: str
        default: default
  wait_timeout:
    description: The maximum time to wait, in seconds.
    type: int
    default: 120
  wait_sleep:
    description: The time between two checks, in seconds.
    type: float
    default: 1
attributes:
  check_mode:
    details:
      - In check mode the module checks the objects once, and does not fail if some are not ready.
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
  description: The time that the module waited, in seconds.
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
      description: The kind, the namespace and the name.
      type: str
      sample: StatefulSet monitoring/prometheus-k8s
    reason:
      description: The reason why it is not ready.
      type: str
      sample: 0 of 1 pods are ready
    pods:
      description: The name and the reason of each of its pods that is not ready.
      type: list
      elements: str
      sample: ["prometheus-k8s-0: it has no node: 0/2 nodes are available: 2 Insufficient memory."]
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.common import imports
from ..module_utils._internal.common.progress import Progress
from ..module_utils._internal.kube import access_options, readiness, selectors
from ..module_utils._internal.kube.access import Access
from ..module_utils._internal.kube.access_options import AccessOptions
from ..module_utils._internal.kube.errors import ClusterError, no_answer_message
from ..module_utils._internal.kube.options import ACCESS_OPTIONS
from ..module_utils._internal.kube.readiness import KINDS, Object

try:
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError
except ImportError:  # main reports it
    ApiException = RuntimeError
    HTTPError = RuntimeError  # type: ignore[misc,assignment]

_TIMEOUT = (5, 20)  # to connect, to read; in seconds
_FATAL = (401, 403)
Resource = Mapping[str, str]


class Reader:
    """Reads objects of the cluster one at a time.

    The kubernetes library loads each API at its first use, which takes half a second for that of Pods. So that one is
    used only if an object is not ready.
    """

    def __init__(self, kubeconfig: str | None, context: str | None, **options: Any) -> None:
        """:raises ClusterError: see Access"""
        access = Access(AccessOptions(kubeconfig, context, **options))
        self._server = access.server
        self._client = access.new_client()
        # Despite its name, it reads objects of every group.
        self._api = client.CustomObjectsApi(self._client)

    def get(self, resource: Resource) -> Object | None:
        """Return an object; None if it does not exist or the cluster does not know its kind (yet).

        :raises ClusterError: no answer, or no permission; `status` is the HTTP status or 0
        """
        group, version, plural, namespaced = KINDS[resource["kind"]]
        try:
            if namespaced:
                obj = self._api.get_namespaced_custom_object(
                    group, version, resource["namespace"], plural, resource["name"], _request_timeout=_TIMEOUT
                )
            else:
                obj = self._api.get_cluster_custom_object(
                    group, version, plural, resource["name"], _request_timeout=_TIMEOUT
                )
        except ApiException as error:
            if error.status == 404:
                return None
            if not error.status:
                raise ClusterError(no_answer_message(self._server, error)) from error
            raise ClusterError(f"the API server answers {error.status} ({error.reason})", error.status) from error
        except (HTTPError, OSError) as error:
            raise ClusterError("the API server does not answer") from error
        return dict(obj)

    def pod_troubles(self, resource: Resource, obj: Object | None) -> list[str]:
        """Return the names and reasons of an object's pods that are not ready; none if the object has no selector."""
        selector = ((obj or {}).get("spec") or {}).get("selector")
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


def unready_resources(reader: Reader, resources: Sequence[Resource]) -> list[dict[str, Any]]:
    """Return the resources that are not ready, in the form of `not_ready` in RETURN.

    :raises ClusterError: the credentials don't suffice, and waiting does not help
    """
    findings = []
    for resource in resources:
        obj = None
        try:
            obj = reader.get(resource)
            reason = readiness.unready_reason(resource["kind"], obj)
        except ClusterError as error:
            if error.status in _FATAL:
                raise ClusterError(f"{resource_name(resource)}: {error}", error.status) from error
            reason = str(error)
        if reason:
            pods = reader.pod_troubles(resource, obj)
            findings.append({"object": resource_name(resource), "reason": reason, "pods": pods})
    return findings


def resource_name(resource: Resource) -> str:
    """Return the kind, the namespace and the name, such as ``Deployment keda/keda-operator``."""
    namespace = f"{resource['namespace']}/" if KINDS[resource["kind"]][3] else ""
    return f"{resource['kind']} {namespace}{resource['name']}"


def wait(
    check: Callable[[], list[dict[str, Any]]],
    timeout: float,
    sleep_seconds: float,
    say: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[list[dict[str, Any]], float]:
    """Check until nothing is left or the time is over; return the rest, and the seconds that passed.

    :param check: returns the resources that are not ready, see unready_resources
    :param say: displays a line, whenever the reasons have changed
    """
    start, previous = clock(), ""
    while True:
        findings = check()
        waited = clock() - start
        if not findings or waited >= timeout:
            return findings, round(waited, 1)
        reasons = "; ".join(f"{item['object']}: {item['reason']}" for item in findings)
        if reasons != previous:
            say(f"{waited:.0f} s, waiting for {reasons}")
            previous = reasons
        sleep(sleep_seconds)


def failure(findings: Sequence[Mapping[str, Any]], waited: float) -> str:
    """Return the message of a failure: each object with its reason, and its pods with theirs."""
    lines = [f"{len(findings)} not ready after {waited:g} s (wait_timeout)"]
    for item in findings:
        lines.append(f"  - {item['object']}: {item['reason']}")
        lines += [f"      Pod {pod}" for pod in item["pods"]]
    return "\n".join(lines)


def run(module: AnsibleModule) -> None:
    """Wait, and end the module with the result."""
    params = module.params
    progress = Progress(params["progress_file"])
    timeout = 0 if module.check_mode else params["wait_timeout"]
    try:
        reader = Reader(**access_options.of_params(params))
        findings, waited = wait(
            lambda: unready_resources(reader, params["resources"]), timeout, params["wait_sleep"], progress.say
        )
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
    if missing := imports.missing({"kubernetes": "kubernetes", "urllib3": "urllib3"}):
        module.fail_json(msg=imports.message(missing))
    run(module)


if __name__ == "__main__":
    main()
