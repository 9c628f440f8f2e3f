# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about variables, groups and addresses, by pure functions.

A finding is a sentence with the host or variable, the fault, and the remedy.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils._internal.common import urls

# The prefix length of a node's pod subnet (Kubernetes 1.25, cmd/kube-controller-manager,
# --node-cidr-mask-size-ipv4).
NODE_PREFIX = 24
# Kubernetes 1.25, cmd/kubeadm/app/constants: MaximumBitsForServiceSubnet is 20, and DNS gets the 10th address.
SERVICE_PREFIXES = range(12, 29)

# Names by which other collections choose a version, of what the stack has versions for. Others that end in `_version`,
# such as node_exporter_version, may belong to somebody else's roles.
VERSIONS = ("cni_version", "containerd_version", "keda_version", "kube_prometheus_version", "kubernetes_version")


def variable_findings(
    given: Mapping[str, Mapping[str, Any]],
    options: Mapping[str, Mapping[str, Any]],
    per_host: Sequence[str],
) -> Iterator[str]:
    """Yield the faults of variables.

    :param given: the variables by host, including `localhost`
    :param options: the roles' options, as in argument specs
    :param per_host: the `cluster_*` variables that may differ between hosts
    """
    found: dict[str, list[str]] = defaultdict(list)
    for host, variables in given.items():
        for words in [*_type_findings(variables, options), *_name_findings(variables, options)]:
            found[words].append(host)
    for words, hosts in found.items():
        # Most variables are set for all hosts; such a fault is reported once.
        yield words if len(hosts) == len(given) else f"{', '.join(hosts)}: {words}"
    shared = [name for name in options if name.startswith("cluster_") and name not in per_host]
    yield from _agreement_findings(given, shared)


def _type_findings(variables: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    known = {name: _plain(options[name]) for name in variables if name in options}
    result = ArgumentSpecValidator(known).validate({name: variables[name] for name in known})
    for message in result.error_messages:
        # Ansible names the class of a text, which says nothing to a user.
        yield re.sub(r"<class '[\w.]+'>", "the value", message.removeprefix("argument "))


def _plain(value: Any) -> Any:
    """Return a copy without Ansible's lazy containers, which would each be copied together with all variables."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _name_findings(variables: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield probable misspellings of a role's variables. Other unknown names may belong to somebody else's roles."""
    for name in variables:
        if name in VERSIONS:
            yield f"no role has a variable `{name}`: versions come from the stack (cluster_stack)"
        close = difflib.get_close_matches(name, options, n=1, cutoff=0.9)
        if name not in options and close:
            yield f"no role has a variable `{name}`: is it meant to be `{close[0]}`?"


def _agreement_findings(given: Mapping[str, Mapping[str, Any]], shared: Sequence[str]) -> Iterator[str]:
    for name in shared:
        values = {host: variables.get(name) for host, variables in given.items()}
        if any(value != values["localhost"] for value in values.values()):
            listed = ", ".join(f"{_shown(value)!r} on {host}" for host, value in values.items() if value is not None)
            yield f"{name} must be the same for all, and is set to {listed}: set it in group_vars/all"


def _shown(value: Any) -> Any:
    """Return a value without the user and password that a proxy's URL may have."""
    return urls.without_user(value) if isinstance(value, str) else value


def inventory_findings(groups: Mapping[str, Sequence[str]], addresses: Mapping[str, str]) -> Iterator[str]:
    """Yield the faults of groups and hosts. `addresses` has the hosts of k8s_cluster, some of them without one."""
    control_plane = groups.get("kube_control_plane") or []
    workers = groups.get("kube_node") or []
    if not control_plane:
        yield "inventory: the group `kube_control_plane` has no host: put one into it"
    if len(control_plane) > 1:
        listed = ", ".join(control_plane)
        yield f"inventory: the group `kube_control_plane` has {listed}: this version supports only one"
    for host in [*control_plane, *(host for host in workers if host not in control_plane)]:
        if host not in addresses:
            yield f"inventory: {host} is not in the group `k8s_cluster`: make its groups children of that one"
    for host in addresses:
        if host not in control_plane and host not in workers:
            yield f"inventory: {host} is neither in `kube_control_plane` nor in `kube_node`: put it into one"
    by_address: dict[str, list[str]] = defaultdict(list)
    for host, address in addresses.items():
        by_address[address].append(host)
        if address.startswith("127."):
            words = f"{host} has the loopback address {address} (cluster_node_ip), which no other host can reach"
            yield f"inventory: {words}: give the address in their common network"
    for address, hosts in by_address.items():
        if len(hosts) > 1 and address:  # without an address it comes from the hosts' facts
            words = f"{' and '.join(hosts)} have the same address {address}"
            yield f"inventory: {words} (cluster_node_ip, else ansible_host): give each host its own"


def subnet_findings(pod_subnet: str, service_subnet: str, addresses: Mapping[str, str]) -> Iterator[str]:
    """Yield the faults of the two subnets, each alone, together, and with the hosts' addresses."""
    subnets: dict[str, ipaddress.IPv4Network] = {}
    for name, value in (("cluster_pod_subnet", pod_subnet), ("cluster_service_subnet", service_subnet)):
        try:
            subnets[name] = ipaddress.IPv4Network(value)
        except ValueError as error:
            yield f"{name} is {value}, which is not an IPv4 network ({error}): give one such as 10.244.0.0/16"
    pods, services = subnets.get("cluster_pod_subnet"), subnets.get("cluster_service_subnet")
    if pods and services and pods.overlaps(services):
        yield f"cluster_pod_subnet {pods} and cluster_service_subnet {services} overlap: choose another one"
    if pods and _node_networks(pods) < len(addresses):
        wanted = f"a /{NODE_PREFIX} for each of {len(addresses)} hosts"
        yield f"cluster_pod_subnet {pods} is too small to have {wanted}: choose a larger one"
    if services and services.prefixlen not in SERVICE_PREFIXES:
        yield f"cluster_service_subnet {services} must have a length from /12 to /28"
    for name, subnet in subnets.items():
        for host, address in addresses.items():
            if _is_in(address, subnet):
                yield f"{name} {subnet} contains the address {address} of {host}: choose another one"


def _node_networks(pods: ipaddress.IPv4Network) -> int:
    return int(2 ** (NODE_PREFIX - pods.prefixlen)) if pods.prefixlen <= NODE_PREFIX else 0


def _is_in(address: str, subnet: ipaddress.IPv4Network) -> bool:
    try:
        return ipaddress.IPv4Address(address) in subnet
    except ValueError:  # a host name, which the checks on the host resolve from its facts
        return False
