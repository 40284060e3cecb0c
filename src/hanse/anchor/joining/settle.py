"""Store what was decided about a member, with what follows: the register's next version, the history, who is told."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import structs

from hanse.anchor.ports import AnchorTx
from hanse.anchor.records import Admitted, Approval, Deed, Member, Space
from hanse.anchor.spaces import bump
from hanse.anchor.standing import Status
from hanse.identity.statements import MAX_MEMBERS
from hanse.kernel.errors import Conflict, NotFound
from hanse.kernel.tenant import Did

HISTORY: Final = 50
"""Deeds that are remembered of a member."""
RULEBOOK: Final = "rulebook"
"""Who did it where a rule of the rulebook decided."""


def known_member(tx: AnchorTx, space: Space, did: Did) -> Member:
    """Return the member or applicant. Raises `NotFound`."""
    member = tx.members.get(space.name, did)
    if member is None:
        raise NotFound(f"{did[:200]!r} is neither a member nor an applicant of this space.", where="did")
    return member


def deed(what: str, by: Approval | str | None, now: datetime, reason: str = "") -> Deed:
    """Return the record of what was done. `by` is an operator, or a text such as a DID."""
    return Deed(at=now, what=what, by=by.name if isinstance(by, Approval) else by or "", reason=reason)


def noted(member: Member, done: Deed) -> Member:
    """Return the member with one more deed in its history."""
    return structs.replace(member, history=(*member.history, done)[-HISTORY:], updated=done.at)


def settle(tx: AnchorTx, space: Space, before: Status | None, member: Member, after: Status, done: Deed) -> Member:
    """Store the member with its new status. Where the register is another one now, it gets a new version.

    Nothing waits for a second approval any more. Whoever has standing now is announced, so that it gets its credentials.
    Raises `Conflict` if the space is full.
    """
    active = after is Status.ACTIVE
    joins = active and before is not Status.ACTIVE
    if joins and tx.members.count(space.name, Status.ACTIVE) >= MAX_MEMBERS:
        raise Conflict(f"The space has {MAX_MEMBERS} members, and no more fit.", where="space", rule="full")
    since = done.at if joins and before is not Status.SUSPENDED else member.since
    settled = structs.replace(
        noted(member, done), status=after, since=since, approvals=(), reason=done.reason, barred=_barred(member, after)
    )
    tx.members.put(settled)
    if Status.ACTIVE in {before, after}:
        bump(tx, space, done.at)
    if active:
        tx.emit(Admitted(space.tenant, space.name, member.did))
    return settled


def _barred(member: Member, after: Status) -> Status | None:
    if after is Status.REMOVED or (after is Status.REFUSED and member.barred is None):
        return after
    return None if after in {Status.ACTIVE, Status.SUSPENDED} else member.barred
