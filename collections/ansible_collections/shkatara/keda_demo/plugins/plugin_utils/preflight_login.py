# Copyright (c) 2026 the keda_demo contributors
# GNU General Public License v3.0+
# (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the login: the connection, sudo, and a Python that this ansible-core can run modules with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils import basic

from .preflight_probe import Finding, Probe

Version = tuple[int, int]
# ansible-core 2.16 is the last that runs modules with Python 2.7 and 3.6, and has no such constant.
OLDEST: Version | None = getattr(basic, "_PY_MIN", None) if isinstance(getattr(basic, "_PY_MIN", None), tuple) else None
OTHER_CORE = "use ansible-core 2.16 on the controller (`make setup CORE=2.16`), which supports 2.7, 3.6 and newer"
# By family or ID and major version: the Python of the package python3, and a newer one that the system has a package
# of. Only systems whose python3 is older than some ansible-core requires.
_PYTHONS: Mapping[tuple[str, int], tuple[Version, Version | None]] = {
    ("RedHat", 7): ((3, 6), None),
    ("RedHat", 8): ((3, 6), (3, 11)),
    ("debian", 10): ((3, 7), None),
    ("ubuntu", 18): ((3, 6), (3, 8)),
    ("ubuntu", 20): ((3, 8), (3, 9)),
}


