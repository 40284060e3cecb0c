"""The client opens no socket towards an address that the guard refuses: counted where sockets are made."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from hanse.http.guard import AddressGuard
from hanse.http.peer import PeerClient
from hanse.kernel.errors import AddressRefused, Misconfigured, PeerUnreachable

PUBLIC = "93.184.215.14"


class Sockets:
    """A maker of sockets that makes none and remembers what for."""

    def __init__(self):
        self.wanted = []

    def __call__(self, info):
        self.wanted.append(info[4][:2])
        raise OSError(111, "refused")


def send(url, *lookups, allow=(), method="POST", times=1):
    """Send, and return the addresses that were tried, the number of look-ups, and the last error."""
    asked, sockets = [], Sockets()

    async def lookup(host, port):
        asked.append(host)
        return lookups[min(len(asked), len(lookups)) - 1]

    async def run():
        client = PeerClient(AddressGuard(allow, lookup=lookup), sockets=sockets)
        error = None
        for _ in range(times):
            try:
                await client.send(method, url, b"{}")
            except (AddressRefused, PeerUnreachable) as fault:
                error = fault
        await client.close()
        return error

    error = asyncio.run(run())
    return sockets.wanted, len(asked), error


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:5432/",
        "https://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://localhost./",
        "https://user@peer.example/",
        f"http://{PUBLIC}/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_url_costs_neither_look_up_nor_socket(url, method):
    wanted, asked, error = send(url, [PUBLIC], method=method)
    assert (wanted, asked) == ([], 0)
    assert isinstance(error, AddressRefused)


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["::ffff:10.0.0.1"], ["fd00::1"], [PUBLIC, "127.0.0.1"], ["2002:7f00:1::"]],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_name_that_leads_inside_gets_no_socket(answers, method):
    wanted, asked, error = send("https://peer.example/", answers, method=method)
    assert (wanted, asked) == ([], 1)
    assert isinstance(error, AddressRefused)


def test_the_checked_addresses_are_the_ones_connected_to():
    wanted, asked, error = send("https://peer.example/", [PUBLIC, "93.184.215.15"])
    assert set(wanted) == {(PUBLIC, 443), ("93.184.215.15", 443)}
    assert asked == 1
    assert isinstance(error, PeerUnreachable)


def test_rebinding_wins_nothing():
    wanted, asked, error = send("https://peer.example/", [PUBLIC], ["127.0.0.1"], times=2)
    assert set(wanted) == {(PUBLIC, 443)}
    assert asked == 2
    assert isinstance(error, AddressRefused)


def test_a_literal_address_passes_the_last_gate_without_a_look_up():
    wanted, asked, _ = send("http://127.0.0.1:8080/", allow=["127.0.0.1:8080"])
    assert set(wanted) == {("127.0.0.1", 8080)}
    assert asked == 0


def test_the_last_gate_holds_by_itself():
    """Were aiohttp to come with an address that nobody examined, no socket would be made for it."""
    sockets = Sockets()

    class Careless(AddressGuard):
        async def addresses(self, target):
            return ("127.0.0.1", "10.0.0.1")

    async def run():
        client = PeerClient(Careless(), sockets=sockets)
        try:
            with pytest.raises(AddressRefused):
                await client.send("POST", "https://peer.example/", b"{}")
        finally:
            await client.close()

    asyncio.run(run())
    assert sockets.wanted == []


def test_no_error_repeats_the_path_or_the_query():
    for lookups in ([PUBLIC], ["127.0.0.1"]):
        _, _, error = send("https://peer.example/secret?token=secret", lookups)
        assert "secret" not in str(error)


def test_certificates_are_always_verified():
    careless = ssl.create_default_context()
    careless.check_hostname = False
    with pytest.raises(Misconfigured):
        PeerClient(AddressGuard(), tls=careless)
    careless.verify_mode = ssl.CERT_NONE
    with pytest.raises(Misconfigured):
        PeerClient(AddressGuard(), tls=careless)


def test_a_closed_client_sends_nothing():
    async def run():
        client = PeerClient(AddressGuard(["localhost"]), sockets=Sockets())
        await client.close()
        with pytest.raises(PeerUnreachable, match="shutting down"):
            await client.send("GET", "http://localhost/")

    asyncio.run(run())
