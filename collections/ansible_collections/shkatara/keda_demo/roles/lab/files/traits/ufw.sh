# ufw is on: ssh comes in, everything else that comes in or is forwarded is dropped.
# The rule is what `ufw allow 22/tcp` writes. ufw itself would try iptables on the machine that makes the image.
sed -i '/^### RULES ###/a\
\
### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\
-A ufw-user-input -p tcp --dport 22 -j ACCEPT' /etc/ufw/user.rules
sed -i 's/^ENABLED=.*/ENABLED=yes/' /etc/ufw/ufw.conf
systemctl --quiet enable ufw.service
