"""Article 10: what is filled from a little world, what is marked, and that nothing is made up, in all three documents and both forms."""

from __future__ import annotations

import msgspec
import pytest

from hanse.factory.documents.acts import ACTS, make_act
from hanse.factory.documents.article10 import article10
from hanse.factory.documents.checking import check_document
from hanse.factory.documents.fields import BY_NAME
from hanse.factory.documents.kinds import LAWS
from hanse.factory.documents.tree import Act
from tests.unit.factory.documents.acts import NEWS, PAGES, TRAINED_AT, asked, figures, figures_of, model, said, told, version


def test_each_point_says_what_the_log_shows():
    act = article10(model())
    assert said(act, "10(2)(a)") == [
        f"little-lm (SHA-256 {'ab' * 32}) was made by `train` of clean@2; code git:4f2a9c1; parameters: epochs=3; lr=0.0004."
    ]
    origin = said(act, "10(2)(b)")
    assert any(one.startswith("clean@2 was made of news@3, pages@1 in 4 steps: 9 files, 65,432 bytes") for one in origin)
    assert any(one.startswith("news@3 was acquired from did:web:news.example under agreement agr_n") for one in origin)
    assert {"news@3 was collected in DE, FR.", "news@3 was collected by: Document analysis.", "news@3 is not about people."} <= set(origin)
    steps = said(act, "10(2)(c)")
    third = "Step 3 of clean@2, gopher 1: 1,850 records in, 1,500 out; left out: gopher-too-short 350"
    assert f"{third}; parameters: min_words=50." in steps
    assert steps[0] == "Steps of clean@2 were run by hanse 0.6.0."
    assert len(steps) == 5
    amounts = said(act, "10(2)(e)")
    assert {"clean@2 has 1,500 records.", "clean@2 has 777,001 tokens.", "news@3 has 31,415 records."} <= set(amounts)
    assert said(act, "10(2)(f)") == [
        "disparate-impact of clean@2, measured at the stage factory by bias/1: 0.81, between 0.74 and 0.88; higher is better.",
        "selection-rate of clean@2, column sex, group f, measured at the stage factory: 0.4321.",
    ]
    assert said(act, "10(3)") == ["completeness of clean@2, measured at the stage factory by completeness/1: 0.987; higher is better."]
    assert "news@3 is about the languages: de, fr." in said(act, "10(4)")
    assert said(act, "10(5)") == ["personal-data of clean@2, measured at the stage factory by personal/1: 0.0031; lower is better."]


def test_every_statement_names_what_it_is_taken_from():
    act = article10(model())
    sources = {one.source for one in act.items if one.source}
    assert f"statement led_assessed of did:web:factory.example; report sha256 {'f6' * 32}" in sources
    assert {"log entry 60, led_trained", "log entry 44, led_step3", "log entry 41, led_made", "log entry 7, led_news"} <= sources
    assert "register, news@3; origin as told by: the provider" in sources


def test_what_nobody_has_told_is_marked_and_asked():
    act = article10(model())
    assert asked(act, "10(2)(a)") == {"designChoices"}
    assert {"originalPurpose", "rai:personalSensitiveInformation", "license"} <= asked(act, "10(2)(b)")
    assert asked(act, "10(2)(d)") == {"assumptions"}
    assert "In which places pages@1 was collected." in said(act, "10(2)(b)", known=False)
    gaps = said(act, "10(2)(h)")
    assert gaps == ["To be watched in pages@1: origin unknown, rights unclear, persons unknown."]
    missing = said(act, "10(2)(h)", known=False)
    assert any(one.startswith("No assessment of clean@2 has: relevance, representativeness, record-completeness") for one in missing)
    act = article10(model(clean={"designChoices": "Two languages only.", "assumptions": "Papers tell of the land."}))
    assert told("designChoices", "clean: Two languages only.") in said(act, "10(2)(a)")
    assert asked(act, "10(2)(d)") == set()


def test_a_version_and_one_that_nobody_assessed():
    act = article10(version())
    assert said(act, "10(2)(a)") == []
    found = msgspec.structs.replace(version(), pieces=tuple(msgspec.structs.replace(one, assessed=()) for one in version().pieces))
    bare = article10(found)
    assert any("Nobody has stated an assessment of clean@2" in one for one in said(bare, "10(2)(h)", known=False))
    assert said(bare, "10(2)(f)") == said(bare, "10(3)") == []


def test_inputs_of_which_only_the_log_knows():
    proofs = model()
    gone = msgspec.structs.replace(proofs, pieces=(), lost=proofs.trainings[0].inputs)
    for make in LAWS.values():
        assert "no record of it is left here" in " ".join(one.text for one in make(gone).items)


WORLDS = {
    "model": model(),
    "told": model(
        {"smallEnterprise": "yes", "providerName": "Factory"},
        clean={"gapsAddressed": "More is bought."},
        pages={"sourceCategory": "crawled", "topDomains": "a.example"},
        news={"sourceCategory": "public"},
    ),
    "version": version(),
}


CASES = [(kind, world) for kind in ACTS for world in WORLDS if world != "version" or not kind.startswith("training")]


@pytest.mark.parametrize(("kind", "world"), CASES)
def test_nothing_is_made_up_and_nothing_private_is_told(kind, world):
    proofs = WORLDS[world]
    made = make_act(kind, proofs)
    assert make_act(kind, proofs).data == made.data
    text = made.data.decode()
    said = [f"{one.text} {one.source}" for one in LAWS[kind.removesuffix("-json")](proofs).items]
    invented = figures(" ".join(said)) - figures_of(proofs)
    assert not invented, "every figure is one of the evidence, of the template, or of a question"
    assert "/home/ada" not in text
    assert (kind.startswith("training")) is not ("did:web:news.example" in text), "a public summary names no provider of private data"
    checked = check_document(made.data, TRAINED_AT)
    assert (checked.kind, checked.sound) == (kind, True)
    assert len(checked.findings) >= len(made.asks) > 0
    assert all(one in BY_NAME for one in made.asks)


@pytest.mark.parametrize("law", LAWS)
def test_both_forms_say_the_same(law):
    act = msgspec.json.decode(make_act(f"{law}-json", model()).data, type=Act)
    text = make_act(law, model()).data.decode()
    assert text.count("\n- ") == len(act.items)
    assert text.count("**not known") == sum(not one.source for one in act.items)
    assert all(f"not known: ask {one}" in text.replace("\\", "") for one in act.asks)
    assert make_act(law, model()).asks == act.asks


def test_a_text_of_others_has_no_effect_and_a_broken_document_is_told():
    evil = "x](javascript:alert(1)) <script>alert(1)</script>\n# No heading\n- no point"
    text = make_act("article10", model(clean={"assumptions": evil})).data.decode()
    assert "<script>" not in text.replace("\\<", "")
    assert "\n# No" not in text
    assert "\n- no" not in text
    broken = make_act("article10-json", model()).data.replace(b'"law"', b'"lore"')
    assert not check_document(broken, TRAINED_AT).sound
    assert NEWS.id != PAGES.id
