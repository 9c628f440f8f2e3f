# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The findings of the role preflight about what others left, and about programs; see preflight_cases."""

from .preflight_cases import CENTOS_7, ROCKY_8, ROCKY_9, Case
from .preflight_network_cases import ETH0, LO

DOCKER_UNITS = """Id=containerd.service
ActiveState=active
FragmentPath=/usr/lib/systemd/system/containerd.service
UnitFileState=enabled

Id=docker.service
ActiveState=active
FragmentPath=/usr/lib/systemd/system/docker.service
UnitFileState=enabled"""
KUBELET_UNIT = """Id=kubelet.service
ActiveState=inactive
FragmentPath=/usr/lib/systemd/system/kubelet.service
UnitFileState=disabled"""
K3S_UNIT = """Id=k3s.service
ActiveState=active
FragmentPath=/etc/systemd/system/k3s.service
UnitFileState=enabled"""
LEFT = "is left over from another network of pods"
OTHER_CONTAINERD = (
    "and the role containerd would replace it: remove the packages (containerd.io, docker-ce, containerd, docker.io) "
    "and "
    "these files, or use another host"
)
OTHER_KUBELET = "and would run with these settings: remove the packages kubelet and kubeadm, and these files"
LEFTOVERS = [
    Case(
        "a node of another cluster",
        "cluster: kubelet belongs to https://192.0.2.1:6443, and this cluster is https://10.89.35.11:6443: reset the "
        "host, or take it out of the inventory",
        {"cluster": "https://192.0.2.1:6443"},
    ),
    Case(
        "the data of another control plane",
        "cluster: /etc/kubernetes/admin.conf and /var/lib/etcd/member are left over from another control plane: save "
        "what "
        "you need, and remove them with `kubeadm reset`",
        {"files": "other /etc/kubernetes/admin.conf\nother /var/lib/etcd/member"},
        host="control1",
    ),
    Case(
        "a process on a port of Kubernetes",
        "port: 10250 is taken by process `nginx` (pid 812): stop it, or take the host out of the inventory",
        {"ports": 'LISTEN 0      4096               *:10250            *:*    users:(("nginx",pid=812,fd=20))'},
    ),
    Case(
        "a process on VXLAN's port",
        "port: UDP 4789 is taken by process `vpnd` (pid 77): stop it, or set another cluster_vxlan_port",
        {"udp": 'UNCONN 0      0            0.0.0.0:4789       0.0.0.0:*    users:(("vpnd",pid=77,fd=4))'},
        {"pod_network": "vxlan"},
    ),
    Case(
        "a file of another network of pods that sorts before ours",
        "cni: containerd reads /etc/cni/net.d/10-flannel.conflist before 10-keda-demo.conflist: remove the other "
        "network "
        "of pods, and this file",
        {"cni": "10-flannel.conflist\n10-flannel.conflist.bak\n87-podman-bridge.conflist"},
    ),
    Case(
        "cni0 of a cluster that was reset",
        f"cni: the device cni0 (10.244.7.1/24) {LEFT}: `ip link delete cni0`",
        {
            "links": "lo\neth0\ncni0",
            "addresses": LO + ETH0 + "3: cni0    inet 10.244.7.1/24 brd 10.244.7.255 scope global cni0",
            "routes": "10.89.35.0/24 dev eth0 proto kernel\n10.244.7.0/24 dev cni0 proto kernel scope link",
        },
    ),
    Case(
        "flannel.1, with its routes",
        f"cni: the device flannel.1 (10.244.1.0/32) {LEFT}: `ip link delete flannel.1`",
        {
            "links": "lo\neth0\nflannel.1",
            "addresses": LO + ETH0 + "3: flannel.1    inet 10.244.1.0/32 scope global flannel.1",
            "routes": "10.89.35.0/24 dev eth0 proto kernel\n10.244.0.0/24 via 10.244.0.0 dev flannel.1 onlink",
        },
    ),
    Case(
        "tunl0 with an address, which Calico left",
        f"cni: the device tunl0 (10.244.219.64/32) {LEFT}: `modprobe --remove ipip`",
        {
            "links": "lo\neth0\ntunl0",
            "addresses": LO + ETH0 + "4: tunl0    inet 10.244.219.64/32 scope global tunl0",
            "routes": "10.89.35.0/24 dev eth0\n10.244.77.0/26 via 10.89.35.11 dev tunl0 proto bird onlink",
        },
    ),
    Case(
        "routes that Calico left",
        "cni: cluster_pod_subnet 10.244.0.0/16 overlaps its route blackhole 10.244.219.64/26, made by BIRD: if Calico "
        "left it, remove it with `ip route flush proto bird`; if not, choose another subnet",
        {"routes": "10.89.35.0/24 dev eth0 proto kernel\nblackhole 10.244.219.64/26 proto bird"},
    ),
    Case(
        "Docker, by its own packages",
        "runtime: containerd was installed by somebody else for Docker (/usr/lib/systemd/system/containerd.service, "
        f"/etc/containerd/config.toml), {OTHER_CONTAINERD}",
        {"units": DOCKER_UNITS, "files": "other /etc/containerd/config.toml"},
    ),
    Case(
        "a drop-in for containerd",
        "runtime: containerd was installed by somebody else "
        f"(/etc/systemd/system/containerd.service.d/proxy.conf), {OTHER_CONTAINERD}",
        {"files": "other /etc/systemd/system/containerd.service.d/proxy.conf"},
    ),
    Case(
        "another distribution of Kubernetes",
        "runtime: k3s.service is another runtime or cluster on it: remove k3s (`k3s-uninstall.sh`), or use another "
        "host",
        {"units": K3S_UNIT},
    ),
    Case(
        "kubelet and kubeadm by the packages of Kubernetes",
        "kubelet: kubelet or kubeadm was installed by somebody else (/usr/lib/systemd/system/kubelet.service, "
        "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf, /usr/bin/kubelet, /usr/bin/kubeadm), "
        + OTHER_KUBELET,
        {
            "units": KUBELET_UNIT,
            "files": "other /usr/bin/kubelet\nother /usr/bin/kubeadm\n"
            "other /usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
        },
    ),
    Case(
        "a 10-kubeadm.conf that was left behind",
        "kubelet: kubelet or kubeadm was installed by somebody else "
        f"(/etc/systemd/system/kubelet.service.d/10-kubeadm.conf), {OTHER_KUBELET}",
        {"files": "other /etc/systemd/system/kubelet.service.d/10-kubeadm.conf"},
    ),
]
PROGRAMS = [
    Case(
        "kubectl and crictl, installed as their documentation says",
        "kubelet: /usr/local/bin/kubectl, /usr/local/bin/crictl would be replaced by the role kubernetes: move what "
        "you want to keep to another folder, and remove the rest",
        {"files": "other /usr/local/bin/kubectl\nother /usr/local/bin/crictl"},
    ),
    Case(
        "runc, installed as the documentation of containerd says",
        "runtime: /usr/local/sbin/runc would be replaced by the role containerd: move what you want to keep to another "
        "folder, and remove the rest",
        {"files": "other /usr/local/sbin/runc"},
    ),
    Case(
        "a program that no role installs",
        "program: it has no modprobe: install kmod",
        {"programs": "modprobe"},
    ),
    Case(
        "no conntrack, and CentOS 7's own repositories, which are gone",
        "program: it has no conntrack, and mirrorlist.centos.org does not resolve: CentOS 7 is only in the archive, so "
        "set "
        "baseurl in /etc/yum.repos.d to https://vault.centos.org/7.9.2009",
        {"programs": "conntrack", "repositories": "unresolved mirrorlist.centos.org", "system": CENTOS_7},
        core="2.16.14",
        oldest=None,
    ),
    Case(
        "no conntrack, and CentOS 7 with EPEL, of which only EPEL is still there",
        "program: it has no conntrack, and mirrorlist.centos.org does not resolve: CentOS 7 is only in the archive, so "
        "set baseurl in /etc/yum.repos.d to https://vault.centos.org/7.9.2009",
        {
            "programs": "conntrack",
            "repositories": "resolved mirrors.fedoraproject.org\nunresolved mirrorlist.centos.org",
            "system": CENTOS_7,
        },
        core="2.16.14",
        oldest=None,
    ),
    Case(
        "no conntrack on EL 8, with ansible-core 2.19 and a newer Python",
        "program: it has no conntrack, and this ansible-core can't call EL 8's package manager, which has an older "
        "Python: install conntrack-tools by hand, or use ansible-core 2.16 on the controller (`make setup CORE=2.16`), "
        "which supports 2.7, 3.6 and newer",
        {"programs": "conntrack", "repositories": "resolved mirrors.rockylinux.org", "system": ROCKY_8},
    ),
    Case(
        "no conntrack, and no DNS for the repositories",
        "program: it has no conntrack, and mirrors.rockylinux.org does not resolve: fix DNS, set cluster_http_proxy, "
        "or "
        "install conntrack-tools by hand",
        {"programs": "conntrack", "repositories": "unresolved mirrors.rockylinux.org", "system": ROCKY_9},
    ),
    Case(
        "no conntrack, and a network without a way to the repositories",
        "program: it has no conntrack, and deb.example.com does not answer: open the way to it, set "
        "cluster_http_proxy, or install conntrack by hand",
        {"programs": "conntrack", "repositories": "lists\ncandidate conntrack\nsilent deb.example.com"},
    ),
    Case(
        "no conntrack, and no repository",
        "program: it has no conntrack, and no repository is set up: install conntrack by hand, or add a repository",
        {"programs": "conntrack", "repositories": ""},
    ),
    Case(
        "no conntrack, and repositories that lack it",
        "program: it has no conntrack, and no repository has conntrack: install conntrack by hand, or add a repository",
        {"programs": "conntrack", "repositories": "lists\ncandidate iptables\nresolved deb.example.com"},
    ),
    Case(
        "no conntrack, and an installation of packages that was interrupted",
        "program: it has no conntrack, and dpkg was interrupted: run `dpkg --configure -a`",
        {
            "programs": "conntrack",
            "repositories": "interrupted\nlists\ncandidate conntrack\nresolved mirror.example.net",
        },
    ),
]
