# The names, files and package manager of EL 9. Its packages are RPMs of the lab's mirror, and their signatures count.
rm -f /etc/os-release /etc/debian_version /etc/apt/sources.list /etc/apt/sources.list.d/*
cat > /etc/os-release << 'END'
NAME="Rocky Linux"
VERSION="9.3 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.3"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.3 (Blue Onyx)"
END
echo 'Rocky Linux release 9.3 (Blue Onyx)' | tee /etc/rocky-release /etc/redhat-release > /dev/null
mkdir -p /etc/yum.repos.d
cat > /etc/yum.repos.d/lab.repo << END
[baseos]
name=The lab's packages
baseurl=http://$LAB_MIRROR/rpm
gpgcheck=1
gpgkey=http://$LAB_MIRROR/RPM-GPG-KEY-lab
END
rm -f /usr/bin/apt /usr/bin/apt-get /usr/bin/apt-cache
