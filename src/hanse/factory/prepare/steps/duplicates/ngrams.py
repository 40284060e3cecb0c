"""Sequences of words as numbers of 64 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import daft
import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from hanse.factory.prepare.steps.duplicates.words import words

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_BASE: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
_LENGTH: Final = 0xD1B54A32D192ED03

Numbers = NDArray[np.uint64]


class Sequence(NamedTuple):
    """The words of several texts one after the other, and where each text begins (and the last one ends)."""

    words: pa.Array
    begins: NDArray[np.int64]
    sums: Numbers
    undo: Numbers

    def ngrams(self, length: int) -> Numbers:
        """Return, for each word but the last, the number of the `length` words that begin there: the same for the same words.

        Other words have another number, but for a chance of 2**-64 per pair (XXH3 of each word, then a polynomial of these). Some begin in
        one text and end in another: see `inside`.
        """
        if len(self.words) < length:
            return np.empty(0, np.uint64)
        return (self.sums[length:] - self.sums[:-length]) * self.undo[: len(self.sums) - length] + np.uint64(_LENGTH * length % (1 << 64))

    def inside(self, places: NDArray[np.int64], length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return those of the places at which `length` words begin that are in the same text, and which text that is."""
        rows = np.searchsorted(self.begins, places, side="right") - 1
        whole = places + length <= self.begins[rows + 1]
        return places[whole], rows[whole]


def sequence(texts: pa.ChunkedArray | pl.Series) -> Sequence:
    """Return the words of texts (see `words.words`). Takes about 60 bytes per word."""
    found = pc.split_pattern(words(texts).to_arrow(), " ")
    hashed = daft.Series.from_arrow(found.values).hash().to_arrow().to_numpy()
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(hashed * _powers(_BASE, len(hashed)), dtype=np.uint64)])
    return Sequence(found.values, found.offsets.to_numpy().astype(np.int64), sums, _powers(_INVERSE, len(sums)))


def _powers(base: int, count: int) -> Numbers:
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)  # modulo 2**64
