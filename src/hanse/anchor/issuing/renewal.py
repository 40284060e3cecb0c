"""Renewal: members are told that their credentials end, or do not count any more. They ask for new ones, and get those delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from msgspec import structs

from hanse.anchor.issuing.entitlement import Kind, granted, kinds, preferred
from hanse.anchor.issuing.mint import offer
from hanse.anchor.ports import AnchorTx, Database, Letters, RulebookOf
from hanse.anchor.records import Issued, Space
from hanse.anchor.spaces import owned
from hanse.anchor.standing import Status
from hanse.kernel.tenant import Did, Tenant

BATCH: Final = 100
"""Credentials, or members, looked at in one transaction at most."""
ON_ITS_WAY: Final = timedelta(days=2)
"""For how long what was issued may be on its way: longer than a delivery is tried."""
_TURN: Final = 100  # batches of one call; what is left waits for the next

Follows = Callable[[Issued, Issued], bool]
"""Tells whether the first credential takes the place of the second."""


class Renewals:
    """Offers new credentials: in time before the old ones end, for what a key signed, and for what says something else now.

    In time is once for each credential: when a third of its life is left, or 30 days if that is less (`Issued.renew_from`).
    What was lost on its way is offered anew like that, too (`issuing.deliveries`).
    """

    def __init__(self, database: Database, letters: Letters, rulebook_of: RulebookOf) -> None:
        self._database = database
        self._letters = letters
        self._rulebook_of = rulebook_of

    async def offer_renewals(self, now: datetime) -> int:
        """Offer what is due; return how many offers were made. A chore that costs one look at an index when nothing is due.

        What it has done is stored batch by batch, so it goes on where it was stopped.
        """
        offered = 0
        for _ in range(_TURN):
            due = await self._database.read(lambda tx: tx.issued.renewable(now, limit=BATCH))
            for space, group in groupby(sorted(due, key=_space), key=_space):
                ids = [one.id for one in group]
                offered += await self._database.run(lambda tx, space=space, ids=ids: self._offer(tx, space, ids, now))  # type: ignore[misc]
            if len(due) < BATCH:
                break
        return offered

    async def offer_again(self, tenant: Tenant, kid: str, now: datetime) -> int:
        """Offer new credentials to all members whose credentials that key signed; return how many offers were made.

        Calling it again offers only what has not been taken up, so it also goes on where it was stopped.
        """
        offered = 0
        async for space, batch in self._signed_by(tenant, kid, now):
            ids = [one.id for one in batch]
            offered += await self._database.run(lambda tx, space=space, ids=ids: self._offer_signed(tx, space, ids, now))  # type: ignore[misc]
        return offered

    async def depending(self, tenant: Tenant, kid: str, now: datetime) -> int:
        """Return how many live credentials that key signed that have no successor that their holder has taken.

        They end when the key leaves the DID document.
        """
        count = 0
        async for space, batch in self._signed_by(tenant, kid, now):
            count += await self._database.read(lambda tx, space=space, batch=batch: _alone(tx, space, batch, now))  # type: ignore[misc]
        return count

    async def offer_types(self, tenant: Tenant, space: str, types: Collection[str]) -> int:
        """Offer new credentials of these types to all members that may have one; return how many offers were made. Raises `NotFound`."""
        offered, after = 0, Did("")
        while True:
            page = await self._database.read(
                lambda tx, after=after: tx.members.page(owned(tx, tenant, space).name, status=Status.ACTIVE, after=after, limit=BATCH)  # type: ignore[misc]
            )
            dids = [member.did for member in page]
            offered += await self._database.run(lambda tx, dids=dids: self._offer_types(tx, space, dids, types))  # type: ignore[misc]
            if len(page) < BATCH:
                return offered
            after = dids[-1]

    async def _signed_by(self, tenant: Tenant, kid: str, now: datetime) -> AsyncIterator[tuple[str, Sequence[Issued]]]:
        """Yield, batch by batch, the live credentials that the tenant's key signed in all of its spaces."""
        spaces = await self._database.read(lambda tx: [space.name for space in tx.spaces.page(tenant, after=None, limit=500)])
        for space in spaces:
            after: str | None = None
            while page := await self._database.read(
                lambda tx, space=space, after=after: tx.issued.page(space, holder=None, after=after, limit=BATCH)  # type: ignore[misc]
            ):
                after = page[-1].id
                yield space, [one for one in page if one.kid == kid and not one.status and one.valid_until > now]

    def _offer(self, tx: AnchorTx, name: str, ids: Sequence[str], now: datetime) -> int:
        space = tx.spaces.get(name)
        if space is None:
            return 0
        # Read again, now that the space is held: another server process may have offered them meanwhile.
        found = [one for one in map(tx.issued.get, ids) if one is not None and one.renew_from is not None]
        for one in found:
            tx.issued.put(structs.replace(one, renewal_offered=now))
        return self._to_holders(tx, space, found, now, _lasts_longer)

    def _offer_signed(self, tx: AnchorTx, name: str, ids: Sequence[str], now: datetime) -> int:
        space = tx.spaces.get(name)
        if space is None or not ids:
            return 0
        found = [one for one in map(tx.issued.get, ids) if one is not None and not one.status]
        return self._to_holders(tx, space, found, now, _signed_otherwise)

    def _offer_types(self, tx: AnchorTx, name: str, dids: Sequence[Did], types: Collection[str]) -> int:
        space = tx.spaces.get(name)
        if space is None:
            return 0
        rulebook, made = self._rulebook_of(tx, space), 0
        for member in (tx.members.get(name, did) for did in dids):
            if member is None or member.status is not Status.ACTIVE:
                continue
            wanted = [grant.type for grant in granted(space, rulebook, member) if grant.type in types]
            if wanted:
                offer(tx, self._letters, space, member.did, preferred(rulebook, wanted), "reissue")
                made += 1
        return made

    def _to_holders(self, tx: AnchorTx, space: Space, ending: Sequence[Issued], now: datetime, follows: Follows) -> int:
        """Offer each holder what takes the place of its own; return how many offers were made."""
        made = 0
        for holder, group in groupby(sorted(ending, key=_holder), key=_holder):
            wanted = self._wanted(tx, space, holder, list(group), now, follows)
            if wanted:
                offer(tx, self._letters, space, holder, wanted, "reissue")
                made += 1
        return made

    def _wanted(self, tx: AnchorTx, space: Space, holder: Did, ending: Sequence[Issued], now: datetime, follows: Follows) -> list[Kind]:
        """Return what the holder may have again, each kind once: it is still a member, and has no successor of it already."""
        member = tx.members.get(space.name, holder)
        if member is None or member.status is not Status.ACTIVE:
            return []
        rulebook = self._rulebook_of(tx, space)
        entitled = {grant.type for grant in granted(space, rulebook, member)}
        known = set(kinds(rulebook))
        live = [one for one in tx.issued.live(space.name, holder, now) if not one.status and _may_be_had(one, now)]
        wanted = [_kind(one) for one in ending if one.type in entitled and not _followed(one, live, follows)]
        # A profile that the rulebook has given up is followed by the one that it prefers.
        return list(dict.fromkeys(kind if kind in known else preferred(rulebook, [kind.type])[0] for kind in wanted))


