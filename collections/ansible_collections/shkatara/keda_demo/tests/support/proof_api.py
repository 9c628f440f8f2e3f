# SPDX-License-Identifier: MIT
"""An API server that has what a proof reads before it begins: the demo's objects, versions and access reviews."""

from __future__ import annotations

import contextlib

from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.objects import DEPLOYMENT, SCALEDOBJECT

LISTS = {
    "/apis/keda.sh/v1alpha1/namespaces/test/scaledobjects": [SCALEDOBJECT],
    "/apis/apps/v1/namespaces/test/deployments": [DEPLOYMENT],
    "/api/v1/namespaces/test/pods": [],
}
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# Source: Kubernetes 1.25, k8s.io/apimachinery/pkg/version, Info.
_VERSION_FIELDS = ("buildDate", "compiler", "gitCommit", "gitTreeState", "goVersion", "major", "minor", "platform")


def no_denial(_attributes):
    """Allow everything."""
    return False


@contextlib.contextmanager
def proof_api(*, lists=LISTS, documents=(), forbidden=(), is_denied=no_denial, version="v1.25.0"):
    """Run the API server.

    :param lists: objects by path; any other path is answered with 404
    :param documents: other documents by path
    :param forbidden: paths that are answered with 403
    :param is_denied: gives whether a SelfSubjectAccessReview of some attributes is denied
    """

    def answer(handler, path):
        found = dict(documents)
        if path in forbidden:
            handler.send({"message": "forbidden by a test"}, 403)
        elif path in found:
            handler.send(found[path])
        elif path == REVIEWS:
            denied = is_denied(handler.body["spec"]["resourceAttributes"])
            handler.send({**handler.body, "status": {"allowed": not denied}}, 201)
        elif path == "/version/":
            handler.send({**dict.fromkeys(_VERSION_FIELDS, "1"), "gitVersion": version})
        else:
            items = lists.get(path)
            handler.send({"items": items, "metadata": {"resourceVersion": "1"}}, 404 if items is None else 200)

    with serve(answer) as api:
        yield api
