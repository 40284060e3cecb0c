"""What an anchor's operators do: the rulebook, four eyes, roles and claims, and what was issued."""

from __future__ import annotations

from msgspec import structs

from hanse.anchor.rulebook.document import read, write
from hanse.http.errors import PROBLEM_TYPE
from hanse.identity.rulebook import Joining
from tests.unit.http.api.rig import ROOT, did_of, run

URL = f"{ROOT}/spaces/harbour"
ZOO = f"/anchor/members/{did_of('zoo').replace('%', '%25')}"
OTHER = f"/anchor/applications/{did_of('other').replace('%', '%25')}"


async def _text(rig):
    return (await rig.good("GET", "/anchor/rulebook", "acme", "read"))["text"]


async def _publish(rig, **change):
    text = write(structs.replace(read(await _text(rig)), **change))
    return await rig.good("POST", "/anchor/rulebook", body={"text": text})


def test_the_rulebook_is_read_checked_and_published(tmp_path):
    async def scenario(rig):
        first = await rig.good("GET", "/anchor/rulebook", "acme", "read")
        assert (first["version"], first["by"]) == (1, "hanse")
        assert first["text"].startswith("# The rulebook of this space")
        changed = first["text"].replace("title: Offers data to the space", "title: Offers data to everybody")
        checked = await rig.good("POST", "/anchor/rulebook/check", "acme", "read", {"text": changed})
        assert checked == {
            "changes": ["The role provider is called 'Offers data to everybody'."],
            "accept_anew": False,
            "reissued": [],
        }
        assert (await rig.good("GET", "/anchor/rulebook"))["version"] == 1
        assert (await rig.ask("POST", "/anchor/rulebook", "acme", "approve", {"text": changed}))[0] == 403
        published = await rig.good("POST", "/anchor/rulebook", body={"text": changed})
        assert (published["version"], published["by"], published["changes"]) == (2, "administrator", checked["changes"])
        versions = await rig.good("GET", "/anchor/rulebook/versions", "acme", "read")
        assert [(one["version"], one["by"]) for one in versions["items"]] == [(2, "administrator"), (1, "hanse")]
        page = await rig.good("GET", "/anchor/rulebook/versions?limit=1")
        rest = await rig.good("GET", f"/anchor/rulebook/versions?limit=1&after={page['next']}")
        assert [one["version"] for one in (*page["items"], *rest["items"])] == [2, 1]
        assert (await rig.good("GET", "/anchor/rulebook?version=1"))["text"] == first["text"]
        assert (await rig.ask("GET", "/anchor/rulebook?version=3"))[0] == 404
        for wrong in ("x", "0", "-1", "1" * 40):
            assert (await rig.ask("GET", f"/anchor/rulebook?version={wrong}"))[0] == 422

    run(tmp_path, scenario)


def test_a_rulebook_that_is_wrong_is_refused_with_its_line(tmp_path):
    async def scenario(rig):
        text = await _text(rig)
        broken = text.replace("approvals: 1", "approvals: 3")
        for path in ("/anchor/rulebook/check", "/anchor/rulebook"):
            answer = await rig.respond("POST", path, body={"text": broken})
            assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM_TYPE)
            assert answer.json()["field"] == "joining.approvals"
            assert answer.json()["detail"].startswith("Line ")
        foreign = text.replace(f"space: {URL}\n", f"space: {URL}x\n")
        assert (await rig.ask("POST", "/anchor/rulebook", body={"text": foreign}))[0] in (409, 422)
        assert (await rig.ask("POST", "/anchor/rulebook", body={"text": ""}))[0] == 422
        assert (await rig.ask("POST", "/anchor/rulebook", body={"text": "x" * 262_145}))[0] == 422
        assert (await rig.good("GET", "/anchor/rulebook"))["version"] == 1

    run(tmp_path, scenario)


