"""Tells the story of any id: asks the rooms in turn, those first to which the id belongs by its looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hanse.connector.explain import Explanation
from hanse.http.api.anchor.which import Anchored
from hanse.http.api.explaining.anchor import AnchorStories
from hanse.http.api.explaining.ledger import LedgerStories
from hanse.http.api.explaining.orders import OrderStories
from hanse.http.api.explaining.peers import PeerStories, happened
from hanse.http.api.explaining.standing import StandingStories
from hanse.http.api.explaining.uses import UseStories
from hanse.http.api.explaining.wallet import WalletStories
from hanse.http.api.factory.assessment_stories import AssessmentStories
from hanse.http.api.factory.custody_stories import CustodyStories
from hanse.http.api.factory.preparation_stories import PreparationStories
from hanse.http.api.services import Services
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Did, Tenant

Tell = Callable[[Tenant, str], Awaitable[Explanation]]

_INVITATION: Final = "inv"
_REFUSAL: Final = "rfs"
_HINT: Final = (
    "Ids look like neg_…, agr_…, trf_…, use_…, ds_…, off_…, vc_…, req_…, iss_…, inv_…, rfs_…, led_…, ord_…, lea_…, hld_…,"
    " prp_…, asm_…, or NAME@N of what is stored; a participant goes by its DID,"
    " your space by its address. `hanse contracts`, `hanse transfers` and `hanse wallet list` list some."
)
_OFFERED: Final = "If another member offers it, `hanse policy explain {} --from PEER` says its terms."


class Explainer:
    """The stories of all rooms, for one participant at a time: what is another's is not found."""

    def __init__(self, services: Services, anchored: Anchored) -> None:
        self._views = services.views
        self._wallet = WalletStories(services)
        self._anchor = AnchorStories(services, anchored)
        self._peers = PeerStories(services)
        self._standing = StandingStories(services)
        self._uses = UseStories(services)
        self._ledger = LedgerStories(services)
        self._orders = OrderStories(services)
        self._custody = CustodyStories(services)
        self._preparations = PreparationStories(services)
        self._assessments = AssessmentStories(services)

    async def explain(self, tenant: Tenant, id: str) -> Explanation:
        """Explain whatever the id or the DID names. Raises `NotFound`."""
        asked = _without_secret(id)
        if asked.startswith("did:"):
            return await self._participant(tenant, asked)
        if "://" in asked:
            return await self._space(tenant, asked.rstrip("/"))
        for tell in (*self._rooms(asked), self._views.explain, self._custody.named):
            try:
                story = await tell(tenant, asked)
            except NotFound:
                continue
            if story.kind != "agreement":
                return story
            story = await self._custody.of_agreement(tenant, await self._uses.of_agreement(tenant, story))
            return await self._ledger.of_agreement(tenant, story)
        if asked.partition("_")[0] == _REFUSAL:
            raise NotFound(
                f"This side has refused nobody under {asked[:80]}: it is the other side's id.",
                where="id",
                hint=f"Send it to the operator there, who runs `hanse explain {asked[:80]}`.",
            )
        hint = _OFFERED.replace("{}", asked[:80]) if asked.startswith(("ds_", "off_")) else _HINT
        raise NotFound(f"Nothing here goes by the id {asked[:80]!r}.", where="id", hint=hint)

    def _rooms(self, id: str) -> Sequence[Tell]:
        rooms: dict[str, Sequence[Tell]] = {
            "vc": (self._wallet.credential, self._anchor.credential),
            "req": (self._wallet.request,),
            "iss": (self._anchor.request,),
            "use": (self._uses.use,),
            _INVITATION: (self._anchor.invitation,),
            _REFUSAL: (self._peers.refusal,),
            "led": (self._ledger.entry,),
            "ord": (self._orders.order,),
            "hld": (self._custody.hold,),
            "lea": (self._custody.lease,),
            "prp": (self._preparations.under_way,),
            "asm": (self._assessments.assessment,),
        }
        return rooms.get(id.partition("_")[0], ())

    async def _participant(self, tenant: Tenant, did: str) -> Explanation:
        """Tell of the participant itself, an anchor of its member, and anybody else of a peer. Raises `NotFound`."""
        own = await self._standing.own(tenant)
        if own.did == did and all(link.anchor != did for link in own.spaces):
            return await self._standing.tell(own, own.spaces)
        try:
            story = await self._anchor.member(tenant, Did(did))
        except NotFound:
            return await self._peers.peer(tenant, Did(did))
        refusals = await self._peers.refusals(tenant, Did(did))
        story.history = sorted([*story.history, *happened(refusals)], key=lambda one: one.at)
        return story

    async def _space(self, tenant: Tenant, url: str) -> Explanation:
        """Tell how the participant stands in the space at this address, if it has joined it or applied. Raises `NotFound`."""
        own = await self._standing.own(tenant)
        link = own.link(url)
        if link is None:
            raise NotFound(
                f"This participant has neither joined nor applied to {url[:200]}.",
                where="id",
                hint=f"`hanse join {url[:200]} --check` tells what it would say.",
            )
        return await self._standing.tell(own, [link])


def _without_secret(id: str) -> str:
    """Return the id of an invitation whose whole code was given: the rest of it is a secret, and is repeated nowhere."""
    kind, _, rest = id.partition("_")
    return f"{kind}_{rest.partition('_')[0]}" if kind == _INVITATION else id
