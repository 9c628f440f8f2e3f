# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""site.yml refuses wrong variables and inventories in its first play, before a host is contacted.

The inventory's addresses are of 192.0.2.0/24, where nothing answers (RFC 5737). Ansible calls ssh through a program
that keeps a record, so that a test sees whether a host was contacted.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ROLES = ROOT / "collections" / "ansible_collections" / "shkatara" / "keda_demo" / "roles"
SSH = '#!/bin/sh\necho "$@" >> {record}\nexec ssh "$@"\n'
CONTROL, WORKER = {"control1": {"ansible_host": "192.0.2.11"}}, {"worker1": {"ansible_host": "192.0.2.21"}}
BOTH = {"children": {"kube_control_plane": {}, "kube_node": {}}}


@dataclass(frozen=True)
class Case:
    """Variables and groups that are wrong, and a pattern for each finding."""

    says: list[str]
    variables: dict[str, object] = field(default_factory=dict)
    control_plane: dict[str, dict[str, object]] = field(default_factory=lambda: CONTROL)
    workers: dict[str, dict[str, object]] = field(default_factory=lambda: WORKER)
    cluster: dict[str, object] = field(default_factory=lambda: BOTH)
    plays: tuple[str, ...] = ("Check variables and inventory",)


# What preflight finds in variables and inventory.
INPUTS = {
    "names and types": Case(
        [
            "no role has a variable `kube_prometheus_profil`: is it meant to be `kube_prometheus_profile`",
            "value of kube_prometheus_profile must be one of: lean, full, got: tiny",
            "'demo_app_max_replicas' is of type .* unable to convert to int",
        ],
        {"kube_prometheus_profil": "lean", "kube_prometheus_profile": "tiny", "demo_app_max_replicas": "many"},
    ),
    "subnets that overlap": Case(
        [
            "cluster_pod_subnet 192.0.2.0/24 and cluster_service_subnet 192.0.2.16/28 overlap: choose",
            "cluster_pod_subnet 192.0.2.0/24 is too small to have a /24 for each of 2 hosts: choose",
            "cluster_pod_subnet 192.0.2.0/24 contains the address 192.0.2.11 of control1: choose",
            "cluster_service_subnet 192.0.2.16/28 contains the address 192.0.2.21 of worker1: choose",
        ],
        {"cluster_pod_subnet": "192.0.2.0/24", "cluster_service_subnet": "192.0.2.16/28"},
    ),
    "subnets that are none": Case(
        [
            "cluster_pod_subnet is 10.244.0.1/16, which is not an IPv4 network .*: give one such as 10.244.0.0/16",
            "cluster_service_subnet 10.96.0.0/29 must have a length from /12 to /28",
        ],
        {"cluster_pod_subnet": "10.244.0.1/16", "cluster_service_subnet": "10.96.0.0/29"},
    ),
    "no control plane": Case(
        ["inventory: the group `kube_control_plane` has no host: put one into it"], control_plane={}
    ),
    "groups and hosts": Case(
        [
            "inventory: the group `kube_control_plane` has control1, control2: this version supports only one",
            "inventory: worker1 is not in the group `k8s_cluster`: make its groups children",
            "inventory: spare is neither in `kube_control_plane` nor in `kube_node`",
            "inventory: control1 and control2 have the same address 192.0.2.11",
            "cluster_name must be the same for all, and is set to 'other' on control2: set it in group_vars/all",
        ],
        control_plane=CONTROL | {"control2": {"ansible_host": "192.0.2.11", "cluster_name": "other"}},
        cluster={"hosts": {"spare": {"ansible_host": "192.0.2.31"}}, "children": {"kube_control_plane": {}}},
    ),
    "one NodePort for two Services": Case(
        ["kube_prometheus_node_port and demo_app_node_port are both 30115: give each its own port"],
        {"kube_prometheus_node_port": 30115},
    ),
    "a name that leaves the folder of the build": Case(
        ["cluster_name is ../other: give letters, digits, `-`, `_` and `[.]`, such as keda-demo"],
        {"cluster_name": "../other"},
    ),
    "where the bundle comes from": Case(
        [
            "bundle: There is no archive /nowhere/seed-amd64.tar.gz .bundle_archive.",
            "bundle_mirror_url is 'mirror.example.net', and must be a URL such as https://mirror.example.net/files",
            "bundle_registry_mirrors has 'https://mirror.example.net' for docker.io, and must have a host",
            "no role has a variable `kube_prometheus_profil`",
        ],
        {
            "bundle_archive": "/nowhere/seed-amd64.tar.gz",
            "bundle_mirror_url": "mirror.example.net",
            "bundle_registry_mirrors": {"docker.io": "https://mirror.example.net"},
            "kube_prometheus_profil": "lean",
        },
    ),
    # The first play runs on localhost, and sees no variable of a host or of its group.
    "variables of single hosts": Case(
        [
            "control1: 1 reason .*\n +- control_plane_hpa_tolerance is 1.5: give 0 to less than 1",
            "worker1: 2 reasons .*\n +- node_firewall_sources is .*worker2.*: give .*\n +- worker_token_ttl is soon: ",
        ],
        control_plane={"control1": CONTROL["control1"] | {"control_plane_hpa_tolerance": 1.5}},
        workers={"worker1": WORKER["worker1"] | {"node_firewall_sources": ["worker2"], "worker_token_ttl": "soon"}},
        plays=("Check variables and inventory", "Check the hosts"),
    ),
    "stack": Case(["There is no stack 'nosuch' .cluster_stack.; known are: .*seed"], {"cluster_stack": "nosuch"}),
}
# Every rule of a role broken at once: {variable: value}.
RULES = {
    "cluster": {
        "cluster_name": "my/cluster",
        "cluster_endpoint": "k8s.example.com",
        "cluster_api_host": "198.51.100.11:6443",
        "cluster_api_port": 65536,
        "cluster_api_tunnel": True,
        "cluster_http_proxy": "proxy.example.com:3128",
        "cluster_https_proxy": "socks5://proxy.example.com",
        "cluster_no_proxy": ["http://internal.example.com"],
    },
    "control_plane": {
        "control_plane_hpa_sync_period_seconds": 0,
        "control_plane_hpa_tolerance": 1.5,
        "control_plane_hpa_downscale_stabilization_seconds": -1,
        "control_plane_kube_proxy_cpu_request": "100Mi",
        "control_plane_wait_timeout": 0,
        "control_plane_patches": {"kubelet": "priority"},
        "control_plane_schedulable": False,
    },
    "node": {"node_firewall_nodeports": ["30115/tcp"], "node_firewall_sources": ["worker2"]},
    "worker": {"worker_token_ttl": "soon", "worker_join_timeout": 0},
    "kube_prometheus": {
        "kube_prometheus_profile": "full",
        "kube_prometheus_components": ["grafana"],
        "kube_prometheus_prometheus_replicas": 0,
        "kube_prometheus_alertmanager_replicas": 0,
        "kube_prometheus_node_port": 9090,
        "kube_prometheus_patches": [{"spec": {}}],
        "kube_prometheus_scrape_interval": "30",
        "kube_prometheus_retention": "long",
        "kube_prometheus_startup_probe_period_seconds": 61,
        "kube_prometheus_wait_timeout": 0,
    },
    "keda": {
        "keda_watch_namespace": "test shop",
        "keda_readiness_initial_delay_seconds": -1,
        "keda_readiness_period_seconds": 0,
        "keda_patches": [{"spec": {}}],
        "keda_wait_timeout": 0,
    },
    "demo_app": {
        "demo_app_image": "",
        "demo_app_delay_seconds": -0.5,
        "demo_app_drain_seconds": 301,
        "demo_app_termination_grace_period_seconds": 302,
        "demo_app_node_port": 5000,
        "demo_app_scrape_interval_seconds": 0,
        "demo_app_query_window_seconds": 0,
        "demo_app_threshold": 0,
        "demo_app_min_replicas": 0,
        "demo_app_max_replicas": -1,
        "demo_app_polling_interval_seconds": 0,
        "demo_app_behavior": {"scaledown": {}},
        "demo_app_prometheus_url": "prometheus",
        "demo_app_keda_namespace": "KEDA",
        "demo_app_wait_timeout": 0,
    },
    "verify": {
        "verify_nonsense": 1,
        "verify_name": "",
        "verify_load_max_rate": 0,
        "verify_load_external": True,
        "verify_load_stages": [{"rate": 5, "duration": 60}],
        "verify_load_url": "192.0.2.21:30115",
        "verify_load_rate": -1,
        "verify_load_replicas": 0,
        "verify_phases": ["hold"],
        "verify_load_duration_seconds": 5,
        "verify_hpa_tolerance": "a tenth",
        "verify_prometheus_url": "prometheus",
        "verify_access_account": "Proof",
        "verify_access_workload": "Deployment",
    },
}
# A sentence that is not `variable is value: give ...`.
SENTENCES = {
    "control_plane_patches": 'control_plane_patches is {"kubelet": "priority"}: give parts of the pods etcd, ',
    "keda_patches": "keda_patches has a patch without kind: give a part of an object",
    "cluster_api_tunnel": "cluster_api_host is .* and cluster_api_tunnel is on: .* set only one of them",
    "cluster_no_proxy": "cluster_no_proxy is http://internal.example.com: give a list",
    "demo_app_image": "demo_app_image is empty: name an image",
    "demo_app_behavior": "demo_app_behavior has scaledown: give scaleUp, scaleDown or both",
    "kube_prometheus_profile": "kube_prometheus_profile is full with .* grafana: the stack seed has no grafana. Take",
    "kube_prometheus_components": "kube_prometheus_components has no prometheusOperator and no prometheus: add it",
    "kube_prometheus_patches": "kube_prometheus_patches has a patch without kind: give a part of an object",
    "verify_nonsense": "verify_nonsense: the role verify has no such variable",
    "verify_name": "verify_name is empty: give the name of a ScaledObject",
    "verify_load_max_rate": "verify_load_max_rate: give a number above 0",
    "verify_access_account": "verify_access_account: give the name of an account or a namespace",
    "verify_hpa_tolerance": "verify_hpa_tolerance: give a number of at least 0",
}


