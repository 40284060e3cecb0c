"""Whatever comes in, only the two errors come out."""

from __future__ import annotations

import contextlib

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hanse.dsp.messages import Fault
from hanse.dsp.versions import v2025_1 as dsp
from hanse.kernel.errors import HanseError, Invalid, Malformed, PeerInvalid
from tests.wire.golden import GOLDEN

WIRES = [wire for _, wire in GOLDEN.values()]
text = st.text(st.characters(codec="utf-8"), max_size=20)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def put(value, path, new):
    if not path:
        return new
    copied = value.copy()
    copied[path[0]] = put(value[path[0]], path[1:], new)
    return copied


@st.composite
def damaged(draw):
    wire = draw(st.sampled_from(WIRES))
    for _ in range(draw(st.integers(1, 3))):
        wire = put(wire, draw(st.sampled_from(list(places(wire)))), draw(json))
    return wire


def survives(body):
    found = outcome(body)
    if isinstance(found, HanseError):
        assert found.where
        assert len(str(found)) < 2_000
    else:
        assert dsp.decode(dsp.encode(found)) == found


def outcome(body):
    try:
        return dsp.decode(body)
    except (Malformed, Invalid) as error:
        return error


@given(damaged())
def test_a_damaged_message(value):
    survives(msgspec.json.encode(value))


@given(json)
def test_any_json(value):
    survives(msgspec.json.encode(value))


@given(st.binary(max_size=200))
def test_any_bytes(body):
    survives(body)


@given(st.sampled_from(WIRES).map(msgspec.json.encode), st.data())
def test_flipped_bytes(body, data):
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    survives(bytes(changed))


@given(st.binary(max_size=200) | json.map(msgspec.json.encode) | damaged().map(msgspec.json.encode))
def test_answers_of_a_peer(body):
    assert isinstance(dsp.decode_fault(body), Fault)
    for read, errors in [
        (dsp.decode_negotiation, (Malformed, Invalid)),
        (dsp.decode_transfer, (Malformed, Invalid)),
        (dsp.decode_versions, PeerInvalid),
        (dsp.decode_catalog_request, (Malformed, Invalid)),
    ]:
        with contextlib.suppress(errors):
            read(body)
