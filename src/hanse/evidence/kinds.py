"""What can be stated about an agreement and its uses: one Struct per kind, the predicate of an in-toto statement.

Each has a name that is unique (`id`), who states it (`by`), to whom (`to`; empty: to whoever reads the log), which
agreement it is about, when (`at`), and as the how-manyth entry of the maker's own log (`entry`), so that nobody, the maker
least of all, can put its log in another order later. The ledger fills these in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

MAX_OBJECTS: Final = 1_000
"""Objects that one receipt names; of more it holds the number, the size and the root hash over all."""
MAX_LINES: Final = 1_000
"""Uses that one report names."""

Name = Annotated[str, Meta(max_length=512)]
"""A DID, or an id of somebody else's choice."""
Value = Annotated[str, Meta(min_length=1, max_length=2048)]
"""An IRI or a word that the terms of an agreement know."""
Text = Annotated[str, Meta(max_length=4096)]
"""Words for people."""
Count = Annotated[int, Meta(ge=0, le=2**53)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""A SHA-256 hash in hexadecimal."""
_Words = Annotated[tuple[Text, ...], Meta(max_length=64)]
_Facts = Annotated[Mapping[Name, Text], Meta(max_length=64)]
_At = Annotated[datetime, Meta(tz=True)]
_UNDATED: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Predicate(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What every kind says."""

    id: Annotated[str, Meta(max_length=64)] = ""
    by: Name = ""
    to: Name = ""
    agreement: Name = ""
    at: _At = _UNDATED
    entry: Count = 0


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
    facts: _Facts = {}
    rules: _Words = ()


class UseRefused(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A use was refused, for these reasons."""

    use: Name = ""
    action: Value
    dataset: Name = ""
    reasons: _Words = ()
    facts: _Facts = {}
    rules: _Words = ()


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


class Object(Struct, frozen=True):
    """One object of a receipt: its path (as its holder had it), SHA-256 and size in bytes."""

    path: Annotated[str, Meta(min_length=1, max_length=1024)]
    sha256: Sha256
    size: Count


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
    """One use in a report."""

    use: Name
    action: Value
    at: _At
    purpose: Value | None = None
    size: Count = 0


class UsageReport(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What was done with data in a period, from `since` until `at`: how often, and each use as far as there is room."""

    since: _At
    uses: Count
    size: Count = 0
    lines: Annotated[tuple[UseLine, ...], Meta(max_length=MAX_LINES)] = ()


class Decided(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A decision about a use, with its reasons; `unknown` names what was not known."""

    permitted: bool
    action: Value
    use: Name = ""
    dataset: Name = ""
    reasons: _Words = ()
    unknown: _Words = ()
    facts: _Facts = {}
    rules: _Words = ()


class Acknowledged(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A statement has arrived, was checked, and is an entry of the receiver's log: `index` there, its hash here."""

    statement: Sha256
    kind: Name
    index: Count


KINDS: Final[Mapping[str, type[Predicate]]] = MappingProxyType(
    {
        "use-stated": UseStated,
        "use-began": UseBegan,
        "use-refused": UseRefused,
        "use-ended": UseEnded,
        "agreement-ended": AgreementEnded,
        "receipt": Receipt,
        "notice": Notice,
        "usage-report": UsageReport,
        "decision": Decided,
        "acknowledged": Acknowledged,
    }
)
"""The kinds by name; a predicate's type on the wire is `urn:hanse:evidence:NAME:1`."""


def kind_of(predicate: Predicate) -> str:
    """Return the name of a predicate's kind."""
    return next(name for name, kind in KINDS.items() if type(predicate) is kind)
