# Every login and every sudo, as on Ubuntu, has the variables of a proxy, one that does not answer.
echo 'session required pam_env.so readenv=1 user_readenv=0' >> /etc/pam.d/sudo
cat >> /etc/environment << END
http_proxy=http://proxy.lab.example:3128
https_proxy=http://proxy.lab.example:3128
HTTP_PROXY=http://proxy.lab.example:3128
HTTPS_PROXY=http://proxy.lab.example:3128
no_proxy=localhost,127.0.0.1${LAB_MIRROR:+,$LAB_MIRROR}
NO_PROXY=localhost,127.0.0.1${LAB_MIRROR:+,$LAB_MIRROR}
END
