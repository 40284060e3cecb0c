"""The public summary of training content: the template's sections, filled from a little world; and the service that gathers it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from hanse.factory.documents.acts import make_act
from hanse.factory.documents.proofs import Piece
from hanse.factory.documents.sources import CATEGORIES_SHOWN, category
from hanse.factory.documents.training_summary import DOMAINS, SECTIONS, training_summary
from hanse.kernel.errors import Invalid
from tests.unit.factory.documents.acts import CAME, CLEAN, MADE, NEWS, PAGES, STEPS, TRAINED, asked, model, said, told, version
from tests.unit.factory.documents.made import ME, NOW, version_of
from tests.unit.factory.documents.test_service import World

TOLD = {"news": {"sourceCategory": "public", "contentTypes": "News."}, "pages": {"sourceCategory": "crawled", "crawlers": "Ferret"}}


def test_the_three_sections_of_the_template():
    act = training_summary(model({"providerName": "Factory", "marketDate": "2026-12-01", "codeOfPractice": "no"}, **TOLD))
    assert tuple(one.title for one in act.sections) == SECTIONS
    assert said(act, "1.1") == [told("providerName", "Factory")]
    assert asked(act, "1.1") == {"providerContact", "representative"}
    assert said(act, "1.2") == [f"little-lm (SHA-256 {'ab' * 32}), train, 2026-11-21T09:30:00Z.", told("marketDate", "2026-12-01")]
    sizes = said(act, "1.3")
    assert sizes[:2] == ["Text: less than 1 billion tokens.", "clean@2 has 777,001 tokens."]
    assert {told("contentTypes", "news: News."), "09/2026: news@3 was stored 2026-09-21T09:30:00Z.", "news@3: de, fr."} <= set(sizes)
    assert {"contentTypes", "languages", "continuous"} <= asked(act, "1.3")
    reserved = said(act, "3.1")
    assert reserved == [
        "Step 2 of clean@2, opt-out 1: 1,900 records in, 1,850 out; left out: opt-out 48, opt-out-unreadable-address 2.",
        told("codeOfPractice", "no"),
    ]
    assert any("by the step licence" in one for one in said(act, "3.1", known=False))
    assert asked(act, "3.1") == {"miningMeasures"}
    assert asked(act, "3.2") == {"illegalContent"}
    assert len(said(act, "3.3")) == 4


def test_sources_by_category():
    act = training_summary(model({"smallEnterprise": "yes"}, **TOLD))
    assert said(act, "2.1") == [
        "News in two languages (news@3); licence CC-BY-4.0; address https://news.example/corpus; 123,456,789 bytes."
    ]
    assert said(act, "2.3") == [
        "pages (pages@1); 98,765 bytes.",
        told("crawlers", "pages: Ferret"),
        f"The template wants to see {DOMAINS['yes']}.",
    ]
    assert asked(act, "2.3") == {"rai:dataCollectionTimeframe", "topDomains"}
    for ref in ("2.2.1", "2.2.2", "2.4", "2.5", "2.6"):
        assert said(act, ref) == ["None of the sources in the register."]
    assert said(act, "2") == []


def test_languages_that_a_step_has_counted():
    proofs = model()
    step = msgspec.structs.replace(STEPS[-1], counts={"tokens": 90, "tokens-de": 50, "tokens-fr": 39, "tokens-und": 1, "tokens-padded": 8})
    clean = msgspec.structs.replace(proofs.pieces[0], steps=(*STEPS[:-1], step))
    act = training_summary(msgspec.structs.replace(proofs, pieces=(clean, *proofs.pieces[1:])))
    assert "clean@2, tokens by language: de 50, fr 39, und 1." in said(act, "1.3")
    assert "languages" not in act.asks


def test_domains_that_a_step_has_counted():
    proofs = model({"smallEnterprise": "no"}, **TOLD)
    counts = {"domains": 31, "domain a.example": 9_000, "domain b.example": 12_345}
    step = msgspec.structs.replace(STEPS[1], step="domains", counts=counts, parameters={"share": "0.1", "most": "900"}, dropped={})
    clean = msgspec.structs.replace(proofs.pieces[0], steps=(step, *STEPS[2:]))
    act = training_summary(msgspec.structs.replace(proofs, pieces=(clean, *proofs.pieces[1:])))
    assert "Of 31 domains in clean@2, the largest by bytes of text (share=0.1, most=900): b.example 12,345, a.example 9,000." in said(
        act, "2.3"
    )
    assert f"The template wants to see {DOMAINS['no']}." in said(act, "2.3")
    assert "topDomains" not in act.asks


def test_a_category_that_nothing_shows_is_asked_and_not_guessed():
    act = training_summary(model())
    assert asked(act, "2") == {"sourceCategory"}
    assert said(act, "2", known=False) == [
        "Which category of source news@3 is. It came from a third party under an agreement, and has the licence CC-BY-4.0."
    ]
    assert said(act, "2.3")[0] == "pages (pages@1); 98,765 bytes.", "an own crawl shows by how it was collected"
    for ref in ("2.1", "2.2.1", "2.4"):
        assert said(act, ref) == []
    synthetic = Piece(version=msgspec.structs.replace(NEWS, origin=msgspec.structs.replace(NEWS.origin, collection="Synthetic data")))
    assert category(synthetic)[0] == "synthetic"
    assert category(Piece(version=msgspec.structs.replace(NEWS, origin=PAGES.origin)))[0] == "", (
        "who scraped what another offers is not known"
    )
    assert set(CATEGORIES_SHOWN) == {"synthetic", "crawled"}


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (999_999_999, "less than 1 billion tokens"),
        (10**9, "1 billion to 10 trillion tokens"),
        (10**13 - 1, "1 billion to 10 trillion tokens"),
        (10**13, "more than 10 trillion tokens"),
    ],
)
def test_ranges(tokens, says):
    proofs = model()
    last = msgspec.structs.replace(STEPS[-1], counts={"tokens": tokens})
    clean = msgspec.structs.replace(proofs.pieces[0], steps=(*STEPS[:-1], last))
    act = training_summary(msgspec.structs.replace(proofs, pieces=(clean, *proofs.pieces[1:])))
    assert said(act, "1.3")[0] == f"Text: {says}."


def test_what_nobody_counted_has_no_range():
    proofs = model()
    bare = msgspec.structs.replace(proofs.pieces[0], steps=STEPS[:-1])
    act = training_summary(msgspec.structs.replace(proofs, pieces=(bare, *proofs.pieces[1:])))
    assert not any(one.startswith("Text:") for one in said(act, "1.3"))
    assert "Text: how many tokens clean@2 has. Nothing has counted them; the step `tokenise` does." in said(act, "1.3", known=False)
    films = msgspec.structs.replace(proofs.pieces[2], media={"image": 3, "video": 2})
    act = training_summary(msgspec.structs.replace(proofs, pieces=(bare, proofs.pieces[1], films)))
    assert "Images: less than 1 million images." in said(act, "1.3")
    assert "mediaSize" in asked(act, "1.3")


def test_only_models_have_a_summary():
    with pytest.raises(Invalid) as caught:
        make_act("training-summary", version())
    assert caught.value.rule == "model"


# The service.


@pytest.fixture
def world(tmp_path):
    """Return rooms in memory with the model's three versions."""
    made = World(tmp_path)
    for one in (NEWS, PAGES, CLEAN):
        made.held[one.id] = (one, ())
    made.log = [*CAME.values(), MADE, *STEPS]
    made.model = msgspec.structs.replace(_trainings())
    return made