def test_members_get_the_credentials_that_a_rulebook_changes(tmp_path):
    async def scenario(rig):
        book = read(await _text(rig))
        other = structs.replace(book.credentials["DataProviderCredential"], title="Seller of data")
        roles = {**book.roles, "provider": structs.replace(book.roles["provider"], credential="DataSellerCredential")}
        published = await _publish(rig, roles=roles, credentials={**book.credentials, "DataSellerCredential": other})
        assert published["offered"] == 1
        assert "Members get new credentials: DataSellerCredential." in published["changes"]
        await rig.arrived()
        held = (await rig.good("GET", "/wallet/credentials", "zoo"))["items"]
        assert ["DataSellerCredential"] in [one["types"] for one in held]

    run(tmp_path, scenario)


def test_who_may_issue_what(tmp_path):
    async def scenario(rig):
        listed = (await rig.good("GET", "/anchor/issuers", "acme", "read"))["items"]
        assert {one["issuer"] for one in listed} == {did_of("acme")}
        factory = next(one for one in listed if one["type"] == "AIFactoryCredential")
        assert factory == {
            "type": "AIFactoryCredential",
            "title": "AI factory",
            "issuer": did_of("acme"),
            "anchor": True,
            "claims": {"memberOf": [URL], "role": ["ai-factory"], "trustLevel": [1, 2, 3]},
            "days": 90,
        }

    run(tmp_path, scenario)


def test_two_operators_have_to_approve_where_the_rulebook_says_so(tmp_path):
    async def scenario(rig):
        assert (await _publish(rig, joining=Joining(approvals=2)))["changes"] == [
            "Who applies needs the yes of 2 operators (was one operator)."
        ]
        assert (await rig.good("POST", "/space/join", "other", body={"url": URL}))["state"] == "pending"
        first = await rig.good("POST", OTHER + "/approve", "acme", "approve")
        assert (first["status"], first["approvals_needed"]) == ("pending", 2)
        assert [(one["name"], one["operator"]) for one in first["approvals"]] == [("approve person", rig.ids["acme", "approve"])]
        status, answer = await rig.ask("POST", OTHER + "/approve", "acme", "approve")
        assert (status, answer["type"]) == (409, "urn:hanse:problem:same-operator")
        waiting = (await rig.good("GET", "/anchor/applications", "acme", "read"))["items"]
        assert [(len(one["approvals"]), one["approvals_needed"]) for one in waiting] == [(1, 2)]
        story = await rig.good("GET", f"/explain/{did_of('other').replace('%', '%25')}", "acme", "read")
        assert story["waits_for"].startswith("1 of 2 approvals to admit as consumer, provider (given by approve person)")
        second = await rig.good("POST", OTHER + "/approve", "acme", "administer")
        assert (second["status"], second["approvals"], second["approvals_needed"]) == ("active", [], 0)
        known = await rig.good("GET", OTHER.replace("applications", "members"), "acme", "read")
        assert [(one["what"], one["by"]) for one in known["history"]][1:] == [
            ("yes to: admit as consumer, provider", "approve person"),
            ("admit as consumer, provider", "administrator"),
        ]

    run(tmp_path, scenario)


def test_two_operators_publish_where_the_rulebook_asks_for_two(tmp_path):
    async def scenario(rig):
        first = await _text(rig)
        await _publish(rig, joining=Joining(approvals=2))
        renamed = first.replace("title: Offers data to the space", "title: Offers data to everybody")
        refused, answer = await rig.ask("POST", "/anchor/rulebook", "acme", "approve", {"text": renamed})
        assert (refused, answer["type"]) == (403, "urn:hanse:problem:role")
        waits = await rig.good("POST", "/anchor/rulebook", body={"text": renamed})
        assert (waits["version"], waits["offered"], len(waits["changes"])) == (2, 0, 2)
        assert (waits["proposal"]["by"], waits["proposal"]["needs"]) == ("administrator", 2)
        assert [one["name"] for one in waits["proposal"]["approvals"]] == ["administrator"]
        status, answer = await rig.ask("POST", "/anchor/rulebook", body={"text": renamed})
        assert (status, answer["type"]) == (409, "urn:hanse:problem:same-operator")
        held = await rig.good("GET", "/anchor/rulebook", "acme", "read")
        assert (held["version"], held["proposal"]) == (2, waits["proposal"])
        assert (await rig.ask("POST", "/anchor/rulebook", "acme", "operate", {"text": renamed}))[0] == 403
        made = await rig.good("POST", "/anchor/rulebook", "acme", "approve", {"text": renamed})
        assert (made["version"], made["by"], made["proposal"]) == (3, "administrator and approve person", None)
        assert (await rig.good("GET", "/anchor/rulebook"))["proposal"] is None

    run(tmp_path, scenario)


