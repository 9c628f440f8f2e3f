# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""How the controller reaches the API server: by the kubeconfig that it gets, and by the ssh of a tunnel."""

import base64
import subprocess

import pytest
import yaml
from ansible_collections.shkatara.keda_demo.tests.support.render import render

# As kubeadm 1.25 writes it, with other data.
ADMIN = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: QUJD
    server: https://192.0.2.11:6443
  name: keda-demo
contexts:
- context: {cluster: keda-demo, user: kubernetes-admin}
  name: kubernetes-admin@keda-demo
current-context: kubernetes-admin@keda-demo
kind: Config
preferences: {}
users:
- name: kubernetes-admin
  user: {client-certificate-data: REVG, client-key-data: R0hJ}
"""
JUMP = {
    "ansible_host": "10.0.0.11",
    "ansible_user": "admin",
    "ansible_port": 2222,
    "ansible_ssh_private_key_file": "/keys/my key",
    "ansible_ssh_common_args": "-o UserKnownHostsFile=/keys/known -J jump.example.com",
}
CASES = {
    "plain": {},
    "name": {"cluster_api_host": "k8s.example.com"},
    "address": {"cluster_api_host": "198.51.100.11", "cluster_api_port": 16443},
    "tunnel": {"cluster_api_tunnel": True, "cluster_api_port": 16443, "cluster_api_tunnel_ports": [30115]} | JUMP,
    "bare_tunnel": {"cluster_api_tunnel": True, "ansible_host": "control1.example.com"},
}
SERVERS = {
    "plain": {"server": "https://192.0.2.11:6443"},
    "name": {"server": "https://k8s.example.com:6443"},
    "address": {"server": "https://198.51.100.11:16443"},
    "tunnel": {"server": "https://127.0.0.1:16443", "tls-server-name": "192.0.2.11"},
    "bare_tunnel": {"server": "https://127.0.0.1:6443", "tls-server-name": "192.0.2.11"},
}
# It answers `-O` by the file of the socket, and opens a tunnel by writing that file and its own arguments.
SSH = """#!/bin/sh
case "$*" in
  *"-O check"*) [ -e tunnel ] ;;
  *"-O exit"*) rm tunnel; echo closed >> "$PLACE/log" ;;
  *) [ ! -e "$PLACE/refuse" ] || { echo "bind: Address already in use" >&2; exit 255; }
     printf '<%s>' "$@" >> "$PLACE/log"; echo >> "$PLACE/log"; touch tunnel ;;
esac
"""


def _case(case, given, place):
    return given | {
        "cluster_endpoint": "192.0.2.11:6443",
        "cluster_node_ips": {f"case_{case}": "192.0.2.11"},
        "cluster_kubeconfig": f"{place}/build/kubeconfig",
        "__control_plane_kubeconfig": {"content": base64.b64encode(ADMIN.encode()).decode()},
    }


@pytest.fixture(scope="module")
def found(core, tmp_path_factory):
    """Return the controller's kubeconfig of each case, and the tunnel's script where there is one."""
    kubeconfig = "__control_plane_controllers_kubeconfig"
    script = "lookup('ansible.builtin.template', '../../cluster/templates/tunnel.sh.j2')"
    cases = {case: _case(case, given, "/PLACE") for case, given in CASES.items()}
    place = tmp_path_factory.mktemp("role")
    results = render(core, "control_plane", cases, kubeconfig, place, entry_points=())
    found = {case: {"kubeconfig": result["value"]} for case, result in results.items()}
    for case in ("tunnel", "bare_tunnel"):
        groups = {"kube_control_plane": [case]}
        only = {case: cases[case]}
        place = tmp_path_factory.mktemp("role")
        result = render(core, "control_plane", only, script, place, entry_points=(), groups=groups)[case]
        found[case]["tunnel"] = result["value"]
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_kubeconfig_leads_where_the_controller_reaches_the_api_server(found, case):
    expected = yaml.safe_load(ADMIN)
    expected["clusters"][0]["cluster"].update(SERVERS[case])
    assert yaml.safe_load(found[case]["kubeconfig"]) == expected


class Controller:
    """A controller whose ssh is a program of this test."""

    def __init__(self, place):
        self._place = place
        (place / "bin").mkdir()
        (place / "bin" / "ssh").write_text(SSH)
        (place / "bin" / "ssh").chmod(0o755)

    def run(self, script):
        """Run a script, and return its status, its errors and all that ssh was called for so far."""
        environment = {"PATH": f"{self._place}/bin:/usr/bin:/bin", "PLACE": str(self._place)}
        script = script.replace("/PLACE/", f"{self._place}/")
        done = subprocess.run(["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
        log = self._place / "log"
        return done.returncode, done.stderr, log.read_text().splitlines() if log.exists() else []

    def write(self, name):
        (self._place / name).touch()


@pytest.fixture
def controller(tmp_path):
    return Controller(tmp_path)


OPTIONS = (
    "<-f><-N><-M><-S><tunnel><-o><BatchMode=yes><-o><ConnectTimeout=30><-o><ExitOnForwardFailure=yes>"
    "<-o><ServerAliveInterval=15><-o><ServerAliveCountMax=3>"
)


def test_the_tunnel_takes_the_way_of_ansibles_connection(found, controller):
    code, errors, calls = controller.run(found["tunnel"]["tunnel"])
    assert (code, errors) == (0, "")
    assert calls == [
        f"{OPTIONS}<-o><UserKnownHostsFile=/keys/known><-J><jump.example.com><-i></keys/my key><-l><admin><-p><2222>"
        "<-L><127.0.0.1:16443:192.0.2.11:6443><-L><127.0.0.1:30115:192.0.2.11:30115><10.0.0.11>"
    ]


def test_without_settings_ssh_gets_none(found, controller):
    expected = f"{OPTIONS}<-L><127.0.0.1:6443:192.0.2.11:6443><control1.example.com>"
    assert controller.run(found["bare_tunnel"]["tunnel"]) == (0, "", [expected])


def test_an_open_tunnel_stays_and_other_settings_open_another(found, controller):
    controller.run(found["tunnel"]["tunnel"])
    assert len(controller.run(found["tunnel"]["tunnel"])[2]) == 1
    calls = controller.run(found["bare_tunnel"]["tunnel"])[2]
    assert (calls[1], len(calls)) == ("closed", 3)


def test_a_tunnel_that_does_not_open_is_explained(found, controller):
    controller.write("refuse")
    code, errors, _calls = controller.run(found["tunnel"]["tunnel"])
    assert code == 1
    assert "no tunnel to the API server by ssh to case_tunnel: bind: Address already in use" in errors
    assert "127.0.0.1:16443 must be free (cluster_api_port)" in errors
