"""Decisions in words: which rules, which facts from where and how old, what is unknown and what would help (odrl.say)."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from hanse.odrl.deciding.compile import Settings, compile_terms
from hanse.odrl.facts import Done, Duty, Fact, Facts
from hanse.odrl.model import Atomic, Logical, Rule, Scope, Terms
from hanse.odrl.names import CONSENT, COUNT, CREDENTIAL, EVENT, MEMBERSHIP, METERED_TIME, PAY_AMOUNT, PURPOSE, ROLE, VOLUME
from hanse.odrl.report import Finding, Report, RuleReport
from hanse.odrl.say import say_refusal, say_report
from hanse.odrl.say.languages import LANGUAGES
from hanse.odrl.templates import parse_template
from tests.unit.odrl.strategies import NOW


def fact(value, source="the uses counted here", ago=timedelta(seconds=2)):
    return Fact(value, source, NOW - ago)


def report(terms, known=None, duties=None, settings=None, **request):
    terms = parse_template(terms, NOW) if isinstance(terms, str) else terms
    facts = Facts(now=NOW, known=known or {}, duties=duties or {}, **request)
    return compile_terms(terms, settings or Settings()).report(facts)


def test_a_permission_with_its_facts():
    known = {
        MEMBERSHIP: fact(True, "credential MembershipCredential", timedelta(minutes=3)),
        COUNT: fact(1),
        PURPOSE: fact("dpv:Marketing", "stated with the use", timedelta(0)),
    }
    found = report("members + count 3 + purpose dpv:Marketing + until 2027-01-01", known)
    assert say_report(found, now=NOW) == [
        "Permitted by [permission 1].",
        "[permission 1] permits it: it holds that the recipient is an active member of the space"
        " (yes, as the credential MembershipCredential said 3 minutes ago);"
        " it holds that it is used at most 3 times (1, as the count of uses here said 2 seconds ago);"
        ' it holds that it is used for the purpose of marketing ("https://w3id.org/dpv#Marketing")'
        ' ("dpv:Marketing", as the statement made with the use said just now);'
        " it holds that it is before 1 January 2027, 00:00 UTC (15 June 2026, 12:00 UTC, as the clock said just now).",
        "From 1 January 2027, 00:00 UTC on the answer may be another one.",
    ]
    assert say_refusal(found) == "Permitted by [permission 1]."


def test_without_a_clock_facts_have_a_moment():
    (sentence,) = say_report(report("count 3", {COUNT: fact(4)}))[1:]
    assert "(4, as the count of uses here said on 15 June 2026, 11:59:58 UTC)" in sentence


def test_a_refusal_names_what_does_not_hold():
    found = report("members + count 3", {MEMBERSHIP: fact(True, "request"), COUNT: fact(4)})
    assert say_report(found, now=NOW)[0] == "Refused: no permission applies."
    assert say_refusal(found, now=NOW) == (
        "Refused: [permission 1] does not permit it, because"
        " it does not hold that it is used at most 3 times (4, as the count of uses here said 2 seconds ago)."
    )
    assert say_refusal(found, "de", now=NOW) == (
        "Abgelehnt: [permission 1] erlaubt es nicht, denn"
        " es gilt nicht, dass sie höchstens 3 Mal genutzt werden (4; Quelle: die hiesige Zählung der Nutzungen, vor 2 Sekunden)."
    )
    assert say_refusal(found, "fr", now=NOW) == (
        "Refusé : [permission 1] ne le permet pas, parce que ceci n'est pas le cas :"
        " elles sont utilisées au plus 3 fois (4 ; source : le compte des utilisations tenu ici, il y a 2 secondes)."
    )
    assert say_refusal(found, "nl", now=NOW) == (
        "Geweigerd: [permission 1] staat het niet toe, want"
        " het geldt niet dat ze hoogstens 3 keer worden gebruikt (4; bron: de telling van het gebruik hier, 2 seconden geleden)."
    )


def test_where_something_fails_what_is_unknown_does_not_matter():
    assert "known" not in say_refusal(report("members + count 3", {COUNT: fact(4)}), now=NOW)


def test_what_is_unknown_and_what_would_help():
    known = {ROLE: Fact(frozenset({"x"}), "request", NOW - timedelta(hours=2), NOW - timedelta(hours=1))}
    found = report("role ai-factory + purpose dpv:Marketing + consent", known)
    assert say_report(found, now=NOW)[1:] == [
        "[permission 1] does not permit it as long as something is unknown:"
        ' it is not known whether the recipient has one of the roles "ai-factory" in the space'
        ' (what is known of it is too old, "x", as the request said 2 hours ago);'
        ' it is not known whether it is used for the purpose of marketing ("https://w3id.org/dpv#Marketing") (nothing is known of it);'
        " it is not known whether those whom the data is about have consented (nothing is known of it).",
        "To decide it, this has to be known: the purpose (stated by whoever uses the data);"
        " the consent of those concerned (told by the provider);"
        " the recipient's role in the space (proved by a credential).",
    ]


def test_a_prohibition_that_may_apply():
    terms = Terms(permissions=(Rule("use"),), prohibitions=(Rule("use", (Atomic(EVENT, "isAnyOf", ["recall"]),), uid="urn:r"),))
    found = report(terms)
    assert say_report(found)[0] == 'Refused by ["urn:r"].'
    assert say_refusal(found) == (
        'Refused: ["urn:r"] forbids it as long as something is unknown,'
        ' because it is not known whether the event "recall" has happened (nothing is known of it).'
    )
    assert say_refusal(report(terms, {EVENT: fact(frozenset({"recall"}), "the operator")}), now=NOW) == (
        "Refused: a permission and a prohibition collide, and the policy is void for that; [permission 1] permits it;"
        ' ["urn:r"] forbids it, because it holds that the event "recall" has happened'
        ' ("recall", as the note "the operator" said 2 seconds ago).'
    )


def test_joined_constraints_stand_in_brackets():
    either = Logical("or", (Atomic(COUNT, "lteq", "3"), Atomic(CONSENT, "eq", "given")))
    found = report(Terms(permissions=(Rule("use", (either, Atomic(VOLUME, "lteq", "5"))),)), {COUNT: fact(4), VOLUME: fact(9)})
    assert say_report(found, now=NOW)[1] == (
        "[permission 1] does not permit it: it is not known whether at least one of these holds: ["
        "it does not hold that it is used at most 3 times (4, as the count of uses here said 2 seconds ago); "
        "it is not known whether those whom the data is about have consented (nothing is known of it)]; "
        "it does not hold that at most 5 bytes are released (9, as the count of uses here said 2 seconds ago)."
    )


def test_duties_are_said_with_the_terms_and_placed_without():
    terms = parse_template("mask name + delete within 30 days", NOW)
    pending = {"obligation[0]": Duty(Done.PENDING, "not yet due")}
    found = report(terms, duties=pending)
    assert say_refusal(found, terms=terms) == (
        "Refused: [permission 1] does not permit it as long as something is unknown, because"
        ' it is not known whether this has been seen to: to mask the data in the column "name" [permission 1, duty 1].'
    )
    assert "seen to: permission 1, duty 1." in say_refusal(found)
    assert say_report(found, terms=terms)[2] == (
        "[obligation 1] is in order: this is owed, and not overdue:"
        " to delete the data within 30 days [obligation 1] (as the record of what is owed said)."
    )
    late = report(terms, duties={"obligation[0]": Duty(Done.VIOLATED, "overdue since 1 May", NOW)})
    assert say_refusal(late, terms=terms, now=NOW) == (
        "Refused: [obligation 1] was not seen to, because this was not seen to in time:"
        ' to delete the data within 30 days [obligation 1] (as the note "overdue since 1 May" said just now).'
    )
    assert say_report(late, terms=Terms())  # other terms than those that were decided: no duty is found, its place is said


def test_another_action_target_and_party():
    terms = Terms(permissions=(Rule("print", target=Scope(id="urn:a"), assignee=Scope(id="did:web:a.example")),))
    assert say_report(report(terms, action="use", target="urn:b"))[1] == (
        "[permission 1] does not permit it: another action is asked for (to use the data);"
        ' the request names another one as the target ("urn:b"); the request does not name the receiving party.'
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "yes"),
        (7, "7"),
        (Fraction(1, 3), "0.333333"),
        ((Fraction(5000, 1), "EUR"), "5,000 EUR"),
        (NOW, "15 June 2026, 12:00 UTC"),
        (timedelta(hours=30), "1 day"),
        (timedelta.max, "never"),
        (frozenset(), "none"),
        (frozenset({"b", "a"}), '"a" and "b"'),
        ({"T": ()}, '"T"'),
        (frozenset(map(str, range(12))), '"0", "1", "10", "11", "2", "3", "4", "5" and 4 more'),
        ("x" * 1000, '"' + "x" * 200 + '"'),
        (None, '"None"'),
    ],
)
def test_values_of_facts(value, words):
    finding = Finding(path="permission[0].constraint[0]", truth=False, atomic=Atomic(COUNT, "eq", "1"), fact=Fact(value, "clock"))
    rule = RuleReport(id="permission[0]", path="permission[0]", kind="permission", action="use", truth=False, findings=(finding,))
    assert f"({words}, as the clock said)" in say_refusal(Report(permitted=False, rules=(rule,), decided_by=(rule.id,)))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("credential LegalEntityCredential", "the credential LegalEntityCredential"),
        ("credential LegalEntityCredential, $.a", 'the credential LegalEntityCredential ("$.a")'),
        ("statement evd_1 signed by did:web:b.example", 'the statement "evd_1" signed by "did:web:b.example"'),
        ("told by op_1", 'the entry by "op_1"'),
        ("credential X said. Permitted", 'the note "credential X said. Permitted"'),
        ("the operator \u202e", 'the note "the operator \\u202e"'),
    ],
)
def test_a_source_that_others_name_is_quoted(source, words):
    assert f"(4, as {words} said)" in say_refusal(report("count 3", {COUNT: Fact(4, source)}))


def test_a_refusal_stays_short():
    terms = Terms(permissions=tuple(Rule("use", (Atomic(COUNT, "lteq", "3"),) * 9) for _ in range(9)))
    said = say_refusal(report(terms, {COUNT: fact(4)}), now=NOW)
    assert said.count("it does not hold") == 9
    assert said.endswith("and 6 more; 6 more.")


def test_an_open_duty_does_not_hide_what_else_is_unknown():
    terms = parse_template("count 3 + consent + pay 500 EUR", NOW)
    duties = {"permission[0].duty[0]": Duty(Done.PENDING, "")}
    said = say_refusal(report(terms, {COUNT: fact(1)}, duties), terms=terms)
    assert "those whom the data is about have consented" in said
    assert "a payment of 500 EUR" in said
    assert "3 times" not in said
    assert "consented" not in say_refusal(report(terms, {COUNT: fact(4)}, duties), terms=terms)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms(), "the policy has no rule"),
        (Terms(permissions=(Rule("use"),), profile=("urn:p",)), 'the profile "urn:p" is not known here'),
        (Terms(permissions=(Rule("use"),), inherits=("urn:p",)), 'the policy "urn:p", whose rules are taken over, has not been copied in'),
    ],
)
def test_what_is_beyond_the_rules(terms, words):
    assert words in say_refusal(report(terms))
    assert any(words in sentence for sentence in say_report(report(terms)))


def test_an_open_world():
    terms = Terms(prohibitions=(Rule("sell"),))
    assert say_report(report(terms, settings=Settings(behaviour="open")))[0] == "Permitted, because nothing forbids it."
    assert say_refusal(report(terms)) == "Refused: nothing is permitted."


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_decision_has_words_in_every_language(language):
    why = ["new", "missing", "stale", "value", "operand", "term", "action", "unasked", "owed", "violated", "consequence", ""]
    parts = ["constraint", "refinement", "duty", "action", "target", "assignee", "assigner"]
    atomics = [Atomic(CREDENTIAL, "isAnyOf", ["T"]), Atomic(PAY_AMOUNT, "eq", "5"), Atomic(METERED_TIME, "lteq", "PT1H")]
    for kind in ("permission", "prohibition", "obligation"):
        for truth in (True, False, None):
            findings = [
                Finding(
                    path=f"{kind}[0].{part}[0]", truth=truth, part=part, why=each, needs=COUNT, fact=known,
                    atomic=atomics[len(each) % 3] if part in ("constraint", "refinement") else None,
                )
                for part in parts
                for each in why
                for known in (None, Fact(Done.PENDING if part == "duty" else "x", "clock", NOW))
            ]  # fmt: skip
            rule = RuleReport(id=f"{kind}[0]", path=f"{kind}[0]", kind=kind, action="use", truth=truth, findings=tuple(findings))
            beyond = ("profile x", "inherits x", "empty", "depth", "size", "conflict", "void", "new x")
            found = Report(permitted=False, rules=(rule,), decided_by=(rule.id,), beyond=beyond, valid_until=NOW)
            said = [*say_report(found, language, now=NOW), say_refusal(found, language)]
            assert all(sentence.isprintable() and "{" not in sentence for sentence in said)
