"""Four eyes: how many operators have said yes to the same thing, and whether one more may.

Two operators are two ids and two names. Whoever may add operators, or give them new tokens, can hold two of them: that is
on record with the participant's operators, and not prevented here.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from hanse.anchor.checks import person
from hanse.anchor.records import Approval, Proposal
from hanse.identity.rulebook import Joining
from hanse.kernel.errors import Conflict, Forbidden


def agreed(joining: Joining, given: tuple[Approval, ...], by: Approval | None, says: str, now: datetime) -> tuple[Approval, ...]:
    """Return the approvals of `says` with one more, by `by`. What was said to anything else does not count any more.

    Raises `Forbidden` if that operator may not approve, and `Conflict` if it has approved already: two are two ids and two
    names. An operator that is not named (absent) is enough only where any one is.
    """
    if by is None:
        if joining.approvals > 1 or joining.approvers:
            raise Forbidden("Who approves has to be known by name.", rule="approver", hint="Use an operator's own token.")
        return (Approval(operator="", name="", at=now, says=says),)
    if not may_approve(joining, by):
        raise Forbidden(
            f"{by.name} may not approve here.", rule="approver", hint=f"The rulebook names who may: {', '.join(joining.approvers)}."
        )
    # Whoever approved before may have lost the right to since.
    before = tuple(one for one in given if one.says == says and may_approve(joining, one))
    if len(before) >= joining.approvals:
        return before
    if any(one.operator == by.operator or person(one.name) == person(by.name) for one in before):
        raise Conflict(
            f"{', '.join(one.name for one in before)} approved this already.",
            where="by",
            rule="same-operator",
            hint="It takes a second operator, with a name and a token of its own.",
        )
    return (*before, structs.replace(by, at=now, says=says))


def proposed(joining: Joining, known: Proposal | None, sha256: str, by: Approval, now: datetime) -> Proposal:
    """Return the proposal of the rulebook with that hash with one more yes, by `by`; `known` is what was proposed so far.

    `joining` is of the rulebook in force. Who makes a proposal need not be one of those who may say yes: then it waits for
    them. Raises as `agreed` does.
    """
    if known is None or known.sha256 != sha256:
        known = Proposal(sha256=sha256, by=structs.replace(by, at=now), needs=joining.approvals)
        if not may_approve(joining, by):
            return known
    return structs.replace(known, approvals=agreed(joining, known.approvals, by, f"publish the rulebook {sha256}", now))


def may_approve(joining: Joining, by: Approval) -> bool:
    """Tell whether the rulebook lets this operator approve."""
    return not joining.approvers or person(by.name) in {person(name) for name in joining.approvers}
