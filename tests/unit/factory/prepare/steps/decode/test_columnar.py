"""Parquet and Arrow."""

import datetime
import io
import random
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.factory.prepare.steps.decode.limits import SLACK, Limits
from tests.unit.factory.prepare.steps.decode.reading import read

TABLE = pa.table(
    {
        "text": ["a", None, "c"],
        "i": [1, None, 3],
        "f": [0.5, 1.0, None],
        "l": [[1, 2], None, []],
        "s": [{"k": "v"}, {"k": None}, None],
        "t": pa.array([0, 1, None], pa.timestamp("ms", "UTC")),
        "d": [datetime.date(2024, 3, 31), None, None],
        "n": [Decimal("1.50"), None, None],
        "b": [b"x", b"\xff", None],
        "z": [True, False, None],
        "c": pa.array(["u", "u", None]).dictionary_encode(),
        "dot": ["31.03.2024", None, None],
    }
)
FIRST = {
    "id": "v@1/{}#1", "source": "v@1", "text": "a", "i": "1", "f": "0.5", "l": "[1,2]", "s": '{"k":"v"}', "t": "1970-01-01T00:00:00.000Z",
    "d": "2024-03-31", "n": "1.50", "b": "x", "z": "true", "c": "u", "dot": "2024-03-31",
}  # fmt: skip


def parquet(table=TABLE, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def arrow(new=pa.ipc.new_file, table=TABLE):
    out = io.BytesIO()
    with new(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"), [("a.parquet", parquet()), ("a.arrow", arrow()), ("b.arrow", arrow(pa.ipc.new_stream)), ("c", parquet())]
)
def test_every_type_becomes_a_text(tmp_path, name, data):
    found = read(tmp_path, name, data)
    assert found.rows[0] == FIRST | {"id": f"v@1/{name}#1"}
    assert (found.ids, found.dropped) == ([f"{name}#1", f"{name}#3"], {f"{name}#2": "no-text"})


def test_only_the_columns_that_are_wanted_are_read(tmp_path):
    found = read(tmp_path, "a.parquet", parquet(), keep=("i",))
    assert found.rows[0] == {"id": "v@1/a.parquet#1", "source": "v@1", "text": "a", "i": "1"}
    rendered = read(tmp_path, "a.parquet", parquet(TABLE.select(["i", "z"])), keep=())
    assert rendered.texts == ["i: 1\nz: true", "z: false", "i: 3"]


def test_many_row_groups_keep_their_numbers(tmp_path):
    table = pa.table({"text": [f"t{n}" for n in range(1000)]})
    found = read(tmp_path, "a.parquet", parquet(table, row_group_size=64))
    assert found.ids == [f"a.parquet#{n}" for n in range(1, 1001)]


def test_what_is_damaged_keeps_what_came_before(tmp_path):
    assert read(tmp_path, "a.parquet", parquet()[:-9]).dropped == {"a.parquet": "damaged"}
    assert read(tmp_path, "a.arrow", arrow()[:150]).dropped == {"a.arrow": "damaged"}
    rnd = random.Random(6)
    table = pa.table({"text": ["".join(rnd.choices("abcdefgh", k=1000)) for _ in range(100)]})
    data = bytearray(parquet(table, row_group_size=10, compression="zstd", use_dictionary=False))
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff" * 40
    found = read(tmp_path, "a.parquet", bytes(data))
    assert found.ids[0] == "a.parquet#1"
    assert 10 <= len(found.rows) < 100
    assert found.dropped == {"a.parquet": "damaged"}


def test_one_large_text_said_a_million_times_takes_no_memory_here(tmp_path):
    """Two megabytes of Parquet that would be 200 GB: the process apart may not have so much, and only the file is lost."""
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * 2_000_000])
    bomb = parquet(pa.table({"text": values}), dictionary_pagesize_limit=1 << 30)
    assert len(bomb) < 1 << 20
    assert read(tmp_path, "a.parquet", bomb).dropped == {"a.parquet": "too-hard"}
    assert read(tmp_path, "b.parquet", parquet()).texts == ["a", "c"]


def test_a_row_that_is_too_long_costs_itself_only(tmp_path):
    table = pa.table({"text": ["a", "b" * 200_000, "c", "d" * 6_000_000, "e"], "n": range(5)})
    found = read(tmp_path, "a.parquet", parquet(table), limits=Limits(record_bytes=100_000))
    assert (found.texts, found.ids) == (["a", "c", "e"], ["a.parquet#1", "a.parquet#3", "a.parquet#5"])
    assert found.dropped == {"a.parquet#2": "record-too-long", "a.parquet#4": "record-too-long"}


def test_a_table_with_too_many_columns(tmp_path):
    table = pa.table({f"c{n}": ["x"] for n in range(1001)})
    assert read(tmp_path, "a.parquet", parquet(table)).dropped == {"a.parquet": "columns"}


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_a_table_of_a_few_bytes_that_stands_for_very_many_is_a_bomb(tmp_path, name):
    """Parquet says once what is in all rows; rows without a text have the names of their columns in each."""
    word = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), 300_000), ["x" * 200])
    data = {"a.parquet": parquet(pa.table({"text": word}), compression="zstd"), "a.csv": b"n" * 2_000 + b",b\n" + b"1,2\n" * 100_000}[name]
    found = read(tmp_path, name, data, limits=Limits(ratio=20))
    assert found.dropped == {name: "archive-bomb"}
    assert sum(map(len, found.texts)) < 20 * len(data) + SLACK
