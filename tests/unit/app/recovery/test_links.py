"""A restore brings no automation back that may have been taken away."""

from __future__ import annotations

import asyncio

import pytest

from hanse.app.recovery import former as formerly
from hanse.app.recovery.links import loosen_links
from hanse.app.recovery.restoring import Restoring
from hanse.factory.links.records import Limits, Link, Mode
from hanse.storage import open_database
from tests.unit.app.recovery.world import NOW, TAKEN

LINKS = [
    Link(tenant="port", space="https://a/spaces/a", mode=Mode.AUTOMATED, since=NOW, limits=Limits(datasets=3)),
    Link(tenant="port", space="https://a/spaces/b", mode=Mode.OWN_ROLE, since=NOW),
    Link(tenant="port", space="https://a/spaces/c", mode=Mode.AUTOMATED, since=NOW, ended=NOW),
    Link(tenant="mill", space="https://a/spaces/a", mode=Mode.AUTOMATED, since=NOW),
]


def after(*vouched):
    """Return the restoring, and the modes after it."""

    async def whole():
        database = await open_database(":memory:")
        try:

            def work(tx):
                for link in LINKS:
                    tx.links.put(link)
                restoring = Restoring(tx, formerly.read(tx), NOW, TAKEN, True)
                restoring.vouched.update(vouched)
                loosen_links(restoring)
                return restoring, {(one.tenant, one.space[-1]): one for tenant in ("port", "mill") for one in tx.links.of(tenant)}

            return await database.run(work)
        finally:
            await database.close()

    return asyncio.run(whole())


@pytest.mark.parametrize(("vouched", "mode"), [(("port",), Mode.AUTOMATED), ((), Mode.PARTICIPANT)])
def test_an_automated_link_is_ordinary_unless_somebody_vouches_for_it(vouched, mode):
    _, links = after("mill", *vouched)
    assert links["port", "a"].mode is mode
    assert [links[key].mode for key in (("port", "b"), ("port", "c"), ("mill", "a"))] == [Mode.OWN_ROLE, Mode.AUTOMATED, Mode.AUTOMATED]


def test_it_is_counted_and_said_and_its_limits_stay_for_whoever_sets_it_again():
    restoring, links = after()
    assert restoring.counts["automated links made ordinary"] == 2
    assert "hanse link set automated" in restoring.advice[-1]
    one = links["port", "a"]
    assert (one.before, one.by, one.limits.datasets, f"{TAKEN:%Y-%m-%d}" in one.why) == (Mode.AUTOMATED, "restore", 3, True)
