"""The space that a participant anchors, as steps: its members, its rulebook, and what it issued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote

from hanse.client import space_model as m
from hanse.client.core import Steps, get, listed, part, post, said
from hanse.kernel.errors import Invalid, NotFound


def found(name: str, title: str) -> Steps[m.AnchoredSpace]:
    """Found a space and be its anchor."""
    return (yield from post("/anchor", {"name": name, "title": title}, m.AnchoredSpace))


def anchored(*, space: str | None = None) -> Steps[m.AnchoredSpace]:
    """Return the space that the participant anchors. Raises `NotFound`, and `Invalid` if there are several and none is named."""
    return (yield from get("/anchor", m.AnchoredSpace, space=space))


def spaces() -> Steps[list[m.AnchoredSpace]]:
    """Return the spaces that the participant anchors; with several, the other methods have to be told which."""
    return (yield from listed("/anchor/spaces", m.AnchoredSpace))


# --- Members ------------------------------------------------------------------------------------------------------------


def anchored_members(*, space: str | None = None) -> Steps[list[m.AnchoredMember]]:
    """Return members and former members, as the anchor knows them."""
    return (yield from listed("/anchor/members", m.AnchoredMember, space=space))


def applications(*, space: str | None = None) -> Steps[list[m.AnchoredMember]]:
    """Return who asks to become a member."""
    return (yield from listed("/anchor/applications", m.AnchoredMember, space=space))


def did_of(peer: str, *, space: str | None = None) -> Steps[str]:
    """Return the DID of a member or applicant that is named by its DID, by its name, or by the last part of its DID.

    The other methods take such names, too. Raises `NotFound`, and `Invalid` for a name that several have.
    """
    if peer.startswith("did:"):
        return peer
    found = [one.did for one in (yield from anchored_members(space=space)) if peer in (one.name, unquote(one.did.rpartition(":")[2]))]
    if len(found) > 1:
        raise Invalid(f"Several are called {peer[:80]!r}.", where="did", rule="ambiguous", hint=f"Say which: {', '.join(found)}.")
    if not found:
        hint = "`hanse anchor members` and `hanse anchor applications` list them; a DID always works."
        raise NotFound(f"There is no member and no applicant {peer[:80]!r}.", where="did", hint=hint)
    return found[0]


def member(did: str, *, space: str | None = None) -> Steps[m.KnownMember]:
    """Return all that is known of a member or applicant: evidence, approvals, history, credentials. Raises `NotFound`."""
    did = yield from did_of(did, space=space)
    return (yield from get(f"/anchor/members/{part(did)}", m.KnownMember, space=space))


def invite(
    *, did: str | None = None, roles: Sequence[str] | None = None, expires: datetime | None = None, space: str | None = None
) -> Steps[m.Invitation]:
    """Make an invitation that works once. Its code is in the answer, this once."""
    body = said(did=did, roles=None if roles is None else list(roles), expires=expires)
    return (yield from post("/anchor/invitations", body, m.Invitation, space=space))


def approve(did: str, *, roles: Sequence[str] | None = None, reason: str = "", space: str | None = None) -> Steps[m.AnchoredMember]:
    """Say yes to an applicant, with the roles it asked for or with others.

    Where the rulebook asks for two operators, it stays `pending` until the second has approved; see its `approvals`.
    """
    did = yield from did_of(did, space=space)
    body = said(roles=None if roles is None else list(roles), reason=reason)
    return (yield from post(f"/anchor/applications/{part(did)}/approve", body, m.AnchoredMember, space=space))


def refuse(did: str, reason: str = "", *, space: str | None = None) -> Steps[m.AnchoredMember]:
    """Refuse an applicant."""
    did = yield from did_of(did, space=space)
    return (yield from post(f"/anchor/applications/{part(did)}/refuse", {"reason": reason}, m.AnchoredMember, space=space))


def suspend(did: str, reason: str = "", *, space: str | None = None) -> Steps[m.AnchoredMember]:
    """Suspend a member: for now it gets nothing, and its credentials do not count."""
    return (yield from _about(did, "suspend", {"reason": reason}, space))


def reinstate(did: str, reason: str = "", *, space: str | None = None) -> Steps[m.AnchoredMember]:
    """Undo a suspension."""
    return (yield from _about(did, "reinstate", {"reason": reason}, space))


def remove(did: str, reason: str = "", *, space: str | None = None) -> Steps[m.AnchoredMember]:
    """Remove a member, and revoke its credentials."""
    return (yield from _about(did, "remove", {"reason": reason}, space))


def change_roles(did: str, roles: Sequence[str], reason: str = "", *, space: str | None = None) -> Steps[m.AnchoredMember]:
    """Give a member these roles and no others. New ones take as many approvals as joining."""
    return (yield from _about(did, "roles", {"roles": list(roles), "reason": reason}, space))


def set_claims(
    did: str, role: str, claims: Mapping[str, m.Claim], reason: str = "", *, space: str | None = None
) -> Steps[m.AnchoredMember]:
    """Choose what the member's credential for a role says, within the rulebook. Takes as many approvals as joining."""
    return (yield from _about(did, "claims", {"role": role, "claims": dict(claims), "reason": reason}, space))


