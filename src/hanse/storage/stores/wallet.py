"""Held credentials, requests at issuers, and DCP messages on their way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows, micros, micros_or_none, moment_of
from hanse.storage.stores.documents import Documents, Shape
from hanse.wallet.records import CredentialRequest, Held, Letter

_HELD = Shape("held_credentials", Held, ("tenant", "id"))
_REQUEST = Shape("credential_requests", CredentialRequest, ("tenant", "holder_pid"), ("due",))
_LETTER = Shape("letters", Letter, ("id",), ("tenant", "receiver", "due"))
_OF_TENANT = "SELECT doc FROM held_credentials WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?"
_REQUESTS = "SELECT doc FROM credential_requests WHERE tenant = ? AND holder_pid > ? ORDER BY holder_pid LIMIT ?"
_TO_ASK = "SELECT doc FROM credential_requests WHERE due <= ? ORDER BY due, tenant, holder_pid LIMIT ?"
_NEXT_TO_ASK = "SELECT min(due) FROM credential_requests WHERE due IS NOT NULL"
_DUE = "SELECT doc FROM letters WHERE due <= ? AND receiver NOT IN ($busy) ORDER BY due LIMIT 1 /*skip*/"
_NEXT = "SELECT min(due) FROM letters WHERE receiver NOT IN ($busy)"
_TO = "SELECT id FROM letters WHERE tenant = ? AND receiver = ? ORDER BY id"
_COUNT = "SELECT count(*) FROM letters"


class HeldCredentials(Documents[Held]):
    """Credentials that participants hold about themselves."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _HELD)

    def get(self, tenant: Tenant, id: str) -> Held | None:
        """Return one, or nothing."""
        return self._get(tenant, id)

    def put(self, held: Held) -> None:
        """Insert or replace."""
        self._put(held, held.tenant, held.id)

    def delete(self, tenant: Tenant, id: str) -> None:
        """Forget one, if it is there."""
        self._delete(tenant, id)

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Held]:
        """Return up to `limit` in the order of their ids, those after the id `after`."""
        return self._read(_OF_TENANT, (tenant, after or "", limit))


class CredentialRequests(Documents[CredentialRequest]):
    """Requests of participants at issuers."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _REQUEST)

    def get(self, tenant: Tenant, holder_pid: str) -> CredentialRequest | None:
        """Return one, or nothing. What is read in a writing transaction is locked until its end."""
        return self._get(tenant, holder_pid)

    def put(self, request: CredentialRequest) -> None:
        """Insert or replace."""
        self._put(request, request.tenant, request.holder_pid, micros_or_none(request.due))

    def delete(self, tenant: Tenant, holder_pid: str) -> None:
        """Forget one, if it is there."""
        self._delete(tenant, holder_pid)

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[CredentialRequest]:
        """Return up to `limit` in the order of their ids, those after the id `after`."""
        return self._read(_REQUESTS, (tenant, after or "", limit))

    def due(self, now: datetime, *, limit: int) -> Sequence[CredentialRequest]:
        """Return up to `limit` of all participants of which the issuer is to be asked by now, the longest due in front."""
        return self._read(_TO_ASK, (micros(now), limit))

    def next_due(self) -> datetime | None:
        """Return when the next one is due, or nothing."""
        row = self._rows.one(_NEXT_TO_ASK)
        return None if row is None or row[0] is None else moment_of(int(row[0]))


class Letters(Documents[Letter]):
    """DCP messages on their way, of all participants."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _LETTER)

    def get(self, id: str) -> Letter | None:
        """Return one, or nothing: it has arrived, or was given up. What is read in a writing transaction is locked until its end."""
        return self._get(id)

    def put(self, letter: Letter) -> None:
        """Insert or replace."""
        self._put(letter, letter.id, letter.tenant, letter.to, micros(letter.due))

    def delete(self, id: str) -> None:
        """Forget one, if it is there."""
        self._delete(id)

    def longest_due(self, now: datetime, busy: Collection[Did]) -> Letter | None:
        """Return the one that has been due for longest, of those to nobody in `busy`; not one that another process is just taking."""
        found = self._read(_without(_DUE, busy), (micros(now), "", *busy))
        return found[0] if found else None

    def next_due(self, busy: Collection[Did]) -> datetime | None:
        """Return when the next one to nobody in `busy` is due, or nothing."""
        row = self._rows.one(_without(_NEXT, busy), ("", *busy))
        return None if row is None or row[0] is None else moment_of(int(row[0]))

    def to(self, tenant: Tenant, receiver: Did) -> Sequence[str]:
        """Return the ids of the tenant's letters to that receiver, the oldest first."""
        return [id for (id,) in self._rows.all(_TO, (tenant, receiver))]

    def count(self) -> int:
        """Return how many of all participants are on their way."""
        row = self._rows.one(_COUNT)
        return int(row[0]) if row else 0


def _without(sql: str, busy: Collection[Did]) -> str:
    # One more than there are: an empty list is no SQL, and no DID is the empty text.
    return sql.replace("$busy", ", ".join("?" * (len(busy) + 1)))
