"""`parquet`: writes records as files of Parquet or JSON Lines; the writer of a pipeline that names none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from hanse.factory.prepare.base import SPLIT, Piece, Writer
from hanse.factory.prepare.steps.tokens.survey import chosen, order, rows, summaries, survey
from hanse.kernel.errors import Invalid


class Parquet(Writer, frozen=True, kw_only=True):
    """Write all columns of the records into files `SPLIT-NNNNN.parquet`, or `.jsonl`; records without a split are of `train`.

    A file is closed once its parts have `file_size` bytes in memory, and where the columns change. The product gets `fit.json` if tokens
    were counted, and `labels.json` if there are labels.
    """

    name: ClassVar[str] = "parquet"

    format: Literal["parquet", "jsonl"] = "parquet"
    file_size: int = 256 << 20

    def check(self) -> None:
        """Raise `Invalid` for a size that is none."""
        if not 1 <= self.file_size <= 1 << 40:
            raise Invalid("A file has 1 byte to 1 TiB.", where="file_size", rule="file-size")

    def look(self, records: pa.Table) -> pa.Table:
        """Return what is in a part, its size, and what its columns are."""
        found = survey(records)
        columns = records.schema.to_string(show_field_metadata=False, show_schema_metadata=False)
        return found.append_column("size", pa.repeat(records.nbytes, len(found))).append_column("columns", pa.repeat(columns, len(found)))

    def decide(self, seen: Iterable[tuple[str, pa.Table]], into: Path) -> None:
        """Write `fit.json` and `labels.json`, where there is something to say."""
        for name, content in summaries(list(seen)).items():
            into.joinpath(name).write_bytes(content)

    def plan(self, seen: Sequence[tuple[str, pa.Table]]) -> Sequence[Piece]:
        """Return the files of each split."""
        found = list(rows(seen))
        pieces = []
        for split in order(row[SPLIT] for _, row in found):
            of_split = {part: row for part, row in found if row[SPLIT] == split}
            pieces += [Piece(f"{split}-{number:05}", parts) for number, parts in enumerate(self._files(of_split))]
        return pieces

    def _files(self, parts: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
        held: list[str] = []
        size = 0
        for part, row in parts.items():
            if held and (size >= self.file_size or row["columns"] != parts[held[0]]["columns"]):
                yield tuple(held)
                held, size = [], 0
            held.append(part)
            size += row["size"]
        if held:
            yield tuple(held)

    def write(self, piece: Piece, parts: Iterator[pa.Table], into: Path) -> Mapping[str, int]:
        """Write one file."""
        split = piece.name.rsplit("-", 1)[0]
        tables = (chosen(split, table).replace_schema_metadata(None) for table in parts)
        write = _write_parquet if self.format == "parquet" else _write_jsonl
        return {"records": write(into / f"{piece.name}.{self.format}", tables)}


def _write_parquet(file: Path, tables: Iterator[pa.Table]) -> int:
    first = next(tables)
    count = 0
    with pq.ParquetWriter(file, first.schema, compression="zstd") as writer:
        for table in _again(first, tables):
            writer.write_table(table, row_group_size=1 << 16)
            count += len(table)
    return count


def _write_jsonl(file: Path, tables: Iterator[pa.Table]) -> int:
    encoder = msgspec.json.Encoder()
    count = 0
    with file.open("wb") as out:
        for table in tables:
            for batch in table.to_batches(max_chunksize=1_000):
                out.write(encoder.encode_lines(batch.to_pylist()))
            count += len(table)
    return count


def _again(first: pa.Table, others: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from others
