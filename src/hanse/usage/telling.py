"""Facts that an operator or a hook tells: payments, consents, events, classifications, and what else nobody here can measure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import structs

from hanse.kernel.clock import Clock
from hanse.kernel.errors import Invalid, NotFound
from hanse.kernel.tenant import Tenant
from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.told import told_value
from hanse.odrl.names import EVENT, HANSE, plain
from hanse.usage.gather import MEASURED, SKEW, STATED, UNSTATED
from hanse.usage.ports import Database, UsageTx
from hanse.usage.records import FactChanged, Told

EVENTS: Final = 1_000
"""Events that are remembered about one thing."""
LONGEST: Final = 2_048


class Telling:
    """The use cases of telling facts. Each change lets what runs be decided again."""

    def __init__(self, database: Database, operands: Operands, clock: Clock) -> None:
        self._database = database
        self._operands = operands
        self._clock = clock

    async def tell(
        self,
        tenant: Tenant,
        about: str,
        name: str,
        value: str,
        *,
        source: str,
        observed: datetime | None = None,
        expires: datetime | None = None,
    ) -> Told:
        """Write down a fact; an event is added to those that have happened, and an empty one says that none has yet.

        `about` is an agreement, an asset, a participant, or empty for everything. Raises `Invalid`.
        """
        known = self._name(name)
        seen = observed or self._clock.now()
        self._check(known, value, about, source, seen)
        if expires is not None and expires <= self._clock.now():
            raise Invalid("It would count for nothing: that is over.", where="expires", rule="past")
        values = (value,) if value else ()
        told = Told(tenant=tenant, about=about, name=known, values=values, source=source, observed=seen, expires=expires)

        def work(tx: UsageTx) -> Told:
            before = tx.told.get(tenant, about, known)
            fact = _merged(before, told, self._clock.now()) if known == EVENT and before is not None else told
            tx.told.put(fact)
            self._changed(tx, tenant)
            return fact

        return await self._database.run(work)

    async def untell(self, tenant: Tenant, about: str, name: str) -> None:
        """Take a fact back: from now on it is unknown. Raises `NotFound`."""
        known = self._name(name)

        def work(tx: UsageTx) -> None:
            if tx.told.get(tenant, about, known) is None:
                raise NotFound("Nobody has told that.", where="name")
            tx.told.delete(tenant, about, known)
            self._changed(tx, tenant)

        await self._database.run(work)

    async def told(self, tenant: Tenant, *, limit: int) -> Sequence[Told]:
        """Return up to `limit` facts."""
        return await self._database.read(lambda tx: tx.told.page(tenant, limit=limit))

    def _changed(self, tx: UsageTx, tenant: Tenant) -> None:
        tx.uses.make_due(tenant, "", self._clock.now())
        tx.emit(FactChanged(tenant=tenant))

    def _name(self, name: str) -> str:
        known = next((one for one in self._operands.names() if plain(name) in (one, one.removeprefix(HANSE))), None)
        if known is None or known.endswith(":"):
            usual = "payAmount, paid, consent, event, classification"
            raise Invalid(
                f"{name[:80]!r} is no left operand that is known here.", where="name", rule="fact", hint=f"Usually told: {usual}."
            )
        if known in MEASURED:
            raise Invalid("This is measured or proved; nobody can tell it.", where="name", rule="fact")
        if known in STATED and known not in UNSTATED:
            raise Invalid(
                "Whoever uses the data states this, signed; nobody else can.",
                where="name",
                rule="fact",
                hint="`hanse contracts state` does.",
            )
        return known

    def _check(self, name: str, value: str, about: str, source: str, observed: datetime) -> None:
        if not value and name != EVENT:
            raise Invalid("A fact needs a value.", where="value", rule="required")
        if max(len(value), len(about), len(source)) > LONGEST:
            raise Invalid(f"At most {LONGEST} characters are taken.", where="value", rule="length")
        operand = self._operands.find(name)
        if value and (operand is None or told_value(operand, (value,)) is None):
            raise Invalid(
                "This is no value that the left operand can have.", where="value", rule="value", hint='Like "500.00 EUR", "10 GB".'
            )
        if observed > self._clock.now() + SKEW:
            raise Invalid("It was observed in the future.", where="observed", rule="not-yet", hint="Compare the clocks.")


def _merged(before: Told, told: Told, now: datetime) -> Told:
    """Add events to those that have happened. None lives longer than it was told to: together they are stale with the first of them."""
    if before.expires is not None and before.expires <= now:
        return told
    values = tuple(dict.fromkeys((*before.values, *told.values)))
    if len(values) > EVENTS:
        raise Invalid(f"At most {EVENTS} events are remembered about one thing.", where="value", rule="quota")
    ends = [one.expires for one in (before, told) if one.expires is not None]
    return structs.replace(told, values=values, expires=min(ends, default=None))
