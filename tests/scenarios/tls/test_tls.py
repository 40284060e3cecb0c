"""A whole exchange between two servers under TLS, and what happens when a certificate cannot be believed."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenarios.tls.authority import certify
from tests.services import free_port

NAMES = ("provider.test", "consumer.test")


@pytest.fixture
def folder(tmp_path):
    certify(tmp_path, NAMES)
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
