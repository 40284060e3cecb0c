"""How a participant's standing in a space changes: one table, one pure `advance`."""

from __future__ import annotations

from enum import StrEnum

from hanse.kernel.errors import Conflict


class Status(StrEnum):
    """Where somebody stands; only `active` members are on the signed list."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"
    REFUSED = "refused"


class Act(StrEnum):
    """What is done: by the participant (apply, or enter with an invitation), or by the anchor's operators (the rest)."""

    APPLY = "apply"
    ENTER = "enter"
    APPROVE = "approve"
    REFUSE = "refuse"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REMOVE = "remove"


TABLE: dict[tuple[Status | None, Act], Status] = {
    (None, Act.APPLY): Status.PENDING,
    (None, Act.ENTER): Status.ACTIVE,
    (Status.PENDING, Act.APPLY): Status.PENDING,
    (Status.PENDING, Act.ENTER): Status.ACTIVE,
    (Status.PENDING, Act.APPROVE): Status.ACTIVE,
    (Status.PENDING, Act.REFUSE): Status.REFUSED,
    (Status.REFUSED, Act.APPLY): Status.PENDING,
    (Status.REFUSED, Act.ENTER): Status.ACTIVE,
    # Asking again is harmless: the answer to the first time may have been lost.
    (Status.ACTIVE, Act.APPLY): Status.ACTIVE,
    (Status.ACTIVE, Act.ENTER): Status.ACTIVE,
    (Status.ACTIVE, Act.SUSPEND): Status.SUSPENDED,
    (Status.ACTIVE, Act.REMOVE): Status.REMOVED,
    (Status.SUSPENDED, Act.REINSTATE): Status.ACTIVE,
    (Status.SUSPENDED, Act.REMOVE): Status.REMOVED,
    # Whoever was removed comes back by a person's decision only: a left-over invitation does not undo it.
    (Status.REMOVED, Act.APPLY): Status.PENDING,
}


def advance(status: Status | None, act: Act) -> Status:
    """Return the standing after `act` (absent: not known to the space yet). Raises `Conflict` for a pair not in the table."""
    after = TABLE.get((status, act))
    if after is None:
        now = status.value if status else "unknown to the space"
        fits = ", ".join(a.value for s, a in TABLE if s is status)
        raise Conflict(
            f"This participant is {now}: {act.value} is not possible.", where="status", rule="standing", hint=f"Possible now: {fits}."
        )
    return after
