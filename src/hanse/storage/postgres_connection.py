"""Connections to PostgreSQL, the statements on them, and the thread that listens to other server processes."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from hanse.kernel.errors import Conflict, HanseError, Invalid, OwnError, StorageFailed
from hanse.storage.engine import RESYNC
from hanse.storage.rows import Row, Value

CHANNEL = "hanse"
Connection = psycopg.Connection[Any]
Receive = Callable[[Iterable[tuple[str, str]]], None]

KEPT_ALIVE: dict[str, Any] = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""A server that is gone without a word is noticed after some seconds."""

_LOOK_SECONDS = 0.2  # how long a stop has to wait at most
_RETRY_SECONDS = 2.0
_log = logging.getLogger(__name__)


def connection_settings() -> dict[str, Any]:
    """Return what every connection is opened with. A statement that hangs is ended by the server."""
    return KEPT_ALIVE | {
        "connect_timeout": 5,
        "options": "-c statement_timeout=60s -c lock_timeout=10s -c idle_in_transaction_session_timeout=120s",
    }


@lru_cache(maxsize=512)
def _translated(sql: str, writing: bool) -> bytes:
    """Return a statement as PostgreSQL wants it; locks are taken where something will be written."""
    locked = "FOR UPDATE" if writing else ""
    skipping = "FOR UPDATE SKIP LOCKED" if writing else ""
    text = sql.replace("%", "%%").replace("?", "%s").replace("/*lock*/", locked).replace("/*skip*/", skipping)
    return text.encode()


class PostgresRows:
    """Statements on one connection, inside one transaction."""

    __slots__ = ("_connection", "_refused", "_writing")

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        self._connection = connection
        self._writing = writing
        self._refused: HanseError | None = None

    def all(self, sql: str, args: Sequence[Value] = ()) -> list[Row]:
        """Return all rows."""
        return self._run(sql, args).fetchall()

    def one(self, sql: str, args: Sequence[Value] = ()) -> Row | None:
        """Return the first row, or nothing."""
        row: Row | None = self._run(sql, args).fetchone()
        return row

    def each(self, sql: str, args: Sequence[Value] = ()) -> Iterable[Row]:
        """Yield the rows without holding them all in memory."""
        try:
            with self._connection.cursor(name="each") as cursor:
                cursor.execute(_translated(sql, False), args)
                yield from cursor
        except psycopg.Error as error:
            raise self._note(error) from error

    def execute(self, sql: str, args: Sequence[Value] = ()) -> int:
        """Change something; return how many rows were changed."""
        return self._run(sql, args).rowcount

    def many(self, sql: str, batch: Sequence[Sequence[Value]]) -> None:
        """Execute once for each of the batch."""
        if batch:
            try:
                with self._connection.cursor() as cursor:
                    cursor.executemany(_translated(sql, self._writing), batch)
            except psycopg.Error as error:
                raise self._note(error) from error

    def require_sound(self) -> None:
        """Raise the refusal that a work has caught and gone on after.

        PostgreSQL has given the transaction up then, and would answer COMMIT with a rollback that the driver does not tell.
        """
        if self._refused is not None and self._connection.info.transaction_status is TransactionStatus.INERROR:
            raise self._refused

    def _run(self, sql: str, args: Sequence[Value]) -> psycopg.Cursor[Any]:
        try:
            # Without arguments the driver takes the text as it is, per cent signs and all.
            return self._connection.execute(_translated(sql, self._writing), args)
        except psycopg.Error as error:
            raise self._note(error) from error

    def _note(self, error: psycopg.Error) -> HanseError:
        refusal = failure(error)
        self._refused = self._refused or refusal  # the first is the reason, what follows are its consequences
        return refusal


def failure(error: BaseException | None) -> HanseError:
    """Return an error of the driver as one of ours; one of ours as it is. The server's own text stays in the cause."""
    if isinstance(error, OwnError):
        return error
    if type(error) is psycopg.DataError:
        # The driver's own refusal, before anything was sent: a text with a zero character is in no column here.
        return Invalid("A text has a zero character.", rule="text")
    if isinstance(error, errors.UniqueViolation):
        return Conflict("There is one of these already.", rule="taken")
    if isinstance(error, errors.DiskFull):
        return StorageFailed("The database's disk is full.", hint="Make room; nothing was changed.", rule="storage-full")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StorageFailed("The database cannot be reached, or has ended the connection.", hint="Is PostgreSQL running?")
    return StorageFailed("The database could not do it.", hint="The log says why.")


class Listener:
    """Hears broadcasts of all server processes, on a connection of its own, and finds back when it is lost."""

    def __init__(self, address: str, receive: Receive) -> None:
        self._address = address
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._stopped = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._work, name="hanse-listen", daemon=True)

    async def start(self) -> None:
        """Begin; returns once broadcasts are heard."""
        self._thread.start()
        await asyncio.to_thread(self._listening.wait, 10.0)

    async def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                _log.warning("Broadcasts are not heard for the moment: %s.", type(error).__name__)
                self._tell(RESYNC, "")
                self._stopped.wait(_RETRY_SECONDS)

    def _listen(self) -> None:
        with psycopg.connect(self._address, autocommit=True, connect_timeout=5, **KEPT_ALIVE) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            if self._listening.is_set():
                self._tell(RESYNC, "")  # what was said meanwhile is lost
            self._listening.set()
            while not self._stopped.is_set():
                self._hear(connection.notifies(timeout=_LOOK_SECONDS))

    def _hear(self, notices: Iterable[psycopg.Notify]) -> None:
        for notice in notices:
            topic, _, payload = notice.payload.partition("\n")
            self._tell(topic, payload)

    def _tell(self, topic: str, payload: str) -> None:
        try:
            self._loop.call_soon_threadsafe(self._receive, [(topic, payload)])
        except RuntimeError:
            self._stopped.set()  # the loop is closed: nobody hears any more
