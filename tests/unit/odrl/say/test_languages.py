"""Every language has words for everything, and writes numbers, dates and money in its own way (odrl.say)."""

from __future__ import annotations

import re

import pytest

from hanse.odrl.constraints.base import Badge
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.model import OPERATORS, Atomic, Rule, Terms
from hanse.odrl.names import COUNT, DATE_TIME, ELAPSED_TIME, PAY_AMOUNT, SPATIAL, VOLUME
from hanse.odrl.say import parse_terms, say_badge, say_terms
from hanse.odrl.say.languages import LANGUAGES
from hanse.odrl.templates import parse_template
from hanse.odrl.vocabulary import ACTIONS
from tests.unit.odrl.strategies import NOW

ALL = sorted(LANGUAGES)
ENGLISH = LANGUAGES["en"]
TABLES = ("actions", "subjects", "clauses", "details", "places", "sources", "joined", "words", "lengths")
# A slip of the DSP schema: it has no meaning that could be said.
SAID_OPERATORS = OPERATORS - {"term-lteq"}


def said(atomic, language, kind="permissions"):
    return say_terms(Terms(**{kind: (Rule("use", (atomic,)),)}), language)[-1]


@pytest.mark.parametrize("code", ALL)
@pytest.mark.parametrize("table", TABLES)
def test_all_languages_have_the_same_entries(code, table):
    ours, theirs = getattr(LANGUAGES[code], table), getattr(ENGLISH, table)
    assert set(ours) == set(theirs)
    for key in theirs:
        holes = [re.findall(r"\{[a-z]*\}", str(one[key])) for one in (ours, theirs)]
        assert sorted(holes[0]) == sorted(holes[1]), key
    assert all(len(entry) == len(theirs[key]) for key, entry in ours.items() if table in ("clauses", "details"))


@pytest.mark.parametrize("code", ALL)
def test_every_action_and_operand_has_words(code):
    language = LANGUAGES[code]
    assert set(language.actions) == ACTIONS
    assert set(language.subjects) == set(BUILT_IN.names())
    relations = {operator.rstrip("*") for operator in language.relations}
    assert relations == SAID_OPERATORS


@pytest.mark.parametrize("code", ALL)
def test_purposes_of_other_languages_are_purposes(code):
    assert set(LANGUAGES[code].purposes) <= set(ENGLISH.purposes)
    assert "ResearchAndDevelopment" in LANGUAGES[code].purposes


@pytest.mark.parametrize("code", ALL)
def test_every_badge_has_words(code):
    assert len({say_badge(badge, code) for badge in Badge}) == len(Badge)


@pytest.mark.parametrize(
    ("code", "moment", "day"),
    [
        ("en", "1 January 2027, 00:00 UTC", "31 December 2026 (UTC)"),
        ("de", "1. Januar 2027, 00:00 UTC", "31. Dezember 2026 (UTC)"),
        ("fr", "1 janvier 2027, 00:00 UTC", "31 décembre 2026 (UTC)"),
        ("nl", "1 januari 2027, 00:00 UTC", "31 december 2026 (UTC)"),
    ],
)
def test_dates(code, moment, day):
    assert moment in said(Atomic(DATE_TIME, "lt", "2027-01-01T02:00:00+02:00"), code)
    assert day in said(Atomic(DATE_TIME, "lteq", "2026-12-31"), code)
    assert "(UTC+01:00)" in said(Atomic(DATE_TIME, "lteq", "2026-12-31+01:00"), code)


@pytest.mark.parametrize(
    ("code", "money"), [("en", "1,234,567.50 EUR"), ("de", "1.234.567,50 EUR"), ("fr", "1 234 567,50 EUR"), ("nl", "1.234.567,50 EUR")]
)
def test_money(code, money):
    assert money in said(Atomic(PAY_AMOUNT, "eq", {"@value": "1234567.50", "@type": "urn:hanse:odrl:unit:EUR"}), code)


