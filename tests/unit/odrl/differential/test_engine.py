"""The engine and the reference evaluator answer alike, for policies, requests and worlds that nobody thought of (odrl.compile)."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("table", "key", "instead"),
    [
        (parts._JOINED, "xone", "or"),
        (parts._JOINED, "and", "or"),
        (parts._JOINED, "or", "and"),
        (ordered.COMPARE, "lteq", "lt"),
        (ordered.COMPARE, "neq", "eq"),
        (moments._NOW, "gteq", "gt"),
        (moments._NOW, "lteq", "lt"),
        (moments._NOW, "eq", "lteq"),
        (vocabulary.CONTAINS, "use", "play"),
        (parts._ASKED, "assignee", "assigner"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_engine_that_is_broken_is_noticed(monkeypatch, table, key, instead):
    """Were the comparison above blind, it would be blind to this too."""
    monkeypatch.setitem(table, key, table[instead])

    quick = settings(max_examples=500, phases=[Phase.generate], database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    find(st.tuples(terms, facts), lambda drawn: found(*drawn, DEFAULT) != expected(*drawn, DEFAULT), settings=quick)
