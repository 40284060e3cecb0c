"""Who somebody says to be, and is not."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread

import httpx
import pytest

from hanse.app.build import Parts
from hanse.app.space import add_participant, found_space
from hanse.identity.keys import SigningKey
from tests.scenarios.attacks.town import CONTEXT, Host, Outsider, allow, check_dsp_error, say, unsigned

ASK = {"@context": CONTEXT, "@type": "CatalogRequestMessage"}


def test_the_good_token_is_good(town):
    answer = town.dsp("/catalog/request", town.proof(), ASK)
    assert answer.status_code == 200
    assert answer.json()["dataset"]


def now(offset: float) -> int:
    return int(time.time() + offset)


BAD = {
    "aud of a neighbour": lambda t: t.proof(aud=t.made["owl"].did),
    "aud of two": lambda t: t.proof(aud=[t.made["acme"].did, t.made["owl"].did]),
    "aud missing": lambda t: t.proof(aud=[]),
    "aud is the sender": lambda t: t.proof(aud=t.mallory.did),
    "aud, prefix": lambda t: t.proof(aud=t.made["acme"].did + "x"),
    "iss is another": lambda t: t.proof(iss=t.made["zoo"].did),
    "sub is another": lambda t: t.proof(sub=t.made["zoo"].did),
    "both are another": lambda t: t.proof(iss=t.made["zoo"].did, sub=t.made["zoo"].did),
    "expired": lambda t: t.proof(iat=now(-400), exp=now(-100)),
    "expired, ten minutes behind": lambda t: t.proof(iat=now(-600), exp=now(-360)),
    "ten minutes ahead": lambda t: t.proof(iat=now(600), exp=now(840)),
    "nbf ahead": lambda t: t.proof(nbf=now(300)),
    "lives for a day": lambda t: t.proof(exp=now(86400)),
    "ends before it begins": lambda t: t.proof(exp=now(10), iat=now(20)),
    "dates are texts": lambda t: t.proof(exp="soon", iat="now"),
    "dates are texts of numbers": lambda t: t.proof(exp=str(now(100))),
    "dates are true": lambda t: t.proof(exp=True, iat=True),
    "date beyond all calendars": lambda t: t.proof(exp=1e300),
    "negative date": lambda t: t.proof(iat=-1e18),
    "no jti": lambda t: t.proof(jti=None),
    "empty jti": lambda t: t.proof(jti=""),
    "number as jti": lambda t: t.proof(jti=7),
    "long jti": lambda t: t.proof(jti="x" * 1000),
    "no exp": lambda t: t.proof(exp=None),
    "no iat": lambda t: t.proof(iat=None),
    "no aud": lambda t: t.mallory.token(None),
    "did:key": lambda t: t.proof(iss="did:key:z6Mk", sub="did:key:z6Mk"),
    "another's key": lambda t: t.proof(key=SigningKey.generate(t.mallory.key.kid)),
    "kid of another DID": lambda t: t.proof(key=SigningKey.generate(t.nobody.key.kid)),
    "kid of a hosted DID": lambda t: t.proof(key=SigningKey.generate(t.made["zoo"].did + "#key-1")),
    "kid unknown": lambda t: t.proof(key=SigningKey.generate(t.mallory.did + "#key-2")),
    "huge": lambda t: t.proof(token="x" * 20_000),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
@pytest.mark.usefixtures("unchanged")
def test_a_token_with_one_thing_wrong_opens_nothing(town, make):
    body = check_dsp_error(town.dsp("/catalog/request", make(town), ASK), "CatalogError", 401)
    assert "x" * 50 not in str(body)


@pytest.mark.parametrize("make", [BAD["expired, ten minutes behind"], BAD["ten minutes ahead"]], ids=["behind", "ahead"])
def test_a_clock_that_is_far_off_is_told(town, make):
    assert "compare the clocks" in str(town.dsp("/catalog/request", make(town), ASK).json()["reason"]).lower()


@pytest.mark.parametrize("skew", [-20, 20])
def test_a_clock_that_is_a_little_off_is_borne(town, skew):
    assert town.dsp("/catalog/request", town.proof(iat=now(skew), exp=now(skew + 120)), ASK).status_code == 200


def claims(town, **more):
    return {
        "iss": town.mallory.did,
        "sub": town.mallory.did,
        "aud": town.made["acme"].did,
        "jti": "j",
        "iat": now(0),
        "exp": now(100),
    } | more


def public(town):
    return town.mallory.key.public_jwk


HEADERS = {
    "none": lambda t: {"alg": "none", "kid": t.mallory.key.kid},
    "None": lambda t: {"alg": "None", "kid": t.mallory.key.kid},
    "HS256": lambda t: {"alg": "HS256", "kid": t.mallory.key.kid},
    "ES384": lambda t: {"alg": "ES384", "kid": t.mallory.key.kid},
    "empty signature": lambda t: {"alg": "ES256", "kid": t.mallory.key.kid},
    "embedded key": lambda t: {"alg": "ES256", "kid": t.mallory.key.kid, "jwk": public(t)},
    "key elsewhere": lambda t: {"alg": "ES256", "kid": t.mallory.key.kid, "jku": "http://localhost:1/"},
    "x5u": lambda t: {"alg": "ES256", "kid": t.mallory.key.kid, "x5u": "http://localhost:1/"},
    "critical": lambda t: {"alg": "ES256", "kid": t.mallory.key.kid, "crit": ["b64"], "b64": False},
    "no kid": lambda t: {"alg": "ES256"},
    "kid is a path": lambda t: {"alg": "ES256", "kid": "../../../../etc/passwd"},
    "kid is an address": lambda t: {"alg": "ES256", "kid": "http://169.254.169.254/"},
    "kid is an object": lambda t: {"alg": "ES256", "kid": {"a": 1}},
    "alg is a list": lambda t: {"alg": ["ES256"], "kid": t.mallory.key.kid},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@pytest.mark.usefixtures("unchanged")
def test_headers_that_choose_their_own_judge(town, header):
    for signature in (b"", b"\0" * 64):
        check_dsp_error(town.dsp("/catalog/request", unsigned(header(town), claims(town), signature), ASK), "CatalogError", 401)


@pytest.mark.parametrize(
    "value", [None, "", "Bearer", "Basic YTpi", "bearer a b c", "Bearer " + "a." * 4000, "Bearer ..", "Bearer é", "DPoP x"]
)
@pytest.mark.usefixtures("unchanged")
def test_what_is_no_bearer_token(town, value):
    headers = {} if value is None else {"Authorization": value.encode("utf-8")}
    check_dsp_error(town.dsp("/catalog/request", None, ASK, headers=headers), "CatalogError", 401)


@pytest.mark.usefixtures("unchanged")
def test_tokens_in_the_address_are_not_read(town):
    for name in ("access_token", "token", "authorization", "bearer"):
        check_dsp_error(town.dsp(f"/catalog/request?{name}={town.proof()}", None, ASK), "CatalogError", 401)
        answer = httpx.get(f"{town.host.root}/api/v1/whoami?{name}={town.made['acme'].token}")
        assert answer.status_code == 401


def test_a_token_serves_once_even_for_what_was_refused(town):
    token = town.proof()
    check_dsp_error(town.dsp("/negotiations/neg_none", token), "ContractNegotiationError", 404)
    body = check_dsp_error(town.dsp("/catalog/request", token, ASK), "CatalogError", 401)
    assert "before" in str(body)


def test_of_twenty_uses_at_once_one_counts(town):
    token = town.proof()
    with ThreadPoolExecutor(20) as pool:
        got = list(pool.map(lambda _: town.dsp("/catalog/request", token, ASK).status_code, range(20)))
    assert sorted(got) == [200] + [401] * 19


def at_once(hosts, token):
    """Use a token at all hosts at the same moment; return the statuses."""
    gate = Barrier(len(hosts))

    def ask(host):
        gate.wait()
        url = f"{host.root}/participants/acme/dsp/2025-1/catalog/request"
        return httpx.post(url, json=ASK, headers={"Authorization": f"Bearer {token}"}).status_code

    with ThreadPoolExecutor(len(hosts)) as pool:
        return sorted(pool.map(ask, hosts))


def test_a_token_serves_once_on_two_processes_with_one_database(twins):
    first, second, acme, outsider = twins
    for _ in range(5):
        assert at_once([first, second], outsider.token(acme.did)) == [200, 401]


def test_postgresql_is_not_asked_for_what_it_cannot_hold(twins):
    """U+0000 in an id: PostgreSQL has no such text, and nobody's fault becomes ours."""
    _, second, acme, outsider = twins
    base = f"{second.root}/participants/acme/dsp/2025-1"
    for tail in ("negotiations/%00", "transfers/a%00b", "catalog/datasets/%00", "catalog/request?after=%00"):
        kind = {"n": "ContractNegotiationError", "t": "TransferError", "c": "CatalogError"}[tail[0]]
        answer = httpx.get(f"{base}/{tail}", headers={"Authorization": f"Bearer {outsider.token(acme.did)}"})
        check_dsp_error(answer, kind, 400, 404)
    for tail in ("assets/%00", "contracts/%00", "transfers/%00", "negotiations/%00", "explain/%00", "assets?after=%00"):
        answer = httpx.get(f"{second.root}/api/v1/{tail}", headers={"Authorization": f"Bearer {acme.token}"})
        assert answer.status_code in (200, 400, 404, 422), (tail, answer.text)


