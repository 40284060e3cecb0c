import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.identity.did import (
    MAX_DOCUMENT,
    PublishedKey,
    Service,
    WebDid,
    decode_document,
    did_document,
    did_from_url,
    did_of,
    did_url,
    is_loopback,
    key_id,
    parse_web_did,
    web_did,
)
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import Invalid, PeerInvalid

DID = "did:web:example.com:participants:acme"

labels = st.from_regex(r"[a-z](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
hosts = st.one_of(
    st.just("localhost"),
    st.lists(labels, min_size=1, max_size=4).map(".".join),
    st.integers(0, 255).map(lambda last: f"127.0.0.{last}"),
)
ports = st.one_of(st.none(), st.integers(1, 65535))
segments = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(lambda s: ".." not in s)
paths = st.lists(segments, max_size=4)


@given(hosts, ports, paths)
def test_a_did_and_its_address_lead_to_each_other(host, port, path):
    did = web_did(host, port, path)
    assert parse_web_did(did) == WebDid(host, port, tuple(path))
    assert did_from_url(did_url(did)) == did
    assert did_url(did).startswith("http://" if is_loopback(host) else "https://")


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_by_name(text):
    for candidate in (text, "did:web:" + text):
        try:
            parts = parse_web_did(candidate)
        except Invalid:
            continue
        assert web_did(parts.host, parts.port, parts.path).lower() == candidate.lower()


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:localhost%3A8400:participants:acme", "http://localhost:8400/participants/acme/did.json"),
        ("did:web:localhost%3a8400", "http://localhost:8400/.well-known/did.json"),
        ("did:web:127.0.0.1%3A8400:a", "http://127.0.0.1:8400/a/did.json"),
        ("did:web:example.com", "https://example.com/.well-known/did.json"),
        ("did:web:example.com%3A8443:a:b", "https://example.com:8443/a/b/did.json"),
        ("did:web:localhost.example.com", "https://localhost.example.com/.well-known/did.json"),
    ],
)
def test_where_a_document_lies(did, url):
    assert did_url(did) == url


@pytest.mark.parametrize(
    "did",
    [
        "",
        "did:web:",
        "did:key:z6Mk",
        "DID:web:example.com",
        " did:web:example.com",
        "did:web:example.com\n",
        "did:web:example.com:..:admin",
        "did:web:example.com:a..b",
        "did:web:example.com:.",
        "did:web:example.com:.well-known",
        "did:web:example.com:",
        "did:web:example.com::a",
        "did:web:example.com:a%2Fb",
        "did:web:example.com:%2e%2e",
        "did:web:example.com/a",
        "did:web:example.com#key-1",
        "did:web:example.com?x=1",
        "did:web:user@example.com",
        "did:web:user%40example.com",
        "did:web:user%3Apw%40example.com",
        "did:web:Example.com",
        "did:web:exämple.com",
        "did:web:-a.com",
        "did:web:a..com",
        "did:web:example.com.",
        "did:web:example.com%3A",
        "did:web:example.com%3A0",
        "did:web:example.com%3A080",
        "did:web:example.com%3A65536",
        "did:web:example.com%3A999999",
        "did:web:10.0.0.1",
        "did:web:169.254.169.254",
        "did:web:127.1",
        "did:web:2130706433",
        "did:web:0x7f000001",
        "did:web:127.0.0.0x1",
        "did:web:127.0.0.01",
        "did:web:" + "a" * 64 + ".com",
        "did:web:" + "a." * 127 + "com",
        "did:web:example.com:" + "a" * 500,
    ],
)
def test_what_is_no_did_web(did):
    with pytest.raises(Invalid):
        did_url(did)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/did.json",
        "http://example.com/a/did.json",
        "https://localhost:8400/a/did.json",
        "ftp://example.com/a/did.json",
        "https://user:pw@example.com/a/did.json",
        "https://example.com/a/did.json?x=1",
        "https://example.com/a/did.json#x",
        "https://example.com/a/other.json",
        "https://example.com/did.json",
        "https://example.com//did.json",
        "https://example.com/a/../did.json",
        "https://example.com/.well-known/a/did.json",
        "https://example.com/%61/did.json",
        "https://example.com/" + "a" * 2000 + "/did.json",
    ],
)
def test_where_no_document_lies(url):
    with pytest.raises(Invalid):
        did_from_url(url)


def test_a_did_that_we_make_is_never_too_long_to_read():
    with pytest.raises(Invalid):
        web_did("example.com", None, ["a" * 300, "b" * 300])
    with pytest.raises(Invalid):
        web_did("a." * 127 + "com")


def test_the_name_of_a_key():
    assert key_id(DID, 2) == f"{DID}#key-2"
    assert did_of(f"{DID}#key-2") == DID
    assert did_of(DID) == ""
    assert did_of(f"{DID}#") == ""


def made():
    kid = key_id(DID, 1)
    key = SigningKey.generate(kid)
    service = Service(f"{DID}#cs", "CredentialService", "https://example.com/cs")
    return did_document(DID, [(kid, key.public_jwk)], [service]), kid, key


