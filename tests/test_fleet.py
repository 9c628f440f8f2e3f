# SPDX-License-Identifier: MIT
"""The controller of the lab's own custom resource, against an API of this file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[1] / "molecule" / "proof" / "files" / "fleet.py"
LABELS = {"app": "parcels"}


class Api:
    """A Fleet and the pods of a namespace."""

    def __init__(self, size, pods=()):
        self.fleet = {
            "metadata": {"name": "parcels", "uid": "fleet"},
            "spec": {"size": size, "podTemplate": {"metadata": {"labels": LABELS}, "spec": {"containers": []}}},
        }
        self.pods = list(pods)

    def call(self, method, path, body=None, content_type="application/json"):
        if method == "GET":
            assert path.endswith("/pods?labelSelector=app%3Dparcels")
            return {"items": list(self.pods)}
        if method == "POST":
            number = len(self.pods)
            meta = {
                **body["metadata"],
                "name": f"parcels-{number}",
                "creationTimestamp": f"2026-11-25T03:05:0{number}Z",
            }
            self.pods.append({"metadata": meta, "spec": body["spec"]})
        elif method == "DELETE":
            self.pods = [pod for pod in self.pods if pod["metadata"]["name"] != path.rpartition("/")[2]]
        else:
            assert (method, path.rpartition("/")[2], content_type) == (
                "PATCH",
                "status",
                "application/merge-patch+json",
            )
            self.fleet.update(body)
        return {}

    @property
    def names(self):
        return [pod["metadata"]["name"] for pod in self.pods]


@pytest.fixture
def reconcile(monkeypatch):
    spec = importlib.util.spec_from_file_location("fleet", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(api):
        monkeypatch.setattr(module, "call", api.call)
        module.reconcile(api.fleet)

    return run


def test_pods_are_made_counted_and_taken_away(reconcile):
    api = Api(3)
    reconcile(api)
    assert api.names == ["parcels-0", "parcels-1", "parcels-2"]
    reconcile(api)
    assert len(api.pods) == 3, "a pod that is there is not made again"
    assert api.fleet["status"] == {"present": 3, "labelSelector": "app=parcels"}
    (owner,) = api.pods[0]["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Fleet", "fleet", True)
    api.fleet["spec"]["size"] = 1
    reconcile(api)
    assert api.names == ["parcels-0"], "the newest go first"
    reconcile(api)
    assert api.fleet["status"]["present"] == 1


def test_pods_that_leave_or_belong_to_others_do_not_count(reconcile):
    others = {"name": "other", "creationTimestamp": "2026-11-25T03:00:00Z"}
    leaving = {
        **others,
        "name": "leaving",
        "deletionTimestamp": "2026-11-25T03:01:00Z",
        "ownerReferences": [{"uid": "fleet"}],
    }
    api = Api(1, [{"metadata": others}, {"metadata": leaving}])
    reconcile(api)
    assert api.names == ["other", "leaving", "parcels-2"]
