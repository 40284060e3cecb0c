"""Connections to a SQLite file, the statements on them, and the thread that commits."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from queue import SimpleQueue

from hanse.kernel.errors import Conflict, Misconfigured, OwnError, StorageFailed
from hanse.storage.rows import Row, Value

_STATEMENTS = 256
_BUSY_SECONDS = 5.0

_HINTS = {
    sqlite3.SQLITE_FULL: ("The disk is full.", "Make room; nothing was changed."),
    sqlite3.SQLITE_BUSY: ("The database is locked by another program.", "Close the program that has the file open."),
    sqlite3.SQLITE_READONLY: ("The database cannot be written to.", "Check who owns the file and its folder."),
    sqlite3.SQLITE_CANTOPEN: ("The database cannot be opened.", "Check that its folder exists and is ours."),
    sqlite3.SQLITE_CORRUPT: ("The database file is damaged.", "Restore a backup."),
    sqlite3.SQLITE_NOTADB: ("The file is no SQLite database.", "Name another file."),
    sqlite3.SQLITE_IOERR: ("The disk has failed to read or write.", "Check the disk; nothing was changed."),
}
_FALLBACK = ("The database could not do it.", "The log says why.")


def failure(error: Exception) -> OwnError:
    """Return an error of the engine as one of ours; one of ours as it is."""
    if isinstance(error, OwnError):
        return error
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    message, hint = _HINTS.get(code, _FALLBACK)
    return StorageFailed(message, hint=hint, rule="storage-full" if code == sqlite3.SQLITE_FULL else None)


def undone(error: Exception) -> StorageFailed:
    """Return the error for one whose work was undone because of `error`, which may have been another's."""
    cause = failure(error)
    fresh = StorageFailed(cause.message, hint=cause.hint, rule=cause.rule)
    fresh.__cause__ = error
    return fresh


class SqliteRows:
    """Statements on one connection, inside the transaction that its owner has begun."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, sql: str, args: Sequence[Value] = ()) -> list[Row]:
        """Return all rows."""
        return self._run(sql, args).fetchall()

    def one(self, sql: str, args: Sequence[Value] = ()) -> Row | None:
        """Return the first row, or nothing."""
        row: Row | None = self._run(sql, args).fetchone()
        return row

    def each(self, sql: str, args: Sequence[Value] = ()) -> Iterable[Row]:
        """Yield the rows without holding them all in memory."""
        return self._run(sql, args)

    def execute(self, sql: str, args: Sequence[Value] = ()) -> int:
        """Change something; return how many rows were changed."""
        return self._run(sql, args).rowcount

    def many(self, sql: str, batch: Sequence[Sequence[Value]]) -> None:
        """Execute once for each of the batch."""
        for args in batch:
            self._run(sql, args)

    def _run(self, sql: str, args: Sequence[Value]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, args)
        except sqlite3.IntegrityError as error:
            raise Conflict("There is one of these already.", rule="taken") from error
        except sqlite3.Error as error:
            raise failure(error) from error


def connect_writer(address: str) -> sqlite3.Connection:
    """Return the connection that writes. A new file can be read by its owner only."""
    if address != ":memory:":
        try:
            os.close(os.open(address, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise Misconfigured(f"The database cannot be opened: {error.strerror}.", where="storage") from error
    connection = _connect(address)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def connect_reader(address: str) -> sqlite3.Connection:
    """Return a connection that only reads."""
    return _connect(f"{Path(address).absolute().as_uri()}?mode=ro")


def _connect(address: str) -> sqlite3.Connection:
    return sqlite3.connect(
        address,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
        uri=address.startswith("file:"),
    )


def copy_to(source: sqlite3.Connection, path: Path) -> None:
    """Copy the whole database to a new file. Raises `StorageFailed`, also if the file exists."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        target = sqlite3.connect(path)
        try:
            source.backup(target)
        finally:
            target.close()
    except OSError as error:
        raise StorageFailed(f"The copy cannot be written: {error.strerror}.", hint="Name a new file.") from error
    except sqlite3.Error as error:
        raise failure(error) from error


class Committer:
    """The thread on which COMMIT waits for the disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._orders: SimpleQueue[Callable[[sqlite3.Error | None], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="hanse-commit", daemon=True)
        self._thread.start()

    def commit(self, done: Callable[[sqlite3.Error | None], None]) -> None:
        """Commit, and call `done` on the loop with what went wrong, if anything."""
        self._orders.put(done)

    def stop(self) -> None:
        """End the thread; no commit may be under way."""
        self._orders.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (done := self._orders.get()) is not None:
            error: sqlite3.Error | None = None
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error as raised:
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits any more
                self._loop.call_soon_threadsafe(done, error)
