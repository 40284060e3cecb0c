"""Languages are told with the model of the package, and decide what stays."""

from __future__ import annotations

import pyarrow as pa
import pytest

from hanse.factory.prepare.steps.language import Language
from hanse.kernel.errors import Invalid
from tests.unit.factory.prepare.steps.filters.real import reasons
from tests.unit.factory.prepare.steps.records import table

# The first article of the Universal Declaration of Human Rights.
TEXTS = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di coscienza.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i sumieniem.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en geweten.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "bg": "Всички хора се раждат свободни и равни по достойнство и права. Те са надарени с разум и съвест.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.",
}


def test_each_language_is_told_and_set() -> None:
    applied = Language().apply(table(list(TEXTS.values())), None)
    assert not applied.dropped
    assert applied.records.column("language").to_pylist() == list(TEXTS)
    assert applied.records.schema.field("language").type == pa.string()


def test_what_is_not_to_be_kept_goes() -> None:
    found = reasons(Language(keep=("DE", "fr-CA")).apply(table(list(TEXTS.values())), None), len(TEXTS))
    assert found == ["" if language in ("de", "fr") else "language-other" for language in TEXTS]


def test_what_cannot_be_told_goes() -> None:
    records = table(["", " \n\t ", "0 1 2 = 3 4 // 5", "Die Menschen the people les gens la gente"])
    assert reasons(Language().apply(records, None), 4) == ["language-unsure"] * 4
    kept = Language(min_score=0).apply(records, None)
    assert reasons(kept, 4) == ["language-unsure"] * 3 + [""]


def test_a_language_that_the_data_names_is_told_anew() -> None:
    records = table([TEXTS["de"]], language=["en"])
    applied = Language().apply(records, None)
    assert applied.records.column_names == records.column_names
    assert applied.records.column("language").to_pylist() == ["de"]


def test_of_a_long_text_beginning_middle_and_end_are_read() -> None:
    head, middle, end = (TEXTS[language] for language in ("en", "de", "de"))
    text = head[:90] + " 1234 " * 9_000 + middle + middle + " 1234 " * 9_000 + end
    assert Language(characters=270, min_score=0.3).apply(table([text]), None).records.column("language").to_pylist() == ["de"]


def test_any_probability_is_a_limit() -> None:
    for score in (0, 0.5, 1):
        Language(min_score=score).check()


@pytest.mark.parametrize(
    "parameters", [{"min_score": 1.5}, {"min_score": float("nan")}, {"characters": 5}, {"keep": ("",)}, {"keep": ("d3",)}], ids=range(5)
)
def test_parameters_that_make_no_sense_are_refused(parameters: dict[str, object]) -> None:
    with pytest.raises(Invalid) as caught:
        Language(**parameters).check()
    assert caught.value.where == next(iter(parameters))
