# Read a host: sections, each begun by a line [name]. Nothing is changed, and no Python is needed.
#
# The plugin preflight_probe sets the variables in capitals before it runs this by the host's POSIX shell, as root where
# it may, or else as the login user. The output of each command is that of the C locale, as it stands or shortened.
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

section() { printf '[%s]\n' "$1"; }
# A program or a file that is missing leaves its section empty.
exec 2> /dev/null

section time
date +%s

section system
echo "user $(id -un)"
echo "uid $(id -u)"
echo "nodename $(uname -n)"
echo "kernel $(uname -r)"
echo "machine $(uname -m)"
echo "init $(cat /proc/1/comm)"
sed -n 's/^\(ID\|ID_LIKE\|VERSION_ID\|PRETTY_NAME\)=/\1 /p' /etc/os-release | tr -d '"'

section python
# Several names may lead to one program, which is asked for its version once.
known=
for name in $PYTHONS; do
  path=$(command -v "$name") || continue
  real=$(readlink -f "$path")
  case " $known " in *" $real "*) continue ;; esac
  known="$known $real"
  echo "$path $("$path" -S -E -c 'import sys; sys.stdout.write("%d.%d" % sys.version_info[:2])')"
done

section size
echo "cpus $(nproc)"
echo "memory $(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)"

# The images that a run imported which did not get to the cluster, in kB. The first path is that of the images.
if grep -q 'shkatara\.keda_demo' /etc/containerd/config.toml && [ ! -e /etc/kubernetes/kubelet.conf ]; then
  echo "images $(du -skx "${PATHS%% *}" | cut -f 1)"
fi

# Per path, of the nearest folder that exists: rw or ro, the type of filesystem, free kB, inodes and free inodes, the
# mount point, and whether programs may run there.
section disk
for path in $PATHS; do
  # Under sudo `~` is root's home, and files are sent to the login user's.
  [ "$path" != '~' ] && there=$path || there=$(getent passwd "${SUDO_USER:-$(id -un)}" | cut -d: -f6)
  while [ ! -d "$there" ]; do there=${there%/*}; there=${there:-/}; done
  # access(2) says of a read-only filesystem that even root may not write there.
  [ -w "$there" ] && mode=rw || mode=ro
  mount=$(df -P "$there" | sed -n '$s/.*% //p')
  options=$(awk -v at="$mount" '$2 == at {found = $4} END {print (found ~ /noexec/ ? "noexec" : "exec")}' /proc/mounts)
  echo "$path $mode $(stat -f -c %T "$there" | tr -d ' ') $(df -Pk "$there" | sed 1d | awk '{print $4}')" \
    "$(df -Pi "$there" | sed 1d | awk '{print $2, $4}') $mount $options"
done

section xfs
for mount in $(awk '$3 == "xfs" {print $2}' /proc/mounts); do
  case $(xfs_info "$mount") in *ftype=0*) echo "$mount" ;; esac
done

section swap
sed 1d /proc/swaps

section cgroup
stat -f -c %T /sys/fs/cgroup
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  cat /sys/fs/cgroup/cgroup.controllers
else
  awk '$4 == 1 {printf "%s ", $1} END {print ""}' /proc/cgroups
fi

# A module is there if it is loaded, built in, or can be loaded. A kernel without a folder of modules says only by its
# configuration what is built in.
section modules
release=$(uname -r)
if [ -d "/lib/modules/$release" ]; then echo tree; fi
for pair in $MODULES; do
  module=${pair%:*}
  [ ! -d "/sys/module/$module" ] || continue
  ! modprobe --dry-run --quiet "$module" || continue
  case $module in
    overlay) ! grep -qw overlay /proc/filesystems || continue ;;
    br_netfilter) [ ! -d /proc/sys/net/bridge ] || continue ;;
  esac
  { zcat /proc/config.gz || cat "/boot/config-$release"; } | grep -q "^CONFIG_${pair#*:}=y" || echo "missing $module"
done

section addresses
ip -o -4 address
section links
ip -o link | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p'
section routes
ip -4 route
section ports
ss -ltnp
section udp
ss -lunp

# Who answers for the endpoint, seen from this host: a refusal is an answer, too.
section reach
if [ -n "$REACH" ] && command -v bash > /dev/null; then
  timeout 3 bash -c "exec 3<> /dev/tcp/$REACH" 2>&1
  echo "status $?"
fi

section names
for name in localhost $ENDPOINT_HOST; do
  getent ahostsv4 "$name" | awk -v name="$name" '!seen[$1]++ {print name, $1}'
done

section units
systemctl show --property=Id,FragmentPath,ActiveState,UnitFileState $UNITS

# The unit of ufw is active on every Ubuntu; its own file says whether the firewall is on.
section firewall
sed -n 's/^ENABLED=/ufw /p' /etc/ufw/ufw.conf

# kubelet's resolv.conf, by the same rule as the role cluster's.
section resolver
file=$RESOLV_CONF
if [ -z "$file" ]; then
  file=/etc/resolv.conf
  ! grep -q '^[[:space:]]*nameserver[[:space:]]*127\.0\.0\.53' "$file" || file=/run/systemd/resolve/resolv.conf
fi
echo "file $file"
[ -e "$file" ] || echo missing
sed -n 's/^[[:space:]]*nameserver[[:space:]]\{1,\}\([^[:space:]]*\).*/nameserver \1/p' "$file"

# Proxies of systemd's services. A password in a URL is not for a message.
section proxy
systemctl show-environment | grep -i '^\(https\{0,1\}\|no\|all\)_proxy=' | sed 's,//[^/@]*@,//***@,'

section filter
# iptables loads the table of legacy rules when it reads it, so it is only asked for a table that exists.
case $(iptables -V) in
  *nf_tables*) legacy= ;;
  *) legacy=1 ;;
