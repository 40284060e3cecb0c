"""How long a regular expression may take: an upper bound on the ways in which Python's matcher, which goes back, may try it.

A pattern of a few characters can keep a matcher busy for years, and nothing can stop it meanwhile. So whoever matches a
stranger's pattern asks here first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import comb
from typing import Final

from msgspec import Struct

MAX_PATTERN: Final = 256
"""Characters of a pattern."""

# What makes the ways uncountable: a repeated group, a reference back, a condition, flags, a comment.
_UNCOUNTED: Final = re.compile(r"\)[*+{]|\\[1-9]|\(\?(?![:=!]|<[=!]|P<)")
_ATOM: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]", re.DOTALL)
_OPENING: Final = re.compile(r"\((?:\?(?:[:=!]|<[=!]|P<\w+>))?")
_QUANTIFIER: Final = re.compile(r"(?<=[^(|])(?:([*+])|(\?)|\{(\d*)(,?)(\d*)\})[?+]?")


class _Shape(Struct, frozen=True):
    """Ways that multiply whatever the text is, and how often something takes as much of it as it likes."""

    ways: int
    repeats: int


def ways(pattern: str, length: int) -> int | None:
    """Return at most how many ways there are to try the pattern on a text of that length; None for one that is not counted."""
    shape = _shape(pattern) if len(pattern) <= MAX_PATTERN else None
    return None if shape is None else shape.ways * comb(length + shape.repeats, shape.repeats)


@lru_cache(maxsize=256)
def _shape(pattern: str) -> _Shape | None:
    if _UNCOUNTED.search(pattern):
        return None
    # A class or an escape is one character; a group begins with a bracket, whatever its kind.
    plain = _OPENING.sub("(", _ATOM.sub("x", pattern))
    count, repeats = 1, 0
    for star, option, least, comma, most in _QUANTIFIER.findall(plain):
        if star or (comma and not most):
            repeats += 1
        else:
            count *= 2 if option else max(int(most) - int(least or 0), 0) + 1 if most else 1
    alternatives, top = _alternatives(plain)
    # A search begins anew at every character, unless the pattern is bound to the beginning.
    anchored = plain.startswith("^") and top == 1
    return _Shape(count * alternatives, repeats + (0 if anchored else 1))


def _alternatives(plain: str) -> tuple[int, int]:
    """Return the product of the alternatives of all groups, and how many there are outside of groups."""
    product, open_ = 1, [1]
    for character in plain:
        if character == "(":
            open_.append(1)
        elif character == "|":
            open_[-1] += 1
        elif character == ")" and len(open_) > 1:
            product *= open_.pop()
    for count in open_:
        product *= count
    return product, open_[0]
