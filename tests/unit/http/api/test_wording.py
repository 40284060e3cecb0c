"""Complaints about a body, in people's words."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from hanse.http.api.space_structs import Hash
from hanse.http.api.structs import PeerDid
from hanse.http.api.wording import invalid
from hanse.kernel.errors import Invalid


class Everything(Struct, forbid_unknown_fields=True):
    """One field of each kind."""

    line: Annotated[str, Meta(min_length=1, max_length=2_000)] = "x"
    some: Annotated[list[str], Meta(min_length=2, max_length=3)] = []
    count: Annotated[int, Meta(ge=0, le=9)] = 0
    terms: Hash | None = None
    did: PeerDid = "did:x"
    at: Annotated[datetime, Meta(tz=True)] | None = None
    either: str | dict[str, str] = ""
    how: Literal["hand", "rule"] = "hand"


CASES = [
    ({"line": ""}, "line", "This must not be empty."),
    ({"line": "x" * 2_001}, "line", "This must have at most 2,000 characters."),
    ({"line": 7}, "line", "This must be a text, not a whole number."),
    ({"some": ["x"]}, "some", "This must have at least 2 entries."),
    ({"some": [1, 2]}, "some[0]", "This must be a text, not a whole number."),
    ({"count": -1}, "count", "This must be at least 0."),
    ({"count": 10}, "count", "This must be at most 9."),
    ({"terms": "abc"}, "terms", "This is not a SHA-256 hash: one has 64 of 0-9 and a-f."),
    ({"did": "acme"}, "did", "This is not a DID: one begins with `did:`."),
    ({"did": "x"}, "did", "This is not a DID: one begins with `did:`."),
    ({"at": "soon"}, "at", "This is no moment; write it as 2027-01-01T00:00:00Z."),
    ({"at": "2027-01-01T00:00:00"}, "at", "This must say its time zone, as in 2027-01-01T00:00:00Z."),
    ({"either": 3}, "either", "This must be a text or an object, not a whole number."),
    ({"how": "never"}, "how", "'never' is not possible here."),
    ({"titel": 1}, "titel", "There is no field `titel` here."),
    ([], "body", "This must be an object, not a list."),
]


@pytest.mark.parametrize(("body", "where", "words"), CASES)
def test_a_complaint_is_a_sentence(body, where, words):
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(msgspec.json.encode(body), type=Everything)
    error = invalid(str(raised.value))
    assert isinstance(error, Invalid)
    assert (error.where, error.message) == (where, words)


def test_what_is_missing_is_said():
    error = invalid("Object missing required field `terms` - at `$.offer`")
    assert (error.where, error.message, error.rule) == ("offer.terms", "It is missing.", "required")


def test_a_complaint_that_is_not_known_stays_as_it_is():
    assert invalid("Something else").message == "Something else."