@pytest.mark.usefixtures("unchanged")
def test_a_stranger_with_a_perfect_token_gets_nothing_and_no_hint(town):
    asset = town.assets["acme"]["id"]
    seen = set()
    calls = {
        "CatalogError": [("/catalog/request", ASK), (f"/catalog/datasets/{asset}", None), ("/catalog/datasets/ds_none", None)],
        "ContractNegotiationError": [("/negotiations/request", town.contract_request()), ("/negotiations/neg_none", None)],
        "TransferError": [("/transfers/trf_none", None)],
    }
    for kind, asked in calls.items():
        for path, body in asked:
            answer = check_dsp_error(town.dsp(path, town.proof(outsider=town.nobody), body), kind, 403)
            seen.add((answer["code"], re.sub(r"rfs_\w+", "rfs", str(answer["reason"]))))
    # It is told what it lacks, which is what it was asked for, and nothing of what there is.
    assert len(seen) == 1, seen
    assert "It holds no MembershipCredential, which was asked for." in str(seen)
    assert "space" not in str(seen)
    assert town.space.name not in str(seen)


def test_a_member_that_is_removed_is_cut_off_within_the_bound(town):
    guest = Outsider("guest")
    try:
        allow(town.host, guest)
        town.admit(guest)
        assert town.dsp("/catalog/request", town.proof(outsider=guest), ASK).status_code == 200
        town.operators["anchor"]("POST", f"/anchor/members/{guest.did.replace('%', '%25')}/remove", {"reason": "It misbehaved."})
        until = time.monotonic() + 2
        while town.dsp("/catalog/request", town.proof(outsider=guest), ASK).status_code == 200:
            assert time.monotonic() < until
            time.sleep(0.05)
        check_dsp_error(
            town.dsp("/negotiations/request", town.proof(outsider=guest), town.contract_request()), "ContractNegotiationError", 403
        )
    finally:
        guest.close()


