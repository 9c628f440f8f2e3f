# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Every finding of the role preflight about a host, with the input that makes it.

The README of the role has the same table, and a test compares the two.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """A finding, and how a bare worker differs that has it.

    `input` says in words what `sections` of the output, `wants` of the cluster or the `result` of the login change;
    `others` is a change of the other host's output.
    """

    input: str
    message: str
    sections: dict[str, Any] = field(default_factory=dict)
    wants: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    ways: list[dict[str, Any]] = field(default_factory=list)
    host: str = "worker1"
    core: str = "2.19.14"
    oldest: tuple[int, int] | None = (3, 8)

    @property
    def check(self):
        """The name of the check, by which the message begins."""
        return self.message.split(":")[0]


CENTOS_7 = {"ID": "centos", "ID_LIKE": "rhel fedora", "VERSION_ID": "7", "PRETTY_NAME": "CentOS Linux 7 (Core)"}
ROCKY_8 = {"ID": "rocky", "ID_LIKE": "rhel centos fedora", "VERSION_ID": "8.9", "PRETTY_NAME": "Rocky Linux 8.9"}
ROCKY_10 = {"ID": "rocky", "ID_LIKE": "rhel centos fedora", "VERSION_ID": "10.0", "kernel": "6.12.0-55.el10.x86_64"}
AUTO = {"login": {"interpreter": "auto"}}

