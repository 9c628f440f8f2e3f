# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Print all objects of a cluster that stay, by kind, namespace and name, each with its labels and its spec.

Left out are events and leases, which change by themselves, and what controllers copy from other objects.
"""

import json
import os
import subprocess

CHANGING = {"events", "events.events.k8s.io", "leases.coordination.k8s.io", "endpointslices.discovery.k8s.io"}


def kubectl(*arguments: str) -> str:
    """Return what kubectl prints."""
    environ = {**os.environ, "KUBECONFIG": "/etc/kubernetes/admin.conf"}
    done = subprocess.run(["/usr/local/bin/kubectl", *arguments], env=environ, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


kinds = sorted(set(kubectl("api-resources", "--verbs=list", "--output=name").split()) - CHANGING)
found = {}
for item in json.loads(kubectl("get", ",".join(kinds), "--all-namespaces", "--output=json"))["items"]:
    metadata = item["metadata"]
    key = f"{item['apiVersion']} {item['kind']} {metadata.get('namespace', '')}/{metadata['name']}"
    found[key] = {"labels": metadata.get("labels"), "spec": item.get("spec"), "uid": metadata.get("uid")}
print(json.dumps(found, indent=1, sort_keys=True))
