"""Which cells of a column may be worth a look, by their first byte and their length: so fast that every cell can be looked at."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def table_of(begins: bytes) -> NDArray[np.bool_]:
    """Return which first bytes are looked for."""
    out = np.zeros(256, dtype=np.bool_)
    out[list(begins)] = True
    return out


def beginning(column: pa.StringArray, begins: NDArray[np.bool_], shortest: int = 1, longest: int | None = None) -> NDArray[np.intp]:
    """Return the places of the cells that begin with one of these bytes and have so many; null cells and empty ones have none."""
    _, offsets, data = column.buffers()
    if not len(column) or data is None:
        return np.empty(0, dtype=np.intp)
    at = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    sizes = np.diff(at)
    fit = sizes >= shortest if longest is None else (sizes >= shortest) & (sizes <= longest)
    if column.null_count:
        fit &= column.is_valid().to_numpy(zero_copy_only=False)
    places = np.flatnonzero(fit)
    found: NDArray[np.intp] = places[begins[np.frombuffer(data, dtype=np.uint8)[at[:-1][places]]]]
    return found
