"""The step as the engine sees it."""

import random

import msgspec
import pytest

from hanse.factory.prepare.base import Reader, SourceFile
from hanse.factory.prepare.registry import step_class
from hanse.factory.prepare.steps.decode.limits import Limits
from hanse.factory.prepare.steps.decode.records import SCHEMA
from hanse.factory.prepare.steps.decode.step import Decode
from hanse.kernel.errors import Invalid
from tests.unit.factory.prepare.steps.decode.reading import read
from tests.unit.factory.prepare.steps.decode.test_archives import MEMBERS, zipped
from tests.unit.factory.prepare.steps.decode.test_columnar import arrow, parquet
from tests.unit.factory.prepare.steps.decode.test_html import PAGE
from tests.unit.factory.prepare.steps.decode.test_pdf import pdf
from tests.unit.factory.prepare.steps.decode.test_warc import warc


def test_it_is_the_reader_called_decode():
    assert step_class("decode") is Decode
    assert issubclass(Decode, Reader)
    step = msgspec.convert({"text": "body", "keep": ["a"], "limits": {"seconds": 5}}, Decode)
    assert msgspec.convert(msgspec.to_builtins(step), Decode) == step


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"kinds": ("csv", "xlsx")}, "kinds"),
        ({"encoding": "utf-7"}, "encoding"),
        ({"text": ""}, "text"),
        ({"limits": Limits(ratio=0)}, "limits.ratio"),
        ({"limits": Limits(record_bytes=2 << 30)}, "limits.record_bytes"),
    ],
)
def test_parameters_that_make_no_sense(parameters, where):
    with pytest.raises(Invalid) as error:
        Decode(**parameters).check()
    assert error.value.where == where


def test_a_text_is_one_record_with_the_files_licence(tmp_path):
    found = read(tmp_path, "d/a.txt", b"one\r\ntwo\n", "CC-BY-4.0")
    assert found.rows == [{"id": "v@1/d/a.txt#1", "source": "v@1", "text": "one\ntwo\n", "licence": "CC-BY-4.0"}]
    assert found.counts == {"files": 1, "bytes": 9}
    assert all(table.schema.equals(SCHEMA) for table in found.tables)


@pytest.mark.parametrize(
    ("name", "media_type", "data", "reason"),
    [
        ("README.md", "", b"x", "about-the-data"),
        ("LICENSE", "", b"x", "about-the-data"),
        ("a.png", "", b"\x89PNG", "kind-unknown"),
        ("a.docx", "", b"PK\x03\x04", "kind-unknown"),
        ("a", "", b"PK\x03\x04", "archive-damaged"),
        ("program", "", b"\x7fELF\x00", "kind-unknown"),
        ("a.md", "", b"x", "kind-left-out"),
        ("a.csv", "", b"text,n\n", "no-records"),
        ("a.jsonl", "", b"\n\n", "no-records"),
        ("a.tar", "", bytes(10240), "no-records"),
        ("a.txt", "", b"", "no-text"),
        ("a.txt", "", b" \n", "no-text"),
    ],
)
def test_what_is_no_text_is_dropped_with_a_reason(tmp_path, name, media_type, data, reason):
    left = tuple(kind for kind in Decode().kinds if kind != "markdown")
    assert list(read(tmp_path, name, data, media_type=media_type, kinds=left).dropped.values()) == [reason]


@pytest.mark.parametrize(
    ("name", "media_type", "data"),
    [("x", "text/csv; charset=utf-8", b"text\na\n"), ("d/README.md", "", b"a"), ("notes", "", b"a"), ("v1.2", "", b"a")],
)
def test_a_kind_is_told_by_name_then_type_then_bytes(tmp_path, name, media_type, data):
    assert read(tmp_path, name, data, media_type=media_type).texts == ["a"]


def test_a_text_that_is_too_long(tmp_path):
    found = read(tmp_path, "a.txt", b"x" * 2000, limits=Limits(record_bytes=1000))
    assert found.dropped == {"a.txt#1": "record-too-long"}
    assert read(tmp_path, "a.txt", b"x" * 9000, limits=Limits(record_bytes=1000)).dropped == {"a.txt": "record-too-long"}


SEEDS = {
    "a.csv": b'text,id,d\nh\xc3\xa4,1,31.03.2024\n"multi\nline",2,=1\n',
    "a.jsonl": b'{"text":"a","m":1}\n{"text":"b","m":[1]}\n',
    "a.html": PAGE.encode(),
    "a.parquet": parquet(),
    "a.arrow": arrow(),
    "a.zip": zipped(MEMBERS),
    "a.pdf": pdf([b"Hello"]),
    "a.warc": warc(),
    "a.warc.gz": warc(packed=True),
}


@pytest.mark.parametrize("name", SEEDS)
def test_damage_never_is_an_error_and_always_is_counted(tmp_path, name):
    rnd = random.Random(name)
    for _ in range(25):
        data = bytearray(SEEDS[name])
        for _ in range(rnd.choice([1, 3, 20])):
            at = rnd.randrange(len(data) - 1)
            match rnd.randrange(3):
                case 0:
                    data[at] = rnd.randrange(256)
                case 1:
                    del data[at : min(at + rnd.randrange(30), len(data) - 2)]
                case _:
                    data[at:at] = rnd.randbytes(rnd.randrange(20))
        found = read(tmp_path, name, bytes(data))
        assert found.rows or found.dropped


def test_the_same_file_gives_the_same_tables(tmp_path):
    for name, data in SEEDS.items():
        one, other = read(tmp_path, name, data), read(tmp_path, name, data)
        assert one.tables == other.tables
        assert one.counts == other.counts


def test_what_is_dropped_on_the_way_is_told_before_the_end(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes((b"x" * 49 + b"\n") * 60_000)
    found = Decode().read(SourceFile(version="v@1", path="a.jsonl", local=str(path), size=3_000_000))
    assert max(len(one.dropped) for one in found) < 30_000
