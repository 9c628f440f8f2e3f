# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The findings of the role preflight about networks; see preflight_cases."""

from .preflight_cases import Case

LO = "1: lo    inet 127.0.0.1/8 scope host lo\n"
ETH0 = "2: eth0    inet 10.89.35.21/24 brd 10.89.35.255 scope global eth0\n"
# As a GCP machine shows them: every peer is behind the router.
GCP_ADDRESSES = LO + "2: ens4    inet 10.89.35.21/32 metric 100 scope global dynamic ens4\n"
GCP_ROUTES = (
    "default via 10.89.35.1 dev ens4 proto dhcp src 10.89.35.21 metric 100\n"
    "10.89.35.1 dev ens4 proto dhcp scope link src 10.89.35.21 metric 100"
)
# As a machine of Hetzner's private networks shows them.
HETZNER_ADDRESSES = LO + "3: enp7s0    inet 10.89.35.21/32 brd 10.89.35.21 scope global dynamic enp7s0\n"
HETZNER_ROUTES = "10.89.0.0/16 via 10.89.0.1 dev enp7s0\n10.89.0.1 dev enp7s0 scope link"
# The end of the rules in the images of Oracle's cloud (/etc/iptables/rules.v4).
ORACLE_RULES = """-P INPUT ACCEPT
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-P FORWARD ACCEPT
-A FORWARD -j REJECT --reject-with icmp-host-prohibited"""
NFT_RULES = """chain inet filter input type filter hook input priority filter; policy drop;
rule inet filter input type filter hook input priority filter; policy drop;
rule inet filter input ct state established,related accept
rule inet filter input tcp dport 22 accept"""
PROXY = "HTTPS_PROXY=http://***@proxy.example.com:3128\nNO_PROXY=localhost,.example.com"
API = {"name": "the API", "address": "10.89.35.11", "port": 6443, "login_port": 22}
LOAD = {"name": "the load's URL", "address": "10.89.35.21", "port": 30115, "login_port": 22}
OTHER_NETWORK = "set cni_plugin: vxlan, or use hosts on one network"
ANOTHER_SUBNET = "choose another one"

