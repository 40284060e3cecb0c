"""Whether quotes in CSV stand where they may, found out in one pass, as fast as the file is read."""

from __future__ import annotations

from typing import Final

BOM: Final = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""


class Quotes:
    """Whether all quotes stand where RFC 4180 lets them: around a whole cell, and doubled within.

    Between two quotes there is, in turn, something inside a cell and something outside: a doubled quote is nothing
    outside, and whatever else is outside begins and ends with the end of a cell.
    """

    def __init__(self, delimiter: bytes) -> None:
        self._ends = frozenset((delimiter, b"\n", b"\r"))
        self._inside = False
        self._first = True
        self._rest = b"\n"  # the beginning and the end of what comes after the last quote; a file begins as a line does

    def take(self, data: bytes) -> bool:
        """Take the next bytes; tell whether all is well so far."""
        parts = (data.removeprefix(BOM) if self._first else data).split(b'"')
        self._first = self._first and not data
        parts[0] = self._rest + parts[0]
        last = parts.pop()
        self._rest = last[:1] + last[-1:] if len(last) > 1 else last
        fine = all(self._fits(part) for part in set(parts[self._inside :: 2]))
        self._inside ^= bool(len(parts) % 2)
        return fine

    def end(self) -> bool:
        """Tell whether the last quote has an end."""
        return not self._inside and self._rest[:1] in self._ends | {b""}

    def _fits(self, part: bytes) -> bool:
        return not part or (part[:1] in self._ends and part[-1:] in self._ends)
