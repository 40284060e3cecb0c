"""The 68 public cases of the ODRL Test Suite, policy by policy and constraint by constraint (odrl.compile)."""

from __future__ import annotations

import pytest

from hanse.odrl.deciding.compile import Settings, compile_terms
from tests.shared_data import shared_data
from tests.unit.odrl.suite.turtle import read_cases

NUMBERS = [f"{number:03}" for number in range(1, 69)]

ADVISE = Settings(duty_semantics="advise")
"""The suite's reading of duties: a permission is active until a duty is violated."""

OTHER_UNDER_W3C = {
    "059": "the duty is not yet fulfilled; the W3C draft makes the permission inactive (C1-1), the suite leaves it active",
    "065": "the world tells of another policy's duty, so that nothing is known of this one's",
}
BROKEN = "065"
"""Its expected report refers to five parts of a report that are not in it."""

PARTS = {"target": "TargetReport", "assignee": "PartyReport", "action": "ActionReport"}

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def cases():
    return read_cases(shared_data() / "odrl-test-suite")


def reported(case, settings):
    """Return what came of the rule that the case is about. A rule without an action stands here as one for each kind of action."""
    report = compile_terms(case.terms, settings).report(case.facts)
    return [rule for rule in report.rules if rule.id == case.expected.rule]


def active(case, settings):
    return any(rule.truth is True for rule in reported(case, settings))


def test_all_cases_are_here(cases):
    assert sorted(cases) == NUMBERS
    kinds = [("permission" if case.terms.permissions else "prohibition", case.expected.active) for case in cases.values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        ("permission", True): 27,
        ("permission", False): 31,
        ("prohibition", True): 7,
        ("prohibition", False): 3,
    }


@pytest.mark.parametrize("number", NUMBERS)
def test_activation(cases, number):
    case = cases[number]
    assert active(case, ADVISE) is case.expected.active, case.title


@pytest.mark.parametrize("number", NUMBERS)
def test_a_permission_permits_when_it_is_active(cases, number):
    case = cases[number]
    compiled = compile_terms(case.terms, ADVISE)
    permitted = bool(case.terms.permissions) and case.expected.active
    assert compiled.decide(case.facts) is permitted
    assert compiled.report(case.facts).permitted is permitted


@pytest.mark.parametrize("number", [number for number in NUMBERS if number != BROKEN])
def test_every_premise_and_every_constraint(cases, number):
    case = cases[number]
    first, *others = reported(case, ADVISE)
    parts = [(PARTS[finding.part], finding.truth is True) for finding in first.findings if finding.part in PARTS]
    constraints = {case.places[finding.path]: finding.truth is True for finding in first.findings if finding.part == "constraint"}
    # The two cases with a rule without an action expect nothing of an action.
    assert sorted(parts) == case.expected.parts or others
    assert constraints == case.expected.constraints


def test_the_cases_that_are_other_under_the_default_are_known(cases):
    other = [number for number, case in cases.items() if active(case, Settings()) is not case.expected.active]
    assert other == sorted(OTHER_UNDER_W3C)
    assert not any(active(cases[number], Settings()) for number in other)  # the default is the stricter one


def test_the_case_whose_expected_report_is_broken(cases):
    assert {number: case.expected.dangling for number, case in cases.items() if case.expected.dangling} == {BROKEN: 5}
