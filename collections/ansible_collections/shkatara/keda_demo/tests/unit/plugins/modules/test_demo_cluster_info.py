# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Reading a cluster for a demo, by requests to an API server on loopback."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.shkatara.keda_demo.plugins.modules import demo_cluster_info
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.authority import Authority
from ansible_collections.shkatara.keda_demo.tests.support.survey_clusters import (
    api_service,
    keda_claims,
    node,
    prometheus,
    service,
)

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
STACK = {
    "components": {"keda": {"version": "2.10.0"}, "kube_prometheus": {"version": "0.12.0"}},
    "kubernetes_windows": {"keda": {"oldest": "1.24", "newest": "1.26"}},
}
EXISTING = {
    "/api/v1/nodes": {"items": [node(("InternalIP", "127.0.0.1"))]},
    "/api/v1/services": {
        "items": [service("metrics", "observability", {"prometheus": "main"}, {"port": 9090, "targetPort": "web"})]
    },
    "/apis/monitoring.coreos.com/v1/prometheuses": {"items": [prometheus("main", "observability")]},
    "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io": api_service(),
    **{
        f"/apis/{claim.group}/{claim.version}/{claim.plural}/{claim.name}": found
        for claim, found in keda_claims().items()
        if not claim.namespace and claim.plural == "customresourcedefinitions"
    },
}


class Cluster:
    def __init__(self, documents, version="v1.25.0", refused=(), denied=()):
        self.documents = documents
        self.version = version
        self.refused = refused
        self.denied = denied
        self.accepts = set()

    def answer(self, handler, path):
        assert handler.command == "GET" or path == REVIEWS
        if path == REVIEWS:
            attributes = handler.body["spec"]["resourceAttributes"]
            handler.send({**handler.body, "status": {"allowed": attributes["resource"] not in self.denied}}, 201)
        elif path == "/version/":
            names = ("major", "minor", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform")
            handler.send({**dict.fromkeys(names, "-"), "gitVersion": self.version})
        elif path in self.refused:
            handler.send({"kind": "Status", "message": "because"}, 403)
        elif path in self.documents:
            self.accepts.add((path, handler.headers["Accept"]))
            handler.send(self.documents[path])
        else:
            handler.send({"kind": "Status", "message": "not found"}, 404)


def run(cluster, tmp_path, **options):
    """Run the module as Ansible does, and return its result."""
    with serve(cluster.answer) as api:
        arguments = {
            "kubeconfig": api.kubeconfig(tmp_path / "kubeconfig"),
            "stack": STACK,
            "node_port": 30115,
            **options,
        }
        done = subprocess.run(
            [sys.executable, "-m", "ansible_collections.shkatara.keda_demo.plugins.modules.demo_cluster_info"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
            env=os.environ | {"PYTHONPATH": str(Path(demo_cluster_info.__file__).parents[5])},
            capture_output=True,
            text=True,
            check=False,
        )
        server = api.url
    assert done.stdout, done.stderr
    return json.loads(done.stdout), server


def test_a_cluster_that_has_everything(tmp_path):
    cluster = Cluster(EXISTING)
    result, server = run(cluster, tmp_path, load_way="api")
    assert result["problems"] == []
    assert result["changed"] is False
    assert (result["version"], result["keda"]) == ("v1.25.0", {"state": "existing", "namespace": "keda"})
    assert result["kube_prometheus"] == {
        "state": "existing",
        "name": "main",
        "namespace": "observability",
        "service_account": "default",
        "url": "http://metrics.observability.svc:9090",
        "monitor_labels": {},
        "namespace_labels": {},
    }
    assert result["load"]["url"] == f"{server}/api/v1/namespaces/test/services/test:http/proxy/"
    assert result["api"] == {"server": server, "ca": "", "validate_certs": True}


def test_of_large_objects_only_the_metadata_is_asked_for(tmp_path):
    cluster = Cluster(EXISTING)
    run(cluster, tmp_path)
    by_path = dict(cluster.accepts)
    assert (
        "as=PartialObjectMetadata"
        in by_path["/apis/apiextensions.k8s.io/v1/customresourcedefinitions/scaledobjects.keda.sh"]
    )
    # Its Service is read.
    assert {"application/json"} <= {
        accept for path, accept in cluster.accepts if path.endswith("v1beta1.external.metrics.k8s.io")
    }


def test_a_cluster_that_has_nothing(tmp_path):
    nodes = {"/api/v1/nodes": EXISTING["/api/v1/nodes"], "/api/v1/services": {"items": []}}
    result, _server = run(Cluster(nodes), tmp_path)
    assert result["problems"] == []
    assert (result["keda"]["state"], result["kube_prometheus"]["state"]) == ("present", "present")
    # On loopback a port without a listener refuses, which is an answer.
    assert result["load"]["url"] == "http://127.0.0.1:30115/"


def test_the_wishes_are_heard(tmp_path):
    result, _server = run(
        Cluster({}, "v1.31.0"), tmp_path, keda_state="present", kube_prometheus_state="existing", load_url_given=True
    )
    assert [problem.split(",")[0] for problem in result["problems"]] == [
        "Kubernetes is 1.31.0",
        "kube_prometheus_state is existing",
    ]
    assert result["load"]["way"] == "url"


def test_a_refused_read_is_a_missing_right(tmp_path):
    cluster = Cluster(EXISTING, refused=["/api/v1/nodes", "/api/v1/services"], denied=["nodes", "services"])
    result, _server = run(cluster, tmp_path)
    assert "lacks 8 rights: list on services, nodes; in namespace " in result["problems"][-1]


def test_a_cluster_that_does_not_answer(tmp_path):
    result, _server = run(Cluster({}), tmp_path, host="http://127.0.0.1:1")
    assert result["failed"]
    assert "does not answer" in result["msg"]


def test_the_authority_of_a_kubeconfig_is_returned(tmp_path):
    authority = Authority(tmp_path)
    text = Path(authority.path).read_text()
    data = base64.b64encode(text.encode()).decode()
    with serve(Cluster(EXISTING).answer, tls=authority.server("127.0.0.1")) as api:
        kubeconfig = api.kubeconfig(tmp_path / "kubeconfig", **{"certificate-authority-data": data})
        access = demo_cluster_info.Cluster(kubeconfig).access
        assert access.tls() == {"server": api.url, "ca": text, "validate_certs": True}
