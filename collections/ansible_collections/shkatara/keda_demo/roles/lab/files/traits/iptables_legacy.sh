# iptables writes the kernel's older tables instead of nftables, as on EL 7, and so does a firewalld.
for program in iptables ip6tables; do
  update-alternatives --set "$program" "/usr/sbin/$program-legacy"
done
if [ -e /etc/firewalld/firewalld.conf ]; then
  sed -i 's/^FirewallBackend=.*/FirewallBackend=iptables/' /etc/firewalld/firewalld.conf
fi
