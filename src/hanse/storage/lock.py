"""One server per SQLite file: batches, wake-ups and streams are known inside one process only."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hanse.kernel.errors import Misconfigured

if TYPE_CHECKING:
    import psycopg


class FileLock:
    """A lock beside the database, held until it is released or the process ends, however it ends."""

    def __init__(self, database: Path) -> None:
        try:
            self._descriptor = os.open(database.with_name(database.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Misconfigured(
                f"The database {database.name} cannot be opened: {error.strerror}.",
                where="storage",
                hint="Check that its folder exists and can be written to.",
            ) from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise Misconfigured(
                f"Another server uses the database {database.name} already.",
                where="storage",
                rule="database-in-use",
                hint="Stop it first. Several server processes on one database need PostgreSQL.",
            ) from None

    def release(self) -> None:
        """Let go. The file stays: to remove it would let two servers lock two different files."""
        os.close(self._descriptor)


async def require_unused(address: str) -> None:
    """Raise `Misconfigured` if a server works on this database now. For SQLite the file's lock says so when it is opened."""
    if not address.startswith(("postgresql://", "postgres://")):
        return
    import psycopg

    from hanse.storage.postgres_connection import failure

    try:
        async with await psycopg.AsyncConnection.connect(address, connect_timeout=5, autocommit=True) as connection:
            count = await _others(connection)
    except psycopg.Error as error:
        raise failure(error) from error
    if count:
        raise Misconfigured(
            f"{count} other connections use the database already.", where="storage", rule="database-in-use", hint="Stop all servers first."
        )


async def _others(connection: psycopg.AsyncConnection[Any]) -> int:
    """Return how many others are connected. Those of a server that has just stopped take a moment to be gone."""
    end = time.monotonic() + _GONE_SECONDS
    while True:
        row = await (await connection.execute(_OTHERS)).fetchone()
        count = int(row[0]) if row is not None else 0
        if not count or time.monotonic() > end:
            return count
        await asyncio.sleep(_LOOK_SECONDS)


_GONE_SECONDS = 3.0
_LOOK_SECONDS = 0.05
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
