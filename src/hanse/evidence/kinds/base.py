"""What every kind of statement says, and the types of its fields.

Each statement has a name that is unique (`id`), who states it (`by`), to whom (`to`; empty: to whoever reads the log), which
agreement it is about (`agreement`; empty: none, its subject says what), when (`at`), and as the how-manyth entry of the maker's
own log (`entry`), so that nobody, the maker least of all, can put its log in another order later. The ledger fills these in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

Name = Annotated[str, Meta(max_length=512)]
"""A DID, or an id of somebody else's choice."""
Value = Annotated[str, Meta(min_length=1, max_length=2048)]
"""An IRI or a word that the terms of an agreement know."""
Text = Annotated[str, Meta(max_length=4096)]
"""Words for people."""
Count = Annotated[int, Meta(ge=0, le=2**53)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""A SHA-256 hash in hexadecimal."""
Words = Annotated[tuple[Text, ...], Meta(max_length=64)]
"""Some sentences."""
Facts = Annotated[Mapping[Name, Text], Meta(max_length=64)]
"""Facts by name."""
At = Annotated[datetime, Meta(tz=True)]
"""A moment with a time zone."""
UNDATED: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""The moment of what has none yet."""


class Predicate(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What every kind says."""

    id: Annotated[str, Meta(max_length=64)] = ""
    by: Name = ""
    to: Name = ""
    agreement: Name = ""
    at: At = UNDATED
    entry: Count = 0


class Object(Struct, frozen=True):
    """One object: its path (as its holder has it), SHA-256 and size in bytes."""

    path: Annotated[str, Meta(min_length=1, max_length=1024)]
    sha256: Sha256
    size: Count
