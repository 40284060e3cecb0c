"""The outbox: at once, again with growing pauses, and never without end."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from hanse.connector.ports import Delivery
from hanse.kernel.errors import StorageFailed
from tests.unit.connector.world import run


async def begun(w):
    asset = await w.provider.asset()
    found = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, asset.dataset.offers[0])
    await w.settle()
    return found


async def answer(w, delivery):
    packet = w.net.packets.pop(0)
    packet.future.set_result(delivery)
    await w.settle()
    return packet


async def waiting(w):
    """Return the one message that waits in the consumer's outbox, or nothing."""
    due = await w.consumer.read(lambda tx: tx.outbox.next_due())
    if due is None:
        return None
    return await w.consumer.db.run(lambda tx: tx.outbox.claim(due, due, 1)[0])


def test_it_is_sent_at_once_and_kept_sealed_until_it_is_settled():
    async def scenario(w):
        await begun(w)
        assert [packet.name for packet in w.net.packets] == ["request"]
        message = await waiting(w)
        assert message.due == w.clock.now() + w.consumer.limits.lease
        assert w.net.packets[0].body not in message.body
        await w.flow()
        assert await waiting(w) is None

    run(scenario)


def test_each_message_has_an_id_of_its_own_and_keeps_it():
    async def scenario(w):
        await begun(w)
        first = await answer(w, Delivery(500, b""))
        await w.tick(seconds=1)
        assert w.net.packets[0].body == first.body
        assert w.net.packets[0].jti != first.jti
        await w.flow()
        ids = [json.loads(packet.body)["@id"] for packet in w.net.sent if packet.body]
        assert len(set(ids)) == len(ids) - 1
        assert all(one.startswith("urn:hanse:msg_") for one in ids)

    run(scenario)


@pytest.mark.parametrize(
    "delivery", [Delivery(None, b"", "No route."), Delivery(500, b""), Delivery(503, b""), Delivery(408, b""), Delivery(425, b"")]
)
def test_trouble_is_tried_again_with_pauses_that_grow_to_a_minute(delivery):
    async def scenario(w):
        found = await begun(w)
        pauses = []
        for _ in range(12):
            await answer(w, delivery)
            message = await waiting(w)
            pauses.append(message.due - w.clock.now())
            assert message.last_error == (delivery.error or f"HTTP {delivery.status}")
            await w.tick(seconds=pauses[-1].total_seconds())
        for attempt, pause in enumerate(pauses):
            wanted = min(0.25 * 2**attempt, 60)
            assert timedelta(seconds=wanted * 0.7) <= pause <= timedelta(seconds=wanted * 1.3)
        assert (await w.consumer.negotiation(found.id)).state is None

    run(scenario)


def test_404_is_tried_again_for_ten_seconds_only():
    async def scenario(w):
        found = await begun(w)
        for _ in range(6):
            await answer(w, Delivery(404, b""))
            message = await waiting(w)
            assert message.due - w.clock.now() <= timedelta(seconds=0.5)
            await w.tick(seconds=1.6)
        assert w.clock.now() - message.created < timedelta(seconds=10)
        w.clock.advance(seconds=1)
        await answer(w, Delivery(404, b""))
        assert (await w.consumer.negotiation(found.id)).state == "TERMINATED"
        assert await waiting(w) is None

    run(scenario)


def test_401_is_tried_again_because_our_did_document_may_be_away_for_a_moment():
    async def scenario(w):
        found = await begun(w)
        for _ in range(5):
            await answer(w, Delivery(401, b""))
            await w.tick(minutes=2)
        assert (await w.consumer.negotiation(found.id)).state is None
        await w.tick(minutes=6)
        await answer(w, Delivery(401, b""))
        ended = await w.consumer.negotiation(found.id)
        assert ended.state == "TERMINATED"
        assert "401" in ended.history[-1].detail

    run(scenario)


@pytest.mark.parametrize(("said", "kept"), [(7.0, 7), (100_000.0, 300)])
def test_429_waits_as_long_as_it_was_told_within_reason(said, kept):
    async def scenario(w):
        await begun(w)
        await answer(w, Delivery(429, b"", "", said))
        message = await waiting(w)
        assert message.due - w.clock.now() == timedelta(seconds=kept)

    run(scenario)


def test_after_the_deadline_it_is_given_up():
    async def scenario(w):
        found = await begun(w)
        w.clock.advance(minutes=15)
        await answer(w, Delivery(None, b"", "No route."))
        ours = await w.consumer.negotiation(found.id)
        assert ours.state == "TERMINATED"
        assert "No route." in ours.history[-1].detail

    run(scenario)


def test_after_a_crash_it_is_sent_when_its_lease_is_over():
    async def scenario(w):
        found = await begun(w)
        w.net.packets.clear()
        await w.consumer.kill()
        await w.settle()
        assert not w.net.packets  # another server process may be at it
        await w.tick(seconds=20)
        await w.flow()
        assert (await w.consumer.negotiation(found.id)).state == "FINALIZED"

    run(scenario)


def test_a_message_that_is_claimed_is_sent_by_nobody_else():
    async def scenario(w):
        await begun(w)
        w.net.packets.clear()
        w.clock.advance(seconds=21)
        await asyncio.gather(w.consumer.outbox.send_due(), w.consumer.outbox.send_due())
        await w.settle()
        assert len(w.net.packets) == 1

    run(scenario)


def test_an_outcome_that_could_not_be_stored_is_not_lost():
    async def scenario(w):
        found = await begun(w)
        woken = []
        w.consumer.outbox.wake = lambda: woken.append(1)

        async def full(outgoing, delivery):
            raise StorageFailed("The disk is full.")

        keep = w.consumer.outbox._settlers["neg"]
        w.consumer.outbox.register("neg", full, full, full)
        w.net.deliver(w.net.packets[0])
        await w.settle()
        w.net.back(w.net.answers[0])
        await w.settle()
        assert woken
        assert w.complaints.texts == ["outbox: StorageFailed: The disk is full."]
        w.complaints.texts.clear()
        w.consumer.outbox.register("neg", *keep)
        await w.tick(seconds=20)
        await w.flow()
        assert (await w.consumer.negotiation(found.id)).state == "FINALIZED"

    run(scenario)


def test_drain_waits_for_what_is_under_way_but_not_for_ever():
    async def scenario(w):
        await begun(w)
        drained = asyncio.ensure_future(w.consumer.outbox.drain(0.01))
        await asyncio.wait_for(drained, 1)
        await w.flow()
        await w.consumer.outbox.drain(1)
        assert not w.consumer.outbox._tasks

    run(scenario)
