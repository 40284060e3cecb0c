"""k-anonymity by suppression: a record stays if at least k records share its combination of quasi-identifiers.

Two passes: the first counts all combinations, over all files of the data; the second leaves out the records of those that
are too rare. What was masked or rounded before counts in its coarser form: that is the generalisation.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from hanse.dataplane.transforms.refusal import Unkeepable

MOST_GROUPS: Final = 1_000_000
"""Combinations that are counted (about 150 MB). Data with more of them would lose nearly all records anyway."""


class Groups:
    """How many records share each combination. A combination is known by its digest, so its length does not matter."""

    def __init__(self, least: int) -> None:
        self._least = least
        self._counts: dict[bytes, int] = {}
        self.suppressed = 0

    def add(self, counted: Iterable[tuple[bytes, int]]) -> None:
        """Count combinations. Raises `Unkeepable` when there are too many different ones."""
        counts = self._counts
        for key, count in counted:
            name = _name(key)
            counts[name] = counts.get(name, 0) + count
        if len(counts) > MOST_GROUPS:
            raise Unkeepable(f"The columns to anonymise have more than {MOST_GROUPS:,} combinations of values; name fewer, or round them.")

    def stays(self, key: bytes) -> bool:
        """Tell whether records of this combination stay."""
        return self._counts.get(_name(key), 0) >= self._least


def _name(key: bytes) -> bytes:
    return blake2b(key, digest_size=16).digest()
