# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Waiting for several objects at the same time."""

import contextlib
import socket
import threading

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.readiness import KINDS
from ansible_collections.shkatara.keda_demo.plugins.modules import k8s_ready

DEPLOYMENT = {"kind": "Deployment", "namespace": "keda", "name": "keda-operator"}
API = {"kind": "APIService", "namespace": "default", "name": "v1beta1.external.metrics.k8s.io"}
READY = {
    "metadata": {},
    "spec": {"selector": {"matchLabels": {"app": "keda"}}},
    "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1},
}


class FakeReader:
    """Returns its answers in turn; raises those that are exceptions."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def get(self, _resource):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pod_troubles(self, _resource, obj):
        return ["a: it has no node"] if obj else []


class FakeTime:
    """A clock that advances only by sleeping."""

    def __init__(self):
        self.now = 100.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def wait(*checks, timeout=10.0):
    """Return the result of wait() with these results of its checks, and the lines that it displays."""
    left, lines, time = list(checks), [], FakeTime()
    result = k8s_ready.wait(
        lambda: left.pop(0) if len(left) > 1 else left[0],
        timeout,
        2.0,
        lines.append,
        clock=time.clock,
        sleep=time.sleep,
    )
    return result, lines


FINDING = {"object": "Deployment keda/keda-operator", "reason": "it does not exist", "pods": []}


def test_it_ends_as_soon_as_all_is_ready():
    assert wait([FINDING], [FINDING], []) == (
        ([], 4.0),
        ["0 s, waiting for Deployment keda/keda-operator: it does not exist"],
    )


def test_it_ends_when_the_time_is_over():
    (left, waited), _lines = wait([FINDING], timeout=5.0)
    assert (left, waited) == ([FINDING], 6.0)


def test_a_new_reason_is_displayed():
    other = FINDING | {"reason": "0 of 1 pods are available"}
    _result, lines = wait([FINDING], [FINDING], [other], [])
    assert [line.split(":")[1] for line in lines] == [" it does not exist", " 0 of 1 pods are available"]


def test_without_time_it_checks_once():
    assert wait([FINDING], timeout=0) == (([FINDING], 0.0), [])


def test_each_object_is_named_with_its_pods():
    late = {**READY, "status": {**READY["status"], "availableReplicas": 0}}
    assert k8s_ready.unready_resources(FakeReader(late, None), [DEPLOYMENT, API]) == [
        {
            "object": "Deployment keda/keda-operator",
            "reason": "0 of 1 pods are available",
            "pods": ["a: it has no node"],
        },
        {"object": "APIService v1beta1.external.metrics.k8s.io", "reason": "it does not exist", "pods": []},
    ]


def test_a_ready_object_is_not_returned():
    assert k8s_ready.unready_resources(FakeReader(READY), [DEPLOYMENT]) == []


def test_a_server_that_is_down_is_waited_for():
    (finding,) = k8s_ready.unready_resources(FakeReader(ClusterError("the API server does not answer")), [DEPLOYMENT])
    assert finding["reason"] == "the API server does not answer"


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_do_not_suffice_end_it(status):
    with pytest.raises(ClusterError, match="Deployment keda/keda-operator: no"):
        k8s_ready.unready_resources(FakeReader(ClusterError("no", status)), [DEPLOYMENT])


def test_the_failure_names_every_object_and_pod():
    findings = [FINDING | {"pods": ["a: it has no node"]}, FINDING | {"object": "APIService x"}]
    assert k8s_ready.failure(findings, 300.4).splitlines() == [
        "2 not ready after 300.4 s (wait_timeout)",
        "  - Deployment keda/keda-operator: it does not exist",
        "      Pod a: it has no node",
        "  - APIService x: it does not exist",
    ]


def test_a_missing_kubeconfig_is_named(tmp_path):
    with pytest.raises(ClusterError, match=f"kubeconfig {tmp_path}/none"):
        k8s_ready.Reader(str(tmp_path / "none"), None)


@pytest.mark.parametrize("text", ["", "a: [", "just words", "clusters: 5"])
def test_a_broken_kubeconfig_is_named(tmp_path, text):
    (tmp_path / "kubeconfig").write_text(text)
    with pytest.raises(ClusterError, match=r"kubeconfig .*/kubeconfig"):
        k8s_ready.Reader(str(tmp_path / "kubeconfig"), None)


def test_a_server_that_is_down_gets_one_request_a_check(tmp_path):
    """The kubernetes library sends four by itself, unless its pool was created without retries."""
    requests = []

    def refuse(listener):
        with contextlib.suppress(OSError):  # the listener is closed
            while True:
                connection, _peer = listener.accept()
                requests.append(connection.recv(100))
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=refuse, args=(listener,), daemon=True).start()
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(
            f"""
            {{apiVersion: v1, kind: Config, current-context: lab, users: [{{name: admin, user: {{}}}}],
              contexts: [{{name: lab, context: {{cluster: lab, user: admin}}}}],
              clusters: [{{name: lab, cluster: {{server: "http://127.0.0.1:{listener.getsockname()[1]}"}}}}]}}
            """
        )
        with pytest.raises(ClusterError, match="does not answer"):
            k8s_ready.Reader(str(kubeconfig), None).get(DEPLOYMENT)
    assert len(requests) == 1


def test_documentation_has_all_kinds():
    kinds = k8s_ready.DOCUMENTATION[k8s_ready.DOCUMENTATION.index("choices:") :]
    assert all(f"- {kind}\n" in kinds for kind in KINDS)
