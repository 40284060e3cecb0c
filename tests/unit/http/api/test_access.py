"""Who may do what: every operation, with every role, and with another tenant's ids."""

from __future__ import annotations

import re
from itertools import product

import pytest

from hanse.participants.roles import RULES, Action, Role, may
from tests.unit.http.api.rig import NAMES, did_of, run

ROLES = tuple(role.value for role in Role)
# What may change what later calls of the matrix need.
_LAST = {"DELETE /participants/{name}", "PATCH /participants/{name}"}


def _path(operation, ids):
    path = re.sub(r":\w+}", "}", operation.path)
    if operation.about:
        return path.replace("{name}", ids["name"])
    noun = path.partition("/{")[0].strip("/")
    query = "?file=a&start=0&length=1" if path.endswith("/part") else ""
    return path.replace("{id}", ids.get(noun, "nothing")).replace("{did}", ids["did"]) + query


def _expected(operation, role, *, host):
    # Everybody rotates their own token; the matrix asks for somebody else's.
    action = Action.MANAGE_OPERATORS if operation.path == "/operators/{id}/rotate" else operation.action
    if action is None:
        return True
    return (RULES[action].host if host else RULES[action].own) and may(Role(role), action)


_TOUCHES = (("GET", ""), ("POST", "/check"), ("DELETE", ""))
IDS = {"name": "acme", "did": did_of("nobody").replace("%", "%25")}


def test_every_operation_with_every_role(tmp_path):
    """Who may gets past the door (whatever comes after it), who may not gets 403, whatever the ids and the body."""

    async def scenario(rig):
        wrong = []
        for operation in sorted(rig.api.operations, key=lambda one: f"{one.method} {one.path}" in _LAST):
            for role in ROLES:
                status, answer = await rig.ask(operation.method, _path(operation, IDS), "acme", role, raw=b"")
                allowed = _expected(operation, role, host=False)
                # A body is read after the door, and an empty one is refused there: nothing of the matrix changes anything.
                if (status == 403 and answer["type"].endswith((":role", ":whose"))) == allowed or status == 401 or status >= 500:
                    wrong.append((operation.method, operation.path, role, status, answer))
        assert not wrong, wrong

    run(tmp_path, scenario)


def test_every_operation_as_the_servers_host(tmp_path):
    async def scenario(rig):
        wrong = []
        for operation in sorted(rig.api.operations, key=lambda one: f"{one.method} {one.path}" in _LAST):
            if operation.path == "/participants/{name}" and operation.method == "DELETE":
                continue
            status, answer = await rig.ask(operation.method, _path(operation, IDS), None, raw=b"", headers={"Hanse-Participant": "acme"})
            if (status == 403) == _expected(operation, "administer", host=True) or status == 401 or status >= 500:
                wrong.append((operation.method, operation.path, status, answer))
        assert not wrong, wrong

    run(tmp_path, scenario)


