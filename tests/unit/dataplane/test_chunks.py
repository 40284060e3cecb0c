"""Chunk lists: made once, read page by page, kept under the digest of the content, and thrown away to make room."""

from __future__ import annotations

import asyncio
import hashlib
import os

import msgspec
import pytest
from blake3 import blake3
from msgspec.structs import replace

from hanse.dataplane import chunks, pages
from hanse.dataplane.chunks import ChunkLists, first_of, offered
from hanse.dataplane.listing import RemoteFile
from hanse.dataplane.pages import Page, decode_page
from hanse.dataplane.records import Entry, Place
from hanse.dataplane.spool import OpenedDerived, stamp_of
from hanse.dcat.chunks import RULE, sizes
from hanse.kernel.errors import Malformed, NotFound, NotReady, PeerInvalid, SourceVanished, TooMany
from tests.unit.dataplane.world import ACME

CONTENT = hashlib.shake_256(b"lists").digest(5 << 20)
CUTS = list(sizes(CONTENT, end=True))


class Opened(OpenedDerived):
    """A file whose bytes can be asked for again."""


class Remote:
    """A file of an address: it has no descriptor."""

    fd = None


def write(path, content):
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDONLY)
    entry = Entry(path.name, stamp_of(descriptor), hashlib.sha256(content).digest(), blake3(content).digest(), "")
    return entry, Opened(descriptor)


def lists(tmp_path, **said):
    return ChunkLists(lambda tenant: tmp_path / "lists" / tenant, **said)


def page(tmp_path, first=0, content=CONTENT, one=None):
    """Ask for a page, and return it decoded."""

    async def run():
        made = one or lists(tmp_path)
        entry, opened = write(tmp_path / "data.bin", content)
        try:
            return msgspec.json.decode(await made.page(ACME, entry, opened, first), type=Page)
        finally:
            await opened.close()
            await made.close()

    return asyncio.run(run())


def test_a_list_is_what_cutting_the_file_gives(tmp_path):
    found = page(tmp_path)
    assert [size for size, _ in found.chunks] == CUTS
    start = 0
    for size, digest in found.chunks:
        assert digest == blake3(CONTENT[start : start + size]).hexdigest()
        start += size
    assert (found.rule, found.size, found.blake3, found.first, found.offset, found.next) == (
        RULE,
        len(CONTENT),
        blake3(CONTENT).hexdigest(),
        0,
        0,
        None,
    )


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 65536, b"x" * 65537], ids=len)
def test_small_files_have_lists_too(tmp_path, content):
    assert [size for size, _ in page(tmp_path, content=content).chunks] == ([len(content)] if content else [])


def test_pages_join_without_a_gap(tmp_path, monkeypatch):
    for module in (chunks, pages):
        monkeypatch.setattr(module, "PAGE", 3)
    file = RemoteFile("data.bin", len(CONTENT), blake3(CONTENT).hexdigest())
    found, first, offset = [], 0, 0
    for _ in range(2):  # made, and then read from where it is kept
        found, first, offset = [], 0, 0
        while first is not None:
            part, first = decode_page(msgspec.json.encode(page(tmp_path, first)), file, first, offset)
            assert 0 < len(part) <= 3
            found += part
            offset = part[-1].offset + part[-1].size
        assert [chunk.size for chunk in found] == CUTS
    assert offset == len(CONTENT)
    with pytest.raises(NotFound):
        page(tmp_path, len(CUTS))


def test_a_list_is_made_once_and_then_read(tmp_path):
    first = page(tmp_path)
    kept = next((tmp_path / "lists" / ACME).iterdir())
    assert kept.name == blake3(CONTENT).hexdigest()
    assert kept.stat().st_size == 40 * len(CUTS)
    made = kept.stat().st_ino
    assert page(tmp_path) == first
    assert kept.stat().st_ino == made


def test_a_list_that_was_damaged_is_not_believed(tmp_path):
    first = page(tmp_path)
    kept = next((tmp_path / "lists" / ACME).iterdir())
    kept.write_bytes(kept.read_bytes()[:-1])
    assert page(tmp_path) == first


