#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a cluster has of the demo's parts, and what is against a demo there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: demo_cluster_info
short_description: Read what a cluster has of the demo's parts, and what is against a demo there
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Reads a cluster's version, its KEDA, its Prometheuses, the namespaces that the demo needs, its NodePorts and the
    user's rights, and returns what the demo would do there, with all that is against it.
  - It also tries whether this machine has a way to the NodePort of a node, on which nothing may listen yet.
  - The module only reads, so it is never C(changed). What is against a demo is in RV(problems), and is no failure.
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
  - shkatara.keda_demo.read_only
options:
  stack:
    description:
      - The stack's data, as P(shkatara.keda_demo.stack#lookup) returns it, with the versions of Kubernetes for which
        its parts are made.
    type: dict
    required: true
  keda_state:
    description:
      - Whether the demo installs KEDA (V(present)) or uses the cluster's own (V(existing)); V(detect) uses the
        cluster's own if it has one.
    type: str
    choices: [detect, present, existing, absent]
    default: detect
  kube_prometheus_state:
    description: The same for the monitoring.
    type: str
    choices: [detect, present, existing, absent]
    default: detect
  prometheus:
    description: The Prometheus to use, as C(namespace/name), for a cluster that has several.
    type: str
    default: ""
  prometheus_url:
    description: The URL by which pods reach that Prometheus. If it is empty, it is found by the Services.
    type: str
    default: ""
  load_way:
    description:
      - How the load comes to the application. V(node_port) is a NodePort, V(api) the API server's proxy for Services,
        and V(auto) the NodePort if this machine has a way there.
    type: str
    choices: [auto, node_port, api]
    default: auto
  load_url_given:
    description: Whether the load goes to a URL of the user's, so that no way is needed.
    type: bool
    default: false
  node_port:
    description: The application's port on every node.
    type: int
    required: true
  field_manager:
    description: The field manager by which the roles apply objects, and by which they know their own.
    type: str
    default: keda_demo
attributes:
  check_mode:
    details:
      - The module only reads, and does the same in check mode.
notes:
  - The kubeconfig needs the verb C(get) on namespaces, APIServices, CustomResourceDefinitions, webhook configurations
    and the kinds of RBAC, and C(list) on Services, Nodes and Prometheuses in all namespaces. A right that is missing is
    in RV(problems).
seealso:
  - module: shkatara.keda_demo.k8s_absent
"""

EXAMPLES = r"""
- name: Read the cluster
  shkatara.keda_demo.demo_cluster_info:
    kubeconfig: ~/.kube/config
    stack: "{{ lookup('shkatara.keda_demo.stack', 'seed') }}"
    node_port: 30115
  register: cluster

- name: Show what is against a demo
  ansible.builtin.debug:
    msg: "{{ cluster.problems }}"
"""

RETURN = r"""
version:
  description: The version of the API server.
  type: str
  returned: success
  sample: v1.25.0
keda:
  description: What the demo does about KEDA.
  type: dict
  returned: success
  contains:
    state:
      description: V(present) to install it, V(existing) to use the cluster's own.
      type: str
      sample: present
    namespace:
      description: The namespace of the cluster's own; empty if it is not known.
      type: str
      sample: ""
kube_prometheus:
  description: What the demo does about the monitoring, and what the application needs for the cluster's own.
  type: dict
  returned: success
  contains:
    state:
      description: V(present) to install it, V(existing) to use the cluster's own.
      type: str
      sample: existing
    name:
      description: The name of the Prometheus; empty for the demo's own, as are the fields below.
      type: str
      sample: main
    namespace:
      description: Its namespace.
      type: str
      sample: observability
    service_account:
      description: The ServiceAccount by which it looks for pods.
      type: str
      sample: metrics
    url:
      description: The URL by which pods reach it.
      type: str
      sample: http://metrics.observability.svc:9090
    monitor_labels:
      description: The labels by which it takes a ServiceMonitor.
      type: dict
      sample: {team: platform}
    namespace_labels:
      description: The labels by which it takes the ServiceMonitors of a namespace.
      type: dict
      sample: {}
load:
  description: How the load comes to the application.
  type: dict
  returned: success
  contains:
    way:
      description: V(node_port), V(api), or V(url) if the user has given one.
      type: str
      sample: api
    url:
      description: The URL of the requests; empty if the user has given one.
      type: str
      sample: https://192.0.2.11:6443/api/v1/namespaces/test/services/test:http/proxy/
    message:
      description: A sentence about it.
      type: str
      sample: >-
        no way from this machine to port 30115 of 192.0.2.11, so the load goes through the API server, whose proxy
        spreads it over the pods
api:
  description: The API server, as the kubeconfig has it.
  type: dict
  returned: success
  contains:
    server:
      description: Its URL, without a user.
      type: str
      sample: https://192.0.2.11:6443
    ca:
      description: The certificates of its authority in PEM format; empty for those of this machine.
      type: str
      sample: "-----BEGIN CERTIFICATE-----..."
    validate_certs:
      description: Whether its certificate is checked.
      type: bool
      sample: true
problems:
  description: What is against a demo, a sentence each.
  type: list
  elements: str
  returned: success
  sample: []
"""

import importlib
import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._internal.kube import access_options, permissions
from ..module_utils._internal.kube.cluster import Cluster, ClusterError
from ..module_utils._internal.kube.options import ACCESS_OPTIONS
from ..module_utils._internal.survey import parts, snapshot, survey, ways
from ..module_utils._internal.survey.survey import Wishes


def argument_spec() -> dict[str, Any]:
    """Return the module's options, as DOCUMENTATION has them."""
    state = {"type": "str", "choices": list(parts.STATES), "default": parts.DETECT}
    return {
        **ACCESS_OPTIONS,
        "stack": {"type": "dict", "required": True},
        "keda_state": state,
        "kube_prometheus_state": state,
        "prometheus": {"type": "str", "default": ""},
        "prometheus_url": {"type": "str", "default": ""},
        "load_way": {"type": "str", "choices": list(ways.WAYS), "default": ways.AUTO},
        "load_url_given": {"type": "bool", "default": False},
        "node_port": {"type": "int", "required": True},
        "field_manager": {"type": "str", "default": "keda_demo"},
    }


def wishes_of(params: dict[str, Any]) -> Wishes:
    """Return what the user has asked for."""
    return Wishes(
        params["keda_state"],
        params["kube_prometheus_state"],
        params["prometheus"],
        params["prometheus_url"],
        params["load_way"],
        params["load_url_given"],
        params["node_port"],
        params["field_manager"],
    )


def read(cluster: Cluster, params: dict[str, Any]) -> dict[str, Any]:
    """Return the result, as RETURN has it.

    :raises ClusterError: no answer, or the credentials are not accepted
    """
    found = survey.decide(
        snapshot.read(cluster),
        wishes_of(params),
        params["stack"],
        cluster.host,
        reaches=ways.reaches,
        review=lambda needed: permissions.missing_permissions(cluster, needed),
    )
    result = found.result()
    if found.way.name == ways.API and cluster.access.proxy is not None:
        result["problems"].append(
            f"the load would go through the API server, which is behind the proxy {cluster.access.proxy}, and a load "
            "goes by no proxy: give verify_load_url"
        )
    return {**result, "api": cluster.access.tls()}


def run(module: AnsibleModule) -> None:
    """Read the cluster and end the module."""
    try:
        result = read(Cluster(**access_options.of_params(module.params)), module.params)
    except ClusterError as error:
        module.fail_json(msg=str(error), changed=False)
    else:
        module.exit_json(changed=False, **result)


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