def test_our_document_has_the_shape_of_the_standard():
    document, kid, key = made()
    assert json.loads(msgspec.json.encode(document)) == {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"],
        "id": DID,
        "verificationMethod": [{"id": kid, "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": key.public_jwk}],
        "authentication": [kid],
        "assertionMethod": [kid],
        "capabilityInvocation": [kid],
        "service": [{"id": f"{DID}#cs", "type": "CredentialService", "serviceEndpoint": "https://example.com/cs"}],
    }


def test_a_key_stands_where_it_may_be_used_and_only_a_revoked_one_says_so():
    from datetime import UTC, datetime, timedelta, timezone

    kids = [key_id(DID, number) for number in (1, 2, 3)]
    jwks = [SigningKey.generate(kid).public_jwk for kid in kids]
    revoked = datetime(2027, 3, 1, 13, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    document = did_document(
        DID,
        [
            PublishedKey(kids[0], jwks[0], ("assertionMethod",), revoked),
            PublishedKey(kids[1], jwks[1], ("assertionMethod",)),
            (kids[2], jwks[2]),
        ],
    )
    written = json.loads(msgspec.json.encode(document))
    plain = [{"id": kid, "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": jwk} for kid, jwk in zip(kids, jwks, strict=True)]
    assert written["verificationMethod"] == [{**plain[0], "revoked": "2027-03-01T12:00:00Z"}, *plain[1:]]
    assert written["authentication"] == written["capabilityInvocation"] == kids[2:]
    assert written["assertionMethod"] == kids
    read = decode_document(msgspec.json.encode(document))
    assert read == document
    ends = [read.method(kid).end for kid in kids]
    assert ends == [datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp(), None, None]


def test_what_we_write_we_read():
    document, kid, _ = made()
    read = decode_document(msgspec.json.encode(document))
    assert read == document
    assert read.endpoint("CredentialService") == "https://example.com/cs"
    assert read.endpoint("IssuerService") is None
    assert read.method(kid).key is read.method(kid).key  # parsed once


def test_relative_and_embedded_keys_and_foreign_services_are_understood():
    jwk = SigningKey.generate(f"{DID}#x").public_jwk
    read = decode_document(
        json.dumps(
            {
                "id": DID,
                "controller": "did:web:other.example",
                "verificationMethod": [
                    {"id": "#a", "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": jwk},
                    {"id": "#m", "type": "Multikey", "controller": DID, "publicKeyMultibase": "z6Mk"},
                ],
                "capabilityInvocation": ["#a"],
                "assertionMethod": [{"id": f"{DID}#b", "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": jwk}],
                "service": [
                    {"id": "#s", "type": ["A", "B"], "serviceEndpoint": {"uri": "https://example.com"}},
                    {"id": "#t", "type": ["B"], "serviceEndpoint": "https://example.com/b", "extra": 1},
                ],
            }
        ).encode()
    )
    assert read.allows("capabilityInvocation", f"{DID}#a")
    assert not read.allows("capabilityInvocation", f"{DID}#b")
    assert read.allows("assertionMethod", f"{DID}#b")
    assert read.method(f"{DID}#b").key.algorithms == ("ES256",)
    assert read.endpoint("A") is None
    assert read.endpoint("B") == "https://example.com/b"
    with pytest.raises(Invalid):
        read.method(f"{DID}#m").key.verify(None)


METHOD = {"id": f"{DID}#a", "type": "JsonWebKey2020", "controller": DID}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"id": 1}',
        b'{"id": "\xff"}',
        json.dumps({"id": DID, "verificationMethod": {}}).encode(),
        json.dumps({"id": DID, "capabilityInvocation": [1]}).encode(),
        json.dumps({"id": DID, "verificationMethod": [METHOD, METHOD]}).encode(),
        json.dumps({"id": DID, "verificationMethod": [METHOD], "authentication": [{**METHOD, "id": "#a"}]}).encode(),
        json.dumps({"id": DID, "verificationMethod": [{**METHOD, "id": f"#{n}"} for n in range(65)]}).encode(),
        json.dumps({"id": DID, "capabilityInvocation": [f"#{n}" for n in range(65)]}).encode(),
        json.dumps({"id": DID, "service": [{"id": "#s", "type": "A", "serviceEndpoint": "x"}] * 65}).encode(),
        b'{"id": "' + DID.encode() + b'", "x": ' + b"[" * 20000 + b"]" * 20000 + b"}",
        b'{"id": "' + DID.encode() + b'", "@context": ' + b'{"a":' * 9000 + b"1" + b"}" * 9000 + b"}",
    ],
)
def test_documents_that_are_refused(raw):
    assert len(raw) <= MAX_DOCUMENT
    with pytest.raises(PeerInvalid):
        decode_document(raw)


def test_64_entries_and_64_kib_are_the_bounds():
    entries = [{**METHOD, "id": f"#{n}"} for n in range(64)]
    raw = json.dumps({"id": DID, "verificationMethod": entries}).encode()
    assert len(decode_document(raw.ljust(MAX_DOCUMENT)).verification_method) == 64
    with pytest.raises(PeerInvalid, match="larger"):
        decode_document(raw.ljust(MAX_DOCUMENT + 1))
