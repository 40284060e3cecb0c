"""The normal form of terms, its hash, and when two sets of terms are the same (odrl.normal)."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.odrl.model import Atomic, Logical, Rule, Scope, Terms
from hanse.odrl.names import PARTICIPANT, VOLUME
from hanse.odrl.normal import normal_form, same_terms, terms_hash
from tests.unit.odrl.strategies import terms

A, B, C = Atomic("a", "eq", "1"), Atomic("b", "eq", "2"), Atomic("c", "eq", "3")
EUR, USD, GB = (f"urn:hanse:odrl:unit:{unit}" for unit in ("EUR", "USD", "GB"))


def typed(text, kind):
    return {"@value": text, "@type": kind}


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
        # Values of a known kind.
        (one(Atomic("count", "lteq", "5")), one(Atomic("odrl:count", "lteq", typed("5", "xsd:integer"))), True),
        (one(Atomic("count", "lteq", "5")), one(Atomic("count", "lteq", typed("5.0", "http://www.w3.org/2001/XMLSchema#decimal"))), True),
        (one(Atomic("count", "lteq", "5")), one(Atomic("count", "lteq", "5", data_type="xsd:integer")), True),
        (one(Atomic("count", "lteq", "5")), one(Atomic("count", "lteq", "6")), False),
        (one(Atomic("count", "lteq", "5")), one(Atomic("count", "lt", "5")), False),
        (one(Atomic("count", "lteq", "5")), one(Atomic("count", "lteq", "5", unit="urn:x:unit")), False),
        (one(Atomic("count", "lteq", "five")), one(Atomic("count", "lteq", typed("five", "xsd:integer"))), False),
        (one(Atomic("other", "lteq", "5")), one(Atomic("other", "lteq", typed("5", "xsd:integer"))), False),
        (one(Atomic("payAmount", "eq", typed("5.00", EUR))), one(Atomic("payAmount", "eq", "5", unit=EUR)), True),
        (one(Atomic("payAmount", "eq", typed("5.00", EUR))), one(Atomic("payAmount", "eq", typed("5.00", USD))), False),
        (one(Atomic("payAmount", "eq", typed("5.00", EUR))), one(Atomic("payAmount", "eq", "5.00")), False),
        (one(Atomic(VOLUME, "lteq", typed("1", GB))), one(Atomic(VOLUME, "lteq", "1000000000")), True),
        (one(Atomic("elapsedTime", "lteq", "P1D")), one(Atomic("elapsedTime", "lteq", typed("PT24H", "xsd:duration"))), True),
        (one(Atomic("elapsedTime", "lteq", "P1M")), one(Atomic("elapsedTime", "lteq", "P30D")), False),
        (one(Atomic("timeInterval", "eq", "P1Y")), one(Atomic("timeInterval", "eq", "P12M")), True),
        (one(Atomic("purpose", "isA", "urn:p")), one(Atomic("purpose", "isA", {"@id": "urn:p"})), True),
        (one(Atomic("other", "isA", "urn:p")), one(Atomic("other", "isA", {"@id": "urn:p"})), False),
        (one(Atomic(PARTICIPANT, "eq", "did:web:A.example")), one(Atomic(PARTICIPANT, "eq", "did:web:a.example")), True),
        (one(Atomic(PARTICIPANT, "eq", "did:key:A")), one(Atomic(PARTICIPANT, "eq", "did:key:a")), False),
        (one(Atomic("spatial", "isPartOf", ["EU"])), one(Atomic("spatial", "isPartOf", "EU")), True),
        (one(Atomic("spatial", "isPartOf", [])), one(Atomic("spatial", "isPartOf", "")), False),
        (one(Atomic("count", "lteq", ["5"])), one(Atomic("count", "lteq", "5")), False),
        (one(Atomic("count", "isAnyOf", ["5"])), one(Atomic("count", "isAnyOf", "5")), True),
        (one(Atomic("purpose", "isA", "dpv:Marketing")), one(Atomic("purpose", "isA", {"@id": "https://w3id.org/dpv#Marketing"})), True),
        (one(Atomic("spatial", "isPartOf", "DEU")), one(Atomic("spatial", "isPartOf", "DE")), True),
        (Terms(permissions=(Rule("pay"),)), Terms(permissions=(Rule("odrl:compensate"),)), True),
        # Logical structure.
        (one(Logical("and", (A, B))), one(A, B), True),
        (one(Logical("and", (A, Logical("and", (B, C))))), one(C, B, A), True),
        (one(Logical("or", (A, Logical("or", (B, C))))), one(Logical("or", (B, C, A))), True),
        (one(Logical("or", (A, Logical("and", (B, C))))), one(Logical("or", (A, B, C))), False),
        (one(Logical("xone", (A, Logical("xone", (B, C))))), one(Logical("xone", (A, B, C))), False),
        (one(Logical("xone", (A, B))), one(Logical("xone", (B, A))), True),
        (one(Logical("xone", (A,))), one(A), True),
        (one(Logical("andSequence", (A, B))), one(A, B), False),
        (one(Logical("or", (A, A))), one(A), True),
        (one(A, A), one(A), True),
        # What the protocol cannot carry counts too.
        (Terms(permissions=(Rule("use", refinements=(A,)),)), one(A), False),
        (Terms(permissions=(Rule("use", uid="urn:r"),)), one(), False),
        (Terms(permissions=(Rule("use", target=Scope(id="urn:a")),)), one(), False),
        (Terms(permissions=(Rule("use", target=Scope(id="a")),)), Terms(permissions=(Rule("use", target=Scope(collection="a")),)), False),
        (Terms(permissions=(Rule("use", assigner=Scope("a")),)), Terms(permissions=(Rule("use", assignee=Scope("a")),)), False),
        (Terms(permissions=(Rule("use"),), conflict="invalid"), one(), False),
        (Terms(permissions=(Rule("use"),), inherits=("urn:p",)), one(), False),
        (Terms(obligations=(Rule("delete"), Rule("delete"))), Terms(obligations=(Rule("delete"),)), False),
        (Terms(permissions=(Rule("odrl:urn:x:act"),)), Terms(permissions=(Rule("urn:x:act"),)), False),
        (
            Terms(obligations=(Rule("delete", consequences=(Rule("inform"),)),)),
            Terms(obligations=(Rule("delete", duties=(Rule("inform"),)),)),
            False,
        ),
    ],
)
def test_cases(left, right, same):
    assert same_terms(left, right) is same
    assert same_terms(right, left) is same
    assert (terms_hash(left) == terms_hash(right)) is same


def test_the_hash_is_of_the_normal_form_and_stays():
    value = Terms(permissions=(Rule("use", (Atomic("count", "lteq", "3"),)),))
    # Both sides of an agreement, and a duty to pass terms on, name terms by this hash: it may not change from release to release.
    assert normal_form(value) == (
        b'["terms",["rules",["rule",null,"use",["all"],["all",["atomic","count","lteq",["right",["value",["3",""]]]]],'
        b'null,null,null,["rules"],["rules"],["rules"]]],["rules"],["rules"],[],null,[]]'
    )
    assert terms_hash(value) == "sha-256:" + sha256(normal_form(value)).hexdigest()
