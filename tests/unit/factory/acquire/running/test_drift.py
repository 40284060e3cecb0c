"""Columns that appeared, vanished or hold something else."""

from __future__ import annotations

import asyncio
import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.dcat.holding import HeldFile
from hanse.factory.acquire.running.drift import MOST, changes


def reader(contents):
    async def read(path, start, end):
        return contents[path][start:end]

    return read


def compare(before, now):
    def held(contents):
        return [HeldFile(path, len(one), hashlib.sha256(one).hexdigest()) for path, one in sorted(contents.items())]

    return asyncio.run(changes(held(before), reader(before), held(now), reader(now)))


def parquet(table):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(table), sink)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (b"a,b\n1,2\n", b"a,b\n1,2\n3,4\n", ()),
        (b"a,b\n1,2\n", b"a\n1\n", ("t.csv: the column 'b' vanished.",)),
        (b"a\n1\n", b"a,c\n1,x\n", ("t.csv: the column 'c' is new.",)),
        (b"a\n1\n2\n", b"a\n1\nmany\n", ("t.csv: the column 'a' was number, now it is text.",)),
        (b"a\n2026-01-01\n", b"a\n5\n", ("t.csv: the column 'a' was date, now it is number.",)),
        (b"a;b\n1;2\n", b"a;b\n1;x\n", ("t.csv: the column 'b' was number, now it is text.",)),
        (b"a,b\n1,\n", b"a,b\n1,x\n", ()),
        ("\ufeffa\n1\n".encode(), b"a\n1\n2\n", ()),
        (b"", b"a\n1\n", ()),
        (b"\xff\xfe\x00", b"a\n1\n", ("t.csv: the column '\ufffd\ufffd\\x00' vanished.", "t.csv: the column 'a' is new.")),
    ],
)
def test_csv(before, now, said):
    assert compare({"t.csv": before}, {"t.csv": now}) == said


def test_a_line_that_is_cut_off_by_the_bound_is_left_out():
    rows = b"".join(b"%d,ok\n" % number for number in range(200_000))
    assert compare({"t.csv": b"a,b\n" + rows}, {"t.csv": b"a,b\n" + rows + b"1,2\n"}) == ()


def test_json_lines():
    before = b'{"id": 1, "text": "a"}\n{"id": 2, "text": null}\n'
    now = b'{"id": "x", "text": "a", "lang": "fi"}\n'
    assert compare({"t.jsonl": before}, {"t.jsonl": now}) == (
        "t.jsonl: the column 'lang' is new.",
        "t.jsonl: the column 'id' was number, now it is text.",
    )


@pytest.mark.parametrize("broken", [b"[1, 2]\n", b"{", b"[" * 60_000, b'{"a": 1}\nnothing\n'])
def test_lines_that_cannot_be_read_are_not_compared(broken):
    assert compare({"t.jsonl": b'{"a": 1}\n'}, {"t.jsonl": broken}) == ()


def test_parquet():
    before, now = parquet({"a": [1], "b": ["x"]}), parquet({"a": [1.5], "c": ["x"]})
    assert compare({"t.parquet": before}, {"t.parquet": now}) == (
        "t.parquet: the column 'b' vanished.",
        "t.parquet: the column 'c' is new.",
        "t.parquet: the column 'a' was int64, now it is double.",
    )


@pytest.mark.parametrize(
    "broken", [b"", b"PAR1", b"PAR1" + b"\xff\xff\xff\x7fPAR1", b"PAR1" + b"\x00" * 20 + b"\x14\x00\x00\x00PAR1", b"x" * 100]
)
def test_parquet_that_is_none_or_claims_a_huge_footer(broken):
    assert compare({"t.parquet": parquet({"a": [1]})}, {"t.parquet": broken}) == ()


def test_a_renamed_table_is_compared_with_the_first_of_its_kind():
    assert compare({"2025.csv": b"a\n1\n"}, {"2026.csv": b"b\n1\n"}) == (
        "2026.csv: the column 'a' vanished.",
        "2026.csv: the column 'b' is new.",
    )


def test_files_without_columns_and_packed_ones_are_left_alone():
    assert compare({"t.csv.gz": b"\x1f\x8b", "x.bin": b"1"}, {"t.csv.gz": b"\x1f\x8bzz", "x.bin": b"2"}) == ()


def test_no_more_than_can_be_told():
    before = ",".join(f"a{n}" for n in range(500)).encode() + b"\n"
    assert len(compare({"t.csv": before}, {"t.csv": b"z\n"})) == MOST + 1
