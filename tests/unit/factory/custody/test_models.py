"""Models: recorded once, with what is not in order said; their data kept; and records found by their hashes."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from hanse.evidence import kinds as k
from hanse.factory.custody.looking import MAX_LINE, Wanted, line_of
from hanse.factory.custody.records import Owed
from hanse.kernel.errors import Invalid, NotFound
from hanse.odrl.names import EVALUATE, FINE_TUNE, TRAIN
from tests.unit.factory.custody.world import ACME, AGREEMENT, NOW, OWN, World, version

DIGEST = "ab" * 32


def sha(data):
    return hashlib.sha256(data).hexdigest()


def test_a_training_is_recorded_once_and_its_data_is_kept():
    async def scenario():
        world = World(years=10)
        own, theirs = world.put(version()), world.put(version("texts", 2, agreement=AGREEMENT))
        world.open(own)
        world.open(theirs)
        done = await world.models.record(ACME, "net", DIGEST, [own.id, theirs.id, own.id], TRAIN, "git:abc", {"epochs": "3"})
        assert done.warnings == ()
        assert done.kept == (own.id, theirs.id)
        assert done.until.year == 2036
        assert world.kinds() == ["opened", "opened", "trained", "kept", "kept"]
        says = done.training.says
        assert says.inputs == (k.Input(own.id, own.root), k.Input(theirs.id, theirs.root, AGREEMENT))
        again = await world.models.record(ACME, "net", DIGEST, [own.id, theirs.id], TRAIN, "git:abc", {"epochs": "3"})
        assert (again.again, again.training.index) == (True, done.training.index)
        more = await world.models.record(ACME, "net", DIGEST, [own.id], TRAIN, "git:abc", {"epochs": "4"})
        assert not more.again
        assert [one.index for one in (await world.models.get(ACME, DIGEST)).trainings] == [more.training.index, done.training.index]
        assert len(await world.models.trained_with(ACME, own.id)) == 2
        assert len(await world.models.trained_with(ACME, "texts")) == 1
        assert await world.models.trained_with(ACME, "text") == []

    asyncio.run(scenario())


def test_what_is_not_in_order_is_said_and_recorded_all_the_same():
    async def scenario():
        world = World()
        one = world.put(version(agreement=AGREEMENT))
        world.owed = [Owed(path="obligation[0]", due=NOW.replace(year=2027), words="")]
        done = await world.models.record(ACME, "a", DIGEST, [one.id], TRAIN)
        assert done.warnings == (f"No opening of {one.id} to train is in the log.",)
        world.open(one, "fineTune")
        done = await world.models.record(ACME, "b", DIGEST, [one.id], TRAIN)
        assert done.warnings == (f"No opening of {one.id} to train is in the log (it was opened to fineTune).",)
        assert [each.version for each in done.conflicts] == [one.id]
        assert (await world.models.record(ACME, "c", DIGEST, [one.id], FINE_TUNE)).warnings == ()

    asyncio.run(scenario())


def test_a_lease_counts_and_what_is_gone_or_only_evaluated_is_not_kept():
    async def scenario():
        world = World()
        gone, here = world.put(version(deleted=NOW)), world.put(version(number=2))
        lease = k.Leased(lease="lea_1", version=gone.id, holder="x", until=NOW, action=TRAIN, openings=1)
        world.append(world.tx, ACME, None, lease)
        done = await world.models.record(ACME, "net", DIGEST, [gone.id], TRAIN)
        assert (done.warnings, done.kept, done.until) == ((), (), None)
        assert (await world.models.record(ACME, "net", DIGEST, [here.id], EVALUATE)).kept == ()
        assert world.tx.keepings(ACME) == []
        never = World(years=0)
        never.put(here)
        assert (await never.models.record(ACME, "net", DIGEST, [here.id], TRAIN)).kept == ()

    asyncio.run(scenario())


def test_a_longer_keeping_is_not_cut():
    async def scenario():
        world = World(years=10)
        one = world.put(version())
        await world.register.keep(ACME, one.id, until=NOW.replace(year=2050))
        await world.models.record(ACME, "net", DIGEST, [one.id], TRAIN)
        assert world.tx.keeping(ACME, one.id, OWN).until.year == 2050

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("name", "code", "parameters", "rule"),
    [
        ("a@1", "", {}, "name"),
        ("", "", {}, "name"),
        ("agr_1", "", {}, "name"),
        ("net", "/home/maria/train.py", {}, "personal"),
        ("net", "train.py by maria@example.org", {}, "personal"),
        ("maria@example", "", {}, "name"),
        ("net", "", {"call": "+49 (30) 123 456 78"}, "personal"),
        ("net", "", {"data": r"C:\Users\maria\x"}, "personal"),
    ],
)
def test_what_must_not_be_in_a_log_for_ever(name, code, parameters, rule):
    async def scenario():
        world = World()
        one = world.put(version())
        with pytest.raises(Invalid) as refused:
            await world.models.record(ACME, name, DIGEST, [one.id], TRAIN, code, parameters)
        assert refused.value.rule == rule
        assert world.entries == []

    asyncio.run(scenario())


def test_inputs_that_cannot_be():
    async def scenario():
        world = World()
        for inputs in ([], ["nothing@1"]):
            with pytest.raises(Invalid):
                await world.models.record(ACME, "net", DIGEST, inputs, TRAIN)
        with pytest.raises(NotFound):
            await world.models.get(ACME, "net")

    asyncio.run(scenario())


def test_a_record_is_found_as_file_chunk_or_line():
    async def scenario():
        world = World()
        world.put(version(), {"a.csv": b"x,y\r\n1,2\r\n3,4", "b.bin": b"3,4"})
        world.put(version(number=2), {"a.csv": b"x,y\n"})
        world.put(version(number=3, deleted=NOW))
        world.shelf.chunks["rain@2"] = ("cd" * 32,)
        await world.models.record(ACME, "net", DIGEST, ["rain@1"], TRAIN)

        async def look(data, **more):
            answer = await world.looking.models_with(ACME, Wanted(sha256=(sha(data),), **more), "op_1")
            return [dict(line.facts) for line in answer.lines], answer.notes

        found, notes = await look(b"x,y\n")
        assert found == [{"version": "rain@2", "as": "file", "line": None}]
        assert notes[0] == "rain@3 cannot be looked at: it was deleted."
        found, _ = await look(b"nowhere", blake3="cd" * 32)
        assert found == [{"version": "rain@2", "as": "chunk", "line": None}]
        found, _ = await look(b"1,2", lines=True)
        assert found == [{"version": "rain@1", "as": "line", "line": 2}, {"model": "net", "version": "rain@1"}]
        found, notes = await look(b"1,2")
        assert found == []
        assert "Lines of files were not looked at" in notes[-1]
        found, notes = await look(b"nowhere", lines=True)
        assert notes[0] == "No version that could be looked at holds it."
        searches = [one.says for one in world.entries if isinstance(one.says, k.Opened)]
        assert {one.action for one in searches} == {"search"}
        assert {one.operator for one in searches} == {"op_1"}
        with pytest.raises(Invalid):
            await world.looking.models_with(ACME, Wanted(sha256=("x",)), "op_1")

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_lines_across_pieces(size):
    data = b"one\ntwo\r\n\nlast line"

    async def pieces():
        for start in range(0, len(data), size):
            yield data[start : start + size]

    async def look(line):
        return await line_of(pieces(), frozenset({hashlib.sha256(line).digest()}))

    async def scenario():
        assert [await look(line) for line in (b"one", b"two", b"", b"last line", b"last", b"one\ntwo")] == [1, 2, 3, 4, None, None]

    asyncio.run(scenario())


def test_a_line_without_end_takes_no_memory():
    async def scenario():
        async def pieces():
            for _ in range(MAX_LINE // (1 << 20) + 3):
                yield b"x" * (1 << 20)
            yield b"tail\nnext\n"

        wanted = frozenset({hashlib.sha256(b"next").digest()})
        assert await line_of(pieces(), wanted) == 2
        assert await line_of(pieces(), frozenset({hashlib.sha256(b"tail").digest()})) is None

    asyncio.run(scenario())
