"""What was measured of files, as a materialised description tells it: record sets, their fields, and figures of them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["Boolean", "Integer", "Float", "Text", "Date", "DateTime", "Time"]
"""The atomic data types of Croissant 1.1."""


class Counted(Struct, frozen=True):
    """A value and how often it is there."""

    value: object
    count: int


class Statistic(Struct, frozen=True, omit_defaults=True):
    """One figure of a field under a name of `names.STATISTICS`; an approximate one says so. `frequent` has values with their counts."""

    name: str
    value: int | float | str | tuple[Counted, ...]
    approximate: bool = False


class Column(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A field of a record set, measured.

    `name` is what the data calls it. It is in the column `column`, or at `path` (JSONPath) inside it, or at `path` in the whole file,
    or is the property `file` of a file (`content`, `filename`, ...). `array` is for lists of `kind`; one with `parts` has no kind.
    """

    name: str
    kind: Kind = "Text"
    column: str = ""
    path: str = ""
    file: str = ""
    array: bool = False
    parts: tuple[Column, ...] = ()
    statistics: tuple[Statistic, ...] = ()


class Table(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record set, measured: the paths of its files (all alike), its fields, and the number of its records if it was counted."""

    name: str
    paths: tuple[str, ...]
    columns: tuple[Column, ...]
    records: int | None = None
    approximate: bool = False


class Unmeasured(Struct, frozen=True):
    """A file without a record set that looks as if it had records, and why."""

    path: str
    reason: str


class Measured(Struct, frozen=True):
    """What was found in the files of a version."""

    tables: tuple[Table, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()
