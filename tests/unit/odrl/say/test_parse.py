"""Sentences are read whole or refused, with the place and what would fit, in bounded time (odrl.say)."""

from __future__ import annotations

import time

import pytest

from hanse.kernel.errors import HanseError, Invalid, Malformed
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import DATE_TIME
from hanse.odrl.say import parse_terms
from hanse.odrl.say.scan import LONGEST

OPEN = "Permitted: to use the data [permission 1]."


@pytest.mark.parametrize(
    ("sentence", "character"),
    [
        ("", 1),
        ("Permitted:", 1),
        ("permitted: to use the data [permission 1].", 1),
        ("Permitted: to fly the data [permission 1].", 12),
        ("Permitted: to use the data", 27),
        ("Permitted: to use the data [permission 1]", 41),
        ("Permitted: to use the data [permission 2].", 29),
        (OPEN + " ", 43),
        (OPEN + OPEN, 43),
        ("Permitted: to use the data, if it rains [permission 1].", 32),
        ("Permitted: to use the data, if it is before 31 February 2027 (UTC) [permission 1].", 67),
        ("Permitted: to use the data, if it is used at most many times [permission 1].", 51),
        ('Permitted: to use the data, if it is used in France ("DE") [permission 1].', 58),
        ("Permitted: to use the data, if at least one of these holds: [] [permission 1].", 62),
        ('Permitted: to use the data, if the recipient is "a [permission 1].', 49),
        ('Permitted: to use the data, if the term "x" eq {"a":1,"a":2} holds [permission 1].', 48),
        ('Permitted: to use the data, if the recipient is "\\ud823" [permission 1].', 49),
        ('Permitted: to use the data, if the term "x" eq [NaN] holds [permission 1].', 48),
        ('Permitted: to use the data, if the term "x" eq 1 holds [permission 1].', 48),
        ('Permitted: to use the data, if the term "x" like "y" holds [permission 1].', 45),
        ('The terms follow the profile "x', 30),
        ('The terms take over the rules of the policy "x", which is not known here.', 48),
    ],
)
def test_what_is_not_understood_whole_is_refused_with_its_place(sentence, character):
    with pytest.raises(Invalid) as refused:
        parse_terms([sentence])
    assert refused.value.rule == "policy-sentence"
    assert refused.value.where == f"sentence 1, character {character}"
    assert refused.value.hint


def test_the_refusal_says_what_would_fit():
    with pytest.raises(Invalid, match=r"'many times \[permission 1\].' is not understood here, after") as refused:
        parse_terms(["Permitted: to use the data, if it is used at most many times [permission 1]."])
    assert "a number" in str(refused.value.hint)


@pytest.mark.parametrize("sentences", [[], ["Owed: to delete the data [obligation 1]."], [OPEN, "Nothing is permitted."]])
def test_either_something_is_permitted_or_nothing(sentences):
    with pytest.raises(Invalid, match="Either something is permitted"):
        parse_terms(sentences)


def test_a_rule_that_is_missing_or_doubled_is_noticed():
    second = "Permitted: to print the data [permission 2]."
    assert len(parse_terms([OPEN, second]).permissions) == 2
    for sentences in ([second], [OPEN, OPEN], [second, OPEN]):
        with pytest.raises(Invalid):
            parse_terms(sentences)


def test_what_a_collision_means_is_said_once():
    collide = "Where a permission and a prohibition collide, the permission prevails."
    assert parse_terms([OPEN, collide]).conflict == "perm"
    with pytest.raises(Invalid, match="twice"):
        parse_terms([OPEN, collide, collide])


def test_other_spellings_of_a_value_are_read():
    sentence = "Permitted: to use the data, if it is before 1 January 2027, 00:00:00 UTC and it is used at most 1000 times [permission 1]."
    (rule,) = parse_terms([sentence]).permissions
    assert rule.constraints == (Atomic(DATE_TIME, "lt", "2027-01-01T00:00:00Z"), Atomic("count", "lteq", "1000"))


def test_escapes_are_read():
    terms = parse_terms(['Permitted: to use the data, if the recipient is "\\u202e\\"\\\\\\ud83d\\ude00" [permission 1].'])
    assert terms == Terms(permissions=(Rule("use", (Atomic("urn:hanse:odrl:participant", "eq", '\u202e"\\😀'),)),))


def nested(depth):
    return f"Permitted: to use the data, if {'all of these hold: [' * depth}it is used at most 1 time{']' * depth} [permission 1]."


def test_depth_is_bounded():
    assert parse_terms([nested(12)])
    for sentence in (nested(17), nested(1_000), "Permitted: to use the data; provided that " + "[" * 10_000):
        with pytest.raises((Invalid, Malformed)):
            parse_terms([sentence])
    owed = "; if this is not done, it is also owed "
    with pytest.raises((Invalid, Malformed)):
        parse_terms(["Owed: " + f"to pay{owed}[" * 100 + "to pay" + "]" * 100 + " [obligation 1]."])


def test_size_is_bounded():
    many = ", ".join(["it is used at most 1 time"] * 5_000)
    with pytest.raises(Invalid, match="at most 4096 constraints"):
        parse_terms([f"Permitted: to use the data, if {many} and it is used at most 1 time [permission 1]."])
    with pytest.raises(Invalid, match="at most 4096 rules"):
        parse_terms([f"Permitted: to use the data [permission {number}]." for number in range(1, 5_000)])
    with pytest.raises(Invalid, match="characters"):
        parse_terms([OPEN, "x" * LONGEST])


_LONG = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "it is used at most " + "1" * _LONG,
        "it is used at most " + "1,111" * _LONG,
        "it is used within " + "1 day " * _LONG,
        "the recipient is one of " + '"a", ' * _LONG,
        'the term "x" eq ' + "[" * _LONG,
        'the term "x" eq ' + '{"a":' * _LONG,
        "the recipient is " + '"' + "\\" * _LONG,
        "it is used in " + "Germany (" * _LONG,
        "it is used at most 1 time and " * 300,
        " " * _LONG,
        "[" * _LONG,
    ],
)
@pytest.mark.parametrize(
    "lead", ["Permitted: to use the data, if ", "Owed: to delete the data, when ", "Permitted: to use the data; provided that "]
)
def test_hostile_text_is_refused_in_time(lead, text):
    begun = time.process_time()
    with pytest.raises(HanseError):
        parse_terms([lead + text])
    assert time.process_time() - begun < 2