def _about(did: str, verb: str, body: Mapping[str, object], space: str | None) -> Steps[m.AnchoredMember]:
    did = yield from did_of(did, space=space)
    return (yield from post(f"/anchor/members/{part(did)}/{verb}", body, m.AnchoredMember, space=space))


# --- Rulebook -----------------------------------------------------------------------------------------------------------


def rulebook(version: int | None = None, *, space: str | None = None) -> Steps[m.PublishedRulebook]:
    """Return the rulebook that holds now, or one of its versions, as it was published (YAML). Raises `NotFound`."""
    return (yield from get("/anchor/rulebook", m.PublishedRulebook, version=None if version is None else str(version), space=space))


def check_rulebook(text: str, *, space: str | None = None) -> Steps[m.RulebookChanges]:
    """Return what publishing a rulebook would change. Raises `Invalid` that names line and place, and `Conflict`."""
    return (yield from post("/anchor/rulebook/check", {"text": text}, m.RulebookChanges, space=space))


def publish_rulebook(text: str, *, space: str | None = None) -> Steps[m.NewRulebook]:
    """Publish a rulebook; members are offered the credentials that it changes. Raises as `check_rulebook` does.

    Where the rulebook in force asks for two operators, nothing changes until the second has published the same text; see
    the answer's `proposal`. The second needs no more than the role `approve`.
    """
    return (yield from post("/anchor/rulebook", {"text": text}, m.NewRulebook, space=space))


def rulebook_versions(*, most: int | None = None, space: str | None = None) -> Steps[list[m.RulebookVersion]]:
    """Return the versions of the rulebook, the newest first."""
    return (yield from listed("/anchor/rulebook/versions", m.RulebookVersion, most, space=space))


def issuers(*, space: str | None = None) -> Steps[list[m.TrustedToIssue]]:
    """Return who may issue what, within which bounds."""
    return (yield from listed("/anchor/issuers", m.TrustedToIssue, space=space))


# --- Credentials --------------------------------------------------------------------------------------------------------


def issued(*, holder: str | None = None, most: int | None = None, space: str | None = None) -> Steps[list[m.IssuedCredential]]:
    """Return the credentials that the anchor issued, to all or to one holder."""
    holder = None if holder is None else (yield from did_of(holder, space=space))
    return (yield from listed("/anchor/credentials", m.IssuedCredential, most, holder=holder, space=space))


def get_issued(id: str, *, space: str | None = None) -> Steps[m.IssuedCredential]:
    """Return an issued credential. Raises `NotFound`."""
    return (yield from get(f"/anchor/credentials/{part(id)}", m.IssuedCredential, space=space))


def revoke(id: str, reason: str = "", *, space: str | None = None) -> Steps[m.IssuedCredential]:
    """Take back one credential for good."""
    return (yield from post(f"/anchor/credentials/{part(id)}/revoke", {"reason": reason}, m.IssuedCredential, space=space))
