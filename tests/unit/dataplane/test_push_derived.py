"""Push under an agreement that asks for changed data."""

from __future__ import annotations

import asyncio

import pytest

from hanse.dataplane.flows import Flows
from hanse.dataplane.push import Pusher
from hanse.dataplane.records import PushQueued
from hanse.dataplane.running import Running
from hanse.dataplane.tokens import Tokens
from hanse.dsp.messages import DataAddress
from hanse.odrl import names as n
from hanse.odrl.changes import Step
from tests.unit.dataplane.test_derived import World
from tests.unit.dataplane.world import ACME, Backwards, Permissions, SinkPeer, Told, clock, grant

SINK = DataAddress(endpoint_type="HTTP", endpoint="https://sink.example.org/in", properties={"authorization": "tok", "layout": "files"})


def push(world, permit, *, with_derived=True):
    async def run():
        derived, told, sink, running = world.process(patience=0.0), Told(), SinkPeer(), Running(clock())
        permissions = Permissions({(ACME, "trf_1"): permit})
        pusher = Pusher(
            world.memory,
            permissions,
            derived.manifests,
            derived.sources,
            sink,
            Backwards(),
            clock(),
            running,
            told,
            derived=derived if with_derived else None,
        )
        flows = Flows(Tokens(clock()), derived.sources, Backwards(), clock(), base="https://p.example.org")
        world.memory.now(lambda tx: flows.start_push(tx, grant(), SINK))
        pusher.on_queued(PushQueued(ACME, "trf_1"))
        await asyncio.gather(*pusher._tasks.values())
        return told.events, sink.got

    return asyncio.run(run())


@pytest.fixture
def world(tmp_path):
    return World(tmp_path.resolve())


def test_what_is_pushed_is_the_derived_version(world):
    events, got = push(world, world.permit())
    assert events == [("completed", ACME, "trf_1")]
    assert [(url, body) for url, _, body in got] == [("https://sink.example.org/in", b"a,b\n1,***\n")]


@pytest.mark.parametrize("with_derived", [True, False])
def test_a_change_that_cannot_be_made_ends_the_push_with_the_reason(world, with_derived):
    events, got = push(world, world.permit((Step(n.MASK, ("phone",)),)), with_derived=with_derived)
    assert [event[:3] for event in events] == [("failed", ACME, "trf_1")]
    assert "terms" in events[0][3]
    assert not got
