"""Policies over the whole vocabulary, with values that fit and values that do not, and with odd characters."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from hanse.odrl import names as n
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.model import OPERATORS, Atomic, Logical, Rule, Scope, Terms
from hanse.odrl.vocabulary import ACTIONS
from hanse.odrl.when import write_moment
from tests.unit.odrl.strategies import NOW

OURS = [
    "Permitted: to use the data [permission 1].",
    '", it is used at most 3 times [permission 1].',
    "Nothing is permitted.",
    'research and development ("x")',
    " and it is before 1 January 2027, 00:00 UTC",
    "[to delete the data]; provided that ",
    "{}{or}{and}{left}",
    "\\",
    '\\"',
]
"""Texts that look like our sentences."""

texts = st.text(min_size=1, max_size=10) | st.sampled_from(OURS) | st.text('"\\[]{}();,. \n\u202e\U000e0001é日', min_size=1, max_size=8)
lefts = st.sampled_from([*BUILT_IN.names()])
digits = st.from_regex(r"[+-]?[0-9]{1,9}(\.[0-9]{0,4})?([eE][0-9]{1,2})?", fullmatch=True)
numbers = digits | st.sampled_from(["0", "1", "2", "1000", "1234567.50", "-1", "007", "1e3"])
_hours = st.integers(-72, 72) | st.integers(-17_700_000, 69_800_000)
moments = st.builds(lambda hours, more: NOW + timedelta(hours=hours, microseconds=more), _hours, st.just(0) | st.integers(0, 10**9))
times = moments.map(write_moment) | st.builds(
    lambda moment, zone: moment.date().isoformat() + zone, moments, st.sampled_from(["", "Z", "+01:00", "-14:00"])
)
durations = st.from_regex(
    r"P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]W)?([0-9]{1,3}D)?(T([0-9]{1,2}H)?([0-9]{1,2}M)?([0-9]{1,3}(\.[0-9]{1,3})?S)?)?", fullmatch=True
)
_NAMES = """DE EU FR JP fr DEU http://publications.europa.eu/resource/authority/country/DEU dpv:ResearchAndDevelopment Marketing
https://w3id.org/dpv#Marketing active given current did:web:a.example trust+ internal"""
names = st.sampled_from(_NAMES.split())
units = st.sampled_from(["EUR", "USD", "GB", "MiB", "B", "kB", "x", "fortnight"]).map("urn:hanse:odrl:unit:{}".format)
types = st.sampled_from(["integer", "decimal", "double", "string", "dateTime", "date", "duration", "anyURI"]).map("xsd:{}".format)
plain_values = texts | numbers | times | durations | names
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
typed = st.builds(lambda value, kind: {"@value": value, "@type": kind}, plain_values | st.integers(-5, 5), units | types)
values = plain_values | typed | st.builds(lambda name: {"@id": name}, names | texts)
rights = values | st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), json, max_size=2) | st.lists(json, max_size=2)

_FITTING = {
    n.DATE_TIME: times,
    **dict.fromkeys((n.COUNT, n.DIGITS, n.GROUP_SIZE), numbers | st.builds(lambda v: {"@value": v, "@type": "xsd:integer"}, numbers)),
    **dict.fromkeys((n.ELAPSED_TIME, n.METERED_TIME, n.DELAY_PERIOD, n.TIME_INTERVAL), durations),
    **dict.fromkeys((n.PAY_AMOUNT, n.VOLUME), st.builds(lambda v, u: {"@value": v, "@type": u}, numbers, units)),
}


@st.composite
def _fitting(draw):
    left = draw(lefts)
    if left == n.CLAIM:
        left += draw(st.sampled_from(["LegalEntityCredential#$.address.country", "T", "a#b#c", 'x"#\n']))
    one = _FITTING.get(left, names | texts)
    operator = draw(st.sampled_from(sorted(OPERATORS)))
    right = draw(one if operator not in ("isAnyOf", "isNoneOf", "isAllOf") else st.lists(one, min_size=1, max_size=4))
    return Atomic(left, operator, right)


odd = st.none() | texts
atomics = (
    _fitting()
    | st.builds(Atomic, lefts, st.sampled_from(sorted(OPERATORS)), rights)
    | st.builds(Atomic, texts, st.sampled_from(sorted(OPERATORS)) | texts, rights, odd, odd | types)
    | st.builds(Atomic, lefts, st.sampled_from(sorted(OPERATORS)), rights, odd | units, odd | types)
)
constraints = st.recursive(
    atomics,
    lambda inner: st.builds(
        Logical, st.sampled_from(["and", "andSequence", "or", "xone"]), st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=4,
)
_some = st.lists(constraints, max_size=2).map(tuple)
scopes = st.none() | st.none() | st.builds(Scope, odd, odd, st.just(()) | _some)
actions = st.sampled_from(sorted(ACTIONS)) | texts


def _rules(inner):
    few = st.just(()) | st.lists(inner, min_size=1, max_size=2).map(tuple)
    return st.builds(
        Rule, actions, _some, few, odd, refinements=st.just(()) | _some, target=scopes, assigner=scopes, assignee=scopes,
        consequences=few, remedies=few,
    )  # fmt: skip


_simple = st.builds(Rule, actions, st.lists(_fitting(), max_size=3).map(tuple), uid=odd)
rules = _simple | _rules(_simple) | _rules(_rules(_simple))
_many = st.just(()) | st.lists(rules, min_size=1, max_size=2).map(tuple)
terms = st.builds(
    Terms,
    permissions=_many,
    prohibitions=_many,
    obligations=_many,
    profile=st.lists(texts | st.just(n.PROFILE), max_size=2).map(tuple),
    conflict=st.sampled_from([None, "perm", "prohibit", "invalid"]),
    inherits=st.lists(texts, max_size=2).map(tuple),
)
"""Any policy that the model can hold."""
