"""What the management interface takes and gives about uses, and about facts that are told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from hanse.http.api.structs import Address, Body, Line
from hanse.kernel.tenant import Did

Stated = Annotated[dict[Line, Address], Meta(max_length=20)]
"""What is stated of a use, by name: purpose, application, environment, spatial, securityLevel."""


class NewUse(Body, kw_only=True):
    """An opening of stored data under a contract: what is done with it, and what is stated of it."""

    contract: Address
    action: Address = "use"
    stated: Stated = field(default_factory=dict)


class Use(Struct, kw_only=True):
    """A use: a transfer, or an opening of stored data. `size` (bytes) and `seconds` are what it took where its terms limit them."""

    id: str
    contract: str
    role: str
    peer: Did
    kind: str
    action: str
    stated: dict[str, str]
    reserved: datetime
    began: datetime | None
    ended: datetime | None
    counts: bool
    size: int
    seconds: int
    reason: str


class UseDecision(Struct, kw_only=True):
    """Whether one more use would be permitted now, in sentences; `valid_until` is when that may change with time alone."""

    permitted: bool
    sentences: list[str]
    valid_until: datetime | None


class NewFact(Body, kw_only=True):
    """A fact about a contract, an asset or a participant (`about`; empty: about everything), by the name of its left operand.

    A payment is `payAmount`, such as `500.00 EUR`, or `paid`, `current`; a consent is `consent`, `given`; an event is added to those
    that have happened, and an empty one says that none has yet. `source` is where it is known from, such as an invoice.
    """

    name: Line
    about: Annotated[str, Meta(max_length=2_048)] = ""
    value: Annotated[str, Meta(max_length=2_048)] = ""
    source: Annotated[str, Meta(max_length=2_048)] = ""
    observed: Annotated[datetime, Meta(tz=True)] | None = None
    expires: Annotated[datetime, Meta(tz=True)] | None = None


class OldFact(Body, kw_only=True):
    """A fact that is taken back: from now on it is unknown."""

    name: Line
    about: Annotated[str, Meta(max_length=2_048)] = ""


class Fact(Struct, kw_only=True):
    """A fact that was told, with where it is known from and until when it counts."""

    name: str
    about: str
    values: list[str]
    source: str
    observed: datetime
    expires: datetime | None