def test_only_those_whom_the_rulebook_names_approve(tmp_path):
    async def scenario(rig):
        await _publish(rig, joining=Joining(approvers=["Approve Person"]))
        assert (await rig.good("POST", "/space/join", "other", body={"url": URL}))["state"] == "pending"
        status, answer = await rig.ask("POST", OTHER + "/approve")
        assert (status, answer["type"]) == (403, "urn:hanse:problem:approver")
        assert (await rig.ask("POST", "/anchor/invitations"))[0] == 403
        assert (await rig.good("POST", OTHER + "/approve", "acme", "approve"))["status"] == "active"

    run(tmp_path, scenario)


def test_an_approver_whom_nobody_can_be_is_told_of(tmp_path):
    async def scenario(rig):
        old = read(await _text(rig))
        for names, unable in (
            (["approve person", "Administrator"], ""),
            (["Read Person", "Ann"], "Read Person, Ann are"),
            (["Ann"], "Ann is"),
        ):
            text = write(structs.replace(old, joining=Joining(approvers=names)))
            said = (await rig.good("POST", "/anchor/rulebook/check", "acme", "read", {"text": text}))["changes"]
            watch = f"Watch out: {unable} named as approver, and no operator here who may approve has that name."
            assert [one for one in said if one.startswith("Watch out")] == ([watch] if unable else [])

    run(tmp_path, scenario)


def test_a_refusal_answers_what_the_applicant_has_asked_for(tmp_path):
    async def scenario(rig):
        assert (await rig.good("POST", "/space/join", "other", body={"url": URL}))["state"] == "pending"
        await rig.arrived()
        asked = await rig.good("POST", "/wallet/requests", "other", body={"types": ["MembershipCredential"]})
        await rig.arrived()
        waiting = await rig.good("GET", f"/wallet/requests/{asked['id']}", "other")
        assert (waiting["state"], waiting["who"]) == ("received", "the issuer")
        request = (await rig.good("GET", OTHER.replace("applications", "members")))["requests"][0]["id"]
        story = await rig.good("GET", f"/explain/{request}")
        assert (story["waits_for"], story["who"]) == ("a decision about its holder", "an operator of the anchor")
        refused = await rig.good("POST", OTHER + "/refuse", "acme", "approve", {"reason": "Unknown."})
        assert (refused["status"], refused["reason"]) == ("refused", "Unknown.")
        await rig.arrived()
        told = await rig.good("GET", f"/wallet/requests/{asked['id']}", "other")
        assert (told["state"], "refused" in told["reason"]) == ("rejected", True)

    run(tmp_path, scenario)


