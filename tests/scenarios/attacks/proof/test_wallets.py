"""A participant that acts on another's wallet: through the management interface, the token service, and DCP's own endpoints."""

from __future__ import annotations

import itertools
import json
import re

import httpx
import pytest

from hanse.identity.did import DCP_CONTEXT
from tests.scenarios.attacks.proof.world import ENTITY, SCOPE, claims_of, refused
from tests.scenarios.attacks.test_tenancy import example, paths_of
from tests.scenarios.attacks.town import check_problem
from tests.unit.http.api import test_access
from tests.unit.http.api.rig import run

NAMES = ("anchor", "acme", "zoo")
PAIRS = [pair for pair in itertools.product(NAMES, NAMES) if pair[0] != pair[1]]
WALLET = {
    ("GET", "/wallet/credentials"),
    ("GET", "/wallet/credentials/{id}"),
    ("DELETE", "/wallet/credentials/{id}"),
    ("POST", "/wallet/credentials/{id}/check"),
    ("GET", "/wallet/requests"),
    ("POST", "/wallet/requests"),
    ("GET", "/wallet/requests/{id}"),
    ("GET", "/wallet/keys"),
    ("POST", "/wallet/keys/rotate"),
    ("POST", "/wallet/keys/compromise"),
    ("POST", "/wallet/keys/release"),
}


def operations(harbour):
    return [(method, path, said) for method, path, said in paths_of(harbour)]


def test_the_matrix_of_all_operations_has_the_wallets_in_it(tmp_path, harbour):
    """`tests/unit/http/api/test_access.py` asks every operation there is, with every role, as A about B. The wallet's are among them."""

    async def scenario(rig):
        known = {(operation.method, operation.path) for operation in rig.api.operations}
        served = {(method, path) for method, path, _ in operations(harbour)}
        assert known >= WALLET
        assert served >= WALLET
        assert {(method, re.sub(r":\w+}", "}", path)) for method, path in known} == served  # what is served is what is asked there

    run(tmp_path, scenario)
    assert test_access.test_nobody_acts_for_another_participant
    assert test_access.test_nobody_touches_what_is_in_anothers_wallet
    assert test_access.test_another_tenants_ids_are_not_found_and_give_no_hint
    assert test_access.test_every_operation_with_every_role


@pytest.mark.parametrize(("caller", "owner"), PAIRS)
@pytest.mark.usefixtures("unmoved")
def test_a_participant_acting_on_anothers_wallet_by_its_name(harbour, caller, owner):
    """A's token with B's name, over every management call: as if there were no B."""
    asked = 0
    for method, path, said in operations(harbour):
        if path == "/openapi.json":
            continue
        filled = path.replace("{id}", "x").replace("{did}", "did:web:x").replace("{name}", owner)
        answer = harbour.operators[caller].ask(method, filled, example(said), headers={"Hanse-Participant": owner})
        check_problem(answer, 404)
        asked += 1
    assert asked > 60


@pytest.fixture(scope="module")
def wallets(harbour):
    """What each participant's wallet holds, by kind: ids of credentials and requests, names of keys."""
    found = {}
    for name in NAMES:
        one = harbour.operators[name]
        asked = one("POST", "/wallet/requests", {"issuer": harbour.made["anchor"].did, "types": ["MembershipCredential"]})
        assert one("GET", f"/wallet/requests/{asked['id']}?wait=10")["state"] == "issued"
        found[name] = {
            "credentials": [held["id"] for held in one("GET", "/wallet/credentials")["items"]],
            "requests": [asked["id"] for asked in one("GET", "/wallet/requests")["items"]],
            "keys": [key["kid"] for key in one("GET", "/wallet/keys")["items"]],
        }
        assert all(found[name].values()), (name, found)
    return found


@pytest.mark.parametrize(("caller", "owner"), PAIRS)
def test_a_participant_acting_on_anothers_wallet_by_its_ids(harbour, wallets, caller, owner):
    """A's token with ids of B's: the same answer as for ids of nothing, and B's wallet is as it was."""
    operator, theirs = harbour.operators[caller], wallets[owner]
    tried = 0
    for method, path, _ in operations(harbour):
        noun = path.split("/")[2] if path.startswith("/wallet/") else ""
        if "{id}" not in path or noun not in theirs:
            continue
        for real in theirs[noun]:
            none = real[:-4] + "zzzz"
            got, absent = (operator.ask(method, path.replace("{id}", one)) for one in (real, none))
            check_problem(got, 404)
            assert got.text.replace(real, "ID") == absent.text.replace(none, "ID")
            tried += 1
    for act in ("compromise", "release"):
        for kid in theirs["keys"]:
            bodies = [{"kid": one} | ({"since": "2026-01-01T00:00:00Z"} if act == "compromise" else {}) for one in (kid, kid + "9")]
            got, absent = (operator.ask("POST", f"/wallet/keys/{act}", body) for body in bodies)
            check_problem(got, 404)
            assert got.text == absent.text
            tried += 1
    assert tried >= 6
    assert {one["id"] for one in harbour.operators[owner]("GET", "/wallet/credentials")["items"]} >= set(theirs["credentials"])
    assert [one["state"] for one in harbour.operators[owner]("GET", "/wallet/keys")["items"]] == ["active"] * len(theirs["keys"])


