"""What happens to an application, inside a transaction: a rule lets it in, an invitation does, it waits, or it is refused."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from msgspec import Struct, structs

from hanse.anchor.joining.fit import AUTOMATIC, FitReport, Sponsor, counted, refusal, report
from hanse.anchor.joining.foureyes import agreed
from hanse.anchor.joining.settle import RULEBOOK, deed, noted, settle
from hanse.anchor.ports import AnchorTx
from hanse.anchor.records import Admitted, Applied, Approval, Invitation, Member, Space
from hanse.anchor.spaces import bump
from hanse.anchor.standing import TABLE, Act, Status, advance
from hanse.anchor.versions import rulebook_of
from hanse.identity.credentials.model import Verified
from hanse.identity.did import parse_web_did
from hanse.identity.rulebook import Rulebook
from hanse.kernel.errors import Conflict, Forbidden, Invalid, TooMany
from hanse.kernel.tenant import Did

PENDING_LIMIT: Final = 1_000
"""Applications that wait in one space: anybody may apply, so somebody will do it ten thousand times."""
BOTH: Final = ("provider", "consumer")
"""The roles that most participants have: those of an application that names none."""
INTERMEDIARY: Final = "intermediary"
"""The role of those who may vouch for others, and say how they host them."""

_CODE = re.compile(r"(inv_[0-9a-z]{1,40})_[A-Za-z0-9_-]{43}")


class Asked(Struct, frozen=True, kw_only=True):
    """An application: `member` as it would wait for a decision, and what it comes with. The rulebook says what counts of it."""

    member: Member
    presented: tuple[Verified, ...] = ()
    sponsor: Did | None = None
    invitation: str | None = None


def digest(code: str) -> str:
    """Return what is kept of an invitation's code."""
    return hashlib.sha256(code.encode()).hexdigest()


def admits(roles: tuple[str, ...]) -> str:
    """Return what an operator says yes to, the same for the same roles."""
    return f"admit as {', '.join(sorted(roles))}"


def ask(tx: AnchorTx, space: Space, asked: Asked) -> Member:
    """Decide about an application as far as nobody has to. Where this raises, nothing has been written.

    Raises `Invalid` with all that is missing, `Forbidden` (the invitation is not good), `Conflict` (suspended, removed,
    full) and `TooMany` (too many applications wait).
    """
    rulebook = rulebook_of(tx, space)
    known = tx.members.get(space.name, asked.member.did)
    if known is not None:
        asked = structs.replace(asked, member=structs.replace(asked.member, history=known.history, barred=known.barred))
        if known.status is Status.ACTIVE:
            return _hand_in(tx, space, rulebook, known, asked)
    if asked.invitation is not None:
        return _enter(tx, space, rulebook, known, asked, asked.invitation)
    return _apply(tx, space, rulebook, known, asked)


def judge(tx: AnchorTx, space: Space, asked: Asked) -> FitReport:
    """Return what would be said to an application. Raises `Forbidden` (the invitation is not good)."""
    rulebook, known = rulebook_of(tx, space), tx.members.get(space.name, asked.member.did)
    if asked.invitation is None:
        return _judged(tx, space, rulebook, asked)
    invitation = _usable(space, _proved(tx, asked.invitation), asked.member)
    found = _judged(tx, space, rulebook, structs.replace(asked, member=structs.replace(asked.member, roles=invitation.roles)))
    enough = len(_approvals(rulebook, invitation, known, asked.member)) >= rulebook.joining.approvals
    return structs.replace(found, decided_by="invitation") if enough and found.decided_by != AUTOMATIC else found


def _apply(tx: AnchorTx, space: Space, rulebook: Rulebook, known: Member | None, asked: Asked) -> Member:
    before = known.status if known else None
    after = advance(before, Act.APPLY)
    found = _judged(tx, space, rulebook, asked)
    member = _completed(rulebook, asked)
    if _alone(found, known):
        return settle(tx, space, before, member, Status.ACTIVE, deed("admitted by a rule", RULEBOOK, member.created))
    again = known is not None and after is before
    if known is not None and again and not _differs(known, member):
        return known
    if not found.fits:
        raise refusal(found.missing)
    if not again and tx.members.count(space.name, Status.PENDING) >= PENDING_LIMIT:
        raise TooMany("Too many applications to this space wait for an answer.", retry_after=3600, hint="Ask its anchor for an invitation.")
    # What was approved so far was another application: the new one has no approvals.
    return _wait(tx, space, member, f"applied {'again ' if again else ''}as {', '.join(member.roles)}")


def _differs(known: Member, member: Member) -> bool:
    """Tell whether somebody who waits hands in something else; who just asks again, without papers, wants to know how it stands."""
    papers = bool(member.evidence) and member.evidence != known.evidence
    terms = bool(member.terms) and member.terms != known.terms
    return papers or terms or member.roles not in (known.roles, BOTH)


def _enter(tx: AnchorTx, space: Space, rulebook: Rulebook, known: Member | None, asked: Asked, code: str) -> Member:
    advance(_before(known), Act.ENTER)
    invitation = _proved(tx, code)
    if known is not None and known.status is Status.PENDING and invitation is not None and invitation.used_by == known.did:
        return known
    invitation = _usable(space, invitation, asked.member)
    asked = structs.replace(asked, member=structs.replace(asked.member, roles=invitation.roles))
    found = _judged(tx, space, rulebook, asked)
    if not found.fits:
        raise refusal(found.missing)
    member, now = _completed(rulebook, asked), asked.member.created
    approvals = _approvals(rulebook, invitation, known, member)
    if len(approvals) >= rulebook.joining.approvals or _alone(found, known):
        by = invitation.by or f"invitation {invitation.id}"
        member = settle(tx, space, known.status if known else None, member, Status.ACTIVE, deed("entered with an invitation", by, now))
    else:
        member = _wait(tx, space, structs.replace(member, approvals=approvals), "applied with an invitation")
    tx.invitations.put(structs.replace(invitation, used=now, used_by=member.did))
    return member