def _trainings():
    from hanse.factory.documents.material import Trainings

    return Trainings(name="little-lm", trainings=((NOW, TRAINED),), inputs=(CLEAN, NEWS, PAGES), by=ME)


def run(work):
    return asyncio.run(work)


def test_the_service_gathers_what_is_stated_and_told(world):
    make = world.documents.make
    made, twin = run(make("t", "little-lm", ("training-summary", "training-summary-json")))
    assert "777,001 tokens" in made.data.decode()
    assert ("led\\_made" in made.data.decode(), made.made.media_type) == (False, "text/markdown; charset=utf-8")
    assert "codeOfPractice" in made.made.asks
    assert twin.made.name == "training-summary.json"
    assert [kind for _, kind, _, _ in world.stated] == ["training-summary", "training-summary-json"]
    run(make("t", "little-lm", ("training-summary",)))
    assert len(world.stated) == 2, "the same bytes are stated once"
    run(world.documents.answers.answer("t", "little-lm", {"codeOfPractice": "yes"}, "ann"))
    run(world.documents.answers.answer("t", "news", {"sourceCategory": "licensed"}, "ann"))
    [again] = run(make("t", "little-lm", ("training-summary",)))
    assert "told here as codeOfPractice" in again.data.decode()
    assert len(world.stated) == 3
    assert [one.made.kind for one in run(world.documents.of("t", "little-lm"))][2:] == ["training-summary", "training-summary-json"]
    assert all(data == b"" for _, data in world.tx.kept.values()), "of a model only the digest is kept"


def test_the_service_makes_documents_of_a_version_from_its_account(world):
    [made] = run(world.documents.make("t", "clean@2", ("article10",)))
    assert "gopher-too-short 350" in made.data.decode()
    assert b"gopher" not in world.tx.kept["t", "clean@2", "article10"][1], "sealed with the key of the data"
    with pytest.raises(Invalid):
        run(world.documents.make("t", "clean@2", ("training-summary",)))
    held = version_of((), name="other")
    world.held[held.id] = (held, ())
    kinds = [one.made.kind for one in run(world.documents.make("t", "other@1"))]
    assert "article10" not in kinds, "made only if it is named"


def test_what_people_are_asked_for_a_model(world):
    asks = {one.field.name for one in run(world.documents.answers.ask("t", "little-lm")) if one.open}
    assert {"marketDate", "illegalContent", "providerName", "smallEnterprise", "modelUses"} <= asks
    assert "sourceCategory" not in asks
    asks = {one.field.name for one in run(world.documents.answers.ask("t", "news")) if one.open}
    assert {"sourceCategory", "assumptions", "providerName"} <= asks
    with pytest.raises(Invalid) as caught:
        run(world.documents.answers.answer("t", "news", {"sourceCategory": "somewhere"}, "ann"))
    assert "public, licensed" in caught.value.message
