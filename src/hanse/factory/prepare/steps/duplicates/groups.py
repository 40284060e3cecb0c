"""Records that are alike: what was seen of them, which of them stays, and how that is told to `apply`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hanse.factory.prepare.base import ID, TEXT, Applied, Dropped

_SHOWN: Final = 160
"""Characters of a text that a sample shows."""

ROW: Final = "row"
"""`uint32`: which row of its part a record is."""
_KEPT: Final = "kept"


class Seen:
    """What was seen of all parts, on disk: the ids as one Arrow stream, every other column as one plain file of its numbers."""

    def __init__(self, seen: Iterable[tuple[str, pa.Table]], folder: Path) -> None:
        """Read `seen` once: tables with an `id`, a `row` and columns of numbers, or of lists of numbers of one length, without nulls."""
        self._folder = folder
        self._spans: list[tuple[str, int]] = []
        with pa.OSFile(str(folder / ID), "wb") as sink, pa.ipc.new_stream(sink, pa.schema([(ID, pa.large_string())])) as ids:
            for part, table in seen:
                self._spans.append((part, table.num_rows))
                ids.write_batch(pa.record_batch({ID: table[ID].cast(pa.large_string()).combine_chunks()}))
                self._append(table.drop_columns(ID))
        self.count = sum(count for _, count in self._spans)

    def _append(self, columns: pa.Table) -> None:
        for name in columns.column_names:
            values = columns[name].combine_chunks()
            with (self._folder / f"{name}.numbers").open("ab") as file:
                (values.flatten() if pa.types.is_fixed_size_list(values.type) else values).to_numpy(zero_copy_only=False).tofile(file)

    def numbers(self, name: str, kind: Any, width: int = 1) -> NDArray[Any]:
        """Return a column of all records, mapped from disk, not read: `(count,)`, or `(count, width)` for lists."""
        shape = (self.count, width) if width > 1 else (self.count,)
        return np.memmap(self._folder / f"{name}.numbers", kind, "r", shape=shape) if self.count else np.empty(shape, kind)

    def write(self, first: NDArray[np.int64], into: Path) -> None:
        """Write, for each part, which rows are left out and the id of the record that stays instead: `first`, by number, for each."""
        later = np.flatnonzero(first != np.arange(len(first)))
        kept = np.unique(first[later])
        ids = self._ids(kept)
        rows = self.numbers(ROW, np.uint32)
        begin = 0
        for part, count in self._spans:
            mine = later[slice(*np.searchsorted(later, [begin, begin + count]))]
            begin += count
            table = pa.table({ROW: pa.array(rows[mine]), _KEPT: ids.take(pa.array(np.searchsorted(kept, first[mine])))})
            with pa.ipc.new_file(str(into / f"{part}.arrow"), table.schema) as file:
                file.write_table(table)

    def _ids(self, wanted: NDArray[np.int64]) -> pa.Array:
        found = [pa.array([], pa.large_string())]
        begin = 0
        with pa.OSFile(str(self._folder / ID)) as source:
            for (_, count), batch in zip(self._spans, pa.ipc.open_stream(source), strict=True):
                here = wanted[slice(*np.searchsorted(wanted, [begin, begin + count]))]
                found.append(batch.column(0).take(pa.array(here - begin)))
                begin += count
        return pa.concat_arrays(found)


class Alike:
    """Which records are alike, directly or through others. `first` is, for each record, the first of those that it is alike with."""

    def __init__(self, count: int) -> None:
        """Begin with `count` records of which none is like another. Takes 8 bytes per record, and three times as much while joining."""
        self.first: NDArray[np.int64] = np.arange(count)

    def join(self, some: NDArray[np.int64], others: NDArray[np.int64]) -> None:
        """Take note that each of `some` is like the one of `others` at the same place."""
        while True:
            one, two = self.first[some], self.first[others]
            apart = one != two
            if not apart.any():
                return
            some, others, one, two = some[apart], others[apart], one[apart], two[apart]
            # The later of two firsts follows the earlier, so that a first is the first of all that it leads, in whatever order pairs come.
            np.minimum.at(self.first, np.maximum(one, two), np.minimum(one, two))
            self._follow()

    def _follow(self) -> None:
        while True:
            further = self.first[self.first]
            if np.array_equal(further, self.first):
                return
            self.first = further


def tell(facts: Mapping[str, object], name: str, into: Path) -> None:
    """Put what a step has to say of its decision beside the account in the product: `_account/NAME.json`."""
    folder = into / "product" / "_account"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(facts, indent=2), "utf-8")


def leave_out(records: pa.Table, decided: Path | None, reason: str) -> Applied:
    """Return a part without the rows that `Seen.write` named for it."""
    assert decided is not None
    part = records.schema.metadata[b"part"].decode()
    with pa.ipc.open_file(str(decided / f"{part}.arrow")) as file:
        table = file.read_all()
    if not table.num_rows:
        return Applied(records)
    stays = np.ones(records.num_rows, np.bool_)
    stays[table[ROW].to_numpy()] = False
    gone = records.select([ID, TEXT]).take(table[ROW])
    dropped = [
        Dropped(one, reason, f"as {kept}: {text[:_SHOWN]}")
        for one, text, kept in zip(gone[ID].to_pylist(), gone[TEXT].to_pylist(), table[_KEPT].to_pylist(), strict=True)
    ]
    return Applied(records.filter(pa.array(stays)), dropped)
