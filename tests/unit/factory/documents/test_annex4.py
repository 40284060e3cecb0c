"""The parts about data of Annexes IV, XI and XII: filled from a little world."""

from __future__ import annotations

import msgspec

from hanse.dcat.holding import Source
from hanse.evidence.kinds import Input, Trained
from hanse.factory.documents.annex4 import SECTIONS, annex_iv
from hanse.factory.documents.proofs import Piece
from tests.unit.factory.documents.acts import CLEAN, EVALUATE, ME, PAGES, TRAINED_AT, asked, model, pieces, said, told, version


def titled(act, section, title):
    """Return what is known under a point."""
    [found] = [one for each in act.sections if each.title == section for one in each.points if one.title == title]
    return [one.text for one in found.items if one.source]


def test_the_datasheet_of_annex_iv():
    act = annex_iv(model(news={"selection": "All of the paper."}))
    sheet = SECTIONS[0]
    assert titled(act, sheet, "Training methods")[0].startswith("little-lm (SHA-256 abab")
    assert titled(act, sheet, "General description") == [told("description", "news: Articles of a paper.")]
    provenance = titled(act, sheet, "Provenance")
    assert {"news@3 was collected in DE, FR.", "news@3 has the licence CC-BY-4.0."} <= set(provenance)
    scope = titled(act, sheet, "Scope and main characteristics")
    assert {"clean@2 has 777,001 tokens.", "news@3 is about the languages: de, fr."} <= set(scope)
    selected = titled(act, sheet, "How it was obtained and selected")
    assert [one.split(":")[0] for one in selected[1:3]] == ["Step 2 of clean@2, opt-out 1", "Step 3 of clean@2, gopher 1"]
    assert selected[3:] == [told("selection", "news: All of the paper.")]
    assert [one.split(",")[1].split()[0] for one in titled(act, sheet, "Cleaning")[1:]] == ["decode", "gopher"]
    assert titled(act, sheet, "Labelling") == []
    assert {"rai:dataAnnotationProtocol", "selection", "suitability"} <= asked(act, "IV.2(d)")
    assert asked(act, "IV.3") == {"inputData"}


def test_general_purpose_models():
    act = annex_iv(model())
    general = SECTIONS[3]
    assert len(titled(act, general, "Curation")) == 5
    assert "clean@2 has 1,500 records." in titled(act, general, "Number of data points")
    found = titled(act, general, "What is done to find unsuitable sources")
    assert "To be watched in pages@1: origin unknown, rights unclear, persons unknown." in found
    assert any("opt-out 48" in one for one in found)
    assert titled(act, general, "What is done to find biases")[0].startswith("disparate-impact of clean@2, measured at the stage factory")


def test_what_a_model_was_only_evaluated_with_is_no_training_data():
    proofs = model()
    held = msgspec.structs.replace(CLEAN, name="held-out", made_of=(), number=4, provider="did:web:news.example")
    tried = Trained(
        id="led_tried", by=ME, at=TRAINED_AT, entry=61, model="little-lm", digest="ab" * 32, action=EVALUATE,
        inputs=(Input(held.id, held.root),),
    )  # fmt: skip
    proofs = msgspec.structs.replace(
        proofs, pieces=(*pieces(), Piece(version=held)), evaluated=(held.id,), trainings=(tried, *proofs.trainings)
    )  # fmt: skip
    act = annex_iv(proofs)
    tested = said(act, "IV.2(g)")
    assert any(one.startswith("held-out@4 was acquired from did:web:news.example") for one in tested)
    assert "held-out@4 has 9 files, 65,432 bytes." in tested
    assert not any("held-out" in one for one in titled(act, SECTIONS[0], "Provenance"))
    assert said(annex_iv(model()), "IV.2(g)") == []
    both = annex_iv(msgspec.structs.replace(proofs, direct=("clean@2", held.id)))
    assert "held-out@4 was also trained with." in said(both, "IV.2(g)")
    made = msgspec.structs.replace(held, made_of=(Source("secret@1", "09" * 32),))
    secret = Piece(version=msgspec.structs.replace(PAGES, name="secret"))
    tested = msgspec.structs.replace(proofs, pieces=(*pieces(), Piece(version=made), secret))
    assert "secret@1" not in {one.id for one in tested.sources}, "nor is what that was made of"


def test_a_version_has_no_training():
    act = annex_iv(version())
    assert "Training methods" not in {one.title for one in act.sections[0].points}
    assert said(act, "IV.3", known=False) == ["It is asked of models alone."]
