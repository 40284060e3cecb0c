"""Parquet: types, nulls, layout, and what is not to be told."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.dataplane.transforms.engine import run_here
from hanse.dataplane.transforms.refusal import Unkeepable
from hanse.odrl import names as n
from hanse.odrl.changes import Step
from tests.unit.dataplane.transforms.world import Job, changed, tools

PARQUET = "application/vnd.apache.parquet"

TABLE = pa.table(
    {
        "id": pa.array([1, 2, 3, 4], pa.int32()),
        "name": pa.array(["ann", None, "bob", "ann"]),
        "large": pa.array(["x", "y", None, ""], pa.large_string()),
        "raw": pa.array([b"\0\xff", None, b"", b"a"], pa.binary()),
        "kind": pa.array(["p", "q", None, "p"]).dictionary_encode(),
        "lat": pa.array([1.23456, None, -0.5, float("nan")], pa.float64()),
        "small": pa.array([1.25, 2.5, None, 1e30], pa.float32()),
        "price": pa.array([Decimal("1.255"), None, Decimal("2.345"), Decimal("-7.000")], pa.decimal128(10, 3)),
        "at": pa.array([datetime(2026, 1, 1, tzinfo=UTC), None, None, None], pa.timestamp("ns", "UTC")),
        "tags": pa.array([["a"], None, [], ["b", None]], pa.list_(pa.string())),
        "place": pa.array([{"lat": 1.0}, None, {"lat": None}, {"lat": 2.0}], pa.struct([("lat", pa.float64())])),
    }
)


def stored(table=TABLE, **options) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def loaded(content: bytes):
    return pq.read_table(io.BytesIO(content))


def test_only_the_named_columns_change_and_types_stay():
    found = loaded(changed(stored(), PARQUET, Step(n.MASK, ("name", "lat"))))
    assert found.schema.remove_metadata() == TABLE.schema
    assert found["name"].to_pylist() == ["***", None, "***", "***"]
    assert found["lat"].to_pylist() == [None] * 4
    for name in set(TABLE.column_names) - {"name", "lat"}:
        assert found[name].equals(TABLE[name]), name


@pytest.mark.parametrize("name", TABLE.column_names)
def test_every_type_can_be_masked_and_dropped(name):
    text = name in ("name", "large", "raw", "kind")
    found = loaded(changed(stored(), PARQUET, Step(n.MASK, (name,))))
    mark = b"***" if name == "raw" else "***"
    assert found[name].to_pylist() == [(None if value is None else mark) if text else None for value in TABLE[name].to_pylist()]
    dropped = loaded(changed(stored(), PARQUET, Step(n.DROP, (name,))))
    assert dropped.column_names == [other for other in TABLE.column_names if other != name]


def test_a_column_that_must_have_values_may_be_masked():
    schema = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("name", pa.string(), nullable=False)])
    table = pa.table({"id": [1, 2], "name": ["a", "b"]}, schema=schema)
    found = loaded(changed(stored(table), PARQUET, Step(n.MASK, ("id", "name"))))
    assert found.to_pylist() == [{"id": None, "name": "***"}] * 2
    assert not found.schema.field("name").nullable


def test_nothing_of_a_dropped_or_masked_column_is_left_in_the_file():
    rows = range(2000)
    table = pa.table({"a": rows, "secret_name": [f"secret {i}" for i in rows], "b": [f"hidden {i}" for i in rows]})
    source = stored(table.replace_schema_metadata({"pandas": "secret_name", "owner": "hidden owner"}), write_page_index=True)
    found = changed(source, PARQUET, Step(n.DROP, ("secret_name",)), Step(n.MASK, ("b",)))
    assert b"secret" not in found
    assert b"hidden" not in found
    assert pq.ParquetFile(io.BytesIO(found)).metadata.num_rows == 2000


def test_pseudonyms_of_text_and_numbers():
    found = loaded(changed(stored(), PARQUET, Step(n.PSEUDONYMISE, ("id", "kind", "name"))))
    names = found["name"].to_pylist()
    assert names[0] == names[3] != names[2]
    assert names[1] is None
    assert len(set(found["id"].to_pylist())) == 4
    assert found["kind"].to_pylist()[2] is None
    text = changed(b"id,name\n1,ann\n", "text/csv", Step(n.PSEUDONYMISE, ("id", "name"))).decode().split("\n")[1]
    assert text == f"{found['id'][0]},{names[0]}"  # one person is one person in all kinds of files
    with pytest.raises(Unkeepable):
        changed(stored(), PARQUET, Step(n.PSEUDONYMISE, ("place",)))


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", None, "b"], pa.string_view()),
        pa.array([b"a", None, b"b"], pa.binary_view()),
        pa.array([b"a", None, b"b"], pa.large_binary()),
        pa.array([True, None, False]),
        pa.array([1.5, None, 2.5], pa.float16()),
        pa.array([1, None, 2], pa.duration("s")),
        pa.array([b"1234", None, b"5678"], pa.binary(4)),
        pa.array([None, None, None], pa.null()),
        pa.array([1, None, 2], pa.time64("us")),
        pa.array([{"x": 1}, None, {"x": 2}]),
    ],
    ids=lambda column: str(column.type),
)
def test_rare_types_are_changed_or_refused_but_never_let_through(column):
    source = stored(pa.table({"rare": column, "x": range(3)}))
    assert set(loaded(changed(source, PARQUET, Step(n.MASK, ("rare",))))["rare"].to_pylist()) <= {None, "***", b"***"}
    for step in (Step(n.PSEUDONYMISE, ("rare",)), Step(n.ROUND, ("rare",), 0), Step("anonymize", ("rare",), 2)):
        try:
            found = loaded(changed(source, PARQUET, step))
        except Unkeepable:
            continue
        values = [value for value in found["rare"].to_pylist() if value is not None]
        if step.action == n.PSEUDONYMISE:
            assert all(len(value) == 32 for value in values)
        elif step.action == n.ROUND:
            assert values in ([2.0, 2.0], [])
        else:
            assert found.num_rows in (0, 3)


def test_rounding():
    found = loaded(changed(stored(), PARQUET, Step(n.ROUND, ("id", "lat", "price", "small"), 1)))
    assert found["lat"].to_pylist()[:3] == [1.2, None, -0.5]
    assert found["price"].to_pylist() == [Decimal("1.300"), None, Decimal("2.300"), Decimal("-7.000")]
    assert found["small"].to_pylist()[:3] == [pytest.approx(1.2), 2.5, None]
    assert found["id"].to_pylist() == [1, 2, 3, 4]
    for name in ("name", "at", "tags"):
        with pytest.raises(Unkeepable):
            changed(stored(), PARQUET, Step(n.ROUND, (name,), 1))


def test_anonymity_over_nulls_and_several_row_groups():
    table = pa.table({"zip": ["10", None, "10", None, "20", "10"], "age": [30, 1, 30, 1, 30, 31], "x": list(range(6))})
    job = Job(stored(table, row_group_size=2), PARQUET)
    outcome = run_here([job], (Step("anonymize", ("age", "zip"), 2),), tools())
    assert loaded(job.written.getvalue())["x"].to_pylist() == [0, 1, 2, 3]
    assert outcome.suppressed == 2


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
def test_the_compression_stays(compression):
    found = changed(stored(compression=compression), PARQUET, Step(n.MASK, ("name",)))
    metadata = pq.ParquetFile(io.BytesIO(found)).metadata.row_group(0)
    expected = {"none": "UNCOMPRESSED"}.get(compression, compression.upper())
    assert {metadata.column(i).compression for i in range(metadata.num_columns)} == {expected}


def test_row_groups_keep_their_size_and_dictionaries_stay_where_they_were():
    table = pa.table({"a": range(10_000), "b": [f"{i % 9}" for i in range(10_000)], "c": [f"long unlike text {i}" for i in range(10_000)]})
    source = stored(table, row_group_size=3000, use_dictionary=["b"])
    metadata = pq.ParquetFile(io.BytesIO(changed(source, PARQUET, Step(n.MASK, ("a",))))).metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [3000, 3000, 3000, 1000]
    assert [metadata.row_group(0).column(i).has_dictionary_page for i in range(3)] == [True, True, False]
    assert loaded(changed(source, PARQUET, Step(n.DROP, ("c",))))["b"].equals(table["b"])


def test_a_file_without_arrows_own_types():
    found = changed(stored(TABLE.drop(["kind"]), store_schema=False), PARQUET, Step(n.MASK, ("name",)))
    assert not pq.ParquetFile(io.BytesIO(found)).metadata.metadata
    assert loaded(found)["raw"].equals(TABLE["raw"])


def test_no_records():
    found = loaded(changed(stored(TABLE.slice(0, 0)), PARQUET, Step(n.DROP, ("id",)), Step(n.MASK, ("name",))))
    assert found.num_rows == 0
    assert found.column_names == TABLE.column_names[1:]


def test_all_columns_masked_and_all_dropped():
    table = TABLE.select(["id", "name"])
    assert loaded(changed(stored(table), PARQUET, Step(n.MASK, ("id", "name"))))["name"].to_pylist() == ["***", None, "***", "***"]
    only = pa.table({"a": ["x", "y"]})
    assert loaded(changed(stored(only), PARQUET, Step(n.MASK, ("a",))))["a"].to_pylist() == ["***", "***"]
    with pytest.raises(Unkeepable):
        changed(stored(table), PARQUET, Step(n.DROP, ("id", "name")))


@pytest.mark.parametrize("name", ["Name", "name ", "place.lat", "tags.list.element", ""])
def test_a_column_is_named_exactly(name):
    with pytest.raises(Unkeepable):
        changed(stored(), PARQUET, Step(n.MASK, (name,)))


def test_two_columns_of_one_name_are_refused():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(Unkeepable):
        changed(stored(table), PARQUET, Step(n.MASK, ("a",)))


@pytest.mark.parametrize("damage", ["nothing", "text", "cut", "flipped"])
def test_what_is_malformed_is_refused(damage):
    good = stored(pa.table({"name": [f"person {i}" for i in range(5000)], "b": range(5000)}), write_page_checksum=True)
    bad = {"nothing": b"", "text": b"a,b\n1,2\n", "cut": good[:-20], "flipped": good[:4] + b"\xff" * 2000 + good[2004:]}[damage]
    with pytest.raises(Unkeepable) as caught:
        changed(bad, PARQUET, Step(n.PSEUDONYMISE, ("name",)))
    assert "person" not in str(caught.value)


class Full(Exception):
    pass


class NoRoom(Job):
    def sink(self):
        class Sink(io.BytesIO):
            def write(self, data):
                raise Full

        return Sink()


def test_a_full_disk_is_told_as_it_is():
    with pytest.raises(Full):
        run_here([NoRoom(stored(), PARQUET)], (Step(n.MASK, ("name",)),), tools())


def test_it_can_be_stopped_under_way():
    def stop(count):
        raise Full

    with pytest.raises(Full):
        run_here([Job(stored(), PARQUET)], (Step(n.MASK, ("name",)),), tools(stop))
