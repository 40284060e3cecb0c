"""The links of a participant with spaces: where each stands, what the next mode needs, what it allows; set and ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from msgspec import Struct, structs

from hanse.evidence import kinds as k
from hanse.evidence.statement import Subject
from hanse.factory.links.limits import Purse, Sought
from hanse.factory.links.modes import Case, lacking, newly, requirements, rights
from hanse.factory.links.ports import Database, Deals, Ledger, LinksTx, Orders, Spaces
from hanse.factory.links.records import (
    Allowed,
    Change,
    Deal,
    Ending,
    Limits,
    Link,
    LinkChanged,
    Mode,
    Requirement,
    Right,
    Standing,
)
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.price import Price

log = logging.getLogger("hanse.links")

BATCH: Final = 100
"""Links that are ended in one turn of the timer."""
_MAX_TEXT: Final = 500


class Wanted(Struct, frozen=True, kw_only=True):
    """What a link is to be. What a mode does not need is left out of it."""

    mode: Mode
    until: datetime | None = None
    project: str = ""
    intermediary: Did | None = None
    limits: Limits = Limits()
    without: tuple[str, ...] | None = None


class Links:
    """The links of all participants."""

    def __init__(self, database: Database, spaces: Spaces, deals: Deals, orders: Orders, ledger: Ledger, clock: Clock) -> None:
        """Take the ports."""
        self._database = database
        self._spaces = spaces
        self._deals = deals
        self._orders = orders
        self._ledger = ledger
        self._clock = clock

    async def all(self, tenant: Tenant) -> Sequence[Standing]:
        """Return where each link stands: of every joined space, and of every other that a link was set for and has not ended."""
        known = {link.space: link for link in await self._database.read(lambda tx: tx.links.of(tenant))}
        joined = await self._spaces.joined(tenant)
        spaces = dict.fromkeys([*joined, *(space for space, link in known.items() if link.ended is None)])
        return await asyncio.gather(*(self.show(tenant, space) for space in spaces))

    async def show(self, tenant: Tenant, space: str) -> Standing:
        """Return where the link with a space stands, and what the next mode needs. Raises `NotFound` without link and membership."""
        link, is_set = await self._link(tenant, space)
        case = await self._case(link)
        following = link.mode.next
        deals = await self._deals.standing(tenant, space, peer=link.intermediary)
        return Standing(
            link=link,
            set=is_set,
            needs=requirements(case),
            rights=rights(case),
            contracts=len(deals),
            next=following,
            next_needs=[] if following is None else requirements(case, following),
        )

    async def needs(self, tenant: Tenant, space: str, wanted: Wanted) -> Sequence[Requirement]:
        """Return what a mode would need with what is said of it; nothing is changed."""
        link, _ = await self._link(tenant, space, required=False)
        return requirements(await self._case(_as_wanted(link, wanted, self._clock.now(), "")))

    async def set(self, tenant: Tenant, space: str, wanted: Wanted, by: str) -> Change:
        """Change the mode; agreements that stand are kept. Raises `Invalid`, and `Conflict` with what is not met, one line each."""
        now = self._clock.now()
        before, was_set = await self._link(tenant, space, required=False)
        after = _as_wanted(before, wanted, now, by)
        case = await self._case(after)
        missing = lacking(requirements(case))
        if missing:
            raise Conflict(
                f"The mode {after.mode} is not possible with {space} yet: " + " ".join(f"{one.what}: {one.how}" for one in missing),
                where="mode",
                rule="needs",
                hint=f"`hanse link needs {after.mode} --space {space}` shows all that it needs.",
            )
        kept = await self._deals.standing(tenant, space, peer=before.intermediary)

        def work(tx: LinksTx) -> None:
            tx.links.put(after)
            self._state(tx, after)
            tx.emit(LinkChanged(tenant, space))

        await self._database.run(work)
        gained = newly(before.mode, after.mode, rights(case)) if was_set or before.mode is not after.mode else ()
        return Change(link=after, kept=tuple(one.id for one in kept), new=gained)

    async def end(self, tenant: Tenant, space: str, why: str, by: str = "us") -> Ending:
        """End a link. What an ad-hoc one has brought ends with it: agreements that stand in no other space, and standing orders.

        Data stays as the terms say that it came under. Asked again, it goes on where it stopped. Raises `NotFound`, `Conflict`.
        """
        link = await self._database.read(lambda tx: tx.links.get(tenant, space))
        if link is None or link.ended is not None:
            raise NotFound("There is no link with this space that could end.", where="space", hint="`hanse link list` shows them.")
        deals = await self._deals.standing(tenant, space, since=link.since) if link.mode is Mode.AD_HOC else []
        ending, kept = await self._apart(tenant, link, deals)
        reason = (why or "The collaboration has ended.")[:_MAX_TEXT]
        ended = [one.id for one in ending if await self._deals.end(tenant, one.id, reason)]
        orders = await self._orders.revoke(tenant, space, reason)
        closed = structs.replace(link, ended=self._clock.now(), why=reason, by=by)

        def work(tx: LinksTx) -> None:
            tx.links.put(closed)
            self._state(tx, closed)
            tx.emit(LinkChanged(tenant, space))

        await self._database.run(work)
        return Ending(link=closed, contracts=tuple(ended), orders=tuple(orders), kept=tuple(one.id for one in kept))

    async def end_due(self) -> None:
        """End the links whose time is over; a chore of the timer."""
        for link in await self._database.read(lambda tx: tx.links.due(self._clock.now(), BATCH)):
            try:
                await self.end(link.tenant, link.space, f"The project {link.project} is over.", "us")
            except HanseError as error:
                log.warning("The link with %s could not be ended: %s", link.space, error.message, extra={"participant": link.tenant})

    async def next_due(self) -> datetime | None:
        """Return when the next link ends."""
        return await self._database.read(lambda tx: tx.links.next_due())

    # What other rooms ask.

    async def may(self, tenant: Tenant, space: str, right: Right) -> Allowed:
        """Tell whether the link with a space allows something now, by its mode and by what the space's rulebook trusts us with."""
        try:
            link, _ = await self._link(tenant, space)
        except NotFound as error:
            return Allowed(yes=False, why=error.message)
        case = await self._case(link)
        if right in rights(case):
            return Allowed(yes=True, why=f"The link with {space} is {link.mode}.", limits=link.limits)
        if link.ended is not None:
            return Allowed(yes=False, why=f"The link with {space} has ended. {link.why}".rstrip())
        lacks = [one for one in requirements(case) if one.met is not True]
        told = " ".join(f"{one.what}: {one.how}" for one in lacks) or f"`hanse link set` changes the mode; it is {link.mode}."
        return Allowed(yes=False, why=f"The link with {space} does not allow to {_DOING[right]} now. {told}")

    async def allowed(
        self, tenant: Tenant, space: str, *, price: Price | None = None, size: int = 0, dataset: str = "", member: str = ""
    ) -> Allowed:
        """Tell whether one more dataset may be acquired from a space without asking a person, within the link's limits."""
        (why,) = await self.unattended(tenant, [Sought(space=space, member=member, dataset=dataset, price=price, size=size)])
        return Allowed(yes=not why, why=why or f"It is within the limits of the link with {space}.")

    async def unattended(self, tenant: Tenant, sought: Sequence[Sought]) -> list[str]:
        """Return of each dataset why it may not be acquired without a person, or nothing if it may: together, the first ones first."""
        purses = {space: await self.purse(tenant, space) for space in dict.fromkeys(one.space for one in sought)}
        found: list[str] = []
        for one in sought:
            purse = purses[one.space]
            why = purse if isinstance(purse, str) else purse.problem(one)
            if not isinstance(purse, str) and not why:
                purse.take(one)
            found.append(why)
        return found

    async def purse(self, tenant: Tenant, space: str) -> Purse | str:
        """Return what is left of the limits of a space now, or why nothing may be acquired there without a person."""
        may = await self.may(tenant, space, "automatic")
        if not may.yes:
            return may.why
        link, _ = await self._link(tenant, space)
        return Purse(link, await self._orders.spent(tenant, space, self._clock.now() - timedelta(days=link.limits.days)))

    async def _apart(self, tenant: Tenant, link: Link, deals: Sequence[Deal]) -> tuple[list[Deal], list[Deal]]:
        """Return those that end with the link, and those that stand by the rules of another space that is not left with it."""
        joined = set(await self._spaces.joined(tenant)) - {link.space}
        kept = [one for one in deals if joined & set(one.spaces)]
        return [one for one in deals if one not in kept], kept

    async def _link(self, tenant: Tenant, space: str, *, required: bool = True) -> tuple[Link, bool]:
        """Return the link, and whether it was ever set: who has joined a space is an ordinary participant until it says otherwise."""
        link = await self._database.read(lambda tx: tx.links.get(tenant, space))
        if link is not None and (link.ended is None or required):
            return link, True
        if required and space not in await self._spaces.joined(tenant):
            raise NotFound(f"There is no link with {space[:200]}.", where="space", hint="`hanse link list` shows them.")
        return Link(tenant=tenant, space=space, mode=Mode.PARTICIPANT, since=self._clock.now()), False

    async def _case(self, link: Link) -> Case:
        seen = await self._spaces.look(link.tenant, link.space)
        relay = None if link.intermediary is None else await self._spaces.relay(link.tenant, link.intermediary)
        return Case(link=link, seen=seen, relay=relay, now=self._clock.now())

    def _state(self, tx: LinksTx, link: Link) -> None:
        mode = "ended" if link.ended is not None else link.mode.value
        before = link.mode.value if link.ended is not None else "" if link.before is None else link.before.value
        says = k.Linked(space=link.space, mode=mode, before=before, until=link.until)
        self._ledger.append_about(tx, link.tenant, Subject.of(link.space, sha256(link.space.encode()).hexdigest()), says)