def sts(harbour, name, operator, secret, **more):
    form = {"grant_type": "client_credentials", "client_id": operator, "client_secret": secret, "audience": harbour.made["anchor"].did}
    return httpx.post(f"{harbour.host.root}/participants/{name}/dcp/sts/token", data=form | more)


@pytest.fixture(scope="module")
def clients(harbour):
    """Operators of each role of each participant, and the host: (id, token) by (participant, role)."""
    found = {}
    for name in NAMES:
        for role in ("read", "operate", "approve", "administer"):
            made = harbour.operators[name]("POST", "/operators", {"name": f"sts-{role}", "role": role})
            found[name, role] = made["operator"]["id"], made["token"]
            harbour.secrets.add(made["token"])
    return found


@pytest.mark.parametrize(("caller", "owner"), [*PAIRS, *((name, name) for name in NAMES)])
def test_a_participant_acting_on_anothers_wallet_by_its_token_service(harbour, clients, caller, owner):
    """A self-issued token can do all that its participant can, so administrators get one, for their own participant."""
    for role in ("read", "operate", "approve", "administer"):
        operator, token = clients[caller, role]
        answer = sts(harbour, owner, operator, token, bearer_access_scope=SCOPE)
        if (caller, role) == (owner, "administer"):
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            harbour.secrets.add(answer.json()["access_token"])
        else:
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), (role, answer.text)
            assert token not in answer.text


def test_the_token_service_takes_no_other_proof(harbour, clients):
    operator, token = clients["acme", "administer"]
    other, _ = clients["zoo", "administer"]
    wrong = [
        sts(harbour, "acme", other, token),
        sts(harbour, "acme", operator, token[:-1]),
        sts(harbour, "acme", operator, ""),
        sts(harbour, "acme", "", token),
        sts(harbour, "acme", operator, harbour.keeper),
        sts(harbour, "acme", operator, harbour.doors.token("offers")),
        sts(harbour, "nowhere", operator, token),
    ]
    assert {answer.status_code for answer in wrong} <= {401, 404}
    odd = [
        sts(harbour, "acme", operator, token, grant_type="password"),
        sts(harbour, "acme", operator, token, audience=""),
        sts(harbour, "acme", operator, token, audience="http://x"),
        sts(harbour, "acme", operator, token, audience="did:" + "x" * 600),
        sts(harbour, "acme", operator, token, bearer_access_scope="x"),
        sts(harbour, "acme", operator, token, bearer_access_scope=" ".join(f"a:{n}" for n in range(100))),
        sts(harbour, "acme", operator, token, bearer_access_scope=SCOPE, token="x"),
        sts(harbour, "acme", operator, token, token="x" * 10_000),
        httpx.post(f"{harbour.host.root}/participants/acme/dcp/sts/token", content=b"\xff"),
        httpx.post(f"{harbour.host.root}/participants/acme/dcp/sts/token", content=b"a=1&a=2"),
        httpx.post(f"{harbour.host.root}/participants/acme/dcp/sts/token", content=b"a" * 100_000),
    ]
    assert {answer.status_code for answer in odd} <= {400, 413}
    assert not [answer for answer in (*wrong, *odd) if token in answer.text]


# DCP's own endpoints.


def test_an_access_token_opens_its_own_holders_wallet_to_its_own_bearer(harbour):
    doors, stranger = harbour.doors, harbour.stranger
    granted = doors.access("acme", doors.member.did)
    acme, zoo = harbour.made["acme"].did, harbour.made["zoo"].did
    assert doors.knock("presentations/query", doors.member.token(acme, token=granted)).status_code == 200
    url = f"{harbour.host.root}/participants/zoo/dcp/presentations/query"
    body = doors.message("presentations/query")
    wrong = [
        (acme, stranger, granted),
        (acme, doors.member, doors.access("zoo", doors.member.did)),
        (acme, doors.member, doors.access("acme", stranger.did)),
        (acme, doors.member, granted[:-2] + "AA"),
        (acme, doors.member, doors.member.token(acme)),
        (acme, doors.member, None),
        (acme, doors.member, ""),
        (acme, doors.member, "x" * 5000),
        (acme, doors.member, doors.member.credentials[0]),
    ]
    for audience, caller, token in wrong:
        refused(doors.knock("presentations/query", caller.token(audience, token=token)), 401)
    answer = httpx.post(url, headers={"Authorization": f"Bearer {doors.member.token(zoo, token=granted)}"}, content=body)
    refused(answer, 401)


