"""Push: at least once, each request named, going on after a restart, stopping when the right ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hanse.dataplane.flows import Flows
from hanse.dataplane.manifests import Manifests
from hanse.dataplane.push import Pusher
from hanse.dataplane.records import Halted, Permit, Place, PushQueued
from hanse.dataplane.running import Running
from hanse.dataplane.tokens import Tokens
from hanse.dsp.messages import DataAddress
from hanse.kernel.errors import Invalid
from hanse.sources.files import FileSources
from tests.unit.dataplane.world import ACME, Backwards, Memory, Permissions, SinkPeer, Told, clock, grant

SINK = DataAddress(endpoint_type="HTTP", endpoint="https://sink.example.org/in", properties={"authorization": "tok", "layout": "files"})
FOREIGN = DataAddress(endpoint_type="HTTP", endpoint="https://sink.example.org/in", properties={"authorization": "tok"})


class World:
    def __init__(self, root, statuses=()):
        self.clock = clock()
        self.memory, self.permissions, self.told, self.sink = Memory(), Permissions(), Told(), SinkPeer(list(statuses))
        self.running = Running(self.clock)
        self.sources = FileSources(lambda tenant: [str(root)])
        self.flows = Flows(Tokens(self.clock), self.sources, Backwards(), self.clock, base="https://p.example.org")
        self.permissions.permits[ACME, "trf_1"] = Permit("ds_1", Place("folder", str(root / "set")))
        self.slept = []
        self.pusher = self.new_pusher()
        self.memory.subscribers.append(self.hear)

    def new_pusher(self):
        manifests = Manifests(self.memory, self.sources)
        return Pusher(
            self.memory,
            self.permissions,
            manifests,
            self.sources,
            self.sink,
            Backwards(),
            self.clock,
            self.running,
            self.told,
            sleep=self.sleep,
        )

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.clock.advance(seconds=seconds)
        await asyncio.sleep(0)

    def hear(self, event):
        if isinstance(event, Halted):
            self.running.on_halted(event)
        if isinstance(event, PushQueued):
            self.pusher.on_queued(event)

    async def push(self, sink):
        self.memory.now(lambda tx: self.flows.start_push(tx, grant(), sink))
        await self.settle()

    async def settle(self):
        while self.pusher._tasks:
            await asyncio.wait(list(self.pusher._tasks.values()))
            await asyncio.sleep(0)


@pytest.fixture
def root(tmp_path):
    base = tmp_path.resolve()
    (base / "set").mkdir()
    for name in "abc":
        (base / "set" / f"{name} x.txt").write_bytes(name.encode())
    return base


def test_a_hanse_sink_gets_file_by_file(root):
    world = World(root)
    asyncio.run(world.push(SINK))
    assert [(url.rpartition("/")[2], body) for url, _, body in world.sink.got] == [
        ("a%20x.txt", b"a"),
        ("b%20x.txt", b"b"),
        ("c%20x.txt", b"c"),
    ]
    assert {h["authorization"] for _, h, _ in world.sink.got} == {"Bearer tok"}
    assert len({h["idempotency-key"] for _, h, _ in world.sink.got}) == 3
    assert world.told.events == [("completed", ACME, "trf_1")]
    assert not world.memory.pushes.rows


def test_a_foreign_sink_gets_one_tar(root):
    world = World(root)
    asyncio.run(world.push(FOREIGN))
    assert [(url, h["content-type"]) for url, h, _ in world.sink.got] == [(FOREIGN.endpoint, "application/x-tar")]


def test_a_fault_is_tried_again_with_the_same_key(root):
    world = World(root, [200, 503, 429, 200])
    asyncio.run(world.push(SINK))
    keys = [h["idempotency-key"] for _, h, _ in world.sink.got]
    assert keys[1] == keys[2] == keys[3]
    assert len(world.sink.got) == 5
    assert len(world.slept) == 2
    assert world.told.events == [("completed", ACME, "trf_1")]


def test_a_refusal_and_a_deadline_end_it(root):
    refused = World(root, [403])
    asyncio.run(refused.push(SINK))
    assert refused.told.events == [("failed", ACME, "trf_1", "The sink refuses the data with 403.")]
    late = World(root, [503] * 10_000)
    asyncio.run(late.push(SINK))
    assert late.told.events == [("failed", ACME, "trf_1", "The sink answers 503.")]
    assert timedelta(hours=23) < timedelta(seconds=sum(late.slept)) < timedelta(hours=24)


def test_a_restart_goes_on_after_the_last_file(root):
    world = World(root)

    async def work():
        def stop(url):
            if "b%20x" in url and len(world.sink.got) == 1:
                raise asyncio.CancelledError  # as when the server stops

        world.sink.on_put = stop
        await world.push(SINK)
        assert world.memory.pushes.get(ACME, "trf_1").done == 1
        world.sink.on_put = lambda url: None
        world.pusher = world.new_pusher()
        await world.pusher.resume()
        await world.settle()

    asyncio.run(work())
    assert [body for _, _, body in world.sink.got] == [b"a", b"b", b"c"]
    assert world.told.events == [("completed", ACME, "trf_1")]


def test_a_halt_stops_it_and_a_suspension_keeps_how_far_it_came(root):
    world = World(root)

    def halt(url):
        if "b%20x" in url:
            world.sink.on_put = lambda url: None
            world.permissions.permits.clear()
            world.memory.now(lambda tx: world.flows.halt(tx, ACME, "trf_1", final=False))

    async def work():
        world.sink.on_put = halt
        await world.push(SINK)
        assert world.told.events == []
        assert 1 <= world.memory.pushes.get(ACME, "trf_1").done <= 2
        world.permissions.permits[ACME, "trf_1"] = Permit("ds_1", Place("folder", str(root / "set")))
        await world.push(SINK)

    asyncio.run(work())
    assert [body for _, _, body in world.sink.got].count(b"a") == 1
    assert world.told.events == [("completed", ACME, "trf_1")]


@pytest.mark.parametrize(
    "sink",
    [
        DataAddress(endpoint_type="HTTP"),
        DataAddress(endpoint_type="HTTP", endpoint="ftp://x/"),
        DataAddress(endpoint_type="HTTP", endpoint="https://x/", properties={"authType": "oauth2"}),
        DataAddress(endpoint_type="HTTP", endpoint="https://x/", properties={"authorization": "a\r\nb"}),
    ],
)
def test_odd_sinks_are_refused_when_they_are_told(root, sink):
    world = World(root)
    with pytest.raises(Invalid):
        world.memory.now(lambda tx: world.flows.start_push(tx, grant(), sink))


def test_a_secret_name_from_the_counterpart_is_not_looked_up(root):
    """CVE-2024-4536: names of secrets in a sink's address mean nothing here."""
    world = World(root)
    sink = DataAddress(endpoint_type="HTTP", endpoint="https://x/", properties={"oauth2:clientSecretKey": "master", "secretName": "master"})
    asyncio.run(world.push(sink))
    assert all("master" not in repr(headers) and "authorization" not in headers for _, headers, _ in world.sink.got)
