"""Spaces: the public pages, joining, and what the anchor's operators do."""

from __future__ import annotations

import httpx
import pytest

from hanse.http.peer import PeerAnswer
from tests.unit.http.api.rig import ROOT, did_of, run

URL = f"{ROOT}/spaces/harbour"


def _escaped(name):
    return did_of(name).replace("%", "%25")


def test_public_pages_need_no_token(tmp_path):
    async def scenario(rig):
        page = (await rig.get("/spaces/harbour")).json()
        assert (page["title"], page["anchor"], page["url"]) == ("The Harbour", did_of("acme"), URL)
        members = await rig.get("/spaces/harbour/register")
        assert members.headers["content-type"].startswith("application/jwt")
        assert members.text.count(".") == 2
        missing = await rig.get("/spaces/nothing/register")
        assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")

    run(tmp_path, scenario)


def test_joining_with_an_invitation(tmp_path):
    async def scenario(rig):
        assert (await rig.ask("GET", "/space", "other"))[0] == 404
        invited = await rig.good("POST", "/anchor/invitations", "acme", body={"did": did_of("other")})
        joined = await rig.good("POST", "/space/join", "other", body={"url": URL + "/", "invitation": invited["code"]})
        assert joined["state"] == "member"
        assert joined["credentials"] == ["MembershipCredential", "DataProviderCredential", "DataConsumerCredential"]
        await rig.settle()
        assert (await rig.good("GET", "/space", "other", "read"))["state"] == "member"
        assert len((await rig.good("GET", "/members", "other", "read"))["items"]) == 3
        again = await rig.good("POST", "/space/join", "other", body={"url": URL, "invitation": invited["code"]})
        assert again["state"] == "member"
        status, answer = await rig.ask("POST", "/space/join", "other", body={"url": URL + "-another"})
        assert (status, answer["type"]) == (422, "urn:hanse:problem:space")
        assert (await rig.good("GET", "/space", "other", "read"))["state"] == "member"

    run(tmp_path, scenario)


def test_applying_and_being_decided_on(tmp_path):
    async def scenario(rig):
        assert (await rig.good("POST", "/space/join", "other", body={"url": URL}))["state"] == "pending"
        await rig.settle()
        assert (await rig.good("GET", "/space", "other"))["state"] == "pending"
        waiting = await rig.good("GET", "/anchor/applications", "acme", "read")
        assert [one["did"] for one in waiting["items"]] == [did_of("other")]
        path = f"/anchor/applications/{_escaped('other')}"
        assert (await rig.ask("POST", path + "/approve", "acme", "operate"))[0] == 403
        assert (await rig.good("POST", path + "/approve", "acme", "approve"))["status"] == "active"
        member = f"/anchor/members/{_escaped('other')}"
        assert (await rig.good("POST", member + "/suspend", body={"reason": "Unpaid."}))["status"] == "suspended"
        rig.clock.advance(seconds=2)
        assert (await rig.ask("POST", "/catalog", "other", body={"peer": did_of("zoo")}))[0] in (403, 404, 502)
        assert (await rig.good("POST", member + "/reinstate"))["status"] == "active"
        assert (await rig.good("POST", member + "/remove", body={"reason": "Left."}))["status"] == "removed"
        assert (await rig.ask("POST", member + "/suspend"))[0] == 409
        assert [one["status"] for one in (await rig.good("GET", "/anchor/members?limit=500"))["items"]].count("removed") == 1

    run(tmp_path, scenario)


def test_founding_a_second_space_and_naming_it(tmp_path):
    async def scenario(rig):
        made = await rig.good("POST", "/anchor", "zoo", body={"name": "meadow", "title": "The Meadow"})
        assert made["url"] == f"{ROOT}/spaces/meadow"
        assert (await rig.good("GET", "/anchor", "zoo", "read"))["name"] == "meadow"
        assert (await rig.ask("GET", "/anchor?space=harbour", "zoo"))[0] == 404
        assert (await rig.ask("POST", "/anchor", "acme", body={"name": "meadow", "title": "Mine"}))[0] == 409

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("url", "status"),
    [("ftp://x", 504), ("http://nowhere.example/spaces/x", 504), (f"{ROOT}/spaces/nothing", 422), (f"{ROOT}/healthz", 502)],
)
def test_joining_what_is_no_space_pins_nothing(tmp_path, url, status):
    async def scenario(rig):
        assert (await rig.ask("POST", "/space/join", "other", body={"url": url}))[0] == status
        assert (await rig.ask("GET", "/space", "other"))[0] == 404

    run(tmp_path, scenario)


def test_a_space_that_names_somebody_elses_anchor_gets_no_token(tmp_path):
    """Else whoever runs it could speak to that DID in our name, once."""

    async def scenario(rig):
        ask = rig.peers.send
        evil = b'{"name":"x","title":"X","url":"http://evil.example/spaces/x","anchor":"did:web:localhost%3A8400:participants:acme","version":1}'

        async def send(method, url, body=None, headers=None, **said):
            if url.startswith("http://evil.example"):
                assert "Authorization" not in (headers or {})
                return PeerAnswer(200, {}, evil)
            return await ask(method, url, body, headers, **said)

        rig.peers.send = send
        status, answer = await rig.ask("POST", "/space/join", "other", body={"url": "http://evil.example/spaces/x"})
        assert (status, answer["type"]) == (502, "urn:hanse:problem:anchor")

    run(tmp_path, scenario)


