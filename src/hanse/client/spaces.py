"""The spaces that a participant is in, as steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanse.client import space_model as m
from hanse.client.core import Steps, get, listed, post, said
from hanse.client.model import SeenSpace
from hanse.kernel.errors import NotFound


def members(space: str | None = None) -> Steps[list[m.Member]]:
    """Return the members of a space (its address or its name), or of all that the participant is in, from the signed registers."""
    return (yield from listed("/members", m.Member, space=space))


def did_of(peer: str) -> Steps[str]:
    """Return the DID of a member that is named by its DID, by its name, or by the last part of its DID. Raises `NotFound`."""
    if peer.startswith("did:"):
        return peer
    found = [one.did for one in (yield from members()) if peer in (one.name, one.did.rpartition(":")[2])]
    if len(found) == 1:
        return found[0]
    fault = "There is no member" if not found else "There is more than one member"
    raise NotFound(f"{fault} {peer[:80]!r} in your spaces.", where="peer", hint="`hanse status --members` lists them; a DID always works.")


def space(name: str | None = None) -> Steps[m.Membership]:
    """Return how the participant stands in a space (its address or its name), or in its only one.

    Raises `NotFound` if it has joined none, and `Invalid` if one of several has to be named.
    """
    return (yield from get("/space", m.Membership, space=name))


def spaces() -> Steps[list[m.Membership]]:
    """Return how the participant stands in each space that it has joined."""
    return (yield from listed("/spaces", m.Membership))


def look(url: str, *, offers: bool = False, filter: Sequence[object] = ()) -> Steps[SeenSpace]:
    """Return what everybody may see of the space at `url`; with `offers` also what its members offer to anybody.

    Raises `Invalid` if there is no space, and `PeerError`s.
    """
    return (yield from post("/space/look", {"url": url, "offers": offers, "filter": list(filter)}, SeenSpace))


def join(
    url: str,
    invitation: str | None = None,
    *,
    roles: Sequence[str] = (),
    evidence: Mapping[str, str] | None = None,
    terms: str | None = None,
    sponsor: str | None = None,
    hosting: str | None = None,
    check: bool = False,
    replace: bool = False,
    participant: str | None = None,
) -> Steps[m.Joined]:
    """Become a member of the space at `url`, or ask to; with an invitation one enters at once.

    `evidence` is what the rulebook asks for, by name. `terms` is the hash of the space's terms, by which they are accepted.
    `sponsor` is an intermediary on the same server that vouches for the `participant` that it hosts: for host operators.
    `hosting` is where an intermediary tells how it hosts others. With `check` nothing is asked for: it only tells what would be.
    The participant stays in the spaces that it is in. `replace` pins another anchor than the one that was pinned. Asking again
    changes nothing, and tells where things stand.
    """
    body = said(
        url=url,
        invitation=invitation,
        roles=list(roles) or None,
        evidence=dict(evidence) if evidence else None,
        terms=terms,
        sponsor=sponsor,
        hosting=hosting,
        check=check or None,
        replace=replace or None,
    )
    return (yield from post("/space/join", body, m.Joined, tenant=participant))


def leave(space: str | None = None, *, anyway: bool = False) -> Steps[m.Joined]:
    """Leave a space (its address or its name; the only one needs none): its anchor takes the credentials back, it is trusted no more.

    Raises `Conflict` if there is none, `Invalid` if one of several has to be named. With `anyway` it is forgotten even if its anchor
    cannot be told.
    """
    return (yield from post("/space/leave", said(url=space, anyway=anyway or None), m.Joined))
