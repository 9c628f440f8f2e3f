#!/bin/sh
# Prints `kvm` if a machine can run under KVM.
#
# /dev/kvm alone says little: it may be there and refuse, and some hypervisors offer one without the CPU's support, which
# starts programs but no kernel. So this looks for the CPU's support, and then really starts a program: a firmware that
# ends QEMU with a status that nothing else gives, 2 * 66 + 1.
set -u
grep -qE '^flags.* (vmx|svm)( |$)' /proc/cpuinfo && [ -c /dev/kvm ] || exit 0
folder=$(mktemp -d)
{ head -c 65520 /dev/zero; printf '\260\102\346\364\364'; head -c 11 /dev/zero; } > "$folder/rom"
timeout 10 qemu-system-x86_64 -machine q35 -accel kvm -cpu host -m 64 -nodefaults -display none \
  -device isa-debug-exit,iobase=0xf4,iosize=4 -bios "$folder/rom" > /dev/null 2>&1
[ $? -ne 133 ] || echo kvm
rm -rf "$folder"
