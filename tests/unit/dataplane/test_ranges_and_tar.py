"""Ranges as RFC 9110 has them; a tar that is the same every time, and the same in parts."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.dataplane.ranges import Unsatisfiable, if_range, matches, parse
from hanse.dataplane.records import Entry, Manifest, Stamp
from hanse.dataplane.segments import Slice, cut, tar, tar_size

TABLE = [
    (None, None),
    ("bytes=0-0", (0, 1)),
    ("bytes=0-", (0, 100)),
    ("bytes=10-19", (10, 20)),
    ("bytes=90-1000", (90, 100)),
    ("bytes=-10", (90, 100)),
    ("bytes=-1000", (0, 100)),
    ("BYTES=1-2", (1, 3)),
    ("bytes=5-4", None),
    ("bytes=0-1,3-4", None),
    ("bytes=-", None),
    ("bytes=a-b", None),
    ("items=0-1", None),
    ("bytes=0-" + "9" * 19, (0, 100)),
    ("bytes=0-" + "9" * 100, None),
    ("bytes=١-٢", None),
]


@pytest.mark.parametrize(("header", "span"), TABLE)
def test_ranges(header, span):
    assert parse(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_unsatisfiable(header):
    with pytest.raises(Unsatisfiable):
        parse(header, 100)


def test_conditions():
    assert if_range(None, '"a"')
    assert if_range('"a"', '"a"')
    assert not if_range('W/"a"', '"a"')
    assert not if_range("Thu, 01 Jan 2026 00:00:00 GMT", '"a"')
    assert matches('"x", W/"a"', '"a"')
    assert matches("*", '"a"')
    assert not matches('"b"', '"a"')
    assert not matches(None, '"a"')


CONTENT = {"a.txt": b"alpha", "b/" + "n" * 120 + ".bin": bytes(range(256)) * 5, "empty": b"", "ümlaut/ß.txt": b"x" * 512}


def manifest():
    names = sorted(CONTENT, key=str.encode)
    return Manifest("id", "folder", "f", tuple(Entry(name, Stamp(len(CONTENT[name]), "m"), b"", b"", "") for name in names))


def render(segments):
    return b"".join(s if isinstance(s, bytes) else CONTENT[s.entry.path][s.offset : s.offset + s.length] for s in segments)


def test_the_tar_holds_the_files_and_its_size_is_known_before():
    body = render(tar(manifest()))
    assert len(body) == tar_size(manifest())
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        read = {m.name: archive.extractfile(m).read() for m in archive.getmembers()}
    assert read == CONTENT


@given(st.integers(0, 6000), st.integers(0, 6000))
def test_any_part_of_the_tar_is_that_part(one, two):
    start, stop = min(one, two), max(one, two)
    body = render(tar(manifest()))
    assert render(cut(tar(manifest()), start, stop)) == body[start:stop]
    assert all(s.length for s in cut(tar(manifest()), start, stop) if isinstance(s, Slice))
