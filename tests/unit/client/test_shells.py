"""Where a client goes, and how it binds steps; with a real server they are tested among the scenarios."""

from __future__ import annotations

import inspect

import pytest

import hanse
from hanse.client import deals, road
from hanse.client.client import Transfers
from hanse.kernel.errors import Misconfigured

TOKEN = "hanse_op_1_secret"


@pytest.mark.parametrize("url", ["http://localhost:8400", "http://127.0.0.1:8400/", "http://[::1]:8400", "https://hanse.example"])
def test_addresses_that_are_right(url):
    hanse.Client(url, TOKEN).close()


@pytest.mark.parametrize(
    "url", ["localhost:8400", "ftp://x", "http://", "http://localhost:x", "https://user:secret@hanse.example", "nonsense"]
)
def test_addresses_that_are_none(url):
    with pytest.raises(Misconfigured, match="no server's address") as caught:
        hanse.Client(url, TOKEN)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://hanse.example", "http://10.0.0.1:8400", "http://localhost.example"])
def test_a_token_does_not_travel_open_to_a_network(url):
    with pytest.raises(Misconfigured, match="without encryption"):
        hanse.AsyncClient(url, TOKEN)


def test_methods_keep_name_signature_and_meaning():
    with hanse.Client("http://localhost:8400", TOKEN) as client:
        assert client.get.__name__ == "get"
        assert client.get.__doc__ == road.get.__doc__
        assert inspect.signature(client.get) == inspect.signature(road.get)
    assert Transfers.suspend.__doc__ == deals.suspend.__doc__


def test_both_clients_have_the_same_methods():
    def names(client):
        nouns = {name: value for name, value in vars(client).items() if not name.startswith("_")}
        own = {name for name in dir(client) if not name.startswith("_")}
        return own | {f"{noun}.{name}" for noun, value in nouns.items() for name in dir(value)}

    called, awaited = hanse.Client("http://localhost:1", TOKEN), hanse.AsyncClient("http://localhost:1", TOKEN)
    assert names(called) == names(awaited)
    called.close()
