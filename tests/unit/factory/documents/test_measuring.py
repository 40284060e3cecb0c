"""Files of all kinds, measured apart: what has records gets fields, what has not a reason, and nothing takes the process along."""

from __future__ import annotations

import gzip
import json
import os
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.dcat.holding import HeldFile
from hanse.factory.documents.apart import measure_apart
from hanse.factory.documents.batches import Piece, batches_of


def measured(folder, **more):
    files = [
        HeldFile(one.relative_to(folder).as_posix(), one.stat().st_size, "0" * 64) for one in sorted(folder.rglob("*")) if one.is_file()
    ]
    return measure_apart(folder, files, **more)


def reason(folder, name, data, **more):
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    found = measured(folder, **more)
    assert found.tables == ()
    (one,) = found.unmeasured
    assert one.path == name
    return one.reason


def kinds(folder, name, data):
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    found = measured(folder)
    assert not found.unmeasured
    return {column.name: column.kind for column in found.tables[0].columns}


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", "-3"], "Integer"),
        (["1", "", "NA"], "Integer"),
        (["01", "02"], "Text"),
        (["9223372036854775807"], "Text"),
        (["12345678901234567890"], "Text"),
        (["1", "1.5"], "Float"),
        (["1e5", ".5", "-2."], "Float"),
        (["0x1F"], "Text"),
        (["1,5"], "Text"),
        (["true", "False"], "Boolean"),
        (["yes", "no"], "Text"),
        (["2026-01-31"], "Date"),
        (["2026-02-30"], "Text"),
        (["2026-01-31", "31.01.2026"], "Text"),
        (["2026-01-31T10:00:00"], "DateTime"),
        (["2026-01-31 10:00"], "DateTime"),
        (["2026-01-31T10:00:00Z", "2026-01-31T10:00:00+02:00"], "DateTime"),
        (["2026-01-31T10:00:00Z", "2026-01-31T10:00:00"], "Text"),
        (["", "", ""], "Text"),
        (["=1+1"], "Text"),
        (["1", "x"], "Text"),
    ],
)
def test_kinds_of_cells(tmp_path, cells, kind):
    rows = "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells))
    assert kinds(tmp_path, "a.csv", "i,x\n" + rows)["x"] == kind


def test_a_kind_is_that_of_all_records(tmp_path):
    rows = "".join(f"{number}\n" for number in range(300_000)) + "x\n"
    assert kinds(tmp_path, "a.csv", "n\n" + rows) == {"n": "Text"}


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("latin.csv", "a,b\nä,1\n".encode("latin-1"), "UTF"),
        ("latin-header.csv", "ä,b\n1,1\n".encode("latin-1"), "UTF-8"),
        ("utf16.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-8"),
        ("ragged.csv", "a,b\n1,2,3\n", "columns"),
        ("semicolon.csv", "a;b\n1;2\n", "semicolons"),
        ("no.parquet", b"PAR1 but not really PAR1", ""),
        ("cut.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 10_000, mtime=0)[:-20], ""),
        ("text.jsonl", "[1,2]\n", "JSON object"),
        ("cut.jsonl", '{"a":1}\n{"a":', "JSON"),
        ("deep.jsonl", '{"a":' * 5_000 + "1" + "}" * 5_000, ""),
        ("odd.json", '[{"a":1},{"b":2}]', "same members"),
        ("object.json", '{"a":1}', "list of objects"),
        ("empty.csv", "", "empty"),
    ],
)
def test_what_has_no_records_has_a_reason(tmp_path, name, data, expected):
    assert expected in reason(tmp_path, name, data)


def test_a_header_without_an_end(tmp_path):
    assert reason(tmp_path, "a.csv", '"' + "x" * 3_000_000)


def test_too_many_columns(tmp_path):
    assert "columns" in reason(tmp_path, "a.csv", ",".join(f"c{number}" for number in range(10_000)) + "\n")
    (tmp_path / "a.csv").unlink()
    pq.write_table(pa.table({f"c{number}": [1] for number in range(5_000)}), tmp_path / "a.parquet")
    assert "columns" in measured(tmp_path).unmeasured[0].reason


def test_a_record_of_many_megabytes(tmp_path):
    assert reason(tmp_path, "a.csv", "a,b\n1," + "x" * 20_000_000 + "\n")
    assert reason(tmp_path, "a.csv", "")
    (tmp_path / "a.csv").unlink()
    assert "longer" in reason(tmp_path, "a.jsonl", '{"a":"' + "x" * 40_000_000 + '"}\n')


def test_what_unpacks_to_too_much_memory_costs_itself_only(tmp_path):
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000, pa.int32()), pa.array(["x" * 1_000_000]))
    pq.write_table(pa.table({"bomb": values}), tmp_path / "bomb.parquet")
    (tmp_path / "fine.csv").write_text("a\n1\n")
    assert (tmp_path / "bomb.parquet").stat().st_size < 1_000_000
    found = measured(tmp_path, memory=2 << 30)
    assert [one.name for one in found.tables] == ["fine"]
    assert [one.path for one in found.unmeasured] == ["bomb.parquet"]


def test_a_process_that_runs_out_of_time_costs_the_file_only(tmp_path):
    line = b"1,2,3,4,5,6,7,8\n"
    (tmp_path / "slow.csv.gz").write_bytes(gzip.compress(b"a,b,c,d,e,f,g,h\n" + line * 15_000_000, 1))
    (tmp_path / "fine.csv").write_text("a\n1\n")
    began = time.monotonic()
    found = measured(tmp_path, seconds=1)
    assert [one.name for one in found.tables] == ["fine"]
    assert [one.path for one in found.unmeasured] == ["slow.csv.gz"]
    assert time.monotonic() - began < 60


def test_paths_that_lead_out(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    found = measure_apart(inside, [HeldFile("../secret.csv", 4, "0" * 64), HeldFile("link.csv", 4, "0" * 64)])
    assert found.tables == ()
    assert {one.reason for one in found.unmeasured} == {"The path leads out of the folder, or to no file."}


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    found = measure_apart(tmp_path, [HeldFile("a.csv", 4, "0" * 64)])
    assert found.tables == ()


def test_files_that_are_alike_are_one_table():
    paths = [
        "d/train-00000-of-00002.parquet",
        "d/train-00001-of-00002.parquet",
        "d/test-0.parquet",
        "a/1.csv",
        "b/1.csv",
        "README.txt",
        "n.txt",
    ]
    kinds_ = {"parquet": "application/x-parquet", "csv": "text/csv", "txt": "text/plain"}
    found = batches_of([Piece(path, 1, kinds_[path.rpartition(".")[2]]) for path in paths])
    assert sorted((one.name, len(one.pieces)) for one in found) == [
        ("a/1", 1), ("b/1", 1), ("d/test-0", 1), ("d/train", 2), ("texts", 1),
    ]  # fmt: skip


def test_members_of_several_kinds_have_no_field(tmp_path):
    rows = [{"a": 1, "b": "x"}, {"a": "one", "b": "y"}, {"b": None, "c": [1, "x"]}]
    assert kinds(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows))) == {"b": "Text"}
