"""Which records a filter drops, and why: the first rule that hits gives the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hanse.factory.prepare.base import ID, TEXT, Applied, Dropped

SAMPLE: Final = 200
"""Characters of a dropped record that its sample shows."""


class Verdicts:
    """The reasons of the records of one part or batch, in their order; empty for those that no rule has hit yet."""

    def __init__(self, records: int) -> None:
        self.reasons = [""] * records
        self.open: NDArray[np.bool_] = np.ones(records, np.bool_)

    def drop(self, hit: NDArray[np.bool_], reason: str) -> None:
        """Give the reason to all records that a rule hits, unless an earlier rule has hit them."""
        new = hit & self.open
        if not new.any():
            return
        for record in np.flatnonzero(new).tolist():
            self.reasons[record] = reason
        self.open &= ~new

    def drop_one(self, record: int, reason: str) -> None:
        """Give one record its reason, unless it has one."""
        self.reasons[record] = self.reasons[record] or reason
        self.open[record] = False


def applied(records: pa.Table, reasons: Sequence[str], counts: Mapping[str, int] | None = None, *, shown: bool = True) -> Applied:
    """Return the records without a reason, and the others as dropped with theirs and, if they may be shown, with their beginning."""
    stays = [not reason for reason in reasons]
    if all(stays):
        return Applied(records, (), counts or {})
    away = [row for row, stay in enumerate(stays) if not stay]
    ids = records.column(ID).take(away).to_pylist()
    samples = _beginnings(records.column(TEXT).take(away)) if shown else [""] * len(away)
    dropped = [Dropped(id, reasons[row], sample) for id, row, sample in zip(ids, away, samples, strict=True)]
    return Applied(records.filter(pa.array(stays)), dropped, counts or {})


def _beginnings(texts: pa.ChunkedArray) -> list[str]:
    return [text or "" for text in pc.utf8_slice_codeunits(texts, 0, SAMPLE).to_pylist()]
