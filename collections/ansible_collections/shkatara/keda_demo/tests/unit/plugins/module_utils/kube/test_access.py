# SPDX-License-Identifier: MIT
"""Access to a cluster: real servers with TLS, a real proxy, and every kind of call through them."""

from __future__ import annotations

import json
import os
import sys

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube import permissions
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.cluster import Cluster, ClusterError
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.permissions import Permission
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.kube.port_forward import (
    ForwardedConnection,
    ForwardError,
)
from ansible_collections.shkatara.keda_demo.tests.support.apiserver import serve
from ansible_collections.shkatara.keda_demo.tests.support.authority import Authority
from ansible_collections.shkatara.keda_demo.tests.support.forwarding import PATH, PORT, forwarding, frame
from ansible_collections.shkatara.keda_demo.tests.support.proxy import proxy
from kubernetes.config import incluster_config

NAME = "api.cluster.test"  # which only a test's proxy can resolve
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "KUBECONFIG", "K8S_AUTH_KUBECONFIG")


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """An environment without proxies and kubeconfigs, and an empty home."""
    for name in (*VARIABLES, "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def answer_all():
    """Return the answer of an API server to a list, a watch, a review and a port-forward."""
    forward, requests = forwarding(frame(0, REPLY))

    def answer(handler, path):
        if path == PATH:
            forward(handler, path)
        elif handler.body is not None:
            handler.send({**handler.body, "status": {"allowed": True}}, 201)
        elif handler.query.get("watch"):
            handler.begin_stream()
            handler.send_piece(json.dumps({"type": "BOOKMARK", "object": {}}) + "\n")
            handler.end_stream()
        else:
            handler.send({"metadata": {"resourceVersion": "7"}, "items": []})

    return answer, requests


def call_everything(cluster):
    """List, watch, ask for a review, and forward a port."""
    assert cluster.list("pods", "test") == ([], "7")
    assert [event for event, _object in cluster.watch("pods", "test", "7")] == ["OPENED", "BOOKMARK"]
    assert permissions.missing_permissions(cluster, [Permission("list", "", "pods", "test")]) == []
    pod = ForwardedConnection(cluster.new_client(), "test", "web-1", PORT, timeout=5)
    pod.request("GET", "/metrics")
    assert pod.getresponse().read() == b"hello"
    pod.close()


# TLS


@pytest.mark.parametrize("way", ["kubeconfig", "ca_cert", "no_check", "kubeconfigs_no_check"])
def test_every_call_takes_a_private_authority(tmp_path, authority, way):
    with serve(answer_all()[0], tls=authority.server("127.0.0.1")) as api:
        fields = {
            "kubeconfig": {"certificate-authority": authority.path},
            "kubeconfigs_no_check": {"insecure-skip-tls-verify": True},
        }.get(way, {})
        options = {"ca_cert": {"ca_cert": authority.path}, "no_check": {"validate_certs": False}}.get(way, {})
        call_everything(Cluster(api.kubeconfig(tmp_path / "config", **fields), None, **options))
    assert api.authorizations == {"Bearer not-a-secret"}


def test_an_authority_that_is_not_known(tmp_path, authority):
    with serve(answer_all()[0], tls=authority.server("127.0.0.1")) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "config", **{"insecure-skip-tls-verify": True}), None)
        call_everything(cluster)
        strict = Cluster(api.kubeconfig(tmp_path / "config", **{"insecure-skip-tls-verify": True}), validate_certs=True)
        with pytest.raises(
            ClusterError, match=r"CERTIFICATE_VERIFY_FAILED.*, so give .*`ca_cert`, or `validate_certs: false`"
        ):
            strict.list("pods", "test")
        with pytest.raises(ForwardError, match="CERTIFICATE_VERIFY_FAILED"):
            ForwardedConnection(strict.new_client(), "test", "web-1", PORT).connect()


