"""What anchors issued: credentials, the requests for them, and the status lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.anchor.records import Issuance, IssuanceState, Issued, StatusBits
from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows, micros, micros_or_none
from hanse.storage.stores.documents import Documents, Shape

_ISSUED = Shape("issued_credentials", Issued, ("id",), ("tenant", "space", "holder", "valid_until", "renewal"))
_ISSUANCE = Shape("issuances", Issuance, ("id",), ("tenant", "space", "holder", "holder_pid", "created", "is_open"))
_OF_HOLDER = "SELECT doc FROM issued_credentials WHERE space = ? AND holder = ? AND id > ? ORDER BY id LIMIT ?"
_OF_SPACE = "SELECT doc FROM issued_credentials WHERE space = ? AND id > ? ORDER BY id LIMIT ?"
_LIVE = "SELECT doc FROM issued_credentials WHERE space = ? AND holder = ? AND valid_until > ? ORDER BY valid_until, id"
_RENEWABLE = "SELECT doc FROM issued_credentials WHERE renewal <= ? ORDER BY renewal, id LIMIT ?"
_BY_PID = "SELECT doc FROM issuances WHERE tenant = ? AND holder = ? AND holder_pid = ? ORDER BY created DESC, id DESC LIMIT 1"
_NEWEST = "SELECT doc FROM issuances WHERE tenant = ? AND holder = ? ORDER BY created DESC, id DESC LIMIT ?"
_SINCE = "SELECT count(*) FROM issuances WHERE tenant = ? AND holder = ? AND created > ?"
_WAITING = "SELECT doc FROM issuances WHERE is_open = 1 AND space = ? AND holder = ? ORDER BY id LIMIT ?"
_ANSWERABLE = (
    "SELECT issuances.doc FROM issuances JOIN members ON members.space = issuances.space AND members.did = issuances.holder"
    " WHERE issuances.is_open = 1 AND members.status <> 'pending' AND issuances.id > ? ORDER BY issuances.id LIMIT ?"
)
_LISTS = "SELECT tenant, next, changed, revoked, suspended FROM status_lists WHERE space = ? AND number = ? /*lock*/"
_CHANGED = "SELECT changed FROM status_lists WHERE space = ? AND number = ?"
_FREE = "SELECT number, next FROM status_lists WHERE space = ? ORDER BY number DESC LIMIT 1 /*lock*/"
_ADD = "INSERT INTO status_lists (space, number, tenant, next, changed, revoked, suspended) VALUES (?, ?, ?, ?, ?, ?, ?)"
_RESERVE = "UPDATE status_lists SET next = ? WHERE space = ? AND number = ? AND next < ?"
_FLIP = "UPDATE status_lists SET changed = ?, revoked = ?, suspended = ? WHERE space = ? AND number = ?"


class IssuedCredentials(Documents[Issued]):
    """Credentials that the anchors of this server have issued; their texts are with their holders."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _ISSUED)

    def get(self, id: str) -> Issued | None:
        """Return one of whatever space, or nothing."""
        return self._get(id)

    def put(self, issued: Issued) -> None:
        """Insert or replace."""
        end, renewal = micros(issued.valid_until), micros_or_none(issued.renew_from)
        self._put(issued, issued.id, issued.tenant, issued.space, issued.holder, end, renewal)

    def page(self, space: str, *, holder: Did | None, after: str | None, limit: int) -> Sequence[Issued]:
        """Return up to `limit` in the order of their ids, those after the id `after`; of one holder, or (absent) of all."""
        if holder is None:
            return self._read(_OF_SPACE, (space, after or "", limit))
        return self._read(_OF_HOLDER, (space, holder, after or "", limit))

    def live(self, space: str, holder: Did, since: datetime) -> Sequence[Issued]:
        """Return all of the holder's that end after `since`, taken back or not, those that end first in front."""
        return self._read(_LIVE, (space, holder, micros(since)))

    def renewable(self, now: datetime, *, limit: int) -> Sequence[Issued]:
        """Return up to `limit` of all spaces of which a renewal is to be offered by now, the longest due in front."""
        return self._read(_RENEWABLE, (micros(now), limit))


class Issuances(Documents[Issuance]):
    """Holders' requests at the anchors of this server."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _ISSUANCE)

    def get(self, id: str) -> Issuance | None:
        """Return one of whatever issuer, or nothing."""
        return self._get(id)

    def by_holder_pid(self, tenant: Tenant, holder: Did, holder_pid: str) -> Issuance | None:
        """Return the holder's newest request of that name at this issuer, or nothing."""
        return next(iter(self._read(_BY_PID, (tenant, holder, holder_pid))), None)

    def newest(self, tenant: Tenant, holder: Did, *, limit: int) -> Sequence[Issuance]:
        """Return up to `limit` requests of the holder at this issuer, the newest first."""
        return self._read(_NEWEST, (tenant, holder, limit))

    def count_since(self, tenant: Tenant, holder: Did, since: datetime) -> int:
        """Return how many requests the holder has made at this issuer after `since`."""
        row = self._rows.one(_SINCE, (tenant, holder, micros(since)))
        return 0 if row is None else int(row[0])

    def waiting(self, space: str, holder: Did, *, limit: int) -> Sequence[Issuance]:
        """Return up to `limit` of the holder's requests in a space that have not been answered, the oldest first."""
        return self._read(_WAITING, (space, holder, limit))

    def answerable(self, *, after: str, limit: int) -> Sequence[Issuance]:
        """Return up to `limit` of all spaces that wait although it is decided about their holder, by id, those after `after`."""
        return self._read(_ANSWERABLE, (after, limit))

    def put(self, issuance: Issuance) -> None:
        """Insert or replace."""
        where = (issuance.id, issuance.tenant, issuance.space, issuance.holder, issuance.holder_pid)
        self._put(issuance, *where, micros(issuance.created), int(issuance.state is IssuanceState.RECEIVED))


class StatusLists:
    """The status lists of the spaces anchored here. Their bits are touched only where they are needed."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, space: str, number: int) -> StatusBits | None:
        """Return the lists of that number, or nothing."""
        row = self._rows.one(_LISTS, (space, number))
        if row is None:
            return None
        tenant, free, changed, revoked, suspended = row
        return StatusBits(
            space=space, tenant=tenant, number=number, next=free, revoked=bytes(revoked), suspended=bytes(suspended), changed=changed
        )

    def changed(self, space: str, number: int) -> int | None:
        """Return how often bits of the lists of that number were flipped, or nothing if there are no such lists."""
        row = self._rows.one(_CHANGED, (space, number))
        return None if row is None else int(row[0])

    def last(self, space: str) -> tuple[int, int] | None:
        """Return the highest number and the first index that is free there, or nothing."""
        row = self._rows.one(_FREE, (space,))
        return None if row is None else (int(row[0]), int(row[1]))

    def add(self, lists: StatusBits) -> None:
        """Insert. Raises `Conflict` if there are lists of that number, also when another server process has just made them."""
        bits = (lists.next, lists.changed, lists.revoked, lists.suspended)
        self._rows.execute(_ADD, (lists.space, lists.number, lists.tenant, *bits))

    def reserve(self, space: str, number: int, free: int) -> None:
        """Say that `free` is the first free index now. It never falls."""
        self._rows.execute(_RESERVE, (free, space, number, free))

    def flip(self, lists: StatusBits) -> None:
        """Store the bits of lists that are there, and `changed`; what is free there stays."""
        self._rows.execute(_FLIP, (lists.changed, lists.revoked, lists.suspended, lists.space, lists.number))
