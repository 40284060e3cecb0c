"""Uses are counted exactly: reserved, begun, given back; bytes and time before they are released."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from msgspec import structs

from tests.unit.usage.rig import START, Atomic, gb, run, terms

THREE = terms(Atomic("count", "lteq", "3"))


def test_the_fourth_use_is_refused_and_says_why():
    async def scenario(rig):
        for n in range(3):
            assert (await rig.admit(f"trf_{n}")).permitted
        answer = await rig.admit("trf_3")
        assert not answer.permitted
        assert answer.certain
        assert "3" in answer.sentence
        assert "permission[0]" in answer.sentence or "permission 1" in answer.sentence
        assert (await rig.tally()).count == 3
        assert rig.book.lines == [("admitted", f"trf_{n}") for n in range(3)]

    run(THREE, scenario)


def test_asking_again_counts_once():
    async def scenario(rig):
        for _ in range(5):
            assert (await rig.admit("trf_0")).permitted
        assert (await rig.tally()).count == 1
        assert rig.book.lines == [("admitted", "trf_0")]

    run(THREE, scenario)


def test_a_use_without_a_byte_is_given_back_and_one_with_bytes_is_not():
    async def scenario(rig):
        for n in range(3):
            await rig.admit(f"trf_{n}")
        assert (await rig.take("trf_0")).permitted
        for n in range(3):
            await rig.end(f"trf_{n}")
            await rig.end(f"trf_{n}")
        assert (await rig.tally()).count == 1
        assert (await rig.admit("trf_3")).permitted
        assert (await rig.admit("trf_4")).permitted
        assert not (await rig.admit("trf_5")).permitted

    run(THREE, scenario)


def test_fifty_at_once_with_retries_are_counted_exactly():
    async def scenario(rig):
        answers = await asyncio.gather(*(rig.admit(f"trf_{n % 25}") for n in range(50)))
        assert (await rig.tally()).count == 3
        admitted = {f"trf_{n % 25}" for n, answer in enumerate(answers) if answer.permitted}
        assert len(admitted) == 3

    run(THREE, scenario)


def test_bytes_are_reserved_before_they_leave_and_never_exceed_the_limit():
    async def scenario(rig):
        await rig.admit()
        assert (await rig.take(volume=600_000_000)).permitted
        refused = await rig.take(volume=400_000_001)
        assert not refused.permitted
        assert (await rig.tally()).volume == 600_000_000
        assert (await rig.take(volume=400_000_000)).permitted
        await rig.give_back(volume=100)
        assert not (await rig.take(volume=101)).permitted
        assert (await rig.take(volume=100)).permitted
        assert (await rig.again()).permitted
        assert (await rig.tally()).volume == 1_000_000_000

    run(terms(Atomic("urn:hanse:odrl:volume", "lteq", gb("1"))), scenario)


def test_more_is_never_given_back_than_was_taken():
    async def scenario(rig):
        await rig.take("trf_1", volume=10)
        await rig.take("trf_2", volume=10)
        await rig.give_back("trf_1", volume=50, seconds=9)
        await rig.give_back("trf_1", volume=50)
        await rig.give_back("trf_9", volume=50)
        tally = await rig.tally()
        assert (tally.volume, tally.seconds) == (10, 0)

    run(terms(), scenario)


def test_parallel_responses_share_one_volume():
    async def scenario(rig):
        answers = await asyncio.gather(*(rig.take(f"trf_{n % 2}", volume=60_000_000) for n in range(50)))
        assert sum(answer.permitted for answer in answers) == 16
        assert (await rig.tally()).volume == 960_000_000

    run(terms(Atomic("urn:hanse:odrl:volume", "lteq", gb("1"))), scenario)


def test_time_is_reserved_like_bytes():
    async def scenario(rig):
        assert (await rig.take(seconds=50)).permitted
        assert not (await rig.take(seconds=11)).permitted
        assert (await rig.take(seconds=10)).permitted
        await rig.give_back(seconds=30)
        assert (await rig.tally()).seconds == 30

    run(terms(Atomic("meteredTime", "lteq", "PT1M")), scenario)


def test_an_answer_holds_until_the_next_moment_at_which_it_can_turn():
    async def scenario(rig):
        answer = await rig.admit()
        assert answer.valid_until == answer.due == START + timedelta(days=30, microseconds=1)  # the moment itself belongs to it
        rig.clock.advance(days=29)
        assert (await rig.again()).permitted
        rig.clock.advance(days=1, seconds=1)
        ended = await rig.again()
        assert not ended.permitted
        assert ended.certain

    run(terms(Atomic("elapsedTime", "lteq", "P30D")), scenario)


def test_a_use_that_begins_is_due_when_its_terms_can_turn():
    async def scenario(rig):
        await rig.admit()
        due = START + timedelta(hours=1)
        assert await rig.db.read(lambda tx: tx.uses.next_due()) == due
        assert [one.id for one in await rig.db.read(lambda tx: tx.uses.due(due, 9))] == ["trf_1"]
        await rig.end()
        assert await rig.db.read(lambda tx: tx.uses.next_due()) is None

    run(terms(Atomic("dateTime", "lt", "2026-03-01T13:00:00Z")), scenario)


def test_a_clock_that_was_put_back_before_the_agreement_permits_nothing():
    async def scenario(rig):
        rig.clock.advance(days=-1)
        answer = await rig.admit()
        assert not answer.permitted
        assert not answer.certain

    run(terms(Atomic("elapsedTime", "lteq", "P30D")), scenario)


def test_one_use_every_seven_days():
    async def scenario(rig):
        assert (await rig.admit("trf_1")).permitted
        await rig.take("trf_1")
        rig.clock.advance(days=6)
        assert not (await rig.admit("trf_2")).permitted
        assert (await rig.again("trf_1")).permitted
        rig.clock.advance(days=1, seconds=1)
        assert (await rig.admit("trf_2")).permitted

    run(terms(Atomic("timeInterval", "eq", "P7D")), scenario)


def test_what_the_other_side_decided_is_counted_too():
    async def scenario(rig):
        for _ in range(2):
            await rig.db.run(lambda tx: rig.uses.note(tx, rig.deal_, rig.use("use_7", began=START, ended=START)))
        assert (await rig.tally()).count == 1

    run(THREE, scenario)


def test_compiled_terms_are_kept_for_a_bounded_number_of_agreements(monkeypatch):
    monkeypatch.setattr("hanse.usage.decision.KEPT", 3)

    async def scenario(rig):
        for n in range(9):
            rig.point.needs(structs.replace(rig.deal_, id=f"agr_{n}"))
        assert len(rig.point._kept) == 3
        monkeypatch.setattr("hanse.usage.decision.KEPT_BYTES", 10)
        rig.point.needs(structs.replace(rig.deal_, id="agr_9"))
        assert list(rig.point._kept) == [("acme", "agr_9")]
        assert rig.point._size == rig.point._kept["acme", "agr_9"].size
        assert rig.point.needs(structs.replace(rig.deal_, terms=terms(Atomic("purpose", "eq", "urn:x")))) == {"purpose"}

    run(THREE, scenario)
