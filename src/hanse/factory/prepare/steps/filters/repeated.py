"""Sequences of words that a document repeats, for many documents at once.

A sequence of n + 1 words can only be repeated where one of n words is. So the places where a sequence begins that occurs more than once
get fewer with every word, and only they are sorted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hanse.factory.prepare.steps.filters.batches import Numbers, Words


class Repeated:
    """The repeated sequences of `size` words in each document; `longer` goes on to sequences of one more word."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._owner = np.repeat(np.arange(len(words.begins) - 1, dtype=np.int64), words.counts)
        self._end = words.begins[1:][self._owner]
        self._chars = np.concatenate([[0], np.cumsum(words.lengths)]).astype(np.int64)
        self._many = max(len(words.number), 1)
        self.size = 1
        self._at: Numbers = np.arange(len(words.ids), dtype=np.int64)
        self._group: Numbers = self._owner * self._many + words.ids
        self._first: Numbers = np.zeros(0, np.int64)
        self._count: Numbers = np.zeros(0, np.int64)

    def longer(self, wanted: NDArray[np.bool_]) -> None:
        """Go on to sequences of one more word, in the documents that are wanted (those that were left out before stay out)."""
        self.size += 1
        fits = (self._at + self.size <= self._end[self._at]) & wanted[self._owner[self._at]]
        at = self._at[fits]
        key = self._group[fits] * self._many + self._words.ids[at + self.size - 1]
        order = np.argsort(key)
        at, key = at[order], key[order]
        begins = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.zeros(0, np.int64)
        counts = np.diff(np.append(begins, len(key)))
        again = counts > 1
        self._at = at[np.repeat(again, counts)]
        self._count = counts[again]
        self._group = np.repeat(np.arange(len(self._count), dtype=np.int64), self._count)
        starts = np.cumsum(self._count) - self._count
        self._first = np.minimum.reduceat(self._at, starts) if len(starts) else np.zeros(0, np.int64)

    def top_characters(self) -> Numbers:
        """Return, for each document, the characters of its most frequent sequence, blanks between its words included, times its count.

        Of several that are as frequent the first counts; so if none is repeated, it is the sequence at the beginning.
        """
        begins, ends = self._words.begins[:-1], self._words.begins[1:]
        place = np.where(begins + self.size <= ends, begins, -1)
        times = np.ones(len(begins), np.int64)
        if len(self._first):
            owner = self._owner[self._first]
            segments = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
            most = np.maximum.reduceat(self._count, segments)
            is_most = self._count == np.repeat(most, np.diff(np.append(segments, len(owner))))
            earliest = np.minimum.reduceat(np.where(is_most, self._first, len(self._owner)), segments)
            place[owner[segments]] = earliest
            times[owner[segments]] = most
        characters = self._chars[np.minimum(place + self.size, len(self._chars) - 1)] - self._chars[place] + self.size - 1
        return np.where(place < 0, 0, characters * times).astype(np.int64)

    def covered_characters(self) -> Numbers:
        """Return, for each document, the characters of all words that stand in a sequence that occurred before, each counted once."""
        later = self._at[self._at != self._first[self._group]]
        marks = np.zeros(len(self._words.ids) + 1, np.int32)
        marks[later] += 1
        marks[later + self.size] -= 1
        return self._words.sums(np.where(np.cumsum(marks[:-1]) > 0, self._words.lengths, 0))

    def skipping_characters(self, wanted: NDArray[np.bool_]) -> Numbers:
        """Return, for the documents that are wanted, the characters of sequences that occurred before, read from the beginning.

        After such a sequence reading goes on behind it; sequences that begin inside it are neither counted nor remembered.
        """
        chosen = wanted[self._owner[self._at]]
        at, group = self._at[chosen], self._group[chosen]
        order = np.argsort(at)
        seen = bytearray(len(self._count))
        hits: list[int] = []
        free = 0
        size = self.size
        for place, number in zip(at[order].tolist(), group[order].tolist(), strict=True):
            if place < free:
                continue
            if seen[number]:
                hits.append(place)
                free = place + size
            else:
                seen[number] = 1
        found = np.asarray(hits, np.int64)
        characters = self._chars[found + size] - self._chars[found]
        return np.bincount(self._owner[found], characters, len(wanted)).astype(np.int64)
