"""Builds ordering: the search over all spaces, plans, decisions of people, and the timer's part in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from hanse.app.build import Connector, Ground
from hanse.app.evidence import EvidenceSide
from hanse.app.trust import TrustSide
from hanse.app.usage import UsageSide
from hanse.connector.browse import MOST_PAGES, Browser
from hanse.connector.kit import Changed
from hanse.connector.watch import Watch
from hanse.dcat.holding import DatasetVersion
from hanse.factory.acquire.describing import Declared
from hanse.factory.acquire.orders import Orders
from hanse.factory.acquire.ports import Found, Member
from hanse.factory.acquire.records import ItemChanged, OrderChanged
from hanse.factory.acquire.runs import Runs, Surroundings
from hanse.factory.acquire.searching import Searcher
from hanse.http.api.policies.saying import terms_in_words
from hanse.kernel.errors import PeerInvalid
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.constraints.base import Badge, Operands
from hanse.odrl.model import Terms
from hanse.storage import Database, Tx

_VERSIONS = 100
"""Versions of one dataset that are looked at, to see whether it is held."""


class JoinedSpaces:
    """The spaces of a participant, by their registers."""

    def __init__(self, ground: Ground, trust: TrustSide) -> None:
        self._tenants = ground.tenants
        self._directory = trust.directory

    async def own(self, tenant: Tenant) -> Did:
        """Return the participant's own DID."""
        return self._tenants.did_of(tenant)

    async def joined(self, tenant: Tenant) -> Sequence[str]:
        """Return the addresses of the spaces."""
        return [link.url for link in await self._directory.links(tenant)]

    async def members(self, tenant: Tenant, space: str) -> Sequence[Member]:
        """Return the members of one of them."""
        return [Member(Did(one.did), one.name) for one in await self._directory.members(tenant, space)]


class PeersCatalogues:
    """Catalogues as the connector reads them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def search(self, tenant: Tenant, peer: Did, filter: tuple[object, ...]) -> AsyncGenerator[Found, None]:
        """Yield what the peer offers us under that filter, page by page."""
        seen: set[str] = set()
        page = await self._browser.page(tenant, peer, filter)
        while True:
            yield Found(page.datasets, len(page.unreadable))
            if page.next is None:
                return
            if page.next in seen or len(seen) >= MOST_PAGES:
                raise PeerInvalid("The pages of its catalogue come to no end.", rule="pagination")
            seen.add(page.next)
            page = await self._browser.page(tenant, peer, at=page.next)


class KeptTerms:
    """Badges, as the decision point gives them."""

    def __init__(self, usage: UsageSide, operands: Operands) -> None:
        self._usage = usage
        self._operands = operands

    async def declared(self, tenant: Tenant, peer: Did, terms: Terms) -> Sequence[str]:
        """Return the terms that nothing but the law keeps, in words."""
        await self._usage.voice.look(tenant, peer)
        found = self._usage.bridge.badges(tenant, peer, terms)
        paths = [path for path, badge in found.items() if badge is Badge.DECLARED]
        said = terms_in_words(terms, "en", self._operands) if paths else {}
        return [said.get(path, path) for path in paths]


class StoredVersions:
    """What the facility holds, and the contracts that it came under."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def held(self, tenant: Tenant, name: str) -> Sequence[DatasetVersion]:
        """Return the versions of that name."""

        def work(tx: Tx) -> list[DatasetVersion]:
            page = tx.facility.page(tenant, name=name, agreement=None, gone=False, after=None, limit=_VERSIONS)
            return [one.version for one in page]

        return await self._database.read(work)

    async def agreed(self, tenant: Tenant, agreement: str) -> Terms | None:
        """Return the terms of a contract that has not ended."""
        contract = await self._database.read(lambda tx: tx.contracts.get(tenant, agreement))
        return None if contract is None or contract.ended is not None else contract.agreement.terms


class AcquireSide:
    """Orders on that ground."""

    def __init__(self, ground: Ground, trust: TrustSide, connector: Connector, evidence: EvidenceSide, usage: UsageSide) -> None:
        database: Any = ground.database
        spaces = JoinedSpaces(ground, trust)
        self._watch = Watch(_orders_heard(ground.database))
        self._connector = connector
        self._alone = ground.settings.database == ""
        around = Surroundings(
            spaces=spaces,
            promises=KeptTerms(usage, ground.operands),
            holdings=StoredVersions(ground.database),
            describing=Declared(),
            operands=ground.operands,
        )
        searcher = Searcher(spaces, PeersCatalogues(Browser(connector.kit)))
        self.runs = Runs(database, evidence.ledger, searcher, around, ground.clock)
        self.orders = Orders(database, evidence.ledger, self._watch, ground.clock, ground.ids)
        self.runs.wake = connector.timer.wake
        connector.chores.append(self.runs.begin_due)
        connector.dues.append(self.runs.next_due)
        ground.database.subscribe(self._on_event)

    async def start(self) -> None:
        """Take up what a former process was cut off in."""
        if self._alone:
            await self.runs.take_up()

    async def stop(self) -> None:
        """Let those who wait go, and end what runs; it is begun anew after the next start."""
        self._watch.end()
        await self.runs.stop()

    def _on_event(self, event: object) -> None:
        if isinstance(event, OrderChanged):
            self._connector.timer.wake()


def _orders_heard(database: Database) -> Callable[[Callable[[object], None]], None]:
    """Return a `subscribe` that hands on changes of orders as the connector's watch knows changes."""

    def subscribe(hear: Callable[[object], None]) -> None:
        def heard(event: object) -> None:
            if isinstance(event, OrderChanged | ItemChanged):
                hear(Changed("order", event.tenant, event.order, "", "", ours=True))

        database.subscribe(heard)

    return subscribe
