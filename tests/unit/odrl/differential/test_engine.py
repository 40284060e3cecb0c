"""The engine and the reference evaluator answer alike, for policies, requests and worlds that nobody thought of (odrl.compile)."""

from __future__ import annotations

import re

import pytest
from hypothesis import Phase, given, settings

from hanse.odrl import parts, vocabulary
from hanse.odrl.compile import DEFAULT, compile_terms
from hanse.odrl.constraints import moments, ordered
from hanse.odrl.model import Rule, Terms
from tests.thorough import thorough
from tests.unit.odrl.differential import reference
from tests.unit.odrl.differential.worlds import facts, rules, terms, ways


@thorough
@given(terms, facts, ways)
def test_decisions(policy, world, way):
    compiled = compile_terms(policy, way)
    expected = reference.permitted(policy, world, way)
    assert compiled.decide(world) is expected
    assert compiled.report(world).permitted is expected


@thorough
@given(terms, facts, ways)
def test_every_part_of_every_rule(policy, world, way):
    assert found(policy, world, way) == expected(policy, world, way)


def found(policy, world, way):
    """Return what the engine says of every rule, and of every part by its path; what says when a duty is owed stands in the duty's."""
    report = compile_terms(policy, way).report(world)
    whole = tuple([rule.truth for rule in report.rules if rule.kind == kind] for kind in ("permission", "prohibition", "obligation"))
    part_by_path = {finding.path: finding.truth for rule in report.rules for finding in rule.findings}
    return whole, {path: truth for path, truth in part_by_path.items() if not re.search(r"(duty|obligation)\[\d+\]\.", path)}


def expected(policy, world, way):
    return reference.truths(policy, world, way), reference.findings(policy, world, way)


@thorough
@given(rules(), facts, ways)
def test_one_permission_and_one_prohibition(rule, world, way):
    for policy in (Terms(permissions=(rule,)), Terms(permissions=(Rule(world.action),), prohibitions=(rule,))):
        assert compile_terms(policy, way).decide(world) is reference.permitted(policy, world, way)


@pytest.fixture(scope="module")
def seen():
    """Return 500 policies with worlds, always the same."""
    drawn = []

    @settings(thorough, max_examples=500, phases=[Phase.generate], database=None, derandomize=True)
    @given(terms, facts)
    def collect(policy, world):
        drawn.append((policy, world))

    collect()
    return drawn


BROKEN = {
    "xone is or": (parts._JOINED, "xone", "or"),
    "and is or": (parts._JOINED, "and", "or"),
    "or is and": (parts._JOINED, "or", "and"),
    "lteq is lt": (ordered.COMPARE, "lteq", "lt"),
    "neq is eq": (ordered.COMPARE, "neq", "eq"),
    "until a day is before it": (moments._NOW, "lteq", "lt"),
    "from a day on is after it": (moments._NOW, "gteq", "gt"),
    "use contains only playing": (vocabulary.CONTAINS, "use", "play"),
    "nothing is within use": (vocabulary.INCLUDED_IN, "play", "sell"),
    "the assignee is the assigner": (parts._ASKED, "assignee", "assigner"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_an_engine_that_is_broken_is_noticed(monkeypatch, seen, fault):
    """Were the comparisons above blind, they would be blind to these faults too."""
    table, key, instead = BROKEN[fault]
    assert not differences(seen)
    monkeypatch.setitem(table, key, table[instead])
    assert differences(seen)


def differences(seen):
    return [world for policy, world in seen if found(policy, world, DEFAULT) != expected(policy, world, DEFAULT)]
