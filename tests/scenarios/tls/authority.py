"""A certificate authority of our own, and a certificate with its key for each name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_NAME = "Authority of the test"


def certify(folder, names):
    """Write `authority.pem`, and `NAME.pem` and `NAME.key` for each name."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "authority.pem").write_bytes(_signed(key, _NAME, key, is_authority=True))
    for name in names:
        own = ec.generate_private_key(ec.SECP256R1())
        (folder / f"{name}.pem").write_bytes(_signed(key, name, own, is_authority=False))
        plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.key").write_bytes(own.private_bytes(*plain))


def _signed(issuer_key, name, key, *, is_authority):
    issuer, subject = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)]) for text in (_NAME, name))
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=1), now + timedelta(hours=1)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
