"""Ledgers on two installations: what both sides keep when an agreement ends, and a log that does not fork when a backup comes back."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest

from hanse.app.build import Parts
from hanse.app.recovery.backup import backup
from hanse.app.recovery.restore import restore
from hanse.evidence import kinds as k
from hanse.ledger.records import Delivery
from tests.scenarios.operations.world import World, running, until

WHY = "The station is down."


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    address = request.getfixturevalue("postgres_database") if request.param == "postgres" else ""
    return World(tmp_path, address)


@contextlib.asynccontextmanager
async def both(world):
    async with running(world.north, world.clock) as north, running(world.south, world.clock) as south:
        yield north, south


async def state(south, contract, purpose):
    sent = await south.evidence.evidence.send("zoo", k.UseStated(agreement=contract, purpose=purpose))
    return await south.evidence.evidence.settled("zoo", sent.id, 15)


async def raws(server, tenant):
    return [one.raw for one in await server.ground.database.read(lambda tx: tx.ledger.walk(tenant, 0, 500))]


async def contract_of(server, tenant, id):
    return await server.ground.database.read(lambda tx: tx.contracts.get(tenant, id))


def test_both_installations_keep_the_end_and_a_restored_log_goes_on(world, tmp_path):
    async def scenario():
        async with both(world) as (north, south):
            await world.populate(north, south)
            first, second = [await world.agree(south, asset) for asset in world.assets[:2]]
            assert (await state(south, first, "urn:before")).state is Delivery.ACKNOWLEDGED
            await backup(world.north, tmp_path / "space.hbk", world.clock)
            assert (await state(south, first, "urn:after")).state is Delivery.ACKNOWLEDGED
            ended = await north.endings.end("acme", second, "breach", WHY, "Ann")
            theirs = await until(lambda: _ended(south, second), "the end on the other side")
            assert (theirs.ended_by, theirs.end_how, theirs.end_statement) == ("peer", "breach", ended.end_statement)
            told = await north.evidence.evidence.settled("acme", ended.end_statement, 15)
            assert told.state is Delivery.ACKNOWLEDGED
            log, checkpoint = await raws(north, "acme"), await north.evidence.ledger.checkpoint("acme")
            shared = set(log) & set(await raws(south, "zoo"))
            assert len(shared) == 3

        outcome = await restore(world.north, tmp_path / "space.hbk", Parts(clock=world.clock))
        assert outcome.continued
        async with both(world) as (north, south):
            ledger = north.evidence.ledger
            assert (await raws(north, "acme"))[: len(log)] == log
            assert (await ledger.verify("acme", checkpoint)).sound
            kept = await contract_of(north, "acme", second)
            assert WHY in kept.end_reason
            assert (kept.end_how, kept.end_statement) == ("breach", ended.end_statement)
            stated = await north.ground.database.read(lambda tx: north.evidence.evidence.stated(tx, "acme", first))
            assert stated.says.purpose == "urn:after"
            world.clock.ahead += timedelta(minutes=2)  # tokens of the time before the restore count no more
            assert (await state(south, first, "urn:later")).state is Delivery.ACKNOWLEDGED
            assert (await ledger.verify("acme", checkpoint)).sound
            assert await north.ground.database.read(lambda tx: tx.ledger.head("acme").edge.size) > len(log)

    asyncio.run(scenario())


async def _ended(server, contract):
    found = await contract_of(server, "zoo", contract)
    return found if found.ended is not None else None
