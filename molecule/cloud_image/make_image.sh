#!/bin/sh
# Makes a cloud image of Debian as a distribution would publish it: a qcow2 file with a partition table, GRUB for BIOS and
# cloud-init, and neither a user nor a network. No loop device and no mount is needed: mke2fs fills the file system, and
# GRUB's two parts are written where its own installer would write them.
#
#   make_image.sh LAYOUT IMAGE
set -eu
umask 022
layout=$1 image=$2
part="$image.part"

remove() { rm -rf "$part"; }
build() { buildah --root "$part/storage" --runroot "$part/run" --storage-driver vfs "$@"; }
remove
mkdir -p "$part"
ln -s "$layout" "$part/oci"
container=$(cd "$part" && build from oci:oci)
root=$(build mount "$container")

rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/resolv.conf" "$root/etc/hostname"
echo "LABEL=cloudroot / ext4 defaults 0 1" > "$root/etc/fstab"
: > "$root/etc/machine-id"
# cloud-init sets this locale, and Debian's locale-gen makes only those of this file.
echo "en_US.UTF-8 UTF-8" > "$root/etc/locale.gen"
chroot "$root" systemctl --quiet enable systemd-networkd.service ssh.service
mkdir -p "$root/boot/grub"
cat > "$root/boot/grub/grub.cfg" << END
linux /vmlinuz root=LABEL=cloudroot ro console=ttyS0 quiet
initrd /initrd.img
boot
END

# The partition begins at the first MiB. Before it there is room for the boot loader's core, which knows the partition.
truncate -s 3G "$part/disk"
echo 'start=2048, type=83, bootable' | sfdisk --quiet --label dos "$part/disk"
mke2fs -q -t ext4 -L cloudroot -O ^metadata_csum_seed,^orphan_file -E offset=1048576 -d "$root" "$part/disk" 3071M
build unmount "$container" > /dev/null
grub-mkimage --format=i386-pc --prefix='(hd0,msdos1)/boot/grub' --output="$part/core.img" \
  biosdisk part_msdos ext2 linux normal configfile boot echo
# The master boot record's first 440 bytes are code; the rest is the partition table. The code loads the sector after it.
dd if=/usr/lib/grub/i386-pc/boot.img of="$part/disk" bs=440 count=1 conv=notrunc status=none
dd if="$part/core.img" of="$part/disk" bs=512 seek=1 conv=notrunc status=none

qemu-img convert -O qcow2 "$part/disk" "$part/image"
mv "$part/image" "$image"
remove
