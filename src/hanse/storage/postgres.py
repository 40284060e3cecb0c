"""PostgreSQL, which several server processes can share: work runs in a few threads, each with a pooled connection.

READ COMMITTED with row locks: what a store reads inside `run` is locked until the transaction ends. Work is run again
after a deadlock, a serialisation failure or a lost race for a unique column, and once on a fresh connection when the
old one was gone before anything could have been committed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from hanse.kernel.errors import Conflict, Misconfigured, StorageFailed
from hanse.storage import portable, schema
from hanse.storage.engine import Listeners, Receiver, Share, Subscriber, keep_of
from hanse.storage.postgres_connection import CHANNEL, Connection, Listener, PostgresRows, connection_settings, failure
from hanse.storage.tx import Tx

T = TypeVar("T")

ATTEMPTS = 4
"""How often a work is run at most when it loses against others."""

PAUSE_SECONDS = 0.02
"""The pause before a work is run again is up to this long, times the number of runs."""

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
            address, min_size=1, max_size=pool_size, open=False, kwargs=connection_settings(), timeout=WAIT_SECONDS
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

    def share(self, share: Share) -> None:
        """Broadcast `share(event)` with the commit of each event."""
        self._listeners.share(share)

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
        for number in range(1, ATTEMPTS):
            try:
                return attempt()
            except _Dropped:
                self._pool.check()
            except Exception as error:
                if not _worth_repeating(error):
                    raise
                # At once, it could meet the one that it has lost against in the same place again.
                time.sleep(random.uniform(0, PAUSE_SECONDS) * number)  # noqa: S311 - jitter, no secret
        try:
            return attempt()
        except _Dropped as error:
            raise failure(error.__cause__) from error.__cause__

    def _write(self, work: Callable[[Tx], T]) -> T:
        with self._borrow() as connection:
            rows = PostgresRows(connection, writing=True)
            tx = Tx(rows)
            try:
                result = work(tx)
                rows.require_sound()
            except Exception as error:
                self._undo(connection, error)
                raise
            self._commit(connection, tx)
            return result

    def _read(self, work: Callable[[Tx], T]) -> T:
        with self._borrow() as connection:
            try:
                connection.execute(_VIEW)
                return work(Tx(PostgresRows(connection, writing=False)))
            except Exception as error:
                if connection.broken:
                    raise _Dropped from error
                raise
            finally:
                with suppress(psycopg.Error):  # nothing was written: whatever became of the connection, the pool finds out
                    connection.rollback()

    @contextmanager
    def _borrow(self) -> Iterator[Connection]:
        try:
            connection = self._pool.getconn(WAIT_SECONDS)
        except (PoolTimeout, psycopg.Error) as error:
            raise StorageFailed("No connection to the database is free, or it cannot be reached.") from error
        try:
            yield connection
        finally:
            self._pool.putconn(connection)  # a transaction that is still open is rolled back there

    def _undo(self, connection: Connection, error: Exception) -> None:
        """Roll back; then keep what must stay although the work failed, unless the work will be run again."""
        if connection.broken:
            raise _Dropped from error
        try:
            connection.rollback()
        except psycopg.Error:
            raise _Dropped from error
        keep = keep_of(error)
        if keep is not None and not _worth_repeating(error):
            tx = Tx(PostgresRows(connection, writing=True))
            keep(tx)
            self._commit(connection, tx)

    def _commit(self, connection: Connection, tx: Tx) -> None:
        """Commit. When the connection breaks here, nobody knows whether it happened: that is told, and never repeated."""
        try:
            for topic, payload in (*tx.broadcasts, *self._listeners.outward(tx.events)):
                connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, f"{topic}\n{payload}"))
            connection.commit()
        except psycopg.Error as error:
            raise failure(error) from error
        if tx.events:
            self._loop.call_soon_threadsafe(self._listeners.deliver, tx.events)


def _worth_repeating(error: BaseException) -> bool:
    """Tell whether the work lost against somebody else's, and may win when it is run again."""
    return isinstance(error, StorageFailed | Conflict) and isinstance(error.__cause__, _LOST)


def _prepare(address: str, pool: ConnectionPool[Connection]) -> None:
    """Open the pool and bring the schema up to date, one server process at a time."""
    pool.open(wait=True, timeout=WAIT_SECONDS)
    with psycopg.connect(address, connect_timeout=5) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
        schema.migrate(PostgresRows(connection, writing=True), postgres=True)


def _unreachable(error: Exception) -> Misconfigured:
    """Say that there is no database, without the address: it may hold a password."""
    told = type(error).__name__
    return Misconfigured(
        f"PostgreSQL cannot be used ({told}).", where="database", hint="Check the address, the user's rights and that it runs."
    )
