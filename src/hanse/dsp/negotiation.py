"""The contract negotiation protocol as one table (DSP 2025-1, section 7.1 and its state diagram).

`(state, sender, step) -> state`. What is not in the table is an error and changes nothing. Termination is accepted
from either side in every state that is not terminal, as the message's text says; the diagram is narrower.
"""

from __future__ import annotations

from enum import StrEnum

from hanse.dsp import messages as m
from hanse.dsp.messages import Role
from hanse.kernel.errors import Conflict


class State(StrEnum):
    """The states of a contract negotiation (DSP 2025-1, 7.1.1)."""

    REQUESTED = "REQUESTED"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    AGREED = "AGREED"
    VERIFIED = "VERIFIED"
    FINALIZED = "FINALIZED"
    TERMINATED = "TERMINATED"


class Step(StrEnum):
    """What a message does to the negotiation."""

    REQUEST = "request"
    OFFER = "offer"
    ACCEPT = "accept"
    AGREE = "agree"
    VERIFY = "verify"
    FINALIZE = "finalize"
    TERMINATE = "terminate"


TERMINAL = frozenset({State.FINALIZED, State.TERMINATED})

STEP_OF: dict[type[m.NegotiationMessage], Step] = {
    m.ContractRequest: Step.REQUEST,
    m.ContractOffer: Step.OFFER,
    m.NegotiationAccepted: Step.ACCEPT,
    m.ContractAgreement: Step.AGREE,
    m.AgreementVerification: Step.VERIFY,
    m.NegotiationFinalized: Step.FINALIZE,
    m.NegotiationTermination: Step.TERMINATE,
}

_C, _P = Role.CONSUMER, Role.PROVIDER

TABLE: dict[tuple[State | None, Role, Step], State] = {
    (None, _C, Step.REQUEST): State.REQUESTED,
    (None, _P, Step.OFFER): State.OFFERED,
    (State.REQUESTED, _P, Step.OFFER): State.OFFERED,
    (State.REQUESTED, _P, Step.AGREE): State.AGREED,
    (State.OFFERED, _C, Step.REQUEST): State.REQUESTED,
    (State.OFFERED, _C, Step.ACCEPT): State.ACCEPTED,
    (State.ACCEPTED, _P, Step.AGREE): State.AGREED,
    (State.AGREED, _C, Step.VERIFY): State.VERIFIED,
    (State.VERIFIED, _P, Step.FINALIZE): State.FINALIZED,
} | {(state, role, Step.TERMINATE): State.TERMINATED for state in State if state not in TERMINAL for role in Role}


def advance(state: State | None, sender: Role, step: Step) -> State:
    """Return the state after `sender` has taken `step`; `None` is the state before the first message.

    Raises `Conflict` when the table does not hold it.
    """
    try:
        return TABLE[state, sender, step]
    except KeyError:
        raise Conflict(
            f"A {sender} cannot {step} while the negotiation is {state or 'not begun'}.",
            rule="transition",
            hint=f"From here: {_allowed(state)}.",
        ) from None


def _allowed(state: State | None) -> str:
    steps = [f"{sender} may {step}" for (origin, sender, step) in TABLE if origin == state]
    return ", ".join(steps) or "nothing, this state is final"
