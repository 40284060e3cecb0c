"""What became of the anchor's letters: credentials that their holder took, and those that never reached it.

What was lost for good is nobody's: it is revoked, the request that it answered is rejected, and a new one is offered later,
after pauses that grow for as long as its holder does not take it either.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from msgspec import structs

from hanse.anchor.issuing.status import mark_one
from hanse.anchor.ports import AnchorTx
from hanse.anchor.records import IssuanceState, Issued, Space
from hanse.kernel.clock import Clock
from hanse.kernel.tenant import Did

log = logging.getLogger("hanse.issuing")

FIRST_PAUSE: Final = timedelta(hours=1)
"""How long after a delivery was lost for good its credentials are offered anew. The pause doubles with each that follows."""
LONGEST_PAUSE: Final = timedelta(days=7)
OFFER_PAUSE: Final = timedelta(days=1)
"""How long after an offer was lost for good it is made again."""


class Deliveries:
    """Notes the outcome of letters, in the transaction that forgets them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def arrived(self, tx: AnchorTx, issuance: str) -> None:
        """Note that the holder has taken the answer to its request, with the credentials in it."""
        found, now = tx.issuances.get(issuance), self._clock.now()
        for one in map(tx.issued.get, () if found is None else found.issued):
            if one is not None:
                tx.issued.put(structs.replace(one, delivered=now))

    def lost(self, tx: AnchorTx, issuance: str, reason: str) -> None:
        """Note that the answer to a request never reached its holder; `reason` is why, in words."""
        found = tx.issuances.get(issuance)
        space = None if found is None else tx.spaces.get(found.space)
        if found is None or space is None or found.state is not IssuanceState.ISSUED:
            return  # a refusal that its holder did not hear: it learns it when it asks how far its request is (6.8)
        now = self._clock.now()
        said = f"Its holder's wallet did not take what was delivered. {reason}"
        tx.issuances.put(structs.replace(found, state=IssuanceState.REJECTED, reason=said, updated=now))
        for one in map(tx.issued.get, found.issued):
            if one is not None and one.status != "revoked":
                _lose(tx, space, one, reason, now)

    def offer_lost(self, tx: AnchorTx, space: str, holder: Did) -> None:
        """Note that an offer never reached the member: it is made again, for what it has that ends."""
        if tx.spaces.get(space) is None:
            return
        now = self._clock.now()
        for known in tx.issued.live(space, holder, now):
            one = tx.issued.get(known.id)
            if one is not None and one.renewal_offered is not None and (one.lost or not one.status):
                tx.issued.put(structs.replace(one, renewal_offered=None, offer_from=now + OFFER_PAUSE))


def _lose(tx: AnchorTx, space: Space, one: Issued, reason: str, now: datetime) -> None:
    revoked = mark_one(tx, space, one, "revoked", f"It never reached its holder, so nobody holds it. {reason}", at=now)
    earlier = [other for other in tx.issued.live(space.name, one.holder, now) if _before(other, one)]
    last = max((other for other in earlier if other.lost or other.taken), key=_age, default=None)
    lost = 1 if last is None else last.lost + 1
    pause = min(FIRST_PAUSE * (1 << min(lost - 1, 16)), LONGEST_PAUSE)
    tx.issued.put(structs.replace(revoked, lost=lost, renewal_offered=None, offer_from=now + pause))
    for other in earlier:
        if other.lost and other.offer_from is not None:
            tx.issued.put(structs.replace(other, offer_from=None))  # this one's turn stands for theirs


def _before(other: Issued, one: Issued) -> bool:
    return (other.type, other.profile) == (one.type, one.profile) and _age(other) < _age(one)


def _age(one: Issued) -> tuple[datetime, str]:
    return one.valid_from, one.id
