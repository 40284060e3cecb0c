"""Profiles of the columns of a table: exact in memory; of a larger table in streams, with estimates that say so.

Larger than memory, distinct values are estimated (HyperLogLog), quantiles are those of every n-th value, and everything else is exact.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl

from hanse.factory.quality.profile.figures import Figures, bars, distinct, edges_of, figures, quantiles
from hanse.factory.quality.report import Bar, Profile, rounded
from hanse.factory.quality.tables.table import Column, Table, chunks

RARE: Final = 5
"""Values that occur fewer times are not shown: they may name somebody."""
_SHOWN: Final = 20
_FEW: Final = 200
_THREADS: Final = 8
_NATIVE: Final = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64)
"""Types of numbers that NumPy has, too."""
_SAMPLE: Final = 1_000_000
_GROUP: Final = " group"
_STREAM: Final = "Different values are estimated (HyperLogLog, standard error about 1 %), quantiles are those of every {}th value."


def profile(table: Table) -> list[Profile]:
    """Return the profiles of all columns."""
    if not table.small:
        return list(_streamed(table))
    frame = table.typed.collect()
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda column: _one(table.name, frame[column.name], column), table.columns))


def group_profiles(table: Table, by: str, groups: Sequence[str]) -> Iterator[Profile]:
    """Yield the profiles of the columns of numbers, for each group of five records or more that have this value in `by`.

    Of tables that are larger than memory they have no different values, quantiles and histograms.
    """
    columns = [column for column in table.columns if column.kind == "number" and column.name != by]
    if not columns:
        return
    if not table.small:
        yield from _streamed_groups(table, by, groups, columns)
        return
    for group in groups:
        frame = table.typed.filter(pl.col(by).cast(pl.String) == group).select([one.name for one in columns]).collect()
        for column in columns if len(frame) >= RARE else ():
            one = _one(table.name, frame[column.name], column)
            yield msgspec.structs.replace(one, group=f"{by}={group}", nulls=frame[column.name].null_count(), note="")


def _streamed_groups(table: Table, by: str, groups: Sequence[str], columns: Sequence[Column]) -> Iterator[Profile]:
    asked = [expression.alias(f"{number} {what}") for number, one in enumerate(columns) for what, expression in _sums(table, one.name)]
    grouped = table.typed.with_columns(pl.col(by).cast(pl.String).alias(_GROUP)).filter(pl.col(_GROUP).is_in(groups)).group_by(_GROUP)
    found = {row[_GROUP]: row for row in table.frame(grouped.agg(pl.len().alias("records"), *asked)).iter_rows(named=True)}
    for group in groups:
        row = found.get(group, {})
        count = int(row.get("records", 0))
        for number, column in enumerate(columns if count >= RARE else ()):
            sums = {what: row[f"{number} {what}"] for what in ("there", "n", "mean", "sd", "least", "most")}
            there = int(sums["there"])
            made: dict[str, Any] = {**_of_sums(sums), "nulls": count - there, "not_finite": there - int(sums["n"]), "count": count}
            yield Profile(table=table.name, column=column.name, kind="number", type=column.type, group=f"{by}={group}", **made)


def _one(table: str, values: pl.Series, column: Column) -> Profile:
    """Return the profile of a column that is in memory."""
    there = values.drop_nulls()
    made: dict[str, Any] = {"table": table, "column": column.name, "kind": column.kind, "type": column.type, "count": len(values)}
    made |= {"nulls": len(values) - len(there) - column.unfit, "note": _unfit(column)}
    if column.kind == "number":
        numbers = (there if there.dtype in _NATIVE else there.cast(pl.Float64)).to_numpy()
        finite = numbers if numbers.dtype.kind in "iu" or bool(np.isfinite(numbers).all()) else numbers[np.isfinite(numbers)]
        ordered = np.sort(finite)
        made |= {"distinct": distinct(ordered), "not_finite": len(there) - len(finite), **figures(np.asarray(ordered, np.float64))}
    elif column.kind == "date":
        ordered = np.sort(there.cast(pl.Datetime("us")).to_physical().to_numpy())
        made |= {"distinct": distinct(ordered), **figures(ordered / 1e6)}
    elif column.kind == "text":
        made |= figures(np.sort(there.str.len_chars().to_numpy()).astype(np.float64))
        made["distinct"] = distinct(np.sort(there.hash().to_numpy()))
        made |= _words(there, made["distinct"])
    elif column.kind == "boolean":
        made |= _booleans(there.value_counts(sort=True).rows())
    elif column.kind == "empty":
        made |= {"nulls": len(values), "distinct": 0}
    return Profile(**made)


def _words(values: pl.Series, different: int) -> dict[str, tuple[Bar, ...]]:
    if different > _FEW:
        return {}
    counts = sorted(values.value_counts().rows(), key=lambda row: (-row[1], row[0]))
    return {"bars": _shown(counts)}


def _shown(counts: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    return tuple(Bar(int(count), value[:200]) for value, count in counts[:_SHOWN] if count >= RARE)


def _booleans(counts: Sequence[tuple[bool, int]]) -> dict[str, Any]:
    found = {value: int(count) for value, count in counts}
    total = sum(found.values())
    if not total:
        return {"distinct": 0}
    shown = tuple(Bar(found[value], str(value).lower()) for value in (True, False) if value in found)
    return {"distinct": len(found), "mean": rounded(found.get(True, 0) / total), "bars": shown}


def _unfit(column: Column) -> str:
    if not column.unfit:
        return ""
    values = "1 value is" if column.unfit == 1 else f"{column.unfit:,} values are"
    return f"{values} no {column.kind}, and counted in none of the figures."


def _streamed(table: Table) -> Iterator[Profile]:
    rows = table.rows
    every = max(1, -(-rows // _SAMPLE))
    first: dict[str, dict[str, Any]] = {}
    for names in chunks(table.names):
        asked = {(name, what): one for name in names for what, one in _sums(table, name)}
        row = table.row({f"{number}": one for number, one in enumerate(asked.values())})
        for (name, what), value in zip(asked, row.values(), strict=True):
            first.setdefault(name, {})[what] = value
    second = _Second(table, first, every)
    for column in table.columns:
        yield second.profile(column, first.get(column.name, {}))


def _value(table: Table, column: str) -> pl.Expr:
    """Return the numbers that the figures of a column are of: itself, the length of texts, the seconds of dates."""
    found = table.column(column)
    value = pl.col(column)
    if found is None or found.kind in ("nested", "empty"):
        return pl.lit(None, pl.Float64)
    if found.kind == "text":
        return value.str.len_chars().cast(pl.Float64)
    if found.kind == "date":
        return value.cast(pl.Datetime("us")).dt.epoch("us") / 1e6
    number = value.cast(pl.Float64)
    return pl.when(number.is_finite()).then(number)


def _sums(table: Table, column: str) -> Iterator[tuple[str, pl.Expr]]:
    found = table.column(column)
    value = _value(table, column)
    yield "there", pl.col(column).count()
    if found is None or found.kind in ("nested", "empty"):
        return
    yield "n", value.count()
    yield "mean", value.mean()
    yield "sd", value.std()
    yield "least", value.min()
    yield "most", value.max()
    yield "distinct", pl.col(column).approx_n_unique() - pl.col(column).has_nulls().cast(pl.UInt32)


class _Second:
    """The second reading of a table: histograms, and a sample of values for the quantiles."""

    def __init__(self, table: Table, first: dict[str, dict[str, Any]], every: int) -> None:
        self._table, self._every = table, every
        self._names = [name for name, sums in first.items() if sums.get("n")]
        self._edges = {name: edges_of(first[name]["least"], first[name]["most"]) for name in self._names}
        self._counts = {name: np.zeros(max(1, len(self._edges[name]) - 1), np.int64) for name in self._names}
        self._taken: dict[str, list[np.ndarray[Any, np.dtype[np.float64]]]] = {name: [] for name in self._names}
        if self._names:
            self._read()

    def _read(self) -> None:
        at = 0
        for batch in self._table.batches():
            values = batch.select([_value(self._table, name).alias(name) for name in self._names])
            for name in self._names:
                self._taken[name].append(values[name].gather_every(self._every, -at % self._every).drop_nulls().to_numpy())
                self._counts[name] += np.histogram(values[name].drop_nulls().to_numpy(), self._bins(name))[0]
            at += len(batch)

    def _bins(self, name: str) -> Any:
        edges = self._edges[name]
        return edges if edges[0] != edges[-1] else np.asarray([edges[0], np.inf])

    def profile(self, column: Column, sums: dict[str, Any]) -> Profile:
        count = self._table.rows
        made: dict[str, Any] = {"table": self._table.name, "column": column.name, "kind": column.kind, "type": column.type}
        made |= {"count": count, "nulls": count - int(sums["there"]) - column.unfit, "note": _unfit(column)}
        if column.name in self._names:
            made |= _of_sums(sums)
            values = np.sort(np.concatenate(self._taken[column.name]))
            made |= {"distinct": int(sums["distinct"]), "exact": False, "bars": bars(self._edges[column.name], self._counts[column.name])}
            made["quantiles"] = quantiles(values) if len(values) else ()
            made["not_finite"] = int(sums["there"]) - int(sums["n"]) if column.kind == "number" else 0
            made["note"] = f"{made['note']} {_STREAM.format(self._every)}".strip()
        return Profile(**made)


def _of_sums(sums: dict[str, Any]) -> Figures:
    found = Figures()
    for name in ("mean", "sd", "least", "most"):
        value = sums[name]
        if value is not None and np.isfinite(value):
            found[name] = float(rounded(float(value)))
    return found
