"""What a transaction promises: all or nothing, what is kept of a refusal, events after the commit and never before."""

from __future__ import annotations

import asyncio

import pytest

from hanse.kernel.errors import Conflict, Invalid, StorageFailed
from hanse.storage import open_database
from tests.contract.storage.stage import PEER, A, later, negotiation, on, outgoing, participant


def _refuse(tx, *, keep=None):
    tx.negotiations.put(negotiation("neg_refused"))
    tx.emit("never")
    tx.broadcast("never", "never")
    error = Invalid("No.")
    error.keep = keep
    raise error


def test_what_fails_changes_nothing_and_tells_nothing(address):
    async def scenario(db):
        told = []
        db.subscribe(told.append)
        db.on_broadcast(lambda topic, payload: told.append(topic))
        with pytest.raises(Invalid):
            await db.run(_refuse)
        assert await db.read(lambda tx: tx.negotiations.get(A, "neg_refused")) is None
        await asyncio.sleep(0.05)
        assert told == []

    on(address, scenario)


def test_a_used_token_stays_used_although_the_message_was_refused(address):
    def use(tx):
        assert tx.replays.consume(A, PEER, "jti", later(minutes=5))
        tx.emit("kept")

    async def scenario(db):
        told = []
        db.subscribe(told.append)

        def work(tx):
            use(tx)
            _refuse(tx, keep=use)

        with pytest.raises(Invalid):
            await db.run(work)
        assert await db.run(lambda tx: tx.replays.consume(A, PEER, "jti", later(minutes=5))) is False
        assert await db.read(lambda tx: tx.negotiations.get(A, "neg_refused")) is None
        assert told == ["kept"]

    on(address, scenario)


def test_one_that_fails_takes_nothing_from_those_beside_it(address):
    def broken_keep(tx):
        tx.negotiations.put(negotiation("neg_broken"))
        raise Conflict("Not even that.")

    def twice(tx):
        tx.participants.add(participant("twice"))
        tx.participants.add(participant("twice"))

    async def scenario(db):
        works = [lambda tx, n=n: tx.negotiations.put(negotiation(f"neg_{n:02}")) for n in range(20)]
        works[3], works[7], works[11] = _refuse, lambda tx: _refuse(tx, keep=broken_keep), twice
        outcomes = await asyncio.gather(*(db.run(work) for work in works), return_exceptions=True)
        assert {n: type(outcome) for n, outcome in enumerate(outcomes) if outcome} == {3: Invalid, 7: Conflict, 11: Conflict}
        stored = await db.read(lambda tx: [one.id for one in tx.negotiations.page(A, after=None, limit=99)])
        assert stored == [f"neg_{n:02}" for n in reversed(range(20)) if n not in (3, 7, 11)]
        assert await db.read(lambda tx: tx.participants.get("twice")) is None

    on(address, scenario)


def test_events_are_delivered_in_order_after_their_commit_and_one_bad_listener_harms_nobody(address):
    async def scenario(db):
        told, seen = [], []

        def bad(event):
            raise RuntimeError("deaf")

        def look(event):
            told.append(event)
            seen.append(asyncio.ensure_future(db.read(lambda tx: tx.negotiations.get(A, event))))

        db.subscribe(bad)
        db.subscribe(look)

        def work(tx):
            for id in ("neg_1", "neg_2"):
                tx.negotiations.put(negotiation(id))
                tx.emit(id)

        await db.run(work)
        assert told == ["neg_1", "neg_2"]
        assert all(await asyncio.gather(*seen))

    on(address, scenario)


def test_a_broadcast_reaches_every_receiver(address):
    async def scenario(db):
        heard = asyncio.Queue()
        db.on_broadcast(lambda topic, payload: heard.put_nowait((topic, payload)))
        await db.run(lambda tx: tx.broadcast("topic", "two\nlines, ünïcode"))
        assert await asyncio.wait_for(heard.get(), 5) == ("topic", "two\nlines, ünïcode")
        for topic, payload in (("a\nb", ""), ("a", "x" * 8_000)):
            with pytest.raises(Invalid):
                await db.run(lambda tx, topic=topic, payload=payload: tx.broadcast(topic, payload))

    on(address, scenario)


def test_a_read_cannot_write_and_sees_one_moment(address):
    async def scenario(db):
        with pytest.raises(StorageFailed):
            await db.read(lambda tx: tx.outbox.put(outgoing()))
        with pytest.raises(StorageFailed):
            await db.snapshot(lambda tx: tx.outbox.put(outgoing()))
        assert await db.read(lambda tx: tx.outbox.get("msg_1")) is None
        await db.run(lambda tx: tx.outbox.put(outgoing()))
        assert await db.snapshot(lambda tx: tx.outbox.get("msg_1")) == outgoing()

    on(address, scenario)


def test_who_goes_away_takes_nothing_with_it(address):
    async def scenario(db):
        tasks = [asyncio.ensure_future(db.run(lambda tx, n=n: tx.negotiations.put(negotiation(f"neg_{n}")))) for n in range(10)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[5].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        stored = await db.read(lambda tx: {one.id for one in tx.negotiations.page(A, after=None, limit=99)})
        assert stored >= {f"neg_{n}" for n in range(10)} - {"neg_0", "neg_5"}

    on(address, scenario)


def test_after_the_end_everything_is_refused_and_nothing_is_lost(address):
    async def scenario():
        db = await open_database(address)
        tasks = [asyncio.ensure_future(db.run(lambda tx, n=n: tx.negotiations.put(negotiation(f"neg_{n}")))) for n in range(10)]
        await asyncio.sleep(0)
        await db.close()
        assert await asyncio.gather(*tasks) == [None] * 10
        with pytest.raises(StorageFailed):
            await db.run(lambda tx: None)
        with pytest.raises(StorageFailed):
            await db.read(lambda tx: None)
        if address != ":memory:":
            db = await open_database(address)
            assert len(await db.read(lambda tx: tx.negotiations.page(A, after=None, limit=99))) == 10
            await db.close()

    asyncio.run(scenario())
