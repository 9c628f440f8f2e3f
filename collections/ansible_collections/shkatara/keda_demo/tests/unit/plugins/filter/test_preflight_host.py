# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What is wrong with one host, from outputs of real hosts and changed copies of them."""

import pytest
from ansible_collections.shkatara.keda_demo.plugins.filter.preflight_host import preflight_host
from ansible_collections.shkatara.keda_demo.tests.support import preflight_cases as cases
from ansible_collections.shkatara.keda_demo.tests.support import preflight_network_cases as network
from ansible_collections.shkatara.keda_demo.tests.support import preflight_outputs as outputs
from ansible_collections.shkatara.keda_demo.tests.support import preflight_table

ORDER = ["python3.13", "python3.11", "/usr/bin/python3", "python3"]


def find(case, kind="bare", **options):
    other = "control1" if case.host == "worker1" else "worker1"
    text = outputs.printed(kind, case.host, case.sections)
    wants = outputs.wants(case.host, case.wants, outputs.printed(kind, other, case.others))
    result = outputs.result(text, **case.result)
    settings = {"core": case.core, "oldest": case.oldest, "order": ORDER} | options
    return preflight_host(result, wants=wants, ways=case.ways, facts=case.facts, **settings)


def healthy(sections=None, wants=None, kind="bare", host="worker1", others=None, **values):
    return find(cases.Case("", "", sections or {}, wants or {}, host=host, others=others or {}, **values), kind)


@pytest.mark.parametrize("case", preflight_table.CASES, ids=lambda case: f"{case.check}-{case.input[:30]}")
def test_a_fault_is_the_only_finding_and_says_what_to_do(case):
    assert find(case) == [case.message]


@pytest.mark.parametrize("host", ["control1", "worker1"])
@pytest.mark.parametrize("kind", ["bare", "node"])
@pytest.mark.parametrize("pod_network", ["bridge", "vxlan"])
def test_nothing_is_wrong_with_a_bare_host_or_a_node(kind, host, pod_network):
    assert healthy(kind=kind, host=host, wants={"pod_network": pod_network}) == []


@pytest.mark.parametrize(
    ("addresses", "routes"),
    [(network.GCP_ADDRESSES, network.GCP_ROUTES), (network.HETZNER_ADDRESSES, network.HETZNER_ROUTES)],
)
def test_a_router_between_hosts_is_no_fault_for_vxlan(addresses, routes):
    assert healthy({"addresses": addresses, "routes": routes}, {"pod_network": "vxlan"}) == []


def test_a_32_address_with_peers_on_its_link_is_no_fault():
    assert healthy({"addresses": network.GCP_ADDRESSES, "routes": "10.89.35.0/24 dev ens4 scope link"}) == []


def test_equal_short_names_in_two_domains_are_two_nodes():
    own = {"system": {"nodename": "node1.east.example.com"}}
    assert healthy(own, others={"system": {"nodename": "node1.west.example.com"}}) == []


def test_the_stub_of_systemd_resolved_is_no_fault():
    assert healthy({"resolver": "file /run/systemd/resolve/resolv.conf\nnameserver 192.0.2.53"}) == []


@pytest.mark.parametrize("manager", ["firewalld", "ufw"])
def test_a_firewall_that_the_role_node_stops_is_no_fault(manager):
    units = f"Id={manager}.service\nActiveState=active\nFragmentPath=/usr/lib/systemd/system/{manager}.service"
    wants = {"system": {"firewall": "disabled"}}
    assert healthy({"units": units, "filter": "-P INPUT DROP\n-P FORWARD DROP"}, wants) == []


