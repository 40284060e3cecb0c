"""What is only known by the words beside it: a number of nine digits is a citizen's number where `BSN` stands before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from msgspec import Struct

from hanse.factory.prepare.steps.personal.findings import Found
from hanse.factory.prepare.steps.personal.patterns import compiled
from hanse.factory.prepare.steps.personal.text import Chunk, Positions, is_digit, sorted_pairs

AHEAD: Final = 60
"""How many bytes after the word's end what it announces must end."""
BEHIND: Final = 30
"""How many bytes before the word what it explains must begin: `12345678Z (DNI)`."""
_WORD: Final = 48
"""The longest word, in bytes."""
_WORDS: Final = 4096
"""How many words are remembered with their rules."""


class Rule(Struct, frozen=True):
    """A kind of finding: the words that announce it, its form and its test (both see the text as written). Words and forms are RE2."""

    kind: str
    words: str
    form: str
    holds: Callable[[str], bool]
    behind: int = BEHIND


class Beside:
    """Finds what rules say, in the neighbourhood of their words. The text may hold any number of words and numbers: time is linear."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.kinds = tuple(dict.fromkeys(rule.kind for rule in rules))
        self._rules = rules
        self._any = "(?i)" + "|".join(f"(?:{rule.words})" for rule in rules)
        self._rules_of = lru_cache(_WORDS)(self._by_word)

    def find(self, chunk: Chunk) -> Iterable[Found]:
        """Look for the words only where numbers are, and for the numbers only where the words are."""
        begins, ends = _numbers(chunk)
        windows = chunk.windows(begins, ends, AHEAD + _WORD, BEHIND + _WORD)
        # A number between two words is found twice. Of two rules that it keeps the first wins.
        found = {one for low, high in windows for one in self._announced_in(chunk, low, high)}
        return sorted(found, key=lambda one: (one.begin, self.kinds.index(one.kind), one.end))

    def _announced_in(self, chunk: Chunk, low: int, high: int) -> Iterator[Found]:
        for word in compiled(self._any).finditer(chunk.data, low, high):
            begin, end = word.span()
            if not chunk.word(begin, end):
                continue
            for rule in self._rules_of(chunk.data[begin:end]):
                yield from _matches(chunk, rule, max(low, begin - rule.behind), begin)
                yield from _matches(chunk, rule, end, min(high, end + AHEAD))

    def _by_word(self, word: bytes) -> tuple[Rule, ...]:
        return tuple(rule for rule in self._rules if compiled(f"(?i){rule.words}").fullmatch(word))


def _numbers(chunk: Chunk) -> tuple[Positions, Positions]:
    """Return where numbers are that could be somebody's: six digits or more, or a year."""
    clusters = chunk.clusters
    begins, ends, _ = chunk.runs
    four = np.flatnonzero(ends - begins == 4)
    year = four[np.isin(chunk.bytes[begins[four]].astype(np.int64) * 256 + chunk.bytes[begins[four] + 1], _CENTURIES)]
    return sorted_pairs((clusters.begins, clusters.ends), (begins[year], ends[year]))


_CENTURIES: Final = tuple(a * 256 + b for a, b in (b"18", b"19", b"20"))


def _matches(chunk: Chunk, rule: Rule, low: int, high: int) -> Iterator[Found]:
    for match in compiled(rule.form).finditer(chunk.data, low, high):
        begin, end = match.span()
        if whole(chunk, begin, end) and rule.holds(chunk.data[begin:end].decode("utf-8", "replace")):
            yield Found(begin, end, rule.kind)


def whole(chunk: Chunk, begin: int, end: int) -> bool:
    """Tell whether the bytes are no part of a longer word or number: `3.14`, `12-34`."""
    if not chunk.alone(begin, end):
        return False
    before = chunk.data[begin - 1] in b"-./" and is_digit(chunk.data[begin - 2])
    return not before and not (chunk.data[end] in b"-./" and is_digit(chunk.data[end + 1]))
