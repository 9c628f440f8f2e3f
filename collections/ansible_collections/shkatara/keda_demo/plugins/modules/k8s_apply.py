#!/usr/bin/python
# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply objects by server-side apply, and delete the others with the same label."""

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_apply
short_description: Apply Kubernetes objects, and delete those with the same label that are no longer wanted
version_added: "0.1.0"
author:
  - shkatara (@shkatara)
description:
  - Applies all objects by server-side apply, in one task and four at a time. M(kubernetes.core.k8s) does the same with
    more requests and comparisons, which takes several times as long for large CustomResourceDefinitions.
  - Namespaces and CustomResourceDefinitions are applied before all others. An object whose kind the API server does not
    serve yet is tried again for O(wait_timeout).
  - With O(prune_label), each object that has the label and is not among O(definition) is deleted then, in all
    namespaces. An object without the label is never deleted. Neither is one with C(ownerReferences), since controllers
    copy labels to the objects that they create, and those are deleted with their owner. CustomResourceDefinitions and
    Namespaces are never deleted, since everything in them would be deleted, too.
extends_documentation_fragment:
  - shkatara.keda_demo.kubeconfig
options:
  definition:
    description:
      - The objects, each with C(apiVersion), C(kind) and C(metadata.name). A list, or the list as JSON text.
      - Ansible visits every value of a list, which takes seconds for large CustomResourceDefinitions. It takes a text
        as it is, such as that of the filter P(ansible.builtin.to_json#filter).
    type: raw
    required: true
  field_manager:
    description: The name under which the API server records who owns the fields.
    type: str
    required: true
  force_conflicts:
    description: Whether to take over fields that another field manager owns. Otherwise they are an error.
    type: bool
    default: false
  prune_label:
    description: The label with its value, such as C(example.com/owner=monitoring). Empty deletes nothing.
    type: str
    default: ""
  wait_timeout:
    description: How long the kind of a new CustomResourceDefinition may need, in seconds.
    type: int
    default: 30
attributes:
  check_mode:
    description:
      - The API server checks the objects and returns what they would be (C(dryRun)). An object whose kind or namespace
        the run would create counts as changed.
    support: full
  diff_mode:
    description: Shows the changed objects without their status, and of Secrets no data. Of deleted objects, the names.
    support: full
requirements:
  - kubernetes (Python library) >= 24.2.0
notes:
  - The kubeconfig needs the verbs C(get), C(create) and C(patch) on the kinds of O(definition).
  - With O(prune_label) it also needs C(list) and C(delete) on the kinds C(APIService), C(ServiceMonitor),
    C(PodMonitor), C(Probe), C(PrometheusRule), C(Alertmanager), C(Prometheus), C(Deployment), C(DaemonSet),
    C(PodDisruptionBudget), C(NetworkPolicy), C(Service), C(ConfigMap), C(Secret), C(RoleBinding), C(Role),
    C(ClusterRoleBinding), C(ClusterRole) and C(ServiceAccount). Objects of other kinds are not deleted.
seealso:
  - module: kubernetes.core.k8s
  - module: shkatara.keda_demo.k8s_absent
"""

EXAMPLES = r"""
- name: Apply the objects, each with the label, and delete what an earlier run applied and this one did not
  shkatara.keda_demo.k8s_apply:
    definition: "{{ objects | to_json }}"
    field_manager: monitoring
    force_conflicts: true
    prune_label: example.com/owner=monitoring
"""

RETURN = r"""
objects:
  description: The objects in the order in which they were applied.
  type: list
  elements: dict
  returned: success
  contains:
    kind: {description: The kind., type: str, sample: ServiceMonitor}
    namespace:
      description: The namespace. It is empty for an object in none.
      type: str
      sample: monitoring
    name: {description: The name., type: str, sample: kubelet}
    changed: {description: Whether the object was created or changed., type: bool, sample: false}
    applied_at:
      description: When O(field_manager) last changed the object, by the API server's clock.
      type: str
      sample: "2026-11-26T20:15:09Z"
deleted:
  description: The objects that were deleted, or in check mode would be, by kind, namespace and name.
  type: list
  elements: str
  returned: success
  sample: ["NetworkPolicy monitoring/grafana", "ClusterRole blackbox-exporter"]
"""

import json
import time
from collections.abc import Iterable
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._internal.common import imports
from ..module_utils._internal.kube import access_options, server_side
from ..module_utils._internal.kube.access import Access
from ..module_utils._internal.kube.access_options import AccessOptions
from ..module_utils._internal.kube.errors import ClusterError
from ..module_utils._internal.kube.labelled import KINDS, LABEL, Key, Labelled
from ..module_utils._internal.kube.options import ACCESS_OPTIONS
from ..module_utils._internal.kube.requests import Requests
from ..module_utils._internal.kube.server_side import Applied, Applier

_SECRETS = ("data", "stringData")


def objects_of(definition: Any) -> list[Any]:
    """Return the items of the option `definition`, whatever they are.

    :raises ValueError: the option is neither a list nor a list's JSON
    """
    if isinstance(definition, str):
        try:
            definition = json.loads(definition)
        except ValueError as error:
            raise ValueError(f"definition is text, but not JSON: {error}. Give a list of objects") from error
    if not isinstance(definition, list):
        raise ValueError(f"definition is {type(definition).__name__}: give a list of objects")
    return definition


def prune(labelled: Labelled, keep: set[Key], check_mode: bool) -> list[Key]:
    """Delete what is not to be kept, and return it.

    :raises ClusterError: no answer or no permission
    """
    unwanted = [key for kind in KINDS for key in labelled.find(kind) if key not in keep]
    if not check_mode:
        for key in unwanted:
            labelled.delete(key)
    return unwanted


def diffs(applied: Iterable[Applied], deleted: Iterable[Key]) -> list[dict[str, Any]]:
    """Return what Ansible shows of the changes."""
    shown = [
        {"before_header": str(each.key), "after_header": str(each.key), "before": before, "after": after}
        for each in applied
        if each.changed
        for before, after in [(_shown(each.before), _shown(each.after))]
    ]
    lines = "".join(f"{key}\n" for key in deleted)
    return [*shown, *([{"before": lines, "after": ""}] if lines else [])]


def _shown(document: server_side.Object | None) -> Any:
    if document is None:
        return ""
    content = server_side.content(document)
    return {name: value for name, value in content.items() if document["kind"] != "Secret" or name not in _SECRETS}


def run(module: AnsibleModule) -> None:
    """Apply and prune, and end the module with the result."""
    params = module.params
    # Neither a result nor an error repeats it: it may be megabytes, and have Secrets.
    given = params.pop("definition")
    label, manager = params["prune_label"], params["field_manager"]
    if label and not LABEL.fullmatch(label):
        module.fail_json(msg=f"prune_label is {label!r}: give one label with its value, such as example.com/owner=me")
    try:
        definition = objects_of(given)
        server_side.check(definition)
        access = Access(AccessOptions(**access_options.of_params(params)))
        requests = Requests(access)
        applier = Applier(
            requests,
            manager,
            force=params["force_conflicts"],
            check_mode=module.check_mode,
            wait_seconds=params["wait_timeout"],
            clock=time.monotonic,
            sleep=time.sleep,
        )
        applied = list(applier.apply(definition))
        kept = {each.key for each in applied}
        deleted = prune(Labelled(requests, label), kept, module.check_mode) if label else []
    except (ClusterError, ValueError) as error:
        module.fail_json(msg=str(error))
    objects = [
        {**each.key._asdict(), "changed": each.changed, "applied_at": each.applied_at(manager)} for each in applied
    ]
    changed = bool(deleted) or any(each.changed for each in applied)
    shown = diffs(applied, deleted) if module._diff else []
    module.exit_json(changed=changed, objects=objects, deleted=list(map(str, deleted)), diff=shown)


def argument_spec() -> dict[str, Any]:
    """Return the module's options, as DOCUMENTATION has them."""
    return {
        **ACCESS_OPTIONS,
        "definition": {"type": "raw", "required": True},
        "field_manager": {"type": "str", "required": True},
        "force_conflicts": {"type": "bool", "default": False},
        "prune_label": {"type": "str", "default": ""},
        "wait_timeout": {"type": "int", "default": 30},
    }


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    if missing := imports.missing({"kubernetes": "kubernetes", "urllib3": "urllib3"}):
        module.fail_json(msg=imports.message(missing))
    run(module)


if __name__ == "__main__":
    main()
