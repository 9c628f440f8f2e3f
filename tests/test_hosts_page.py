# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""docs/hosts.md: its generated columns, what it says of ports and of the way back, and its comparison with a run.

The comparison with a real run is in the scenario `default`.
"""

import re
import subprocess

import pytest

from tests.hosts_page import compare, generate, listings, objects, roles, tables

TEXT = tables.PAGE.read_text(encoding="utf-8")
TABLES = tables.read(TEXT)
UNDO = re.search(r"<!-- script: undo -->\n```sh\n(.*?)```", TEXT, flags=re.DOTALL)[1]


def test_the_page_is_what_the_roles_say():
    assert tables.write(TEXT, generate.generated()) == TEXT, (
        "run: PYTHONPATH=collections python -m tests.hosts_page write"
    )


def test_every_cell_is_written():
    assert [row for table in TABLES.values() for row in table.rows if tables.UNWRITTEN in row] == []


def test_the_firewall_opens_the_ports_of_the_role():
    known = roles.variables("node")
    opened = {f"tcp {port}" for port in known["__node_firewall_tcp"]}
    opened |= {f"udp {roles.variables('cluster')['cluster_vxlan_port']}"}
    opened |= {f"tcp {roles.variables('cluster')['__cluster_default_port']}"}
    assert {key for key in TABLES["firewall"].keys if re.match(r"(tcp|udp) ", key)} == opened
    # What it opens to other hosts is a port on which something listens at the node's address.
    listening = {key.rpartition(" ")[0] for key in TABLES["ports"].keys if not key.endswith(" loopback")}
    assert opened <= listening


def test_the_node_port_is_that_of_the_role():
    assert f"tcp {roles.variables('demo_app')['demo_app_node_port']}" in TABLES["node-ports"].keys


def test_the_shell_can_read_the_way_back():
    subprocess.run(["/bin/sh", "-n"], input=UNDO, text=True, check=True)


# What goes with kubeadm reset, disabled units, or the reboot, and what the steps before the removal of files undo.
GONE_OTHERWISE = (
    "/etc/hosts",
    "/etc/fstab",
    "/etc/selinux/config",
    "/etc/firewalld/**",
    "/etc/ufw/*.rules",
    "/etc/cloud/templates/hosts.*.tmpl",
    "/etc/systemd/system/*.wants/keda-demo-*.service",
    "/etc/systemd/system/multi-user.target.wants/*",
    "/etc/systemd/system/swap.target",
    "/usr/bin/*",
    "/home/*/**",
    "/run/**",
)


@pytest.mark.parametrize("path", [*TABLES["files"].keys, *TABLES["written"].keys])
def test_the_way_back_removes_every_file(path):
    removed = [word for word in UNDO.split() if word.startswith("/")]
    parents = [path, *(path[: match.start()] for match in re.finditer("/", path) if match.start())]
    by_name = any(listings.matches([one], parent.removesuffix("/**")) for one in removed for parent in parents)
    assert by_name or listings.matches(GONE_OTHERWISE, path)


def test_the_way_back_uses_every_record():
    used = {name.removeprefix("/") for name in re.findall(r'\$before"?(/[\w.*$]+)', UNDO)}
    # Firewalls stay as they are, unless node_firewall is `disabled`.
    wanted = set(TABLES["records"].keys) - {"firewalld", "ufw"}
    assert {re.sub(r"\$\w+", "*", name) for name in used} == wanted


def ideal():
    """Return the listing of a host that has each row of the page."""
    lines = []
    for name in ("files", "written"):
        for key, mode in TABLES[name].column("mode").items():
            path = key.replace("before/*", "before/ufw").replace("**", "x").replace("*", "x")
            digits = tables.plain(mode) if tables.plain(mode).isdigit() else "0644"
            if path.startswith("/run/"):
                lines.append(f"run {key.removesuffix('/**')}")
            else:
                lines.append(f"file {digits} {path} 1 1.0")
    lines += [f"unit {key} {state} enabled" for key, state in TABLES["units"].column("state").items()]
    for name in ("sysctls", "sysctls-kubernetes"):
        lines += [f"now {key} {tables.plain(value)}" for key, value in TABLES[name].column("value").items()]
    addresses = {"any": "*", "node": "192.0.2.11", "loopback": "127.0.0.1"}
    for key in TABLES["ports"].keys:
        protocol, port, place = key.split()
        lines.append(f"port {protocol} {addresses[place]}:{port.partition('-')[0]}")
    lines += [f"interface {key.replace('*', '1')}" for key in TABLES["interfaces"].keys]
    return lines


CLUSTER = [
    *objects.lean(),
    *objects.keda(),
    *objects.application(),
    {"kind": "Service", "metadata": {"name": "test", "namespace": "test"}, "spec": {"ports": [{"nodePort": 30115}]}},
]
OTHER_ROLE = {"kind": "ClusterRole", "metadata": {"name": "other"}, "rules": []}


def differences(lines=(), without=(), cluster=CLUSTER):
    listing = [line for line in ideal() if line not in without] + list(lines)
    return compare.compare(TABLES, {"control1": "\n".join(listing)}, ["control1"], cluster)


def test_a_host_with_all_rows_is_as_the_page_says():
    assert differences() == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("file 0644 /etc/cron.d/other 1 1.0", "control1: file /etc/cron.d/other"),
        ("file 0644 /etc/containerd/certs 1 1.0", "control1: file /etc/containerd/certs"),
        ("directory 0755 /srv/other", "control1: folder /srv/other"),
        ("run /run/other", "control1: folder or file /run/other"),
        ("unit other.service enabled", "control1: unit other.service"),
        ("port tcp 0.0.0.0:111", "control1: port tcp 111 any"),
        ("port tcp [::1]:8125", "control1: port tcp 8125 loopback"),
        ("port tcp 192.0.2.11%eth0:10248", "control1: port tcp 10248 node"),
        ("interface docker0", "control1: interface docker0"),
        ("package other", "control1: package other"),
        ("setting vm.swappiness 10", "control1: kernel setting vm.swappiness"),
        ("file 0644 /var/lib/keda-demo/before/other 1 1.0", "control1: record other"),
    ],
)
def test_what_the_page_does_not_have_is_said(line, said):
    assert differences([line]) == [said]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("file 0600 /etc/kubernetes/admin.conf 1 1.0", "the page has /etc/kubernetes/admin.conf (written)"),
        ("file 0755 /usr/local/bin/kubelet 1 1.0", "the page has /usr/local/bin/kubelet (files)"),
        ("unit kubelet.service enabled enabled", "the page has kubelet.service (units)"),
        ("now kernel.panic 10", "the page has kernel.panic (sysctls)"),
        ("port tcp *:10250", "the page has tcp 10250 any (ports)"),
        ("interface keda-demo.vx", "the page has keda-demo.vx (interfaces)"),
    ],
)
def test_what_no_host_has_is_said(line, said):
    (found,) = differences(without=[line])
    assert found.startswith(said)
    assert found.endswith("but not so control1")


def test_a_file_with_another_mode_is_said():
    changed = "file 0644 /etc/kubernetes/admin.conf 1 1.0"
    (found,) = differences([changed], ["file 0600 /etc/kubernetes/admin.conf 1 1.0"])
    assert found.startswith("the page has /etc/kubernetes/admin.conf (written) for control plane")


def test_what_a_host_has_only_sometimes_may_be_missing():
    assert differences(without=[line for line in ideal() if "proxies" in line or "veth" in line]) == []


@pytest.mark.parametrize("name", ["kubeadm:get-nodes", "system:coredns"])
def test_kubeadms_own_roles_are_left_out(name):
    assert differences(cluster=[*CLUSTER, {**OTHER_ROLE, "metadata": {"name": name}}]) == []


def test_a_role_that_the_page_lacks_or_has_otherwise_is_said():
    (found,) = differences(cluster=[*CLUSTER, OTHER_ROLE])
    assert found.startswith("role ClusterRole other: the cluster has (")
    wider = [
        {**item, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}
        if (item["kind"], item["metadata"]["name"]) == ("ClusterRole", "prometheus-k8s")
        else item
        for item in CLUSTER
    ]
    (found,) = differences(cluster=wider)
    assert found.startswith("role ClusterRole prometheus-k8s: the cluster has (")


def test_a_node_port_and_an_account_that_the_page_lacks_are_said():
    service = {**CLUSTER[-1], "spec": {"ports": [{"nodePort": 31000}]}}
    account = {"kind": "ServiceAccount", "metadata": {"name": "other", "namespace": "kube-system"}}
    assert differences(cluster=[*CLUSTER, service, account]) == [
        "NodePort tcp 31000: only the cluster has it",
        "account kube-system/other: only the cluster has it",
    ]


HEAD = "<!-- table: one, generated: 1 -->\n| a | b |\n| --- | --- |\n"


def test_cells_that_were_written_by_hand_stay_with_their_key():
    text = HEAD + "| `x` | for x |\n| `gone` | old |\n\nmore\n"
    assert tables.write(text, {"one": [("`new`",), ("`x`",)]}) == HEAD + "| `new` | ? |\n| `x` | for x |\n\nmore\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- table: one -->\n\ntext\n", "no table below the comment of one"),
        (HEAD + "| `x` |\n", "1 cells, and the heading of one has 2"),
        (HEAD + "| `x` | 1 |\n| `x` | 2 |\n", "one has `x` 2 times"),
        (HEAD + "\n" + HEAD, "two tables one"),
    ],
)
def test_a_faulty_page_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        tables.read(text)


def test_a_table_without_a_generator_is_refused():
    with pytest.raises(ValueError, match="generated tables"):
        tables.write(HEAD, {})


def test_what_the_way_back_leaves_is_said():
    lines = ["file 0644 /etc/crictl.yaml 1 1.0", "file 0644 /var/log/dpkg.log 1 1.0", "directory 0755 /opt/cni"]
    lines += ["unit kubelet.service enabled", "port tcp *:10250", "run /run/containerd", "interface cni0"]
    assert compare.left({"one": "\n".join(lines)}) == [
        "one: file /etc/crictl.yaml",
        "one: folder /opt/cni",
        "one: unit kubelet.service",
        "one: port tcp 10250 any",
        "one: interface cni0",
    ]
    assert compare.left({"one": "file 0644 /etc/hosts 1 1.0\nnow kernel.panic 10\nsetting kernel.panic 10"}) == []
