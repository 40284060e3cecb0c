"""Parquet files that are small and would take any amount of memory: `python -m …bombs NAME` changes one, and tells what came of it.

It runs as a program of its own, with a limit of memory, so that a server without one fails a test and not the machine.
"""

from __future__ import annotations

import io
import json
import resource
import sys

import pyarrow as pa
import pyarrow.parquet as pq

from hanse.dataplane.transforms.refusal import Unkeepable
from hanse.dataplane.transforms.run import run
from hanse.odrl import names as n
from hanse.odrl.changes import Step
from tests.unit.dataplane.transforms.world import Job, tools

LIMIT = 5 << 29
"""More than the process that reads the file may take, so that it is that one's limit which counts."""
OPTIONS = {"compression": "zstd", "store_schema": False}


def repeated(value: int, rows: int) -> bytes:
    """One long value in a dictionary, named by all rows."""
    name = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), pa.array(["x" * value]))
    out = io.BytesIO()
    table = pa.table({"name": name, "b": pa.repeat(pa.scalar(1), rows)})
    pq.write_table(table, out, use_dictionary=["name"], dictionary_pagesize_limit=1 << 30, row_group_size=rows, **OPTIONS)
    return out.getvalue()


def prefixes(value: int, rows: int) -> bytes:
    """Values that differ in their last bytes; the rest is in the file once."""
    out = io.BytesIO()
    schema = pa.schema([("name", pa.string()), ("b", pa.int64())])
    with pq.ParquetWriter(
        out, schema, use_dictionary=False, column_encoding={"name": "DELTA_BYTE_ARRAY", "b": "PLAIN"}, **OPTIONS
    ) as writer:
        for start in range(0, rows, 100):
            values = ["x" * value + str(row) for row in range(start, start + 100)]
            writer.write_batch(pa.record_batch([values, list(range(100))], schema=schema), row_group_size=rows)
    return out.getvalue()


def lists(rows: int) -> bytes:
    """Rows with a thousand times the same long value each."""
    indices = pa.repeat(pa.scalar(0, pa.int32()), rows * 1000)
    values = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * 100_000]))
    name = pa.ListArray.from_arrays(pa.array(range(0, rows * 1000 + 1, 1000), pa.int32()), values)
    out = io.BytesIO()
    pq.write_table(pa.table({"name": name, "b": list(range(rows))}), out, dictionary_pagesize_limit=1 << 30, **OPTIONS)
    return out.getvalue()


def lying(content: bytes, truth: int) -> bytes:
    """Say 0 in the footer wherever it says `truth`, as a number of as many bytes."""
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    number, value = bytearray(), truth << 1
    while value:
        number.append(value & 127 | (128 if value > 127 else 0))
        value >>= 7
    assert bytes(number) in content[start:]
    return content[:start] + content[start:].replace(bytes(number), b"\x80" * (len(number) - 1) + b"\0")


def lies() -> bytes:
    """Say that a bomb's row group has no bytes at all."""
    content = repeated(790_000, 131_072)
    return lying(content, pq.ParquetFile(io.BytesIO(content)).metadata.row_group(0).total_byte_size)


OTHER, CHANGED, COUNTED = Step(n.MASK, ("b",)), Step(n.PSEUDONYMISE, ("name",)), Step(n.ANONYMIZE, ("name",), 5)
BOMBS = {
    "many rows": (OTHER, lambda: repeated(790_000, 131_072)),
    "more rows": (CHANGED, lambda: repeated(700_000, 300_000)),
    "more rows counted": (COUNTED, lambda: repeated(700_000, 300_000)),
    "one huge value": (OTHER, lambda: repeated(50_000_000, 2_000)),
    "shared prefixes": (OTHER, lambda: prefixes(1_000_000, 1_700)),
    "lists": (OTHER, lambda: lists(1_000)),
    "a lying footer": (OTHER, lies),
}


def main() -> None:
    """Take a step that reads the column: one that changes it, or that changes another."""
    step, build = BOMBS[sys.argv[1]]
    content = build()
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    try:
        run([Job(content, "application/vnd.apache.parquet")], (step,), tools())
        found = "changed"
    except Unkeepable as error:
        found = error.message
    json.dump({"size": len(content), "found": found}, sys.stdout)


if __name__ == "__main__":
    main()
