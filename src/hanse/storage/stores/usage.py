"""Uses and what they have taken, facts that were told, and how far obligations are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.kernel.tenant import Tenant
from hanse.odrl.facts import Done
from hanse.storage.rows import Rows, micros, micros_or_none, moment_of
from hanse.storage.stores.documents import Documents, Shape
from hanse.usage.records import Kind, Owed, Tally, Told, Use

_USE = Shape("uses", Use, ("tenant", "id"), ("agreement", "is_open", "due"))
_FIRST = "SELECT doc FROM uses WHERE tenant = ? ORDER BY id DESC LIMIT ?"
_AFTER = "SELECT doc FROM uses WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?"
_FIRST_OF = "SELECT doc FROM uses WHERE tenant = ? AND agreement = ? ORDER BY id DESC LIMIT ?"
_AFTER_OF = "SELECT doc FROM uses WHERE tenant = ? AND agreement = ? AND id < ? ORDER BY id DESC LIMIT ?"
_DUE = "SELECT doc FROM uses WHERE due <= ? ORDER BY due LIMIT ? /*skip*/"
_NEXT_DUE = "SELECT min(due) FROM uses WHERE due IS NOT NULL"
_MAKE_DUE = "UPDATE uses SET due = ? WHERE tenant = ? AND is_open = 1 AND (agreement = ? OR ? = '')"
_OPEN_TALLY = "INSERT INTO tallies (tenant, agreement, count, volume, seconds) VALUES (?, ?, 0, 0, 0) ON CONFLICT DO NOTHING"
_TALLY = "SELECT count, volume, seconds, last FROM tallies WHERE tenant = ? AND agreement = ?"
_HOLD = _TALLY + " /*lock*/"
_PUT_TALLY = "UPDATE tallies SET count = ?, volume = ?, seconds = ?, last = ? WHERE tenant = ? AND agreement = ?"

_TOLD = Shape("told", Told, ("tenant", "about", "name"))
_TOLD_OF = "SELECT doc FROM told WHERE tenant = ? AND about IN ($marks) ORDER BY about, name"
_TOLD_PAGE = "SELECT doc FROM told WHERE tenant = ? ORDER BY about, name LIMIT ?"

_OWED = Shape("owed", Owed, ("tenant", "agreement", "path"), ("due",))
_OWED_OF = "SELECT doc FROM owed WHERE tenant = ? AND agreement = ? ORDER BY path"
_OVERDUE = "SELECT doc FROM owed WHERE due <= ? ORDER BY due LIMIT ? /*skip*/"
_NEXT_DEADLINE = "SELECT min(due) FROM owed WHERE due IS NOT NULL"


class Uses(Documents[Use]):
    """Uses, and what they have taken per agreement."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _USE)

    def get(self, tenant: Tenant, id: str) -> Use | None:
        """Return the use, or nothing."""
        return self._get(tenant, id)

    def put(self, use: Use) -> None:
        """Insert or replace."""
        open_ = use.ended is None
        self._put(use, use.tenant, use.id, use.agreement, int(open_), micros_or_none(use.due) if open_ else None)

    def hold(self, tenant: Tenant, agreement: str) -> Tally:
        """Return the agreement's tally, and keep others from changing it until the transaction ends."""
        self._rows.execute(_OPEN_TALLY, (tenant, agreement))
        return self._tally(_HOLD, tenant, agreement)

    def tally(self, tenant: Tenant, agreement: str) -> Tally:
        """Return the agreement's tally for a look."""
        return self._tally(_TALLY, tenant, agreement)

    def put_tally(self, tally: Tally) -> None:
        """Replace the tally that is held."""
        self._rows.execute(
            _PUT_TALLY, (tally.count, tally.volume, tally.seconds, micros_or_none(tally.last), tally.tenant, tally.agreement)
        )

    def page(self, tenant: Tenant, *, agreement: str | None, after: str | None, limit: int) -> Sequence[Use]:
        """Return up to `limit` uses, newest first, those older than the id `after`."""
        if agreement is None:
            return self._read(_FIRST, (tenant, limit)) if after is None else self._read(_AFTER, (tenant, after, limit))
        if after is None:
            return self._read(_FIRST_OF, (tenant, agreement, limit))
        return self._read(_AFTER_OF, (tenant, agreement, after, limit))

    def fetched(self, tenant: Tenant, agreement: str) -> bool:
        """Tell whether a transfer under the agreement has ever begun."""
        after: str | None = "use_"  # the ids of transfers come before those of openings
        while page := self.page(tenant, agreement=agreement, after=after, limit=100):
            if any(use.kind is Kind.TRANSFER and use.began is not None for use in page):
                return True
            after = page[-1].id
        return False

    def due(self, now: datetime, limit: int) -> Sequence[Use]:
        """Return uses of all tenants that are due to be decided again, those that no other server process holds."""
        return self._read(_DUE, (micros(now), limit))

    def next_due(self) -> datetime | None:
        """Return the earliest of these moments of all tenants."""
        row = self._rows.one(_NEXT_DUE)
        return None if row is None or row[0] is None else moment_of(row[0])

    def make_due(self, tenant: Tenant, agreement: str, moment: datetime) -> None:
        """Let all uses under way be decided again at `moment`; of all the tenant's agreements if `agreement` is empty."""
        self._rows.execute(_MAKE_DUE, (micros(moment), tenant, agreement, agreement))

    def _tally(self, sql: str, tenant: Tenant, agreement: str) -> Tally:
        row = self._rows.one(sql, (tenant, agreement)) or (0, 0, 0, None)
        last = None if row[3] is None else moment_of(row[3])
        return Tally(tenant=tenant, agreement=agreement, count=row[0], volume=row[1], seconds=row[2], last=last)


class ToldFacts(Documents[Told]):
    """Facts that operators and hooks told."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _TOLD)

    def get(self, tenant: Tenant, about: str, name: str) -> Told | None:
        """Return one."""
        return self._get(tenant, about, name)

    def put(self, told: Told) -> None:
        """Insert or replace."""
        self._put(told, told.tenant, told.about, told.name)

    def delete(self, tenant: Tenant, about: str, name: str) -> None:
        """Forget one."""
        self._delete(tenant, about, name)

    def of(self, tenant: Tenant, about: Sequence[str]) -> Sequence[Told]:
        """Return all facts about any of these."""
        return self._read(_TOLD_OF.replace("$marks", ", ".join("?" for _ in about)), (tenant, *about))

    def page(self, tenant: Tenant, *, limit: int) -> Sequence[Told]:
        """Return up to `limit` facts, by what they are about."""
        return self._read(_TOLD_PAGE, (tenant, limit))


class OwedDuties(Documents[Owed]):
    """How far obligations are."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _OWED)

    def of_agreement(self, tenant: Tenant, agreement: str) -> Sequence[Owed]:
        """Return the obligations of an agreement of which anything is known."""
        return self._read(_OWED_OF, (tenant, agreement))

    def put(self, owed: Owed) -> None:
        """Insert or replace. Only what is pending has a deadline that somebody waits for."""
        due = micros_or_none(owed.due) if owed.state is Done.PENDING else None
        self._put(owed, owed.tenant, owed.agreement, owed.path, due)

    def overdue(self, now: datetime, limit: int) -> Sequence[Owed]:
        """Return obligations of all tenants that are pending and whose deadline has passed."""
        return self._read(_OVERDUE, (micros(now), limit))

    def next_deadline(self) -> datetime | None:
        """Return the earliest of these deadlines of all tenants."""
        row = self._rows.one(_NEXT_DEADLINE)
        return None if row is None or row[0] is None else moment_of(row[0])
