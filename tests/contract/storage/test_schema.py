"""Schemas move forward with the data in them, never back; all data moves between the engines."""

from __future__ import annotations

import asyncio
import re

import pytest

from hanse.evidence.merkle import Edge, leaf_hash
from hanse.kernel.errors import Misconfigured, StorageFailed
from hanse.ledger.records import Head, LogState
from hanse.ledger.witness_records import Seen, Watch
from hanse.storage import open_database, portable, schema
from hanse.storage.erase import erase_tenant, tenant_tables
from hanse.storage.tables_factory import STEP_5, STEP_6
from tests.contract.storage import stage
from tests.contract.storage.stage import A, on

TRUST = (
    "held_credentials",
    "credential_requests",
    "letters",
    "rulebooks",
    "issued_credentials",
    "issuances",
    "status_lists",
    "presented",
    "refusals",
)
TABLE = re.compile(r"CREATE TABLE (\w+)")
COLUMN = re.compile(r"(\w+) (TEXT|INTEGER|BLOB)\b")
SOME = {"TEXT": "x", "INTEGER": 1, "BLOB": b"{}"}
NEXT = ("ALTER TABLE negotiations ADD COLUMN note TEXT", "CREATE TABLE later (id TEXT NOT NULL PRIMARY KEY, moment INTEGER NOT NULL)")


def _fill(tx):
    for n in range(3):
        tx.negotiations.put(stage.negotiation(f"neg_{n}", peer_pid=f"p{n}", deadline=stage.later(hours=n)))
        tx.transfers.put(stage.transfer(f"trf_{n}"))
        tx.assets.put(stage.asset(f"ds_{n}", visible_to=(stage.PEER,), keywords=("a", "ü")), b'{"@id":"x"}')
    tx.contracts.put(stage.contract())
    tx.outbox.put(stage.outgoing())
    tx.replays.consume(A, stage.PEER, "jti", stage.NOW)
    tx.participants.add(stage.participant())
    tx.operators.put(stage.operator())
    tx.operators.put(stage.operator("op_host", None))
    tx.tombstones.put(stage.tombstone("gone"))
    tx.keys.put(stage.key())
    tx.spaces.add(stage.space())
    tx.members.put(stage.member())
    tx.invitations.put(stage.invitation())
    tx.watermarks.put("http://x", stage.PEER, 1 << 40)
    tx.access_tokens.put(stage.access())
    tx.manifests.put(A, "ds_1", "f", b'{"id":"m"}')
    tx.pushes.put(stage.push())
    _fill_trust(tx)
    _fill_usage(tx)
    _fill_ledger(tx)
    _fill_factory(tx)


def _fill_factory(tx, tenant=A):
    """A row in each table of the factory that has none yet, made from its columns: the stores have tests of their own."""
    for statement in (*STEP_5, *STEP_6):
        found = TABLE.match(statement)
        if found is None or tx.rows.one(f"SELECT 1 FROM {found[1]} WHERE tenant = ?", (tenant,)) is not None:
            continue
        columns = COLUMN.findall(statement)
        values = [tenant if name == "tenant" else SOME[kind] for name, kind in columns]
        names, marks = ", ".join(name for name, _ in columns), ", ".join("?" for _ in columns)
        tx.rows.execute(f"INSERT INTO {found[1]} ({names}) VALUES ({marks})", values)


def _fill_ledger(tx, tenant=A):
    """Two entries, whose hashes have a node above them, a statement to a peer, and a contract that time may end."""
    edge = Edge()
    for number in range(2):
        entry = stage.entry(number, tenant)
        edge, nodes = edge.append(leaf_hash(entry.raw))
        tx.ledger.add(entry, Head(tenant, edge), nodes)
    tx.sent.put(stage.sent(tenant=tenant))
    tx.ledger.put_state(LogState(tenant=tenant))
    tx.log_witnesses.put(Watch(tenant=tenant, witness=stage.PEER))
    tx.witnessed_logs.put(Seen(tenant=tenant, hash="ab" * 32, owner=stage.PEER, origin="x", size=1, root="cd" * 32, note="", at=stage.NOW))
    tx.contracts.put(stage.contract("agr_due", tenant, due=stage.later(days=3)))


