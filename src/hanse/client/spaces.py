"""The space that a participant is in, and the one that it anchors, as steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.client import model as m
from hanse.client.core import Steps, get, listed, part, post, said
from hanse.kernel.errors import NotFound


def members() -> Steps[list[m.Member]]:
    """Return the members of the own space, from its verified list."""
    return (yield from listed("/members", m.Member))


def did_of(peer: str) -> Steps[str]:
    """Return the DID of a member that is named by its DID, by its name, or by the last part of its DID. Raises `NotFound`."""
    if peer.startswith("did:"):
        return peer
    found = [one.did for one in (yield from members()) if peer in (one.name, one.did.rpartition(":")[2])]
    if len(found) == 1:
        return found[0]
    fault = "There is no member" if not found else "There is more than one member"
    raise NotFound(f"{fault} {peer[:80]!r} in your space.", where="peer", hint="`hanse status --members` lists them; a DID always works.")


def space() -> Steps[m.Membership]:
    """Return how the participant stands in its space. Raises `NotFound` if it has joined none."""
    return (yield from get("/space", m.Membership))


def join(url: str, invitation: str | None = None, *, replace: bool = False) -> Steps[m.Joined]:
    """Ask to become a member of the space at `url`; with an invitation one enters at once."""
    return (yield from post("/space/join", said(url=url, invitation=invitation, replace=replace or None), m.Joined))


def found(name: str, title: str) -> Steps[m.AnchoredSpace]:
    """Found a space and be its anchor."""
    return (yield from post("/anchor", {"name": name, "title": title}, m.AnchoredSpace))


def anchored(*, space: str | None = None) -> Steps[m.AnchoredSpace]:
    """Return the space that the participant anchors. Raises `NotFound`."""
    return (yield from get("/anchor", m.AnchoredSpace, space=space))


def anchored_members(*, space: str | None = None) -> Steps[list[m.AnchoredMember]]:
    """Return members and former members, as the anchor knows them."""
    return (yield from listed("/anchor/members", m.AnchoredMember, space=space))


def applications(*, space: str | None = None) -> Steps[list[m.AnchoredMember]]:
    """Return who asks to become a member."""
    return (yield from listed("/anchor/applications", m.AnchoredMember, space=space))


def invite(
    *, did: str | None = None, roles: Sequence[str] | None = None, expires: datetime | None = None, space: str | None = None
) -> Steps[m.Invitation]:
    """Make an invitation that works once. Its code is in the answer, this once."""
    body = said(did=did, roles=None if roles is None else list(roles), expires=expires)
    return (yield from post("/anchor/invitations", body, m.Invitation, space=space))


def approve(did: str, *, roles: Sequence[str] | None = None, reason: str = "", space: str | None = None) -> Steps[m.AnchoredMember]:
    """Admit an applicant, with the roles it asked for or with others."""
    body = said(roles=None if roles is None else list(roles), reason=reason)
    return (yield from post(f"/anchor/applications/{part(did)}/approve", body, m.AnchoredMember, space=space))


def refuse(did: str, reason: str = "", *, space: str | None = None) -> Steps[m.AnchoredMember]:
    """Refuse an applicant."""
    return (yield from post(f"/anchor/applications/{part(did)}/refuse", {"reason": reason}, m.AnchoredMember, space=space))


def suspend(did: str, reason: str = "", *, space: str | None = None) -> Steps[m.AnchoredMember]:
    """Suspend a member: for now it gets nothing."""
    return (yield from _decide(did, "suspend", reason, space))


def reinstate(did: str, reason: str = "", *, space: str | None = None) -> Steps[m.AnchoredMember]:
    """Undo a suspension."""
    return (yield from _decide(did, "reinstate", reason, space))


def remove(did: str, reason: str = "", *, space: str | None = None) -> Steps[m.AnchoredMember]:
    """Remove a member."""
    return (yield from _decide(did, "remove", reason, space))


def _decide(did: str, verb: str, reason: str, space: str | None) -> Steps[m.AnchoredMember]:
    return (yield from post(f"/anchor/members/{part(did)}/{verb}", {"reason": reason}, m.AnchoredMember, space=space))
