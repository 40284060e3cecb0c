"""Stored versions as sources: what is found, what is opened, and what is never served."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime

import pytest

from hanse.dataplane.records import STORED, STORED_FILE, Place, Stamp
from hanse.dcat.chunks import Chunk
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.kernel.errors import Invalid, NotFound, SourceVanished
from hanse.sources.stored import StoredSources

BIG = os.urandom(300_000)
FILES = {"a.csv": b"1,2\n", "deep/b.bin": BIG, "deep/c.txt": b"c", "deeper.txt": b"d"}
STORED_AT = datetime(2026, 1, 1, tzinfo=UTC)


class Shelf:
    """The facility's part in memory; it gives the bytes in pieces of 1,000."""

    def __init__(self):
        self.held = {}
        self.begun = []

    def put(self, name, number, agreement=None, files=FILES):
        version = DatasetVersion(
            tenant="acme", name=name, number=number, root="", count=len(files), size=0, stored=STORED_AT, agreement=agreement
        )
        self.held[name, number] = (version, files)

    async def version(self, tenant, name, number=None):
        found = [one for (held, count), (one, _) in self.held.items() if held == name and number in (None, count) and tenant == "acme"]
        if not found:
            raise NotFound("There is none.", where="version")
        return max(found, key=lambda one: one.number)

    def _files(self, version):
        name, _, number = version.partition("@")
        return self.held[name, int(number)][1]

    async def files(self, tenant, version):
        return [HeldFile(path, len(data), data[:4].hex()) for path, data in sorted(self._files(version).items())]

    async def file(self, tenant, version, path):
        found = next((one for one in await self.files(tenant, version) if one.path == path), None)
        if found is None:
            raise NotFound("There is no such file.", where="path")
        return found

    async def chunks(self, tenant, version, path):
        return [Chunk(0, len(self._files(version)[path]), "00" * 32)]

    async def read(self, tenant, version, path, start=0, end=None):
        self.begun.append(start)
        if version not in {f"{name}@{number}" for name, number in self.held}:
            raise NotFound("The version was deleted.", where="version")
        data = self._files(version)[path][start:end]
        for position in range(0, len(data), 1_000):
            yield data[position : position + 1_000]


@pytest.fixture
def shelf():
    shelf = Shelf()
    shelf.put("rain", 1)
    shelf.put("mirror", 1, "agr/1")
    return shelf


def find(shelf, at, kind=STORED):
    return asyncio.run(StoredSources(shelf).find("acme", Place(kind, at)))


def read(shelf, at, path, *spans, kind=STORED):
    async def whole():
        opened = await StoredSources(shelf).open("acme", Place(kind, at), path)
        try:
            return [await opened.read(offset, length) for offset, length in spans]
        finally:
            await opened.close()

    return asyncio.run(whole())


@pytest.mark.parametrize("at", ["/rain@1/", "/rain/"])
def test_a_version_is_a_folder(shelf, at):
    found = find(shelf, at)
    assert [one.path for one in found] == sorted(FILES)
    assert found[1].stamp == Stamp(len(BIG), BIG[:4].hex())
    assert read(shelf, at, "deep/b.bin", (0, len(BIG))) == [BIG]


def test_a_part_of_it_is_one_too_and_no_more(shelf):
    assert [one.path for one in find(shelf, "/rain@1/deep/")] == ["b.bin", "c.txt"]
    assert read(shelf, "/rain@1/deep/", "c.txt", (0, 10)) == [b"c"]
    for path in ("a.csv", "../a.csv", "deep/c.txt", "", "/a.csv"):
        with pytest.raises(NotFound):
            read(shelf, "/rain@1/deep/", path, (0, 1))


def test_one_file_is_one(shelf):
    assert [one.path for one in find(shelf, "/rain@1/deep/c.txt", STORED_FILE)] == ["c.txt"]
    assert read(shelf, "/rain@1/deep/c.txt", "c.txt", (0, 9), kind=STORED_FILE) == [b"c"]
    for path in ("b.bin", "deep/c.txt", "", "a.csv"):
        with pytest.raises(NotFound):
            read(shelf, "/rain@1/deep/c.txt", path, (0, 1), kind=STORED_FILE)


def test_reads_in_order_go_on_where_they_were_and_others_begin_anew(shelf):
    spans = [(0, 1_500), (1_500, 1_500), (3_000, 10), (100_000, 7), (299_990, 100), (300_000, 5)]
    assert read(shelf, "/rain@1/", "deep/b.bin", *spans) == [BIG[start : start + length] for start, length in spans]
    assert shelf.begun == [0, 100_000, 299_990]


def test_what_came_under_another_agreement_is_never_served_under_this_name(shelf):
    assert find(shelf, "agr%2F1/mirror/")
    for at in ("/mirror/", "/mirror@1/", "agr/1/mirror@1/", "agr%2F2/mirror@1/", "agr%2F1/rain@1/"):
        with pytest.raises((SourceVanished, Invalid)):
            find(shelf, at)
    shelf.put("rain", 2, "agr/1")
    with pytest.raises(SourceVanished):
        read(shelf, "/rain/", "a.csv", (0, 1))
    assert read(shelf, "/rain@1/", "a.csv", (0, 1)) == [b"1"]


def test_what_is_gone_has_vanished(shelf):
    for at in ("/nothing@1/", "/rain@9/", "/nothing/"):
        with pytest.raises(SourceVanished):
            find(shelf, at)

    async def deleted_meanwhile():
        opened = await StoredSources(shelf).open("acme", Place(STORED, "/rain@1/"), "a.csv")
        held = shelf.held.pop(("rain", 1))
        with pytest.raises(SourceVanished):
            await opened.read(0, 1)
        shelf.held["rain", 1] = held

    asyncio.run(deleted_meanwhile())
    with pytest.raises(SourceVanished):
        asyncio.run(StoredSources(shelf).find("zoo", Place(STORED, "/rain@1/")))


NO_PLACES = ["", "rain@1", "/", "/../x/", "/RAIN@1/", "/rain@x/", "/rain@1//etc/passwd", "/rain@1/" + "x" * 3_000, "/rain@1/none/"]


@pytest.mark.parametrize("at", NO_PLACES)
def test_what_is_no_place_is_refused(shelf, at):
    with pytest.raises(Invalid):
        find(shelf, at)


def test_it_knows_its_chunks_and_never_changes(shelf):
    async def scenario():
        opened = await StoredSources(shelf).open("acme", Place(STORED, "/rain@1/"), "deep/b.bin")
        assert await opened.chunks() == [Chunk(0, len(BIG), "00" * 32)]
        assert (opened.fd, opened.path, opened.changed()) == (None, None, False)
        assert await StoredSources(shelf).fields("acme", Place(STORED, "/rain@1/")) == {}
        await opened.close()
        await opened.close()

    asyncio.run(scenario())
