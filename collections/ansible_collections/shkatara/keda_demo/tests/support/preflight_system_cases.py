# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The findings of the role preflight about system, disks and names; see preflight_cases."""

from .preflight_cases import ROCKY_10, Case

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
        "it is at most 60 s (preflight_max_clock_difference_seconds) apart (no service such as chrony sets it)",
        result={"before": 1795670001.0, "after": 1795670003.0},
        sections={"time": "1795669000"},
    ),
    Case(
        "a clock that is fast, with chrony",
        "clock: it is 3600 s apart from the controller's, and new certificates would not be valid yet: set it, so that "
        "it is at most 60 s (preflight_max_clock_difference_seconds) apart (chronyd should set it)",
        result={"before": 1795665399.0, "after": 1795665400.0},
        sections={
            "time": "1795669000",
            "units": "Id=chronyd.service\nActiveState=active\nFragmentPath=/usr/lib/systemd/system/chronyd.service\n",
        },
    ),
    Case(
        "a kernel that was updated, and no reboot",
        "module: the kernel 5.14.0-362.el9.x86_64 has no vxlan, veth: /lib/modules/5.14.0-362.el9.x86_64 no "
        "longer exists: another kernel was installed, so reboot the host",
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
        "cgroup: cgroup v2 has no memory, which kubelet needs: add `cgroup_enable=memory` to the kernel's command "
        "line, "
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
        "swap: /dev/sda2 is in use, and kubelet refuses to start: set node_swap_off: true, or cluster_fail_swap_on: "
        "false",
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
        "security: fapolicyd allows only programs from packages, which the bundle's are not: stop it, or allow "
        "/usr/local/bin and /opt/cni/bin in its rules and skip this check (preflight_ignore)",
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
        "disk: 195 MB are free in /usr, and /usr/local/bin needs 400 MB: free some space",
        {
            "disk": EXT4.format(path="/var/lib/containerd", free=9000000, inodes=3000000, mount="/")
            + "\n"
            + EXT4.format(path="/usr/local/bin", free=200000, inodes=3000000, mount="/usr")
        },
    ),
    Case(
        "a small filesystem for homes, to which the archives of images are sent",
        "disk: 976 MB are free in /home, and ~ needs 1228 MB: free some space",
        {
            "disk": EXT4.format(path="/var/lib/containerd", free=9000000, inodes=3000000, mount="/")
            + "\n"
            + EXT4.format(path="~", free=1000000, inodes=3000000, mount="/home")
        },
        {"disks": {"~": 1228}},
    ),
    Case(
        "`containerd_root` on a filesystem that is too small",
        "disk: 976 MB are free for /data/containerd, and the images need 3006 MB (preflight_min_disk_mb)",
        {
            "disk": EXT4.format(path="/data/containerd", free=1000000, inodes=3000000, mount="/data")
            + "\n"
            + EXT4.format(path="/var/log", free=9000000, inodes=3000000, mount="/")
        },
        {"system": {"images": "/data/containerd"}},
    ),
    Case(
        "no inodes are left",
        "disk: 1200 inodes are free in /, and the images need 60000: remove files from it",
        {"disk": EXT4.format(path="/var/lib/containerd", free=9000000, inodes=1200, mount="/")},
    ),
    Case(
        "XFS with ftype=0, the default before EL 7.3",
        "filesystem: / is XFS with ftype=0, on which images can't be unpacked: create a filesystem with ftype=1 and "
        "mount it at /var/lib/containerd",
        {"disk": "/var/lib/containerd rw xfs 9000000 3276800 3000000 / exec", "xfs": "/"},
    ),
    Case(
        "a host that is a container, without a volume at /var/lib/containerd",
        "filesystem: /var/lib/containerd is on an overlay, on which images can't be unpacked: mount ext4 or XFS on it",
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
        "hostname: control1 is called worker1, too: give each host its own name",
        others={"system": {"nodename": "worker1"}},
    ),
    Case(
        "two names that are equal but for case",
        "hostname: control1 is called Worker1, too, and worker1 differs only in case: both would be the Node "
        "worker1: give each host its own name",
        others={"system": {"nodename": "Worker1"}},
    ),
    Case(
        "no localhost in /etc/hosts",
        "hostname: localhost does not lead to 127.0.0.1, where kubelet's health is checked: add `127.0.0.1 "
        "localhost` "
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
        "endpoint: cluster_endpoint k8s.example.com leads to 192.0.2.7, which is not an address of control1 "
        "(10.89.35.11): set it to one of these, or skip this check (preflight_ignore) for a load balancer or a virtual "
        "address that leads to it",
        {"names": "localhost 127.0.0.1\nk8s.example.com 192.0.2.7"},
        {"endpoint": "k8s.example.com:6443"},
    ),
    Case(
        "an address as endpoint that the control plane does not have",
        "endpoint: cluster_endpoint 10.89.35.99 is not an address of control1 (10.89.35.11): set it to one of these, "
        "or skip this check (preflight_ignore) for a load balancer or a virtual address that leads to it",
        wants={"endpoint": "10.89.35.99:6443"},
    ),
    Case(
        "no nameserver",
        "resolver: /etc/resolv.conf has no nameserver, and CoreDNS does not start without one: add a server to it, or "
        "set a file that has one with cluster_kubelet_configuration: {resolvConf: PATH}",
        {"resolver": "file /etc/resolv.conf"},
    ),
    Case(
        "no resolv.conf",
        "resolver: /etc/resolv.conf does not exist, and no pod starts without it: add a server to it, or set a file "
        "that has one with cluster_kubelet_configuration: {resolvConf: PATH}",
        {"resolver": "file /etc/resolv.conf\nmissing"},
    ),
    Case(
        "a nameserver on loopback (dnsmasq, unbound) without systemd-resolved",
        "resolver: /etc/resolv.conf has the nameserver 127.0.0.1, which in a pod is CoreDNS itself, and it stops: add "
        "a server to it, or set a file that has one with cluster_kubelet_configuration: {resolvConf: PATH}",
        {"resolver": "file /etc/resolv.conf\nnameserver 127.0.0.1"},
    ),
]
