# SPDX-License-Identifier: MIT
"""Workloads that are no Deployments, and what the API says of their kinds, cut to the fields that are read.

The StatefulSet and the lists of kinds have the form that Kubernetes 1.25 gives them. The Rollout is that of Argo
Rollouts 1.6, and the Fleet is the lab's own custom resource. Its Scale is what the API server makes of the paths in its
CustomResourceDefinition: a count of 0 is left out of `spec`.
"""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.resources import Resource
from ansible_collections.shkatara.keda_demo.tests.support.objects import DEPLOYMENT, SCALEDOBJECT, changed, owner, pod

_TEMPLATE = DEPLOYMENT["spec"]["template"]

STATEFULSET: dict[str, Any] = {
    "metadata": {"name": "test", "namespace": "test", "uid": "statefulset", "generation": 1, "resourceVersion": "20"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "test"}},
        "serviceName": "test",
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "template": _TEMPLATE,
    },
    "status": {
        "observedGeneration": 1,
        "replicas": 1,
        "readyReplicas": 1,
        "currentReplicas": 1,
        "updatedReplicas": 1,
        "currentRevision": "test-6c5b8d8f9d",
        "updateRevision": "test-6c5b8d8f9d",
        "collisionCount": 0,
        "availableReplicas": 1,
    },
}

ROLLOUT: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "metadata": {
        "name": "test",
        "namespace": "test",
        "uid": "rollout",
        "generation": 1,
        "resourceVersion": "21",
        "annotations": {"rollout.argoproj.io/revision": "1"},
    },
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "test"}},
        "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
        "template": _TEMPLATE,
    },
    "status": {
        "HPAReplicas": 1,
        "availableReplicas": 1,
        "currentPodHash": "5f8d9c7b6",
        "observedGeneration": "1",
        "phase": "Healthy",
        "readyReplicas": 1,
        "replicas": 1,
        "selector": "app=test",
        "stableRS": "5f8d9c7b6",
        "updatedReplicas": 1,
    },
}

# Neither a template nor readyReplicas: the Scale and the pods are all that there is.
FLEET: dict[str, Any] = {
    "apiVersion": "shop.example/v1",
    "kind": "Fleet",
    "metadata": {"name": "test", "namespace": "test", "uid": "fleet", "generation": 3, "resourceVersion": "22"},
    "spec": {"size": 1, "podTemplate": {"labels": {"app": "test"}}},
    "status": {"present": 1, "labelSelector": "app=test"},
}

FLEETS = Resource("Fleet", "shop.example", "v1", "fleets")
ROLLOUTS = Resource("Rollout", "argoproj.io", "v1alpha1", "rollouts")


def scale(spec: int, replicas: int, selector: str = "app=test", obj: dict[str, Any] = FLEET) -> dict[str, Any]:
    """The Scale of an object."""
    names = {key: obj["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion")}
    status: dict[str, Any] = {"replicas": replicas}
    if selector:
        status["selector"] = selector
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {**names, "creationTimestamp": "2026-11-25T02:34:12Z"},
        "spec": {"replicas": spec} if spec else {},
        "status": status,
    }


def stateful(spec: int, replicas: int, ready: int, **status: Any) -> dict[str, Any]:
    """The StatefulSet with these counts; a count of 0 Ready pods is left out by the API."""
    obj = copy.deepcopy(STATEFULSET)
    obj["spec"]["replicas"] = spec
    obj["status"] |= {"replicas": replicas, "updatedReplicas": replicas, **status}
    obj["status"].pop("readyReplicas")
    if ready:
        obj["status"]["readyReplicas"] = ready
    return obj


def owned(obj: dict[str, Any], kind: str, name: str, uid: str, api_version: str = "apps/v1") -> dict[str, Any]:
    """A copy of an object that another controls."""
    return changed(obj, "metadata.ownerReferences", [owner(kind, name, uid, api_version)])


def stateful_pod(index: int, ready: bool = True, **status: Any) -> dict[str, Any]:
    """A pod of the StatefulSet."""
    return owned(pod(f"test-{index}", ready, **status), "StatefulSet", "test", "statefulset")


def fleet_pod(name: str, ready: bool = True, **status: Any) -> dict[str, Any]:
    """A pod of the Fleet, whose controller gives it a reference."""
    return owned(pod(name, ready, **status), "Fleet", "test", "fleet", "shop.example/v1")


def scales(kind: str | None, api_version: str | None = None, name: str = "test") -> dict[str, Any]:
    """The ScaledObject with another target; None for a field that is not given."""
    reference = {"name": name, "kind": kind, "apiVersion": api_version}
    return changed(SCALEDOBJECT, "spec.scaleTargetRef", {key: value for key, value in reference.items() if value})


def kinds(group_version: str, *entries: tuple[str, str, tuple[str, ...]]) -> dict[str, Any]:
    """The API's list of a group and version: (plural, kind, subresources), as /apis/<group>/<version> has it."""
    found: list[dict[str, Any]] = []
    for plural, kind, subresources in entries:
        found.append(
            {
                "name": plural,
                "singularName": kind.lower(),
                "namespaced": plural not in ("nodes", "clusterfleets"),
                "kind": kind,
                "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
                "shortNames": {"deployments": ["deploy"], "daemonsets": ["ds"], "rollouts": ["ro"]}.get(plural, []),
            }
        )
        for subresource in subresources:
            is_scale = subresource == "scale"
            found.append(
                {
                    "name": f"{plural}/{subresource}",
                    "singularName": "",
                    "namespaced": True,
                    **({"group": "autoscaling", "version": "v1"} if is_scale else {}),
                    "kind": "Scale" if is_scale else kind,
                    "verbs": ["get", "patch", "update"],
                }
            )
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": found}


def _group(name: str, *versions: str) -> dict[str, Any]:
    served = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": served, "preferredVersion": served[0]}


# What discovery reads of a cluster with Argo Rollouts and the Fleet, by path.
DISCOVERY: dict[str, dict[str, Any]] = {
    "/apis/": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [
            _group("apps", "v1"),
            _group("batch", "v1"),
            _group("argoproj.io", "v1alpha1"),
            _group("shop.example", "v1", "v1beta1"),
            _group("broken.example", "v1"),
        ],
    },
    "/api/v1/": kinds("v1", ("pods", "Pod", ("status", "log")), ("nodes", "Node", ("status",))),
    "/apis/apps/v1/": kinds(
        "apps/v1",
        ("daemonsets", "DaemonSet", ("status",)),
        ("deployments", "Deployment", ("scale", "status")),
        ("replicasets", "ReplicaSet", ("scale", "status")),
        ("statefulsets", "StatefulSet", ("scale", "status")),
    ),
    "/apis/batch/v1/": kinds("batch/v1", ("jobs", "Job", ("status",)), ("cronjobs", "CronJob", ("status",))),
    "/apis/argoproj.io/v1alpha1/": kinds("argoproj.io/v1alpha1", ("rollouts", "Rollout", ("scale", "status"))),
    "/apis/shop.example/v1/": kinds(
        "shop.example/v1", ("fleets", "Fleet", ("scale", "status")), ("clusterfleets", "ClusterFleet", ("scale",))
    ),
}
