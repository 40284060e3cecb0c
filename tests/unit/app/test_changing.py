"""Which key data is encrypted to, and what the usage decision is told of the data plane."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from hanse.app.changing import ChangedData, RecipientKeys, released_by
from hanse.app.keys import derived_key
from hanse.connector.records import FileSource, FolderSource, HttpSource
from hanse.dcat.holding import DatasetVersion, Origin, Source
from hanse.dcat.model import Dataset
from hanse.dsp.messages import Role
from hanse.identity.did import decode_document
from hanse.identity.keys import SigningKey
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Forbidden, PeerInvalid, PeerUnreachable
from hanse.odrl import names as n
from hanse.odrl.model import Atomic, Rule, Terms

DID = "did:web:example.com"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = {name: SigningKey.generate(f"{DID}#{name}", kind) for name, kind in (("a", "P-256"), ("b", "Ed25519"), ("rsa", "RSA"))}


class Resolver:
    def __init__(self, found):
        self.found = found

    async def resolve(self, did):
        if isinstance(self.found, Exception):
            raise self.found
        return decode_document(msgspec.json.encode(self.found))


def method(name, **more):
    return {"id": f"#{name}", "type": "JsonWebKey2020", "controller": DID, "publicKeyJwk": KEYS[name].public_jwk, **more}


def chosen(found):
    key = asyncio.run(RecipientKeys(Resolver(found), ManualClock(NOW))("acme", DID))
    return None if key is None else key.kid.partition("#")[2]


def document(*methods, **more):
    return {"id": DID, "verificationMethod": list(methods), "authentication": [one["id"] for one in methods], **more}


def test_a_key_for_key_agreement_comes_first_then_the_newest_that_signs():
    a, b = method("a"), method("b")
    assert chosen(document(a, b)) == "b"
    assert chosen(document(b, a)) == "a"
    assert chosen(document(b, a, keyAgreement=["#b"])) == "b"
    assert chosen(document(a, keyAgreement=[method("b")])) == "b"
    assert chosen(document(a, keyAgreement=[7, {"id": 1}, "#none"])) == "a"
    assert chosen(document(a, keyAgreement="odd")) == "a"


def test_keys_that_will_not_do_are_passed_over():
    assert chosen(document(method("a"), method("rsa"))) == "a"
    assert chosen(document(method("rsa"))) is None
    assert chosen(document()) is None
    assert chosen(document(method("a", revoked="2025-12-31T00:00:00Z"))) is None
    assert chosen(document(method("a", revoked="some day"))) is None
    assert chosen(document(method("a", expires="2026-02-01T00:00:00Z"))) == "a"
    assert chosen({"id": DID, "verificationMethod": [method("a")]}) is None  # it signs nothing now
    stranger = method("a") | {"id": "did:web:mallory.example#a"}
    assert chosen(document() | {"verificationMethod": [stranger], "authentication": [stranger["id"]]}) is None
    assert chosen(document(method("a")) | {"id": "did:web:mallory.example"}) is None


def test_a_document_that_does_not_come_is_no_answer():
    assert chosen(PeerInvalid("It is no document.")) is None
    with pytest.raises(PeerUnreachable):
        chosen(PeerUnreachable("It does not answer."))


class Tx:
    """A transaction that knows one asset."""

    def __init__(self, source, media_type=None):
        dataset = Dataset(id="ds_1", title="x", media_type=media_type)
        self.assets = {("acme", "ds_1"): type("Asset", (), {"source": source, "dataset": dataset})}
        self.assets = type("Assets", (), {"get": lambda _, tenant, id, rows=self.assets: rows.get((tenant, id))})()


MASK = Rule(n.MASK, (Atomic(n.COLUMN, "isAnyOf", ["a"]),))


@pytest.mark.parametrize(
    ("source", "media_type", "duty", "expected"),
    [
        (FileSource("/data/a.csv"), None, MASK, True),
        (FileSource("/data/a.bin"), None, MASK, False),
        (FileSource("/data/a.bin"), "application/pdf", Rule(n.ENCRYPT), True),
        (HttpSource("https://x.example/a.parquet?x=1"), None, MASK, True),
        (FolderSource("/data"), None, MASK, True),
        (FileSource("/data/a.csv"), None, Rule(n.MASK), False),
        (FileSource("/data/a.csv"), None, Rule("urn:other:blur", MASK.constraints), False),
    ],
)
def test_what_can_be_changed(source, media_type, duty, expected):
    assert ChangedData().can(Tx(source, media_type), "acme", "ds_1", duty) is expected
    assert ChangedData().can(Tx(source, media_type), "acme", "ds_2", duty) is False


def terms(*duties):
    return Terms(permissions=(Rule("use", (), duties),))


def test_in_which_states_data_leaves():
    pseudonymise = Rule(n.PSEUDONYMISE, MASK.constraints)
    assert ChangedData().states(None, "acme", "ds_1", terms(MASK)) == frozenset()
    assert ChangedData().states(None, "acme", "ds_1", terms(pseudonymise, Rule(n.ENCRYPT))) == {"pseudonymised", "encrypted"}
    assert ChangedData().states(None, "acme", "ds_1", terms(Rule(n.MASK))) == frozenset()


def test_terms_that_cannot_be_kept_are_no_permit():
    with pytest.raises(Forbidden) as caught:
        released_by(terms(Rule(n.MASK)))
    assert caught.value.rule == "transform"
    assert [step.action for step in released_by(terms(MASK))] == [n.MASK]


def test_derived_keys_differ_by_every_name():
    names = [("p", "a", "b"), ("p", "ab", ""), ("p", "a", "c"), ("q", "a", "b"), ("p", "a"), ("p", "", "ab")]
    keys = {derived_key(bytes(32), *one) for one in names} | {derived_key(b"\1" * 32, "p", "a", "b")}
    assert len(keys) == len(names) + 1
    assert all(len(key) == 32 for key in keys)
    assert derived_key(bytes(32), "p", "a", "b") == derived_key(bytes(32), "p", "a", "b")


def held(name, origin, made_of=()):
    common = {"tenant": "acme", "number": 1, "root": "0" * 64, "count": 1, "size": 1, "stored": NOW}
    return type("Stored", (), {"version": DatasetVersion(name=name, origin=origin, made_of=made_of, **common)})


def test_what_was_made_of_data_does_not_change_what_is_known_of_the_data():
    """An agreement's permission that asks for its data's origin is decided by that data, not by what its consumer mixed it with."""
    own, mixed = held("a", Origin(places=("DE",))), held("mixed", Origin(places=("DE", "US")), (Source("a@1", "0" * 64),))
    for versions, places in (([own, mixed], {"DE"}), ([mixed], {"DE", "US"})):
        tx = type("Tx", (), {"facility": type("Facility", (), {"of_agreement": lambda *_, rows=versions: rows})()})
        deal = type("Deal", (), {"role": Role.CONSUMER, "tenant": "acme", "id": "agr_1"})
        assert ChangedData().origin(tx, deal).places == places
    assert ChangedData().quality(tx, deal) == {}
