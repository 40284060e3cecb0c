"""The space that a participant is in, and the one that it anchors, as steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.client import model as m
from hanse.client.core import Steps, get, listed, part, post, said


def members() -> Steps[list[m.Member]]:
    """Return the members of the own space, from its verified list."""
    return (yield from listed("/members", m.Member))


def space() -> Steps[m.Membership | None]:
    """Return how the participant stands in its space, or nothing if it has joined none."""
    return (yield from get("/space", m.Membership | None))  # type: ignore[arg-type]


def join(url: str, invitation: str | None = None) -> Steps[m.Joined]:
    """Ask to become a member of the space at `url`; with an invitation one enters at once."""
    return (yield from post("/space/join", said(url=url, invitation=invitation), m.Joined))


def found(name: str, title: str) -> Steps[m.AnchoredSpace]:
    """Found a space and be its anchor."""
    return (yield from post("/anchor", {"name": name, "title": title}, m.AnchoredSpace))


def anchored() -> Steps[m.AnchoredSpace]:
    """Return the space that the participant anchors. Raises `NotFound`."""
    return (yield from get("/anchor", m.AnchoredSpace))


def anchored_members() -> Steps[list[m.AnchoredMember]]:
    """Return members and former members, as the anchor knows them."""
    return (yield from listed("/anchor/members", m.AnchoredMember))


def applications() -> Steps[list[m.AnchoredMember]]:
    """Return who asks to become a member."""
    return (yield from listed("/anchor/applications", m.AnchoredMember))


def invite(*, did: str | None = None, roles: Sequence[str] | None = None, expires: datetime | None = None) -> Steps[m.Invitation]:
    """Make an invitation that works once. Its code is in the answer, this once."""
    body = said(did=did, roles=None if roles is None else list(roles), expires=expires)
    return (yield from post("/anchor/invitations", body, m.Invitation))


def approve(did: str, *, roles: Sequence[str] | None = None, reason: str = "") -> Steps[m.AnchoredMember]:
    """Admit an applicant, with the roles it asked for or with others."""
    body = said(roles=None if roles is None else list(roles), reason=reason)
    return (yield from post(f"/anchor/applications/{part(did)}/approve", body, m.AnchoredMember))


def refuse(did: str, reason: str = "") -> Steps[m.AnchoredMember]:
    """Refuse an applicant."""
    return (yield from post(f"/anchor/applications/{part(did)}/refuse", {"reason": reason}, m.AnchoredMember))


def suspend(did: str, reason: str = "") -> Steps[m.AnchoredMember]:
    """Suspend a member: for now it gets nothing."""
    return (yield from _decide(did, "suspend", reason))


def reinstate(did: str, reason: str = "") -> Steps[m.AnchoredMember]:
    """Undo a suspension."""
    return (yield from _decide(did, "reinstate", reason))


def remove(did: str, reason: str = "") -> Steps[m.AnchoredMember]:
    """Remove a member."""
    return (yield from _decide(did, "remove", reason))


def _decide(did: str, verb: str, reason: str) -> Steps[m.AnchoredMember]:
    return (yield from post(f"/anchor/members/{part(did)}/{verb}", {"reason": reason}, m.AnchoredMember))