def test_roles_and_claims_of_a_member_change_with_its_credentials(tmp_path):
    async def scenario(rig):
        assert (await rig.ask("POST", ZOO + "/roles", "acme", "operate", {"roles": ["consumer"]}))[0] == 403
        changed = await rig.good("POST", ZOO + "/roles", "acme", "approve", {"roles": ["consumer", "ai-factory"], "reason": "New."})
        assert (changed["roles"], changed["status"], changed["reason"]) == (["consumer", "ai-factory"], "active", "New.")
        await rig.arrived()
        known = await rig.good("GET", ZOO, "acme", "read")
        states = {one["type"]: one["state"] for one in known["credentials"]}
        assert (states["DataProviderCredential"], states["AIFactoryCredential"]) == ("revoked", "good")
        changed = await rig.good("POST", ZOO + "/claims", "acme", "approve", {"role": "ai-factory", "claims": {"trustLevel": 3}})
        assert changed["status"] == "active"
        await rig.arrived()
        known = await rig.good("GET", ZOO, "acme", "read")
        assert known["claims"] == {"ai-factory": {"trustLevel": 3}}
        held = (await rig.good("GET", "/wallet/credentials", "zoo"))["items"]
        factory = next(one for one in held if one["types"] == ["AIFactoryCredential"] and one["state"] == "good")
        opened = await rig.good("GET", f"/wallet/credentials/{factory['id']}", "zoo")
        assert opened["claims"][0]["trustLevel"] == 3
        wrong = {"trustLevel": 9}, {"size": 3}, {}
        for claims in wrong:
            assert (await rig.ask("POST", ZOO + "/claims", body={"role": "ai-factory", "claims": claims}))[0] == 422
        assert (await rig.ask("POST", ZOO + "/claims", body={"role": "auditor", "claims": {"x": 1}}))[0] == 409
        assert (await rig.ask("POST", ZOO + "/roles", body={"roles": ["king"]}))[0] == 422

    run(tmp_path, scenario)


def test_what_was_issued_is_listed_by_holder(tmp_path):
    async def scenario(rig):
        everything = (await rig.good("GET", "/anchor/credentials", "acme", "read"))["items"]
        assert len(everything) == 4
        of_zoo = (await rig.good("GET", f"/anchor/credentials?holder={did_of('zoo').replace('%', '%25')}"))["items"]
        assert {one["holder"] for one in of_zoo} == {did_of("zoo")}
        assert len(of_zoo) == 3
        one = await rig.good("GET", f"/anchor/credentials/{of_zoo[0]['id']}", "acme", "read")
        assert one == of_zoo[0]
        assert (one["state"], one["kid"]) == ("good", (await rig.good("GET", "/wallet/keys"))["items"][0]["kid"])
        page = await rig.good("GET", "/anchor/credentials?limit=3")
        rest = await rig.good("GET", f"/anchor/credentials?limit=3&after={page['next']}")
        assert [*page["items"], *rest["items"]] == everything

    run(tmp_path, scenario)


def test_a_revoked_member_is_refused_and_both_sides_can_tell_why(tmp_path):
    async def scenario(rig):
        assert await rig.agreed()
        issued = (await rig.good("GET", f"/anchor/credentials?holder={did_of('zoo').replace('%', '%25')}"))["items"]
        membership = next(one for one in issued if one["type"] == "MembershipCredential")
        await rig.good("POST", f"/anchor/credentials/{membership['id']}/revoke", body={"reason": "Key lost."})
        rig.clock.advance(seconds=61)
        status, answer = await rig.ask("POST", "/catalog", "zoo", body={"peer": did_of("acme")})
        assert status == 502
        told = answer["detail"]
        assert "HTTP 403" in told
        assert f"The credential MembershipCredential by {did_of('acme')} is refused. It is revoked." in told
        assert "\n" not in told
        id = told.rpartition("quote ")[2].rstrip(".")
        story = await rig.good("GET", f"/explain/{id}", "acme", "read")
        assert (story["kind"], story["state"], story["who"]) == ("refusal", "REFUSED", did_of("zoo"))
        assert story["waits_for"] == "Ask its issuer."
        assert story["related"] == {
            "peer": did_of("zoo"),
            "check": "has its issuer taken it back? (revoked)",
            "credential": "MembershipCredential",
            "issuer": did_of("acme"),
            "where": "credentialStatus",
        }
        assert (await rig.ask("GET", f"/explain/{id}", "zoo"))[0] == 404
        # The anchor's own story of its member has the refusal in it.
        member = await rig.good("GET", f"/explain/{did_of('zoo').replace('%', '%25')}", "acme", "read")
        assert (member["kind"], member["history"][-1]["what"]) == ("member", "claims refused")
        assert id in member["history"][-1]["detail"]

    run(tmp_path, scenario)


