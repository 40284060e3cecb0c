"""What the anchor's operators decide about a member, inside a transaction, and what follows for its credentials."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct, structs

from hanse.anchor.joining.admission import INTERMEDIARY, admits
from hanse.anchor.joining.fit import needed, refusal
from hanse.anchor.joining.foureyes import agreed
from hanse.anchor.joining.settle import deed, noted, settle
from hanse.anchor.ports import AnchorTx, Mark
from hanse.anchor.records import Approval, Deed, Member, Space
from hanse.anchor.rulebook.references import RESERVED
from hanse.anchor.standing import Act, Status, advance
from hanse.anchor.versions import rulebook_of
from hanse.identity.rulebook import Role, Rulebook, Scalar, within
from hanse.kernel.errors import Conflict, Invalid
from hanse.kernel.tenant import Did

# What becomes of a member's credentials, and the words for it.
_MARKS: Final[Mapping[Act, Literal["revoked", "suspended", ""]]] = {
    Act.SUSPEND: "suspended",
    Act.REINSTATE: "",
    Act.REMOVE: "revoked",
    Act.LEAVE: "revoked",
}
_WORDS: Final[Mapping[Act, str]] = {
    Act.REFUSE: "was refused",
    Act.SUSPEND: "was suspended",
    Act.REINSTATE: "was reinstated",
    Act.REMOVE: "was removed",
    Act.LEAVE: "left",
}


class Decision(Struct, frozen=True):
    """Who decides (an operator, a member about itself, or nobody that is named), why, and when."""

    by: Approval | Did | None
    reason: str
    at: datetime

    @property
    def operator(self) -> Approval | None:
        """The operator that says yes, if one is named."""
        return self.by if isinstance(self.by, Approval) else None

    def deed(self, what: str) -> Deed:
        """Return the record of it."""
        return deed(what, self.by, self.at, self.reason)


def check_roles(rulebook: Rulebook, roles: Collection[str]) -> None:
    """Raise `Invalid` for a role that the rulebook does not describe."""
    for role in roles:
        if role not in rulebook.roles:
            raise Invalid(
                f"The space has no role {role[:80]!r}.", where="roles", rule="roles", hint=f"Its roles are {', '.join(rulebook.roles)}."
            )


def decide(tx: AnchorTx, space: Space, member: Member, act: Act, decision: Decision, mark: Mark) -> Member:
    """Refuse, suspend, reinstate, remove, or let leave. Raises `Conflict` where that is not possible, and always for the anchor."""
    after = advance(member.status, act)
    _not_the_anchor(space, member)
    if act in _MARKS and member.status is not Status.PENDING:
        mark(tx, space, member.did, _MARKS[act], decision.reason or f"The member {_WORDS[act]}.", decision.at)
    return settle(tx, space, member.status, member, after, decision.deed(_WORDS[act]))


def approve(tx: AnchorTx, space: Space, member: Member, roles: tuple[str, ...] | None, decision: Decision) -> Member:
    """Count one more yes to an application; the last that it takes admits it, with the roles that all of them agree to."""
    after = advance(member.status, Act.APPROVE)
    rulebook, wanted = rulebook_of(tx, space), roles or member.roles
    check_roles(rulebook, wanted)
    missing = [check for check in needed(rulebook, wanted, member.presented, member.evidence, member.terms) if not check.met]
    if missing:
        raise refusal(missing)
    says = admits(wanted)
    approvals = agreed(rulebook.joining, member.approvals, decision.operator, says, decision.at)
    if len(approvals) < rulebook.joining.approvals:
        return _wait(tx, member, approvals, decision.deed(_yes(says, member.approvals, approvals)))
    return settle(tx, space, member.status, structs.replace(member, roles=wanted), after, decision.deed(says))


def change_roles(tx: AnchorTx, space: Space, member: Member, roles: tuple[str, ...], decision: Decision, mark: Mark) -> Member:
    """Give a member other roles; new ones take as many approvals as joining, and what the rulebook asks for them."""
    after = advance(member.status, Act.CHANGE)
    rulebook, own = rulebook_of(tx, space), (RESERVED,) if member.did == space.anchor else ()
    wanted = (*own, *(role for role in roles if role not in own))
    check_roles(rulebook, wanted[len(own) :])
    added, lost = [role for role in wanted if role not in member.roles], [role for role in member.roles if role not in wanted]
    if not added and not lost:
        return member
    says = f"change roles to {', '.join(sorted(wanted))}"
    if added:
        _check_needs(rulebook, added, member)
        approvals = agreed(rulebook.joining, member.approvals, decision.operator, says, decision.at)
        if len(approvals) < rulebook.joining.approvals:
            return _wait(tx, member, approvals, decision.deed(_yes(says, member.approvals, approvals)))
    _revoke(tx, space, member, rulebook, lost, decision.reason or "The member does not have this role any more.", decision.at, mark)
    claims = {role: said for role, said in member.claims.items() if role in wanted}
    hosting = member.hosting if INTERMEDIARY in wanted else None
    return settle(
        tx, space, member.status, structs.replace(member, roles=wanted, claims=claims, hosting=hosting), after, decision.deed(says)
    )


def set_claims(
    tx: AnchorTx, space: Space, member: Member, role: str, claims: Mapping[str, Scalar], decision: Decision, mark: Mark
) -> Member:
    """Choose what the member's credential for a role says besides the role. Takes as many approvals as joining."""
    after = advance(member.status, Act.CHANGE)
    rulebook = rulebook_of(tx, space)
    described = rulebook.roles.get(role)
    if role not in member.roles or described is None:
        raise Conflict(f"The member does not have the role {role[:80]!r}.", where="role", rule="role", hint="Give it that role first.")
    _check_claims(described, role, claims)
    chosen = {**member.claims.get(role, {}), **claims}
    if _said(described, chosen) == _said(described, member.claims.get(role, {})):
        return member
    says = f"as {role} say {', '.join(f'{claim} {value!r}' for claim, value in sorted(claims.items()))}"
    approvals = agreed(rulebook.joining, member.approvals, decision.operator, says, decision.at)
    if len(approvals) < rulebook.joining.approvals:
        return _wait(tx, member, approvals, decision.deed(_yes(says, member.approvals, approvals)))
    _revoke(tx, space, member, rulebook, [role], decision.reason or "It says something else now.", decision.at, mark)
    changed = structs.replace(member, claims={**member.claims, role: chosen})
    return settle(tx, space, member.status, changed, after, decision.deed(says))


