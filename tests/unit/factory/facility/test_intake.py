"""Taking in: what comes is stored whole or not at all, once, and after any interruption from where it was."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from blake3 import blake3

from hanse.dcat.chunks import Known
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.facility import layout
from hanse.factory.facility.records import Intake, VersionStored
from hanse.kernel.errors import Conflict, Invalid, NotFound, PeerInvalid, StorageFailed, TooLarge
from tests.unit.factory.facility.world import ACME, KIB, MIB, ZOO, noise, pieces, run

FILES = {"big/x.bin": noise(3 * MIB), "a.txt": b"a", "empty": b"", "b.txt": noise(70 * KIB, 2)}
WISH = Intake(name="data", agreement="agr_1", order="ord_1")


async def put_all(intaking, data):
    for path, content in data.items():
        await intaking.put(path, pieces(content, size=MIB))
    await intaking.commit()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def test_what_is_stored_can_be_read():
    async def scenario(world):
        version = await world.store(FILES, agreement="agr_1", sums="provider")
        assert (version.id, version.count, version.size, version.sums) == ("data@1", 4, sum(map(len, FILES.values())), "provider")
        assert version.root == root_of_files([Object(path, sha(data), len(data)) for path, data in FILES.items()])
        assert await world.contents("data@1") == FILES
        assert await world.facility.version(ACME, "data") == version
        assert [one.path for one in await world.facility.files(ACME, "data@1")] == sorted(FILES)
        assert world.events == [VersionStored(ACME, "data@1")]

    run(scenario)


@pytest.mark.parametrize("size", [1, 1000, 65_536, 1 << 20, 5 << 20])
def test_however_it_comes_in_pieces_the_chunks_are_the_same(size):
    data = noise(200 * KIB if size == 1 else 6 * MIB)

    async def scenario(world):
        await world.store({"x": data}, name="whole")
        intaking = await world.facility.intake(ACME, Intake(name="pieces"))
        await intaking.put("x", pieces(data, size=size))
        await intaking.commit()
        chunks = await world.facility.chunks(ACME, "pieces@1", "x")
        assert chunks == await world.facility.chunks(ACME, "whole@1", "x")
        assert all(blake3(data[one.offset : one.offset + one.size]).hexdigest() == one.blake3 for one in chunks)
        assert sum(one.size for one in chunks) == len(data)

    run(scenario)


@pytest.mark.parametrize(
    ("start", "end"), [(0, None), (0, 1), (5, 5), (1000, 2_000_000), (3_000_000, None), (3_145_727, 9_000_000), (9_000_000, None)]
)
def test_a_part_of_a_file(start, end):
    async def scenario(world):
        await world.store(FILES)
        assert await world.content("data@1", "big/x.bin", start=start, end=end) == FILES["big/x.bin"][start:end]

    run(scenario)


def test_nothing_is_visible_before_it_is_whole():
    async def scenario(world):
        intaking = await world.facility.intake(ACME, WISH)
        held = await intaking.put("a", pieces(b"abc"), sha256=sha(b"abc"), size=3, media_type="text/plain")
        assert await intaking.have("a") == held
        assert b"".join([part async for part in intaking.read("a", 1)]) == b"bc"
        assert await world.facility.versions(ACME) == []
        with pytest.raises(NotFound):
            await world.facility.version(ACME, "data")
        await intaking.commit()
        assert (await world.facility.files(ACME, "data@1"))[0].media_type == "text/plain"

    run(scenario)


@pytest.mark.parametrize(
    ("promised", "rule"),
    [({"size": 4}, "size"), ({"size": 2}, "size"), ({"sha256": "0" * 64}, "digest"), ({"size": 3, "sha256": sha(b"abd")}, "digest")],
)
def test_what_is_not_as_promised_leaves_nothing(promised, rule):
    async def scenario(world):
        intaking = await world.facility.intake(ACME, WISH)
        await intaking.put("kept", pieces(b"kept"))
        with pytest.raises(PeerInvalid) as refused:
            await intaking.put("a", pieces(b"abc"), **promised)
        assert refused.value.rule == rule
        assert await intaking.have("a") is None
        await intaking.put("a", pieces(b"abc"), sha256=sha(b"abc").upper())
        version = await intaking.commit()
        assert await world.contents(version.id) == {"a": b"abc", "kept": b"kept"}

    run(scenario)


def test_a_stream_that_breaks_leaves_nothing_of_its_file_and_its_chunks_are_known():
    data = noise(40 * MIB)
    whole = []

    async def broken():
        yield data[: 36 * MIB]
        raise ConnectionError

    async def scenario(world):
        intaking = await world.facility.intake(ACME, WISH)
        with pytest.raises(ConnectionError):
            await intaking.put("a", broken())
        assert await intaking.have("a") is None
        await world.store({"a": data}, name="other")
        whole.extend(await world.facility.chunks(ACME, "other@1", "a"))
        digests = [one.blake3 for one in whole]
        again = await world.again().facility.intake(ACME, WISH)
        known = await again.known(digests)
        assert 32 * MIB <= sum(one.size for one in whole if one.blake3 in known) <= 36 * MIB
        parts = [Known(one.blake3, one.size) if one.blake3 in known else data[one.offset : one.offset + one.size] for one in whole]
        await again.put("a", pieces(*parts), sha256=sha(data), size=len(data))
        assert await world.content((await again.commit()).id, "a") == data

    run(scenario)


def test_a_chunk_that_is_not_known_or_of_another_size_is_refused():
    async def scenario(world):
        await world.store({"a": b"abc"}, agreement="agr_1")
        intaking = await world.facility.intake(ACME, WISH)
        digest = blake3(b"abc").hexdigest()
        assert await intaking.known([digest, "0" * 64]) == {digest}
        for known in (Known("0" * 64, 3), Known(digest, 4)):
            with pytest.raises(NotFound):
                await intaking.put("b", pieces(known))
        await intaking.put("b", pieces(Known(digest, 3)), sha256=sha(b"abc"))
        with pytest.raises(Invalid):
            await intaking.known(["no digest"])

    run(scenario)


def test_chunks_are_shared_inside_one_agreement_and_never_between_two():
    data = noise(4 * MIB)

    async def scenario(world):
        taken = []
        for name, tenant, agreement in [
            ("a", ACME, "agr_1"),
            ("b", ACME, "agr_1"),
            ("c", ACME, "agr_2"),
            ("d", ACME, None),
            ("e", ZOO, "agr_1"),
        ]:
            await world.store({"x": data}, name=name, tenant=tenant, agreement=agreement)
            taken.append(sum(len(world.hot.objects[one]) for one in world.hot.of("/packs/")) // (4 * MIB))
        assert taken == [1, 1, 2, 3, 4]
        assert len(world.hot.of("/key")) == 4

    run(scenario)


def test_a_change_in_the_middle_is_all_that_is_stored_again():
    data = noise(32 * MIB)
    changed = data[: 10 * MIB] + noise(MIB, 7) + data[11 * MIB :]

    async def scenario(world):
        await world.store({"x": data}, agreement="agr_1")
        before = (await world.facility.usage(ACME)).taken
        version = await world.store({"x": changed}, agreement="agr_1")
        assert (await world.facility.usage(ACME)).taken - before < 3 * MIB
        assert await world.content(version.id, "x") == changed

    run(scenario)


def test_the_same_content_is_the_same_version():
    async def scenario(world):
        also = []
        first = await world.store(FILES, agreement="agr_1")
        intaking = await world.facility.intake(ACME, Intake(name="data", agreement="agr_1"))
        for path, data in FILES.items():
            await intaking.put(path, pieces(data))
        assert await intaking.commit(lambda _tx, version: also.append(version)) == first
        assert also == [first]
        assert (await world.store(FILES, agreement="agr_2")).id == "data@2"
        assert (await world.store({"a": b"b"}, agreement="agr_1")).id == "data@3"

    run(scenario)


def test_what_commits_with_it_can_forbid_it():
    async def scenario(world):
        def also(_tx, _version):
            raise Conflict("Not now.")

        intaking = await world.facility.intake(ACME, WISH)
        await intaking.put("a", pieces(b"abc"))
        with pytest.raises(Conflict):
            await intaking.commit(also)
        assert await world.facility.versions(ACME) == []
        assert world.hot.of("/versions/") == []
        again = await world.facility.intake(ACME, WISH)
        assert await again.have("a") is not None
        await again.commit()

    run(scenario)


def test_a_wish_is_taken_up_where_it_was():
    async def scenario(world):
        first = await world.facility.intake(ACME, WISH)
        for number in range(10):
            await first.put(f"{number}", pieces(noise(100 * KIB, number)))
        await first.suspend()
        await first.put("lost", pieces(b"lost"))
        puts = world.hot.puts
        again = await world.again().facility.intake(ACME, WISH)
        assert [one.path for one in await again.files()] == [str(number) for number in range(10)]
        assert await again.have("lost") is None
        await again.put("lost", pieces(b"lost"))
        await again.retain([*map(str, range(5)), "lost"])
        version = await again.commit()
        assert world.hot.puts - puts == 2  # one pack, one manifest
        assert set(await world.contents(version.id)) == {*map(str, range(5)), "lost"}

    run(scenario)


def test_an_intake_of_a_restored_database_does_not_rest_on_packs_that_are_gone():
    async def scenario(world):
        intaking = await world.facility.intake(ACME, WISH)
        await intaking.put("a", pieces(b"abc"))
        await intaking.suspend()
        [pack] = world.hot.of("/packs/")
        world.hot.objects.pop(pack)
        again = await world.again().facility.intake(ACME, WISH)
        assert await again.have("a") is None
        assert await again.known([blake3(b"abc").hexdigest()]) == set()
        await again.put("a", pieces(b"abc"))
        assert await world.contents((await again.commit()).id) == {"a": b"abc"}

    run(scenario)


def test_whoever_had_the_intake_before_can_do_nothing_more():
    async def scenario(world):
        old = await world.facility.intake(ACME, WISH)
        await old.put("a", pieces(b"old"))
        new = await world.facility.intake(ACME, WISH)
        with pytest.raises(Conflict) as refused:
            await old.commit()
        assert refused.value.rule == "committed"
        await old.abandon()
        await new.put("a", pieces(b"new"))
        assert await world.content((await new.commit()).id, "a") == b"new"
        with pytest.raises(Conflict):
            await new.commit()

    run(scenario)


def test_who_gives_up_leaves_nothing():
    async def scenario(world):
        intaking = await world.facility.intake(ACME, WISH)
        await intaking.put("a", pieces(noise(MIB)))
        await intaking.suspend()
        assert world.hot.of("/packs/")
        await intaking.abandon()
        await intaking.abandon()
        assert world.hot.of("/packs/") == []
        assert (await world.facility.usage(ACME)).taken == 0
        with pytest.raises(Conflict):
            await intaking.put("b", pieces(b""))

    run(scenario)


def test_a_full_disk_is_said_and_what_was_stored_stays():
    data = {f"{number}": noise(20 * MIB, number) for number in range(4)}

    async def scenario(world):
        world.hot.limit = 50 * MIB
        intaking = await world.facility.intake(ACME, WISH)
        with pytest.raises(StorageFailed) as refused:
            await put_all(intaking, data)
        assert refused.value.rule == "full"
        assert await world.facility.versions(ACME) == []
        with pytest.raises(StorageFailed):
            await intaking.put("more", pieces(b"x"))
        world.hot.limit = 1 << 40
        again = await world.facility.intake(ACME, WISH)
        there = [one.path for one in await again.files()]
        assert there == ["0"]
        for path, content in data.items():
            if path not in there:
                await again.put(path, pieces(content))
        assert await world.contents((await again.commit()).id) == data

    run(scenario)


def test_more_than_the_quota_is_refused():
    async def scenario(world):
        intaking = await world.facility.intake(ACME, WISH)
        with pytest.raises(TooLarge) as refused:
            await intaking.put("a", pieces(b""), size=11 * MIB)
        assert refused.value.rule == "quota"
        await intaking.put("a", pieces(noise(11 * MIB)))
        with pytest.raises(TooLarge):
            await intaking.commit()
        assert await world.facility.versions(ACME) == []
        assert world.hot.of("/packs/") == []

    run(scenario, quota=10 * MIB)


def test_files_may_come_side_by_side():
    data = {f"{number}": noise(3 * MIB, number) for number in range(8)}

    async def scenario(world):
        intaking = await world.facility.intake(ACME, WISH)
        await asyncio.gather(*(intaking.put(path, pieces(content, size=200_000), sha256=sha(content)) for path, content in data.items()))
        assert await world.contents((await intaking.commit()).id) == data

    run(scenario)


def test_many_packs():
    data = {f"{number}": noise(24 * MIB, number) for number in range(3)}

    async def scenario(world):
        assert await world.contents((await world.store(data)).id) == data
        packs = world.hot.of("/packs/")
        assert len(packs) == 3
        assert all(len(world.hot.objects[one]) <= layout.PACK_SIZE + MIB + 16 for one in packs)

    run(scenario)


def test_many_small_files_in_few_objects():
    data = {f"{number % 50}/{number}.txt": b"%d" % number for number in range(5_000)}

    async def scenario(world):
        version = await world.store(data)
        assert (version.count, len(world.hot.of("/packs/"))) == (5_000, 1)
        assert await world.content(version.id, "7/1007.txt") == b"1007"

    run(scenario)


@pytest.mark.parametrize("name", ["", "A", "a b", "a@1", "../a", "-a", "a-", "x" * 101])
def test_names_that_cannot_be(name):
    async def scenario(world):
        with pytest.raises(Invalid):
            await world.facility.intake(ACME, Intake(name=name))

    run(scenario)


def test_bad_paths_and_no_files():
    async def scenario(world):
        intaking = await world.facility.intake(ACME, WISH)
        await intaking.put("A.txt", pieces(b"x"))
        for path in ("../x", "/x", "a.txt", "A.txt/b"):
            with pytest.raises(Invalid):
                await intaking.put(path, pieces(b"x"))
        await intaking.retain([])
        with pytest.raises(Invalid) as refused:
            await intaking.commit()
        assert refused.value.rule == "empty"

    run(scenario)


def test_versions_page_by_page():
    async def scenario(world):
        for number in range(5):
            await world.store({"a": b"%d" % number}, name="ab"[number % 2], agreement="agr_1")
        ids = [one.id for one in await world.facility.versions(ACME)]
        assert ids == ["a@1", "a@2", "a@3", "b@1", "b@2"]
        assert [one.id for one in await world.facility.versions(ACME, after="a@3", limit=1)] == ["b@1"]
        assert [one.id for one in await world.facility.versions(ACME, name="b")] == ["b@1", "b@2"]
        assert await world.facility.versions(ACME, agreement="agr_2") == []
        assert await world.facility.versions(ZOO) == []
        for bad in ("a", "a@", "a@x", "@1", "a@1@2"):
            with pytest.raises(Invalid):
                await world.facility.files(ACME, bad)

    run(scenario)