def test_an_access_token_opens_what_it_names_and_no_more(harbour):
    """Whatever is asked for: other types, everything, one credential by its id."""
    doors = harbour.doors
    held = harbour.host.call(lambda s: s.wallet.credentials.page("acme", after=None, limit=100))
    others = [one for one in held if "MembershipCredential" not in one.types]
    assert others
    for scope in (
        "org.eclipse.dspace.dcp.vc.type:DataProviderCredential:read",
        "org.eclipse.dspace.dcp.vc.type:VerifiableCredential:read",
        "org.eclipse.dspace.dcp.vc.type:*",
        "org.eclipse.dspace.dcp.vc.type:MembershipCredential:*",
        "org.eclipse.dspace.dcp.vc.type:MembershipCredential:write",
        *(f"org.eclipse.dspace.dcp.vc.id:{one.credential_id}" for one in others),
    ):
        body = doors.message("presentations/query").replace(SCOPE.encode(), scope.encode())
        answer = doors.knock("presentations/query", doors.token("presentations/query"), body=body)
        assert answer.status_code == 200, scope
        presented = answer.json()["presentation"]
        harbour.member.seen.update(one for one in presented if isinstance(one, str))
        assert presented
        assert [claims_of(one)["verifiableCredential"] for one in presented] == [[]], scope
    answer = doors.knock("presentations/query", doors.token("presentations/query"))
    (good,) = [claims_of(one)["verifiableCredential"] for one in answer.json()["presentation"]]
    assert [claims_of(one["id"].partition(",")[2])["type"][1] for one in good] == ["MembershipCredential"]


def test_what_is_delivered_under_anothers_request_is_refused(harbour):
    """A holderPid is a name and no secret: only the issuer that was asked delivers under it, what it was asked for, to who asked."""
    doors, member, stranger = harbour.doors, harbour.member, harbour.stranger
    acme, zoo = harbour.made["acme"].did, harbour.made["zoo"].did
    pid, other = doors.ask(member.did), doors.ask(stranger.did)

    def deliver(caller, text, kind=ENTITY, to=acme, name="acme", pid=pid):
        container = {"credentialType": kind, "payload": text, "format": "vc20-bssl/jwt"}
        message = {"type": "CredentialMessage", "issuerPid": "i", "holderPid": pid, "status": "ISSUED", "credentials": [container]}
        url = f"{harbour.host.root}/participants/{name}/dcp/credentials"
        headers = {"Authorization": f"Bearer {caller.token(to)}"}
        return httpx.post(url, content=json.dumps({"@context": [DCP_CONTEXT], **message}), headers=headers)

    refused(deliver(stranger, stranger.issue(acme)), 404)  # not who was asked
    refused(deliver(member, member.issue(zoo), to=zoo, name="zoo"), 404)  # not who asked
    refused(deliver(member, member.issue(acme), pid=other), 404)  # under a request to somebody else
    refused(deliver(member, member.issue(zoo)), 400)  # about somebody else
    refused(deliver(member, stranger.issue(acme)), 400)  # of somebody else
    refused(deliver(member, member.issue(acme, "MembershipCredential"), "MembershipCredential"), 400)  # not what was asked for
    refused(deliver(member, member.issue(acme), "MembershipCredential"), 400)  # and not under its name either
    held = harbour.host.call(lambda s: s.wallet.credentials.page("acme", after=None, limit=100))
    assert {one.issuer for one in held} == {harbour.made["anchor"].did}
    assert deliver(member, member.issue(acme)).status_code == 200
    held = harbour.host.call(lambda s: s.wallet.credentials.page("acme", after=None, limit=100))
    one = next(one for one in held if one.issuer == member.did)
    harbour.operators["acme"]("DELETE", f"/wallet/credentials/{one.id}")


def test_a_request_of_somebody_else_looks_like_none(harbour):
    doors, stranger = harbour.doors, harbour.stranger
    answers = []
    for id in (doors.request, "iss_none"):
        url = f"{harbour.host.root}/participants/anchor/dcp/issuer/requests/{id}"
        answers.append(httpx.get(url, headers={"Authorization": f"Bearer {stranger.token(harbour.space.anchor)}"}))
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
