"""Markdown out of texts by others: whatever they wrote is shown as they wrote it, and means nothing (CommonMark 0.31).

No mark-up, HTML, link or formula in a value has any effect. Lines stay lines, and nothing outgrows its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from hanse.factory.documents.fields import NOT_KNOWN

MAX_CELL: Final = 300
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>|~&$])")
_STARTS: Final = re.compile(r"^(\s*)([=+\-@#])")
_NUMBERED: Final = re.compile(r"^(\s*[0-9]{1,9})([.)])(?=\s|$)")
_LINK: Final = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])")


def plain(text: str) -> str:
    """Return one line of text so that it means nothing but itself."""
    line = "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))
    line = _MARKS.sub(r"\\\1", line)
    line = _LINK.sub(r"\1\\\2", line)  # a reader is shown an address, not led to it
    return _NUMBERED.sub(r"\1\\\2", _STARTS.sub(r"\1\\\2", line))


def cell(text: str) -> str:
    """Return a text for a table's cell, shortened if it is long."""
    short = " ".join(text.split())
    return plain(short if len(short) <= MAX_CELL else f"{short[:MAX_CELL]}…")


class Sheet:
    """A document in the making."""

    def __init__(self, title: str) -> None:
        self._lines = [f"# {plain(title)}", ""]

    def section(self, title: str) -> None:
        """Begin a section. `title` is ours."""
        self._lines += [f"## {title}", ""]

    def ask(self, question: str, answer: str | None, *, told: str = "") -> None:
        """Write a question of ours with its answer, line by line; `told` says by whom it was told. Without one, it is not known."""
        self._lines += [f"**{question}**", ""]
        texts = [line for line in (answer or "").split("\n") if line.strip()]
        if not texts:
            self._lines += [f"*{NOT_KNOWN}*", ""]
            return
        for line in texts:
            self._lines += [f"> {plain(line)}", ">"]
        self._lines[-1] = ""
        if told:
            self._lines += [f"({told})", ""]

    def say(self, sentence: str) -> None:
        """Write a sentence of ours; what it names has gone through `plain`."""
        self._lines += [sentence, ""]

    def points(self, texts: Iterable[str]) -> None:
        """Write a list."""
        self._lines += [*(f"- {plain(one)}" for one in texts), ""]

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write a table. The names of the columns are ours."""
        self._lines += [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
        self._lines += [f"| {' | '.join(map(cell, row))} |" for row in rows]
        self._lines.append("")

    def data(self) -> bytes:
        """Return the document."""
        return ("\n".join(self._lines).rstrip("\n") + "\n").encode()
