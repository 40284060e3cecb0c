"""The JSON schemas of what a space issues, and where they lie: a schema's name carries what it says, so that it never changes.

`TYPE` is the schema that holds now; `TYPE-HASH` is one that holds or held: a credential keeps the schema with which it was
issued, whatever the rulebook says since, and whoever remembers a schema by its address remembers the right one.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from hanse.anchor.rulebook.document import DRAFT
from hanse.identity.rulebook import Rulebook
from hanse.kernel.errors import NotFound

_DIGITS: Final = 16
_encode = msgspec.json.Encoder(order="sorted").encode


def schema_of(rulebook: Rulebook, type: str) -> bytes:
    """Return the JSON schema of a type's subject, which asks for little if the rulebook has none. Raises `NotFound`."""
    known = rulebook.credentials.get(type)
    if known is None:
        raise NotFound("This space does not know such a credential.", where="type")
    least = {"$schema": DRAFT, "title": known.title, "type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    return _encode(known.schema or least)


def schema_name(rulebook: Rulebook, type: str) -> str:
    """Return the name of that schema, `TYPE-HASH`. Raises `NotFound`."""
    return f"{type}-{hashlib.sha256(schema_of(rulebook, type)).hexdigest()[:_DIGITS]}"


def schema_url(space_url: str, name: str) -> str:
    """Return where the schema of that name (`TYPE`, or `TYPE-HASH`) lies."""
    return f"{space_url}/schemas/{name}.json"
