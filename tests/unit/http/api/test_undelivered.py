"""A credential that its holder's wallet refuses: both sides tell the truth of it, and the holder gets another when it would take it."""

from __future__ import annotations

from hanse.wallet import intake
from tests.unit.http.api.rig import did_of, run

ZOO = did_of("zoo").replace("%", "%25")
TYPES = ["DataConsumerCredential", "MembershipCredential"]


async def ask(rig):
    """Have zoo ask for its credentials; return the request as zoo sees it when all letters are settled."""
    asked = await rig.good("POST", "/wallet/requests", "zoo", "operate", {"types": TYPES})
    await rig.arrived()
    return await rig.good("GET", f"/wallet/requests/{asked['id']}", "zoo")


async def newest(rig):
    """Return the last one that was made for a request, not handed over."""
    listed = await rig.good("GET", f"/anchor/credentials?holder={ZOO}")
    return [one for one in listed["items"] if one["request"]][-1]


async def polled(rig, **later):
    rig.clock.advance(**later)
    polling = rig.server.wallet.polling
    await polling.ask_due()
    if polling._task is not None:
        await polling._task


def test_what_the_holder_refused_is_told_by_both_sides_and_offered_anew(tmp_path, monkeypatch):
    async def scenario(rig):
        key = (await rig.good("GET", "/wallet/keys"))["items"][0]["kid"]
        rig.clock.advance(seconds=1)  # what zoo has was made before
        await rig.good("POST", "/wallet/keys/rotate")
        with monkeypatch.context() as full:
            full.setattr(intake, "MAX_HELD_SIZE", 0)
            request = await ask(rig)
            assert request["state"] == "received"
            story = await rig.good("GET", f"/explain/{request['id']}", "zoo", "read")
            assert story["summary"].endswith("This wallet did not take what was delivered: The wallet is full.")

            lost = await newest(rig)
            assert lost["state"] == "undelivered"
            assert (
                lost["reason"] == "It never reached its holder, so nobody holds it. The other side answered HTTP 409: The wallet is full."
            )
            told = await rig.good("GET", f"/explain/{lost['id']}", "acme", "read")
            assert (told["state"], told["who"]) == ("UNDELIVERED", "the holder")
            assert told["next_attempt"] == "2026-03-01T13:00:01Z"
            theirs = await rig.good("GET", f"/explain/{lost['request']}", "acme", "read")
            assert (theirs["state"], theirs["who"]) == ("REJECTED", "the holder")
            assert "did not take what was delivered" in theirs["summary"]

            status, answer = await rig.ask("POST", "/wallet/keys/release", body={"kid": key})
            assert (status, answer["type"]) == (409, "urn:hanse:problem:key-needed")

            await polled(rig, minutes=1)
            story = await rig.good("GET", f"/explain/{request['id']}", "zoo", "read")
            assert (story["state"], story["who"]) == ("REJECTED", "us")
            assert "The wallet is full." in story["summary"]
            assert "ask again: hanse wallet request DataConsumerCredential MembershipCredential" in story["waits_for"]

        rig.clock.advance(minutes=59)
        await rig.server.management.offer_renewals()
        await rig.arrived()
        taken = await newest(rig)
        assert (taken["state"], taken["id"] != lost["id"]) == ("good", True)
        told = await rig.good("GET", f"/explain/{taken['id']}", "acme", "read")
        assert (told["history"][-1]["what"], told["history"][-1]["by"]) == ("taken", did_of("zoo"))
        held = (await rig.good("GET", "/wallet/credentials", "zoo"))["items"]
        assert {one["state"] for one in held if one["types"][0] in TYPES} == {"good"}
        assert await rig.agreed()

    run(tmp_path, scenario)


def test_the_servers_timer_asks_and_is_woken(tmp_path):
    async def scenario(rig):
        polling, connector = rig.server.wallet.polling, rig.server.connector
        assert polling.ask_due in connector.chores
        assert polling.next_due in connector.dues
        assert polling.wake == connector.timer.wake

    run(tmp_path, scenario)


def test_what_is_on_its_way_waits_for_its_holder(tmp_path):
    async def scenario(rig):
        send, post = rig.peers.send, "/participants/zoo/dcp/credentials"

        async def cut_off(method, url, *rest, **options):
            if url.endswith(post):
                url = "http://elsewhere.example/"
            return await send(method, url, *rest, **options)

        rig.peers.send = cut_off
        request = await ask(rig)
        assert request["state"] == "received"
        one = await newest(rig)
        story = await rig.good("GET", f"/explain/{one['id']}", "acme", "read")
        assert (story["state"], story["waits_for"]) == ("GOOD", "its holder's wallet to take it")
        await polled(rig, minutes=1)
        story = await rig.good("GET", f"/explain/{request['id']}", "zoo")
        assert (story["state"], story["waits_for"]) == ("ISSUED", "the delivery")
        assert story["next_attempt"] == "2026-03-01T12:03:00Z"
        rig.clock.advance(days=1)
        await rig.server.wallet.letters.send_due()
        await rig.arrived()
        assert (await newest(rig))["state"] == "undelivered"
        await polled(rig)
        assert (await rig.good("GET", f"/explain/{request['id']}", "zoo"))["state"] == "REJECTED"

    run(tmp_path, scenario)
