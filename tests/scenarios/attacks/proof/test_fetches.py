"""Addresses that tokens, documents and credentials name, and where they must not lead; and what must not come back from others."""

from __future__ import annotations

import itertools
import json
import time
import zlib
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import uuid4

import msgspec
import pytest

from hanse.identity.credentials.lists import issue_list
from hanse.identity.credentials.model import VC20
from hanse.identity.did import DCP_CONTEXT, Service, did_document
from hanse.identity.status import Bits
from tests.scenarios.attacks.proof.conftest import INSIDE
from tests.scenarios.attacks.proof.test_tokens import claims, signed
from tests.scenarios.attacks.proof.world import Doors, Issuer, claims_of, refused
from tests.scenarios.attacks.test_connections import memory
from tests.scenarios.attacks.town import allow, say

HOSTS = [*INSIDE, "127.0.0.1", "169.254.169.254", "10.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost%3A22", "localhost%3A1"]
URLS = [
    *(f"https://{name}/x" for name in INSIDE),
    *(f"http://{name}:8080/x" for name in INSIDE),
    "http://127.0.0.1:22/",
    "http://localhost:1/",
    "http://10.0.0.1/",
    "https://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://[::1]:8080/",
    "http://[fd00:ec2::254]/",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0.0.0.0/",
    "http://localhost@10.0.0.1/",
    "http://localhost:1@10.0.0.1/",
    "http://localhost\\@10.0.0.1/",
    "http://example.com/",
]
"""The last one is public, and plain http: that is for inner hosts which are listed."""
TOLD = ("169.254", "10.0.0.1", "127.0.0.1", "192.168", "private", "link-local", "loopback", "metadata.example is")
"""What an answer must not say, for it would tell where our name server leads."""


@pytest.fixture
def inside(harbour):
    """Assert that no connection is tried to anywhere but the outsiders and the server itself."""
    known = {one.port for one in harbour.outsiders} | {harbour.host.settings.port}
    harbour.opened.clear()
    yield
    assert [one for one in harbour.opened if one[1] not in known] == []


def tells_nothing(answer, *statuses):
    body = refused(answer, *statuses)
    assert not [word for word in TOLD if word in json.dumps(body)], body


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.usefixtures("inside", "unmoved")
def test_did_web_into_private_networks(harbour, host):
    """As the sender of a token, at every door; as one that vouches; and as one that is to be probed."""
    did = f"did:web:{host}"
    header = {"alg": "ES256", "typ": "JWT", "kid": f"{did}#key-1"}
    for door in Doors.NAMES:
        tells_nothing(harbour.doors.knock(door, signed(harbour.stranger.key, header, claims(did, harbour.doors.audience(door)))), 401)
    sponsor = signed(harbour.stranger.key, header, claims(did, harbour.space.anchor))
    body = json.dumps({"name": "X", "sponsor": sponsor}).encode()
    tells_nothing(harbour.doors.knock("fit", harbour.stranger.token(harbour.space.anchor, token=None), body=body), 401)
    answer = harbour.doors.client.post(f"{harbour.host.root}/spaces/port/probe", json={"did": did})
    assert not answer.json()["reachable"]
    assert not [word for word in ("169.254", "10.0.0.1", "link-local") if word in answer.text.replace(did, "")]


@pytest.mark.usefixtures("inside", "unmoved")
def test_status_list_fetches_into_private_networks(harbour):
    good = claims_of(harbour.chamber.issue(harbour.member.did, lists=[harbour.chamber.root + "/lists/x"]))
    entry = good["credentialStatus"] if isinstance(good["credentialStatus"], dict) else good["credentialStatus"][0]
    for url in URLS:
        said = good | {"credentialStatus": entry | {"statusListCredential": url, "id": f"{url}#7"}}
        tells_nothing(harbour.holding(harbour.chamber.key.sign(json.dumps(said).encode(), {"typ": "vc+jwt"})), 401, 403)


@pytest.mark.usefixtures("inside", "unmoved")
def test_schema_fetches_into_private_networks(harbour):
    good = claims_of(harbour.chamber.issue(harbour.member.did))
    for url, kind in zip(URLS, itertools.cycle(("JsonSchema", "JsonSchemaValidator2018")), strict=False):
        said = good | {"credentialSchema": {"id": url, "type": kind}}
        tells_nothing(harbour.holding(harbour.chamber.key.sign(json.dumps(said).encode(), {"typ": "vc+jwt"})), 401, 403)


