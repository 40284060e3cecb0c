"""The ledger on every database: what is appended stays, in one order, whoever else appends."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from msgspec import structs

from hanse.evidence import kinds as k
from hanse.evidence.checkpoint import read_checkpoint
from hanse.evidence.merkle import included, leaf_hash
from hanse.evidence.statement import Subject
from hanse.kernel.errors import Conflict, NotFound
from hanse.ledger.records import Delivery, Sent
from hanse.storage import open_database
from hanse.storage.erase import erase_tenant
from tests.unit.ledger.town import ACME, AGREEMENT, NOW, ZOO, Town, did


def on(address, scenario, *, times=1):
    async def whole():
        async with AsyncExitStack() as stack:
            opened = [await open_database(address) for _ in range(times)]
            for one in opened:
                stack.push_async_callback(one.close)
            async with asyncio.timeout(120):
                return await scenario(*opened)

    return asyncio.run(whole())


def began(number):
    return k.UseBegan(agreement=AGREEMENT, use=f"trf_{number}", action="use")


def test_entries_come_back_in_their_order_to_their_tenant_alone(address):
    async def scenario(db):
        town = await Town(db).settle_in()
        entries = [await town.append(ACME, began(number)) for number in range(5)]
        other = await town.append(ZOO, k.Notice(agreement=AGREEMENT, about="x", text="y"))
        assert [one.index for one in entries] == [0, 1, 2, 3, 4]
        assert other.index == 0
        assert await town.ledger.get(ACME, 3) == entries[3]
        assert await town.ledger.find(ACME, entries[2].id) == entries[2]
        assert await town.ledger.page(ACME, before=None, limit=2) == [entries[4], entries[3]]
        assert await town.ledger.page(ACME, before=3, limit=9, agreement=AGREEMENT) == entries[2::-1]
        assert await town.ledger.page(ACME, before=None, limit=9, agreement="agr_2") == []
        assert [one.says.entry for one in entries] == [0, 1, 2, 3, 4]
        assert entries[0].says.at == NOW
        for missing in (lambda: town.ledger.get(ACME, 5), lambda: town.ledger.get(ACME, -1), lambda: town.ledger.find(ZOO, entries[0].id)):
            with pytest.raises(NotFound):
                await missing()
        verdict = await town.ledger.verify(ACME)
        assert (verdict.sound, verdict.size) == (True, 5)

    on(address, scenario)


def test_every_entry_is_proved_under_the_checkpoint(address):
    async def scenario(db):
        town = await Town(db).settle_in()
        for number in range(11):
            await town.append(ACME, began(number))
        for index in range(11):
            entry, proof = await town.ledger.get(ACME, index), await town.ledger.prove(ACME, index)
            root = read_checkpoint(proof.checkpoint).checkpoint.root
            assert included(leaf_hash(entry.raw), index, 11, [bytes.fromhex(one) for one in proof.hashes], root)
        with pytest.raises(NotFound):
            await town.ledger.prove(ACME, 11)

    on(address, scenario)


def test_an_append_that_is_undone_leaves_nothing(address):
    async def scenario(db):
        town = await Town(db).settle_in()
        first = await town.append(ACME, began(1))

        def work(tx):
            town.ledger.append(tx, ACME, began(2))
            raise Conflict("No.")

        with pytest.raises(Conflict):
            await db.run(work)
        second = await town.append(ACME, began(3))
        assert (first.index, second.index) == (0, 1)
        assert (await town.ledger.verify(ACME)).sound

    on(address, scenario)


def test_a_number_and_an_id_are_taken_once(address):
    async def scenario(db):
        town = await Town(db).settle_in()
        head = await db.read(lambda tx: tx.ledger.head(ACME))
        assert head is None
        entry = await town.append(ACME, began(1))
        after = await db.read(lambda tx: tx.ledger.head(ACME))
        with pytest.raises(Conflict):
            await db.run(lambda tx: tx.ledger.add(entry, after, [(0, 0, b"x" * 32)]))
        verdict = await town.ledger.verify(ACME)
        assert (verdict.sound, verdict.size) == (True, 1)

    on(address, scenario)


def test_very_many_entries_are_added_at_once_or_none_of_them(address):
    async def scenario(db):
        town = await Town(db).settle_in()
        said = [(Subject.of("dataset@1", "ab" * 32), k.Drilled(version=f"dataset@{n}", root="cd" * 32, sound=True)) for n in range(200)]
        entries = await db.run(lambda tx: town.ledger.append_many(tx, ACME, said))
        assert await town.ledger.page(ACME, before=None, limit=200) == entries[::-1]
        head = await db.read(lambda tx: tx.ledger.head(ACME))
        again = [structs.replace(one, id=f"{one.id}x", index=one.index + 150) for one in entries]  # the first fifty numbers are taken
        with pytest.raises(Conflict):
            await db.run(lambda tx: tx.ledger.add_many(again, head, [(0, one.index, b"x" * 32) for one in again]))
        verdict = await town.ledger.verify(ACME)
        assert (verdict.sound, verdict.size) == (True, 200)

    on(address, scenario)


def test_sent_statements_are_kept_by_tenant_and_id(address):
    async def scenario(db):
        sent = Sent(
            tenant=ACME, id="led_1", index=4, to=did(ZOO), agreement=AGREEMENT, kind="notice", state=Delivery.REFUSED, at=NOW, reason="Nö."
        )
        await db.run(lambda tx: tx.sent.put(sent))
        assert await db.read(lambda tx: tx.sent.get(ACME, "led_1")) == sent
        assert await db.read(lambda tx: tx.sent.get(ZOO, "led_1")) is None

    on(address, scenario)


def test_an_erased_participant_leaves_no_ledger(address):
    async def scenario(db):
        town = await Town(db).settle_in()
        for number in range(4):
            await town.append(ACME, began(number))
        counts = await db.run(lambda tx: erase_tenant(tx, ACME))
        assert counts["ledger_entries"] == 4
        assert counts["ledger_nodes"] == 3
        assert await db.read(lambda tx: tx.ledger.head(ACME)) is None

    on(address, scenario)


@pytest.mark.parametrize("kind", ["file", "postgres"])
def test_many_appends_at_once_make_one_log(kind, tmp_path, request):
    """On PostgreSQL by two server processes, with nothing there yet that they could lock: the fork would begin at entry 0."""
    address = str(tmp_path / "hanse.db") if kind == "file" else request.getfixturevalue("postgres_database")

    async def scenario(*databases):
        towns = [Town(one) for one in databases]
        await towns[0].settle_in()
        each = 60 // len(towns)
        work = [town.append(ACME, began(f"{place}-{number}")) for place, town in enumerate(towns) for number in range(each)]
        entries = await asyncio.gather(*work)
        assert sorted(one.index for one in entries) == list(range(60))
        verdict = await towns[0].ledger.verify(ACME)
        assert (verdict.sound, verdict.size) == (True, 60), verdict.faults
        assert len({one.says.use for one in entries}) == 60

    on(address, scenario, times=1 if kind == "file" else 2)