@pytest.mark.parametrize(("audience", "status"), [("acme", 200), ("zoo", 401), (None, 401)])
def test_applications_are_proved_by_a_token_for_the_anchor_once(tmp_path, audience, status):
    async def scenario(rig):
        token = await rig.ground.wallet.token_for("other", did_of(audience)) if audience else "rubbish"
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(rig.app), base_url=ROOT) as client:
            first = await client.post("/spaces/harbour/applications", json={"name": "Other"}, headers=headers)
            assert first.status_code == status, first.text
            if status == 200:
                assert first.json()["state"] == "pending"
                again = await client.post("/spaces/harbour/applications", json={"name": "Other"}, headers=headers)
                assert again.status_code == 401
                bad = await client.post("/spaces/harbour/applications", json={"nam": "Other"}, headers=headers)
                assert bad.status_code == 422

    run(tmp_path, scenario)


def test_what_a_caller_has_to_prove_is_published(tmp_path):
    async def scenario(rig):
        asked = (await rig.get("/participants/zoo/.well-known/dspace-trust")).json()["credentialsSupported"]
        profiles = ["vc20-bssl/jwt", "vc11-sl2021/jwt"]
        assert asked == [{"types": ["VerifiableCredential", "MembershipCredential"], "bindingMethod": "did:web", "profiles": profiles}]
        versions = (await rig.get("/participants/zoo/.well-known/dspace-version")).json()["protocolVersions"]
        assert versions[0]["auth"] == {"protocol": "DCP", "version": "1.0", "profile": profiles}
        assert (await rig.get("/participants/other/.well-known/dspace-trust")).status_code == 404

    run(tmp_path, scenario)


def test_a_participant_asks_where_it_stands_and_nobody_else_does(tmp_path):
    async def scenario(rig):
        url = "/spaces/harbour/standing"
        assert (await rig.get(url)).status_code == 401
        for who, audience, status, state in (("zoo", "acme", 200, "active"), ("other", "acme", 404, None), ("zoo", "other", 401, None)):
            token = await rig.ground.wallet.token_for(who, did_of(audience))
            answer = await rig.get(url, {"Authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json().get("state")) == (status, state)
            assert answer.headers["cache-control"] == "no-store"
        await rig.good("POST", f"/anchor/members/{_escaped('zoo')}/suspend", body={"reason": "Unpaid."})
        token = await rig.ground.wallet.token_for("zoo", did_of("acme"))
        said = (await rig.get(url, {"Authorization": f"Bearer {token}"})).json()
        assert (said["state"], said["reason"]) == ("suspended", "Unpaid.")

    run(tmp_path, scenario)


def test_the_anchors_word_is_shown_and_not_an_old_register(tmp_path):
    async def scenario(rig):
        member = f"/anchor/members/{_escaped('zoo')}"
        await rig.good("POST", member + "/suspend", body={"reason": "Unpaid."})
        for path in ("/space", "/status"):
            shown = await rig.good("GET", path, "zoo")
            (shown,) = shown.get("spaces", [shown])
            assert (shown["state"], shown["reason"], shown["problem"]) == ("suspended", "Unpaid.", None)
        await rig.good("POST", member + "/remove", body={"reason": "Still unpaid."})
        shown = await rig.good("GET", "/space", "zoo")
        assert (shown["state"], shown["reason"]) == ("removed", "Still unpaid.")

    run(tmp_path, scenario)


def test_without_the_anchor_the_register_tells(tmp_path):
    async def scenario(rig):
        ask = rig.peers.send

        async def send(method, url, body=None, headers=None, **said):
            return PeerAnswer(503, {}, b"") if url.endswith("/standing") else await ask(method, url, body, headers, **said)

        rig.peers.send = send
        shown = await rig.good("GET", "/space", "zoo")
        assert (shown["state"], shown["members"]) == ("member", 2)
        assert "HTTP 503" in shown["problem"]

    run(tmp_path, scenario)


@pytest.mark.parametrize("url", ["localhost:8400/spaces/harbour", "harbour"])
def test_a_part_of_an_address_is_told_so(tmp_path, url):
    async def scenario(rig):
        status, answer = await rig.ask("POST", "/space/join", "other", body={"url": url})
        assert (status, answer["hint"]) == (422, "Write the whole address: https://HOST/spaces/NAME.")

    run(tmp_path, scenario)


@pytest.mark.parametrize("url", ["http://nowhere.example/spaces/x", f"{ROOT}/spaces/nothing"])
def test_an_address_without_a_space_gets_a_hint(tmp_path, url):
    async def scenario(rig):
        _, answer = await rig.ask("POST", "/space/join", "other", body={"url": url})
        assert "https://HOST/spaces/NAME" in answer["hint"]

    run(tmp_path, scenario)
