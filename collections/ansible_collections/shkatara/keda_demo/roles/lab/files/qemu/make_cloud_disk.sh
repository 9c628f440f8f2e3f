#!/bin/sh
# Makes the disk of a machine from a distribution's cloud image, with a second disk that cloud-init configures the
# machine from.
#
#   make_cloud_disk.sh IMAGE TARGET
#
# The environment is that of make_disk.sh, with LAB_IMAGE_SHA256, which may be empty.
set -eu
umask 077
image=$1 target=$2
part="$target.part"

[ -r "$image" ] || { echo "lab_image: there is no file $image" >&2; exit 1; }
if [ -n "$LAB_IMAGE_SHA256" ]; then
  sum=$(sha256sum < "$image" | cut -d ' ' -f 1)
  [ "$sum" = "$LAB_IMAGE_SHA256" ] || {
    echo "lab_image: the SHA-256 of $image is $sum, and lab_image_sha256 is $LAB_IMAGE_SHA256" >&2
    exit 1
  }
fi
rm -rf "$part"
mkdir -p "$part/seed"

cat > "$part/seed/meta-data" << END
instance-id: $LAB_HOST-$LAB_MAC
local-hostname: $LAB_HOST
END
# No gateway: a machine of the lab reaches the lab alone.
cat > "$part/seed/network-config" << END
version: 2
ethernets:
  lab:
    match: {macaddress: "$LAB_MAC"}
    dhcp4: false
    addresses: [$LAB_ADDRESS/24]
    nameservers: {addresses: [$LAB_GATEWAY]}
END
# The host key is the lab's, so that known_hosts has it before the first connection.
indented() { sed 's/^/    /' "$1"; }
cat > "$part/seed/user-data" << END
#cloud-config
users:
  - name: $LAB_USER
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    shell: /bin/bash
    lock_passwd: true
    ssh_authorized_keys:
      - $(cat "$LAB_SSH_DIR/id_ed25519.pub")
# Only the line of the own name: the role node writes the other hosts into the same file.
manage_etc_hosts: localhost
ssh_pwauth: false
ssh_deletekeys: true
ssh_keys:
  ed25519_private: |
$(indented "$LAB_SSH_DIR/host_$LAB_HOST")
  ed25519_public: $(cat "$LAB_SSH_DIR/host_$LAB_HOST.pub")
package_update: false
END
(cd "$part/seed" && genisoimage -quiet -output ../seed.iso -volid cidata -joliet -rock user-data meta-data network-config)
rm -rf "$part/seed"

qemu-img convert -O raw "$image" "$part/disk"
bytes=$((LAB_DISK_GB * 1024 * 1024 * 1024))
[ "$(stat -c %s "$part/disk")" -ge "$bytes" ] || qemu-img resize -q -f raw "$part/disk" "$bytes"
rm -rf "$target"
mv "$part" "$target"
