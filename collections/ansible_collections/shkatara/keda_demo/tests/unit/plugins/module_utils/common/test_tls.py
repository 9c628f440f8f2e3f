# SPDX-License-Identifier: MIT
"""Authorities as a file or a folder, and what is wrong with them."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common import tls
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.common.tls import Trust
from ansible_collections.shkatara.keda_demo.tests.support.authority import Authority


def test_authorities_replace_those_of_this_machine(tmp_path):
    authority = Authority(tmp_path, "private")
    context = tls.context(Trust(ca_path=authority.path))
    assert [dict(part[0] for part in each["subject"])["commonName"] for each in context.get_ca_certs()] == ["private"]
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_no_check():
    context = tls.context(Trust(validate=False))
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_NONE)


def test_a_folder_as_openssl_has_it(tmp_path):
    authority = Authority(tmp_path)
    subprocess.run(["openssl", "rehash", str(tmp_path)], check=True)
    assert tls.problem(Trust(ca_path=str(tmp_path)), "ca_path") == ""
    assert tls.problem(Trust(ca_path=authority.path), "ca_path") == ""


@pytest.mark.parametrize(
    ("content", "validate", "message"),
    [
        (None, True, "ca_path {path} can't be read: No such file or directory"),
        ("no certificate", True, "ca_path {path} is not a file of certificates in PEM format"),
        ("", True, "ca_path {path} is not a file of certificates in PEM format"),
        ("key", True, "ca_path {path} is not a file of certificates in PEM format"),
        ("authority", False, "ca_path is given, and certificates are not checked"),
    ],
)
def test_what_is_wrong(tmp_path, content, validate, message):
    authority = Authority(tmp_path)
    path = tmp_path / "ca.pem"
    if content == "authority":
        path.write_bytes((tmp_path / "a_test's_authority.pem").read_bytes())
    elif content == "key":
        pem = Path(authority.certificate("x")).read_text()
        path.write_text(pem[: pem.index("-----BEGIN CERT")])
    elif content is not None:
        path.write_text(content)
    assert tls.problem(Trust(validate, str(path)), "ca_path").startswith(message.format(path=path))
