#!/bin/sh
# Ends the machines of a lab and removes their taps and the bridge, also those of hosts that are no longer in the
# inventory. A machine is not shut down first, since its disk goes with it.
#
#   end.sh RUNNING BRIDGE
#
# RUNNING is the folder of the pid files.
set -u
running=$1 bridge=$2

is_machine() { tr '\0' '\n' 2> /dev/null < "/proc/$1/cmdline" | grep -qxF "$2"; }

for file in "$running"/*.pid; do
  pid=$(cat "$file" 2> /dev/null) || continue
  ! is_machine "$pid" "$file" || { kill "$pid" && echo "ended $file"; }
  for _ in 1 2 3 4 5 6 7 8 9 10; do ! is_machine "$pid" "$file" || sleep 1; done
  ! is_machine "$pid" "$file" || kill -9 "$pid"
done
for path in "/sys/class/net/$bridge"-* "/sys/class/net/$bridge"; do
  [ ! -e "$path" ] || { ip link delete "${path##*/}" && echo "removed ${path##*/}"; }
done
