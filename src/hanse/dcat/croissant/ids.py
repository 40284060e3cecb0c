"""Ids of the parts of a description: short, readable, and each different (Croissant 1.1, ID and reference mechanism)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_UNFIT = re.compile(r"[^\w./~+-]|(?<![^/])[./]+")  # a part that begins with a dot could lead to another one
_LONGEST = 200


class Names:
    """Hands out ids. What an IRI, or a reader of white space, cannot bear becomes `_`; what is taken gets a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def new(self, wish: str) -> str:
        """Return an id like `wish` that was not handed out before."""
        plain = _UNFIT.sub("_", wish)[:_LONGEST] or "_"
        found, number = plain, 2
        while found in self._taken:
            found, number = f"{plain}-{number}", number + 1
        self._taken.add(found)
        return found
