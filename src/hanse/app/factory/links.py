"""Builds links: what is seen of spaces, joined or not, the agreements and orders that they concern, and the timer's part in them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from hanse.app.build import Connector, Ground
from hanse.app.evidence import EvidenceSide
from hanse.app.trust import TrustSide
from hanse.app.wallets import WalletSide
from hanse.connector.browse import MOST_PAGES, Browser
from hanse.connector.ending import Endings
from hanse.connector.records import Contract
from hanse.dcat.model import Dataset
from hanse.dsp.messages import Role
from hanse.factory.acquire.orders import By, Orders
from hanse.factory.acquire.records import Item, Order
from hanse.factory.acquire.searching import LARGEST
from hanse.factory.links.links import Links
from hanse.factory.links.records import RIGHTS, Deal, Link, LinkChanged, Relay, Seen, Spent
from hanse.factory.links.replicas import MOST, Replicas
from hanse.http.api.membership.client import SpaceClient
from hanse.http.api.membership.collecting import Collecting
from hanse.identity.rulebook import TRUSTS, Rulebook
from hanse.identity.statements import Member
from hanse.kernel.errors import Conflict, HanseError, NotFound
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.peers import EvidencePeers
from hanse.odrl.price import Price
from hanse.participants.records import Participant
from hanse.storage import Database, Tx

_PAGE: Final = 500
_LOOK: Final = timedelta(minutes=5)
"""From one look at what is copied to the next."""
MOST_BYTES: Final = 32 << 20
"""Bytes of the descriptions that are copied of one member."""
_INTERMEDIARY: Final = "intermediary"
"""The role of members that pass on what they get, or host others."""


class SeenSpaces:
    """The spaces of a participant, by their signed pages: those that it has joined, and others as far as they are public."""

    def __init__(self, ground: Ground, trust: TrustSide, wallet: WalletSide, client: SpaceClient) -> None:
        self._tenants = ground.tenants
        self._directory = trust.directory
        self._client = client
        self._collecting = Collecting(wallet.requests, wallet.credentials, ground.clock)
        self._services: EvidencePeers = wallet.evidence_peers

    async def joined(self, tenant: Tenant) -> Sequence[str]:
        """Return the addresses of the spaces that it has joined."""
        return [link.url for link in await self._tenants.spaces_of(tenant)]

    async def look(self, tenant: Tenant, space: str) -> Seen:
        """Return what is seen of a space now; what cannot be told is told so."""
        own = self._tenants.find(tenant)
        joined = own.link(space) is not None
        try:
            rulebook, members = await (self._inside(tenant, space) if joined else self._outside(space))
        except HanseError as error:
            return Seen(space=space, joined=joined, problem=error.message)
        return await self._seen(own, rulebook, members, joined=joined)

    async def relay(self, tenant: Tenant, peer: Did) -> Relay:
        """Return what is seen of an intermediary."""
        met: Sequence[str] = []
        with suppress(HanseError):
            met = await self._directory.naming(tenant, peer)
        return Relay(met=bool(met), notes=await self._services.look(peer))

    async def _inside(self, tenant: Tenant, space: str) -> tuple[Rulebook, Sequence[Member]]:
        return await self._directory.rulebook(tenant, space), await self._directory.members(tenant, space)

    async def _outside(self, space: str) -> tuple[Rulebook, Sequence[Member]]:
        public = await self._client.look(space)
        return await self._client.rulebook(public), (await self._client.register(public)).members

    async def _seen(self, own: Participant, rulebook: Rulebook, members: Sequence[Member], *, joined: bool) -> Seen:
        listed = next((one for one in members if one.did == own.did), None)
        roles = frozenset() if listed is None else frozenset(listed.roles)
        wanted = dict.fromkeys([rulebook.membership, *(rulebook.roles[one].credential for one in roles if one in rulebook.roles)])
        held = set(await self._collecting.held(own.name, Did(rulebook.anchor), list(wanted), rulebook.space)) if joined else set()
        return Seen(
            space=rulebook.space,
            title=rulebook.title,
            joined=joined,
            listed=listed is not None,
            membership=rulebook.membership in held,
            roles=roles,
            proved=frozenset(one for one in roles if one in rulebook.roles and rulebook.roles[one].credential in held),
            trust={what: rulebook.trusting(what) for what in TRUSTS},
            intermediaries=frozenset(one.did for one in members if _INTERMEDIARY in one.roles),
            notes=await self._services.look(Did(rulebook.anchor)),
        )


class SpaceDeals:
    """The agreements by which a participant gets data."""

    def __init__(self, ground: Ground, endings: Endings) -> None:
        self._database = ground.database
        self._tenants = ground.tenants
        self._endings = endings

    async def standing(self, tenant: Tenant, space: str, *, since: datetime | None = None, peer: Did | None = None) -> Sequence[Deal]:
        """Return those in force that were made in this space, or with this peer, the oldest first."""
        only = len(self._tenants.find(tenant).spaces) == 1

        def counts(contract: Contract) -> bool:
            if contract.ended is not None or contract.role is not Role.CONSUMER or (since is not None and contract.finalized < since):
                return False
            # Agreements made before there could be several spaces name none: they are of the only one.
            return contract.peer == peer if peer is not None else space in contract.spaces or (only and not contract.spaces)

        found = await self._database.read(lambda tx: [one for one in _contracts(tx, tenant) if counts(one)])
        deals = [Deal(id=one.id, peer=one.peer, dataset=one.dataset, spaces=one.spaces, finalized=one.finalized) for one in found]
        return sorted(deals, key=lambda one: (one.finalized, one.id))

    async def end(self, tenant: Tenant, id: str, reason: str) -> bool:
        """End one; tell whether it had not ended already."""
        try:
            await self._endings.end(tenant, id, "notice", reason, "us")
        except (Conflict, NotFound):
            return False
        return True


class SpaceOrders:
    """Standing orders, as links see them."""

    def __init__(self, ground: Ground, orders: Orders) -> None:
        self._database = ground.database
        self._orders = orders

    async def revoke(self, tenant: Tenant, space: str, reason: str) -> Sequence[str]:
        """End the standing orders that have looked for data in this space alone."""
        revoked: list[str] = []
        for order in await self._database.read(lambda tx: _standing_orders(tx, tenant)):
            if order.ended or order.cancelled is not None or order.run is None or set(order.run.spaces) != {space}:
                continue
            with suppress(Conflict, NotFound):
                await self._orders.cancel(tenant, order.id, By("us", "us"), reason)
                revoked.append(order.id)
        return revoked

    async def spent(self, tenant: Tenant, space: str, since: datetime) -> Spent:
        """Return what standing orders have acquired from the space since that moment, and what they are acquiring."""

        def work(tx: Tx) -> list[Item]:
            items = (item for order in _standing_orders(tx, tenant) for item in tx.orders.items(tenant, order.id))
            # Not since when it is known: what was left out long ago may have been taken today.
            return [item for item in items if item.space == space and item.committed and item.updated >= since]

        items = await self._database.read(work)
        money: dict[str, Decimal] = {}
        for price in (item.price for item in items if item.price is not None):
            money[price.currency] = money.get(price.currency, Decimal()) + price.amount
        return Spent(
            money=tuple(Price(amount, currency) for currency, amount in money.items()),
            size=sum(item.size or item.offered.byte_size or 0 for item in items),
            datasets=len(items),
        )


class SpaceCatalogues:
    """The catalogues of a space's members."""

    def __init__(self, ground: Ground, trust: TrustSide, browser: Browser) -> None:
        self._database = ground.database
        self._tenants = ground.tenants
        self._directory = trust.directory
        self._browser = browser

    async def members(self, tenant: Tenant, space: str) -> Sequence[tuple[Did, str]]:
        """Return the other members of a space: DID and name."""
        own = self._tenants.did_of(tenant)
        return [(Did(one.did), one.name) for one in await self._directory.members(tenant, space) if one.did != own]

    async def read(self, tenant: Tenant, peer: Did) -> Sequence[Dataset]:
        """Return what a peer offers to us, page after page as far as a copy goes: a catalogue can be made to have no end."""
        page = await self._browser.page(tenant, peer)
        found, left = _small(page.datasets, MOST_BYTES)
        seen = {page.next}
        while page.next is not None and len(found) < MOST and left > 0 and len(seen) <= MOST_PAGES:
            page = await self._browser.page(tenant, peer, at=page.next)
            more, left = _small(page.datasets, left)
            found += more
            if page.next in seen:
                break
            seen.add(page.next)
        return found

    async def replicating(self) -> Sequence[Link]:
        """Return the links of all participants whose mode lets them copy catalogues."""
        found = await self._database.read(lambda tx: tx.links.every())
        return [one for one in found if one.ended is None and "replicate" in RIGHTS[one.mode] and self._tenants.answers(one.tenant)]


