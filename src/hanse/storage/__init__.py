"""Where records live: SQLite in one file, or PostgreSQL. Same stores, same tests, one SQL text where the engines agree.

An exception that a `work` raises rolls its own changes back. If it has an attribute `keep`, a callable `(tx) -> None`,
that is run in a transaction of its own after the rollback and committed before the exception is raised: the record of
a used token stays although the message that carried it was refused.

A work does not catch what a store raises and go on: PostgreSQL has given the transaction up by then, and `run` raises
the store's error in place of the work's result.
"""

from __future__ import annotations

from hanse.storage.engine import Database
from hanse.storage.tx import Tx

__all__ = ["Database", "Tx", "open_database"]


async def open_database(address: str, *, pool_size: int = 8) -> Database:
    """Open the database and bring its schema up to date.

    `address` is the path of a SQLite file, `:memory:`, or an address that starts with `postgresql://`; `pool_size` is
    the number of connections to PostgreSQL. Raises `Misconfigured` (in use by another server, newer than this program,
    not to be reached) and `StorageFailed`.
    """
    if address.startswith(("postgresql://", "postgres://")):
        from hanse.storage.postgres import PostgresDatabase

        return await PostgresDatabase.open(address, pool_size=pool_size)
    from hanse.storage.sqlite import SqliteDatabase

    return await SqliteDatabase.open(address)
