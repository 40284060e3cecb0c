"""How participants work together with spaces, and the copies of their catalogues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.factory.links.records import Link
from hanse.factory.links.replicas import Copy
from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows, micros, micros_or_none, moment_of
from hanse.storage.stores.documents import Documents, Shape

_LINK = Shape("links", Link, ("tenant", "space"), ("due",))
_OF = "SELECT doc FROM links WHERE tenant = ? ORDER BY space"
_DUE = "SELECT doc FROM links WHERE due <= ? ORDER BY due LIMIT ? /*skip*/"
_NEXT_DUE = "SELECT min(due) FROM links WHERE due IS NOT NULL"
_ALL = "SELECT doc FROM links ORDER BY tenant, space"

_COPY = Shape("link_catalogues", Copy, ("tenant", "space", "peer"))
_COPIES = "SELECT doc FROM link_catalogues WHERE tenant = ? AND space = ? ORDER BY peer"
_COPIED = "SELECT DISTINCT tenant, space FROM link_catalogues ORDER BY tenant, space"


class Links(Documents[Link]):
    """One link per participant and space."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _LINK)

    def get(self, tenant: Tenant, space: str) -> Link | None:
        """Return the link, or nothing."""
        return self._get(tenant, space)

    def put(self, link: Link) -> None:
        """Insert or replace."""
        self._put(link, link.tenant, link.space, None if link.ended is not None else micros_or_none(link.until))

    def of(self, tenant: Tenant) -> Sequence[Link]:
        """Return all links of a participant, ended ones included, by the addresses of the spaces."""
        return self._read(_OF, (tenant,))

    def due(self, now: datetime, limit: int) -> Sequence[Link]:
        """Return links of all participants that have not ended and whose time is over, those that no other server process holds."""
        return self._read(_DUE, (micros(now), limit))

    def next_due(self) -> datetime | None:
        """Return when the next one ends."""
        row = self._rows.one(_NEXT_DUE)
        return None if row is None or row[0] is None else moment_of(row[0])

    def every(self) -> Sequence[Link]:
        """Return the links of all participants."""
        return self._read(_ALL, ())


class LinkCopies(Documents[Copy]):
    """Copies of the catalogues of members of spaces."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _COPY)

    def put(self, copy: Copy) -> None:
        """Insert or replace."""
        self._put(copy, copy.tenant, copy.space, copy.peer)

    def of(self, tenant: Tenant, space: str) -> Sequence[Copy]:
        """Return those of a space, by the members' DIDs."""
        return self._read(_COPIES, (tenant, space))

    def delete(self, tenant: Tenant, space: str, peer: Did) -> None:
        """Forget one."""
        self._delete(tenant, space, peer)

    def spaces(self) -> Sequence[tuple[Tenant, str]]:
        """Return of which spaces there are copies, for all participants."""
        return [(Tenant(row[0]), row[1]) for row in self._rows.all(_COPIED)]
