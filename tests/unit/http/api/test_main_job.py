"""The main job through the interface, from the catalogue to a renewed token."""

from __future__ import annotations

from urllib.parse import quote

import httpx

from hanse.dataplane.records import Grant, Purpose
from hanse.kernel.tenant import Did, Tenant
from tests.unit.http.api.rig import ROOT, did_of, run


def test_from_the_catalogue_to_the_data(tmp_path):
    async def scenario(rig):
        asset = await rig.asset("members", title="Rain")
        catalogue = await rig.good("POST", "/catalog", "zoo", "read", {"peer": did_of("acme")})
        assert [one["title"] for one in catalogue["datasets"]] == ["Rain"]
        assert catalogue["participant"] == did_of("acme")
        assert catalogue["datasets"][0]["offers"][0]["sentences"] == [
            "Permitted: to use the data, if the recipient is an active member of the space [permission 1]."
        ]
        one = await rig.good("GET", f"/catalog/datasets?peer={did_of('acme').replace('%', '%25')}&id={asset['id']}", "zoo", "read")
        assert one["datasets"] == catalogue["datasets"]
        offer = one["datasets"][0]["offers"][0]["id"]
        body = {"peer": did_of("acme"), "dataset": asset["id"], "offer": offer}
        begun = await rig.good("POST", "/negotiations", "zoo", "operate", body)
        assert (begun["role"], begun["state"], begun["pending"]) == ("consumer", None, "request")
        done = await rig.until(f"/negotiations/{begun['id']}", "zoo", "FINALIZED")
        contract = await rig.good("GET", f"/contracts/{done['contract']}", "zoo", "read")
        assert contract["sentences"][-1] == catalogue["datasets"][0]["offers"][0]["sentences"][0]
        assert "Zoo Ltd" in contract["sentences"][1]
        assert [one["id"] for one in (await rig.good("GET", "/contracts", "acme", "read"))["items"]] == [done["contract"]]
        transfer = await rig.good("POST", "/transfers", "zoo", "operate", {"contract": done["contract"]})
        started = await rig.until(f"/transfers/{transfer['id']}", "zoo", "STARTED")
        assert started["address"] is True
        address = await rig.good("GET", f"/transfers/{transfer['id']}/address", "zoo", "operate")
        renewed = await rig.good("POST", f"/transfers/{transfer['id']}/refresh", "zoo", "operate")
        assert renewed["properties"]["authorization"] != address["properties"]["authorization"]
        assert await rig.good("GET", f"/transfers/{transfer['id']}/address", "zoo", "operate") == renewed
        data = await rig.get(renewed["endpoint"], {"Authorization": "Bearer " + renewed["properties"]["authorization"]})
        assert (data.status_code, data.text) == (200, "day,rain\n1,2\n")
        ended = await rig.good("POST", f"/transfers/{transfer['id']}/complete", "zoo", "operate")
        await rig.until(f"/transfers/{ended['id']}", "zoo", "COMPLETED")
        assert (await rig.ask("GET", f"/transfers/{transfer['id']}/address", "zoo"))[0] == 404

    run(tmp_path, scenario)


def test_a_counter_offer_is_answered_by_hand(tmp_path):
    async def scenario(rig):
        asset = await rig.asset("members + until 2026-06-01", answering="hand")
        offer = asset["dataset"]["offers"][0]["id"]
        body = {"peer": did_of("acme"), "dataset": asset["id"], "offer": offer, "terms": "members", "answering": "hand"}
        begun = await rig.good("POST", "/negotiations", "zoo", "operate", body)
        await rig.until(f"/negotiations/{begun['id']}", "zoo", "REQUESTED")
        theirs = (await rig.good("GET", "/negotiations?open=true", "acme"))["items"][0]
        assert (theirs["state"], theirs["who"]) == ("REQUESTED", "you")
        path = f"/negotiations/{theirs['id']}"
        assert (await rig.ask("POST", path + "/counter", "acme", "operate", {"terms": "members"}))[0] == 403
        await rig.good("POST", path + "/counter", "acme", "approve", {"terms": "members + until 2026-05-01"})
        offered = await rig.until(f"/negotiations/{begun['id']}", "zoo", "OFFERED")
        assert "1 May 2026" in offered["offer"]["sentences"][0] or "2026-05-01" in offered["offer"]["sentences"][0]
        await rig.good("POST", f"/negotiations/{begun['id']}/accept", "zoo", "approve")
        done = await rig.until(f"/negotiations/{begun['id']}", "zoo", "FINALIZED")
        assert done["contract"]
        story = await rig.good("GET", f"/explain/{begun['id']}", "zoo", "read")
        assert "approve person" in {line["by"] for line in story["history"]}

    run(tmp_path, scenario)


