# Packets for other hosts, such as pods, are dropped unless a rule accepts them. Docker and many guides do this.
on_boot forward_drop network.target << 'END'
iptables --wait --policy FORWARD DROP
END
