"""Where a facility's objects are: a folder and a bucket give the same. The bucket is one of `moto`'s, on loopback."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from hanse.client.reading.content import Content
from hanse.client.reading.places import open_place
from hanse.kernel.errors import Misconfigured, NotFound, StorageFailed
from tests.unit.client.reading.world import KEY, MANIFEST, write

KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def bucket():
    """Yield the address of an S3 server, and a client of it."""
    moto = pytest.importorskip("moto.server")
    import boto3

    server = moto.ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client("s3", endpoint_url=address, **KEYS)
    client.create_bucket(Bucket="data")
    yield address, client
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path, monkeypatch):
    """Return the address of a place with a version and with an object `a/b` in it."""
    write(tmp_path, {"x": b"hello", "y": b"1234567" * 1000})
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"0123456789")
    if request.param == "folder":
        return str(tmp_path)
    address, client = request.getfixturevalue("bucket")
    said = {"AWS_ENDPOINT_URL": address, "AWS_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true"}
    for name, value in (said | {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}).items():
        monkeypatch.setenv(name, value)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            client.put_object(Bucket="data", Key=f"{tmp_path.name}/{path.relative_to(tmp_path)}", Body=path.read_bytes())
    return f"s3://data/{tmp_path.name}"


def test_parts_of_objects(place):
    objects = open_place(place)
    assert objects.size("a/b") == 10
    assert objects.read("a/b", 3, 4) == b"3456"
    room = bytearray(4)
    objects.fill("a/b", 6, memoryview(room))
    assert room == b"6789"
    objects.close()


def test_what_is_not_there_and_what_is_shorter_than_it_should_be(place):
    objects = open_place(place)
    for ask in (objects.size, lambda name: objects.read(name, 0, 1), lambda name: objects.fill(name, 0, memoryview(bytearray(1)))):
        with pytest.raises(NotFound):
            ask("a/c")
    with pytest.raises(StorageFailed) as caught:
        objects.fill("a/b", 8, memoryview(bytearray(4)))
    assert caught.value.rule == "damaged"
    objects.close()


def test_a_version_is_read_by_several_threads(place):
    with Content(open_place(place), open_place(place), MANIFEST, KEY) as data, ThreadPoolExecutor(4) as pool:
        assert data.read("x") == b"hello"
        assert set(pool.map(data.read, ["y"] * 8)) == {b"1234567" * 1000}


def test_a_place_that_cannot_be():
    with pytest.raises(Misconfigured, match="bucket"):
        open_place("nothing://x/y")


def test_a_folder_in_the_place_of_an_object_is_told(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(StorageFailed, match="cannot be read"):
        open_place(str(tmp_path)).read("a", 0, 1)