def test_the_unit_of_ufw_on_ubuntu_is_no_firewall():
    unit = "Id=ufw.service\nActiveState=active\nFragmentPath=/lib/systemd/system/ufw.service\nUnitFileState=enabled"
    ubuntu = {"units": unit, "firewall": "ufw no"}
    rules, disabled = {"filter": network.ORACLE_RULES}, {"system": {"firewall": "disabled"}}
    (finding,) = healthy(ubuntu | rules, disabled)
    assert finding.startswith("firewall: `iptables -A INPUT -j REJECT")
    assert healthy({"units": unit, "firewall": "ufw yes"} | rules, disabled) == []
    (finding,) = healthy({"reach": "status 124"}, others=ubuntu)
    assert finding.startswith("reach: it can't reach the API server's port")
    (finding,) = healthy(ubuntu, host="control1", ways=[network.API | {"outcome": "blocked"}])
    assert finding.startswith("reach: the controller reaches 10.89.35.11 by ssh, and port 6443 (the API) is blocked")


@pytest.mark.parametrize("host", ["control1", "worker1"])
def test_what_a_reset_leaves_on_a_node_of_ours_is_no_fault(host):
    left = {
        "cni": "10-keda-demo.conflist",
        "links": "lo\neth0\ncni0\nkeda-demo.vx",
        "files": "ours /etc/kubernetes/keda-demo-kubeadm-applied.yaml",
    }
    routes = "10.89.35.0/24 dev eth0\n10.244.1.0/24 via 10.89.35.12 dev eth0 proto 75"
    assert healthy(left | {"routes": routes}, host=host) == []
    # kubeadm advises to remove /etc/cni/net.d, too. A unit of ours would only make the other device again.
    (finding,) = healthy(left | {"cni": ""}, host=host)
    assert finding == "cni: the device cni0 is left over from another network of pods: `ip link delete cni0`"


def test_programs_of_ours_are_no_fault():
    programs = "other /usr/local/bin/kubectl\nother /usr/local/sbin/runc"
    # A node whose settings were removed by hand, and a host whose first run was killed.
    units = "ours /etc/systemd/system/containerd.service\nours /etc/systemd/system/kubelet.service"
    assert healthy({"files": f"{programs}\n{units}\nours /usr/bin/kubeadm"}, kind="node") == []
    ours = "ours /etc/containerd/config.toml\nours /etc/kubernetes/kubelet-config.yaml"
    assert healthy({"files": f"{programs}\n{ours}"}) == []
    # A reset, after which /etc/kubernetes was removed.
    assert healthy({"files": f"{programs}\n{units}"}) == []


def test_images_that_an_earlier_run_imported_need_no_more_space():
    places = {"/var/lib/containerd": ("800000", "/var"), "~": ("900000", "/home")}
    lines = [f"{path} rw xfs {free} 3000000 2000000 {mount} exec" for path, (free, mount) in places.items()]
    little, wants = {"disk": "\n".join(lines)}, {"disks": {"~": 1228}}
    assert [finding.split(":")[0] for finding in healthy(little, wants)] == ["disk", "disk"]
    assert healthy(little | {"size": {"images": 2400000}}, wants) == []


def test_tunl0_that_came_with_its_module_is_no_fault():
    assert healthy({"links": "lo\neth0\ntunl0"}) == []


@pytest.mark.parametrize("rules", [{"filter": network.ORACLE_RULES}, {"nft": network.NFT_RULES}])
def test_rules_that_the_role_node_adds_to_are_no_fault(rules):
    assert healthy(rules) == []


def test_a_fault_that_follows_from_another_one_is_not_said():
    (finding,) = healthy({"reach": "status 124"}, {"endpoint": "10.89.35.99:6443"})
    assert finding.startswith("endpoint: ")
    loopback = {"address": "127.0.0.1", "peers": {"control1": "127.0.0.1"}}
    (finding,) = healthy(wants=loopback)
    assert finding.startswith("address: 127.0.0.1 is a loopback address")


def test_rules_of_a_user_who_opened_kubelets_port_are_no_fault():
    rules = "-P INPUT DROP\n-A INPUT -p tcp -m multiport --dports 10250,9100 -j ACCEPT"
    assert healthy({"filter": rules}, {"system": {"firewall": "unmanaged"}}) == []


