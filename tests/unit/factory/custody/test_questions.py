"""The questions of an authority: what each answer says, and which entry proves it."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import structs

from hanse.evidence import kinds as k
from hanse.kernel.errors import NotFound
from hanse.odrl.names import TRAIN
from tests.unit.factory.custody.world import ACME, AGREEMENT, NOW, PROVIDER, World, version

DIGEST = "ab" * 32


def received(world, one):
    says = k.Acquired(agreement=one.agreement or "", version=one.id, dataset="ds_1", root=one.root, count=1, size=100)
    return world.append(world.tx, ACME, None, says)


def test_each_line_names_the_entry_that_proves_it():
    async def scenario():
        world = World()
        one = world.put(version(agreement=AGREEMENT, provider=PROVIDER))
        acquired, opened = received(world, one), world.open(one)
        trained = (await world.models.record(ACME, "net", DIGEST, [one.id], TRAIN)).training.index
        answer = await world.questions.ask(ACME, "datasets-of", "net")
        assert [line.entry for line in answer.lines] == [trained, acquired]
        facts = answer.lines[1].facts
        assert (facts["contract"], facts["provider"], facts["terms"]) == (AGREEMENT, PROVIDER, ("Use is permitted.",))
        assert (facts["available"], facts["tier"], facts["same"]) == (True, "hot", True)
        assert [line.entry for line in (await world.questions.ask(ACME, "models-of", "rain")).lines] == [trained]
        assert [line.entry for line in (await world.questions.ask(ACME, "readers-of", one.id)).lines] == [opened]
        answer = await world.questions.ask(ACME, "contracts-of", one.id)
        assert [line.entry for line in answer.lines] == [acquired, None, None]
        assert answer.lines[2].text == "Use is permitted."
        answer = await world.questions.ask(ACME, "where", one.id)
        assert world.entries[answer.lines[1].entry].says.version == one.id  # kept
        assert "never fetched back" in answer.notes[0]
        await world.drilling.run(ACME, [one])
        answer = await world.questions.ask(ACME, "where", one.id)
        assert isinstance(world.entries[answer.lines[-1].entry].says, k.Drilled)
        assert answer.notes == ()

    asyncio.run(scenario())


def test_readers_are_openings_leases_and_uses_that_name_no_version():
    async def scenario():
        world = World()
        one, other = world.put(version(agreement=AGREEMENT)), world.put(version(number=2, agreement=AGREEMENT))
        began = k.UseBegan(agreement=AGREEMENT, use="trf_1", action="use")
        world.append(world.tx, ACME, None, began)
        world.append(world.tx, ACME, None, structs.replace(began, use="use_1"))
        says = k.Opened(agreement=AGREEMENT, version=one.id, root=one.root, action=TRAIN, use="use_1", operator="op_1")
        world.append(world.tx, ACME, None, says)
        world.open(other)
        lease = k.Leased(agreement=AGREEMENT, lease="lea_1", version=one.id, holder="x", until=NOW, action=TRAIN, openings=2)
        world.append(world.tx, ACME, None, lease)
        back = k.Returned(agreement=AGREEMENT, lease="lea_1", version=one.id, openings=1, log=DIGEST)
        world.append(world.tx, ACME, None, back)
        answer = await world.questions.ask(ACME, "readers-of", one.id)
        assert [line.entry for line in answer.lines] == [0, 2, 4, 5]
        assert answer.lines[1].text == "Opened to train by the operator op_1."
        assert answer.lines[1].facts["operator"] == "op_1"
        assert len(answer.notes) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("agreement", [None, AGREEMENT])
def test_what_is_gone_has_its_receipt_or_notice(agreement):
    async def scenario():
        world = World()
        one = world.put(version(agreement=agreement, deleted=NOW))
        world.put(version(number=2, root="cd" * 32, agreement=agreement))
        said = {"agreement": agreement or "", "what": "deleted", "count": 1, "root": "cd" * 32}
        world.append(world.tx, ACME, None, k.Receipt(**said))
        if agreement is None:
            gone = k.Notice(about="deleted", text="rain@1 was deleted: 1 files of 100 bytes.")
        else:
            gone = k.Receipt(**said | {"root": one.root, "obligation": one.id})
        index = world.append(world.tx, ACME, None, gone)
        [line] = (await world.questions.ask(ACME, "where", one.id)).lines
        assert (line.entry, line.facts["available"]) == (index, False)
        assert "was deleted on 2026-03-01" in line.text

    asyncio.run(scenario())


def test_what_is_not_known():
    async def scenario():
        world = World()
        world.put(version())
        for question, about in (
            ("datasets-of", "net"),
            ("models-of", "nothing"),
            ("models-of", "nothing@1"),
            ("contracts-of", "rain@9"),
            ("where", "rain@9"),
            ("readers-of", "rain@9"),
            ("who-is", "rain@1"),
        ):
            with pytest.raises(NotFound):
                await world.questions.ask(ACME, question, about)
        assert (await world.questions.ask(ACME, "models-of", "rain")).notes == ("No model was trained on rain.",)
        await world.models.record(ACME, "net", DIGEST, ["rain@1"], TRAIN)
        del world.shelf.versions["rain@1"]
        answer = await world.questions.ask(ACME, "datasets-of", "net")
        assert "not known here any more" in answer.lines[1].text

    asyncio.run(scenario())
