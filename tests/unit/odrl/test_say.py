"""Policies in words: nothing is hidden (odrl.say)."""

from __future__ import annotations

from hypothesis import given

from hanse.odrl.model import Agreement, Atomic, Constraint, Logical, Rule, Terms
from hanse.odrl.names import DATE_TIME, MEMBERSHIP, PARTICIPANT
from hanse.odrl.operands import OPERANDS
from hanse.odrl.say import say_agreement, say_terms
from hanse.odrl.templates import parse_template
from hanse.odrl.words import quote, term
from tests.unit.odrl.strategies import NOW, mixed, terms

A, B = "did:web:a.example", "did:web:b.example"


def said(text):
    return say_terms(parse_template(text, NOW))


def test_the_templates_in_words():
    assert said("open") == ["Permitted: to use the data."]
    assert said("members + until 2027-01-01") == [
        "Permitted: to use the data, if the recipient is an active member of the space and it is before 1 January 2027, 00:00 UTC."
    ]
    assert said("role ai-factory") == ['Permitted: to use the data, if the recipient has one of the roles "ai-factory" in the space.']
    assert said("credential GuildCredential") == [
        'Permitted: to use the data, if the recipient has one of the credentials "GuildCredential"'
        " by an issuer that the space trusts for it."
    ]
    assert said(f"only {A},{B}") == [f'Permitted: to use the data, if the recipient is one of "{A}", "{B}".']


def test_every_kind_of_rule():
    odd = Atomic("mood", "gt", ["good", 1])
    terms = Terms(
        permissions=(Rule("use", (Logical("or", (Atomic(DATE_TIME, "lteq", "2026-12-31"), odd)),), (Rule("https://a.example/pay"),)),),
        prohibitions=(Rule("https://a.example/train", (Atomic(PARTICIPANT, "neq", A),)),),
        obligations=(Rule("https://a.example/delete"),),
        profile=("https://a.example/profile",),
    )
    assert say_terms(terms) == [
        "Permitted: to use the data, if at least one of these holds: [it is not later than 31 December 2026 (UTC); "
        'the term "mood" gt ["good",1] holds (which cannot be decided here)]; in return it is owed: '
        'the action "https://a.example/pay" (not known here) (which cannot be seen to here, so it does not permit by itself).',
        f'Forbidden: the action "https://a.example/train" (not known here), whenever the recipient is not "{A}".',
        'Owed: the action "https://a.example/delete" (not known here).',
        'The terms follow the profile "https://a.example/profile", which is not known here, so nothing is permitted until it is.',
    ]


def test_nothing_permitted_is_said():
    assert say_terms(Terms(prohibitions=(Rule("use"),))) == ["Nothing is permitted.", "Forbidden: to use the data."]


def test_an_agreement():
    agreement = Agreement(
        id="agr_1", terms=parse_template("open", NOW), target="ds_1", assigner=A, assignee=B, timestamp="2026-06-15T12:00:00Z"
    )
    assert say_agreement(agreement, {A: "Acme"}) == [
        'Agreement "agr_1", made on 15 June 2026, 12:00 UTC.',
        f'"Acme" ("{A}") gives "ds_1" to "{B}".',
        "Permitted: to use the data.",
    ]


def test_what_a_peer_wrote_cannot_pass_for_our_words():
    assert quote('a"b\\c\n\x1b[2J\u202eé日') == '"a\\"b\\\\c\\u000a\\u001b[2J\\u202eé日"'
    sentence = say_terms(Terms(permissions=(Rule("use", (Atomic("x\n", "eq", {"k": "\u202e\n"}),)),)))[0]
    assert sentence.isprintable()


def _atomics(constraints: tuple[Constraint, ...]):
    for one in constraints:
        if isinstance(one, Atomic):
            yield one
        else:
            yield from _atomics(one.operands)


@given(terms | mixed)
def test_no_term_is_hidden(value):
    text = "\n".join(say_terms(value))
    for rule in (*value.permissions, *value.prohibitions, *value.obligations):
        for atomic in _atomics(rule.constraints):
            if atomic.left not in OPERANDS or OPERANDS[atomic.left].problem(atomic):
                assert term(atomic) in text
            elif atomic.left == PARTICIPANT:
                assert all(quote(did) in text for did in atomic.right)
            elif atomic.left == MEMBERSHIP:
                assert "active member" in text
        for duty in rule.duties:
            assert duty.action == "use" or quote(duty.action) in text
    assert all(line.isprintable() for line in text.split("\n"))
