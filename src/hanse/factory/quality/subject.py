"""What is assessed: the tables of a version, what is stated about it, and the moment for which it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hanse.dcat.holding import DatasetVersion
from hanse.factory.quality.ports import Ports
from hanse.factory.quality.stated import Scalar, Stated

if TYPE_CHECKING:
    import polars as pl

    from hanse.factory.quality.tables.table import Table

MOST_VALUES: Final = 200
"""Different values of a column by which records are told apart, at most."""
_WORD: Final = 200


@dataclass(frozen=True)
class Subject:
    """The tables of a version. `held` is the version as it is held, if it is one; `at` is the moment for which ages are told."""

    tables: tuple[Table, ...]
    stated: Stated
    at: datetime
    held: DatasetVersion | None = None
    ports: Ports = field(default_factory=Ports)

    @property
    def rows(self) -> int:
        """All records."""
        return sum(one.rows for one in self.tables)

    def name(self, table: Table) -> str:
        """Return how a measurement names a table: not at all if it is the only one."""
        return "" if len(self.tables) == 1 else table.name

    def having(self, *columns: str, nested: bool = False) -> list[Table]:
        """Return the tables that have all these columns; those with lists and the like in one of them only if `nested`."""
        found = [(one, [one.column(name) for name in columns]) for one in self.tables]
        return [table for table, some in found if all(one and (nested or one.kind != "nested") for one in some)]

    def texts(self) -> list[tuple[Table, str]]:
        """Return the tables with the column that holds their texts: the one that is stated, else `text`."""
        wanted = self.stated.text or "text"
        return [(one, wanted) for one in self.tables if wanted in one.of_kind("text")]


def word(value: Scalar) -> str:
    """Return a stated value as the text that a column's value is compared with."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def worded(column: str) -> pl.Expr:
    """Return a column's values as texts."""
    import polars as pl

    return pl.col(column).cast(pl.String)


def value_counts(table: Table, column: str, most: int = MOST_VALUES) -> dict[str, int] | None:
    """Count the values of a column that are not null, the most frequent first; nothing if there are more than `most` different ones."""
    import polars as pl

    found = table.column(column)
    if found is None or found.kind == "nested":
        return None
    about = table.row({"n": worded(column).approx_n_unique()}, raw=True)["n"]
    if about > 2 * most:
        return None
    counts = table.frame(table.raw.select(worded(column).alias("value")).drop_nulls().group_by("value").agg(pl.len().alias("n")))
    if len(counts) > most:
        return None
    rows = sorted(counts.iter_rows(), key=lambda row: (-row[1], row[0]))
    return {value[:_WORD]: int(n) for value, n in rows}
