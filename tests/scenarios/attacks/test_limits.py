"""Floods, and a disk that is full."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from hanse.app.space import add_participant, found_space
from tests.scenarios.attacks.test_tokens import ASK
from tests.scenarios.attacks.town import Host, Outsider, check_dsp_error


@pytest.fixture(scope="module")
def gate(logs, tmp_path_factory):
    """A server with small limits and two members elsewhere."""
    one, two = Outsider("one"), Outsider("two")
    allow = tuple(f"localhost:{outsider.port}" for outsider in (one, two))
    host = Host(tmp_path_factory.mktemp("gate"), peers_allow=allow, requests_per_second=20, request_burst=20)
    space, _ = host.call(lambda s: found_space(s, "port", "Port"))
    acme = host.call(lambda s: add_participant(s, space, "acme", "Acme"))
    for outsider in (one, two):
        outsider.enter(host, space)
    yield host, acme, one, two
    host.stop()
    one.close()
    two.close()


def ask(host, acme, outsider):
    headers = {"Authorization": f"Bearer {outsider.token(acme.did)}"}
    return httpx.post(f"{host.root}/participants/acme/dsp/2025-1/catalog/request", json=ASK, headers=headers, timeout=20)


def test_a_flood_is_told_to_wait_and_starves_nobody(gate):
    host, acme, one, two = gate
    stop, got = threading.Event(), []

    def flood():
        while not stop.is_set():
            got.append(ask(host, acme, one))

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    times = []
    for _ in range(10):
        began = time.monotonic()
        assert ask(host, acme, two).status_code == 200
        times.append(time.monotonic() - began)
        time.sleep(0.06)
    stop.set()
    for thread in threads:
        thread.join()
    refused = [answer for answer in got if answer.status_code == 429]
    assert refused
    assert {answer.status_code for answer in got} <= {200, 429}
    check_dsp_error(refused[0], "CatalogError", 429)
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert sorted(times)[5] < 1


def test_a_full_disk_is_said_changes_nothing_and_passes(gate):
    host, acme, _, two = gate
    time.sleep(1.1)

    def rows():
        return host.call(lambda s: s.ground.database.read(lambda tx: tx.rows.all("SELECT * FROM replays ORDER BY 1, 2, 3")))

    async def pages(server, count):
        writer = server.ground.database._writer
        return writer.execute(f"PRAGMA max_page_count = {count}").fetchone()

    before = rows()
    host.call(lambda s: pages(s, 1))  # SQLite takes the present size for anything less
    seen = set()
    for _ in range(400):
        answer = ask(host, acme, two)
        seen.add(answer.status_code)
        if answer.status_code == 429:
            time.sleep(0.3)
        if answer.status_code in (503, 507):
            break
    check_dsp_error(answer, "CatalogError", 503, 507)
    assert seen <= {200, 429, 503, 507}
    held = rows()
    assert len(held) >= len(before)
    assert ask(host, acme, two).status_code in (503, 507, 429)
    assert rows() == held
    assert httpx.get(f"{host.root}/healthz").status_code == 200
    host.call(lambda s: pages(s, 1_000_000_000))
    time.sleep(0.3)
    assert ask(host, acme, two).status_code == 200
