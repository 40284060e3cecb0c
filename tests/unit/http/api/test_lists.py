"""Lists come in pages that miss nothing and repeat nothing; a long poll wakes when something has changed, and not before."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import pytest

from hanse.connector.kit import Changed
from hanse.connector.watch import Watch
from hanse.kernel.errors import TooMany
from tests.unit.http.api.rig import did_of, run


async def _walk(rig, path, who, size):
    found, after, pages = [], None, 0
    while True:
        page = await rig.good("GET", f"{path}?limit={size}" + (f"&after={quote(after)}" if after else ""), who)
        assert len(page["items"]) <= size
        found += page["items"]
        after, pages = page["next"], pages + 1
        if after is None:
            return found, pages


@pytest.mark.parametrize("size", [1, 2, 3, 5, 500])
def test_pages(tmp_path, size):
    async def scenario(rig):
        made = []
        for number in range(5):
            asset, _ = await rig.agreed(title=f"Rain {number}")
            made.append(asset["id"])
            rig.clock.advance(seconds=1)
        assets, pages = await _walk(rig, "/assets", "acme", size)
        assert [one["id"] for one in assets] == made
        assert pages == -(-5 // size)
        for path in ("/negotiations", "/contracts"):
            for who in ("acme", "zoo"):
                found, _ = await _walk(rig, path, who, size)
                assert [one["dataset"] for one in found] == made[::-1]
        open_ones = await rig.good("GET", "/negotiations?open=true", "zoo")
        assert open_ones["items"] == []
        members, _ = await _walk(rig, "/members", "zoo", size)
        assert [one["did"] for one in members] == [did_of("acme"), did_of("zoo")]

    run(tmp_path, scenario)


def test_a_catalogue_in_pages_and_whole(tmp_path):
    async def scenario(rig):
        for number in range(103):
            await rig.asset(title=f"Rain {number}", keywords=["even" if number % 2 == 0 else "odd"])
        peer = {"peer": did_of("acme")}
        first = await rig.good("POST", "/catalog", "zoo", "read", peer)
        second = await rig.good("POST", "/catalog", "zoo", "read", peer | {"next": first["next"]})
        assert (len(first["datasets"]), len(second["datasets"]), second["next"]) == (100, 3, None)
        whole = await rig.good("POST", "/catalog", "zoo", "read", peer | {"all": True})
        assert whole["datasets"] == first["datasets"] + second["datasets"]
        odd = await rig.good("POST", "/catalog", "zoo", "read", peer | {"filter": [{"keyword": "odd"}], "all": True})
        assert len(odd["datasets"]) == 51

    run(tmp_path, scenario)


def test_a_long_poll_wakes_with_the_change(tmp_path):
    async def scenario(rig):
        asset = await rig.asset("members", answering="hand")
        body = {"peer": did_of("acme"), "dataset": asset["id"], "offer": asset["dataset"]["offers"][0]["id"]}
        begun = await rig.good("POST", "/negotiations", "zoo", body=body)
        await rig.until(f"/negotiations/{begun['id']}", "zoo", "REQUESTED")
        waiting = asyncio.create_task(rig.good("GET", f"/negotiations/{begun['id']}?wait=20&until=finalized", "zoo"))
        for _ in range(50):
            await asyncio.sleep(0)
        assert rig.watch.waiters == 1
        assert not waiting.done()
        theirs = (await rig.good("GET", "/negotiations", "acme"))["items"][0]["id"]
        await rig.good("POST", f"/negotiations/{theirs}/agree", "acme", "approve")
        assert (await asyncio.wait_for(waiting, 5))["state"] == "FINALIZED"
        assert rig.watch.waiters == 0

    run(tmp_path, scenario)


def test_a_long_poll_ends_with_its_time_and_at_once_when_a_person_must_act(tmp_path):
    async def scenario(rig):
        asset = await rig.asset("members", answering="hand")
        body = {"peer": did_of("acme"), "dataset": asset["id"], "offer": asset["dataset"]["offers"][0]["id"]}
        begun = await rig.good("POST", "/negotiations", "zoo", body=body)
        await rig.until(f"/negotiations/{begun['id']}", "zoo", "REQUESTED")
        shown = await rig.good("GET", f"/negotiations/{begun['id']}?wait=0.05&until=FINALIZED", "zoo")
        assert shown["state"] == "REQUESTED"
        theirs = (await rig.good("GET", "/negotiations", "acme"))["items"][0]["id"]
        shown = await asyncio.wait_for(rig.good("GET", f"/negotiations/{theirs}?wait=60&until=FINALIZED", "acme"), 5)
        assert (shown["state"], shown["who"]) == ("REQUESTED", "you")
        assert (await rig.ask("GET", "/negotiations/neg_nothing?wait=60", "zoo"))[0] == 404
        assert (await rig.ask("GET", f"/negotiations/{theirs}?wait=60", "zoo"))[0] == 404
        assert rig.watch.waiters == 0

    run(tmp_path, scenario)


def test_waiters_are_bounded_and_let_go():
    listeners = []
    watch = Watch(listeners.append, most=3, most_per_process=2)
    with watch.following("acme", "neg_1") as one, watch.following("acme", "neg_1") as two:
        with pytest.raises(TooMany), watch.following("acme", "neg_1"):
            raise AssertionError
        with watch.following("zoo", "neg_1") as three:
            with pytest.raises(TooMany), watch.following("zoo", "neg_2"):
                raise AssertionError
            listeners[0](Changed("negotiation", "acme", "neg_1", "request", "REQUESTED", True))
            listeners[0]("something else")
            assert (one.is_set(), two.is_set(), three.is_set()) == (True, True, False)
    assert watch.waiters == 0
    assert watch._waiting == {}
