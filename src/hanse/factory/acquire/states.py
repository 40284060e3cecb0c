"""Where orders and their items stand, and how an item gets from one state to the next: one table."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class OrderState(StrEnum):
    """Where an order stands. `WAITING` is a standing order between two runs, `ASKING` one that needs a person."""

    SEARCHING = "SEARCHING"
    PLANNED = "PLANNED"
    ASKING = "ASKING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


ENDED: Final = frozenset({OrderState.PLANNED, OrderState.DONE, OrderState.FAILED, OrderState.CANCELLED})


class ItemState(StrEnum):
    """Where an item stands."""

    CANDIDATE = "candidate"
    LEFT_OUT = "left-out"
    ASKING = "asking"
    APPROVED = "approved"
    NEGOTIATING = "negotiating"
    AGREED = "agreed"
    TRANSFERRING = "transferring"
    STORING = "storing"
    DOCUMENTED = "documented"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What can happen to an item. `ASK` hands it to a person; what it had reached stands in its other fields, and is taken up again."""

    LEAVE_OUT = "leave out"
    ASK = "ask"
    APPROVE = "approve"
    REFUSE = "refuse"
    NEGOTIATE = "negotiate"
    AGREE = "agree"
    TRANSFER = "transfer"
    STORE = "store"
    DOCUMENT = "document"
    FINISH = "finish"
    FAIL = "fail"
    CANCEL = "cancel"
    RETRY = "retry"


_S, _E = ItemState, Event
_ON_THE_WAY: Final = (_S.APPROVED, _S.NEGOTIATING, _S.AGREED, _S.TRANSFERRING, _S.STORING)

TABLE: Final[dict[tuple[ItemState, Event], ItemState]] = {
    (_S.CANDIDATE, _E.LEAVE_OUT): _S.LEFT_OUT,
    (_S.CANDIDATE, _E.ASK): _S.ASKING,
    (_S.CANDIDATE, _E.APPROVE): _S.APPROVED,
    (_S.CANDIDATE, _E.CANCEL): _S.CANCELLED,
    (_S.ASKING, _E.APPROVE): _S.APPROVED,
    (_S.ASKING, _E.REFUSE): _S.REFUSED,
    (_S.ASKING, _E.CANCEL): _S.CANCELLED,
    (_S.APPROVED, _E.NEGOTIATE): _S.NEGOTIATING,
    # An agreement that stands already covers it, or what was reached before somebody was asked is taken up again.
    (_S.APPROVED, _E.AGREE): _S.AGREED,
    (_S.NEGOTIATING, _E.AGREE): _S.AGREED,
    # Nobody answered in time, or the agreement gives no more: once more, with what still stands.
    **{(state, _E.RETRY): _S.APPROVED for state in (_S.NEGOTIATING, _S.AGREED, _S.TRANSFERRING, _S.STORING)},
    (_S.AGREED, _E.TRANSFER): _S.TRANSFERRING,
    (_S.TRANSFERRING, _E.STORE): _S.STORING,
    (_S.STORING, _E.DOCUMENT): _S.DOCUMENTED,
    (_S.DOCUMENTED, _E.FINISH): _S.DONE,
    **{(state, event): to for state in _ON_THE_WAY for event, to in (
        (_E.ASK, _S.ASKING),
        (_E.REFUSE, _S.REFUSED),  # by the provider, or by a person here
        (_E.FAIL, _S.FAILED),
        (_E.CANCEL, _S.CANCELLED),
    )},
    (_S.FAILED, _E.RETRY): _S.APPROVED,
}  # fmt: skip
"""A pair that is missing cannot happen. Once a version is stored and documented, nothing takes it back from here."""

FINAL: Final = frozenset({_S.LEFT_OUT, _S.DONE, _S.REFUSED, _S.FAILED, _S.CANCELLED})
UNDER_WAY: Final = frozenset({*_ON_THE_WAY, _S.DOCUMENTED})
"""States in which the running room works on an item."""
