"""What the assessment needs from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


class Finds(Protocol):
    """What was found in texts: finding `i` is in the text with the index `records[i]`, and of the kind `kinds[codes[i]]`."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Words for kinds, e.g. `email`."""
        ...

    @property
    def records(self) -> NDArray[np.int64]:
        """Indices of texts."""
        ...

    @property
    def codes(self) -> NDArray[np.int64]:
        """Indices of kinds."""
        ...


class Scanner(Protocol):
    """Finds personal data in texts."""

    @property
    def method(self) -> str:
        """Name what finds it, with its version."""
        ...

    def scan(self, texts: pa.LargeStringArray) -> Finds:
        """Return what is found; null is an empty text."""
        ...


class Near(Struct, frozen=True):
    """How many of so many records are near another one before them; how it was found, and with which recall, as stated."""

    near: int
    records: int
    method: str


class NearDuplicates(Protocol):
    """Counts records whose texts are nearly that of another one."""

    def count(self, texts: Iterable[Sequence[str]]) -> Near:
        """Count, over texts that come in batches of bounded size."""
        ...


class Progress(Protocol):
    """Is told how far an assessment is: `done` `of` so many steps, and which step begins."""

    def __call__(self, done: int, of: int, step: str) -> None:
        """Hear it."""
        ...


class Ports(Struct, frozen=True, kw_only=True):
    """What was handed in; without a scanner, or without what finds near duplicates, these are not measured."""

    scanner: Scanner | None = None
    near: NearDuplicates | None = None
