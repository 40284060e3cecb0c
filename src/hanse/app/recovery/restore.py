"""Bring a backup back: one transaction, in which nothing that was used, spent or taken away comes back with it.

The rules are in `docs/decisions/0009-restore-brings-nothing-back.md`; what becomes of each table is in `app.backup`.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Struct, structs

from hanse.app.build import Parts
from hanse.app.keys import existing_master_key
from hanse.app.recovery import carry
from hanse.app.recovery import former as formerly
from hanse.app.recovery.archive import Archive, Manifest
from hanse.app.recovery.backup import TAKEN, write_backup
from hanse.app.recovery.links import loosen_links
from hanse.app.recovery.mirrors import halt_mirrors
from hanse.app.recovery.orders import end_orders
from hanse.app.recovery.restoring import Restoring
from hanse.app.recovery.restrict import restrict
from hanse.app.server import Server
from hanse.config import Settings
from hanse.connector.exchange import Exchange
from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Negotiation, Transfer
from hanse.kernel.errors import Misconfigured
from hanse.participants import tokens
from hanse.participants.records import Issued, Operator
from hanse.participants.roles import Role
from hanse.storage import Tx, portable, schema
from hanse.storage.lock import require_unused
from hanse.storage.rows import Row
from hanse.storage.sqlite_connection import SqliteRows
from hanse.storage.stores.restores import Restored, Restores

_PAGE = 500


class Outcome(Struct, frozen=True, kw_only=True):
    """What a restore did. `replaced` is a backup of what was there before; `issued` are new tokens, shown this once.

    `advice` is what people have to do again, because nobody can know it any more.
    """

    manifest: Manifest
    moment: datetime
    continued: bool
    replaced: Path | None
    counts: dict[str, int]
    advice: Sequence[str]
    issued: Sequence[Issued]


async def restore(settings: Settings, path: Path, parts: Parts | None = None) -> Outcome:
    """Replace the database of `settings` by the backup at `path`, all or nothing.

    Raises `Misconfigured` (no or another master key, a server is running, a newer schema), `Malformed` (damaged) and
    `StorageFailed`; nothing has changed then.
    """
    key = existing_master_key(settings.home_path)
    with Archive.open(path, key) as archive:
        _check_schema(archive.manifest)
        await require_unused(settings.database_address)
        server = await Server.open(settings, parts)
        try:
            replaced = await _keep_replaced(server, key)
            return await server.ground.database.run(lambda tx: _replace(tx, server, archive, replaced))
        finally:
            await server.ground.client.close()
            await server.ground.database.close()


def _check_schema(manifest: Manifest) -> None:
    if manifest.schema > len(schema.STEPS):
        raise Misconfigured(
            f"The backup has schema {manifest.schema}, this program knows up to {len(schema.STEPS)}.",
            rule="schema-newer",
            hint=f"Use hanse {manifest.version} or newer.",
        )


async def _keep_replaced(server: Server, key: bytes) -> Path | None:
    """Write a backup of what is about to be replaced, for the case that it was the wrong thing to do."""
    database, clock = server.ground.database, server.ground.clock
    if not await database.read(lambda tx: tx.participants.page(after=None, limit=1)):
        return None
    path = server.settings.home_path / f"replaced-{clock.now():%Y%m%d-%H%M%S-%f}.hbk"
    await write_backup(database, key, path, clock)
    return path


def _replace(tx: Tx, server: Server, archive: Archive, replaced: Path | None) -> Outcome:
    ground, manifest = server.ground, archive.manifest
    now = ground.clock.now()
    if server.settings.database:
        # A server that starts now waits, and then reads what is new.
        tx.rows.execute("LOCK TABLE restores, participants IN ACCESS EXCLUSIVE MODE")
    former = formerly.read(tx)
    carry.put_aside(tx)
    for table in reversed(schema.tables()):
        tx.rows.execute(f"DELETE FROM {table}")  # noqa: S608 - names of the schema
    issued = _import(tx, archive)
    history = Restores(tx.rows)
    continues = former.continues(manifest, history.list())
    restoring = Restoring(tx, former, now, manifest.taken, continues)
    restrict(restoring)
    carry.bring_back(tx, restoring)
    end_orders(restoring)
    loosen_links(restoring)
    halt_mirrors(restoring)
    for restored in (*former.restores, Restored(now, manifest.taken, manifest.id)):
        history.add(restored)
    counts = restoring.counts + Counter(_end_processes(tx, server, manifest.taken))
    # Nobody is to act on this here: the server reads it all when it starts, and sends what waits then.
    tx.events.clear()
    tx.broadcasts.clear()
    kept = [one for one in issued if one.operator.tenant is None or tx.participants.get(one.operator.tenant)]
    return Outcome(
        manifest=manifest,
        moment=now,
        continued=continues,
        replaced=replaced,
        counts=dict(counts),
        advice=restoring.advice,
        issued=kept,
    )


def _import(tx: Tx, archive: Archive) -> list[Issued]:
    issued: list[Issued] = []
    for table, rows in _tables(archive):
        if table == "operators":
            issued = _operators(tx, rows)
        else:
            portable.import_rows(tx.rows, table, rows)
    return issued


def _tables(archive: Archive) -> Iterator[tuple[str, Iterator[Row]]]:
    """Yield the tables of an archive as the schema of today has them."""
    there = [table for table in TAKEN if table in archive.manifest.tables]
    if archive.manifest.schema == len(schema.STEPS):
        yield from ((table, archive.rows(table)) for table in there)
        return
    stage = sqlite3.connect("", isolation_level=None)  # a temporary file, gone when it is closed
    try:
        rows = SqliteRows(stage)
        schema.migrate(rows, steps=schema.STEPS[: archive.manifest.schema])
        for table in there:
            columns = archive.manifest.tables[table].columns
            marks = ", ".join("?" for _ in columns)
            insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - checked by the archive's MAC
            stage.executemany(insert, (_unique(table, row) for row in archive.rows(table)))
        schema.migrate(rows)
        yield from ((table, portable.export_rows(rows, table)) for table in TAKEN)
    finally:
        stage.close()


def _unique(table: str, row: Row) -> Row:
    return (row[0], row[1], row[1], row[3]) if table == "operators" else row


def _operators(tx: Tx, rows: Iterator[Row]) -> list[Issued]:
    """Store operators with new tokens; hand out those of the host and of each participant's first administrator.

    All others get one that nobody has: an administrator rotates it when its owner asks.
    """
    issued: list[Issued] = []
    served: set[str | None] = set()
    decode = msgspec.json.Decoder(Operator).decode
    for operator in sorted((decode(row[-1]) for row in rows), key=lambda one: (one.created, one.id)):
        token = tokens.make(operator.id, tokens.new_secret())
        renewed = structs.replace(operator, token_hash=tokens.digest(token))
        tx.operators.put(renewed)
        if operator.role is Role.ADMINISTER and operator.expires is None and operator.tenant not in served:
            served.add(operator.tenant)
            issued.append(Issued(structs.replace(renewed, token_hash=""), token))
    return issued


def _end_processes(tx: Tx, server: Server, taken: datetime) -> dict[str, int]:
    connector = server.connector
    reason = f"This side was restored from a backup of {taken:%Y-%m-%d %H:%M} UTC and cannot go on with what was under way; begin anew."
    ended = {
        "negotiations ended": _end_all(tx, connector.negotiations, "negotiations", Negotiation, reason),
        "transfers ended": _end_all(tx, connector.transfers, "transfers", Transfer, reason),
    }
    # A fresh message is leased to whoever has stored it; here that is nobody: all are due when the server starts.
    now = server.ground.clock.now()
    tx.outbox.claim(now + server.ground.limits.lease, now, 1 << 31)
    return ended


def _end_all(tx: Tx, exchange: Exchange[Any], table: str, kind: type[Negotiation | Transfer], reason: str) -> int:
    """End all that run; the peers are told by the outbox, when the server starts."""
    ended, after = 0, ("", "")
    where = "WHERE is_open = 1 AND (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT ?"
    while page := tx.rows.all(f"SELECT doc FROM {table} {where}", (*after, _PAGE)):  # noqa: S608 - a name of this module
        for (doc,) in page:
            process = cast("Any", msgspec.json.decode(doc, type=kind))
            after = (process.tenant, process.id)
            # What waited for an acknowledgement is not in a backup: whether it arrived, only the peer knows.
            exchange.end(cast("ConnectorTx", tx), process, reason, by="restore")
            ended += 1
    return ended
