"""From the anchor's records to what its operators are shown; see `show`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import structs

from hanse.anchor import records
from hanse.anchor.standing import Status
from hanse.http.api.anchor import structs as a
from hanse.identity.rulebook import Rulebook
from hanse.kernel.tenant import Did


def space(one: records.Space) -> a.AnchoredSpace:
    """Return an anchored space."""
    return a.AnchoredSpace(name=one.name, title=one.title, url=one.url, anchor=one.anchor, version=one.version, created=one.created)


def member(one: records.Member, needed: int) -> a.AnchoredMember:
    """Return a member or applicant; `needed` is how many approvals the rulebook asks for."""
    waits = bool(one.approvals) or one.status is Status.PENDING
    return a.AnchoredMember(
        did=one.did,
        name=one.name,
        roles=list(one.roles),
        status=one.status.value,
        since=one.since,
        reason=one.reason,
        created=one.created,
        updated=one.updated,
        approvals=_approved(one.approvals),
        approvals_needed=needed if waits else 0,
    )


def known_member(
    one: records.Member, needed: int, credentials: Sequence[records.Issued], requests: Sequence[records.Issuance], now: datetime
) -> a.KnownMember:
    """Return all that is known of a member or applicant."""
    return a.KnownMember(
        **structs.asdict(member(one, needed)),
        evidence=one.evidence,
        presented=list(one.presented),
        terms=one.terms,
        sponsor=one.sponsor,
        hosting=one.hosting,
        claims=one.claims,
        history=[a.Deed(at=done.at, what=done.what, by=done.by, reason=done.reason) for done in one.history],
        credentials=[issued(each, now) for each in credentials],
        requests=[asked_for(each) for each in requests],
    )


def invitation(one: records.Invited) -> a.Invitation:
    """Return an invitation with its code."""
    about = one.invitation
    return a.Invitation(id=about.id, code=one.code, roles=list(about.roles), did=about.did, expires=about.expires)


def asked_for(one: records.Issuance) -> a.AskedFor:
    """Return a holder's request, without the token that goes back to it."""
    return a.AskedFor(
        id=one.id,
        wanted=list(one.wanted),
        state=one.state.value,
        reason=one.reason,
        issued=list(one.issued),
        created=one.created,
        updated=one.updated,
    )


def issued(one: records.Issued, now: datetime) -> a.IssuedCredential:
    """Return an issued credential."""
    return a.IssuedCredential(
        id=one.id,
        holder=one.holder,
        type=one.type,
        profile=one.profile,
        state="undelivered" if one.lost else one.status or ("expired" if one.valid_until <= now else "good"),
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        reason=one.reason,
        by=one.by,
        kid=one.kid,
        request=one.issuance,
        renewal_offered=one.renewal_offered,
    )


def version(one: records.Published) -> a.RulebookVersion:
    """Return a version of the rulebook."""
    return a.RulebookVersion(version=one.version, published=one.published, by=one.by, sha256=one.sha256)


def rulebook(one: records.Published, proposed: records.Proposal | None) -> a.PublishedRulebook:
    """Return a version of the rulebook with its text, and what is proposed."""
    return a.PublishedRulebook(**structs.asdict(version(one)), text=one.text, proposal=None if proposed is None else proposal(proposed))


def proposal(one: records.Proposal) -> a.ProposedRulebook:
    """Return a rulebook that waits for another operator."""
    return a.ProposedRulebook(sha256=one.sha256, by=one.by.name, at=one.by.at, approvals=_approved(one.approvals), needs=one.needs)


def _approved(approvals: Sequence[records.Approval]) -> list[a.Approved]:
    return [a.Approved(operator=by.operator, name=by.name, at=by.at, says=by.says) for by in approvals]


def trusted(one: Rulebook) -> Iterator[a.TrustedToIssue]:
    """Yield who may issue what, in the order of the rulebook."""
    for name, kind in one.credentials.items():
        for issuer in kind.issuers:
            own = issuer.did == one.anchor
            days = issuer.days if issuer.days is not None else kind.days if own else None
            yield a.TrustedToIssue(type=name, title=kind.title, issuer=Did(issuer.did), anchor=own, claims=dict(issuer.claims), days=days)
