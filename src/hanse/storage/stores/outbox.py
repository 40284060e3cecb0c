"""Messages that wait for an acknowledgement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from hanse.connector.records import Outgoing
from hanse.storage.rows import Rows, micros, moment_of

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Outgoing).decode

_GET = "SELECT doc FROM outbox WHERE id = ? /*lock*/"
_PUT = (
    "INSERT INTO outbox (id, tenant, process, due, doc) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " tenant = excluded.tenant, process = excluded.process, due = excluded.due, doc = excluded.doc"
)
_DELETE = "DELETE FROM outbox WHERE id = ?"
_CLAIM = "SELECT doc FROM outbox WHERE due <= ? ORDER BY due LIMIT ? /*skip*/"
_NEXT = "SELECT min(due) FROM outbox"
_COUNT = "SELECT count(*) FROM outbox"


class Outbox:
    """Messages of all tenants by their unguessable ids; no caller from outside names one."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, id: str) -> Outgoing | None:
        """Return the message, or nothing once it is settled."""
        row = self._rows.one(_GET, (id,))
        return None if row is None else _decode(row[0])

    def put(self, message: Outgoing) -> None:
        """Insert or replace."""
        self._rows.execute(_PUT, (message.id, message.tenant, message.process, micros(message.due), _encode(message)))

    def delete(self, id: str) -> None:
        """Forget a settled message."""
        self._rows.execute(_DELETE, (id,))

    def claim(self, now: datetime, until: datetime, limit: int) -> Sequence[Outgoing]:
        """Return due messages and move their `due` to `until`, so that only this server process sends them."""
        messages = [_decode(doc) for (doc,) in self._rows.all(_CLAIM, (micros(now), limit))]
        for message in messages:
            message.due = until
            self.put(message)
        return messages

    def count(self) -> int:
        """Return how many messages of all tenants wait."""
        row = self._rows.one(_COUNT)
        return int(row[0]) if row else 0

    def next_due(self) -> datetime | None:
        """Return when the next message is due."""
        row = self._rows.one(_NEXT)
        return None if row is None or row[0] is None else moment_of(row[0])
