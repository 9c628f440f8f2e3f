#!/bin/sh
# iptables in kube-proxy's image, under each of its names: takes the mode of the host, nft or legacy.
#
# Rules of one mode are unknown to the commands of the other, and the kernel applies both. So kube-proxy has to write in
# the mode of the host's own iptables. The host's kubelet uses that one, and makes the chain KUBE-IPTABLES-HINT, before
# Kubernetes 1.24 KUBE-KUBELET-CANARY.
#
# A found mode is kept by links in place of this script. Without a hint, for example while kubelet is starting, the mode
# with more rules is taken, nft if there are none, and the next call looks again.
folder=/usr/local/sbin
programs=/usr/sbin

saved() {
  for family in iptables ip6tables; do
    "$programs/$family-$1-save" 2> /dev/null < /dev/null
  done
}

hinted() { saved "$1" | grep -q '^:KUBE-\(IPTABLES-HINT\|KUBELET-CANARY\) '; }

rules() { saved "$1" | grep -c '^-A '; }

keep() {
  for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -s "$programs/$(of_mode "$name" "$1")" "$folder/.$name.$$" &&
      mv -fT "$folder/.$name.$$" "$folder/$name" || return
  done 2> /dev/null
}

of_mode() { echo "${1%%-*}-$2${1#"${1%%-*}"}"; }

if hinted nft; then
  mode=nft
elif hinted legacy; then
  mode=legacy
elif [ "$(rules legacy)" -gt "$(rules nft)" ]; then
  mode=legacy unsure=1
else
  mode=nft unsure=1
fi
[ -n "${unsure:-}" ] || keep $mode
exec "$programs/$(of_mode "${0##*/}" $mode)" "$@"
