"""Names that stand above and below each other: a purpose within a purpose, a country within the European Union."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

Names = frozenset[str]


_LONGEST = 256


def remembered(spell: Callable[[str], str]) -> Callable[[str], str]:
    """Return `spell` with a memory for short names; long ones, which strangers may send, would fill it."""
    memory = lru_cache(maxsize=4096)(spell)
    return lambda name: memory(name) if len(name) <= _LONGEST else spell(name)


class Tree:
    """A hierarchy of names. A name may stand below several others.

    `extents` tells for each name what it stands for: itself and all below it, or the countries of a group. That one name is within
    another, overlaps with it, or is apart from it, is how their extents lie to each other.
    """

    def __init__(self, extents: Mapping[str, Names], canonical: Callable[[str], str]) -> None:
        self.extents = extents
        self.canonical = canonical

    def together(self, names: Iterable[str]) -> Names:
        """Return what all `names` stand for together; a name from elsewhere stands for itself."""
        return frozenset().union(*(self.extents.get(name, (name,)) for name in names))

    def within(self, names: Iterable[str]) -> Names:
        """Return every name that lies whole within `names` taken together."""
        space = self.together(names)
        return frozenset(names) | {name for name, extent in self.extents.items() if extent <= space}

    def touching(self, names: Iterable[str]) -> Names:
        """Return every name that has something in common with `names`."""
        space = self.together(names)
        return frozenset(names) | {name for name, extent in self.extents.items() if not extent.isdisjoint(space)}


def below(parents: Mapping[str, tuple[str, ...]]) -> dict[str, Names]:
    """Return, for a table of names and those directly above them, each name with itself and all below it."""
    extents: dict[str, set[str]] = {}
    for name in parents:
        waiting = [name]
        while waiting:
            above = waiting.pop()
            extents.setdefault(above, set()).add(name)
            waiting += parents.get(above, ())
    return {name: frozenset(extent) for name, extent in extents.items()}
