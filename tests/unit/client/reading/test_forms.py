"""Stored files as tables, on odd ones: empty, without rows, wide, packed, of several kinds, larger than is read at once."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from hanse.client.reading import forms
from hanse.kernel.errors import HanseError, Invalid, NotFound
from tests.unit.client.reading.world import content


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens these files."""
    found = []

    def open_(files, **more):
        found.append(content(tmp_path, files, **({"chunk": 4096} | more)))
        return found[-1]

    yield open_
    for one in found:
        one.close()


def rows(data, paths=None):
    """Return the rows by batches, which are those of the table and of both frames."""
    listed = [row for batch in forms.batches(data, paths) for row in batch.to_pylist()]
    table = forms.table(data, paths)
    assert table.to_pylist() == listed
    assert len(forms.pandas(data, paths)) == len(listed)
    assert forms.polars(data, paths).height == len(listed)
    assert forms.dataset(data, paths).num_rows == len(listed)
    return listed


def as_parquet(table):
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, row_group_size=100)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.parquet", "parquet"),
        ("deep/a.CSV", "csv"),
        ("a.csv.gz", "csv"),
        ("a.tsv.gz", "tsv"),
        ("a.ndjson", "jsonl"),
        ("a.jsonl.gz", "jsonl"),
        ("a.feather", "arrow"),
        ("a.parquet.gz", "text"),
        ("a.txt.gz", "text"),
        ("a.json", "text"),
        ("csv", "text"),
        (".csv", "text"),
        ("a.csv.bak", "text"),
    ],
)
def test_how_a_file_is_read_follows_from_its_name(path, kind):
    assert forms.kind_of(path) == kind


def test_cells_with_commas_quotes_and_lines_in_them(opened):
    data = opened({"a.csv": 'town,"said, today"\n"Lübeck, ""old""","one\ntwo"\n,\n'.encode()})
    assert rows(data) == [{"town": 'Lübeck, "old"', "said, today": "one\ntwo"}, {"town": "", "said, today": ""}]


def test_a_mark_of_the_byte_order_is_no_part_of_a_name(opened):
    assert rows(opened({"a.csv": b"\xef\xbb\xbfx,y\n1,2\n"})) == [{"x": 1, "y": 2}]


def test_tabs_packed_files_and_lines_of_json(opened):
    assert rows(opened({"a.tsv": b"x\ty\n1\t2\n"})) == [{"x": 1, "y": 2}]
    assert rows(opened({"a.csv.gz": gzip.compress(b"x,y\n1,2\n")})) == [{"x": 1, "y": 2}]
    assert rows(opened({"a.tsv.gz": gzip.compress(b"x\ty\n1\t2\n")})) == [{"x": 1, "y": 2}]
    lines = b"".join(json.dumps({"x": n, "in": {"deep": [n] * 2}}).encode() + b"\n" for n in range(3))
    assert rows(opened({"a.jsonl": lines})) == [{"x": n, "in": {"deep": [n, n]}} for n in range(3)]
    assert rows(opened({"b.jsonl.gz": gzip.compress(lines)}))[2]["x"] == 2


def test_tables_without_rows_and_files_without_bytes(opened):
    assert rows(opened({"a.csv": b""})) == []
    assert rows(opened({"a.jsonl": b""})) == []
    assert rows(opened({"a.csv": b"x,y\n"})) == []
    empty = pa.table({"x": pa.array([], pa.int64())})
    assert forms.table(opened({"a.parquet": as_parquet(empty)})).schema == empty.schema
    assert rows(opened({"a.txt": b""})) == [{"path": "a.txt", "text": "", "content": None}]
    assert rows(opened({})) == []


def test_several_files_are_one_table_and_what_is_no_table_stands_aside(opened):
    data = opened({"a.csv": b"x\n1\n", "b.csv": b"x\n", "c.csv": b"x\n2\n", "README.md": b"# Rain", "empty.csv": b""})
    assert [row["x"] for batch in forms.batches(data) for row in batch.to_pylist()] == [1, 2]
    assert rows(data, ["c.csv", "a.csv"]) == [{"x": 2}, {"x": 1}]
    assert rows(data, ["README.md"]) == [{"path": "README.md", "text": "# Rain", "content": None}]


def test_files_of_several_kinds_are_refused_and_can_be_named(opened):
    data = opened({"a.csv": b"x\n1\n", "b.tsv": b"x\n2\n", "c.jsonl": b'{"x": 3}\n'})
    for form in (lambda one: list(forms.batches(one)), forms.table, forms.pandas, forms.polars, forms.dataset):
        with pytest.raises(Invalid, match="csv, jsonl, tsv") as caught:
            form(data)
        assert (caught.value.rule, caught.value.where) == ("kinds", "paths")
    assert rows(data, ["b.tsv"]) == [{"x": 2}]
    with pytest.raises(NotFound):
        forms.table(data, ["d.csv"])


