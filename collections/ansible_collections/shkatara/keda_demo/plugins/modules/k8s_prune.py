#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete the objects with a label that are no longer wanted."""

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_prune
short_description: Delete the Kubernetes objects with a label that are no longer wanted
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Deletes each object that has a label and is not among O(keep), in all namespaces, in one task and with one
    connection. M(kubernetes.core.k8s) deletes objects of one kind per task, and has no list of those to keep.
  - An object without the label is never deleted. Neither is one with C(ownerReferences), since controllers copy labels
    to the objects that they create, and those are deleted with their owner.
  - CustomResourceDefinitions and Namespaces are never deleted, since everything in them would be deleted, too.
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
options:
  label:
    description: The label with its value, such as C(example.com/owner=monitoring).
    type: str
    required: true
  keep:
    description:
      - The objects to keep, such as the results of the task that applied them. The module reads the C(kind) of each,
        and the C(name) and C(namespace) of its C(metadata).
      - It must not be empty, so that a wrong variable deletes nothing.
    type: list
    elements: dict
    required: true
attributes:
  check_mode:
    description: Returns what it would delete.
    support: full
  diff_mode:
    description: Shows the names of the objects that are deleted.
    support: full
requirements:
  - kubernetes (Python library) >= 24.2.0
notes:
  - The kubeconfig needs the verbs C(list) and C(delete) on the kinds C(APIService), C(ServiceMonitor), C(PodMonitor),
    C(Probe), C(PrometheusRule), C(Alertmanager), C(Prometheus), C(Deployment), C(DaemonSet), C(PodDisruptionBudget),
    C(NetworkPolicy), C(Service), C(ConfigMap), C(Secret), C(RoleBinding), C(Role), C(ClusterRoleBinding),
    C(ClusterRole) and C(ServiceAccount). Objects of other kinds stay.
"""

EXAMPLES = r"""
- name: Apply the objects, each with the label
  kubernetes.core.k8s:
    definition: "{{ objects }}"
    apply: true
  register: applied

- name: Delete what an earlier run applied and this one did not
  shkatara.keda_demo.k8s_prune:
    label: example.com/owner=monitoring
    keep: "{{ applied.result.results | map(attribute='result') }}"
"""

RETURN = r"""
deleted:
  description: The objects that were deleted, or in check mode would be, by kind, namespace and name.
  type: list
  elements: str
  returned: success
  sample: ["NetworkPolicy monitoring/grafana", "ClusterRole blackbox-exporter"]
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.common import imports
from ..module_utils._internal.kube import access_options
from ..module_utils._internal.kube.access import Access
from ..module_utils._internal.kube.access_options import AccessOptions
from ..module_utils._internal.kube.errors import ClusterError
from ..module_utils._internal.kube.labelled import KINDS, Key, Labelled
from ..module_utils._internal.kube.options import ACCESS_OPTIONS

# One label with a value: a selector of another form, or none, could name objects of others.
_LABEL = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9][A-Za-z0-9._-]*=[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def kept_keys(keep: Sequence[Mapping[str, Any]]) -> set[Key]:
    """Return what tells the objects to keep from others.

    :raises ValueError: there are none, or one has no kind or no name
    """
    keys = set()
    for number, item in enumerate(keep, start=1):
        metadata = item.get("metadata") or {}
        if not item.get("kind") or not metadata.get("name"):
            raise ValueError(
                f"keep: item {number} has no kind or no metadata.name: give the objects as they were applied"
            )
        # A namespace that the manifest of an object in none has is left out by the API server.
        kind = str(item["kind"])
        namespaced = kind not in KINDS or KINDS[kind][2]
        keys.add(Key(kind, str(metadata.get("namespace") or "") if namespaced else "", str(metadata["name"])))
    if not keys:
        raise ValueError("keep is empty: give the objects that stay")
    return keys


def prune(labelled: Labelled, keep: set[Key], check_mode: bool) -> list[Key]:
    """Delete what is not to be kept, and return it.

    :raises ClusterError: no answer or no permission
    """
    unwanted = [key for kind in KINDS for key in labelled.find(kind) if key not in keep]
    if not check_mode:
        for key in unwanted:
            labelled.delete(key)
    return unwanted


def run(module: AnsibleModule) -> None:
    """Prune, and end the module with the result."""
    params = module.params
    if not _LABEL.fullmatch(params["label"]):
        module.fail_json(
            msg=f"label is {params['label']!r}: give one label with its value, such as example.com/owner=me"
        )
    try:
        keep = kept_keys(params["keep"])
        access = Access(AccessOptions(**access_options.of_params(params)))
        unwanted = [str(key) for key in prune(Labelled(access, params["label"]), keep, module.check_mode)]
    except (ClusterError, ValueError) as error:
        module.fail_json(msg=str(error))
    lines = "".join(f"{line}\n" for line in unwanted)
    module.exit_json(changed=bool(unwanted), deleted=unwanted, diff={"before": lines, "after": ""})


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            **ACCESS_OPTIONS,
            "label": {"type": "str", "required": True},
            "keep": {"type": "list", "elements": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    if missing := imports.missing({"kubernetes": "kubernetes", "urllib3": "urllib3"}):
        module.fail_json(msg=imports.message(missing))
    run(module)


if __name__ == "__main__":
    main()
