"""Data behind an address: allowed hosts only, ranges, validators."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from hanse.dataplane.manifests import Manifests
from hanse.dataplane.records import Place
from hanse.dataplane.reserved import reservations
from hanse.kernel.errors import Forbidden, SourceVanished
from hanse.odrl.names import TRAIN
from hanse.sources.http import HttpSources, file_name
from tests.unit.dataplane.world import ACME, Memory

BODY = bytes(range(256)) * 100
PLACE = Place("http", "https://data.example.org/files/table.csv?x=1")


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes
    closed: list[int]

    async def chunks(self):
        for at in range(0, len(self.body), 1000):
            yield self.body[at : at + 1000]

    async def close(self):
        self.closed.append(1)


@dataclass
class Origin:
    """A host that knows ranges or not, and has a validator or not."""

    ranges: bool = True
    tag: str = '"v1"'
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)

    async def get(self, url, headers, allowed):
        assert allowed == ["data.example.org:443"]
        self.asked.append(dict(headers))
        fields = {"etag": self.tag} if self.tag else {}
        start = int(headers["range"][6:-1]) if "range" in headers and self.ranges else 0
        if start:
            fields |= {"content-range": f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"}
        fields |= {"content-length": str(len(BODY) - start)}
        return Reply(206 if start else self.status, fields, BODY[start:], self.closed)


def sources(origin):
    return HttpSources(lambda tenant: ["Data.example.org"], origin)


@pytest.mark.parametrize("ranges", [True, False])
def test_reading_in_order_and_elsewhere(ranges):
    origin = Origin(ranges)

    async def work():
        opened = await sources(origin).open(ACME, PLACE, "table.csv")
        parts = [await opened.read(0, 1500), await opened.read(1500, 10), await opened.read(20000, 10), await opened.read(len(BODY), 10)]
        await opened.close()
        return parts

    assert asyncio.run(work()) == [BODY[:1500], BODY[1500:1510], BODY[20000:20010], b""]
    assert len(origin.closed) == len(origin.asked)


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example.org/x",
        "https://data.example.org.evil.org/x",
        "https://data.example.org:8443@evil.org/",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
def test_allowed_hosts_only(url):
    with pytest.raises(Forbidden):
        sources(Origin()).check(ACME, Place("http", url))


def test_a_port_can_be_named():
    room = HttpSources(lambda tenant: ["data.example.org:8443"], Origin())
    room.check(ACME, Place("http", "https://data.example.org:8443/x"))
    with pytest.raises(Forbidden):
        room.check(ACME, Place("http", "https://data.example.org/x"))


def test_manifest_with_and_without_validator():
    async def work(origin):
        manifests = Manifests(Memory(), sources(origin))
        first = await manifests.current(ACME, "ds", PLACE)
        before = len(origin.asked)
        assert await manifests.current(ACME, "ds", PLACE) == first
        entry, opened = await manifests.entry(ACME, "ds", PLACE, "table.csv")
        await opened.close()
        assert entry.size == len(BODY)
        return len(origin.asked) - before

    assert asyncio.run(work(Origin())) == 2  # one look, one opening
    assert asyncio.run(work(Origin(tag=""))) == 3  # read anew: nothing says that it is the same


def test_what_is_gone():
    with pytest.raises(SourceVanished, match="404"):
        asyncio.run(sources(Origin(status=404)).find(ACME, PLACE))


def test_names():
    assert file_name(PLACE.at) == "table.csv"
    assert file_name("https://x/") == "data"
    assert file_name("https://x/..%2f.ssh") == "data"
    assert file_name("https://x/.env") == "data"


class Publisher:
    """A host that says something of text and data mining: files by path, and header fields of the data."""

    def __init__(self, files: dict[str, bytes], fields: dict[str, str]) -> None:
        self.files, self.fields, self.asked = files, fields, []

    async def get(self, url, headers, allowed):
        assert allowed == ["data.example.org:443"]
        path = "/" + url.split("/", 3)[3].partition("?")[0]
        self.asked.append(path)
        body = self.files.get(path)
        return Reply(404 if body is None else 200, self.fields if path == "/files/table.csv" else {}, body or b"", [])


@pytest.mark.parametrize(
    ("files", "fields", "said"),
    [
        ({}, {}, {}),
        ({}, {"content-usage": "train-ai=n"}, {"its HTTP header": "reserved"}),
        ({}, {"tdm-reservation": "1"}, {"its HTTP header": "reserved"}),
        ({"/robots.txt": b"User-agent: *\nContent-Usage: /files train-ai=n\n"}, {}, {"robots.txt": "reserved"}),
        ({"/robots.txt": b"User-agent: *\nContent-Usage: /other train-ai=n\n"}, {}, {}),
        ({"/.well-known/tdmrep.json": b'[{"location": "/files/*", "tdm-reservation": 0}]'}, {}, {"tdmrep.json": "free"}),
        ({"/.well-known/tdmrep.json": b"<!DOCTYPE html><p>Not here.</p>"}, {}, {}),
    ],
)
def test_reservations_are_read_at_the_datas_own_host(files, fields, said):
    origin = Publisher(files | {"/files/table.csv": BODY}, fields)
    found = asyncio.run(reservations(sources(origin), ACME, PLACE))
    assert {one.source: one.uses[TRAIN].stand.value for one in found} == said
    assert set(origin.asked) == {"/files/table.csv", "/robots.txt", "/.well-known/tdmrep.json"}
