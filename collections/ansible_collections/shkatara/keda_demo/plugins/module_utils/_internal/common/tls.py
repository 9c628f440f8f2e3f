# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Which certificates of servers are accepted, as ansible.builtin.uri has it: `validate_certs` and `ca_path`."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass


@dataclass(frozen=True)
class Trust:
    """Whether certificates are checked, and the file or folder of the authorities; empty for those of this machine."""

    validate: bool = True
    ca_path: str = ""


def context(trust: Trust) -> ssl.SSLContext:
    """Return the settings of a client's TLS connections.

    :raises OSError: the authorities can't be read; ssl.SSLError is one
    """
    if not trust.validate:
        made = ssl.create_default_context()
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        return made
    if not trust.ca_path:
        made = ssl.create_default_context()
    elif os.path.isdir(trust.ca_path):
        made = ssl.create_default_context(capath=trust.ca_path)
    else:
        made = ssl.create_default_context(cafile=trust.ca_path)
    # Python 3.13 refuses authorities without some extensions, which Go and curl take, and so do the other clients of a
    # private authority.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made


def problem(trust: Trust, option: str) -> str:
    """Return what is wrong with the option that names the authorities; empty if nothing is."""
    if not trust.ca_path:
        return ""
    if not trust.validate:
        return f"{option} is given, and certificates are not checked: omit one of the two"
    try:
        made = context(trust)
    except ssl.SSLError as error:
        reason = error.reason or error
        return f"{option} {trust.ca_path} is not a file of certificates in PEM format ({reason})"
    except OSError as error:
        return f"{option} {trust.ca_path} can't be read: {error.strerror or error}"
    if not os.path.isdir(trust.ca_path) and not made.get_ca_certs():
        return f"{option} {trust.ca_path} has no CA certificate"
    return ""


def hint(error: object, prefix: str, authority: str = "ca_path") -> str:
    """Return which options help if an error is about a certificate, from a comma on; empty for any other error.

    :param prefix: what is before `authority` and `validate_certs` in the names of the options
    :param authority: the option for the file of the authority
    """
    if "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return ""
    return (
        f", so give the file of its CA in `{prefix}{authority}`, or `{prefix}validate_certs: false` to accept any "
        "certificate"
    )
