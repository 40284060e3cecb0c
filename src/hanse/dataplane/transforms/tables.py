"""What the formats have in common: a file of records, read in batches that steps are applied to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Protocol, Self

from msgspec import Struct

from hanse.dataplane.transforms.values import Pseudonyms
from hanse.odrl.changes import Step


class Out(Protocol):
    """Where bytes go."""

    def write(self, data: bytes | memoryview, /) -> int:
        """Take bytes, all of them."""
        ...


class Tools(Struct, frozen=True):
    """What steps need: the agreement's pseudonyms, and who is told (bytes read since last time), and may raise to stop."""

    pseudonyms: Pseudonyms
    advance: Callable[[int], None]


class Batch(Protocol):
    """Some records of a table."""

    def change(self, step: Step, tools: Tools) -> Self:
        """Return them after a step that changes columns. Raises `Unkeepable`."""
        ...

    def combinations(self, columns: tuple[str, ...]) -> Iterable[tuple[bytes, int]]:
        """Return the combinations of values of these columns, each with how many records have it."""
        ...

    def without(self, columns: tuple[str, ...], stays: Callable[[bytes], bool]) -> tuple[Self, int]:
        """Return the records whose combination stays, and how many were left out."""
        ...


class Table(Protocol):
    """A file of records. It can be read any number of times, and written in its own format."""

    def batches(self) -> Iterator[Batch]:
        """Yield all records, at least one batch. Raises `Unkeepable` for what is malformed, and for a column that is missing."""
        ...

    def write(self, batches: Iterable[Batch], out: Out) -> None:
        """Write batches of this table, changed or not."""
        ...


class Opener(Protocol):
    """Opens a file of one format. `steps` are those that will be applied: their columns must all be there."""

    def __call__(self, file: BinaryIO, steps: tuple[Step, ...], tools: Tools, block: int) -> Table:
        """Return the table; `block` bounds the bytes of one record."""
        ...
