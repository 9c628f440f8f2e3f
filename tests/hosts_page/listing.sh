# Prints what a host has, one thing on a line: files, units, kernel settings, ports, packages and interfaces. With the
# argument of an earlier output it prints what has been added or changed since, and all kernel settings.
set -eu
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
settings() { sysctl -a 2> /dev/null | sed 's/^\([^ ]*\) = /\1 /'; }
# A folder's own time changes with its content. Below /run only the names are of interest: much of it changes all the time.
everything() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp \) -prune \
    -o -type d -printf 'directory %04m %p\n' -o -printf 'file %04m %p %s %T@\n' 2> /dev/null || :
  find /run -xdev -mindepth 1 -maxdepth 1 -printf 'run %p\n'
  systemctl list-unit-files --no-legend --no-pager --type=path,service,socket,timer | awk '{ print "unit", $1, $2 }'
  ss -Hlntu | awk '{ print "port", $1, $5 }'
  ip -o link | awk -F ': ' '{ sub("@.*", "", $2); print "interface", $2 }'
  ! command -v dpkg-query > /dev/null || dpkg-query --show --showformat 'package ${Package}\n'
  settings | sed 's/^/setting /'
}
if [ $# = 0 ]; then
  everything | sort -u
else
  everything | sort -u | comm -13 "$1" -
  settings | sed 's/^/now /'
fi
