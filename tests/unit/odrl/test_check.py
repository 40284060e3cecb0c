"""What is wrong with terms, and that it is said where it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hanse.odrl.check import check_terms, errors_of
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.match.coverage import satisfiable
from hanse.odrl.model import Atomic, Logical, Rule, Scope, Terms
from hanse.odrl.names import CLASSIFICATION, LOG, MEMBERSHIP, PARTICIPANT, ROLE, SECURITY_LEVEL, TRAIN, VOLUME

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def use(*constraints, duties=(), action="use", **more):
    return Terms(permissions=(Rule(action, constraints, duties),), **more)


def at(operator, when):
    return Atomic("dateTime", operator, when)


def said(terms, severity="error", **more):
    return [(one.path, one.kind) for one in check_terms(terms, BUILT_IN, NOW, **more) if one.severity == severity]


FIRST, SECOND = "permission[0].constraint[0]", "permission[0].constraint[1]"


@pytest.mark.parametrize(
    ("terms", "problems"),
    [
        (use(), []),
        (use(Atomic(MEMBERSHIP, "eq", "active"), at("lt", "2027-01-01T00:00:00Z")), []),
        (use(Atomic("urn:huh", "eq", "1")), [(FIRST, "unknown")]),
        (use(Atomic("count", "isPartOf", "1")), [(FIRST, "unknown")]),
        (use(Atomic(PARTICIPANT, "eq", "nobody")), [(FIRST, "unknown")]),
        (use(Logical("or", (Atomic("count", "lteq", "3"), Atomic("urn:huh", "eq", "1")))), [(f"{FIRST}.or[1]", "unknown")]),
        (use(action="fly"), [("permission[0].action", "unknown")]),
        (use(profile=("urn:profile",)), [("profile", "unknown")]),
        (use(duties=(Rule("fly"),)), [("permission[0].duty[0].action", "unknown")]),
        (use(duties=(Rule("watermark"),)), [("permission[0].duty[0].action", "unknown")]),
        (use(duties=(Rule(LOG),), obligations=(Rule("inform"),)), []),
        (use(obligations=(Rule("delete", (Atomic("delayPeriod", "lteq", "soon"),)),)), [("obligation[0].constraint[0]", "unknown")]),
        (use(Atomic("count", "lteq", "0")), [(FIRST, "contradiction")]),
        (use(Atomic(ROLE, "isAnyOf", [])), [(FIRST, "unknown")]),
        (use(at("gteq", "2027-01-01Z"), at("lt", "2026-12-01Z")), [(SECOND, "contradiction")]),
        (use(at("lt", "2026-01-01T00:00:00Z")), [(FIRST, "contradiction")]),
        (use(Atomic("purpose", "eq", "dpv:Marketing"), Atomic("purpose", "eq", "dpv:ResearchAndDevelopment")), [(SECOND, "contradiction")]),
        (use(Atomic("purpose", "isA", "dpv:Marketing"), Atomic("purpose", "eq", "dpv:DirectMarketing")), []),
        (use(Atomic(ROLE, "eq", "a"), Atomic(ROLE, "eq", "b")), []),
        (use(Atomic(SECURITY_LEVEL, "gt", "trust+")), [(FIRST, "contradiction")]),
        (use(Atomic(CLASSIFICATION, "lt", "public")), [(FIRST, "contradiction")]),
        (
            use(Logical("and", (Atomic("count", "lt", "2"), Atomic("count", "gt", "4")))),
            [("permission[0]", "contradiction")],
        ),
        (use(prohibitions=(Rule("use"),)), [("permission[0]", "contradiction")]),
        (use(action=TRAIN, prohibitions=(Rule("use"),)), [("permission[0]", "contradiction")]),
        (use(at("lt", "2027-01-01Z"), prohibitions=(Rule("use", (at("lt", "2028-01-01Z"),)),)), [("permission[0]", "contradiction")]),
        (use(conflict="perm"), [("conflict", "travel")]),
        (Terms(permissions=(Rule("use", uid="urn:rule"),)), [("permission[0].uid", "travel")]),
        (Terms(permissions=(Rule("use", target=Scope(id="urn:t")),)), [("permission[0].target", "travel")]),
        (Terms(prohibitions=(Rule(TRAIN),)), [("permission", "contradiction")]),
    ],
)
def test_errors(terms, problems):
    assert said(terms) == problems
    assert [(one.path, one.kind) for one in errors_of(terms, BUILT_IN, NOW)] == problems


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        (use(action="sell"), "permission[0].action"),
        (use(duties=(Rule("delete"),)), "permission[0].duty[0]"),
        (use(at("lt", "2027-01-01")), FIRST),
        (use(at("lt", "2027-01-01T00:00:00")), FIRST),
        (use(at("lt", {"@value": "2027-01-01T00:00:00", "@type": "xsd:dateTime"})), FIRST),
        (use(Atomic(VOLUME, "lteq", "10")), FIRST),
        (use(prohibitions=(Rule(TRAIN),)), "prohibition[0]"),
        (use(prohibitions=(Rule(TRAIN, (Atomic("count", "lteq", "0"),)),)), "prohibition[0].constraint[0]"),
    ],
)
def test_warnings(terms, path):
    assert said(terms) == []
    assert said(terms, "warning") == [(path, "contradiction" if "constraint" in path and "prohibition" in path else "suspicious")]


def test_what_stays_here_may_be_what_cannot_travel():
    assert said(use(conflict="perm"), travels=False) == []


def test_no_warning_without_reason():
    zoned = use(at("lt", "2027-01-01T00:00:00+01:00"), Atomic(VOLUME, "lteq", {"@value": "1", "@type": "urn:hanse:odrl:unit:GB"}))
    assert said(zoned, "warning") == []
    apart = use(at("lt", "2027-01-01Z"), prohibitions=(Rule("use", (at("gteq", "2027-01-01Z"),)),))
    assert said(apart, "warning") == []


def test_whoever_has_several_roles_is_no_contradiction_but_the_empty_policy_is():
    assert satisfiable(use(Atomic(ROLE, "eq", "a"), Atomic(ROLE, "eq", "b")), BUILT_IN) == (True, "")
    assert satisfiable(Terms(), BUILT_IN)[0] is False


def test_hostile_text_is_quoted():
    (problem,) = errors_of(use(Atomic("{{7*7}}\u202e", "eq", "1")), BUILT_IN, NOW)
    assert "\\u202e" in problem.what
