"""Renewal: a member is told in time that its credentials end. It asks for new ones; the old ones end by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from msgspec import structs

from hanse.anchor.entitlement import Kind, granted, kinds, preferred
from hanse.anchor.mint import offer
from hanse.anchor.ports import AnchorTx, Database, Letters, RulebookOf
from hanse.anchor.records import Issued, Space
from hanse.anchor.standing import Status
from hanse.kernel.tenant import Did

BATCH: Final = 100
"""Credentials looked at in one transaction at most."""
_TURN: Final = 100  # batches of one call; what is left waits for the next


class Renewals:
    """Offers renewals, once for each credential: when a third of its life is left, or 30 days if that is less (`Issued.renew_from`)."""

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

    def _offer(self, tx: AnchorTx, name: str, ids: Sequence[str], now: datetime) -> int:
        space = tx.spaces.get(name)
        if space is None:
            return 0
        # Read again, now that the space is held: another server process may have offered them meanwhile.
        found = [one for one in map(tx.issued.get, ids) if one is not None and one.renew_from is not None]
        for one in found:
            tx.issued.put(structs.replace(one, renewal_offered=now))
        made = 0
        for holder, group in groupby(sorted(found, key=_holder), key=_holder):
            wanted = self._wanted(tx, space, holder, list(group), now)
            if wanted:
                offer(tx, self._letters, space, holder, wanted, "reissue")
                made += 1
        return made

    def _wanted(self, tx: AnchorTx, space: Space, holder: Did, ending: Sequence[Issued], now: datetime) -> list[Kind]:
        """Return what the holder may have again, each kind once: it is still a member, and has no newer one already."""
        member = tx.members.get(space.name, holder)
        if member is None or member.status is not Status.ACTIVE:
            return []
        rulebook = self._rulebook_of(tx, space)
        entitled = {grant.type for grant in granted(space, rulebook, member)}
        known = set(kinds(rulebook))
        live = [one for one in tx.issued.live(space.name, holder, now) if not one.status]
        wanted = [_kind(one) for one in ending if one.type in entitled and not any(_renews(other, one) for other in live)]
        # A profile that the rulebook has given up is followed by the one that it prefers.
        return list(dict.fromkeys(kind if kind in known else preferred(rulebook, [kind.type])[0] for kind in wanted))


def _renews(other: Issued, one: Issued) -> bool:
    return _kind(other) == _kind(one) and other.valid_until > one.valid_until


def _kind(issued: Issued) -> Kind:
    return Kind(issued.type, issued.profile)


def _space(issued: Issued) -> str:
    return issued.space


def _holder(issued: Issued) -> Did:
    return issued.holder
