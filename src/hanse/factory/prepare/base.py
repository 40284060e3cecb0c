"""What a step is, and what it sees.

Records are Arrow tables with at least the columns `id`, `source` and `text`. They come in parts of bounded size, always in the same
order and with the same content, whoever computes them; so a pipeline gives the same bytes on a laptop and on a cluster, and after any
interruption.

A step sees one part at a time, and nothing else, unless it first looks at all of them: it says what it saw of each part (`look`, wherever
the part is), decides once about all (`decide`, in one place), and then changes each part by what was decided (`apply`, anywhere).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec import Struct

if TYPE_CHECKING:
    import pyarrow as pa

ID: Final = "id"
"""`string`: names the record for ever, `name@number/path#n`; of what was cut out of a record, the record's id and `/` and a number."""
SOURCE: Final = "source"
"""`string`: the stored version that the record is from, `name@number`."""
TEXT: Final = "text"
"""`large_string`, never null: the text itself."""
LANGUAGE: Final = "language"
"""`string`: BCP 47, set by `language` or by the data."""
TOKENS: Final = "tokens"
"""`large_list<uint32>`: set by `tokenise`."""
PARENT: Final = "parent"
"""`string`: the id of the record that this one was cut out of, set by `sections`."""
LEVEL: Final = "level"
"""`string`: `document`, `section` or `chunk`, set by `sections`."""
SPLIT: Final = "split"
"""`string`: `train`, `validation` or `test`, set by `split`."""


class Dropped(Struct, frozen=True):
    """A record that a step left out, and why: a short word that can be counted, e.g. `gopher-too-short`. `sample` shows it, cut short."""

    id: str
    reason: str
    sample: str = ""


class Applied(Struct, frozen=True):
    """What a step made of a part: the records that stay, those that it left out, and figures that add up over parts, e.g. `tokens`."""

    records: pa.Table
    dropped: Sequence[Dropped] = ()
    counts: Mapping[str, int] = {}


class SourceFile(Struct, frozen=True, kw_only=True):
    """A file of a stored version as plain bytes: `local` is where it is in the workshop, `path` its path in the version."""

    version: str
    path: str
    local: str
    size: int
    media_type: str = ""
    licence: str = ""


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step with its parameters, which are the Struct's fields; all have defaults that make sense.

    Whatever a step does depends on its parameters, its `version`, the records and what was decided, and on nothing else: no clock, no
    chance, no order of a set. `hanse.steps` is the entry-point group by which packages add steps.
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    """Changes whenever the same records may come out otherwise."""
    makes: ClassVar[bool] = False
    """Whether it makes new records. Any other step keeps ids and order, and drops with a reason what it does not return."""
    hides: ClassVar[bool] = False
    """Whether texts may hold, before it, what nobody is to read: then no report shows a text that an earlier step left out."""

    def check(self) -> None:
        """Raise `Invalid`, naming the field in `where`, if the parameters make no sense."""

    def fingerprint(self) -> Mapping[str, str]:
        """Return the SHA-256 of each file outside of the pipeline that it depends on, e.g. a tokenizer, by the field that names it."""
        return {}

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Return what becomes of a part. `decided` is the folder that `decide` filled, for steps that look at all parts first."""
        raise NotImplementedError


class Reader(Step, frozen=True, kw_only=True):
    """The first step: makes records of files. It never raises for what is wrong with the data: that is dropped with a reason."""

    def read(self, file: SourceFile) -> Iterator[Applied]:
        """Yield the records of a file in order, in tables of at most a few MiB, in bounded memory whatever the file holds."""
        raise NotImplementedError


class Looking(Step, frozen=True, kw_only=True):
    """A step that must know all records before it can change one."""

    def look(self, records: pa.Table) -> pa.Table:
        """Return what `decide` needs of a part: as little as possible, since it sees all of it."""
        raise NotImplementedError

    def decide(self, seen: Iterable[tuple[str, pa.Table]], into: Path) -> None:
        """Decide, from what was seen of each part, by the part's name and in the parts' order; write it as files into the folder `into`.

        Most steps write one file per part (`into / f"{part}.arrow"`), so that `apply` reads little; it finds the part's name in
        `records.schema.metadata[b"part"]`.
        """
        raise NotImplementedError


class Piece(Struct, frozen=True):
    """One file that a writer makes: its name, and the parts that it needs, in order. `facts` are the writer's own (numbers only)."""

    name: str
    parts: tuple[str, ...]
    facts: Mapping[str, int] = {}


class Writer(Looking, frozen=True, kw_only=True):
    """The last step: writes the product. `look` says what of each part matters for the plan; `decide` may write shared files (an index)."""

    def plan(self, seen: Sequence[tuple[str, pa.Table]]) -> Sequence[Piece]:
        """Return the files to write; each is written by itself, anywhere, in any order."""
        raise NotImplementedError

    def write(self, piece: Piece, parts: Iterator[pa.Table], into: Path) -> Mapping[str, int]:
        """Write one piece into the folder `into` (one or several files whose names begin with `piece.name`); return counts to add up."""
        raise NotImplementedError
