# SPDX-License-Identifier: MIT
"""A certificate authority of a test, and the certificates that it makes for servers and clients."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(key, *certificates):
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)


def _general(name):
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    """Signs certificates; `path` is the file of its own."""

    def __init__(self, folder, name="a test's authority"):
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        certificate = self._build(self._name, self._key.public_key(), ()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self._certificate = certificate.sign(self._key, hashes.SHA256())
        self.path = str(folder / f"{name.replace(' ', '_')}.pem")
        with open(self.path, "wb") as file:
            file.write(self._certificate.public_bytes(serialization.Encoding.PEM))

    def _build(self, subject, public_key, names):
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(self._name, subject, public_key, x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
        )
        if not names:
            return builder
        return builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)

    def certificate(self, *names):
        """Return the file of a key with a certificate for these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._build(_named(names[0]), key.public_key(), names).sign(self._key, hashes.SHA256())
        path = self.folder / f"{names[0].replace('*', 'star')}.pem"
        path.write_bytes(_pem(key, made))
        return str(path)

    def server(self, *names, clients=False):
        """Return the TLS settings of a server with these names; with `clients` it wants a certificate of theirs."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate(*names))
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path)
        return context
