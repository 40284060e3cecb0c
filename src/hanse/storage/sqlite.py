"""SQLite: statements on the event loop, COMMIT (and its fsync) on a thread, one commit for all that wait.

While a commit is under way the writer's connection belongs to the committing thread, and new work waits. When it is
done, all that waits runs in one transaction, each work in a savepoint of its own, so that one that fails takes nothing
with it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from hanse.kernel.errors import StorageFailed
from hanse.storage import schema
from hanse.storage.engine import Listeners, Receiver, Share, Subscriber, keep_of
from hanse.storage.lock import FileLock
from hanse.storage.sqlite_connection import Committer, SqliteRows, connect_reader, connect_writer, copy_to, failure, undone
from hanse.storage.tx import Tx

T = TypeVar("T")

BATCH_JOBS = 64
BATCH_SECONDS = 0.02
"""Bounds of one batch, so that the event loop stays responsive."""


class _Job(Generic[T]):
    """A work that waits for its turn and then for the commit."""

    __slots__ = ("error", "future", "result", "tx", "work")

    def __init__(self, work: Callable[[Tx], T], future: asyncio.Future[T]) -> None:
        self.work = work
        self.future = future
        self.tx: Tx | None = None
        self.result: T | None = None
        self.error: Exception | None = None

    def settle(self) -> None:
        """Tell the one who waits, if anybody still does."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]


