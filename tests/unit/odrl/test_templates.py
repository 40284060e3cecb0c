"""Policies by name (odrl.templates)."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.kernel.errors import Invalid
from hanse.odrl import names as n
from hanse.odrl.check import errors_of
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.deciding.compile import compile_terms
from hanse.odrl.facts import Facts
from hanse.odrl.forms.full import read_policy
from hanse.odrl.forms.read import read_offer, read_terms
from hanse.odrl.forms.travel import cannot_travel
from hanse.odrl.forms.write import write_offer, write_terms
from hanse.odrl.model import Atomic, Offer, Rule, Terms
from hanse.odrl.names import CREDENTIAL, MEMBERSHIP, PARTICIPANT, ROLE
from hanse.odrl.say import parse_terms, say_terms
from hanse.odrl.templates import TEMPLATES, near, parse_template
from tests.unit.odrl.strategies import NOW
from tests.wire.schemas import validate

MEMBER = Atomic(MEMBERSHIP, "eq", "active")
A, B = "did:web:a.example", "did:web:localhost%3A8400:participants:b"
UNIT = "urn:hanse:odrl:unit:"
COLUMN = "urn:hanse:odrl:column"
EXAMPLES = [template.example for template in TEMPLATES]


def before(text):
    return Atomic("dateTime", "lt", text)


def permitted(*constraints, action="use", duties=()):
    return Terms(permissions=(Rule(action, constraints, duties),))


def in_return(action, *constraints):
    return permitted(duties=(Rule(action, constraints),))


def owed(action, *constraints):
    return Terms(permissions=(Rule("use"),), obligations=(Rule(action, constraints),))


@pytest.mark.parametrize(
    ("text", "constraints"),
    [
        ("open", ()),
        ("members", (MEMBER,)),
        ("until 2027-01-01", (before("2027-01-01T00:00:00Z"),)),
        ("until 2027-01-01T12:00:00+02:00", (before("2027-01-01T10:00:00Z"),)),
        ("open + until 2027-01-01", (before("2027-01-01T00:00:00Z"),)),
        ("  members+until   2027-01-01  ", (MEMBER, before("2027-01-01T00:00:00Z"))),
        ("until 2027-01-01T12:00:00+02:00+members", (before("2027-01-01T10:00:00Z"), MEMBER)),
        ("from 2026-09-01 until 2027-01-01", (Atomic("dateTime", "gteq", "2026-09-01T00:00:00Z"), before("2027-01-01T00:00:00Z"))),
        ("from 2026-01-01 until 2027-01-01", (Atomic("dateTime", "gteq", "2026-01-01T00:00:00Z"), before("2027-01-01T00:00:00Z"))),
        (f"only {A}", (Atomic(PARTICIPANT, "isAnyOf", [A]),)),
        (f"only {A},{B},{A}", (Atomic(PARTICIPANT, "isAnyOf", [A, B]),)),
        ("role ai-factory, auditor", (Atomic(ROLE, "isAnyOf", ["ai-factory", "auditor"]),)),
        ("credential GuildCredential", (Atomic(CREDENTIAL, "isAnyOf", ["GuildCredential"]),)),
        ("members + credential A,B1,A", (MEMBER, Atomic(CREDENTIAL, "isAnyOf", ["A", "B1"]))),
        (f"members + only {A}, {B}", (MEMBER, Atomic(PARTICIPANT, "isAnyOf", [A, B]))),
    ],
)
def test_templates(text, constraints):
    terms = parse_template(text, NOW)
    assert terms == permitted(*constraints)
    offer = Offer(id="o", terms=terms)
    validate("contract#Offer", write_offer(offer, in_catalogue=True))
    assert read_offer(write_offer(offer, in_catalogue=True)) == offer


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("claim Legal $.address.country = DE", permitted(Atomic(f"{n.CLAIM}Legal#$.address.country", "eq", "DE"))),
        ("claim A $.b[0] = x, y", permitted(Atomic(f"{n.CLAIM}A#$.b%5B0%5D", "isAnyOf", ["x", "y"]))),
        ("claim A \"$['b c']\" >= '5 + 1'", permitted(Atomic(f"{n.CLAIM}A#$%5B'b%20c'%5D", "gteq", "5 + 1"))),
        ("connector https://a.example/dsp", permitted(Atomic(n.CONNECTOR, "isAnyOf", ["https://a.example/dsp"]))),
        ("established-in EU", permitted(Atomic(n.PARTICIPANT_LOCATION, "isPartOf", "EU"))),
        ("in EU", permitted(Atomic(n.SPATIAL, "isPartOf", "EU"))),
        ("in eu", permitted(Atomic(n.SPATIAL, "isPartOf", "EU"))),
        ("in DEU, NL, DE", permitted(Atomic(n.SPATIAL, "isPartOf", ["DE", "NL"]))),
        ("purpose dpv:ResearchAndDevelopment", permitted(Atomic(n.PURPOSE, "isA", "https://w3id.org/dpv#ResearchAndDevelopment"))),
        ("purpose Marketing, urn:x:other", permitted(Atomic(n.PURPOSE, "isA", ["https://w3id.org/dpv#Marketing", "urn:x:other"]))),
        ('app "Model, v2 + x", other', permitted(Atomic(n.APPLICATION, "isAnyOf", ["Model, v2 + x", "other"]))),
        ("environment air-gapped", permitted(Atomic(n.ENVIRONMENT, "isAnyOf", ["air-gapped"]))),
        ("security trust+ + members", permitted(Atomic(n.SECURITY_LEVEL, "gteq", "trust+"), MEMBER)),
        ("security trust+", permitted(Atomic(n.SECURITY_LEVEL, "gteq", "trust+"))),
        ("security trust+members", permitted(Atomic(n.SECURITY_LEVEL, "gteq", "trust"), MEMBER)),
        ("classification internal", permitted(Atomic(n.CLASSIFICATION, "lteq", "internal"))),
        ("state encrypted, anonymised", permitted(Atomic(n.ARTIFACT_STATE, "isAnyOf", ["encrypted", "anonymised"]))),
        ("consent", permitted(Atomic(n.CONSENT, "eq", "given"))),
        ("for P30D", permitted(Atomic("elapsedTime", "lteq", "P30D"))),
        ("for 2 weeks", permitted(Atomic("elapsedTime", "lteq", "P14D"))),
        ("metered 1 hour", permitted(Atomic("meteredTime", "lteq", "PT1H"))),
        ("count 03", permitted(Atomic("count", "lteq", "3"))),
        ("volume 10 GB", permitted(Atomic(n.VOLUME, "lteq", {"@value": "10", "@type": f"{UNIT}GB"}))),
        ("event a + event b", permitted(Atomic("event", "isAnyOf", ["a"]), Atomic("event", "isAnyOf", ["b"]))),
        ("until-event recall", permitted(Atomic("event", "isNoneOf", ["recall"]))),
        ("paid", permitted(Atomic(n.PAID, "eq", "current"))),
        ("fine-tune", permitted(action=n.FINE_TUNE)),
        ("mask name, email", in_return(n.MASK, Atomic(COLUMN, "isAnyOf", ["name", "email"]))),
        ('drop "a, b+c"', in_return(n.DROP, Atomic(COLUMN, "isAnyOf", ["a, b+c"]))),
        ("round price, weight 2", in_return(n.ROUND, Atomic(COLUMN, "isAnyOf", ["price", "weight"]), Atomic(n.DIGITS, "eq", "2"))),
        ("anonymise 5 by zip", in_return("anonymize", Atomic(n.GROUP_SIZE, "gteq", "5"), Atomic(COLUMN, "isAnyOf", ["zip"]))),
        ("encrypt", in_return(n.ENCRYPT)),
        ("log", in_return(n.LOG)),
        ("obtain-consent", in_return("obtainConsent")),
        ("pay 12.50 EUR", in_return("compensate", Atomic("payAmount", "eq", {"@value": "12.50", "@type": f"{UNIT}EUR"}))),
        (
            "rent 5 EUR per 1 month",
            in_return("compensate", Atomic("payAmount", "eq", {"@value": "5", "@type": f"{UNIT}EUR"}), Atomic("timeInterval", "eq", "P1M")),
        ),
        ("inform", owed("inform")),
        ("delete within 30 days", owed("delete", Atomic("delayPeriod", "lteq", "P30D"))),
        ("delete by 2027-01-01", owed("delete", Atomic("dateTime", "lteq", "2027-01-01T00:00:00Z"))),
        ("at-rest round a 0", owed(n.ROUND, Atomic(COLUMN, "isAnyOf", ["a"]), Atomic(n.DIGITS, "eq", "0"))),
        ("pass-on open", owed("nextPolicy", Atomic(n.POLICY, "eq", "open"))),
        ("pass-on 'members  + count 3'", owed("nextPolicy", Atomic(n.POLICY, "eq", "members + count 3"))),
        ("forbid train,embed", Terms(permissions=(Rule("use"),), prohibitions=(Rule(n.TRAIN), Rule(n.EMBED)))),
        ("train + embed + members + log", Terms(permissions=tuple(Rule(a, (MEMBER,), (Rule(n.LOG),)) for a in (n.TRAIN, n.EMBED)))),
    ],
)  # fmt: skip
def test_terms_of_every_kind(text, terms):
    assert parse_template(text, NOW) == terms


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_can_be_used_as_it_is(text):
    terms = parse_template(text, NOW)
    written = write_terms(terms)
    assert read_terms(msgspec.json.decode(msgspec.json.encode(written))) == terms
    validate("contract#Offer", write_offer(Offer(id="o", terms=terms), in_catalogue=True))


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_decided_travels_and_is_said(text):
    terms = parse_template(text, NOW)
    assert errors_of(terms, BUILT_IN, NOW) == []
    assert cannot_travel(terms) == []
    assert read_policy(write_terms(terms)).terms == terms
    assert compile_terms(terms).report(Facts(now=NOW)).beyond == ()
    assert parse_terms(say_terms(terms)) == terms


def test_the_25_classes_can_be_said():
    assert {number for template in TEMPLATES for number in template.classes} == set(range(1, 26))


def test_templates_are_explained():
    assert len({template.name for template in TEMPLATES}) == len(TEMPLATES)
    for template in TEMPLATES:
        assert template.usage.split()[0] == template.name == template.example.split()[0]
        assert template.meaning.endswith(".")


@given(
    st.lists(st.sampled_from([text for text in EXAMPLES if not text.startswith(("open", "forbid"))]), min_size=1, max_size=6, unique=True)
)
def test_templates_combine(texts):
    alone = [parse_template(text, NOW) for text in texts]
    joined = parse_template(" + ".join(texts), NOW)
    assert joined.permissions[0].constraints == tuple(one for terms in alone for one in terms.permissions[0].constraints)
    assert joined.permissions[0].duties == tuple(one for terms in alone for one in terms.permissions[0].duties)
    assert joined.obligations == tuple(one for terms in alone for one in terms.obligations)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "+", "members +", "opn", "Open", "open 5", "members only", "until", "until soon", "until 2026-06-15", "until 2020-01-01",
        "until 2027-01-01 12:00", "from 2026-09-01", "from 2027-01-01 until 2026-09-01", "from 2026-09-01 to 2027-01-01",
        "from 2020-01-01 until 2021-01-01", "only", "only ,", "only acme", f"only {A}#key",
        "only " + ",".join(f"{A}:{i}" for i in range(33)),
        "credential", "credential ,", "credential 1A", "credential A-B", "credential urn:a", "open + credential A",
        "credential " + ",".join(f"A{i}" for i in range(33)), "credential " + "A" * 129,
        "members + members", "open + members", f"open + only {A}", "members " * 5000, "open + established-in EU",
        "claim", "claim A", "claim A $.b", "claim A b = c", "claim A $ = c", "claim A $..b = c", "claim A $.b ~ c", "claim A $.b < 1,2",
        "claim A-B $.c = d", "claim A $.b =", "claim A $" + ".b" * 300 + " = c", "connector acme", "connector ftp://a.example",
        "connector https://[", "established-in Germany", "in XX", "in", "purpose research", "purpose dpv:research",
        "purpose https://w3id.org/dpv#Nothing", "app", 'app "\n"',
        "app " + "a" * 201, "environment Air", "security high", "security", "classification top", "state wet", "consent given",
        "for", "for 30", "for thirty days", "for P", "for PT", "for P0D", "for -P1D", "for P1D P2D", "for 30 fortnights", "for 0 days",
        "for " + "9" * 13 + " days", "count", "count 0", "count -1", "count 1.5", "count ٣", "count 3 4", "count " + "9" * 13, "volume 10",
        "volume 10 gb", "volume 0 GB", "volume 1e9 GB", "event", "event Launch Party", "mask", "mask ,", "round price", "round 2",
        "round price 13", "round price two", "anonymise 5", "anonymise 1 by zip", "anonymise 5 of zip", "encrypt all", "log it",
        "inform me",
        "inform by 2020-01-01", "delete", "delete P30D", "delete by 2020-01-01", "delete within", "pay", "pay 500", "pay 500 euros",
        "pay 0 EUR", "pay -5 EUR", "pay 1,5 EUR", "rent 50 EUR", "rent 50 EUR per", "at-rest", "at-rest pay 5 EUR", "pass-on",
        'pass-on "nothing"', 'pass-on "members', "pass-on 'a' 'b'", "forbid", "forbid use", "train + forbid train", "train now",
        " + ".join(f"event e{i}" for i in range(65)),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_a_way_out(text):
    with pytest.raises(Invalid) as error:
        parse_template(text, NOW)
    assert error.value.where == "policy"
    assert len(error.value.message) < 220
    assert len(error.value.hint or "") < 400


@pytest.mark.parametrize(
    ("word", "meant"),
    [("rond", "round"), ("location", "in"), ("limit", "count"), ("Count", "count"), ("days", "for"), ("redact", "mask"),
     ("pseudonymize", "pseudonymise"), ("anonymize", "anonymise"), ("notify", "inform"), ("buy", "pay"), ("untill", "until"),
     ("training", "train"), ("prohibit", "forbid"), ("expires", "until"), ("member", "members"), ("hash", "pseudonymise")],
)  # fmt: skip
def test_near_words_are_told(word, meant):
    assert meant in [template.name for template in near(word)]
    with pytest.raises(Invalid) as error:
        parse_template(f"{word} 3", NOW)
    usage = next(template.usage for template in TEMPLATES if template.name == meant)
    assert usage in (error.value.hint or "")


@pytest.mark.parametrize("word", ["", "zzzzzz", "☃", "x" * 8000])
def test_nothing_is_near_what_is_far(word):
    assert near(word) == ()


def test_a_wrong_use_shows_how_it_is_written():
    with pytest.raises(Invalid) as error:
        parse_template("members + round price", NOW)
    assert "round COLUMN[,COLUMN...] DIGITS" in (error.value.hint or "")


@pytest.mark.parametrize(("word", "meant"), [("research", "dpv:AcademicResearch"), ("dpv:Marketting", "dpv:Marketing")])
def test_near_purposes_are_told(word, meant):
    with pytest.raises(Invalid) as error:
        parse_template(f"purpose {word}", NOW)
    assert meant in error.value.message


def test_policies_inside_policies_have_an_end():
    text = "members"
    for quote in "'\"'":
        text = f"pass-on {quote}{text}{quote}"
    with pytest.raises(Invalid):
        parse_template(text, NOW)


_PARTS = [
    "open",
    "members",
    "until",
    "from",
    "only",
    "+",
    "2027-01-01",
    A,
    ",",
    "x",
    "count",
    "3",
    '"',
    "'",
    "mask",
    "delete",
    "within",
    "P1D",
    "trust+",
]


@given(st.lists(st.sampled_from(_PARTS), max_size=8).map(" ".join))
def test_any_words(text):
    try:
        assert parse_template(text, NOW).permissions
    except Invalid as error:
        assert error.where == "policy"


@given(st.text(max_size=60), st.sampled_from([template.name for template in TEMPLATES]))
def test_any_text(text, name):
    for whole in (text, f"{name} {text}", f"{name} + {text}"):
        try:
            terms = parse_template(whole, NOW)
        except Invalid as error:
            assert re.fullmatch("[a-z-]+", error.rule)
        else:
            assert read_terms(write_terms(terms)) == terms
