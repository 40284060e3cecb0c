"""Names of columns."""

from __future__ import annotations

from collections.abc import Sequence


def unique(names: Sequence[str]) -> list[str]:
    """Return names none of which is empty or comes twice: `column_3` and `name_3` after their places, with more of that if need be."""
    taken, used = set(names), set[str]()
    out: list[str] = []
    for place, name in enumerate(names, 1):
        new = name or f"column_{place}"
        while new in used or (new != name and new in taken):
            new = f"{new}_{place}"
        used.add(new)
        out.append(new)
    return out
