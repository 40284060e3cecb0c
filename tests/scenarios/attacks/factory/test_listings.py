"""What a hostile provider answers in place of a manifest, a list of chunks or a refusal: an error of the provider, never one of ours."""

from __future__ import annotations

import pytest

from hanse.dataplane.answers import fault_of
from hanse.dataplane.listing import RemoteFile, decode
from hanse.dataplane.pages import decode_page
from hanse.kernel.errors import PeerInvalid, PeerRefused

FILE = RemoteFile(path="a", size=1, blake3="0" * 64)
BODIES = {
    "deep": b'{"x":' + b"[" * 200_000,
    "no text": b'{"id":"a\xff","rule":"\xff"}',
    "no JSON": b"\xff",
    "half a pair": b'{"id":"\\ud800","rule":"\\ud800"}',
    "a number beyond all": b'{"size":1' + b"0" * 5_000 + b"}",
    "another shape": b'{"id":"a","kind":"file","files":[' + b"{}," * 3 + b"{}]}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_cannot_be_read_is_said_to_be_the_providers(body):
    for read in (decode, lambda raw: decode_page(raw, FILE, 0, 0)):
        with pytest.raises(PeerInvalid) as caught:
            read(body)
        assert len(str(caught.value)) < 1_000
    assert isinstance(fault_of(403, "", body), PeerRefused)


@pytest.mark.parametrize("body", [b'{"detail":"\xff"}', b'{"detail":' + b"[" * 3_000])
def test_a_refusal_that_cannot_be_read_is_still_one(body):
    assert isinstance(fault_of(403, "", body), PeerRefused)


def test_the_words_of_a_refusal_steer_no_terminal():
    fault = fault_of(403, "", b'{"detail":"no \\u001b]0;owned\\u0007 \\u009b2J way"}')
    assert fault is not None
    assert fault.message.isprintable()
