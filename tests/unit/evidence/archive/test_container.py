"""Files that are no evidence archives: each is refused, and the reason says which."""

import io
import stat
import struct
import zipfile

import pytest

from hanse.evidence.archive import container as c
from hanse.evidence.archive.container import MAX_FILES, read_container, write_container
from hanse.kernel.errors import Malformed, TooLarge
from tests.unit.evidence.archive.built import Case, examine
from tests.unit.evidence.archive.independent import refused

FILES = {"a.txt": b"hello", "b/c.json": b"{}", "b.x": b""}


def zipped(build, **more):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **more) as archive:
        build(archive)
    return buffer.getvalue()


def fault(raw):
    """Return why it is refused."""
    try:
        found = read_container(raw)
    except (Malformed, TooLarge) as error:
        return error.message
    return found.fault


def test_any_zip_program_reads_what_is_written():
    raw = write_container(FILES)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
    assert read_container(raw).files == FILES
    assert fault(raw) == ""
    assert write_container(dict(reversed(FILES.items()))) == raw


def info(name, *, attributes=0o100644 << 16, system=3):
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = system, attributes
    return made


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a/../b", "a//b", "a/", ".a", "a\\b", "C:a", "a b", "ä", "", "a\0b", "a" * 201, "/".join("a" * 11), "-rf"]
)
def test_names_that_lead_elsewhere(name):
    with pytest.raises(Malformed):
        write_container({name: b""})
    long = name.encode()
    stand_in = b"a" * max(1, min(200, len(long)))
    raw = write_container({stand_in.decode(): b"x"})
    if long:
        assert fault(raw.replace(stand_in, long))


@pytest.mark.parametrize(
    ("what", "raw"),
    [
        ("compressed", zipped(lambda z: z.writestr("a", b"x" * 1000), compression=zipfile.ZIP_DEFLATED)),
        ("compressed", zipped(lambda z: z.writestr("a", b"x" * 1000), compression=zipfile.ZIP_BZIP2)),
        ("list of files", zipped(lambda z: z.writestr(info("a", attributes=(stat.S_IFLNK | 0o777) << 16), b"/etc/passwd"))),
        ("list of files", zipped(lambda z: z.writestr(info("a", attributes=0o100755 << 16), b"x"))),
        ("list of files", zipped(lambda z: z.writestr(info("a", system=0), b"x"))),
        ("does not begin", b""),
        ("does not begin", b"PK\5\6" + bytes(18)),
        ("does not begin", b"#!/bin/sh\n" + write_container(FILES)),
        ("does not begin", b"%PDF-1.7\n" + write_container(FILES)),
        ("follows after", write_container(FILES) + b"\n"),
        ("follows after", write_container(FILES) * 2),
        ("cut off", write_container(FILES)[:-1]),
        ("cut off", write_container(FILES)[:40]),
        ("cut off", write_container(FILES)[:20]),
        ("is missing", write_container(FILES)[: write_container(FILES).rfind(b"PK\1\2")]),
    ],
)
def test_what_is_no_archive(what, raw):
    assert what in fault(raw)
    assert refused(raw)


def test_a_comment_is_no_part_of_it():
    raw = write_container(FILES)
    assert fault(raw[:-2] + struct.pack("<H", 3) + b"hey")


def test_two_files_of_one_name():
    with pytest.warns(UserWarning, match="Duplicate name"):
        raw = zipped(lambda z: (z.writestr(info("a"), b"x"), z.writestr(info("a"), b"y")))
    assert "Two files" in fault(raw)


def test_files_out_of_order():
    assert "order" in fault(zipped(lambda z: (z.writestr(info("b"), b"x"), z.writestr(info("a"), b"y"))))


def test_an_encrypted_file():
    raw = bytearray(write_container(FILES))
    raw[6] |= 1
    assert "encrypted" in fault(bytes(raw))


def test_sizes_that_lie():
    raw = bytearray(write_container(FILES))
    raw[18:26] = struct.pack("<LL", 0xFFFFFFFF, 0xFFFFFFFF)
    assert "cut off" in fault(bytes(raw))
    raw[18:26] = struct.pack("<LL", 5, 50_000_000)
    assert "compressed" in fault(bytes(raw))


def test_a_million_files(monkeypatch):
    with pytest.raises(TooLarge):
        write_container({f"f{number}": b"" for number in range(MAX_FILES + 1)})
    monkeypatch.setattr(c, "MAX_FILES", 10**9)
    raw = write_container({f"f{number:07}": b"" for number in range(MAX_FILES + 1)})
    monkeypatch.undo()
    assert "more than" in fault(raw)
    assert refused(raw)


def test_too_large_a_file(monkeypatch):
    monkeypatch.setattr(c, "MAX_ARCHIVE", 1000)
    with pytest.raises(TooLarge):
        write_container({"a": bytes(1000)})
    assert "larger" in fault(bytes(1001))


def test_every_bit_of_a_small_one():
    raw = write_container(FILES)
    for bit in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[bit >> 3] ^= 1 << (bit & 7)
        assert fault(bytes(changed))


def test_a_fault_in_the_container_does_not_end_the_look():
    case = Case()
    raw = bytearray(case.pack())
    place = raw.find(b'"proof":["') + 10
    raw[place] = ord("f") if raw[place] != ord("f") else ord("e")
    where = [one.where for one in examine(bytes(raw)).verdict.of("fault")]
    assert where[0] == "log/entries.jsonl"
    assert "log/entries.jsonl, line 1 (entry 0), proof" in where
