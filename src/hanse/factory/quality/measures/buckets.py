"""Counts what is there again in bounded memory: hashes of records, sorted into files, so that equal ones meet in one file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BufferedWriter
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hanse.factory.quality.tables.table import Table

_Hashes = NDArray[np.uint64]
_PER_BUCKET: Final = 4_000_000
"""Hashes of a file, about: 32 MB."""
_MOST: Final = 256
_SEED: Final = 20_110


def repeated(table: Table, columns: list[str], *, drop_nulls: bool = False) -> int:
    """Count the records that equal one before them in these columns."""

    def hashes(frame: pl.DataFrame) -> _Hashes:
        kept = frame.drop_nulls() if drop_nulls else frame
        return kept.hash_rows(seed=_SEED).to_numpy().reshape(-1, 1) if len(kept) else np.zeros((0, 1), np.uint64)

    return sum(_twice(one[:, 0]) for one in _met(table, columns, hashes))


def conflicting(table: Table, inputs: list[str], label: str) -> int:
    """Count the records that equal others in the columns `inputs`, and not in the label. Nulls and blanks are no labels."""

    def hashes(frame: pl.DataFrame) -> _Hashes:
        labelled = frame.filter(pl.col(label).cast(pl.String).str.strip_chars() != "")
        if not len(labelled):
            return np.zeros((0, 2), np.uint64)
        return np.column_stack([labelled.select(inputs).hash_rows(seed=_SEED).to_numpy(), labelled[label].hash(_SEED).to_numpy()])

    return sum(map(_several, _met(table, list(dict.fromkeys([*inputs, label])), hashes)))


def _met(table: Table, columns: list[str], hashes: Callable[[pl.DataFrame], _Hashes]) -> Iterator[_Hashes]:
    """Yield the hashes of all records (a line each), so that those whose first number is the same come together."""
    if table.small:
        yield hashes(table.raw.select(columns).collect())
        return
    folder = table.workshop / "hashes"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / str(number) for number in range(min(_MOST, max(1, -(-table.rows // _PER_BUCKET))))]
    width = 1
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(path.open("wb")) for path in paths]
            for found in map(hashes, table.batches(raw=True, columns=columns)):
                width = found.shape[1]
                _spread(found, files)
        for path in paths:
            yield np.fromfile(path, dtype=np.uint64).reshape(-1, width)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _spread(hashes: _Hashes, files: list[BufferedWriter]) -> None:
    bucket = (hashes[:, 0] >> np.uint64(40)) % np.uint64(len(files))
    for number, file in enumerate(files):
        file.write(hashes[bucket == number].tobytes())


def _twice(hashes: _Hashes) -> int:
    ordered = np.sort(hashes)
    return int(np.count_nonzero(ordered[1:] == ordered[:-1]))


def _several(pairs: _Hashes) -> int:
    frame = pl.DataFrame({"of": pairs[:, 0], "label": pairs[:, 1]})
    groups = frame.group_by("of").agg(pl.col("label").n_unique().alias("labels"), pl.len().alias("records"))
    return int(groups.filter(pl.col("labels") > 1)["records"].sum())
