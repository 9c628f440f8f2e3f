#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove all objects of some labels, in the order in which they can go."""

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_absent
short_description: Remove all Kubernetes objects with given labels, in a safe order
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Deletes each object that has one of O(labels), in all namespaces, in one task. It processes one label after the
    other. For each label it deletes C(ScaledObject)s and C(ScaledJob)s first, while KEDA still runs to remove their
    finalizers. Then it deletes APIServices and webhooks, workloads and their permissions, Namespaces, and
    CustomResourceDefinitions last.
  - The module waits until ScaledObjects, Namespaces and CustomResourceDefinitions are removed before it continues.
  - M(kubernetes.core.k8s) deletes by label only objects of one kind per task, and needs the manifests to delete others.
  - Before the first deletion the module checks which other objects would be deleted with a Namespace or a
    CustomResourceDefinition. If one of them has none of O(labels), such as somebody else's ScaledObject, the module
    deletes nothing. It names all such objects at once, with the permissions that the user lacks.
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
options:
  labels:
    description: The labels with their values, such as C(example.com/owner=monitoring), in the order of removal.
    type: list
    elements: str
    required: true
  made:
    description: Objects without a label that objects with a label have created. They are deleted with them.
    type: list
    elements: dict
    default: []
    suboptions:
      label:
        description: The label, one of O(labels).
        type: str
        required: true
      kind:
        description: The kind of the object.
        type: str
        required: true
      namespace:
        description: Its namespace.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
  wait_timeout:
    description: How long to wait in total until the objects are removed, in seconds.
    type: int
    default: 300
attributes:
  check_mode:
    description: Checks the same, and returns what it would delete.
    support: full
  diff_mode:
    description: Shows the names of the objects that are deleted.
    support: full
requirements:
  - kubernetes (Python library) >= 24.2.0
notes:
  - The kubeconfig needs the verb C(list) in all namespaces on the kinds C(ScaledObject), C(ScaledJob),
    C(TriggerAuthentication), C(ClusterTriggerAuthentication), C(ValidatingWebhookConfiguration),
    C(MutatingWebhookConfiguration), C(Namespace), C(CustomResourceDefinition) and those that
    M(shkatara.keda_demo.k8s_apply) names, and C(delete) on what it finds. Objects of other kinds stay, unless they
    are in a Namespace that is deleted.
seealso:
  - module: shkatara.keda_demo.k8s_apply
"""

EXAMPLES = r"""
- name: Remove the application, then KEDA
  shkatara.keda_demo.k8s_absent:
    labels: [keda-demo/role=demo_app, keda-demo/role=keda]

- name: Remove a monitoring, with the Service that its operator has made
  shkatara.keda_demo.k8s_absent:
    labels: [keda-demo/role=kube_prometheus]
    made:
      - {label: keda-demo/role=kube_prometheus, kind: Service, namespace: kube-system, name: kubelet}
"""

RETURN = r"""
deleted:
  description: The objects that were deleted, or in check mode would be, by kind, namespace and name.
  type: list
  elements: str
  returned: success
  sample: ["ScaledObject test/scaledobject-py", "Namespace test", "CustomResourceDefinition scaledobjects.keda.sh"]
problems:
  description: The reasons why nothing was deleted, as one sentence each.
  type: list
  elements: str
  returned: failure by a problem
  sample:
    - >-
      CustomResourceDefinition scaledobjects.keda.sh would take along what has none of the labels: ScaledObject
      shop/web. Delete or move it first
"""

import time
import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._internal.kube import access_options
from ..module_utils._internal.kube.cluster import Cluster
from ..module_utils._internal.kube.errors import ClusterError
from ..module_utils._internal.kube.labelled import ALL_KINDS, LABEL, Key
from ..module_utils._internal.kube.options import ACCESS_OPTIONS
from ..module_utils._internal.kube.removal import Made, Removal

try:
    import kubernetes  # noqa: F401  # only whether it is there

    KUBERNETES_IMPORT_ERROR = None
except ImportError:
    KUBERNETES_IMPORT_ERROR = traceback.format_exc()

_TEXT = {"type": "str", "required": True}


def argument_spec() -> dict[str, Any]:
    """Return the module's options, as DOCUMENTATION has them."""
    return {
        **ACCESS_OPTIONS,
        "labels": {"type": "list", "elements": "str", "required": True},
        "made": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"label": _TEXT, "kind": _TEXT, "namespace": _TEXT, "name": _TEXT},
        },
        "wait_timeout": {"type": "int", "default": 300},
    }


def check_labels(labels: list[str]) -> None:
    """:raises ValueError: there are none, or one is no label with a value, so that it could name objects of others"""
    if not labels or not all(map(LABEL.fullmatch, labels)):
        raise ValueError(
            f"labels is {', '.join(labels) or 'empty'}: give labels, each with its value, such as example.com/owner=me"
        )


def made_of(params: dict[str, Any]) -> list[Made]:
    """Return the option `made`.

    :raises ValueError: a kind or a label that the module does not have
    """
    found = []
    for item in params["made"]:
        if item["kind"] not in ALL_KINDS or item["label"] not in params["labels"]:
            raise ValueError(
                f"made has {item['kind']} {item['name']} of {item['label']}: give one of the kinds "
                f"{', '.join(ALL_KINDS)}, and one of labels"
            )
        found.append(Made(item["label"], Key(item["kind"], item["namespace"], item["name"])))
    return found


def run(module: AnsibleModule) -> None:
    """Remove, and end the module with the result."""
    params = module.params
    try:
        check_labels(params["labels"])
        made = made_of(params)
        cluster = Cluster(**access_options.of_params(params))
        removal = Removal(cluster, params["labels"], made)
        problems = removal.problems()
        if problems:
            module.fail_json(msg="Nothing was deleted: " + " ".join(f"{each}." for each in problems), problems=problems)
        if not module.check_mode:
            removal.run(params["wait_timeout"], time.monotonic, time.sleep)
    except (ClusterError, ValueError) as error:
        module.fail_json(msg=str(error))
    deleted = list(map(str, removal.keys))
    lines = "".join(f"{line}\n" for line in deleted)
    module.exit_json(changed=bool(deleted), deleted=deleted, diff={"before": lines, "after": ""})


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    run(module)


if __name__ == "__main__":
    main()
