"""The facility in a bucket that speaks S3 (`moto`'s, on loopback), with the cold place in a folder."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from obstore.store import S3Store

from hanse.factory.facility import tiers
from hanse.factory.facility.collecting import Collection
from hanse.factory.facility.records import Intake
from hanse.factory.facility.verifying import Verification, versions_of
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import NotFound, StorageFailed
from hanse.storage import open_database
from hanse.storage.objects import FolderObjects
from hanse.storage.objects.bucket import BucketObjects
from tests.unit.factory.facility.world import ACME, KIB, MIB, World, noise, pieces

FILES = {"large.bin": noise(40 * MIB, 1), "empty": b"", **{f"{number}.txt": noise(KIB, number) for number in range(50)}}
RETRIES = {"max_retries": 1, "retry_timeout": timedelta(seconds=2), "backoff": {"init_backoff": timedelta(milliseconds=10)}}


@pytest.fixture
def server():
    """Yield a server with an empty bucket `data`."""
    moto = pytest.importorskip("moto.server")
    import boto3

    running = moto.ThreadedMotoServer("127.0.0.1", 0)
    running.start()
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=address(running), **keys).create_bucket(Bucket="data")
    yield running
    running.stop()


def address(running):
    host, port = running.get_host_and_port()
    return f"http://{host}:{port}"


def bucket(running):
    store = S3Store(
        "data",
        prefix="some/where",
        endpoint=address(running),
        access_key_id="a",
        secret_access_key="b",
        region="us-east-1",
        client_options={"allow_http": True},
        retry_config=RETRIES,
    )
    return BucketObjects(store, "s3://data/some/where")


def run(server, tmp_path, scenario):
    async def whole():
        database = await open_database(":memory:")
        try:
            await scenario(World(database, bucket(server), FolderObjects(tmp_path / "cold"), SystemClock()))
        finally:
            await database.close()

    asyncio.run(whole())


async def names(objects):
    return [one.name async for one in objects.list("acme")]


def test_from_its_storing_to_its_deletion(server, tmp_path):
    async def scenario(world):
        version = await world.store(FILES, agreement="agr_1")
        assert await world.contents(version.id) == FILES
        assert await world.content(version.id, "large.bin", start=35 * MIB, end=36 * MIB) == FILES["large.bin"][35 * MIB : 36 * MIB]
        assert (await Verification(world.stock).run(await versions_of(world.stock, ACME))).sound
        assert len(await names(world.hot)) == 4  # the key, the manifest, two packs
        await tiers.move(world.stock, await world.facility.stored(ACME, version.id), "cold")
        assert (len(await names(world.hot)), len(await names(world.cold))) == (2, 2)
        assert await world.contents(version.id) == FILES
        await tiers.move(world.stock, await world.facility.stored(ACME, version.id), "hot")
        other = await world.store({"more": b"more", "0.txt": FILES["0.txt"]}, name="other", agreement="agr_1")
        await world.removal.delete(ACME, version.id, "")
        assert await world.contents(other.id) == {"more": b"more", "0.txt": FILES["0.txt"]}
        assert (await Collection(world.stock, ACME).run()).unknown == ()
        assert (await Verification(world.stock).run(await versions_of(world.stock, ACME))).sound
        await world.removal.destroy(ACME, "agr_1", "")
        assert await names(world.hot) == []

    run(server, tmp_path, scenario)


def test_a_bucket_that_fails_leaves_nothing_half_done(server, tmp_path):
    async def scenario(world):
        await world.store({"a": b"a"}, agreement="agr_1")
        intaking = await world.facility.intake(ACME, Intake(name="data", agreement="agr_1"))
        await intaking.put("b", pieces(b"b"))
        server.stop()
        with pytest.raises(StorageFailed) as refused:
            await intaking.commit()
        assert refused.value.rule == "bucket"
        assert [one.id for one in await world.facility.versions(ACME)] == ["data@1"]
        with pytest.raises((StorageFailed, NotFound)):
            await world.again().contents("data@1")
        verdict = await Verification(world.stock).run(await versions_of(world.stock, ACME))
        assert not verdict.sound

    run(server, tmp_path, scenario)
