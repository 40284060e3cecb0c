"""A provider's chunk lists over HTTP: for whom the data is for, and for nobody else."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import asynccontextmanager

import pytest
from blake3 import blake3

from hanse.dataplane.metering import Account
from hanse.dataplane.records import Place
from hanse.dcat.chunks import RULE, sizes
from tests.scenarios.dataplane.server import serving
from tests.unit.dcat.test_chunks import noise

CONTENT = noise(3 << 20, "served")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("lists").resolve()
    (root / "acme/set/deep").mkdir(parents=True)
    (root / "acme/set/deep/a b.bin").write_bytes(CONTENT)
    (root / "acme/set/small").write_bytes(b"small")
    return root


@pytest.fixture(scope="module")
def plane(root):
    with serving(root) as plane:
        yield plane


@pytest.fixture
def address(plane, root):
    return plane.start(Place("folder", str(root / "acme/set")))


def ask(address, rest, token=None, **headers):
    token = token or address.properties["authorization"]
    request = urllib.request.Request(f"{address.endpoint}/{rest}", headers={"Authorization": f"Bearer {token}", **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def test_the_manifest_says_that_there_are_lists(address):
    manifest = json.loads(ask(address, "manifest")[1])
    assert manifest["chunks"] == RULE


def test_a_list_lies_beside_its_file(address):
    status, body, headers = ask(address, "chunks/deep/a%20b.bin")
    found = json.loads(body)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert [size for size, _ in found["chunks"]] == list(sizes(CONTENT, end=True))
    assert (found["size"], found["blake3"], found["first"], found["offset"]) == (len(CONTENT), blake3(CONTENT).hexdigest(), 0, 0)
    assert "next" not in found
    assert ask(address, "chunks/deep/a%20b.bin", **{"If-None-Match": headers["ETag"]})[0] == 304


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("chunks/none", 404),
        ("chunks/", 404),
        ("chunks/deep", 404),
        ("chunks/../set/small", 404),
        ("chunks/small?from=1", 404),
        ("chunks/small?from=x", 400),
        ("chunks/small?first=0", 400),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(address, rest, status):
    assert ask(address, rest)[0] == status


def test_without_the_token_or_after_the_end_there_is_no_list(plane, root, address):
    assert ask(address, "chunks/small", token="x")[0] == 401
    assert ask(address, "chunks/small")[0] == 200
    plane.halt()
    assert ask(address, "chunks/small")[0] in (401, 403)


def test_a_list_is_no_use_and_no_volume(plane, address, monkeypatch):
    released = []

    @asynccontextmanager
    async def counting(tenant, transfer, permit, planned):
        released.append(planned)
        yield Account()

    serving = plane.app._serving
    monkeypatch.setattr(serving, "released", counting)
    ask(address, "chunks/small")
    ask(address, "manifest")
    assert released == []
    ask(address, "files/small")
    assert released == [5]


def test_a_list_changes_with_its_file(plane, root, address):
    tag = ask(address, "chunks/small")[2]["ETag"]
    (root / "acme/set/small").write_bytes(b"other")
    body = ask(address, "chunks/small", **{"If-None-Match": tag})[1]
    assert json.loads(body)["blake3"] == blake3(b"other").hexdigest()