def _small(datasets: Sequence[Dataset], left: int) -> tuple[list[Dataset], int]:
    """Return those whose descriptions are of a size that is kept, as long as there is room for so many bytes; and what room is left."""
    found: list[Dataset] = []
    for one in datasets:
        size = len(msgspec.json.encode(one)) if left > 0 else 0
        if 0 < size <= LARGEST:
            found.append(one)
            left -= size
    return found, left


def _contracts(tx: Tx, tenant: Tenant) -> list[Contract]:
    found: list[Contract] = []
    after: str | None = None
    while page := tx.contracts.page(tenant, after=after, limit=_PAGE):
        found += page
        after = page[-1].id
    return found


def _standing_orders(tx: Tx, tenant: Tenant) -> list[Order]:
    found: list[Order] = []
    after: str | None = None
    while page := tx.orders.page(tenant, after=after, limit=_PAGE):
        found += [order for order in page if order.wish.standing is not None]
        after = page[-1].id
    return found


class LinkSide:
    """Links on that ground; they end by themselves in the timer's chores."""

    def __init__(
        self, ground: Ground, trust: TrustSide, wallet: WalletSide, connector: Connector, evidence: EvidenceSide, orders: Orders
    ) -> None:
        database: Any = ground.database
        client = SpaceClient(ground.client, ground.resolver, wallet.tokens, ground.clock, ground.parts.did_address)
        spaces = SeenSpaces(ground, trust, wallet, client)
        deals = SpaceDeals(ground, evidence.endings)
        self.links = Links(database, spaces, deals, SpaceOrders(ground, orders), evidence.ledger, ground.clock)
        self.replicas = Replicas(database, self.links, SpaceCatalogues(ground, trust, Browser(connector.kit)), ground.clock)
        self._round: asyncio.Task[None] | None = None
        self._next = ground.clock.now()
        self._clock = ground.clock
        connector.chores += [self.links.end_due, self.begin]
        connector.dues.append(self.links.next_due)
        _wakes(ground.database, connector)

    async def begin(self) -> None:
        """Begin a round over what is copied, beside everything else, if it is time and the last one is over."""
        now = self._clock.now()
        if now < self._next or (self._round is not None and not self._round.done()):
            return
        self._next = now + _LOOK
        self._round = asyncio.get_running_loop().create_task(self.replicas.refresh_due())

    async def stop(self) -> None:
        """End a round that is under way."""
        if self._round is not None:
            self._round.cancel()
            await asyncio.gather(self._round, return_exceptions=True)


def _wakes(database: Database, connector: Connector) -> None:
    def heard(event: object) -> None:
        if isinstance(event, LinkChanged):
            connector.timer.wake()

    database.subscribe(heard)
