"""What only SQLite can meet: a full disk, a second server on one file, a file that is none."""

from __future__ import annotations

import asyncio

import pytest

from hanse.kernel.errors import HanseError, Misconfigured, StorageFailed
from hanse.storage import open_database
from tests.contract.storage.stage import A, negotiation, on


def _big(id):
    return lambda tx: tx.negotiations.put(negotiation(id, dataset="x" * 200_000))


@pytest.mark.parametrize("at_once", [1, 5])
def test_a_full_disk_changes_nothing_and_is_forgotten_when_there_is_room(tmp_path, at_once):
    async def scenario(db):
        told = []
        db.subscribe(told.append)
        await db.run(_big("neg_0"))
        pages = await db.read(lambda tx: tx.rows.one("PRAGMA page_count"))
        await db.run(lambda tx: tx.rows.execute(f"PRAGMA max_page_count = {pages[0] + 20}"))

        def work(tx, n):
            tx.emit(n)
            _big(f"neg_{n}")(tx)

        outcomes = await asyncio.gather(*(db.run(lambda tx, n=n: work(tx, n)) for n in range(1, at_once + 1)), return_exceptions=True)
        assert {(type(error), error.rule) for error in outcomes} == {(StorageFailed, "storage-full")}
        assert [one.id for one in await db.read(lambda tx: tx.negotiations.page(A, after=None, limit=9))] == ["neg_0"]
        assert told == []
        await db.run(lambda tx: tx.negotiations.put(negotiation("neg_small")))
        await db.run(lambda tx: tx.rows.execute("PRAGMA max_page_count = 100000"))
        await db.run(_big("neg_1"))
        assert len(await db.read(lambda tx: tx.negotiations.page(A, after=None, limit=9))) == 3

    on(str(tmp_path / "hanse.db"), scenario)


def test_a_file_has_one_server_at_a_time(tmp_path):
    path = str(tmp_path / "hanse.db")

    async def scenario():
        first = await open_database(path)
        with pytest.raises(Misconfigured) as caught:
            await open_database(path)
        assert caught.value.rule == "database-in-use"
        assert "PostgreSQL" in caught.value.hint
        await first.run(lambda tx: tx.negotiations.put(negotiation()))
        await first.close()
        second = await open_database(path)
        assert await second.read(lambda tx: tx.negotiations.get(A, "neg_1"))
        await second.close()

    asyncio.run(scenario())


def test_what_is_no_database_is_said_and_left_as_it_is(tmp_path):
    path = tmp_path / "hanse.db"
    path.write_bytes(b"This is a letter, not a database. " * 100)
    for address in (str(path), str(tmp_path / "nowhere" / "hanse.db")):
        with pytest.raises(HanseError):
            asyncio.run(open_database(address))
    assert path.read_bytes().startswith(b"This is a letter")


def test_nobody_else_may_read_the_file(tmp_path):
    path = tmp_path / "hanse.db"

    async def scenario(db):
        await db.run(lambda tx: tx.negotiations.put(negotiation()))
        await db.backup_to(tmp_path / "copy.db")
        assert {file.name: file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == dict.fromkeys(
            (file.name for file in tmp_path.iterdir()), 0
        )

    on(str(path), scenario)
