"""What strangers do to a connection before any application sees a request."""

from __future__ import annotations

import os
import resource
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.scenarios.attacks.town import check_dsp_error, raw

OK = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


def ends_after(port, data, again=b"", pause=0.05, seconds=6.0):
    """Send `data`, then `again` every now and then; return how long the server bore it, and what it said."""
    began, said = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(data)
        connection.settimeout(pause)
        while time.monotonic() - began < seconds:
            received = _turn(connection, again)
            if received == b"":
                break
            said += received or b""
    return time.monotonic() - began, said


def _turn(connection, again):
    """Send a little; return what came, nothing (None) if nothing came yet, and no bytes at the end."""
    try:
        connection.sendall(again)
        return connection.recv(65536)
    except TimeoutError:
        return None
    except OSError:
        return b""


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr("hanse.http.bounded.HEAD_SECONDS", 0.4)
    monkeypatch.setattr("hanse.http.bounded.REST_SECONDS", 0.4)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("data", "again"),
    [(b"", b""), (b"G", b""), (OK, b"x"), (OK, b"X-A: b\r\n"), (b"GET /", b"a"), (OK + b"\r\n" + OK, b"b")],
    ids=["silent", "one byte", "a long name", "one header more", "a long path", "the second request"],
)
def test_a_head_that_never_ends_costs_its_connection(town, data, again):
    took, _ = ends_after(town.host.settings.port, data, again)
    assert 0.3 < took < 2


def test_a_body_that_trickles_is_given_up(town, monkeypatch):
    """Ten seconds for a body, however it comes; the answer is the protocol's own."""
    monkeypatch.setattr("hanse.http.bounded.REST_SECONDS", 0.4)
    token = town.proof()
    town.note(token)
    head = (
        f"POST /participants/acme/dsp/2025-1/negotiations/request HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        "Content-Length: 100000\r\n\r\n"
    )
    took, said = ends_after(town.host.settings.port, head.encode(), b" ", 0.2, seconds=20)
    assert 9 < took < 12
    assert said.startswith(b"HTTP/1.1 400")
    assert b"ContractNegotiationError" in said
    assert b"10 s" in said


def test_an_unwanted_body_that_trickles_is_cut_soon(town, monkeypatch):
    monkeypatch.setattr("hanse.http.bounded.REST_SECONDS", 0.4)
    head = b"POST /participants/acme/dsp/2025-1/negotiations/request HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000\r\n\r\n"
    took, said = ends_after(town.host.settings.port, head, b" ")
    assert took < 2
    assert said.startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    "data",
    [
        OK + b"X-Long: " + b"a" * 3_000_000,
        b"GET /" + b"a" * 3_000_000,
        OK + b"".join(b"X-%d: a\r\n" % n for n in range(200_000)),
        b"POST /api/v1/assets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"e" * 3_000_000,
        b"POST /api/v1/assets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: " + b"e" * 3_000_000,
    ],
    ids=["header", "path", "headers", "chunk extension", "trailer"],
)
def test_heads_and_what_is_no_body_are_bounded(town, data):
    before = memory()
    began = time.monotonic()
    said = raw(town.host.settings.port, data)
    assert time.monotonic() - began < 3
    assert said[:12] in (b"", b"HTTP/1.1 431", b"HTTP/1.1 401", b"HTTP/1.1 400")
    assert memory() - before < 20e6


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /api/v1/assets HTTP/1.1\r\nHost: x\r\n"
AMBIGUOUS = {
    "both lengths": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 37\r\n\r\n" + SMUGGLED,
    "length with a sign": POST + b"Content-Length: +0\r\n\r\n" + SMUGGLED,
    "length in hex": POST + b"Content-Length: 0x0\r\n\r\n" + SMUGGLED,
    "chunked is not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "odd chunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "space before the colon": POST + b"Content-Length : 0\r\n\r\n" + SMUGGLED,
    "bare CR": POST + b"X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "NUL": POST + b"X: a\x00b\r\n\r\n" + SMUGGLED,
    "chunk size overflow": POST + b"Transfer-Encoding: chunked\r\n\r\n1" + b"0" * 20 + b"\r\n" + SMUGGLED,
    "negative chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + SMUGGLED,
    "path not ASCII": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tunnel": b"CONNECT inner:80 HTTP/1.1\r\nHost: inner:80\r\n\r\n",
}


@pytest.mark.parametrize("data", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_read_in_none(town, data, monkeypatch):
    monkeypatch.setattr("hanse.http.bounded.HEAD_SECONDS", 0.4)
    said = raw(town.host.settings.port, data, 2)
    assert b"/smuggled" not in said
    assert said.count(b"HTTP/1.1 ") <= 1, said
    assert b" 200 " not in said
    assert b"Traceback" not in said


def test_an_upgrade_is_not_taken(town):
    said = raw(
        town.host.settings.port,
        OK + b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        2,
    )
    assert b"101" not in said[:20]


def test_pipelined_requests_get_their_own_answers_in_order(town):
    said = raw(town.host.settings.port, OK + b"\r\n" + b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" + OK + b"Connection: close\r\n\r\n", 2)
    assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


def test_the_rest_of_a_refused_body_is_no_request(town):
    """A body that was not read is never taken for what comes next."""
    inner = OK + b"\r\n"
    data = b"POST /participants/acme/dsp/2025-1/catalog/request HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner
    said = raw(town.host.settings.port, data + b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 2)
    assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] == [b"401", b"404"]


@pytest.mark.usefixtures("unchanged")
def test_ten_megabytes_are_refused_before_they_are_read(town):
    token = town.proof()
    town.note(token)
    head = f"POST /participants/acme/dsp/2025-1/negotiations/request HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    took, said = ends_after(town.host.settings.port, head.encode() + b"Content-Length: 10000000\r\nConnection: close\r\n\r\n{", seconds=3)
    assert said.startswith(b"HTTP/1.1 413")
    assert took < 1
    check_dsp_error(town.dsp("/negotiations/request", town.proof(), b" " * 10_000_000), "ContractNegotiationError", 413)

    def endless():
        for _ in range(100):
            yield b" " * 100_000

    answer = town.operators["acme"].ask("POST", "/assets", content=endless())
    assert answer.status_code == 413


def test_hundreds_of_idle_connections_keep_nobody_out(town):
    limit, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(limit, 4096)), hard))
    before = memory()
    held = [socket.create_connection(("127.0.0.1", town.host.settings.port)) for _ in range(600)]
    try:
        for connection in held:
            connection.sendall(b"GET /heal")
        assert town.dsp("/catalog/request", town.proof(), b"{}").status_code == 400
        assert memory() - before < 60e6
    finally:
        for connection in held:
            connection.close()


def memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_many_large_bodies_at_once_stay_within_bounds(town):
    before, peak = memory(), 0.0
    threads = [threading.Thread(target=lambda: town.dsp("/negotiations/request", town.proof(), b" " * 1_000_000)) for _ in range(24)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        peak = max(peak, memory())
        time.sleep(0.01)
    assert peak - before < 150e6  # the attackers' own copies are in it