_DOING: Final[dict[Right, str]] = {
    "acquire": "acquire data",
    "relay": "acquire data through an intermediary",
    "offer": "offer data",
    "mirror": "keep mirrors",
    "replicate": "copy its catalogues",
    "automatic": "acquire without a person",
}


def _as_wanted(before: Link, wanted: Wanted, now: datetime, by: str) -> Link:
    """Return the link as it would be; dates and texts that are not for its mode are an error, so that nobody relies on them."""
    if len(wanted.project) > _MAX_TEXT or len(before.space) > _MAX_TEXT:
        raise Invalid("It is too long.", where="project", rule="length")
    adhoc = wanted.mode is Mode.AD_HOC
    if not adhoc and (wanted.until is not None or wanted.project):
        raise Invalid(f"Only an ad-hoc link ends by itself; {wanted.mode} has no project and no end.", where="until", rule="mode")
    if wanted.mode is not Mode.INTERMEDIARY and wanted.intermediary is not None:
        raise Invalid(f"The mode {wanted.mode} has no intermediary.", where="intermediary", rule="mode")
    return Link(
        tenant=before.tenant,
        space=before.space,
        mode=wanted.mode,
        since=now,
        by=by,
        until=wanted.until,
        project=wanted.project,
        intermediary=wanted.intermediary,
        limits=wanted.limits if wanted.limits.set or wanted.mode is not Mode.AUTOMATED else before.limits,
        without=before.without if wanted.without is None else wanted.without,
        before=before.mode,
    )
