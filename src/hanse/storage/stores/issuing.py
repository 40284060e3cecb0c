"""What anchors issued: credentials, the requests for them, and the status lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.anchor.records import Issuance, Issued, StatusBits
from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows, micros
from hanse.storage.stores.documents import Documents, Shape

_ISSUED = Shape("issued_credentials", Issued, ("id",), ("tenant", "space", "holder", "valid_until"))
_ISSUANCE = Shape("issuances", Issuance, ("id",), ("tenant", "space", "holder", "holder_pid"))
_STATUS = Shape("status_lists", StatusBits, ("space", "number"), ("tenant",))
_OF_HOLDER = "SELECT doc FROM issued_credentials WHERE space = ? AND holder = ? AND id > ? ORDER BY id LIMIT ?"
_OF_SPACE = "SELECT doc FROM issued_credentials WHERE space = ? AND id > ? ORDER BY id LIMIT ?"
_ENDING = "SELECT doc FROM issued_credentials WHERE space = ? AND valid_until > ? AND valid_until <= ? ORDER BY valid_until, id LIMIT ?"
_BY_PID = "SELECT doc FROM issuances WHERE tenant = ? AND holder = ? AND holder_pid = ? ORDER BY id DESC LIMIT 1"
_ISSUANCES = "SELECT doc FROM issuances WHERE tenant = ? AND holder = ? ORDER BY id DESC LIMIT ?"
_LAST = "SELECT doc FROM status_lists WHERE space = ? ORDER BY number DESC LIMIT 1 /*lock*/"


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
        self._put(issued, issued.id, issued.tenant, issued.space, issued.holder, micros(issued.valid_until))

    def page(self, space: str, *, holder: Did | None, after: str | None, limit: int) -> Sequence[Issued]:
        """Return up to `limit` in the order of their ids, those after the id `after`; of one holder, or (absent) of all."""
        if holder is None:
            return self._read(_OF_SPACE, (space, after or "", limit))
        return self._read(_OF_HOLDER, (space, holder, after or "", limit))

    def ending(self, space: str, *, since: datetime, until: datetime, limit: int) -> Sequence[Issued]:
        """Return up to `limit` that end after `since` and not after `until`, the earliest first."""
        return self._read(_ENDING, (space, micros(since), micros(until), limit))


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

    def of_holder(self, tenant: Tenant, holder: Did, *, limit: int) -> Sequence[Issuance]:
        """Return up to `limit` requests of the holder at this issuer, the newest first."""
        return self._read(_ISSUANCES, (tenant, holder, limit))

    def put(self, issuance: Issuance) -> None:
        """Insert or replace."""
        self._put(issuance, issuance.id, issuance.tenant, issuance.space, issuance.holder, issuance.holder_pid)


class StatusLists(Documents[StatusBits]):
    """The status lists of the spaces anchored here."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _STATUS)

    def get(self, space: str, number: int) -> StatusBits | None:
        """Return the lists of that number, or nothing."""
        return self._get(space, number)

    def last(self, space: str) -> StatusBits | None:
        """Return the lists with the highest number, or nothing."""
        return next(iter(self._read(_LAST, (space,))), None)

    def put(self, lists: StatusBits) -> None:
        """Insert or replace."""
        self._put(lists, lists.space, lists.number, lists.tenant)
