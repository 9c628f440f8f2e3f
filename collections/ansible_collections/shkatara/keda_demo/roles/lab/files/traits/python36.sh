# As on EL 8: Python 3.6 is the only Python, and is not in PATH. It is a copy of lab_python36.
mkdir -p /opt/python3.6 /usr/libexec
tar -C /run/python36 --exclude=__pycache__ --exclude=test --exclude=site-packages -cf - bin lib | tar -C /opt/python3.6 -xf -
cat > /usr/libexec/platform-python << 'END'
#!/bin/sh
LD_LIBRARY_PATH=/opt/python3.6/lib PYTHONHOME=/opt/python3.6 exec /opt/python3.6/bin/python3.6 "$@"
END
chmod 0755 /usr/libexec/platform-python
