"""The text of this machine's manual pages: some 20,000 documents and 85 MB of several languages where all are installed."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa

_FOLDER = Path("/usr/share/man")
_CHANGES = tuple(
    (re.compile(pattern, re.MULTILINE), becomes)
    for pattern, becomes in (
        (r"^[.'](?:\\\"|TH\b|de\b|ig\b|if\b|ie\b|nr\b|ds\b|hy\b|nh\b|ad\b|tr\b|ne\b).*$", ""),
        (r"^[.'][A-Za-z]{0,3}[ \t]*", ""),
        (r"\\f(?:\[[^\]]*\]|\(..|.)|\\s[+-]?\d|\\[&|^/,:c%]", ""),
        (r"\\\*?\((?:lq|rq|dq)", '"'),
        (r"\\\(aq", "'"),
        (r"\\(?:\(..|\[[^\]]*\]|\*\(..)", "·"),
        (r"\\-", "-"),
        (r"\\e", "\\\\"),
        (r"\\[ ~]", " "),
        (r"\n{3,}", "\n\n"),
    )
)
"""What takes roff's commands out and leaves the words."""


@cache
def texts() -> tuple[str, ...]:
    """Return all pages, ordered by their paths; none where no page is installed."""
    return tuple(_pages())


def megabytes(some: Sequence[str]) -> float:
    """Return how many millions of bytes texts have in UTF-8."""
    return sum(len(text.encode()) for text in some) / 1e6


def records(some: Sequence[str]) -> pa.Table:
    """Return texts as the records of a version, named by their numbers."""
    ids = [str(number) for number in range(len(some))]
    return pa.table({"id": ids, "source": ["man@1"] * len(some), "text": pa.array(some, pa.large_string())})


def _pages() -> Iterator[str]:
    for path in sorted(_FOLDER.rglob("*.gz")):
        if not path.is_symlink():
            text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
            for pattern, becomes in _CHANGES:
                text = pattern.sub(becomes, text)
            yield text
