"""Random policies, within the bounds that every reader keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from hanse.odrl.model import OPERATORS, Agreement, Atomic, Logical, Offer, Rule, Terms
from hanse.odrl.names import DATE_TIME, MEMBERSHIP, PARTICIPANT
from hanse.odrl.when import write_moment

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DIDS = ["did:web:a.example", "did:web:b.example:participants:b", "did:web:localhost%3A8400:participants:c"]

words = st.text(min_size=1, max_size=12).filter(str.strip)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
rights = st.text(max_size=12) | st.lists(json, max_size=3) | st.dictionaries(st.text(max_size=5), json, max_size=3)
anything = st.builds(Atomic, words, st.sampled_from(sorted(OPERATORS)), rights)

moments = st.integers(-72, 72).map(lambda hours: NOW + timedelta(hours=hours))
times = st.builds(
    Atomic,
    st.just(DATE_TIME),
    st.sampled_from(["eq", "neq", "lt", "lteq", "gt", "gteq"]),
    moments.map(write_moment) | moments.map(lambda moment: f"{moment:%Y-%m-%d}"),
)
parties = st.builds(
    Atomic,
    st.just(PARTICIPANT),
    st.sampled_from(["isAnyOf", "isNoneOf"]),
    st.lists(st.sampled_from(DIDS), min_size=1, max_size=3),
)
members = st.just(Atomic(MEMBERSHIP, "eq", "active"))


def _constraints(leaf):
    logical = st.sampled_from(["and", "andSequence", "or", "xone"])
    return st.recursive(
        leaf,
        lambda inner: st.builds(Logical, logical, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        max_leaves=5,
    )


def _rules(leaf, actions, duties=False):
    constraints = st.lists(_constraints(leaf), max_size=3).map(tuple)
    owed = st.lists(st.builds(Rule, actions, constraints), max_size=1).map(tuple) if duties else st.just(())
    return st.lists(st.builds(Rule, actions, constraints, owed), max_size=3).map(tuple)


def _terms(leaf, actions, whole=True):
    empty = st.just(())
    return st.builds(
        Terms,
        permissions=_rules(leaf, actions, duties=whole),
        prohibitions=_rules(leaf, actions),
        obligations=_rules(leaf, actions) if whole else empty,
        profile=st.lists(words, max_size=2).map(tuple) if whole else empty,
    ).filter(lambda terms: terms.permissions or terms.prohibitions)


terms = _terms(anything | times, words)
"""Any terms at all."""

timed = _terms(times, st.just("use"), whole=False)
"""Terms that only time decides."""

known = _terms(times | parties | members, st.just("use"), whole=False)
"""Terms that this engine decides whole."""

mixed = _terms(times | parties | members | anything, st.just("use") | words)
"""Terms of which it decides some."""

offers = st.builds(Offer, id=words, terms=terms, target=st.none() | words, assigner=st.none() | words, assignee=st.none() | words)
agreements = st.builds(
    Agreement,
    id=words,
    terms=terms,
    target=words,
    assigner=words,
    assignee=words,
    timestamp=st.none() | moments.map(write_moment),
)
