"""What a writer must know of each part: how many records and tokens there are, by split, level and label, and how many fit a window."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanse.factory.prepare.base import LEVEL, SPLIT, TOKENS
from hanse.kernel.errors import Invalid

WINDOWS: Final = (4_096, 8_192, 32_768, 131_072)
"""Context windows of models, in tokens."""
LENGTH: Final = "length"
"""`uint32`: how many tokens `sections` counted; where there are no `tokens`, the fit is told by it. Its metadata say `by` what."""
LABEL: Final = "label"
"""`string`: set by `instruct`."""
MOST_LABELS: Final = 1_000

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,40}")
_KEYS: Final = {SPLIT: "train", LEVEL: "", LABEL: ""}
"""By what records are counted, and what stands for none."""


def survey(records: pa.Table) -> pa.Table:
    """Return a row for each split, level and label of a part: `records`, `tokens`, `counted` (records whose tokens are known), `fit-N`."""
    lengths, by = _lengths(records)
    columns = {key: _words(records, key) for key in _KEYS}
    columns |= {"records": np.ones(len(records), np.int64), "tokens": lengths.fill_null(0), "counted": lengths.is_valid().cast("int64")}
    columns |= {f"fit-{window}": pc.less_equal(lengths, window).fill_null(False).cast("int64") for window in WINDOWS}
    sums = [name for name in columns if name not in _KEYS]
    found = pa.table(columns).group_by(list(_KEYS), use_threads=False).aggregate([(name, "sum") for name in sums])
    found = found.rename_columns({f"{name}_sum": name for name in sums}).sort_by([(key, "ascending") for key in _KEYS])
    return found.append_column("by", pa.repeat(by, len(found)))


def _lengths(records: pa.Table) -> tuple[pa.ChunkedArray, str]:
    """Return how many tokens each record has, and by what that is known."""
    if TOKENS in records.column_names:
        return pc.list_value_length(records[TOKENS]).cast("int64"), "tokenise"
    if LENGTH in records.column_names and (said := records.schema.field(LENGTH).metadata):
        return records[LENGTH].cast("int64"), said.get(b"by", b"").decode()
    return pa.chunked_array([pa.nulls(len(records), pa.int64())]), ""


def _words(records: pa.Table, key: str) -> pa.ChunkedArray:
    if key in records.column_names and pa.types.is_string(records.schema.field(key).type):
        words = records[key].fill_null(_KEYS[key])
        return pc.if_else(pc.equal(words, ""), _KEYS[key], words)
    return pa.chunked_array([pa.repeat(_KEYS[key], len(records))])


def rows(seen: Iterable[tuple[str, pa.Table]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows that `survey` gave, with the name of their part."""
    for part, table in seen:
        for row in table.to_pylist():
            yield part, row


def order(splits: Iterable[str]) -> list[str]:
    """Return splits in the order of writing: `train`, `validation`, `test`, others. Raises `Invalid` for one that can be no file's name."""
    known = {"train": 0, "validation": 1, "test": 2}
    found = sorted(set(splits), key=lambda split: (known.get(split, 3), split))
    for split in found:
        if not _NAME.fullmatch(split):
            raise Invalid(f"A split is called {split[:40]!r}.", where=SPLIT, rule="split", hint="Splits are words of letters and digits.")
    return found


def chosen(split: str, records: pa.Table) -> pa.Table:
    """Return the records of one split; those without one are of `train`."""
    belongs = pc.equal(_words(records, SPLIT), split)
    return records if pc.all(belongs).as_py() else records.filter(belongs)


def summaries(seen: Sequence[tuple[str, pa.Table]]) -> dict[str, bytes]:
    """Return the files that say what is in a product: `fit.json` where tokens are known, `labels.json` where there are labels."""
    found = [row for _, row in rows(seen)]
    files: dict[str, Any] = {}
    if any(row["counted"] for row in found):
        by = sorted({row["by"] for row in found if row["counted"]})
        files["fit.json"] = {"counted_by": by, "windows": WINDOWS, "levels": fit(found)}
    if labels := tally(found):
        files["labels.json"] = labels
    return {name: msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n" for name, content in files.items()}


def fit(found: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return, for each level, how many records and tokens there are, and the share of the records that fits each window."""
    levels: dict[str, dict[str, int]] = {}
    for row in found:
        level = levels.setdefault(row["level"] or "document", {})
        for name in ("counted", "tokens", *(f"fit-{window}" for window in WINDOWS)):
            level[name] = level.get(name, 0) + row[name]
    return {name: _shares(level) for name, level in sorted(levels.items())}


def _shares(level: Mapping[str, int]) -> dict[str, Any]:
    fits = {str(window): level[f"fit-{window}"] for window in WINDOWS}
    shares = {window: round(count / level["counted"], 6) if level["counted"] else None for window, count in fits.items()}
    return {"records": level["counted"], "tokens": level["tokens"], "fit": fits, "share": shares}


def tally(found: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how often each label is there, in all and in each split; the most frequent ones only, if there are very many."""
    splits: dict[str, dict[str, int]] = {}
    for row in found:
        if row["label"]:
            for split in {"all", row["split"]}:
                counts = splits.setdefault(split, {})
                counts[row["label"]] = counts.get(row["label"], 0) + row["records"]
    return {split: _frequent(splits[split]) for split in sorted(splits)}


def _frequent(counts: Mapping[str, int]) -> dict[str, Any]:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return {"records": sum(counts.values()), "labels": len(counts), "counts": dict(ordered[:MOST_LABELS])}
