"""A table, its columns, and what each of them holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["number", "text", "boolean", "date", "nested", "empty"]
WIDTH: Final = 100
"""Columns that are measured in one query."""
BATCH: Final = 100_000
"""Records of a batch."""


@dataclass(frozen=True)
class Column:
    """A column: its `kind`, its type as it is stored, and of texts that were read as another kind, how many values do not fit it.

    `forms` counts the values that are not null by how they are written (`integer`, `date-iso`, ...), where that was looked at.
    """

    name: str
    kind: Kind
    type: str
    unfit: int = 0
    forms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Records of one shape, of one or several files.

    `typed` has the values as the kind of their column (what does not fit it is null there), `raw` as they were read. `small` tables
    are in memory. `workshop` is a folder for what does not fit into memory.
    """

    name: str
    files: tuple[str, ...]
    raw: pl.LazyFrame
    typed: pl.LazyFrame
    columns: tuple[Column, ...]
    rows: int
    small: bool
    workshop: Path
    unreadable: int = 0
    note: str = ""

    @property
    def names(self) -> list[str]:
        """The names of its columns, in order."""
        return [one.name for one in self.columns]

    def column(self, name: str) -> Column | None:
        """Return a column, or nothing if there is none of that name."""
        return next((one for one in self.columns if one.name == name), None)

    def of_kind(self, *kinds: Kind) -> list[str]:
        """Return the names of the columns of these kinds."""
        return [one.name for one in self.columns if one.kind in kinds]

    def row(self, expressions: Mapping[str, pl.Expr], *, raw: bool = False) -> dict[str, Any]:
        """Evaluate expressions that give one value each, in one reading of the table in bounded memory."""
        if not expressions:
            return {}
        frame = self.raw if raw else self.typed
        made = [one.alias(f"{number}") for number, one in enumerate(expressions.values())]
        found = collected(frame.select(made), small=self.small).row(0)
        return dict(zip(expressions, found, strict=True))

    def frame(self, lazy: pl.LazyFrame) -> pl.DataFrame:
        """Collect a query on this table in the way that fits its size."""
        return collected(lazy, small=self.small)

    def batches(self, *, raw: bool = False, columns: list[str] | None = None) -> Iterator[pl.DataFrame]:
        """Yield its records in batches, in order, in bounded memory."""
        lazy = self.raw if raw else self.typed
        chosen = lazy if columns is None else lazy.select(columns)
        if self.small:
            yield from chosen.collect().iter_slices(BATCH)
        else:
            yield from chosen.collect_batches(chunk_size=BATCH, maintain_order=True, engine="streaming")


def collected(lazy: pl.LazyFrame, *, small: bool) -> pl.DataFrame:
    """Collect a query: what is in memory there, the rest in a stream."""
    return lazy.collect(engine="in-memory" if small else "streaming")


def chunks(names: list[str]) -> Iterator[list[str]]:
    """Yield the names in bunches that one query can take."""
    for start in range(0, len(names), WIDTH):
        yield names[start : start + WIDTH]
