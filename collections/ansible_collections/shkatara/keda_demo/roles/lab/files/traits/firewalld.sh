# firewalld is on with its default zone: ssh comes in, everything else that comes in or is forwarded is rejected.
systemctl --quiet enable firewalld.service