@pytest.mark.parametrize("token", ["", "hanse_op_1_" + "a" * 43, "rubbish", "hanse_op_1_" + "ü" * 43])
def test_every_operation_without_a_good_token(tmp_path, token):
    async def scenario(rig):
        for operation in rig.api.operations:
            headers = {"Authorization": b"Bearer " + token.encode()} if token else {}
            answer = await rig.respond(operation.method, _path(operation, IDS), raw=b"{", headers=headers, token="")
            assert answer.status_code == 401, (operation.path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == "Bearer"
            assert token not in answer.text or not token

    run(tmp_path, scenario)


def _body(operation):
    if operation.takes is None or operation.optional_body:
        return {}
    return {"terms": "members"} if operation.path.endswith("/counter") else operation.example


async def _trusted(rig, name):
    """Return ids of what the wallet of a member of acme's space holds, and of what acme issued to it."""
    held = (await rig.good("GET", "/wallet/credentials", name))["items"][0]["id"]
    asked = await rig.good("POST", "/wallet/requests", name, body={"types": ["MembershipCredential"]})
    issued = (await rig.good("GET", f"/anchor/credentials?holder={did_of(name).replace('%', '%25')}", "acme"))["items"][0]["id"]
    return {"wallet/credentials": held, "wallet/requests": asked["id"], "anchor/credentials": issued}


def test_another_tenants_ids_are_not_found_and_give_no_hint(tmp_path):
    async def scenario(rig):
        transfer = await rig.started()
        mine = (await rig.good("GET", "/negotiations", "zoo"))["items"][0]["id"]
        asset = (await rig.good("GET", "/assets", "acme"))["items"][0]["id"]
        owner = {"negotiations": mine, "transfers": transfer["id"], "contracts": transfer["contract"], "assets": asset, "explain": mine}
        owner |= {"operators": rig.ids["acme", "read"], "name": "acme", "did": did_of("zoo").replace("%", "%25")}
        owner |= await _trusted(rig, "zoo")
        owner["ledger"] = (await rig.good("GET", "/ledger", "zoo"))["items"][0]["id"]
        # An anchor of its own, so that what acme's has admitted and issued is not merely out of reach.
        await rig.good("POST", "/anchor", "other", body={"name": "meadow", "title": "The Meadow"})
        owner |= dict.fromkeys(("facility/versions", "custody/versions"), "rain@1")
        nothing = (
            dict.fromkeys(owner, "neg_nothing")
            | dict.fromkeys(("facility/versions", "custody/versions"), "nothing@1")
            | {"name": "nobody", "did": did_of("nobody").replace("%", "%25")}
        )
        for operation in rig.api.operations:
            if "{" not in operation.path:
                continue
            theirs = await rig.ask(operation.method, _path(operation, owner), "other", "administer", _body(operation))
            absent = await rig.ask(operation.method, _path(operation, nothing), "other", "administer", _body(operation))
            assert (theirs[0], absent[0]) == (404, 404), (operation.path, theirs, absent)
            known = {value for value in owner.values() if value not in _path(operation, owner)}
            assert not any(value in str(theirs[1]) for value in known)
        for name in ("acme", "nobody"):
            assert (await rig.ask("GET", "/assets", "other", headers={"Hanse-Participant": name}))[0] == 404
            assert (await rig.ask("GET", "/status", "other", headers={"Hanse-Participant": name}))[0] == 404
        for noun in ("negotiations", "transfers", "contracts", "assets"):
            assert await rig.good("GET", f"/{noun}", "other") == {"items": [], "next": None}

    run(tmp_path, scenario)


@pytest.mark.parametrize(("caller", "owner"), [pair for pair in product(NAMES, NAMES) if pair[0] != pair[1]])
def test_nobody_acts_for_another_participant(tmp_path, caller, owner):
    """The matrix A x B: with A's token and B's name every operation answers as if there were no B, whatever A's role."""

    async def scenario(rig):
        named = {"Hanse-Participant": owner}
        ids = IDS | {"name": owner}
        for operation in rig.api.operations:
            for role in ROLES:
                status, answer = await rig.ask(operation.method, _path(operation, ids), caller, role, _body(operation), headers=named)
                assert status == 404, (operation.method, operation.path, role, status, answer)
        assert (await rig.ask("GET", "/whoami", owner))[0] == 200

    run(tmp_path, scenario, rate=100_000.0)


@pytest.mark.parametrize(("caller", "owner"), [pair for pair in product(NAMES, NAMES) if pair[0] != pair[1]])
def test_nobody_touches_what_is_in_anothers_wallet(tmp_path, caller, owner):
    async def scenario(rig):
        kid = (await rig.good("GET", "/wallet/keys", owner))["items"][0]["kid"]
        held = (await rig.good("GET", "/wallet/credentials", owner))["items"]
        asks = [
            ("POST", "/wallet/keys/compromise", {"kid": kid, "since": "2026-02-01T00:00:00Z"}),
            ("POST", "/wallet/keys/release", {"kid": kid}),
            ("POST", "/wallet/keys/release", {"kid": kid, "anyway": True}),
            *(("GET", f"/explain/{one['id']}", None) for one in held if caller != "acme"),
            *((method, f"/wallet/credentials/{one['id']}{more}", None) for one in held for method, more in _TOUCHES),
        ]
        for method, path, body in asks:
            status, answer = await rig.ask(method, path, caller, body=body)
            assert status == 404, (method, path, status, answer)
        assert (await rig.good("GET", "/wallet/credentials", owner))["items"] == held
        assert [one["state"] for one in (await rig.good("GET", "/wallet/keys", owner))["items"]] == ["active"]

    run(tmp_path, scenario)


def test_the_stories_of_another_are_not_told(tmp_path):
    async def scenario(rig):
        transfer = await rig.started()
        invited = await rig.good("POST", "/anchor/invitations", "acme")
        asked = await rig.good("POST", "/wallet/requests", "zoo", body={"types": ["MembershipCredential"]})
        await rig.arrived()
        request = (await rig.good("GET", f"/anchor/members/{IDS['did'].replace('nobody', 'zoo')}"))["requests"][0]["id"]
        issued = (await rig.good("GET", "/anchor/credentials"))["items"][0]["id"]
        theirs = {"acme": [invited["id"], request, issued], "zoo": [transfer["id"], transfer["contract"], asked["id"]]}
        for owner, ids in theirs.items():
            for id in ids:
                assert (await rig.ask("GET", f"/explain/{id}", owner))[0] == 200, id
                assert (await rig.ask("GET", f"/explain/{id}", "other"))[0] == 404, id

    run(tmp_path, scenario)


def test_the_host_names_a_participant_where_it_may(tmp_path):
    async def scenario(rig):
        named = {"Hanse-Participant": "zoo"}
        status, answer = await rig.ask("GET", "/operators", None, headers=named)
        assert status == 200
        assert len(answer["items"]) == 4
        assert "token_hash" not in str(answer)
        status, answer = await rig.ask("POST", "/space/join", None, body={"url": "http://localhost:8400/spaces/harbour"})
        assert (status, answer["field"]) == (422, "Hanse-Participant")
        assert (await rig.ask("GET", "/assets", None, headers=named))[0] == 403
        assert (await rig.ask("GET", "/status", None, headers=named))[1]["counts"] is None
        assert (await rig.ask("GET", "/operators", None, headers={"Hanse-Participant": "nobody"}))[0] == 404

    run(tmp_path, scenario)


def test_operators_come_and_go(tmp_path):
    async def scenario(rig):
        made = await rig.good("POST", "/operators", "zoo", body={"name": "night", "role": "read", "expires": "2026-04-01T00:00:00Z"})
        assert (await rig.ask("GET", "/whoami", token=made["token"]))[1]["name"] == "night"
        fresh = (await rig.ask("POST", f"/operators/{made['operator']['id']}/rotate", token=made["token"]))[1]
        assert (await rig.ask("GET", "/whoami", token=made["token"]))[0] == 401
        assert (await rig.ask("GET", "/whoami", token=fresh["token"]))[0] == 200
        assert (await rig.ask("POST", f"/operators/{rig.ids['zoo', 'administer']}/rotate", token=fresh["token"]))[0] == 403
        assert await rig.ask("DELETE", f"/operators/{made['operator']['id']}", "zoo") == (204, None)
        assert (await rig.ask("GET", "/whoami", token=fresh["token"]))[0] == 401

    run(tmp_path, scenario)


def test_participants_are_made_changed_and_erased_by_the_host(tmp_path):
    async def scenario(rig):
        made = await rig.good("POST", "/participants", None, body={"name": "port", "title": "The Port"})
        assert made["participant"]["did"] == did_of("port")
        assert (await rig.ask("GET", "/whoami", token=made["token"]))[1]["participant"]["title"] == "The Port"
        changed = await rig.good("PATCH", "/participants/port", None, body={"allowed_roots": ["/srv/port"], "allowed_hosts": []})
        assert changed["allowed_roots"] == ["/srv/port"]
        assert (await rig.ask("PATCH", "/participants/port", token=made["token"], body={"allowed_roots": ["/etc"]}))[0] == 403
        assert (await rig.ask("PATCH", "/participants/port", None, body={"title": "a", "suspended": True}))[0] == 422
        figures = {"assets": 1, "open_processes": 2, "stored_bytes": 3, "requests_per_second": 4, "burst": 5}
        assert (await rig.good("PATCH", "/participants/port", None, body={"quota": figures}))["quota"] == figures
        for wrong, field in (
            ({"assets": 1}, "quota.open_processes"),
            (figures | {"x": 1}, "quota.x"),
            (figures | {"burst": 0}, "quota.burst"),
        ):
            assert (await rig.ask("PATCH", "/participants/port", None, body={"quota": wrong}))[1]["field"] == field
        assert (await rig.good("PATCH", "/participants/port", None, body={"suspended": True}))["suspended"]
        assert (await rig.ask("PATCH", "/participants/port", token=made["token"], body={"title": "Mine"}))[0] == 403
        assert (await rig.good("PATCH", "/participants/port", None, body={"suspended": False}))["suspended"] is None
        listed = await rig.good("GET", "/participants?limit=2", None)
        assert [one["name"] for one in listed["items"]] == ["acme", "other"]
        rest = await rig.good("GET", f"/participants?limit=2&after={listed['next']}", None)
        assert [one["name"] for one in rest["items"]] == ["port", "zoo"]
        receipt = await rig.good("DELETE", "/participants/port", None)
        assert receipt["counts"]["operators"] == 1
        assert (await rig.ask("GET", "/whoami", token=made["token"]))[0] == 401

    run(tmp_path, scenario)


def test_too_many_requests(tmp_path):
    async def scenario(rig):
        answers = [await rig.respond("GET", "/whoami") for _ in range(4)]
        assert [one.status_code for one in answers] == [200, 200, 429, 429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await rig.respond("GET", "/whoami", "zoo")).status_code == 200

    run(tmp_path, scenario, rate=0.1)