@pytest.mark.parametrize("url", URLS)
@pytest.mark.usefixtures("inside")
def test_services_of_a_did_document_that_lead_into_private_networks(harbour, url):
    """To be asked for credentials, to be asked what it issues, to be sent a letter, to be probed."""
    guide = Issuer("guide")
    allow(harbour.host, guide)
    harbour.opened.clear()
    kinds = ("CredentialService", "IssuerService", "DataService", "CatalogService")
    document = did_document(
        guide.did, [(guide.key.kid, guide.key.public_jwk)], [Service(f"{guide.did}#{kind}", kind, url) for kind in kinds]
    )
    guide.answers[guide.document] = lambda handler: say(handler, 200, msgspec.json.encode(document))
    try:
        tells_nothing(harbour.catalogue(guide), 401)
        tells_nothing(harbour.doors.knock("fit", guide.token(harbour.space.anchor)), 401)
        offer = {"@context": [DCP_CONTEXT], "type": "CredentialOfferMessage", "issuer": guide.did, "credentials": [{"id": "urn:x"}]}
        answer = harbour.doors.knock("offers", guide.token(harbour.made["acme"].did), body=json.dumps(offer).encode())
        assert not answer.is_success
        probed = harbour.doors.client.post(f"{harbour.host.root}/spaces/port/probe", json={"did": guide.did}).json()
        assert [check["met"] for check in probed["checks"]] == [True, False, False]
        letter = harbour.doors.ask(guide.did)
        until = time.monotonic() + 5
        while not (story := harbour.host.call(lambda s: s.wallet.requests.explain("acme", letter))).last_error:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert story.state == "asked"
    finally:
        guide.close()
        harbour.host.call(
            lambda s: s.ground.database.run(lambda tx: tx.rows.execute("DELETE FROM letters WHERE receiver = ?", (guide.did,)))
        )
    known = {one.port for one in harbour.outsiders} | {harbour.host.settings.port, guide.port}
    assert [one for one in harbour.opened if one[1] not in known] == []
    harbour.opened.clear()


async def forget_letters(server, to):
    """Let nobody be written to any more who is gone."""
    await server.ground.database.run(lambda tx: tx.rows.execute("DELETE FROM letters WHERE receiver = ?", (to,)))


def encoded_list(raw):
    return "u" + urlsafe_b64encode(raw).rstrip(b"=").decode()


def packed(size):
    """Return that many zero bytes, as gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    return b"".join([*(packer.compress(zeros) for _ in range(size >> 20)), packer.compress(bytes(size & 0xFFFFF)), packer.flush()])


def list_with(harbour, path, **changes):
    """Publish a list of the chamber's, with other claims of its subject; return its address."""
    url = harbour.chamber.publish(path)
    said = claims_of(harbour.chamber.files[path].decode())
    said |= {"credentialSubject": said["credentialSubject"] | changes}
    harbour.chamber.files[path] = harbour.chamber.key.sign(json.dumps(said).encode(), {"typ": "vc+jwt"}).encode()
    return url


def checked(harbour, url, *codes):
    """Present a credential whose list lies there; it must be refused for one of these reasons, and quickly."""
    before, begun = memory(), time.monotonic()
    answer = refused(harbour.holding(harbour.chamber.issue(harbour.member.did, lists=[url])), 401, 403)
    assert answer["code"] in codes, answer
    assert time.monotonic() - begun < 2
    assert memory() - before < 48e6


BOMBS = {
    "a thousand to one": lambda: packed(256 << 20),
    "a bit too large": lambda: packed((1 << 20) + 1),
    "several in a row": lambda: packed(1 << 20) * 2,
    "with something after it": lambda: packed(16 << 10) + b"x" * 1000,
    "broken off": lambda: packed(16 << 10)[:-9],
    "wrong checksum": lambda: packed(16 << 10)[:-8] + b"\0" * 8,
    "no gzip": lambda: b"\0" * 16384,
    "zlib instead": lambda: zlib.compress(bytes(16384)),
    "too small": lambda: packed(100),
    "empty": lambda: b"",
}


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS)
def test_compressed_lists(harbour, make):
    url = list_with(harbour, f"/lists/{uuid4().hex}", encodedList=encoded_list(make()))
    checked(harbour, url, "status-list")


@pytest.mark.parametrize("text", ["u" * 2_000_000, "A" * 1_600_001, "!" * 100, "", 7, None, ["uH4sI"]])
def test_oversized_lists_by_their_text(harbour, text):
    checked(harbour, list_with(harbour, f"/lists/{uuid4().hex}", encodedList=text), "status-list")


def endless(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        for _ in range(4000):
            handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    except OSError:
        return


def terabyte(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 40))
    handler.end_headers()


