"""`/uses` and `/facts`: what was used, what may be used now and why, and what decisions rest on."""

from __future__ import annotations

import pytest

from tests.unit.http.api.rig import did_of, run

RESEARCH = "https://w3id.org/dpv#ResearchAndDevelopment"


def terms(*constraints, duties=(), obligations=()):
    permission = {"action": "use", "constraint": [{"leftOperand": a, "operator": b, "rightOperand": c} for a, b, c in constraints]}
    said = {"permission": [permission | ({"duty": list(duties)} if duties else {})]}
    return said | ({"obligation": list(obligations)} if obligations else {})


def test_uses_are_seen_by_both_sides(tmp_path):
    async def scenario(rig):
        started = await rig.started()
        (ours,) = (await rig.good("GET", "/uses", "zoo", "read"))["items"]
        assert (ours["id"], ours["kind"], ours["role"], ours["peer"]) == (started["id"], "transfer", "consumer", did_of("acme"))
        (theirs,) = (await rig.good("GET", f"/uses?contract={started['contract']}", "acme", "read"))["items"]
        assert (theirs["counts"], theirs["began"], theirs["size"]) == (True, None, 0)
        assert (await rig.good("GET", f"/uses/{theirs['id']}", "acme", "read")) == theirs
        assert (await rig.ask("GET", f"/uses/{theirs['id']}", "zoo"))[0] == 404
        assert (await rig.good("GET", "/uses?contract=agr_x", "acme", "read"))["items"] == []

    run(tmp_path, scenario)


def test_stored_data_is_opened_checked_and_closed(tmp_path):
    async def scenario(rig):
        _, contract = await rig.agreed(terms(("count", "lteq", "2"), ("purpose", "isA", RESEARCH)))
        await rig.fetched(contract, purpose=RESEARCH)
        new = {"contract": contract, "stated": {"purpose": RESEARCH}}
        allowed = await rig.good("POST", "/uses/check", "zoo", "read", new)
        assert allowed["permitted"]
        wrong = await rig.good("POST", "/uses/check", "zoo", "read", new | {"stated": {"purpose": "https://w3id.org/dpv#Marketing"}})
        assert not wrong["permitted"]
        assert any("purpose" in one for one in wrong["sentences"])
        use = await rig.good("POST", "/uses", "zoo", "operate", new)
        assert (use["kind"], use["stated"], use["counts"]) == ("opening", {"purpose": RESEARCH}, True)
        story = await rig.good("GET", f"/explain/{use['id']}", "zoo", "read")
        assert (story["kind"], story["state"]) == ("use", "BEGUN")
        assert RESEARCH in story["summary"]
        status, problem = await rig.ask("POST", "/uses", "zoo", "operate", new)
        assert status == 403
        assert problem["type"].endswith("policy")
        ended = await rig.good("POST", f"/uses/{use['id']}/end", "zoo", "operate")
        assert ended["ended"] is not None
        assert (await rig.good("GET", f"/explain/{use['id']}", "zoo", "read"))["state"] == "ENDED"

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("who", "role", "body", "status"),
    [
        ("zoo", "read", {}, 403),
        ("acme", "operate", {}, 409),
        ("zoo", "operate", {"contract": "agr_unknown"}, 404),
        ("zoo", "operate", {"stated": {"mood": "good"}}, 422),
        ("zoo", "operate", {"stated": {"purpose": ""}}, 422),
        ("zoo", "operate", {"action": ""}, 422),
        ("zoo", "operate", {"action": "sell"}, 403),
    ],
)
def test_what_cannot_be_opened(tmp_path, who, role, body, status):
    async def scenario(rig):
        _, contract = await rig.agreed()
        await rig.fetched(contract)
        assert (await rig.ask("POST", "/uses", who, role, {"contract": contract} | body))[0] == status

    run(tmp_path, scenario)


def test_facts_are_told_listed_and_taken_back(tmp_path):
    async def scenario(rig):
        _, contract = await rig.agreed(terms(("urn:hanse:odrl:paid", "eq", "current")))
        refused = await rig.good("POST", "/uses/check", "acme", "read", {"contract": contract})
        assert not refused["permitted"]
        paid = {"name": "paid", "about": contract, "value": "current", "source": "invoice 2026-17"}
        told = await rig.good("POST", "/facts", "acme", "approve", paid)
        assert (told["name"], told["values"], told["source"]) == ("urn:hanse:odrl:paid", ["current"], "invoice 2026-17")
        assert (await rig.good("GET", "/facts", "acme", "read"))["items"] == [told]
        assert (await rig.good("GET", "/facts", "zoo", "read"))["items"] == []
        assert (await rig.good("POST", "/uses/check", "acme", "read", {"contract": contract}))["permitted"]
        assert (await rig.ask("POST", "/facts/untell", "acme", "approve", {"name": "paid", "about": contract}))[0] == 204
        assert (await rig.ask("POST", "/facts/untell", "acme", "approve", {"name": "paid", "about": contract}))[0] == 404
        assert not (await rig.good("POST", "/uses/check", "acme", "read", {"contract": contract}))["permitted"]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("role", "body", "status"),
    [
        ("operate", {"name": "paid", "value": "current"}, 403),
        ("approve", {"name": "count", "value": "0"}, 422),
        ("approve", {"name": "urn:hanse:odrl:role", "value": "consumer"}, 422),
        ("approve", {"name": "payAmount", "value": "much"}, 422),
        ("approve", {"name": "paid", "value": "current", "observed": "2099-01-01T00:00:00Z"}, 422),
        ("approve", {"name": "paid", "value": "current", "expires": "2099-01-01T00:00:00"}, 422),
    ],
)
def test_what_cannot_be_told(tmp_path, role, body, status):
    async def scenario(rig):
        assert (await rig.ask("POST", "/facts", "acme", role, body))[0] == status

    run(tmp_path, scenario)
