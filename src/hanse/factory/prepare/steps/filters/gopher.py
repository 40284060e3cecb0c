"""The rules of Gopher's training data (Rae et al., "Scaling Language Models: Methods, Analysis & Insights from Training Gopher", A.1.1).

First quality, then repetition, as in the paper; of each the rules in the paper's order. Where the paper leaves something open (what a
line is, which of two sequences is the most frequent), the reading is that of the common published implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import pyarrow as pa
from msgspec import field
from numpy.typing import NDArray

from hanse.factory.prepare.base import Applied, Step
from hanse.factory.prepare.steps.filters.batches import PIECE, Numbers, Words, batches, pieces
from hanse.factory.prepare.steps.filters.limits import above, below, check_numbers, exceeds, share
from hanse.factory.prepare.steps.filters.repeated import Repeated
from hanse.factory.prepare.steps.filters.verdicts import Verdicts, applied
from hanse.kernel.errors import Invalid

MOST_WORDS: Final = 100
"""Words of the longest sequence that can be asked for."""


class Gopher(Step, frozen=True, kw_only=True):
    """Drops documents by Gopher's rules. A limit that is null switches its rule off."""

    name: ClassVar[str] = "gopher"
    version: ClassVar[str] = "1"

    min_words: int | None = 50
    """Words that are signs alone are not counted here."""
    max_words: int | None = 100_000
    min_mean_length: float | None = 3
    """Characters of a word on average."""
    max_mean_length: float | None = 10
    max_symbols: float | None = 0.1
    """Hash signs, or ellipses, for each word."""
    max_bullets: float | None = 0.9
    """Share of lines that begin with a bullet."""
    max_ellipsis_lines: float | None = 0.3
    """Share of lines that end with an ellipsis."""
    min_with_letter: float | None = 0.8
    """Share of words that have a letter."""
    min_stop_words: int | None = 2
    """How many different stop words a document must have."""
    stop_words: tuple[str, ...] = ("the", "be", "to", "of", "and", "that", "have", "with")
    max_repeated_lines: float | None = 0.3
    max_repeated_paragraphs: float | None = 0.3
    max_repeated_line_characters: float | None = 0.2
    max_repeated_paragraph_characters: float | None = 0.2
    max_top: dict[int, float] = field(default_factory=lambda: {2: 0.20, 3: 0.18, 4: 0.16})
    """Share of characters in the most frequent sequence of so many words."""
    max_repeated: dict[int, float] = field(default_factory=lambda: {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10})
    """Share of characters in repeated sequences of so many words."""

    def check(self) -> None:
        """Raise `Invalid` for a limit that is none, and for sequences of fewer than two words or more than a hundred."""
        check_numbers(self)
        for name, limits in (("max_top", self.max_top), ("max_repeated", self.max_repeated)):
            if not all(2 <= size <= MOST_WORDS for size in limits):
                raise Invalid(f"Sequences have 2 to {MOST_WORDS} words.", where=name, rule="step")

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Drop the records that a rule hits."""
        reasons: list[str] = []
        for texts in batches(records):
            reasons += self._reasons(texts)
        return applied(records, reasons)

    def _reasons(self, texts: list[str]) -> list[str]:
        verdicts = Verdicts(len(texts))
        for row, text in enumerate(texts):
            if len(text) > PIECE and self._too_long(text):
                verdicts.drop_one(row, "gopher-too-long")
                texts[row] = ""
        words = Words(texts)
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        verdicts.drop(lengths == 0, "gopher-empty")
        self._by_words(verdicts, words, texts)
        self._by_lines(verdicts, texts)
        self._by_letters(verdicts, words)
        self._by_repeated_lines(verdicts, texts)
        self._by_sequences(verdicts, words, lengths)
        return verdicts.reasons

    def _too_long(self, text: str) -> bool:
        """Tell whether a long document has too many words, in the memory that a piece of it takes."""
        found = 0
        for piece in pieces(text):
            words = Words([piece])
            found += int(words.counts[0] - words.sums(words.signs)[0])
            if exceeds(found, self.max_words):
                return True
        return False

    def _by_words(self, verdicts: Verdicts, words: Words, texts: list[str]) -> None:
        counted = words.counts - words.sums(words.signs)
        verdicts.drop(below(counted, self.min_words), "gopher-too-short")
        verdicts.drop(above(counted, self.max_words), "gopher-too-long")
        mean = share(words.sums(np.where(words.signs, 0, words.lengths)), counted)
        some = counted > 0
        verdicts.drop(some & below(mean, self.min_mean_length), "gopher-short-words")
        verdicts.drop(some & above(mean, self.max_mean_length), "gopher-long-words")
        verdicts.drop(above(share(_each(texts, lambda text: text.count("#")), words.counts), self.max_symbols), "gopher-hashes")
        dots = _each(texts, lambda text: text.count("...") + text.count("…"))
        verdicts.drop(above(share(dots, words.counts), self.max_symbols), "gopher-ellipses")

    def _by_lines(self, verdicts: Verdicts, texts: list[str]) -> None:
        lines = {row: texts[row].splitlines() for row in np.flatnonzero(verdicts.open).tolist()}
        for limit, counted, reason in (
            (self.max_bullets, _bullets, "gopher-bullets"),
            (self.max_ellipsis_lines, _ellipses, "gopher-ellipsis-lines"),
        ):
            if limit is not None:
                hit = np.zeros(len(texts), np.bool_)
                hit[list(lines)] = [counted(found) / max(len(found), 1) > limit for found in lines.values()]
                verdicts.drop(hit, reason)

    def _by_letters(self, verdicts: Verdicts, words: Words) -> None:
        some = words.counts > 0
        verdicts.drop(some & below(share(words.sums(words.letters), words.counts), self.min_with_letter), "gopher-few-letters")
        verdicts.drop(below(words.different(self.stop_words), self.min_stop_words), "gopher-stop-words")

    def _by_repeated_lines(self, verdicts: Verdicts, texts: list[str]) -> None:
        for row in np.flatnonzero(verdicts.open).tolist():
            reason = self._repeated_lines(texts[row])
            if reason:
                verdicts.drop_one(row, reason)

    def _repeated_lines(self, text: str) -> str:
        many, characters = _twice(_paragraphs(text.strip()), len(text))
        if exceeds(many, self.max_repeated_paragraphs):
            return "gopher-repeated-paragraphs"
        if exceeds(characters, self.max_repeated_paragraph_characters):
            return "gopher-repeated-paragraph-characters"
        lines = list(filter(None, text.split("\n")))
        many, characters = _twice([*lines, *([""] * (text.startswith("\n") + text.endswith("\n")))], len(text))
        if exceeds(many, self.max_repeated_lines):
            return "gopher-repeated-lines"
        return "gopher-repeated-line-characters" if exceeds(characters, self.max_repeated_line_characters) else ""

    def _by_sequences(self, verdicts: Verdicts, words: Words, lengths: Numbers) -> None:
        repeated = Repeated(words.of(verdicts.open))
        covered: NDArray[np.float64] | None = None
        for size in range(2, max((*self.max_top, *self.max_repeated, 1)) + 1):
            repeated.longer(verdicts.open)
            if size in self.max_top:
                verdicts.drop(share(repeated.top_characters(), lengths) > self.max_top[size], f"gopher-top-{size}-words")
            if size in self.max_repeated:
                # What repeated sequences cover gets less with every word: only where they cover enough must be read exactly.
                covered = share(repeated.covered_characters(), lengths) if covered is None else covered
                limit = self.max_repeated[size]
                skipped = repeated.skipping_characters(verdicts.open & (covered > limit))
                verdicts.drop(share(skipped, lengths) > limit, f"gopher-repeated-{size}-words")


def _each(texts: Sequence[str], counted: Callable[[str], int]) -> Numbers:
    return np.fromiter(map(counted, texts), np.int64, len(texts))


def _bullets(lines: list[str]) -> int:
    return sum(line.lstrip().startswith(("•", "-")) for line in lines)


def _ellipses(lines: list[str]) -> int:
    return sum(line.rstrip().endswith(("...", "…")) for line in lines)


def _paragraphs(text: str) -> list[str]:
    """Cut a text at two line ends or more."""
    found = text.split("\n\n")
    return [one.lstrip("\n") for one in found if one] if "\n\n\n" in text else found


def _twice(pieces: list[str], length: int) -> tuple[float, float]:
    """Return the share of pieces that occurred before, and the share of a text's characters in them."""
    once = set(pieces)
    if len(once) == len(pieces):
        return 0.0, 0.0
    characters = sum(map(len, pieces)) - sum(map(len, once))
    return (len(pieces) - len(once)) / len(pieces), characters / length
