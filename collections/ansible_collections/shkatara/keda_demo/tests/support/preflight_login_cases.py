# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""The findings of the role preflight about the login; see preflight_cases."""

from .preflight_cases import CENTOS_7, DEBIAN_10, ROCKY_8, UBUNTU_18, Case

AUTO = {"login": {"interpreter": "auto"}}
UNREACHABLE = {
    "reached": False,
    "problem": "Task failed: Failed to connect to the host via ssh: ssh: connect to host 10.89.35.21 port 22: No route "
    "to host",
}

LOGIN = [
    Case(
        "nothing answers at the address",
        "connection: can't be reached as lab at 10.89.35.21: Failed to connect to the host via ssh: ssh: connect to "
        "host "
        "10.89.35.21 port 22: No route to host: start it, and check ansible_host, ansible_user and the key in the "
        "inventory",
        result=UNREACHABLE,
    ),
    Case(
        "nothing answers at the address of a lab's host",
        "connection: can't be reached as lab at 10.89.35.21: Failed to connect to the host via ssh: ssh: connect to "
        "host "
        "10.89.35.21 port 22: No route to host: run `make demo` or the playbook lab, which create and start the "
        "lab's hosts",
        wants={"login": {"lab": True}},
        result=UNREACHABLE,
    ),
    Case(
        "sudo needs a password, and none was given",
        "sudo: lab needs a password for sudo, and none was given: run ansible-playbook with --ask-become-pass, or "
        "allow "
        "it NOPASSWD in /etc/sudoers",
        result={"problem": "Missing sudo password", "sudo": "sudo: a password is required"},
    ),
    Case(
        "the password for sudo is wrong",
        "sudo: lab's password for sudo is wrong: give the right one to --ask-become-pass",
        result={"problem": "Incorrect sudo password", "sudo": "sudo: a password is required"},
    ),
    Case(
        "the user is not in sudoers",
        "sudo: lab may not use sudo: allow it (group wheel on EL, sudo on Debian), or log in as another user",
        result={"problem": "lab is not in the sudoers file.", "sudo": "sudo: a password is required"},
    ),
    Case(
        "the user may use sudo, but not to become root",
        "sudo: lab may not use sudo: allow it (group wheel on EL, sudo on Debian), or log in as another user",
        result={"problem": "the shell ended with 1 and said nothing", "sudo": "sudo: a password is required"},
    ),
    Case(
        "`Defaults requiretty` in sudoers",
        "sudo: sudo wants a terminal: remove `Defaults requiretty` for lab from /etc/sudoers",
        result={"problem": "sudo: sorry, you must have a tty to run sudo", "sudo": ""},
    ),
    Case(
        "no sudo",
        "sudo: it has no sudo: install it, or set ansible_user: root, or another ansible_become_method",
        result={"problem": "/bin/sh: 1: sudo: not found", "sudo": "sh: 1: sudo: not found"},
    ),
    Case(
        "the host can't resolve its own name, and DNS does not answer",
        "sudo: sudo takes longer than Ansible waits, since the host can't resolve its own name: add `127.0.1.1 "
        "worker1` "
        "to /etc/hosts",
        result={
            "problem": "Timeout (12s) waiting for privilege escalation prompt: ",
            "sudo": "sudo: unable to resolve host worker1: Temporary failure in name resolution",
        },
    ),
    Case(
        "another failure of sudo or of another become method",
        "sudo: lab can't become root: Timeout (12s) waiting for privilege escalation prompt",
        result={"problem": "Timeout (12s) waiting for privilege escalation prompt", "sudo": ""},
    ),
    Case(
        "`ansible_become: false`, and the login user is not root",
        "sudo: the plays run as lab, and not as root: set ansible_become and ansible_become_user for it",
        {"system": {"user": "lab", "uid": "1000"}},
    ),
    Case(
        "no Python, on Debian",
        "python: ansible_python_interpreter is /usr/bin/python3, which does not exist (the host has no Python): "
        "install it (`apt-get install python3`)",
        {"python": ""},
    ),
    Case(
        "no Python, on EL",
        "python: it has no Python, which Ansible needs on a host: install it (`yum install python3`)",
        {"python": "", "system": CENTOS_7},
        AUTO,
        core="2.16.14",
        oldest=None,
    ),
    Case(
        "CentOS 7.9 as it comes, with ansible-core 2.19",
        "python: /usr/bin/python2.7 is 2.7, and ansible-core 2.19.14 needs Python 3.8 or newer on a host: use "
        "ansible-core 2.16 on the controller (`make setup CORE=2.16`), which supports 2.7, 3.6 and newer, or install a "
        "newer one, of which EL 7 has no package, and set ansible_python_interpreter to it",
        {"python": "/usr/bin/python2.7 2.7", "system": CENTOS_7},
        AUTO,
    ),
    Case(
        "EL 8 as it comes, with ansible-core 2.19",
        "python: /usr/libexec/platform-python is 3.6, and ansible-core 2.19.14 needs Python 3.8 or newer on a host: "
        "use "
        "ansible-core 2.16 on the controller (`make setup CORE=2.16`), which supports 2.7, 3.6 and newer, or install a "
        "newer one (`dnf install python3.11`) and set ansible_python_interpreter to it",
        {"python": "/usr/libexec/platform-python 3.6", "system": ROCKY_8},
        AUTO,
    ),
    Case(
        "Ubuntu 18.04 as it comes, with ansible-core 2.19",
        "python: /usr/bin/python3 is 3.6, and ansible-core 2.19.14 needs Python 3.8 or newer on a host: use "
        "ansible-core 2.16 on the controller (`make setup CORE=2.16`), which supports 2.7, 3.6 and newer, or install a "
        "newer one (`apt-get install python3.8`) and set ansible_python_interpreter to it",
        {"python": "/usr/bin/python3 3.6", "system": UBUNTU_18},
    ),
    Case(
        "Debian 10 as it comes, with ansible-core 2.19",
        "python: /usr/bin/python3 is 3.7, and ansible-core 2.19.14 needs Python 3.8 or newer on a host: use "
        "ansible-core 2.16 on the controller (`make setup CORE=2.16`), which supports 2.7, 3.6 and newer, or install a "
        "newer one, of which Debian GNU/Linux 10 (buster) has no package, and set ansible_python_interpreter to it",
        {"python": "/usr/bin/python3 3.7", "system": DEBIAN_10},
    ),
    Case(
        "the inventory names a Python that is too old, and there is another one",
        "python: /usr/bin/python3 is 3.6, and ansible-core 2.19.14 needs Python 3.8 or newer on a host: set "
        "ansible_python_interpreter: /usr/bin/python3.11",
        {"python": "/usr/bin/python3 3.6\n/usr/bin/python3.11 3.11"},
    ),
    Case(
        "a Python that is broken, or that Ansible does not find by this name",
        "python: no module runs with ansible_python_interpreter /usr/bin/python3: The module interpreter was not "
        "found: set it to the path of a Python that works",
        facts={"msg": "Task failed: The module interpreter was not found.", "rc": 127},
    ),
    Case(
        "the inventory names a Python that does not exist",
        "python: ansible_python_interpreter is /opt/python, which does not exist (/usr/bin/python3 is 3.11): set "
        "ansible_python_interpreter: /usr/bin/python3",
        wants={"login": {"interpreter": "/opt/python"}},
    ),
]