def test_what_was_used_longest_ago_makes_room(tmp_path):
    for number in range(4):
        page(tmp_path, content=CONTENT + bytes([number]), one=lists(tmp_path, room=3 * 40 * (len(CUTS) + 1)))
        for place, one in enumerate(sorted((tmp_path / "lists" / ACME).iterdir(), key=lambda path: path.stat().st_mtime)):
            os.utime(one, (1_000_000 + place, 1_000_000 + place))
    names = {path.name for path in (tmp_path / "lists" / ACME).iterdir()}
    assert len(names) <= 3
    assert blake3(CONTENT + b"\3").hexdigest() in names
    assert blake3(CONTENT + b"\0").hexdigest() not in names


def test_a_list_that_would_be_too_large_is_not_made(tmp_path):
    with pytest.raises(NotFound, match="too large"):
        page(tmp_path, one=lists(tmp_path, room=100))


def test_several_who_ask_wait_for_one_making(tmp_path):
    async def run():
        made = lists(tmp_path)
        entry, opened = write(tmp_path / "data.bin", CONTENT)
        found = await asyncio.gather(*(made.page(ACME, entry, opened, 0) for _ in range(20)))
        await opened.close()
        await made.close()
        return set(found)

    assert len(asyncio.run(run())) == 1


def test_who_asks_too_early_is_told_to_come_back(tmp_path):
    async def run():
        made = lists(tmp_path, patience=0.0)
        entry, opened = write(tmp_path / "data.bin", CONTENT)
        with pytest.raises(NotReady, match="is being made"):
            await made.page(ACME, entry, opened, 0)
        await opened.close()  # the making does not need it
        await asyncio.gather(*(work.task for work in made._works.values()))
        entry, opened = write(tmp_path / "data.bin", CONTENT)
        found = await made.page(ACME, entry, opened, 0)
        await opened.close()
        return msgspec.json.decode(found, type=Page)

    assert [size for size, _ in asyncio.run(run()).chunks] == CUTS


def test_too_many_at_once_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "WAITING", 0)
    with pytest.raises(TooMany):
        page(tmp_path)


def test_a_file_that_became_shorter_has_no_list(tmp_path):
    async def run():
        made = lists(tmp_path)
        entry, opened = write(tmp_path / "data.bin", CONTENT)
        (tmp_path / "data.bin").write_bytes(b"")
        with pytest.raises(SourceVanished):
            await made.page(ACME, entry, opened, 0)
        await opened.close()

    asyncio.run(run())
    assert not list((tmp_path / "lists").rglob("*"))


def test_what_is_no_local_file_has_no_list(tmp_path):
    entry, opened = write(tmp_path / "data.bin", CONTENT)
    with pytest.raises(NotFound):
        asyncio.run(lists(tmp_path).page(ACME, entry, Remote(), 0))
    asyncio.run(opened.close())
    assert offered(Place("http", "https://data.example/x")) is None
    assert offered(Place("folder", "/x")) == offered(Place("derived", "x")) == RULE


@pytest.mark.parametrize("query", [b"from=-1", b"from=", b"from=1&x=2", b"page=1", b"from=9999999999999", b"from=\xff", b"from=1.0"])
def test_what_is_no_number_is_refused(query):
    with pytest.raises(Malformed):
        first_of(query)
    assert (first_of(b""), first_of(b"from=0"), first_of(b"from=8192")) == (0, 0, 8192)


def test_a_page_is_read_as_strictly_as_it_is_written(tmp_path):
    honest = page(tmp_path)
    file = RemoteFile("data.bin", len(CONTENT), blake3(CONTENT).hexdigest())
    found, following = decode_page(msgspec.json.encode(honest), file, 0, 0)
    assert ([chunk.size for chunk in found], following) == (CUTS, None)
    for wrong in (replace(honest, next=0), replace(honest, chunks=honest.chunks[1:]), replace(honest, chunks=[], next=0)):
        with pytest.raises(PeerInvalid):
            decode_page(msgspec.json.encode(wrong), file, 0, 0)
