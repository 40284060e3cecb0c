"""Compares what a document shows with what came out, and learns which real id stands for which id of the document.

`...` stands for anything in a line, and alone in a line for any lines. Times, ages and widths of columns may differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ID = re.compile(r"\b(?:ds|off|neg|agr|trf|use|led|op|inv|vc|req|iss|rfs|ord|lea|hld|mir|asm|hanse_op)_[0-9A-Za-z_-]*[0-9A-Za-z]")
_TOKENS = re.compile(
    rf"(?P<id>{ID.pattern})"
    r"|(?P<any>\.\.\.)"
    r"|(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)"
    r"|(?P<moment>\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d:\d\d UTC)"
    r"|(?P<age>up for \d+ s)"
    r"|(?P<space>[ ─]+)"
)
_TIMES = {
    "any": r"[^\n]*",
    "time": r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?",
    "moment": r"\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d(?::\d\d)? UTC",  # on the minute no seconds are said
    "age": r"up for \d+ s",
    "space": r"[ ─]+",
}


class Ids:
    """Which real id stands for which id of the document."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}

    def real(self, text: str) -> str:
        """Return a document's text with real ids."""
        return ID.sub(lambda found: self._real.get(found[0], found[0]), text)

    def learn(self, shown: Sequence[str], output: str) -> bool:
        """Tell whether the output is what is shown; learn the new ids."""
        names: dict[str, str] = {}
        found = re.fullmatch(self._pattern(shown, names), output.rstrip("\n") + "\n")
        if found is None:
            return False
        self._real.update({name: found[group] for name, group in names.items()})
        return True

    def _pattern(self, shown: Sequence[str], names: dict[str, str]) -> str:
        return "".join(r"(?:[^\n]*\n)*?" if line.strip() == "..." else self._line(line, names) + r"[ ]*\n" for line in shown)

    def _line(self, line: str, names: dict[str, str]) -> str:
        out, at = "", 0
        for token in _TOKENS.finditer(line):
            out += re.escape(line[at : token.start()])
            out += self._id(token[0], names) if token.lastgroup == "id" else _TIMES[token.lastgroup or ""]
            at = token.end()
        return out + re.escape(line[at:])

    def _id(self, name: str, names: dict[str, str]) -> str:
        if name in self._real:
            return re.escape(self._real[name])
        if name in names:
            return f"(?P={names[name]})"
        names[name] = f"id{len(names)}"
        kind = name.partition("_")[0]
        return f"(?P<{names[name]}>{kind}_[0-9A-Za-z_-]*[0-9A-Za-z])"
