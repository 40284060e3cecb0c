"""Reads bytes as a file of a version, and gives back all that came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from msgspec import Struct

from hanse.factory.prepare.base import SourceFile
from hanse.factory.prepare.steps.decode.reasons import REASONS
from hanse.factory.prepare.steps.decode.step import Decode


class Read(Struct):
    rows: list[dict[str, str]]
    """Of each record, the columns that are not null."""
    dropped: Mapping[str, str]
    counts: Mapping[str, int]
    tables: Sequence[pa.Table]

    @property
    def texts(self) -> list[str]:
        return [row["text"] for row in self.rows]

    @property
    def ids(self) -> list[str]:
        return [row["id"].removeprefix("v@1/") for row in self.rows]


def read(folder: Path, name: str, data: bytes, of_file: str = "", media_type: str = "", **parameters: object) -> Read:
    path = folder / name.rpartition("/")[2]
    path.write_bytes(data)
    file = SourceFile(version="v@1", path=name, local=str(path), size=len(data), licence=of_file, media_type=media_type)
    step = Decode(**parameters)  # type: ignore[arg-type]
    step.check()
    found = list(step.read(file))
    path.unlink()
    assert not list(folder.iterdir())
    for one in found:
        one.records.validate(full=True)
        assert one.records.column("text").null_count == 0
    dropped = [each for one in found for each in one.dropped]
    rows = [{key: value for key, value in row.items() if value is not None} for one in found for row in one.records.to_pylist()]
    names = [row["id"] for row in rows] + [each.id for each in dropped]
    assert len(names) == len(set(names))
    assert {each.reason for each in dropped} <= set(REASONS)
    counts = sum((Counter(one.counts) for one in found), Counter())
    return Read(rows, {each.id.removeprefix("v@1/"): each.reason for each in dropped}, counts, [one.records for one in found])
