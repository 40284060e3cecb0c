"""Two server processes of one factory on one database: one works on an order, either can be told to stop, the other takes over."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from hanse.app.build import Parts
from hanse.connector.ports import Limits
from hanse.factory.acquire.states import ItemState
from tests.scenarios.attacks.town import Host, Operator
from tests.scenarios.factory.acquire.towns import Towns, fields
from tests.services import free_port, fresh_database

LEASE = timedelta(seconds=1)


@pytest.fixture
def pair(tmp_path, postgres_url):
    """Yield the towns, and the factory's second server process."""
    with ExitStack() as stack:
        databases = tuple(stack.enter_context(fresh_database(postgres_url)) for _ in range(2))
        towns = Towns(tmp_path.resolve(), databases, factory=Parts(limits=Limits(lease=LEASE)))
        stack.callback(towns.close)
        made = towns.made.consumer
        second = structs.replace(made, port=free_port(), public_port=made.port)
        other = Host(Path(made.home), Parts(limits=Limits(lease=LEASE)), **fields(second))
        stack.callback(other.stop)
        yield towns, other


def hold(towns):
    """Let data wait at the provider's door."""

    async def close(_server):
        towns.provider.door.open.clear()

    towns.provider.call(close)


def let_go(towns):
    async def open_(_server):
        towns.provider.door.open.set()

    towns.provider.call(open_)


def begin(towns):
    hold(towns)
    dataset = towns.offer(towns.folder_of("rain", {"a.csv": b"a\n1\n"}))
    towns.order(dataset, names=("rain",))
    towns.until(ItemState.TRANSFERRING)


@pytest.mark.postgres
@pytest.mark.slow
def test_cancelled_through_the_other_process(pair):
    towns, other = pair
    begin(towns)
    Operator(other.root, towns.made.consumer_token)("POST", "/orders/ord_1/cancel")
    item = towns.until(ItemState.CANCELLED)
    let_go(towns)
    assert "stands" in item.why
    assert towns.versions() == []


@pytest.mark.postgres
@pytest.mark.slow
def test_the_other_process_takes_over(pair):
    towns, other = pair
    begin(towns)
    towns.factory.stop()
    towns.factory = other
    let_go(towns)
    item = towns.until(ItemState.DONE)
    assert towns.contents(item.version) == {"a.csv": b"a\n1\n"}
    assert len(towns.contracts()) == len(towns.transfers()) == len(towns.versions()) == 1
