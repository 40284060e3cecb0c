"""Statements over HTTP: from a consumer to its provider, acknowledged; and everything that is no such statement."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from hanse.app.evidence import digest_of
from hanse.evidence import kinds as k
from hanse.evidence.checkpoint import read_checkpoint
from hanse.evidence.dsse import read_envelope, seal
from hanse.evidence.merkle import included, leaf_hash
from hanse.evidence.statement import Subject, statement_of, write_statement
from hanse.identity.keys import SigningKey, VerifyingKey
from tests.scenarios.attacks.town import check_problem
from tests.scenarios.evidence.conftest import agree, agree_with_mallory, eventually, ledger

PURPOSE = "https://w3id.org/dpv#ServiceProvision"


def test_a_stated_use_is_acknowledged_and_kept_by_both(town):
    contract = agree(town)
    said = town.operators["zoo"]("POST", f"/contracts/{contract}/statements", {"purpose": PURPOSE, "spatial": "DE"})
    assert said["delivered"]["state"] == "acknowledged"
    (kept,) = ledger(town, "acme", contract, "use-stated")
    assert kept["sha256"] == said["sha256"]
    assert (kept["own"], kept["by"]) == (False, town.made["zoo"].did)
    assert PURPOSE in kept["sentence"]
    story = town.operators["acme"]("GET", f"/explain/{said['id']}")
    assert PURPOSE in story["summary"]
    assert town.operators["zoo"]("GET", f"/explain/{said['id']}")["state"] == "ACKNOWLEDGED"


def test_whoever_gets_an_entry_can_prove_it_alone(town):
    contract = agree(town)
    said = town.operators["zoo"]("POST", f"/contracts/{contract}/statements", {"purpose": PURPOSE})
    (kept,) = ledger(town, "acme", contract, "use-stated")
    for name, index in (("zoo", said["index"]), ("acme", kept["index"])):
        entry = town.operators[name]("GET", f"/ledger/{index}")
        envelope = read_envelope(json.dumps(entry["envelope"]).encode())
        assert VerifyingKey.from_jwk(entry["key"]).verify_bytes(envelope.signed, envelope.signature)
        signed = read_checkpoint(entry["proof"]["checkpoint"])
        document = httpx.get(f"{town.host.root}/participants/{name}/did.json").json()
        jwk = document["verificationMethod"][0]["publicKeyJwk"]
        assert signed.signed_with(jwk, VerifyingKey.from_jwk(jwk).verify_bytes)
        hashes = [bytes.fromhex(one) for one in entry["proof"]["hashes"]]
        assert included(leaf_hash(envelope.encode()), index, entry["proof"]["size"], hashes, signed.checkpoint.root)
    receipt = town.operators["zoo"]("GET", f"/ledger/{said['index']}")["receipt"]
    says = statement_of(read_envelope(json.dumps(receipt).encode())).predicate
    assert (says.statement, says.by) == (said["sha256"], town.made["acme"].did)


def test_the_did_document_lists_the_service(town):
    document = httpx.get(f"{town.host.root}/participants/acme/did.json").json()
    service = next(one for one in document["service"] if one["type"] == "EvidenceService")
    assert service["serviceEndpoint"].endswith("/participants/acme/evidence")


@pytest.mark.parametrize("body", [{}, {"purpose": ""}, {"purpose": "x" * 3000}, {"wait": 5}, {"goal": "x"}, {"purpose": 7}])
def test_a_use_is_stated_in_words(town, body):
    contract = agree(town)
    check_problem(town.operators["zoo"].ask("POST", f"/contracts/{contract}/statements", body), 422)


def test_a_provider_states_no_use_of_its_own_data(town):
    contract = agree(town)
    check_problem(town.operators["acme"].ask("POST", f"/contracts/{contract}/statements", {"purpose": PURPOSE}), 409)
    for name in ("acme", "zoo"):
        assert ledger(town, name, contract, "use-stated") == []


def test_a_deletion_is_confirmed_with_its_hashes(town):
    contract = agree(town)
    objects = [{"path": f"{n}.csv", "sha256": f"{n:064x}", "size": n} for n in range(3)]
    said = town.operators["zoo"]("POST", f"/contracts/{contract}/receipts", {"what": "deleted", "objects": objects})
    assert said["delivered"]["state"] == "acknowledged"
    (kept,) = ledger(town, "acme", contract, "receipt")
    says = town.operators["acme"]("GET", f"/ledger/{kept['index']}")["says"]
    assert (says["count"], says["size"], says["objects"][2]["sha256"]) == (3, 3, f"{2:064x}")
    many = {"what": "deleted", "count": 5_000, "size": 12, "root": "ab" * 32}
    assert town.operators["zoo"]("POST", f"/contracts/{contract}/receipts", many)["delivered"]["state"] == "acknowledged"
    for wrong in ({"what": "deleted"}, {"what": "deleted", "count": 3, "size": 1, "root": "ab" * 32}, many | {"objects": objects}):
        check_problem(town.operators["zoo"].ask("POST", f"/contracts/{contract}/receipts", wrong), 422)


def test_receipts_after_the_end_still_count(town):
    contract = agree(town)
    town.operators["acme"]("POST", f"/contracts/{contract}/end", {"how": "notice", "reason": "Enough."})
    eventually(lambda: town.operators["zoo"]("GET", f"/contracts/{contract}")["ended"])
    objects = [{"path": "a", "sha256": "ab" * 32, "size": 1}]
    said = town.operators["zoo"]("POST", f"/contracts/{contract}/receipts", {"what": "deleted", "objects": objects})
    assert said["delivered"]["state"] == "acknowledged"


def test_many_statements_at_once_are_one_log_on_both_sides(town):
    contract = agree(town)
    zoo = town.operators["zoo"]

    def state(number):
        return zoo("POST", f"/contracts/{contract}/statements", {"purpose": f"urn:p:{number}", "wait": 20})

    with ThreadPoolExecutor(10) as pool:
        said = list(pool.map(state, range(30)))
    assert {one["delivered"]["state"] for one in said} == {"acknowledged"}
    assert len({one["index"] for one in said}) == 30
    assert len(ledger(town, "acme", contract, "use-stated")) == 30
    for name in ("acme", "zoo"):
        assert zoo("POST", "/ledger/verify")["sound"], name
        verdict = town.operators[name](
            "POST", "/ledger/verify", {"checkpoint": town.operators[name]("GET", "/ledger/checkpoint")["checkpoint"]}
        )
        assert verdict["sound"]


def test_the_ledger_reads_page_by_page(town):
    acme = town.operators["acme"]
    whole = acme("GET", "/ledger?limit=500")["items"]
    assert [one["index"] for one in whole] == list(range(len(whole) - 1, -1, -1))
    paged, after = [], ""
    while after is not None:
        page = acme("GET", f"/ledger?limit=7{after and f'&after={after}'}")
        paged += page["items"]
        after = page["next"]
    assert paged == whole
    growth = acme("GET", "/ledger/growth?old=1")
    assert growth["size"] >= len(whole)
    for path in ("/ledger/growth", "/ledger/growth?old=0", "/ledger?after=x"):
        check_problem(acme.ask("GET", path), 422)
    for path in ("/ledger/999999", "/ledger/led_none", "/ledger/x", "/ledger/-1"):
        check_problem(acme.ask("GET", path), 404)
    check_problem(acme.ask("POST", "/ledger/verify", {"checkpoint": "nonsense"}), 400)


# What a peer may send, and what it may not.


@pytest.fixture(scope="module")
def deal(town):
    """Yield the id and the hash of an agreement between acme and mallory."""
    contract = agree_with_mallory(town)

    async def find(server):
        return await server.ground.database.read(lambda tx: digest_of(tx.contracts.get("acme", contract).agreement))

    return contract, town.host.call(find)


def made(town, deal, *, kind=k.UseStated, key=None, keyid=None, subject=None, **changes):
    """Return an envelope of mallory's; good, unless something is changed."""
    contract, digest = deal
    fields = {"id": f"x{uuid4().hex}", "by": town.mallory.did, "to": town.made["acme"].did, "agreement": contract, "at": datetime.now(UTC)}
    fields |= {"purpose": PURPOSE} if kind is k.UseStated else {}
    says = kind(**(fields | changes))
    signer = key or town.mallory.key
    payload = write_statement(subject or Subject.of(says.agreement, digest), says)
    return seal(payload, keyid or town.mallory.key.kid, signer.sign_bytes).encode()


