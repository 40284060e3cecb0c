"""PostgreSQL: work runs in a bounded number of threads, each with a pooled connection, so that several server
processes can share one database.

READ COMMITTED with row locks: what a store reads inside `run` is locked until the transaction ends. Work is run again
after a deadlock, a serialisation failure or a lost race for a unique column, and once on a fresh connection when the
old one was gone before anything could have been committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from hanse.kernel.errors import Misconfigured, StorageFailed
from hanse.storage import portable, schema
from hanse.storage.engine import Listeners, Receiver, Subscriber, keep_of
from hanse.storage.postgres_connection import CHANNEL, Connection, Listener, PostgresRows, connection_settings, failure
from hanse.storage.tx import Tx

T = TypeVar("T")

ATTEMPTS = 4
"""How often a work is run at most when it loses against others."""

WAIT_SECONDS = 10.0
"""How long a work waits for a connection."""

_MIGRATION_LOCK = 0x68616E7365  # "hanse": the key of the advisory lock under which the schema is changed

_LOST = (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)
_VIEW = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


class _Dropped(Exception):
    """The connection went away before a commit was asked for: nothing has happened."""


class PostgresDatabase:
    """A database on a PostgreSQL server, shared with other server processes."""

    def __init__(self, address: str, pool: ConnectionPool[Connection], size: int) -> None:
        self._pool = pool
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="hanse-postgres")
        self._loop = asyncio.get_running_loop()
        self._listeners = Listeners()
        self._listener = Listener(address, self._listeners.receive)

    @classmethod
    async def open(cls, address: str, *, pool_size: int = 8) -> PostgresDatabase:
        """Connect, migrate and begin to listen. Raises `Misconfigured` and `StorageFailed`."""
        pool: ConnectionPool[Connection] = ConnectionPool(
            address, connection_class=Connection, min_size=1, max_size=pool_size, open=False, kwargs=connection_settings(), timeout=WAIT_SECONDS
        )
        try:
            await asyncio.to_thread(_prepare, address, pool)
            database = cls(address, pool, pool_size)
            await database._listener.start()
        except (psycopg.Error, PoolTimeout) as error:
            pool.close()
            raise _unreachable(error) from error
        except BaseException:
            pool.close()
            raise
        return database

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber(event)` on the event loop for each event of this process, after its commit."""
        self._listeners.subscribe(subscriber)

    def on_broadcast(self, receiver: Receiver) -> None:
        """Call `receiver(topic, payload)` on the event loop for each broadcast of any process, this one included."""
        self._listeners.on_broadcast(receiver)

    async def run(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a writing transaction; durable when this returns."""
        return await self._in_thread(lambda: self._again(lambda: self._write(work)))

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on one consistent view of what is committed."""
        return await self._in_thread(lambda: self._again(lambda: self._read(work)))

    async def snapshot(self, work: Callable[[Tx], T]) -> T:
        """Run a long read; it takes a connection for as long as it lasts."""
        return await self.read(work)

    async def backup_to(self, path: Path) -> None:
        """Write a consistent copy as a SQLite file that must not exist yet."""
        await self.snapshot(lambda tx: portable.copy_to_sqlite(tx.rows, path))

    async def close(self) -> None:
        """Finish what is under way and hang up."""
        await self._listener.stop()
        await asyncio.to_thread(self._executor.shutdown)
        self._pool.close()

    async def _in_thread(self, call: Callable[[], T]) -> T:
        try:
            return await self._loop.run_in_executor(self._executor, call)
        except RuntimeError as error:
            if "after shutdown" not in str(error):
                raise
            raise StorageFailed("The database has been closed.") from error

    def _again(self, attempt: Callable[[], T]) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                return attempt()
            except _Dropped:
                self._pool.check()
            except StorageFailed as error:
                if not isinstance(error.__cause__, _LOST):
                    raise
            except Exception as error:
                if not isinstance(error.__cause__, errors.UniqueViolation):
                    raise
        try:
            return attempt()
        except _Dropped as error:
            raise failure(error.__cause__) from error.__cause__

    def _write(self, work: Callable[[Tx], T]) -> T:
        with self._borrow() as connection:
            tx = Tx(PostgresRows(connection, writing=True))
            try:
                result = work(tx)
            except Exception as error:
                connection.rollback()
                self._keep(connection, error)
                raise
            self._commit(connection, tx)
            return result
