"""Figures of a column, in one pass and bounded memory; what is only approximate says so.

Exact: count, missing, min, max, mean and standard deviation (of the population), lengths of texts, distinct values up to
`MAX_DISTINCT`. Quantiles are exact up to `MAX_HELD` values, then those of an even sample. Values with their counts are given only
where the data is known not to be personal, and only of columns with few different values.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from hanse.dcat.croissant.shape import Counted, Kind, Statistic
from hanse.odrl.when import write_moment

MAX_DISTINCT: Final = 1_000_000
MAX_HELD: Final = 200_000
MAX_HELD_BYTES: Final = 64 << 20
MAX_FREQUENT: Final = 1_000
"""Different values of a column, above which the most frequent are not told."""
SHOWN: Final = 20
"""Most frequent values that are told."""
MAX_SHOWN: Final = 200
"""Characters of a value that is told."""
_QUANTILES: Final = {"quantile10": 0.1, "quantile25": 0.25, "median": 0.5, "quantile75": 0.75, "quantile90": 0.9}


class Figures:
    """Gathers the figures of one column. `personal` is what is known of the data: `None` is not known."""

    def __init__(self, kind: Kind, personal: bool | None) -> None:
        self._kind = kind
        self._count = 0
        self._missing = 0
        self._least: Any = None
        self._most: Any = None
        self._shows = personal is not True
        self._spread = _Spread() if kind in ("Integer", "Float") else None
        self._distinct = _Distinct()
        self._frequent = _Frequent() if personal is False and kind in ("Text", "Boolean", "Integer") else None

    def see(self, column: pa.Array) -> None:
        """Take more values in."""
        self._missing += column.null_count
        values = column.drop_null() if column.null_count else column
        if not len(values):
            return
        self._count += len(values)
        self._distinct.see(values)
        if self._frequent is not None:
            self._frequent.see(values)
        self._bounds(pc.utf8_length(values) if self._kind == "Text" else values)
        if self._spread is not None:
            self._spread.see(values)

    def _bounds(self, values: pa.Array) -> None:
        if self._kind == "Boolean":
            return
        found = pc.min_max(values).as_py()
        if found["min"] is not None:
            self._least = found["min"] if self._least is None else min(self._least, found["min"])
            self._most = found["max"] if self._most is None else max(self._most, found["max"])

    def told(self) -> tuple[Statistic, ...]:
        """Return the figures, under the names of `croissant.names.STATISTICS`."""
        out = [Statistic("count", self._count), Statistic("missing", self._missing), self._distinct.told()]
        if self._kind == "Text":
            out += [Statistic("shortest", self._least), Statistic("longest", self._most)] if self._least is not None else []
        elif self._shows and self._least is not None:
            out += [Statistic("min", _plain(self._least)), Statistic("max", _plain(self._most))]
        if self._spread is not None and self._count:
            out += self._spread.told()
        if self._frequent is not None and (frequent := self._frequent.told()):
            out.append(Statistic("frequent", frequent))
        return tuple(one for one in out if not isinstance(one.value, float) or math.isfinite(one.value))


class _Spread:
    """Mean, standard deviation and quantiles of numbers: batch by batch, put together as Chan, Golub and LeVeque do it."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0
        self._held: list[pa.Array] = []
        self._size = 0
        self._step = 1
        self._next = 0

    def see(self, values: pa.Array) -> None:
        numbers = values.cast(pa.float64(), safe=False)
        count, mean = len(numbers), pc.mean(numbers).as_py()
        squares = pc.variance(numbers, ddof=0).as_py() * count
        both = self._count + count
        apart = mean - self._mean
        self._squares += squares + apart * apart * self._count * count / both
        self._mean += apart * count / both
        self._count = both
        self._hold(numbers)

    def _hold(self, numbers: pa.Array) -> None:
        if self._step > 1:
            every = pa.array(range(self._next, len(numbers), self._step), pa.int64())
            self._next = (self._next - len(numbers)) % self._step
            numbers = numbers.take(every)
        self._held.append(numbers)
        self._size += len(numbers)
        if self._size > MAX_HELD:
            held = pa.chunked_array(self._held).combine_chunks()
            self._held = [held.take(pa.array(range(0, len(held), 2), pa.int64()))]
            self._size = len(self._held[0])
            self._step *= 2

    def told(self) -> list[Statistic]:
        held = pa.chunked_array(self._held)
        found = pc.quantile(held, list(_QUANTILES.values())).to_pylist()
        quantiles = [
            Statistic(name, value, approximate=self._step > 1) for name, value in zip(_QUANTILES, found, strict=True) if value is not None
        ]
        return [Statistic("mean", self._mean), Statistic("sd", math.sqrt(max(self._squares, 0.0) / self._count)), *quantiles]


class _Distinct:
    """The number of different values; above the bound it is the least that there are, and approximate."""

    def __init__(self) -> None:
        self._known: pa.Array | None = None
        self._new: list[pa.Array] = []
        self._waiting = 0
        self._full = False

    def see(self, values: pa.Array) -> None:
        if self._full:
            return
        if pa.types.is_floating(values.type):
            values = pc.add(values, 0.0)  # -0.0 and 0.0 are one value
        self._new.append(values.unique())
        self._waiting += len(self._new[-1])
        if self._waiting > (len(self._known) if self._known is not None else 0):
            self._merge()

    def _merge(self) -> None:
        if self._new:
            parts = ([self._known] if self._known is not None else []) + self._new
            self._known = pa.chunked_array(parts).unique()
            self._new, self._waiting = [], 0
            self._full = len(self._known) > MAX_DISTINCT or self._known.nbytes > MAX_HELD_BYTES

    def told(self) -> Statistic:
        self._merge()
        return Statistic("distinct", len(self._known) if self._known is not None else 0, approximate=self._full)


class _Frequent:
    """How often each value is there, as long as there are few different ones."""

    def __init__(self) -> None:
        self._counts: dict[Any, int] | None = {}

    def see(self, values: pa.Array) -> None:
        if self._counts is None:
            return
        found = values.value_counts()
        if len(found) > MAX_FREQUENT:
            self._counts = None
            return
        for value, count in zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True):
            self._counts[value] = self._counts.get(value, 0) + count
        if len(self._counts) > MAX_FREQUENT:
            self._counts = None

    def told(self) -> tuple[Counted, ...]:
        ranked = sorted((self._counts or {}).items(), key=lambda one: (-one[1], str(one[0])))
        return tuple(Counted(_plain(value), count) for value, count in ranked[:SHOWN])


def _plain(value: Any) -> int | float | str:
    if isinstance(value, datetime):
        return write_moment(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return value[:MAX_SHOWN] if isinstance(value, str) else value
