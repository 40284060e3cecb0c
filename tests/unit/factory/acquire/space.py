"""A space in memory: members with catalogues, what is held, and how terms are kept; the second implementation of the ports."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

from hanse.dcat.model import Dataset
from hanse.dcat.search import parse_filter, terms_of, text_of
from hanse.factory.acquire.describing import Declared
from hanse.factory.acquire.orders import By, Orders
from hanse.factory.acquire.ports import Described, Found, Member
from hanse.factory.acquire.records import ItemChanged, Limits, OrderChanged, Wish, advance
from hanse.factory.acquire.runs import Runs, Surroundings
from hanse.factory.acquire.searching import Searcher
from hanse.factory.acquire.settling import settle
from hanse.factory.acquire.states import Event
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import HanseError
from hanse.kernel.ids import CountedIds
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.model import Offer
from hanse.odrl.names import TRAIN
from hanse.odrl.price import read_price
from hanse.odrl.templates import parse_template
from hanse.storage import open_database

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SPACE, OTHER = "https://anchor.test/spaces/one", "https://anchor.test/spaces/two"
OWN = "did:web:factory.test"
TENANT = "factory"
EVA = By("eva", "op_1")


def did(name):
    return f"did:web:{name}.test"


def offer(text="members", id="off_1"):
    return Offer(id=id, terms=parse_template(text, NOW))


def dataset(id="ds_1", title="Weather in Europe", terms="members", **fields):
    made = {"licence": "https://creativecommons.org/licenses/by/4.0/", "formats": ("HttpData-PULL",), "byte_size": 1_000, "modified": NOW}
    offers = (offer(terms, f"off_{id}"),) if isinstance(terms, str) else terms
    return Dataset(id=id, title=title, offers=offers, **(made | fields))


def wish(query="weather", **fields):
    return Wish(query=query, **({"action": TRAIN, "yes": True} | fields))


def budget(text, **more):
    return Limits(budget=read_price(text), **more)


class World:
    """All ports at once; a test sets what they say."""

    def __init__(self, db):
        self.db, self.clock = db, ManualClock(NOW)
        self.spaces = {SPACE: ["zoo", "uni"]}
        self.catalogues: dict[str, object] = {}
        self.filters: list[tuple[str, tuple]] = []
        self.declares: dict[str, tuple[str, ...]] = {}
        self.described: dict[str, Described] = {}
        self.versions: dict[str, list] = {}
        self.agreements: dict[str, object] = {}
        self.log: list[tuple[str, tuple[str, ...]]] = []
        self.events: list[object] = []
        self.ended = False
        self.page = 100
        self._woken = asyncio.Event()
        db.subscribe(self._heard)
        self.start()
        self.orders = Orders(db, self, self, self.clock, CountedIds())

    def start(self, pace=None):
        """Begin as a server process does, with nothing in memory."""
        self.runs = Runs(self.db, self, Searcher(self, self, pace), Surroundings(self, self, self, self, BUILT_IN), self.clock)

    # The ports.

    async def own(self, tenant):
        return OWN

    async def joined(self, tenant):
        return list(self.spaces)

    async def members(self, tenant, space):
        members = self.spaces[space]
        if isinstance(members, HanseError):
            raise members
        return [Member(did(name), name) for name in members]

    async def search(self, tenant, peer, filter):
        self.filters.append((peer, filter))
        answer = self.catalogues.get(peer, ())
        if callable(answer):
            answer = await answer(filter)
        if isinstance(answer, HanseError):
            raise answer
        if isinstance(answer, Found):
            yield answer
            return
        criteria = parse_filter(filter)
        found = [one for one in answer if criteria.match(terms_of(one), text_of(one))]
        for start in range(0, len(found), self.page):
            yield Found(found[start : start + self.page])

    async def declared(self, tenant, peer, terms):
        return self.declares.get(peer, ())

    async def held(self, tenant, name):
        return self.versions.get(name, [])

    async def agreed(self, tenant, agreement):
        return self.agreements.get(agreement)

    def of(self, dataset):
        return self.described.get(dataset.id) or Declared().of(dataset)

    def append_about(self, tx, tenant, subject, says):
        self.log.append((says.what, says.reasons))
        assert says.operator in ("", "op_1")  # no name

    @contextmanager
    def following(self, tenant, id):
        yield self._woken

    def _heard(self, event):
        if isinstance(event, OrderChanged | ItemChanged):
            self.events.append(event)
            self._woken.set()

    # What tests do with it.

    async def run(self, wish, by=EVA):
        """Place an order and let its search end."""
        order = await self.orders.place(TENANT, wish, by)
        return await self.go(order.id)

    async def go(self, id):
        """Let everything that is due happen, and return the order with its items."""
        await self.runs.begin_due()
        await self.runs.idle()
        return await self.orders.get(TENANT, id)

    async def finish(self, id, number, *events, **changes):
        """Take an item through these events, as the running room does."""

        def work(tx):
            item = tx.orders.item(TENANT, id, number)
            for event in events:
                item = advance(item, event, self.clock.now(), **changes)
            tx.orders.put_item(item)
            settle(tx, self, TENANT, id, self.clock.now())

        await self.db.run(work)


ACQUIRED = (Event.NEGOTIATE, Event.AGREE, Event.TRANSFER, Event.STORE, Event.DOCUMENT, Event.FINISH)


def by_dataset(seen):
    return {item.dataset: item for item in seen.items}


def play(scenario):
    """Run `async def scenario(world)` on a database in memory."""

    async def whole():
        db = await open_database(":memory:")
        try:
            async with asyncio.timeout(60):
                return await scenario(World(db))
        finally:
            await db.close()

    return asyncio.run(whole())


class Modes:
    """Links with spaces, of which a test says what they allow: `without` a person there (a number of datasets, or why not), and at all."""

    def __init__(self, without, refused=""):
        self.without, self.refused = without, refused

    async def may(self, tenant, space, right):
        return SimpleNamespace(yes=not self.refused, why=self.refused)

    async def purse(self, tenant, space):
        return self.without if isinstance(self.without, str) else Purse(self.without)


class Purse:
    """So many datasets."""

    def __init__(self, left):
        self.left = left

    def copy(self):
        return Purse(self.left)

    def problem(self, one):
        return "" if self.left else f"{one.dataset} is one too many for the link."

    def take(self, one):
        self.left -= 1
