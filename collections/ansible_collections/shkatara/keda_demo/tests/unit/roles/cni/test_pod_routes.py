# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The script that sets up the way to other nodes' pods, in network namespaces: real devices, routes and rules.

The host of a test has the interface `uplink`, with the node's address.
"""

import os
import subprocess
from pathlib import Path

import jinja2
import pytest

TEMPLATE = Path(__file__).parents[4] / "roles" / "cni" / "templates" / "pod-routes.sh.j2"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

VARIABLES = {
    "cni_plugin": "vxlan",
    "cni_mtu": 0,
    "cni_vxlan_offload": False,
    "cluster_pod_subnet": "10.244.0.0/16",
    "cluster_vxlan_port": 4789,
    "__cni_device": "keda-demo.vx",
    "__cni_vni": 75,
    "__cni_protocol": 75,
    "__cni_node": {"name": "control1", "subnet": "10.244.0.0/24", "address": "192.0.2.11"},
    "__cni_peers": [
        {"name": "worker1", "subnet": "10.244.1.0/24", "address": "192.0.2.21"},
        {"name": "worker2", "subnet": "10.244.2.0/24", "address": "198.51.100.22"},
    ],
}
ONE_PEER = VARIABLES["__cni_peers"][:1]
RULES = [
    "rule nat POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -m comment --comment keda-demo:pods -j MASQUERADE",
    *(
        f"rule filter FORWARD -{end} 10.244.0.0/16 -m conntrack ! --ctstate INVALID"
        " -m comment --comment keda-demo:pods -j ACCEPT"
        for end in "sd"
    ),
]
BEGIN = """
ip link add uplink type veth peer name outside
ip address add 192.0.2.11/24 dev uplink
ip link set uplink up
ip link set outside up
ip route add 198.51.100.0/24 via 192.0.2.2
"""


def script(**variables):
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters["bool"] = bool
    return environment.from_string(TEMPLATE.read_text()).render(VARIABLES | variables)


@pytest.fixture
def run(tmp_path):
    """Run commands on a new host. `./wanted` is the script with the test's variables, ./<name> with others."""

    def run(commands, wanted=None, **others):
        for name, variables in {"wanted": wanted or {}, **others}.items():
            # The namespace is one of networks alone: a lock in /run would be the machine's.
            text = script(**variables).replace("/run/", f"{tmp_path}/")
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        command = ["unshare", "--net", "sh", "-ec", BEGIN + commands]
        done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    return run


def test_vxlan_is_set_up_from_nothing(run):
    printed = run("./wanted missing; ./wanted apply; echo after; ./wanted missing; ip -4 route show proto 75")
    before, after = printed[: printed.index("after")], printed[printed.index("after") + 1 :]
    assert [line for line in before if not line.startswith("checksums")] == [
        "tunnel keda-demo.vx 75 4789 192.0.2.11 02:6b:0a:f4:00:00",
        "mtu 1450 of keda-demo.vx, which is up",
        "address 10.244.0.0/32 of keda-demo.vx",
        "forwarding 02:6b:0a:f4:01:00 192.0.2.21",
        "neighbour 10.244.1.0 02:6b:0a:f4:01:00",
        "route 10.244.1.0/24 10.244.1.0 keda-demo.vx",
        "forwarding 02:6b:0a:f4:02:00 198.51.100.22",
        "neighbour 10.244.2.0 02:6b:0a:f4:02:00",
        "route 10.244.2.0/24 10.244.2.0 keda-demo.vx",
        *RULES,
    ]
    assert [line.split(" proto")[0].strip() for line in after] == [
        "10.244.1.0/24 via 10.244.1.0 dev keda-demo.vx onlink",
        "10.244.2.0/24 via 10.244.2.0 dev keda-demo.vx onlink",
    ]


def test_bridge_has_the_other_nodes_as_next_hops(run):
    printed = run(
        "./wanted apply; ./wanted missing; ip -4 route show proto 75; ip -o link",
        wanted={"cni_plugin": "bridge", "__cni_peers": ONE_PEER},
    )
    assert printed[0].strip() == "10.244.1.0/24 via 192.0.2.21 dev uplink"
    assert "keda-demo.vx" not in "".join(printed)


@pytest.mark.parametrize(("mtu", "expected"), [(0, 8950), (1300, 1300)])
def test_the_mtu_is_that_of_the_nodes_interface_less_50(run, mtu, expected):
    printed = run("ip link set uplink mtu 9000; ./wanted apply; ip -o link show keda-demo.vx", wanted={"cni_mtu": mtu})
    assert f" mtu {expected} " in printed[0]


