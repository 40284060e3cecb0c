"""When two sets of terms are the same (odrl.terms)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.odrl.model import Atomic, Logical, Rule, Terms
from hanse.odrl.names import PARTICIPANT
from hanse.odrl.terms import same_terms
from tests.unit.odrl.strategies import terms

A, B = Atomic("a", "eq", "1"), Atomic("b", "eq", "2")


def one(*constraints):
    return Terms(permissions=(Rule("use", constraints),))


def shuffled(value, random):
    """Return the terms in another order, wherever order has no meaning."""

    def constraint(item):
        if isinstance(item, Atomic):
            return item
        inner = [constraint(each) for each in item.operands]
        if item.operator != "andSequence":
            random.shuffle(inner)
        return Logical(item.operator, tuple(inner))

    def rules(items):
        out = [Rule(item.action, mixed(item.constraints), rules(item.duties)) for item in items]
        random.shuffle(out)
        return tuple(out)

    def mixed(items):
        out = [constraint(item) for item in items]
        random.shuffle(out)
        return tuple(out)

    return Terms(
        permissions=rules(value.permissions),
        prohibitions=rules(value.prohibitions),
        obligations=rules(value.obligations),
        profile=value.profile,
    )


@given(terms, st.randoms(use_true_random=False))
def test_order_has_no_meaning(value, random):
    assert same_terms(value, shuffled(value, random))


@given(terms)
def test_one_thing_more_is_another_policy(value):
    more = Rule("urn:test:never-generated")
    for other in (
        Terms(
            permissions=(*value.permissions, more), prohibitions=value.prohibitions, obligations=value.obligations, profile=value.profile
        ),
        Terms(
            permissions=value.permissions, prohibitions=(*value.prohibitions, more), obligations=value.obligations, profile=value.profile
        ),
        Terms(
            permissions=value.permissions, prohibitions=value.prohibitions, obligations=(*value.obligations, more), profile=value.profile
        ),
        Terms(
            permissions=value.permissions,
            prohibitions=value.prohibitions,
            obligations=value.obligations,
            profile=(*value.profile, "urn:new-profile"),
        ),
    ):
        assert not same_terms(value, other)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (one(Atomic("dateTime", "lt", "2027-01-01T01:00:00+01:00")), one(Atomic("odrl:dateTime", "lt", "2027-01-01T00:00Z")), True),
        (one(Atomic("dateTime", "lt", "2027-01-01Z")), one(Atomic("dateTime", "lt", {"@value": "2027-01-01", "@type": "xsd:date"})), True),
        (one(Atomic("dateTime", "lteq", "2027-01-01")), one(Atomic("dateTime", "lteq", "2027-01-01T00:00:00Z")), False),
        (one(Atomic("other", "lt", "2027-01-01Z")), one(Atomic("other", "lt", "2027-01-01")), False),
        (one(Atomic(PARTICIPANT, "isAnyOf", ["x", "y"])), one(Atomic(PARTICIPANT, "isAnyOf", ["y", "x", "x"])), True),
        (one(Atomic("p", "hasPart", ["x", "y"])), one(Atomic("p", "hasPart", ["y", "x"])), False),
        (one(Atomic("p", "eq", {"a": "1", "b": "2"})), one(Atomic("p", "eq", {"b": "2", "a": "1"})), True),
        (one(Atomic("p", "eq", [1])), one(Atomic("p", "eq", [True])), False),
        (one(Logical("andSequence", (A, B))), one(Logical("andSequence", (B, A))), False),
        (one(Logical("xone", (A, A))), one(Logical("xone", (A,))), False),
        (one(Logical("and", (A, B))), one(Logical("or", (A, B))), False),
        (Terms(permissions=(Rule("odrl:use"),)), Terms(permissions=(Rule("http://www.w3.org/ns/odrl/2/use"),)), True),
        (Terms(permissions=(Rule("use"),)), Terms(prohibitions=(Rule("use"),)), False),
        (one(A, B), Terms(permissions=(Rule("use", (A,)), Rule("use", (B,)))), False),
    ],
)
def test_cases(left, right, same):
    assert same_terms(left, right) is same
    assert same_terms(right, left) is same
