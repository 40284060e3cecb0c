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
    LEFT = "left"


class Act(StrEnum):
    """What is done: by the participant (apply, enter with an invitation, leave), by a rule of the rulebook (admit), or by operators.

    `change` is about a member's roles, or what its credentials say.
    """

    APPLY = "apply"
    ENTER = "enter"
    LEAVE = "leave"
    ADMIT = "admit"
    APPROVE = "approve"
    REFUSE = "refuse"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REMOVE = "remove"
    CHANGE = "change"


TABLE: dict[tuple[Status | None, Act], Status] = {
    (None, Act.APPLY): Status.PENDING,
    (None, Act.ENTER): Status.ACTIVE,
    (None, Act.ADMIT): Status.ACTIVE,
    (Status.PENDING, Act.APPLY): Status.PENDING,
    (Status.PENDING, Act.ENTER): Status.ACTIVE,
    (Status.PENDING, Act.APPROVE): Status.ACTIVE,
    (Status.PENDING, Act.REFUSE): Status.REFUSED,
    (Status.PENDING, Act.ADMIT): Status.ACTIVE,
    (Status.PENDING, Act.LEAVE): Status.LEFT,
    (Status.REFUSED, Act.APPLY): Status.PENDING,
    (Status.REFUSED, Act.ENTER): Status.ACTIVE,
    # Asking again is harmless: the answer to the first time may have been lost.
    (Status.ACTIVE, Act.APPLY): Status.ACTIVE,
    (Status.ACTIVE, Act.ENTER): Status.ACTIVE,
    (Status.ACTIVE, Act.SUSPEND): Status.SUSPENDED,
    (Status.ACTIVE, Act.REMOVE): Status.REMOVED,
    (Status.ACTIVE, Act.LEAVE): Status.LEFT,
    (Status.ACTIVE, Act.CHANGE): Status.ACTIVE,
    (Status.SUSPENDED, Act.REINSTATE): Status.ACTIVE,
    (Status.SUSPENDED, Act.REMOVE): Status.REMOVED,
    # Leaving is no way around a suspension.
    (Status.SUSPENDED, Act.LEAVE): Status.REMOVED,
    # Whoever was removed comes back by a person's decision only: no rule and no left-over invitation undoes it.
    (Status.REMOVED, Act.APPLY): Status.PENDING,
    (Status.LEFT, Act.APPLY): Status.PENDING,
    (Status.LEFT, Act.ENTER): Status.ACTIVE,
    (Status.LEFT, Act.ADMIT): Status.ACTIVE,
}

COMMANDS: dict[Act, tuple[str, ...]] = {
    Act.APPROVE: ("approve",),
    Act.REFUSE: ("refuse",),
    Act.SUSPEND: ("suspend",),
    Act.REINSTATE: ("reinstate",),
    Act.REMOVE: ("remove",),
    Act.CHANGE: ("roles", "claims"),
}
"""What operators do, by the names of their commands."""


def advance(status: Status | None, act: Act) -> Status:
    """Return the standing after `act` (absent: not known to the space yet). Raises `Conflict` for a pair not in the table."""
    after = TABLE.get((status, act))
    if after is None:
        now = status.value if status else "unknown to the space"
        raise Conflict(f"This participant is {now}: {act.value} is not possible.", where="status", rule="standing", hint=_fits(status, act))
    return after


def _fits(status: Status | None, act: Act) -> str | None:
    """Return what an operator can do instead, by the commands' names."""
    if act not in COMMANDS:
        return None
    fits = [name for a, names in COMMANDS.items() if (status, a) in TABLE for name in names]
    return f"Possible now with `hanse anchor`: {', '.join(fits)}." if fits else None
