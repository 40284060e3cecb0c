"""`exact-duplicates`: of records with the same text, the first stays."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl
import pyarrow as pa

from hanse.factory.prepare.base import ID, TEXT, Applied, Looking
from hanse.factory.prepare.steps.duplicates.groups import ROW, Seen, leave_out


class ExactDuplicates(Looking, frozen=True, kw_only=True):
    """Leaves out every record whose text an earlier record has, in whatever part or source: reason `exact-duplicate`.

    Texts are the same if their BLAKE2b digests of 128 bits are; empty texts are the same, too. Deciding takes about 70 bytes of memory per
    record, and 20 and the id on disk.
    """

    name: ClassVar[str] = "exact-duplicates"

    ignore_case: bool = False
    """Texts that differ only in upper and lower case are the same."""
    ignore_space: bool = False
    """Texts that differ only in white space are the same: any run of it counts as one space, and none at the ends."""

    def look(self, records: pa.Table) -> pa.Table:
        """Return the digest of each text."""
        texts = pl.Series(records[TEXT])
        if self.ignore_case:
            texts = texts.str.to_lowercase()
        if self.ignore_space:
            texts = texts.str.replace_all(r"\s+", " ").str.strip_chars(" ")
        digests = b"".join([blake2b(text.encode(), digest_size=16).digest() for text in texts])
        high, low = np.frombuffer(digests, "<u8").reshape(-1, 2).T
        return pa.table({ID: records[ID], ROW: np.arange(len(texts), dtype=np.uint32), "high": high, "low": low})

    def decide(self, seen: Iterable[tuple[str, pa.Table]], into: Path) -> None:
        """Sort the digests, and write for each part which rows an earlier record has."""
        with tempfile.TemporaryDirectory(dir=into) as folder:
            known = Seen(seen, Path(folder))
            high, low = known.numbers("high", "<u8"), known.numbers("low", "<u8")
            order = np.lexsort((low, high))  # stable: of the same digests, the first record comes first
            begins = np.ones(known.count, np.bool_)
            begins[1:] = (high[order[1:]] != high[order[:-1]]) | (low[order[1:]] != low[order[:-1]])
            first = np.empty(known.count, np.int64)
            first[order] = order[np.flatnonzero(begins)][np.cumsum(begins) - 1]
            known.write(first, into)

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Leave out what an earlier record has."""
        return leave_out(records, decided, "exact-duplicate")
