"""Neighbours on one server: nobody reaches what is another's, and nobody learns that it is there."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.scenarios.attacks.town import Operator, check_dsp_error, check_problem


@pytest.fixture(scope="module")
def things(town):
    """Everything that acme and zoo have: ids of each kind."""
    contract, transfer, _ = town.started()
    return {
        "acme": {
            "asset": town.assets["acme"]["id"],
            "negotiation": town.operators["acme"]("GET", "/negotiations")["items"][0]["id"],
            "contract": town.operators["acme"]("GET", "/contracts")["items"][0]["id"],
            "transfer": town.operators["acme"]("GET", "/transfers")["items"][0]["id"],
            "operator": town.operators["acme"]("GET", "/operators")["items"][0]["id"],
        },
        "zoo": {
            "negotiation": town.operators["zoo"]("GET", "/negotiations")["items"][0]["id"],
            "contract": contract,
            "transfer": transfer,
            "operator": town.operators["zoo"]("GET", "/operators")["items"][0]["id"],
        },
    }


def paths_of(town):
    """Return every operation of the interface: (method, path, whether it takes a body)."""
    document = httpx.get(f"{town.host.root}/api/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            if method in ("get", "post", "patch", "delete", "put"):
                yield method.upper(), path.removeprefix("/api/v1"), said


KINDS = {
    "assets": "asset",
    "negotiations": "negotiation",
    "contracts": "contract",
    "transfers": "transfer",
    "uses": "transfer",
    "operators": "operator",
    "explain": "negotiation",
}


def example(said):
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    return content.get("example", {"reason": "x"}) if content else None


@pytest.mark.parametrize("other", ["owl", "anchor"])
@pytest.mark.parametrize("victim", ["acme", "zoo"])
def test_every_route_with_anothers_id_says_what_it_says_of_no_id(town, things, victim, other):
    operator = town.operators[other]
    town.quiet()
    before = town.rows()
    tried = 0
    for method, path, said in paths_of(town):
        noun = path.split("/")[1]
        if "{id}" not in path or noun not in KINDS or KINDS[noun] not in things[victim]:
            continue
        real, body = things[victim][KINDS[noun]], example(said)
        got = operator.ask(method, path.replace("{id}", real), body)
        none = operator.ask(method, path.replace("{id}", real[:-4] + "zzzz"), body)
        check_problem(got, 404)
        assert got.json()["detail"].replace(real, "ID") == none.json()["detail"].replace(real[:-4] + "zzzz", "ID"), path
        assert got.json()["type"] == none.json()["type"]
        tried += 1
    assert tried >= 15
    town.quiet()
    assert town.rows() == before


def test_contracts_and_assets_of_others_cannot_be_named_in_bodies(town, things):
    owl = town.operators["owl"]
    check_problem(owl.ask("POST", "/transfers", {"contract": things["zoo"]["contract"]}), 404)
    check_problem(owl.ask("POST", "/negotiations/offers", {"peer": town.made["zoo"].did, "asset": things["acme"]["asset"]}), 404)


@pytest.mark.parametrize("name", ["acme", "zoo", "nowhere", "..", "ACME", "acme%00", "a" * 300])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.usefixtures("unchanged")
def test_other_participants_are_not_there(town, name, method):
    answer = town.operators["owl"].ask(method, f"/participants/{name}", {"title": "Mine"} if method == "PATCH" else None)
    check_problem(answer, 404, 422)


@pytest.mark.usefixtures("unchanged")
def test_the_header_that_names_a_participant_helps_nobody_but_the_host(town):
    header = {"Hanse-Participant": "acme"}
    for path in ("/assets", "/contracts", "/operators", "/status"):
        answer = town.operators["owl"].ask("GET", path, headers=header)
        assert answer.status_code == 404 or "acme" not in answer.text.lower(), (path, answer.text)
    check_problem(town.keeper.ask("GET", "/assets", headers=header), 403)
    check_problem(town.keeper.ask("GET", "/contracts", headers=header), 403)


HIDDEN = ["/assets", "/negotiations", "/contracts", "/transfers", "/policies"]


@pytest.mark.usefixtures("unchanged")
def test_the_host_sees_no_tenants_data(town, things):
    for path in (
        "/assets",
        "/negotiations",
        "/contracts",
        "/transfers",
        f"/assets/{things['acme']['asset']}",
        f"/explain/{things['acme']['transfer']}",
    ):
        for headers in ({}, {"Hanse-Participant": "acme"}):
            check_problem(town.keeper.ask("GET", path, headers=headers), 403, 422)


def test_a_member_asks_for_anothers_processes(town, things):
    """Ids of a process with somebody else look exactly like ids of nothing."""
    for kind, path in (("ContractNegotiationError", "negotiation"), ("TransferError", "transfer")):
        real = things["acme"][path]
        one = check_dsp_error(town.dsp(f"/{path}s/{real}", town.proof()), kind, 404)
        none = check_dsp_error(town.dsp(f"/{path}s/{real[:-4]}zzzz", town.proof()), kind, 404)
        assert (one["code"], one["reason"]) == (none["code"], none["reason"])
        for tail in {
            "negotiation": ["termination", "events", "agreement/verification"],
            "transfer": ["termination", "suspension", "completion"],
        }[path]:
            type_ = {"termination": f"{'ContractNegotiation' if path == 'negotiation' else 'Transfer'}TerminationMessage"}.get(tail)
            if type_ is None:
                continue
            message = {
                "@context": town.contract_request()["@context"],
                "@type": type_,
                "providerPid": real,
                "consumerPid": things["zoo"][path],
            }
            check_dsp_error(town.dsp(f"/{path}s/{real}/{tail}", town.proof(), message), kind, 404)
    assert town.operators["acme"]("GET", f"/transfers/{things['acme']['transfer']}")["state"] == "STARTED"


def test_an_agreement_of_others_gives_no_transfer(town, things):
    message = {
        "@context": town.contract_request()["@context"],
        "@type": "TransferRequestMessage",
        "consumerPid": "trf-mallory",
        "agreementId": things["acme"]["contract"],
        "format": "HttpData-PULL",
        "callbackAddress": town.mallory.base,
    }
    one = check_dsp_error(town.dsp("/transfers/request", town.proof(), message), "TransferError", 404)
    none = check_dsp_error(town.dsp("/transfers/request", town.proof(), message | {"agreementId": "agr_none"}), "TransferError", 404)
    assert one["reason"] == none["reason"]


ROLES = {
    "read": {"/assets": 403, "/negotiations": 403, "/operators": 403},
    "operate": {"/assets": 422, "/negotiations": 422, "/operators": 403},
    "administer": {"/assets": 422, "/negotiations": 422, "/operators": 422},
}


@pytest.mark.parametrize("role", ROLES)
def test_roles_let_do_what_they_say(town, role):
    name = f"{role}-{time.monotonic_ns()}"
    issued = town.operators["acme"]("POST", "/operators", {"name": name, "role": role})
    town.secrets.add(issued["token"])
    operator = Operator(town.host.root, issued["token"])
    for path, status in ROLES[role].items():
        assert operator.ask("POST", path, {}).status_code == status, path
        check_problem(operator.ask("POST", path, {}), status)
    assert operator.ask("GET", "/assets").status_code == 200
    own = operator.ask("POST", f"/operators/{issued['operator']['id']}/rotate")
    assert own.status_code == 200
    town.secrets.add(own.json()["token"])
    check_problem(operator.ask("GET", "/assets"), 401)
    if role != "administer":
        others = town.operators["acme"]("GET", "/operators")["items"]
        fresh = Operator(town.host.root, own.json()["token"])
        other = next(one for one in others if one["id"] != issued["operator"]["id"])
        check_problem(fresh.ask("POST", f"/operators/{other['id']}/rotate"), 403)
        check_problem(fresh.ask("POST", "/operators", {"name": "more", "role": "administer"}), 403)


def test_a_suspended_participant_reads_and_does_no_more(town):
    _, _, address = town.started("owl", town.assets["owl"])
    headers = {"Authorization": f"Bearer {address['properties']['authorization']}"}
    assert httpx.get(address["endpoint"], headers=headers).status_code == 200
    town.keeper("PATCH", "/participants/owl", {"suspended": True})
    try:
        owl = town.operators["owl"]
        assert owl.ask("GET", "/assets").status_code == 200
        check_problem(owl.ask("POST", "/assets", {"source": {"kind": "file", "path": "/x"}, "terms": ["members"]}), 403)
        check_problem(owl.ask("POST", "/operators", {"name": "n", "role": "read"}), 403)
        check_dsp_error(town.dsp("/catalog/request", town.proof(aud=town.made["owl"].did), b"{}", name="owl"), "CatalogError", 404)
        assert httpx.get(f"{town.host.root}/participants/owl/did.json").status_code == 404
        check_problem(httpx.get(address["endpoint"], headers=headers), 403, 404)
    finally:
        town.keeper("PATCH", "/participants/owl", {"suspended": False})
    assert httpx.get(address["endpoint"], headers=headers).status_code == 200


def test_what_is_public_names_nobody_and_nothing_secret(town):
    for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"):
        text = httpx.get(town.host.root + path).text
        assert not [secret for secret in town.secrets if secret in text]
        if path != "/api/v1/openapi.json":
            assert "acme" not in text
            assert "did:web" not in text


def test_lists_hold_no_secret(town):
    for name, operator in town.operators.items():
        for _, path, _ in [one for one in paths_of(town) if one[0] == "GET" and "{" not in one[1] and "catalog" not in one[1]]:
            text = operator.ask("GET", path).text
            assert not [secret for secret in town.secrets if secret in text], (name, path)
            assert "token_hash" not in text.replace('"token_hash":""', "")
            assert '"d":"' not in text
