"""Policies in words: nothing is hidden, and nothing that others wrote passes for our words (odrl.say)."""

from __future__ import annotations

import pytest

from hanse.kernel.errors import Invalid
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.constraints.plugged import PluggedConstraint
from hanse.odrl.model import Agreement, Atomic, Logical, Rule, Scope, Terms
from hanse.odrl.names import COUNT, DATE_TIME, PARTICIPANT
from hanse.odrl.say import parse_terms, say_agreement, say_terms
from hanse.odrl.templates import parse_template
from hanse.odrl.words import quote, value
from tests.unit.odrl.strategies import NOW

A, B = "did:web:a.example", "did:web:b.example"


def said(text, language="en"):
    return say_terms(parse_template(text, NOW), language)


def permitted(*constraints):
    return say_terms(Terms(permissions=(Rule("use", constraints),)))[0]


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("open", "Permitted: to use the data [permission 1]."),
        (
            "members + until 2027-01-01",
            "Permitted: to use the data, if the recipient is an active member of the space"
            " and it is before 1 January 2027, 00:00 UTC [permission 1].",
        ),
        ("role ai-factory", 'Permitted: to use the data, if the recipient has one of the roles "ai-factory" in the space [permission 1].'),
        (
            "credential GuildCredential",
            'Permitted: to use the data, if the recipient has one of the credentials "GuildCredential"'
            " by an issuer that the space trusts for it [permission 1].",
        ),
        (f"only {A},{B}", f'Permitted: to use the data, if the recipient is one of "{A}" or "{B}" [permission 1].'),
        (
            "purpose dpv:ResearchAndDevelopment + in EU + count 3 + for 30 days",
            "Permitted: to use the data, if it is used for the purpose of research and development"
            ' ("https://w3id.org/dpv#ResearchAndDevelopment"), it is used within the European Union ("EU"),'
            " it is used at most 3 times and it is used within 30 days of the agreement [permission 1].",
        ),
        ("count 1", "Permitted: to use the data, if it is used at most 1 time [permission 1]."),
        (
            "mask name,email + log",
            'Permitted: to use the data; provided that the data has been masked in the columns "name" and "email"'
            " and the use has been logged [permission 1].",
        ),
        (
            "pay 1500.00 EUR",
            "Permitted: to use the data; provided that a payment has been made of 1,500.00 EUR [permission 1].",
        ),
    ],
)
def test_the_templates_in_words(template, sentence):
    assert said(template) == [sentence]
    assert parse_terms([sentence]) == parse_template(template, NOW)


def test_what_is_owed_has_a_sentence_of_its_own():
    assert said("delete within 30 days") == [
        "Permitted: to use the data [permission 1].",
        "Owed: to delete the data within 30 days [obligation 1].",
    ]


def test_every_kind_of_rule():
    odd = Atomic("mood", "gt", ["good", 1])
    terms = Terms(
        permissions=(Rule("use", (Logical("or", (Atomic(DATE_TIME, "lteq", "2026-12-31"), odd)),), (Rule("https://a.example/pay"),)),),
        prohibitions=(Rule("https://a.example/train", (Atomic(PARTICIPANT, "neq", A),), uid="urn:rule:7"),),
        obligations=(Rule("https://a.example/delete"),),
        profile=("https://a.example/profile",),
    )
    sentences = [
        "Permitted: to use the data, if at least one of these holds: [it is not later than 31 December 2026 (UTC); "
        'the term "mood" gt ["good",1] holds (which cannot be decided here)]; provided that '
        'the action "https://a.example/pay" has been done (not known here) [permission 1].',
        f'Forbidden: the action "https://a.example/train" (not known here), whenever the recipient is not "{A}" ["urn:rule:7"].',
        'Owed: the action "https://a.example/delete" (not known here) [obligation 1].',
        'The terms follow the profile "https://a.example/profile", which is not known here, so nothing is permitted until it is.',
    ]
    assert say_terms(terms) == sentences
    assert parse_terms(sentences) == terms


def test_what_does_not_travel_is_said_too():
    terms = Terms(
        permissions=(
            Rule(
                "print",
                refinements=(Atomic("resolution", "lteq", "300"),),
                target=Scope(collection="urn:photos", refinements=(Atomic("language", "eq", "de"),)),
                assignee=Scope(id=B),
                duties=(Rule("compensate", consequences=(Rule("delete"),)),),
            ),
        ),
        prohibitions=(Rule("sell", remedies=(Rule("inform", (Atomic("recipient", "eq", A),)),)),),
        conflict="prohibit",
        inherits=("urn:parent",),
    )
    assert say_terms(terms) == [
        'Permitted: to print the data (only such that the resolution is at most "300"); the target is any of the collection "urn:photos"'
        f' such that [the language is "de"]; the receiving party is "{B}"; provided that [a payment has been made;'
        " if this is not done, it is also owed to delete the data] [permission 1].",
        f'Forbidden: to sell the data; who does so all the same owes it to give notice of the use to "{A}" [prohibition 1].',
        "Where a permission and a prohibition collide, the prohibition prevails.",
        'The terms take over the rules of the policy "urn:parent".',
    ]
    assert parse_terms(say_terms(terms)) == terms


