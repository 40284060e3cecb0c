"""The transfer process protocol as one table (DSP 2025-1, section 9.1 and its state diagram).

`(state, sender, step) -> state`. Who resumes a suspended transfer is a matter for the connector: only the side that
suspended it (Data Plane Signaling, suspension and resumption).
"""

from __future__ import annotations

from enum import StrEnum

from hanse.dsp import messages as m
from hanse.dsp.messages import Role
from hanse.kernel.errors import Conflict


class State(StrEnum):
    """The states of a transfer process (DSP 2025-1, 9.1.1)."""

    REQUESTED = "REQUESTED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    TERMINATED = "TERMINATED"


class Step(StrEnum):
    """What a message does to the transfer."""

    REQUEST = "request"
    START = "start"
    COMPLETE = "complete"
    SUSPEND = "suspend"
    TERMINATE = "terminate"


TERMINAL = frozenset({State.COMPLETED, State.TERMINATED})

STEP_OF: dict[type[m.TransferMessage], Step] = {
    m.TransferRequest: Step.REQUEST,
    m.TransferStart: Step.START,
    m.TransferCompletion: Step.COMPLETE,
    m.TransferSuspension: Step.SUSPEND,
    m.TransferTermination: Step.TERMINATE,
}

TABLE: dict[tuple[State | None, Role, Step], State] = {
    (None, Role.CONSUMER, Step.REQUEST): State.REQUESTED,
    (State.REQUESTED, Role.PROVIDER, Step.START): State.STARTED,
}
for _role in Role:
    TABLE |= {
        (State.STARTED, _role, Step.COMPLETE): State.COMPLETED,
        (State.STARTED, _role, Step.SUSPEND): State.SUSPENDED,
        (State.SUSPENDED, _role, Step.START): State.STARTED,
    }
    TABLE |= {(state, _role, Step.TERMINATE): State.TERMINATED for state in State if state not in TERMINAL}


def advance(state: State | None, sender: Role, step: Step) -> State:
    """Return the state after `sender` has taken `step`; `None` is the state before the first message.

    Raises `Conflict` when the table does not hold it.
    """
    try:
        return TABLE[state, sender, step]
    except KeyError:
        raise Conflict(
            f"A {sender} cannot {step} while the transfer is {state or 'not begun'}.",
            rule="transition",
            hint=f"From here: {_allowed(state)}.",
        ) from None


def _allowed(state: State | None) -> str:
    steps = [f"{sender} may {step}" for (origin, sender, step) in TABLE if origin == state]
    return ", ".join(steps) or "nothing, this state is final"
