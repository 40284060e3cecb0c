"""What only a file can do: be used by another, be killed, be full, be old, be something else."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hanse.kernel.errors import Misconfigured, StorageFailed
from hanse.storage import open_database, schema
from hanse.storage.sqlite_connection import SqliteRows
from tests.contract.storage.stage import NOW, PEER, A, asset, contract, negotiation, on


@pytest.fixture
def file(tmp_path):
    return str(tmp_path / "hanse.db")


def put(id, *, size=0):
    def work(tx):
        made = negotiation(id)
        made.note(NOW, "x" * size, "us")
        tx.negotiations.put(made)
        tx.emit(id)

    return work


async def ids(database):
    return [found.id for found in await database.read(lambda tx: tx.negotiations.page(A, after=None, limit=10_000))]


def test_a_second_server_is_refused_and_told_what_helps(file):
    async def scenario(database):
        with pytest.raises(Misconfigured) as raised:
            await open_database(file)
        return str(raised.value)

    assert "PostgreSQL" in on(file, scenario)
    assert on(file, ids) == []  # the first has let go


def test_nobody_else_may_read_the_file(file):
    on(file, ids)
    assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600


def test_commits_wait_for_the_disk(file):
    async def pragmas(database):
        return await database.run(lambda tx: [tx.rows.one(f"PRAGMA {name}")[0] for name in ("journal_mode", "synchronous", "foreign_keys")])

    assert on(file, pragmas) == ["wal", 2, 1]


@pytest.mark.parametrize(
    ("content", "error"), [(b"this is no database" * 99, StorageFailed), (None, Misconfigured)], ids=["other", "missing"]
)
def test_what_is_no_database_is_said_and_let_go(tmp_path, content, error):
    address = tmp_path / "file.db" if content else tmp_path / "missing" / "file.db"
    if content:
        address.write_bytes(content)
    for _ in range(2):  # the lock of the first try is gone
        with pytest.raises(error) as raised:
            asyncio.run(open_database(str(address)))
        assert raised.value.rule != "database-in-use"


_WRITER = """
import asyncio, sys
from hanse.storage import open_database
from tests.contract.storage.stage import negotiation

async def main():
    database = await open_database(sys.argv[1])
    async def client(number):
        for count in range(100_000):
            id = f"neg_{number}_{count:06}"
            await database.run(lambda tx: tx.negotiations.put(negotiation(id)))
            print(id, flush=True)
    await asyncio.gather(*(client(number) for number in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.4])
def test_kill_9_loses_nothing_that_was_acknowledged(file, tmp_path, seconds):
    said = tmp_path / "said"
    with said.open("wb") as out:
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, file], stdout=out, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        )
    until = time.monotonic() + 20
    while not said.stat().st_size and writer.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(seconds)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    acknowledged = {line.decode() for line in said.read_bytes().split(b"\n")[:-1]}
    assert acknowledged
    assert acknowledged <= set(on(file, ids))


