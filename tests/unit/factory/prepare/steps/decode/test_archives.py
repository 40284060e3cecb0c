"""What is packed."""

import gzip
import io
import struct
import tarfile
import zipfile

import pytest

from hanse.factory.prepare.steps.decode.limits import SLACK, Limits
from tests.unit.factory.prepare.steps.decode.reading import read


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)  # of 1980: the same bytes in every run
            archive.writestr(info, data, method)
    return out.getvalue()


def tarred(members, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


MEMBERS = [
    ("a.txt", b"one"),
    ("d/b.jsonl", b'{"text":"two"}\n{"text":"three"}\n'),
    ("d/c.jsonl.gz", gzip.compress(b'{"text":"four"}', mtime=0)),
    ("e.png", b"\x89PNG\0"),
]


@pytest.mark.parametrize(
    ("name", "data"),
    [("p.zip", zipped(MEMBERS)), ("p.tar", tarred(MEMBERS)), ("p.tar.gz", tarred(MEMBERS, "w:gz")), ("p.tgz", tarred(MEMBERS, "w:gz"))],
)
def test_members_are_read_by_their_kinds_and_named_by_their_paths(tmp_path, name, data):
    found = read(tmp_path, name, data)
    assert found.texts == ["one", "two", "three", "four"]
    assert found.ids == [f"{name}/a.txt#1", f"{name}/d/b.jsonl#1", f"{name}/d/b.jsonl#2", f"{name}/d/c.jsonl.gz#1"]
    assert found.dropped == {f"{name}/e.png": "kind-unknown"}


def test_several_members_of_gzip_are_one_file(tmp_path):
    data = gzip.compress(b'{"text":"a"}\n{"te') + gzip.compress(b"") + gzip.compress(b'xt":"b"}\n') + b"\0" * 512
    assert read(tmp_path, "a.jsonl.gz", data).texts == ["a", "b"]


@pytest.mark.parametrize("name", ["../e.txt", "/etc/e.txt", "a/../../e.txt", "C:\\e.txt", "..\\e.txt", ".", ""])
def test_a_path_that_leads_out_is_refused(tmp_path, name):
    for archive in (("p.tar", tarred([(name, b"x"), ("b.txt", b"y")])), ("p.zip", zipped([(name, b"x"), ("b.txt", b"y")]))):
        found = read(tmp_path, *archive)
        assert found.texts == ["y"]
        assert list(found.dropped.values()) == ["archive-path"]


def test_links_and_repeated_members_are_refused(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"l{kind.decode()}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for text in (b"a", b"b"):
            info = tarfile.TarInfo("./x.txt")
            info.size = 1
            archive.addfile(info, io.BytesIO(text))
    found = read(tmp_path, "p.tar", out.getvalue())
    assert found.texts == ["a"]
    assert sorted(found.dropped.values()) == ["archive-link"] * 4 + ["archive-repeated"]
    link = zipfile.ZipInfo("l.txt")
    link.external_attr = 0o120777 << 16
    assert set(read(tmp_path, "p.zip", zipped([(link, b"/etc/passwd")])).dropped.values()) == {"archive-link"}


def test_a_bomb_is_left_where_it_gets_too_large(tmp_path):
    bomb = zipped([("a.txt", b"a"), ("bomb.txt", b"\0" * (SLACK + 200_000)), ("c.txt", b"c")])
    found = read(tmp_path, "p.zip", bomb, limits=Limits(ratio=1))
    assert found.texts == ["a"]
    assert found.dropped == {"p.zip/bomb.txt": "archive-bomb", "p.zip/c.txt": "archive-bomb"}
    nested = gzip.compress(gzip.compress(b"x" * (SLACK + 200_000)))
    assert read(tmp_path, "a.txt.gz.gz", nested, limits=Limits(ratio=2)).dropped == {"a.txt.gz.gz": "archive-bomb"}
    assert read(tmp_path, "a.txt.gz", gzip.compress(b"x" * 5000), limits=Limits(unpacked_bytes=4999)).dropped == {
        "a.txt.gz": "archive-bomb"
    }


def test_archives_in_archives_end_at_the_limit(tmp_path):
    data = b"deep"
    name = "a.txt"
    for _ in range(3):
        data, name = zipped([(name, data)]), "in.zip"
    assert read(tmp_path, "p.zip", data).ids == ["p.zip/in.zip/in.zip/a.txt#1"]
    assert read(tmp_path, "p.zip", data, limits=Limits(nesting=2)).dropped == {"p.zip/in.zip/in.zip": "archive-nesting"}
    assert read(tmp_path, "a.txt.gz", gzip.compress(b"x"), limits=Limits(nesting=0)).dropped == {"a.txt.gz": "archive-nesting"}


@pytest.mark.parametrize(
    "archive", [zipped([(f"{n}.txt", b"x") for n in range(9)]), tarred([(f"{n}.txt", b"x") for n in range(9)])], ids=["zip", "tar"]
)
def test_too_many_members(tmp_path, archive):
    found = read(tmp_path, "p", archive, limits=Limits(members=5))
    assert len(found.rows) == 5
    assert found.dropped == {"p": "archive-members"}
    many = zipped([(f"{n:0100}.txt", b"") for n in range(200)])
    assert read(tmp_path, "p.zip", many, limits=Limits(members=2)).dropped == {"p.zip": "archive-members"}


def test_what_ends_too_early_keeps_what_came_before(tmp_path):
    lines = b"".join(b'{"text":"line %d %d"}\n' % (n, n * n * 7919 % 1009) for n in range(2000))
    found = read(tmp_path, "a.jsonl.gz", gzip.compress(lines)[:-1000])
    assert found.texts[0] == "line 0 0"
    assert 500 < len(found.rows) < 2000
    assert found.dropped["a.jsonl.gz"] == "archive-damaged"
    tar = read(tmp_path, "p.tar", tarred([("a.txt", b"a"), ("b.txt", b"b" * 5000)])[:3000])
    assert (tar.texts, tar.dropped) == (["a"], {"p.tar/b.txt": "archive-damaged", "p.tar": "archive-damaged"})
    assert read(tmp_path, "p.zip", zipped([("a.txt", b"a")])[:-5]).dropped == {"p.zip": "archive-damaged"}


def test_an_encrypted_member_and_one_packed_otherwise(tmp_path):
    data = bytearray(zipped([("a.txt", b"a"), ("b.txt", b"b")]))
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1
    found = read(tmp_path, "p.zip", bytes(data))
    assert (found.texts, list(found.dropped.values())) == (["b"], ["archive-encrypted"])
    assert list(read(tmp_path, "p.zip", zipped([("a.txt", b"a")], zipfile.ZIP_LZMA)).dropped.values()) == ["archive-method"]


def header(kind, size, name="x"):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def sparse(hole):
    """Return the header of a file of 512 bytes at the end of a hole."""
    raw = bytearray(header(b"S", 512, "s.txt"))
    for at, number in ((386, hole), (398, 512), (483, hole + 512)):
        raw[at : at + 12] = b"%011o\0" % number
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw) + b"x" * 512


@pytest.mark.parametrize(
    ("begin", "texts", "dropped"),
    [
        ((header(b"x", 512) + b"11 path=abc\n" + bytes(500)) * 1_500, [], {"p.tar": "archive-damaged"}),
        (header(b"L", 1 << 33), [], {"p.tar": "archive-damaged"}),
        (sparse(1 << 32), ["y"], {"p.tar/s.txt": "archive-bomb"}),
        (tarred([("a.txt", b"x")])[:1024] + b"\1" * 512, ["x"], {"p.tar": "archive-damaged"}),
    ],
    ids=["headers of headers", "a header of 8 GiB", "a hole of 4 GiB", "a broken header"],
)
def test_a_tar_archive_made_to_hurt_costs_itself_only(tmp_path, begin, texts, dropped):
    found = read(tmp_path, "p.tar", begin + tarred([("b.txt", b"y")]))
    assert (found.texts, found.dropped) == (texts, dropped)


def test_a_zip_archive_whose_directory_is_larger_than_it_seems_is_not_read_whole(tmp_path):
    """Its end is found as `zipfile` finds it: here the offset of the directory looks like the beginning of that record."""
    size, offset = 4 << 20, 0x06054B50
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, size, offset, 0)
    data = b"PK\3\4" + bytes(size) + end
    found = read(tmp_path, "p.zip", data, limits=Limits(members=1_000))
    assert found.dropped == {"p.zip": "archive-members"}


def test_a_name_in_latin_1_is_a_name(tmp_path):
    data = tarred([("m_ller.txt", b"x"), ("m_ller.png", b"\x89PNG\0"), ("b.txt", b"y")])
    for name in (b"m_ller.txt", b"m_ller.png"):
        at = data.index(name)
        raw = bytearray(data[at : at + 512])
        raw[1:2], raw[148:156] = b"\xfc", b" " * 8
        raw[148:156] = b"%06o\0 " % sum(raw)
        data = data[:at] + bytes(raw) + data[at + 512 :]
    found = read(tmp_path, "p.tar", data)
    assert (found.ids, found.dropped) == (["p.tar/müller.txt#1", "p.tar/b.txt#1"], {"p.tar/müller.png": "kind-unknown"})
