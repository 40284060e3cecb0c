"""Tells the story of any id: asks the rooms in turn, those first to which the id belongs by its looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hanse.connector.explain import Explanation
from hanse.http.api.anchoring import Anchored
from hanse.http.api.explain_anchor import AnchorStories
from hanse.http.api.explain_peers import PeerStories, happened
from hanse.http.api.explain_wallet import WalletStories
from hanse.http.api.services import Services
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Did, Tenant

Tell = Callable[[Tenant, str], Awaitable[Explanation]]

_INVITATION: Final = "inv"
_HINT: Final = (
    "Ids look like neg_…, agr_…, trf_…, ds_…, off_…, vc_…, req_…, iss_…, inv_…, rfs_…; a participant goes by its DID."
    " `hanse contracts`, `hanse transfers` and `hanse wallet list` list some."
)


class Explainer:
    """The stories of all rooms, for one participant at a time: what is another's is not found."""

    def __init__(self, services: Services, anchored: Anchored) -> None:
        self._views = services.views
        self._wallet = WalletStories(services)
        self._anchor = AnchorStories(services, anchored)
        self._peers = PeerStories(services)

    async def explain(self, tenant: Tenant, id: str) -> Explanation:
        """Explain whatever the id or the DID names. Raises `NotFound`."""
        asked = _without_secret(id)
        for tell in (*self._rooms(asked), self._views.explain):
            try:
                return await tell(tenant, asked)
            except NotFound:
                continue
        raise NotFound(f"Nothing here goes by the id {asked[:80]!r}.", where="id", hint=_HINT)

    def _rooms(self, id: str) -> Sequence[Tell]:
        if id.startswith("did:"):
            return (self._participant,)
        rooms: dict[str, Sequence[Tell]] = {
            "vc": (self._wallet.credential, self._anchor.credential),
            "req": (self._wallet.request,),
            "iss": (self._anchor.request,),
            _INVITATION: (self._anchor.invitation,),
            "rfs": (self._peers.refusal,),
        }
        return rooms.get(id.partition("_")[0], ())

    async def _participant(self, tenant: Tenant, did: str) -> Explanation:
        """Tell an anchor of its member, and anybody else of a peer. Raises `NotFound`."""
        try:
            story = await self._anchor.member(tenant, Did(did))
        except NotFound:
            return await self._peers.peer(tenant, Did(did))
        refusals = await self._peers.refusals(tenant, Did(did))
        story.history = sorted([*story.history, *happened(refusals)], key=lambda one: one.at)
        return story


def _without_secret(id: str) -> str:
    """Return the id of an invitation whose whole code was given: the rest of it is a secret, and is repeated nowhere."""
    kind, _, rest = id.partition("_")
    return f"{kind}_{rest.partition('_')[0]}" if kind == _INVITATION else id
