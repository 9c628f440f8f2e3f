# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The differences between two sets of Kubernetes objects, field by field.

A field is a path such as `spec.template.spec.containers[kube-rbac-proxy].resources.requests.cpu`. Items of lists that
have a name are compared by the name, and others by their place. The rules of a Role are compared by what they permit,
however they are grouped. What has no namespace to be in has none here, whatever its manifest says.
"""

from itertools import product

CLUSTER_KINDS = {"APIService", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"}
ABSENT = object()


def key_of(item):
    """Return the name of an object with its kind and namespace, such as `Deployment monitoring/grafana`."""
    metadata = item["metadata"]
    namespace = "" if item["kind"] in CLUSTER_KINDS else f"{metadata['namespace']}/"
    return f"{item['kind']} {namespace}{metadata['name']}"


def fields(value, path=""):
    """Yield (path, value) for each field that is not a mapping and no list, or an empty one."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            if key == "rules" and not path:
                yield from permissions(inner)
            else:
                yield from fields(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            name = inner.get("name", number) if isinstance(inner, dict) else number
            yield from fields(inner, f"{path}[{name}]")
    else:
        yield path, value


def permissions(rules):
    """Yield (path, True) for each verb that the rules of a Role permit on something."""
    for rule in rules:
        things = [f"{g or 'core'}/{r}" for g, r in product(rule.get("apiGroups", []), rule.get("resources", []))]
        for thing, verb in product(things + rule.get("nonResourceURLs", []), rule["verbs"]):
            yield f"rules: {verb} {thing}", True


def by_key(objects):
    """Return {name: {path: value}}."""
    found = {}
    for item in objects:
        all_fields = dict(fields(item))
        if item["kind"] in CLUSTER_KINDS:
            all_fields.pop("metadata.namespace", None)
        found[key_of(item)] = all_fields
    return found


def differences(ours, theirs):
    """Return (name, path, our value, their value) for each field of the objects that both have; ABSENT for no value."""
    ours, theirs = by_key(ours), by_key(theirs)
    return [
        (name, path, ours[name].get(path, ABSENT), theirs[name].get(path, ABSENT))
        for name in sorted(ours.keys() & theirs.keys())
        for path in sorted(ours[name].keys() | theirs[name].keys())
        if ours[name].get(path, ABSENT) != theirs[name].get(path, ABSENT)
    ]
