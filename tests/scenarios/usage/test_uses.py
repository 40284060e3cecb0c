"""Over two real servers: uses are counted, bytes are counted, and what ends the right ends the stream, in words on both sides."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from hanse.kernel.clock import timestamp
from hanse.kernel.errors import Forbidden
from hanse.odrl.names import HANSE
from tests.scenarios.usage.world import SIZE, Atomic, Pull, Rule, pair, permitting, pull, said, until

THREE = permitting(Atomic("count", "lteq", "3"))


def run(folder, terms, scenario):
    async def whole():
        async with asyncio.timeout(90), pair(folder, terms) as found:
            await scenario(found)

    asyncio.run(whole())


def test_the_fourth_of_three_uses_is_refused_with_the_reason(tmp_path):
    async def scenario(two):
        for _ in range(3):
            _, address = await two.start()
            assert (await pull(address)).got == SIZE
        fourth = await two.ask()
        story = said(await two.ended(fourth.id))
        assert "does not permit this now" in story
        assert "3" in story
        assert (await two.tally()).count == 3
        assert (await two.kinds(two.north, "acme")).count("use-began") == 3
        assert "use-refused" in await two.kinds(two.north, "acme")

    run(tmp_path, THREE, scenario)


def test_fifty_requests_at_once_are_counted_exactly(tmp_path):
    async def scenario(two):
        asked = await asyncio.gather(*(two.ask() for _ in range(50)))

        async def settled():
            found = [await two.world.transfer(two.south, one.id) for one in asked]
            return found if all(one.final or one.state == "STARTED" for one in found) else None

        found = await until(settled, "fifty answers")
        assert sum(one.state == "STARTED" for one in found) == 3
        assert (await two.tally()).count == 3

    run(tmp_path, THREE, scenario)


def test_ranges_renewals_and_resumptions_are_the_same_use(tmp_path):
    async def scenario(two):
        id, address = await two.start()
        for n in range(4):
            assert (await pull(address, (n * 1000, n * 1000 + 1000))).got == 1000
        renewed = await two.south.front.services.renewals.renew("zoo", id)
        assert (await pull(renewed, (0, 10))).got == 10
        services = two.south.connector.transfers
        from hanse.connector.rules import Move

        await services.move("zoo", id, Move("suspend"), "a test")
        await until(lambda: _state(two, id, "SUSPENDED"), "the suspension")
        await services.move("zoo", id, Move("start"), "a test")
        await until(lambda: _state(two, id, "STARTED"), "the resumption")

        async def handed_out():
            found = await services.address("zoo", id)
            return found if found != renewed else None

        again = await until(handed_out, "a fresh address")
        assert (await pull(again, (0, 10))).got == 10
        assert (await two.tally()).count == 1
        uses = await two.north.usage.openings.page("acme", agreement=two.contract, after=None, limit=9)
        assert [one.began is not None for one in uses] == [True]

    run(tmp_path, THREE, scenario)


async def _state(two, id, state):
    return (await two.world.transfer(two.south, id)).state == state


def test_a_use_without_a_byte_is_given_back(tmp_path):
    async def scenario(two):
        from hanse.connector.rules import Move

        for _ in range(4):
            id, _ = await two.start()
            await two.south.connector.transfers.move("zoo", id, Move("complete"), "a test")
            await two.ended(id)
        await until(lambda: _count(two, 0), "the release of all")

    run(tmp_path, THREE, scenario)


async def _count(two, count):
    return (await two.tally()).count == count


def test_a_contract_that_ends_cuts_the_stream_within_a_second_and_both_sides_say_why(tmp_path):
    async def scenario(two):
        end = two.world.clock.now() + timedelta(seconds=3)
        await two.agree(permitting(Atomic("dateTime", "lt", end.isoformat())))
        id, address = await two.start()
        reading = await Pull(address).open()
        assert reading.status == 200
        before = time.monotonic() + (end - two.world.clock.now()).total_seconds()
        assert await reading.read(0.01) < SIZE
        assert -0.2 < reading.ended - before < 1.0
        ours = await two.ended(id)
        assert ours.state == "TERMINATED"
        theirs = await two.theirs(id)
        for story in (said(ours), said(theirs)):
            assert "no longer permits" in story or "is over" in story
        assert (await two.kinds(two.north, "acme"))[-2:] != []
        assert "use-ended" in await two.kinds(two.north, "acme")

        async def logged():
            return "use-ended" in await two.kinds(two.south, "zoo")

        await until(logged, "the consumer's log")
        assert (await pull(address)).status in (401, 403)

    run(tmp_path, None, scenario)


def test_a_clock_that_jumps_over_the_end_cuts_within_a_second(tmp_path):
    async def scenario(two):
        _, address = await two.start()
        reading = await Pull(address).open()
        task = asyncio.create_task(reading.read(0.01))
        await asyncio.sleep(0.3)
        two.world.clock.ahead = timedelta(days=31)
        jumped = time.monotonic()
        assert await task < SIZE
        assert reading.ended - jumped < 1.0

    run(tmp_path, permitting(Atomic("elapsedTime", "lteq", "P30D")), scenario)


def test_a_stream_runs_over_a_boundary_that_changes_nothing(tmp_path):
    async def scenario(two):
        turn = timestamp(two.world.clock.now() + timedelta(seconds=3))
        both = permitting(Atomic("dateTime", "lt", turn))
        late = Rule("use", (Atomic("dateTime", "gteq", turn),))
        await two.agree(type(both)(permissions=(*both.permissions, late)))
        _, address = await two.start()
        reading = await Pull(address).open()
        assert await reading.read(0.006) == SIZE

    run(tmp_path, None, scenario)


def test_a_consent_that_is_taken_back_cuts_the_stream(tmp_path):
    async def scenario(two):
        refused = await two.ask()
        assert "does not permit" in said(await two.ended(refused.id))
        await two.tell("consent", "given")
        id, address = await two.start()
        reading = await Pull(address).open()
        task = asyncio.create_task(reading.read(0.01))
        await asyncio.sleep(0.3)
        await two.north.usage.telling.untell("acme", two.contract, "consent")
        taken = time.monotonic()
        assert await task < SIZE
        assert reading.ended - taken < 1.0
        assert "data cut" in said(await two.theirs(id))
        assert (await pull(address)).status == 403

    run(tmp_path, permitting(Atomic(HANSE + "consent", "eq", "given")), scenario)


def test_bytes_beyond_the_volume_are_refused_and_never_sent(tmp_path):
    limit = {"@value": "100", "@type": "urn:hanse:odrl:unit:MB"}

    async def scenario(two):
        id, address = await two.start()
        assert (await pull(address)).got == SIZE
        over = await pull(address)
        assert over.status == 403
        assert b"does not permit this much" in over.body
        assert (await two.tally()).volume == SIZE
        rest = 100_000_000 - SIZE
        assert (await pull(address, (0, rest + 1))).status == 403
        assert (await pull(address, (0, rest))).got == rest
        assert (await pull(address, (0, 1))).status == 403
        assert (await two.tally()).volume == 100_000_000
        assert (await two.world.transfer(two.south, id)).state == "STARTED"

    run(tmp_path, permitting(Atomic(HANSE + "volume", "lteq", limit)), scenario)


def test_what_a_broken_response_has_not_sent_is_given_back(tmp_path):
    limit = {"@value": "1", "@type": "urn:hanse:odrl:unit:GB"}

    async def scenario(two):
        _, address = await two.start()
        reading = await Pull(address).open()
        reading._writer.transport.abort()

        async def back():
            return 0 < (await two.tally()).volume < SIZE

        await until(back, "what was not sent")

    run(tmp_path, permitting(Atomic(HANSE + "volume", "lteq", limit)), scenario)


def test_metered_time_ends_a_slow_reader(tmp_path):
    async def scenario(two):
        _, address = await two.start()
        reading = await Pull(address).open()
        began = time.monotonic()
        assert await reading.read(0.01) < SIZE
        assert 1.9 < reading.ended - began < 3.2
        assert (await two.tally()).seconds == 2
        assert (await pull(address)).status == 403

    run(tmp_path, permitting(Atomic("meteredTime", "lteq", "PT2S")), scenario)


RESEARCH = "https://w3id.org/dpv#ResearchAndDevelopment"


def test_a_purpose_is_stated_signed_before_the_first_byte(tmp_path):
    async def scenario(two):
        unstated = await two.ask()
        assert "purpose" in said(await two.ended(unstated.id))
        assert "use-stated" not in await two.kinds(two.south, "zoo")
        _, address = await two.start(purpose=RESEARCH)
        assert (await pull(address, (0, 10))).got == 10
        assert "use-stated" in await two.kinds(two.north, "acme")
        assert "use-stated" in await two.kinds(two.south, "zoo")
        bridge = two.north.usage.bridge
        found = bridge.badges("acme", two.world.zoo, permitting(Atomic("purpose", "isA", RESEARCH)))
        assert found == {"permission[0].constraint[0]": "ATTESTED"}
        marketing = await two.ask(stated={"purpose": "https://w3id.org/dpv#Marketing"})
        assert "purpose" in said(await two.ended(marketing.id)).lower()

    run(tmp_path, permitting(Atomic("purpose", "isA", RESEARCH)), scenario)


def test_stored_data_is_opened_under_the_contract_on_the_consumers_own_server(tmp_path):
    async def scenario(two):
        openings = two.south.usage.openings
        _, address = await two.start(purpose=RESEARCH)
        await pull(address)
        await openings.open("zoo", two.contract, "use", {"purpose": RESEARCH})
        with pytest.raises(Forbidden):
            await openings.open("zoo", two.contract, "use", {"purpose": "https://w3id.org/dpv#Marketing"})
        await openings.open("zoo", two.contract, "use", {"purpose": RESEARCH})
        with pytest.raises(Forbidden) as caught:
            await openings.open("zoo", two.contract, "use", {"purpose": RESEARCH})
        assert "3" in caught.value.message
        # The provider is told of each, and counts it: its own three are used up, too.
        await until(lambda: _count(two, 3), "the reports")
        fourth = await two.ask()
        assert "does not permit" in said(await two.ended(fourth.id))

    terms = permitting(Atomic("purpose", "isA", RESEARCH), Atomic("count", "lteq", "3"), obligations=[Rule("inform")])
    run(tmp_path, terms, scenario)


def test_a_price_is_paid_before_anything_leaves(tmp_path):
    price = Rule("compensate", (Atomic("payAmount", "eq", {"@value": "500.00", "@type": "urn:hanse:odrl:unit:EUR"}),))

    async def scenario(two):
        unpaid = await two.ask()
        assert "does not permit" in said(await two.ended(unpaid.id))
        await two.tell("payAmount", "500.00 EUR")
        _, address = await two.start()
        assert (await pull(address, (0, 10))).got == 10

    run(tmp_path, permitting(duties=[price]), scenario)
