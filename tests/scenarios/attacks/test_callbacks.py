"""Addresses that peers name, and where they must not lead."""

from __future__ import annotations

import time

import pytest

from tests.scenarios.attacks.test_tokens import ASK
from tests.scenarios.attacks.town import Outsider, allow, check_dsp_error, say

REFUSED = [
    "http://10.0.0.1/dsp",
    "http://192.168.1.1:8080",
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/latest",
    "http://[fd00:ec2::254]/",
    "http://[::1]:8080/",
    "http://[::ffff:127.0.0.1]/",
    "http://127.0.0.1:22/",
    "http://localhost:1/",
    "http://0.0.0.0:80/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://user:secret@localhost/",
    "http://localhost@10.0.0.1/",
    "http://localhost#@10.0.0.1/",
    "http://localhost\\@10.0.0.1/",
    "file:///etc/passwd",
    "gopher://localhost/",
    "ftp://localhost/",
    "javascript:alert(1)",
    "//10.0.0.1/",
    "http://",
    "http:///x",
    "http://example.com/",
    "http://ex ample.com/",
    "http://localhost:99999/",
    "http://localhost./",
    "unix:/run/docker.sock",
]

NAMES = {"http://localhost:1/", "http://example.com/"}
"""What a name leads to is judged when something is sent there, and not while the peer waits for its answer."""


@pytest.mark.parametrize("address", REFUSED)
def test_a_callback_that_leads_inside_is_refused_or_never_called(town, address):
    """What can be seen by its writing is refused at once; nothing is ever sent there."""
    opened = count_sockets(town)
    answer = town.dsp("/negotiations/request", town.proof(), town.contract_request(address))
    if answer.status_code == 201:
        pid = answer.json()["providerPid"]
        time.sleep(0.1)
        shown = town.operators["acme"]("GET", f"/negotiations/{pid}")
        assert shown["state"] == "REQUESTED"  # our answer never left
        assert opened() == []
        assert address in NAMES, f"{address} was taken"
        town.operators["acme"].ask("POST", f"/negotiations/{pid}/terminate", {"reason": "test"})
        return
    body = check_dsp_error(answer, "ContractNegotiationError", 400)
    assert "secret" not in str(body)
    assert opened() == []


def count_sockets(town):
    client, seen = town.host.server.ground.client, []
    inner = client._sockets

    def counted(info):
        seen.append(info[4])
        return inner(info)

    client._sockets = counted

    def stop():
        client._sockets = inner
        return [one for one in seen if one[1] not in (town.mallory.port, town.host.settings.port)]

    return stop


def test_a_callback_at_another_host_than_the_did_is_allowed_and_guarded(town):
    """DSP 2025-1 lets a peer name any address; whoever it is, our token is made for the peer, and is no use to others."""
    elsewhere = Outsider("elsewhere")
    allow(town.host, elsewhere)
    try:
        answer = town.dsp("/negotiations/request", town.proof(), town.contract_request(elsewhere.base))
        assert answer.status_code == 201
        elsewhere.wait_for("/offers")
        headers = next(headers for _, path, headers, _ in elsewhere.taken if path.endswith("/offers"))
        token = headers["Authorization"].removeprefix("Bearer ")
        town.note(token)
        for name in ("zoo", "acme", "owl"):
            check_dsp_error(town.dsp("/catalog/request", token, ASK, name=name), "CatalogError", 401)
    finally:
        elsewhere.close()


def test_redirects_are_not_followed_and_end_in_words(town):
    bad = Outsider("bad")
    allow(town.host, bad)
    message = town.contract_request(bad.base)
    target = f"/participants/bad/dsp/2025-1/negotiations/{message['consumerPid']}/offers"
    bad.answers[target] = lambda h: say(h, 307, b"", Location=f"http://localhost:{bad.port}/inner")
    try:
        pid = town.dsp("/negotiations/request", town.proof(), message).json()["providerPid"]
        bad.wait_for("/offers")
        time.sleep(0.3)
        assert "/inner" not in bad.paths()
        assert "redirect" in str(town.operators["acme"]("GET", f"/explain/{pid}")).lower()
        town.operators["acme"].ask("POST", f"/negotiations/{pid}/terminate", {"reason": "test"})
    finally:
        bad.close()


def test_a_peer_id_cannot_bend_the_path(town):
    message = town.contract_request(consumerPid="../../../../inner?x=/y#z")
    assert town.dsp("/negotiations/request", town.proof(), message).status_code == 201
    until = time.monotonic() + 5
    while not any("inner" in path for path in town.mallory.paths()) and time.monotonic() < until:
        time.sleep(0.01)
    found = [path for path in town.mallory.paths() if "inner" in path]
    assert found
    assert all("/negotiations/..%2F" in path for path in found), found


def test_an_answer_without_end_costs_neither_memory_nor_time(town):
    from tests.scenarios.attacks.test_connections import memory

    big = Outsider("big")
    allow(town.host, big)
    message = town.contract_request(big.base)

    def endless(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            for _ in range(2000):
                handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        except OSError:
            return

    big.answers[f"/participants/big/dsp/2025-1/negotiations/{message['consumerPid']}/offers"] = endless
    before = memory()
    try:
        pid = town.dsp("/negotiations/request", town.proof(), message).json()["providerPid"]
        big.wait_for("/offers")
        time.sleep(0.5)
        assert memory() - before < 40e6
        town.operators["acme"].ask("POST", f"/negotiations/{pid}/terminate", {"reason": "test"})
    finally:
        big.close()


def test_the_operators_own_requests_are_guarded_too(town):
    acme = town.operators["acme"]
    for peer in ("did:web:169.254.169.254", "did:web:localhost%3A1", "did:web:10.0.0.1%3A80", "did:web:metadata.google.internal"):
        answer = acme.ask("POST", "/catalog", {"peer": peer})
        assert answer.status_code in (403, 404, 422, 502, 504), (peer, answer.text)
    for url in ("http://169.254.169.254/spaces/x", "file:///etc/passwd", "http://localhost:1/spaces/x", "http://10.0.0.1/spaces/x"):
        answer = acme.ask("POST", "/space/join", {"url": url})
        assert answer.status_code in (409, 422, 502, 504), (url, answer.text)
