"""Deleting: what is gone cannot be read any more, by nobody; there is a receipt for it, and for nothing else."""

from __future__ import annotations

import contextlib

import pytest

from hanse.evidence.kinds import Notice, Object
from hanse.evidence.statement import receipt_of
from hanse.factory.facility.records import Intake, Kept, State, VersionDeleted
from hanse.kernel.errors import Conflict, NotFound, StorageFailed
from tests.unit.factory.facility.world import ACME, KIB, MIB, noise, pieces, run

A = {"x": noise(3 * MIB, 1), "same": noise(2 * MIB, 2)}
B = {"y": noise(3 * MIB, 3), "same": noise(2 * MIB, 2)}
WISH = Intake(name="more", agreement="agr_1", order="ord_9")


def blobs(world):
    """Return all that is stored, in one."""
    return b"".join([*world.hot.objects.values(), *world.cold.objects.values()])


def test_the_last_version_of_an_agreement_goes_with_its_key():
    async def scenario(world):
        version = await world.store(A, agreement="agr_1")
        kept = await world.store(A, name="own")
        removed = await world.removal.delete(ACME, version.id, "not needed")
        assert (len(removed.versions), removed.receipts, removed.kept) == (1, ("led_1",), ())
        assert removed.versions[0].deleted == world.clock.now()
        with pytest.raises(NotFound) as refused:
            await world.facility.files(ACME, version.id)
        assert refused.value.rule == "deleted"
        assert len(world.hot.of("/key")) == len(world.hot.of("/packs/")) == len(world.hot.of("/versions/")) == 1
        assert await world.contents(kept.id) == A
        assert world.events[-1] == VersionDeleted(ACME, version.id)
        with pytest.raises(NotFound):
            await world.removal.delete(ACME, version.id, "again")

    run(scenario)


def test_the_receipt_names_what_was_there():
    async def scenario(world):
        version = await world.store(A, agreement="agr_1")
        files = await world.facility.files(ACME, version.id)
        await world.removal.delete(ACME, version.id, "not needed")
        [(id_, says)] = world.receipts.said
        objects = [Object(one.path, one.sha256, one.size) for one in files]
        assert (id_, says.what, says.agreement, says.obligation) == (version.id, "deleted", "agr_1", version.id)
        assert {"count": says.count, "size": says.size, "root": says.root, "objects": says.objects} == receipt_of(objects)
        record = await world.facility.record(ACME, version.id)
        assert (record.state, record.receipt, record.version.root) == (State.GONE, "led_1", says.root)

    run(scenario)


def test_more_files_than_a_receipt_names():
    async def scenario(world):
        version = await world.store({f"{number}": b"%d" % number for number in range(1_001)}, agreement="agr_1")
        await world.removal.delete(ACME, version.id, "")
        assert (world.receipts.said[0][1].count, world.receipts.said[0][1].objects) == (1_001, ())
        assert world.receipts.said[0][1].root == version.root

    run(scenario)


def test_no_file_name_of_ones_own_data_stands_in_the_log_for_ever():
    async def scenario(world):
        version = await world.store(A)
        await world.removal.delete(ACME, version.id, "of Erika Mustermann")
        [(_, says)] = world.receipts.said
        assert isinstance(says, Notice)
        total = sum(map(len, A.values()))
        assert says.text == f"{version.id} was deleted: {len(A)} files of {total} bytes, root {version.root}."
        assert "same" not in says.text

    run(scenario)


@pytest.mark.parametrize("agreement", ["agr_1", None])
def test_of_what_is_shared_only_what_nobody_else_needs_becomes_zeros(agreement):
    async def scenario(world):
        intaking = await world.facility.intake(ACME, Intake(name="a", agreement=agreement))
        for path, data in A.items():
            await intaking.put(path, pieces(data))
        a = await intaking.commit()
        b = await world.store(B, name="b", agreement=agreement)
        contents = await world.stock.contents(await world.facility.stored(ACME, a.id))
        frames = {path: contents.rows(contents.files[path]) for path in A}
        [pack] = [one.name for one in contents.manifest.packs]
        [path] = world.hot.of(pack)
        before, taken = world.hot.objects[path], (await world.facility.usage(ACME)).taken
        await world.removal.delete(ACME, a.id, "not needed")
        after = world.hot.objects[path]
        for row in frames["x"]:
            assert after[row.offset : row.offset + row.size + 16] == bytes(row.size + 16)
        for row in frames["same"]:
            assert after[row.offset : row.offset + row.size + 16] == before[row.offset : row.offset + row.size + 16]
        assert await world.contents(b.id) == B
        assert taken - (await world.facility.usage(ACME)).taken >= 3 * MIB
        assert len(world.hot.of("/versions/")) == 1

    run(scenario)


def test_all_under_an_agreement_is_destroyed():
    async def scenario(world):
        await world.store(A, name="a", agreement="agr_1")
        await world.store(B, name="b", agreement="agr_1")
        await world.store(B, name="b", agreement="agr_2")
        intaking = await world.facility.intake(ACME, WISH)
        await intaking.put("z", pieces(noise(KIB)))
        await intaking.suspend()
        removed = await world.removal.destroy(ACME, "agr_1", "the agreement has ended")
        assert [one.id for one in removed.versions] == ["a@1", "b@1"]
        assert len(world.hot.of("/key")) == len(world.hot.of("/packs/")) == 1
        with pytest.raises(Conflict):
            await intaking.commit()
        assert await world.contents("b@2") == B
        assert (await world.removal.destroy(ACME, "agr_1", "again")).versions == ()
        assert (await world.store(A, name="a", agreement="agr_1")).id == "a@2"  # a new key
        assert await world.contents("a@2") == A

    run(scenario)