def sentence(name, value):
    return SENTENCES.get(name) or f"{name} is {re.escape(str(value))}(:|,.*:) give .*"


# Go modules do not give the image of Grafana.
WITH = {"bundle_producer": "go_modules"}
# A cluster of one host, so that a control plane without pods is wrong, too.
BROKEN = {
    role: Case([sentence(*item) for item in given.items()], WITH | given, workers={}) for role, given in RULES.items()
}
EVERYTHING = Case(
    [says for case in BROKEN.values() for says in case.says],
    WITH | {name: value for given in RULES.values() for name, value in given.items()},
    workers={},
)
REFUSED = INPUTS | BROKEN | {"everything": EVERYTHING}
CASES = REFUSED | {"good": Case([])}


@dataclass(frozen=True)
class Result:
    """How site.yml ended, what it printed, and the ssh commands that it called."""

    code: int
    printed: str
    contacts: list[str]
    made: list[str]  # in the folders of the build and of the cache

    @property
    def findings(self):
        lines = (line.strip() for line in self.printed.splitlines())
        return {line.removeprefix("- ") for line in lines if line.startswith("- ")}


def run(case, folder):
    record, ssh = folder / "contacts", folder / "ssh"
    ssh.write_text(SSH.format(record=record))
    ssh.chmod(0o755)
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    groups = {"kube_control_plane": case.control_plane, "kube_node": case.workers}
    inventory = {
        "all": {"hosts": {"localhost": local}, "vars": {"ansible_ssh_executable": str(ssh)}},
        "k8s_cluster": case.cluster,
        **{name: {"hosts": hosts} for name, hosts in groups.items()},
    }
    (folder / "hosts.yml").write_text(yaml.safe_dump(inventory))
    places = {"KEDA_DEMO_BUILD": str(folder / "made" / "build"), "KEDA_DEMO_CACHE": str(folder / "made" / "cache")}
    settings = {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        # It names each play, and counts the changes.
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        # A host that does not answer is given up after a second.
        "ANSIBLE_TIMEOUT": "1",
    }
    environ = os.environ | places | settings
    arguments = [sys.executable, "-m", "ansible", "playbook", f"--inventory={folder / 'hosts.yml'}", "site.yml"]
    arguments += ["--extra-vars", json.dumps(case.variables)]
    done = subprocess.run(arguments, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    contacts = record.read_text().splitlines() if record.exists() else []
    made = [str(path) for path in (folder / "made").rglob("*")]
    return Result(done.returncode, done.stdout + done.stderr, contacts, made)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return the result of every case. They run at the same time, as each takes seconds."""
    folders = [tmp_path_factory.mktemp("site") for _case in CASES]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(CASES, pool.map(run, CASES.values(), folders), strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_named_with_what_would_be_right(results, name):
    result = results[name]
    assert result.code == 2, result.printed
    assert [says for says in CASES[name].says if not re.search(says, result.printed)] == [], result.printed


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_changed_and_no_host_is_contacted(results, name):
    result = results[name]
    assert (result.contacts, result.made) == ([], [])
    assert tuple(re.findall(r"^PLAY \[(.+)\]", result.printed, flags=re.MULTILINE)) == CASES[name].plays
    hosts = ["localhost"] if len(CASES[name].plays) == 1 else ["control1", "localhost", "worker1"]
    recap = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", result.printed, flags=re.MULTILINE)
    assert sorted(recap) == [(host, "0") for host in hosts]


@pytest.mark.parametrize("role", BROKEN)
def test_every_rule_of_a_role_is_broken_and_named_in_one_message(results, role):
    name = "__cluster_rules" if role == "cluster" else f"__{role}_checks"
    files = [*(ROLES / role / "vars").glob("main.yml"), *(ROLES / role / "vars").glob("main/*.yml")]
    rules = next(known[name] for known in map(yaml.safe_load, map(Path.read_text, files)) if name in known)
    assert len(results[role].findings) == len(rules) == len(RULES[role]), results[role].printed


def test_findings_of_all_roles_come_in_one_message(results):
    assert len(results["everything"].findings) == sum(len(given) for given in RULES.values())


def test_hosts_are_contacted_where_nothing_is_wrong(results):
    good = results["good"]
    assert good.code != 0
    assert {host for host in ("192.0.2.11", "192.0.2.21") if any(host in call for call in good.contacts)} == {
        "192.0.2.11",
        "192.0.2.21",
    }
    # Both hosts have their message before the run ends.
    for host in ("control1", "worker1"):
        reason = rf"{host}: 1 reason why this run would fail\n +- connection: can't be reached as"
        assert re.search(reason, good.printed)