def _yes(says: str, before: tuple[Approval, ...], after: tuple[Approval, ...]) -> str:
    """Return what one more yes did; a yes to something else is not counted any more, and that is not kept silent."""
    dropped = [one.name for one in before if one not in after]
    return f"yes to: {says}" + (f"; that of {', '.join(dropped)} was to something else, and counts no more" if dropped else "")


def _wait(tx: AnchorTx, member: Member, approvals: tuple[Approval, ...], done: Deed) -> Member:
    waiting = structs.replace(noted(member, done), approvals=approvals, reason=done.reason)
    tx.members.put(waiting)
    return waiting


def _not_the_anchor(space: Space, member: Member) -> None:
    if member.did == space.anchor:
        raise Conflict("The anchor itself is always a member of its space.", where="did", rule="anchor")


def _check_needs(rulebook: Rulebook, roles: Collection[str], member: Member) -> None:
    missing = [
        check
        for check in needed(rulebook, tuple(roles), member.presented, member.evidence, member.terms)
        if not check.met and check.where != "terms"  # those of a member are asked about in their own place
    ]
    if missing:
        raise refusal(missing)


def _revoke(
    tx: AnchorTx, space: Space, member: Member, rulebook: Rulebook, roles: Collection[str], reason: str, now: datetime, mark: Mark
) -> None:
    types = {rulebook.roles[role].credential for role in roles if role in rulebook.roles}
    if types:
        mark(tx, space, member.did, "revoked", reason, now, types=types)


def _check_claims(described: Role, role: str, claims: Mapping[str, Scalar]) -> None:
    if not claims:
        raise Invalid("No claim is named.", where="claims", rule="claims", hint=f"The role has: {', '.join(described.claims) or 'none'}.")
    for claim in claims:
        allowed = described.claims.get(claim)
        if allowed is None:
            hint = f"It has: {', '.join(described.claims) or 'none'}."
            raise Invalid(f"The role {role} has no claim {claim[:80]!r}.", where="claims", rule="claims", hint=hint)
        if not within(claims, claim, allowed):
            hint = f"It lets {claim} be {' or '.join(str(value) for value in allowed)}."
            raise Invalid(f"The rulebook does not let {claim} be this.", where=f"claims.{claim}", rule="bounds", hint=hint)


def _said(described: Role, chosen: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {claim: chosen.get(claim, values[0]) for claim, values in described.claims.items()}