def test_a_provider_offers_unasked_and_a_consumer_refuses(tmp_path):
    async def scenario(rig):
        asset = await rig.asset("members")
        begun = await rig.good("POST", "/negotiations/offers", "acme", "operate", {"peer": did_of("zoo"), "asset": asset["id"]})
        await rig.until(f"/negotiations/{begun['id']}", "acme", "OFFERED")
        theirs = (await rig.good("GET", "/negotiations", "zoo"))["items"][0]
        assert theirs["who"] == "you"
        await rig.good("POST", f"/negotiations/{theirs['id']}/terminate", "zoo", "operate", {"reason": "Too dear."})
        await rig.until(f"/negotiations/{begun['id']}", "acme", "TERMINATED")
        story = await rig.good("GET", f"/explain/{begun['id']}", "acme")
        assert story["history"][-1]["detail"] == "Too dear."

    run(tmp_path, scenario)


def test_transfers_are_suspended_resumed_and_pushed(tmp_path):
    async def scenario(rig):
        transfer = await rig.started()
        path = f"/transfers/{transfer['id']}"
        await rig.good("POST", path + "/suspend", "zoo", "operate", {"reason": "Full disk."})
        suspended = await rig.until(path, "zoo", "SUSPENDED")
        assert (suspended["suspended_by"], suspended["who"]) == ("consumer", "you")
        assert (await rig.ask("POST", path + "/refresh", "zoo", "operate"))[0] == 409
        await rig.good("POST", path + "/resume", "zoo", "operate")
        await rig.until(path, "zoo", "STARTED")
        assert (await rig.ask("POST", "/transfers", "zoo", "operate", {"contract": transfer["contract"], "sink": True}))[0] == 422
        rig.clock.advance(seconds=1)
        pushed = await rig.good(
            "POST", "/transfers", "zoo", "operate", {"contract": transfer["contract"], "format": "HttpData-PUSH", "sink": True}
        )
        found = await rig.server.connector.kit.database.read(lambda tx: tx.transfers.get("zoo", pushed["id"]))
        assert found.format == "HttpData-PUSH"
        await rig.until(f"/transfers/{pushed['id']}", "zoo", "STARTED", "COMPLETED", "TERMINATED")
        running = await rig.good("GET", "/transfers?limit=1", "zoo")
        assert [one["id"] for one in running["items"]] == [pushed["id"]]
        assert running["next"] == pushed["id"]
        status = await rig.good("GET", "/status", "zoo", "read")
        assert status["counts"]["contracts"] == 1
        assert status["spaces"][0]["state"] == "member"

    run(tmp_path, scenario)


async def _put(rig, address, body):
    headers = {"Authorization": f"Bearer {address.properties['authorization']}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(rig.app), base_url=ROOT) as client:
        return await client.put(address.endpoint, content=body, headers=headers)


def test_a_provider_that_has_lost_its_place_pushes_nothing_any_more(tmp_path):
    async def scenario(rig):
        await rig.good("POST", "/catalog", "zoo", body={"peer": did_of("acme")})  # by which it has proved what it is
        grant = Grant(tenant=Tenant("acme"), transfer="trf_in", agreement="agr_1", peer=Did(did_of("zoo")), purpose=Purpose.SINK)
        address = await rig.database.run(lambda tx: rig.server.data.flows.prepare_sink(tx, grant))
        inbox = rig.folder / "home" / "participants" / "acme" / "incoming" / "trf_in"
        assert (await _put(rig, address, b"one")).status_code == 201
        await rig.good("POST", f"/anchor/members/{quote(did_of('zoo'))}/suspend?space=harbour", body={"reason": "Not paid."})
        await rig.settle()
        refused = await _put(rig, address, b"two")
        assert refused.status_code == 403
        assert "suspended" in refused.text
        assert [path.read_bytes() for path in inbox.rglob("*") if path.is_file()] == [b"one"]

    run(tmp_path, scenario)
