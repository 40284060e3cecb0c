"""`sections`: documents in sections and chunks, so that a model, or a search, can take as much of them as fits its window."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
import pyarrow as pa
from msgspec import Struct

from hanse.factory.prepare.base import ID, LEVEL, PARENT, TEXT, TOKENS, Applied, Dropped, Step
from hanse.factory.prepare.steps.products.cutting import chunks, parents, sections
from hanse.factory.prepare.steps.tokens.files import content_of, from_json
from hanse.factory.prepare.steps.tokens.survey import LENGTH, WINDOWS
from hanse.kernel.errors import Invalid

DOCUMENT: Final = "document"
"""`string`: the id of the whole document that a record is, or was cut out of."""
HEADING: Final = "heading"
"""`string`: the heading of the section that a record is, or is in; empty for what has none."""
DEPTH: Final = "depth"
"""`int32`: of a section, that of its heading; of a document 0."""

Level = Literal["document", "section", "chunk"]


class Row(Struct, frozen=True):
    """A document, section or chunk; `of` is the number of the record that it comes from."""

    of: int
    level: Level
    id: str
    text: str
    length: int
    parent: str | None = None
    heading: str = ""
    depth: int = 0


class Sections(Step, frozen=True, kw_only=True):
    """Make records of the levels `document`, `section` and `chunk` out of each document, whose ids lead back to it by `parent`.

    Sections begin at headings (Markdown, reStructuredText, HTML); one under another has that one as its parent. Chunks have at most
    `window` tokens, as the `tokenizer` counts (the path of a `tokenizer.json`), or about, at four bytes each, without one. They end where
    a paragraph does, or else a sentence, line or word. The sections of a document, put together, are its text, and so are its chunks.

    Adds the columns `level`, `parent`, `document`, `heading`, `depth` and `length` (tokens, added up from chunks). Only records of the
    named `levels` are kept. Drops with `sections-empty` documents without any text, with `sections-endless-run` what cannot be tokenised.
    """

    name: ClassVar[str] = "sections"
    makes: ClassVar[bool] = True

    window: int = 512
    levels: tuple[Level, ...] = ("document", "section", "chunk")
    tokenizer: str = ""

    def check(self) -> None:
        """Raise `Invalid` for a window that is too small, for no levels, and for a tokenizer that cannot be used."""
        if not 16 <= self.window <= 1 << 22:
            raise Invalid("A window has 16 to 4194304 tokens.", where="window", rule="window")
        if not self.levels or len(set(self.levels)) != len(self.levels):
            raise Invalid("Name one level at least, each once.", where="levels", rule="levels")
        if self.tokenizer:
            from_json(content_of(self.tokenizer), proved=True)

    def fingerprint(self) -> Mapping[str, str]:
        """Return the digest of the tokenizer."""
        return {"tokenizer": hashlib.sha256(content_of(self.tokenizer)).hexdigest()} if self.tokenizer else {}

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Return the records of all levels, each document before its sections, each section before its chunks."""
        count = _counting(self.tokenizer) if self.tokenizer else estimate
        rows: list[Row] = []
        dropped = []
        for number, (name, text) in enumerate(zip(records[ID].to_pylist(), records[TEXT].to_pylist(), strict=True)):
            if not text.strip():
                dropped.append(Dropped(name, "sections-empty"))
                continue
            try:
                made = [row for row in self._rows(number, name, text, count) if row.level in self.levels]
            except ValueError:
                dropped.append(Dropped(name, "sections-endless-run"))
                continue
            rows += made
        return Applied(self._table(records, rows), dropped, self._counts(rows))

    def _counts(self, rows: list[Row]) -> dict[str, int]:
        """Return how many records there are of each level, and how many fit each window."""
        lengths = {level: np.array([row.length for row in rows if row.level == level]) for level in self.levels}
        counts = {f"{level}s": len(lengths[level]) for level in self.levels}
        fits = {f"{level}s-fit-{window}": int((lengths[level] <= window).sum()) for level in self.levels for window in WINDOWS}
        return counts | fits

    def _rows(self, number: int, name: str, text: str, count: Callable[[str], int]) -> Iterator[Row]:
        found = sections(text)
        above = parents(found)
        cut = [chunks(text[section.begin : section.end], count, self.window) for section in found]
        sizes = [sum(size for _, size in parts) for parts in cut]
        yield Row(number, "document", name, text, sum(sizes))
        for at, section in enumerate(found):
            own = f"{name}/{at}"
            parent = name if above[at] < 0 else f"{name}/{above[at]}"
            yield Row(number, "section", own, text[section.begin : section.end], sizes[at], parent, section.heading, section.depth)
            for part, (piece, size) in enumerate(cut[at]):
                yield Row(number, "chunk", f"{own}/{part}", piece, size, own, section.heading, section.depth)

    def _table(self, records: pa.Table, rows: list[Row]) -> pa.Table:
        """Return rows as records, with all other columns of the record that each one comes from."""
        ids = records[ID].to_pylist()
        by = {"by": "sections" if self.tokenizer else "four bytes each"}
        made = [
            (pa.field(ID, pa.string()), [row.id for row in rows]),
            (pa.field(TEXT, pa.large_string(), nullable=False), [row.text for row in rows]),
            (pa.field(LEVEL, pa.string()), [row.level for row in rows]),
            (pa.field(PARENT, pa.string()), [row.parent for row in rows]),
            (pa.field(DOCUMENT, pa.string()), [ids[row.of] for row in rows]),
            (pa.field(HEADING, pa.string()), [row.heading for row in rows]),
            (pa.field(DEPTH, pa.int32()), [row.depth for row in rows]),
            (pa.field(LENGTH, pa.uint32(), metadata=by), [row.length for row in rows]),
        ]
        others = records.drop_columns([name for name in (TOKENS, *(field.name for field, _ in made)) if name in records.column_names])
        table = others.take(pa.array([row.of for row in rows], pa.int64()))
        for field, column in made:
            table = table.append_column(field, pa.array(column, field.type))
        return table.select([*(name for name in records.column_names if name in table.column_names), *_new(records, table)])


def _new(records: pa.Table, table: pa.Table) -> list[str]:
    return [name for name in table.column_names if name not in records.column_names]


def estimate(text: str) -> int:
    """Return about how many tokens a text has: one for four bytes."""
    return (len(text.encode()) + 3) // 4


@lru_cache(maxsize=2)
def _counting(path: str) -> Callable[[str], int]:
    return from_json(content_of(path), proved=False).count