NETWORK = [
    Case(
        "no iproute2",
        "address: its addresses and ports can't be read: install iproute2 (EL: iproute)",
        {"addresses": ""},
    ),
    Case(
        "a name in the inventory, and facts that don't say which address it is",
        "address: its address for the other hosts is not known (10.89.35.21): set cluster_node_ip for it",
        wants={"address": ""},
    ),
    Case(
        "a loopback address, as of a name that /etc/hosts has at 127.0.1.1",
        "address: 127.0.1.1 is a loopback address, which no other host can reach: set cluster_node_ip to one of "
        "10.89.35.21",
        wants={"address": "127.0.1.1"},
    ),
    Case(
        "an address that the host does not have, such as a public one of a cloud",
        "address: 198.51.100.7 is not one of its addresses (10.89.35.21): set cluster_node_ip for it",
        wants={"address": "198.51.100.7"},
    ),
    Case(
        "two hosts with the NAT address of Vagrant and VirtualBox",
        "address: 10.0.2.15 is the address of control1, too, as with the NAT of a virtual machine: set cluster_node_ip "
        "of "
        "each to its address in their common network",
        {"addresses": LO + "2: eth0    inet 10.0.2.15/24 brd 10.0.2.255 scope global dynamic eth0"},
        {"address": "10.0.2.15", "peers": {"control1": "10.0.2.15"}},
    ),
    Case(
        "a /32 address and peers behind a router (GCP), with `cni_plugin: bridge`",
        "subnet: control1 (10.89.35.11) is reached by the router 10.89.35.1, which does not know the pods' subnets: "
        + OTHER_NETWORK,
        {"addresses": GCP_ADDRESSES, "routes": GCP_ROUTES},
    ),
    Case(
        "a /32 address and peers behind a router (Hetzner), with `cni_plugin: bridge`",
        "subnet: control1 (10.89.35.11) is reached by the router 10.89.0.1, which does not know the pods' subnets: "
        + OTHER_NETWORK,
        {"addresses": HETZNER_ADDRESSES, "routes": HETZNER_ROUTES},
    ),
    Case(
        "hosts in two subnets without a route between them",
        "route: it has no route to control1 (10.89.99.11): add one, or set cluster_node_ip of control1",
        wants={"peers": {"control1": "10.89.99.11"}},
    ),
    Case(
        "nm-cloud-setup runs, as on EL in clouds",
        "route: nm-cloud-setup routes packets of pods with its own tables: disable nm-cloud-setup.timer and "
        "nm-cloud-setup.service, and reboot",
        {"units": "Id=nm-cloud-setup.timer\nActiveState=active\nFragmentPath=/usr/lib/systemd/system/x.timer"},
    ),
    Case(
        "a network of the host in the pods' subnet",
        f"subnet: cluster_pod_subnet 10.244.0.0/16 overlaps its network 10.244.7.0/24: {ANOTHER_SUBNET}",
        {"addresses": LO + ETH0 + "3: eth1    inet 10.244.7.1/24 brd 10.244.7.255 scope global eth1"},
    ),
    Case(
        "a route of the host into the Services' subnet, such as a VPN's",
        f"subnet: cluster_service_subnet 10.96.0.0/12 overlaps its route 10.100.0.0/16 dev tun0: {ANOTHER_SUBNET}",
        {"routes": "10.89.35.0/24 dev eth0 proto kernel scope link\n10.100.0.0/16 dev tun0 proto static"},
    ),
    Case(
        "hand-written rules of iptables, as in the images of Oracle's cloud, with `node_firewall: disabled`",
        "firewall: `iptables -A INPUT -j REJECT --reject-with icmp-host-prohibited` rejects what no rule before it "
        "accepts, and node_firewall is disabled: accept TCP ports 9100, 10248, 10249, 10250, 10256 and the subnets of "
        "pods and Services, or set node_firewall: enabled, which does",
        {"filter": ORACLE_RULES},
        {"system": {"firewall": "disabled"}},
    ),
    Case(
        "hand-written rules of nft, with VXLAN and `node_firewall: unmanaged`",
        "firewall: `nft table inet filter, chain input` rejects what no rule before it accepts, and node_firewall is "
        "unmanaged: accept TCP ports 9100, 10248, 10249, 10250, 10256, UDP port 4789 and the subnets of pods and "
        "Services, or set node_firewall: enabled, which does",
        {"nft": NFT_RULES},
        {"pod_network": "vxlan", "system": {"firewall": "unmanaged"}},
    ),
    Case(
        "a proxy in systemd's DefaultEnvironment, and a NO_PROXY without the endpoint",
        "proxy: systemd gives HTTPS_PROXY=http://***@proxy.example.com:3128 to every service, and kubelet would call "
        "the API server through it: add 10.89.35.11 to its NO_PROXY (DefaultEnvironment in /etc/systemd/system.conf)",
        {"proxy": PROXY},
    ),
    Case(
        "ssh goes by a jump host, and port 6443 does not",
        "reach: the controller can't reach 10.89.35.11:6443 (the API): set cluster_api_host to an address of the "
        "control "
        "plane that it reaches, or open a tunnel by ssh (cluster_api_tunnel)",
        ways=[API | {"outcome": "unreachable"}],
        host="control1",
    ),
    Case(
        "a security group that only has port 22",
        "reach: the controller reaches 10.89.35.11 by ssh, and port 6443 (the API) is blocked: open it in the "
        "network's "
        "firewall or security group, or set cluster_api_host to an address of the control plane that it reaches, or "
        "open "
        "a tunnel by ssh (cluster_api_tunnel)",
        ways=[API | {"outcome": "blocked"}],
        host="control1",
    ),
    Case(
        "a cluster_api_host that the controller can't resolve",
        "reach: the controller can't resolve k8s.example.com (the API): set cluster_api_host to an address of the "
        "control "
        "plane that it reaches, or open a tunnel by ssh (cluster_api_tunnel)",
        ways=[API | {"address": "k8s.example.com", "outcome": "unknown_name"}],
        host="control1",
    ),
    Case(
        "no way from the controller to the NodePort of the proof",
        "reach: the controller can't reach 10.89.35.21:30115 (the load's URL): set verify_load_url to an address "
        "that it "
        "reaches",
        ways=[LOAD | {"outcome": "unreachable"}],
    ),
    Case(
        "a worker whose packets to the API's port are dropped between the hosts",
        "reach: it can't reach the API server's port 10.89.35.11:6443, while the control plane has no firewall "
        "itself: "
        "open it in the network's firewall or security group",
        {"reach": "status 124"},
    ),
]