def test_this_machines_authorities_are_those_of_every_call(tmp_path, authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", authority.path)
    with serve(answer_all()[0], tls=authority.server("127.0.0.1")) as api:
        call_everything(Cluster(api.kubeconfig(tmp_path / "config"), None))


def test_a_clients_certificate(tmp_path, authority):
    client = authority.certificate("a client")
    with serve(answer_all()[0], tls=authority.server("127.0.0.1", clients=True)) as api:
        options = {"host": api.url, "ca_cert": authority.path, "client_cert": client, "client_key": client}
        call_everything(Cluster(**options))
        without = Cluster(api.kubeconfig(tmp_path / "config"), ca_cert=authority.path)
        with pytest.raises(ClusterError):
            without.list("pods", "test")


def test_the_name_of_a_certificate_may_be_another(tmp_path, authority):
    with serve(answer_all()[0], tls=authority.server(NAME)) as api:
        fields = {"certificate-authority": authority.path, "tls-server-name": NAME}
        call_everything(Cluster(api.kubeconfig(tmp_path / "config", **fields), None))


# Options over a kubeconfig


def test_a_host_is_that_of_every_call_whatever_the_kubeconfig_says(tmp_path):
    """The library's hook for tokens sets the kubeconfig's server back before each request."""
    with serve(answer_all()[0]) as wrong, serve(answer_all()[0]) as right:
        cluster = Cluster(wrong.kubeconfig(tmp_path / "config"), None, host=right.url)
        call_everything(cluster)
        call_everything(cluster)
        assert cluster.host == right.url
        assert wrong.asked == []
    assert right.authorizations == {"Bearer not-a-secret"}


def test_a_program_that_gives_a_token_is_run_once_for_all_connections(tmp_path):
    program = tmp_path / "login"
    reply = '{"apiVersion": "v1", "kind": "ExecCredential", "status": {"token": "from-a-program"}}'
    program.write_text(f"#!/bin/sh\necho once >> {tmp_path}/runs\necho '{reply}'\n")
    os.chmod(program, 0o755)
    with serve(answer_all()[0]) as wrong, serve(answer_all()[0]) as right:
        user = {"exec": {"command": "./login", "apiVersion": "v1"}}
        call_everything(Cluster(wrong.kubeconfig(tmp_path / "config", user=user), None, host=f"{right.url}/"))
        assert wrong.asked == []
    assert right.authorizations == {"Bearer from-a-program"}
    assert (tmp_path / "runs").read_text() == "once\n"


def test_a_program_that_fails_is_named(tmp_path):
    program = tmp_path / "login"
    program.write_text("#!/bin/sh\necho 'no session: run sso login' >&2\nexit 3\n")
    os.chmod(program, 0o755)
    with serve(answer_all()[0]) as api:
        path = api.kubeconfig(tmp_path / "config", user={"exec": {"command": "./login", "apiVersion": "v1"}})
        with pytest.raises(ClusterError, match=r"context lab: the login of user admin-lab .*no session: run sso login"):
            Cluster(path, None)


def test_a_librarys_message_about_a_user_has_no_secret_of_it_and_is_one_line(tmp_path):
    """It has all that a program wrote, and in other cases the whole user."""
    program = tmp_path / "gcloud"
    program.write_text("#!/bin/sh\necho 'no session of client-s3cret' >&2\necho >&2\nseq 1000 >&2\nexit 2\n")
    os.chmod(program, 0o755)
    settings = {"cmd-path": str(program), "client-secret": "client-s3cret"}
    with serve(answer_all()[0]) as api:
        user = {"auth-provider": {"name": "gcp", "config": settings}}
        path = api.kubeconfig(tmp_path / "config", user=user)
        with pytest.raises(ClusterError, match=r"context lab: .*no session of \*\*\* 1 2 3") as caught:
            Cluster(path, None)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 800


@pytest.mark.filterwarnings("ignore:SOCKS support")
def test_a_socks_proxy_without_its_library_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.delitem(sys.modules, "urllib3.contrib.socks", raising=False)
    with serve(answer_all()[0]) as api:
        path = api.kubeconfig(tmp_path / "config", **{"proxy-url": "socks5://127.0.0.1:1080"})
        with pytest.raises(ClusterError, match=r"socks5://127.0.0.1:1080 .* needs the package PySocks .*`proxy`"):
            Cluster(path, None)


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({"api_key": "t0ken\n"}, "Bearer t0ken"),
        ({"api_key": "Bearer t0ken"}, "Bearer t0ken"),
        ({"username": "me", "password": "word"}, "Basic bWU6d29yZA=="),
    ],
)
@pytest.mark.parametrize("with_kubeconfig", [True, False])
def test_credentials_as_options(tmp_path, options, header, with_kubeconfig):
    with serve(answer_all()[0]) as api:
        place = {"kubeconfig": api.kubeconfig(tmp_path / "config")} if with_kubeconfig else {"host": api.url}
        call_everything(Cluster(**place, **options))
    assert api.authorizations == {header}


