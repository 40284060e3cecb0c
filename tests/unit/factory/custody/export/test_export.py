"""What is asked for leads to the rest, and what there is not is said."""

import asyncio

import pytest

from hanse.evidence import kinds as k
from hanse.evidence.archive.container import read_container
from hanse.evidence.archive.pack import Written
from hanse.factory.custody.export import service
from hanse.kernel.errors import NotFound
from tests.unit.evidence.archive.built import ACME, AGREEMENT, ANCHOR, NOW, VERSION, ZOO, examine
from tests.unit.evidence.archive.independent import refused
from tests.unit.factory.custody.export.town import World


@pytest.fixture
def world():
    return World()


def export(world, name):
    return asyncio.run(world.exporting.export("zoo", name))


def sound(made):
    found = examine(made.archive)
    assert found.verdict.sound, found.verdict.of("fault")
    assert refused(made.archive) == ""
    return "\n".join(one.text for one in found.verdict.findings)


def test_a_version_leads_to_its_agreement_and_all_that_was_stated(world):
    made = export(world, VERSION)
    said = sound(made)
    assert (made.about.kind, made.about.name) == ("dataset", VERSION)
    assert "7 statements are entries" in said
    assert f"Both sides have signed for {AGREEMENT}" in said
    assert f"received {VERSION}" in said
    assert "MembershipCredential" in said
    assert f"No credential of {ZOO} is kept here." in made.missing
    assert f"No report on the quality of {VERSION} was made." in made.missing
    assert f"No steps that prepared {VERSION} are recorded." in made.missing


def test_an_agreement_leads_to_its_versions(world):
    made = export(world, AGREEMENT)
    assert made.about.kind == "agreement"
    assert f"received {VERSION}" in sound(made)
    world.held.clear()
    made = export(world, AGREEMENT)
    sound(made)
    assert "No data that came under this agreement is kept here." in made.missing


def test_a_model_leads_to_what_went_into_it(world):
    inputs = (k.Input(VERSION, world.case.root, AGREEMENT), k.Input("gone@1", "ef" * 32))
    world.state(k.Trained(model="rain-net", digest="cd" * 32, action="train", inputs=inputs, at=NOW), "rain-net", "cd" * 32)
    world.state(k.Trained(model="other", digest="ab" * 32, action="train", inputs=inputs, at=NOW), "other", "ab" * 32)
    world.written["rain-net"] = [Written("rain-net", "bom", "bom.json", b"{}", "application/json")]
    made = export(world, "rain-net")
    said = sound(made)
    assert made.about.kind == "model"
    assert f"was made from {VERSION}, gone@1." in said
    assert "gone@1, which went into the model, is not known here any more." in made.missing
    assert "documents/1-bom.json" in read_container(made.archive).files
    assert f"Both sides have signed for {AGREEMENT}" in said


def test_reports_and_steps_are_in_it_where_they_were_made(world):
    kinds = ("croissant", "quality", "pipeline")
    world.written[VERSION] = [Written(VERSION, kind, f"{kind}.json", world.case.document) for kind in kinds]
    made = export(world, VERSION)
    assert "is the croissant of rain@1 that" in sound(made)
    assert not any("quality" in one or "steps" in one for one in made.missing)


def test_what_is_not_known_any_more_is_said(world):
    world.known.clear()
    world.lists.clear()
    del world.dids[ANCHOR]
    made = export(world, VERSION)
    sound(made)
    assert f"The agreement {AGREEMENT}, under which {VERSION} came, is not here." in made.missing


def test_a_did_document_that_cannot_be_had(world):
    acme = world.dids[ACME]

    async def document(tenant, did, known=world.document):
        return await known(tenant, "did:web:nowhere") if did == ACME else await known(tenant, did)

    world.document = document
    made = export(world, VERSION)
    assert f"Both sides have signed for {AGREEMENT}" in sound(made)
    assert acme.kid.encode() in read_container(made.archive).files["keys.json"]


def test_no_secret_leaves(world):
    assert b'"never"' not in export(world, VERSION).archive


@pytest.mark.parametrize("name", ["nothing", "nothing@1", "", "a@b@c"])
def test_what_is_not_there(world, name):
    with pytest.raises(NotFound):
        export(world, name)


def test_no_more_entries_than_an_archive_holds(world, monkeypatch):
    monkeypatch.setattr(service, "MOST", 3)
    made = export(world, VERSION)
    assert "3 statements are entries" in sound(made)
    assert any("are left out" in one for one in made.missing)


def test_the_same_export_is_the_same_but_for_its_signature(world):
    first, second = (read_container(export(world, VERSION).archive).files for _ in range(2))
    changed = {name for name in first if first[name] != second[name]}
    assert changed <= {"manifest.json", "log/checkpoint.txt", "ro-crate-metadata.json"}