def test_nothing_permitted_is_said():
    assert say_terms(Terms(prohibitions=(Rule("use"),))) == ["Nothing is permitted.", "Forbidden: to use the data [prohibition 1]."]
    assert parse_terms(["Nothing is permitted."]) == Terms()


def test_an_agreement():
    agreement = Agreement(
        id="agr_1", terms=parse_template("open", NOW), target="ds_1", assigner=A, assignee=B, timestamp="2026-06-15T12:00:00Z"
    )
    assert say_agreement(agreement, {A: "Acme"}) == [
        'Agreement "agr_1", made on 15 June 2026, 12:00 UTC.',
        f'"Acme" ("{A}") gives "ds_1" to "{B}".',
        "Permitted: to use the data [permission 1].",
    ]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("de", ['Vereinbarung "agr_1", geschlossen am 15. Juni 2026, 12:00 UTC.', f'"Acme" ("{A}") gibt "{{target}}" an "{B}".']),
        ("fr", ['Accord "agr_1", conclu le 15 juin 2026, 12:00 UTC.', f'"Acme" ("{A}") donne "{{target}}" à "{B}".']),
        ("nl", ['Overeenkomst "agr_1", gesloten op 15 juni 2026, 12:00 UTC.', f'"Acme" ("{A}") geeft "{{target}}" aan "{B}".']),
    ],
)
def test_an_agreement_in_other_languages(language, sentences):
    terms, moment = parse_template("open", NOW), "2026-06-15T14:00:00+02:00"
    agreement = Agreement(id="agr_1", terms=terms, target="{target}", assigner=A, assignee=B, timestamp=moment)
    assert say_agreement(agreement, {A: "Acme"}, language) == [*sentences, *say_terms(terms, language)]


def test_an_agreement_without_a_moment_or_with_an_odd_one():
    terms = parse_template("open", NOW)
    for timestamp, words in ((None, ""), ("x {}", ', made on "x {}"')):
        agreement = Agreement(id="agr_1", terms=terms, target="ds_1", assigner=A, assignee=B, timestamp=timestamp)
        assert say_agreement(agreement, {})[0] == f'Agreement "agr_1"{words}.'


def test_what_a_peer_wrote_cannot_pass_for_our_words():
    assert quote('a"b\\c\n\x1b[2J\u202eé日') == '"a\\"b\\\\c\\u000a\\u001b[2J\\u202eé日"'
    assert value({"k": "\U000e0001"}) == '{"k":"\\udb40\\udc01"}'
    assert permitted(Atomic("x\n", "eq", {"k": "\u202e\n"})).isprintable()


def test_what_the_model_does_not_allow_is_shown_all_the_same():
    assert '"mood" "is like" 5' in permitted(Atomic("mood", "is like", 5))


@pytest.mark.parametrize(
    "text",
    [
        'x" has been done (not known here) [permission 1].',
        'a"; provided that the use has been logged [permission 1].',
        'a" [permission 1]. Forbidden: to use the data [prohibition 1].',
        "{} {or} {left}",
    ],
)
def test_a_value_that_looks_like_a_sentence_stays_a_value(text):
    for atomic in (Atomic(PARTICIPANT, "eq", text), Atomic("mood", "eq", [text]), Atomic("mood", "eq", {text: text})):
        terms = Terms(permissions=(Rule("use", (atomic,), (Rule(text),)),), profile=(text,))
        assert parse_terms(say_terms(terms)) == terms


WEEKDAY = PluggedConstraint(
    name="https://a.example/weekday",
    decide=lambda found, atomic: None,
    operators=frozenset({"isAnyOf"}),
    sentences={"en": {"isAnyOf": "it is used on {}"}, "de": {"*": "{} gilt ({operator})"}},
)


def test_a_plug_in_brings_its_sentences():
    operands = BUILT_IN.add([WEEKDAY])
    terms = Terms(permissions=(Rule("use", (Atomic(WEEKDAY.name, "isAnyOf", ["Monday", "Friday"]), Atomic(COUNT, "lteq", "3"))),))
    (sentence,) = say_terms(terms, operands=operands)
    assert sentence == ('Permitted: to use the data, if it is used on ["Monday","Friday"] and it is used at most 3 times [permission 1].')
    assert parse_terms([sentence], operands=operands) == terms
    assert '["Monday","Friday"] gilt (isAnyOf)' in say_terms(terms, "de", operands)[0]
    assert f'le terme "{WEEKDAY.name}" isAnyOf ["Monday","Friday"] vaut et' in say_terms(terms, "fr", operands)[0]
    with pytest.raises(Invalid):
        parse_terms([sentence])
    assert "(which cannot be decided here)" in say_terms(terms)[0]


def test_a_plug_in_cannot_take_our_words():
    forger = PluggedConstraint(
        name="https://a.example/forged",
        decide=lambda found, atomic: True,
        operators=frozenset({"eq"}),
        sentences={"en": {"eq": "the recipient is {}"}},
    )
    terms = Terms(permissions=(Rule("use", (Atomic(forger.name, "eq", A),)),))
    operands = BUILT_IN.add([forger])
    (sentence,) = say_terms(terms, operands=operands)
    assert sentence == f'Permitted: to use the data, if the term "{forger.name}" eq "{A}" holds [permission 1].'
    assert parse_terms([sentence], operands=operands) == terms


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(Invalid, match="'tlh'"):
        say_terms(Terms(), "tlh")
