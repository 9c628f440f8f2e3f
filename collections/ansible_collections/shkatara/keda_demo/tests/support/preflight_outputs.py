# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""What the script of the role preflight printed on real hosts, and changed copies of it.

The files `bare-*` are those of two lab hosts with Debian 12 before a run, the files `node-*` of two such hosts after
one. Other systems could not be had here: a case changes a section to what their users and documentation show.
"""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "unit" / "plugins" / "filter" / "preflight_outputs"
PACKAGES = {
    "Debian": {"conntrack": "conntrack", "ip": "iproute2", "iptables": "iptables", "modprobe": "kmod"},
    "RedHat": {"conntrack": "conntrack-tools", "ip": "iproute", "iptables": "iptables", "modprobe": "kmod"},
}
# As the role's vars/main.yml makes them in the lab with host worker1.
WORKER = {
    "group": "worker",
    "endpoint": "10.89.35.11:6443",
    "address": "10.89.35.21",
    "ports": [9100, 10248, 10249, 10250, 10256],
    "peers": {"control1": "10.89.35.11"},
    "control_plane": ["control1"],
    "subnets": {"cluster_pod_subnet": "10.244.0.0/16", "cluster_service_subnet": "10.96.0.0/12"},
    "pod_network": "bridge",
    "vxlan_port": 4789,
    "sizes": {"memory_mb": 700, "cpus": 1, "disk_mb": 3006, "clock_seconds": 60},
    "disks": {"/usr/local/bin": 400, "/opt/cni/bin": 100, "/var/lib/kubelet": 700, "/var/log": 100},
    "system": {
        "os_families": ["Debian", "RedHat"],
        "architecture": "x86_64",
        "fail_swap_on": True,
        "swap_off": True,
        "firewall": "enabled",
        "needs_cgroup_v2": False,
        "packages": PACKAGES,
        "installed": ["conntrack", "ip", "iptables"],
        "proxy": False,
        "images": "/var/lib/containerd",
    },
    "login": {
        "user": "lab",
        "address": "10.89.35.21",
        "interpreter": "/usr/bin/python3",
        "addresses": {"control1": "10.89.35.11"},
    },
}
CONTROL_PLANE = {
    "group": "control_plane",
    "address": "10.89.35.11",
    "ports": [2379, 2380, 2381, 6443, 9100, 10248, 10249, 10250, 10256, 10257, 10259],
    "peers": {"worker1": "10.89.35.21"},
    "sizes": {"memory_mb": 1700, "cpus": 2, "disk_mb": 3006, "clock_seconds": 60},
}


def printed(kind, host, changes=None):
    """Return what a host printed, with changed sections.

    :param changes: by section, its new text, or a dictionary of the values of its keys
    """
    sections = {}
    for line in (FOLDER / f"{kind}-{host}.txt").read_text().splitlines():
        if line.startswith("["):
            sections[line[1:-1]] = []
        else:
            sections[list(sections)[-1]].append(line)
    for name, change in (changes or {}).items():
        if isinstance(change, dict):
            kept = [line for line in sections[name] if line.split(" ")[0] not in change]
            sections[name] = kept + [f"{key} {value}" for key, value in change.items()]
        else:
            sections[name] = change.splitlines()
    return "\n".join(line for name, lines in sections.items() for line in [f"[{name}]", *lines])


def result(text, **values):
    """Return the result of preflight_probe for a host that printed a text, one second after the task began."""
    epoch = next((line for line in text.splitlines() if line.isdigit()), "0")
    reached = {"reached": True, "problem": "", "sudo": "", "stdout": text}
    return reached | {"before": int(epoch) - 1.0, "after": int(epoch) + 1.0} | values


def merged(one, other):
    """Return a copy of a dictionary with the values of another one, and dictionaries in it merged."""
    values = {key: merged(one[key], value) if isinstance(one.get(key), dict) else value for key, value in other.items()}
    return one | values


def wants(host, changes=None, others=None):
    """Return the requirements of a lab host, with changes, and with the output of the other one."""
    own = WORKER if host == "worker1" else merged(WORKER, CONTROL_PLANE) | {"peers": CONTROL_PLANE["peers"]}
    other = {"worker1": "control1", "control1": "worker1"}[host]
    theirs = printed("bare", other) if others is None else others
    return merged(own | {"printed": {other: theirs}}, changes or {})
