"""What is remembered of links: from fetches, and from asking; never more than was measured."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from hanse.http.pull.links import ENOUGH, Links, MeasuredFetcher
from hanse.http.pull.ports import Fetched
from hanse.identity.did import DidDocument, Service
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import PeerInvalid, PeerUnreachable
from hanse.kernel.tenant import Did, Tenant
from tests.unit.dataplane.world import START

FACTORY, PEER = Tenant("factory"), Did("did:web:provider.example")


@dataclass
class Memory:
    """The stores that links need."""

    speeds: dict = field(default_factory=dict)

    @property
    def transfers(self):
        return SimpleNamespace(get=lambda tenant, id: SimpleNamespace(peer=PEER) if id == "trf_1" else None)

    @property
    def link_speeds(self):
        return SimpleNamespace(
            get=lambda tenant, peer: self.speeds.get((tenant, peer)),
            put=lambda speed: self.speeds.__setitem__((speed.tenant, speed.peer), speed),
        )

    async def run(self, work):
        return work(self)

    async def read(self, work):
        return work(self)


@dataclass
class Peer:
    """A resolver and a client in one."""

    endpoint: str | None = "https://provider.example/.well-known/dspace-version"
    error: Exception | None = None
    asked: list = field(default_factory=list)

    async def resolve(self, did):
        services = [Service(id=f"{did}#d", type="DataService", service_endpoint=self.endpoint)] if self.endpoint else []
        return DidDocument(id=did, service=services)

    async def send(self, method, url, **said):
        self.asked.append((method, url))
        if self.error:
            raise self.error


def links(memory=None, peer=None):
    peer = peer or Peer()
    return Links(memory or Memory(), peer, peer, ManualClock(START))


def fetched(moved, size, seconds=2.0, latency=0.05):
    return Fetched(files=1, size=size, moved=moved, verified=True, seconds=seconds, latency=latency)


def after(*found, transfer="trf_1"):
    async def run():
        one = links()
        for report in found:
            await one.fetched(FACTORY, transfer, report)
        return await one.speed(FACTORY, PEER)

    return asyncio.run(run())


def test_a_fetch_is_remembered_and_one_bad_day_is_not_taken_for_the_link():
    assert after() is None
    first = after(fetched(8 * ENOUGH, 8 * ENOUGH))
    assert (first.rate, first.latency, first.at) == (4 * ENOUGH, 0.05, START)
    assert after(fetched(8 * ENOUGH, 8 * ENOUGH), fetched(2 * ENOUGH, 2 * ENOUGH)).rate == 2.5 * ENOUGH


@pytest.mark.parametrize(
    "found", [fetched(ENOUGH - 1, ENOUGH - 1), fetched(2 * ENOUGH, 10 * ENOUGH), fetched(2 * ENOUGH, 2 * ENOUGH, seconds=0.0)]
)
def test_a_fetch_that_says_nothing_of_the_link_is_not_remembered(found):
    assert after(found) is None


def test_a_transfer_that_is_gone_is_not_remembered():
    assert after(fetched(8 * ENOUGH, 8 * ENOUGH), transfer="trf_2") is None


def test_measuring_asks_the_protocol_endpoint_and_downloads_nothing():
    peer, memory = Peer(), Memory()
    speed = asyncio.run(links(memory, peer).measure(FACTORY, PEER))
    assert set(peer.asked) == {("GET", "https://provider.example/.well-known/dspace-version")}
    assert speed.rate == 0
    assert 0 <= speed.latency < 1
    assert memory.speeds[FACTORY, PEER] == speed


def test_measuring_keeps_what_is_known_of_the_bandwidth():
    async def run():
        one = links()
        await one.fetched(FACTORY, "trf_1", fetched(8 * ENOUGH, 8 * ENOUGH))
        return await one.measure(FACTORY, PEER)

    assert asyncio.run(run()).rate == 4 * ENOUGH


def test_what_cannot_be_measured_is_said_and_not_remembered():
    memory = Memory()
    with pytest.raises(PeerInvalid):
        asyncio.run(links(memory, Peer(endpoint=None)).measure(FACTORY, PEER))
    with pytest.raises(PeerUnreachable):
        asyncio.run(links(memory, Peer(error=PeerUnreachable("No."))).measure(FACTORY, PEER))
    assert memory.speeds == {}


def test_a_measured_fetcher_passes_everything_on():
    class Fixed:
        async def fetch(self, *said):
            self.said = said
            return fetched(8 * ENOUGH, 8 * ENOUGH)

    memory, fixed = Memory(), Fixed()
    found = asyncio.run(MeasuredFetcher(fixed, links(memory)).fetch(FACTORY, "trf_1", "sink", "before", "progress"))
    assert found.moved == 8 * ENOUGH
    assert fixed.said == (FACTORY, "trf_1", "sink", "before", "progress")
    assert memory.speeds[FACTORY, PEER].rate == 4 * ENOUGH
