"""Two whole servers: what an order fetches by difference, and what is remembered of the link."""

from __future__ import annotations

import os

import pytest

from hanse.factory.acquire.states import ItemState
from tests.scenarios.factory.acquire.towns import FACTORY, Towns

SIZE = 6 << 20


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    towns = Towns(tmp_path_factory.mktemp("transport").resolve())
    yield towns
    towns.close()


def test_a_dataset_that_has_grown_comes_by_difference_and_its_link_is_known(towns):
    content = os.urandom(SIZE)
    dataset = towns.offer(towns.folder_of("grown", {"large.bin": content}))
    towns.order(dataset, id="ord_a", names=("grown",))
    first = towns.until(ItemState.DONE, id="ord_a")
    assert first.moved >= SIZE
    speed = link(towns, first.peer)
    assert speed.rate > 0
    assert 0 < speed.latency < 10

    towns.folder_of("grown", {"large.bin": content + b"more", "copy.bin": content})
    towns.order(dataset, id="ord_b", names=("grown",))
    second = towns.until(ItemState.DONE, id="ord_b")
    assert towns.contents(second.version) == {"large.bin": content + b"more", "copy.bin": content}
    assert second.size == 2 * SIZE + 4
    assert second.moved < 2 << 20
    assert link(towns, first.peer) == speed, "what was here already says nothing of the link"


def test_a_link_is_measured_without_downloading_anything(towns):
    peer = towns.items("ord_a")[0].peer
    before = link(towns, peer)

    found = towns.factory.call(lambda server: server.factory.transport.links.measure(FACTORY, peer))
    assert (found.rate, found.peer) == (before.rate, peer)
    assert 0 < found.latency < 5
    assert found.at > before.at


def link(towns, peer):
    return towns.factory.call(lambda server: server.factory.transport.links.speed(FACTORY, peer))