@pytest.mark.parametrize(
    "damage",
    [
        "ip route delete 10.244.1.0/24",
        "ip link set keda-demo.vx down",
        "ip link delete keda-demo.vx",
        "ip link set keda-demo.vx mtu 1400",
        "ip link set keda-demo.vx address 02:00:00:00:00:01",
        "ip address flush dev keda-demo.vx",
        "ip address add 10.9.9.9/32 dev keda-demo.vx",
        "bridge fdb replace 02:6b:0a:f4:01:00 dev keda-demo.vx dst 10.9.9.9 self permanent",
        "ip neighbour replace 10.244.1.0 lladdr 02:00:00:00:00:01 dev keda-demo.vx nud permanent",
        "ip route replace 10.244.1.0/24 via 192.0.2.9 proto 75",
        "ip route add 10.244.9.0/24 via 192.0.2.9 proto 75",
        "iptables -F FORWARD",
        "iptables -t nat -F POSTROUTING",
        "iptables-save > /dev/null; iptables -P FORWARD DROP; iptables -t nat -F; iptables -F",
    ],
)
def test_what_others_remove_or_change_is_noticed_and_comes_back(run, damage):
    printed = run(f"./wanted apply; {damage}; ./wanted repair > noticed; wc -l < noticed; ./wanted missing; echo end")
    assert int(printed[0]) > 0
    assert printed[1:] == ["end"]


def test_nothing_is_done_if_nothing_is_missing(run):
    printed = run("./wanted apply; ip -4 monitor > seen & sleep 0.3; ./wanted repair; sleep 0.3; kill $!; cat seen")
    assert printed == []


def test_a_node_that_left_leaves_nothing(run):
    printed = run(
        "./wanted apply; ./fewer apply; ./fewer missing; ip -4 route; bridge fdb show dev keda-demo.vx; ip neighbour",
        fewer={"__cni_peers": ONE_PEER},
    )
    text = "\n".join(printed)
    assert "10.244.1.0" in text
    assert "10.244.2.0" not in text
    assert "02:6b:0a:f4:02:00" not in text


@pytest.mark.parametrize("first", ["vxlan", "bridge"])
def test_a_change_of_the_plugin_leaves_nothing_of_the_other(run, first):
    second = {"vxlan": "bridge", "bridge": "vxlan"}[first]
    printed = run(
        "./wanted apply; ./changed apply; ./changed missing; echo end; ip -4 route show proto 75; ip -o link",
        wanted={"cni_plugin": first, "__cni_peers": ONE_PEER},
        changed={"cni_plugin": second, "__cni_peers": ONE_PEER},
    )
    assert printed[0] == "end"
    via = {"vxlan": "via 10.244.1.0 dev keda-demo.vx", "bridge": "via 192.0.2.21 dev uplink"}[second]
    assert printed[1].startswith(f"10.244.1.0/24 {via}")
    assert any("keda-demo.vx" in line for line in printed[2:]) == (second == "vxlan")


@pytest.mark.parametrize(
    "changed",
    [
        {"__cni_node": VARIABLES["__cni_node"] | {"address": "192.0.2.12"}},
        {"cluster_vxlan_port": 8472},
        {"__cni_peers": [ONE_PEER[0] | {"address": "192.0.2.29"}]},
        {"__cni_node": VARIABLES["__cni_node"] | {"subnet": "10.244.7.0/24"}},
    ],
)
def test_a_changed_address_port_or_subnet_converges(run, changed):
    printed = run("./wanted apply; ./changed apply; ./changed missing; echo end", changed=changed)
    assert printed == ["end"]


def test_the_rules_for_forwarding_come_before_a_firewalls(run):
    printed = run("iptables -A FORWARD -j REJECT; ./wanted apply; iptables -S FORWARD")
    assert [line.split(" -j ")[1].split()[0] for line in printed if line.startswith("-A")] == [
        "ACCEPT",
        "ACCEPT",
        "REJECT",
    ]


def test_what_fails_is_named_and_keeps_nothing_else_from_being_set_up(run):
    # The second peer is in another subnet, so it can't be a next hop.
    printed = run(
        "./wanted apply 2> errors && echo fine; cat errors; echo routes; ip -4 route show proto 75",
        wanted={"cni_plugin": "bridge", "__cni_peers": VARIABLES["__cni_peers"][::-1]},
    )
    routes = printed.index("routes")
    assert "failed: add route 10.244.2.0/24 198.51.100.22 direct" in printed[:routes]
    assert [line.strip() for line in printed[routes + 1 :]] == ["10.244.1.0/24 via 192.0.2.21 dev uplink"]
    assert "fine" not in printed
