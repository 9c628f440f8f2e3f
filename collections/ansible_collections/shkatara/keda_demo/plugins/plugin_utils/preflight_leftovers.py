# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about what others left on the host: clusters, runtimes, networks of pods, and ports in use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .preflight_probe import OUR_UNITS, Finding, Probe, Wants

# containerd takes the first file by name.
CONFLIST = "10-keda-demo.conflist"
# The listening processes of a node. ss shortens names to 15 characters.
OWN_PROCESSES = frozenset(
    [
        "etcd",
        "kube-apiserver",
        "kube-controller",
        "kube-proxy",
        "kube-rbac-proxy",
        "kube-scheduler",
        "kubelet",
        "node_exporter",
    ]
)
# Units of other distributions of Kubernetes and of other runtimes, whose ports and networks are the same as ours.
OTHERS = {
    "k3s.service": "k3s (`k3s-uninstall.sh`)",
    "k3s-agent.service": "k3s (`k3s-agent-uninstall.sh`)",
    "rke2-server.service": "RKE2 (`rke2-uninstall.sh`)",
    "rke2-agent.service": "RKE2 (`rke2-uninstall.sh`)",
    "k0scontroller.service": "k0s (`k0s reset`)",
    "k0sworker.service": "k0s (`k0s reset`)",
    "snap.microk8s.daemon-kubelite.service": "MicroK8s (`snap remove microk8s`)",
    "crio.service": "CRI-O (remove the package cri-o)",
}
# The programs of the roles, whose settings are on a host before them.
PROGRAMS = {
    "containerd": ("containerd", "containerd-shim-runc-v2", "ctr", "runc"),
    "kubernetes": ("kubeadm", "kubelet", "kubectl", "crictl"),
}
# Devices that networks of pods make.
_OF_PODS = re.compile(
    r"cni0|flannel|cilium_|cali|vxlan\.calico|tunl0|weave|keda-demo|kube-bridge|kube-ipvs0|kube-dummy|antrea"
)
# Made by a module of the kernel when it is loaded, and harmless without an address.
_BY_KERNEL = {"tunl0": "modprobe --remove ipip"}


def is_of_pods(device: str) -> bool:
    """True for a device that a network of pods made."""
    return _OF_PODS.match(device) is not None


def cluster_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield the remains of another cluster, and the ports that somebody else has."""
    ours = probe.belongs_to(wants.endpoint)
    servers = probe.lines("cluster")
    if servers and not ours:
        words = f"kubelet belongs to {servers[0]}, and this cluster is https://{wants.endpoint}"
        yield "cluster", f"{words}: reset the host, or take it out of the inventory"
    files = {*probe.files("ours"), *probe.files("other")}
    known = {"/etc/kubernetes/keda-demo-kubeadm-applied.yaml", "/etc/kubernetes/keda-demo-init-unfinished"} & files
    left = [path for path in ("/etc/kubernetes/admin.conf", "/var/lib/etcd/member") if path in files]
    if left and not known and not servers and wants.group == "control_plane":
        words = f"{' and '.join(left)} are left over from another control plane"
        yield "cluster", f"{words}: save what you need, and remove them with `kubeadm reset`"
    for port, process, pid in dict.fromkeys(probe.listeners("ports")):
        if port in wants.ports and not (ours and process in OWN_PROCESSES):
            words = f"{port} is taken by process `{process}` (pid {pid})"
            yield "port", f"{words}: stop it, or take the host out of the inventory"
    for port, process, pid in dict.fromkeys(probe.listeners("udp")):
        # A socket without a process is the kernel's own VXLAN device.
        if wants.pod_network == "vxlan" and port == wants.vxlan_port and process != "unknown":
            words = f"UDP {port} is taken by process `{process}` (pid {pid})"
            yield "port", f"{words}: stop it, or set another cluster_vxlan_port"


def network_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield another network of pods. On a node of this cluster the devices are ours, also after a reset."""
    before = [name for name in probe.lines("cni") if re.search(r"\.(conf|conflist|json)$", name) and name < CONFLIST]
    if before:
        listed = ", ".join(f"/etc/cni/net.d/{name}" for name in before)
        yield "cni", f"containerd reads {listed} before {CONFLIST}: remove the other network of pods, and this file"
    if not probe.belongs_to(wants.endpoint):
        for device in probe.lines("links"):
            # The role cni renews its own device, and a node that was reset has no other's bridge.
            ours = device.startswith("keda-demo") or (device == "cni0" and CONFLIST in probe.lines("cni"))
            if ours or not is_of_pods(device):
                continue
            addresses = ", ".join(str(item) for name, item in probe.addresses if name == device)
            if addresses or device not in _BY_KERNEL:
                words = f"the device {device}" + (f" ({addresses})" if addresses else "")
                remedy = _BY_KERNEL.get(device, f"ip link delete {device}")
                yield "cni", f"{words} is left over from another network of pods: `{remedy}`"


def runtime_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield a runtime, a kubelet or settings of theirs that the roles did not write and would replace."""
    for name, product in OTHERS.items():
        if probe.is_active(name):
            yield "runtime", f"{name} is another runtime or cluster on it: remove {product}, or use another host"
    containerd = _foreign(probe, "containerd", "/etc/containerd/config.toml")
    if containerd:
        docker = " for Docker" if "docker.service" in probe.units else ""
        words = f"containerd was installed by somebody else{docker} ({', '.join(containerd)})"
        remedy = "remove the packages (containerd.io, docker-ce, containerd, docker.io) and these files"
        yield "runtime", f"{words}, and the role containerd would replace it: {remedy}, or use another host"
    kubelet = _foreign(probe, "kubelet", "/etc/kubernetes/kubelet-config.yaml")
    kubelet += [path for path in ("/usr/bin/kubelet", "/usr/bin/kubeadm") if path in probe.files("other")]
    if kubelet:
        words = f"kubelet or kubeadm was installed by somebody else ({', '.join(kubelet)})"
        remedy = "remove the packages kubelet and kubeadm, and these files"
        yield "kubelet", f"{words}, and would run with these settings: {remedy}"
    if not probe.belongs_to(wants.endpoint):
        yield from _replaced(probe, "runtime", "containerd", ["containerd.service", "/etc/containerd/config.toml"])
        yield from _replaced(probe, "kubelet", "kubernetes", ["kubelet.service", "/etc/kubernetes/kubelet-config.yaml"])


def _replaced(probe: Probe, check: str, role: str, written: list[str]) -> Iterator[Finding]:
    """Yield programs of others in the places of a role's own, unless a file shows that the role was here."""
    if not any(path.endswith(file) for path in probe.files("ours") for file in written):
        places = [f"/usr/local/{folder}/{name}" for name in PROGRAMS[role] for folder in ("bin", "sbin")]
        found = [path for path in places if path in probe.files("other")]
        if found:
            words = f"{', '.join(found)} would be replaced by the role {role}"
            yield check, f"{words}: move what you want to keep to another folder, and remove the rest"


def _foreign(probe: Probe, service: str, settings: str) -> list[str]:
    """Return the unit, its drop-ins and the settings of a service, as far as they are not the roles'."""
    unit = f"{OUR_UNITS}{service}.service"
    fragment = probe.units.get(f"{service}.service", {}).get("FragmentPath", "")
    other = probe.files("other")
    # Units of earlier versions don't have the collection's name in them.
    is_ours = unit in probe.files("ours") or settings in probe.files("ours")
    found = [fragment] if fragment and not (is_ours and fragment == unit) else []
    if not is_ours:
        found += [path for path in (settings, unit) if path in other and path not in found]
    return found + [path for path in other if f"/{service}.service.d/" in path]
