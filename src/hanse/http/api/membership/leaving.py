"""How a participant of this server leaves a space: its anchor is told, and the anchor's credentials leave the wallet."""

from __future__ import annotations

from typing import Final

from hanse.http.api.membership.client import SpaceClient
from hanse.http.api.membership.collecting import Collecting
from hanse.http.api.space_structs import Joined
from hanse.kernel.errors import Conflict, Invalid, NotFound, PeerError, PeerRefused
from hanse.kernel.tenant import Tenant
from hanse.participants.records import Participant, SpaceLink
from hanse.participants.registry import Participants
from hanse.participants.roles import Action, Caller, authorise

_NOTHING_TO_LEAVE: Final = frozenset({404, 409})
_ANYWAY: Final = "`hanse leave --anyway` forgets the space here without telling its anchor."


class Leaving:
    """Leaves spaces. Here a space is left even if its anchor cannot be told, but never silently."""

    def __init__(self, spaces: SpaceClient, participants: Participants, collecting: Collecting) -> None:
        self._spaces = spaces
        self._participants = participants
        self._collecting = collecting

    async def leave(self, caller: Caller, tenant: Tenant, url: str = "", *, anyway: bool = False) -> Joined:
        """Leave a space, the only one if none is named: tell its anchor, which takes the credentials back, then trust it no more.

        With `anyway` it is forgotten here even if the anchor cannot be told. Raises `Invalid` if it has to be named, `NotFound`,
        `Conflict`, and `PeerError`s without it.
        """
        authorise(caller, Action.JOIN_SPACE, tenant)
        participant = await self._participants.get(caller, tenant)
        link = which(participant, url)
        if link is None:
            raise Conflict(f"{tenant} has joined no space.", where="space", rule="no-space")
        if link.anchor == participant.did:
            raise Conflict("The anchor itself is always a member of its space.", where="space", rule="anchor")
        try:
            told = await self._tell(tenant, link)
        except PeerError as error:
            if not anyway:
                error.hint = f"{error.hint} {_ANYWAY}" if error.hint else _ANYWAY
                raise
            told = _untold(link, error)
        await self._participants.leave(caller, tenant, link.url)
        return Joined(state="left", steps=[told, "The space is pinned no more.", *await self.forget(tenant, link)])

    async def forget(self, tenant: Tenant, link: SpaceLink) -> list[str]:
        """Throw away what the anchor of a space that was left has issued: it proves nothing any more."""
        dropped = await self._collecting.drop(tenant, link.anchor, link.url)
        return [f"Its credentials are gone from the wallet: {', '.join(dropped)}."] if dropped else []

    async def _tell(self, tenant: Tenant, link: SpaceLink) -> str:
        try:
            await self._spaces.leave(tenant, link.url, link.anchor)
        except PeerRefused as refusal:
            if refusal.status not in _NOTHING_TO_LEAVE:
                raise
            return f"The anchor of {link.url} had nothing more to take back: this participant is no active member there."
        return f"The anchor of {link.url} was told, and takes the credentials back."


def which(participant: Participant, url: str = "") -> SpaceLink | None:
    """Return the space of that address that a participant has joined, or the only one; nothing if it has joined none.

    An address may be cut short to its last part, the space's name. Raises `NotFound`, and `Invalid` if it has to be named.
    """
    links, asked = participant.spaces, url.strip().rstrip("/")
    if not links or (not asked and len(links) == 1):
        return links[0] if links else None
    urls = ", ".join(link.url for link in links)
    if not asked:
        raise Invalid(f"{participant.name} is in several spaces.", where="space", rule="which-space", hint=f"Name one: {urls}.")
    found = [link for link in links if asked in (link.url, link.url.rpartition("/")[2])]
    if len(found) == 1:
        return found[0]
    fault = "has not joined" if not found else "has joined more than one space called"
    raise NotFound(f"{participant.name} {fault} {asked[:200]!r}.", where="space", rule="no-space", hint=f"It is in: {urls}.")


def _untold(link: SpaceLink, error: PeerError) -> str:
    return f"The anchor of {link.url} was not told: {error.message} It may list this participant still; its operator can remove it."
