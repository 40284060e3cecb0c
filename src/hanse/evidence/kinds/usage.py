"""What can be stated about an agreement and its uses: one Struct per kind, the predicate of an in-toto statement."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from hanse.evidence.kinds.base import At, Count, Facts, Name, Object, Predicate, Sha256, Text, Value, Words

MAX_OBJECTS: Final = 1_000
"""Objects that one receipt names; of more it holds the number, the size and the root hash over all."""
MAX_LINES: Final = 1_000
"""Uses that one report names."""


class UseStated(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A consumer states what it will use the data for, by which application, in which environment, where, and how secured."""

    purpose: Value | None = None
    application: Value | None = None
    environment: Value | None = None
    spatial: Value | None = None
    security_level: Value | None = None


class UseBegan(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A use was permitted and begins. `use` is its id, `facts` what it was decided on, `rules` what decided."""

    use: Name
    action: Value
    dataset: Name = ""
    facts: Facts = msgspec.field(default_factory=dict)
    rules: Words = ()


class UseRefused(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A use was refused, for these reasons."""

    use: Name = ""
    action: Value
    dataset: Name = ""
    reasons: Words = ()
    facts: Facts = msgspec.field(default_factory=dict)
    rules: Words = ()


class UseEnded(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A use is over: completed, cut by us, or broken off. `size` counts bytes, `seconds` how long it was under way."""

    use: Name
    outcome: Literal["completed", "cut", "failed"]
    reason: Text = ""
    size: Count = 0
    seconds: Annotated[float, Meta(ge=0)] = 0.0


class AgreementEnded(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An agreement gives no right any more, from `at` on: by its own terms, by notice, or because it was broken."""

    how: Literal["terms", "notice", "breach"]
    reason: Text = ""


class Receipt(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Data was deleted, or modified where it is kept. `root` is the Merkle root over all objects in the order of their paths."""

    what: Literal["deleted", "modified"]
    count: Count
    size: Count = 0
    root: Sha256
    objects: Annotated[tuple[Object, ...], Meta(max_length=MAX_OBJECTS)] = ()
    obligation: Name = ""


class Notice(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Somebody is informed, as an agreement demands. `about` is a word for programs, `use` the use that it is about, if any."""

    about: Name
    text: Text
    use: Name = ""


class UseLine(Struct, frozen=True, omit_defaults=True):
    """One use in a report. `user` is a salted digest of who used the data, where that was not the consumer itself."""

    use: Name
    action: Value
    at: At
    purpose: Value | None = None
    size: Count = 0
    user: Name = ""


class UsageReport(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What was done with data in a period, from `since` until `at`: how often, and each use as far as there is room."""

    since: At
    uses: Count
    size: Count = 0
    lines: Annotated[tuple[UseLine, ...], Meta(max_length=MAX_LINES)] = ()


class Decided(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A decision about a use, with its reasons; `unknown` names what was not known."""

    permitted: bool
    action: Value
    use: Name = ""
    dataset: Name = ""
    reasons: Words = ()
    unknown: Words = ()
    facts: Facts = msgspec.field(default_factory=dict)
    rules: Words = ()


class Acknowledged(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A statement has arrived, was checked, and is an entry of the receiver's log: `index` there, its hash here."""

    statement: Sha256
    kind: Name
    index: Count
