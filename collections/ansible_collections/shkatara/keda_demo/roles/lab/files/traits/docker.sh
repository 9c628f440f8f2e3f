# Docker runs, with its own containerd. Its usual storage driver needs a file system below it that is no overlay.
mkdir -p /etc/docker
echo '{"storage-driver": "vfs"}' > /etc/docker/daemon.json
systemctl --quiet enable docker.service containerd.service
