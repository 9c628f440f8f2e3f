#!/bin/sh
# Prints what this machine lacks and has, and which of a lab's machines were made or are running, a line each.
#
#   look.sh PROGRAMS NETWORK MACHINES RUNNING HOST...
#
# PROGRAMS is a list with blanks, NETWORK the first three numbers, MACHINES and RUNNING the folders of disks and pid files.
set -u
# Users other than root do not have these folders in their PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
programs=$1 network=$2 machines=$3 running=$4
shift 4

for program in $programs; do
  command -v "$program" > /dev/null || echo "program $program"
done
[ "$(id -u)" = 0 ] || echo "user $(id -un)"
[ -c /dev/net/tun ] || echo "tun -"
awk '/^MemAvailable:/ {print "memory", int($2 / 1024)}' /proc/meminfo
folder=$machines
while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
df -Pk "$folder" | awk 'NR == 2 {print "space", int($4 / 1048576)}'
ip -4 -oneline address show to "$network.0/24" 2> /dev/null | awk '{print "interface", $2}'
for host in "$@"; do
  [ ! -e "$machines/$host/disk" ] || echo "made $host"
  # A number in a pid file is not enough: after a reboot another program may have it.
  file=$running/$host.pid
  pid=$(cat "$file" 2> /dev/null) || continue
  ! tr '\0' '\n' 2> /dev/null < "/proc/$pid/cmdline" | grep -qxF "$file" || echo "running $host"
done
