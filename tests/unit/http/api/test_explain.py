"""The story of anything that has an id: invitations, refusals, and peers by their DIDs."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from hanse.participants.roles import SERVER
from tests.unit.http.api.rig import ROOT, did_of, run

ZOO = did_of("zoo").replace("%", "%25")
OTHER = did_of("other").replace("%", "%25")


def test_an_invitation_is_told_of_without_its_secret(tmp_path):
    async def scenario(rig):
        invited = await rig.good("POST", "/anchor/invitations", body={"did": did_of("other"), "roles": ["consumer"]})
        secret = invited["code"].removeprefix(invited["id"] + "_")
        for asked in (invited["id"], invited["code"]):
            answer = await rig.respond("GET", f"/explain/{asked}", "acme", "read")
            story = answer.json()
            assert (story["id"], story["kind"], story["state"]) == (invited["id"], "invitation", "OPEN")
            assert story["who"] == did_of("other")
            assert secret not in answer.text
        strangers = await rig.respond("GET", f"/explain/{invited['code']}", "zoo")
        assert strangers.status_code == 404
        assert secret not in strangers.text
        await rig.good("POST", "/space/join", "other", body={"url": f"{ROOT}/spaces/harbour", "invitation": invited["code"]})
        story = await rig.good("GET", f"/explain/{invited['id']}")
        assert (story["state"], story["history"][-1]["by"]) == ("USED", did_of("other"))
        later = await rig.good("POST", "/anchor/invitations")
        rig.clock.advance(days=8)
        assert (await rig.good("GET", f"/explain/{later['id']}"))["state"] == "EXPIRED"

    run(tmp_path, scenario)


def test_a_peer_is_what_it_presented_and_what_the_register_says(tmp_path):
    async def scenario(rig):
        # `zoo` asks acme, so acme has seen its credentials; acme is the anchor, and tells of a member.
        await rig.agreed()
        member = await rig.good("GET", f"/explain/{ZOO}", "acme", "read")
        assert (member["kind"], member["state"]) == ("member", "ACTIVE")
        assert "MembershipCredential, good until 2026-05-30 12:00 UTC" in member["related"]["credentials"]
        # To zoo, acme is a peer that has called it back.
        peer = await rig.good("GET", f"/explain/{did_of('acme').replace('%', '%25')}", "zoo", "read")
        assert (peer["kind"], peer["state"]) == ("peer", "MEMBER")
        assert "is a member of the space as anchor" in peer["summary"]
        assert f"It presented last: MembershipCredential by {did_of('acme')} until 2026-05-30 12:00 UTC" in peer["summary"]
        assert peer["until"] > "2026-03-01T12:00:00Z"
        rig.clock.advance(seconds=50)
        assert "until" not in await rig.good("GET", f"/explain/{did_of('acme').replace('%', '%25')}", "zoo", "read")

    run(tmp_path, scenario)


def test_a_stranger_is_known_by_its_refusals(tmp_path):
    async def scenario(rig):
        assert (await rig.ask("GET", f"/explain/{OTHER}", "zoo"))[0] == 404
        # It has pinned the space, but holds nothing.
        await rig.server.management.participants.join(SERVER, "other", f"{ROOT}/spaces/harbour", did_of("acme"))
        await rig.settle()
        status, answer = await rig.ask("POST", "/catalog", "other", body={"peer": did_of("zoo")})
        assert (status, "HTTP 403" in answer["detail"]) == (502, True)
        story = await rig.good("GET", f"/explain/{OTHER}", "zoo", "read")
        assert (story["kind"], story["state"], story["who"]) == ("peer", "NOT LISTED", did_of("other"))
        assert "has presented no credentials" in story["summary"]
        assert story["waits_for"]
        refusal = await rig.good("GET", f"/explain/{story['related']['last refusal']}", "zoo", "read")
        assert refusal["related"]["credential"] == "MembershipCredential"
        assert refusal["related"]["check"] == "was it presented? (missing)"
        assert story["history"][-1]["detail"].startswith(refusal["id"])

    run(tmp_path, scenario)


@pytest.mark.parametrize("id", ["vc_nothing", "req_nothing", "iss_nothing", "inv_nothing", "_", "x" * 500])
def test_what_is_nowhere_says_what_ids_look_like(tmp_path, id):
    async def scenario(rig):
        for who in ("acme", "zoo", "other"):
            status, answer = await rig.ask("GET", f"/explain/{id}", who)
            assert (status, "rfs_…" in answer["hint"]) == (404, True)

    run(tmp_path, scenario)


def test_the_refused_is_sent_to_the_other_side(tmp_path):
    async def scenario(rig):
        status, answer = await rig.ask("GET", "/explain/rfs_06f9k2q4m8s1t5v7w9x3yz", "zoo")
        assert status == 404
        assert "it is the other side's id" in answer["detail"]
        assert "who runs `hanse explain rfs_06f9k2q4m8s1t5v7w9x3yz`" in answer["hint"]

    run(tmp_path, scenario)


def test_a_participant_hears_where_it_stands_itself(tmp_path):
    async def scenario(rig):
        url = f"{ROOT}/spaces/harbour"
        unknown = await rig.ask("GET", f"/explain/{quote(url, safe='')}", "other")
        assert (unknown[0], "hanse join" in unknown[1]["hint"]) == (404, True)
        assert (await rig.good("GET", f"/explain/{OTHER}", "other", "read"))["state"] == "NO SPACE"
        await rig.good("POST", "/space/join", "other", body={"url": url})
        for asked in (OTHER, quote(url, safe="")):
            story = await rig.good("GET", f"/explain/{asked}", "other", "read")
            assert (story["kind"], story["state"], story["who"]) == ("standing", "PENDING", did_of("acme"))
            assert story["summary"] == f"You have applied to {url}."
        await rig.good("POST", f"/anchor/applications/{OTHER}/refuse", body={"reason": "Not known to us."})
        story = await rig.good("GET", f"/explain/{OTHER}", "other", "read")
        assert (story["state"], "Not known to us." in story["summary"]) == ("REFUSED", True)

    run(tmp_path, scenario)


def test_a_stranger_gets_the_better_hint(tmp_path):
    async def scenario(rig):
        status, answer = await rig.ask("GET", f"/explain/{OTHER}", "zoo")
        assert (status, answer["hint"]) == (404, "`hanse status --members` lists the members.")

    run(tmp_path, scenario)
