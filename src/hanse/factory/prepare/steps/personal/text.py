"""Texts as one run of bytes, and where digits stand in them. Everything here is arithmetic on whole arrays: no loop over bytes."""

from __future__ import annotations

from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]

LONGEST_RUN: Final = 19
"""Digits in a row that may be a number with a meaning for people; more are a hash, a constant or a table."""


def table(members: bytes) -> NDArray[np.bool_]:
    """Return a table that tells of each byte whether it is among some."""
    table = np.zeros(256, np.bool_)
    table[list(members)] = True
    return table


_UPPER: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WORD: Final = table(_UPPER + _UPPER.lower() + b"0123456789_")
"""ASCII letters, digits and the underscore."""
_IS_WORD: Final = tuple(WORD.tolist())
_LINE: Final = ord("_")
LETTER: Final = table(_UPPER + _UPPER.lower())
HEX: Final = table(b"0123456789abcdefABCDEF")
_BETWEEN: Final = table(b" -./()\xc2\xa0\xe2\x80\xaf\x89\x91\x93")
"""What stands between the groups of one number: space, hyphen, dot, slash, brackets; no-break and thin spaces, dashes (UTF-8)."""
_WIDEST: Final = 3


def is_digit(byte: int) -> bool:
    """Tell whether a byte is a digit."""
    return 48 <= byte < 58


class Runs(NamedTuple):
    """Digits in a row: from `begins[i]` to before `ends[i]`; `joined[i]` tells that run i + 1 may belong to the same number."""

    begins: Positions
    ends: Positions
    joined: NDArray[np.bool_]


class Clusters(NamedTuple):
    """Runs that may be one number: bytes `begins[i]` to before `ends[i]`, with `digits[i]` digits in `runs[i]` runs."""

    begins: Positions
    ends: Positions
    digits: Positions
    runs: Positions
    first: Positions

    def where(self, chosen: NDArray[np.bool_]) -> Clusters:
        """Return some of them."""
        return Clusters(*(column[chosen] for column in self))


class Chunk:
    """Some texts as bytes, a NUL before, between and after them: record `i` is the bytes `starts[i]` to before `stops[i]`."""

    def __init__(self, data: bytes, starts: Positions, stops: Positions) -> None:
        self.data = data
        self.starts = starts
        self.stops = stops
        self.bytes: NDArray[np.uint8] = np.frombuffer(data, np.uint8)

    def record(self, positions: Positions) -> Positions:
        """Return the index of the record that each byte belongs to."""
        return np.searchsorted(self.starts, positions, side="right") - 1

    def at(self, positions: Positions, offset: int) -> NDArray[np.uint8]:
        """Return the byte `offset` after each position; NUL outside the chunk."""
        return self.bytes.take(positions + offset, mode="clip")

    def of(self, byte: bytes) -> Positions:
        """Return where a byte stands."""
        return np.flatnonzero(self.bytes == byte[0])

    def row(self, byte: bytes, apart: int, times: int) -> Positions:
        """Return where a byte stands for the first of several times, always as far apart. Cheaper than `of` for a frequent byte."""
        mask = self.bytes == byte[0]
        found = np.flatnonzero(mask[:-apart] & mask[apart:])
        for number in range(2, times):
            found = found[self.at(found, apart * number) == byte[0]]
        return found

    def alone(self, begin: int, end: int) -> bool:
        """Tell whether no ASCII letter, digit or underscore touches the bytes."""
        return not _IS_WORD[self.data[begin - 1]] and not _IS_WORD[self.data[end]]

    def word(self, begin: int, end: int) -> bool:
        """Tell whether the bytes are a word, also as a part of a name: `phone` in `phone_home`."""
        before, after = self.data[begin - 1], self.data[end]
        return (before == _LINE or not _IS_WORD[before]) and (after == _LINE or not _IS_WORD[after])

    def windows(self, begins: Positions, ends: Positions, before: int, after: int) -> list[tuple[int, int]]:
        """Return stretches with some bytes before and after, within the records, ascending and apart from each other."""
        if not len(begins):
            return []
        record = self.record(begins)
        low = np.maximum(begins - before, self.starts[record])
        high = np.maximum.accumulate(np.minimum(ends + after, self.stops[record]))
        opens = np.flatnonzero(np.concatenate(([True], low[1:] > high[:-1])))
        closes = np.concatenate((opens[1:], [len(low)])) - 1
        return list(zip(low[opens].tolist(), high[closes].tolist(), strict=True))

    @cached_property
    def runs(self) -> Runs:
        """All digits in a row."""
        digit = (self.bytes - np.uint8(48)) < 10
        edges = np.flatnonzero(digit[1:] != digit[:-1]) + 1
        begins, ends = edges[::2], edges[1::2]
        joined = np.zeros(len(begins), np.bool_)
        if len(begins) > 1:
            near = np.flatnonzero(begins[1:] - ends[:-1] <= _WIDEST)
            near = near[_BETWEEN[self.bytes[ends[near]]] & _BETWEEN[self.bytes[begins[near + 1] - 1]]]
            short = (ends[near] - begins[near] <= LONGEST_RUN) & (ends[near + 1] - begins[near + 1] <= LONGEST_RUN)
            joined[near[short]] = True
        return Runs(begins, ends, joined)

    @cached_property
    def clusters(self) -> Clusters:
        """All runs of digits that may be one number, of six digits or more."""
        begins, ends, joined = self.runs
        if not len(begins):
            none = np.zeros(0, np.int64)
            return Clusters(none, none, none, none, none)
        firsts = np.flatnonzero(~np.concatenate(([False], joined[:-1])))
        lasts = np.concatenate((firsts[1:], [len(begins)])) - 1
        total = np.add.reduceat(ends - begins, firsts)
        found = Clusters(begins[firsts], ends[lasts], total, lasts - firsts + 1, firsts)
        return found.where((total >= 6) & ((found.runs > 1) | (total <= LONGEST_RUN)))


def sorted_pairs(*some: tuple[Positions, Positions]) -> tuple[Positions, Positions]:
    """Return begins and ends of several kinds together, by their begins."""
    begins, ends = np.concatenate([pair[0] for pair in some]), np.concatenate([pair[1] for pair in some])
    order = np.argsort(begins, kind="stable")
    return begins[order], ends[order]


def dumped(chunk: Chunk, begin: int) -> bool:
    """Tell whether what begins here is in a line of a hexadecimal dump: `2e54 4820 5858 4420`."""
    before = chunk.data[max(begin - 6, 0) : begin]
    return len(before) == 6 and before[5] == 32 and not WORD[before[0]] and bool(HEX[list(before[1:5])].all())