def test_docker_forwards_nothing_and_the_role_node_opens_that():
    assert healthy({"filter": "-P INPUT ACCEPT\n-P FORWARD DROP\n-A FORWARD -j DOCKER-USER"}) == []


@pytest.mark.parametrize("rule", ["-A INPUT -s 192.0.2.0/24 -j DROP", "-A INPUT -m keda-demo -j ACCEPT\n-P INPUT DROP"])
def test_rules_for_some_packets_and_our_own_are_no_fault(rule):
    assert healthy({"filter": rule}, {"system": {"firewall": "disabled"}}) == []


def test_a_port_behind_the_hosts_own_firewall_is_not_judged_before_the_role_node_opens_it():
    units = "Id=firewalld.service\nActiveState=active\nFragmentPath=/usr/lib/systemd/system/firewalld.service"
    blocked = [network.API | {"outcome": "blocked"}]
    assert healthy({"units": units}, host="control1", ways=blocked) == []
    assert healthy({"reach": "status 124"}, others={"units": units}) == []
    assert healthy({"reach": "status 124"}, {"printed": {"control1": ""}}) == []


def test_on_a_node_the_port_of_the_load_is_not_the_way_to_the_host():
    # A pod of another node may have to answer.
    blocked = [network.LOAD | {"outcome": "blocked"}]
    assert healthy(kind="node", ways=blocked) == []
    (finding,) = healthy(ways=blocked)
    assert finding.startswith("reach: the controller reaches 10.89.35.21 by ssh, and port 30115 (the load's URL) is b")


def test_a_proxy_that_bypasses_the_endpoint_by_its_subnet_is_no_fault():
    assert healthy({"proxy": "https_proxy=http://192.0.2.3:3128\nno_proxy=localhost,10.89.0.0/16"}) == []


def test_a_route_wider_than_the_pods_is_no_fault():
    assert healthy({"routes": "default via 10.89.35.1 dev eth0\n10.89.35.0/24 dev eth0\n10.0.0.0/8 dev tun0"}) == []


@pytest.mark.parametrize("leads", ["10.89.35.11", "198.51.100.1"])
def test_an_endpoint_leads_to_any_address_by_which_the_control_plane_is_known(leads):
    wants = {"endpoint": "k8s.example.com:6443", "login": {"addresses": {"control1": "198.51.100.1"}}}
    assert healthy({"names": f"localhost 127.0.0.1\nk8s.example.com {leads}"}, wants) == []


def test_a_control_plane_may_call_itself_by_loopback_and_a_worker_may_not():
    names, wants = {"names": "localhost 127.0.0.1\nk8s 127.0.1.1"}, {"endpoint": "k8s:6443"}
    assert healthy(names, wants, host="control1") == []
    (finding,) = healthy(names, wants)
    assert finding.startswith("endpoint: cluster_endpoint k8s leads to 127.0.1.1, which is not an address of control1")


def test_missing_programs_that_packages_bring_are_no_fault():
    programs = {"programs": "conntrack\niptables"}
    # A cloud image before its first update has no lists.
    assert healthy(programs | {"repositories": "resolved mirror.example.net"}) == []
    assert healthy(programs | {"repositories": "lists\ncandidate conntrack\ncandidate iptables\nlocal"}) == []
    assert healthy(programs | {"repositories": "unresolved mirror.example.net\nproxy"}) == []
    assert healthy(programs | {"repositories": "unresolved mirror.example.net"}, {"system": {"proxy": True}}) == []
    assert healthy(programs | {"repositories": "silent old.example.net\nresolved mirror.example.net"}) == []
    rocky = programs | {"system": cases.ROCKY_9}
    assert healthy(rocky | {"repositories": "resolved mirror.example.net\nunresolved old.example.net skipped"}) == []
    assert healthy(rocky | {"repositories": "local"}) == []
    eight = programs | {"system": cases.ROCKY_8, "repositories": "resolved mirror.example.net"}
    assert healthy(eight, core="2.16.14", oldest=None) == []