esac
if [ -z "$legacy" ] || grep -qx filter /proc/net/ip_tables_names; then
  for chain in INPUT FORWARD; do iptables -w -S $chain; done
fi
section nft
nft list ruleset | awk '
  /^table / {table = $2 " " $3}
  /^\tchain / {chain = $2; inside = 0}
  /hook (input|forward) / {inside = 1; print "chain " table " " chain " " $0; next}
  /^\t}/ {inside = 0}
  inside {print "rule " table " " chain " " $0}'

section cni
ls /etc/cni/net.d

# Files that the roles write, or that are next to them: ours have the name of the collection in them.
section files
for file in /etc/containerd/config.toml /etc/kubernetes/kubelet-config.yaml \
  /etc/systemd/system/containerd.service /etc/systemd/system/kubelet.service /usr/bin/kubelet /usr/bin/kubeadm \
  /etc/systemd/system/containerd.service.d/*.conf /etc/systemd/system/kubelet.service.d/*.conf \
  /run/systemd/system/containerd.service.d/*.conf /run/systemd/system/kubelet.service.d/*.conf \
  /usr/lib/systemd/system/containerd.service.d/*.conf /usr/lib/systemd/system/kubelet.service.d/*.conf \
  /etc/kubernetes/admin.conf /etc/kubernetes/keda-demo-kubeadm-applied.yaml \
  /etc/kubernetes/keda-demo-init-unfinished /var/lib/etcd/member \
  /usr/local/bin/containerd /usr/local/bin/containerd-shim-runc-v2 /usr/local/bin/ctr /usr/local/sbin/runc \
  /usr/local/bin/kubeadm /usr/local/bin/kubelet /usr/local/bin/kubectl /usr/local/bin/crictl; do
  [ -e "$file" ] || continue
  case $file in
    *.conf | *.toml | *.yaml | *.service) grep -q 'shkatara\.keda_demo' "$file" && owner=ours || owner=other ;;
    # The role control_plane makes links for a root without /usr/local/bin in the PATH.
    /usr/bin/*) [ "$(readlink "$file")" = "/usr/local/bin/${file##*/}" ] && owner=ours || owner=other ;;
    *) owner=other ;;
  esac
  echo "$owner $file"
done

section cluster
sed -n 's/^ *server: *//p' /etc/kubernetes/kubelet.conf /etc/kubernetes/bootstrap-kubelet.conf

section security
echo "selinux $(getenforce) $(sed -n 's/^SELINUXTYPE=//p' /etc/selinux/config)"

# Each program comes with the name of its package in Debian.
section programs
missing=
for pair in $PROGRAMS; do
  command -v "${pair%:*}" > /dev/null || { missing="$missing ${pair#*:}"; echo "${pair%:*}"; }
done

# Where packages would come from; only asked if one is needed.
section repositories
if [ -n "$missing" ] && command -v apt-get > /dev/null; then
  [ -z "$(ls /var/lib/dpkg/updates)" ] || echo interrupted
  [ -z "$(ls /var/lib/apt/lists/*_Packages /var/lib/apt/lists/*_Packages.*)" ] || {
    echo lists
    # One call for all: it may have to read all lists first.
    apt-cache policy $missing | awk '/^[^ ]/ {sub(":$", "", $1); name = $1} /Candidate: [^(]/ {print "candidate", name}'
  }
  urls=$(apt-get --print-uris update | sed -n "s/^'\([^']*\)'.*/\1/p")
elif [ -n "$missing" ]; then
  urls=$(awk -F ' *= *' '
    function flush() {if (enabled && url != "") print url, skipped}
    /^\[/ {flush(); enabled = 1; url = ""; skipped = ""}
    $1 == "enabled" {enabled = $2 !~ /^(0|[Ff]alse|[Nn]o|[Oo]ff)/}
    $1 == "skip_if_unavailable" && $2 ~ /^(1|[Tt]rue|[Yy]es|[Oo]n)/ {skipped = "skipped"}
    $1 ~ /^(baseurl|mirrorlist|metalink)$/ {url = $2}
    END {flush()}' /etc/yum.repos.d/*.repo)
fi
# One line a server: whether its name resolves and its port answers, or `local` for a file, a disc, or a name that is
# not known here: plugins of yum and dnf fill in `$ociregion` (Oracle Linux) and `REGION` (RHEL in AWS).
printf '%s\n' "${urls-}" | while read -r url skipped; do
  server=${url#*://}; server=${server%%/*}; server=${server##*@}
  case $url in https:*) port=443 ;; *) port=80 ;; esac
  case $server in *:*) port=${server##*:} ;; esac
  case $url,$server in
    ,) ;;
    *,*\$* | *,*REGION*) echo local ;;
    http*) echo "${server%%:*} $port $skipped" ;;
    *) echo local ;;
  esac
done | sort -u | {
  while read -r host port skipped; do
    # All at the same time, since a server that does not answer takes 3 s.
    if [ "$host" = local ]; then echo local
    elif ! timeout 3 getent ahosts "$host" > /dev/null; then echo "unresolved $host $skipped"
    elif ! command -v bash > /dev/null || timeout 3 bash -c "exec 3<> /dev/tcp/$host/$port"; then echo "resolved $host"
    else echo "silent $host $skipped"
    fi &
  done
  wait
} | sort
if grep -rqsi '^[^#]*proxy' /etc/apt/apt.conf /etc/apt/apt.conf.d /etc/yum.conf /etc/dnf/dnf.conf ||
  grep -qsi '^proxy *= *http' /etc/yum.repos.d/*.repo || grep -qsi '^[^#]*_proxy=.*/' /etc/environment; then
  echo proxy
fi
