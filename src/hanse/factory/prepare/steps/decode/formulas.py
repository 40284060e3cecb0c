"""Cells that a spreadsheet would run (CSV injection): counted where they come in, and made harmless where they leave as CSV."""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from hanse.factory.prepare.steps.decode.begins import beginning, table_of

_BEGINS: Final = r"^[=+\-@\t\r＝＋－＠]"
_NUMBER: Final = r"^[+\-]?[0-9][0-9.,\s]*(?:[eE][+\-]?[0-9]+)?\s*%?$"
_FIRST: Final = table_of(b"=+-@\t\r" + "＝".encode()[:1])
_BEGIN, _PLAIN = re.compile(_BEGINS), re.compile(_NUMBER.replace("$", r"\Z"))


def formulas(column: pa.Array) -> int:
    """Return how many cells of a column of strings begin like a formula: with `=`, `+`, `-`, `@`, tab or return, and are no number."""
    some = column.take(pa.array(beginning(column, _FIRST)))
    if not len(some):
        return 0
    begin = some.filter(pc.match_substring_regex(some, _BEGINS))
    return len(begin) - (pc.sum(pc.match_substring_regex(begin, _NUMBER)).as_py() or 0)


def harmless(cell: str) -> str:
    """Return what may be written into a cell of CSV: a spreadsheet shows a text that begins with an apostrophe as text."""
    return f"'{cell}" if _BEGIN.match(cell) and not _PLAIN.match(cell) else cell
