"""Makes a table of what was found: what each column holds, how many records there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import polars as pl

from hanse.factory.quality.stated import ColumnRule
from hanse.factory.quality.tables.find import IN_MEMORY, Source, check_width
from hanse.factory.quality.tables.forms import dated_columns, forms_of, read_as, read_stated
from hanse.factory.quality.tables.table import Column, Kind, Table, chunks, collected

_NONE: Final[Mapping[str, ColumnRule]] = MappingProxyType({})


def table_of(source: Source, workshop: Path, rules: Mapping[str, ColumnRule], *, in_memory: int = IN_MEMORY) -> Table:
    """Return the table of a source that is open; one of at most `in_memory` bytes is read into memory now."""
    assert source.lazy is not None
    small = source.size <= in_memory
    raw = collected(source.lazy, small=True).lazy() if small else _columnar(source, source.lazy, workshop)
    made = table_from(source.name, raw, workshop, rules, typed=source.typed, small=small)
    return replace(made, files=tuple(source.files), unreadable=source.unreadable, note=source.note)


def _columnar(source: Source, lazy: pl.LazyFrame, workshop: Path) -> pl.LazyFrame:
    """Return a table that is read more than once by column: lines are written as Parquet first."""
    if source.kind not in ("csv", "jsonl"):
        return lazy
    path = workshop / "lines.parquet"
    lazy.sink_parquet(path, compression="lz4")
    return pl.scan_parquet(path)


def table_from(
    name: str,
    raw: pl.LazyFrame,
    workshop: Path,
    rules: Mapping[str, ColumnRule] = _NONE,
    *,
    typed: bool = True,
    small: bool = True,
) -> Table:
    """Return the table of a frame. Of one that is not `typed` the texts may stand for anything; `rules` state the types of columns."""
    raw = _plain(raw)
    schema = raw.collect_schema()
    check_width(len(schema))
    words = [one for one, type in schema.items() if type == pl.String]
    stated = [one for one in words if one in rules and rules[one].type]
    looked = list(dict.fromkeys([*stated, *(dated_columns(raw, words, small=small) if typed else words)]))
    forms = forms_of(raw, looked, small=small)
    rows, filled = _filled(raw, list(schema), small=small)
    columns, casts = _columns(schema, forms, filled, {one: rules[one] for one in stated})
    frame = raw.with_columns([cast.alias(column) for column, cast in casts.items()])
    if small and casts:
        frame = frame.collect().lazy()
    fitting = _filled(frame, list(casts), small=small)[1]
    done = tuple(replace(one, unfit=filled[one.name] - fitting.get(one.name, filled[one.name])) for one in columns)
    return Table(name, (), raw, frame, done, rows, small, workshop)


def _columns(
    schema: pl.Schema, forms: Mapping[str, Mapping[str, int]], filled: Mapping[str, int], rules: Mapping[str, ColumnRule]
) -> tuple[list[Column], dict[str, pl.Expr]]:
    """Return what each column is, and how texts become what they stand for."""
    columns: list[Column] = []
    casts: dict[str, pl.Expr] = {}
    for name, type in schema.items():
        if name in forms:
            found, cast = read_stated(name, forms[name], rules[name]) if name in rules else read_as(name, str(type), forms[name])
            if found.kind in ("number", "boolean", "date"):
                casts[name] = cast
        else:
            found = Column(name, _kind(type) if filled[name] else "empty", str(type))
        columns.append(found)
    return columns, casts


def _plain(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Return a frame with categories as texts, and moments in UTC without saying so."""
    casts = []
    for name, type in raw.collect_schema().items():
        if isinstance(type, pl.Categorical | pl.Enum):
            casts.append(pl.col(name).cast(pl.String))
        elif isinstance(type, pl.Datetime) and type.time_zone is not None:
            casts.append(pl.col(name).dt.convert_time_zone("UTC").dt.replace_time_zone(None))
    return raw.with_columns(casts) if casts else raw


def _filled(frame: pl.LazyFrame, names: list[str], *, small: bool) -> tuple[int, dict[str, int]]:
    """Return how many records there are, and how many values of each column that are not null."""
    found: dict[str, int] = {}
    rows = int(collected(frame.select(pl.len()), small=small).item())
    for some in chunks(names):
        row = collected(frame.select([pl.col(one).count() for one in some]), small=small).row(0)
        found |= dict(zip(some, row, strict=True))
    return rows, found


def _kind(type: pl.DataType) -> Kind:
    if type.is_numeric():
        return "number"
    if type == pl.Boolean:
        return "boolean"
    if type in (pl.Date, pl.Datetime):
        return "date"
    if type == pl.String:
        return "text"
    return "empty" if type == pl.Null else "nested"
