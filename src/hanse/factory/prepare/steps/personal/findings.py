"""What is found, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hanse.factory.prepare.steps.personal.text import Chunk


class Found(NamedTuple):
    """Something personal in a chunk: the bytes from `begin` to `end`, and its kind."""

    begin: int
    end: int
    kind: str


@runtime_checkable
class Detector(Protocol):
    """What finds something in texts. Packages add some, e.g. a model that knows names (entry-point group `hanse.detectors`)."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return short words, lower case with hyphens, that no other detector uses."""
        ...

    def find(self, chunk: Chunk) -> Iterable[Found]:
        """Return what is found, in any order; it may overlap, and lies within one record each."""
        ...


class Findings(Struct, frozen=True):
    """All that was found in `len(sizes)` texts, in order, without overlaps.

    `records[i]` is the index of the text, `begins[i]` and `ends[i]` the bytes in its UTF-8 form, and `kinds[codes[i]]` the kind of finding
    `i`. `sizes` are the texts' lengths in bytes.
    """

    kinds: tuple[str, ...]
    records: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    codes: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how often each kind was found, only those that were, in the order of their names."""
        import numpy as np

        totals = np.bincount(self.codes, minlength=len(self.kinds))
        return {kind: int(total) for kind, total in sorted(zip(self.kinds, totals, strict=True)) if total}
