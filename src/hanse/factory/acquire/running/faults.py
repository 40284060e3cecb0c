"""What may pass, and what may not: which fault is tried again, for how long, and what is said in the end."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from hanse.kernel.errors import (
    AddressRefused,
    Conflict,
    Forbidden,
    HanseError,
    NotReady,
    PeerInvalid,
    PeerRefused,
    PeerUnreachable,
    StorageFailed,
    TooLarge,
    TooMany,
)


class Rules(Struct, frozen=True, kw_only=True):
    """Times and numbers that carrying out keeps to. Seconds, if nothing else is said.

    `fetching` and `asking` bound how many items fetch and negotiate at once, in all and per provider. `watch` is how long one wait for
    the other side lasts before the item is looked at again, `tell` how often progress is written down.
    """

    fetching: tuple[int, int] = (8, 3)
    asking: tuple[int, int] = (32, 8)
    first_pause: float = 0.5
    longest_pause: float = 300.0
    watch: float = 60.0
    tell: float = 1.0
    lease: timedelta = timedelta(seconds=20)


class After(StrEnum):
    """What is done when a fault has not passed after its last attempt."""

    FAIL = "fail"
    REFUSE = "refuse"
    ASK = "ask"


class Fault(Struct, frozen=True):
    """How a fault is met: attempts in all, what then, and how long the other side wants us to wait (seconds)."""

    attempts: int
    after: After
    pause: float = 0.0


DISK: Final = "disk"
"""The question that a full disk asks a person."""
_LONG: Final = 300
"""Attempts where the other side is away: about a day, five minutes apart."""
_KINDS: Final[tuple[tuple[type[HanseError], Fault], ...]] = (
    (PeerUnreachable, Fault(_LONG, After.FAIL)),
    (TooMany, Fault(_LONG, After.FAIL)),
    (NotReady, Fault(_LONG, After.FAIL)),
    (StorageFailed, Fault(4, After.ASK)),
    (TooLarge, Fault(1, After.ASK)),
    # A provider that cannot prove who we are now answers so, too; a clear no stays one.
    (PeerRefused, Fault(3, After.REFUSE)),
    # What it sends is not what it promised: once more, should it have changed the data meanwhile.
    (PeerInvalid, Fault(3, After.FAIL)),
    # Whether a provider is a member cannot always be known at once.
    (Forbidden, Fault(5, After.FAIL)),
    (AddressRefused, Fault(1, After.FAIL)),
)
_PASSING: Final = {
    "pending": _LONG,  # the other side has not acknowledged our last step yet
    "committed": 5,  # the facility had to begin anew
    "leaving": 20,  # what was kept under the agreement is being deleted
}
_REFUSED_RULES: Final = frozenset({"statement", "price", "terms", "refused"})
_FOR_GOOD: Final = Fault(1, After.FAIL)


def fault_of(error: HanseError) -> Fault:
    """Return how an error is met."""
    if isinstance(error, Conflict):
        if error.rule in _PASSING:
            return Fault(_PASSING[error.rule], After.FAIL)
        return Fault(1, After.REFUSE) if error.rule in _REFUSED_RULES else _FOR_GOOD
    found = next((fault for kind, fault in _KINDS if isinstance(error, kind)), _FOR_GOOD)
    wanted = getattr(error, "retry_after", 0.0)
    return Fault(found.attempts, found.after, wanted) if wanted else found


def pause_after(attempts: int, fault: Fault, rules: Rules, chance: float) -> float:
    """Return the seconds to wait after so many attempts: twice as long each time, spread by `chance` (0 to 1)."""
    growing = rules.first_pause * float(2 ** min(attempts - 1, 20))
    return min(max(growing, fault.pause), rules.longest_pause) * (0.75 + chance / 2)
