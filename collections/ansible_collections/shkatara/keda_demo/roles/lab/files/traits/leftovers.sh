# What another cluster has left: flannel's network and its bridge, and kubeadm's drop-in from a package.
mkdir -p /etc/cni/net.d /etc/systemd/system/kubelet.service.d
cat > /etc/cni/net.d/10-flannel.conflist << 'END'
{
  "name": "cbr0",
  "cniVersion": "0.3.1",
  "plugins": [
    {"type": "flannel", "delegate": {"hairpinMode": true, "isDefaultGateway": true}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
END
cat > /etc/systemd/system/kubelet.service.d/10-kubeadm.conf << 'END'
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS
END
on_boot leftovers network.target << 'END'
ip link add cni0 type bridge
ip address add 10.244.7.1/24 dev cni0
ip link set cni0 up
END
