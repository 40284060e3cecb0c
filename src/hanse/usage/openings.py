"""Openings: stored data is used under an agreement, decided and counted by the consumer's own server.

What the terms ask of it (a purpose, an application) is stated with the opening, or was stated to the provider before; it goes to the
log, and to the provider if the terms ask for that. An opening that runs is decided again like a transfer, and ends when it is no
longer permitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hanse.dsp.messages import Role
from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, Conflict, Forbidden, Invalid, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Tenant
from hanse.odrl.names import plain
from hanse.usage.decision import Answer
from hanse.usage.gather import DECLARABLE
from hanse.usage.ports import Database, Deals, UsageTx
from hanse.usage.records import Deal, Kind, Owed, Use
from hanse.usage.uses import Uses

LONGEST: Final = 2_048
"""Characters of one statement."""


class Openings:
    """The use cases of opening stored data, and of looking at all uses."""

    def __init__(self, database: Database, uses: Uses, deals: Deals, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._uses = uses
        self._deals = deals
        self._clock = clock
        self._ids = ids

    async def open(self, tenant: Tenant, agreement: str, action: str, stated: Mapping[str, str]) -> Use:
        """Open stored data, if the agreement permits it now; return the use, which has begun.

        Raises `Forbidden` (rule `policy`) with the reasons, `NotFound`, `Conflict` for an agreement that has ended or gives the data away,
        or under which none has come (rule `no-data`), and `Invalid` for what cannot be stated.
        """
        return (await self.open_all(tenant, agreement, action, stated, 1))[0]

    async def open_all(self, tenant: Tenant, agreement: str, action: str, stated: Mapping[str, str], times: int) -> tuple[Use, ...]:
        """Open it so many times, or not at all: where one more is not permitted, none is counted. Raises as `open` does."""
        return await self.open_each(tenant, (agreement,), action, stated, times)

    async def open_each(
        self, tenant: Tenant, agreements: Sequence[str], action: str, stated: Mapping[str, str], times: int
    ) -> tuple[Use, ...]:
        """Open data that stands under all of these agreements so many times, or not at all; return the uses, agreement by agreement.

        Where one of them does not permit one more, nothing is counted under any. Raises as `open` does; with several agreements `where`
        is the id of the one that refuses.
        """
        said = check_stated(stated)

        def work(tx: UsageTx) -> tuple[Use, ...]:
            found: list[Use] = []
            for one in agreements:
                try:
                    found += self._opened(tx, tenant, one, action, said, times)
                except CallerError as error:
                    error.where = one if len(agreements) > 1 else error.where
                    raise
            return tuple(found)

        return await self._database.run(work)

    def _opened(self, tx: UsageTx, tenant: Tenant, agreement: str, action: str, said: dict[str, str], times: int) -> list[Use]:
        deal = self._deals.deal(tx, tenant, agreement)
        if deal.role is not Role.CONSUMER:
            raise Conflict("You provide this data; it is yours to use.", where="agreement", rule="own-data")
        _require_data(tx, deal)
        return [self._admitted(tx, deal, self._new(deal, action, said)) for _ in range(times)]

    def _admitted(self, tx: UsageTx, deal: Deal, use: Use) -> Use:
        answer = self._uses.admit(tx, deal, use)
        if answer.permitted:
            return use
        hint = f"`hanse contracts show {deal.id}` shows what it permits; say what it is for with --action and --purpose."
        error = Forbidden(f"The agreement does not permit this: {answer.sentence}", where="agreement", rule="policy", hint=hint)
        error.keep = lambda kept: self._uses.refused(kept, deal, use, answer.sentence)
        raise error

    async def close(self, tenant: Tenant, id: str) -> Use:
        """End an opening. Raises `NotFound`, `Conflict` for a transfer, which ends by itself."""

        def work(tx: UsageTx) -> Use:
            use = _known(tx, tenant, id)
            if use.kind is not Kind.OPENING:
                raise Conflict("A transfer is ended as a transfer.", where="id", hint="`hanse transfers complete` does that.")
            self._uses.end(tx, self._deals.past(tx, tenant, use.agreement), id)
            return _known(tx, tenant, id)

        return await self._database.run(work)

    async def check(self, tenant: Tenant, agreement: str, action: str, stated: Mapping[str, str]) -> tuple[Deal, Answer]:
        """Decide whether one more use under the agreement would be permitted now, and count nothing. Raises as `open` does."""
        said = check_stated(stated)

        def work(tx: UsageTx) -> tuple[Deal, Answer]:
            deal = self._deals.deal(tx, tenant, agreement)
            _require_data(tx, deal)
            return deal, self._uses.again(tx, deal, self._new(deal, action, said))

        return await self._database.read(work)

    async def explain(self, tenant: Tenant, id: str) -> tuple[Use, Deal | None, Answer | None]:
        """Return a use, and while it is under way its agreement and what is decided of it now. Raises `NotFound`."""

        def work(tx: UsageTx) -> tuple[Use, Deal | None, Answer | None]:
            use = _known(tx, tenant, id)
            if use.ended is not None:
                return use, None, None
            try:
                deal = self._deals.deal(tx, tenant, use.agreement)
            except (NotFound, Conflict):
                return use, None, None
            return use, deal, self._uses.again(tx, deal, use)

        return await self._database.read(work)

    async def owed(self, tenant: Tenant, agreement: str) -> Sequence[Owed]:
        """Return how far the obligations of an agreement are, ended or not."""
        return await self._database.read(lambda tx: tuple(tx.owed.of_agreement(tenant, agreement)))

    async def get(self, tenant: Tenant, id: str) -> Use:
        """Return a use. Raises `NotFound`."""
        return await self._database.read(lambda tx: _known(tx, tenant, id))

    async def page(self, tenant: Tenant, *, agreement: str | None, after: str | None, limit: int) -> Sequence[Use]:
        """Return up to `limit` uses, newest first, those older than the id `after`; of one agreement if it is named."""
        return await self._database.read(lambda tx: tx.uses.page(tenant, agreement=agreement, after=after, limit=limit))

    def _new(self, deal: Deal, action: str, stated: dict[str, str]) -> Use:
        now = self._clock.now()
        return Use(
            id=self._ids.new("use"),
            tenant=deal.tenant,
            agreement=deal.id,
            peer=deal.peer,
            role=deal.role,
            kind=Kind.OPENING,
            action=action,
            stated=stated,
            reserved=now,
            began=now,
        )


def _require_data(tx: UsageTx, deal: Deal) -> None:
    """Raise `Conflict` before any data has come: what its provider judges before it lets it go is not judged yet."""
    if deal.role is Role.CONSUMER and not tx.uses.fetched(deal.tenant, deal.id):
        raise Conflict("No data has come under this agreement yet.", where="agreement", rule="no-data", hint="`hanse get` fetches it.")


def check_stated(stated: Mapping[str, str]) -> dict[str, str]:
    """Return what is stated, by plain names. Raises `Invalid` for what cannot be stated, or is too long."""
    found: dict[str, str] = {}
    for name, value in stated.items():
        known = next((one for one in DECLARABLE if plain(name) in (one, one.rpartition(":")[2])), None)
        if known is None:
            names = ", ".join(sorted(one.rpartition(":")[2] for one in DECLARABLE))
            raise Invalid(f"{name[:80]!r} is nothing that can be stated.", where="stated", rule="stated", hint=f"Known: {names}.")
        if not 0 < len(value) <= LONGEST:
            raise Invalid(f"A statement has 1 to {LONGEST} characters.", where=f"stated.{name[:80]}", rule="length")
        found[known] = value
    return found


def _known(tx: UsageTx, tenant: Tenant, id: str) -> Use:
    use = tx.uses.get(tenant, id)
    if use is None:
        raise NotFound(f"There is no use {id[:80]!r} here.", where="id")
    return use
