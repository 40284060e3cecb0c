"""The rules of C4 (Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2.2).

They take lines out of documents, and drop documents that have no more than a few sentences left or that are no natural text. Numbers and
the order of the rules are those of the paper and of the code that made the data; where sentences end is read from full stops, question
and exclamation marks that are followed by a word.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import ClassVar, Final
from unicodedata import category

import pyarrow as pa

from hanse.factory.prepare.base import TEXT, Applied, Step
from hanse.factory.prepare.steps.filters.batches import batches
from hanse.factory.prepare.steps.filters.limits import check_numbers
from hanse.factory.prepare.steps.filters.verdicts import applied
from hanse.factory.prepare.steps.filters.words import split
from hanse.kernel.errors import Invalid

_CITATION: Final = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
_POLICY: Final = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
_REMEMBERED: Final = 64
"""Characters of the longest run of non-blanks that is remembered, and how many are."""
_MOST: Final = 100_000
_STOPS: Final = frozenset(".?!։؟۔܀܁܂।॥၊။።፧፨។៕᠃᠉‼‽⁇⁈⁉⸮。！．？｡")
"""A word that is one of these ends a sentence."""


class C4(Step, frozen=True, kw_only=True):
    """Drops lines, and documents with too little left, by C4's rules; what stays of a document is its lines that stay.

    `counts` tells how many lines went by which rule, blank ones aside. A limit that is null switches its rule off.
    """

    name: ClassVar[str] = "c4"
    version: ClassVar[str] = "1"

    line_ends: tuple[str, ...] = (".", "!", "?", '"')
    """A line that ends with none of these goes, and one that ends with an ellipsis; empty keeps all."""
    min_words: int | None = 5
    """Words of a line (what stands between blanks)."""
    max_word: int | None = 1000
    """Characters of the longest word of a line."""
    min_sentences: int | None = 3
    """Sentences of a document, in the lines that are left."""
    without_citations: bool = True
    """Take `[1]`, `[edit]` and `[citation needed]` out."""
    javascript: bool = True
    """Whether lines with the word Javascript go."""
    policies: bool = True
    """Whether lines about cookies, privacy and terms of use go."""
    lorem_ipsum: bool = True
    """Whether documents with this phrase go."""
    curly_brackets: bool = True
    """Whether documents with one go: they are mostly code."""
    bad_words: tuple[str, ...] = ()
    """Words of which none may be in a document, case aside. The paper took a public list; none comes with Hanse."""

    def check(self) -> None:
        """Raise `Invalid` for a limit that is none and for words that would be in everything."""
        check_numbers(self)
        if not all(word.strip() for word in self.bad_words):
            raise Invalid("A bad word is empty.", where="bad_words", rule="step")
        if not all(self.line_ends):
            raise Invalid("A line end is empty.", where="line_ends", rule="step", hint="To keep lines with any end: line_ends: [].")

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Take lines out of the texts, and drop the records that a rule hits."""
        page = _Page(self)
        texts: list[str] = []
        reasons: list[str] = []
        for batch in batches(records):
            for text in batch:
                kept, reason = page.read(text)
                texts.append(text if reason else kept)
                reasons.append(reason)
        at = records.schema.get_field_index(TEXT)
        changed = records.set_column(at, records.schema.field(at), pa.array(texts, pa.large_string()))
        return applied(changed, reasons, {f"lines-{why}": many for why, many in sorted(page.gone.items())})


class _Page:
    """Reads documents by the rules, and counts the lines that go."""

    def __init__(self, rules: C4) -> None:
        self._rules = rules
        self._most = rules.max_word
        self._no_blank = bool(rules.line_ends or rules.min_words)
        self._bad = _any_word(rules.bad_words)
        self._sentences = _Sentences()
        self.gone: Counter[str] = Counter()

    def read(self, text: str) -> tuple[str, str]:
        """Return what is left of a document, and why all of it goes."""
        lines: list[str] = []
        gone: list[str] = []
        for raw in text.splitlines():
            line = raw.strip()
            if self._no_blank and not line:
                continue
            kept, why = self._line(line)
            if why.startswith("c4-"):
                return "", why
            if why:
                gone.append(why)
            else:
                lines.append(kept)
        reason = self._left(lines)
        if not reason:
            self.gone.update(gone)
        return "\n".join(lines).strip(), reason

    def _left(self, lines: list[str]) -> str:
        wanted = self._rules.min_sentences
        if wanted is not None:
            found = 0
            for line in lines:
                found += self._sentences.count(line)
                if found >= wanted:
                    break
            if found < wanted:
                return "c4-few-sentences"
        return "c4-bad-word" if self._bad and self._bad.search("\n".join(lines).lower()) else ""

    def _line(self, line: str) -> tuple[str, str]:
        """Return the line, changed, and why it goes; if the reason begins with `c4-`, all of the document goes."""
        words = line.split()
        if self._most is not None and len(line) > self._most and max(map(len, words), default=0) > self._most:
            return "", "long-word"
        if self._rules.without_citations and "[" in line:
            line = _CITATION.sub("", line)
        if self._rules.line_ends and (not line.endswith(self._rules.line_ends) or line.endswith("...")):
            return "", "no-end"
        if self._rules.min_words is not None and len(words) < self._rules.min_words:
            return "", "few-words"
        return line, self._phrase(line)

    def _phrase(self, line: str) -> str:
        low = line.lower()
        if self._rules.lorem_ipsum and "lorem ipsum" in low:
            return "c4-lorem-ipsum"
        if self._rules.javascript and "javascript" in low:
            return "javascript"
        if self._rules.curly_brackets and "{" in line:
            return "c4-curly-bracket"
        return "policy" if self._rules.policies and any(phrase in low for phrase in _POLICY) else ""


class _Sentences:
    """Counts sentences: a new one begins with the first word, not a sign, behind a stop that stands for itself."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def count(self, line: str) -> int:
        """Return how many sentences a line has; 0 if there is none."""
        kinds = "".join([self._kinds(run) for run in line.split()])
        return 0 if not kinds else len(re.findall(r"s[sp]*w", kinds)) + 1

    def _kinds(self, run: str) -> str:
        """Return a letter for each word of a run: `s` for a stop, `p` for other signs, `w` for words."""
        found = self._known.get(run)
        if found is None:
            found = "".join([_kind(word) for word in split(run)])
            if len(run) <= _REMEMBERED and len(self._known) < _MOST:
                self._known[run] = found
        return found


def _kind(word: str) -> str:
    if word in _STOPS:
        return "s"
    return "p" if all(category(sign)[0] == "P" for sign in word) else "w"


def _any_word(words: tuple[str, ...]) -> re.Pattern[str] | None:
    if not words:
        return None
    longest_first = sorted({word.lower() for word in words}, key=lambda word: (-len(word), word))
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)")
