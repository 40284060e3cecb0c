"""One shard's stretch of a stream of tokens, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from hanse.factory.prepare.base import ID, LEVEL, SOURCE, TOKENS

DOCUMENTS: Final = pa.schema(
    [(ID, pa.string()), (SOURCE, pa.string()), ("position", pa.int64()), ("length", pa.int64()), ("offset", pa.int64())]
)


class Stream:
    """Takes a shard's tokens out of its parts, one after the other, and counts each record where it begins."""

    def __init__(self, level: str, facts: Mapping[str, int]) -> None:
        """Begin `skip` tokens before the shard, which has `tokens`; the `last` one of a split also counts what comes after it."""
        self._level = level
        self._end = facts["end"]
        self._at = -facts["skip"]
        self._tokens = facts["tokens"]
        self._last = bool(facts["last"])
        self.counts: dict[str, int] = {"records": 0}

    def take(self, records: pa.Table) -> tuple[np.ndarray[Any, Any], pa.Table]:
        """Return the tokens of these records that are in the shard, and the rows of its index."""
        packed = self._packed(records)
        lengths = records[TOKENS].combine_chunks().value_lengths().to_numpy(zero_copy_only=False) + 1
        ends = self._at + np.cumsum(np.where(packed, lengths, 0))
        begins = np.concatenate([[self._at], ends[:-1]]) if len(ends) else ends
        self._count(packed, begins, ends)
        flat = self._joined(records if packed.all() else records.filter(pa.array(packed)), lengths[packed])
        tokens = flat[max(0, -self._at) : max(0, self._tokens - self._at)]
        self._at += len(flat)
        return tokens, self._index(records, packed, begins, ends)

    def _packed(self, records: pa.Table) -> np.ndarray[Any, Any]:
        levels = records[LEVEL].to_pylist() if LEVEL in records.column_names else [None] * len(records)
        return np.array([not level or level == self._level for level in levels], dtype=bool)

    def _joined(self, records: pa.Table, lengths: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the tokens of documents, each with its end."""
        flat = np.full(int(lengths.sum()), self._end, np.uint32)
        of_text = np.ones(len(flat), bool)
        of_text[np.cumsum(lengths) - 1] = False
        flat[of_text] = records[TOKENS].combine_chunks().flatten().to_numpy()
        return flat

    def _count(self, packed: np.ndarray[Any, Any], begins: np.ndarray[Any, Any], ends: np.ndarray[Any, Any]) -> None:
        ours = (begins >= 0) & ((begins < self._tokens) | self._last)
        after = np.maximum(ends, self._tokens) - np.maximum(begins, self._tokens) if self._last else np.zeros(0, np.int64)
        for name, count in (
            ("records", ours & packed & (begins < self._tokens)),
            ("dropped-rest", ours & packed & (begins >= self._tokens)),
            ("dropped-other-level", ours & ~packed),
            ("tokens-dropped", after),
        ):
            if total := int(count.sum()):
                self.counts[name] = self.counts.get(name, 0) + total

    def _index(self, records: pa.Table, packed: np.ndarray[Any, Any], begins: np.ndarray[Any, Any], ends: np.ndarray[Any, Any]) -> pa.Table:
        here = packed & (ends > 0) & (begins < self._tokens)
        rows = records.select([ID, SOURCE]).filter(pa.array(here))
        position = np.maximum(begins[here], 0)
        length = np.minimum(ends[here], self._tokens) - position
        offset = np.maximum(-begins[here], 0)
        for name, column in (("position", position), ("length", length), ("offset", offset)):
            rows = rows.append_column(name, pa.array(column, pa.int64()))
        return rows.cast(DOCUMENTS)
