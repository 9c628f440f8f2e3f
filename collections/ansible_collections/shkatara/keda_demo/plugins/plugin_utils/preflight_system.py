# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the system: its kind, sizes, clock, kernel and security policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .preflight_probe import Finding, Probe, Wants

_KIB_A_MIB = 1024
# Kubernetes 1.25, cmd/kubeadm: what SystemVerification requires; v2 has no files for devices and freezer.
CONTROLLERS = {"v1": ("cpu", "cpuacct", "cpuset", "memory", "pids"), "v2": ("cpu", "cpuset", "memory", "pids")}
CLOCK_SERVICES = ("chronyd", "chrony", "ntpd", "ntp", "ntpsec", "systemd-timesyncd")


def system_findings(result: Mapping[str, Any], probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Yield what is wrong with the system as a whole."""
    yield from _kind_findings(probe, wants)
    yield from _size_findings(probe, wants)
    yield from _clock_findings(result, probe, wants)
    yield from _kernel_findings(probe, wants)
    yield from _policy_findings(probe)


def _kind_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    known = wants.system["os_families"]
    if probe.family not in known:
        name = probe.value("system", "PRETTY_NAME") or "its system"
        yield "os", f"{name} is not known: use one of the families {', '.join(known)}"
    machine = probe.value("system", "machine")
    if machine != wants.system["architecture"]:
        yield "architecture", f"it is {machine}, and the bundle is for {wants.system['architecture']}"
    init = probe.value("system", "init")
    if init != "systemd":
        yield "systemd", f"its services are {init}'s, and kubelet's unit needs systemd"


def _size_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    prefix = f"preflight_min_{wants.group}"
    memory, cpus = probe.number("size", "memory") // _KIB_A_MIB, probe.number("size", "cpus")
    if memory < wants.sizes["memory_mb"]:
        yield "memory", f"{memory} MB, and it needs {wants.sizes['memory_mb']} MB ({prefix}_memory_mb)"
    if cpus < wants.sizes["cpus"]:
        yield "cpus", f"{cpus}, and it needs {wants.sizes['cpus']} ({prefix}_cpus)"


def _clock_findings(result: Mapping[str, Any], probe: Probe, wants: Wants) -> Iterator[Finding]:
    """Compare with the controller's clock before and after: the host's clock was read in between, however long."""
    epoch = int((probe.lines("time") or ["0"])[0])
    apart = round(max(result["before"] - epoch - 1, epoch - result["after"], 0))  # `date` leaves out a part of a second
    if apart > wants.sizes["clock_seconds"]:
        words = f"it is {apart} s apart from the controller's, and new certificates would not be valid yet"
        most = f"{wants.sizes['clock_seconds']} s (preflight_max_clock_difference_seconds)"
        running = [name for name in CLOCK_SERVICES if probe.is_active(f"{name}.service")]
        sync = f"{running[0]} should set it" if running else "no service such as chrony sets it"
        yield "clock", f"{words}: set it, so that it is at most {most} apart ({sync})"


def _kernel_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    missing = [line.split()[1] for line in probe.lines("modules") if line.startswith("missing ")]
    if missing:
        kernel, listed = probe.value("system", "kernel"), ", ".join(missing)
        if "tree" not in probe.lines("modules"):
            why = f"/lib/modules/{kernel} no longer exists: another kernel was installed, so reboot the host"
        elif probe.family == "RedHat" and probe.major >= 10:
            why = f"install kernel-modules-extra-{kernel} (`dnf install kernel-modules-extra`)"
        else:
            why = "install a kernel that has them, or the package of its additional modules"
        yield "module", f"the kernel {kernel} has no {listed}: {why}"
    yield from _cgroup_findings(probe, wants)
    swaps = [line.split()[0] for line in probe.lines("swap")]
    if swaps and wants.system["fail_swap_on"] and not wants.system["swap_off"]:
        remedy = "set node_swap_off: true, or cluster_fail_swap_on: false"
        yield "swap", f"{', '.join(swaps)} is in use, and kubelet refuses to start: {remedy}"


def _cgroup_findings(probe: Probe, wants: Wants) -> Iterator[Finding]:
    lines = probe.lines("cgroup")
    if not lines:
        yield "cgroup", "no cgroups are mounted in /sys/fs/cgroup, and kubelet needs them"
        return
    version = "v2" if lines[0] == "cgroup2fs" else "v1"
    have = lines[1].split() if len(lines) > 1 else []
    lacks = [name for name in CONTROLLERS[version] if name not in have]
    if lacks:
        remedy = "add `cgroup_enable=memory` to the kernel's command line" if "memory" in lacks else "enable them"
        yield "cgroup", f"cgroup {version} has no {', '.join(lacks)}, which kubelet needs: {remedy}, and reboot"
    if version == "v1" and wants.system["needs_cgroup_v2"]:
        yield "cgroup", "it has cgroup v1, and this kubelet needs v2: boot with systemd.unified_cgroup_hierarchy=1"


def _policy_findings(probe: Probe) -> Iterator[Finding]:
    state, _, policy = probe.value("security", "selinux").partition(" ")
    if state == "Enforcing" and policy not in ("", "targeted"):
        words = f"SELinux enforces the policy {policy}, which has no rules for containers"
        yield "security", f"{words}: use SELINUXTYPE=targeted"
    if probe.is_active("fapolicyd.service"):
        words = "fapolicyd allows only programs from packages, which the bundle's are not"
        rules = "allow /usr/local/bin and /opt/cni/bin in its rules and skip this check (preflight_ignore)"
        yield "security", f"{words}: stop it, or {rules}"
