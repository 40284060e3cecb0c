"""What may come from a space without a person: nothing that hides its size, and no more because it was left out for long."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from msgspec import structs

from hanse.app.factory.links import MOST_BYTES, SpaceCatalogues, SpaceOrders
from hanse.connector.browse import MOST_PAGES
from hanse.factory.acquire.records import Limits as OrderLimits
from hanse.factory.acquire.records import Order, Standing
from hanse.factory.acquire.searching import LARGEST
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.factory.links.limits import Purse, Sought
from hanse.factory.links.records import Limits, Link, Mode, Spent
from hanse.odrl.price import read_price
from hanse.storage import open_database
from tests.unit.factory.acquire.space import NOW, SPACE, TENANT, dataset, did, wish
from tests.unit.factory.acquire.test_guard import item


def link(**limits):
    return Link(tenant=TENANT, space=SPACE, mode=Mode.AUTOMATED, since=NOW, limits=Limits(**limits))


def test_what_does_not_say_how_large_it_is_comes_with_a_person():
    purse = Purse(link(size=1_000, datasets=5), Spent())
    assert "how large" in purse.problem(Sought(space=SPACE, dataset="ds_1"))
    assert purse.problem(Sought(space=SPACE, dataset="ds_1", size=1_000)) == ""
    assert Purse(link(datasets=5), Spent()).problem(Sought(space=SPACE, dataset="ds_1")) == ""


def test_what_was_known_for_long_counts_from_when_it_was_taken():
    async def scenario():
        db = await open_database(":memory:")
        standing = Standing(every=timedelta(days=1), total=OrderLimits())
        order = Order(tenant=TENANT, id="ord_1", wish=wish(standing=standing), state=OrderState.WAITING, by="eva", created=NOW, updated=NOW)
        taken = structs.replace(
            item(state=ItemState.DONE, agreement="agr_1", price="5EUR"), created=NOW - timedelta(days=90), updated=NOW - timedelta(days=1)
        )
        try:
            await db.run(lambda tx: (tx.orders.put(order), tx.orders.put_item(taken)))
            spent = await SpaceOrders(SimpleNamespace(database=db), None).spent(TENANT, SPACE, NOW - timedelta(days=30))
            assert (spent.datasets, spent.money) == (1, (read_price("5EUR"),))
        finally:
            await db.close()

    asyncio.run(scenario())


class Endless:
    """A browser of a catalogue whose pages come to no end, with descriptions without measure in between."""

    def __init__(self, description):
        self.description = description
        self.pages = 0

    async def page(self, tenant, peer, filter=(), at=None):
        self.pages += 1
        found = [dataset(f"ds_{self.pages}", description=self.description), dataset(f"huge_{self.pages}", description="x" * (LARGEST + 1))]
        return SimpleNamespace(datasets=found, next=f"https://zoo.test/{self.pages}")


@pytest.mark.parametrize("description", ["", "x" * 100_000])
def test_a_copy_of_a_catalogue_has_an_end(description):
    browser = Endless(description)
    ground, trust = SimpleNamespace(database=None, tenants=None), SimpleNamespace(directory=None)
    found = asyncio.run(SpaceCatalogues(ground, trust, browser).read(TENANT, did("zoo")))
    assert browser.pages <= MOST_PAGES + 1
    assert all(one.id.startswith("ds_") for one in found)
    assert sum(len(one.description) for one in found) <= MOST_BYTES + LARGEST