def _fill_usage(tx, tenant=A):
    tx.uses.put(stage.use("trf_1", tenant, due=stage.later(hours=1)))
    tx.uses.hold(tenant, "agr_1")
    tx.told.put(stage.told(tenant=tenant))
    tx.owed.put(stage.owed(tenant=tenant, due=stage.later(days=1)))


def _fill_trust(tx):
    tx.held.put(stage.held())
    tx.requests.put(stage.request())
    tx.letters.put(stage.letter())
    tx.rulebooks.put(stage.rulebook())
    for n in range(3):
        tx.issued.put(stage.issued(f"vc_{n}", index=n, renewal_offered=stage.NOW if n else None))
    tx.issuances.put(stage.issuance())
    tx.status_lists.add(stage.status_lists())
    tx.presented.put(stage.presented(A, stage.PEER, "a.b.c"))
    tx.refusals.add(stage.refusal(), per_holder=9, per_tenant=9)


def _fill_trust_of_another(tx):
    tx.held.put(stage.held(tenant=stage.B))
    tx.requests.put(stage.request(tenant=stage.B))
    tx.letters.put(stage.letter("ltr_2", stage.B))
    tx.rulebooks.put(stage.rulebook(of="lake", tenant=stage.B))
    tx.issued.put(stage.issued("vc_9", of="lake", tenant=stage.B))
    tx.issuances.put(stage.issuance("iss_9", of="lake", tenant=stage.B))
    tx.status_lists.add(stage.status_lists(of="lake", tenant=stage.B))
    tx.presented.put(stage.presented(stage.B))
    tx.refusals.add(stage.refusal(tenant=stage.B), per_holder=9, per_tenant=9)
    _fill_usage(tx, stage.B)
    _fill_ledger(tx, stage.B)
    _fill_factory(tx, stage.B)


def _dump(tx):
    return {table: sorted(tuple(map(_plain, row)) for row in portable.export_rows(tx.rows, table)) for table in schema.tables()}


def _plain(value):
    return "" if value is None else bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def test_a_step_forward_keeps_the_data_and_an_older_program_refuses(address):
    if address == ":memory:":
        pytest.skip("nothing of it is there at the next start")
    postgres = address.startswith("postgresql")

    async def scenario(db):
        await db.run(_fill)
        before = await db.read(_dump)
        steps = (*schema.STEPS, NEXT)
        assert await db.run(lambda tx: schema.migrate(tx.rows, postgres=postgres, steps=steps)) == len(steps)
        assert await db.run(lambda tx: schema.migrate(tx.rows, postgres=postgres, steps=steps)) == len(steps)
        await db.run(lambda tx: tx.rows.execute("INSERT INTO later (id, moment) VALUES (?, ?)", ("x", 1 << 50)))
        assert await db.read(_dump) == before
        assert await db.read(lambda tx: tx.negotiations.get(A, "neg_1")) == stage.negotiation(
            "neg_1", peer_pid="p1", deadline=stage.later(hours=1)
        )

    on(address, scenario)

    async def again():
        await open_database(address)

    with pytest.raises(Misconfigured) as caught:
        asyncio.run(again())
    assert caught.value.rule == "schema-newer"


def test_a_step_that_fails_leaves_the_schema_as_it_was(address):
    async def scenario(db):
        broken = (*schema.STEPS, (*NEXT, "CREATE TABLE later (id TEXT NOT NULL PRIMARY KEY)"))
        with pytest.raises(StorageFailed):
            await db.run(lambda tx: schema.migrate(tx.rows, postgres=address.startswith("postgresql"), steps=broken))
        assert await db.read(lambda tx: tx.rows.one("SELECT version FROM schema_version")) == (len(schema.STEPS),)
        with pytest.raises(StorageFailed):
            await db.read(lambda tx: tx.rows.all("SELECT * FROM later"))

    on(address, scenario)