def post(town, body, name="acme", token=None, outsider=None):
    token = token if token is not None else town.proof(name, outsider)
    return httpx.post(
        f"{town.host.root}/participants/{name}/evidence", content=body, headers={"Authorization": f"Bearer {token}"}, timeout=30
    )


def test_a_good_statement_of_a_stranger_is_acknowledged_once(town, deal):
    body = made(town, deal)
    answers = [post(town, body) for _ in range(3)]
    assert {one.status_code for one in answers} == {200}
    says = [statement_of(read_envelope(one.content)).predicate for one in answers]
    assert len({one.index for one in says}) == 1
    assert {one.statement for one in says} == {read_envelope(body).hash}
    assert len([one for one in ledger(town, "acme", deal[0], "use-stated") if one["sha256"] == says[0].statement]) == 1


def test_the_same_at_the_same_time_is_stored_once(town, deal):
    body = made(town, deal)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(town, body), range(16)))
    assert {one.status_code for one in answers} == {200}
    assert len({statement_of(read_envelope(one.content)).predicate.index for one in answers}) == 1


def changed(town, deal, old, new):
    payload = read_envelope(made(town, deal)).payload
    return inside(town, payload.replace(old, new))


def inside(town, payload):
    return seal(payload, town.mallory.key.kid, town.mallory.key.sign_bytes).encode()


