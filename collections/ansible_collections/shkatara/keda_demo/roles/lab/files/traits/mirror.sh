# Serves what the hosts of a lab get from elsewhere: Debian packages, RPMs and DNS.
# python3-apt is what Ansible's module apt installs first.
packages='conntrack ethtool socat python3-apt'
mkdir -p /srv/mirror/debian /srv/mirror/rpm
cd /srv/mirror/debian
apt-get -qq update
# What those packages need, too, besides what a lab host has.
apt-get -qq install --yes --no-install-recommends --download-only $packages
cp /var/cache/apt/archives/*.deb .
apt-get -qq clean
rm -rf /var/lib/apt/lists/*
dpkg-scanpackages --multiversion . > Packages

# The programs of the same packages as RPMs, under the names of EL.
export GNUPGHOME=/root/lab-gnupg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Lab <lab@lab.example>' rsa3072 sign never
gpg --armor --export lab@lab.example > /srv/mirror/RPM-GPG-KEY-lab
for name in conntrack:conntrack-tools ethtool:ethtool socat:socat; do
  files=/root/rpm/${name#*:}
  mkdir -p "$files"
  dpkg-deb --extract "${name%:*}"_*.deb "$files"
  cat > /root/lab.spec << END
Name: ${name#*:}
Version: $(dpkg-deb --field "${name%:*}"_*.deb Version | sed 's/^.*://; s/-.*//')
Release: 1.el9
Summary: The programs of Debian's package ${name%:*}
License: As in Debian
AutoReqProv: no
%description
The programs of Debian's package ${name%:*}.
%install
cp -a $files/. %{buildroot}
%files
$(cd "$files" && find . ! -type d | sed 's/^\.//')
END
  rpmbuild --quiet -bb --define '_topdir /root/rpmbuild' --define '__os_install_post %{nil}' /root/lab.spec
done
cp /root/rpmbuild/RPMS/*/*.rpm /srv/mirror/rpm/
rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name lab@lab.example' --addsign /srv/mirror/rpm/*.rpm
gpgconf --kill all
createrepo_c --quiet /srv/mirror/rpm
rm -rf /root/rpm /root/rpmbuild /root/lab.spec

cat > /etc/systemd/system/lab-mirror.service << 'END'
[Unit]
Description=The packages of the lab's hosts

[Service]
ExecStart=/usr/bin/python3 -m http.server --directory /srv/mirror 80

[Install]
WantedBy=multi-user.target
END
# Names of the lab lead to this host; other names are unknown.
cat > /etc/dnsmasq.d/lab.conf << END
no-resolv
no-hosts
address=/mirror.lab.example/$LAB_MIRROR
local=/#/
END
systemctl --quiet enable lab-mirror.service dnsmasq.service
