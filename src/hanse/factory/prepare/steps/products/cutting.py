"""Cutting a text where its structure says so: at headings into sections, then at paragraphs, sentences, lines and words into chunks.

Each cut is a place in the text: what was cut, put together, is the text again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

MOST_SECTIONS: Final = 10_000
"""Of one document; what comes after them is part of the last one."""

_MARK: Final = re.compile(
    r"^ {0,3}(?P<fence>`{3,})[^\n]*$"
    r"|^ {0,3}(?P<hashes>#{1,6})[ \t]+(?P<hashed>[^\n]{1,300})$"
    r"|^[ \t]*<h(?P<tag>[1-6])(?:\s[^<>\n]{0,300})?>(?P<tagged>[^\n]{1,300}?)</h(?P=tag)>"
    r"|^(?:(?P<over>[=^-])(?P=over){2,}[ \t]*\n)?(?P<lined>[^\s][^\n]{0,299})\n(?P<line>[=~^-])(?P=line){2,}[ \t]*$",
    re.MULTILINE,
)
_DEPTHS: Final = "=-~^"
"""Lines under headings; Markdown has the first two."""
_CUTS: Final = (
    re.compile(r"\n[ \t\r]*\n\s*"),
    re.compile(r"[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u2019)\]]*\s+"),
    re.compile(r"\n"),
    re.compile(r"\s+"),
)
_PLAINLY: Final = 8
"""Letters of a token, which a whole text does not have on the average."""


class Section(Struct, frozen=True):
    """A stretch of a text under its heading; `depth` is the heading's, 0 for what comes before the first one."""

    begin: int
    end: int
    heading: str = ""
    depth: int = 0


def sections(text: str) -> list[Section]:
    """Return the sections of a text: at headings of Markdown, reStructuredText and HTML, outside of fenced code."""
    heads = [Section(0, 0)]
    for head in _heads(text):
        if len(heads) > MOST_SECTIONS:
            break
        if text[heads[-1].begin : head.begin].strip():
            heads.append(head)
        else:  # nothing but blanks before the first heading
            heads[-1] = Section(heads[-1].begin, 0, head.heading, head.depth)
    ends = [*(head.begin for head in heads[1:]), len(text)]
    return [Section(head.begin, end, head.heading, head.depth) for head, end in zip(heads, ends, strict=True)]


def _heads(text: str) -> Iterator[Section]:
    fence = ""
    for mark in _MARK.finditer(text):
        if found := mark["fence"]:
            if not fence:
                fence = found
            elif found.startswith(fence):
                fence = ""
        elif not fence:
            yield _head(mark)


def _head(mark: re.Match[str]) -> Section:
    if mark["hashes"]:
        return Section(mark.start(), 0, mark["hashed"].strip().rstrip("#").rstrip(), len(mark["hashes"]))
    if mark["tag"]:
        return Section(mark.start(), 0, re.sub(r"<[^<>]*>", "", mark["tagged"]).strip(), int(mark["tag"]))
    return Section(mark.start(), 0, mark["lined"].strip(), 1 + _DEPTHS.index(mark["line"]))


def parents(found: Sequence[Section]) -> list[int]:
    """Return the number of the section that each one is under, -1 for those that are under the document itself."""
    above: list[int] = []
    result = []
    for number, section in enumerate(found):
        while above and found[above[-1]].depth >= section.depth:
            above.pop()
        result.append(above[-1] if above else -1)
        if section.depth:  # nothing is under what comes before the first heading
            above.append(number)
    return result


def chunks(text: str, count: Callable[[str], int], window: int) -> list[tuple[str, int]]:
    """Return a text in chunks of at most `window` tokens, as large as its structure lets them be, and how many tokens each has."""
    return list(_cut(text, count, window, 0))


def _cut(text: str, count: Callable[[str], int], window: int, level: int) -> Iterator[tuple[str, int]]:
    if len(text) <= max(1, _PLAINLY * window):  # what is much longer is counted piece by piece, not twice
        size = count(text)
        if size <= window or len(text) < 2:
            yield text, size
            return
    held: list[str] = []
    total = 0
    for piece in _pieces(text, level):
        size = count(piece)
        if held and total + size > window:
            yield from _joined(held, count, window)
            held, total = [], 0
        if size > window:
            yield from _cut(piece, count, window, level + 1)
        else:
            held.append(piece)
            total += size
    yield from _joined(held, count, window)


def _pieces(text: str, level: int) -> list[str]:
    """Return a text cut at paragraphs, sentences, lines or words; in two halves if it has no such thing."""
    if level >= len(_CUTS):
        return [text[: len(text) // 2], text[len(text) // 2 :]]
    ends = [0, *(cut.end() for cut in _CUTS[level].finditer(text))]
    return [text[begin:end] for begin, end in pairwise([*ends, len(text)]) if begin < end]


def _joined(pieces: Sequence[str], count: Callable[[str], int], window: int) -> Iterator[tuple[str, int]]:
    """Yield pieces as one, or as two if they have more tokens together than each by itself."""
    text = "".join(pieces)
    size = count(text) if text else 0
    if size <= window or len(pieces) < 2:
        if text:
            yield text, size
        return
    yield from _joined(pieces[: len(pieces) // 2], count, window)
    yield from _joined(pieces[len(pieces) // 2 :], count, window)