ANSWERS = {
    "10 MiB": (lambda h: say(h, 200, b"e" * (10 << 20)), "status-unavailable"),
    "a length of 1 TB": (terabyte, "status-unavailable"),
    "endless": (endless, "status-unavailable"),
    "compressed on its way": (lambda h: say(h, 200, packed(1 << 20), Content_Encoding="gzip"), "status-unavailable"),
    "a redirect inside": (lambda h: say(h, 302, b"", Location="http://169.254.169.254/"), "status-unavailable"),
    "an error": (lambda h: say(h, 500, b"oops"), "status-unavailable"),
    "gone": (lambda h: say(h, 404, b""), "status-unavailable"),
    "nothing": (lambda h: say(h, 200, b""), "status-list"),
    "a page": (lambda h: say(h, 200, b"<html></html>"), "status-list"),
    "plain JSON": (lambda h: say(h, 200, b'{"type": ["BitstringStatusListCredential"]}'), "status-list"),
    "bytes": (lambda h: say(h, 200, bytes(range(256))), "status-list"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_oversized_lists_and_other_answers(harbour, name):
    answer, code = ANSWERS[name]
    path = f"/lists/{uuid4().hex}"
    harbour.chamber.answers[path] = answer
    checked(harbour, harbour.chamber.root + path, code)


def test_a_slow_list_and_a_slow_credential_service_hold_up_whoever_names_them_and_nobody_else(harbour):
    chamber, stranger, got = harbour.chamber, harbour.stranger, {}
    query = stranger.dcp + "/presentations/query"
    chamber.answers["/lists/slow"] = stranger.answers[query] = lambda handler: time.sleep(7)
    text = chamber.issue(harbour.member.did, lists=[chamber.root + "/lists/slow"])
    begun = time.monotonic()

    def run(name, ask):
        got[name] = (ask(), time.monotonic() - begun)

    slow = [("list", lambda: harbour.holding(text)), ("service", harbour.applying)]
    threads = [Thread(target=run, args=one) for one in slow]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    assert harbour.doors.knock("standing", harbour.doors.token("standing")).is_success
    assert time.monotonic() - began < 1
    for thread in threads:
        thread.join()
    del stranger.answers[query]
    assert refused(got["list"][0], 401)["code"] == "status-unavailable"
    assert refused(got["service"][0], 401)["type"].endswith(":unanswered")
    assert max(took for _, took in got.values()) < 7


def swapped(harbour):
    """Return lists that are good ones, and not the one that the credential names: (address, code)."""
    chamber, stranger = harbour.chamber, harbour.stranger
    moment = datetime.now(UTC) - timedelta(seconds=1)

    def signed_by(key, url, bits=None, **more):
        return issue_list(key, url, bits or Bits.zeros(), VC20, more.pop("at", moment), **more).encode()

    root = chamber.root
    files = {
        "another address": (signed_by(chamber.key, root + "/lists/other"), "status-list"),
        "another issuer": (signed_by(stranger.key, root + "/lists/another-issuer"), "status-issuer"),
        "another purpose": (signed_by(chamber.key, root + "/lists/another-purpose", purpose="suspension"), "status-purpose"),
        "an old one": (signed_by(chamber.key, root + "/lists/an-old-one", at=moment - timedelta(days=2)), "expired"),
        "one of tomorrow": (signed_by(chamber.key, root + "/lists/one-of-tomorrow", at=moment + timedelta(days=1)), "not-yet"),
        "a credential": (chamber.issue(harbour.member.did).encode(), "status-list"),
    }
    for name, (text, code) in files.items():
        path = "/lists/" + name.replace(" ", "-")
        chamber.files[path] = text
        yield root + path, code


def test_lists_that_were_swapped(harbour):
    for url, code in swapped(harbour):
        checked(harbour, url, code)


@pytest.mark.parametrize("index", ["-1", "131072", "9999999999", "1.5", "007", "", "x"])
def test_an_index_outside_the_list(harbour, index):
    url = harbour.chamber.publish("/lists/index")
    good = claims_of(harbour.chamber.issue(harbour.member.did, lists=[url]))
    entry = good["credentialStatus"] if isinstance(good["credentialStatus"], dict) else good["credentialStatus"][0]
    said = good | {"credentialStatus": entry | {"statusListIndex": index}}
    answer = refused(harbour.holding(harbour.chamber.key.sign(json.dumps(said).encode(), {"typ": "vc+jwt"})), 403)
    assert answer["code"] in {"status-index", "shape"}


PRESENTED = {
    "10 MiB": lambda h: say(h, 200, b" " * (10 << 20)),
    "endless": endless,
    "compressed": lambda h: say(h, 200, packed(1 << 20), Content_Encoding="gzip"),
    "deep": lambda h: say(h, 200, b'{"presentation":' + b"[" * 100_000),
    "no JSON": lambda h: say(h, 200, b"<html>"),
    "another message": lambda h: say(h, 200, b'{"type":"X","@context":["x"]}'),
    "a redirect": lambda h: say(h, 307, b"", Location="http://169.254.169.254/"),
    "thousands": lambda h: say(h, 200, presentations(["x"] * 5000)),
    "one of 2 MiB": lambda h: say(h, 200, presentations(["e" * (2 << 20) + ".e.e"])),
    "rubbish": lambda h: say(h, 200, presentations(["a.b.c"])),
    "objects": lambda h: say(h, 200, presentations([{"id": "data:application/vp+jwt,"}, {"a": 1}])),
}


def presentations(held):
    return json.dumps({"@context": [DCP_CONTEXT], "type": "PresentationResponseMessage", "presentation": held}).encode()


@pytest.mark.parametrize("answer", PRESENTED.values(), ids=PRESENTED)
@pytest.mark.usefixtures("unmoved")
def test_oversized_and_odd_presentations(harbour, answer):
    member = harbour.member
    path = member.dcp + "/presentations/query"
    member.answers[path] = answer
    before, begun = memory(), time.monotonic()
    try:
        refused(harbour.catalogue(), 401, 403)
    finally:
        del member.answers[path]
    assert time.monotonic() - begun < 2
    assert memory() - before < 48e6
