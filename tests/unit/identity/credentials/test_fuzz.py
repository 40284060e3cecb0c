"""Whatever is signed and sent, the answer is a result or `Unauthenticated`, never anything else."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.did import decode_document
from hanse.kernel.errors import PeerInvalid, Unauthenticated
from tests.unit.identity.credentials.world import LIST_URL, SCHEMA_URL, World, opened

WORLD = World()
WORLD.publish()
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=5), v, max_size=3), max_leaves=6)
TYPES = st.sampled_from([None, "JWT", "vc+jwt", "vp+jwt", "x"])


def signed(payload, typ, party):
    return party.sign(payload, {} if typ is None else {"typ": typ})


def replaced(value, path, new):
    """The value with what lies at one of its paths replaced."""
    places = list(_places(value))
    place = places[path % len(places)]
    copy = json.loads(json.dumps(value))
    target = copy
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = new
    return copy


def _places(value, prefix=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*prefix, key)
        yield from _places(inner, (*prefix, key))


def outcome(call):
    try:
        return call()
    except Unauthenticated as fault:
        assert fault.rule
        assert fault.where
        assert len(str(fault)) < 3000
        return None


@settings(deadline=None)
@given(JSON, TYPES)
def test_any_payload(payload, typ):
    assert outcome(lambda: WORLD.verify(signed(payload, typ, WORLD.issuer))) is None
    assert outcome(lambda: WORLD.verify_vp(signed(payload, typ, WORLD.holder))) is None


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([VC20, VC11]), st.integers(0, 200), JSON)
def test_any_member_of_a_credential(profile, path, new):
    whole = WORLD.credential(
        profile, statuses=WORLD.entry(profile), schemas=WORLD.schema({"$schema": "http://json-schema.org/draft-07/schema#"})
    )
    head, body = opened(whole)
    outcome(lambda: WORLD.verify(signed(replaced(body, path, new), head["typ"], WORLD.issuer)))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([VC20, VC11]), st.integers(0, 200), JSON)
def test_any_member_of_a_presentation(profile, path, new):
    head, body = opened(WORLD.present(WORLD.credential(profile))[0])
    outcome(lambda: WORLD.verify_vp(signed(replaced(body, path, new), head["typ"], WORLD.holder)))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([VC20, VC11]), st.integers(0, 200), JSON)
def test_any_member_of_a_list(profile, path, new):
    world = World()
    world.issuer, world.documents = WORLD.issuer, WORLD.documents
    world.trust["MembershipCredential"] = [WORLD.issuer.did]
    world.rules = type(world.rules)(type(world.rules.trust)(world.trust))
    world.publish(profile)
    head, body = opened(world.files[LIST_URL].decode())
    world.files[LIST_URL] = signed(replaced(body, path, new), head["typ"], world.issuer).encode()
    outcome(lambda: world.verify(world.credential(profile, statuses=world.entry(profile)), holder=world.holder.did))


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 200), JSON, st.sampled_from(["issuer", "holder"]))
def test_any_member_of_a_did_document(path, new, who):
    world = World()
    party = getattr(world, who)
    method = msgspec.structs.replace(party.document.verification_method[0], revoked="2100-01-01T00:00:00Z", expires="2099-12-31T23:59:59Z")
    document = msgspec.structs.replace(party.document, verification_method=[method], assertion_method=[method.id])
    raw = json.dumps(replaced(json.loads(msgspec.json.encode(document)), path, new)).encode()
    try:
        world.documents[party.did] = decode_document(raw)
    except PeerInvalid:
        return
    outcome(lambda: world.verify_vp(world.present(world.credential())[0]))


SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"id": {"type": "string", "pattern": "^did:"}, "level": {"enum": ["gold"], "minLength": 1}},
    "required": ["id"],
    "allOf": [{"$ref": "#/$defs/a"}],
    "if": {"const": 5},
    "then": False,
    "$defs": {"a": {"maxProperties": 9, "dependentRequired": {"level": ["id"]}}},
    "unevaluatedProperties": True,
}


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 200), JSON)
def test_any_member_of_a_schema(path, new):
    schemas = WORLD.schema(replaced(SCHEMA, path, new))
    outcome(lambda: WORLD.verify(WORLD.credential(schemas=schemas)))


@pytest.mark.parametrize("draft", ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-06/schema#"])
@given(path=st.integers(0, 200), new=JSON)
@settings(deadline=None, max_examples=60)
def test_any_member_of_an_old_schema(draft, path, new):
    schemas = WORLD.schema(replaced({**SCHEMA, "$schema": draft, "then": {}}, path, new))
    outcome(lambda: WORLD.verify(WORLD.credential(schemas=schemas)))
    assert SCHEMA_URL in WORLD.files
