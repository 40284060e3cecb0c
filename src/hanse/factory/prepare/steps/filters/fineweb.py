"""FineWeb's own filters (Penedo et al., "The FineWeb Datasets", 3.4): pages that are lists, or text with hard line ends or repeated lines.

The limits are those of the published pipeline. (The paper names 0.1 for the characters in repeated lines; the data was made with 0.01.)
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

import pyarrow as pa

from hanse.factory.prepare.base import Applied, Step
from hanse.factory.prepare.steps.filters.batches import batches
from hanse.factory.prepare.steps.filters.limits import check_numbers, exceeds
from hanse.factory.prepare.steps.filters.verdicts import applied
from hanse.factory.prepare.steps.filters.words import split

ENDS: Final = ".?!։؝؞؟۔܀܁܂߹।॥၊။።፧፨᙮᜵᜶។៕៖៙៚᠃᠉᥄᥅‼‽⁇⁈⁉⸮⸼⹓⹔。꓿꘎꘏꛳꛷﹒﹖﹗！．？｡"
"""Signs that end a sentence (Unicode's property Sentence_Terminal, of the scripts in wide use)."""


class FineWeb(Step, frozen=True, kw_only=True):
    """Drops documents by FineWeb's rules. A limit that is null switches its rule off."""

    name: ClassVar[str] = "fineweb"
    version: ClassVar[str] = "1"

    min_ended_lines: float | None = 0.12
    """Share of lines that end with the end of a sentence. Lines without text are no lines."""
    ends: str = ENDS
    max_short_lines: float | None = 0.67
    """Share of lines that are short."""
    short: int = 30
    """Characters of the longest line that is short."""
    max_repeated_characters: float | None = 0.01
    """Share of characters in lines that occurred before."""
    max_line_ends: float | None = 0.3
    """Line ends for each word."""

    def check(self) -> None:
        """Raise `Invalid` for a limit that is none."""
        check_numbers(self)

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Drop the records that a rule hits."""
        reasons: list[str] = []
        ends = frozenset(self.ends)
        for texts in batches(records):
            reasons += [self._reason(text, ends) for text in texts]
        return applied(records, reasons)

    def _reason(self, text: str, ends: frozenset[str]) -> str:
        return self._by_lines(text, ends) or ("fineweb-list" if self._is_list(text) else "")

    def _is_list(self, text: str) -> bool:
        line_ends, runs = text.count("\n"), text.split()
        if not exceeds(line_ends / max(len(runs), 1), self.max_line_ends):
            return False
        return exceeds(line_ends / max(sum(map(len, map(split, runs))), 1), self.max_line_ends)

    def _by_lines(self, text: str, ends: frozenset[str]) -> str:
        lines = [line for line in text.split("\n") if line and not line.isspace()]
        many = len(lines)
        if not many:
            return "fineweb-empty"
        if self.min_ended_lines is not None and sum(line[-1] in ends for line in lines) / many < self.min_ended_lines:
            return "fineweb-unended-lines"
        if exceeds(sum(len(line) <= self.short for line in lines) / many, self.max_short_lines):
            return "fineweb-short-lines"
        once = set(lines)
        again = sum(map(len, lines)) - sum(map(len, once)) if len(once) < many else 0
        return "fineweb-repeated-lines" if exceeds(again / (len(text) - text.count("\n")), self.max_repeated_characters) else ""