def test_an_older_database_is_brought_up_to_date(tmp_path):
    from hanse.storage.sqlite_connection import SqliteRows, connect_writer

    path = str(tmp_path / "old.db")
    connection = connect_writer(path)
    connection.execute("BEGIN")
    schema.migrate(SqliteRows(connection), steps=schema.STEPS[:1])
    connection.execute("INSERT INTO watermarks (url, anchor, version) VALUES ('http://x', 'did:a', 7)")
    connection.execute("COMMIT")
    connection.close()

    async def scenario(db):
        assert await db.read(lambda tx: tx.watermarks.get("http://x", "did:a")) == 7
        assert await db.read(lambda tx: tx.rows.one("SELECT version FROM schema_version")) == (len(schema.STEPS),)

    on(path, scenario)


def test_a_copy_is_a_whole_sqlite_database_whatever_the_engine(address, tmp_path):
    async def scenario(db):
        await db.run(_fill)
        await db.backup_to(tmp_path / "copy.db")
        with pytest.raises(StorageFailed):
            await db.backup_to(tmp_path / "copy.db")
        return await db.read(_dump)

    async def look(copy):
        return await copy.read(_dump)

    told = on(address, scenario)
    assert all(told[table] for table in set(schema.tables()) - {"restores", "unconfirmed"})
    assert on(str(tmp_path / "copy.db"), look) == told


@pytest.mark.postgres
@pytest.mark.parametrize("to_postgres", [True, False])
def test_everything_moves_to_the_other_engine(tmp_path, postgres_database, to_postgres):
    ends = [str(tmp_path / "hanse.db"), postgres_database]
    source, target = ends if to_postgres else ends[::-1]

    async def scenario(old, new):
        await old.run(_fill)

        def move(tx):
            return {table: list(portable.export_rows(tx.rows, table)) for table in schema.tables()}

        rows = await old.snapshot(move)
        await new.run(lambda tx: [portable.import_rows(tx.rows, table, data) for table, data in rows.items()])
        assert await new.read(_dump) == await old.read(_dump)
        await new.run(lambda tx: tx.assets.put(stage.asset("ds_1"), b"{}"))

    async def whole():
        old, new = await open_database(source), await open_database(target)
        try:
            await scenario(old, new)
        finally:
            await old.close()
            await new.close()

    asyncio.run(whole())


def test_an_erased_tenant_leaves_nothing_but_its_tombstone_and_takes_nothing_of_others(address):
    async def scenario(db):
        await db.run(_fill)
        await db.run(lambda tx: tx.tombstones.put(stage.tombstone()))
        await db.run(lambda tx: tx.negotiations.put(stage.negotiation(tenant=stage.B)))
        await db.run(lambda tx: tx.assets.put(stage.asset(tenant=stage.B, visible_to=(stage.PEER,)), b"{}"))
        await db.run(_fill_trust_of_another)
        before = await db.read(_dump)
        assert [table for table in tenant_tables() if not any(A in row for row in before[table])] == ["unconfirmed"]
        counts = await db.run(lambda tx: erase_tenant(tx, A))
        assert (counts["negotiations"], counts["assets"], counts["members"]) == (3, 3, 1)
        left = await db.read(_dump)
        owned = [table for table in tenant_tables() if any(A in row for row in left[table])]
        assert owned == ["tombstones"]
        assert all(any(stage.B in row for row in left[table]) for table in TRUST)
        assert len(left["negotiations"]) == len(left["asset_viewers"]) == len(left["assets"]) == 1
        assert len(left["operators"]) == 1  # the host's

    on(address, scenario)
