# As on EL 7: Python 2.7 is the only Python, under the name of EL 7.
ln -s python2.7 /usr/bin/python