def _alone(tx: AnchorTx, space: str, batch: Sequence[Issued], now: datetime) -> int:
    live = {holder: tx.issued.live(space, holder, now) for holder in {one.holder for one in batch}}
    had = {holder: [one for one in known if one.taken and not one.status] for holder, known in live.items()}
    return sum(not _followed(one, had[one.holder], _signed_otherwise) for one in batch)


def _may_be_had(one: Issued, now: datetime) -> bool:
    # What became of a letter is noted, unless the letter was lost with a database that was restored from a backup.
    return one.taken or one.valid_from > now - ON_ITS_WAY


def _followed(one: Issued, live: Sequence[Issued], follows: Follows) -> bool:
    return any(_kind(other) == _kind(one) and follows(other, one) for other in live)


def _lasts_longer(other: Issued, one: Issued) -> bool:
    # One that was lost never was: what its holder got before does not stand for it, whatever came later does.
    return _is_later(other, one) if one.lost else other.valid_until > one.valid_until


def _signed_otherwise(other: Issued, one: Issued) -> bool:
    # A later one: what an earlier key signed may have to be replaced in its turn.
    return other.kid != one.kid and _is_later(other, one)


def _is_later(other: Issued, one: Issued) -> bool:
    return (other.valid_from, other.id) > (one.valid_from, one.id)


def _kind(issued: Issued) -> Kind:
    return Kind(issued.type, issued.profile)


def _space(issued: Issued) -> str:
    return issued.space


def _holder(issued: Issued) -> Did:
    return issued.holder