LOGIN = [
    Case(
        "nothing answers at the address",
        "connection: can't be reached as lab at 10.89.35.21: Failed to connect to the host via ssh: ssh: connect to host "
        "10.89.35.21 port 22: No route to host. Start it, and check ansible_host, ansible_user and the key in the "
        "inventory; the lab's hosts are made by `make demo` or by the playbook lab",
        result={
            "reached": False,
            "problem": "Task failed: Failed to connect to the host via ssh: ssh: connect to host 10.89.35.21 port 22: "
            "No route to host",
        },
    ),
    Case(
        "sudo needs a password, and none was given",
        "sudo: lab needs a password for sudo, and none was given: run ansible-playbook with --ask-become-pass, or allow "
        "it NOPASSWD in /etc/sudoers",
        result={"problem": "Missing sudo password", "sudo": "sudo: a password is required"},
    ),
    Case(
        "the password for sudo is wrong",
        "sudo: the password for sudo of lab is wrong: give the right one to --ask-become-pass",
        result={"problem": "Incorrect sudo password", "sudo": "sudo: a password is required"},
    ),
    Case(
        "the user is not in sudoers",
        "sudo: lab may not use sudo: allow it (group wheel on EL, sudo on Debian), or log in as another user",
        result={"problem": "lab is not in the sudoers file.", "sudo": "sudo: a password is required"},
    ),
    Case(
        "the user may use sudo, but not to become root",
        "sudo: lab may not use sudo: allow it (group wheel on EL, sudo on Debian), or log in as another user",
        result={"problem": "the shell ended with 1 and said nothing", "sudo": "sudo: a password is required"},
    ),
    Case(
        "`Defaults requiretty` in sudoers",
        "sudo: sudo wants a terminal: remove `Defaults requiretty` for lab from /etc/sudoers",
        result={"problem": "sudo: sorry, you must have a tty to run sudo", "sudo": ""},
    ),
    Case(
        "no sudo",
        "sudo: it has no sudo: install it, or set ansible_user: root, or another ansible_become_method",
        result={"problem": "/bin/sh: 1: sudo: not found", "sudo": "sh: 1: sudo: not found"},
    ),
    Case(
        "the host can't resolve its own name, and DNS does not answer",
        "sudo: sudo takes longer than Ansible waits, since the host can't resolve its own name: add `127.0.1.1 worker1` "
        "to /etc/hosts",
        result={
            "problem": "Timeout (12s) waiting for privilege escalation prompt: ",
            "sudo": "sudo: unable to resolve host worker1: Temporary failure in name resolution",
        },
    ),
    Case(
        "another failure of sudo or of another become method",
        "sudo: lab can't become root: Timeout (12s) waiting for privilege escalation prompt",
        result={"problem": "Timeout (12s) waiting for privilege escalation prompt", "sudo": ""},
    ),
    Case(
        "`ansible_become: false`, and the login user is not root",
        "sudo: the plays run as lab, and not as root: set ansible_become and ansible_become_user for it",
        {"system": {"user": "lab", "uid": "1000"}},
    ),
    Case(
        "no Python, on Debian",
        "python: ansible_python_interpreter is /usr/bin/python3, which is not there (there is none): install it "
        "(`apt-get install python3`)",
        {"python": ""},
    ),
    Case(
        "no Python, on EL",
        "python: it has no Python, which Ansible needs on a host: install it (`yum install python3`)",
        {"python": "", "system": CENTOS_7},
        AUTO,
        core="2.16.14",
        oldest=None,
    ),
    Case(
        "CentOS 7.9 as it comes, with ansible-core 2.19",
        "python: /usr/bin/python2.7 is 2.7, and ansible-core 2.19.14 needs Python 3.8 or newer on a host: use "
        "ansible-core 2.16 on the controller (`make setup CORE=2.16`), which takes 2.7, 3.6 and newer, or install a "
        "newer one, of which EL 7 has no package, and set ansible_python_interpreter to it",
        {"python": "/usr/bin/python2.7 2.7", "system": CENTOS_7},
        AUTO,
    ),
    Case(
        "EL 8 as it comes, with ansible-core 2.19",
        "python: /usr/libexec/platform-python is 3.6, and ansible-core 2.19.14 needs Python 3.8 or newer on a host: use "
        "ansible-core 2.16 on the controller (`make setup CORE=2.16`), which takes 2.7, 3.6 and newer, or install a "
        "newer one (`dnf install python3.11`) and set ansible_python_interpreter to it",
        {"python": "/usr/libexec/platform-python 3.6", "system": ROCKY_8},
        AUTO,
    ),
    Case(
        "the inventory names a Python that is too old, and there is another one",
        "python: /usr/bin/python3 is 3.6, and ansible-core 2.19.14 needs Python 3.8 or newer on a host: set "
        "ansible_python_interpreter: /usr/bin/python3.11",
        {"python": "/usr/bin/python3 3.6\n/usr/bin/python3.11 3.11"},
    ),
    Case(
        "the inventory names a Python that is not there",
        "python: ansible_python_interpreter is /opt/python, which is not there (/usr/bin/python3 is 3.11): set "
        "ansible_python_interpreter: /usr/bin/python3",
        wants={"login": {"interpreter": "/opt/python"}},
    ),
]
SYSTEM = [
    Case(
        "another family of systems",
        "os: openSUSE Leap 15.5 is not known: use one of the families Debian, RedHat",
        {"system": {"ID": "opensuse-leap", "ID_LIKE": "suse opensuse", "PRETTY_NAME": "openSUSE Leap 15.5"}},
    ),
    Case(
        "another processor",
        "architecture: it is aarch64, and the bundle is for x86_64",
        {"system": {"machine": "aarch64"}},
    ),
    Case(
        "no systemd",
        "systemd: its services are init's, and kubelet's unit needs systemd",
        {"system": {"init": "init"}},
    ),
    Case(
        "too little memory",
        "memory: 512 MB, and it needs 700 MB (preflight_min_worker_memory_mb)",
        {"size": {"memory": 512 * 1024}},
    ),
    Case(
        "too few CPUs for a control plane",
        "cpus: 1, and it needs 2 (preflight_min_control_plane_cpus)",
        {"size": {"cpus": 1}},
        host="control1",
    ),
    Case(
        "a clock that is slow",
        "clock: it is 1000 s apart from the controller's, and new certificates would not be valid yet: set it, so that "
        "it is at most 60 s (preflight_max_clock_difference_seconds) apart (no service sets it, such as chrony)",
        result={"before": 1795670001.0, "after": 1795670003.0},
        sections={"time": "1795669000"},
    ),
    Case(
        "a clock that is fast, with chrony",
        "clock: it is 3600 s apart from the controller's, and new certificates would not be valid yet: set it, so that "
        "it is at most 60 s (preflight_max_clock_difference_seconds) apart (chronyd is to set it)",
        result={"before": 1795665399.0, "after": 1795665400.0},
        sections={
            "time": "1795669000",
            "units": "Id=chronyd.service\nActiveState=active\nFragmentPath=/usr/lib/systemd/system/chronyd.service\n",
        },
    ),
    Case(
        "a kernel that was updated, and no reboot",
        "module: the kernel 5.14.0-362.el9.x86_64 has no vxlan, veth: /lib/modules/5.14.0-362.el9.x86_64 is gone: "
        "another kernel was installed, so reboot the host",
        {"modules": "missing vxlan\nmissing veth", "system": {"kernel": "5.14.0-362.el9.x86_64"}},
    ),
    Case(
        "EL 10 without kernel-modules-extra",
        "module: the kernel 6.12.0-55.el10.x86_64 has no br_netfilter, xt_comment: install "
        "kernel-modules-extra-6.12.0-55.el10.x86_64 (`dnf install kernel-modules-extra`)",
        {"modules": "tree\nmissing br_netfilter\nmissing xt_comment", "system": ROCKY_10},
    ),
    Case(
        "a kernel that lacks modules",
        "module: the kernel 6.18.44-fc-v657 has no overlay: install a kernel that has them, or the package of its "
        "additional modules",
        {"modules": "tree\nmissing overlay"},
    ),
    Case(
        "no cgroups",
        "cgroup: no cgroups are mounted in /sys/fs/cgroup, and kubelet needs them",
        {"cgroup": ""},
    ),
    Case(
        "the memory controller is off (`cgroup_disable=memory`)",
        "cgroup: cgroup v2 has no memory, which kubelet needs: add `cgroup_enable=memory` to the kernel's command line, "
        "and reboot",
        {"cgroup": "cgroup2fs\ncpuset cpu io hugetlb pids rdma misc"},
    ),
    Case(
        "cgroup v1, and a kubelet of 1.35 or newer",
        "cgroup: it has cgroup v1, and this kubelet needs v2: boot with systemd.unified_cgroup_hierarchy=1",
        wants={"system": {"needs_cgroup_v2": True}},
    ),
    Case(
        "swap, with `node_swap_off: false`",
        "swap: /dev/sda2 is in use, and kubelet refuses to start: set node_swap_off: true, or cluster_fail_swap_on: false",
        {"swap": "/dev/sda2                               partition       2097148         0               -2"},
        {"system": {"swap_off": False}},
    ),
    Case(
        "SELinux enforces another policy than `targeted`",
        "security: SELinux enforces the policy mls, which has no rules for containers: use SELINUXTYPE=targeted",
        {"security": "selinux Enforcing mls"},
    ),
    Case(
        "fapolicyd runs",
        "security: fapolicyd lets only programs of packages run, and the bundle's are none: allow /usr/local/bin and "
        "/opt/cni/bin in its rules, or stop it",
        {"units": "Id=fapolicyd.service\nActiveState=active\nFragmentPath=/usr/lib/systemd/system/fapolicyd.service\n"},
    ),
]
EXT4 = "{path} rw ext2/ext3 {free} 3276800 {inodes} {mount} exec"
ROOT = EXT4.format(path="/etc", free=9000000, inodes=3000000, mount="/")
DISK = [
    Case(
        "too little space for the images",
        "disk: 2929 MB are free for /var/lib/containerd, and the images need 3006 MB (preflight_min_disk_mb)",
        {"disk": EXT4.format(path="/var/lib/containerd", free=3000000, inodes=3000000, mount="/var")},
    ),
    Case(
        "a small filesystem of its own, as on hardened images",
        "disk: 195 MB are free in /usr, and /usr/local/bin needs 400 MB: make room there",
        {
            "disk": EXT4.format(path="/var/lib/containerd", free=9000000, inodes=3000000, mount="/")
            + "\n"
            + EXT4.format(path="/usr/local/bin", free=200000, inodes=3000000, mount="/usr")
        },
    ),
    Case(
        "no inodes are left",
        "disk: 1200 inodes are free in /, and the images need 60000: remove files there",
        {"disk": EXT4.format(path="/var/lib/containerd", free=9000000, inodes=1200, mount="/")},
    ),
    Case(
        "XFS with ftype=0, the default before EL 7.3",
        "filesystem: / is XFS with ftype=0, on which images can't be unpacked: make a filesystem with ftype=1 and mount "
        "it at /var/lib/containerd",
        {"disk": "/var/lib/containerd rw xfs 9000000 3276800 3000000 / exec", "xfs": "/"},
    ),
    Case(
        "a host that is a container, without a volume at /var/lib/containerd",
        "filesystem: /var/lib/containerd is on an overlay, on which images can't be unpacked: mount ext4 or XFS there",
        {"disk": "/var/lib/containerd rw overlayfs 9000000 3276800 3000000 / exec"},
    ),
    Case(
        "a read-only system, such as an immutable one",
        "filesystem: /usr/local/bin can't be written to: mount it read-write",
        {
            "disk": EXT4.format(path="/var/lib/containerd", free=9000000, inodes=3000000, mount="/")
            + "\n/usr/local/bin ro ext2/ext3 9000000 3276800 3000000 / exec"
        },
    ),
    Case(
        "/opt is mounted noexec",
        "filesystem: /opt is mounted noexec, and programs go to /opt/cni/bin: mount it with exec",
        {
            "disk": EXT4.format(path="/var/lib/containerd", free=9000000, inodes=3000000, mount="/")
            + "\n/opt/cni/bin rw ext2/ext3 9000000 3276800 3000000 /opt noexec"
        },
    ),
]
LONG = "worker-with-a-name-of-its-datacenter-rack-and-slot.cluster.example.com"
NAMES = [
    Case(
        "`_` in the name",
        "hostname: worker_1 can't be a Node's name, which has letters, digits, `-` and `.`: set another one with "
        "`hostnamectl set-hostname`",
        {"system": {"nodename": "worker_1"}},
    ),
    Case(
        "more than 63 characters",
        f"hostname: {LONG} has 70 characters, and a Node's name has 63 at most: set another one with `hostnamectl "
        "set-hostname`",
        {"system": {"nodename": LONG}},
    ),
    Case(
        "the host has no name of its own",
        "hostname: it is called localhost.localdomain, as every host is that has no name: set another one with "
        "`hostnamectl set-hostname`",
        {"system": {"nodename": "localhost.localdomain"}},
    ),
    Case(
        "two hosts of one name",
        "hostname: control1 is called worker1, too: give each host a name of its own",
        others={"system": {"nodename": "worker1"}},
    ),
    Case(
        "two names that are equal but for case",
        "hostname: control1 is called Worker1, too, and worker1 differs only in capitals: both would be the Node "
        "worker1: give each host a name of its own",
        others={"system": {"nodename": "Worker1"}},
    ),
    Case(
        "no localhost in /etc/hosts",
        "hostname: localhost does not lead to 127.0.0.1, where kubelet's health is asked for: add `127.0.0.1 localhost` "
        "to /etc/hosts",
        {"names": "10.89.35.11 10.89.35.11"},
    ),
    Case(
        "a name as endpoint that DNS does not have",
        "endpoint: cluster_endpoint k8s.example.com does not resolve on it: add it to DNS or to /etc/hosts",
        {"names": "localhost 127.0.0.1"},
        {"endpoint": "k8s.example.com:6443"},
    ),
    Case(
        "an endpoint that leads to another host",
        "endpoint: cluster_endpoint k8s.example.com leads to 192.0.2.7, which is no address of control1 (10.89.35.11): "
        "set it to one of these, or leave this check out (preflight_ignore) for a load balancer or a virtual address "
        "that leads there",
        {"names": "localhost 127.0.0.1\nk8s.example.com 192.0.2.7"},
        {"endpoint": "k8s.example.com:6443"},
    ),
    Case(
        "an address as endpoint that the control plane does not have",
        "endpoint: cluster_endpoint 10.89.35.99 is no address of control1 (10.89.35.11): set it to one of these, or "
        "leave this check out (preflight_ignore) for a load balancer or a virtual address that leads there",
        wants={"endpoint": "10.89.35.99:6443"},
    ),
    Case(
        "no nameserver",
        "resolver: /etc/resolv.conf has no nameserver, and CoreDNS does not start without: name a server there, or a "
        "file that has one by cluster_kubelet_configuration: {resolvConf: PATH}",
        {"resolver": "file /etc/resolv.conf"},
    ),
    Case(
        "no resolv.conf",
        "resolver: /etc/resolv.conf is not there, and no pod starts without: name a server there, or a file that has "
        "one by cluster_kubelet_configuration: {resolvConf: PATH}",
        {"resolver": "file /etc/resolv.conf\nmissing"},
    ),
    Case(
        "a nameserver on loopback (dnsmasq, unbound) without systemd-resolved",
        "resolver: /etc/resolv.conf has the nameserver 127.0.0.1, which in a pod is CoreDNS itself, and it stops: name "
        "a server there, or a file that has one by cluster_kubelet_configuration: {resolvConf: PATH}",
        {"resolver": "file /etc/resolv.conf\nnameserver 127.0.0.1"},
    ),
]
