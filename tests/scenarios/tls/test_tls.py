"""A whole exchange between two servers under TLS, and what happens when a certificate cannot be believed."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.services import free_port

NAMES = ("provider.test", "consumer.test")


def authority():
    return ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of the test")])


def signed(issuer_key, issuer, name, key, *, is_authority):
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    subject = issuer if is_authority else subject
    begin, end = now - timedelta(hours=1), now + timedelta(hours=1)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def folder(tmp_path):
    key, issuer = authority()
    (tmp_path / "authority.pem").write_bytes(signed(key, issuer, "Authority of the test", key, is_authority=True))
    for name in NAMES:
        own = ec.generate_private_key(ec.SECP256R1())
        (tmp_path / f"{name}.pem").write_bytes(signed(key, issuer, name, own, is_authority=False))
        plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (tmp_path / f"{name}.key").write_bytes(own.private_bytes(*plain))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "table.csv").write_bytes(os.urandom(3_000_000))
    return tmp_path


def exchanged(folder, trusted):
    ports = [str(free_port()), str(free_port())]
    environment = os.environ | ({"SSL_CERT_FILE": str(folder / "authority.pem")} if trusted else {})
    program = Path(__file__).with_name("exchange.py")
    return subprocess.run(
        [sys.executable, str(program), str(folder), *ports], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_whole_exchange_under_tls(folder):
    done = exchanged(folder, trusted=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["did"].startswith("did:web:provider.test%3A")
    assert told["endpoint"].startswith("https://provider.test:")
    assert told["type"] == "https://w3id.org/dspace-sig/profile/http-pull"
    assert told["verified"]
    assert told["sha256"] == hashlib.sha256((folder / "data" / "table.csv").read_bytes()).hexdigest()


def test_a_certificate_of_an_unknown_authority_is_not_believed(folder):
    done = exchanged(folder, trusted=False)
    assert done.returncode != 0
    assert "TLS" in done.stderr
    assert not (folder / "got").exists()
