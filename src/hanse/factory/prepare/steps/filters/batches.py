"""The words of many documents as arrays: each distinct run of non-blanks is split once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hanse.factory.prepare.base import TEXT
from hanse.factory.prepare.steps.filters.words import split

BATCH: Final = 4 * 2**20
"""Bytes of text that are worked on at once."""
MOST: Final = 4096
"""Documents that are worked on at once."""
PIECE: Final = 2**20
"""Characters of a long document that are looked at first, since it may be too long."""
_BLANK: Final = re.compile(r"\s")

SIGNS: Final = frozenset(
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~—–”“„’´∶‼⁇⁈⁉‽…«»、。〈〉《》「」【】！％（），．１：；？～━►|｡؟۔։।॥።၊။។៕᠃᠉"
    + "".join(map(chr, (*range(9), *range(11, 32), *range(127, 160))))
)
"""A word that is made of these alone is no word where words are counted or measured."""

Numbers = NDArray[np.int64]


class _Runs(dict[str, int]):
    """The number of each run, given when it is first asked for; keeps the words that each is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.words: dict[str, int] = {}
        self.flat: list[int] = []
        self.ends: list[int] = [0]

    def __missing__(self, run: str) -> int:
        words = self.words
        self.flat.extend([words.setdefault(word, len(words)) for word in split(run)])
        self.ends.append(len(self.flat))
        number = self[run] = len(self)
        return number


class Words:
    """The words of some documents, one after the other.

    `ids` are numbers of words (equal where the words are equal), `begins` says where each document's words begin, with the end of all
    behind them. `lengths` (characters), `signs` (made of signs alone) and `letters` (has a letter) are of each word in `ids`.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        runs = _Runs()
        numbers = [np.fromiter(map(runs.__getitem__, found), np.int64, len(found)) for found in map(str.split, texts)]
        each = np.asarray(runs.ends, np.int64)
        all_runs = np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
        self.ids: Numbers = _flattened(np.asarray(runs.flat, np.int64), each, all_runs)
        of_run = np.concatenate([[0], np.cumsum((each[1:] - each[:-1])[all_runs])])
        documents = np.concatenate([[0], np.cumsum([len(one) for one in numbers], dtype=np.int64)])
        self.begins: Numbers = of_run[documents.astype(np.int64)].astype(np.int64)
        self.number = runs.words
        known = list(runs.words)
        self.lengths: Numbers = np.fromiter(map(len, known), np.int64, len(known))[self.ids]
        self.signs: NDArray[np.bool_] = np.fromiter(map(SIGNS.issuperset, known), np.bool_, len(known))[self.ids]
        self.letters: NDArray[np.bool_] = np.fromiter(map(_has_letter, known), np.bool_, len(known))[self.ids]

    def of(self, wanted: NDArray[np.bool_]) -> Words:
        """Return the words of the documents that are wanted; the others have none."""
        part = copy(self)
        stay = np.repeat(wanted, self.counts)
        part.ids, part.lengths, part.signs, part.letters = self.ids[stay], self.lengths[stay], self.signs[stay], self.letters[stay]
        part.begins = np.concatenate([[0], np.cumsum(np.where(wanted, self.counts, 0))])
        return part

    @property
    def counts(self) -> Numbers:
        """How many words each document has."""
        return np.diff(self.begins).astype(np.int64)

    def different(self, wanted: Iterable[str]) -> Numbers:
        """Count, for each document, how many different words of those wanted it has."""
        ranks = np.full(len(self.number), -1, np.int64)
        known = [self.number[word] for word in sorted(set(wanted)) if word in self.number]
        ranks[known] = np.arange(len(known))
        found = ranks[self.ids]
        places = np.flatnonzero(found >= 0)
        owners = np.searchsorted(self.begins, places, "right") - 1
        pairs = np.unique(owners * max(len(known), 1) + found[places])
        counts: Numbers = np.bincount(pairs // max(len(known), 1), minlength=len(self.begins) - 1).astype(np.int64)
        return counts

    def sums(self, values: NDArray[np.bool_] | Numbers) -> Numbers:
        """Add up, for each document, a value that each word has."""
        total = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
        sums: Numbers = (total[self.begins[1:]] - total[self.begins[:-1]]).astype(np.int64)
        return sums


def _flattened(flat: Numbers, ends: Numbers, runs: Numbers) -> Numbers:
    """Put the words of all runs in a row."""
    if not len(runs):
        return np.zeros(0, np.int64)
    first = ends[runs]
    sizes = ends[runs + 1] - first
    begins = np.cumsum(sizes) - sizes
    words: Numbers = flat[np.repeat(first - begins, sizes) + np.arange(int(sizes.sum()), dtype=np.int64)]
    return words


def _has_letter(word: str) -> bool:
    return word.isalpha() or any(map(str.isalpha, word))


def batches(records: pa.Table) -> Iterator[list[str]]:
    """Yield the texts in batches of bounded size (one document may be larger)."""
    texts = records.column(TEXT)
    sizes = pc.fill_null(pc.binary_length(texts), 0).to_pylist()
    start = size = 0
    for row, more in enumerate(sizes):
        if row > start and (size + more > BATCH or row - start == MOST):
            yield _texts(texts, start, row)
            start, size = row, 0
        size += more
    if start < len(sizes):
        yield _texts(texts, start, len(sizes))


def pieces(text: str) -> Iterator[str]:
    """Yield a text in pieces of about `PIECE` characters, cut at blanks."""
    start = 0
    while start < len(text):
        blank = _BLANK.search(text, start + PIECE)
        end = blank.start() if blank else len(text)
        yield text[start:end]
        start = end


def _texts(texts: pa.ChunkedArray, start: int, end: int) -> list[str]:
    return [text or "" for text in texts.slice(start, end - start).to_pylist()]
