#!/bin/sh
# Makes the disk of a machine from an image in an OCI layout, with the kernel and the initial RAM disk next to it, which
# QEMU boots. mke2fs fills the file system from a folder, so that neither a mount nor a loop device is needed.
#
#   make_disk.sh LAYOUT TARGET
#
# The environment has LAB_HOST, LAB_USER, LAB_ADDRESS, LAB_GATEWAY, LAB_MAC, LAB_DISK_GB and LAB_SSH_DIR, and
# LAB_FILES, the files that all lab hosts have.
set -eu
umask 022
layout=$1 target=$2
part="$target.part"

# The folder's own storage: a killed run leaves nothing in this machine's.
remove() { [ ! -e "$part/storage" ] || build unmount --all > /dev/null 2>&1 || true; rm -rf "$part"; }
build() {
  buildah --root "$part/storage" --runroot "$part/run" --storage-driver vfs "$@"
}
remove
mkdir -p "$part"
# buildah derives an image's name from the path, and not every path is a valid name.
ln -s "$layout" "$part/oci"
container=$(cd "$part" && build from oci:oci)
root=$(build mount "$container")

chroot "$root" useradd --create-home --shell /bin/bash "$LAB_USER"
echo "$LAB_USER ALL=(ALL) NOPASSWD: ALL" > "$root/etc/sudoers.d/lab"
chmod 0440 "$root/etc/sudoers.d/lab"

rm -f "$root"/etc/ssh/ssh_host_*
install -d "$root/etc/ssh/lab" "$root/etc/ssh/sshd_config.d"
install -m 0600 "$LAB_SSH_DIR/host_$LAB_HOST" "$root/etc/ssh/lab/host_key"
install -m 0644 "$LAB_SSH_DIR/authorized_keys" "$root/etc/ssh/lab/authorized_keys"
install -m 0644 "$LAB_FILES/etc/ssh/sshd_config.d/lab.conf" "$root/etc/ssh/sshd_config.d/lab.conf"
install -m 0644 "$LAB_FILES/etc/systemd/system/lab-boot.service" "$root/etc/systemd/system/lab-boot.service"
[ ! -e "$LAB_SSH_DIR/boot_$LAB_HOST" ] || install -m 0644 "$LAB_SSH_DIR/boot_$LAB_HOST" "$root/etc/ssh/lab/boot"

echo "$LAB_HOST" > "$root/etc/hostname"
rm -f "$root/etc/hosts" "$root/etc/resolv.conf"
cat > "$root/etc/hosts" << END
127.0.0.1 localhost
127.0.1.1 $LAB_HOST
::1 localhost ip6-localhost ip6-loopback
END
# Nobody answers there, and says so at once: a name that /etc/hosts lacks is an error and not a wait.
echo "nameserver $LAB_GATEWAY" > "$root/etc/resolv.conf"
echo "LABEL=root / ext4 defaults 0 1" > "$root/etc/fstab"
# By its address and not by its kind: the pods' interfaces are of the same kind.
cat > "$root/etc/systemd/network/10-lab.network" << END
[Match]
MACAddress=$LAB_MAC

[Network]
Address=$LAB_ADDRESS/24
LinkLocalAddressing=no
IPv6AcceptRA=no
END
chroot "$root" systemctl --quiet enable systemd-networkd.service ssh.service lab-boot.service
# journald keeps its journal over a reboot if this folder exists.
install -d -m 2755 "$root/var/log/journal"
: > "$root/etc/machine-id"

cp -L "$root/vmlinuz" "$part/vmlinuz"
cp -L "$root/initrd.img" "$part/initrd.img"
mke2fs -q -t ext4 -L root -d "$root" "$part/disk" "${LAB_DISK_GB}G"

build unmount "$container" > /dev/null
rm -rf "$part/storage" "$part/run" "$part/oci"
chmod 0600 "$part/disk"
rm -rf "$target"
mv "$part" "$target"