def test_parquet_with_nested_values_and_columns_that_come_later(opened):
    one = pa.table({"x": [1, None], "deep": [[{"a": 1}], None]})
    two = pa.table({"x": [3], "deep": [[{"a": 2}]], "new": ["y"]})
    data = opened({"a.parquet": as_parquet(one), "b.parquet": as_parquet(two)})
    assert forms.table(data).to_pylist()[::2] == [{"x": 1, "deep": [{"a": 1}], "new": None}, {"x": 3, "deep": [{"a": 2}], "new": "y"}]


def test_many_rows_come_in_batches(opened):
    table = pa.table({"x": list(range(200_000))})
    data = opened({"a.parquet": as_parquet(table)}, chunk=65_536)
    sizes = [batch.num_rows for batch in forms.batches(data)]
    assert sum(sizes) == 200_000
    assert max(sizes) <= forms.ROWS


def test_arrow_files(opened, tmp_path):
    table = pa.table({"x": [1, 2], "y": ["a", None]})
    feather.write_feather(table, tmp_path / "plain", compression="uncompressed")
    feather.write_feather(table, tmp_path / "packed", compression="zstd")
    for name in ("plain", "packed"):
        assert rows(opened({"a.arrow": (tmp_path / name).read_bytes()})) == table.to_pylist()


def test_texts_come_with_their_paths_and_bytes_that_are_no_text_as_they_are(opened):
    files = {f"{number:04}.txt": f"Grüße {number}".encode() for number in range(2_500)} | {"x.bin": b"\xff\x00"}
    data = opened(files)
    batches = list(forms.batches(data))
    assert [batch.num_rows for batch in batches] == [1_000, 1_000, 501]
    assert batches[0].to_pylist()[7] == {"path": "0007.txt", "text": "Grüße 7", "content": None}
    assert batches[2].to_pylist()[-1] == {"path": "x.bin", "text": None, "content": b"\xff\x00"}


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_a_file_that_is_too_large_to_be_decrypted_as_a_whole_is_read_as_it_is_needed(opened, monkeypatch, tmp_path, form):
    table = pa.table({"x": list(range(50_000)), "y": [str(number) for number in range(50_000)]})
    feather.write_feather(table, tmp_path / "a", compression="uncompressed")
    data = opened({f"a.{form}": as_parquet(table) if form == "parquet" else (tmp_path / "a").read_bytes()}, chunk=10_000)
    whole = forms.table(data)
    asked = []
    monkeypatch.setattr(forms, "WHOLE", 1_000)
    monkeypatch.setattr(data, "buffer", asked.append)
    assert forms.table(data) == whole == table
    assert sum(batch.num_rows for batch in forms.batches(data)) == 50_000
    assert asked == []


def test_a_csv_is_read_piece_by_piece(opened, monkeypatch):
    """Rows come before the file was read to its end: Arrow reads ahead by about 32 MiB, and no further."""
    data = opened({"a.csv": b"x,y\n" + b"12345,abcdefghij\n" * 3_000_000}, chunk=1 << 20)
    parts = []
    some = data.some
    monkeypatch.setattr(data, "some", lambda rows, start, end: parts.append(end - start) or some(rows, start, end))
    batches = forms.batches(data)
    first = next(batches).num_rows
    assert 0 < sum(parts) < data.file("a.csv").size
    assert first + sum(batch.num_rows for batch in batches) == 3_000_000


@pytest.mark.parametrize(
    "files",
    [
        {"a.csv": b"x,y\n1,2\n3\n"},
        {"a.csv": b"x\n" + b"1\n" * 600_000 + b"1.5\n"},
        {"a.jsonl": b'{"x": 1}\n{"x": "a"}\n'},
        {"a.parquet": b"PAR1 and nothing else"},
        {"a.csv.gz": b"x\n1\n"},
        {"a.csv.gz": gzip.compress(b"x\n1\n2\n")[:-9]},
    ],
    ids=["a row too short", "another type late", "two types", "no Parquet", "not packed", "packed and cut off"],
)
def test_what_cannot_be_read_as_a_table_is_an_error_and_never_fewer_rows(opened, files):
    data = opened(files, chunk=65_536)
    with pytest.raises((HanseError, ValueError, OSError, EOFError)):
        forms.table(data)
