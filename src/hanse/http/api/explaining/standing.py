"""The story of a participant's own membership or application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.http.api.services import Services
from hanse.http.api.space import SpaceOperations
from hanse.kernel.tenant import Tenant
from hanse.participants.records import Participant, SpaceLink

_SAID: Final = {
    "member": "You are a member of {url}.",
    "pending": "You have applied to {url}.",
    "suspended": "You are suspended from {url}.",
    "refused": "Your application to {url} was refused.",
    "removed": "You were removed from {url}.",
    "left": "You have left {url}.",
    "not listed": "The anchor of {url} does not know you.",
}
_WAITS: Final = {"pending": "the anchor to decide on the application", "suspended": "the anchor to reinstate you"}


class StandingStories:
    """Where a participant stands in the spaces that it has joined or applied to."""

    def __init__(self, services: Services) -> None:
        self._participants = services.participants
        self._space = SpaceOperations(services)

    async def own(self, tenant: Tenant) -> Participant:
        """Return the participant itself. Raises `NotFound`."""
        return await self._participants.find(tenant)

    async def tell(self, own: Participant, links: Sequence[SpaceLink]) -> Explanation:
        """Tell where the participant stands in these spaces, and what that waits for; of several, what one of them waits for."""
        if not links:
            return Explanation(id=own.did, kind="standing", summary="You are in no space; `hanse join` joins one.", state="NO SPACE")
        told = [await self._one(own, link) for link in links]
        story = next((one for one in told if one.waits_for), told[0])
        if len(told) > 1:
            story.summary = " ".join(one.summary for one in told)
            story.history = [each for one in told for each in one.history]
            story.related = {f"space {number}": one.related["space"] for number, one in enumerate(told, 1)}
        return story

    async def _one(self, own: Participant, link: SpaceLink) -> Explanation:
        standing = await self._space.standing(own, link)
        said = _SAID.get(standing.state, "Where you stand in {url} cannot be told now.").format(url=link.url)
        if standing.state != "member" and standing.reason:
            said += f" {standing.reason}"
        waits = _WAITS.get(standing.state, "")
        if standing.terms:
            waits = f"you to accept new terms: read them at {standing.terms_url}, then --accept-terms {standing.terms}"
        return Explanation(
            id=own.did,
            kind="standing",
            summary=said,
            state=standing.state.upper(),
            waits_for=waits,
            who="you" if standing.terms else link.anchor if waits else "",
            history=[Happening(link.joined, "space pinned", "us", link.url)],
            last_error=standing.problem or "",
            related={"space": link.url, "anchor": link.anchor},
        )
