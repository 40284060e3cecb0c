"""Tables found among files and read, however they are written."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from hanse.factory.quality.tables import robust
from hanse.factory.quality.tables.find import find, open_source
from hanse.factory.quality.tables.make import table_from, table_of
from hanse.factory.quality.tables.table import Table
from hanse.kernel.errors import Invalid


def _open(folder: Path, *, typed: bool = False) -> tuple[list[Table], list[str]]:
    found = find(folder, [one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()])
    left = [*found.left_out]
    for number, source in enumerate(found.tables):
        left += open_source(folder, source, folder.parent / f"work-{number}")
    return [table_of(one, folder.parent, {}) for one in found.tables], left


def _write(folder: Path, **files: bytes) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    return folder


def test_files_of_one_shape_are_one_table(tmp_path: Path) -> None:
    folder = _write(tmp_path / "in", a_csv=b"x,y\n1,2\n", b_csv=b"x,y\n3,4\n", c_csv=b"x,z\n5,6\n", readme_md=b"hello")
    tables, left = _open(folder)
    assert [(one.name, one.rows, one.files) for one in tables] == [("a.csv", 2, ("a.csv", "b.csv")), ("c.csv", 1, ("c.csv",))]
    assert left == ["readme.md: no table"]


def test_types_of_columns_of_texts(tmp_path: Path) -> None:
    rows = b"id;n;f;flag;day;word\n007;1;1.5;true;2026-01-01;x\n008;2;2e3;FALSE;03.02.2026;y\n"
    (table,), _ = _open(_write(tmp_path / "in", a_csv=rows))
    assert {one.name: one.kind for one in table.columns} == {
        "id": "text",
        "n": "number",
        "f": "number",
        "flag": "boolean",
        "day": "date",
        "word": "text",
    }
    assert table.typed.collect().row(1) == ("008", 2, 2000.0, False, datetime.fromisoformat("2026-02-03"), "y")


def test_dates_in_three_forms() -> None:
    days = ["2026-01-31", "31.01.2026", "31/01/2026", "2026-01-31T12:00:00+02:00", "2026-01-31 10:30"]
    table = table_from("t", pl.DataFrame({"d": days}).lazy(), Path(), typed=False)
    day = datetime.fromisoformat("2026-01-31")
    assert table.typed.collect()["d"].to_list() == [
        day,
        day,
        day,
        datetime.fromisoformat("2026-01-31T10:00"),
        datetime.fromisoformat("2026-01-31T10:30"),
    ]


def test_days_and_months_that_cannot_be_told_apart_are_not_guessed() -> None:
    table = table_from("t", pl.DataFrame({"d": ["01/02/2026", "03/04/2026"]}).lazy(), Path(), typed=False)
    assert table.typed.collect()["d"].to_list() == [None, None]
    assert table.columns[0].unfit == 2


def test_mixed_types_and_huge_integers() -> None:
    frame = {"mixed": [*"123456789", "x"], "huge": ["12345678901234567890123"] * 10}
    table = table_from("t", pl.DataFrame(frame).lazy(), Path(), typed=False)
    assert (table.columns[0].kind, table.columns[0].unfit) == ("number", 1)
    assert table.typed.collect()["huge"].to_list()[0] == pytest.approx(1.2345678901234568e22)


def test_broken_csv_is_read_record_by_record(tmp_path: Path) -> None:
    folder = _write(tmp_path / "in", a_csv=b"a,b\n1,x\n2,y,z\n\xff,3\n4\n\n5,\n")
    (table,), left = _open(folder)
    assert table.raw.collect().rows() == [("1", "x"), ("�", "3"), ("5", None)]
    assert (table.unreadable, left) == (2, [])
    assert table.note


def test_broken_json_lines(tmp_path: Path) -> None:
    lines = b'{"a":1,"b":[1,2]}\nnot json\n[1]\n{"a":"x","c":null}\n\n' + b"[" * 5_000 + b"\n"
    (table,), _ = _open(_write(tmp_path / "in", a_jsonl=lines))
    assert table.raw.collect().to_dicts() == [{"a": "1", "b": "[1,2]", "c": None}, {"a": "x", "b": None, "c": None}]
    assert table.unreadable == 3


def test_mixed_json_lines(tmp_path: Path) -> None:
    (table,), _ = _open(_write(tmp_path / "in", a_jsonl=b'{"a":1}\n{"a":"x","b":{"c":1}}\n{"a":2.5}\n'))
    assert table.rows == 3
    assert {one.name: one.kind for one in table.columns} == {"a": "text", "b": "nested"}


def test_lines_that_are_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robust, "LONGEST", 1_000)
    monkeypatch.setattr(robust, "_LOOK", 300)
    long = b"3," + b"x" * 5_000
    (table,), _ = _open(_write(tmp_path / "in", a_csv=b"a,b\n1,2\n" + long + b"\n4,5\n"))
    assert table.raw.collect().rows() == [("1", "2"), ("4", "5")]
    assert table.unreadable == 1


def test_packed_empty_and_damaged_files(tmp_path: Path) -> None:
    folder = _write(tmp_path / "in", b_csv=b"", c_parquet=b"PAR1 no", d_csv=b"x,y\n")
    (folder / "a.csv.gz").write_bytes(gzip.compress(b"p,q\n1,2\n"))
    tables, left = _open(folder)
    assert [(one.name, one.rows) for one in tables] == [("a.csv.gz", 1), ("d.csv", 0)]
    assert [one.partition(":")[0] for one in left] == ["b.csv", "c.parquet"]


def test_files_that_are_not_what_they_seem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hanse.factory.quality.tables.find._UNPACKED", 1 << 20)
    folder = _write(tmp_path / "in", wide_csv=b",".join(b"%d" % one for one in range(6_000)) + b"\n")
    (folder / "bomb.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1," * 2_000_000))
    found = find(folder, ["wide.csv", "bomb.csv.gz"])
    assert found.left_out == ["wide.csv: It has more than 5,000 columns. (at columns)"]
    with pytest.raises(Invalid, match="200 times"):
        open_source(folder, found.tables[0], tmp_path / "work")


def test_texts_where_there_is_no_table(tmp_path: Path) -> None:
    folder = _write(tmp_path / "in", a_txt=b"hello", b_md="grüß".encode(), c_bin=b"\xff\xfe\x00")
    (table,), left = _open(folder)
    assert table.raw.collect().rows() == [("a.txt", "hello"), ("b.md", "grüß")]
    assert (table.unreadable, left) == (1, ["c.bin: neither a table nor a text in UTF-8"])


def test_parquet_and_arrow_keep_their_types(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    when = pl.Series("when", [datetime.fromisoformat("2026-01-01T12:00")]).dt.replace_time_zone("Europe/Berlin")
    frame = pl.DataFrame({"n": [1], "c": pl.Series(["x"], dtype=pl.Categorical), "when": when, "day": ["2026-01-01"]})
    frame.write_parquet(folder / "a.parquet")
    frame.write_ipc(folder / "b.arrow")
    tables, _ = _open(folder)
    for table in tables:
        assert [one.kind for one in table.columns] == ["number", "text", "date", "date"], "also a text that is a date"
        assert table.typed.collect()["when"].to_list() == [datetime.fromisoformat("2026-01-01T11:00")], "in UTC"


@pytest.mark.parametrize("end", ["csv", "jsonl", "parquet", "arrow"])
def test_names_that_look_like_patterns_are_names(tmp_path: Path, end: str) -> None:
    """A file `a[1].csv` is read, and not `a1.csv` in its place."""
    folder = tmp_path / "in"
    folder.mkdir()
    write = {"csv": "write_csv", "jsonl": "write_ndjson", "parquet": "write_parquet", "arrow": "write_ipc"}[end]
    for name, rows in (("a[1]", 2), ("a1", 5)):
        getattr(pl.DataFrame({"c": ["x"] * rows}), write)(folder / f"{name}.{end}")
    assert [one.rows for one in _open(folder)[0]] == [7]