def test_other_kinds_of_tokens_are_not_mixed_up(town):
    _, _, address = town.started()
    data, operator, proof = address["properties"]["authorization"], town.made["acme"].token, town.proof()
    for token in (operator, data, town.host_token):
        check_dsp_error(town.dsp("/catalog/request", token, ASK), "CatalogError", 401)
    for token in (data, proof):
        assert httpx.get(f"{town.host.root}/api/v1/whoami", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    for token in (operator, proof, town.made["zoo"].token):
        assert httpx.get(address["endpoint"], headers={"Authorization": f"Bearer {token}"}).status_code == 401


class Server:
    """A world of its own, with a name server of ours and sockets that are counted."""

    def __init__(self, home, answers):
        self.asked, self.opened = [], []

        async def lookup(host, port):
            self.asked.append(host)
            found = answers.get(host)
            if isinstance(found, list) and found and isinstance(found[0], list):
                return found.pop(0) if len(found) > 1 else found[0]
            if found is None:
                raise OSError("no such host")
            return found

        self.host = Host(home, Parts(lookup=lookup))
        space, _ = self.host.call(lambda s: found_space(s, "port", "Port"))
        self.acme = self.host.call(lambda s: add_participant(s, space, "acme", "Acme"))
        client = self.host.server.ground.client
        inner = client._sockets

        def counted(info):
            self.opened.append(info[4])
            return inner(info)

        client._sockets = counted


INNER = {
    "metadata.example": ["169.254.169.254"],
    "private.example": ["10.0.0.1"],
    "loop.example": ["127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "local.example": ["fe80::1%eth0"],
    "mixed.example": ["93.184.216.34", "10.0.0.1"],
    "zero.example": ["0.0.0.0"],
    "localhost": ["127.0.0.1"],
}


def test_no_connection_is_tried_to_where_a_did_must_not_lead(logs, tmp_path):
    world = Server(tmp_path, INNER)
    try:
        names = [
            *INNER,
            "127.0.0.1",
            "169.254.169.254",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "localhost%3A22",
            "a@127.0.0.1",
            "..",
            "a%2fb",
            "%00",
        ]
        time.sleep(0.5)
        world.host.call(lambda s: s.wallet.letters.drain(5))
        world.opened.clear()  # the anchor has offered its members their credentials
        for name in names:
            did = f"did:web:{name}"
            said = {"iss": did, "sub": did, "aud": world.acme.did, "jti": name, "iat": now(0), "exp": now(100)}
            token = unsigned({"alg": "ES256", "kid": f"{did}#key-1"}, said, b"\0" * 64)
            answer = httpx.post(
                f"{world.host.root}/participants/acme/dsp/2025-1/catalog/request", json=ASK, headers={"Authorization": f"Bearer {token}"}
            )
            body = check_dsp_error(answer, "CatalogError", 401)
            for address in ("169.254", "10.0.0.1", "127.0.0.1 ", "private", "link-local"):
                assert address not in str(body["reason"]), (name, body)
        assert world.opened == []
    finally:
        world.host.stop()


DOCUMENTS = {
    "redirect": lambda h: say(h, 302, b"", Location="http://169.254.169.254/latest"),
    "huge": lambda h: say(h, 200, b" " * 2_000_000),
    "another's": lambda h: say(h, 200, b'{"id": "did:web:example.com"}'),
    "no JSON": lambda h: say(h, 200, b"<html>"),
    "deep": lambda h: say(h, 200, b'{"id":' * 5000),
    "empty": lambda h: say(h, 200, b""),
    "error": lambda h: say(h, 500, b"oops"),
    "gone": lambda h: say(h, 410, b""),
    "compressed": lambda h: say(h, 200, b"\x1f\x8b", Content_Encoding="gzip"),
}


@pytest.mark.parametrize("answer", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.usefixtures("unchanged")
def test_did_documents_that_are_no_documents(town, answer):
    liar = Outsider("liar")
    try:
        allow(town.host, liar)
        liar.answers[liar.document] = answer
        check_dsp_error(town.dsp("/catalog/request", town.proof(outsider=liar), ASK), "CatalogError", 401)
        assert set(liar.paths()) == {liar.document}
    finally:
        liar.close()


def test_a_slow_did_document_is_given_up_and_holds_up_nobody(town):
    slow = Outsider("slow")
    allow(town.host, slow)
    slow.answers[slow.document] = lambda h: time.sleep(8)
    answers = []

    def ask():
        began = time.monotonic()
        answers.append((town.dsp("/catalog/request", town.proof(outsider=slow), ASK).status_code, time.monotonic() - began))

    threads = [Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert town.dsp("/catalog/request", town.proof(), ASK).status_code == 200
    assert time.monotonic() - began < 1
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {401}
    assert max(took for _, took in answers) < 7
    assert len(slow.paths()) == 1  # ten tokens, one look
    slow.close()