def receipt(town, deal):
    common = {"id": "x", "by": town.mallory.did, "to": town.made["acme"].did, "agreement": deal[0], "at": datetime.now(UTC)}
    says = k.Acknowledged(**common, statement="ab" * 32, kind="use-stated", index=0)
    return inside(town, write_statement(Subject.of(*deal), says))


def twice(body):
    whole = json.loads(body)
    return json.dumps(whole | {"signatures": whole["signatures"] * 2}).encode()


ATTACKS = {
    "a forged signature": (lambda t, d: made(t, d, key=SigningKey.generate(t.mallory.key.kid)), 401),
    "the key of somebody else": (lambda t, d: made(t, d, key=t.nobody.key, keyid=t.nobody.key.kid), 401),
    "a key that is not there": (lambda t, d: made(t, d, keyid=f"{t.mallory.did}#key-9"), 401),
    "in the name of somebody else": (lambda t, d: made(t, d, by=t.made["zoo"].did), 401),
    "to somebody else": (lambda t, d: made(t, d, to=t.made["owl"].did), 422),
    "about no agreement": (lambda t, d: made(t, d, agreement="agr_none"), 404),
    "about somebody else's agreement": (lambda t, d: made(t, d, agreement=agree(t)), 404),
    "about other terms": (lambda t, d: made(t, d, subject=Subject.of(d[0], "ab" * 32)), 422),
    "about something else": (lambda t, d: made(t, d, subject=Subject.of("other", d[1])), 422),
    "from tomorrow": (lambda t, d: made(t, d, at=datetime.now(UTC) + timedelta(days=1)), 422),
    "from last year": (lambda t, d: made(t, d, at=datetime.now(UTC) - timedelta(days=365)), 422),
    "a receipt of ours": (receipt, 403),
    "an unknown kind": (lambda t, d: changed(t, d, b"use-stated:1", b"use-wished:1"), 422),
    "not in-toto": (lambda t, d: json.dumps(json.loads(made(t, d)) | {"payloadType": "text/plain"}).encode(), 400),
    "two signatures": (lambda t, d: twice(made(t, d)), 400),
    "nothing": (lambda t, d: b"", 400),
    "no JSON": (lambda t, d: b"\x00" * 100, 400),
    "deep": (lambda t, d: b"[" * 100_000, 400),
    "deep inside": (lambda t, d: inside(t, b'{"a":' + b"[" * 60_000 + b"]" * 60_000 + b"}"), 400),
    "oversized": (lambda t, d: b'{"payload":"' + b"A" * 600_000 + b'"}', 413),
    "no object inside": (lambda t, d: inside(t, b"[]"), 400),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_everything_else_is_refused_and_leaves_nothing(town, deal, attack):
    make, status = ATTACKS[attack]
    body = make(town, deal)
    before = town.operators["acme"]("POST", "/ledger/verify")["size"]
    check_problem(post(town, body), status)
    assert town.operators["acme"]("POST", "/ledger/verify")["size"] == before


def test_another_statement_under_the_same_id_is_refused(town, deal):
    assert post(town, made(town, deal, id="same")).status_code == 200
    check_problem(post(town, made(town, deal, id="same", purpose="urn:other")), 409)


def test_an_honest_statement_goes_nowhere_else(town, deal):
    body = made(town, deal)
    check_problem(post(town, body, "owl"), 404, 422)
    contract = agree(town)
    town.operators["zoo"]("POST", f"/contracts/{contract}/statements", {"purpose": PURPOSE})
    (kept,) = ledger(town, "acme", contract, "use-stated")
    theirs = json.dumps(town.operators["acme"]("GET", f"/ledger/{kept['index']}")["envelope"]).encode()
    check_problem(post(town, theirs), 401)


def test_the_door_is_the_same_as_for_everything(town, deal):
    body = made(town, deal)
    used = town.proof()
    assert post(town, body, token=used).status_code == 200
    check_problem(post(town, body, token=used), 401)
    check_problem(post(town, body, token=town.proof("owl")), 401)
    check_problem(post(town, body, token="x"), 401)
    stranger = town.nobody
    town.nobody.credentials = []
    check_problem(post(town, body, outsider=stranger), 401, 403)
    assert httpx.get(f"{town.host.root}/participants/acme/evidence").status_code in (404, 405)


def test_the_end_by_a_stranger_ends_our_half(town):
    contract = agree_with_mallory(town)

    async def find(server):
        return await server.ground.database.read(lambda tx: digest_of(tx.contracts.get("acme", contract).agreement))

    deal = (contract, town.host.call(find))
    assert post(town, made(town, deal, kind=k.AgreementEnded, how="breach", reason="You sent rain, not sun.")).status_code == 200
    ended = town.operators["acme"]("GET", f"/contracts/{contract}")
    assert (ended["end_how"], ended["ended_by"]) == ("breach", "peer")
    assert "not sun" in ended["end_reason"]
