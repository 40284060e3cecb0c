"""Records as steps get them, and a writer as the engine calls it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from hanse.factory.prepare.base import Writer


def table(texts: Sequence[str], **columns: object) -> pa.Table:
    """Return records of texts, `r0`, `r1` and so on, with more columns."""
    ids = [f"r{number}" for number in range(len(texts))]
    return pa.table({"id": ids, "source": ["s@1"] * len(texts), "text": pa.array(texts, pa.large_string()), **columns})


def write(step: Writer, parts: Sequence[pa.Table], into: Path) -> Counter[str]:
    """Look, decide, plan, and write each piece by itself, the last one first; return the counts."""
    named = {f"part-{number}": part for number, part in enumerate(parts)}
    seen = [(name, step.look(part)) for name, part in named.items()]
    step.decide(seen, into)
    counts: Counter[str] = Counter()
    for piece in reversed(step.plan(seen)):
        counts.update(step.write(piece, (named[name] for name in piece.parts), into))
    return counts