def test_of_several_spaces_one_has_to_be_named(tmp_path):
    async def scenario(rig):
        text = await _text(rig)
        assert [one["name"] for one in (await rig.good("GET", "/anchor/spaces", "acme", "read"))["items"]] == ["harbour"]
        await rig.good("POST", "/anchor", body={"name": "alpha", "title": "Alpha"})
        assert [one["name"] for one in (await rig.good("GET", "/anchor/spaces", "acme", "read"))["items"]] == ["alpha", "harbour"]
        status, answer = await rig.ask("POST", ZOO + "/suspend", "acme")
        assert (status, answer["detail"], answer["field"]) == (422, "You anchor alpha, harbour: say which with --space.", "space")
        assert (await rig.good("GET", ZOO + "?space=harbour"))["status"] == "active"
        status, answer = await rig.ask("GET", "/anchor?space=harbor")
        assert (status, answer["hint"]) == (404, "You anchor alpha, harbour.")
        status, answer = await rig.ask("POST", "/anchor/rulebook?space=alpha", body={"text": text})
        assert (status, answer["detail"]) == (409, "This file is of harbour: --space harbour.")
        assert (await rig.ask("GET", "/anchor", "zoo"))[1]["detail"] == "You anchor no space."
        assert await rig.good("GET", "/anchor/spaces", "zoo") == {"items": [], "next": None}

    run(tmp_path, scenario)


def test_a_revocation_is_told_in_the_credentials_story(tmp_path):
    async def scenario(rig):
        issued = (await rig.good("GET", f"/anchor/credentials?holder={did_of('zoo').replace('%', '%25')}"))["items"]
        membership = next(one for one in issued if one["type"] == "MembershipCredential")
        await rig.good("POST", f"/anchor/credentials/{membership['id']}/revoke", body={"reason": "Key lost."})
        story = await rig.good("GET", f"/explain/{membership['id']}", "acme", "read")
        last = story["history"][-1]
        assert (last["what"], last["by"], last["detail"]) == ("revoked", "administrator", "Key lost.")
        member = await rig.good("GET", f"/explain/{did_of('zoo').replace('%', '%25')}", "acme", "read")
        assert f"{membership['id']} (MembershipCredential, revoked)" in member["related"]["credentials"]

    run(tmp_path, scenario)


def test_what_is_not_possible_names_the_commands_that_are(tmp_path):
    async def scenario(rig):
        status, answer = await rig.ask("POST", ZOO.replace("members", "applications") + "/approve")
        assert (status, answer["hint"]) == (409, "Possible now with `hanse anchor`: suspend, remove, roles, claims.")
        status, answer = await rig.ask("POST", "/anchor/invitations", body={"expires": "2020-01-01T00:00:00Z"})
        assert (status, answer["field"], answer["detail"]) == (422, "expires", "The end of the invitation lies in the past.")

    run(tmp_path, scenario)


def test_another_spaces_rulebook_is_refused_with_its_line(tmp_path):
    async def scenario(rig):
        text = (await _text(rig)).replace(f"space: {URL}\n", "space: https://elsewhere.example/spaces/harbour\n")
        line = next(number for number, one in enumerate(text.splitlines(), 1) if one.startswith("space: "))
        status, answer = await rig.ask("POST", "/anchor/rulebook/check", body={"text": text})
        assert (status, answer["detail"]) == (409, f"Line {line}: This is the rulebook of another space.")
        assert answer["hint"] == f"Write `space: {URL}`."

    run(tmp_path, scenario)