@pytest.mark.parametrize("beside", [0, 8], ids=["alone", "in a batch"])
def test_a_full_disk_fails_cleanly_and_work_goes_on_when_there_is_room(file, beside):
    async def scenario(database):
        heard = []
        database.subscribe(heard.append)
        await database.run(put("neg_0"))
        before = await database.run(lambda tx: tx.rows.one("PRAGMA page_count")[0])
        await database.run(lambda tx: tx.rows.one(f"PRAGMA max_page_count = {before + 20}"))
        works = [put(f"neg_{n}") for n in range(1, beside + 1)]
        works.insert(beside // 2, put("neg_big", size=1_000_000))
        outcomes = await asyncio.gather(*(database.run(work) for work in works), return_exceptions=True)
        done = {f"neg_{n}" for n, outcome in enumerate(outcomes[: beside // 2], 1) if outcome is None}
        done |= {f"neg_{n}" for n, outcome in enumerate(outcomes[beside // 2 + 1 :], beside // 2 + 1) if outcome is None}
        failed = [outcome for outcome in outcomes if outcome is not None]
        assert failed
        assert all(isinstance(one, StorageFailed) and one.rule == "storage-full" for one in failed)
        await database.run(lambda tx: tx.rows.one("PRAGMA max_page_count = 1000000"))
        await database.run(put("neg_later", size=1_000_000))
        return set(await ids(database)), {"neg_0", "neg_later"} | done, set(heard)

    stored, told, heard = on(file, scenario)
    assert stored == told == heard


def test_the_lock_of_another_program_is_said_to_all_that_wait(file, monkeypatch):
    monkeypatch.setattr("hanse.storage.sqlite_connection._BUSY_SECONDS", 0.1)

    async def scenario(database):
        with sqlite3.connect(file, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            started = time.monotonic()
            outcomes = await asyncio.gather(*(database.run(put(f"neg_{n}")) for n in range(5)), return_exceptions=True)
            took = time.monotonic() - started
            other.execute("ROLLBACK")
        other.close()
        await database.run(put("neg_9"))
        return [type(outcome) for outcome in outcomes], took, await ids(database)

    kinds, took, stored = on(file, scenario)
    assert kinds == [StorageFailed] * 5
    assert took < 2
    assert stored == ["neg_9"]


def test_the_loop_goes_on_while_much_waits(file):
    async def scenario(database):
        longest, last = 0.0, time.monotonic()
        waiting = asyncio.gather(*(database.run(put(f"neg_{n:05}")) for n in range(3_000)))
        while not waiting.done():
            await asyncio.sleep(0)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        await waiting
        return longest, len(await ids(database))

    longest, stored = on(file, scenario)
    assert stored == 3_000
    assert longest < 1.0


def test_a_database_of_the_first_schema_is_brought_forward_with_its_data(file):
    old = sqlite3.connect(file, isolation_level=None)
    schema.migrate(SqliteRows(old), steps=schema.STEPS[:1])
    old.execute("INSERT INTO replays (tenant, issuer, jti, expires) VALUES ('acme', ?, 'old', 5)", (PEER,))
    old.close()

    async def scenario(database):
        return await database.read(lambda tx: (tx.rows.all("SELECT jti FROM replays"), tx.rows.one("SELECT version FROM schema_version")))

    assert on(file, scenario) == ([("old",)], (len(schema.STEPS),))


@pytest.mark.parametrize("address", ["file", "postgres"], indirect=True)
def test_a_database_of_a_newer_program_is_refused_unchanged(address):
    async def newer(database):
        await database.run(lambda tx: tx.rows.execute("UPDATE schema_version SET version = version + 1"))

    on(address, newer)
    with pytest.raises(Misconfigured) as raised:
        on(address, ids)
    assert raised.value.rule == "schema-newer"


def test_a_further_step_keeps_what_is_there_on_both_engines(address):
    """A step that this program does not have yet, in the dialect of the steps."""
    steps = (
        *schema.STEPS,
        ("ALTER TABLE replays ADD COLUMN extra INTEGER NOT NULL DEFAULT 7", "CREATE TABLE new (tenant TEXT NOT NULL, doc BLOB)"),
    )

    async def scenario(database):
        await database.run(lambda tx: tx.replays.consume(A, PEER, "old", NOW))
        postgres = address.startswith("postgresql")
        await database.run(lambda tx: schema.migrate(tx.rows, steps=steps, postgres=postgres))
        return await database.read(lambda tx: tx.rows.one("SELECT jti, extra FROM replays")), schema.tables(steps)[-1]

    assert on(address, scenario) == (("old", 7), "new")


def test_rows_travel_between_the_engines_unchanged(address, tmp_path):
    from hanse.storage.portable import columns, export_rows, import_rows

    def fill(tx):
        tx.assets.put(asset(visible_to=(PEER,), keywords=("weather",)), b"\x00\xff{}")
        tx.contracts.put(contract())
        tx.negotiations.put(negotiation())
        tx.replays.consume(A, PEER, "jti", NOW)

    def dump(tx):
        return {table: sorted(export_rows(tx.rows, table)) for table in schema.tables()}

    async def outward(database):
        await database.run(fill)
        return await database.snapshot(dump)

    async def inward(database):
        await database.run(lambda tx: [import_rows(tx.rows, table, rows) for table, rows in taken.items()] and None)
        return await database.read(dump)

    taken = on(address, outward)
    assert sum(map(len, taken.values())) >= 6
    assert all(len(row) == len(columns(table)) for table, rows in taken.items() for row in rows)
    assert on(str(tmp_path / "other.db"), inward) == taken
