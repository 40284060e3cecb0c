"""Objects in a folder and in a bucket: the same tests. The bucket is one of `moto`'s, on loopback."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest

from hanse.kernel.errors import Invalid, Misconfigured, NotFound, StorageFailed
from hanse.storage.objects import FolderObjects, open_objects

MIB = 1 << 20


@pytest.fixture(scope="module")
def bucket():
    """Yield the address of an S3 server with a bucket `data`."""
    moto = pytest.importorskip("moto.server")
    import boto3

    server = moto.ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=address, **keys).create_bucket(Bucket="data")
    yield address
    server.stop()


@pytest.fixture
def environment(monkeypatch, bucket):
    """Let the environment say where the bucket is."""
    for name, value in {
        "AWS_ENDPOINT_URL": bucket,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=["folder", "bucket"])
def objects(request, tmp_path):
    """Return objects of each kind, empty."""
    if request.param == "folder":
        return FolderObjects(tmp_path / "objects", reserved=0)
    request.getfixturevalue("environment")
    return open_objects(f"s3://data/{tmp_path.name}", tmp_path)


def run(work):
    return asyncio.run(work())


def test_what_is_put_is_there(objects):
    async def work():
        await objects.put("a/b/c", b"hello")
        await objects.put("a/b/d", bytearray(b"x"))
        await objects.put("a/bc/d", memoryview(b"y"))
        assert await objects.get("a/b/c") == b"hello"
        assert (await objects.read("a/b/c", 1, 3), await objects.read("a/b/c", 3, 99)) == (b"ell", b"lo")
        found = [one async for one in objects.list("a/b")]
        assert [(one.name, one.size) for one in found] == [("a/b/c", 5), ("a/b/d", 1)]
        assert all(abs(datetime.now(UTC) - one.written) < timedelta(minutes=5) for one in found)
        await objects.put("a/b/c", b"again")
        assert await objects.get("a/b/c") == b"again"
        await objects.delete("a/b/c")
        await objects.delete("a/b/c")
        assert [one.name async for one in objects.list("a/b")] == ["a/b/d"]
        assert [one.name async for one in objects.list("nothing")] == []

    run(work)


def test_what_is_not_there(objects):
    async def work():
        for ask in (lambda: objects.get("a/b"), lambda: objects.read("a/b", 0, 1)):
            with pytest.raises(NotFound):
                await ask()

    run(work)


@pytest.mark.parametrize(
    "name", ["", "/a", "../a", "a/../b", "a//b", "a/", "A", "a b", ".a", "a/.b", "a\\b", "a\n", "x" * 101, "/".join("abcdefghi")]
)
def test_names_that_could_lead_elsewhere(objects, name):
    async def work():
        for ask in (lambda: objects.put(name, b""), lambda: objects.get(name), lambda: objects.delete(name)):
            with pytest.raises(Invalid):
                await ask()

    run(work)


def test_large_ones_and_zeros(objects):
    data = b"".join([os.urandom(3 * MIB), bytes(9 * MIB + 5), os.urandom(MIB), bytes(70_000), b"\0x"])

    async def work():
        await objects.put("large", data)
        assert await objects.get("large") == data
        assert await objects.read("large", 3 * MIB - 10, 20) == data[3 * MIB - 10 : 3 * MIB + 10]
        assert await objects.read("large", len(data) - 5, 100) == data[-5:]
        await objects.put("nothing", b"")
        assert await objects.get("nothing") == b""

    run(work)


def test_a_bucket_that_is_not_there_or_does_not_answer_is_said(environment, monkeypatch, tmp_path):
    async def work():
        with pytest.raises(StorageFailed):
            await open_objects("s3://nobody/x", tmp_path).put("a", b"a")
        for bad in ("gs://x", "http://x", "s3://"):
            with pytest.raises(Misconfigured):
                open_objects(bad, tmp_path)

    run(work)


def test_zeros_take_no_room_in_a_folder(tmp_path):
    async def work():
        await FolderObjects(tmp_path).put("a", os.urandom(MIB) + bytes(20 * MIB))

    run(work)
    found = (tmp_path / "a").stat()
    assert (found.st_size, found.st_blocks * 512 < 2 * MIB) == (21 * MIB, True)


def test_others_may_read_what_is_encrypted_and_no_key(tmp_path):
    async def work():
        await FolderObjects(tmp_path / "f").put("a/packs/b", b"x")
        await FolderObjects(tmp_path / "f").put("a/key", b"x")

    before = os.umask(0o022)
    try:
        run(work)
    finally:
        os.umask(before)
    modes = [(tmp_path / "f" / name).stat().st_mode & 0o777 for name in ("a", "a/packs/b", "a/key")]
    assert modes == [0o755, 0o644, 0o600]


def test_a_folder_without_room_says_so_and_writes_nothing(tmp_path):
    async def work():
        objects = FolderObjects(tmp_path / "f", reserved=1 << 60)
        assert await objects.room() == 0
        with pytest.raises(StorageFailed) as refused:
            await objects.put("a", b"x")
        assert refused.value.rule == "full"

    run(work)
    assert [path for path in (tmp_path / "f").rglob("*") if path.is_file()] == []


def test_a_disk_that_is_full_while_it_is_written_leaves_nothing(tmp_path):
    """A real one: a file may not grow beyond the limit of this child process."""
    import subprocess
    import sys

    program = """
import asyncio, resource, signal, sys
from pathlib import Path
from hanse.kernel.errors import StorageFailed
from hanse.storage.objects import FolderObjects
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    asyncio.run(FolderObjects(Path(sys.argv[1])).put("a/b", b"x" * (4 << 20)))
except StorageFailed as error:
    print(error.rule)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "f")], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "full"
    assert [path for path in (tmp_path / "f").rglob("*") if path.is_file()] == []


def test_what_a_crash_left_half_written_is_swept(tmp_path):
    async def work():
        objects = FolderObjects(tmp_path)
        await objects.put("a", b"x")
        (tmp_path / ".parts" / "0123").write_bytes(b"half")
        await objects.sweep(datetime.now(UTC) - timedelta(hours=1))
        assert (tmp_path / ".parts" / "0123").exists()
        await objects.sweep(datetime.now(UTC) + timedelta(hours=1))
        assert not (tmp_path / ".parts" / "0123").exists()
        assert [one.name async for one in objects.list("a")] == []

    run(work)


def test_a_key_is_overwritten_before_it_is_deleted(tmp_path):
    async def work():
        objects = FolderObjects(tmp_path)
        await objects.put("a/key", b"secret" * 10)
        (tmp_path / "same").hardlink_to(tmp_path / "a" / "key")
        await objects.delete("a/key")

    run(work)
    assert b"secret" not in (tmp_path / "same").read_bytes()