def test_what_is_only_being_taken_in_is_destroyed_too():
    async def scenario(world):
        intaking = await world.facility.intake(ACME, WISH)
        await intaking.put("z", pieces(noise(KIB)))
        await intaking.suspend()
        await world.removal.destroy(ACME, "agr_1", "the agreement has ended")
        assert world.hot.objects == {}
        with pytest.raises(Conflict):
            await intaking.commit()

    run(scenario)


def test_what_somebody_keeps_stays_and_is_said():
    async def scenario(world):
        a = await world.store(A, name="a", agreement="agr_1")
        await world.store(B, name="b", agreement="agr_1")
        world.removal.keepers.append(lambda _tx, version: "a court wants it" if version.id == a.id else None)
        with pytest.raises(Conflict) as refused:
            await world.removal.delete(ACME, a.id, "not needed")
        assert (refused.value.rule, "a court wants it" in refused.value.message) == ("kept", True)
        removed = await world.removal.destroy(ACME, "agr_1", "the agreement has ended")
        assert removed.kept == (Kept("a@1", "a court wants it"),)
        assert [one.id for one in removed.versions] == ["b@1"]
        assert await world.contents(a.id) == A
        world.removal.keepers.clear()
        assert len((await world.removal.destroy(ACME, "agr_1", "the agreement has ended")).versions) == 1
        assert world.hot.objects == {}

    run(scenario)


class Broken(Exception):
    """The process ends here."""


def break_at(objects, count):
    """Let the store fail at its `count`th writing or deletion; return what mends it."""
    whole, left = (objects.put, objects.delete), count

    def counting(call):
        async def counted(*args):
            nonlocal left
            left -= 1
            if left == 0:
                raise Broken
            await call(*args)

        return counted

    def mend():
        objects.put, objects.delete = whole

    objects.put, objects.delete = map(counting, whole)
    return mend


@pytest.mark.parametrize("crash", range(1, 8))
@pytest.mark.parametrize("shared", [False, True])
def test_a_deletion_goes_on_after_a_crash_at_any_point(shared, crash):
    async def scenario(world):
        a = await world.store(A, name="a", agreement="agr_1")
        b = await world.store(B, name="b", agreement="agr_1") if shared else None
        mend = break_at(world.hot, crash)
        with contextlib.suppress(Broken):
            await world.removal.delete(ACME, a.id, "")
        mend()
        with pytest.raises(NotFound):
            await world.facility.files(ACME, a.id)
        await world.again().removal.resume()
        assert (await world.facility.record(ACME, a.id)).state is State.GONE
        assert [one for one, _ in world.receipts.said] == [a.id]
        if b is not None:
            assert await world.contents(b.id) == B
            await world.removal.destroy(ACME, "agr_1", "")
        assert world.hot.of("/key") == world.hot.of("/packs/") == []

    run(scenario)


def test_a_deletion_does_not_take_what_an_intake_rests_on_unnoticed():
    async def scenario(world):
        a = await world.store(A, name="a", agreement="agr_1")
        await world.store({"z": b"z"}, name="z", agreement="agr_1")
        intaking = await world.facility.intake(ACME, WISH)
        await intaking.put("same", pieces(A["same"]))
        await intaking.put("new", pieces(b"new"))
        await intaking.suspend()
        await world.removal.delete(ACME, a.id, "not needed")
        with pytest.raises(Conflict) as refused:
            await intaking.commit()
        assert refused.value.rule == "committed"
        again = await world.facility.intake(ACME, WISH)
        assert (await again.have("same"), await again.have("new") is None) == (None, False)
        await again.put("same", pieces(A["same"]))
        version = await again.commit()
        assert await world.contents(version.id) == {"same": A["same"], "new": b"new"}

    run(scenario)


@pytest.mark.parametrize("lost", ["/key", "/versions/"])
def test_what_cannot_be_read_any_more_can_be_deleted_and_is_said_to_be(lost):
    async def scenario(world):
        version = await world.store(A, agreement="agr_1")
        world.hot.objects.pop(world.hot.of(lost)[0])
        await world.again().removal.destroy(ACME, "agr_1", "")
        [(_, says)] = world.receipts.said
        assert isinstance(says, Notice)
        assert version.root in says.text
        assert world.hot.objects == {}

    run(scenario)


def test_nothing_is_taken_out_while_another_version_cannot_say_what_it_needs():
    async def scenario(world):
        a = await world.store(A, name="a", agreement="agr_1")
        await world.store(B, name="b", agreement="agr_1")
        stored = await world.facility.stored(ACME, "b@1")
        path = f"acme/{stored.vault}/versions/{stored.manifest}"
        manifest = world.hot.objects.pop(path)
        world.again()
        with pytest.raises(StorageFailed):
            await world.removal.delete(ACME, a.id, "")
        with pytest.raises(NotFound):
            await world.facility.files(ACME, a.id)
        assert world.receipts.said == []
        world.hot.objects[path] = manifest
        await world.removal.resume()
        assert await world.contents("b@1") == B
        assert [one for one, _ in world.receipts.said] == [a.id]

    run(scenario)


def test_erasing_a_participant_leaves_nothing():
    async def scenario(world):
        await world.store(A, agreement="agr_1")
        await world.store(A)
        await world.removal.erase(ACME)
        assert world.hot.objects == {}
        with pytest.raises((NotFound, StorageFailed)):
            await world.again().contents("data@1")

    run(scenario)
