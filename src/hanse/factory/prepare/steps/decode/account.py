"""What is known about the file that is being read: its name, what was dropped of it, what was counted, what it has unpacked to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

import pyarrow as pa

from hanse.factory.prepare.base import Applied, Dropped, SourceFile
from hanse.factory.prepare.steps.decode.limits import SLACK, Limits
from hanse.factory.prepare.steps.decode.reasons import Bad

AT_ONCE: Final = 512 << 20
"""Bytes of records that one piece of a table may become."""
SAMPLE: Final = 200
"""Characters of a sample."""


class Account:
    """Of one file of a version."""

    def __init__(self, file: SourceFile, limits: Limits):
        self.file = file
        self.limits = limits
        self._dropped: list[Dropped] = []
        self._counts: Counter[str] = Counter()
        self._unpacked = self._made = 0
        self._may_unpack = min(limits.unpacked_bytes, limits.ratio * file.size + SLACK)

    @property
    def waiting(self) -> int:
        """How many were dropped since the last `applied`."""
        return len(self._dropped)

    def drop(self, name: str, reason: str, sample: str = "") -> None:
        """Note that what is called `name` is left out."""
        self._dropped.append(Dropped(name, reason, sample[:SAMPLE]))

    def count(self, name: str, number: int) -> None:
        """Add to a figure."""
        if number:
            self._counts[name] += number

    def unpacked(self, number: int) -> None:
        """Note that so many bytes came out of packed ones. Raises `Bad` if that is too much."""
        self._unpacked += number
        if self._unpacked > self._may_unpack:
            raise Bad("archive-bomb")

    def made(self, number: int) -> None:
        """Note that rows become so many bytes of records; call it before they do. Raises `Bad` if that is too much for what was read.

        A few bytes of Parquet stand for any number of rows, and rows without a text repeat the names of their columns.
        """
        self._made += number
        read = max(self.file.size, self._unpacked)
        if number > AT_ONCE or self._made > min(self.limits.unpacked_bytes, self.limits.ratio * read + SLACK):
            raise Bad("archive-bomb")

    def applied(self, records: pa.Table) -> Applied:
        """Return the records with what was dropped and counted since the last time."""
        out = Applied(records, tuple(self._dropped), dict(sorted(self._counts.items())))
        self._dropped, self._counts = [], Counter()
        return out


class Place:
    """A file, or what was unpacked of it, as the formats see it: `name` is what its records' ids begin with."""

    def __init__(self, account: Account, name: str, depth: int = 0):
        self.account = account
        self.limits = account.limits
        self.name = name
        self.depth = depth
        self.broken = False
        """Whether a stream has a line that is text in no encoding."""

    def inside(self, member: str = "") -> Place:
        """Return the place of what is packed in this one; gzip's content has no name of its own. Raises `Bad` if that is too deep."""
        if self.depth >= self.limits.nesting:
            raise Bad("archive-nesting")
        return Place(self.account, f"{self.name}/{member}" if member else self.name, self.depth + 1)

    def drop(self, number: int | None, reason: str, sample: str = "") -> None:
        """Note that the record of that number, or all (that is left), is left out."""
        self.account.drop(self.name if number is None else f"{self.name}#{number}", reason, sample)

    @property
    def count(self) -> Callable[[str, int], None]:
        """Add to a figure."""
        return self.account.count
