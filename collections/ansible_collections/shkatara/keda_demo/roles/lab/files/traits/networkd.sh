# systemd-networkd has the host's address, as on most cloud images of Debian and Ubuntu.
# networkd waits until udev has recorded the link, and there is no udev in a container.
on_boot networkd systemd-networkd.service << 'END'
address=$(ip -4 -o address show dev eth0 | sed 's/.* inet \([^ ]*\) .*/\1/')
mkdir -p /run/systemd/network /run/udev/data
printf '[Match]\nName=eth0\n\n[Network]\nAddress=%s\n' "$address" > /run/systemd/network/10-eth0.network
echo I:1 > "/run/udev/data/n$(cat /sys/class/net/eth0/ifindex)"
END
systemctl --quiet enable systemd-networkd.service
