"""The six modes of collaboration, one scenario each: what it takes, what it gives, and what a change keeps."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from hanse.evidence import kinds as k
from hanse.ledger.records import Delivery
from tests.scenarios.factory.links.town import (
    HARBOUR,
    MEADOW,
    agree,
    away,
    become,
    contract_of,
    enter,
    expel,
    found_meadow,
    link,
    linked,
    may,
    offer,
    refused,
    set_mode,
    stated,
    trust,
    unmet,
)
from tests.unit.http.api.rig import START, did_of, run

TERMS = 'members + pass-on "members + until 2035-01-01"'


def test_ad_hoc_a_link_for_one_project_ends_by_itself(tmp_path):
    async def scenario(rig):
        asset, _ = await offer(rig, "acme")
        before = await agree(rig, "zoo", "acme", asset)
        assert "a project" in await refused(rig, "ad-hoc", until="2026-03-08T12:00:00Z")
        rig.clock.advance(seconds=1)
        changed = await set_mode(rig, "ad-hoc", project="flood", until="2026-03-08T12:00:00Z")
        assert changed["kept"] == [before]
        shown = await link(rig)
        assert (shown["mode"], shown["project"], shown["rights"], unmet(shown["needs"])) == ("ad-hoc", "flood", ["acquire"], [])
        second, _ = await offer(rig, "acme", title="Second")
        during = await agree(rig, "zoo", "acme", second)
        transfer = await rig.fetched(during)
        # The timer comes round when its time is over: what the project brought ends on both sides, what was there before stands.
        assert await rig.server.factory.links.links.next_due() == START + timedelta(days=7)
        rig.clock.advance(days=7)
        await rig.server.factory.links.links.end_due()
        await rig.server.connector.outbox.drain(2)
        await rig.arrived()
        ended = await contract_of(rig, "zoo", during)
        assert "The project flood is over." in ended.end_reason
        assert (await contract_of(rig, "zoo", before)).ended is None
        assert (await contract_of(rig, "acme", during)).ended is not None
        assert (await rig.good("GET", f"/transfers/{transfer['id']}", "zoo"))["state"] == "TERMINATED"
        assert not (await may(rig, "acquire")).yes
        assert await linked(rig) == [("harbour", "ad-hoc", "participant"), ("harbour", "ended", "ad-hoc")]
        # It is still a member, and may go on in another way.
        await set_mode(rig, "participant")
        assert (await may(rig, "acquire")).yes

    run(tmp_path, scenario)


def test_intermediary_data_comes_through_a_member_and_later_without_it(tmp_path):
    """The factory is `other`, in the meadow; `zoo` is an intermediary of the harbour, and in the meadow, too."""

    async def scenario(rig):
        await found_meadow(rig)
        await enter(rig, "zoo")
        where = {"who": "other", "space": HARBOUR}
        assert "lists as intermediaries: none" in await refused(rig, "intermediary", **where, intermediary=did_of("zoo"))
        await become(rig, "zoo", "provider", "consumer", "intermediary")
        await set_mode(rig, "intermediary", **where, intermediary=did_of("zoo"))
        shown = await link(rig, "other", HARBOUR)
        assert (shown["mode"], shown["rights"], unmet(shown["needs"])) == ("intermediary", ["relay"], [])
        assert not (await may(rig, "acquire", "other")).yes
        # The provider lets the intermediary pass data on; what it offers to us lies within that, or its server does not offer it.
        asset, _ = await offer(rig, "acme", TERMS)
        first = await agree(rig, "zoo", "acme", asset)
        wide = {"source": {"kind": "file", "path": str(rig.folder / "zoo" / "data.csv")}, "derived_from": [first], "terms": ["members"]}
        assert (await rig.ask("POST", "/assets", "zoo", body=wide))[0] == 422
        onward, _ = await offer(rig, "zoo", "members + until 2030-01-01", derived_from=[first])
        second = await agree(rig, "other", "zoo", onward)
        assert (await link(rig, "other", HARBOUR))["contracts"] == 1
        assert {url.rpartition("/")[2] for url in (await contract_of(rig, "other", second)).spaces} == {"meadow"}
        assert {url.rpartition("/")[2] for url in (await contract_of(rig, "zoo", first)).spaces} == {"harbour"}
        # What is stated of the use goes up the chain, and each receipt is kept by both sides.
        for who, peer, contract in (("other", "zoo", second), ("zoo", "acme", first)):
            await rig.good("POST", f"/contracts/{contract}/statements", who, body={"purpose": "dpv:ResearchAndDevelopment"})
            await rig.arrived()
            (own,) = [one.id for one in await stated(rig, who) if isinstance(one, k.UseStated) and one.agreement == contract]
            assert own in [one.id for one in await stated(rig, peer) if isinstance(one, k.UseStated)]
            sent = await rig.database.read(lambda tx, who=who, own=own: tx.sent.get(who, own))
            assert (sent.state, sent.to, bool(sent.receipt)) == (Delivery.ACKNOWLEDGED, did_of(peer), True)
        # Later the intermediary is bypassed: what came through it stands, what is new is agreed with the provider itself.
        assert "You have not joined it" in await refused(rig, "participant", **where)
        await enter(rig, "other", "acme", HARBOUR)
        changed = await set_mode(rig, "participant", **where)
        assert changed["kept"] == [second]
        assert "What came through an intermediary stays under the agreement with it." in " ".join(changed["new"])
        direct = await agree(rig, "other", "acme", asset)
        assert (await contract_of(rig, "other", second)).ended is None
        assert (await contract_of(rig, "other", direct)).peer == did_of("acme")
        assert await linked(rig, "other") == [("harbour", "intermediary", "participant"), ("harbour", "participant", "intermediary")]

    run(tmp_path, scenario)


def test_participant_any_member_is_one_and_loses_it_with_its_membership(tmp_path):
    async def scenario(rig):
        await found_meadow(rig)
        await enter(rig, "zoo")
        listed = {one["space"].rpartition("/")[2]: one for one in (await rig.good("GET", "/links", "zoo"))["items"]}
        assert {name: (one["mode"], one["set"], one["rights"]) for name, one in listed.items()} == {
            "harbour": ("participant", False, ["acquire", "offer"]),
            "meadow": ("participant", False, ["acquire", "offer"]),
        }
        asset, _ = await offer(rig, "acme")
        contract = await agree(rig, "zoo", "acme", asset)
        assert (await link(rig))["contracts"] == 1
        assert (await link(rig))["next"]["mode"] == "own-role"
        await expel(rig, "acme", "zoo")
        rig.clock.advance(seconds=2)
        shown = await link(rig)
        assert (shown["rights"], unmet(shown["needs"])[0]) == ([], "an active member of the space")
        assert (await may(rig, "acquire", space=MEADOW)).yes
        assert contract

    run(tmp_path, scenario)


def test_own_role_the_rulebook_trusts_the_factory_with_mirrors(tmp_path):
    async def scenario(rig):
        asset, _ = await offer(rig, "acme")
        contract = await agree(rig, "zoo", "acme", asset)
        needs = (await rig.good("POST", "/links/needs", "zoo", body={"mode": "own-role", "space": "harbour"}))["needs"]
        assert [one["met"] for one in needs] == [True, True, False, False, False]
        assert "trust: [mirror]" in needs[2]["how"]
        await trust(rig, "ai-factory", "mirror")
        assert "--role ai-factory" in await refused(rig, "own-role")
        await become(rig, "zoo", "consumer", "ai-factory")
        changed = await set_mode(rig, "own-role")
        assert changed["kept"] == [contract]
        assert "one new agreement, whose target is the collection" in " ".join(changed["new"])
        assert (await may(rig, "mirror")).yes
        assert not (await may(rig, "replicate")).yes
        # The anchor takes the trust back: it is gone with the next rulebook.
        await trust(rig, "ai-factory")
        told = await may(rig, "mirror")
        assert (told.yes, "Ask the anchor" in told.why) == (False, True)
        await trust(rig, "ai-factory", "mirror")
        assert (await may(rig, "mirror")).yes
        # Or the role.
        await rig.good("POST", f"/anchor/members/{did_of('zoo').replace('%', '%25')}/roles", body={"roles": ["consumer"]})
        await rig.arrived()
        rig.clock.advance(seconds=2)
        assert not (await may(rig, "mirror")).yes
        assert (await contract_of(rig, "zoo", contract)).ended is None

    run(tmp_path, scenario)


def test_automated_standing_orders_acquire_within_limits(tmp_path):
    async def scenario(rig):
        links = rig.server.factory.links.links
        asset, _ = await offer(rig, "acme")
        contract = await agree(rig, "zoo", "acme", asset)
        assert "limits for standing orders" in await refused(rig, "automated")
        assert not (await links.allowed("zoo", HARBOUR)).yes
        changed = await set_mode(rig, "automated", limits={"datasets": 1, "size": 1000, "days": 7}, without=[did_of("other")])
        assert changed["kept"] == [contract]
        assert (await links.allowed("zoo", HARBOUR, size=1000)).yes
        assert not (await links.allowed("zoo", HARBOUR, size=1001)).yes
        assert not (await links.allowed("zoo", HARBOUR, member=did_of("other"))).yes
        shown = await link(rig)
        assert (shown["limits"]["datasets"], shown["without"], shown["next"]) == (1, [did_of("other")], None)
        # Each step can be taken back at any time.
        await set_mode(rig, "participant")
        assert not (await links.allowed("zoo", HARBOUR)).yes
        assert (await contract_of(rig, "zoo", contract)).ended is None
        assert await linked(rig) == [("harbour", "automated", "participant"), ("harbour", "participant", "automated")]

    run(tmp_path, scenario)


def test_federated_catalogues_are_copied_and_our_own_rules_come_first(tmp_path):
    async def scenario(rig):
        first, _ = await offer(rig, "acme", title="First")
        second, _ = await offer(rig, "acme", title="Second")
        contract = await agree(rig, "zoo", "acme", first)
        assert "trust: [replicate]" in await refused(rig, "federated")
        await trust(rig, "federator", "replicate")
        await become(rig, "zoo", "consumer", "federator")
        status, answer = await rig.ask("POST", "/links/catalogues", "zoo", body={"space": "harbour"})
        assert (status, "`hanse link set`" in answer["detail"]) == (403, True)
        changed = await set_mode(rig, "federated", without=[second["id"]])
        assert (changed["kept"], "takes no agreement" in " ".join(changed["new"])) == ([contract], True)
        # The timer copies; what we leave out is not in it.
        await rig.server.factory.links.replicas.refresh_due()
        copies = (await rig.good("GET", "/links/catalogues?space=harbour", "zoo"))["items"]
        assert [(one["peer"], [each["title"] for each in one["datasets"]]) for one in copies] == [(did_of("acme"), ["First"])]
        # It serves while the provider is away, says how old it is, and is read anew within the hour.
        away(rig, "acme")
        rig.clock.advance(minutes=59)
        await rig.server.factory.links.replicas.refresh_due()
        (same,) = (await rig.good("GET", "/links/catalogues?space=harbour", "zoo"))["items"]
        assert (same["read"], same["problem"]) == (copies[0]["read"], "")
        rig.clock.advance(minutes=1)
        await rig.server.factory.links.replicas.refresh_due()
        (old,) = (await rig.good("GET", "/links/catalogues?space=harbour", "zoo"))["items"]
        assert (old["read"], len(old["datasets"]), old["problem"] != "") == (copies[0]["read"], 1, True)
        # Where the trust is taken back, the copy goes.
        away(rig, None)
        await trust(rig, "federator")
        await rig.server.factory.links.replicas.refresh_due()
        rig.clock.advance(hours=1)
        await rig.server.factory.links.replicas.refresh_due()
        assert (await rig.good("GET", "/links/catalogues?space=harbour", "zoo"))["items"] == []
        assert (await contract_of(rig, "zoo", contract)).ended is None

    run(tmp_path, scenario)


def test_automated_a_standing_order_goes_without_a_person_only_where_the_link_lets_it(tmp_path):
    async def scenario(rig):
        for number in (1, 2):
            await offer(rig, "acme", text="day,rain\n" + "1,2\n" * number, title=f"Rain {number}")
        # In an ordinary link a person decides, whatever the order says.
        first = await ordered(rig)
        assert [(item["state"], [one["about"] for one in item["questions"]]) for item in first["items"]] == [("asking", ["link"])] * 2
        assert "does not allow to acquire without a person" in first["items"][0]["questions"][0]["said"]
        await rig.good("POST", f"/orders/{first['id']}/cancel", "zoo", body={})
        # Automated, it takes as much as the link lets it, and asks about the rest.
        await set_mode(rig, "automated", limits={"datasets": 1})
        second = await ordered(rig)
        taken, asked = sorted(second["items"], key=lambda item: item["state"] == "asking")
        assert (asked["state"], [one["about"] for one in asked["questions"]]) == ("asking", ["link"])
        assert "which is the link's limit" in asked["questions"][0]["said"]
        assert taken["state"] != "asking"
        assert taken["questions"] == []
        # What was taken counts for every other standing order, too; and each order can be revoked.
        third = await ordered(rig)
        assert all(item["state"] in ("asking", "left-out") for item in third["items"])
        for order in (second, third):
            await rig.good("POST", f"/orders/{order['id']}/cancel", "zoo", body={"reason": "Enough."})

    run(tmp_path, scenario)


def test_where_an_ad_hoc_link_has_ended_nothing_is_acquired_and_its_standing_order_is_revoked(tmp_path):
    async def scenario(rig):
        await offer(rig, "acme", title="Rain")
        await set_mode(rig, "ad-hoc", project="flood", until="2026-03-08T12:00:00Z")
        order = await ordered(rig)
        ended = await rig.good("POST", "/links/end", "zoo", body={"space": "harbour", "reason": "Over."})
        assert ended["orders"] == [order["id"]]
        assert (await rig.good("GET", f"/orders/{order['id']}", "zoo"))["state"] == "CANCELLED"
        again = await ordered(rig)
        assert [item["state"] for item in again["items"]] == ["left-out"]
        assert "has ended" in json.dumps(again["items"][0])

    run(tmp_path, scenario)


async def ordered(rig):
    """Place a standing order that needs no approval, let it search, and return it with its items."""
    body = {"query": "rain", "yes": True, "standing": {"every": 86_400}, "limits": {"datasets": 9}}
    placed = await rig.good("POST", "/orders", "zoo", body=body)
    runs = rig.server.factory.acquire.runs
    await runs.begin_due()
    await asyncio.gather(*runs._running.values())
    return await rig.good("GET", f"/orders/{placed['id']}", "zoo")