def test_on_a_node_another_process_is_still_in_the_way():
    ports = 'LISTEN 0 4096 *:10250 *:* users:(("nginx",pid=812,fd=20))'
    (finding,) = healthy({"ports": ports}, kind="node")
    assert finding.startswith("port: 10250 is taken by process `nginx`")


@pytest.mark.parametrize(
    ("python", "core", "oldest", "fits"),
    [
        ("/usr/bin/python2.7 2.7", "2.16.14", None, True),
        ("/usr/libexec/platform-python 3.6", "2.16.14", None, True),
        ("/usr/bin/python2.6 2.6", "2.16.14", None, False),
        ("/usr/bin/python3.7 3.7", "2.17.0", (3, 7), True),
        ("/usr/bin/python3.7 3.7", "2.19.14", (3, 8), False),
        ("/usr/bin/python3.8 3.8", "2.21.3", (3, 9), False),
    ],
)
def test_each_core_takes_its_own_pythons(python, core, oldest, fits):
    wants = {"login": {"interpreter": python.split()[0]}}
    assert (healthy({"python": python}, wants, core=core, oldest=oldest) == []) == fits


def test_of_several_pythons_the_first_that_ansible_looks_for_counts():
    auto = {"login": {"interpreter": "auto"}}
    (finding,) = healthy({"python": "/usr/bin/python3 3.6\n/opt/python3.11/bin/python 3.11"}, auto)
    assert finding.endswith("set ansible_python_interpreter: /opt/python3.11/bin/python")
    assert healthy({"python": "/usr/bin/python3.11 3.11\n/usr/bin/python3 3.6"}, auto) == []


@pytest.mark.parametrize("interpreter", ["/usr/bin/env python3", "/usr/bin/python3 -s"])
def test_an_interpreter_may_have_arguments_or_be_found_by_env(interpreter):
    assert healthy(wants={"login": {"interpreter": interpreter}}) == []


def test_another_become_method_says_itself_why_it_fails():
    (finding,) = healthy(result={"problem": "Missing su password", "sudo": "sudo: a password is required"})
    assert finding == "sudo: lab can't become root: Missing su password; sudo: a password is required"


@pytest.mark.parametrize("reach", ["bash: k8s: Name or service not known\nstatus 1", "refused\nstatus 1", "status 0"])
def test_a_port_that_was_not_tried_or_answers_is_no_fault(reach):
    assert healthy({"reach": reach}) == []


def test_a_check_can_be_left_out_and_the_login_can_not():
    few = cases.Case("", "", {"size": {"memory": 1, "cpus": 0}, "python": ""})
    checks = [finding.split(":")[0] for finding in find(few, ignore=["memory", "python"])]
    assert checks == ["python", "cpus"]


def test_a_run_with_tags_asks_for_the_login_only():
    assert find(cases.Case("", "", {"size": {"memory": 1}}), access_only=True) == []
    (finding,) = find(preflight_table.CASES[0], access_only=True)
    assert finding.startswith("connection: ")


def test_all_faults_of_a_host_without_python_and_sudo_are_found_at_once():
    case = cases.Case(
        "",
        "",
        {"python": "", "size": {"memory": 1}, "system": {"nodename": "a_b", "uid": "1000"}},
        result={"problem": "Missing sudo password", "sudo": "sudo: a password is required"},
    )
    assert [finding.split(":")[0] for finding in find(case)] == ["sudo", "python", "memory", "hostname"]


def test_a_host_that_says_nothing_lacks_all():
    wants = outputs.wants("worker1")
    findings = preflight_host(outputs.result("[system]"), wants=wants, core="2.19", oldest=(3, 8), order=ORDER)
    checks = {finding.split(":")[0] for finding in findings}
    assert {"sudo", "python", "memory", "cpus", "disk", "address", "hostname"} <= checks


def test_the_readme_has_every_finding():
    assert preflight_table.README.read_text().endswith(preflight_table.table())
