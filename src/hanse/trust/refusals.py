"""Why a peer's claims were refused: written down under an id that the peer is told, so that both sides can talk about it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from msgspec import Struct

from hanse.kernel.clock import Clock
from hanse.kernel.errors import CallerError, NotFound, StorageFailed
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.bounded import Bounded
from hanse.trust.ports import Database
from hanse.trust.records import Refusal

log = logging.getLogger("hanse.trust")

E = TypeVar("E", bound=CallerError)

PER_HOLDER: Final = 20
"""Refusals of one peer that are kept, and that are written down within `SAME`: what it does beyond that is no news."""
PER_TENANT: Final = 1_000
"""Refusals that are kept for one participant."""
SAME: Final = timedelta(minutes=1)
"""For how long a refusal stands for all that are like it."""
_HOLDERS: Final = 10_000
_LONGEST: Final = 2_000

_DID: Final = "did:"


class _Noted(Struct, frozen=True):
    id: str
    rule: str
    message: str
    at: datetime


class Refusals:
    """Writes refusals down, and finds them again."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._lately: Bounded[tuple[Tenant, Did], tuple[_Noted, ...]] = Bounded(_HOLDERS)

    async def noted(self, tenant: Tenant, holder: Did, error: E, *, inside: str = "") -> E:
        """Write the refusal down and return the same error, whose hint names the id. `inside` is for our own operators' eyes."""
        message = f"{error.message} {inside}".strip()[:_LONGEST]
        key, now = (tenant, holder), self._clock.now()
        lately = tuple(one for one in self._lately.get(key) or () if timedelta() <= now - one.at < SAME)
        noted = next((one for one in lately if (one.rule, one.message) == (error.rule, message)), None)
        if noted is None and len(lately) < PER_HOLDER:
            noted = _Noted(self._ids.new("rfs"), error.rule, message, now)
            self._lately.put(key, (*lately, noted))  # before it is written: who is refused alike meanwhile quotes the same
            await self._write(_refusal(tenant, holder, error, noted))
        if noted is None:
            return error
        hint = f"{error.hint} " if error.hint else ""
        return type(error)(error.message, where=error.where, rule=error.rule, hint=f"{hint}To ask about it, quote {noted.id}.")

    async def explain(self, tenant: Tenant, what: str) -> Sequence[Refusal]:
        """Return the refusal of that id, or the last ones of that peer (a DID), the newest first. Raises `NotFound`."""
        if what.startswith(_DID):
            found = await self._database.read(lambda tx: tx.refusals.of_holder(tenant, Did(what), limit=PER_HOLDER))
        else:
            one = await self._database.read(lambda tx: tx.refusals.get(tenant, what))
            found = [] if one is None else [one]
        if not found:
            raise NotFound(
                f"No refusal is known by {what[:200]!r}.", where="id", hint="The last 20 of a peer are kept; `hanse explain` takes its DID."
            )
        return found

    def forget(self, tenant: Tenant) -> None:
        """Forget what was noted lately: the participant is gone."""
        self._lately.drop(lambda key, _: key[0] == tenant)

    async def _write(self, refusal: Refusal) -> None:
        try:
            await self._database.run(lambda tx: tx.refusals.add(refusal, per_holder=PER_HOLDER, per_tenant=PER_TENANT))
        except StorageFailed as fault:
            log.warning("A refusal of claims could not be written down: %s", fault.message)
        fields = {"id": refusal.id, "participant": refusal.tenant, "peer": refusal.holder, "rule": refusal.rule}
        log.info("claims refused", extra=fields)


def _refusal(tenant: Tenant, holder: Did, error: CallerError, noted: _Noted) -> Refusal:
    return Refusal(
        id=noted.id,
        tenant=tenant,
        holder=holder,
        at=noted.at,
        rule=error.rule,
        message=noted.message,
        where=error.where or "",
        hint=error.hint or "",
    )
