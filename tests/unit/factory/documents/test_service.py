"""Making, keeping, asking: the service over rooms in memory."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta

import pytest
from msgspec import structs

from hanse.dcat.croissant.materialised import MAX_FILES
from hanse.dcat.holding import HeldFile
from hanse.factory.documents.kinds import KINDS, OF_MODELS
from hanse.factory.documents.service import MEASURED, Documents
from hanse.factory.documents.unpacking import Workshop
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Invalid, NotFound, StorageFailed, TooLarge
from tests.unit.factory.documents.made import CONTRACT, ME, NOW, RICH, model_of, version_of

CSV = b"day,rain\n" + b"".join(b"%d,%d\n" % (one, one % 5) for one in range(100))


class Tx:
    """The store and the transaction in one: a dictionary of each."""

    def __init__(self):
        self.kept, self.told = {}, {}
        self.documents = self

    def made(self, tenant, subject):
        return [made for (_, of, _), (made, _) in sorted(self.kept.items()) if of == subject]

    def get(self, tenant, subject, kind):
        return self.kept.get((tenant, subject, kind))

    def put(self, made, sealed):
        self.kept[made.tenant, made.subject, made.kind] = (made, sealed)

    def drop(self, tenant, subject):
        self.kept = {key: one for key, one in self.kept.items() if key[:2] != (tenant, subject)}

    def answers(self, tenant, about):
        return [one for (_, of, _), one in sorted(self.told.items()) if of == about]

    def tell(self, answer):
        self.told.pop((answer.tenant, answer.about, answer.field), None)
        if answer.text:
            self.told[answer.tenant, answer.about, answer.field] = answer


class World:
    """All rooms but documents, with versions whose files are bytes."""

    def __init__(self, folder):
        self.tx, self.files_of, self.held, self.stated = Tx(), {}, {}, []
        self.reads, self.broken, self.until, self.model, self.log = 0, False, None, None, []
        self.folder = folder / "measuring"
        self.clock = ManualClock(NOW + timedelta(days=1))
        self.documents = Documents(self, self, self, self, self, self, self, Workshop(self, self.folder), self.clock)

    def add(self, files, **how):
        held = tuple(HeldFile(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in sorted(files.items()))
        version = version_of(held, **how)
        self.held[version.id], self.files_of[version.id] = (version, held), files
        return version

    async def run(self, work):
        return work(self.tx)

    async def read_tx(self, work):
        return work(self.tx)

    def read(self, *said):
        return self.read_tx(*said) if len(said) == 1 else self.bytes_of(*said)

    async def bytes_of(self, tenant, id, path):
        self.reads += 1
        if self.broken:
            raise StorageFailed("A pack is damaged.", where="x")
        data = self.files_of[id][path]
        for start in range(0, len(data), 100):
            yield data[start : start + 100]

    async def version(self, tenant, name):
        found = [version for version, _ in self.held.values() if name in (version.id, version.name)]
        if not found:
            raise NotFound(f"There is no version {name}.", where="version")
        return found[-1]

    async def known(self, tenant, id):
        return self.held[id][0] if id in self.held else None

    async def files(self, tenant, id):
        return self.held[id][1]

    async def has(self, tenant, name):
        return any(version.name == name for version, _ in self.held.values())

    async def seal(self, tenant, version, kind, data):
        if version not in self.held:
            raise NotFound("gone")
        return bytes(one ^ 0x55 for one in data)

    async def unseal(self, tenant, version, kind, sealed):
        return await self.seal(tenant, version, kind, sealed)

    async def contract(self, tenant, id):
        return CONTRACT

    def own(self, tenant):
        return ME

    async def dataset(self, tenant, id):
        return RICH if id == "ds_own" else None

    async def kept(self, tenant, version):
        return self.until

    async def trainings(self, tenant, model):
        if self.model is None or model not in (self.model.name, self.model.newest.digest):
            raise NotFound("There is no model.", where="model")
        return self.model.name, self.model.trainings

    async def said(self, tenant, agreement, kinds, versions):
        return [one for one in self.log if one.agreement == agreement and one.version in versions]

    def documented(self, tx, tenant, subject, says):
        self.stated.append((says.subject, says.document, says.sha256, says.agreement))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def run(work):
    return asyncio.run(work)


def test_all_are_made_kept_sealed_and_stated_once(world):
    version = world.add({"rain.csv": CSV})
    made = run(world.documents.make("t", "rain"))
    assert [one.made.kind for one in made] == list(KINDS)
    assert [(subject, kind, agreement) for subject, kind, _, agreement in world.stated] == [("rain@1", kind, "agr_1") for kind in KINDS]
    assert all(b"rain" not in sealed for _, sealed in world.tx.kept.values())
    assert all(one.made.sha256 == hashlib.sha256(one.data).hexdigest() for one in made)
    assert world.reads == 1
    again = run(world.documents.make("t", version.id))
    assert ([one.data for one in again], len(world.stated), world.reads) == ([one.data for one in made], len(KINDS), 1)
    assert [one.kind for one in run(world.documents.listed("t", "rain@1"))] == sorted(KINDS)
    assert run(world.documents.records("t", "rain@1")) == 100
    assert not list(world.folder.iterdir())


def test_what_changes_makes_them_anew_and_nothing_else(world):
    world.add({"rain.csv": CSV})
    run(world.documents.of("t", "rain@1"))
    before = {one.made.kind: one for one in run(world.documents.of("t", "rain@1"))}
    world.clock.advance(days=9)
    assert {one.made.kind: one for one in run(world.documents.of("t", "rain@1"))} == before
    run(world.documents.answers.answer("t", "rain", {"motivation": "Because."}, "ann"))
    told = {one.made.kind: one for one in run(world.documents.of("t", "rain@1"))}
    assert b"Because." in told["datasheet"].data
    assert told["croissant"].data == before["croissant"].data
    assert len(world.stated) == len(KINDS) + 2, "the datasheet, and the plan's date of change"
    world.until = NOW + timedelta(days=3_650)
    assert b"2036-11-23" in run(world.documents.show("t", "rain@1", "dmp")).data
    assert world.reads == 1


def test_a_document_that_was_tampered_with_is_not_given_out(world):
    world.add({"rain.csv": CSV})
    run(world.documents.make("t", "rain@1"))
    made, sealed = world.tx.kept["t", "rain@1", "card"]
    world.tx.kept["t", "rain@1", "card"] = (made, world.tx.kept["t", "rain@1", "dmp"][1])
    with pytest.raises(StorageFailed):
        run(world.documents.show("t", "rain@1", "card"))
    world.tx.kept["t", "rain@1", "card"] = (made, sealed[:-9])
    with pytest.raises(StorageFailed):
        run(world.documents.show("t", "rain@1", "card"))
    assert run(world.documents.make("t", "rain@1", ("card",)))[0].made.sha256 == made.sha256


def test_what_cannot_be_read_leaves_nothing_behind(world):
    world.add({"rain.csv": CSV})
    world.broken = True
    with pytest.raises(StorageFailed):
        run(world.documents.make("t", "rain@1"))
    assert (world.tx.kept, world.stated, list(world.folder.iterdir())) == ({}, [], [])


def test_deleted_versions_have_no_documents(world):
    world.add({"rain.csv": CSV})
    run(world.documents.make("t", "rain@1"))
    world.held.clear()
    assert run(world.documents.of("t", "rain@1")) == []
    with pytest.raises(NotFound):
        run(world.documents.show("t", "rain@1", "croissant"))
    run(world.documents.forget("t", "rain@1"))
    assert world.tx.kept == {}


def test_twenty_thousand_files(world):
    files = {f"texts/{number:05}.txt": b"text %d" % number for number in range(20_000)}
    world.add(files | {"index.csv": CSV})
    made = {one.made.kind: one for one in run(world.documents.make("t", "rain@1"))}
    croissant = json.loads(made["croissant"].data)
    assert len(croissant["distribution"]) <= MAX_FILES
    assert croissant["hanse:root"] == world.held["rain@1"][0].root
    assert b"20,001" in made["datasheet"].data
    assert max(one.made.size for one in made.values()) < 8 << 20
    assert world.reads == 1, "only what may hold records is unpacked"


def test_bills_of_a_model(world):
    version = world.add({"rain.csv": CSV})
    world.model = model_of(version, gone="lost@1")
    assert [one.made.kind for one in run(world.documents.make("t", "rain-net"))] == list(OF_MODELS)
    assert len(world.stated) == len(OF_MODELS)
    run(world.documents.of("t", "cd" * 32))
    assert len(world.stated) == len(OF_MODELS)
    run(world.documents.answers.answer("t", "rain-net", {"modelType": "transformer"}, "ann"))
    run(world.documents.answers.answer("t", "rain", {"rai:dataCollection": "By hand."}, "ann"))
    assert b"transformer" in run(world.documents.show("t", "rain-net", "cyclonedx")).data
    assert b"By hand." in run(world.documents.show("t", "rain-net", "spdx")).data
    assert all(data == b"" for _, data in world.tx.kept.values())
    with pytest.raises(Invalid) as caught:
        run(world.documents.make("t", "rain-net", ("croissant",)))
    assert caught.value.hint.startswith("There are: spdx, cyclonedx, article10")


def test_offered_of_a_version_and_of_an_own_offer(world):
    world.add({"rain.csv": CSV})
    world.add({"own.csv": CSV}, name="own", own=True)
    of_version = json.loads(run(world.documents.show("t", "rain@1", "croissant-offered")).data)
    assert (of_version["provider"]["identifier"], of_version["identifier"]) == ("did:web:a.example", "ds_1")
    assert "sha256" in of_version["distribution"][0]["hanse:missing"]
    assert json.loads(run(world.documents.show("t", "ds_own", "croissant-offered")).data)["provider"]["identifier"] == ME
    with pytest.raises(NotFound) as caught:
        run(world.documents.show("t", "own@1", "croissant-offered"))
    assert caught.value.hint == "Offer it first."


def test_answers_are_kept_all_or_none(world):
    world.add({"rain.csv": CSV})
    ask = world.documents.answers
    open_ = {one.field.name for one in run(ask.ask("t", "rain@1")) if one.open}
    assert "motivation" in open_
    assert not open_ & {"license", "creator", "rai:dataBiases", "rai:dataCollectionType"}, "the provider has said these"
    refused = ({"motivation": "x", "nothing": "y"}, {"motivation": "x", "contactMail": "y"}, {"motivation": "x", "modelType": "y"})
    for said in refused:
        with pytest.raises(Invalid):
            run(ask.answer("t", "rain", said, "ann"))
    with pytest.raises(TooLarge):
        run(ask.answer("t", "rain", {"motivation": "x", "funding": "y" * 4_001}, "ann"))
    assert world.tx.told == {}
    run(ask.answer("t", "rain", {"motivation": " a\r\nb ", "contactName": "Ada", "rai:annotationsPerItem": "3"}, "ann"))
    found = {one.field.name: one for one in run(ask.ask("t", "rain"))}
    assert (found["motivation"].answer.text, found["motivation"].open) == ("a\nb", False)
    assert found["rai:annotationsPerItem"].answer.text == "3"
    assert {about for _, about, _ in world.tx.told} == {"dataset:rain", "participant"}
    run(ask.answer("t", "rain", {"motivation": ""}, "ann"))
    assert {one.field.name: one for one in run(ask.ask("t", "rain"))}["motivation"].open


def test_what_an_older_program_measured_is_measured_anew(world):
    world.add({"rain.csv": CSV})
    run(world.documents.make("t", "rain@1"))
    made, sealed = world.tx.kept["t", "rain@1", MEASURED]
    world.tx.kept["t", "rain@1", MEASURED] = (structs.replace(made, of="0"), sealed)
    run(world.documents.make("t", "rain@1"))
    assert world.reads == 2
