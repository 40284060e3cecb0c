"""What the data is wanted for, as terms that can be compared with an offer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hanse.factory.acquire.records import Wish
from hanse.kernel.tenant import Did
from hanse.odrl.constraints.purposes import PURPOSES, purpose
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import ACTIVE, DATE_TIME, MEMBERSHIP, PARTICIPANT, PURPOSE
from hanse.odrl.when import write_moment

_FREE_OF_COMMERCE: Final = PURPOSES.together(
    ("dpv:NonCommercialPurpose", "dpv:AcademicResearch", "dpv:NonCommercialResearch", "dpv:ScientificResearch")
)
_SOON: Final = timedelta(days=1)
"""For so long at least the data has to be usable where nothing else is said: it takes a while to arrive."""


def commercial(stated: str | None) -> bool:
    """Tell whether a purpose may be a commercial one: none that is stated may, and one that is not known."""
    return stated is None or purpose(stated) not in _FREE_OF_COMMERCE


def wanted(wish: Wish) -> Terms:
    """Return the use that an order needs."""
    constraints = () if wish.purpose is None else (Atomic(PURPOSE, "eq", wish.purpose),)
    return Terms(permissions=(Rule(wish.action, constraints),))


def given(wish: Wish, own: Did, now: datetime) -> tuple[Atomic, ...]:
    """Return what is known besides: who we are, that we are members, and when the data will be used."""
    return (
        Atomic(PARTICIPANT, "eq", own),
        Atomic(MEMBERSHIP, "eq", ACTIVE),
        Atomic(DATE_TIME, "gteq", write_moment(now)),
        Atomic(DATE_TIME, "lteq", write_moment(max(wish.until or now, now + _SOON))),
    )