def connection_findings(result: Mapping[str, Any], login: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield why the host can't be reached. Nothing else is known of it then."""
    if not result["reached"]:
        why = re.sub("^Task failed: ", "", result["problem"]).strip().rstrip(".")
        words = f"can't be reached as {login['user']} at {login['address']}: {why}"
        remedy = "start it, and check ansible_host, ansible_user and the key in the inventory"
        if login.get("lab"):
            remedy = "run `make demo` or the playbook lab, which create and start the lab's hosts"
        yield "connection", f"{words}: {remedy}"


def sudo_findings(result: Mapping[str, Any], probe: Probe, login: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield why the login user does not become root."""
    user = login["user"]
    if not result["problem"]:
        if probe.value("system", "uid") != "0":
            name = probe.value("system", "user")
            yield "sudo", f"the plays run as {name}, and not as root: set ansible_become and ansible_become_user for it"
        return
    problem, said = str(result["problem"]), str(result["sudo"])
    words = f"{problem} {said}"
    asked = any(line.endswith("password is required") for line in words.splitlines())
    if "Incorrect sudo" in problem:
        yield "sudo", f"{user}'s password for sudo is wrong: give the right one to --ask-become-pass"
    # Ansible takes the words of a refusal that follow its prompt on one line for the prompt.
    elif re.search("not in the sudoers file|may not run sudo|not allowed to|said nothing", words):
        remedy = "allow it (group wheel on EL, sudo on Debian), or log in as another user"
        yield "sudo", f"{user} may not use sudo: {remedy}"
    elif "must have a tty" in words:
        yield "sudo", f"sudo wants a terminal: remove `Defaults requiretty` for {user} from /etc/sudoers"
    elif "Missing sudo" in problem or (asked and not re.search("Timeout|Missing|Incorrect", problem)):
        remedy = "run ansible-playbook with --ask-become-pass, or allow it NOPASSWD in /etc/sudoers"
        yield "sudo", f"{user} needs a password for sudo, and none was given: {remedy}"
    elif "not found" in words:
        yield "sudo", "it has no sudo: install it, or set ansible_user: root, or another ansible_become_method"
    elif "Timeout" in problem and "unable to resolve host" in said:
        name = probe.value("system", "nodename")
        words = "sudo takes longer than Ansible waits, since the host can't resolve its own name"
        yield "sudo", f"{words}: add `127.0.1.1 {name}` to /etc/hosts"
    else:
        told = "; ".join(line.strip() for line in [problem, *said.splitlines()] if line.strip())
        yield "sudo", f"{user} can't become root: {told}"


def is_supported(version: Version, oldest: Version | None = OLDEST) -> bool:
    """True for a Python with which an ansible-core runs modules on a host."""
    if oldest is None:
        return version == (2, 7) or version >= (3, 6)
    return version >= oldest


def python_findings(
    probe: Probe, login: Mapping[str, Any], core: str, oldest: Version | None = OLDEST, order: Sequence[str] = ()
) -> Iterator[Finding]:
    """Yield why this ansible-core finds no Python on the host that it can run modules with.

    :param core: the version of ansible-core
    :param oldest: the oldest Python that it takes
    :param order: the names that it looks for if none is set, the first that is there wins
    """
    found = {words[0]: _version(words[1]) for words in map(str.split, probe.lines("python")) if len(words) > 1}
    usable = [path for path, version in found.items() if is_supported(version, oldest)]
    wanted = str(login.get("interpreter") or "auto")
    listed = ", ".join(f"{path} is {_text(version)}" for path, version in found.items())
    needs = f"ansible-core {core} needs Python {_text(oldest) if oldest else '2.7, or 3.6'} or newer on a host"
    other = f"set ansible_python_interpreter: {usable[0]}" if usable else ""
    if not wanted.startswith("auto"):
        words = wanted.split()
        name = words[-1] if words[0].endswith("/env") else words[0]
        chosen = next((path for path in found if path == name or path.endswith(f"/{name}")), "")
        if chosen in usable:
            return
        what = listed if found else "the host has no Python"
        if not chosen:
            fault = f"ansible_python_interpreter is {wanted}, which does not exist ({what})"
            yield "python", f"{fault}: {other or _install(probe, oldest)}"
            return
        yield "python", f"{chosen} is {_text(found[chosen])}, and {needs}: {other or _ways_out(probe, oldest)}"
        return
    if not found:
        yield "python", f"it has no Python, which Ansible needs on a host: {_install(probe, oldest)}"
        return
    first = next((path for name in order for path in found if path == name or path.endswith(f"/{name}")), "")
    if first and first in usable:
        return
    yield "python", f"{listed}, and {needs}: {other or _ways_out(probe, oldest)}"


def facts_findings(facts: Mapping[str, Any], login: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield why a module did not run by a Python that seemed to suit.

    :param facts: the result of the module `setup`, empty if it has not run
    """
    if facts and not facts.get("skipped") and "ansible_facts" not in facts:
        said = str(facts.get("msg") or facts.get("module_stderr") or "it says nothing")
        why = re.sub("^Task failed: ", "", said).strip().rstrip(".")
        words = f"no module runs with ansible_python_interpreter {login['interpreter']}: {why}"
        yield "python", f"{words}: set it to the path of a Python that works"


def _version(text: str) -> Version:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def _text(version: Version) -> str:
    return ".".join(map(str, version))


def _ways_out(probe: Probe, oldest: Version | None) -> str:
    newer = f"{_install(probe, oldest)} and set ansible_python_interpreter to it"
    return f"{OTHER_CORE}, or {newer}" if oldest else newer


def _install(probe: Probe, oldest: Version | None) -> str:
    tool = {"Debian": "apt-get", "RedHat": "dnf" if probe.major > 7 else "yum"}.get(probe.family, "")
    usual, newer = next(
        (
            _PYTHONS[key, probe.major]
            for key in (probe.family, probe.value("system", "ID"))
            if (key, probe.major) in _PYTHONS
        ),
        (None, None),
    )
    if usual and not is_supported(usual, oldest):
        if newer and is_supported(newer, oldest):
            return f"install a newer one (`{tool} install python{_text(newer)}`)"
        system = f"EL {probe.major}" if probe.family == "RedHat" else probe.value("system", "PRETTY_NAME")
        return f"install a newer one, of which {system} has no package,"
    return f"install it (`{tool} install python3`)" if tool else "install the package python3"