def test_options_that_say_everything_need_no_kubeconfig(monkeypatch):
    """As kubernetes.core, which does not even look whether it exists."""
    monkeypatch.setenv("KUBECONFIG", "/no/such/file")
    with serve(answer_all()[0]) as api:
        cluster = Cluster(host=api.url, api_key="t0ken")
        cluster.list("pods", "test")
        assert str(cluster.access) == f"{api.url}, the options `host` and credentials"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"host": "api:6443"}, r"`host` is 'api:6443' and must be a URL"),
        ({"host": "me:secret@api:6443"}, r"`host` is '\*\*\*@api:6443' and must be a URL"),
        ({"username": "me"}, r"`username` and `password` belong together"),
        ({"client_key": "/no/key"}, r"`client_key` is given without its `client_cert`"),
        ({"client_cert": "/no/cert"}, r"`client_cert` /no/cert does not exist"),
        ({"ca_cert": "/no/ca"}, r"`ca_cert` /no/ca does not exist"),
        (
            {"host": "http://192.0.2.1", "api_key": "x", "proxy": "http://me:secret@p:x"},
            r"`proxy` is 'http://\*\*\*@p:x'",
        ),
        (
            {},
            r"no access to a cluster: `kubeconfig`, K8S_AUTH_KUBECONFIG and KUBECONFIG are not set, /.*/\.kube/config ",
        ),
        ({"context": "staging"}, r"`context` is staging, and .*KUBECONFIG are not set"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(ClusterError, match=message) as caught:
        Cluster(**options)
    assert "secret" not in str(caught.value)


# Which cluster


def test_kubeconfig_and_context_of_the_environment(tmp_path, monkeypatch):
    with serve(answer_all()[0]) as first, serve(answer_all()[0]) as second:
        paths = [first.kubeconfig(tmp_path / "a", "one"), second.kubeconfig(tmp_path / "b", "two")]
        monkeypatch.setenv("KUBECONFIG", os.pathsep.join(paths))
        chosen, other = Cluster(), Cluster(context="two")
        # The kubernetes library alone would take the last file's current context.
        assert str(chosen.access) == f"{first.url}, context one, kubeconfig {paths[0]}:{paths[1]} (KUBECONFIG)"
        assert (chosen.host, other.host, other.access.context) == (first.url, second.url, "two")


def test_the_service_account_of_a_pod(tmp_path, monkeypatch, authority):
    (tmp_path / "token").write_text("of-the-pod")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", authority.path)
    with serve(answer_all()[0], tls=authority.server("127.0.0.1")) as api:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(api.port))
        cluster = Cluster()
        call_everything(cluster)
        assert str(cluster.access) == f"{api.url}, the service account of this pod"
    assert {header.lower() for header in api.authorizations} == {"bearer of-the-pod"}


def test_a_pod_without_a_service_account(monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    with pytest.raises(ClusterError, match="This pod's service account can't be used: "):
        Cluster()


def test_a_password_in_the_servers_url_is_not_shown():
    with serve(lambda handler, _path: handler.send({"message": "no"}, 401)) as api:
        cluster = Cluster(host=api.url.replace("//", "//me:secret@"), api_key="t0ken")
        assert cluster.host == api.url.replace("//", "//***@")
        with pytest.raises(ClusterError, match="does not accept the credentials of the options") as caught:
            cluster.list("pods", "test")
    assert "secret" not in str(caught.value) + str(cluster.access)


# Proxies


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("way", ["option", "kubeconfig", "environment"])
def test_every_call_goes_by_the_proxy(tmp_path, authority, monkeypatch, way, tls):
    with (
        serve(answer_all()[0], tls=authority.server(NAME) if tls else None) as api,
        proxy(names={NAME: ("127.0.0.1", api.port)}, user="me:p@ss") as used,
    ):
        url = used.url.replace("//", "//me:p%40ss@")
        if way == "environment":
            monkeypatch.setenv("HTTPS_PROXY" if tls else "HTTP_PROXY", url)
        fields = {
            "server": f"{'https' if tls else 'http'}://{NAME}:{api.port}",
            "certificate-authority": authority.path,
        }
        fields |= {"proxy-url": url} if way == "kubeconfig" else {}
        options = {"proxy": url} if way == "option" else {}
        cluster = Cluster(api.kubeconfig(tmp_path / "config", **fields), None, **options)
        call_everything(cluster)
        assert used.url in str(cluster.access)
        assert "p%40ss" not in str(cluster.access)
    assert len(api.asked) == 4
    assert used.asked


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({"HTTP_PROXY": "http://127.0.0.1:1"}, {}),  # this machine itself
        ({"HTTP_PROXY": "http://127.0.0.1:1"}, {"host": "http://localhost:{port}"}),
        ({}, {"proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.0/8"}),
        ({"HTTP_PROXY": "http://127.0.0.1:1"}, {"no_proxy": "127.0.0.1"}),
    ],
)
def test_an_exception_from_the_proxy_is_one_for_every_call(tmp_path, monkeypatch, variables, options):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with serve(answer_all()[0]) as api:
        options = {key: value.format(port=api.port) for key, value in options.items()}
        call_everything(Cluster(api.kubeconfig(tmp_path / "config"), None, **options))
    assert len(api.asked) == 4


def test_a_proxy_that_wants_a_user(tmp_path):
    with serve(answer_all()[0]) as api, proxy(user="me:word") as used:
        cluster = Cluster(api.kubeconfig(tmp_path / "config"), None, proxy=used.url)
        with pytest.raises(ClusterError, match="407"):
            cluster.list("pods", "test")
        with pytest.raises(ForwardError, match=r"407 \(through the proxy http:"):
            ForwardedConnection(cluster.new_client(), "test", "web-1", PORT).connect()
    assert api.asked == []


def test_a_port_forward_goes_by_no_other_kind_of_proxy(tmp_path):
    with serve(answer_all()[0]) as api:
        cluster = Cluster(api.kubeconfig(tmp_path / "config"), None, proxy="https://127.0.0.1:1")
        with pytest.raises(ForwardError, match=r"through the proxy https://127\.0\.0\.1:1: only an HTTP proxy"):
            ForwardedConnection(cluster.new_client(), "test", "web-1", PORT).connect()
