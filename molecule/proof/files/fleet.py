# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""A controller of the custom resource Fleet: it makes as many pods as `spec.size` says, and counts them.

It runs in the demo's image, and asks the API server with the token of its ServiceAccount.
"""

from __future__ import annotations

import json
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PODS = "/api/v1/namespaces/shop/pods"
FLEETS = "/apis/shop.example/v1/namespaces/shop/fleets"
MERGE = "application/merge-patch+json"


def call(method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
    """Return the API server's answer."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    headers = {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}", "Content-Type": content_type}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"https://{host}:{port}{path}", data, headers, method=method)
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
        return json.load(answer)


def reconcile(fleet: Any) -> None:
    """Make or delete pods until there are as many as the Fleet is to have."""
    meta, spec = fleet["metadata"], fleet["spec"]
    selector = ",".join(f"{key}={value}" for key, value in spec["podTemplate"]["metadata"]["labels"].items())
    found = call("GET", f"{PODS}?labelSelector={urllib.parse.quote(selector)}")["items"]
    pods = sorted(
        (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"])
        for pod in found
        if not pod["metadata"].get("deletionTimestamp")
        and meta["uid"] in [owner["uid"] for owner in pod["metadata"].get("ownerReferences") or []]
    )
    owner = {"apiVersion": "shop.example/v1", "kind": "Fleet", "name": meta["name"], "uid": meta["uid"]}
    for _ in range(spec["size"] - len(pods)):
        labels = spec["podTemplate"]["metadata"]["labels"]
        own = {"generateName": f"{meta['name']}-", "labels": labels, "ownerReferences": [{**owner, "controller": True}]}
        call("POST", PODS, {"metadata": own, "spec": spec["podTemplate"]["spec"]})
    for _created, name in pods[spec["size"] :]:
        call("DELETE", f"{PODS}/{name}")
    status = {"present": len(pods), "labelSelector": selector}
    if fleet.get("status") != status:
        call("PATCH", f"{FLEETS}/{meta['name']}/status", {"status": status}, MERGE)


if __name__ == "__main__":
    while True:
        try:
            for each in call("GET", FLEETS)["items"]:
                reconcile(each)
        except urllib.error.URLError as error:
            print(error, flush=True)
        time.sleep(0.5)