def _wait(tx: AnchorTx, space: Space, member: Member, what: str) -> Member:
    waiting = noted(member, deed(what, member.did, member.created))
    tx.members.put(waiting)
    tx.emit(Applied(space.tenant, space.name, member.did))
    return waiting


def _alone(found: FitReport, known: Member | None) -> bool:
    """Tell whether a rule of the rulebook lets the applicant in: not one whom a person has refused or removed."""
    return found.decided_by == AUTOMATIC and (_before(known), Act.ADMIT) in TABLE


def _before(known: Member | None) -> Status | None:
    """Return the standing that counts for who does not wait for people: a refusal or removal, until somebody admits it again."""
    return None if known is None else known.barred or known.status


def _judged(tx: AnchorTx, space: Space, rulebook: Rulebook, asked: Asked) -> FitReport:
    member = asked.member
    sponsor = None if asked.sponsor is None else Sponsor(asked.sponsor, _why_not(tx, space, asked.sponsor, member.did))
    if member.hosting is not None and INTERMEDIARY not in member.roles:
        raise Invalid("Only an intermediary says how it hosts others.", where="hosting", rule="hosting", hint="Apply for that role, too.")
    return report(rulebook, member.roles, asked.presented, member.evidence, member.terms, sponsor)


def _completed(rulebook: Rulebook, asked: Asked) -> Member:
    types = {kind for one in counted(rulebook, asked.presented) for kind in one.types}
    return structs.replace(asked.member, presented=tuple(sorted(types)), sponsor=asked.sponsor)


def _why_not(tx: AnchorTx, space: Space, sponsor: Did, did: Did) -> str:
    """Return why `sponsor` cannot vouch for `did`, or nothing if it can."""
    member = tx.members.get(space.name, sponsor)
    if member is None or member.status is not Status.ACTIVE or INTERMEDIARY not in member.roles:
        return f"{sponsor[:200]} is no intermediary of this space."
    if sponsor == did:
        return "Nobody vouches for itself."
    return "" if _host(sponsor) == _host(did) != "" else f"{sponsor[:200]} does not host this participant: their DIDs have different hosts."


def _host(did: Did) -> str:
    try:
        parts = parse_web_did(did)
    except Invalid:
        return ""
    return f"{parts.host}:{parts.port}"


# An active member that asks again.


def _hand_in(tx: AnchorTx, space: Space, rulebook: Rulebook, known: Member, asked: Asked) -> Member:
    """Take what a member adds: terms that have changed, evidence, credentials, where it hosts. Its standing and roles stay."""
    new = _completed(rulebook, asked)
    found = report(rulebook, (), asked.presented, new.evidence, new.terms or known.terms)
    missing = [check for check in found.missing if new.terms or check.where != "terms"]
    if missing:
        raise refusal(missing)
    hosting = new.hosting if new.hosting is not None and INTERMEDIARY in known.roles else known.hosting
    changed = structs.replace(
        known,
        terms=new.terms if rulebook.terms and new.terms else known.terms,
        evidence={**known.evidence, **new.evidence},
        presented=tuple(sorted({*known.presented, *new.presented})),
        hosting=hosting,
    )
    if changed == known:
        return known
    done = deed("handed in more", known.did, asked.member.created)
    if known.history and known.history[-1].what == done.what:  # or a member could push out of its history what operators did
        changed = structs.replace(changed, history=known.history[:-1])
    changed = noted(changed, done)
    tx.members.put(changed)
    if changed.hosting != known.hosting:
        bump(tx, space, done.at)
    if changed.terms != known.terms:
        tx.emit(Admitted(space.tenant, space.name, known.did))
    return changed


# Invitations.


def _proved(tx: AnchorTx, code: str) -> Invitation | None:
    match = _CODE.fullmatch(code)
    invitation = tx.invitations.get(match[1]) if match else None
    good = invitation is not None and hmac.compare_digest(invitation.code_hash.encode(), digest(code).encode())
    return invitation if good else None


def _usable(space: Space, invitation: Invitation | None, member: Member) -> Invitation:
    elsewhere = invitation is None or invitation.space != space.name or invitation.did not in {None, member.did}
    if invitation is None or elsewhere or invitation.used is not None or invitation.expires <= member.created:
        # One answer for unknown, used, expired and somebody else's: a guesser learns nothing.
        raise Forbidden(
            "This invitation is not valid (any more).",
            where="invitation",
            rule="invitation",
            hint="Each works once, until it expires. Ask the anchor for a new one, or apply without.",
        )
    return invitation


def _approvals(rulebook: Rulebook, invitation: Invitation, known: Member | None, asked: Member) -> tuple[Approval, ...]:
    """Return who has said yes: the invitation's maker, and whoever approved an application that handed in the same."""
    says = admits(invitation.roles)
    same = known is not None and (known.evidence, known.terms) == (asked.evidence, asked.terms)
    given = tuple(one for one in known.approvals if one.says == says) if known is not None and same else ()
    try:
        return agreed(rulebook.joining, given, invitation.by, says, asked.created)
    except (Forbidden, Conflict):
        return given  # its maker may not approve, or has done so already: then it only brings the application
