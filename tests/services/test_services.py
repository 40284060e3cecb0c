"""The servers of the tests start, answer, and are gone afterwards."""

from __future__ import annotations

import os
import urllib.request

import psycopg
import pytest

from tests.services import nginx, nginx_missing, require


@pytest.mark.postgres
def test_postgres_is_durable_and_databases_are_apart(postgres_url: str, postgres_database: str) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE here (id int)")
        settings = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit", "listen_addresses")}
    with psycopg.connect(postgres_url) as connection:
        found = connection.execute("SELECT to_regclass('here')").fetchone()

    assert settings == {"fsync": ("on",), "synchronous_commit": ("on",), "listen_addresses": ("127.0.0.1",)}
    assert found == (None,)


@pytest.mark.nginx
def test_nginx_serves_and_stops(tmp_path) -> None:
    require(nginx_missing())
    (tmp_path / "hello.txt").write_text("hello")
    config = f"server {{ listen 127.0.0.1:$port; location / {{ root {tmp_path}; add_header X-Path $$uri; }} }}"
    with nginx(config) as server, urllib.request.urlopen(f"http://127.0.0.1:{server.port}/hello.txt", timeout=5) as answer:
        body, path = answer.read(), answer.headers["X-Path"]

    assert (body, path) == (b"hello", "/hello.txt")
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    assert not server.folder.exists()


@pytest.mark.nginx
def test_nginx_says_what_is_wrong_with_its_configuration() -> None:
    require(nginx_missing())
    with pytest.raises(RuntimeError, match="unknown directive"), nginx("nonsense;"):
        pass
