"""What an AI factory states: which data it acquired, keeps, lends, trains with, and deletes. One Struct per kind.

A version of a dataset is named `name@number`, and by its root: the Merkle root over its objects (path, SHA-256, size) in the order of
their paths, the same as in a `Receipt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from hanse.evidence.kinds.base import At, Count, Facts, Name, Predicate, Sha256, Text, Value, Words

MAX_INPUTS: Final = 1_000
"""Versions that one training names: what surely fits into one statement. A model may have several."""
MAX_UNDER: Final = 256
"""Agreements under which one derived version stands."""
Tallies = Annotated[Mapping[Name, Count], Meta(max_length=1_000)]
"""How many of what, by name."""


class Ordered(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Data was ordered: what is looked for, for which action, within which limits, by whom; or it was searched for, decided on, or ended.

    Of `searched` the `reasons` say what the search decided about each dataset.
    """

    order: Name
    what: Literal["placed", "searched", "approved", "refused", "changed", "cancelled", "finished", "failed"]
    query: Text = ""
    action: Value | None = None
    limits: Facts = msgspec.field(default_factory=dict)
    operator: Name = ""
    reasons: Words = ()


class Acquired(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A version of a dataset was received, verified and stored. `sums` tells whose checksums it was verified against.

    `moved` counts the bytes that came over the network, `size` those of the version. `changes` say in words how its columns differ from
    those of the version before, which whoever ordered it knew.
    """

    version: Name
    dataset: Name
    provider: Name = ""
    root: Sha256
    count: Count
    size: Count
    moved: Count = 0
    sums: Literal["provider", "measured"] = "measured"
    order: Name = ""
    changes: Words = ()


class Documented(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A document was made of a version or a model, e.g. `croissant`: its SHA-256."""

    subject: Name
    document: Name
    sha256: Sha256


class Opened(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A stored version was opened for reading: for which use (empty: data of one's own), by which operator (its id, never a name).

    It is stated before the key is handed out. How much of it was read then, or whether any, it does not tell.
    """

    version: Name
    root: Sha256
    action: Value
    use: Name = ""
    operator: Name = ""


class Leased(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A node without network may open a version until then. `holder` is the thumbprint of the node's key (RFC 7638)."""

    lease: Name
    version: Name
    holder: Name
    until: At
    action: Value
    purpose: Value | None = None
    openings: Count = 0


class Returned(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A lease came back with its log of use; `log` is the SHA-256 of the log, `gaps` what it fails to explain."""

    lease: Name
    version: Name
    openings: Count
    log: Sha256
    gaps: Words = ()


class Input(Struct, frozen=True, omit_defaults=True):
    """One version that went into a step or a training, with the agreement that it came under, if any.

    One that was made of others came under none; it stands `under` all of theirs.
    """

    version: Name
    root: Sha256
    agreement: Name = ""
    under: Annotated[tuple[Name, ...], Meta(max_length=MAX_UNDER)] = ()


class Trained(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A model was trained (or tuned, or evaluated) on these inputs. `digest` is the SHA-256 of the model, `code` names what made it."""

    model: Name
    digest: Sha256
    action: Value
    inputs: Annotated[tuple[Input, ...], Meta(max_length=MAX_INPUTS)]
    code: Text = ""
    parameters: Facts = msgspec.field(default_factory=dict)


class Derived(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A version was made of others: of which, opened for which action, in how many steps (each of them `Prepared`).

    It stands `under` all agreements of its inputs, and of what those were made of. `pipeline` is the SHA-256 of the pipeline as it was
    written down, `account` that of all that its maker said about the steps.
    """

    version: Name
    root: Sha256
    count: Count
    size: Count
    action: Value
    inputs: Annotated[tuple[Input, ...], Meta(max_length=MAX_INPUTS)]
    under: Annotated[tuple[Name, ...], Meta(max_length=MAX_UNDER)] = ()
    pipeline: Sha256
    account: Sha256
    steps: Count


class Prepared(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What the maker of a derived version says of step `number` (from 1): what went in and came out, by hashes, and what it was told to do.

    `inputs` of the first step are the roots of the input versions, of each other step the `output` of the one before; the last `output`
    is the version's root. That the hashes hang together can be checked; what lies between them is the maker's word. `dropped` counts the
    records that were left out, by reason.
    """

    version: Name
    root: Sha256
    number: Count
    step: Name
    step_version: Name = ""
    code: Text = ""
    parameters: Facts = msgspec.field(default_factory=dict)
    inputs: Annotated[tuple[Sha256, ...], Meta(min_length=1, max_length=MAX_INPUTS)]
    output: Sha256
    records_in: Count = 0
    records_out: Count = 0
    added: Count = 0
    dropped: Tallies = msgspec.field(default_factory=dict)
    counts: Tallies = msgspec.field(default_factory=dict)


class Kept(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Somebody keeps the bytes of a version until then, and why, or lets go of them: the custody register.

    `reason` is made by the program (`trained rain-net`); what a person gave as a reason is only there as `note`, a salted digest.
    """

    version: Name
    root: Sha256
    keeper: Name
    until: At
    what: Literal["kept", "released"] = "kept"
    reason: Text = ""
    note: Sha256 | None = None


class Held(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A legal hold on a version was set or lifted: while one stands, nothing deletes it.

    A reason names cases and persons: it is in the register, and here only as `note`, the SHA-256 of a salt and the reason.
    """

    hold: Name
    version: Name
    root: Sha256
    what: Literal["set", "lifted"]
    until: datetime | None = None
    note: Sha256 | None = None


class Drilled(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A version was fetched back to prove that it still can be: what was read, how long it took, what was wrong."""

    version: Name
    root: Sha256
    sound: bool
    size: Count = 0
    seconds: Annotated[float, Meta(ge=0)] = 0.0
    problems: Words = ()


class Linked(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The mode of collaboration with a space changed."""

    space: Name
    mode: Name
    before: Name = ""
    until: datetime | None = None


class Mirrored(Predicate, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A mirror was brought up to date: its newest `version` with its root, how many bytes moved, and how many files vanished."""

    mirror: Name
    version: Name = ""
    provider: Name = ""
    root: Sha256
    count: Count
    size: Count
    moved: Count = 0
    removed: Count = 0


OF_FACTORIES: Final = (
    Ordered,
    Acquired,
    Documented,
    Opened,
    Leased,
    Returned,
    Trained,
    Derived,
    Prepared,
    Kept,
    Held,
    Drilled,
    Linked,
    Mirrored,
)
"""What is stated about one's own work: nobody else may state it to us."""
