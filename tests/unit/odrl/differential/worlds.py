"""Random policies, requests and states of the world, small enough to meet each other often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from hanse.odrl.deciding.compile import Settings
from hanse.odrl.facts import Done, Duty, Fact, Facts
from hanse.odrl.model import OPERATORS, Atomic, Logical, Rule, Scope, Terms
from hanse.odrl.names import PROFILE

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
HANSE = "urn:hanse:odrl:"
UNIT = f"{HANSE}unit:"
DIDS = ["did:web:a.example", "did:web:a.example", "did:web:b.example", "did:key:zC"]
ASSETS = ["urn:data:1", "urn:data:1", "urn:data:2"]
COLLECTIONS = ["urn:all", "urn:some"]
GENERAL = ["use", "use", "reproduce", "play", "transfer"]
ACTIONS = ["use", "play", "display", "print", "reproduce", "extract", "modify", "write", "delete", "sell", "transfer", "urn:x:act"]
NAMES = [
    "dpv:Marketing",
    "dpv:DirectMarketing",
    "dpv:SocialMediaMarketing",
    "dpv:ResearchAndDevelopment",
    "dpv:AcademicResearch",
    "urn:x:p",
]
PLACES = ["DE", "FR", "EU", "IS", "US", "urn:x:place"]
WORDS = ["red", "green", "blue"]

ORDERED = ["eq", "neq", "lt", "lteq", "gt", "gteq", "isAnyOf", "isNoneOf", "isAllOf"]
NAMED = ["eq", "neq", "isAnyOf", "isNoneOf", "isAllOf", "isA", "isPartOf", "hasPart"]
COMPARING = frozenset({"eq", "neq", "lt", "lteq", "gt", "gteq"})


def mostly(usual, unusual):
    """Draw from `unusual` about once in ten times."""
    return st.one_of([usual] * 9 + [unusual])


def typed(text, *kinds):
    return st.builds(lambda value, kind: value if kind is None else {"@value": value, "@type": kind}, text, st.sampled_from(kinds))


def named(names):
    texts = st.sampled_from(names)
    return texts | texts.map(lambda text: {"@id": text})


def constraint(left, usual, values):
    """Draw a constraint, mostly one that can be decided: its operator is among the usual ones, and a list stands where lists do."""
    operators = st.sampled_from([*usual * 5, *sorted(OPERATORS)])

    def join(operator, many, odd):
        as_list = odd == (operator in COMPARING)
        return Atomic(left, operator, many if as_list else many[0])

    return st.builds(join, operators, st.lists(values, min_size=1, max_size=3), st.sampled_from([False] * 9 + [True]))


NOON = ["2026-06-15T12:00:00Z", "2026-06-15T14:00:00+02:00", "2026-06-15T12:00:00"]
DAYS = ["2026-06-15", "2026-06-14", "2026-06-16"]
moments = mostly(st.sampled_from([*NOON, *DAYS, "2026-06-15T11:59:59.999999Z", "2026-06-15T12:00:01Z"]), st.just("soon"))
numbers = mostly(st.sampled_from(["0", "1", "2", "3", "-1"]), st.sampled_from(["2.5", "1e0", "two"]))
wholes = st.sampled_from(["0", "1", "2"])
SIZES = [UNIT + unit for unit in ("kB", "KiB", "EUR")]
EUR, USD, PIECES = (UNIT + unit for unit in ("EUR", "USD", "pieces"))
atomics = st.one_of(
    constraint("dateTime", ORDERED, moments),
    constraint("odrl:count", ORDERED, typed(wholes, None, "xsd:integer") | typed(numbers, None, "xsd:decimal", UNIT + "uses")),
    constraint("percentage", ORDERED, typed(numbers, None, "xsd:decimal")),
    constraint("payAmount", ORDERED, mostly(typed(numbers, EUR), typed(numbers, None, USD, PIECES))),
    st.builds(Atomic, st.just("payAmount"), st.sampled_from(ORDERED), numbers, st.sampled_from([EUR, USD])),
    constraint(f"{HANSE}volume", ORDERED, typed(st.sampled_from(["1", "1000", "2"]), None, *SIZES)),
    constraint("meteredTime", ORDERED, mostly(st.sampled_from(["PT1H", "P1D", "PT24H"]), st.sampled_from(["P1M", "long"]))),
    constraint("elapsedTime", ORDERED, mostly(st.sampled_from(["PT1H", "P1D", "PT24H", "P30D", "P1M"]), st.just("long"))),
    constraint(f"{HANSE}securityLevel", ORDERED, mostly(st.sampled_from(["base", "trust", "trust+"]), st.just("best"))),
    constraint("purpose", NAMED, named(NAMES)),
    constraint("spatial", NAMED, named(PLACES)),
    constraint("product", NAMED, named(WORDS)),
    constraint(f"{HANSE}role", NAMED, named(WORDS)),
    constraint(f"{HANSE}environment", NAMED, named(WORDS)),
    constraint(f"{HANSE}participant", ["eq", "neq", "isAnyOf", "isNoneOf", "isPartOf"], mostly(named(DIDS), named(["urn:all"]))),
    constraint(f"{HANSE}membership", ["eq"], mostly(st.just("active"), st.just("gone"))),
    mostly(
        constraint("dateTime", ["lt", "gteq"], moments),
        constraint("urn:x:unheard-of", NAMED, st.sampled_from(WORDS)),
    ),
)


def logical(inner):
    return st.builds(Logical, st.sampled_from(["and", "andSequence", "or", "xone"]), st.lists(inner, min_size=1, max_size=3).map(tuple))


constraints = st.recursive(atomics, logical, max_leaves=4)


def few(values, most=2):
    return st.lists(values, max_size=most).map(tuple)


def scopes(names):
    some = st.builds(Scope, st.sampled_from(names))
    collections = st.builds(Scope, st.none(), st.sampled_from([*COLLECTIONS, names[0]]), few(atomics, 1))
    return st.none() | st.none() | some | mostly(some, collections) | collections


uids = st.sampled_from([None, None, "urn:duty:1", "urn:duty:2"])
actions = (
    st.sampled_from(GENERAL)
    | st.sampled_from(ACTIONS)
    | st.sampled_from(ACTIONS[:11]).map(lambda name: f"http://www.w3.org/ns/odrl/2/{name}")
)
inner_duties = st.builds(Rule, st.just("inform"), uid=uids)
duties = st.builds(Rule, st.sampled_from(["delete", "compensate"]), few(constraints, 1), uid=uids, consequences=few(inner_duties))


def rules(**more):
    return st.builds(
        Rule,
        actions,
        few(constraints),
        uid=st.none() | st.just("urn:rule"),
        refinements=few(atomics, 1),
        target=scopes(ASSETS),
        assigner=mostly(st.none(), scopes(DIDS)),
        assignee=scopes(DIDS),
        **more,
    )


terms = st.builds(
    Terms,
    permissions=few(rules(duties=few(duties)), 3),
    prohibitions=few(rules(remedies=few(inner_duties, 1)), 2),
    obligations=few(duties, 1),
    profile=mostly(st.sampled_from([(), (PROFILE,)]), st.just(("urn:x:profile",))),
    conflict=st.sampled_from([None, "perm", "prohibit", "invalid"]),
    inherits=mostly(st.just(()), st.sampled_from([(), ("urn:parent",)])),
)


def sets(names):
    return st.sampled_from(names) | st.frozensets(st.sampled_from(names), min_size=1, max_size=3)


VALUES = {
    "count": mostly(st.integers(-1, 3), st.integers(0, 3).map(lambda n: (n, "uses"))),
    "percentage": st.integers(-1, 3),
    "payAmount": st.tuples(st.integers(0, 3), mostly(st.just("EUR"), st.just("USD"))),
    f"{HANSE}volume": st.sampled_from([0, 1, 2, 1000, 1024, 2000]),
    "meteredTime": st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(days=1), timedelta(days=40)]),
    "elapsedTime": st.sampled_from([0, 1, 24, 24 * 30, 24 * 31, 24 * 32]).map(lambda hours: NOW - timedelta(hours=hours)),
    f"{HANSE}securityLevel": st.sampled_from(["base", "trust", "trust+"]),
    "purpose": sets(NAMES),
    "spatial": sets(PLACES),
    "product": sets(WORDS),
    f"{HANSE}role": sets(WORDS),
    f"{HANSE}environment": sets(WORDS),
    f"{HANSE}membership": st.booleans() | st.sampled_from(["active", "gone"]),
}


END = NOW + timedelta(days=1)
ENDS = [*[None] * 8, NOW, END, END + timedelta(days=1), NOW - timedelta(days=2)]


def made(values, missing, ends):
    return {
        name: Fact(value, "test", NOW, ends[number % len(ends)])
        for number, (name, value) in enumerate(values.items())
        if name not in missing
    }


known = st.builds(
    made,
    st.fixed_dictionaries(VALUES),
    st.sets(st.sampled_from(sorted(VALUES)), max_size=3),
    st.lists(st.sampled_from(ENDS), min_size=3, max_size=3),
)
states = st.builds(Duty, st.sampled_from([*Done, Done.FULFILLED, Done.FULFILLED]), st.just("test"))
PATHS = [
    "urn:duty:1",
    "urn:duty:2",
    *["obligation[0]"] * 6,
    "obligation[0].consequence[0]",
    *(f"permission[{n}].duty[{m}]{more}" for n in range(2) for m in range(2) for more in ("", ".consequence[0]", ".consequence[1]")),
]
facts = st.builds(
    Facts,
    now=st.sampled_from([NOW, NOW + timedelta(days=1), NOW - timedelta(days=1), NOW + timedelta(microseconds=1)]),
    action=st.sampled_from(ACTIONS),
    target=mostly(st.sampled_from(ASSETS), st.none()),
    assignee=mostly(st.sampled_from(DIDS), st.none()),
    assigner=mostly(st.sampled_from(DIDS), st.none()),
    known=known,
    parts=st.dictionaries(
        st.sampled_from([*ASSETS, *DIDS, "urn:x:p", "urn:x:place", "dpv:AcademicResearch", "red"]),
        st.frozensets(st.sampled_from([*COLLECTIONS, "urn:x:place", "dpv:Marketing", "EU", "green"]), max_size=2),
        max_size=4,
    ),
    duties=st.dictionaries(st.sampled_from(PATHS), states, max_size=12),
)
ways = st.builds(
    Settings,
    duty_semantics=st.sampled_from(["w3c", "advise"]),
    behaviour=st.sampled_from(["closed", "open"]),
    conflict=st.sampled_from(["perm", "prohibit", "invalid"]),
)