class SqliteDatabase:
    """A database in one file, or in memory for tests. It belongs to the event loop on which it was opened."""

    def __init__(self, address: str, lock: FileLock | None, writer: sqlite3.Connection) -> None:
        self._address = address
        self._lock = lock
        self._writer = writer
        self._rows = SqliteRows(writer)
        # Memory is seen through one connection only, and its commit waits for no disk: all happens on the loop.
        self._reader = connect_reader(address) if lock else None
        self._committer = Committer(writer) if lock else None
        self._waiting: deque[_Job[Any]] = deque()
        self._committing = False
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._listeners = Listeners()

    @classmethod
    async def open(cls, address: str) -> SqliteDatabase:
        """Open or make the file, lock it and migrate it. Raises `Misconfigured` and `StorageFailed`."""
        lock = None if address == ":memory:" else FileLock(Path(address))
        try:
            writer = connect_writer(address)
            try:
                writer.execute("BEGIN IMMEDIATE")
                schema.migrate(SqliteRows(writer))
                writer.execute("COMMIT")
                return cls(address, lock, writer)
            except BaseException:
                writer.close()
                raise
        except sqlite3.Error as error:
            if lock:
                lock.release()
            raise failure(error) from error
        except BaseException:
            if lock:
                lock.release()
            raise

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber(event)` on the event loop for each event, after its commit."""
        self._listeners.subscribe(subscriber)

    def on_broadcast(self, receiver: Receiver) -> None:
        """Call `receiver(topic, payload)` for each broadcast; there is no other process to hear from."""
        self._listeners.on_broadcast(receiver)

    def share(self, share: Share) -> None:
        """There is no other process to tell."""

    async def run(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a writing transaction; durable when this returns."""
        self._require_open()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job = _Job(work, future)
        self._waiting.append(job)
        if not self._committing:
            self._run_batch()
        return await future

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on one consistent view of what is committed."""
        self._require_open()
        reader = self._reader
        if reader is None:
            return await self._read_memory(work)
        return _view(reader, work)

    async def snapshot(self, work: Callable[[Tx], T]) -> T:
        """Run a long read in a thread, on a connection of its own."""
        if self._lock is None:
            return await self._read_memory(work)

        def in_thread() -> T:
            connection = connect_reader(self._address)
            try:
                return _view(connection, work)
            finally:
                connection.close()

        return await asyncio.to_thread(in_thread)

    async def backup_to(self, path: Path) -> None:
        """Write a consistent copy to a file that must not exist yet, while the server goes on working."""
        if self._lock is None:
            await self._read_memory(lambda _: copy_to(self._writer, path))
        else:
            reader = connect_reader(self._address)
            try:
                await asyncio.to_thread(copy_to, reader, path)
            finally:
                reader.close()

    async def close(self) -> None:
        """Finish what waits, then let go of the file."""
        if self._closed:
            return
        self._closed = True
        await self._idle.wait()
        if self._committer:
            self._committer.stop()
        if self._reader:
            self._reader.close()
        self._writer.close()
        if self._lock:
            self._lock.release()

    def _require_open(self) -> None:
        if self._closed:
            raise StorageFailed("The database has been closed.")

    async def _read_memory(self, work: Callable[[Tx], T]) -> T:
        self._writer.execute("PRAGMA query_only = 1")
        try:
            return _view(self._writer, work)
        finally:
            self._writer.execute("PRAGMA query_only = 0")

    def _run_batch(self) -> None:
        """Run what waits in one transaction and begin its commit."""
        self._committing = True
        self._idle.clear()
        batch: list[_Job[Any]] = []
        before = self._writer.total_changes
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            self._fill(batch)
        except Exception as error:  # noqa: BLE001 - it is raised to all whose work is undone
            self._finish(batch or self._take_all(), error)
            return
        except BaseException:
            self._finish(batch, StorageFailed("The server is stopping."))
            raise
        if self._committer is None or self._writer.total_changes == before:
            self._finish(batch, self._commit_here())
        else:
            self._committer.commit(lambda error: self._finish(batch, error))

    def _take_all(self) -> list[_Job[Any]]:
        """Take all that waits: where no transaction can be begun, waiting once for a lock is enough for everybody."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def _fill(self, batch: list[_Job[Any]]) -> None:
        until = time.monotonic() + BATCH_SECONDS
        alone = len(self._waiting) == 1
        while self._waiting and len(batch) < BATCH_JOBS:
            job = self._waiting.popleft()
            if job.future.cancelled():
                continue
            batch.append(job)
            if alone:
                self._run_alone(job)
            else:
                self._run_in_savepoint(job)
            if not self._writer.in_transaction:
                # A full disk or an I/O error makes SQLite roll everything back by itself.
                raise job.error or StorageFailed("The database has given up a transaction.")
            if time.monotonic() > until:
                return

    def _run_alone(self, job: _Job[Any]) -> None:
        self._attempt(job)
        if job.error is not None and self._writer.in_transaction:
            self._writer.execute("ROLLBACK")
            self._writer.execute("BEGIN IMMEDIATE")
            self._keep(job)

    def _run_in_savepoint(self, job: _Job[Any]) -> None:
        self._writer.execute("SAVEPOINT job")
        self._attempt(job)
        if not self._writer.in_transaction:
            return
        if job.error is not None:
            self._writer.execute("ROLLBACK TO job")
            self._keep(job)
        if self._writer.in_transaction:
            self._writer.execute("RELEASE job")

    def _attempt(self, job: _Job[Any]) -> None:
        tx = job.tx = Tx(self._rows)
        try:
            job.result = job.work(tx)
        except Exception as error:  # noqa: BLE001 - it is raised to whoever asked for the work
            job.error = error
            job.tx = None

    def _keep(self, job: _Job[Any]) -> None:
        """Store what must stay although the work failed; should that fail too, it is this job's trouble alone."""
        keep = None if job.error is None else keep_of(job.error)
        if keep is None:
            return
        self._writer.execute("SAVEPOINT kept")
        tx = Tx(self._rows)
        try:
            keep(tx)
        except Exception as error:  # noqa: BLE001 - it is raised to whoever asked for the work
            job.error = error
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK TO kept")
        else:
            job.tx = tx
        if self._writer.in_transaction:
            self._writer.execute("RELEASE kept")

    def _commit_here(self) -> sqlite3.Error | None:
        try:
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            return error
        return None

    def _finish(self, batch: list[_Job[Any]], error: Exception | None) -> None:
        """Settle a batch, on the loop, and begin the next."""
        if error is not None:
            self._undo(batch, error)
        for job in batch:
            job.settle()
        self._committing = False
        for job in batch:
            if job.tx is not None:
                self._listeners.deliver(job.tx.events)
                self._listeners.receive(job.tx.broadcasts)
        if self._waiting and not self._committing:
            self._run_batch()
        elif not self._committing:
            self._idle.set()

    def _undo(self, batch: list[_Job[Any]], error: Exception) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")
        for job in batch:
            job.tx = None
            job.error = undone(error)


def _view(connection: sqlite3.Connection, work: Callable[[Tx], T]) -> T:
    connection.execute("BEGIN")
    try:
        return work(Tx(SqliteRows(connection)))
    finally:
        connection.execute("COMMIT")
