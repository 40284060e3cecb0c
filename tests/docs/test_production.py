"""The configuration of nginx that the documents show is one that nginx takes, and data goes through it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest

from tests.docs.pages import ROOT, blocks
from tests.services import free_port, nginx, nginx_missing, require

PAGE = ROOT / "docs/howto/run-in-production.md"


def _config(backend, data):
    """Return the server block of the document, on this run's ports and folder; TLS ends elsewhere in a test."""
    text = next(block.text for block in blocks(PAGE) if block.language == "nginx").replace("$", "$$")
    text = re.sub(r"\n *ssl_\w+ [^\n]+", "", text)
    for shown, real in (("443 ssl", "127.0.0.1:$port"), (":8400", f":{backend}"), ("/srv/data", str(data))):
        assert shown in text
        text = text.replace(shown, real)
    return text


@pytest.mark.nginx
def test_data_goes_through_the_nginx_of_the_document(tmp_path):
    require(nginx_missing())
    backend, data = free_port(), tmp_path.resolve() / "data"
    data.mkdir()
    (data / "table.csv").write_bytes(os.urandom(100_000))
    with nginx(_config(backend, data)) as front:
        own = {"HANSE_PUBLIC_PORT": str(front.port), "HANSE_BEHIND_PROXY": "true", "HANSE_ACCEL_PREFIX": "/_files"}
        environment = os.environ | own | {"HANSE_HOME": str(tmp_path / "home"), "HANSE_PORT": str(backend)}

        def hanse(*words):
            run = [sys.executable, "-m", "hanse.cli", *words]
            return subprocess.run(run, env=environment, cwd=data, capture_output=True, text=True, timeout=30)

        up = [sys.executable, "-m", "hanse.cli", "up", "--name", "alice"]
        server = subprocess.Popen(up, env=environment, cwd=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 20
            while hanse("status").returncode != 0:
                assert time.monotonic() < end, "the server is not ready"
                time.sleep(0.1)
            assert hanse("participant", "add", "bob", "--join").returncode == 0
            asset = hanse("offer", "table.csv", "--quiet").stdout.split()[0]
            got = hanse("get", asset, "--participant", "bob", "--into", str(tmp_path / "got"))
            assert got.returncode == 0, got.stderr
        finally:
            server.terminate()
            server.wait(20)
        assert (tmp_path / "got/table.csv").read_bytes() == (data / "table.csv").read_bytes()
        assert re.search(r"GET /participants/alice/data/\S+ HTTP/1\.1. 206 100000", (front.folder / "access.log").read_text())
