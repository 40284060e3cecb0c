"""Backups: one encrypted file with what a server knows, and without its tokens and its master key.

What becomes of each table:

| table | in the backup | after a restore |
|---|---|---|
| participants | yes | as in the backup; what was taken away since stays away |
| operators | without the hashes of their tokens | first administrators get new tokens, others' are void until rotated |
| tombstones | yes | those of both; an erased participant stays erased |
| keys | as sealed by the master key, which is in no backup | those of both, each in the stricter of its states |
| held_credentials | yes: without their holder's key they open no door | as in the replaced database, if that vouches for the holder |
| credential_requests | yes | the same; those on their way to the issuer in the backup have failed, and can be made again |
| letters | no: they hold credentials, and would arrive twice | those of the replaced database, if it vouches for the sender |
| spaces | yes | the list's version leaps ahead of all that members have seen |
| members | yes | who is no active member on either side is none |
| rulebooks | yes | those of both; published anew where nobody knows what came after the backup |
| issued_credentials | yes (records; the credentials are with their holders) | those of both; they follow their holders' membership |
| status_lists | yes | what is revoked on either side stays revoked; places that may have been given since are revoked, and never given |
| issuances | without the tokens of their holders | those of the replaced database; where it is gone, what waits is rejected |
| invitations | no: each works once, and a used one would work again | void; invite anew |
| watermarks | yes | the higher |
| negotiations | yes | those under way are ended with a reason, and the peers told |
| transfers | without data addresses, which hold tokens | those that run are ended with a reason, and the peers told |
| contracts | yes | those that have ended stay ended; those nobody can vouch for wait for a confirmation |
| contract_ends | yes | as their contracts |
| uses, tallies, told, owed | yes | those of the replaced database, if it vouches for the participant: what was used up stays so |
| ledger_heads, ledger_entries, ledger_nodes, ledger_sent | yes | the same: a log goes on from its newest entry, not from an older one |
| ledger_states, log_witnesses | yes | the same; a log for which nobody vouches waits until its witnesses were asked |
| witnessed_logs | yes | the same; else the longer of both: a witness that forgets would cosign a fork |
| assets, asset_viewers, asset_terms | yes | withdrawn ones stay withdrawn; changed ones wait for a confirmation |
| outbox | no: bodies may hold tokens | only what tells the peers of the ends above |
| replays | no | not needed: no token made before the restore is taken |
| presented | no: peers present their credentials again | void |
| refusals | yes | as in the backup |
| access_tokens | no | void |
| pushes | no: their sinks hold tokens | void, as their transfers are ended |
| manifests | no | found out again when they are asked for |
| orders, order_items, link_speeds | yes | those of the replaced database, if it vouches for the participant; else open ones are ended |
| links | yes | those of the replaced database, if it vouches for the participant; else automated ones are ordinary ones |
| link_catalogues | no | read anew |
| mirrors | yes | as orders: else they are refreshed by hand only |
| facility_vaults, -_versions, -_packs, -_derived | yes, the data apart | as orders; what was destroyed since opens for nobody |
| custody, custody_holds, custody_drills | yes | as orders: else as in the backup, so that a hold that was lifted since stands again |
| documents_made, document_answers | yes | as orders: what tells of data that was deleted since opens for nobody |
| assessments | yes | as orders: what was signed is in the log, too; reports on data that was deleted since open for nobody |
| leases | yes | as orders: which node owes an account stays known |
| facility_intakes, facility_journals | no: what they name may be gone | those of the replaced database; else taken in anew |
| order_leases | no | not needed: whoever runs takes them anew |
| restores, unconfirmed | yes | those of both, and this one |
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import structs

from hanse.anchor.records import Issuance
from hanse.app.keys import existing_master_key
from hanse.app.recovery import archive
from hanse.app.recovery.archive import Manifest
from hanse.config import Settings
from hanse.connector.records import Transfer
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Misconfigured
from hanse.kernel.ids import RandomIds
from hanse.participants.records import Operator
from hanse.storage import Database, Tx, open_database, portable, schema
from hanse.storage.rows import Row, Rows
from hanse.storage.sqlite_connection import SqliteRows, connect_reader, failure

T = TypeVar("T")

LEFT_OUT = frozenset(
    {
        "invitations",
        "letters",
        "outbox",
        "replays",
        "presented",
        "access_tokens",
        "pushes",
        "manifests",
        "link_catalogues",
        "order_leases",
        "facility_intakes",
        "facility_journals",
    }
)
"""Tables of which a backup has no row."""

TAKEN = (
    "participants",
    "operators",
    "tombstones",
    "keys",
    "held_credentials",
    "credential_requests",
    "spaces",
    "members",
    "rulebooks",
    "issued_credentials",
    "issuances",
    "status_lists",
    "refusals",
    "watermarks",
    "negotiations",
    "transfers",
    "contracts",
    "contract_ends",
    "uses",
    "tallies",
    "told",
    "owed",
    "ledger_heads",
    "ledger_entries",
    "ledger_nodes",
    "ledger_sent",
    "ledger_states",
    "log_witnesses",
    "witnessed_logs",
    "assets",
    "asset_viewers",
    "asset_terms",
    "facility_vaults",
    "facility_versions",
    "facility_packs",
    "facility_derived",
    "leases",
    "custody",
    "custody_holds",
    "custody_drills",
    "documents_made",
    "document_answers",
    "assessments",
    "orders",
    "order_items",
    "link_speeds",
    "links",
    "mirrors",
    "restores",
    "unconfirmed",
)
"""Tables of a backup, in an order in which they can be filled."""


async def backup(settings: Settings, path: Path, clock: Clock) -> Manifest:
    """Write a backup of a server that runs or not.

    Raises `Misconfigured` (no database, no master key), `Invalid` (the file exists) and `StorageFailed`.
    """
    key = existing_master_key(settings.home_path)
    if settings.database:
        database = await open_database(settings.database, pool_size=2)
        try:
            return await write_backup(database, key, path, clock)
        finally:
            await database.close()
    return _read_file(Path(settings.database_address), lambda tx: _write(tx, key, path, clock))


async def write_backup(database: Database, key: bytes, path: Path, clock: Clock) -> Manifest:
    """Write a backup of an open database."""
    return await database.snapshot(lambda tx: _write(tx, key, path, clock))


def _read_file(database: Path, work: Callable[[Tx], T]) -> T:
    """Run `work` on one view of a SQLite file, which a server may be working on meanwhile."""
    if not database.is_file():
        raise Misconfigured("There is no database here.", where=str(database), hint="Name the home folder with --home.")
    try:
        connection = connect_reader(str(database))
        try:
            connection.execute("BEGIN")
            return work(Tx(SqliteRows(connection)))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise failure(error) from error


def _write(tx: Tx, key: bytes, path: Path, clock: Clock) -> Manifest:
    version = _version(tx.rows)
    there = schema.tables(schema.STEPS[:version])
    tables = {name: portable.columns(name) for name in TAKEN if name in there}
    id = RandomIds(clock).new("bak")
    content = archive.Content(version, tables, lambda name: _without_secrets(tx.rows, name))
    return archive.write(path, key, id, clock.now(), content)


def _version(rows: Rows) -> int:
    found = rows.one("SELECT version FROM schema_version")
    version = 0 if found is None else int(found[0])
    if not 0 < version <= len(schema.STEPS):
        raise Misconfigured(f"The database has schema {version}, this program knows up to {len(schema.STEPS)}.", rule="schema-newer")
    return version


def _without_secrets(rows: Rows, table: str) -> Iterable[Row]:
    clean = _CLEAN.get(table)
    exported = portable.export_rows(rows, table)
    return exported if clean is None else clean(exported)


def _operators(rows: Iterable[Row]) -> Iterator[Row]:
    decode = msgspec.json.Decoder(Operator).decode
    for tenant, id, _, doc in rows:
        yield tenant, id, "", msgspec.json.encode(structs.replace(decode(doc), token_hash=""))


def _transfers(rows: Iterable[Row]) -> Iterator[Row]:
    decode = msgspec.json.Decoder(Transfer).decode
    for row in rows:
        transfer = decode(row[-1])
        transfer.address = None
        yield *row[:-1], msgspec.json.encode(transfer)


def _issuances(rows: Iterable[Row]) -> Iterator[Row]:
    decode = msgspec.json.Decoder(Issuance).decode
    for row in rows:
        yield *row[:-1], msgspec.json.encode(structs.replace(decode(row[-1]), token=None))


_CLEAN: dict[str, Callable[[Iterable[Row]], Iterator[Row]]] = {
    "operators": _operators,
    "transfers": _transfers,
    "issuances": _issuances,
}
