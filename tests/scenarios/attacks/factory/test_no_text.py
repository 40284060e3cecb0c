"""Bytes that are no text where a text is expected: refused, and no fault of ours that fills the log."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from hanse.client.reading.node import public_key
from hanse.identity.credentials.presentations import _open
from hanse.identity.jws import parse_compact
from hanse.kernel.errors import CallerError, HanseError, Malformed


def compact(*parts):
    return ".".join(urlsafe_b64encode(one).decode().rstrip("=") for one in (*parts, b"sig"))


def test_a_header_that_is_no_text():
    with pytest.raises(Malformed):
        parse_compact(compact(b'{"alg":"ES256","kid":"\xff"}', b"{}"), 10_000)


@pytest.mark.parametrize("vp", [b'{"type":"\xff"}', b'{"@context":"\xff","type":["\xff"]}'])
def test_a_presentation_that_is_no_text(vp):
    claims = b'{"iss":"did:web:zoo.test","aud":"did:web:acme.test","vp":' + vp + b"}"
    with pytest.raises(CallerError):
        _open(compact(b'{"alg":"ES256","kid":"k","typ":"JWT"}', claims), "did:web:zoo.test", "did:web:acme.test")


@pytest.mark.parametrize("raw", [b'{"x":"\xff"}', b"[" * 100_000, b"[]"])
def test_a_key_that_is_no_text(tmp_path, raw):
    (tmp_path / "node.key").write_bytes(raw)
    with pytest.raises(HanseError):
        public_key(tmp_path / "node.key")
