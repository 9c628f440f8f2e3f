# The PATH of EL's sudo.
echo 'Defaults secure_path = "/sbin:/bin:/usr/sbin:/usr/bin"' > /etc/sudoers.d/path