@pytest.mark.parametrize(
    ("code", "none", "one", "many"),
    [
        ("en", "0 times", "1 time ", "1,000 times"),
        ("de", "0 Mal", "1 Mal", "1.000 Mal"),
        ("fr", "0 fois", "1 fois", "1 000 fois"),
        ("nl", "0 keer", "1 keer", "1.000 keer"),
    ],
)
def test_counts(code, none, one, many):
    for number, words in (("0", none), ("1", one), ("1000", many)):
        assert words in said(Atomic(COUNT, "lteq", number), code)


@pytest.mark.parametrize(
    ("code", "lengths"),
    [
        ("en", ["0 days", "1 day ", "1 month 2 days", "1.5 seconds"]),
        ("de", ["0 Tagen", "1 Tag ", "1 Monat 2 Tagen", "1,5 Sekunden"]),
        ("fr", ["0 jour ", "1 jour ", "1 mois 2 jours", "1,5 seconde "]),
        ("nl", ["0 dagen", "1 dag ", "1 maand 2 dagen", "1,5 seconden"]),
    ],
)
def test_lengths_of_time(code, lengths):
    for wire, words in zip(["P0D", "P1D", "P1M2D", "PT1.5S"], lengths, strict=True):
        assert words in said(Atomic(ELAPSED_TIME, "lteq", wire), code)


def test_sizes():
    assert "at most 10 GB are released" in said(Atomic(VOLUME, "lteq", {"@value": "10", "@type": "urn:hanse:odrl:unit:GB"}), "en")
    assert "at most 1,000 bytes are released" in said(Atomic(VOLUME, "lteq", "1000"), "en")


@pytest.mark.parametrize(
    ("code", "words"),
    [("en", "in the Netherlands"), ("de", "in den Niederlanden"), ("fr", "aux Pays-Bas"), ("nl", "in Nederland")],
)
def test_places(code, words):
    assert f'{words} ("NL")' in said(Atomic(SPATIAL, "eq", "NL"), code)
    assert f'{words} ("NLD")' in said(Atomic(SPATIAL, "eq", "NLD"), code)
    assert '"XX"' in said(Atomic(SPATIAL, "eq", "XX"), code)


@pytest.mark.parametrize(
    ("code", "sentences"),
    [
        (
            "de",
            [
                "Erlaubt: die Daten zu nutzen, wenn der Empfänger ein aktives Mitglied des Datenraums ist und"
                " sie höchstens 3 Mal genutzt werden; sofern zuvor"
                ' die Daten in den Spalten "name" und "email" maskiert worden sind [permission 1].',
                "Geschuldet: die Daten innerhalb von 30 Tagen zu löschen [obligation 1].",
            ],
        ),
        (
            "fr",
            [
                "Permis : utiliser les données, si le destinataire est un membre actif de l'espace et elles sont utilisées au plus 3 fois ;"
                ' à condition d\'avoir d\'abord fait ceci : masquer les données dans les colonnes "name" et "email" [permission 1].',
                "Dû : supprimer les données dans un délai de 30 jours [obligation 1].",
            ],
        ),
        (
            "nl",
            [
                "Toegestaan: de gegevens gebruiken, als de ontvanger een actief lid van de dataruimte is en ze hoogstens 3 keer"
                " worden gebruikt; mits vooraf dit is gedaan:"
                ' de gegevens in de kolommen "name" en "email" maskeren [permission 1].',
                "Verschuldigd: de gegevens binnen 30 dagen verwijderen [obligation 1].",
            ],
        ),
    ],
)
def test_whole_policies(code, sentences):
    terms = parse_template("members + count 3 + mask name,email + delete within 30 days", NOW)
    assert say_terms(terms, code) == sentences
    assert parse_terms(sentences, code) == terms


@pytest.mark.parametrize("code", ALL)
def test_no_two_constraints_are_said_alike(code):
    values = {"one": "x", "list": ["x"], "number": "3", "length": "P3D", "moment": "2027-01-01"}
    seen = {}
    for left in BUILT_IN.names():
        for operator in sorted(SAID_OPERATORS):
            for right in values.values():
                atomic = Atomic(f"{left}T#$.x" if left.endswith(":") else left, operator, right)
                sentence = said(atomic, code)
                # In JSON-LD a list of one and its item are the same.
                same = (atomic.left, operator, right[0] if isinstance(right, list) else right)
                assert seen.setdefault(sentence, same) == same
