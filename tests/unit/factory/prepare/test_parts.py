from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from hanse.factory.prepare.files import measure, sound
from hanse.factory.prepare.limits import Limits
from hanse.factory.prepare.parts import content_of, cut, load, plain, save
from hanse.kernel.errors import StorageFailed
from tests.unit.factory.prepare.tiny import records


def rows(count: int, text: str = "x") -> pa.Table:
    return records([(f"{number}", text) for number in range(count)])


def test_parts_are_cut_by_records_and_by_bytes() -> None:
    assert [one.num_rows for one in cut([rows(3), rows(3), rows(3)], Limits(records=7))] == [6, 3]
    assert [one.num_rows for one in cut([rows(10)], Limits(records=4))] == [2, 3, 2, 3]
    by_bytes = list(cut([rows(8, "y" * 1000)], Limits(size=4_200)))
    assert sum(one.num_rows for one in by_bytes) == 8
    assert all(one.nbytes <= 4_200 for one in by_bytes)


def test_one_record_may_be_larger_than_a_part() -> None:
    assert [one.num_rows for one in cut([rows(2, "z" * 9_000)], Limits(size=1_000))] == [1, 1]


def test_where_it_cuts_depends_on_the_tables_alone_and_nothing_is_lost() -> None:
    tables = [rows(count) for count in (1, 5, 0, 9, 2)]
    once, again = ([one["id"].to_pylist() for one in cut(tables, Limits(records=6))] for _ in range(2))
    assert once == again
    assert sum(map(len, once)) == 17


def test_other_columns_begin_another_part() -> None:
    assert [one.num_rows for one in cut([rows(2), rows(2).append_column("more", [["a", "b"]]), rows(2)], Limits())] == [2, 2, 2]


def test_the_digest_is_of_the_records_however_they_are_chunked() -> None:
    whole, pieces = rows(6), pa.concat_tables([rows(6).slice(0, 2), rows(6).slice(2)])
    assert content_of(plain(whole)) == content_of(plain(pieces))
    assert content_of(plain(whole)) == content_of(plain(whole.replace_schema_metadata({b"part": b"7"})))
    assert content_of(plain(whole)).digest != content_of(plain(rows(6, "y"))).digest


def test_metadata_of_columns_stays() -> None:
    field = pa.field("tokens", pa.large_list(pa.uint32()), metadata={b"end": b"7"})
    table = rows(1).append_column(field, pa.array([[1, 2]], field.type))
    assert plain(table).schema.field("tokens").metadata == {b"end": b"7"}


def test_damage_is_seen(tmp_path: Path) -> None:
    made = save(rows(5), tmp_path, "parts/0/a.arrow")
    assert load(tmp_path, made).equals(rows(5))
    assert sound(tmp_path, made)
    data = bytearray((tmp_path / made.path).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / made.path).write_bytes(data)
    assert not sound(tmp_path, made)
    with pytest.raises(StorageFailed, match="damaged"):
        load(tmp_path, made)
    (tmp_path / made.path).unlink()
    assert not sound(tmp_path, made)


def test_the_same_records_are_the_same_file(tmp_path: Path) -> None:
    save(rows(5), tmp_path, "a")
    save(rows(5), tmp_path, "b")
    assert measure(tmp_path, "a").hash == measure(tmp_path, "b").hash
    assert [one.name for one in sorted(tmp_path.iterdir())] == ["a", "b"]
